// Package internal_test holds the walls of the house: which package may import
// which.
package internal_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The table in docs/design.md says which package may import which, and this keeps
// it true: a new import is a decision, and stands there.
func TestHouse(t *testing.T) {
	announced := tableOfDesign(t)
	seen := map[string]bool{}
	for _, root := range []string{".", "../cmd/tracetest"} {
		for name, imports := range importsBelow(t, root) {
			seen[name] = true
			want, known := announced[name]
			if !known {
				t.Errorf("%s is not in the table of docs/design.md", name)
			} else if got := strings.Join(imports, ", "); got != want {
				t.Errorf("%s imports %q, and docs/design.md says %q", name, got, want)
			}
		}
	}
	for name := range announced {
		if !seen[name] {
			t.Errorf("docs/design.md has a package %s, which is not there", name)
		}
	}
}

// tableOfDesign reads the rows "| `name` | what it is | imports |".
func tableOfDesign(t *testing.T) map[string]string {
	text, err := os.ReadFile("../docs/design.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(text), "| package | what it is | imports of `internal` |")
	if !found {
		t.Fatal("docs/design.md has no table of packages")
	}
	rows := map[string]string{}
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 5 {
			if len(rows) > 0 {
				break
			}
			continue
		}
		if name := strings.Trim(strings.TrimSpace(cells[1]), "`"); !strings.HasPrefix(name, "--") {
			rows[name] = strings.TrimPrefix(strings.TrimSpace(cells[3]), "none")
		}
	}
	return rows
}

// importsBelow returns what the packages below a folder import of internal, by
// their names in the table.
func importsBelow(t *testing.T, root string) map[string][]string {
	all := map[string]map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == "testdata":
			return fs.SkipDir
		case !strings.HasSuffix(path, ".go"), strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), "../")
		if all[name] == nil {
			all[name] = map[string]bool{}
		}
		for _, spec := range file.Imports {
			if target, err := strconv.Unquote(spec.Path.Value); err == nil {
				if inner, ours := strings.CutPrefix(target, "tracetest/internal/"); ours {
					all[name][inner] = true
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	sorted := map[string][]string{}
	for name, imports := range all {
		sorted[name] = slices.Sorted(maps.Keys(imports))
	}
	return sorted
}
