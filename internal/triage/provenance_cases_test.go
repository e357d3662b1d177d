package triage_test

import "tracetest/internal/record"

const gb2 = "2147483648"

// meets lets a test fail with OOM.
func meets(p *proc, name string) {
	v := p.begin(name)
	p.r.oom(2)
	v.end("fail", oomText)
}

// saver lets a test save a value, set another, and put the saved one back.
func saver(p *proc, name, saved, value string) {
	b := p.begin(name)
	p.r.set("maxmemory", value)
	p.r.glance()
	p.r.set("maxmemory", saved)
	b.end("pass")
}

// provenanceCases are of values that somebody brings back: who had set them is
// answerable again.
func provenanceCases() []recorded {
	return []recorded{
		{name: "saved-and-restored-a-leak", on: traced, story: `TestA leaks 1 MiB. TestB saves it, sets 2 GiB and puts it back as it should.
			TestVictim meets OOM: it is the victim of TestA, and not of TestB, which wrote the value last.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.contact(0)
			a := p.begin("TestA")
			a.sets(10, "maxmemory", mb1)
			a.end("pass")
			b := p.begin("TestB")
			b.sets(20, "maxmemory", gb2)
			b.sets(21, "maxmemory", mb1)
			b.end("pass")
			meets(p, "TestVictim")
			p.done("fail")
			r.end(1)
		}},
		{name: "saver-meets-the-leak-itself", on: traced, story: `TestB meets OOM under the leak of TestA, and then sets a limit that is high enough. Its
			own is not what refused it: it is a victim of TestA.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.contact(0)
			a := p.begin("TestA")
			a.sets(10, "maxmemory", mb1)
			a.end("pass")
			b := p.begin("TestB")
			r.oom(2)
			b.sets(20, "maxmemory", gb2)
			b.end("fail", oomText)
			p.done("fail")
			r.end(1)
		}},
		{name: "nested-savers", story: `TestB saves the leak of TestA, a subtest of it saves in turn, and both put back what they found, the
			outer one in a clean-up. TestVictim is the victim of TestA.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			leakBy(p, "TestA", "maxmemory", mb1)
			b := p.begin("TestB")
			r.set("maxmemory", gb2)
			s := b.begin("inner")
			r.set("maxmemory", mb2)
			r.glance()
			r.set("maxmemory", gb2)
			s.end("pass")
			r.set("maxmemory", mb1)
			b.end("pass")
			meets(p, "TestVictim")
			p.done("fail")
			r.end(1)
		}},
		{name: "parallel-savers", story: `TestX and TestY run at the same time after the leak of TestA, and both save and restore; the last that restores brings back
			the leak. TestVictim is the victim of TestA.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			leakBy(p, "TestA", "maxmemory", mb1)
			x, y := parallel(p, "TestX", "TestY")
			r.set("maxmemory", gb2)
			r.glance()
			r.set("maxmemory", mb2)
			r.glance()
			r.set("maxmemory", gb2)
			x.end("pass")
			r.set("maxmemory", mb1)
			y.end("pass")
			meets(p, "TestVictim")
			p.done("fail")
			r.end(1)
		}},
		{name: "saved-and-restored-by-a-package", story: `A test of the first package leaks, TestMain of the second saves and restores around its tests, and a test of the third
			meets OOM. It is the victim of the first.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			leakBy(p, "TestA", "maxmemory", mb1)
			p.done("pass")
			q := r.pkg("shop/store")
			r.set("maxmemory", gb2)
			q.run("TestB", "pass")
			r.set("maxmemory", mb1)
			q.done("pass")
			s := r.pkg("shop/web")
			meets(s, "TestVictim")
			s.done("fail")
			r.end(1)
		}},
		{name: "two-leaks-and-a-saver", story: `TestA leaks 2 MiB and TestB 1 MiB. TestC saves and restores. TestVictim is the victim of TestB, whose value is in force.`, on: newRec, write: func(r *rec) {
			p := r.pkg("shop/cache")
			leakBy(p, "TestA", "maxmemory", mb2)
			leakBy(p, "TestB", "maxmemory", mb1)
			saver(p, "TestC", mb1, gb2)
			meets(p, "TestVictim")
			p.done("fail")
			r.end(1)
		}},
		{name: "leaked-again-by-another", story: `TestA leaks 1 MiB, TestB 2 GiB, and TestC 1 MiB again, which it did not find: TestVictim is the victim of TestC.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			leakBy(p, "TestA", "maxmemory", mb1)
			leakBy(p, "TestB", "maxmemory", gb2)
			leakBy(p, "TestC", "maxmemory", mb1)
			meets(p, "TestVictim")
			p.done("fail")
			r.end(1)
		}},
		{name: "restored-and-then-leaked-another", on: traced, story: `TestB saves the leak of TestA, puts it back, meets OOM under it in a subtest, and leaks 2 GiB in the end. What the subtest met
			is of TestA, though TestB leaks as well.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.contact(0)
			a := p.begin("TestA")
			a.sets(10, "maxmemory", mb1)
			a.end("pass")
			b := p.begin("TestB")
			b.sets(20, "maxmemory", mb2)
			b.sets(21, "maxmemory", mb1)
			s := b.begin("writes")
			r.oom(1)
			s.end("fail", oomText)
			b.sets(22, "maxmemory", gb2)
			b.end("fail-below")
			p.done("fail")
			r.end(1)
		}},
		{name: "tracetest-restores-a-leak", on: restoring, story: `TestMain leaves 1 MiB; --restore=test puts that back after TestB, which had left 2 GiB. TestVictim is the victim
			of the package, whose value it is, and tracetest wrote it last.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			r.set("maxmemory", mb1)
			b := p.begin("TestB")
			r.set("maxmemory", gb2)
			b.held("pass")
			r.restore("test", b, map[string]string{"maxmemory": mb1})
			r.event("pass", "shop/cache", "TestB", "")
			meets(p, "TestVictim")
			p.done("fail")
			r.end(1)
		}},
		{name: "another-parameter-in-between", story: `TestA leaks the policy and the limit, TestB saves and restores the limit alone.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.set("maxmemory", mb1)
			r.set("maxmemory-policy", "allkeys-lru")
			a.end("pass")
			saver(p, "TestB", mb1, gb2)
			v := p.begin("TestVictim")
			r.evict(3)
			v.end("fail", "redis: nil")
			p.done("fail")
			r.end(1)
		}},
		{name: "restored-on-one-of-two-servers", on: func() *rec { return newRecOf(record.Run{Mode: record.ModeInstrumented}, 2) }, story: `TestA leaks on both servers; TestB saves and restores on the
			second. TestVictim meets OOM there: the leak of TestA on the second server is behind it.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.setOn(0, "maxmemory", mb1)
			r.setOn(1, "maxmemory", mb1)
			a.end("pass")
			b := p.begin("TestB")
			r.setOn(1, "maxmemory", gb2)
			r.glance()
			r.setOn(1, "maxmemory", mb1)
			b.end("pass")
			v := p.begin("TestVictim")
			r.oomOn(1, 2)
			v.end("fail", oomText)
			p.done("fail")
			r.end(1)
		}},
		{name: "saved-and-restored-unsynchronized", on: func() *rec { return newRecOf(record.Run{Mode: record.ModeEvents}, 1) }, story: `As the first, of tests that are not held: TestB seems to have put back what it found, so it is not listed
			as if it had leaked that too, and what failed afterwards is put down to the leak before.`, write: func(r *rec) {
			u := r.unsynchronized("shop/cache")
			u.run("TestA")
			r.set("maxmemory", mb1)
			u.end("TestA", "pass")
			r.wait(20e9)
			u.run("TestB")
			r.set("maxmemory", gb2)
			r.glance()
			r.set("maxmemory", mb1)
			u.end("TestB", "pass")
			r.wait(20e9)
			u.run("TestVictim")
			u.fail("TestVictim", oomText)
			u.done("fail")
			r.end(1)
		}},
	}
}

// reportedCases are of tests of which events and the barrier do not tell the same,
// or not in that order.
func reportedCases() []recorded {
	return []recorded{
		{name: "example-told-before-its-end", story: `An Example fails, and go test says so before its end is held; another fails, whose end comes first. Each has failed once.`, on: lowMemory, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x := p.start(record.KindExample, "ExampleA", nil)
			r.oom(1)
			r.event("fail", p.path, x.name, "--- FAIL: ExampleA (0.00s)\ngot:\na\nwant:\nb\n")
			x.held("fail")
			p.start(record.KindExample, "ExampleB", nil).end("fail", "got: a")
			y := p.start(record.KindExample, "ExampleC", nil)
			r.event("pass", p.path, y.name, "")
			y.held("pass")
			p.done("fail")
			r.end(1)
		}},
		{name: "example-fails-twice", story: `-count=2: an Example fails in both rounds, and both events overtake its end.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			for range 2 {
				x := p.start(record.KindExample, "ExampleA", nil)
				r.event("fail", p.path, x.name, "--- FAIL: ExampleA (0.00s)\ngot:\na\nwant:\nb\n")
				x.held("fail")
			}
			p.done("fail")
			r.end(1)
		}},
		{name: "begins-told-late", story: `The events of three tests come when all have ended at the gate.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.hidden = true
			for _, name := range []string{"TestA", "TestB", "TestB"} {
				x := p.begin(name)
				if name == "TestB" {
					x.end("fail")
				} else {
					x.end("pass")
				}
			}
			for _, name := range []string{"TestA", "TestB", "TestB"} {
				r.event("run", p.path, name, "")
				if name == "TestA" {
					r.event("pass", p.path, name, "")
				} else {
					r.event("fail", p.path, name, "    a_test.go:10: no\n")
				}
			}
			p.done("fail")
			r.end(1)
		}},
		{name: "lost-its-line-and-died", story: `TestClose closes all descriptors and passes, TestLeak begins and dies with the process. Events say so; at the gate TestClose is
			open when the process is gone. TestLeak died.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.run("TestA", "pass")
			x := p.begin("TestClose")
			r.event("pass", p.path, x.name, "")
			r.event("run", p.path, "TestLeak", "")
			p.kill()
			p.ended("fail", "fatal error: netpollBreak")
			r.event("cut", p.path, "TestLeak", "fatal error: netpollBreak\n")
			r.end(1)
		}},
		{name: "tests-in-a-child", on: traced, story: `TestMain starts its own binary, with other arguments, and the tests run there, where they are not held. The leak is not put down to the package alone.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.contact(0)
			child := p.nested()
			for _, name := range []string{"TestA", "TestLeak"} {
				r.event("run", p.path, name, "")
				if name == "TestLeak" {
					child.write(record.By{Label: record.LabelPackage, Stack: stack(goRedis("shop/cache.TestLeak cache/a_test.go:33", "testing.tRunner /goroot/src/testing/testing.go:1934")...)}, "CONFIG", "SET", "maxmemory", mb1).ok()
				}
				r.event("pass", p.path, name, "")
			}
			child.gone()
			p.done("pass")
			r.end(0)
		}},
		{name: "tests-in-a-child-that-tell-late", story: `As before without the tap; TestMain prints what the child said when that has ended.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			child := p.nested()
			r.set("maxmemory", mb1)
			r.glance()
			r.wait(60e9)
			child.gone()
			for _, name := range []string{"TestA", "TestLeak"} {
				r.event("run", p.path, name, "")
				r.event("pass", p.path, name, "")
			}
			p.done("pass")
			r.end(0)
		}},
		{name: "launched-tests", story: `TestMain starts its own binary as it was started itself, which is held in its place: its test is who leaks, and
			the one that fails is its victim. The package, which waits, is no suspect.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			r.procs++
			r.add(record.Entry{Process: &record.Process{Index: r.procs, PID: 4000 + r.procs, PPID: 4000 + p.index, Package: p.path, Launcher: p.index}})
			child := &proc{r: r, index: r.procs, path: p.path}
			r.boundary(record.Boundary{Verb: record.VerbHello, Process: child.index})
			leakBy(child, "TestLeak", "maxmemory", mb1)
			meets(child, "TestVictim")
			child.exit()
			child.gone()
			p.done("fail")
			r.end(1)
		}},
	}
}
