package triage

import (
	"slices"
	"strings"

	"tracetest/internal/record"
)

// Known says of a leak that it is in the baseline of known leaks.
type Known struct {
	Owner   string `json:"owner"`   // who looks after it
	Reason  string `json:"reason"`  // why it may stay for now
	Expires string `json:"expires"` // the last day on which it may, YYYY-MM-DD
}

// Baseline is what the run made of the entries of the baseline of known leaks.
// Those that are in no list matched a leak.
type Baseline struct {
	File    string         `json:"file"` // empty without one
	Entries int            `json:"entries"`
	Expired []record.Known `json:"expired"` // they count no more
	// Gone are entries whose test ran, passed and was watched from its begin to
	// its end, and left the parameter as it was, as did everybody else: they can go.
	Gone []record.Known `json:"gone"`
	// Untold are entries of which this run shows nothing: their test did not run
	// or pass, or it can have leaked unseen.
	Unreported []record.Known `json:"untold"`
}

// Mark marks the leaks that are in a baseline of known leaks. It stands in for
// the one that the run was given, but for the exit code, which is that of the
// run. It is to be called before the first Add.
func (a *Analysis) Mark(b *record.Baseline) { a.marks = b }

// marking is the baseline that leaks are marked by.
func (a *Analysis) marking() *record.Baseline {
	if a.marks != nil {
		return a.marks
	}
	return a.run.Baseline
}

// today is the day on which the run began, in UTC. A run that began before
// midnight is judged as of that day, however long it took and whenever it is
// read.
func (a *Analysis) today() string { return a.began.UTC().Format("2006-01-02") }

// known returns the entry of a baseline that covers a leak, or nil. One that is
// ambiguous is covered only if each suspect is, and none is left out: else the one that
// did it may be one that nobody knows of. It then has the entry that expires first.
func (a *Analysis) known(b *record.Baseline, c *Change) *Known {
	if b == nil || c.AndEarlier > 0 {
		return nil
	}
	by := c.Suspects
	if c.By != nil {
		by = []Owner{*c.By}
	}
	var first *record.Known
	for _, owner := range by {
		at := slices.IndexFunc(b.Known, func(k record.Known) bool { return covers(k, owner, c.Parameter) && k.Expires >= a.today() })
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
	return &Known{Owner: first.Owner, Reason: first.Reason, Expires: first.Expires}
}

func covers(k record.Known, o Owner, parameter string) bool {
	return k.Package == o.Package && k.Test == o.Test && k.Spec == o.Spec && strings.EqualFold(k.Parameter, parameter)
}

// mark marks the leaks that are known and says what became of the entries.
func (a *Analysis) mark(f *Findings) {
	f.Baseline = Baseline{Expired: []record.Known{}, Gone: []record.Known{}, Unreported: []record.Known{}}
	b := a.marking()
	if b == nil {
		return
	}
	for i := range f.Leaks {
		f.Leaks[i].Known = a.known(b, &f.Leaks[i])
	}
	wanted := map[Owner]bool{}
	for _, k := range b.Known {
		wanted[Owner{k.Package, k.Test, k.Spec}] = true
	}
	ran := f.Ran(wanted)
	f.Baseline.File, f.Baseline.Entries = b.File, len(b.Known)
	for _, k := range b.Known {
		owner := Owner{k.Package, k.Test, k.Spec}
		switch {
		case k.Expires < a.today():
			f.Baseline.Expired = append(f.Baseline.Expired, k)
		case slices.ContainsFunc(f.Leaks, func(c Change) bool {
			return c.Known != nil && strings.EqualFold(c.Parameter, k.Parameter) && (c.By != nil && *c.By == owner || slices.Contains(c.Suspects, owner))
		}):
		case ran[owner] == "pass" && a.watched(owner.Package) && a.steady(f, k.Parameter):
			f.Baseline.Gone = append(f.Baseline.Gone, k)
		default:
			f.Baseline.Unreported = append(f.Baseline.Unreported, k)
		}
	}
}

// watched reports whether a package can have left nothing behind unseen.
func (a *Analysis) watched(path string) bool {
	if a.run.Mode != record.ModeInstrumented || a.end == nil || !a.end.Complete || a.damaged || len(a.gaps)+len(a.restarts) > 0 || len(a.servers) == 0 {
		return false
	}
	for _, s := range a.servers {
		if s.Partial != "" {
			return false
		}
	}
	p := a.outcomes.packages[path]
	return p != nil && p.held()
}

// steady reports whether a parameter was as it should be whenever a test began.
// Else a test that sets it to what somebody before had left it at changes nothing
// that can be seen.
func (a *Analysis) steady(f *Findings, parameter string) bool {
	is := func(name string) bool { return strings.EqualFold(name, parameter) }
	return !slices.ContainsFunc(f.Leaks, func(c Change) bool { return is(c.Parameter) }) &&
		!slices.ContainsFunc(f.Changed, func(c Changed) bool { return is(c.Parameter) }) &&
		!slices.ContainsFunc(f.Drift, func(p Drift) bool { return is(p.Parameter) }) &&
		!slices.ContainsFunc(f.UnmetExpectations, func(u UnmetExpectation) bool { return is(u.Parameter) }) &&
		!slices.ContainsFunc(a.outside, func(m *mutation) bool { return is(m.parameter) })
}

// left reports whether a leak is why a parameter was changed when the run ended.
func left(l Change, c Changed) bool {
	return l.Server == c.Server && l.Parameter == c.Parameter && l.To == c.Value
}

// leaked reports whether something was left changed that the baseline which the
// run was given does not know.
func (a *Analysis) leaked(f *Findings) bool {
	known := func(c Change) bool { return a.known(a.run.Baseline, &c) != nil }
	for _, c := range f.Leaks {
		if !known(c) {
			return true
		}
	}
	for _, c := range f.Changed {
		if !slices.ContainsFunc(f.Leaks, func(l Change) bool { return left(l, c) && known(l) }) {
			return true
		}
	}
	return len(a.outside) > 0
}
