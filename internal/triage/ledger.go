package triage

import (
	"maps"
	"slices"
	"time"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/redisconf"
)

// ledger is what each parameter of each server was, and what became of each change.
type ledger struct {
	window  *window
	servers []*server
	sampled int64 // sequence number of the last entry with a snapshot

	changes        []*mutation // in order
	episodes       []*episode  // open ones
	leaks          []*episode  // closed, in the order in which they ended
	reverted       []*episode
	excursions     map[excursion]*episode // those that are reverted
	unsynchronized []*mutation            // changes seen while tests ran that were not synchronized
	outside        []*mutation            // changes while nobody was open

	gaps      []findings.Gap
	restarts  []findings.Restart
	failovers []findings.Failover
	restored  []findings.Restore
	memory    []findings.Memory
	growth    []findings.Growth
	stocks    map[*unitState]map[*server]stock
}

func newLedger(w *window) *ledger {
	return &ledger{window: w, excursions: map[excursion]*episode{}, stocks: map[*unitState]map[*server]stock{}}
}

// server is a watched server as of the entries that were read.
type server struct {
	record.Server
	now              map[string]string // of every parameter
	initial          map[string]string // what is its own: as the run found it, and what it came back with after a restart
	runID            string            // as of the last snapshot
	counters         *record.Counters
	sent             time.Time                        // of the last good snapshot
	since            *stretch                         // who was open since then
	history          map[string][]*mutation           // the changes of each parameter, in order
	left             map[string]map[string][]*episode // leaks that nobody has restored, by parameter and the value that they began with
	nobody           bool                             // the last snapshot found that no server is there any more
	atEnd            bool                             // it was seen when the tests had ended
	gap              int                              // index into ledger.gaps plus one; zero when it can be seen
	away             int64                            // number of the last entry by which it had not been there, or was another run
	snapshots        int
	changed          []findings.Changed // when the go command ended
	finished         bool
	refusing         bool  // it has refused writes for want of memory
	sets, tracedSets int64 // calls of CONFIG SET that it counted, without tracetest's own, and that the trace saw
	failovers        int   // see Server.Failovers
	timeline         timeline
}

// watch takes in a server as the run found it.
func (l *ledger) watch(s record.Server) {
	s.StartedWith = maps.Clone(s.StartedWith)
	maps.DeleteFunc(s.StartedWith, func(_ string, o record.Origin) bool { return o.Source == "--expect" }) // as records had it once
	now := make(map[string]string, len(s.Config))
	for name, value := range s.Config {
		now[name] = value
	}
	known := &server{Server: s, now: now, initial: maps.Clone(now), runID: s.RunID, counters: s.Counters, sent: l.window.ended, since: l.window.watch(),
		history: map[string][]*mutation{}, left: map[string]map[string][]*episode{}}
	if s.Counters != nil {
		known.timeline.see(l.window.ended, s.Counters, pressure{})
	}
	l.servers = append(l.servers, known)
}

// at returns the server with this number, or nil.
func (l *ledger) at(number int) *server {
	if number < 0 || number >= len(l.servers) {
		return nil
	}
	return l.servers[number]
}

// there reports whether a watched server was there all the time that a test ran:
// nothing that the test says of its address can be why it failed.
func (l *ledger) there(address string, f *outcome) bool {
	return slices.ContainsFunc(l.servers, func(s *server) bool { return s.Address == address && s.gap == 0 && s.away < f.begin })
}

// gone reports whether a server that nobody named was ended by the tests: they
// had started it.
func (s *server) gone() bool { return s.Discovered && s.gap != 0 && s.nobody }

// valueAt returns the value that a parameter had as of an entry: what a unit found
// that began with it.
func (s *server) valueAt(parameter string, begin int64) string {
	for _, m := range slices.Backward(s.history[parameter]) {
		if m.seq <= begin {
			return m.to
		}
	}
	return s.Config[parameter] // when the run began
}

// sighting is a good snapshot of a server, and what was found out about it.
type sighting struct {
	record.Snapshot
	entry     record.Entry
	refs      []record.Ref    // who was open since the one before
	restarted bool            // since the one before
	again     bool            // the server was out of sight
	by        *record.Restore // tracetest's own, that it belongs to
}

// lose takes in a snapshot that failed.
func (l *ledger) lose(s *server, snap record.Snapshot, e record.Entry) {
	if s.gap == 0 {
		l.gaps = append(l.gaps, findings.Gap{Server: s.Address, From: snap.Sent, Reason: snap.Error, Active: l.window.names(l.window.open.Active())})
		s.gap = len(l.gaps)
	}
	s.away = e.Seq
	l.window.disturb(unit{})
}

// sight takes in that a server was seen, but not yet what its parameters are.
func (l *ledger) sight(s *server, snap record.Snapshot, e record.Entry, by *record.Restore) sighting {
	seen := sighting{Snapshot: snap, entry: e, by: by, again: s.gap > 0}
	if seen.again {
		l.gaps[s.gap-1].To = snap.Received
		s.gap = 0
	}
	seen.refs = s.since.refs()
	seen.restarted = snap.RunID != "" && snap.RunID != s.runID
	if seen.again || seen.restarted {
		s.away = e.Seq
	}
	if seen.restarted {
		s.runID = snap.RunID
		l.restarts = append(l.restarts, findings.Restart{Server: s.Address, At: snap.Received, Active: l.window.names(seen.refs)})
		l.window.disturb(unit{})
	}
	return seen
}

// change takes in that a parameter has another value than before. Who made the change
// is still to be found out, and it is still to be filed.
func (l *ledger) change(s *server, name string, seen sighting) *mutation {
	value := seen.Config[name]
	if seen.restarted && s.cameBack(name, value, seen.Counters) {
		s.initial[name] = value
	}
	m := &mutation{server: s, parameter: name, from: s.now[name], to: value, refs: slices.Clone(seen.refs), seq: seen.entry.Seq,
		sent: s.sent, received: seen.Received, phase: l.window.phase(seen.refs, seen.entry), restart: seen.restarted, unsighted: seen.again}
	if seen.by != nil { // it may show what somebody else did as well
		put, ours := seen.by.Values[name]
		m.tool = ours && put == value
	}
	s.now[name] = value
	s.timeline.change(m, l.window.began)
	return m
}

// cameBack reports whether a server that has restarted has a value that it came back with:
// it counted no CONFIG SET since, also none before its statistics began anew, or it is the
// value that it had been started with before.
func (s *server) cameBack(name, value string, c *record.Counters) bool {
	if s.countsSets() && c != nil && c.ConfigSet == 0 && c.ResetStat == 0 {
		return true
	}
	o, known := s.StartedWith[name]
	return known && redisconf.Same(o.Value, value)
}

// failedOver takes in that a server has another master, which is no leak: what it has now is
// its own.
func (l *ledger) failedOver(s *server, name, through string, seen sighting) {
	value := seen.Config[name]
	m := &mutation{server: s, parameter: name, from: s.now[name], to: value, seq: seen.entry.Seq, sent: s.sent, received: seen.Received}
	s.history[name] = append(s.history[name], m)
	l.failovers = append(l.failovers, findings.Failover{Through: through, Server: s.Address, At: seen.Received, From: s.now[name], To: value, Active: l.window.names(seen.refs)})
	s.now[name], s.initial[name] = value, value
	s.failovers++
}

// restore takes in what tracetest itself wrote, or left alone.
func (l *ledger) restore(s *server, r *record.Restore) {
	done := findings.Restore{Server: s.Address, When: r.When, Values: r.Values, Error: r.Error, Command: r.Command}
	if r.Process != 0 || r.Owner != 0 {
		name := l.window.name(record.Ref{Process: r.Process, Owner: r.Owner}, "")
		done.After = &name
	}
	if len(r.Values) > 0 {
		l.restored = append(l.restored, done)
	}
}

// repaired notes what is restored of what the tests had left changed, and why the rest is not.
func (s *server) repaired(r *record.Restore) {
	for i, c := range s.changed {
		if s.finished && s.now[c.Parameter] == c.Initial {
			s.changed[i].Repaired = true
		} else if s.finished {
			s.changed[i].Why = r.Left[c.Parameter]
		}
	}
}

// finish notes what the tests left changed, before tracetest restores it.
func (l *ledger) finish() {
	for _, s := range l.servers {
		s.finished = true
		if s.gone() {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(s.now)) { // also what a module has brought with it
			was, known := s.initial[name]
			if s.now[name] == was {
				continue
			}
			past := s.history[name]
			s.changed = append(s.changed, findings.Changed{Server: s.Address, Parameter: name, Value: s.now[name], Initial: was,
				Secret: hidden(s.now[name]) || hidden(was), Appeared: !known, Failover: redisconf.IsRole(name) && (len(past) == 0 || past[len(past)-1].write == nil)})
		}
	}
}

// finished reports whether the servers were sampled when the tests had ended.
func (l *ledger) finished() bool {
	return !slices.ContainsFunc(l.servers, func(s *server) bool { return !s.finished })
}

// sightless returns the stretches in which a server could not be seen, but for
// the end of one that nobody named: the tests had started it and have ended it.
func (l *ledger) sightless() []findings.Gap {
	gone := map[int]bool{}
	for _, s := range l.servers {
		if s.gone() {
			gone[s.gap-1] = true
		}
	}
	var all []findings.Gap
	for i, b := range l.gaps {
		if !gone[i] {
			all = append(all, b)
		}
	}
	return all
}

// found is a server as the run found it.
func (s *server) found() findings.Server {
	if s.Perturbed == nil {
		s.Perturbed = map[string]string{}
	}
	if s.StartedWith == nil {
		s.StartedWith = map[string]record.Origin{}
	}
	return findings.Server{Address: s.Address, TLS: s.TLS, TLSFiles: s.TLSFiles, Flavor: s.Flavor, Version: s.Version, RunID: s.Server.RunID,
		StartedWith: s.StartedWith, StartUnknown: s.StartUnknown, Perturbed: s.Perturbed, Partial: s.Partial, Parameters: len(s.Config), Snapshots: s.snapshots,
		ConfigSets: s.sets, TracedSets: s.tracedSets, Failovers: s.failovers, Gone: s.gone(), Config: s.Config}
}

func hidden(value string) bool { return len(value) > 8 && value[:8] == "(hidden " }
