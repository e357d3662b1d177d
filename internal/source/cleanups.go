package source

import (
	"go/ast"
	"slices"
	"strings"

	"tracetest/internal/record"
)

// cleanups returns the code that is there to set the parameters when the function of a clean-up
// ends, and why it may not.
func (p *spot) cleanups(e ends, site *record.Site) (all []record.Cleanup) {
	look := func(s *syntax, body ast.Node, hook bool) {
		ast.Inspect(body, func(n ast.Node) bool {
			var does ast.Node
			why := ""
			switch n := n.(type) {
			case *ast.DeferStmt:
				does = n
				if _, closure := n.Call.Fun.(*ast.FuncLit); !closure && evaluates(n.Call) {
					why = record.WhyAtOnce
				}
			case *ast.CallExpr:
				if sel, is := n.Fun.(*ast.SelectorExpr); is && sel.Sel.Name == "Cleanup" || (&spot{syntax: s}).ginkgo(n.Fun) == "DeferCleanup" {
					does, why = n, p.late(e, n, site)
				}
			}
			if does == nil || !p.restores(s, does, site) {
				return true
			}
			all = append(all, record.Cleanup{File: s.name, Line: s.line(does.Pos()), Until: s.line(does.End()), Why: why})
			return false
		})
		if hook && len(all) == 0 && p.restores(s, body, site) {
			c := record.Cleanup{File: s.name, Line: s.line(body.Pos()), Until: s.line(body.End())}
			all = append(all, c)
		}
	}
	look(p.syntax, bodyOf(e.function), false)
	for _, h := range p.hooks(e) {
		look(h.of, bodyOf(h.fn), true)
	}
	return all
}

// restores reports whether code sets one of the parameters.
func (p *spot) restores(s *syntax, n ast.Node, site *record.Site) bool {
	text := string(s.text[s.files.PositionFor(n.Pos(), false).Offset:s.files.PositionFor(n.End(), false).Offset])
	if !setsConfig.MatchString(text) {
		return false
	}
	return site.Parameter != "" && strings.Contains(text, site.Parameter) || slices.ContainsFunc(p.sets, func(name string) bool {
		return strings.Contains(strings.ToLower(text), `"`+name+`"`)
	})
}

// evaluates reports whether a deferred call sets a parameter at once: what it is given, and what
// it is called on, is evaluated when it is deferred.
func evaluates(call *ast.CallExpr) (found bool) {
	look := func(n ast.Node) bool {
		if inner, is := n.(*ast.CallExpr); is {
			if sel, is := inner.Fun.(*ast.SelectorExpr); is && slices.Contains(senders, sel.Sel.Name) {
				found = true
			}
		}
		_, closure := n.(*ast.FuncLit)
		return !closure
	}
	for _, arg := range call.Args {
		ast.Inspect(arg, look)
	}
	if sel, is := call.Fun.(*ast.SelectorExpr); is {
		ast.Inspect(sel.X, look)
	}
	return found
}

// late says why a clean-up comes too late, or is empty.
func (p *spot) late(e ends, call *ast.CallExpr, site *record.Site) (why string) {
	if e.kind == record.SiteTest {
		ast.Inspect(call, func(n ast.Node) bool {
			if inner, is := n.(*ast.CallExpr); is {
				for _, arg := range inner.Args {
					if p.ofTest(e, arg) {
						why = record.WhyCancelled
					}
				}
			}
			return true
		})
	}
	if why == "" && len(site.Closes) > 0 {
		why = record.WhyClosed
	}
	return why
}

// ofTest reports whether an expression is the context of the test, or a variable that was set
// to it.
func (p *spot) ofTest(e ends, arg ast.Expr) (is bool) {
	own := func(x ast.Expr) bool { return e.t != "" && p.print(x) == e.t+".Context()" }
	id, variable := arg.(*ast.Ident)
	if !variable {
		return own(arg)
	}
	ast.Inspect(bodyOf(e.function), func(n ast.Node) bool {
		if assign, ok := n.(*ast.AssignStmt); ok && len(assign.Rhs) > 0 {
			if to, ok := assign.Lhs[0].(*ast.Ident); ok && to.Name == id.Name && own(assign.Rhs[0]) {
				is = true
			}
		}
		return true
	})
	return is
}
