package triage

import (
	"maps"
	"slices"
	"time"

	"tracetest/internal/findings"
	"tracetest/internal/record"
)

// outcomes follows how the tests went, by test events and by what the synchronized
// actors reported themselves.
type outcomes struct {
	window    *window
	packages  map[string]*pkg
	order     []string
	failed    []*outcome // in the order in which they were reported
	timed     []*pkg     // that have intervals which may still be dropped
	tests     findings.Tests
	cases     findings.Cases
	kept      int // bytes of the output of failed tests
	ignored   []findings.IgnoredOOM
	refused   []*refusal
	refusedAt map[key]*refusal
	// again are those that failed and may pass in a later run of their package, as where
	// gotestsum runs failed tests again; true where they did.
	again map[record.Name]bool
}

// pkg is a package under test.
type pkg struct {
	findings.Package
	start, hello   int64 // sequence numbers of the start event and of the last hello
	running        map[string]*interval
	intervals      []*interval // when its tests ran
	pruneAt        int         // of how many intervals on it is worth while to drop some
	timed          bool        // it is in the list of those that have some
	quit           bool        // it was not synchronized to its end
	unbuilt        bool        // there never was a test binary
	failures       int
	hosting        map[string]bool       // tests that have specs within them
	panicked       map[string]bool       // tests that ended in a panic, and the parents of such
	ends           map[string][]*outcome // ends of synchronized tests that failed, not yet matched to an event
	spans          map[string]span       // when synchronized tests ran, those of which no event has reported the end
	announced      map[string]int        // how many ends of synchronized tests no event has reported yet, by name
	unannounced    []unreportedPass      // passes of synchronized tests whose end did not reach the barrier
	unended        bool                  // its process ended with status 0 before m.Run did
	missing        []string              // then: tests that never began
	begun          map[string][]*actor   // synchronized tests that began, of which no event has reported the begin
	otherShard     bool                  // other machines run all of its tests
	unsynchronized int                   // tests that ran, as events say, and never began at the barrier
}

// unreportedPass is the pass of a test that was synchronized and of which no end was reported. Where
// its process ended too early the go command takes the test for passed.
type unreportedPass struct {
	event *record.Test
	i     *interval
	seq   int64
}

// span is when a synchronized test ran.
type span struct{ begin, end time.Time }

// interval is when a test ran as far as events show: it began before run was
// read and ended before end was.
type interval struct {
	name     string
	run, end time.Time // end is zero while it runs
	seq      int64     // sequence number of the run event
	inner    bool      // it has subtests or specs
	paused   bool      // it waits for its turn to run in parallel
	status   string    // what the barrier received of its end, empty before
	actor    *actor    // as the barrier knows it; nil where its begin was never reported there
}

// outcome is a test or spec that failed.
type outcome struct {
	pkg, test, spec   string
	status            string
	message, location string
	output            said
	actor             *actor // nil where it was not synchronized
	own               bool   // it failed not only because a subtest did
	inner             bool   // it has subtests or specs, and is counted only where it is listed
	span              span   // then: when it ran
	begin, end        int64  // sequence numbers between which it ran
}

func newOutcomes(w *window) *outcomes {
	return &outcomes{window: w, packages: map[string]*pkg{}, again: map[record.Name]bool{}, refusedAt: map[key]*refusal{}}
}

// prune is how many intervals of a synchronized package that runs are kept at least
// before those are dropped that can overlap nothing that is still to be seen.
const prune = 1 << 8

// seen drops the intervals that no change can fall into any more, because a
// snapshot at a synchronized boundary was sent after they had ended.
func (o *outcomes) seen(b *record.Boundary) {
	if len(b.Snapshots) == 0 || b.Verb == record.VerbEvent || b.Verb == record.VerbQuit {
		return
	}
	first := b.Snapshots[0].Sent
	for _, l := range b.Snapshots {
		if l.Error != "" {
			return
		}
		if l.Sent.Before(first) {
			first = l.Sent
		}
	}
	o.timed = slices.DeleteFunc(o.timed, func(p *pkg) bool {
		ended := p.Outcome != ""
		if !p.synchronized() || !ended && len(p.intervals) < p.pruneAt {
			return false
		}
		more := false // to be dropped by a later snapshot
		p.intervals = slices.DeleteFunc(p.intervals, func(i *interval) bool {
			more = more || first.Before(i.end)
			return !i.end.IsZero() && !first.Before(i.end) && i.actor != nil
		})
		p.pruneAt = max(prune, 2*len(p.intervals)) // so that each is visited a few times only
		p.timed = !ended || more
		return !p.timed
	})
}

func (o *outcomes) of(path string) *pkg {
	p := o.packages[path]
	if p == nil {
		p = &pkg{Package: findings.Package{Path: path}, running: map[string]*interval{}, hosting: map[string]bool{}, panicked: map[string]bool{}, ends: map[string][]*outcome{}, spans: map[string]span{},
			announced: map[string]int{}, begun: map[string][]*actor{}}
		o.packages[path] = p
		o.order = append(o.order, path)
	}
	return p
}

// count takes in a test that ended and has no others within it.
func (o *outcomes) count(c findings.Case) {
	if _, failed := o.again[c.Name]; failed || c.Status == "fail" || c.Status == "panic" || c.Status == "died" {
		o.again[c.Name] = c.Status == "pass"
	}
	o.cases.Add(c)
	o.tests.Total++
	switch c.Status {
	case "pass":
		o.tests.Passed++
	case "skip", "pending":
		o.tests.Skipped++
	default:
		o.tests.Failed++
	}
}

// unfinished files the tests that began and of which no end was ever reported.
func (o *outcomes) unfinished(seq int64, now time.Time) {
	for _, path := range o.order {
		p := o.packages[path]
		if p.otherShard {
			continue
		}
		if len(p.running) > 0 && p.Outcome == "fail" || p.Outcome == "" {
			p.Outcome = "died"
		}
		o.endUnreported(p) // no event reported its end
		for _, name := range slices.Sorted(maps.Keys(p.running)) {
			o.cut(p, &record.Test{Package: path, Test: name}, seq, now)
		}
		if p.Outcome == "pass" {
			clear(p.ends) // only events are missing
		}
		for _, name := range slices.Sorted(maps.Keys(p.ends)) {
			o.failed = append(o.failed, p.ends[name]...)
			delete(p.ends, name)
		}
	}
}

// listed returns the failures that say something that no other does: a parent
// that failed only because a subtest or spec did is not listed beside it.
func (o *outcomes) listed() []*outcome {
	specs, below := map[[2]string]bool{}, map[[2]string]bool{}
	for _, f := range o.failed {
		if f.spec != "" {
			specs[[2]string{f.pkg, f.test}] = true
		}
		for up := record.Parent(f.test); up != ""; up = record.Parent(up) {
			below[[2]string{f.pkg, up}] = true
		}
	}
	var listed []*outcome
	for _, f := range o.failed {
		name := [2]string{f.pkg, f.test}
		if f.spec == "" && (specs[name] || below[name] && !f.own) {
			continue
		}
		if f.inner {
			o.count(findings.Case{Name: record.Name{Package: f.pkg, Test: f.test}, Kind: findings.KindOf(f.test), Status: f.status, Begin: f.span.begin, End: f.span.end})
		}
		listed = append(listed, f)
	}
	return listed
}

// ended makes a case of a test that ended, with the times of the barrier where it
// was synchronized, else with those of its events.
func (p *pkg) ended(test, status string, i *interval, now time.Time) findings.Case {
	c := findings.Case{Name: record.Name{Package: p.Path, Test: test}, Kind: findings.KindOf(test), Status: status, End: now}
	if i != nil {
		c.Begin = i.run
	}
	if s, known := p.spans[test]; known {
		c.Begin, c.End = s.begin, s.end
		delete(p.spans, test)
	} else if i != nil && i.actor != nil {
		c.Begin = i.actor.began
	}
	return c
}

// ended makes a case of a spec that ended.
func (w *actor) ended(status string, now time.Time) findings.Case {
	return findings.Case{Name: record.Name{Package: w.pkg, Test: w.test, Spec: w.Name}, Kind: record.KindSpec, Location: w.Location, Status: status, Begin: w.began, End: now}
}
