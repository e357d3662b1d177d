package triage

import (
	"cmp"
	"slices"
	"time"

	"tracetest/internal/findings"
	"tracetest/internal/record"
)

// unit is what must leave the server as it found it. One of the fields says
// which: a top-level test, example, benchmark or spec; an Ordered container of
// a process; a process as its package; a package that is not synchronized.
type unit struct {
	owner     int64
	container string
	process   int
	pkg       string
}

// unitState is a unit that began.
type unitState struct {
	unit     unit
	begin    int64                    // sequence number of the entry with which it began
	end      int64                    // zero while it is open
	alone    bool                     // nobody else could do anything since, and the server was seen
	keys     map[int]map[string]int64 // by server and database
	memory   map[int]int64
	ownerRef record.Ref
	passed   bool // the server was not sampled when it began, nor since it did something that counts
}

// owner is a test, subtest or spec that began.
type owner struct {
	record.Owner
	pkg      string
	process  int
	test     string // of a spec: the test function that it ran in
	unit     unit
	begin    int64 // sequence number of its begin
	began    time.Time
	status   string // of its end; empty while it is open
	keep     bool   // a change refers to it
	inner    bool   // others began within it
	paused   bool   // it waits for its turn to run in parallel
	node     bool   // a Ginkgo suite node, and no spec
	host     int64  // of a node: the test function that ran the suite
	met      map[*server]pressure
	firstOOM *findings.Call // where the first OOM error came back
	traced   bool           // its synchronized end came
	reported string         // how it ended by an event that came before its synchronized end, else empty
	filed    *outcome       // then, if it failed
	asked    []string       // what it asked for that shows tracetest too
}

// unitOf returns the unit that an owner belongs to.
func (a *Analysis) unitOf(ref record.Ref) unit {
	if o := a.owners[ref.Owner]; o != nil {
		return o.unit
	}
	if ref.Process != 0 {
		return unit{process: ref.Process}
	}
	return unit{pkg: ref.Package}
}

func (o *owner) ref() record.Ref { return record.Ref{Package: o.pkg, Process: o.process, Owner: o.ID} }

func (a *Analysis) begin(e record.Entry, p *process) {
	b := e.Boundary
	o := &owner{Owner: *b.Begin, process: b.Process, begin: e.Seq, began: e.At}
	if p != nil {
		o.pkg = p.Package
	}
	parent := a.owners[o.Parent]
	if parent != nil {
		parent.inner = true
	}
	switch {
	case o.Kind == record.KindSpec:
		if p != nil {
			p.specs++
			p.specHost = o.Parent
		}
		o.unit = unit{owner: o.ID}
		if o.Container != "" {
			o.unit = unit{process: o.process, container: o.Container}
		}
		if parent != nil {
			o.test = parent.Name
			a.outcomes.hosts(o.pkg, parent.Name)
		}
	case parent != nil:
		o.unit = parent.unit
	default:
		o.unit = unit{owner: o.ID}
	}
	a.owners[o.ID] = o
	if o.Kind != record.KindSpec {
		a.outcomes.began(o)
	}
	a.openUnit(o.unit, e)
}

// skip files a spec of which no node ran: it was never open.
func (a *Analysis) skip(e record.Entry, p *process) {
	o := &owner{Owner: *e.Boundary.Begin, process: e.Boundary.Process, begin: e.Seq, began: e.At}
	if p != nil {
		o.pkg = p.Package
	}
	if parent := a.owners[o.Parent]; parent != nil {
		o.test, parent.inner = parent.Name, true
		a.outcomes.hosts(o.pkg, parent.Name)
	}
	a.outcomes.spec(o, *e.Boundary.End, e)
}

func (a *Analysis) openUnit(u unit, e record.Entry) {
	if s := a.units[u]; s != nil && s.end == 0 {
		return
	}
	s := &unitState{begin: e.Seq, alone: true, keys: map[int]map[string]int64{}, memory: map[int]int64{}}
	a.openUnits = append(a.openUnits, s)
	for i, server := range a.servers {
		s.alone = s.alone && server.gap == 0 && server.counters != nil
		if server.counters != nil {
			s.keys[i], s.memory[i] = server.counters.Keys, server.counters.UsedMemory
		}
	}
	if e.Boundary != nil {
		s.passed = e.Boundary.Passed
		s.ownerRef = record.Ref{Process: e.Boundary.Process, Owner: e.Boundary.Owner}
		if p := a.processes[e.Boundary.Process]; p != nil {
			s.ownerRef.Package = p.Package
		}
	}
	s.unit = u
	a.units[u] = s
}

// counted takes in a snapshot that was taken before a process did anything that counts
// since the boundaries that it passed.
func (a *Analysis) counted(process int) {
	for _, s := range a.openUnits {
		if !s.passed || s.ownerRef.Process != process {
			continue
		}
		s.passed = false
		for i, server := range a.servers {
			if server.counters != nil && server.gap == 0 {
				s.keys[i], s.memory[i] = server.counters.Keys, server.counters.UsedMemory
			}
		}
	}
}

// disturb notes that units cannot say any more what they themselves left in
// the server: all that are open but one. A unit that waits, or that has units
// within it, is disturbed by them.
func (a *Analysis) disturb(except unit) {
	a.openUnits = slices.DeleteFunc(a.openUnits, func(s *unitState) bool {
		s.alone = s.alone && s.unit == except
		return s.end != 0 || !s.alone
	})
}

func (a *Analysis) endOwner(e record.Entry) {
	b := e.Boundary
	o := a.owners[b.Owner]
	if o == nil || b.End == nil {
		return
	}
	o.status = b.End.Status
	if p := a.processes[o.process]; p != nil {
		p.remember(o)
	}
	o.keep = o.keep || b.End.Lingers
	a.ignoreOOM(o, o.status)
	if o.Kind == record.KindSpec {
		a.outcomes.spec(o, *b.End, e)
	} else {
		a.outcomes.held(o, e)
	}
	if o.unit == (unit{owner: o.ID}) {
		a.closeUnit(o.unit, e)
	}
	a.forget(o)
}

// forget drops an owner that nothing can refer to any more, so that a long run
// is held in the memory of what went wrong in it.
func (a *Analysis) forget(o *owner) {
	if o.keep || o.status == "fail" || o.status == "panic" || o.status == "died" {
		return
	}
	for _, s := range a.servers {
		for ref := range s.window {
			if ref.Owner == o.ID {
				return
			}
		}
	}
	delete(a.owners, o.ID)
	delete(a.units, unit{owner: o.ID})
}

func (a *Analysis) suiteEnd(e record.Entry, p *process) {
	test := a.owners[p.suiteTest]
	if test == nil {
		return
	}
	for _, n := range a.suiteNodes(p) {
		if failed(n) {
			node := &owner{Owner: record.Owner{Kind: record.KindSpec, Name: "[" + n.Type + "]", Location: n.Location}, pkg: test.pkg,
				process: p.Index, test: test.Name, begin: test.begin, met: test.met, node: true, host: test.ID}
			a.outcomes.spec(node, n.Outcome, e)
		}
	}
}

// processEnd closes what a test binary had open when it ended.
func (a *Analysis) processEnd(process int, e record.Entry) {
	if p := a.processes[process]; p == nil || !p.quit { // else how its tests ended is in the events
		a.died(process, e)
	}
	for _, s := range a.units {
		if s.end == 0 && s.ownerRef.Process == process {
			s.end = e.Seq
		}
	}
	if p := a.processes[process]; p != nil {
		p.ended = nil
	}
	a.closeUnit(unit{process: process}, e)
	a.settle()
}

// died files the tests that a test binary had open when it ended.
func (a *Analysis) died(process int, e record.Entry) {
	var open []*owner
	for _, o := range a.owners {
		if o.process == process && o.status == "" {
			open = append(open, o)
		}
	}
	slices.SortFunc(open, func(x, y *owner) int { return cmp.Compare(x.ID, y.ID) })
	if i := slices.IndexFunc(open, func(o *owner) bool { return o.reported != "" }); i >= 0 && a.outcomes.of(open[i].pkg).runsUnsynchronized() {
		// It went on without its line to the barrier. What ran then is in the events.
		a.outcomes.of(open[i].pkg).quit = true
		a.notices = append(a.notices, findings.Notice{Code: "not-waiting", Package: open[i].pkg, Text: "The test binary did not report the end of " + open[i].Name +
			", which go test did. From there on its tests were not synchronized, and changes are ambiguous: only suspects are known."})
	}
	outer := map[int64]bool{}
	for _, o := range open {
		o.status = "died"
		for up := a.owners[o.Parent]; up != nil && !o.paused; up = a.owners[up.Parent] {
			outer[up.ID] = true
		}
	}
	for _, o := range open {
		a.outcomes.died(o, !outer[o.ID] && !o.paused, e)
	}
}

// closeUnit judges the changes of a unit that ended.
func (a *Analysis) closeUnit(u unit, e record.Entry) {
	s := a.units[u]
	if s == nil || s.end != 0 {
		return
	}
	s.end = e.Seq
	a.grow(u, s)
	s.keys, s.memory = nil, nil
	a.settle()
}

// grow notes what a unit left behind, where nobody else was open while it ran.
func (a *Analysis) grow(u unit, s *unitState) {
	if !s.alone || s.passed || u.owner == 0 {
		return
	}
	for i, server := range a.servers {
		if server.counters == nil {
			continue
		}
		if _, known := s.keys[i]; !known {
			continue // it is watched since later
		}
		g := findings.Growth{Server: server.Address, Keys: total(server.counters.Keys) - total(s.keys[i]), Bytes: server.counters.UsedMemory - s.memory[i]}
		if g.Keys <= 0 {
			continue
		}
		g.By = a.name(s.ownerRef, "")
		g.Databases = map[string]int64{}
		for _, keys := range []map[string]int64{server.counters.Keys, s.keys[i]} {
			for db := range keys {
				if n := server.counters.Keys[db] - s.keys[i][db]; n != 0 {
					g.Databases[db] = n
				}
			}
		}
		a.growth = append(a.growth, g)
		slices.SortStableFunc(a.growth, func(x, y findings.Growth) int {
			return cmp.Or(cmp.Compare(y.Keys, x.Keys), cmp.Compare(y.Bytes, x.Bytes))
		})
		a.growth = a.growth[:min(len(a.growth), 10)]
	}
}

func total(keys map[string]int64) int64 {
	var n int64
	for _, k := range keys {
		n += k
	}
	return n
}
