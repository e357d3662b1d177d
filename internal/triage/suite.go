package triage

import (
	"slices"
	"strings"

	"tracetest/internal/record"
)

// A Ginkgo suite can run in several processes. Its first one waits for the others and
// reports the suite nodes of all.

// parallel returns what the processes of one parallel suite have in common, the address
// that they meet at; "" for a suite in one process.
func (p *process) parallel() string {
	for _, arg := range p.Args {
		if _, value, is := strings.Cut(arg, "ginkgo.parallel.host="); is {
			return value
		}
	}
	return ""
}

// suiteNodes returns the suite nodes that ran, each once.
func (w *window) suiteNodes(p *process) []record.Node {
	suite := p.parallel()
	if suite == "" {
		return p.nodes
	}
	nodes := p.nodes
	for _, other := range w.processes {
		if other.Package == p.Package && len(other.nodes) > 0 && other.parallel() == suite {
			nodes = other.nodes
		}
	}
	var once []record.Node
	for _, n := range nodes {
		at := slices.IndexFunc(once, func(known record.Node) bool { return known.Type == n.Type && known.Location == n.Location })
		switch {
		case at < 0:
			once = append(once, n)
		case failed(n) && !failed(once[at]):
			once[at] = n
		}
	}
	return once
}

func failed(n record.Node) bool { return n.Outcome.Status == "fail" || n.Outcome.Status == "panic" }

// phase says in which part of a Ginkgo suite a test was when a change was
// seen.
func (w *window) phase(refs []record.Ref, e record.Entry) string {
	if len(refs) != 1 || e.Boundary == nil {
		return ""
	}
	p := w.processes[refs[0].Process]
	if p == nil || !p.suite || p.suiteTest != refs[0].Owner {
		return ""
	}
	begins := e.Boundary.Verb == record.VerbBegin && e.Boundary.Begin.Kind == record.KindSpec
	ends := e.Boundary.Verb == record.VerbSuiteEnd || e.Boundary.Before == record.VerbSuiteEnd
	switch {
	case begins && p.specs == 0:
		return "before"
	case ends && p.specs == 0: // BeforeSuite failed, or there was nothing to run
		return "whole"
	case ends:
		return "after"
	}
	return ""
}

// phaseOf says in which part of a Ginkgo suite something was done in a node of
// the suite: before its first spec or after its last. It is asked when the suite
// has ended.
func (w *window) phaseOf(by author) string {
	if !by.node || len(by.refs) != 1 {
		return ""
	}
	p := w.processes[by.refs[0].Process]
	switch {
	case p != nil && p.specs == 0 && p.parallel() != "": // other processes ran all of them
		return "whole"
	case p == nil || by.refs[0].Owner != w.suiteOf(p):
		return ""
	case p.specs == 0: // BeforeSuite failed, or there was nothing to run
		return "whole"
	case by.specs == 0:
		return "before"
	case by.specs == p.specs:
		return "after"
	}
	return ""
}

// suiteOf returns the test that runs the suite of a process, or zero.
func (w *window) suiteOf(p *process) int64 {
	if p.suiteTest != 0 || p.suite {
		return p.suiteTest
	}
	return p.specHost
}

// phaseIn says in which part of a Ginkgo suite a change was made.
func (w *window) phaseIn(m *mutation) string {
	switch {
	case m.write == nil:
		return m.phase
	case len(m.refs) != 1:
		return ""
	}
	return w.phaseOf(m.write.author)
}

// suiteNode returns the suite node that ran in a phase, if just one did.
func (w *window) suiteNode(ref record.Ref, phase string) *record.Node {
	p := w.processes[ref.Process]
	if p == nil || phase == "" {
		return nil
	}
	var nodes []string // types
	if phase != "after" {
		nodes = append(nodes, "BeforeSuite", "SynchronizedBeforeSuite")
	}
	if phase != "before" {
		nodes = append(nodes, "AfterSuite", "SynchronizedAfterSuite", "DeferCleanup (Suite)")
	}
	var found *record.Node
	ran := w.suiteNodes(p)
	for i := range ran {
		if slices.Contains(nodes, ran[i].Type) {
			if found != nil {
				return nil
			}
			found = &ran[i]
		}
	}
	return found
}
