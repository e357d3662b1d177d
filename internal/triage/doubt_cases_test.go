package triage_test

import (
	"fmt"

	"tracetest/internal/record"
)

// worker is what a worker of TestMain does that tests give a name and a value.
func worker(p *proc) record.By {
	by := p.started("shop/cache.work cache/a_test.go:50", "shop/cache.TestMain.func1 cache/a_test.go:8")
	by.Stack[len(by.Stack)-1].Takes = true
	return by
}

// doubtCases are of changes of which it is not known who made them: they are never
// called undone where one of them would have left them.
func doubtCases() []recorded {
	return []recorded{
		{name: "spec-or-suite-left-it", on: traced, story: `A goroutine that BeforeSuite started writes while the first spec runs: for the
			suite or for the spec. The second spec, by chance, puts the value back. If it was the first spec's it is a leak, and the
			suite's end, where all is as it was, does not undo that. The third spec has it done and undone: that is contained,
			whoever it was.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			t := p.begin("TestSuite")
			t.suiteBegin()
			first := t.spec("Cache sets")
			p.write(t.label("shop/cache.(*Cache).refresh cache/cache.go:80"), "CONFIG", "SET", "hz", "20").ok()
			first.endSpec("pass", "")
			second := t.spec("Cache puts back")
			p.write(second.node(30), "CONFIG", "SET", "hz", "10").ok()
			second.endSpec("pass", "")
			third := t.spec("Cache does both")
			p.write(t.label("shop/cache.(*Cache).refresh cache/cache.go:80"), "CONFIG", "SET", "timeout", "7").ok()
			p.write(t.label("shop/cache.(*Cache).refresh cache/cache.go:80"), "CONFIG", "SET", "timeout", "0").ok()
			third.endSpec("pass", "")
			t.suiteEnd()
			t.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "test-or-package-left-it", on: traced, story: `A worker of TestMain sets hz while TestA runs, and puts it back while TestB runs.
			If it was TestA who asked it to it is a leak, whatever the package found at its end. What it sets and puts back while TestB
			runs no end shows: it is contained, though TestA can have left it to be done.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			p.write(worker(p), "CONFIG", "SET", "hz", "20").ok()
			a.end("pass")
			b := p.begin("TestB")
			p.write(worker(p), "CONFIG", "SET", "hz", "10").ok()
			p.write(worker(p), "CONFIG", "SET", "timeout", "7").ok()
			p.write(worker(p), "CONFIG", "SET", "timeout", "0").ok()
			b.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "left-beneath-anothers", on: traced, story: `A program that nobody hears sets hz while TestX and TestY run. TestY sets it to
			something else, TestX ends, and TestY puts back what there was. What TestX may have left was beneath the other value when
			it ended: TestX had not put it back. TestY's own is contained.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			r.set("hz", "20")
			r.glance()
			y.sets(22, "hz", "30")
			x.end("pass")
			y.sets(23, "hz", "10")
			y.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "left-by-more-than-are-listed", on: traced, story: `Forty tests have ended when a worker of TestMain writes. The last 32 are listed, and
			any of the eight before can have left it to be done as well: the list says so.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			for i := range 40 {
				p.run(fmt.Sprintf("Test%02d", i), "pass")
			}
			p.write(worker(p), "CONFIG", "SET", "hz", "20").ok()
			p.done("pass")
			r.end(0)
		}},
		{name: "two-changes-of-one-test", on: traced, story: `A subtest of TestA sets a limit and puts it back, a second meets OOM under it beside the
			first, and the rest of TestA later sets another limit and puts that back as well. It is two contained changes, and the
			second subtest is a victim of the one that was in force.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.contact(0)
			a := p.begin("TestA")
			sets, meets := a.begin("sets"), (*test)(nil)
			sets.pause()
			meets = a.begin("meets")
			meets.pause()
			sets.cont()
			meets.cont()
			sets.sets(13, "maxmemory", "107")
			r.oom(2)
			meets.end("fail", oomText)
			sets.sets(14, "maxmemory", "0")
			sets.end("pass")
			a.sets(20, "maxmemory", "110")
			a.sets(21, "maxmemory", "0")
			a.end("fail")
			p.done("fail")
			r.end(1)
		}},
		{name: "the-same-change-again", on: traced, story: `TestA sets a limit and puts it back at the same lines, three times. It is one contained
			change, as a loop of a benchmark is.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			for range 3 {
				a.sets(20, "maxmemory", mb1)
				a.sets(21, "maxmemory", "0")
			}
			a.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "closure-of-one-set-by-another", on: traced, story: `TestB calls the function of TestA, which sets a timer there. When it goes off the closure
			has the name of TestA, and nothing of TestB is on the stack. TestA alone, which has no subtests, would be wrong.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.run("TestA", "pass")
			b := p.begin("TestB")
			s := b.begin("a")
			p.write(timer("shop/cache.TestA.func1 cache/a_test.go:14"), "CONFIG", "SET", "hz", "20").ok()
			s.end("pass")
			b.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "one-waits-without-words", on: traced, story: `TestX dialled and waits in code that sets a parameter; TestY waits for the same client, in
			a helper that takes any command. It may be either's, though the client's goroutine is TestX's.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			p.write(ofClient(x.label(), waits(x.at(12), true), waits(y.at(22), false)), "CONFIG", "SET", "hz", "20").ok()
			x.end("pass")
			y.end("pass")
			p.done("pass")
			r.end(0)
		}},
	}
}
