package triage

import (
	"slices"

	"tracetest/internal/record"
)

// What test processes reported themselves of how tests went, at their boundaries.

// synchronized reports whether every test reported to the barrier of the package.
func (p *pkg) synchronized() bool { return p.Instrumented && !p.quit }

func (o *outcomes) greeted(path string, seq int64) {
	p := o.of(path)
	p.Instrumented, p.hello = true, seq
}

// hosts notes that a test has specs within it.
func (o *outcomes) hosts(path, test string) {
	o.of(path).hosting[test] = true
}

// began takes in that a test or spec is synchronized at its begin.
func (o *outcomes) began(w *actor) {
	if w.Kind == record.KindSpec {
		if host := o.window.actors[w.Parent]; host != nil {
			o.hosts(w.pkg, host.Name)
		}
		return
	}
	p := o.of(w.pkg)
	switch i := p.running[w.Name]; {
	case i != nil && (i.actor == nil || w.Kind == record.KindBenchmark):
		i.actor = w
	case w.Kind == record.KindBenchmark: // each of its rounds begins
		p.begun[w.Name] = []*actor{w}
	default:
		p.begun[w.Name] = append(p.begun[w.Name], w)
	}
}

// unsynchronizedOf counts a test that ran, or still runs, whose begin should have
// reached the barrier and did not: it runs in another process than those that are
// synchronized, or its process had no more line to the barrier.
func (p *pkg) unsynchronizedOf(i *interval) {
	if i.actor == nil && i.name != "" && p.synchronized() {
		p.unsynchronized++
	}
}

// runsUnsynchronized reports whether a test runs, as events say, whose begin has not
// reached the barrier.
func (p *pkg) runsUnsynchronized() bool {
	for _, i := range p.running {
		if i.actor == nil {
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
	return p.unsynchronized
}

// ended takes in the end of a test or spec that was synchronized.
func (o *outcomes) ended(w *actor, end record.Outcome, e record.Entry) {
	if w.Kind == record.KindSpec {
		o.spec(w, end, e)
	} else {
		o.testEnded(w, e)
	}
}

// testEnded takes in the end of a test that was synchronized.
func (o *outcomes) testEnded(w *actor, e record.Entry) {
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
	p.ends[w.Name] = append(p.ends[w.Name], &outcome{pkg: w.pkg, test: w.Name, status: status, actor: w, own: own, begin: w.begin, end: seq})
}

// spec takes in the end of a Ginkgo spec.
func (o *outcomes) spec(w *actor, end record.Outcome, e record.Entry) {
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
		location: end.Location, actor: w, begin: w.begin, end: seq})
}

// died takes in an actor whose process ended before it did.
func (o *outcomes) died(w *actor, innermost bool, e record.Entry) {
	p, seq := o.of(w.pkg), e.Seq
	if w.reported != "" {
		return // it had ended, as events say: its process lost its line to the barrier before it died
	}
	f := &outcome{pkg: w.pkg, test: w.Name, status: "died", actor: w, own: innermost, begin: w.begin, end: seq}
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
		o.failed[at].actor, o.failed[at].begin = w, w.begin // it was filed by the events that overtook this
	} else if innermost {
		p.ends[w.Name] = append(p.ends[w.Name], f)
	}
}

// suiteEnd takes in the suite nodes that failed.
func (o *outcomes) suiteEnd(p *process, e record.Entry) {
	test := o.window.actors[p.suiteTest]
	if test == nil {
		return
	}
	for _, n := range o.window.suiteNodes(p) {
		if failed(n) {
			node := &actor{Owner: record.Owner{Kind: record.KindSpec, Name: "[" + n.Type + "]", Location: n.Location}, pkg: test.pkg,
				process: p.Index, test: test.Name, begin: test.begin, met: test.met, node: true, host: test.ID}
			o.spec(node, n.Outcome, e)
		}
	}
}

// wentOn returns the first of those who are open in a process that has ended, and whose end
// an event has reported, where the process went on without its line to the barrier. What
// ran then is in the events.
func (o *outcomes) wentOn(open []*actor) *actor {
	i := slices.IndexFunc(open, func(w *actor) bool { return w.reported != "" })
	if i < 0 || !o.of(open[i].pkg).runsUnsynchronized() {
		return nil
	}
	o.of(open[i].pkg).quit = true
	return open[i]
}

// diedWith files those who were open in a process when it ended.
func (o *outcomes) diedWith(open []*actor, e record.Entry) {
	outer := map[int64]bool{}
	for _, w := range open {
		w.status = "died"
		for up := o.window.actors[w.Parent]; up != nil && !w.paused; up = o.window.actors[up.Parent] {
			outer[up.ID] = true
		}
	}
	for _, w := range open {
		o.died(w, !outer[w.ID] && !w.paused, e)
	}
}

// died reports whether this is the end of an actor that its process did not live
// to see.
func (f *outcome) died(w *actor) bool {
	return f.status == "died" && f.actor == nil && f.pkg == w.pkg && f.test == w.Name && f.spec == ""
}
