package source

import (
	"bytes"
	"go/ast"
	"go/printer"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// syntax is a file of test code: one named _test.go, or one that imports testing or Ginkgo, as
// helpers do.
type syntax struct {
	tests   bool // it is code of tests
	name    string
	text    []byte
	files   *token.FileSet
	tree    *ast.File
	imports map[string]string // path by the name that the file has for it
	dots    []string          // paths of dot imports
}

const (
	ginkgo  = "github.com/onsi/ginkgo/v2"
	gomega  = "github.com/onsi/gomega"
	testify = "github.com/stretchr/testify/suite"
)

var major = regexp.MustCompile(`^v\d+$`)

func syntaxOf(name string, text []byte, files *token.FileSet, tree *ast.File) *syntax {
	s := &syntax{name: name, text: text, files: files, tree: tree, imports: map[string]string{}}
	is := strings.HasSuffix(name, "_test.go")
	for _, spec := range tree.Imports {
		to, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		is = is || to == "testing" || to == ginkgo
		as := path.Base(to)
		if major.MatchString(as) {
			as = path.Base(path.Dir(to))
		}
		as = strings.TrimSuffix(strings.TrimPrefix(as, "go-"), "-go")
		if spec.Name != nil {
			as = spec.Name.Name
		}
		if as == "." {
			s.dots = append(s.dots, to)
		} else {
			s.imports[as] = to
		}
	}
	if strings.Contains(name, "@") { // what is in the module cache nobody edits
		return nil
	}
	s.tests = is
	return s
}

// named returns the name by which the file has a package; "." of a dot import, "" where it
// has none.
func (s *syntax) named(to string) string {
	if slices.Contains(s.dots, to) {
		return "."
	}
	for as, p := range s.imports {
		if p == to && as != "_" {
			return as
		}
	}
	return ""
}

func (s *syntax) line(pos token.Pos) int { return s.files.PositionFor(pos, false).Line }

func (s *syntax) covers(n ast.Node, line int) bool {
	return s.line(n.Pos()) <= line && line <= s.line(n.End())
}

// print writes an expression that a clean-up can repeat; empty where it is longer than that, or
// does something.
func (s *syntax) print(e ast.Expr) string {
	if e == nil || !plain(e) {
		return ""
	}
	var b bytes.Buffer
	if printer.Fprint(&b, s.files, e) != nil || b.Len() > 80 || bytes.ContainsAny(b.Bytes(), "\n") {
		return ""
	}
	return b.String()
}

// plain reports whether an expression names something.
func plain(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name != "_"
	case *ast.SelectorExpr:
		return plain(e.X)
	case *ast.ParenExpr:
		return plain(e.X)
	case *ast.StarExpr:
		return plain(e.X)
	case *ast.IndexExpr:
		_, literal := e.Index.(*ast.BasicLit)
		return plain(e.X) && (literal || plain(e.Index))
	case *ast.CallExpr:
		return len(e.Args) == 0 && plain(e.Fun)
	}
	return false
}

// root is the variable that an expression begins with, or "".
func root(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return root(e.X)
	case *ast.ParenExpr:
		return root(e.X)
	case *ast.StarExpr:
		return root(e.X)
	case *ast.IndexExpr:
		return root(e.X)
	case *ast.CallExpr:
		return root(e.Fun)
	}
	return ""
}

// around returns the innermost function at a line and all that is around it, from the file
// inwards.
func (s *syntax) around(line int) (found []ast.Node) {
	var open []ast.Node
	ast.Inspect(s.tree, func(n ast.Node) bool {
		if n == nil {
			open = open[:len(open)-1]
			return false
		}
		open = append(open, n)
		if body := bodyOf(n); body != nil && s.covers(n, line) {
			found = slices.Clone(open)
		}
		return true
	})
	return found
}

func bodyOf(n ast.Node) *ast.BlockStmt {
	switch n := n.(type) {
	case *ast.FuncDecl:
		return n.Body
	case *ast.FuncLit:
		return n.Body
	}
	return nil
}

func typeOf(n ast.Node) *ast.FuncType {
	switch n := n.(type) {
	case *ast.FuncDecl:
		return n.Type
	case *ast.FuncLit:
		return n.Type
	}
	return nil
}

// statement returns the innermost statement of a function at a line that another can stand
// before, and the list that it is in. Where none is there, as at the brace that ends the
// function, the statement is nil.
func (s *syntax) statement(fn ast.Node, line int) (in []ast.Stmt, at int) {
	body := bodyOf(fn)
	in, at = body.List, len(body.List)
	ast.Inspect(body, func(n ast.Node) bool {
		var list []ast.Stmt
		switch n := n.(type) {
		case *ast.FuncLit:
			return false // what is in it is not the function's own
		case *ast.BlockStmt:
			list = n.List
		case *ast.CaseClause:
			list = n.Body
		case *ast.CommClause:
			list = n.Body
		}
		for i, stmt := range list {
			if s.covers(stmt, line) {
				in, at = list, i
				break
			}
		}
		return true
	})
	return in, at
}

// calls returns the calls at a line that are a function's own, the innermost first.
func (s *syntax) calls(fn ast.Node, line int) (all []*ast.CallExpr) {
	ast.Inspect(bodyOf(fn), func(n ast.Node) bool {
		if _, is := n.(*ast.FuncLit); is {
			return false
		}
		if call, is := n.(*ast.CallExpr); is && s.covers(n, line) {
			all = append(all, call)
		}
		return true
	})
	slices.Reverse(all)
	return all
}

// declared reports whether a function declares a name, its parameters included.
func declared(fn ast.Node, name string) (found bool) {
	each(typeOf(fn).Params, func(id *ast.Ident, _ ast.Expr) { found = found || id.Name == name })
	ast.Inspect(bodyOf(fn), func(n ast.Node) bool {
		for _, id := range declares(n) {
			found = found || id.Name == name
		}
		return !found
	})
	return found
}

// declares returns the names that a node declares, but for functions.
func declares(n ast.Node) (all []*ast.Ident) {
	switch n := n.(type) {
	case *ast.AssignStmt:
		if n.Tok == token.DEFINE {
			for _, e := range n.Lhs {
				if id, is := e.(*ast.Ident); is {
					all = append(all, id)
				}
			}
		}
	case *ast.ValueSpec:
		all = append(all, n.Names...)
	case *ast.DeclStmt:
		if decl, is := n.Decl.(*ast.GenDecl); is {
			for _, spec := range decl.Specs {
				all = append(all, declares(spec)...)
			}
		}
	case *ast.RangeStmt:
		for _, e := range []ast.Expr{n.Key, n.Value} {
			if id, is := e.(*ast.Ident); is && n.Tok == token.DEFINE {
				all = append(all, id)
			}
		}
	}
	return all
}

// each visits the names of a list of fields; one without a name once, with nil.
func each(fields *ast.FieldList, visit func(name *ast.Ident, of ast.Expr)) {
	if fields == nil {
		return
	}
	for _, f := range fields.List {
		for _, id := range f.Names {
			visit(id, f.Type)
		}
	}
}

// taken returns which names a clean-up cannot declare before a statement: those that are there
// already, and those without which a := further down would declare nothing new.
func taken(in []ast.Stmt, at int, names ...string) (all []string) {
	known := map[string]bool{"_": true}
	for _, stmt := range in[:at] {
		for _, id := range declares(stmt) {
			known[id.Name] = true
		}
	}
	for _, name := range names {
		if known[name] && name != "err" {
			all = append(all, name)
			continue
		}
		ours, clash := map[string]bool{}, false
		for _, stmt := range in[at:] {
			fresh, ids := false, declares(stmt)
			_, isVar := stmt.(*ast.DeclStmt)
			uses := false
			for _, id := range ids {
				uses = uses || id.Name == name
				fresh = fresh || !known[id.Name] && !ours[id.Name] && !slices.Contains(names, id.Name)
				ours[id.Name] = true
			}
			clash = clash || uses && !known[name] && (isVar || !fresh)
			if uses {
				break
			}
		}
		if clash {
			all = append(all, name)
		}
	}
	return all
}
