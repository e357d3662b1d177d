// Package triage says what a record means. It is pure: a record in, findings
// out; no I/O, no clock, no Redis.
//
// The record is read once, in order, by an [Analysis]. It follows who is open
// ([record.Open]) and what each parameter was. A parameter that differs from
// one snapshot to the next was changed by somebody who was open in between:
//
//   - One owner was open: the change is *inferred*.
//   - Several were: it is *ambiguous*, and all of them are suspects.
//   - Nobody was: it is said, and nobody is accused.
//
// Changes of one parameter by one unit are gathered into an episode, which is
// judged when the unit ends: it leaked, or it was reverted.
//
// Where the trace saw who wrote that value the change is *exact*, whoever else
// was open; see writes.go and author.go.
//
// Limits: a change that nobody was seen writing, because there was no trace or
// because another program made it, is inferred to whoever was open. Where tests
// are not synchronized, all owners whose time can have overlapped the change are
// suspects; see suspects.go for why that holds.
package triage

import (
	"errors"
	"iter"
	"maps"
	"slices"
	"time"

	"tracetest/internal/findings"
	"tracetest/internal/record"
)

// Analysis reads a record. The zero value is not ready; see [New].
type Analysis struct {
	run     record.Run
	began   time.Time
	ended   time.Time
	end     *record.End
	open    *record.Open
	servers []*server

	owners         map[int64]*owner
	processes      map[int]*process
	units          map[unit]*unitState
	openUnits      []*unitState // those that nobody has disturbed
	changes        []*mutation  // in order
	episodes       []*episode   // open ones
	leaks          []*episode   // closed, in the order in which they ended
	reverted       []*episode
	excursions     map[excursion]*episode // those that are reverted
	unsynchronized []*mutation            // changes seen while tests ran that were not synchronized
	outside        []*mutation            // changes while nobody was open
	noted          []*notedWrite          // writes, the same ones together
	notes          map[string]*notedWrite
	unanswered     map[key]*notedWrite
	pending        map[key]*write // those without a reply, whose effect a snapshot can show
	settings       []*setting     // what units were traced setting, in order
	logged         map[settingKey]*setting
	endpoints      []findings.Endpoint
	resets         map[key]*server // CONFIG RESETSTAT without a reply
	refusedAt      map[key]*refusal
	refused        []*refusal
	clients        []otherClients
	delayed        *record.Entry // the last entry, while the entries behind it may explain what it shows
	trials         []record.Trial
	code           []record.Code
	marks          *record.Baseline         // that leaks are marked by, if not that of the run
	sampled        int64                    // sequence number of the last entry with a snapshot
	passing        map[record.Ref]time.Time // who was open when their process passed a boundary, and when that was taken in
	ghosts         int64                    // number of the last owner of which only its name is known, counted down

	outcomes  outcomes
	growth    []findings.Growth
	gaps      []findings.Gap
	restarts  []findings.Restart
	failovers []findings.Failover
	memory    []findings.Memory
	ignored   []findings.IgnoredOOM
	restored  []findings.Restore
	notices   []findings.Notice
	last      int64 // sequence number of the entry before
	damaged   bool  // entries are missing
	lost      error // why not all of the record could be written
	over      bool  // the whole record was read
}

// process is a test binary.
type process struct {
	record.Process
	suite     bool // Ginkgo said that it is about to run BeforeSuite
	specs     int  // specs that began
	nodes     []record.Node
	suiteTest int64
	specHost  int64    // the test that the last spec ran in
	ended     []*owner // who has ended last
	dropped   int      // how many more there were
	quit      bool     // it goes on without being synchronized
	asked     []string
	waited    time.Duration // for tracetest, at least
	until     time.Time     // up to when that is counted
}

// New returns an Analysis that has read nothing.
func New() *Analysis {
	return &Analysis{
		open: record.NewOpen(), owners: map[int64]*owner{}, processes: map[int]*process{},
		units: map[unit]*unitState{}, outcomes: newOutcomes(), pending: map[key]*write{},
		notes: map[string]*notedWrite{}, logged: map[settingKey]*setting{}, unanswered: map[key]*notedWrite{}, refusedAt: map[key]*refusal{},
		resets: map[key]*server{}, passing: map[record.Ref]time.Time{}, excursions: map[excursion]*episode{},
	}
}

// Add takes in the next entry and returns the leaks that are certain from now
// on. Their place in Findings may still change.
func (a *Analysis) Add(e record.Entry) []findings.Change {
	if a.began.IsZero() {
		a.began = e.At
	}
	if e.Trial == nil && a.end == nil { // trials are no part of the run
		a.ended = e.At
	}
	if e.Seq != a.last+1 && !a.damaged {
		a.damaged = true
		a.notices = append(a.notices, findings.Notice{Code: findings.NoticeDamaged, Entry: e.Seq})
	}
	a.last = e.Seq
	before := len(a.leaks)
	switch {
	case a.delayed != nil && e.Clients != nil:
		a.clients = append(a.clients, otherClients{e.Clients, a.delayed.Seq})
	case a.waits(e):
		a.delayed = &e
	default:
		a.take(e)
	}
	var leaks []findings.Change
	for _, l := range a.leaks[before:] {
		c := a.change(l)
		c.Known = a.known(a.marking(), &c)
		leaks = append(leaks, c)
	}
	return leaks
}

// waits takes in the entry that was delayed, and reports whether this one has to
// wait.
func (a *Analysis) waits(e record.Entry) bool {
	a.release()
	return a.unexplained(e)
}

// release takes in the entry that was delayed.
func (a *Analysis) release() {
	if e := a.delayed; e != nil {
		a.delayed = nil
		a.take(*e)
	}
}

// take takes in an entry.
func (a *Analysis) take(e record.Entry) {
	switch {
	case e.Run != nil:
		a.run = *e.Run
	case e.Server != nil:
		a.server(*e.Server)
	case e.Process != nil:
		a.process(e)
	case e.Boundary != nil:
		a.boundary(e)
	case e.Contact != nil:
		a.contact(e)
	case e.Write != nil:
		a.write(e)
	case e.Reply != nil:
		a.reply(e)
	case e.Refused != nil:
		a.refuse(e)
	case e.Asked != nil:
		a.asked(e.Asked)
	case e.Clients != nil:
		a.clients = append(a.clients, otherClients{e.Clients, a.sampled})
	case e.Test != nil:
		a.test(e)
	case e.Restore != nil:
		a.restore(e)
	case e.Notice != nil:
		a.notices = append(a.notices, findings.Notice{Code: e.Notice.Code, Text: e.Notice.Text, Package: e.Notice.Package})
	case e.End != nil:
		a.end = e.End
	case e.Code != nil:
		a.code = append(a.code, *e.Code)
	case e.Trial != nil:
		a.trials = append(a.trials, *e.Trial)
	}
}

// Tests counts the tests that have ended.
func (a *Analysis) Tests() findings.Tests { return a.outcomes.tests }

// Read takes in a record as [record.Read] yields it, and returns how many lines
// of it there were. Lines that cannot be read are noted; another error ends it.
func (a *Analysis) Read(entries iter.Seq2[record.Entry, error]) (lines int, err error) {
	for entry, err := range entries {
		var bad *record.SyntaxError
		switch {
		case errors.As(err, &bad):
			a.Damaged(bad.Line, bad.Err)
		case err != nil:
			return lines, err
		default:
			a.Add(entry)
		}
		lines++
	}
	return lines, nil
}

// Damaged takes in a line of the record that could not be read.
func (a *Analysis) Damaged(line int, err error) {
	a.damaged = true
	a.notices = append(a.notices, findings.Notice{Code: findings.NoticeDamaged, Line: line, Error: err.Error()})
}

// Unwritten takes in that not all of the record could be written: whoever reads
// it will find less than this analysis did.
func (a *Analysis) Unwritten(err error) {
	a.lost = err
}

func (a *Analysis) process(e record.Entry) {
	p := *e.Process
	if known := a.processes[p.Index]; known != nil {
		known.Process = p
	} else {
		a.processes[p.Index] = &process{Process: p}
	}
	if p.Host != nil {
		for _, host := range p.Host.Owners { // they may end before it does
			a.keep(record.Ref{Owner: host})
		}
	}
	a.apply(e)
	if p.Host == nil && p.Package != "" {
		a.outcomes.greeted(p.Package, e.Seq)
		a.adopt(p, e)
	}
}

// adopt opens the package of a process that shook hands, as of what was seen
// since the go command started it.
func (a *Analysis) adopt(p record.Process, e record.Entry) {
	waiting := record.Ref{Package: p.Package}
	now := record.Ref{Package: p.Package, Process: p.Index}
	begin := e.Seq - 1
	var adopted []*mutation
	a.unsynchronized = slices.DeleteFunc(a.unsynchronized, func(m *mutation) bool {
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
	if a.units[u] == nil {
		a.units[u] = &unitState{begin: begin, ownerRef: now}
	}
	for _, m := range adopted {
		a.assign(m)
	}
}

// apply takes an entry into who is open. Whoever was open before it, and is
// not sampled, may act until the next snapshot.
func (a *Analysis) apply(e record.Entry) {
	a.widen()
	a.open.Apply(e)
}

func (a *Analysis) boundary(e record.Entry) {
	b := e.Boundary
	if (b.Verb == record.VerbBegin || b.Verb == record.VerbSkip) && b.Begin == nil || b.Verb == record.VerbSkip && b.End == nil {
		a.Damaged(int(e.Seq), errors.New("a begin without its owner"))
		return
	}
	if b.Verb == record.VerbClose {
		a.closeUnit(unit{process: b.Process, container: b.Container}, e)
	}
	if b.Verb == record.VerbQuit {
		a.quit(e) // since its last boundary it was not synchronized
	}
	if b.Coalesced {
		a.follow(b)
	} else {
		a.widen()
	}
	if b.Passed && b.Verb != record.VerbSkip {
		a.pass(e)
	}
	for _, snap := range b.Snapshots {
		if snap.Server >= 0 && snap.Server < len(a.servers) {
			a.snapshot(a.servers[snap.Server], snap, e, nil)
		}
	}
	if b.Verb != record.VerbQuit {
		a.open.Apply(e)
	}
	a.waited(b.Process, e.At.Add(-b.Waited), e.At)
	a.outcomes.seen(b)
	p := a.processes[b.Process]
	switch b.Verb {
	case record.VerbBegin:
		a.begin(e, p)
	case record.VerbSkip:
		a.skip(e, p)
	case record.VerbSync:
		if len(b.Snapshots) > 0 {
			a.counted(b.Process)
		}
	case record.VerbPause, record.VerbContinue:
		if o := a.owners[b.Owner]; o != nil {
			o.paused = b.Verb == record.VerbPause
		}
	case record.VerbEnd:
		a.endOwner(e)
	case record.VerbSuiteBegin:
		if p != nil {
			p.suite, p.suiteTest = true, b.Owner
		}
	case record.VerbSuiteEnd:
		if p != nil {
			p.nodes, p.suiteTest = b.Nodes, b.Owner
			a.suiteEnd(e, p)
		}
	case record.VerbExit, record.VerbGone:
		a.processEnd(b.Process, e)
	case record.VerbFinish:
		for _, snap := range b.Snapshots {
			if snap.Server >= 0 && snap.Server < len(a.servers) {
				a.servers[snap.Server].atEnd = snap.Error == ""
			}
		}
		a.finish()
	}
}

// follow takes in that a test began at the instant at which the one before
// ended, whose snapshots count: the package did nothing in between.
func (a *Analysis) follow(b *record.Boundary) {
	p := a.processes[b.Process]
	if p == nil {
		return
	}
	for _, s := range a.servers {
		delete(s.window, record.Ref{Package: p.Package, Process: p.Index})
	}
}

// quit takes in that a process is no longer synchronized. Who is open in it is not
// known from here on: all its tests whose time can overlap a change are.
func (a *Analysis) quit(e record.Entry) {
	a.open.Apply(e)
	p := a.processes[e.Boundary.Process]
	if p == nil {
		return
	}
	p.quit = true
	a.outcomes.of(p.Package).quit = true
	for _, s := range a.servers {
		maps.DeleteFunc(s.window, func(r record.Ref, _ bool) bool { return r.Process == p.Index })
		s.window[record.Ref{Package: p.Package}] = true // also where it has ended by now
	}
}

func (a *Analysis) test(e record.Entry) {
	t := e.Test
	a.outcomes.event(t, e.Seq)
	if t.Test != "" {
		return
	}
	a.apply(e)
	switch t.Action {
	case "start":
		a.startOverlaps(t)
	case "pass", "fail", "skip":
		a.closeUnit(unit{pkg: t.Package}, e)
		for _, p := range a.processes {
			if p.quit && p.Package == t.Package {
				a.processEnd(p.Index, e)
			}
		}
	}
}

// startOverlaps adds a package to the suspects of changes that were seen after
// the go command started it, though the event that says so came later. One that
// had shaken hands by then was among them where it could be.
func (a *Analysis) startOverlaps(t *record.Test) {
	ref := record.Ref{Package: t.Package}
	hello := a.outcomes.of(t.Package).hello
	for i := len(a.changes) - 1; i >= 0 && a.changes[i].received.After(t.Time); i-- {
		m := a.changes[i]
		if m.tool || m.restart || m.write != nil || hello != 0 && hello < m.seq {
			continue
		}
		m.refs = append(m.refs[:len(m.refs):len(m.refs)], ref)
		if at := slices.Index(a.outside, m); at >= 0 {
			a.outside = slices.Delete(a.outside, at, at+1)
			a.assign(m)
		}
	}
}
