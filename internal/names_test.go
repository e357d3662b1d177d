package internal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// A comment that begins with a small letter begins with the name of what it stands
// at. Guards against a renaming that leaves the comment behind.
func TestCommentsNameWhatTheyStandAt(t *testing.T) {
	files := token.NewFileSet()
	check := func(doc *ast.CommentGroup, names ...*ast.Ident) {
		first, _, _ := strings.Cut(doc.Text(), " ")
		if doc == nil || first == "" || !unicode.IsLower(rune(first[0])) || strings.ContainsAny(first, "/:`\n") {
			return
		}
		if !slices.ContainsFunc(names, func(n *ast.Ident) bool { return n.Name == strings.Trim(first, ",;.") }) {
			t.Errorf("%s: the comment of %s begins with %s", files.Position(doc.Pos()), names[0].Name, first)
		}
	}
	for _, path := range goFiles(t) {
		file, err := parser.ParseFile(files, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				check(d.Doc, d.Name)
			case *ast.GenDecl:
				if len(d.Specs) != 1 {
					continue
				}
				switch s := d.Specs[0].(type) {
				case *ast.TypeSpec:
					check(d.Doc, s.Name)
				case *ast.ValueSpec:
					check(d.Doc, s.Names...)
				}
			}
		}
	}
}

// Each file that the documents for contributors name is there.
func TestDocumentsNameFilesThatAreThere(t *testing.T) {
	all := goFiles(t)
	for _, document := range []string{"../CONTRIBUTING.md", "../docs/design.md"} {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile("`([a-z_/]+\\.go)`").FindAllStringSubmatch(string(text), -1) {
			there := func(path string) bool { return strings.HasSuffix(filepath.ToSlash(path), "/"+m[1]) }
			if m[1] != "testing.go" && !slices.ContainsFunc(all, there) { // Go's own
				t.Errorf("%s names %s, which is not there", document, m[1])
			}
		}
	}
}

// goFiles are those of the whole module, and of the modules that tests run.
func goFiles(t *testing.T) (all []string) {
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".go") {
			all = append(all, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
