package triage

import (
	"slices"

	"tracetest/internal/record"
)

// name names an actor. Phase says in which part of a Ginkgo suite a test was,
// so that a suite node is named where only one can have run.
func (w *window) name(ref record.Ref, phase string) record.Name {
	out := record.Name{Package: ref.Package}
	if out.Package == "" && ref.Process != 0 {
		if p := w.processes[ref.Process]; p != nil {
			out.Package = p.Package
		}
	}
	o := w.actors[ref.Owner]
	if o == nil {
		return out
	}
	if o.pkg != "" {
		out.Package = o.pkg
	}
	out.Test = o.Name
	if o.Kind == record.KindSpec {
		out.Test, out.Spec = o.test, o.Name
	}
	if node := w.suiteNode(ref, phase); node != nil {
		out.Spec = "[" + node.Type + "]"
	}
	return out
}

func (w *window) names(refs []record.Ref) []record.Name {
	all := []record.Name{}
	for _, ref := range refs {
		if o := w.name(ref, ""); !slices.Contains(all, o) {
			all = append(all, o)
		}
	}
	return all
}

// few names the first of many, and counts the rest.
func (w *window) few(refs []record.Ref) (first []record.Name, more int) {
	first = w.names(refs)
	n := min(len(first), maxFew)
	return first[:n:n], len(first) - n
}

// maxFew is how many a caveat names.
const maxFew = 3
