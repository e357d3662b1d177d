package triage

import (
	"slices"
	"time"

	"tracetest/internal/findings"
	"tracetest/internal/record"
)

// unit is what must leave the server as it found it. One of the fields says
// which: a top-level test, example, benchmark or spec; an Ordered container of
// a process; a process as its package; a package that is not synchronized.
type unit struct {
	actor     int64
	container string
	process   int
	pkg       string
}

// unitState is a unit that began.
type unitState struct {
	unit   unit
	begin  int64 // sequence number of the entry with which it began
	end    int64 // zero while it is open
	alone  bool  // nobody else could do anything since, and the server was seen
	by     record.Ref
	passed bool // the server was not sampled when it began, nor since it did something that counts
}

// actor is a test, subtest or spec that began.
type actor struct {
	record.Owner
	pkg     string
	process int
	test    string // of a spec: the test function that it ran in
	unit    unit
	begin   int64 // sequence number of its begin
	began   time.Time
	status  string   // of its end; empty while it is open
	keep    bool     // a change refers to it
	inner   bool     // others began within it
	paused  bool     // it waits for its turn to run in parallel
	node    bool     // a Ginkgo suite node, and no spec
	host    int64    // of a node: the test function that ran the suite
	asked   []string // what it asked for that shows tracetest too

	// What is known of its outcome.
	met      map[*server]pressure
	firstOOM *findings.Call // where the first OOM error came back
	traced   bool           // its synchronized end came
	reported string         // how it ended by an event that came before its synchronized end, else empty
	filed    *outcome       // then, if it failed
}

// unitOf returns the unit that an actor belongs to.
func (w *window) unitOf(ref record.Ref) unit {
	if o := w.actors[ref.Owner]; o != nil {
		return o.unit
	}
	if ref.Process != 0 {
		return unit{process: ref.Process}
	}
	return unit{pkg: ref.Package}
}

func (o *actor) ref() record.Ref { return record.Ref{Package: o.pkg, Process: o.process, Owner: o.ID} }

// disturb notes that units cannot say any more what they themselves left in
// the server: all that are open but one. A unit that waits, or that has units
// within it, is disturbed by them.
func (w *window) disturb(except unit) {
	w.openUnits = slices.DeleteFunc(w.openUnits, func(s *unitState) bool {
		s.alone = s.alone && s.unit == except
		return s.end != 0 || !s.alone
	})
}

// begin takes in an actor that begins.
func (w *window) begin(e record.Entry) *actor {
	b := e.Boundary
	o := &actor{Owner: *b.Begin, process: b.Process, begin: e.Seq, began: e.At}
	p := w.processes[b.Process]
	if p != nil {
		o.pkg = p.Package
	}
	parent := w.actors[o.Parent]
	if parent != nil {
		parent.inner = true
	}
	switch {
	case o.Kind == record.KindSpec:
		if p != nil {
			p.specs++
			p.specHost = o.Parent
		}
		o.unit = unit{actor: o.ID}
		if o.Container != "" {
			o.unit = unit{process: o.process, container: o.Container}
		}
		if parent != nil {
			o.test = parent.Name
		}
	case parent != nil:
		o.unit = parent.unit
	default:
		o.unit = unit{actor: o.ID}
	}
	w.actors[o.ID] = o
	return o
}

// skip takes in a spec of which no node ran: it was never open.
func (w *window) skip(e record.Entry) *actor {
	o := &actor{Owner: *e.Boundary.Begin, process: e.Boundary.Process, begin: e.Seq, began: e.At}
	if p := w.processes[o.process]; p != nil {
		o.pkg = p.Package
	}
	if parent := w.actors[o.Parent]; parent != nil {
		o.test, parent.inner = parent.Name, true
	}
	return o
}

// openUnit opens a unit, unless it is open.
func (w *window) openUnit(u unit, e record.Entry) *unitState {
	if s := w.units[u]; s != nil && s.end == 0 {
		return nil
	}
	s := &unitState{unit: u, begin: e.Seq, alone: true, passed: e.Boundary.Passed}
	s.by = record.Ref{Process: e.Boundary.Process, Owner: e.Boundary.Owner}
	if p := w.processes[e.Boundary.Process]; p != nil {
		s.by.Package = p.Package
	}
	w.openUnits = append(w.openUnits, s)
	w.units[u] = s
	return s
}

// closeUnit closes a unit, if it is open.
func (w *window) closeUnit(u unit, seq int64) *unitState {
	s := w.units[u]
	if s == nil || s.end != 0 {
		return nil
	}
	s.end = seq
	return s
}

// keep sees to it that who may have made a change can be named at the end.
func (w *window) keep(ref record.Ref) {
	for o := w.actors[ref.Owner]; o != nil; o = w.actors[o.Parent] {
		o.keep = true
	}
}

// within reports whether somebody is an actor, or a part of one.
func (w *window) within(ref record.Ref, o *actor) bool {
	for by := w.actors[ref.Owner]; by != nil; by = w.actors[by.Parent] {
		if by == o {
			return true
		}
	}
	return false
}

// forget drops an actor that nothing can refer to any more, so that a long run
// is held in the memory of what went wrong in it.
func (w *window) forget(o *actor) {
	if o.keep || o.status == "fail" || o.status == "panic" || o.status == "died" {
		return
	}
	for _, s := range w.stretches {
		for ref := range s.open {
			if ref.Owner == o.ID {
				return
			}
		}
	}
	delete(w.actors, o.ID)
	delete(w.units, unit{actor: o.ID})
}

// recall returns the actor that a label names, also where it has ended and was
// forgotten.
func (w *window) recall(p *process, by record.By) record.Ref {
	ref := record.Ref{Package: p.Package, Process: p.Index, Owner: by.Owner.ID}
	if w.actors[ref.Owner] == nil {
		o := &actor{Owner: *by.Owner, pkg: p.Package, process: p.Index, test: by.Test, unit: unit{actor: by.Unit}, status: forgotten, keep: true}
		if o.Parent < 0 || o.Parent >= o.ID {
			o.Parent = 0 // no record that tracetest wrote: it would be a circle
		}
		if o.Container != "" {
			o.unit = unit{process: p.Index, container: o.Container}
		}
		w.actors[ref.Owner] = o
	}
	return ref
}

// forgotten is the status of an actor of which only the label is left: it has
// ended, and did not fail.
const forgotten = "forgotten"

// recalled returns an actor that may have been forgotten.
func (w *window) recalled(o *actor) record.Ref {
	if w.actors[o.ID] == nil {
		o.keep = true
		w.actors[o.ID] = o
	}
	return o.ref()
}

// ghost is a test of which nothing is known any more but its name.
func (w *window) ghost(p *process, test string) record.Ref {
	for id, o := range w.actors {
		if id < 0 && o.process == p.Index && o.Name == test {
			return o.ref()
		}
	}
	w.ghosts--
	o := &actor{Owner: record.Owner{ID: w.ghosts, Kind: record.KindTest, Name: test}, pkg: p.Package, process: p.Index,
		unit: unit{actor: w.ghosts}, status: forgotten, keep: true}
	w.actors[o.ID] = o
	return o.ref()
}
