package diff

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/redisconf"
)

// leakOwners is who it was, or the suspects, in order.
type leakOwners []record.Name

// leakKey says which leaks of two runs are the same.
type leakKey struct {
	owners    string
	settled   bool
	parameter string
	direction string
	untraced  bool
}

// leaks compares what leaked.
func (c *comparison) leaks() []Leak {
	traced := c.before.Findings.Run.Traced && c.after.Findings.Run.Traced
	before, beforeKeys := gather(c.before, traced)
	after, afterKeys := gather(c.after, traced)
	wanted := map[record.Name]bool{}
	for _, all := range []map[leakKey]*Leak{before, after} {
		for _, l := range all {
			for _, o := range l.owners {
				wanted[o] = true
			}
		}
	}
	c.before.ask(wanted)
	c.after.ask(wanted)

	var result []Leak
	var unmatched []leakKey // of the new run
	for _, key := range afterKeys {
		l := *after[key]
		if was := before[key]; was != nil {
			l.State, l.Old = Kept, was.Old
			delete(before, key)
			result = append(result, l)
			continue
		}
		unmatched = append(unmatched, key)
	}
	for _, key := range unmatched {
		l := *after[key]
		l.Old = nil
		if was, found := similar(before, beforeKeys, key, l); found {
			l.State, l.Old = Unsettled, before[was].Old
			l.Why = "it may be the same leak: the runs do not name the same"
			if key.untraced != was.untraced {
				l.Why = "in one of the runs nobody was traced doing it, so that it may be another leak"
			}
			delete(before, was)
		} else {
			c.judgeNew(&l)
		}
		result = append(result, l)
	}
	for _, key := range beforeKeys {
		if l := before[key]; l != nil {
			l.New = nil
			c.judgeGone(l)
			result = append(result, *l)
		}
	}
	slices.SortStableFunc(result, func(a, b Leak) int {
		return cmp.Or(cmp.Compare(stateOrder(a.State), stateOrder(b.State)), slices.CompareFunc(a.owners, b.owners, record.Name.Compare), cmp.Compare(a.Parameter, b.Parameter))
	})
	return result
}

// judgeNew judges a leak that only the new run has. One of a test that the old
// run did not have is as new as the test.
func (c *comparison) judgeNew(l *Leak) {
	l.State = New
	if why := c.before.blurred("old", c.after, l.New.server); why != "" {
		l.State, l.Why = Unsettled, why
		return
	}
	if why := c.masked(c.before, l, "old"); why != "" && !c.before.lacks(l.owners) {
		l.State, l.Why = Unsettled, why
		return
	}
	for _, o := range l.owners {
		if c.before.Findings.Cases != nil && len(l.owners) == 1 {
			l.Why = c.before.passed(o, "old")
		}
	}
}

// judgeGone judges a leak that only the old run has.
func (c *comparison) judgeGone(l *Leak) {
	l.State, l.Why = Gone, c.after.blurred("new", c.before, l.Old.server)
	for _, o := range l.owners {
		l.Why = cmp.Or(l.Why, c.after.passed(o, "new"))
	}
	l.Why = cmp.Or(l.Why, c.masked(c.after, l, "new"))
	if l.Why != "" {
		l.State = Unsettled
	}
}

// masked says why a leak can be there although a run does not show it: the
// parameter had the value already, so that setting it changed nothing.
func (c *comparison) masked(v *view, l *Leak, which string) string {
	side := cmp.Or(l.Old, l.New)
	at := func(parameter, value string) bool { return parameter == l.Parameter && slices.Contains(side.to, value) }
	f := v.Findings
	began := slices.ContainsFunc(f.Drift, func(p findings.Drift) bool { return at(p.Parameter, p.Value) }) ||
		slices.ContainsFunc(f.UnmetExpectations, func(u findings.UnmetExpectation) bool { return at(u.Parameter, u.Value) }) ||
		slices.ContainsFunc(f.Servers, func(s findings.Server) bool {
			value, known := s.Config[l.Parameter]
			return known && at(l.Parameter, value)
		})
	switch {
	case began:
		return "the " + which + " run began with that value, so that setting it changed nothing"
	case slices.ContainsFunc(f.Leaks, func(c findings.Change) bool { return at(c.Parameter, c.To) }):
		return "another test left that value in the " + which + " run, so that setting it again changes nothing"
	}
	return ""
}

// gather puts the leaks of a run together that are the same, by key, and returns
// the keys in the order of the run.
func gather(v *view, traced bool) (map[leakKey]*Leak, []leakKey) {
	all, keys := map[leakKey]*Leak{}, []leakKey{}
	for _, c := range v.Findings.Leaks {
		owners := leakOwners(slices.Clone(c.Suspects))
		if c.By != nil {
			owners = leakOwners{*c.By}
		}
		slices.SortFunc(owners, record.Name.Compare)
		key := leakKey{owners: fmt.Sprintf("%q", owners), settled: c.By != nil, parameter: c.Parameter, direction: direction(c.Parameter, c.Initial, c.To), untraced: c.Untraced && traced}
		l := all[key]
		if l == nil {
			side := &LeakOfSide{By: c.By, Suspects: append([]record.Name{}, c.Suspects...), AndEarlier: c.AndEarlier, Certainty: c.Certainty, From: c.From, To: c.To, Secret: c.Secret,
				Untraced: c.Untraced, Place: place(v.Findings, c), Known: c.Known, server: c.Server}
			l = &Leak{Parameter: c.Parameter, Direction: key.direction, owners: owners, Old: side, New: side} // whichever run it is of
			all[key] = l
			keys = append(keys, key)
		}
		l.Old.Count++
		l.Old.to = append(l.Old.to, c.To)
	}
	return all, keys
}

// similar finds a leak of the old run that may be this one: of the same
// parameter, and somebody is named in both.
func similar(before map[leakKey]*Leak, keys []leakKey, key leakKey, l Leak) (leakKey, bool) {
	for _, k := range keys {
		was := before[k]
		if was == nil || k.parameter != key.parameter || k.direction != key.direction {
			continue
		}
		if slices.ContainsFunc(was.owners, func(o record.Name) bool { return slices.Contains(l.owners, o) }) {
			return k, true
		}
	}
	return leakKey{}, false
}

func place(f *findings.Findings, c findings.Change) string {
	switch {
	case c.Call != nil:
		return f.Run.Rel(c.Call.File) + ":" + strconv.Itoa(c.Call.Line)
	case c.Location != "":
		return f.Run.Rel(c.Location)
	}
	return ""
}

// direction says where a parameter went from what the run began with.
func direction(parameter, from, to string) string {
	raised, ok := redisconf.Less(parameter, from, to)
	switch {
	case !ok:
		return "changed"
	case raised:
		return "raised"
	}
	return "lowered"
}
