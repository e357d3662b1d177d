package triage_test

import (
	"fmt"
	"maps"
	"time"

	"tracetest/internal/record"
)

// rec writes a record as internal/run does. It holds the servers as they are;
// each snapshot writes down what differs from the snapshot before.
//
//	r := newRec()
//	p := r.pkg("cache")        // start event, handshake and the look at hello
//	a := p.begin("TestA")      // begin boundary with its snapshot, run event
//	r.set("maxmemory", "1mb")  // shown by the next snapshot
//	a.end("pass")              // end boundary with its snapshot, pass event
//	p.done("pass")             // exit, gone and the package's event
//	r.end(0)                   // finish boundary and the end of the record
type rec struct {
	apart     bool // tracetest stays out of the servers
	entries   []record.Entry
	now       time.Time
	servers   []*redis
	owners    int64
	procs     int
	quiet     bool        // no snapshot follows a test event
	passes    func() bool // whether a boundary is one that nobody waits at; nil: none is
	finish    bool
	announced int64 // number of the last thing that the trace told
}

// redis is a server as it is, and as the last good look saw it.
type redis struct {
	record.Server
	config, seen map[string]string
	counters     record.Counters
	restarts     int
	restarted    bool
	trouble      string // why it cannot be seen
}

// proc is a test binary.
type proc struct {
	r       *rec
	index   int
	path    string
	open    []*test
	hidden  bool   // no events of its tests come
	ordered string // container of the last spec
	follows bool   // tests begin at once behind the one before, and are not looked at then
}

// test is an owner.
type test struct {
	p    *proc
	id   int64
	name string
	kind record.Kind

	owner  *record.Owner
	parent *test
}

// unsynchronized is a package whose tests are not held: only its events are seen.
type unsynchronized struct {
	r    *rec
	path string
}

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// newRec begins the record of a run that holds its tests and watches one
// server.
func newRec() *rec { return newRecOf(record.Run{Mode: record.ModeInstrumented}, 1) }

func newRecOf(run record.Run, servers int) *rec {
	r := &rec{now: epoch}
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
		s := &redis{Server: record.Server{Index: i, Address: fmt.Sprintf("localhost:%d", 6379+i), Flavor: "redis", Version: "7.4.1", RunID: fmt.Sprintf("run%d-0", i)}}
		s.config = map[string]string{"maxmemory": "0", "maxmemory-policy": "noeviction", "hz": "10", "timeout": "0", "requirepass": "", "replicaof": "", "save": "3600 1"}
		s.counters = record.Counters{UsedMemory: 1 << 20, ConfigSet: 1}
		r.servers = append(r.servers, s)
	}
	return r
}

// base sets a baseline. It comes before anything happens.
func (r *rec) base(name, value string) *rec {
	for _, s := range r.servers {
		s.config[name] = value
	}
	return r
}

func (r *rec) cluster() *rec {
	r.servers[0].Cluster = true
	return r
}

func (r *rec) add(e record.Entry) {
	r.now = r.now.Add(time.Millisecond)
	e.Seq, e.At = int64(len(r.entries)+1), r.now
	r.entries = append(r.entries, e)
}

// baseline records the servers as the run finds them. Every record does so
// before anything happens.
func (r *rec) baseline() *rec {
	for _, s := range r.servers {
		s.seen = maps.Clone(s.config)
		server := s.Server
		server.Config = maps.Clone(s.config)
		server.Counters = s.count()
		r.add(record.Entry{Server: &server})
	}
	return r
}

func (s *redis) count() *record.Counters {
	c := s.counters
	c.Keys = maps.Clone(c.Keys)
	return &c
}

// What happens to a server. The next snapshot shows it.

func (r *rec) set(name, value string) { r.setOn(0, name, value) }

func (r *rec) setOn(server int, name, value string) {
	r.servers[server].config[name] = value
	r.servers[server].counters.ConfigSet++
}

func (r *rec) oom(n int64)               { r.oomOn(0, n) }
func (r *rec) oomOn(server int, n int64) { r.servers[server].counters.OOM += n }
func (r *rec) evict(n int64)             { r.servers[0].counters.Evicted += n }

func (r *rec) keys(n int64) {
	c := &r.servers[0].counters
	if c.Keys == nil {
		c.Keys = map[string]int64{}
	}
	c.Keys["db0"] += n
	c.UsedMemory += n * 100
}

func (r *rec) resetstat() {
	c := &r.servers[0].counters
	c.OOM, c.Evicted, c.ConfigSet = 0, 0, 0
	c.ResetStat++
}

// restart brings the server up again with these values.
func (r *rec) restart(config map[string]string) {
	s := r.servers[0]
	s.restarts++
	s.restarted = true
	s.RunID = fmt.Sprintf("run%d-%d", s.Index, s.restarts)
	s.counters = record.Counters{UsedMemory: 1 << 20}
	maps.Copy(s.config, config)
}

// lose lets looks fail until see is called.
func (r *rec) lose(why string) { r.servers[0].trouble = why }
func (r *rec) see()            { r.servers[0].trouble = "" }

func (r *rec) wait(d time.Duration) { r.now = r.now.Add(d) }

// How it is recorded.

func (r *rec) snaps() []record.Snapshot {
	var snaps []record.Snapshot
	for i := range r.servers {
		snaps = append(snaps, r.snap(i))
	}
	return snaps
}

func (r *rec) snap(server int) record.Snapshot {
	s := r.servers[server]
	snap := record.Snapshot{Server: server, Sent: r.now.Add(200 * time.Microsecond), Received: r.now.Add(700 * time.Microsecond)}
	if s.trouble != "" {
		snap.Error = s.trouble
		return snap
	}
	for name, value := range s.config {
		if s.seen[name] != value {
			if snap.Config == nil {
				snap.Config = map[string]string{}
			}
			snap.Config[name], s.seen[name] = value, value
		}
	}
	if s.restarted {
		snap.RunID, s.restarted = s.RunID, false
	}
	snap.Counters = s.count()
	return snap
}

// boundary records an instant with its snapshots.
func (r *rec) boundary(b record.Boundary) {
	switch b.Verb {
	case record.VerbBegin, record.VerbEnd, record.VerbPause, record.VerbContinue, record.VerbSuiteBegin, record.VerbSuiteEnd:
		b.Passed = r.passes != nil && r.passes()
	}
	if !r.apart && !b.Passed {
		b.Snapshots = r.snaps()
	}
	r.add(record.Entry{Boundary: &b})
}

func (r *rec) event(action, pkg, test, output string) {
	r.eventAt(r.now.Add(time.Millisecond), action, pkg, test, output)
}

func (r *rec) eventAt(at time.Time, action, pkg, test, output string) {
	r.add(record.Entry{Test: &record.Test{Time: at, Action: action, Package: pkg, Test: test, Output: output}})
}

// sync is the snapshot before a process does what nobody traces.
func (p *proc) sync() { p.r.boundary(record.Boundary{Verb: record.VerbSync, Process: p.index}) }

// glance now, as after an event of a package that is not held.
func (r *rec) glance() { r.boundary(record.Boundary{Verb: record.VerbEvent}) }

// pkg starts a package whose test binary shakes hands.
func (r *rec) pkg(path string) *proc {
	r.start(path)
	return r.hello(path)
}

func (r *rec) start(path string) { r.event("start", path, "", "") }

func (r *rec) hello(path string) *proc {
	p := r.process(path, nil)
	r.boundary(record.Boundary{Verb: record.VerbHello, Process: p.index})
	return p
}

func (r *rec) process(path string, host *record.Host) *proc {
	r.procs++
	r.add(record.Entry{Process: &record.Process{Index: r.procs, PID: 4000 + r.procs, PPID: 3999, Package: path, Host: host}})
	return &proc{r: r, index: r.procs, path: path}
}

// nested is a process that these tests started. It is not held.
func (p *proc) nested(hosts ...*test) *proc {
	host := &record.Host{Process: p.index}
	for _, t := range hosts {
		host.Owners = append(host.Owners, t.id)
	}
	return p.r.process(p.path, host)
}

func (p *proc) begin(name string) *test { return p.start(record.KindTest, name, nil) }

func (p *proc) start(kind record.Kind, name string, parent *test) *test {
	r := p.r
	r.owners++
	t := &test{p: p, id: r.owners, name: name, kind: kind}
	owner := &record.Owner{ID: t.id, Kind: kind, Name: name}
	if parent != nil {
		owner.Parent = parent.id
	}
	t.owner, t.parent = owner, parent
	b := record.Boundary{Verb: record.VerbBegin, Process: p.index, Owner: t.id, Begin: owner, Coalesced: p.follows}
	if p.follows {
		r.add(record.Entry{Boundary: &b})
	} else {
		r.boundary(b)
	}
	p.open = append(p.open, t)
	if !p.hidden {
		r.event("run", p.path, name, "")
	}
	return t
}

// run is a test of which nothing is to be told but how it ended.
func (p *proc) run(name, status string) { p.begin(name).end(status) }

func (t *test) begin(name string) *test {
	return t.p.start(t.kind, t.name+"/"+name, t)
}

func (t *test) pause() {
	t.p.r.boundary(record.Boundary{Verb: record.VerbPause, Process: t.p.index, Owner: t.id})
	t.p.r.event("pause", t.p.path, t.name, "")
}

func (t *test) cont() {
	t.p.r.boundary(record.Boundary{Verb: record.VerbContinue, Process: t.p.index, Owner: t.id})
	t.p.r.event("cont", t.p.path, t.name, "")
}

// end ends a test with a status of the barrier, and with what it printed.
func (t *test) end(status string, output ...string) {
	t.held(status)
	action := status
	if status == "panic" || status == "fail-below" {
		action = "fail"
	}
	text := ""
	if action == "fail" {
		text = fmt.Sprintf("=== RUN   %s\n", t.name)
		for _, line := range output {
			text += "    a_test.go:10: " + line + "\n"
		}
		text += fmt.Sprintf("--- FAIL: %s (0.00s)\n", t.name)
	}
	if !t.p.hidden {
		t.p.r.event(action, t.p.path, t.name, text)
	}
}

// held is the boundary of an end whose event does not come, or comes later.
func (t *test) held(status string) {
	t.p.r.boundary(record.Boundary{Verb: record.VerbEnd, Process: t.p.index, Owner: t.id, End: &record.Outcome{Status: status}})
	t.p.forget(t)
}

func (p *proc) forget(t *test) {
	for i, o := range p.open {
		if o == t {
			p.open = append(p.open[:i:i], p.open[i+1:]...)
		}
	}
}

// Ginkgo.

func (t *test) suiteBegin() {
	t.p.r.boundary(record.Boundary{Verb: record.VerbSuiteBegin, Process: t.p.index, Owner: t.id})
}

func (t *test) suiteEnd(nodes ...record.Node) {
	t.p.closeOrdered("", record.VerbSuiteEnd)
	t.p.r.boundary(record.Boundary{Verb: record.VerbSuiteEnd, Process: t.p.index, Owner: t.id, Nodes: nodes})
}

func node(kind, status string) record.Node {
	n := record.Node{Type: kind, Location: "/src/shop/suite_test.go:20", Outcome: record.Outcome{Status: status}}
	if status == "fail" {
		n.Outcome.Message = "the server does not answer"
	}
	return n
}

func (t *test) spec(name string) *test { return t.orderedSpec("", name) }

func (t *test) orderedSpec(container, name string) *test {
	p := t.p
	p.closeOrdered(container, record.VerbBegin)
	p.r.owners++
	s := &test{p: p, id: p.r.owners, name: name, kind: record.KindSpec}
	owner := &record.Owner{ID: s.id, Parent: t.id, Kind: record.KindSpec, Name: name, Location: "/src/shop/suite_test.go:40", Container: container}
	s.owner, s.parent = owner, t
	p.r.boundary(record.Boundary{Verb: record.VerbBegin, Process: p.index, Owner: s.id, Begin: owner})
	return s
}

// linger ends a spec that timed out and whose code still runs.
func (t *test) linger() {
	t.p.r.boundary(record.Boundary{Verb: record.VerbEnd, Process: t.p.index, Owner: t.id,
		End: &record.Outcome{Status: "fail", Message: "A spec timeout occurred", Lingers: true}})
}

func (p *proc) closeOrdered(next string, before record.Verb) {
	if last := p.ordered; last != "" && last != next {
		p.r.boundary(record.Boundary{Verb: record.VerbClose, Process: p.index, Container: last, Before: before})
	}
	p.ordered = next
}

func (t *test) endSpec(status, message string) {
	t.p.r.boundary(record.Boundary{Verb: record.VerbEnd, Process: t.p.index, Owner: t.id,
		End: &record.Outcome{Status: status, Message: message}})
}

// Ends of a test binary.

func (p *proc) exit() {
	p.closeOrdered("", record.VerbExit)
	p.r.boundary(record.Boundary{Verb: record.VerbExit, Process: p.index})
}

// gone after an exit: the snapshot was taken when it was held.
func (p *proc) gone() {
	p.r.add(record.Entry{Boundary: &record.Boundary{Verb: record.VerbGone, Process: p.index}})
}

// kill is an end that was not held.
func (p *proc) kill() {
	p.closeOrdered("", record.VerbGone)
	p.r.boundary(record.Boundary{Verb: record.VerbGone, Process: p.index})
}

// quit says that the process goes on without being held.
func (p *proc) quit() {
	p.r.notice("not-waiting", p.path)
	p.r.boundary(record.Boundary{Verb: record.VerbQuit, Process: p.index})
}

// done ends a package in the usual way.
func (p *proc) done(action string, output ...string) {
	p.exit()
	p.gone()
	p.ended(action, output...)
}

func (p *proc) ended(action string, output ...string) {
	text := ""
	for _, line := range output {
		text += line + "\n"
	}
	p.r.event(action, p.path, "", text)
}

// Packages that are not held.

func (r *rec) unsynchronized(path string) *unsynchronized {
	u := &unsynchronized{r: r, path: path}
	u.event("start", "", "")
	return u
}

func (u *unsynchronized) event(action, test, output string) {
	u.r.event(action, u.path, test, output)
	if !u.r.quiet {
		u.r.glance()
	}
}

func (u *unsynchronized) run(test string)          { u.event("run", test, "") }
func (u *unsynchronized) end(test, action string)  { u.event(action, test, "") }
func (u *unsynchronized) fail(test, output string) { u.event("fail", test, output) }
func (u *unsynchronized) done(action string)       { u.event(action, "", "") }

// restore is a write of tracetest's own; the values are those it wrote.
func (r *rec) restore(when string, after *test, values map[string]string) {
	s := r.servers[0]
	maps.Copy(s.config, values)
	e := &record.Restore{Server: 0, When: when, Values: values, Command: "redis-cli -h localhost -p 6379 CONFIG SET ..."}
	if after != nil {
		e.Owner = after.id
	}
	snap := r.snap(0)
	e.Snapshot = &snap
	r.add(record.Entry{Restore: e})
}

func (r *rec) notice(code, pkg string) {
	r.add(record.Entry{Notice: &record.Notice{Code: code, Package: pkg, Text: "A sentence."}})
}

// finished is the last snapshot, when the go command has ended.
func (r *rec) finished() {
	if !r.finish {
		r.finish = true
		r.boundary(record.Boundary{Verb: record.VerbFinish})
	}
}

func (r *rec) end(goExit int) {
	r.finished()
	r.add(record.Entry{End: &record.End{GoExit: goExit, Complete: true}})
}

func (r *rec) interrupted(goExit int, reason string) {
	r.finished()
	r.add(record.Entry{End: &record.End{GoExit: goExit, Reason: reason}})
}
