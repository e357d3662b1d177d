package barrier

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"

	"tracetest/internal/record"
)

// specReport is the part of Ginkgo's JSON of a spec or suite node that is used.
type specReport struct {
	ContainerHierarchyTexts     []string
	ContainerHierarchyLocations []location
	LeafNodeType                string
	LeafNodeLocation            location
	LeafNodeText                string
	State                       string
	ProgressReports             []struct{ Message string }
	Failure                     *struct {
		Message        string
		ForwardedPanic string // what a panic said
		Location       location
	}
}

type location struct {
	FileName   string
	LineNumber int
}

func (l location) String() string {
	if l.FileName == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d", l.FileName, l.LineNumber)
}

// fullText is what Ginkgo's own FullText says.
func (r *specReport) fullText() string {
	var texts []string
	for _, text := range append(r.ContainerHierarchyTexts, r.LeafNodeText) {
		if text != "" {
			texts = append(texts, text)
		}
	}
	return strings.Join(texts, " ")
}

// key tells a spec from the others of its process.
func (r *specReport) key() string { return r.fullText() + "\x00" + r.LeafNodeLocation.String() }

func (r *specReport) outcome() record.Outcome {
	o := record.Outcome{Status: "fail"} // also interrupted, aborted and timed out
	switch r.State {
	case "passed":
		o.Status = "pass"
	case "skipped":
		o.Status = "skip"
	case "pending":
		o.Status = "pending"
	case "panicked":
		o.Status = "panic"
	}
	for _, p := range r.ProgressReports {
		// Ginkgo has no other sign of it.
		o.Lingers = o.Lingers || strings.Contains(p.Message, "has now leaked")
	}
	if r.Failure != nil {
		o.Message, o.Location = r.Failure.Message, r.Failure.Location.String()
		if r.Failure.ForwardedPanic != "" {
			o.Message += ": " + r.Failure.ForwardedPanic
		}
	}
	return o
}

// suiteEnd completes the boundary at which a suite ends. Its owner is the test that
// called RunSpecs. Where several run beside each other nobody can say which it was, and
// the specs stand beside them.
func suiteEnd(b *record.Boundary, p *process, m suiteEndMsg) {
	b.Verb, b.Owner = record.VerbSuiteEnd, p.innermost()
	for _, n := range m.nodes {
		b.Nodes = append(b.Nodes, record.Node{Type: n.LeafNodeType, Location: n.LeafNodeLocation.String(), Outcome: n.outcome()})
	}
}

// specBegin completes the boundary at which a spec begins.
func (s *Server) specBegin(b *record.Boundary, p *process, m specBeginMsg) {
	if m.unread { // what it does is its test's
		if test := p.test(p.innermost()); test != nil {
			unit := test
			for outer := test; outer != nil; outer = p.test(outer.parent) {
				unit = outer
			}
			p.specOf[m.id] = record.By{Label: record.LabelOwner, Unit: unit.id,
				Owner: &record.Owner{ID: test.id, Parent: test.parent, Kind: record.KindTest, Name: test.name}}
		}
		return
	}
	if p.part.elsewhere(&m.report) {
		return
	}
	s.owners++
	b.Verb, b.Owner = record.VerbBegin, s.owners
	b.Begin = &record.Owner{ID: s.owners, Parent: p.innermost(), Kind: record.KindSpec, Name: m.report.fullText(), Location: m.report.LeafNodeLocation.String(),
		Until: s.callAt(m.report.LeafNodeLocation).end}
	if m.ordered {
		b.Begin.Container = s.orderedContainer(m.report.ContainerHierarchyLocations).String()
	}
	p.specs[m.report.key()] = b.Owner
	by := record.By{Label: record.LabelOwner, Owner: b.Begin, Unit: b.Owner}
	if test := p.test(b.Begin.Parent); test != nil {
		by.Test = test.name
	}
	p.specOf[m.id] = by
}

// specEnd completes the boundary at which a spec ends.
func specEnd(b *record.Boundary, p *process, m specEndMsg) {
	key := m.report.key()
	if owner, open := p.specs[key]; open {
		outcome := m.report.outcome()
		b.Verb, b.Owner, b.End = record.VerbEnd, owner, &outcome
		delete(p.specs, key)
	}
}

// specSkip completes the boundary of a spec of which no node runs.
func (s *Server) specSkip(b *record.Boundary, p *process, m specSkipMsg) {
	if p.part.elsewhere(&m.report) {
		return
	}
	outcome := m.report.outcome()
	s.owners++
	b.Verb, b.Owner, b.End = record.VerbSkip, s.owners, &outcome
	b.Begin = &record.Owner{ID: b.Owner, Parent: p.innermost(), Kind: record.KindSpec, Name: m.report.fullText(), Location: m.report.LeafNodeLocation.String()}
}

// orderedContainer returns the outermost container with the Ordered decorator.
// Ginkgo says only that there is one, so the source is read. Where it does not
// tell, because the decorator is in a variable, it is the outermost container:
// a unit that is too large accuses nobody.
func (s *Server) orderedContainer(containers []location) location {
	for _, c := range containers {
		if s.callAt(c).ordered {
			return c
		}
	}
	if len(containers) == 0 {
		return location{}
	}
	return containers[0]
}

// nodeCall is a call that may declare a node.
type nodeCall struct {
	ordered bool // it has the decorator among its arguments
	end     int  // line
}

// callAt returns the call at the place of a node.
func (s *Server) callAt(l location) nodeCall {
	lines, known := s.ordered[l.FileName]
	if !known {
		lines = nodeCalls(l.FileName)
		s.ordered[l.FileName] = lines
	}
	return lines[l.LineNumber]
}

// nodeCalls returns the calls of a file by the line of their parenthesis, which
// is the place of a node. Of several in a line it is the one that ends last.
func nodeCalls(name string) map[int]nodeCall {
	lines := map[int]nodeCall{}
	if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() {
		return lines
	}
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, nil, parser.SkipObjectResolution)
	if err != nil {
		return lines
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			line, end := files.PositionFor(call.Lparen, false).Line, files.PositionFor(call.End(), false).Line
			at := lines[line]
			lines[line] = nodeCall{ordered: at.ordered || slices.ContainsFunc(call.Args, hasOrdered), end: max(at.end, end)}
		}
		return true
	})
	return lines
}

// hasOrdered reports whether an argument is the decorator, or a list of
// decorators that has it.
func hasOrdered(arg ast.Expr) bool {
	switch x := arg.(type) {
	case *ast.Ident:
		return x.Name == "Ordered"
	case *ast.SelectorExpr:
		return x.Sel.Name == "Ordered"
	case *ast.CompositeLit:
		return slices.ContainsFunc(x.Elts, hasOrdered)
	}
	return false
}
