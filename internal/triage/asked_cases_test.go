package triage_test

import "tracetest/internal/record"

// unsampledOnly is a write that is answered while tracetest stays out of its server.
func (t *test) unsampledOnly(line int, name, value string) {
	t.p.write(t.at(line), "CONFIG", "SET", name, value).took().unsampledOnly("+OK")
}

func (w *sent) unsampledOnly(text string) {
	w.p.r.add(record.Entry{Reply: &record.Reply{Process: w.Process, Number: w.Number, Text: text}})
}

// asks is a command that shows what other clients do.
func (t *test) asks(line int, words ...string) {
	t.p.r.add(record.Entry{Asked: &record.Asked{Process: t.p.index, Address: t.p.r.servers[0].Address, Command: words, By: t.at(line)}})
}

// apart ends a test without a snapshot: tracetest stays out for somebody else.
func (t *test) apart(status string) {
	t.p.forget(t)
	t.p.r.add(record.Entry{Boundary: &record.Boundary{Verb: record.VerbEnd, Process: t.p.index, Owner: t.id, End: &record.Outcome{Status: status}}})
	t.p.r.event(status, t.p.path, t.name, "")
}

func withSlowLog() *rec { return traced().base("slowlog-log-slower-than", "10000") }

// askedCases are about tests that look at what other clients do, at which
// tracetest stays out of the server.
func askedCases() []recorded {
	return []recorded{
		{name: "slow-log", on: withSlowLog, story: `TestX logs everything, reads the slow log and puts the threshold back.
			Nothing is looked at before its end, and no look shows the change; it was there, and was undone.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x := p.begin("TestX")
			x.unsampledOnly(12, "slowlog-log-slower-than", "0")
			x.asks(13, "SLOWLOG", "GET", "1")
			x.unsampledOnly(14, "slowlog-log-slower-than", "10000")
			x.end("pass")
			p.run("TestY", "pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "slow-log-not-put-back", on: withSlowLog, story: `The same without the last write, and TestX changes hz twice as
			well. Both are leaks of TestX, with the lines of what set them last. It failed: that what it read shows
			tracetest too is said.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x := p.begin("TestX")
			x.unsampledOnly(12, "slowlog-log-slower-than", "0")
			x.asks(13, "SLOWLOG", "GET", "1")
			x.unsampledOnly(14, "hz", "20")
			x.unsampledOnly(15, "hz", "30")
			x.end("fail", "the newest entry is another")
			p.done("fail")
			r.end(1)
		}},
		{name: "unlooked-and-an-outsider", on: traced, story: `TestX sets hz to 20 and back; no look shows either. Then an
			outsider sets it to 20. That is what TestX had set as well, but it had set another value since: it is not
			exact.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x := p.begin("TestX")
			x.asks(11, "MONITOR")
			x.unsampledOnly(12, "hz", "20")
			x.unsampledOnly(13, "hz", "10")
			r.set("hz", "20")
			x.endAmong([]string{"hz"}, "shell config|set")
			p.done("pass")
			r.end(0)
		}},
		{name: "unlooked-beside-others", on: traced, story: `TestX reads the slow log; TestY ends meanwhile without a look. TestY set hz, heard, and somebody set timeout, unheard: the one is exact, of the other both are
			suspects.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			x.asks(11, "SLOWLOG", "GET")
			y.unsampledOnly(22, "hz", "20")
			y.apart("pass")
			r.set("timeout", "7")
			x.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "statistics-reset-unlooked", on: lowMemory, story: `TestB meets two OOM errors, sets the statistics back, and
			meets three more; there is a look before the reset and one at its end. It met five.`, write: func(r *rec) {
			r.trace()
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			a.sets(12, "maxmemory", mb1)
			a.end("pass")
			b := p.begin("TestB")
			r.oom(2)
			w := p.write(b.at(22), "CONFIG", "RESETSTAT")
			r.resetstat()
			w.unsampledOnly("+OK")
			b.asks(23, "INFO", "commandstats")
			r.oom(3)
			b.end("fail", "not stored")
			p.done("fail")
			r.end(1)
		}},
	}
}
