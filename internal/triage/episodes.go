package triage

import (
	"fmt"
	"slices"

	"tracetest/internal/record"
)

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

// setBackOnce reports whether the unit changed the parameter and then changed it
// again, to what it was left at: as a clean-up does that sets a constant. A value that it had
// set before is that of a set-up which ran again.
func (e *episode) setBackOnce() bool {
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

// ebb closes the episodes that a change would go on with and whose parameter is
// back at what was found: what comes now is another one, and who met the one value
// did not meet the other.
func (l *ledger) ebb(m *mutation) {
	l.episodes = slices.DeleteFunc(l.episodes, func(e *episode) bool {
		if e.server != m.server || e.parameter != m.parameter || !intersect(e.units, m.units) {
			return false
		}
		e.from = e.server.valueAt(e.parameter, e.begin)
		if !e.undone(m.from) {
			return false
		}
		l.contain(e)
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
func (l *ledger) contain(e *episode) {
	e.settled = e.last()
	for _, m := range slices.Backward(e.mutations) {
		if !e.undone(m.to) {
			e.settled = m
			break
		}
	}
	same := excursion{server: e.server.Index, parameter: e.parameter, from: e.from, to: e.settled.to, refs: fmt.Sprint(e.settled.refs), begin: e.begin}
	if e.settled.call != nil {
		same.place = e.settled.call.Place()
	}
	if first := l.excursions[same]; first != nil {
		first.mutations = append(first.mutations, e.mutations...)
		return
	}
	l.excursions[same] = e
	l.reverted = append(l.reverted, e)
}

// excursion is what makes reverted changes the same.
type excursion struct {
	server                           int
	parameter, from, to, refs, place string
	begin                            int64
}

// join adds units to an episode.
func (l *ledger) join(e *episode, units []unit) {
	for _, u := range units {
		if slices.Contains(e.units, u) {
			continue
		}
		e.units = append(e.units, u)
		if s := l.window.units[u]; s != nil && s.end == 0 {
			e.begin = min(e.begin, s.begin)
		}
	}
}

// leak files an episode that was judged to be one.
func (l *ledger) leak(e *episode) {
	e.leaked = true
	l.leaks = append(l.leaks, e)
	left := e.server.left[e.parameter]
	if left == nil {
		left = map[string][]*episode{}
		e.server.left[e.parameter] = left
	}
	left[e.from] = append(left[e.from], e)
}

// leftBy returns the first unit that has ended, may have made a change of an
// episode, and then left it, and which change that is. One that had ended before is judged as those are that
// were open then: what they do not see at their end nobody has left to anybody.
func (l *ledger) leftBy(e *episode) (by *unit, at int) {
	for i, u := range e.units {
		s := l.window.units[u]
		if s == nil || s.end <= 0 {
			continue
		}
		from := e.server.valueAt(e.parameter, s.begin)
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
func (l *ledger) settle() {
	var later []*mutation // than a leak, by others
	l.episodes = slices.DeleteFunc(l.episodes, func(e *episode) bool {
		if e.server.gap != 0 && !l.window.over {
			return false // the end of its units was not seen: the next snapshot shows
		}
		e.unseen = e.server.gap != 0
		open := false
		for _, u := range e.units {
			s := l.window.units[u]
			open = open || s != nil && s.end == 0
			e.cut = e.cut || s != nil && s.end < 0
		}
		e.from, e.settled = e.server.valueAt(e.parameter, e.begin), e.last()
		switch by, at := l.leftBy(e); {
		case by != nil:
			if open {
				e.early = &l.window.units[*by].by
			}
			later = append(later, e.mutations[at+1:]...)
			e.mutations = e.mutations[: at+1 : at+1]
			e.settled = e.last()
			l.leak(e)
		case open:
			return false
		case !e.undone(e.last().to) && !e.undone(e.server.now[e.parameter]):
			l.leak(e)
		default:
			l.contain(e)
		}
		return true
	})
	for _, m := range later {
		l.file(m, m.units)
	}
}

func intersect(a, b []unit) bool {
	return slices.ContainsFunc(a, func(u unit) bool { return slices.Contains(b, u) })
}
