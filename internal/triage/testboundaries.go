package triage

import (
	"slices"

	"tracetest/internal/record"
)

// What test processes reported themselves of how tests went, at their boundaries.

// held reports whether every test reported to the barrier of the package.
func (p *pkg) held() bool { return p.Instrumented && !p.quit }

func (o *outcomes) greeted(path string, seq int64) {
	p := o.of(path)
	p.Instrumented, p.hello = true, seq
}

// hosts notes that a test has specs within it.
func (o *outcomes) hosts(path, test string) {
	o.of(path).hosting[test] = true
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

// unsynchronizedOf counts a test that ran, or still runs, whose begin should have
// reached the barrier and did not: it runs in another process than those that are
// synchronized, or its process had no more line to the barrier.
func (p *pkg) unsynchronizedOf(i *interval) {
	if i.owner == nil && i.name != "" && p.held() {
		p.unsynchronized++
	}
}

// runsUnsynchronized reports whether a test runs, as events say, whose begin has not
// reached the barrier.
func (p *pkg) runsUnsynchronized() bool {
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
	return p.unsynchronized
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
	f := &outcome{pkg: w.pkg, test: w.Name, status: "died", owner: w, own: innermost, begin: w.begin, end: seq}
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

// died reports whether this is the end of an owner that its process did not live
// to see.
func (f *outcome) died(w *owner) bool {
	return f.status == "died" && f.owner == nil && f.pkg == w.pkg && f.test == w.Name && f.spec == ""
}
