package triage

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"tracetest/internal/record"
)

// window is what counts as this run: who is open, in which order and at which time,
// and who was open since each server was last seen.
type window struct {
	run     record.Run
	began   time.Time
	ended   time.Time
	end     *record.End
	last    int64 // sequence number of the entry before
	damaged bool  // entries are missing
	over    bool  // the whole record was read

	open      *record.Open
	actors    map[int64]*actor
	ghosts    int64 // number of the last actor of which only its name is known, counted down
	processes map[int]*process
	units     map[unit]*unitState
	openUnits []*unitState // those that nobody has disturbed
	stretches []*stretch   // of the servers
}

// stretch is who was open at any time since the last good snapshot of a server.
type stretch struct {
	open    map[record.Ref]bool
	passing map[record.Ref]time.Time // who was open when their process passed a boundary, and when that was taken in
}

func newWindow() *window {
	return &window{open: record.NewOpen(), actors: map[int64]*actor{}, processes: map[int]*process{}, units: map[unit]*unitState{}}
}

// reached takes in the place and the time of an entry, and reports whether it is the first
// before which some are missing.
func (w *window) reached(e record.Entry) (missing bool) {
	if w.began.IsZero() {
		w.began = e.At
	}
	if e.Trial == nil && w.end == nil { // trials are no part of the run
		w.ended = e.At
	}
	missing = e.Seq != w.last+1 && !w.damaged
	w.damaged = w.damaged || missing
	w.last = e.Seq
	return missing
}

// finish takes in that the whole record was read: what is open by now never ended.
func (w *window) finish() {
	w.over = true
	for _, s := range w.units {
		if s.end == 0 {
			s.end = -1
		}
	}
}

// today is the day on which the run began, in UTC. A run that began before
// midnight is judged as of that day, however long it took and whenever it is
// read.
func (w *window) today() string { return w.began.UTC().Format("2006-01-02") }

// instrumented reports whether the tests are to be synchronized.
func (w *window) instrumented() bool { return w.run.Mode == record.ModeInstrumented }

// module is the one under test.
func (w *window) module() module { return module(w.run.Module) }

// watch begins the stretch of one more server.
func (w *window) watch() *stretch {
	s := &stretch{open: map[record.Ref]bool{}, passing: map[record.Ref]time.Time{}}
	w.stretches = append(w.stretches, s)
	return s
}

// widen notes who is open now as somebody who may have made the next change.
func (w *window) widen() {
	var units []unit
	for _, ref := range w.open.Active() {
		for _, s := range w.stretches {
			s.open[ref] = true
		}
		if u := w.unitOf(ref); !slices.Contains(units, u) {
			units = append(units, u)
		}
	}
	switch len(units) {
	case 0:
	case 1:
		w.disturb(units[0])
	default:
		w.disturb(unit{})
	}
}

// pass notes who is open at a boundary that its process passes. Where a snapshot was on
// its way then, they can have acted before it, and behind it.
func (w *window) pass(e record.Entry) {
	for _, ref := range w.open.In(e.Boundary.Process) {
		for _, s := range w.stretches {
			s.passing[ref] = e.At
		}
	}
}

// begin begins the stretch behind a good snapshot, which was sent at that time.
func (s *stretch) begin(sent time.Time) {
	clear(s.open)
	for ref, at := range s.passing {
		if at.After(sent) {
			s.open[ref] = true
		} else {
			delete(s.passing, ref)
		}
	}
}

// follow takes in that a test began at the instant at which the one before
// ended, whose snapshots count: the package did nothing in between.
func (w *window) follow(process int) {
	p := w.processes[process]
	if p == nil {
		return
	}
	for _, s := range w.stretches {
		delete(s.open, record.Ref{Package: p.Package, Process: p.Index})
	}
}

// quit takes in that a process is no longer synchronized.
func (w *window) quit(p *process) {
	p.quit = true
	for _, s := range w.stretches {
		maps.DeleteFunc(s.open, func(r record.Ref, _ bool) bool { return r.Process == p.Index })
		s.open[record.Ref{Package: p.Package}] = true // also where it has ended by now
	}
}

// refs are those who were open in a stretch, in order.
func (s *stretch) refs() []record.Ref {
	refs := make([]record.Ref, 0, len(s.open))
	for ref := range s.open {
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
