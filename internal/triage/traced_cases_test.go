package triage_test

// tracedCases are about what else the trace tells: OOM errors, and the servers
// that tests speak to.
func tracedCases() []recorded {
	tracedLow := func() *rec { return lowMemory().trace() }
	return []recorded{
		{name: "oom-of-one-of-two", on: tracedLow, story: `TestLow leaves maxmemory low. TestX and TestY run beside each
			other and both fail, neither with a word of OOM. The server counted errors while both were open; the tap saw
			that they were TestX's, and where. TestY failed for a reason of its own.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			low := p.begin("TestLow")
			low.sets(5, "maxmemory", mb1)
			low.end("pass")
			x, y := parallel(p, "TestX", "TestY")
			more := p.refused(x.at(14), 1)
			p.more(more, 99)
			p.refused(x.at(15), 3)
			x.end("fail", "not stored")
			y.end("fail", "not equal")
			p.done("fail")
			r.end(1)
		}},
		{name: "oom-that-nobody-minded", on: tracedLow, story: `TestA meets an OOM error, swallows it and passes. It has
			ended and nothing else refers to it when the errors are listed: they are TestA's, and not the package's.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			p.refused(a.at(14), 2)
			a.end("pass")
			p.run("TestB", "pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "oom-of-a-goroutine-left-behind", on: tracedLow, story: `TestLow leaves maxmemory low, and a goroutine of
			TestA, which has ended, meets OOM errors while TestB runs alone and fails for a reason of its own. The
			server counted them while TestB was open; the tap saw that they were not TestB's.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			low := p.begin("TestLow")
			low.sets(5, "maxmemory", mb1)
			low.end("pass")
			a := p.begin("TestA")
			a.end("pass")
			b := p.begin("TestB")
			p.refused(a.closure(14), 2)
			b.end("fail", "not equal")
			p.done("fail")
			r.end(1)
		}},
		{name: "oom-of-a-parents-goroutine", on: tracedLow, story: `A goroutine of TestA meets OOM errors while its subtest runs,
			which fails for a reason of its own. The server counted them while the subtest was the innermost that was
			open; they are the parent's.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			low := p.begin("TestLow")
			low.sets(5, "maxmemory", mb1)
			low.end("pass")
			a := p.begin("TestA")
			s := a.begin("s")
			p.refused(a.closure(14), 2)
			s.end("fail", "not equal")
			a.end("fail-below")
			p.done("fail")
			r.end(1)
		}},
		{name: "oom-read-by-the-client", on: tracedLow, story: `rueidis reads on a goroutine of its own. TestX waits in code that
			also sets a parameter somewhere, TestY in code that does not, and an OOM error comes. That TestX's code sets a
			parameter says nothing of who gets an error; neither is named alone.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			p.refused(ofClient(x.label(), waits(x.at(12), true), waits(y.at(22), false)), 2)
			x.end("fail", "not equal")
			y.end("fail", "not stored")
			p.done("fail")
			r.end(1)
		}},
		{name: "oom-of-a-subtest-and-its-parent", on: tracedLow, story: `A subtest meets OOM errors and its parent fails
			for it. What a subtest meets its parent has met; the line is the subtest's.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			low := p.begin("TestLow")
			low.sets(5, "maxmemory", mb1)
			low.end("pass")
			x, y := parallel(p, "TestX", "TestY")
			s := x.begin("s")
			p.refused(s.at(14), 2)
			s.end("pass")
			x.end("fail", "not stored")
			y.end("pass")
			p.done("fail")
			r.end(1)
		}},
		{name: "server-that-is-not-watched", on: traced, story: `TestA lowers maxmemory on a server that is not watched,
			and hz of the watched one changes by an outsider. The write is listed, with what is not known; it explains
			nothing that is seen here, also when the value is the same.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.contact(0)
			p.contactOther("10.0.0.9:6379", "--discover=off", false)
			p.contactOther("127.0.0.1:40001", "", true)
			a := p.begin("TestA")
			p.writeOther("10.0.0.9:6379", a.at(12), "CONFIG", "SET", "hz", "20")
			r.set("hz", "20")
			a.end("pass")
			q := r.pkg("shop/store")
			q.contact(0)
			q.run("TestB", "pass")
			p.done("pass")
			q.done("pass")
			r.end(0)
		}},
		{name: "followed-server", on: traced, story: `In TestA the tests turn out to speak to another server, whose
			maxmemory is 1 GB and which holds 500 keys. It is watched from then on, and has a baseline of its own: what
			it had before is no leak, neither of a parameter nor of keys. What TestB sets there is TestB's leak.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.contact(0)
			a := p.begin("TestA")
			other := r.follow(map[string]string{"maxmemory": gb1}, 500)
			p.contact(other)
			p.writeTo(other, a.at(12), "CONFIG", "SET", "maxmemory", mb2).ok()
			p.writeTo(other, a.at(13), "CONFIG", "SET", "maxmemory", gb1).ok()
			a.end("pass")
			b := p.begin("TestB")
			p.writeTo(other, b.at(22), "CONFIG", "SET", "maxmemory", mb1).ok()
			b.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "followed-by-an-outsider", on: traced, story: `As before, and between two boundaries an outsider changes
			the server that was followed in TestA. TestA was open when it was first seen, and is the one that it is
			bracketed to: not nobody.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			other := r.follow(nil, 0)
			p.contact(other)
			r.setOn(other, "hz", "20")
			a.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "write-to-the-other-server", on: func() *rec { return twoServers().trace() }, story: `TestX sets hz on one
			server, and an outsider sets it on the other, to the same value. The write explains the one alone.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			w := p.writeTo(1, x.at(12), "CONFIG", "SET", "hz", "20").took()
			r.setOn(0, "hz", "20")
			w.reply("+OK")
			x.end("pass")
			y.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "flushed-before-each", on: traced, story: `Each test flushes the database in a helper, on one line. These
			are one entry of the list, with how many owners there are; a CONFIG SET on one line is one for each owner.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			for _, name := range []string{"TestA", "TestB", "TestC"} {
				a := p.begin(name)
				p.write(a.own("shop/cache.clean cache/helper_test.go:3", a.frame("", 12)), "FLUSHDB").reply("+OK")
				p.write(a.own("shop/cache.set cache/helper_test.go:7", a.frame("", 13)), "CONFIG", "SET", "hz", "10").ok()
				p.write(a.own("shop/cache.set cache/helper_test.go:7", a.frame("", 13)), "CONFIG", "SET", "hz", "10").ok()
				a.end("pass")
			}
			p.done("pass")
			r.end(0)
		}},
	}
}
