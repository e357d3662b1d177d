package triage_test

import "tracetest/internal/record"

func recordOf(p record.Process) record.Entry { return record.Entry{Process: &p} }

func restoring() *rec { return newRecOf(record.Run{Mode: record.ModeInstrumented, Restore: "test"}, 1) }

func revertedCases() []recorded {
	return []recorded{
		{name: "own-subtest", story: `A subtest changes maxmemory, the next one puts it back. Judged by subtests both are
			leaks; the unit is TestA, and it left what it found.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			s := a.begin("lower")
			r.set("maxmemory", mb1)
			s.end("pass")
			s = a.begin("raise")
			r.set("maxmemory", "0")
			s.end("pass")
			a.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "parents-cleanup", story: `A subtest changes maxmemory; its parent's t.Cleanup puts it back after the
			subtest has ended. The subtest is no leaker.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			s := a.begin("lower")
			r.set("maxmemory", mb1)
			s.end("pass")
			r.set("maxmemory", "0")
			a.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "cleanup-to-what-it-found", story: `TestZ leaked 1 MB. A subtest of TestA sets 2 MB and its parent puts 1 MB
			back, which is what TestA found, though it is not the baseline. TestA is innocent.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			z := p.begin("TestZ")
			r.set("maxmemory", mb1)
			z.end("pass")
			a := p.begin("TestA")
			s := a.begin("raise")
			r.set("maxmemory", mb2)
			s.end("pass")
			r.set("maxmemory", mb1)
			a.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "half-put-back", story: `A subtest sets 1 MB and the clean-up "restores" 1 GB, which nobody ever found. This
			is a leak, by the clean-up: the last change counts.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			s := a.begin("lower")
			r.set("maxmemory", mb1)
			s.end("pass")
			r.set("maxmemory", gb1)
			a.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "one-of-two-put-back", story: `TestA changes two parameters and its clean-up forgets one. The one is a leak,
			the other contained; they were set together, and still are two findings.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			s := a.begin("set")
			r.set("maxmemory", mb1)
			r.set("maxmemory-policy", "allkeys-lru")
			s.end("pass")
			r.set("maxmemory", "0")
			a.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "testmain-teardown", story: `TestMain lowers maxmemory before its tests and puts it back after them. The
			package is the unit, and clean; the tests that ran in between had no part in it.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			r.set("maxmemory", mb1)
			p.run("TestA", "pass")
			p.run("TestB", "pass")
			r.set("maxmemory", "0")
			p.done("pass")
			r.end(0)
		}},
		{name: "testmain-and-a-test", story: `TestMain sets 1 MB; TestA sets 2 MB within a subtest and goes back to 1 MB;
			TestMain's teardown restores the baseline. Nobody leaks: 1 MB is what TestA found.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			r.set("maxmemory", mb1)
			a := p.begin("TestA")
			s := a.begin("raise")
			r.set("maxmemory", mb2)
			s.end("pass")
			r.set("maxmemory", mb1)
			a.end("pass")
			r.set("maxmemory", "0")
			p.done("pass")
			r.end(0)
		}},
		{name: "back-to-the-baseline", story: `TestMain sets 1 MB, and TestA sets the baseline. It did not leave what it
			found, but what the run found: no leak of TestA's.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			r.set("maxmemory", mb1)
			a := p.begin("TestA")
			r.set("maxmemory", "0")
			a.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "put-back-unseen", story: `TestA changes hz and puts it back between two looks. Nothing was seen, and
			nothing is said.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.set("hz", "20")
			r.set("hz", "10")
			a.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "deviates-and-leaks-later", story: `TestA changes hz within a subtest and puts it back; TestB leaks it. The
			contained change of TestA does not make it the leaker.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			s := a.begin("s")
			r.set("hz", "20")
			s.end("pass")
			r.set("hz", "10")
			a.end("pass")
			b := p.begin("TestB")
			r.set("hz", "20")
			b.end("pass")
			p.done("pass")
			r.end(0)
		}},
	}
}

func restoredCases() []recorded {
	return []recorded{
		{name: "later-test", story: `TestA leaks, TestB puts it back. TestA stays the leaker, also though the run ends
			clean; TestB, which changed the value last, is not accused.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.set("maxmemory", mb1)
			a.end("pass")
			b := p.begin("TestB")
			r.set("maxmemory", "0")
			b.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "later-package", story: `The init of a later package puts it back. It is named as the one that did, and is
			no leaker.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.set("maxmemory", mb1)
			a.end("pass")
			p.done("pass")
			r.start("shop/store")
			r.set("maxmemory", "0")
			q := r.hello("shop/store")
			q.run("TestB", "pass")
			q.done("pass")
			r.end(0)
		}},
		{name: "testmain-puts-a-leak-back", story: `TestA leaks and TestMain's teardown resets the server. The leak stays
			TestA's: the tests after it ran with it.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.set("maxmemory", mb1)
			a.end("pass")
			p.run("TestB", "pass")
			r.set("maxmemory", "0")
			p.done("pass")
			r.end(0)
		}},
		{name: "to-the-value-before", story: `TestA leaks 1 MB, TestB leaks 2 MB, TestC sets 1 MB. TestB's leak is put
			back, TestA's is not.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			for _, step := range [][2]string{{"TestA", mb1}, {"TestB", mb2}, {"TestC", mb1}} {
				x := p.begin(step[0])
				r.set("maxmemory", step[1])
				x.end("pass")
			}
			p.done("pass")
			r.end(0)
		}},
		{name: "overwritten-is-not-restored", story: `TestA leaks 1 MB, TestB 2 MB. That 1 MB is gone does not mean that
			TestB put it back.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			for _, step := range [][2]string{{"TestA", mb1}, {"TestB", mb2}} {
				x := p.begin(step[0])
				r.set("maxmemory", step[1])
				x.end("pass")
			}
			p.done("pass")
			r.finished()
			r.restore("run", nil, map[string]string{"maxmemory": "0"})
			r.end(0)
		}},
		{name: "restore-after-each-test", on: restoring, story: `--restore=test: tracetest puts back what TestA left, TestB
			leaks the same again, and it is put back again. Two leaks, both put back by tracetest; the write of tracetest's own
			is nobody's change.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			for _, name := range []string{"TestA", "TestB"} {
				x := p.begin(name)
				r.set("maxmemory", mb1)
				x.held("pass")
				r.restore("test", x, map[string]string{"maxmemory": "0"})
				r.event("pass", "shop/cache", name, "")
			}
			p.run("TestC", "pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "restore-of-a-package", on: restoring, story: `--restore=test: TestMain leaks and the package's end is
			followed by a restore. The package that comes next finds the baseline and is innocent.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			r.set("maxmemory", mb1)
			p.run("TestA", "pass")
			p.exit()
			r.restore("test", nil, map[string]string{"maxmemory": "0"})
			p.gone()
			p.ended("pass")
			q := r.pkg("shop/store")
			q.run("TestB", "pass")
			q.done("pass")
			r.end(0)
		}},
		{name: "restore-at-the-end", story: `What is left is put back at the end of the run. It is shown as it was before
			that, and as repaired.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.set("maxmemory", mb1)
			a.end("pass")
			p.done("pass")
			r.finished()
			r.restore("run", nil, map[string]string{"maxmemory": "0"})
			r.end(0)
		}},
		{name: "put-back-by-a-restart", story: `TestA leaks, and in TestB the server restarts and has its configuration
			again. TestB did not put it back; the restart did.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.set("maxmemory", mb1)
			a.end("pass")
			b := p.begin("TestB")
			r.restart(map[string]string{"maxmemory": "0"})
			b.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "put-back-by-several", story: `TestA leaks and one of two parallel tests puts it back. Neither is named as
			the one that did, and neither is a leaker.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.set("maxmemory", mb1)
			a.end("pass")
			x, y := parallel(p, "TestX", "TestY")
			r.set("maxmemory", "0")
			x.end("pass")
			y.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "pure-restoration", story: `TestA leaks in the run; a subtest of TestB puts it back. For TestB this is neither a
			leak nor a contained change: it deviated from nothing.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.set("maxmemory", mb1)
			a.end("pass")
			b := p.begin("TestB")
			s := b.begin("reset")
			r.set("maxmemory", "0")
			s.end("pass")
			b.end("pass")
			p.done("pass")
			r.end(0)
		}},
	}
}

// parallel begins tests that run at the same time from then on.
func parallel(p *proc, one, two string) (x, y *test) {
	x = p.begin(one)
	x.pause()
	y = p.begin(two)
	y.pause()
	x.cont()
	y.cont()
	return x, y
}
