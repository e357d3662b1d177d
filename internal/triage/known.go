package triage

import (
	"slices"
	"strings"

	"tracetest/internal/findings"
	"tracetest/internal/record"
)

// Mark marks the leaks that are in a baseline of known leaks. It stands in for
// the one that the run was given, but for the exit code, which is that of the
// run. It is to be called before the first Add.
func (a *Analysis) Mark(b *record.Baseline) { a.marks = b }

// marking is the baseline that leaks are marked by.
func (a *Analysis) marking() *record.Baseline {
	if a.marks != nil {
		return a.marks
	}
	return a.window.run.Baseline
}

// known returns the entry of a baseline that covers a leak, or nil. One that is
// ambiguous is covered only if each suspect is, and none is left out: else the one that
// did it may be one that nobody knows of. It then has the entry that expires first.
func (a *Analysis) known(b *record.Baseline, c *findings.Change) *findings.Known {
	if b == nil || c.AndEarlier > 0 {
		return nil
	}
	by := c.Suspects
	if c.By != nil {
		by = []record.Name{*c.By}
	}
	var first *record.Known
	for _, who := range by {
		at := slices.IndexFunc(b.Known, func(k record.Known) bool { return covers(k, who, c.Parameter) && k.Expires >= a.window.today() })
		if at < 0 {
			return nil
		}
		if k := &b.Known[at]; first == nil || k.Expires < first.Expires {
			first = k
		}
	}
	if first == nil {
		return nil
	}
	return &findings.Known{Owner: first.Owner, Reason: first.Reason, Expires: first.Expires}
}

func covers(k record.Known, o record.Name, parameter string) bool {
	return k.Name == o && strings.EqualFold(k.Parameter, parameter)
}

// mark marks the leaks that are known and says what became of the entries.
func (a *Analysis) mark(f *findings.Findings) {
	f.Baseline = findings.Baseline{Expired: []record.Known{}, Gone: []record.Known{}, Undecided: []record.Known{}}
	b := a.marking()
	if b == nil {
		return
	}
	for i := range f.Leaks {
		f.Leaks[i].Known = a.known(b, &f.Leaks[i])
	}
	wanted := map[record.Name]bool{}
	for _, k := range b.Known {
		wanted[k.Name] = true
	}
	ran := f.Ran(wanted)
	f.Baseline.File, f.Baseline.Entries = b.File, len(b.Known)
	for _, k := range b.Known {
		who := k.Name
		switch {
		case k.Expires < a.window.today():
			f.Baseline.Expired = append(f.Baseline.Expired, k)
		case slices.ContainsFunc(f.Leaks, func(c findings.Change) bool {
			return c.Known != nil && strings.EqualFold(c.Parameter, k.Parameter) && (c.By != nil && *c.By == who || slices.Contains(c.Suspects, who))
		}):
		case ran[who] == "pass" && a.watched(who.Package) && a.steady(f, k.Parameter):
			f.Baseline.Gone = append(f.Baseline.Gone, k)
		default:
			f.Baseline.Undecided = append(f.Baseline.Undecided, k)
		}
	}
}

// watched reports whether a package can have left nothing behind unseen.
func (a *Analysis) watched(path string) bool {
	if !a.window.instrumented() || a.window.end == nil || !a.window.end.Complete || a.window.damaged || len(a.ledger.gaps)+len(a.ledger.restarts) > 0 || len(a.ledger.servers) == 0 {
		return false
	}
	for _, s := range a.ledger.servers {
		if s.Partial != "" {
			return false
		}
	}
	p := a.outcomes.packages[path]
	return p != nil && p.synchronized()
}

// steady reports whether a parameter was as it should be whenever a test began.
// Else a test that sets it to what somebody before had left it at changes nothing
// that can be seen.
func (a *Analysis) steady(f *findings.Findings, parameter string) bool {
	is := func(name string) bool { return strings.EqualFold(name, parameter) }
	return !slices.ContainsFunc(f.Leaks, func(c findings.Change) bool { return is(c.Parameter) }) &&
		!slices.ContainsFunc(f.Changed, func(c findings.Changed) bool { return is(c.Parameter) }) &&
		!slices.ContainsFunc(f.Drift, func(p findings.Drift) bool { return is(p.Parameter) }) &&
		!slices.ContainsFunc(f.UnmetExpectations, func(u findings.UnmetExpectation) bool { return is(u.Parameter) }) &&
		!slices.ContainsFunc(a.ledger.outside, func(m *mutation) bool { return is(m.parameter) })
}

// left reports whether a leak is why a parameter was changed when the run ended.
func left(l findings.Change, c findings.Changed) bool {
	return l.Server == c.Server && l.Parameter == c.Parameter && l.To == c.Value
}

// leaked reports whether something was left changed that the baseline which the
// run was given does not know.
func (a *Analysis) leaked(f *findings.Findings) bool {
	known := func(c findings.Change) bool { return a.known(a.window.run.Baseline, &c) != nil }
	for _, c := range f.Leaks {
		if !known(c) && !c.Ephemeral {
			return true
		}
	}
	for _, c := range f.Changed {
		if !slices.ContainsFunc(f.Leaks, func(l findings.Change) bool { return left(l, c) && known(l) }) {
			return true
		}
	}
	return len(a.ledger.outside) > 0
}
