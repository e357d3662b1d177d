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
	allowed := map[string]bool{
		"tracetest/internal/diff":                    true,
		"tracetest/internal/merge":                   true,
		"tracetest/internal/printable":               true,
		"tracetest/internal/record":                  true,
		"tracetest/internal/rediscli":                true,
		"tracetest/internal/triage":                  true,
		"github.com/olekukonko/tablewriter":          true,
		"github.com/yuin/goldmark":                   true,
		"github.com/yuin/goldmark/ast":               true,
		"github.com/yuin/goldmark/extension":         true,
		"github.com/yuin/goldmark/extension/ast":     true,
		"github.com/yuin/goldmark/parser":            true,
		"github.com/yuin/goldmark/renderer":          true,
		"github.com/yuin/goldmark/util":              true,
		"github.com/olekukonko/tablewriter/renderer": true,
		"github.com/olekukonko/tablewriter/tw":       true,
	}
	banned := map[string]string{
		"os":        "a report depends on its findings alone, and writes where it is told",
		"net":       "the server is not asked again",
		"os/exec":   "what the report says comes from the record",
		"math/rand": "the same findings give the same bytes",
		"syscall":   "as for os",
		"unsafe":    "hostile text stays within its bounds",
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
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
