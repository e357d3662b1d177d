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
func (a *Analysis) suiteNodes(p *process) []record.Node {
	suite := p.parallel()
	if suite == "" {
		return p.nodes
	}
	nodes := p.nodes
	for _, other := range a.processes {
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
