package triage

import (
	"maps"
	"slices"
	"time"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/redisconf"
)

// server is a watched server as of the entries that were read.
type server struct {
	record.Server
	now              map[string]string // of every parameter
	initial          map[string]string // what is its own: as the run found it, and what it came back with after a restart
	runID            string            // as of the last snapshot
	counters         *record.Counters
	sent             time.Time                        // of the last good snapshot
	window           map[record.Ref]bool              // who was open at any time since then
	history          map[string][]*mutation           // the changes of each parameter, in order
	left             map[string]map[string][]*episode // leaks that nobody has restored, by parameter and the value that they began with
	nobody           bool                             // the last snapshot found that no server is there any more
	atEnd            bool                             // it was seen when the tests had ended
	owed             []*write                         // those accepted since the last good snapshot
	unsampled        []*write                         // those accepted that no snapshot shows
	gap              int                              // index into Analysis.blind plus one; zero when it can be seen
	snapshots        int
	changed          []findings.Changed // when the go command ended
	finished         bool
	refusing         bool     // it has refused writes for want of memory
	sets, tracedSets int64    // calls of CONFIG SET that it counted, without tracetest's own, and that the trace saw
	failovers        int      // see Server.Failovers
	pending          []*write // that a snapshot may still show
	timeline         timeline
	silent           []*write // the last that were answered
	lost             []*write // the last that were never answered, nor seen to have an effect
}

func (a *Analysis) server(s record.Server) {
	s.StartedWith = maps.Clone(s.StartedWith)
	maps.DeleteFunc(s.StartedWith, func(_ string, o record.Origin) bool { return o.Source == "--expect" }) // as records had it once
	now := make(map[string]string, len(s.Config))
	for name, value := range s.Config {
		now[name] = value
	}
	known := &server{Server: s, now: now, initial: maps.Clone(now), runID: s.RunID, counters: s.Counters, sent: a.ended, window: map[record.Ref]bool{},
		history: map[string][]*mutation{}, left: map[string]map[string][]*episode{}}
	if s.Counters != nil {
		known.timeline.see(a.ended, s.Counters, pressure{})
	}
	a.servers = append(a.servers, known)
}

// widen notes who is open now as somebody who may have made the next change.
func (a *Analysis) widen() {
	var units []unit
	for _, ref := range a.open.Active() {
		for _, s := range a.servers {
			s.window[ref] = true
		}
		if u := a.unitOf(ref); !slices.Contains(units, u) {
			units = append(units, u)
		}
	}
	switch len(units) {
	case 0:
	case 1:
		a.disturb(units[0])
	default:
		a.disturb(unit{})
	}
}

// pass notes who is open at a boundary that its process passes. Where a snapshot was on
// its way then, they can have acted before it, and behind it.
func (a *Analysis) pass(e record.Entry) {
	for _, ref := range a.open.In(e.Boundary.Process) {
		a.passing[ref] = e.At
	}
}

// snapshot takes in the snapshot of one server. By names the tool when it was
// tracetest itself that changed it.
func (a *Analysis) snapshot(s *server, snap record.Snapshot, e record.Entry, by *record.Restore) {
	s.snapshots++
	a.sampled = e.Seq
	s.nobody = snap.Gone
	if snap.Error != "" {
		if s.gap == 0 {
			a.gaps = append(a.gaps, findings.Gap{Server: s.Address, From: snap.Sent, Reason: snap.Error, Active: a.names(a.open.Active())})
			s.gap = len(a.gaps)
		}
		a.disturb(unit{})
		return
	}
	seen := s.gap > 0 // again
	if seen {
		a.gaps[s.gap-1].To = snap.Received
		s.gap = 0
	}
	refs := sorted(s.window)
	restarted := snap.RunID != "" && snap.RunID != s.runID
	if restarted {
		s.runID = snap.RunID
		a.restarts = append(a.restarts, findings.Restart{Server: s.Address, At: snap.Received, Active: a.names(refs)})
		a.disturb(unit{})
	}
	limit, limited := s.now[memoryLimit], s.latest(memoryLimit)
	for _, name := range sortedKeys(snap.Config) {
		value := snap.Config[name]
		if s.now[name] == value {
			continue
		}
		if redisconf.IsRole(name) {
			if through := a.through(s, value, e.Seq); through != "" {
				a.failedOver(s, name, value, through, snap, e.Seq, refs)
				continue
			}
		}
		if restarted && (snap.Counters == nil || snap.Counters.ConfigSet == 0) {
			s.initial[name] = value // it came back with that, and nobody has set anything since
		}
		m := &mutation{server: s, parameter: name, from: s.now[name], to: value, refs: slices.Clone(refs), seq: e.Seq,
			sent: s.sent, received: snap.Received, phase: a.phase(refs, e), restart: restarted, unsighted: seen}
		if by != nil { // it may show what somebody else did as well
			put, ours := by.Values[name]
			m.tool = ours && put == value
		}
		s.now[name] = value
		s.timeline.change(m, a.began)
		if !m.tool && !m.restart {
			a.claim(m)
		}
		a.mutate(m)
	}
	s.answeredLate(a, e, snap.Received)
	s.shows(restarted)
	s.forgetWrites(a)
	if snap.Counters != nil {
		var met pressure
		if s.counters != nil && !restarted {
			if by == nil && snap.Counters.ConfigSet > s.counters.ConfigSet {
				s.sets += snap.Counters.ConfigSet - s.counters.ConfigSet
			}
			met = difference(s.counters, snap.Counters)
			met.under = []limitMet{s.limitWhen(limited, e.Seq, max(s.counters.UsedMemory, snap.Counters.UsedMemory))}
			a.count(s, refs, met)
			a.firstRefusal(s, met, snap.Received, snap.Counters.UsedMemory, limit)
		}
		s.timeline.see(snap.Received, snap.Counters, met)
		s.counters = snap.Counters
	}
	s.sent = snap.Sent
	clear(s.window)
	for ref, at := range a.passing {
		if at.After(snap.Sent) {
			s.window[ref] = true
		} else {
			delete(a.passing, ref)
		}
	}
	if seen {
		a.settle()
	}
}

// failedOver takes in that a server has another master, which is no leak: what it has now is
// its own.
func (a *Analysis) failedOver(s *server, name, value, through string, snap record.Snapshot, seq int64, refs []record.Ref) {
	m := &mutation{server: s, parameter: name, from: s.now[name], to: value, seq: seq, sent: s.sent, received: snap.Received}
	s.history[name] = append(s.history[name], m)
	a.failovers = append(a.failovers, findings.Failover{Through: through, Server: s.Address, At: snap.Received, From: s.now[name], To: value, Active: a.names(refs)})
	s.now[name], s.initial[name] = value, value
	s.failovers++
}

func (a *Analysis) restore(e record.Entry) {
	r := e.Restore
	if r.Server < 0 || r.Server >= len(a.servers) {
		return
	}
	s := a.servers[r.Server]
	done := findings.Restore{Server: s.Address, When: r.When, Values: r.Values, Error: r.Error, Command: r.Command}
	if r.Process != 0 || r.Owner != 0 {
		name := a.name(record.Ref{Process: r.Process, Owner: r.Owner}, "")
		done.After = &name
	}
	if len(r.Values) > 0 {
		a.restored = append(a.restored, done)
	}
	if r.Snapshot != nil {
		a.snapshot(s, *r.Snapshot, e, r)
	}
	for i, c := range s.changed {
		if s.finished && s.now[c.Parameter] == c.Initial {
			s.changed[i].Repaired = true
		} else if s.finished {
			s.changed[i].Why = r.Left[c.Parameter]
		}
	}
}
