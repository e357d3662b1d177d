package triage_test

import "tracetest/internal/record"

// undoneCases are about writes that were restored.
func undoneCases() []recorded {
	two := func(x *test) (one, two *sent) {
		return x.p.write(x.at(12), "CONFIG", "SET", "hz", "20"), x.p.write(x.at(12), "CONFIG", "SET", "hz", "10")
	}
	return []recorded{
		{name: "set-and-put-back", on: traced, story: `TestX sets hz and puts it back, while TestY runs; the looks of
			its replies show both. Nothing leaked, and neither of the two is narrowed: TestY had no part in it.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			x.sets(12, "hz", "20")
			x.sets(13, "hz", "10")
			x.end("pass")
			y.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "unseen-in-a-pipeline", on: traced, story: `TestX sets hz and puts it back in one pipeline. Both are done
			when the first look is taken, and no look shows anything. It is not a leak, but was there.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			one, two := two(x)
			one.reply("+OK")
			two.reply("+OK")
			x.end("pass")
			y.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "pipeline-half-refused", on: traced, story: `As before, but the first of the two was refused. Nothing was
			ever changed, and nothing is said.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x := p.begin("TestX")
			one, two := two(x)
			one.reply("-ERR CONFIG SET failed")
			two.reply("+OK")
			x.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "discarded", on: traced, story: `TestX queues two writes in a transaction and discards it. No reply to
			them ever comes. They did nothing; when an outsider sets that value in a later test, nobody is accused alone.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x := p.begin("TestX")
			two(x)
			x.end("pass")
			p.run("TestB", "pass")
			c := p.begin("TestC")
			r.set("hz", "20")
			c.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "transaction", on: traced, story: `The same two writes in a transaction that is executed: its one reply
			is that of both. The change was there, though nobody but this connection can have seen it.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x := p.begin("TestX")
			one, two := two(x)
			one.reply("*2")
			two.reply("*2")
			x.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "transaction-not-executed", on: traced, story: `The same, and a key that it watches has changed: EXEC
			answers with a null array. Nothing was executed, though the answer begins like that of a transaction that
			was.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x := p.begin("TestX")
			one, two := two(x)
			one.reply("*-1")
			two.reply("*-1")
			x.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "two-tests-set-and-put-back", on: traced, story: `TestX's write of 20 and TestY's of what was there are
			in flight together, and the first look shows what was there. TestX's may have been undone by TestY's, but
			nobody contained anything: these are two tests, and which write came first is not known.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			one := p.write(x.at(12), "CONFIG", "SET", "hz", "20").took()
			p.write(y.at(22), "CONFIG", "SET", "hz", "10").ok()
			one.reply("+OK")
			x.end("pass")
			y.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "left-behind-and-put-back", on: traced, story: `A goroutine that TestX left behind sets hz while TestB
			runs, and TestB puts it back. TestX had ended: nobody was to undo it for it, and this is a leak that TestB
			put back, not a change that TestX contained.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x := p.begin("TestX")
			x.end("pass")
			b := p.begin("TestB")
			p.write(x.closure(13), "CONFIG", "SET", "hz", "20").ok()
			b.sets(22, "hz", "10")
			b.end("pass")
			p.done("pass")
			r.end(0)
		}},
	}
}

// otherClientCases are about changes that nobody was seen writing.
func otherClientCases() []recorded {
	return []recorded{
		{name: "unheard", on: traced, story: `An outsider changes hz while TestA runs. It is bracketed to TestA, as
			without the tap, but nobody was heard writing it: that is said, with who else was connected. Of those the
			one whose last command set a parameter is more likely than the others; one that reads parameters, as
			exporters do, is not.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.set("hz", "20")
			a.endAmong([]string{"hz"}, "exporter config|get", "worker brpop", "shell config|set")
			p.done("pass")
			r.end(0)
		}},
		{name: "strangers-that-only-read", on: traced, story: `As before, and nobody's last command set a parameter: the
			one that did has sent another since. An exporter that reads parameters is no more likely than the others,
			and all are told.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.set("hz", "20")
			a.endAmong([]string{"hz"}, "exporter config|get", "shell ping")
			p.done("pass")
			r.end(0)
		}},
		{name: "unheard-without-the-tap", story: `The same without the tap: nobody listened, and that nobody was heard
			says nothing.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.set("hz", "20")
			a.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "strangers-of-another-change", on: traced, story: `Two parameters change in two tests, by outsiders. Who
			was connected when the one was seen is not said of the other.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.set("hz", "20")
			a.endAmong([]string{"hz"}, "shell config|set")
			b := p.begin("TestB")
			r.set("timeout", "7")
			b.endAmong([]string{"timeout"}, "cron config|set")
			p.done("pass")
			r.end(0)
		}},
		{name: "unheard-beside-a-write", on: traced, story: `The look that comes with TestX's reply shows what TestX
			wrote and another parameter that an outsider changed. Only the first is TestX's; the second is narrowed to
			both that run.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			w := p.write(x.at(12), "CONFIG", "SET", "hz", "20").took()
			r.set("timeout", "7")
			w.reply("+OK")
			r.clients([]string{"timeout"}, "shell config|set")
			x.end("pass")
			y.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "tracetest-puts-back-what-was-written", on: traced, story: `TestA's write leaks and tracetest puts it
			back, to a value that TestMain once wrote without an answer. The restore is tracetest's, not TestMain's.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.write(p.main(9), "CONFIG", "SET", "hz", "10")
			a := p.begin("TestA")
			a.sets(12, "hz", "20")
			a.held("pass")
			r.restore("test", a, map[string]string{"hz": "10"})
			p.done("pass")
			r.end(0)
		}},
		{name: "restart-and-a-write", on: traced, story: `TestA writes hz; in TestB the server restarts and has its old
			value again. Nobody wrote that, also not TestA, whose write of that value at its beginning was answered.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			a.sets(11, "hz", "10")
			a.sets(12, "hz", "20")
			a.end("pass")
			b := p.begin("TestB")
			r.restart(map[string]string{"hz": "10"})
			b.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "statistics-reset", on: lowMemory, story: `TestB meets two OOM errors and sets the statistics back.
			Before that is sent the server is looked at, so that what was counted is not lost: two errors, though the
			counter is at zero when the test ends.`, write: func(r *rec) {
			r.trace()
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			a.sets(12, "maxmemory", mb1)
			a.end("pass")
			b := p.begin("TestB")
			r.oom(2)
			p.write(b.at(22), "CONFIG", "RESETSTAT")
			r.resetstat()
			r.add(record.Entry{Reply: &record.Reply{Process: p.index, Number: r.announced, Text: "+OK", Snapshots: r.snaps()}})
			b.end("fail", "not stored")
			p.done("fail")
			r.end(1)
		}},
	}
}
