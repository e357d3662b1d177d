package triage

import (
	"maps"
	"slices"
	"strings"
	"time"

	"tracetest/internal/record"
	"tracetest/internal/rediscmd"
)

// How a snapshot, and what the trace says, goes through the parts of an analysis: what
// differs is claimed by those who wrote it, and then filed.

// snapshot takes in the snapshot of one server. By is set where it was tracetest itself that
// changed it.
func (a *Analysis) snapshot(s *server, snap record.Snapshot, e record.Entry, by *record.Restore) {
	s.snapshots++
	a.ledger.sampled = e.Seq
	s.nobody = snap.Gone
	if snap.Error != "" {
		a.ledger.lose(s, snap, e)
		return
	}
	seen := a.ledger.sight(s, snap, e, by)
	before := s.limit()
	if len(snap.Config) > 0 { // mostly nothing has changed
		a.changes(s, seen)
	}
	a.writers.sampled(s, seen)
	if snap.Counters != nil {
		a.count(s, seen, before)
	}
	s.sent = snap.Sent
	s.since.begin(snap.Sent)
	if seen.again {
		a.ledger.settle()
	}
}

// changes takes in what differs from the snapshot before.
func (a *Analysis) changes(s *server, seen sighting) {
	for _, name := range slices.Sorted(maps.Keys(seen.Config)) {
		if s.now[name] == seen.Config[name] {
			continue
		}
		if through := a.writers.failover(s, name, seen.Config[name], seen.entry.Seq); through != "" {
			a.ledger.failedOver(s, name, through, seen)
			continue
		}
		m := a.ledger.change(s, name, seen)
		if !m.tool && !m.restart {
			a.writers.claim(m)
		}
		a.ledger.mutate(m)
	}
}

// count takes in what a server has counted since the snapshot before.
func (a *Analysis) count(s *server, seen sighting, before limitThen) {
	now := seen.Counters
	var met pressure
	if s.counters != nil && !seen.restarted {
		if seen.by == nil && now.ConfigSet > s.counters.ConfigSet {
			s.sets += now.ConfigSet - s.counters.ConfigSet
		}
		met = difference(s.counters, now)
		met.under = []limitMet{s.limitWhen(before.set, seen.entry.Seq, max(s.counters.UsedMemory, now.UsedMemory))}
		a.outcomes.give(s, seen.refs, met)
		a.ledger.firstRefusal(s, met, seen.Received, now.UsedMemory, before.value)
	}
	s.timeline.see(seen.Received, now, met)
	s.counters = now
}

func (a *Analysis) restore(e record.Entry) {
	r := e.Restore
	s := a.ledger.at(r.Server)
	if s == nil {
		return
	}
	a.ledger.restore(s, r)
	if r.Snapshot != nil {
		a.snapshot(s, *r.Snapshot, e, r)
	}
	s.repaired(r)
}

// write takes in a write that is announced, with what the server had before it.
func (a *Analysis) write(e record.Entry) {
	w := a.writers.announced(e)
	for _, snap := range e.Write.Snapshots {
		if s := a.ledger.at(snap.Server); s != nil {
			a.window.widen()
			a.snapshot(s, snap, e, nil)
		}
	}
	a.writers.sent(w, e.At)
}

// reply takes in that a write has had its effect. What the snapshot in it does not
// show of the write, the write did not do.
func (a *Analysis) reply(e record.Entry) {
	r := e.Reply
	w, anew := a.writers.replied(r, e.Seq)
	shown := false
	var at time.Time // of the snapshot
	for _, snap := range r.Snapshots {
		s := a.ledger.at(snap.Server)
		if s == nil {
			continue
		}
		a.window.widen()
		a.snapshot(s, snap, e, nil)
		a.window.waited(r.Process, snap.Sent, snap.Received)
		at = snap.Received
		shown = shown || snap.Error == "" && (w != nil && snap.Server == w.Server || anew != nil && anew.Index == snap.Server)
	}
	if w != nil {
		a.writers.done(w, shown, e.Seq, at)
	} else {
		a.writers.reset(r, shown)
	}
}

// refuse takes in OOM errors that the trace saw come back.
func (a *Analysis) refuse(e record.Entry) {
	r := e.Refused
	if a.outcomes.refusedMore(r) {
		return
	}
	by := r.By
	by.Waiting = slices.Clone(by.Waiting)
	for i := range by.Waiting {
		by.Waiting[i].Stack = unset(by.Waiting[i].Stack)
	}
	a.outcomes.refuse(r, e.Seq, a.writers.author(r.Process, by), a.ledger.at(r.Server))
}

// asked notes a command of SLOWLOG, MONITOR, INFO commandstats and the like for
// whoever sent it, and those around it.
func (a *Analysis) asked(q *record.Asked) {
	if a.ledger.at(q.Server) == nil {
		return // tracetest does not speak to it
	}
	words := q.Command
	if rediscmd.Of(words).Args != rediscmd.Sections {
		words = words[:min(2, len(words))]
	}
	what := strings.ToUpper(strings.Join(words, " "))
	for _, ref := range a.writers.author(q.Process, q.By).refs {
		a.window.asked(ref, what)
	}
}

// unset returns a stack without what its functions set: that says who writes
// parameters, not who meets errors.
func unset(stack []record.Frame) []record.Frame {
	stack = slices.Clone(stack)
	for i := range stack {
		stack[i].Sets = false
	}
	return stack
}
