package triage_test

import "tracetest/internal/record"

func twoServers() *rec { return newRecOf(record.Run{Mode: record.ModeInstrumented}, 2) }

func serverCases() []recorded {
	return []recorded{
		{name: "two-servers", on: twoServers, story: `TestA changes hz on one server, TestB on the other, and TestC puts back
			the first. Each is judged by its own server; the second stays changed.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.setOn(0, "hz", "20")
			a.end("pass")
			b := p.begin("TestB")
			r.setOn(1, "hz", "20")
			b.end("pass")
			c := p.begin("TestC")
			r.setOn(0, "hz", "10")
			c.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "two-servers-at-once", on: twoServers, story: `TestA changes hz on both servers. These are two leaks and two
			CONFIG SETs, not one.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.setOn(0, "hz", "20")
			r.setOn(1, "hz", "20")
			a.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "oom-on-the-other-server", on: twoServers, story: `TestA leaks maxmemory on one server; TestB fails with OOM
			errors that the other server counted. TestA's leak cannot be behind it.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.setOn(0, "maxmemory", mb1)
			a.end("pass")
			b := p.begin("TestB")
			r.oomOn(1, 3)
			b.end("fail", oomText)
			p.done("fail")
			r.end(1)
		}},
		{name: "blind", story: `The server cannot be seen while TestA ends and TestB runs. When it can, hz is changed: TestA,
			TestB and the package between them are all suspects, not only TestB, whose end showed it.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.run("TestFirst", "pass")
			a := p.begin("TestA")
			r.lose("i/o timeout")
			r.set("hz", "20")
			a.end("pass")
			b := p.begin("TestB")
			r.see()
			b.end("pass")
			p.run("TestLast", "pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "blind-to-the-end", story: `The server is lost in TestA and never seen again. Whether anything leaked is not
			known; the run must not be called clean.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.set("hz", "20")
			r.lose("connection refused")
			a.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "blind-keys", story: `Sight is lost, TestB leaves 100 keys, and sight returns at the end of TestA. The keys
			are not TestA's.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			r.lose("i/o timeout")
			b := p.begin("TestB")
			r.keys(100)
			b.end("pass")
			a := p.begin("TestA")
			r.see()
			a.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "restart", on: func() *rec { return newRec().base("maxmemory", gb1) }, story: `The run found maxmemory at 1 GB, set
			by hand. The server restarts in TestA and has 0 again, as in its file. TestA did not set it; that is what it
			is from then on, and what TestB then leaks is told from that.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.restart(map[string]string{"maxmemory": "0"})
			a.end("pass")
			b := p.begin("TestB")
			r.set("maxmemory", mb1)
			b.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "restart-of-counters", story: `The counters begin at zero after a restart. The 5 OOM errors that came before it
			are not charged again, and no figure is negative.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			z := p.begin("TestZ")
			r.oom(5)
			z.end("pass")
			a := p.begin("TestA")
			r.restart(nil)
			a.end("fail", "connection refused")
			b := p.begin("TestB")
			r.oom(1)
			b.end("fail", oomText)
			p.done("fail")
			r.end(1)
		}},
		{name: "resetstat", story: `CONFIG RESETSTAT in TestB: 5 errors before it, 2 after. What TestB met is at least 2; it
			is neither 7 nor minus 3.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			z := p.begin("TestZ")
			r.oom(5)
			z.end("pass")
			b := p.begin("TestB")
			r.resetstat()
			r.oom(2)
			b.end("fail", oomText)
			c := p.begin("TestC")
			r.resetstat()
			c.end("fail", "not equal")
			p.done("fail")
			r.end(1)
		}},
		{name: "failover-in-a-cluster", on: func() *rec { return newRec().cluster() }, story: `In a cluster a failover moves the master while TestA
			runs, and replicaof changes. No client did it.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.set("replicaof", "10.0.0.2 6379")
			a.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "replicaof-alone", story: `On a standalone server a replicaof that changed was set by somebody: it is a leak,
			and all writes fail after it.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.set("replicaof", "10.0.0.2 6379")
			a.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "secret", story: `TestA sets a password and TestB another one. Both are leaks, told apart by number; no value
			is shown, and no command that would hold one.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.set("requirepass", "(hidden 1)")
			a.end("pass")
			b := p.begin("TestB")
			r.set("requirepass", "(hidden 2)")
			b.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "restart-and-a-change", story: `TestA restarts the server and then lowers maxmemory, before the next look. The
			restart excuses what a restart can do; it must not make a run clean that left the server changed:
			it counted a CONFIG SET since it came back.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.restart(nil)
			r.set("maxmemory", mb1)
			a.end("pass")
			p.done("pass")
			r.end(0)
		}},
	}
}

const oomText = "OOM command not allowed when used memory > 'maxmemory'."
