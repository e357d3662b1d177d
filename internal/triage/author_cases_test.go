package triage_test

// goroutineCases are about whose goroutine made a write, in package testing.
func goroutineCases() []recorded {
	return []recorded{
		{name: "goroutine-left-behind", on: traced, story: `TestA starts a goroutine and ends; the goroutine sets hz
			while TestB runs alone. Whoever goes by who was open blames TestB. TestA is forgotten by then and is named
			from the label.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			a.end("pass")
			b := p.begin("TestB")
			p.write(a.closure(13), "CONFIG", "SET", "hz", "20").ok()
			b.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "goroutine-of-a-subtest", on: traced, story: `The goroutine of a subtest writes when the subtest has
			ended: while its parent runs, which is the unit and puts one of two parameters back, and once more when that
			has ended too. The subtest is named from its label. What the parent put back is contained; what came after
			the parent's end is a leak.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			s := a.begin("s")
			s.end("pass")
			p.write(s.closure(13), "CONFIG", "SET", "hz", "20").ok()
			a.sets(30, "hz", "10")
			a.end("pass")
			b := p.begin("TestB")
			p.write(s.closure(14), "CONFIG", "SET", "timeout", "7").ok()
			b.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "parent-beside-its-subtests", on: traced, story: `TestA waits for two parallel subtests, and a goroutine
			that it started before writes. The innermost tests are the subtests; neither did it.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			one, two := a.begin("one"), (*test)(nil)
			one.pause()
			two = a.begin("two")
			two.pause()
			one.cont()
			two.cont()
			p.write(a.closure(13), "CONFIG", "SET", "hz", "20").ok()
			one.end("pass")
			two.end("pass")
			a.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "timer-of-the-test", on: traced, story: `A timer runs on a goroutine without a label. The closure is
			TestX's, by its name: most likely TestX set the timer, and not TestY, which runs beside it. But whoever calls TestX, or
			finds the closure in a variable, can have set it as well.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			p.write(timer(x.frame(".func1", 14)), "CONFIG", "SET", "hz", "20").ok()
			x.end("pass")
			y.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "timer-of-a-test-that-ended", on: traced, story: `The timer goes off when its test has ended and TestB
			runs. TestB was the only one open. TestA is named first, and never TestB alone.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			a.end("pass")
			b := p.begin("TestB")
			p.write(timer(a.frame(".func1", 14)), "CONFIG", "SET", "hz", "20").ok()
			b.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "timer-of-a-library", on: traced, story: `A timer without a label, and no test on its stack: anybody's.
			Of the test that ran, or of one that has ended: never of one alone.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			p.write(timer("shop/cache.(*Cache).refresh cache/cache.go:80"), "CONFIG", "SET", "hz", "20").ok()
			a.end("pass")
			x, y := parallel(p, "TestX", "TestY")
			p.write(timer("shop/cache.(*Cache).refresh cache/cache.go:80"), "CONFIG", "SET", "timeout", "7").ok()
			x.end("pass")
			y.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "timer-of-testmain", on: traced, story: `A timer that TestMain set goes off while TestA runs. TestMain is
			no test, though it is called like one, and TestA is not the only one who can have been behind it. Nor is TestMain when
			TestA has ended: it can have left a closure of TestMain to be called.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			p.write(timer("shop/cache.TestMain.func1 cache/a_test.go:8"), "CONFIG", "SET", "hz", "20").ok()
			a.end("pass")
			p.write(timer("shop/cache.TestMain.func1 cache/a_test.go:8"), "CONFIG", "SET", "timeout", "7").ok()
			p.done("pass")
			r.end(0)
		}},
		{name: "timer-of-two", on: traced, story: `A timer without a label runs a closure of TestY, and within it one of
			TestX. It is one of the two, most likely, whoever is found first.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			z := p.begin("TestZ")
			z.pause()
			z.cont()
			p.write(timer(x.frame(".func1", 14), y.frame(".func2", 24)), "CONFIG", "SET", "hz", "20").ok()
			x.end("pass")
			y.end("pass")
			z.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "testmain-itself", on: traced, story: `TestMain sets hz before m.Run and timeout after it. It is seen at
			the begin of the first test and at the exit; the tests are not involved, and the package's own line is
			known.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.write(p.main(9), "CONFIG", "SET", "hz", "20").took()
			p.run("TestA", "pass")
			p.write(p.main(11), "CONFIG", "SET", "timeout", "7").ok()
			p.done("pass")
			r.end(0)
		}},
		{name: "goroutine-of-testmain", on: traced, story: `A goroutine that TestMain started writes while TestA runs:
			it may do so of itself, or because TestA asked it to. Neither is named alone. Between two tests nobody can
			have asked it.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			by := p.started("shop/cache.work cache/a_test.go:50", "shop/cache.TestMain.func1 cache/a_test.go:8")
			p.write(by, "CONFIG", "SET", "hz", "20").ok()
			a.end("pass")
			p.write(by, "CONFIG", "SET", "timeout", "7").ok()
			p.run("TestB", "pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "server-of-an-earlier-test", on: traced, story: `TestA started an HTTP server and left it running; TestB
			sends it a request, and the handler writes. The goroutine is TestA's by its label, the request is TestB's:
			neither alone.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			a.end("pass")
			b := p.begin("TestB")
			p.write(a.label(handler("cache/api.go:30")...), "CONFIG", "SET", "hz", "20").ok()
			b.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "server-of-the-test", on: traced, story: `TestB asks its own HTTP server, and nobody else runs. The
			request is TestB's.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			b := p.begin("TestB")
			p.write(b.label(handler("cache/api.go:30")...), "CONFIG", "SET", "hz", "20").ok()
			b.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "server-asked-between-tests", on: traced, story: `The server that TestA left running is asked between two
			tests: by TestMain, or by what TestA left behind. TestA alone would be a guess.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			a.end("pass")
			p.write(a.label(handler("cache/api.go:30")...), "CONFIG", "SET", "hz", "20").ok()
			p.run("TestB", "pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "worker-of-another-test", on: traced, story: `TestX started a worker, and TestY gives it a closure to
			run. By the label it is TestX's; the code is TestY's, which is named first.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			p.write(x.label(y.frame(".func1", 24), "shop/cache.work cache/pool.go:9"), "CONFIG", "SET", "hz", "20").ok()
			x.end("pass")
			y.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "late-job-of-a-test", on: traced, story: `TestA gives a closure to a worker of TestMain and ends; the
			worker comes to it while TestB runs. The code is TestA's, as with a timer, which is named first. By the label it would be the
			package's or TestB's, and TestA would not even be a suspect.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			a.end("pass")
			b := p.begin("TestB")
			p.write(p.started(a.frame(".func1", 14), "shop/cache.work cache/pool.go:9"), "CONFIG", "SET", "hz", "20").ok()
			b.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "job-of-a-helper", on: traced, story: `A worker of TestMain runs a function of the test files that is
			called TestingJob. There is no such test: nobody of that name is accused.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			b := p.begin("TestB")
			p.write(p.started("shop/cache.TestingJob cache/a_test.go:70", "shop/cache.work cache/pool.go:9"), "CONFIG", "SET", "hz", "20").ok()
			b.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "timer-of-a-subtest", on: traced, story: `The closure of a timer has the name of the test around the subtest
			that set it. It is that test's or one of its subtests', also of one that has ended, most likely; never that test's alone.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			a.begin("starts").end("pass")
			b := a.begin("waits")
			p.write(timer(a.frame(".func1.1", 14)), "CONFIG", "SET", "hz", "20").ok()
			b.end("pass")
			a.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "closure-of-another-on-its-own", on: traced, story: `TestB runs, on its own goroutine, a closure that TestA
			had left in a list. Either can be meant. When TestB calls the function of TestA, it is TestB's doing.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			a.end("pass")
			b := p.begin("TestB")
			p.write(b.own(a.frame(".func1", 14), "shop/cache.drain cache/pool.go:9", b.frame("", 22)), "CONFIG", "SET", "hz", "20").ok()
			p.write(b.own(a.frame(".func1", 14), a.frame("", 15), b.frame("", 23)), "CONFIG", "SET", "timeout", "7").ok()
			b.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "function-of-another-test", on: traced, story: `A goroutine of TestB calls the function of TestA, which has
			run as a test as well. TestA alone would be wrong.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			a.end("pass")
			b := p.begin("TestB")
			p.write(b.label(a.frame(".func1", 14), a.frame("", 15), b.frame(".func1", 23)), "CONFIG", "SET", "hz", "20").ok()
			b.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "worker-of-another-test-runs-a-subtests", on: traced, story: `TestX started a worker within its own code, and
			a subtest of TestY gives it a closure. The innermost code counts, and does not say which subtest it is of.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x := p.begin("TestX")
			x.end("pass")
			y := p.begin("TestY")
			y.begin("fine").end("pass")
			sets := y.begin("sets")
			by := x.label(y.frame(".func2.1", 24), x.frame(".func1", 9))
			by.Stack[len(by.Stack)-1].Takes = true
			p.write(by, "CONFIG", "SET", "hz", "20").ok()
			sets.end("pass")
			y.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "context-after-func", on: traced, story: `TestA leaves a function to be called when a context ends, and TestB
			ends it, so that the goroutine has the label of TestB. Where the code has no test's name it is anybody's; where
			both are subtests of one test the name does not tell them apart.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.run("TestA", "pass")
			b := p.begin("TestB")
			leaves, cancels := b.begin("leaves"), (*test)(nil)
			leaves.end("pass")
			cancels = b.begin("cancels")
			after := stack("context.(*afterFuncCtx).cancel.func1 /goroot/src/context/context.go:356")
			by := cancels.label("shop/cache.(*Cache).refresh cache/cache.go:80")
			by.Started = after
			p.write(by, "CONFIG", "SET", "hz", "20").ok()
			by = cancels.label(b.frame(".func1.1", 24))
			by.Started = after
			p.write(by, "CONFIG", "SET", "timeout", "7").ok()
			cancels.end("pass")
			b.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "worker-of-testmain-late", on: traced, story: `A worker of TestMain does between two tests what TestA left to
			it, who has ended. The package alone would be wrong.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.run("TestA", "pass")
			by := p.started("shop/cache.work cache/a_test.go:50", "shop/cache.TestMain.func1 cache/a_test.go:8")
			by.Stack[len(by.Stack)-1].Takes = true
			p.write(by, "CONFIG", "SET", "hz", "20").ok()
			p.done("pass")
			r.end(0)
		}},
		{name: "worker-of-a-closure", on: traced, story: `TestA started a worker whose loop stands in its own code, and left
			it. TestB gives it a name and a value. By the label and by the code it is TestA's. A client that writes on a
			goroutine of its own changes nothing of that: who waits is the worker.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			a.end("pass")
			b := p.begin("TestB")
			by := a.closure(13)
			by.Stack[len(by.Stack)-1].Takes = true
			p.write(by, "CONFIG", "SET", "hz", "20").ok()
			waiting := waits(a.closure(13), true)
			waiting.Stack[len(waiting.Stack)-1].Takes = true
			p.write(ofClient(b.label(), waiting), "CONFIG", "SET", "timeout", "7").ok()
			b.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "worker-of-the-parent", on: traced, story: `TestA started a worker, and its subtest gives it something to do.
			Both are of one unit, and all the same not one of them is named alone.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			s := a.begin("s")
			by := a.label("shop/cache.work cache/pool.go:9")
			by.Stack[len(by.Stack)-1].Takes = true
			p.write(by, "CONFIG", "SET", "hz", "20").ok()
			s.end("pass")
			a.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "goroutine-beside-another", on: traced, story: `A goroutine of TestX without code of a test writes while TestY
			runs as well: it may have been started for both. When TestY has ended it is TestX's.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			p.write(x.label("shop/cache.(*Cache).refresh cache/cache.go:80"), "CONFIG", "SET", "hz", "20").ok()
			y.end("pass")
			p.write(x.label("shop/cache.(*Cache).refresh cache/cache.go:80"), "CONFIG", "SET", "timeout", "7").ok()
			x.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "started-for-the-call", on: traced, story: `go-redis v8 writes on a goroutine of its own for each call if its
			context can end. Both tests wait in code that sets a parameter; TestY's goroutine has started the one that
			writes, and is still in the function that did.`, write: func(r *rec) {
			const with = "github.com/go-redis/redis/v8.(*baseClient).withConn"
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			by := ofClient(y.label(), waits(x.at(12), true), waits(y.at(22), true))
			by.Started = stack(with + " /mod/github.com/go-redis/redis/v8@v8.11.5/redis.go:291")
			by.Waiting[1].Starts, by.Waiting[1].Stack[1].Function = true, with
			p.write(by, "CONFIG", "SET", "hz", "20").ok()
			x.end("pass")
			y.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "one-without-a-label-waits", on: traced, story: `A timer of TestA waits for the client, without a label, and
			TestB waits as well. The one without a label was left out, and TestB was accused alone.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			a.end("pass")
			b := p.begin("TestB")
			p.write(ofClient(b.label(), waits(timer(a.frame(".func1", 14)), true), waits(b.at(22), true)), "CONFIG", "SET", "hz", "20").ok()
			b.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "two-binaries-one-writes", on: traced, story: `-p 2: two test binaries each have a test open, and the
			second is seen writing. The first is not a suspect.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			q := r.pkg("shop/store")
			a := p.begin("TestA")
			b := q.begin("TestB")
			b.sets(12, "hz", "20")
			a.end("pass")
			b.end("pass")
			p.done("pass")
			q.done("pass")
			r.end(0)
		}},
	}
}

// clientCases are about clients that write on goroutines of their own, and
// about test binaries that tests start.
func clientCases() []recorded {
	return []recorded{
		{name: "one-waits-and-sets", on: traced, story: `rueidis writes on a goroutine of its own, which TestX started
			when it dialled. TestY waits for the reply, in code that sets a parameter. By the label it would be TestX's.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			p.write(ofClient(x.label(), waits(y.at(22), true)), "CONFIG", "SET", "hz", "20").ok()
			x.end("pass")
			y.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "several-wait-one-sets", on: traced, story: `All three tests wait for a reply of that client; only
			TestZ's code mentions a parameter. Words are no proof while others wait: a helper of theirs may have them.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			z := p.begin("TestZ")
			z.pause()
			z.cont()
			p.write(ofClient(x.label(), waits(x.at(12), false), waits(y.at(22), false), waits(z.at(32), true)), "CONFIG", "SET", "hz", "20").ok()
			x.end("pass")
			y.end("pass")
			z.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "several-wait-and-set", on: traced, story: `TestX and TestY both wait in code that sets a parameter. It
			is one of them; TestZ, which runs and waits for nothing, is no suspect, and no line is the one.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			z := p.begin("TestZ")
			z.pause()
			z.cont()
			p.write(ofClient(z.label(), waits(x.at(12), true), waits(y.at(22), true)), "CONFIG", "SET", "hz", "20").ok()
			x.end("pass")
			y.end("pass")
			z.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "one-waits-and-sets-nothing", on: traced, story: `TestX waits for a message of a subscription, on that
			client; its code sets nothing. That it waits proves nothing: TestY, which may have sent the command without
			waiting, is a suspect as well. When TestX is alone it is bracketed, and not exact.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			p.write(ofClient(x.label(), waits(x.at(12), false)), "CONFIG", "SET", "hz", "20").ok()
			y.end("pass")
			p.write(ofClient(x.label(), waits(x.at(12), false)), "CONFIG", "SET", "timeout", "7").ok()
			x.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "nobody-waits", on: traced, story: `The client's goroutine writes and nobody waits for it. TestA, which
			dialled, has ended; TestB runs. The label says who dialled and not who wrote: neither is named alone.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			p.write(ofClient(a.label()), "CONFIG", "SET", "timeout", "7").ok()
			a.end("pass")
			b := p.begin("TestB")
			p.write(ofClient(a.label()), "CONFIG", "SET", "hz", "20").ok()
			b.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "one-left-behind-waits", on: traced, story: `A goroutine that TestA left behind waits in code that sets a
			parameter, while TestB runs. It is TestA's; TestB is not involved.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			a.end("pass")
			b := p.begin("TestB")
			p.write(ofClient(b.label(), waits(a.closure(14), true)), "CONFIG", "SET", "hz", "20").ok()
			b.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "helper-process-writes", on: traced, story: `TestX starts a test binary as a helper, while TestY runs,
			and the helper writes. It may be a server by now that TestY asked: both are suspects.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			n := p.nested(x)
			n.write(n.main(9), "CONFIG", "SET", "hz", "20").ok()
			n.kill()
			x.end("pass")
			y.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "helper-process-of-two", on: traced, story: `Two tests were open when the helper was started. Which of
			them did is not known, nor whether a third that runs now asked it to.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			n := p.nested(x, y)
			z := p.begin("TestZ")
			z.pause()
			z.cont()
			n.write(n.main(9), "CONFIG", "SET", "hz", "20").ok()
			n.kill()
			x.end("pass")
			y.end("pass")
			z.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "helper-process-of-testmain", on: traced, story: `TestMain starts a helper and keeps it, and the helper
			writes while TestA runs. Like a goroutine that TestMain started it may do so because TestA asked it to: the
			package alone would be a guess.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			n := p.nested()
			a := p.begin("TestA")
			n.write(n.main(9), "CONFIG", "SET", "hz", "20").ok()
			a.end("pass")
			n.write(n.main(10), "CONFIG", "SET", "timeout", "7").ok()
			n.kill()
			p.done("pass")
			r.end(0)
		}},
		{name: "helper-process-outlives-its-test", on: traced, story: `The helper of TestA writes when TestA has ended
			and TestB runs. It is TestA's, or TestB asked it to: nobody is accused alone.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			n := p.nested(a)
			a.end("pass")
			b := p.begin("TestB")
			n.write(n.main(9), "CONFIG", "SET", "hz", "20").ok()
			b.end("pass")
			n.kill()
			p.done("pass")
			r.end(0)
		}},
	}
}
