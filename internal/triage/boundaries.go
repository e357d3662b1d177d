package triage

import (
	"errors"

	"tracetest/internal/findings"
	"tracetest/internal/record"
)

// How a boundary, and what the go command says, goes through the parts of an analysis:
// who was open until now first, then what the servers were, then what follows of it.

func (a *Analysis) process(e record.Entry) {
	p := *e.Process
	a.window.process(p)
	a.apply(e)
	if p.Host == nil && p.Package != "" {
		a.outcomes.greeted(p.Package, e.Seq)
		a.outcomes.of(p.Package).otherShard = p.OtherShard
		a.ledger.adopt(p, e.Seq)
	}
}

// apply takes an entry into who is open. Whoever was open before it, and is
// not sampled, may act until the next snapshot.
func (a *Analysis) apply(e record.Entry) {
	a.window.widen()
	a.window.open.Apply(e)
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
		a.window.follow(b.Process)
	} else {
		a.window.widen()
	}
	if b.Passed && b.Verb != record.VerbSkip {
		a.window.pass(e)
	}
	for _, snap := range b.Snapshots {
		if s := a.ledger.at(snap.Server); s != nil {
			a.snapshot(s, snap, e, nil)
		}
	}
	if b.Verb != record.VerbQuit {
		a.window.open.Apply(e)
	}
	a.window.waited(b.Process, e.At.Add(-b.Waited), e.At)
	a.outcomes.seen(b)
	a.happened(e)
}

// happened takes in what a boundary is of, behind its snapshots.
func (a *Analysis) happened(e record.Entry) {
	b := e.Boundary
	p := a.window.processes[b.Process]
	switch b.Verb {
	case record.VerbBegin:
		a.begin(e)
	case record.VerbSkip:
		o := a.window.skip(e)
		a.outcomes.began(o)
		a.outcomes.ended(o, *b.End, e)
	case record.VerbSync:
		if len(b.Snapshots) > 0 {
			a.ledger.counted(b.Process)
		}
	case record.VerbPause, record.VerbContinue:
		if o := a.window.actors[b.Owner]; o != nil {
			o.paused = b.Verb == record.VerbPause
		}
	case record.VerbEnd:
		a.end(e)
	case record.VerbSuiteBegin:
		if p != nil {
			p.suite, p.suiteTest = true, b.Owner
		}
	case record.VerbSuiteEnd:
		if p != nil {
			p.nodes, p.suiteTest = b.Nodes, b.Owner
			a.outcomes.suiteEnd(p, e)
		}
	case record.VerbExit, record.VerbGone:
		a.processEnd(b.Process, e)
	case record.VerbFinish:
		for _, snap := range b.Snapshots {
			if s := a.ledger.at(snap.Server); s != nil {
				s.atEnd = snap.Error == ""
			}
		}
		a.ledger.finish()
	}
}

func (a *Analysis) begin(e record.Entry) {
	o := a.window.begin(e)
	a.outcomes.began(o)
	if s := a.window.openUnit(o.unit, e); s != nil {
		a.ledger.opened(s)
	}
}

func (a *Analysis) end(e record.Entry) {
	b := e.Boundary
	o := a.window.actors[b.Owner]
	if o == nil || b.End == nil {
		return
	}
	o.status = b.End.Status
	if p := a.window.processes[o.process]; p != nil {
		p.remember(o)
	}
	o.keep = o.keep || b.End.Lingers
	a.outcomes.ignoreOOM(o)
	a.outcomes.ended(o, *b.End, e)
	if o.unit == (unit{actor: o.ID}) {
		a.closeUnit(o.unit, e)
	}
	a.window.forget(o)
}

// closeUnit judges the changes of a unit that ended.
func (a *Analysis) closeUnit(u unit, e record.Entry) {
	if s := a.window.closeUnit(u, e.Seq); s != nil {
		a.ledger.grow(s)
		a.ledger.settle()
	}
}

// processEnd closes what a test binary had open when it ended.
func (a *Analysis) processEnd(process int, e record.Entry) {
	p := a.window.processes[process]
	if p == nil || !p.quit { // else how its tests ended is in the events
		a.died(process, e)
	}
	for _, s := range a.window.units {
		if s.end == 0 && s.by.Process == process {
			s.end = e.Seq
			a.ledger.closed(s)
		}
	}
	if p != nil {
		p.ended = nil
	}
	a.closeUnit(unit{process: process}, e)
	a.ledger.settle()
}

// died files the tests that a test binary had open when it ended.
func (a *Analysis) died(process int, e record.Entry) {
	open := a.window.openIn(process)
	if o := a.outcomes.wentOn(open); o != nil {
		a.notices = append(a.notices, findings.Notice{Code: findings.NoticeNotWaiting, Package: o.pkg, Test: o.Name})
	}
	a.outcomes.diedWith(open, e)
}

// quit takes in that a process is no longer synchronized. Who is open in it is not
// known from here on: all its tests whose time can overlap a change are.
func (a *Analysis) quit(e record.Entry) {
	a.window.open.Apply(e)
	if p := a.window.processes[e.Boundary.Process]; p != nil {
		a.window.quit(p)
		a.outcomes.of(p.Package).quit = true
	}
}

// test takes in what the go command says of a test or a package.
func (a *Analysis) test(e record.Entry) {
	t := e.Test
	a.outcomes.event(t, e.Seq)
	if t.Test != "" {
		return
	}
	a.apply(e)
	switch t.Action {
	case "start":
		a.ledger.started(t, a.outcomes.of(t.Package).hello)
	case "pass", "fail", "skip":
		a.closeUnit(unit{pkg: t.Package}, e)
		for _, p := range a.window.processes {
			if p.quit && p.Package == t.Package {
				a.processEnd(p.Index, e)
			}
		}
	}
}
