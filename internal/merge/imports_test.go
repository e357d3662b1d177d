package merge_test

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A merge is pure, and this keeps it so.
func TestImports(t *testing.T) {
	allowed := []string{"cmp", "fmt", "slices", "strconv", "strings", "time"}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range parsed.Imports {
			if path, _ := strconv.Unquote(spec.Path.Value); !slices.Contains(allowed, path) && !strings.HasPrefix(path, "tracetest/") { // ours are in the table of docs/design.md
				t.Errorf("%s imports %s: findings in, a summary out, and nothing else", file, path)
			}
		}
	}
}
