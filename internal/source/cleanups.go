package source

import (
	"go/ast"
	"slices"
	"strings"

	"tracetest/internal/record"
)

// cleanup is one that runs when the function has returned, if it is late.
type cleanup struct {
	record.Cleanup
	late bool
}

// cleanups returns the code that is there to set the parameters when the function of a clean-up
// ends, and why it may not.
func (p *spot) cleanups(e ends) (all []cleanup) {
	visit := func(s *syntax, body ast.Node, hook bool) {
		ast.Inspect(body, func(n ast.Node) bool {
			var does ast.Node
			why, late := "", false
			switch n := n.(type) {
			case *ast.DeferStmt:
				does = n
				if _, closure := n.Call.Fun.(*ast.FuncLit); !closure && evaluates(n.Call) {
					why = record.WhyAtOnce
				}
			case *ast.CallExpr:
				if sel, is := n.Fun.(*ast.SelectorExpr); is && sel.Sel.Name == "Cleanup" || (&spot{syntax: s}).ginkgo(n.Fun) == "DeferCleanup" {
					does, late, why = n, true, p.cancelled(e, n)
				}
			}
			if does == nil || !p.restores(s, does) {
				return true
			}
			all = append(all, cleanup{record.Cleanup{File: s.name, Line: s.line(does.Pos()), Until: s.line(does.End()), Why: why}, late})
			return false
		})
		if hook && len(all) == 0 && p.restores(s, body) {
			all = append(all, cleanup{Cleanup: record.Cleanup{File: s.name, Line: s.line(body.Pos()), Until: s.line(body.End())}})
		}
	}
	visit(p.syntax, bodyOf(e.function), false)
	for _, h := range p.hooks(e) {
		visit(h.of, bodyOf(h.fn), true)
	}
	return all
}

// restores reports whether code sets one of the parameters.
func (p *spot) restores(s *syntax, n ast.Node) bool {
	text := string(s.text[s.files.PositionFor(n.Pos(), false).Offset:s.files.PositionFor(n.End(), false).Offset])
	if !setsConfig.MatchString(text) {
		return false
	}
	variable := p.parameter()
	return variable != "" && strings.Contains(text, variable) || slices.ContainsFunc(p.sets, func(name string) bool {
		return strings.Contains(strings.ToLower(text), `"`+name+`"`)
	})
}

// evaluates reports whether a deferred call sets a parameter at once: what it is given, and what
// it is called on, is evaluated when it is deferred.
func evaluates(call *ast.CallExpr) (found bool) {
	visit := func(n ast.Node) bool {
		if inner, is := n.(*ast.CallExpr); is {
			if sel, is := inner.Fun.(*ast.SelectorExpr); is && slices.Contains(senders, sel.Sel.Name) {
				found = true
			}
		}
		_, closure := n.(*ast.FuncLit)
		return !closure
	}
	for _, arg := range call.Args {
		ast.Inspect(arg, visit)
	}
	if sel, is := call.Fun.(*ast.SelectorExpr); is {
		ast.Inspect(sel.X, visit)
	}
	return found
}

// cancelled says whether a clean-up has the context of its test.
func (p *spot) cancelled(e ends, call *ast.CallExpr) (why string) {
	if e.kind != record.SiteTest {
		return ""
	}
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
