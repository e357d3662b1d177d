package triage

import (
	"slices"
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

// mutate files a change: with the open episode of one of its suspects, or as a
// new one, or as somebody's restoring of an earlier leak.
func (l *ledger) mutate(m *mutation) {
	m.initial = m.server.initial[m.parameter]
	l.changes = append(l.changes, m)
	m.server.history[m.parameter] = append(m.server.history[m.parameter], m)
	l.markRestored(m)
	if m.tool {
		m.back = m.server.earlier(m, 0)
	}
	if m.tool || m.restart {
		return
	}
	if len(m.refs) == 0 {
		l.outside = append(l.outside, m)
		return
	}
	l.assign(m)
}

// assign gives a change to the units of its suspects.
func (l *ledger) assign(m *mutation) {
	var units []unit
	synchronized := true
	for _, ref := range m.refs {
		l.window.keep(ref)
		u := l.window.unitOf(ref)
		synchronized = synchronized && u.pkg == ""
		if !slices.Contains(units, u) {
			units = append(units, u)
		}
	}
	if !synchronized {
		// A package that began and was never synchronized, or is not yet: which of the
		// two is known when the whole record is read.
		l.unsynchronized = append(l.unsynchronized, m)
		return
	}
	l.file(m, units)
}

func (l *ledger) file(m *mutation, units []unit) {
	m.units, m.episode = units, nil
	l.ebb(m)
	for _, e := range l.episodes {
		if e.server == m.server && e.parameter == m.parameter && intersect(e.units, units) {
			e.mutations = append(e.mutations, m)
			m.episode = e
			l.join(e, units)
			m.back = m.server.earlier(m, e.begin)
			l.settle() // whoever wrote it may have ended
			return
		}
	}
	e := &episode{server: m.server, parameter: m.parameter, mutations: []*mutation{m}, begin: m.seq - 1}
	l.join(e, units)
	m.back = m.server.earlier(m, e.begin)
	if m.to == m.initial || m.to == e.server.valueAt(e.parameter, e.begin) {
		return // it restored what an earlier unit had changed
	}
	m.episode = e
	l.episodes = append(l.episodes, e)
	l.settle()
}

// markRestored notes who restored what a unit had left changed: the first
// later change after which the parameter is what the unit found, or the
// initial value.
func (l *ledger) markRestored(m *mutation) {
	left := m.server.left[m.parameter]
	for _, leaked := range left[m.to] {
		leaked.restoredBy = m
	}
	delete(left, m.to)
	if m.to == m.initial {
		for _, leaks := range left {
			for _, leaked := range leaks {
				leaked.restoredBy = m
			}
		}
		clear(left)
	}
}

// adopt opens the package of a process that shook hands, as of what was seen
// since the go command started it.
func (l *ledger) adopt(p record.Process, seq int64) {
	waiting := record.Ref{Package: p.Package}
	now := record.Ref{Package: p.Package, Process: p.Index}
	begin := seq - 1
	var adopted []*mutation
	l.unsynchronized = slices.DeleteFunc(l.unsynchronized, func(m *mutation) bool {
		i := slices.Index(m.refs, waiting)
		if i < 0 {
			return false
		}
		m.refs[i] = now
		begin = min(begin, m.seq-1)
		adopted = append(adopted, m)
		return true
	})
	u := unit{process: p.Index}
	if l.window.units[u] == nil {
		l.window.units[u] = &unitState{begin: begin, by: now}
	}
	for _, m := range adopted {
		l.assign(m)
	}
}

// started adds a package to the suspects of changes that were seen after the go command
// started it, though the event that says so came later. One that had shaken hands by then, with
// hello, was among them where it could be.
func (l *ledger) started(t *record.Test, hello int64) {
	ref := record.Ref{Package: t.Package}
	for i := len(l.changes) - 1; i >= 0 && l.changes[i].received.After(t.Time); i-- {
		m := l.changes[i]
		if m.tool || m.restart || m.write != nil || hello != 0 && hello < m.seq {
			continue
		}
		m.refs = append(m.refs[:len(m.refs):len(m.refs)], ref)
		if at := slices.Index(l.outside, m); at >= 0 {
			l.outside = slices.Delete(l.outside, at, at+1)
			l.assign(m)
		}
	}
}

// undoneBy returns the first later change after which the parameter is what it
// was, or the initial value.
func (l *ledger) undoneBy(m *mutation) *mutation {
	for _, later := range l.changes {
		if later.seq > m.seq && later.server == m.server && later.parameter == m.parameter && (later.to == m.from || later.to == m.initial) {
			return later
		}
	}
	return nil
}
