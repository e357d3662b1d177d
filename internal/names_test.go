package internal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
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

// What a test, subtest or spec is called is taken apart in record/name.go alone. Guards against a
// second place that knows what a slash means, and against names that are put together from the
// parts of another.
func TestNamesAreTakenApartInOnePlace(t *testing.T) {
	files := token.NewFileSet()
	cuts := []string{"Cut", "Split", "SplitN", "SplitSeq", "Index", "IndexByte", "LastIndex", "LastIndexByte"}
	ofTest := regexp.MustCompile(`(?i)(^|\.)(test|subtest|name|owner)s?$`)
	for _, path := range goFiles(t) {
		if folder := filepath.Base(filepath.Dir(path)); strings.HasSuffix(path, "_test.go") || folder == "record" || folder == "redact" || folder == "findings" {
			continue // redact finds names in any text, and a failure has its name in three fields
		}
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				f, ok := n.Fun.(*ast.SelectorExpr)
				if !ok || len(n.Args) != 2 || types.ExprString(f.X) != "strings" || !slices.Contains(cuts, f.Sel.Name) {
					break
				}
				if slash, ok := n.Args[1].(*ast.BasicLit); ok && strings.Trim(slash.Value, "\"'`") == "/" && ofTest.MatchString(types.ExprString(n.Args[0])) {
					t.Errorf("%s: the name of a test is cut: use the methods of record.Name", files.Position(n.Pos()))
				}
			case *ast.CompositeLit:
				parts := map[string]string{}
				for _, e := range n.Elts {
					if kv, ok := e.(*ast.KeyValueExpr); ok {
						if of, is := strings.CutSuffix(types.ExprString(kv.Value), "."+types.ExprString(kv.Key)); is {
							parts[types.ExprString(kv.Key)] = of
						}
					}
				}
				if of := parts["Package"]; of != "" && of == parts["Test"] && of == parts["Spec"] {
					t.Errorf("%s: a name is made of the parts of another", files.Position(n.Pos()))
				}
			}
			return true
		})
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
