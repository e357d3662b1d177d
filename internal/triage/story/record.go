// Package story makes the records of runs that never were. A run is told in text, one
// step a line, or in Go; testdata has the runs of the corpus.
package story

import (
	"fmt"
	"maps"
	"time"

	"tracetest/internal/record"
	"tracetest/internal/redisconf"
)

// Record writes a record as internal/run does. It holds the servers as they are;
// each snapshot writes down what differs from the snapshot before.
//
//	r := New().Baseline()
//	p := r.Package("cache")    // start event, handshake and the snapshot at hello
//	a := p.Begin("TestA")      // begin boundary with its snapshot, run event
//	r.Set("maxmemory", "1mb")  // shown by the next snapshot
//	a.End("pass")              // end boundary with its snapshot, pass event
//	p.Done("pass")             // exit, gone and the package's event
//	r.End(0)                   // finish boundary and the end of the record
//
// Tell does the same from a text.
type Record struct {
	Apart     bool // tracetest stays out of the servers
	Entries   []record.Entry
	Now       time.Time
	Servers   []*Server
	owners    int64
	Processes int
	Quiet     bool // no snapshot follows a test event
	// Passes says whether a process does not wait at a boundary; nil: all do.
	Passes func(process int) bool
	// Finds has a snapshot taken before each write is sent, as tracetest does where it
	// need not stay out of the server.
	Finds bool
	// Meanwhile is what goes on while a snapshot is on its way: processes that do not
	// wait go on, and are taken in before it.
	Meanwhile func()
	Early     []record.Snapshot // were taken for the next boundary that waits
	meanwhile bool
	finish    bool
	Announced int64 // number of the last thing that the trace told
}

// Server is a server as it is, and as the last good snapshot showed it.
type Server struct {
	record.Server
	Settings, Shown map[string]string
	Counts          record.Counters
	restarts        int
	restarted       bool
	uncounted       bool   // it does not count calls of single commands
	trouble         string // why it cannot be seen
}

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// New begins the record of a run whose tests are synchronized and watches one
// server.
func New() *Record { return Of(record.Run{Mode: record.ModeInstrumented}, 1) }

func Of(run record.Run, servers int) *Record {
	r := &Record{Now: epoch}
	run.Schema = record.Schema
	run.Dir, run.Go = "/src/shop", "go1.26.0"
	if run.Command == nil {
		run.Command = []string{"tracetest", "./..."}
	}
	if run.GoTest == nil {
		run.GoTest = []string{"go", "test", "-json", "-count=1", "-p=1", "./..."}
	}
	if run.Restore == "" {
		run.Restore = "run"
	}
	if run.Mode == record.ModeEvents && run.ModeReason == "" {
		run.ModeReason = "--instrument=off"
	}
	r.add(record.Entry{Run: &run})
	for i := range servers {
		s := &Server{Server: record.Server{Index: i, Address: fmt.Sprintf("localhost:%d", 6379+i), Flavor: "redis", Version: "7.4.1", RunID: fmt.Sprintf("run%d-0", i)}}
		s.Settings = map[string]string{"maxmemory": "0", "maxmemory-policy": "noeviction", "hz": "10", "timeout": "0", "requirepass": "", "replicaof": "", "save": "3600 1"}
		s.Counts = record.Counters{UsedMemory: 1 << 20, ConfigSet: 1}
		r.Servers = append(r.Servers, s)
	}
	return r
}

// Base sets a baseline. It comes before anything happens.
func (r *Record) Base(name, value string) *Record {
	for _, s := range r.Servers {
		s.Settings[name] = redisconf.Normalize(name, value)
	}
	return r
}

// version is which Redis the servers are. Before 7.0 none counts the calls of CONFIG SET
// apart from others.
func (r *Record) version(version string) *Record {
	for _, s := range r.Servers {
		if s.Version = version; !redisconf.SinceSeven(s.Flavor, version) {
			s.uncounted = true
		}
	}
	return r
}

func (r *Record) Cluster() *Record {
	r.Servers[0].Cluster = true
	return r
}

func (r *Record) add(e record.Entry) {
	r.Now = r.Now.Add(time.Millisecond)
	e.Seq, e.At = int64(len(r.Entries)+1), r.Now
	r.Entries = append(r.Entries, e)
}

// Baseline records the servers as the run finds them. Every record does so
// before anything happens.
func (r *Record) Baseline() *Record {
	for _, s := range r.Servers {
		s.Shown = maps.Clone(s.Settings)
		server := s.Server
		server.Config = maps.Clone(s.Settings)
		server.Counters = s.count()
		r.add(record.Entry{Server: &server})
	}
	return r
}

func (s *Server) count() *record.Counters {
	c := s.Counts
	c.Keys = maps.Clone(c.Keys)
	if s.uncounted {
		c.ConfigSet, c.ResetStat = 0, 0
	}
	return &c
}

// What happens to a server. The next snapshot shows it.

func (r *Record) Set(name, value string) { r.SetOn(0, name, value) }

func (r *Record) SetOn(server int, name, value string) {
	r.Servers[server].Settings[name] = redisconf.Normalize(name, value)
	r.Servers[server].Counts.ConfigSet++
}

func (r *Record) OOM(n int64)               { r.oomOn(0, n) }
func (r *Record) oomOn(server int, n int64) { r.Servers[server].Counts.OOM += n }
func (r *Record) Evict(n int64)             { r.Servers[0].Counts.Evicted += n }

func (r *Record) Keys(n int64) {
	c := &r.Servers[0].Counts
	if c.Keys == nil {
		c.Keys = map[string]int64{}
	}
	c.Keys["db0"] += n
	c.UsedMemory += n * 100
}

func (r *Record) Resetstat() {
	c := &r.Servers[0].Counts
	c.OOM, c.Evicted, c.ConfigSet = 0, 0, 0
	c.ResetStat++
}

// Restart brings the server up again with these values.
func (r *Record) Restart(config map[string]string) {
	s := r.Servers[0]
	s.restarts++
	s.restarted = true
	s.RunID = fmt.Sprintf("run%d-%d", s.Index, s.restarts)
	s.Counts = record.Counters{UsedMemory: 1 << 20}
	maps.Copy(s.Settings, normal(config))
}

// normal are values as the server says them: 1mb is 1048576.
func normal(values map[string]string) map[string]string {
	said := map[string]string{}
	for name, value := range values {
		said[name] = redisconf.Normalize(name, value)
	}
	return said
}

// Lose lets snapshots fail until see is called.
func (r *Record) Lose(why string) { r.Servers[0].trouble = why }
func (r *Record) See()            { r.Servers[0].trouble = "" }

func (r *Record) wait(d time.Duration) { r.Now = r.Now.Add(d) }

// How it is recorded.

func (r *Record) snapshots() []record.Snapshot {
	var snaps []record.Snapshot
	for i := range r.Servers {
		snaps = append(snaps, r.snapshot(i))
	}
	return snaps
}

// InMeanwhile reports whether a snapshot is on its way.
func (r *Record) InMeanwhile() bool { return r.meanwhile }

// taken are snapshots that took a while.
func (r *Record) taken() []record.Snapshot {
	if early := r.Early; early != nil {
		r.Early = nil
		return early
	}
	snaps := r.snapshots()
	if r.Meanwhile != nil && !r.meanwhile {
		r.meanwhile = true
		r.Meanwhile()
		r.meanwhile = false
	}
	return snaps
}

func (r *Record) snapshot(server int) record.Snapshot {
	s := r.Servers[server]
	snap := record.Snapshot{Server: server, Sent: r.Now.Add(200 * time.Microsecond), Received: r.Now.Add(700 * time.Microsecond)}
	if s.trouble != "" {
		snap.Error = s.trouble
		return snap
	}
	for name, value := range s.Settings {
		if s.Shown[name] != value {
			if snap.Config == nil {
				snap.Config = map[string]string{}
			}
			snap.Config[name], s.Shown[name] = value, value
		}
	}
	if s.restarted {
		snap.RunID, s.restarted = s.RunID, false
	}
	snap.Counters = s.count()
	return snap
}

// boundary records an instant with its snapshots.
func (r *Record) boundary(b record.Boundary) {
	switch b.Verb {
	case record.VerbBegin, record.VerbEnd, record.VerbPause, record.VerbContinue, record.VerbSuiteBegin, record.VerbSuiteEnd:
		b.Passed = r.meanwhile || r.Passes != nil && r.Passes(b.Process)
	}
	if !r.Apart && !b.Passed {
		b.Snapshots = r.taken()
	}
	r.add(record.Entry{Boundary: &b})
}

func (r *Record) Event(action, pkg, test, output string) {
	r.eventAt(r.Now.Add(time.Millisecond), action, pkg, test, output)
}

func (r *Record) eventAt(at time.Time, action, pkg, test, output string) {
	r.add(record.Entry{Test: &record.Test{Time: at, Action: action, Package: pkg, Test: test, Output: output}})
}

// TakeSnapshot takes a snapshot, as after an event of a package that is not synchronized.
func (r *Record) TakeSnapshot() { r.boundary(record.Boundary{Verb: record.VerbEvent}) }

// RestoreOn is a write of tracetest's own; the values are those it wrote.
func (r *Record) RestoreOn(server int, when string, after *Test, values map[string]string) {
	s := r.Servers[server]
	values = normal(values)
	maps.Copy(s.Settings, values)
	e := &record.Restore{Server: server, When: when, Values: values, Command: "redis-cli -h localhost -p 6379 CONFIG SET ..."}
	if after != nil {
		e.Owner = after.ID
	}
	snap := r.snapshot(server)
	e.Snapshot = &snap
	r.add(record.Entry{Restore: e})
}

func (r *Record) notice(code, pkg string) {
	r.add(record.Entry{Notice: &record.Notice{Code: code, Package: pkg, Text: "A sentence."}})
}

// finished is the last snapshot, when the go command has ended.
func (r *Record) finished() {
	if !r.finish {
		r.finish = true
		r.boundary(record.Boundary{Verb: record.VerbFinish})
	}
}

func (r *Record) End(goExit int) {
	r.finished()
	r.add(record.Entry{End: &record.End{GoExit: goExit, Complete: true}})
}

func (r *Record) Interrupted(goExit int, reason string) {
	r.finished()
	r.add(record.Entry{End: &record.End{GoExit: goExit, Reason: reason}})
}

// sentinels says that Sentinels look after the server.
func (r *Record) sentinels() *Record {
	r.Servers[0].Sentinels = true
	return r
}

// left ends a run whose tracetest left things alone.
func (r *Record) left(why map[string]record.Why) {
	r.finished()
	r.add(record.Entry{Restore: &record.Restore{When: "run", Left: why}})
	r.End(0)
}

// Used sets the memory that the server has in use.
func (r *Record) Used(n int64) { r.Servers[0].Counts.UsedMemory = n }

func (r *Record) Trace() *Record {
	r.Entries[0].Run.Traced = true
	r.Entries[0].Run.Module = "shop"
	return r
}

// module says which module is under test.
func (r *Record) module(path string) *Record {
	r.Entries[0].Run.Module = path
	return r
}
