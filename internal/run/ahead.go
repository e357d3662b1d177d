package run

import (
	"context"

	"tracetest/internal/barrier"
	"tracetest/internal/record"
)

// A test that can have changed no server unseen since its last boundary passes the next
// one: it reports that, and does not wait. What it does when is in the code that is
// compiled into it. Here it is said whether it may, each time that it waits.
//
// A snapshot counts for all boundaries that were passed since the one before, and so
// all who were open meanwhile are in the window of what it shows. That a server was as
// it is when the run began, and that nobody unseen has changed it in this run, makes it
// likely that a snapshot between would have shown nothing. Nothing else rests on it.

// Sync says who waits at boundaries.
type Sync string

const (
	SyncAuto   Sync = "auto"   // who can have changed a server unseen
	SyncAlways Sync = "always" // everybody
)

// ahead knows which processes may pass boundaries.
type ahead struct {
	w *watcher
	// never is set once there was a change that no traced write explains, a restart,
	// an error that a server counted: from then on everybody waits.
	never   bool
	initial []map[string]string     // of each server
	changed map[setting]bool        // parameters that are not as then
	strange map[string]map[int]bool // by address, processes that spoke to a Redis that is not watched
}

// setting is a parameter of a server.
type setting struct {
	server int
	name   string
}

func newAhead(w *watcher) *ahead {
	a := &ahead{w: w, changed: map[setting]bool{}, strange: map[string]map[int]bool{}}
	traced, _ := w.p.Trace()
	o := &w.p.o
	a.never = o.Sync != SyncAuto || !traced || o.Restore == RestoreTest || o.Units != nil || o.Perturb
	for _, s := range w.p.begin {
		a.meet(s)
	}
	return a
}

// meet takes in a server that is watched from now on. What a snapshot cannot show of
// it, or what it changes by itself, is not seen by waiting either, but then it is
// known when that was.
func (a *ahead) meet(s record.Server) {
	a.initial = append(a.initial, s.Config)
	a.never = a.never || s.Partial != "" || s.Cluster || s.Sentinels || s.Counters == nil
}

// contact takes in that a process is about to speak to a server, or that one was found where processes
// have spoken to somebody unknown.
func (a *ahead) contact(c *record.Contact) {
	switch {
	case c.Server >= 0:
		delete(a.strange, c.Address)
	case a.strange[c.Address] == nil:
		a.strange[c.Address] = map[int]bool{c.Process: true}
	default:
		a.strange[c.Address][c.Process] = true
	}
}

// seen takes in a snapshot, and the counters of the one before.
func (a *ahead) seen(snap record.Snapshot, before *record.Counters) {
	if snap.RunID != "" || snap.Error != "" || snap.Counters == nil {
		a.never = true
		return
	}
	written := a.w.tracer.parameters(snap.Server)
	for name, value := range snap.Config {
		a.never = a.never || written[name] == 0
		if at := (setting{snap.Server, name}); value == a.initial[snap.Server][name] {
			delete(a.changed, at)
		} else {
			a.changed[at] = true
		}
	}
	if before != nil {
		now := snap.Counters
		a.never = a.never || now.OOM != before.OOM || now.Evicted != before.Evicted || now.ResetStat != before.ResetStat
	}
}

// may reports whether a process may pass boundaries.
func (a *ahead) may(process int) bool {
	for _, processes := range a.strange {
		if processes[process] {
			return false
		}
	}
	return !a.never && len(a.changed) == 0 &&
		len(a.w.tracer.open) == 0 && len(a.w.aloof.units) == 0 && len(a.w.aloof.away) == 0
}

// catchUp takes in what processes have noted by now.
func (w *watcher) catchUp(ctx context.Context) {
	w.look()
	w.passed(ctx)
}

// look reads what processes have noted by now.
func (w *watcher) look() {
	if w.p.barrier != nil {
		w.p.barrier.Look()
	}
}

// passed takes in what was read: when that was done behind a snapshot, whoever it names was open
// when that was taken.
func (w *watcher) passed(ctx context.Context) {
	if w.p.barrier == nil {
		return
	}
	for _, h := range w.p.barrier.Sent() {
		w.pass(ctx, h)
	}
}

// pass takes in what a process noted: a boundary that it did not wait at, or what its trace has
// to say.
func (w *watcher) pass(ctx context.Context, h *barrier.Arrival) {
	defer h.Release()
	last := w.ended
	w.ended = lastEnd{}
	if h.Message != nil {
		w.tracer.receive(ctx, h.Message, h.Since())
		return
	}
	b := h.Boundary
	if b.Verb == "" || !w.open.Present(b.Process) {
		return
	}
	b.Coalesced = h.AtOnce && w.alone(last, &b)
	b.Passed = !b.Coalesced
	report := w.reports.before(h, &b)
	w.append(record.Entry{At: h.Since(), Boundary: &b})
	report()
}
