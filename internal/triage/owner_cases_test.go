package triage_test

const (
	mb1 = "1048576"
	mb2 = "2097152"
	gb1 = "1073741824"
)

func ownerCases() []recorded {
	return []recorded{
		{name: "first-action", story: `TestB lowers maxmemory as its first action. A program that looks when it reads
			"pass TestA" sees the change then, and blames TestA, which never touched Redis.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.run("TestA", "pass")
			b := p.begin("TestB")
			r.set("maxmemory", mb1)
			b.end("pass")
			p.run("TestC", "pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "late-pass-event", story: `TestA leaks. Its pass event is read when TestB is open already and has ended
			too. By the order of the events it would be TestB's.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.hidden = true
			a := p.begin("TestA")
			r.set("hz", "20")
			a.held("pass")
			p.begin("TestB").held("pass")
			for _, name := range []string{"TestA", "TestB"} {
				r.event("run", "shop/cache", name, "")
				r.event("pass", "shop/cache", name, "")
			}
			p.done("pass")
			r.end(0)
		}},
		{name: "package-init", story: `An init function sets hz. It runs after the hello and before the first test, which
			would be blamed if tests were all that can own a change.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			r.set("hz", "20")
			p.run("TestA", "pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "between-tests", story: `TestMain's goroutine sets hz between two tests. Neither the one before nor the one
			after it did.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.run("TestA", "pass")
			r.set("hz", "20")
			p.run("TestB", "pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "testmain-after", story: `TestMain sets hz after m.Run. The last test is over; it would be blamed by who
			takes the next look only when the process ends.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.run("TestA", "pass")
			r.set("hz", "20")
			p.done("pass")
			r.end(0)
		}},
		{name: "subtest", story: `A subtest of a subtest changes hz, and nobody puts it back. The innermost owner is
			named; the parents, which are open too, are not.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			a.begin("first").end("pass")
			s := a.begin("second")
			deep := s.begin("deep")
			r.set("hz", "20")
			deep.end("pass")
			s.end("pass")
			a.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "parent-after-subtest", story: `TestA changes hz itself after its subtest has ended. The subtest is the
			last that was seen, and is innocent.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			a.begin("sub").end("pass")
			r.set("hz", "20")
			a.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "last-change-owns", story: `One subtest sets maxmemory to 1 MB, the next to 2 MB, which stays. The leak is
			the second's: what the first did is gone. There is one leak, not two, from what TestA found.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			one := a.begin("one")
			r.set("maxmemory", mb1)
			one.end("pass")
			two := a.begin("two")
			r.set("maxmemory", mb2)
			two.end("pass")
			a.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "second-leak", story: `TestA leaks 1 MB, TestB 2 MB. Compared with the baseline at the end only TestB is
			seen; compared with the look before, both are.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.set("maxmemory", mb1)
			a.end("pass")
			b := p.begin("TestB")
			r.set("maxmemory", mb2)
			b.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "same-value-again", story: `TestA leaks 1 MB and TestB sets 1 MB again. TestB left what it found; a tool that
			counts CONFIG SET would blame it.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.set("maxmemory", mb1)
			a.end("pass")
			b := p.begin("TestB")
			r.set("maxmemory", mb1)
			b.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "together", story: `One look shows two parameters that TestA changed, and a later one a third, of TestB.
			The first two share a number; the third does not.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.set("maxmemory", mb1)
			r.set("maxmemory-policy", "allkeys-lru")
			a.end("pass")
			b := p.begin("TestB")
			r.set("hz", "20")
			b.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "apart", story: `TestA changes two parameters in two subtests: they were seen in two looks, and must not be
			said to be of one CONFIG SET.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			one := a.begin("one")
			r.set("hz", "20")
			one.end("pass")
			r.set("timeout", "7")
			a.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "same-names-again", story: `-count=3: TestA is clean in the first round, leaks in the second and is clean in
			the third. The leak is one, not three, and the rounds before and after do not hide it.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.run("TestA", "pass")
			a := p.begin("TestA")
			r.set("hz", "20")
			a.end("pass")
			p.run("TestA", "pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "examples-and-benchmarks", story: `An example leaks hz; the second of three rounds of a benchmark leaks
			timeout; a seed of a fuzz test leaks save. Each is a unit of its own kind; the benchmark's other rounds and the
			fuzz test's other seeds are innocent. Benchmarks have no pass event.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x := p.start("example", "ExampleGet", nil)
			r.set("hz", "20")
			x.end("pass")
			for i := range 3 {
				b := p.start("benchmark", "BenchmarkGet", nil)
				if i == 1 {
					r.set("timeout", "7")
				}
				b.held("pass")
			}
			f := p.start("fuzz", "FuzzGet", nil)
			f.begin("seed#0").end("pass")
			s := f.begin("seed#1")
			r.set("save", "")
			s.end("pass")
			f.begin("seed#2").end("pass")
			f.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "two-packages", story: `The change is made by the second package's init, before its hello is looked at. The
			last test of the first package was the last that was open, and is innocent.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.run("TestLast", "pass")
			p.done("pass")
			r.start("shop/store")
			r.set("hz", "20")
			q := r.hello("shop/store")
			q.run("TestA", "pass")
			q.done("pass")
			r.end(0)
		}},
		{name: "hello-before-start", story: `The hello of a package overtakes the event that says that it starts. What
			happened in between is still the package's own, and bracketed.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.run("TestA", "pass")
			p.done("pass")
			started := r.now
			r.wait(1e6)
			r.set("hz", "20")
			q := r.hello("shop/store")
			r.eventAt(started, "start", "shop/store", "", "")
			q.run("TestB", "pass")
			q.done("pass")
			r.end(0)
		}},
		{name: "start-long-before-hello", story: `A look is taken between the start event and the hello, and shows a
			change. Only the package that had started can have made it; it is adopted when the hello comes.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.run("TestA", "pass")
			p.done("pass")
			r.start("shop/store")
			r.set("hz", "20")
			r.glance()
			q := r.hello("shop/store")
			q.run("TestB", "pass")
			q.done("pass")
			r.end(0)
		}},
		{name: "unknown-package", story: `The hello does not know its package; the process says it later. The change of its
			init must be found under that name, not under an empty one.`, write: func(r *rec) {
			r.start("shop/cache")
			p := r.hello("")
			r.set("hz", "20")
			p.path = "shop/cache"
			process := *r.entries[len(r.entries)-2].Process
			process.Package = "shop/cache"
			r.add(recordOf(process))
			p.run("TestA", "pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "outsider", story: `A value changes when no package is running. Nobody of the run did it: no leak, no
			suspect, but the run is not called clean.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.run("TestA", "pass")
			p.done("pass")
			r.set("hz", "20")
			r.end(0)
		}},
		{name: "nobody-did-anything", story: `A clean run. There is nothing to say, and no line that could be read as an
			accusation.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.run("TestA", "pass")
			p.run("TestB", "skip")
			p.done("pass")
			r.end(0)
		}},
	}
}
