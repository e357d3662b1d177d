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
	for _, room := range []string{".", "doc", "claims", "page", "ci", "terminal"} {
		files, err := filepath.Glob(filepath.Join(room, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", room, len(files), err)
		}
		for _, file := range files {
			if !strings.HasSuffix(file, "_test.go") {
				checkImports(t, file, banned)
			}
		}
	}
}

func checkImports(t *testing.T, file string, banned map[string]string) {
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
		root := first
		if path == "os/exec" {
			root = path
		}
		if why, bad := banned[root]; bad {
			t.Errorf("%s imports %s: %s", file, path, why)
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
