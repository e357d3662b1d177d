package triage

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"tracetest/internal/record"
)

// What the events of `go test -json` say of how tests went.

func (o *outcomes) event(t *record.Test, seq int64) {
	if t.Package == "" {
		return
	}
	p := o.of(t.Package)
	if t.Test == "" {
		o.packageEvent(p, t, seq)
		return
	}
	switch t.Action {
	case "run":
		o.ran(p, t, seq)
	case "pause", "cont":
		if i := p.running[t.Test]; i != nil {
			i.paused = t.Action == "pause"
		}
	case "cut":
		o.cut(p, t, seq, t.Time)
	case "pass", "fail", "skip":
		o.endEvent(p, t, seq)
	}
}

// ran takes in that a test runs.
func (o *outcomes) ran(p *pkg, t *record.Test, seq int64) {
	p.Ran = true
	i := &interval{name: t.Test, run: t.Time, seq: seq}
	p.running[t.Test] = i
	if early := p.begun[t.Test]; len(early) > 0 {
		i.actor = early[0]
		p.begun[t.Test] = early[1:]
		if len(early) == 1 {
			delete(p.begun, t.Test)
		}
	}
	if parent := p.running[record.Parent(t.Test)]; parent != nil {
		parent.inner = true
	}
	p.intervals = append(p.intervals, i)
	if !p.timed {
		p.timed, p.pruneAt = true, prune
		o.timed = append(o.timed, p)
	}
}

// endEvent takes in how a test ended.
func (o *outcomes) endEvent(p *pkg, t *record.Test, seq int64) {
	i := p.running[t.Test]
	delete(p.running, t.Test)
	if i == nil {
		i = new(interval)
	}
	i.end = t.Time
	p.unsynchronizedOf(i)
	unannounced := p.synchronized() && t.Action == "pass" && !p.reported(t.Test)
	switch {
	case unannounced:
		p.unannounced = append(p.unannounced, unreportedPass{t, i, seq})
	case t.Action != "fail":
		delete(p.ends, t.Test) // its process only seemed to be gone
	default:
		o.fail(p, t, i, "fail", seq)
	}
	if w := i.actor; w != nil && w.status == "" {
		w.reported = t.Action // its synchronized end is still to come, and may never
	}
	if unannounced {
		return
	}
	inner := i.inner || p.hosting[t.Test]
	if !inner {
		o.count(p.ended(t.Test, t.Action, i, t.Time))
	} else if t.Action == "fail" {
		f, c := o.failed[len(o.failed)-1], p.ended(t.Test, t.Action, i, t.Time)
		f.inner, f.span = true, span{c.Begin, c.End}
	}
}

// reported reports whether an end of a test reached the barrier that no event has reported
// yet, and takes it for reported.
func (p *pkg) reported(test string) bool {
	if p.announced[test] == 0 {
		return false
	}
	if p.announced[test]--; p.announced[test] == 0 {
		delete(p.announced, test)
	}
	return true
}

// endUnreported judges the passes of which no end reached the barrier, when their package has
// ended.
func (o *outcomes) endUnreported(p *pkg) {
	for _, u := range p.unannounced {
		inner := u.i.inner || p.hosting[u.event.Test]
		switch {
		case p.unended && !inner && (u.i.actor == nil || !u.i.actor.traced):
			o.fail(p, u.event, u.i, "died", u.seq)
			o.count(p.ended(u.event.Test, "died", u.i, u.event.Time))
		case !inner:
			delete(p.ends, u.event.Test) // its process only seemed to be gone
			o.count(p.ended(u.event.Test, "pass", u.i, u.event.Time))
		}
	}
	p.unannounced = nil
}

// cut files a test of which no end was reported, because its process ended
// first. One that waited for its turn, or for a subtest, is not to blame.
func (o *outcomes) cut(p *pkg, t *record.Test, seq int64, now time.Time) {
	i := p.running[t.Test]
	delete(p.running, t.Test)
	died := len(p.ends[t.Test]) > 0
	if i != nil {
		p.unsynchronizedOf(i)
	}
	if !p.synchronized() || i != nil && i.actor == nil { // the barrier cannot say
		died = i != nil && !i.inner && !i.paused
	}
	if died && p.Outcome == "pass" {
		died = false // a test binary that dies does not pass: only the event is missing
		delete(p.ends, t.Test)
		o.count(p.ended(t.Test, "pass", i, now))
	}
	if died {
		o.fail(p, t, i, "died", seq)
		o.count(p.ended(t.Test, "died", i, now))
	}
}

// fail files a failed test, together with what it reported itself at its end.
// The event of an example can come before that: then its actor, which is open
// still, is who failed, and its end adds what it has to say.
func (o *outcomes) fail(p *pkg, t *record.Test, i *interval, status string, seq int64) {
	f := &outcome{pkg: t.Package, test: t.Test, status: status, begin: p.start, end: seq}
	if i != nil {
		f.begin = i.seq
	}
	if waiting := p.ends[t.Test]; len(waiting) > 0 {
		f = waiting[0]
		p.ends[t.Test] = waiting[1:]
	} else if i != nil && i.actor != nil && i.actor.status == "" && p.synchronized() {
		f.actor, f.begin, f.own = i.actor, i.actor.begin, true
		i.actor.filed = f
	}
	f.output = o.excerpt(t.Output)
	p.failures++
	o.failed = append(o.failed, f)
}

func (o *outcomes) packageEvent(p *pkg, t *record.Test, seq int64) {
	switch t.Action {
	case "start":
		p.start = seq
	case "pass", "fail", "skip":
		p.Outcome, p.unended, p.missing = t.Action, t.Unended, t.Missing
		if p.unended {
			p.Outcome = "died"
		}
		o.endUnreported(p)
		o.unreported(p, t.Time)
		if t.Action == "fail" {
			o.packageFailed(p, t, seq)
		}
	}
}

// unreported ends the tests of a package whose end was no event: benchmarks
// have one only when they fail (https://go.dev/issue/61767), and with -v output
// without a line end hides some (https://go.dev/issue/81599). What the barrier
// reported counts; of a benchmark that was not synchronized, how the package ended.
func (o *outcomes) unreported(p *pkg, now time.Time) {
	for _, name := range slices.Sorted(maps.Keys(p.running)) {
		i := p.running[name]
		passed := i.status == "pass" || i.status == "skip"
		if !p.synchronized() && strings.HasPrefix(name, "Benchmark") {
			passed = p.Outcome == "pass" || p.failures > 0
		}
		if !passed {
			continue
		}
		if !i.inner && !p.hosting[name] {
			o.count(p.ended(name, cmp.Or(i.status, "pass"), i, now))
		}
		delete(p.running, name)
	}
}

// packageFailed files what a failed package says that no test of it does.
func (o *outcomes) packageFailed(p *pkg, t *record.Test, seq int64) {
	if p.failures > 0 || len(p.running) > 0 {
		return // a test that never ended is filed when the record ends
	}
	status := "fail"
	if t.FailedBuild != "" || strings.Contains(t.Output, "[build failed]") || strings.Contains(t.Output, "[setup failed]") {
		status = "build"
		p.unbuilt = true
	}
	p.failures++
	o.failed = append(o.failed, &outcome{pkg: t.Package, status: status, output: o.excerpt(t.Output), begin: p.start, end: seq})
}
