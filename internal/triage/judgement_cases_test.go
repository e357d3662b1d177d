package triage_test

import "tracetest/internal/record"

// judgementCases are runs that were judged wrongly once.
func judgementCases() []recorded {
	return []recorded{
		{name: "killed-while-others-waited", story: `The binary is killed while TestB runs and TestX waits for its turn. Only
			TestB died; TestX did nothing and failed nothing.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x := p.begin("TestX")
			x.pause()
			p.begin("TestB")
			r.set("maxmemory", mb1)
			p.kill()
			r.add(record.Entry{Test: &record.Test{Action: "cut", Package: "shop/cache", Test: "TestX", Output: "=== RUN   TestX\n"}})
			p.ended("fail", "signal: killed")
			r.end(1)
		}},
		{name: "timeout", story: `go test's timeout panics while two parallel tests run. Nobody can tell which of them
			changed hz; the one that had ended and the one that waits are not suspects.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.run("TestOver", "pass")
			w := p.begin("TestWaits")
			w.pause()
			parallel(p, "TestX", "TestY")
			r.set("hz", "20")
			p.kill()
			r.event("fail", "shop/cache", "TestX", "panic: test timed out after 1s\n")
			p.ended("fail", "FAIL shop/cache 1.0s")
			r.end(1)
		}},
		{name: "blind-and-put-back", story: `TestA changes hz in a subtest, sight is lost, and when it is back TestB runs and hz is
			what it was. TestA or TestB put it back. Nobody is accused of a leak: TestA may have cleaned up.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			s := a.begin("s")
			r.set("hz", "20")
			s.end("pass")
			r.lose("i/o timeout")
			r.set("hz", "10")
			a.end("pass")
			b := p.begin("TestB")
			r.see()
			b.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "count-of-faults", story: `-count=2: in the first round TestA fails by itself, in the second only its subtest
			does. The parent's fault of the first round is not one of the second.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.begin("TestA").end("fail", "its own")
			a := p.begin("TestA")
			a.begin("bad").end("fail", "below")
			a.end("fail-below")
			p.done("fail")
			r.end(1)
		}},
		{name: "two-parameters-before-the-hello", story: `A package that knows nothing of testing sets two parameters before its test
			binary shakes hands, and one look shows both. Both belong to the package; the second must not stay with
			tests that nobody held, because the first was taken from there.`, write: func(r *rec) {
			r.start("shop/cache")
			r.set("hz", "20")
			r.set("timeout", "7")
			r.glance()
			p := r.hello("shop/cache")
			p.run("TestA", "pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "gave-up-and-ended", story: `tracetest is stopped, the test binary gives up waiting and ends, and the event of
			its end is read before it is heard that it gave up. What it changed is not "while no test was running", and
			TestA, whose end was never held, is not accused: every test that can have done it is a suspect.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.begin("TestA")
			r.event("run", "shop/cache", "TestB", "")
			r.set("hz", "20")
			r.event("pass", "shop/cache", "TestB", "")
			r.event("pass", "shop/cache", "", "")
			p.quit()
			r.end(0)
		}},
		{name: "own-rejections-of-parallel-subtests", on: lowMemory, story: `TestLow leaves maxmemory low. In TestA two parallel subtests meet OOM
			rejections and swallow them; TestA fails by itself, without a word of OOM. Which subtest met them is not
			known, but all that was open was within TestA: they are TestA's own, and are not lost as shared.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			l := p.begin("TestLow")
			r.set("maxmemory", mb1)
			l.end("pass")
			t := p.begin("TestA")
			a := t.begin("a")
			a.pause()
			b := t.begin("b")
			b.pause()
			a.cont()
			b.cont()
			r.oom(2)
			a.end("pass")
			b.end("pass")
			t.end("fail", "not stored")
			p.done("fail")
			r.end(1)
		}},
	}
}
