package report_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// The rooms import downwards only: a document knows nothing of findings, what may be
// said knows nothing of who shows it.
var rooms = map[string]string{
	"doc":      "printable github.com/clipperhouse/displaywidth",
	"claims":   "doc diff merge record rediscli redisconf triage",
	"page":     "claims doc triage",
	"ci":       "claims doc triage",
	"terminal": "claims doc bisect diff flaky merge record trial triage",
	".":        "claims doc diff merge triage",
}

// The report is pure, and this keeps it so.
func TestImports(t *testing.T) {
	banned := map[string]string{
		"os":        "a report depends on its findings alone, and writes where it is told",
		"net":       "the server is not asked again",
		"os/exec":   "what the report says comes from the record",
		"math/rand": "the same findings give the same bytes",
		"syscall":   "as for os",
		"unsafe":    "hostile text stays within its bounds",
	}
	for room, list := range rooms {
		allowed := map[string]bool{}
		for _, name := range strings.Fields(list) {
			switch {
			case strings.Contains(name, "."):
				allowed[name] = true
			case rooms[name] != "":
				allowed["tracetest/internal/report/"+name] = true
			default:
				allowed["tracetest/internal/"+name] = true
			}
		}
		files, err := filepath.Glob(filepath.Join(room, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", room, len(files), err)
		}
		for _, file := range files {
			if !strings.HasSuffix(file, "_test.go") {
				checkImports(t, file, allowed, banned)
			}
		}
	}
}

func checkImports(t *testing.T, file string, allowed map[string]bool, banned map[string]string) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range parsed.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(path, "/")
		standard := !strings.Contains(first, ".") && first != "tracetest"
		root := first
		if path == "os/exec" {
			root = path
		}
		if why, bad := banned[root]; bad {
			t.Errorf("%s imports %s: %s", file, path, why)
		} else if !standard && !allowed[path] {
			t.Errorf("%s imports %s", file, path)
		}
	}
	for _, banned := range []string{"time.Now", "time.Since", "time.Until", "time.Local"} {
		if uses(parsed, banned) {
			t.Errorf("%s uses %s: the clock of a report is that of its record", file, banned)
		}
	}
}

// uses reports whether a file names something of a package, such as "time.Now".
func uses(file *ast.File, name string) bool {
	found := false
	ast.Inspect(file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok && x.Name+"."+sel.Sel.Name == name {
				found = true
			}
		}
		return true
	})
	return found
}
