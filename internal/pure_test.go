package internal_test

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// What is pure imports of the standard library only what cannot make it anything else. Which of our own
// packages it imports is in the table of docs/design.md; what triage and the reports may not call, their own tests say.
func TestPurePackages(t *testing.T) {
	allowed := []string{"cmp", "fmt", "slices", "strconv", "strings", "time"}
	for _, name := range []string{"diff", "merge"} {
		files, err := filepath.Glob(filepath.Join(name, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", name, len(files), err)
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
				if path, _ := strconv.Unquote(spec.Path.Value); !slices.Contains(allowed, path) && !strings.HasPrefix(path, "tracetest/") {
					t.Errorf("%s imports %s: findings in, what they say out, and nothing else", file, path)
				}
			}
		}
	}
}
