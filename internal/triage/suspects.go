package triage

import (
	"slices"
	"time"

	"tracetest/internal/findings"
	"tracetest/internal/record"
)

// Who can have made a change that was seen while tests ran that nobody synchronized?
//
// The change happened between the moment at which the last snapshot that did not
// show it was sent, and the moment at which the snapshot that did was received.
// Every test whose time can overlap that stretch is a suspect, and the package
// itself, whose TestMain and init run around its tests.
//
// A test event is read after what it reports has happened, so a test ended
// before its end was read: one whose end was read before the stretch is
// innocent. A test began before its run was read, and nothing bounds by how
// much but what the pipe holds and when the reader is given the processor. So
// tests count as begun [eventLag] earlier, which in fast suites is all of
// them: the list is long there and holds the one.
const eventLag = 5 * time.Second

// suspects returns everybody who can have made a change.
func (ws *writers) suspects(m *mutation) []record.Name {
	var all []record.Name
	add := func(o record.Name) {
		if !slices.Contains(all, o) {
			all = append(all, o)
		}
	}
	for _, ref := range m.refs {
		p := ws.outcomes.packages[ref.Package]
		if p != nil && p.unbuilt {
			continue
		}
		if ref.Process != 0 || p == nil {
			for _, o := range ws.elsewhere(ref, m.sent) {
				add(o)
			}
			add(ws.window.name(ref, ws.window.phaseIn(m)))
			continue
		}
		for _, i := range p.intervals {
			late := i.run.Add(-eventLag).After(m.received)
			early := !i.end.IsZero() && i.end.Before(m.sent)
			if !late && !early && !p.synchronized() {
				add(record.Name{Package: ref.Package, Test: i.name})
			}
		}
		add(record.Name{Package: ref.Package})
	}
	return all
}

// elsewhere returns who is meant as well where a package is named whose tests, or
// some, ran in a process that is not synchronized: those that had not ended before. When
// they began is not known, for a parent can pass on late what such a process
// prints.
func (ws *writers) elsewhere(ref record.Ref, since time.Time) (tests []record.Name) {
	p := ws.outcomes.packages[ref.Package]
	if ref.Owner != 0 || p == nil || p.unsynchronized == 0 {
		return nil
	}
	for _, i := range p.intervals {
		if i.actor == nil && (i.end.IsZero() || !i.end.Before(since)) {
			tests = append(tests, record.Name{Package: ref.Package, Test: i.name})
		}
	}
	return tests
}

// unsynchronizedChanges judges the changes that were seen while tests ran that nobody
// synchronized. Each is a leak of its own, unless the parameter was restored by
// somebody who can have been the same unit.
func (ws *writers) unsynchronizedChanges() (leaks, reverted []finding) {
	restored := map[*mutation]bool{}
	for _, m := range ws.ledger.unsynchronized {
		if m.to == m.initial || restored[m] {
			continue // it restored what somebody had changed
		}
		f := finding{Change: ws.describe(m), mutations: []*mutation{m}, seq: m.seq}
		f.Certainty, f.By = findings.Ambiguous, nil
		if len(f.Suspects) == 0 {
			f.Suspects, f.DisambiguateBy = ws.suspects(m), ws.disambiguateBy(m)
		}
		if len(f.Suspects) == 0 {
			ws.ledger.outside = append(ws.ledger.outside, m)
			continue
		}
		by := ws.ledger.undoneBy(m)
		if by == nil || by.tool || by.restart || !shareUnit(f.Suspects, ws.suspects(by)) {
			ws.restoredBy(&f.Change, by)
			leaks = append(leaks, f)
			continue
		}
		f.mutations = append(f.mutations, by)
		by.back, restored[by] = by.server.earlier(by, 0), true
		f.Caveats = append(f.Caveats, findings.Caveat{Kind: findings.CaveatRestoredSelf})
		reverted = append(reverted, f)
	}
	return leaks, reverted
}

// shareUnit reports whether two lists of suspects can mean the same unit.
func shareUnit(a, b []record.Name) bool {
	return slices.ContainsFunc(a, func(x record.Name) bool {
		return slices.ContainsFunc(b, func(y record.Name) bool {
			return x.Package == y.Package && record.TopLevel(x.Test) == record.TopLevel(y.Test)
		})
	})
}
