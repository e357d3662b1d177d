package gate

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
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
	if r.Failure != nil {
		o.Message, o.Location = r.Failure.Message, r.Failure.Location.String()
		if r.Failure.ForwardedPanic != "" {
			o.Message += ": " + r.Failure.ForwardedPanic
		}
	}
	return o
}

// ginkgo completes the boundary of a spec or suite.
func (s *Server) ginkgo(b *record.Boundary, p *process, verb string, ordered bool, report string) {
	if len(p.tests) > 0 {
		b.Owner = p.tests[len(p.tests)-1] // the test that called RunSpecs
	}
	switch verb {
	case "suite-begin":
		b.Verb = record.VerbSuiteBegin
		return
	case "suite-end":
		b.Verb = record.VerbSuiteEnd
		var nodes []specReport
		if json.Unmarshal([]byte(report), &nodes) == nil {
			for _, n := range nodes {
				b.Nodes = append(b.Nodes, record.Node{Type: n.LeafNodeType, Location: n.LeafNodeLocation.String(), Outcome: n.outcome()})
			}
		}
		return
	}
	var r specReport
	if json.Unmarshal([]byte(report), &r) != nil {
		return
	}
	key := r.fullText() + "\x00" + r.LeafNodeLocation.String()
	if verb == "spec-end" {
		outcome := r.outcome()
		b.Verb, b.Owner, b.End = record.VerbEnd, p.specs[key], &outcome
		delete(p.specs, key)
		return
	}
	s.owners++
	b.Verb = record.VerbBegin
	b.Begin = &record.Owner{ID: s.owners, Parent: b.Owner, Kind: record.KindSpec, Name: r.fullText(), Location: r.LeafNodeLocation.String()}
	if ordered {
		b.Begin.Container = s.orderedContainer(r.ContainerHierarchyLocations).String()
	}
	b.Owner = s.owners
	p.specs[key] = b.Owner
}

// orderedContainer returns the outermost container with the Ordered decorator.
// Ginkgo says only that there is one, so the source is read. Where it does not
// tell, because the decorator is in a variable, it is the outermost container:
// a unit that is too large accuses nobody.
func (s *Server) orderedContainer(containers []location) location {
	for _, c := range containers {
		ordered, known := s.ordered[c]
		if !known {
			ordered = isOrdered(c)
			s.ordered[c] = ordered
		}
		if ordered {
			return c
		}
	}
	if len(containers) == 0 {
		return location{}
	}
	return containers[0]
}

func isOrdered(l location) bool {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, l.FileName, nil, parser.SkipObjectResolution)
	if err != nil {
		return false
	}
	found := false
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || files.Position(call.Pos()).Line > l.LineNumber || files.Position(call.End()).Line < l.LineNumber {
			return true
		}
		if files.Position(call.Lparen).Line != l.LineNumber {
			return true
		}
		for _, arg := range call.Args {
			switch x := arg.(type) {
			case *ast.Ident:
				found = found || x.Name == "Ordered"
			case *ast.SelectorExpr:
				found = found || x.Sel.Name == "Ordered"
			}
		}
		return true
	})
	return found
}
