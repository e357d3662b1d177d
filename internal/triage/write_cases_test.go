package triage_test

// writeCases are about which write made a change.
func writeCases() []recorded {
	return []recorded{
		{name: "one-of-three-writes", on: traced, story: `Three tests are parallel, and TestY is seen writing hz.
			Whoever goes by who was open suspects all three, and by whose boundary showed it, TestX. It was TestY, and
			the line is known.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			z := p.begin("TestZ")
			z.pause()
			z.cont()
			y.p.write(y.at(12), "CONFIG", "SET", "hz", "20").ok()
			x.end("pass")
			y.end("pass")
			z.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "shown-by-another-look", on: traced, story: `TestY's write is told and sent; before its reply has come,
			TestX ends, and the look at TestX's end shows it. The reply's own look shows nothing any more. By the look
			it would be TestX's.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			w := p.write(y.at(12), "CONFIG", "SET", "hz", "20").took()
			x.end("pass")
			w.reply("+OK")
			y.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "at-once-behind-the-one-before", on: traced, story: `TestB begins at once behind TestA, so that its begin was not
			looked at, and has redis-cli set hz, which nobody hears. The look before is that at TestA's end: whoever
			counts all that were open since then has the package as a suspect too, which ran no code in between. TestC,
			which begins at once behind it, is innocent.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.run("TestA", "pass")
			p.follows = true
			b := p.begin("TestB")
			r.set("hz", "20")
			b.end("pass")
			p.run("TestC", "pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "late-write-of-the-one-before", on: traced, story: `TestA starts a goroutine and ends, and TestB begins at once
			behind it. Then the goroutine writes. It was TestA, though TestB alone was open.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			a.end("pass")
			p.follows = true
			b := p.begin("TestB")
			p.write(a.at(12), "CONFIG", "SET", "hz", "20").ok()
			b.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "nobody-reads-the-reply", on: traced, story: `TestX writes hz on a connection that it never reads from,
			and ends. The look at its end comes too early; the one at TestB's begin shows the change. It is TestX's all
			the same, not that of the package between the two.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x := p.begin("TestX")
			w := p.write(x.at(12), "CONFIG", "SET", "hz", "20")
			x.end("pass")
			w.took()
			p.run("TestB", "pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "same-value-of-two", on: traced, story: `Two parallel tests write the same value, and one look shows it.
			Which came last is not known: to name the one whose reply came first, or whose write was told last, would be
			a guess. The line is not known either, for each has its own.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			z := p.begin("TestZ")
			z.pause()
			z.cont()
			one := p.write(x.at(12), "CONFIG", "SET", "hz", "20")
			two := p.write(y.at(22), "CONFIG", "SET", "hz", "20").took()
			two.reply("+OK")
			one.reply("+OK")
			x.end("pass")
			y.end("pass")
			z.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "same-line-of-two", on: traced, story: `Two parallel tests write the same value through one helper. Who
			did it is not known, the line is.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			const limit = "shop/cache.limit cache/helper_test.go:7"
			one := p.write(x.own(limit, x.frame("", 12)), "CONFIG", "SET", "hz", "20")
			two := p.write(y.own(limit, y.frame("", 22)), "CONFIG", "SET", "hz", "20").took()
			one.reply("+OK")
			two.reply("+OK")
			x.end("pass")
			y.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "same-value-one-refused", on: traced, story: `Two parallel tests write the same value, and the server
			refuses TestX, which may not. When a look shows the value, that is known: it was TestY, and not one of two.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			one := p.write(x.at(12), "CONFIG", "SET", "hz", "20")
			two := p.write(y.at(22), "CONFIG", "SET", "hz", "20").took()
			one.reply("-NOPERM this user has no permissions to run the 'config|set' command")
			two.reply("+OK")
			x.end("pass")
			y.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "later-value-wins", on: traced, story: `Two parallel tests write different values, TestX 20 and TestY 30,
			and the look shows 20. That TestY's write was told later does not matter: what is there is TestX's.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			one := p.write(x.at(12), "CONFIG", "SET", "hz", "20")
			two := p.write(y.at(22), "CONFIG", "SET", "hz", "30").took()
			one.took()
			two.reply("+OK")
			one.reply("+OK")
			x.end("pass")
			y.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "one-after-the-other", on: traced, story: `TestX sets hz, and TestY, which runs beside it, puts it back
			after TestX has ended. Without the tap this may have been one test, and is no leak. With it, TestX left it
			changed, and TestY put it back.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			x.sets(12, "hz", "20")
			x.end("pass")
			y.sets(22, "hz", "10")
			y.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "refused-write", on: traced, story: `TestX tries to set hz and is refused. Later in it an outsider sets
			hz to that value. Who goes by the last write of the value calls it TestX's, with a line; but the refused
			write had done nothing when its reply came.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x := p.begin("TestX")
			p.write(x.at(12), "CONFIG", "SET", "hz", "20").reply("-ERR CONFIG SET failed")
			s := x.begin("shell")
			r.set("hz", "20")
			s.end("pass")
			x.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "refused-and-changed-meanwhile", on: traced, story: `As before, but the outsider is quicker than the
			reply: the look that comes with the refusal shows the value. It is not that of the write which was refused.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			w := p.write(x.at(12), "CONFIG", "SET", "hz", "20")
			r.set("hz", "20")
			w.reply("-NOPERM this user has no permissions to run the 'config|set' command")
			x.end("pass")
			y.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "write-without-effect", on: traced, story: `TestX sets hz to what it is. TestY then changes it, and an
			outsider puts it back. By the number of CONFIG SETs TestX has a part in it; by its value it would be the one
			that put it back. It did nothing.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			x.sets(12, "hz", "10")
			y.sets(22, "hz", "20")
			y.end("pass")
			x.end("pass")
			p.done("pass")
			q := r.pkg("shop/store")
			b := q.begin("TestB")
			r.set("hz", "10")
			b.end("pass")
			q.done("pass")
			r.end(0)
		}},
		{name: "write-that-was-lost", on: traced, story: `TestX's connection breaks, and its write never arrives. Tests
			later an outsider sets that value. TestX's is the only write that anybody was seen making; that it was
			worked off only now cannot be ruled out, so both are suspects.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x := p.begin("TestX")
			p.write(x.at(12), "CONFIG", "SET", "hz", "20")
			x.end("pass")
			p.run("TestB", "pass")
			c := p.begin("TestC")
			r.set("hz", "20")
			c.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "shown-once", on: traced, story: `TestMain writes hz on a connection that it never reads from, which is
			seen, and TestA puts it back. In TestB an outsider sets that value again. TestMain's write was used up when
			it was seen; it did not come a second time.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.write(p.main(9), "CONFIG", "SET", "hz", "20").took()
			a := p.begin("TestA")
			a.sets(12, "hz", "10")
			a.end("pass")
			b := p.begin("TestB")
			r.set("hz", "20")
			b.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "answered-out-of-sight", on: traced, story: `TestMain's write is answered while the server cannot be
			seen; the next look shows it, and it is TestMain's. It is over with that look: when TestA has put it back
			and an outsider sets the value again, this is not TestMain's.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			w := p.write(p.main(9), "CONFIG", "SET", "hz", "20").took()
			r.lose("i/o timeout")
			w.reply("+OK")
			r.see()
			a := p.begin("TestA")
			a.sets(12, "hz", "10")
			a.end("pass")
			b := p.begin("TestB")
			r.set("hz", "20")
			b.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "no-effect-out-of-sight", on: traced, story: `TestMain sets hz to what it is, and the answer comes while
			the server cannot be seen. The next look shows hz as it was: the write is over. What TestA changes an
			outsider puts back; nobody may say that TestMain did.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			w := p.write(p.main(9), "CONFIG", "SET", "hz", "10")
			r.lose("i/o timeout")
			w.reply("+OK")
			r.see()
			a := p.begin("TestA")
			a.sets(12, "hz", "20")
			a.end("pass")
			b := p.begin("TestB")
			r.set("hz", "10")
			b.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "looked-at-before-it-was-sent", on: traced, story: `A goroutine of TestA, which has ended, tells of its write and is not
			given the processor, while three tests begin and end. Then it sends, and the reply comes. A write that nobody
			waits for any more is still the one when its reply shows it.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			a.end("pass")
			w := p.write(a.closure(13), "CONFIG", "SET", "hz", "20")
			p.run("TestB", "pass")
			p.run("TestC", "pass")
			d := p.begin("TestD")
			w.ok()
			d.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "two-of-one-write", on: traced, story: `TestX sets two parameters with one CONFIG SET while TestY runs.
			They are one owner's and share a number; without the tap nobody could say so.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			p.write(x.at(12), "CONFIG", "SET", "hz", "20", "timeout", "7").ok()
			y.end("pass")
			x.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "start-event-after-a-write", on: traced, story: `-p 2: the event that says that a second package started
			is read only after the look that shows TestA's write. The package may have been there; it is no suspect, for
			TestA was seen.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			started := r.now
			r.wait(1e6)
			a.sets(12, "hz", "20")
			r.eventAt(started, "start", "shop/store", "", "")
			a.end("pass")
			q := r.hello("shop/store")
			q.run("TestB", "pass")
			q.done("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "another-value", on: traced, story: `TestX sets save to a value that the server spells in another way.
			What is seen is not what was written, so nobody is sure of it; but nor may it be said that no test was heard
			writing it.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			w := p.write(x.at(12), "CONFIG", "SET", "save", "3600 1 60 1")
			r.set("save", "60 1 3600 1")
			w.reply("+OK")
			x.end("pass")
			y.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "another-value-in-a-container", on: traced, story: `As before, in a spec of an Ordered container. That
			the container has nodes of its own is one caveat, that somebody was seen setting it is another; neither
			hides the other.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			t := p.begin("TestSuite")
			t.suiteBegin()
			s := t.orderedSpec("/src/shop/suite_test.go:30", "Ordered first")
			w := p.write(s.node(12), "CONFIG", "SET", "save", "3600 1 60 1")
			r.set("save", "60 1 3600 1")
			w.reply("+OK")
			s.endSpec("pass", "")
			t.suiteEnd()
			t.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "parameters-of-a-module", on: traced, story: `TestY loads a module while TestX runs, which brings a parameter
			with it: no write says its value. Whoever waits for one has heard nobody, and says that another program
			did it.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			w := p.write(y.at(12), "MODULE", "LOAD", "/lib/graph.so")
			r.set("graph.timeout", "500")
			w.reply("+OK")
			x.end("pass")
			y.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "secret-written", on: traced, story: `TestY sets a password while TestX runs. It is TestY's; the value is
			not in the record, neither in the command nor in what is seen, and is not compared.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			w := p.write(y.at(22), "CONFIG", "SET", "requirepass", "(hidden)")
			r.set("requirepass", "(hidden 1)")
			w.reply("+OK")
			x.end("pass")
			y.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "replica-of", on: traced, story: `TestX makes the server a replica and back again, while TestY runs;
			TestY does it too, and leaves it. REPLICAOF is a write of a parameter, and NO ONE is its empty value.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			p.write(x.at(12), "REPLICAOF", "10.0.0.2", "6379").ok()
			p.write(x.at(13), "REPLICAOF", "NO", "ONE").ok()
			p.write(y.at(22), "REPLICAOF", "10.0.0.3", "6379").ok()
			x.end("pass")
			y.end("pass")
			p.done("pass")
			r.end(0)
		}},
	}
}
