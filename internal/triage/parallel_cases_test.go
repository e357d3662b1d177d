package triage_test

func parallelCases() []recorded {
	return []recorded{
		{name: "parallel-narrowed", story: `Three tests are parallel, but only two of them run when hz changes; the third
			waits for its turn. Two suspects: not the one that waits, not the package, and nobody is named.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y, z := p.begin("TestX"), (*test)(nil), (*test)(nil)
			x.pause()
			y = p.begin("TestY")
			y.pause()
			z = p.begin("TestZ")
			z.pause()
			x.cont()
			y.cont()
			r.set("hz", "20")
			x.end("pass")
			z.cont()
			y.end("pass")
			z.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "before-it-was-parallel", story: `TestX changes hz before it calls t.Parallel. Nobody else is open then: it is
			bracketed, although the test is parallel and others are when the unit ends.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x := p.begin("TestX")
			r.set("hz", "20")
			x.pause()
			y := p.begin("TestY")
			y.pause()
			x.cont()
			y.cont()
			x.end("pass")
			y.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "the-last-one-alone", story: `Of two parallel tests one has ended when the other changes hz. It is alone,
			and bracketed.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			x.end("pass")
			r.set("hz", "20")
			y.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "paused-and-sequential", story: `TestX waits for its turn while the sequential TestB leaks. TestX is open and
			innocent.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x := p.begin("TestX")
			x.pause()
			b := p.begin("TestB")
			r.set("hz", "20")
			b.end("pass")
			x.cont()
			x.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "one-puts-back", story: `Of two parallel tests one changes maxmemory and one puts it back before both have
			ended. It may have been the same one: contained, and nobody is accused of a leak.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			s := x.begin("s")
			r.set("maxmemory", mb1)
			s.end("pass")
			r.set("maxmemory", "0")
			x.end("pass")
			y.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "put-back-after-the-first-ended", story: `Two parallel tests are suspects; after TestX has ended, TestY puts the
			value back. If it was TestY's own, this is no leak; if it was TestX's it is. In doubt it is one, of one of the two.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			r.set("maxmemory", mb1)
			x.end("pass")
			r.set("maxmemory", "0")
			y.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "parallel-subtests", story: `Parallel subtests of one test: the suspects are the subtests that run, not the
			parent, which waits for them, and not the one that has ended.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			var subs []*test
			for _, name := range []string{"one", "two", "three"} {
				s := a.begin(name)
				s.pause()
				subs = append(subs, s)
			}
			for _, s := range subs {
				s.cont()
			}
			subs[0].end("pass")
			r.set("hz", "20")
			subs[1].end("pass")
			subs[2].end("pass")
			a.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "subtests-of-two-parents", story: `Two parallel tests each have parallel subtests. The suspects are of both
			units; the two parents that wait are not among them.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			a, b := x.begin("a"), (*test)(nil)
			a.pause()
			b = y.begin("b")
			b.pause()
			a.cont()
			b.cont()
			r.set("hz", "20")
			a.end("pass")
			b.end("pass")
			x.end("pass")
			y.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "narrowed-not-together", story: `Two parameters change while two tests run. It may have been one of them each:
			nobody may say that it was one CONFIG SET.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			r.set("hz", "20")
			r.set("timeout", "7")
			x.end("pass")
			y.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "two-binaries", story: `-p 2: a test of another package is open when TestA's change is seen. Both are
			suspects; with the name of the process that reported the boundary it would be TestA alone. The one that ran alone
			before is not a suspect.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			q := r.pkg("shop/store")
			p.run("TestOver", "pass")
			a := p.begin("TestA")
			b := q.begin("TestB")
			r.set("hz", "20")
			a.end("pass")
			b.end("pass")
			p.done("pass")
			q.done("pass")
			r.end(0)
		}},
		{name: "two-binaries-one-between-tests", story: `-p 2: TestA runs while the other package is between its tests. The
			other package is a suspect too: its TestMain may have done it.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			q := r.pkg("shop/store")
			q.run("TestB", "pass")
			a := p.begin("TestA")
			r.set("hz", "20")
			a.end("pass")
			p.done("pass")
			q.done("pass")
			r.end(0)
		}},
		{name: "two-binaries-one-ended", story: `-p 2: the other package has ended before TestA begins. It is no suspect.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			q := r.pkg("shop/store")
			q.run("TestB", "pass")
			q.done("pass")
			p.run("TestFirst", "pass")
			a := p.begin("TestA")
			r.set("hz", "20")
			a.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "two-binaries-one-starting", story: `-p 2: the second package has started and not shaken hands when the look at
			TestA's end shows a change. Its init may have run: it is a suspect beside TestA.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.start("shop/store")
			r.set("hz", "20")
			a.end("pass")
			q := r.hello("shop/store")
			q.run("TestB", "pass")
			q.done("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "start-event-read-late", story: `-p 2: as before, but the event that says that the second package started is
			read only after the look. It is a suspect all the same.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			started := r.now
			r.wait(1e6)
			r.set("hz", "20")
			a.end("pass")
			r.eventAt(started, "start", "shop/store", "", "")
			q := r.hello("shop/store")
			q.run("TestB", "pass")
			q.done("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "keys-of-parallel-tests", story: `Two parallel tests leave keys behind. Whose they are is not known, and no
			growth is charged to either; the sequential one before them is charged with its own.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.keys(5)
			a.end("pass")
			x, y := parallel(p, "TestX", "TestY")
			r.keys(100)
			x.end("pass")
			y.end("pass")
			p.done("pass")
			r.end(0)
		}},
	}
}

func processCases() []recorded {
	return []recorded{
		{name: "helper-process", story: `TestA starts a test binary as a helper, which changes hz. It has no owner of its
			own; it acts for TestA.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			n := p.nested(a)
			r.set("hz", "20")
			n.kill()
			a.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "helper-outlives-its-test", story: `The helper of TestA still runs when TestB does, and hz changes. TestB
			alone would be an accusation of an innocent: TestA, whose helper it is, is a suspect too.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			n := p.nested(a)
			a.end("pass")
			b := p.begin("TestB")
			r.set("hz", "20")
			b.end("pass")
			n.kill()
			p.done("pass")
			r.end(0)
		}},
		{name: "helper-of-testmain", story: `TestMain starts a helper and keeps it. Whatever changes while a test runs may be
			the package's.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			n := p.nested()
			a := p.begin("TestA")
			r.set("hz", "20")
			a.end("pass")
			n.kill()
			p.done("pass")
			r.end(0)
		}},
		{name: "helper-over", story: `The helper has ended before TestB begins: TestB alone did it.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			n := p.nested(a)
			n.kill()
			a.end("pass")
			b := p.begin("TestB")
			r.set("hz", "20")
			b.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "killed", story: `The test binary is killed in a subtest that had changed maxmemory. It never ended, and is
			the leaker: the change is not that of the package whose turn is next.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.run("TestA", "pass")
			b := p.begin("TestB")
			b.begin("sub")
			r.set("maxmemory", mb1)
			p.kill()
			p.ended("fail", "signal: killed")
			q := r.pkg("shop/store")
			q.run("TestC", "pass")
			q.done("pass")
			r.end(1)
		}},
		{name: "os-exit", story: `A test calls os.Exit: the process is held at its exit with the test open. The change is the
			test's, and it died; the look that is taken when the process is gone adds nothing.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.begin("TestA")
			r.set("maxmemory", mb1)
			p.exit()
			p.gone()
			p.ended("fail", "exit status 3")
			r.end(1)
		}},
		{name: "panic", story: `A subtest panics. Its clean-ups run, its parents end with it, and the process dies. The
			subtest failed; its parents are not listed beside it. What it left changed is its leak.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			s := a.begin("sub")
			r.set("hz", "20")
			s.held("panic")
			a.held("panic")
			p.kill()
			r.event("fail", "shop/cache", "TestA/sub", "panic: boom\n")
			r.event("fail", "shop/cache", "TestA", "--- FAIL: TestA (0.00s)\n")
			p.ended("fail", "FAIL shop/cache 0.1s")
			r.end(1)
		}},
		{name: "panic-after-a-failed-subtest", story: `A subtest fails, and then the parent itself panics. The parent is not
			a mere echo of its subtest: it is what ended the process, and must be listed.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			a.begin("sub").end("fail", "not equal")
			a.end("panic", "panic: boom")
			p.kill()
			p.ended("fail", "FAIL shop/cache 0.1s")
			r.end(1)
		}},
		{name: "killed-in-testmain", story: `The process dies in TestMain before its first test, having changed hz. No test
			ran; the package did it.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			r.set("hz", "20")
			p.kill()
			p.ended("fail", "panic: no database", "exit status 2")
			r.end(1)
		}},
		{name: "gate-given-up", story: `tracetest is stopped for more than a minute, and the process goes on without the gate: TestA's
			end is never held, and TestB, which leaks, is told by its events only. TestA was the last that was open at the
			gate; it must neither be named as the only one nor be said to have died.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.run("TestHeld", "pass")
			p.begin("TestA")
			p.quit()
			r.event("pass", "shop/cache", "TestA", "")
			r.event("run", "shop/cache", "TestB", "")
			r.wait(1e9)
			r.set("hz", "20")
			r.event("pass", "shop/cache", "TestB", "")
			r.glance()
			p.gone()
			p.ended("pass")
			r.end(0)
		}},
		{name: "gone-before-the-cleanup", story: `A killed test had a clean-up that would have put maxmemory back. It did not
			run; that the test has one does not matter: the value stayed.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			s := a.begin("lower")
			r.set("maxmemory", mb1)
			s.end("pass")
			p.kill()
			p.ended("fail", "signal: killed")
			r.end(1)
		}},
	}
}
