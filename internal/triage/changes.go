package triage

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"time"

	"tracetest/internal/findings"
	"tracetest/internal/record"
)

// mutation is a parameter that differed from one snapshot to the next.
type mutation struct {
	server    *server
	parameter string
	from, to  string
	initial   string         // what the server had by itself, then
	refs      []record.Ref   // who was open in between
	phase     string         // of a Ginkgo suite: "before" its first spec, "after" its last, "whole" without any; of a write see phaseOf
	seq       int64          // of the entry that showed it
	sent      time.Time      // of the last snapshot that did not show it
	received  time.Time      // of the snapshot that did
	restart   bool           // the server restarted in between
	tool      bool           // tracetest itself did it
	unsighted bool           // the server was out of sight in between
	units     []unit         // of refs
	earlier   int            // tests beside refs that may have made it, see evidence
	write     *write         // that made it or, of several, the last; nil where none was seen
	call      *findings.Call // the line of it, or of all of them
	exact     bool           // whoever made the write is known
	episode   *episode       // that it belongs to; nil where it is none's
	back      *mutation      // the change that had set the value which it brought back, see answerable
	untraced  bool           // the trace was on and saw nobody write it
	caveats   []findings.Caveat
}

// episode is what one unit, or several that overlap and cannot be told apart,
// did to one parameter.
type episode struct {
	server    *server
	parameter string
	units     []unit
	mutations []*mutation

	begin      int64     // when the earliest of the units began that were open then
	restoredBy *mutation // that restore it after the unit had ended
	settled    *mutation // the one that the finding is about
	from       string
	cut        bool        // the record ended before the units did
	unseen     bool        // the server was never seen again after the units had ended
	leaked     bool        // it was judged to be a leak
	early      *record.Ref // it was so judged at the end of this one, while others were open that may have made it
}

// putBackOnce reports whether the unit changed the parameter and then changed it
// again, to what it was left at: as a clean-up does that sets a constant. A value that it had
// set before is that of a set-up which ran again.
func (e *episode) putBackOnce() bool {
	if slices.ContainsFunc(e.mutations[:len(e.mutations)-1], func(m *mutation) bool { return m.to == e.last().to }) {
		return false
	}
	for _, m := range e.mutations[:len(e.mutations)-1] {
		if m.to != e.last().to && e.last().from == m.to {
			return true
		}
	}
	return false
}

func (e *episode) last() *mutation { return e.mutations[len(e.mutations)-1] }

// mutate files a change: with the open episode of one of its suspects, or as a
// new one, or as somebody's restoring of an earlier leak.
func (a *Analysis) mutate(m *mutation) {
	m.initial = m.server.initial[m.parameter]
	a.changes = append(a.changes, m)
	m.server.history[m.parameter] = append(m.server.history[m.parameter], m)
	a.markRestored(m)
	if m.tool {
		m.back = m.server.earlier(m, 0)
	}
	if m.tool || m.restart {
		return
	}
	if len(m.refs) == 0 {
		a.outside = append(a.outside, m)
		return
	}
	a.assign(m)
}

// assign gives a change to the units of its suspects.
func (a *Analysis) assign(m *mutation) {
	var units []unit
	held := true
	for _, ref := range m.refs {
		a.keep(ref)
		u := a.unitOf(ref)
		held = held && u.pkg == ""
		if !slices.Contains(units, u) {
			units = append(units, u)
		}
	}
	if !held {
		// A package that began and was never synchronized, or is not yet: which of the
		// two is known when the whole record is read.
		a.unsynchronized = append(a.unsynchronized, m)
		return
	}
	a.file(m, units)
}

func (a *Analysis) file(m *mutation, units []unit) {
	m.units, m.episode = units, nil
	a.ebb(m)
	for _, e := range a.episodes {
		if e.server == m.server && e.parameter == m.parameter && intersect(e.units, units) {
			e.mutations = append(e.mutations, m)
			m.episode = e
			a.join(e, units)
			m.back = m.server.earlier(m, e.begin)
			a.settle() // whoever wrote it may have ended
			return
		}
	}
	e := &episode{server: m.server, parameter: m.parameter, mutations: []*mutation{m}, begin: m.seq - 1}
	a.join(e, units)
	m.back = m.server.earlier(m, e.begin)
	if m.to == a.initial(m) || m.to == a.found(e.server, e.parameter, e.begin) {
		return // it restored what an earlier unit had changed
	}
	m.episode = e
	a.episodes = append(a.episodes, e)
	a.settle()
}

// ebb closes the episodes that a change would go on with and whose parameter is
// back at what was found: what comes now is another one, and who met the one value
// did not meet the other.
func (a *Analysis) ebb(m *mutation) {
	a.episodes = slices.DeleteFunc(a.episodes, func(e *episode) bool {
		if e.server != m.server || e.parameter != m.parameter || !intersect(e.units, m.units) {
			return false
		}
		e.from = a.found(e.server, e.parameter, e.begin)
		if !e.undone(m.from) {
			return false
		}
		a.contain(e)
		return true
	})
}

// undone reports whether a value is what the units of an episode found, or the
// initial value.
func (e *episode) undone(value string) bool {
	return value == e.from || value == e.server.initial[e.parameter]
}

// contain files an episode that was restored. The same once more, as in a loop,
// is the same finding.
func (a *Analysis) contain(e *episode) {
	e.settled = e.last()
	for _, m := range slices.Backward(e.mutations) {
		if !e.undone(m.to) {
			e.settled = m
			break
		}
	}
	same := excursion{server: e.server.Index, parameter: e.parameter, from: e.from, to: e.settled.to, refs: fmt.Sprint(e.settled.refs), begin: e.begin}
	if e.settled.call != nil {
		same.place = e.settled.call.File + ":" + itoa(e.settled.call.Line)
	}
	if first := a.excursions[same]; first != nil {
		first.mutations = append(first.mutations, e.mutations...)
		return
	}
	a.excursions[same] = e
	a.reverted = append(a.reverted, e)
}

// excursion is what makes reverted changes the same.
type excursion struct {
	server                           int
	parameter, from, to, refs, place string
	begin                            int64
}

// join adds units to an episode.
func (a *Analysis) join(e *episode, units []unit) {
	for _, u := range units {
		if slices.Contains(e.units, u) {
			continue
		}
		e.units = append(e.units, u)
		if s := a.units[u]; s != nil && s.end == 0 {
			e.begin = min(e.begin, s.begin)
		}
	}
}

// keep sees to it that who may have made a change can be named at the end.
func (a *Analysis) keep(ref record.Ref) {
	for o := a.owners[ref.Owner]; o != nil; o = a.owners[o.Parent] {
		o.keep = true
	}
}

// markRestored notes who restored what a unit had left changed: the first
// later change after which the parameter is what the unit found, or the
// initial value.
func (a *Analysis) markRestored(m *mutation) {
	left := m.server.left[m.parameter]
	for _, l := range left[m.to] {
		l.restoredBy = m
	}
	delete(left, m.to)
	if m.to == a.initial(m) {
		for _, leaks := range left {
			for _, l := range leaks {
				l.restoredBy = m
			}
		}
		clear(left)
	}
}

// leak files an episode that was judged to be one.
func (a *Analysis) leak(e *episode) {
	e.leaked = true
	a.leaks = append(a.leaks, e)
	left := e.server.left[e.parameter]
	if left == nil {
		left = map[string][]*episode{}
		e.server.left[e.parameter] = left
	}
	left[e.from] = append(left[e.from], e)
}

func (a *Analysis) initial(m *mutation) string { return m.initial }

// found returns the value that a parameter had as of an entry: what a unit found
// that began with it.
func (a *Analysis) found(s *server, parameter string, begin int64) string {
	for _, m := range slices.Backward(s.history[parameter]) {
		if m.seq <= begin {
			return m.to
		}
	}
	return s.Config[parameter] // when the run began
}

// leftBy returns the first unit that has ended, may have made a change of an
// episode, and then left it, and which change that is. One that had ended before is judged as those are that
// were open then: what they do not see at their end nobody has left to anybody.
func (a *Analysis) leftBy(e *episode) (by *unit, at int) {
	for i, u := range e.units {
		s := a.units[u]
		if s == nil || s.end <= 0 {
			continue
		}
		from := a.found(e.server, e.parameter, s.begin)
		left := func(value string) bool { return value != from && value != e.server.initial[e.parameter] }
		for at, m := range slices.Backward(e.mutations) {
			if !slices.Contains(m.units, u) {
				continue
			}
			if s.end >= m.seq && left(m.to) && left(e.server.now[e.parameter]) {
				e.from = from
				return &e.units[i], at
			}
			break
		}
	}
	return nil, 0
}

// settle judges the episodes of which every unit has ended, and those that are a
// leak if one that has ended is the one: in doubt nothing is called undone that may
// have been left.
//
// The parameter was undone when it is now, or was after the units' own last
// change, what the units found or the initial value.
func (a *Analysis) settle() {
	var later []*mutation // than a leak, by others
	a.episodes = slices.DeleteFunc(a.episodes, func(e *episode) bool {
		if e.server.gap != 0 && !a.over {
			return false // the end of its units was not seen: the next snapshot shows
		}
		e.unseen = e.server.gap != 0
		open := false
		for _, u := range e.units {
			s := a.units[u]
			open = open || s != nil && s.end == 0
			e.cut = e.cut || s != nil && s.end < 0
		}
		e.from, e.settled = a.found(e.server, e.parameter, e.begin), e.last()
		switch by, at := a.leftBy(e); {
		case by != nil:
			if open {
				e.early = &a.units[*by].ownerRef
			}
			later = append(later, e.mutations[at+1:]...)
			e.mutations = e.mutations[: at+1 : at+1]
			e.settled = e.last()
			a.leak(e)
		case open:
			return false
		case !e.undone(e.last().to) && !e.undone(e.server.now[e.parameter]):
			a.leak(e)
		default:
			a.contain(e)
		}
		return true
	})
	for _, m := range later {
		a.file(m, m.units)
	}
}

// phase says in which part of a Ginkgo suite a test was when a change was
// seen.
func (a *Analysis) phase(refs []record.Ref, e record.Entry) string {
	if len(refs) != 1 || e.Boundary == nil {
		return ""
	}
	p := a.processes[refs[0].Process]
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

func intersect(a, b []unit) bool {
	return slices.ContainsFunc(a, func(u unit) bool { return slices.Contains(b, u) })
}

func sorted(window map[record.Ref]bool) []record.Ref {
	refs := make([]record.Ref, 0, len(window))
	for ref := range window {
		refs = append(refs, ref)
	}
	slices.SortFunc(refs, func(a, b record.Ref) int {
		return cmp.Or(cmp.Compare(a.Process, b.Process), cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.Package, b.Package))
	})
	// A package that the go command started is the process that shook hands.
	return slices.DeleteFunc(refs, func(r record.Ref) bool {
		return r.Process == 0 && slices.ContainsFunc(refs, func(o record.Ref) bool { return o.Process != 0 && o.Package == r.Package })
	})
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
