package source

import (
	"go/ast"
	"path/filepath"
	"slices"
	"strings"

	"tracetest/internal/record"
)

// maxFrames is how many frames of test code a stack is asked for.
const maxFrames = 16

// Site returns where a clean-up for a write can stand, and what it can use there; nil where the
// source is not found, or shows no such place.
func (s *Source) Site(by record.By, sets []record.Value) (found *record.Site) {
	defer func() {
		if recover() != nil { // of somebody else's source: it must not end the run
			found = nil
		}
	}()
	if site := s.onStack(by.Stack, sets); site != nil {
		return site
	}
	for _, w := range by.Waiting { // for the reply of a client that writes on goroutines of its own
		if site := s.onStack(w.Stack, sets); site != nil && (len(by.Waiting) == 1 || slices.ContainsFunc(w.Stack, func(f record.Frame) bool { return f.Sets })) {
			return site
		}
	}
	return nil
}

// onStack finds a site for the innermost frame of a test file that has a place for a clean-up.
func (s *Source) onStack(stack []record.Frame, sets []record.Value) *record.Site {
	spots := s.spots(stack, sets)
	var general *record.Site // without a client
	var client ast.Expr      // that the frame before was given
	var k kind
	for i, p := range spots {
		if !p.tests { // no place for a clean-up
			if p.direct {
				client, k = p.client(true)
			}
			client = p.handed(spots[i+1:], client)
			continue
		}
		e, ok := p.ends()
		if !ok {
			client = nil
			continue
		}
		if client == nil {
			client, k = p.client(p.direct)
		}
		if client == nil {
			if general == nil {
				general = p.site(e, nil, kind{})
			}
			continue
		}
		site := p.site(e, client, k)
		callers := slices.DeleteFunc(slices.Clone(spots[i+1:]), func(p *spot) bool { return !p.tests })
		return outward(callers, p, site, client, k)
	}
	return general
}

// spots returns the places in the user's files that are on the stack, the innermost first.
func (s *Source) spots(stack []record.Frame, sets []record.Value) []*spot {
	var spots []*spot
	var files []*syntax
	user := 0 // frames of the user's code so far
	for _, f := range stack {
		if f.Std || strings.Contains(f.File, "@") || !strings.HasSuffix(f.File, ".go") {
			continue
		}
		user++
		code := s.file(f.File).syntax
		if code == nil || len(spots) == maxFrames {
			continue
		}
		if around := code.around(f.Line); len(around) > 0 {
			spots = append(spots, &spot{syntax: code, around: around, line: f.Line, direct: user == 1})
		}
		if code.tests && !slices.Contains(files, code) {
			files = append(files, code)
		}
	}
	var names []string
	for _, v := range sets {
		names = append(names, v.Parameter)
	}
	for _, p := range spots {
		p.others, p.sets = files, names
		if !p.tests {
			p.others = append([]*syntax{p.syntax}, files...)
		}
	}
	return spots
}

// handed returns what the caller of a function that is no test code calls its client; nil where it
// was not given it, or may not name it.
func (p *spot) handed(callers []*spot, client ast.Expr) ast.Expr {
	if client == nil || len(callers) == 0 {
		return nil
	}
	if filepath.Dir(p.name) != filepath.Dir(callers[0].name) {
		for e, is := client.(*ast.SelectorExpr); is; e, is = e.X.(*ast.SelectorExpr) {
			if !e.Sel.IsExported() {
				return nil
			}
		}
	}
	return p.given(callers[0], client)
}

// outward follows a client to the caller that gave it, as long as one did, and sees whether it
// closes it before clean-ups run. Where its own clean-up can, that gives the place; else the
// place is the caller's.
func outward(spots []*spot, p *spot, site *record.Site, client ast.Expr, k kind) *record.Site {
	for _, caller := range spots {
		if client = p.given(caller, client); client == nil {
			return site
		}
		if e, ok := caller.ends(); ok {
			outer := caller.site(e, client, k)
			inPlace := !slices.ContainsFunc(outer.Closes, func(c record.Close) bool { return c.T == "" || c.Text == "" })
			switch {
			case len(outer.Closes) == 0:
			case inPlace && len(site.Closes) == 0:
				site.Closes = outer.Closes
				return site
			default:
				return outer
			}
		}
		p = caller
	}
	return site
}

// given returns what a caller gave a function for an expression; nil where it gave nothing.
func (p *spot) given(caller *spot, e ast.Expr) ast.Expr {
	if p.global(root(e)) && filepath.Dir(p.name) == filepath.Dir(caller.name) && caller.global(root(e)) {
		return e
	}
	decl, is := p.function().(*ast.FuncDecl)
	if !is {
		return nil
	}
	index, at, receiver := -1, 0, false
	each(decl.Type.Params, func(id *ast.Ident, _ ast.Expr) {
		if id.Name == root(e) {
			index = at
		}
		at++
	})
	each(decl.Recv, func(id *ast.Ident, _ ast.Expr) { receiver = receiver || id.Name == root(e) })
	for _, call := range caller.calls(caller.function(), caller.line) {
		switch fn := call.Fun.(type) {
		case *ast.Ident:
			if fn.Name != decl.Name.Name {
				continue
			}
		case *ast.SelectorExpr:
			if fn.Sel.Name != decl.Name.Name {
				continue
			}
			if receiver && plain(fn.X) {
				return swap(e, fn.X)
			}
		}
		if index >= 0 && index < len(call.Args) && plain(call.Args[index]) {
			return swap(e, call.Args[index])
		}
	}
	return nil
}

// global reports whether a name is none of the functions around the line.
func (p *spot) global(name string) bool {
	return !slices.ContainsFunc(p.functions(), func(fn ast.Node) bool {
		is := false
		if decl, method := fn.(*ast.FuncDecl); method {
			each(decl.Recv, func(id *ast.Ident, _ ast.Expr) { is = is || id.Name == name })
		}
		return is || declared(fn, name)
	})
}

// swap puts an expression in the place of the root of another.
func swap(e, to ast.Expr) ast.Expr {
	switch e := e.(type) {
	case *ast.Ident:
		return to
	case *ast.SelectorExpr:
		return &ast.SelectorExpr{X: swap(e.X, to), Sel: ast.NewIdent(e.Sel.Name)}
	}
	return nil
}

// site describes the place before the statement at the line.
func (p *spot) site(e ends, client ast.Expr, k kind) *record.Site {
	fn := p.function()
	for fn != e.function && p.hoists(fn, client) {
		fn = p.functions()[slices.Index(p.functions(), fn)+1]
	}
	in, at := p.statement(fn, p.line)
	cleanups := p.cleanups(e)
	if list, i, others := p.beforeOthers(fn, cleanups); others {
		in, at = list, i
	}
	pos := bodyOf(fn).Rbrace
	if at < len(in) {
		pos = in[at].Pos()
	}
	body := bodyOf(e.function).List
	nested := len(in) != len(body) || len(in) > 0 && in[0] != body[0]
	where := p.files.PositionFor(pos, false)
	site := &record.Site{File: p.name, Call: p.line, Line: where.Line, Function: p.syntax.line(e.function.Pos()), Kind: e.kind, Node: e.node, T: e.t,
		Client: p.print(client), Library: k.library, Type: k.name, Imports: map[string]string{}, Taken: taken(in, at, "old", "err")}
	if !p.alone(where.Offset, where.Offset) && strings.TrimSpace(string(p.text[where.Offset-where.Column+1:where.Offset])) != "" {
		site.Column = where.Column
	}
	if fn == p.function() {
		site.Parameter = p.parameter()
	}
	if client != nil {
		site.Closes, site.Defers = p.closes(e, client, where.Line)
	}
	site.Context = p.context(fn)
	for _, stmt := range in[at:] {
		for _, id := range declares(stmt) {
			if site.Context == id.Name { // it is not there yet
				site.Context = ""
			}
		}
	}
	for _, to := range []string{"context", "log", "sync", gomega, ginkgo} {
		if as := p.named(to); as != "" {
			site.Imports[to] = as
		}
	}
	for to, library := range libraries {
		if as := p.named(to); as != "" && (k.library == "" || k.library == library) {
			site.Imports[library] = as
		}
	}
	site.Nested = nested
	for i := range cleanups {
		if cleanups[i].Why == "" && cleanups[i].late && len(site.Closes) > 0 {
			cleanups[i].Why = record.WhyClosed
		}
		site.Cleanups = append(site.Cleanups, cleanups[i].Cleanup)
	}
	if e.kind == record.SiteMain {
		site.Run = p.run(e)
	}
	return site
}

// beforeOthers returns the statement of a clean-up that stands before the call and sets the
// same: the last that is registered runs first, so that the one which restores what was found must
// come before it.
func (p *spot) beforeOthers(fn ast.Node, cleanups []cleanup) (in []ast.Stmt, at int, is bool) {
	for _, c := range cleanups {
		if c.Why != record.WhyAtOnce && c.File == p.name && c.Line < p.line && p.covers(bodyOf(fn), c.Line) && !is {
			in, at = p.statement(fn, c.Line)
			is = at < len(in)
		}
	}
	return in, at, is
}

// hoists reports whether a clean-up for what is in a closure can stand before the statement
// that has the closure: the client is known there.
func (p *spot) hoists(fn ast.Node, client ast.Expr) bool {
	lit, is := fn.(*ast.FuncLit)
	return is && (client == nil || !declared(lit, root(client)))
}

// parameter returns the expression that a call at the line names a parameter by, where it is a
// variable.
func (p *spot) parameter() string {
	for _, call := range p.calls(p.function(), p.line) {
		fn, is := call.Fun.(*ast.SelectorExpr)
		if !is {
			continue
		}
		at := -1
		switch n := len(call.Args); fn.Sel.Name {
		case "ConfigSet":
			at = n - 2
		case "ParameterValue":
			at = 0
		case "Do", "DoContext", "Cmd", "Send":
			if set := slices.IndexFunc(call.Args, func(e ast.Expr) bool {
				literal, is := e.(*ast.BasicLit)
				return is && strings.EqualFold(strings.Trim(literal.Value, `"`), "set")
			}); set >= 0 {
				at = set + 1
			}
		}
		if at >= 0 && at < len(call.Args) {
			if _, variable := call.Args[at].(*ast.Ident); variable {
				return p.print(call.Args[at])
			}
		}
	}
	return ""
}

// context returns the expression of a context that is in reach.
func (p *spot) context(fn ast.Node) string {
	usable := func(e ast.Expr) bool {
		text := p.print(e)
		switch {
		case text == "":
			return false
		case text == "context.Background()" || text == "context.TODO()" || strings.HasSuffix(text, ".Context()"):
			return true
		case !strings.Contains(strings.ToLower(text), "ctx"):
			return false
		}
		for _, inner := range p.functions() {
			if inner == fn {
				return true
			}
			if declared(inner, root(e)) {
				return false
			}
		}
		return true
	}
	for _, call := range p.calls(p.function(), p.line) {
		for _, arg := range call.Args {
			if usable(arg) {
				return p.print(arg)
			}
		}
	}
	return ""
}

// run finds the statement with m.Run.
func (p *spot) run(e ends) *record.Close {
	for _, stmt := range bodyOf(e.function).List {
		has := false
		ast.Inspect(stmt, func(n ast.Node) bool {
			if call, is := n.(*ast.CallExpr); is {
				if sel, is := call.Fun.(*ast.SelectorExpr); is && sel.Sel.Name == "Run" && p.print(sel.X) == e.t {
					has = true
				}
			}
			return true
		})
		if has {
			c := p.close(stmt)
			return &c
		}
	}
	return nil
}
