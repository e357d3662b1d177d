package source

import (
	"go/ast"
	"slices"
	"strings"

	"tracetest/internal/record"
)

// nodes are those of Ginkgo whose closure runs with the suite.
var nodes = []string{
	"It", "FIt", "PIt", "XIt", "Specify", "FSpecify", "PSpecify", "XSpecify", "Entry", "DescribeTable", "BeforeEach", "JustBeforeEach", "AfterEach", "JustAfterEach",
	"BeforeAll", "AfterAll", "BeforeSuite", "AfterSuite", "SynchronizedBeforeSuite", "SynchronizedAfterSuite",
}

// ends is what a clean-up is for: a function that has one, by what.
type ends struct {
	kind     record.SiteKind
	function ast.Node
	t        string
	node     string // of Ginkgo
	hook     string // method of testify that it is in, or node of Ginkgo
}

// ends finds the innermost function around the line that can have a clean-up.
func (p *spot) ends() (e ends, ok bool) {
	for i, n := range slices.Backward(p.around) {
		if bodyOf(n) == nil {
			continue
		}
		e := ends{function: n}
		each(typeOf(n).Params, func(id *ast.Ident, of ast.Expr) {
			switch t := p.typeName(of); {
			case id.Name == "_":
			case t == "testing.T" || t == "testing.B" || t == "testing.F" || t == "testing.TB":
				e.kind, e.t = record.SiteTest, id.Name
			case t == "testing.M":
				e.kind, e.t = record.SiteMain, id.Name
			}
		})
		if call, is := p.around[max(0, i-1)].(*ast.CallExpr); is && e.kind == "" {
			if name := p.ginkgo(call.Fun); slices.Contains(nodes, name) {
				e.kind, e.node, e.hook = record.SiteGinkgo, name, name
			} else if name == "Describe" || name == "Context" || name == "When" {
				return e, false // it runs before the suite does
			}
		}
		if decl, is := n.(*ast.FuncDecl); is && e.kind == "" {
			p.receiver(decl, &e)
			switch {
			case e.kind != "":
			case strings.HasPrefix(decl.Name.Name, "Example") && strings.HasSuffix(p.name, "_test.go") && decl.Recv == nil:
				e.kind = record.SiteExample
			case p.named(ginkgo) != "":
				e.kind = record.SiteGinkgo // a helper of specs
			}
		}
		if e.kind != "" {
			return e, true
		}
	}
	return ends{}, false
}

// receiver sees whether a method is of a suite of testify, or of something that has a t.
func (p *spot) receiver(decl *ast.FuncDecl, e *ends) {
	each(decl.Recv, func(id *ast.Ident, of ast.Expr) {
		k := p.written(p.syntax, of)
		if k.local == nil || id.Name == "_" {
			return
		}
		for _, f := range k.local.Fields.List {
			at := &spot{syntax: k.of}
			switch t := at.typeName(f.Type); {
			case t == "suite.Suite" && k.of.named(testify) == "suite":
				e.kind, e.t, e.hook = record.SiteTest, id.Name+".T()", decl.Name.Name
				return
			case len(f.Names) > 0 && (t == "testing.T" || t == "testing.B" || t == "testing.TB"):
				e.kind, e.t = record.SiteTest, id.Name+"."+f.Names[0].Name
				return
			}
		}
	})
}

// typeName writes a type as package.Name, without its star.
func (p *spot) typeName(e ast.Expr) string {
	if star, is := e.(*ast.StarExpr); is {
		e = star.X
	}
	if sel, is := e.(*ast.SelectorExpr); is {
		if id, is := sel.X.(*ast.Ident); is {
			return id.Name + "." + sel.Sel.Name
		}
	}
	return ""
}

// ginkgo returns the name of a function of Ginkgo, or "".
func (p *spot) ginkgo(fn ast.Expr) string {
	switch fn := fn.(type) {
	case *ast.Ident:
		if p.named(ginkgo) == "." {
			return fn.Name
		}
	case *ast.SelectorExpr:
		if id, is := fn.X.(*ast.Ident); is && p.imports[id.Name] == ginkgo {
			return fn.Sel.Name
		}
	}
	return ""
}

// closes returns where the client is closed before the clean-ups of a function run, and whether
// all that is by defers of it that stand before a line.
func (p *spot) closes(e ends, client ast.Expr, line int) (all []record.Close, defers bool) {
	defers = true
	text := p.print(client)
	add := func(s *syntax, n ast.Node, deferred bool, of string) {
		c := s.close(n)
		c.Of = of
		if deferred && e.kind == record.SiteTest && s.line(n.Pos()) < line {
			c.T = e.t
		}
		all = append(all, c)
		defers = defers && deferred && s.line(n.Pos()) < line
	}
	for _, fn := range p.functions() {
		ast.Inspect(bodyOf(fn), func(n ast.Node) bool {
			if lit, is := n.(*ast.FuncLit); is {
				return slices.Contains(p.around, ast.Node(lit)) // another one is another's
			}
			if d, is := n.(*ast.DeferStmt); is {
				if of := closed(p.syntax, d, text); of != "" {
					add(p.syntax, d, fn == p.function(), of)
				}
			}
			return true
		})
		if fn == e.function {
			break
		}
	}
	for _, hook := range p.hooks(e) {
		for _, stmt := range bodyOf(hook.fn).List {
			if closed(hook.of, stmt, suffix(text)) != "" {
				add(hook.of, stmt, false, text)
			}
		}
	}
	if len(all) > 0 && !defers && e.kind != record.SiteMain && p.inner(e) && onlyHooks(all, p, e) {
		defers = true // the function that sends it ends before
	}
	return all, defers && len(all) > 0
}

// inner reports whether a defer of the function at the line runs before the hooks do that close
// a client: it is a test of testify, or a spec.
func (p *spot) inner(e ends) bool {
	return e.function == p.function() && (strings.HasPrefix(e.hook, "Test") || slices.Contains(nodes[:8], e.hook) || e.hook == "Entry" || e.hook == "DescribeTable")
}

// onlyHooks reports whether none of some closes stands in the function itself behind the line.
func onlyHooks(all []record.Close, p *spot, e ends) bool {
	return !slices.ContainsFunc(all, func(c record.Close) bool {
		return c.File == p.name && p.line <= c.Line && c.Line <= p.syntax.line(e.function.End())
	})
}

// close describes a statement that closes a client.
func (s *syntax) close(n ast.Node) record.Close {
	c := record.Close{File: s.name, Line: s.line(n.Pos())}
	from, to := s.files.PositionFor(n.Pos(), false).Offset, s.files.PositionFor(n.End(), false).Offset
	if text := string(s.text[from:to]); s.alone(from, to) && !strings.Contains(text, "\n") {
		c.Text = text
	}
	return c
}

// alone reports whether nothing else stands on the lines of a part of the text.
func (s *syntax) alone(from, to int) bool {
	line := string(s.text[strings.LastIndexByte(string(s.text[:from]), '\n')+1 : from])
	rest, _, _ := strings.Cut(string(s.text[to:]), "\n")
	return strings.TrimSpace(line) == "" && (strings.TrimSpace(rest) == "" || strings.HasPrefix(strings.TrimSpace(rest), "//"))
}

// hook is a function that runs between a test and its clean-ups.
type hook struct {
	of *syntax
	fn ast.Node
}

// hooks returns the functions that run after that of a clean-up and before it.
func (p *spot) hooks(e ends) (all []hook) {
	var names []string
	switch {
	case e.t != "" && strings.HasSuffix(e.t, ".T()"):
		if names = []string{"TearDownTest", "AfterTest"}; e.hook == "SetupSuite" {
			names = []string{"TearDownSuite"}
		}
	case e.kind == record.SiteGinkgo:
		switch e.node {
		case "BeforeSuite", "SynchronizedBeforeSuite":
			names = []string{"AfterSuite", "SynchronizedAfterSuite"}
		case "BeforeAll":
			names = []string{"AfterAll"}
		default:
			names = []string{"AfterEach", "JustAfterEach"}
		}
	}
	if len(names) == 0 {
		return nil
	}
	for _, in := range p.others {
		at := &spot{syntax: in}
		ast.Inspect(in.tree, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Recv != nil && n.Body != nil && e.kind == record.SiteTest && slices.Contains(names, n.Name.Name) {
					all = append(all, hook{in, n})
				}
			case *ast.CallExpr:
				if e.kind == record.SiteGinkgo && slices.Contains(names, at.ginkgo(n.Fun)) {
					for _, arg := range n.Args {
						if lit, is := arg.(*ast.FuncLit); is {
							all = append(all, hook{in, lit})
						}
					}
				}
			}
			return true
		})
	}
	return all
}

// closed returns what a statement closes, if that is what an expression is, or what it is a part
// of.
func closed(s *syntax, n ast.Node, client string) (found string) {
	ast.Inspect(n, func(n ast.Node) bool {
		call, is := n.(*ast.CallExpr)
		if !is {
			return true
		}
		if sel, is := call.Fun.(*ast.SelectorExpr); is && sel.Sel.Name == "Close" {
			of := s.print(sel.X)
			if of != "" && (of == client || strings.HasPrefix(client, of+".") || strings.HasPrefix(client, ".") && strings.HasSuffix(of, client)) {
				found = of
			}
		}
		return true
	})
	return found
}

// suffix is how a method calls what another one of the same type calls with its own receiver.
func suffix(text string) string {
	if at := strings.IndexByte(text, '.'); at > 0 {
		return text[at:]
	}
	return text
}
