package triage

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"tracetest/internal/findings"
	"tracetest/internal/record"
)

// outcomes follows how the tests went, by test events and by what the synchronized
// owners reported themselves.
type outcomes struct {
	packages map[string]*pkg
	order    []string
	failed   []*outcome // in the order in which they were reported
	timed    []*pkg     // that have intervals which may still be dropped
	tests    findings.Tests
	cases    findings.Cases
	kept     int // bytes of the output of failed tests
	// again are those that failed and may pass in a later run of their package, as where
	// gotestsum runs failed tests again; true where they did.
	again map[findings.Owner]bool
}

// pkg is a package under test.
type pkg struct {
	findings.Package
	start, hello int64 // sequence numbers of the start event and of the last hello
	running      map[string]*interval
	intervals    []*interval // when its tests ran
	pruneAt      int         // of how many intervals on it is worth while to drop some
	timed        bool        // it is in the list of those that have some
	quit         bool        // it was not synchronized to its end
	unbuilt      bool        // there never was a test binary
	failures     int
	hosting      map[string]bool       // tests that have specs within them
	panicked     map[string]bool       // tests that ended in a panic, and the parents of such
	ends         map[string][]*outcome // ends of synchronized tests that failed, not yet matched to an event
	spans        map[string]span       // when synchronized tests ran, those of which no event has reported the end
	announced    map[string]int        // how many ends of synchronized tests no event has reported yet, by name
	unannounced  []unreportedPass      // passes of synchronized tests whose end did not reach the barrier
	unended      bool                  // its process ended with status 0 before m.Run did
	missing      []string              // then: tests that never began
	begun        map[string][]*owner   // synchronized tests that began, of which no event has reported the begin
	untraced     int                   // tests that ran, as events say, and never began at the barrier
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
	owner    *owner    // as the barrier knows it; nil where its begin was never reported there
}

// outcome is a test or spec that failed.
type outcome struct {
	pkg, test, spec   string
	status            string
	message, location string
	output            said
	owner             *owner // nil where it was not synchronized
	own               bool   // it failed not only because a subtest did
	inner             bool   // it has subtests or specs, and is counted only where it is listed
	span              span   // then: when it ran
	begin, end        int64  // sequence numbers between which it ran
}

func newOutcomes() outcomes {
	return outcomes{packages: map[string]*pkg{}, again: map[findings.Owner]bool{}}
}

// held reports whether every test reported to the barrier of the package.
func (p *pkg) held() bool { return p.Instrumented && !p.quit }

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
		if !p.held() || !ended && len(p.intervals) < p.pruneAt {
			return false
		}
		more := false // to be dropped by a later snapshot
		p.intervals = slices.DeleteFunc(p.intervals, func(i *interval) bool {
			more = more || first.Before(i.end)
			return !i.end.IsZero() && !first.Before(i.end) && i.owner != nil
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
			announced: map[string]int{}, begun: map[string][]*owner{}}
		o.packages[path] = p
		o.order = append(o.order, path)
	}
	return p
}

func (o *outcomes) greeted(path string, seq int64) {
	p := o.of(path)
	p.Instrumented, p.hello = true, seq
}

// hosts notes that a test has specs within it.
func (o *outcomes) hosts(path, test string) {
	o.of(path).hosting[test] = true
}

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
		p.Ran = true
		i := &interval{name: t.Test, run: t.Time, seq: seq}
		p.running[t.Test] = i
		if early := p.begun[t.Test]; len(early) > 0 {
			i.owner = early[0]
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
	case "pause", "cont":
		if i := p.running[t.Test]; i != nil {
			i.paused = t.Action == "pause"
		}
	case "cut":
		o.cut(p, t, seq, t.Time)
	case "pass", "fail", "skip":
		i := p.running[t.Test]
		delete(p.running, t.Test)
		if i == nil {
			i = new(interval)
		}
		i.end = t.Time
		p.untracedOf(i)
		unannounced := p.held() && t.Action == "pass" && !p.traced(t.Test)
		switch {
		case unannounced:
			p.unannounced = append(p.unannounced, unreportedPass{t, i, seq})
		case t.Action != "fail":
			delete(p.ends, t.Test) // its process only seemed to be gone
		default:
			o.fail(p, t, i, "fail", seq)
		}
		if w := i.owner; w != nil && w.status == "" {
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
}

// traced reports whether an end of a test reached the barrier that no event has reported
// yet, and takes it for reported.
func (p *pkg) traced(test string) bool {
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
		case p.unended && !inner && (u.i.owner == nil || !u.i.owner.traced):
			o.fail(p, u.event, u.i, "died", u.seq)
			o.count(p.ended(u.event.Test, "died", u.i, u.event.Time))
		case !inner:
			delete(p.ends, u.event.Test) // its process only seemed to be gone
			o.count(p.ended(u.event.Test, "pass", u.i, u.event.Time))
		}
	}
	p.unannounced = nil
}

// count takes in a test that ended and has no others within it.
func (o *outcomes) count(c findings.Case) {
	if _, failed := o.again[c.Owner]; failed || c.Status == "fail" || c.Status == "panic" || c.Status == "died" {
		o.again[c.Owner] = c.Status == "pass"
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

// cut files a test of which no end was reported, because its process ended
// first. One that waited for its turn, or for a subtest, is not to blame.
func (o *outcomes) cut(p *pkg, t *record.Test, seq int64, now time.Time) {
	i := p.running[t.Test]
	delete(p.running, t.Test)
	died := len(p.ends[t.Test]) > 0
	if i != nil {
		p.untracedOf(i)
	}
	if !p.held() || i != nil && i.owner == nil { // the barrier cannot say
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
// The event of an example can come before that: then its owner, which is open
// still, is who failed, and its end adds what it has to say.
func (o *outcomes) fail(p *pkg, t *record.Test, i *interval, status string, seq int64) {
	f := &outcome{pkg: t.Package, test: t.Test, status: status, begin: p.start, end: seq}
	if i != nil {
		f.begin = i.seq
	}
	if waiting := p.ends[t.Test]; len(waiting) > 0 {
		f = waiting[0]
		p.ends[t.Test] = waiting[1:]
	} else if i != nil && i.owner != nil && i.owner.status == "" && p.held() {
		f.owner, f.begin, f.own = i.owner, i.owner.begin, true
		i.owner.filed = f
	}
	f.output = o.excerpt(t.Output)
	p.failures++
	o.failed = append(o.failed, f)
}

// began takes in that a test is synchronized at its begin.
func (o *outcomes) began(w *owner) {
	p := o.of(w.pkg)
	switch i := p.running[w.Name]; {
	case i != nil && (i.owner == nil || w.Kind == record.KindBenchmark):
		i.owner = w
	case w.Kind == record.KindBenchmark: // each of its rounds begins
		p.begun[w.Name] = []*owner{w}
	default:
		p.begun[w.Name] = append(p.begun[w.Name], w)
	}
}

// untracedOf counts a test that ran, or still runs, whose begin should have
// reached the barrier and did not: it runs in another process than those that are
// synchronized, or its process had no more line to the barrier.
func (p *pkg) untracedOf(i *interval) {
	if i.owner == nil && i.name != "" && p.held() {
		p.untraced++
	}
}

// runsUntraced reports whether a test runs, as events say, whose begin has not
// reached the barrier.
func (p *pkg) runsUntraced() bool {
	for _, i := range p.running {
		if i.owner == nil {
			return true
		}
	}
	return false
}

// elsewhere returns how many tests ran in a process that was never synchronized.
func (p *pkg) elsewhere() int {
	if p.quit {
		return 0 // they ran in one that no longer was
	}
	return p.untraced
}

// held takes in the end of a test that was synchronized.
func (o *outcomes) held(w *owner, e record.Entry) {
	p, seq := o.of(w.pkg), e.Seq
	w.traced = true
	if w.reported != "" { // an event has reported it
		if f := w.filed; f != nil {
			f.end, f.own = seq, w.status == "fail" || w.status == "panic"
		}
		return
	}
	p.spans[w.Name] = span{w.began, e.At}
	if i := p.running[w.Name]; i != nil {
		i.status = w.status
	}
	if w.status == "pass" {
		p.announced[w.Name]++
	}
	own := w.status == "fail"
	switch w.status {
	case "fail", "fail-below":
	case "panic":
		// testing takes the parents of a subtest that panics for panicking.
		own = true
		for name := range p.panicked {
			own = own && !record.Below(name, w.Name)
		}
		p.panicked[w.Name] = true
	default:
		return
	}
	status := w.status
	if status == "fail-below" {
		status = "fail"
	}
	p.ends[w.Name] = append(p.ends[w.Name], &outcome{pkg: w.pkg, test: w.Name, status: status, owner: w, own: own, begin: w.begin, end: seq})
}

// spec takes in the end of a Ginkgo spec.
func (o *outcomes) spec(w *owner, end record.Outcome, e record.Entry) {
	seq := e.Seq
	if !w.node {
		o.tests.Specs++
		o.count(w.ended(end.Status, e.At))
	}
	if end.Status != "fail" && end.Status != "panic" {
		return
	}
	o.of(w.pkg).failures++
	o.failed = append(o.failed, &outcome{pkg: w.pkg, test: w.test, spec: w.Name, status: end.Status, message: end.Message,
		location: end.Location, owner: w, begin: w.begin, end: seq})
}

// died takes in an owner whose process ended before it did.
func (o *outcomes) died(w *owner, innermost bool, e record.Entry) {
	p, seq := o.of(w.pkg), e.Seq
	if w.reported != "" {
		return // it had ended, as events say: its process lost its line to the barrier before it died
	}
	f := &outcome{pkg: w.pkg, test: w.Name, status: "died", owner: w, begin: w.begin, end: seq}
	if w.Kind == record.KindSpec {
		f.test, f.spec = w.test, w.Name
		o.tests.Specs++
		o.count(w.ended("died", e.At))
		p.failures++
		o.failed = append(o.failed, f)
		return
	}
	p.spans[w.Name] = span{w.began, e.At}
	if at := slices.IndexFunc(o.failed, func(known *outcome) bool { return known.died(w) }); at >= 0 {
		o.failed[at].owner, o.failed[at].begin = w, w.begin // it was filed by the events that overtook this
	} else if innermost {
		p.ends[w.Name] = append(p.ends[w.Name], f)
	}
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
	for _, name := range sortedKeys(p.running) {
		i := p.running[name]
		passed := i.status == "pass" || i.status == "skip"
		if !p.held() && strings.HasPrefix(name, "Benchmark") {
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

// unfinished files the tests that began and of which no end was ever reported.
func (o *outcomes) unfinished(seq int64, now time.Time) {
	for _, path := range o.order {
		p := o.packages[path]
		if len(p.running) > 0 && p.Outcome == "fail" || p.Outcome == "" {
			p.Outcome = "died"
		}
		o.endUnreported(p) // no event reported its end
		for _, name := range sortedKeys(p.running) {
			o.cut(p, &record.Test{Package: path, Test: name}, seq, now)
		}
		if p.Outcome == "pass" {
			clear(p.ends) // only events are missing
		}
		for _, name := range sortedKeys(p.ends) {
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
			o.count(findings.Case{Owner: findings.Owner{Package: f.pkg, Test: f.test}, Kind: findings.KindOf(f.test), Status: f.status, Begin: f.span.begin, End: f.span.end})
		}
		listed = append(listed, f)
	}
	return listed
}

// ended makes a case of a test that ended, with the times of the barrier where it
// was synchronized, else with those of its events.
func (p *pkg) ended(test, status string, i *interval, now time.Time) findings.Case {
	c := findings.Case{Owner: findings.Owner{Package: p.Path, Test: test}, Kind: findings.KindOf(test), Status: status, End: now}
	if i != nil {
		c.Begin = i.run
	}
	if s, held := p.spans[test]; held {
		c.Begin, c.End = s.begin, s.end
		delete(p.spans, test)
	} else if i != nil && i.owner != nil {
		c.Begin = i.owner.began
	}
	return c
}

// ended makes a case of a spec that ended.
func (w *owner) ended(status string, now time.Time) findings.Case {
	return findings.Case{Owner: findings.Owner{Package: w.pkg, Test: w.test, Spec: w.Name}, Kind: record.KindSpec, Location: w.Location, Status: status, Begin: w.began, End: now}
}

// died reports whether this is the end of an owner that its process did not live
// to see.
func (f *outcome) died(w *owner) bool {
	return f.status == "died" && f.owner == nil && f.pkg == w.pkg && f.test == w.Name && f.spec == ""
}
