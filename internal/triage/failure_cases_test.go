package triage_test

import "tracetest/internal/record"

func lowMemory() *rec { return newRec().base("maxmemory", mb2) }

// leakBy lets a test leave a parameter changed.
func leakBy(p *proc, name, parameter, value string) {
	a := p.begin(name)
	p.r.set(parameter, value)
	a.end("pass")
}

func failureCases() []recorded {
	return []recorded{
		{name: "victims", story: `TestA leaks maxmemory. TestB fails and says OOM; TestC fails without a word of it, but the
			server refused its commands; TestD fails for a reason of its own. The first two are victims of the leak; TestD,
			which came after it too, is not.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			leakBy(p, "TestA", "maxmemory", mb1)
			b := p.begin("TestB")
			r.oom(2)
			b.end("fail", oomText)
			c := p.begin("TestC")
			r.oom(1)
			c.end("fail", "got 0 rows, want 1")
			p.begin("TestD").end("fail", "not equal")
			p.done("fail")
			r.end(1)
		}},
		{name: "unreachable", story: `The tests dial a server that is not there: one by its address, one by a name that nobody
			knows. Each says so itself, which is all that is known of it.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.begin("TestA").end("fail", "    a_test.go:9: redis: dial tcp 127.0.0.1:6390: connect: connection refused")
			p.begin("TestB").end("fail", "    a_test.go:19: dial tcp: lookup redis-cache on 127.0.0.53:53: no such host")
			p.run("TestC", "pass")
			p.done("fail")
			r.end(1)
		}},
		{name: "harmless-leaks-first", story: `Two leaks that break nothing come before the one of which all victims are.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			leakBy(p, "TestSave", "save", "")
			leakBy(p, "TestTimeout", "timeout", "5")
			leakBy(p, "TestEviction", "maxmemory", mb1)
			for _, name := range []string{"TestB", "TestC"} {
				b := p.begin(name)
				r.oom(1)
				b.end("fail", oomText)
			}
			p.begin("TestD").end("fail", "not equal")
			p.done("fail")
			r.end(1)
		}},
		{name: "before-the-leak", on: lowMemory, story: `TestA meets OOM with what the run found; TestB leaks later. What comes
			after is not the cause of what came before.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.oom(3)
			a.end("fail", oomText)
			leakBy(p, "TestB", "maxmemory", mb1)
			p.done("fail")
			r.end(1)
		}},
		{name: "after-it-was-put-back", on: lowMemory, story: `TestA's leak is put back by TestB; TestC fails with OOM. The leak was over:
			it is not behind the failure.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			leakBy(p, "TestA", "maxmemory", mb1)
			leakBy(p, "TestB", "maxmemory", mb2)
			c := p.begin("TestC")
			r.oom(1)
			c.end("fail", oomText)
			p.done("fail")
			r.end(1)
		}},
		{name: "package-failed-after-it-was-put-back", on: lowMemory, story: `As before, but what fails is a package outside of its tests,
			of which nobody heard a begin. The leak was over before that package started.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			leakBy(p, "TestA", "maxmemory", mb1)
			leakBy(p, "TestB", "maxmemory", mb2)
			p.done("pass")
			q := r.pkg("shop/store")
			r.oom(1)
			q.done("fail", oomText)
			r.end(1)
		}},
		{name: "failing-leaker", story: `TestA lowers maxmemory, meets OOM because of it, fails and leaves it. It is the
			leaker, and no victim of itself.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.set("maxmemory", mb1)
			r.oom(3)
			a.end("fail", oomText)
			p.done("fail")
			r.end(1)
		}},
		{name: "test-about-oom", story: `TestA is about OOM: it lowers maxmemory, meets OOM and puts it back. Nothing
			leaked; it fails for its own contained change, and nobody else is involved.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			s := a.begin("full")
			r.set("maxmemory", mb1)
			r.oom(3)
			s.end("fail", oomText)
			r.set("maxmemory", "0")
			a.end("fail-below")
			p.run("TestB", "pass")
			p.done("fail")
			r.end(1)
		}},
		{name: "passing-oom", story: `TestA lowers maxmemory, meets OOM, passes and puts it back. Nothing failed and nothing
			leaked: exit 0. Errors that a server counted are no finding.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			s := a.begin("full")
			r.set("maxmemory", mb1)
			r.oom(3)
			s.end("pass")
			r.set("maxmemory", "0")
			a.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "victim-of-a-contained-change", story: `Of two parallel tests one lowers maxmemory for a moment and puts it
			back; the other fails with OOM, and ends before that. If it was the other's own it is a leak, and nobody was heard: in
			doubt it is one.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			s := x.begin("lower")
			r.set("maxmemory", mb1)
			s.end("pass")
			r.oom(2)
			y.end("fail", oomText)
			r.set("maxmemory", "0")
			x.end("pass")
			p.done("fail")
			r.end(1)
		}},
		{name: "execabort", story: `A transaction is discarded because one of its commands was refused for want of memory:
			EXECABORT does not say OOM, the counter does. On a server that does not count, EXECABORT alone has many causes
			and is not taken for OOM.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			leakBy(p, "TestA", "maxmemory", mb1)
			b := p.begin("TestB")
			r.oom(1)
			b.end("fail", "EXECABORT Transaction discarded because of previous errors.")
			p.begin("TestC").end("fail", "EXECABORT Transaction discarded because of previous errors.")
			p.done("fail")
			r.end(1)
		}},
		{name: "eviction", story: `TestA leaks maxmemory on a server that evicts. TestB fails because its key is gone: the
			server evicted keys while it ran.`, on: func() *rec { return newRec().base("maxmemory-policy", "allkeys-lru") }, write: func(r *rec) {
			p := r.pkg("shop/cache")
			leakBy(p, "TestA", "maxmemory", mb1)
			b := p.begin("TestB")
			r.evict(12)
			b.end("fail", "redis: nil")
			p.done("fail")
			r.end(1)
		}},
		{name: "policy", on: func() *rec { return newRec().base("maxmemory", mb2).base("maxmemory-policy", "allkeys-lru") }, story: `TestA
			leaks the policy noeviction: from then on the server refuses where it evicted before. TestB's OOM is tied to it.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			leakBy(p, "TestA", "maxmemory-policy", "noeviction")
			b := p.begin("TestB")
			r.oom(2)
			b.end("fail", oomText)
			p.done("fail")
			r.end(1)
		}},
		{name: "policy-that-helps", on: lowMemory, story: `TestA leaks the policy allkeys-lru. If anything it prevents OOM: TestB's OOM
			is not its fault.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			leakBy(p, "TestA", "maxmemory-policy", "allkeys-lru")
			b := p.begin("TestB")
			r.oom(2)
			b.end("fail", oomText)
			p.done("fail")
			r.end(1)
		}},
		{name: "policy-that-never-evicts", on: func() *rec { return newRec().base("maxmemory", mb2).base("maxmemory-policy", "allkeys-lru") }, story: `TestX
			meets an eviction and then waits; TestA leaks the policy noeviction. noeviction evicts nothing: it is not behind
			the failure of TestX, though it was in force when that ended.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x := p.begin("TestX")
			r.evict(5)
			x.pause()
			leakBy(p, "TestA", "maxmemory-policy", "noeviction")
			x.cont()
			x.end("fail", "redis: nil")
			p.done("fail")
			r.end(1)
		}},
		{name: "raised", on: lowMemory, story: `TestA leaks a maxmemory that is higher than what it found. It is a leak, and it
			is behind no OOM.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			leakBy(p, "TestA", "maxmemory", gb1)
			b := p.begin("TestB")
			r.oom(1)
			b.end("fail", oomText)
			p.done("fail")
			r.end(1)
		}},
		{name: "raised-to-no-limit", on: lowMemory, story: `TestA leaks maxmemory 0, which means no limit and is not the lowest of all. It is
			behind no OOM.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			leakBy(p, "TestA", "maxmemory", "0")
			b := p.begin("TestB")
			r.oom(1)
			b.end("fail", oomText)
			p.done("fail")
			r.end(1)
		}},
		{name: "more-digits", on: lowMemory, story: `maxmemory goes from 2097152 to 999999: lower as a number, higher as a text.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			leakBy(p, "TestA", "maxmemory", "999999")
			b := p.begin("TestB")
			r.oom(1)
			b.end("fail", oomText)
			p.done("fail")
			r.end(1)
		}},
		{name: "overwritten", story: `TestA leaks 1 MB, TestB leaks 2 MB, and TestC fails with OOM. TestA's value was not in
			force any more: the leak behind it is TestB's.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			leakBy(p, "TestA", "maxmemory", mb1)
			leakBy(p, "TestB", "maxmemory", mb2)
			c := p.begin("TestC")
			r.oom(1)
			c.end("fail", oomText)
			p.done("fail")
			r.end(1)
		}},
		{name: "no-pressure", story: `TestA leaks maxmemory and TestB fails without an OOM or an eviction. It is not a victim
			only because it came later.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			leakBy(p, "TestA", "maxmemory", mb1)
			p.begin("TestB").end("fail", "not equal")
			p.done("fail")
			r.end(1)
		}},
		{name: "errors-of-another", story: `TestA leaks maxmemory. Of two parallel tests TestX meets the OOM errors and passes;
			TestY fails because its numbers differ. The errors were counted while both ran, and TestY says nothing of
			them: it is not called a victim.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			leakBy(p, "TestA", "maxmemory", mb1)
			x, y := parallel(p, "TestX", "TestY")
			r.oom(3)
			x.end("pass")
			y.end("fail", "not equal")
			p.done("fail")
			r.end(1)
		}},
		{name: "victim-in-the-same-test", story: `A subtest of TestA leaks maxmemory and the next subtest fails with OOM. It
			did not introduce it: it is a victim of its sibling.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			s := a.begin("lowers")
			r.set("maxmemory", mb1)
			s.end("pass")
			s = a.begin("writes")
			r.oom(2)
			s.end("fail", oomText)
			a.end("fail-below")
			p.done("fail")
			r.end(1)
		}},
		{name: "victim-of-testmain", story: `TestMain lowers maxmemory for its tests and puts it back. One of them fails with OOM: the
			package's contained change is behind it, and not that test's own doing.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			r.set("maxmemory", mb1)
			b := p.begin("TestB")
			r.oom(2)
			b.end("fail", oomText)
			r.set("maxmemory", "0")
			p.done("fail")
			r.end(1)
		}},
		{name: "victim-in-the-next-package", story: `TestA leaks maxmemory, and a test of the next package fails with OOM. That
			its own package changed nothing does not make it its own fault.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			leakBy(p, "TestA", "maxmemory", mb1)
			p.done("pass")
			q := r.pkg("shop/store")
			b := q.begin("TestB")
			r.oom(2)
			b.end("fail", oomText)
			q.done("fail")
			r.end(1)
		}},
		{name: "after-a-restart", on: lowMemory, story: `TestA leaks maxmemory, the server restarts in TestB and has its own again, and TestC
			fails with OOM. The leak went with the restart.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			leakBy(p, "TestA", "maxmemory", mb1)
			b := p.begin("TestB")
			r.restart(map[string]string{"maxmemory": mb2})
			b.end("pass")
			c := p.begin("TestC")
			r.oom(1)
			c.end("fail", oomText)
			p.done("fail")
			r.end(1)
		}},
		{name: "after-tracetest-put-it-back", on: func() *rec { return restoring().base("maxmemory", mb2) }, story: `--restore=test puts TestA's leak
			back before TestB begins, which fails with OOM for want of a bigger server.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.set("maxmemory", mb1)
			a.held("pass")
			r.restore("test", a, map[string]string{"maxmemory": mb2})
			r.event("pass", "shop/cache", "TestA", "")
			b := p.begin("TestB")
			r.oom(1)
			b.end("fail", oomText)
			p.done("fail")
			r.end(1)
		}},
		{name: "oom-without-a-change", on: lowMemory, story: `The server is small and full, and nobody changed it. OOM is the
			cause, and nothing is behind it.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.oom(1)
			a.end("fail", oomText)
			p.done("fail")
			r.end(1)
		}},
	}
}

func outcomeCases() []recorded {
	return []recorded{
		{name: "parent-of-a-failed-subtest", story: `A parent that failed only because its subtest did is not listed; go test
			counts it as failed all the same.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			a.begin("good").end("pass")
			a.begin("bad").end("fail", "not equal")
			a.end("fail-below")
			p.done("fail")
			r.end(1)
		}},
		{name: "parent-with-a-fault-of-its-own", story: `A subtest fails, and its parent fails by itself too. Both are listed: to
			mend the subtest is not enough.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			a.begin("bad").end("fail", "not equal")
			a.end("fail", "and something was left")
			p.done("fail")
			r.end(1)
		}},
		{name: "failed-twice", story: `-count=2: TestA fails in both rounds, with OOM in the second only. The second's errors
			are not the first's.`, on: lowMemory, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.begin("TestA").end("fail", "not equal")
			a := p.begin("TestA")
			r.oom(2)
			a.end("fail", oomText)
			p.done("fail")
			r.end(1)
		}},
		{name: "build-failure", story: `A package does not compile. It ran nothing and changed nothing; the package beside it
			is judged as ever.`, write: func(r *rec) {
			r.add(record.Entry{Test: &record.Test{Time: r.now, Action: "start", Package: "shop/broken"}})
			r.add(record.Entry{Test: &record.Test{Time: r.now, Action: "fail", Package: "shop/broken", FailedBuild: "shop/broken [shop/broken.test]",
				Output: "# shop/broken\n./a_test.go:3: undefined: nope\nFAIL\tshop/broken [build failed]\n"}})
			p := r.pkg("shop/cache")
			p.run("TestA", "pass")
			p.done("pass")
			r.end(1)
		}},
		{name: "testmain-exits-1", story: `All tests pass and TestMain calls os.Exit(1). No test failed; the package did.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.run("TestA", "pass")
			p.done("fail", "leftover connections", "FAIL")
			r.end(1)
		}},
		{name: "package-fails-with-its-test", story: `A test failed, and so did its package. The package is not listed as if
			something outside of its tests had failed.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.begin("TestA").end("fail", "not equal")
			p.done("fail", "FAIL")
			r.end(1)
		}},
		{name: "no-tests", story: `A package has no tests, and another none that match. Neither is "not held": there was
			nothing to hold.`, write: func(r *rec) {
			r.start("shop/empty")
			r.event("skip", "shop/empty", "", "")
			p := r.pkg("shop/cache")
			p.done("pass")
			r.end(0)
		}},
		{name: "skipped", story: `A test changes hz and then skips. A skip is no excuse.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.set("hz", "20")
			a.end("skip")
			p.done("pass")
			r.end(0)
		}},
		{name: "failed-and-leaked", story: `Tests failed and something leaked: the exit code is that of the tests, and the
			leak is listed.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.set("hz", "20")
			a.end("fail", "not equal")
			p.done("fail")
			r.end(1)
		}},
	}
}
