package triage

import (
	"slices"
	"strings"

	"tracetest/internal/record"
)

// waiting finds who was behind a write that a client made on a goroutine of its
// own: of those who wait for a reply of that client, the one whose code sets a
// parameter.
func (a *Analysis) waiting(p *process, by record.By) (w author) {
	sets := func(b record.By) bool {
		return slices.ContainsFunc(b.Stack, func(f record.Frame) bool { return f.Sets })
	}
	w.specs = p.specs
	whose := func(b record.By) record.Ref {
		if owned(b) {
			return a.recall(p, b)
		}
		return record.Ref{Package: p.Package, Process: p.Index}
	}
	// Those whose code sets a parameter come first, and their lines are told.
	candidates := by.Waiting
	if slices.ContainsFunc(candidates, sets) {
		candidates = slices.DeleteFunc(slices.Clone(candidates), func(b record.By) bool { return !sets(b) })
	}
	lines := []string{}
	for _, c := range candidates {
		ref := whose(c)
		if !slices.Contains(w.refs, ref) {
			w.refs = append(w.refs, ref)
		}
		if call := a.call(c.Stack, "waiting"); call != nil {
			if line := call.File + ":" + itoa(call.Line); !slices.Contains(lines, line) {
				lines = append(lines, line)
			}
			if w.call = common(call, w.call); len(lines) == 1 && w.call == nil {
				w.call = call
			}
		}
		w.node = w.node || holdsPart(c.Stack, ".(*Suite).runNode")
	}
	// One that merely listens, to a subscription say, waits as well: only code
	// that sets a parameter proves it.
	proved := slices.ContainsFunc(candidates, sets)
	w.exact = len(w.refs) == 1 && proved
	// The words in its code are no proof where others wait as well, unless the
	// goroutine was started by the same test, as that of its own client is.
	if w.exact && !(owned(by) && whose(by) == w.refs[0]) {
		for _, c := range by.Waiting {
			if ref := whose(c); !slices.Contains(w.refs, ref) {
				w.refs = append(w.refs, ref)
			}
		}
		if w.exact = len(w.refs) == 1; !w.exact {
			w.caveat = "Several tests waited for replies of this client; the line is the one whose code sets a parameter."
			return w
		}
	}
	if !proved {
		for _, ref := range a.open.In(p.Index) {
			if !slices.Contains(w.refs, ref) {
				w.refs = append(w.refs, ref)
			}
		}
	}
	if len(w.refs) == 1 {
		w.caveat = a.outlived(w.refs[0])
	}
	if len(lines) > 1 {
		w.caveat = itoa(len(lines)) + " calls waited for a reply of this client, and any of them can be the one: " + strings.Join(lines[:min(3, len(lines))], ", ")
		if len(lines) > 3 {
			w.caveat += ", ..."
		}
		w.caveat += "."
	}
	return w
}
