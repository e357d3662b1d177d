package triage_test

import "tracetest/internal/record"

// full is a server that an earlier run left at 1 MiB, and that has more in use.
func full() *rec {
	r := traced().base("maxmemory", mb1)
	r.servers[0].counters.UsedMemory = mib + mib/2
	return r
}

func startedWith(r *rec, name, value string) *rec {
	r.servers[0].StartedWith = map[string]record.Origin{name: {Value: value, Source: "arguments of process 12"}}
	return r
}

func dirtyCases() []recorded {
	tests := func(r *rec) {
		p := r.pkg("shop/cache")
		p.contact(0)
		e := p.begin("TestEviction")
		e.sets(27, "maxmemory", mb1)
		e.end("pass")
		s := p.begin("TestSaver") // saves what it finds, which is the same
		s.sets(40, "maxmemory", mb1)
		s.sets(41, "maxmemory", mb1)
		s.end("pass")
		o := p.begin("TestOther")
		o.sets(50, "maxmemory", gb2)
		o.sets(51, "maxmemory", mb1)
		o.end("pass")
		b := p.begin("TestRefused")
		b.p.write(b.at(60), "CONFIG", "SET", "maxmemory", mb1).reply("-NOPERM")
		b.end("pass")
		meets(p, "TestVictim")
		p.done("fail")
		r.end(1)
	}
	return []recorded{
		{name: "dirty-server", on: full, story: `Yesterday's run left 1 MiB, and TestEviction, which leaves it, changes nothing today. It is likely to have done it; TestSaver may have put back what
			it found, TestOther did, and TestRefused was refused.`, write: tests},
		{name: "dirty-server-that-was-started-otherwise", on: func() *rec { return startedWith(full(), "maxmemory", gb2) }, story: `As before, where it is known that the server was started with 2 GiB: that is what
			it is put back to.`, write: tests},
		{name: "dirty-server-and-an-expectation", on: func() *rec {
			r := startedWith(full(), "maxmemory", "1073741824")
			r.entries[0].Run.Expect = map[string]string{"maxmemory": gb2}
			return r
		}, story: `As before with --expect, which counts before what the server was started with.`, write: tests},
		{name: "started-with-the-limit", on: func() *rec { return startedWith(full(), "maxmemory", mb1) }, story: `The server was started with the limit that is too low. Redis's default lifts it, and nobody is suspected of an earlier leak
			by mistake: that it was started so is told.`, write: tests},
		{name: "small-server-and-nobody-sets-it", on: func() *rec { return full().trace() }, story: `Nobody of this suite sets what is there: nobody is suspected.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			meets(p, "TestVictim")
			p.done("fail")
			r.end(1)
		}},
		{name: "set-up-of-a-server-that-was-started-so", on: func() *rec { return startedWith(full(), "maxmemory", mb1) }, story: `A test sets what the server was started with, and nothing fails. Nothing is wrong.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.contact(0)
			e := p.begin("TestSetUp")
			e.sets(27, "maxmemory", mb1)
			e.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "restored-to-what-was-there", on: func() *rec { return traced().base("maxmemory", gb2) }, story: `TestA leaves 1 MiB, and TestB puts back the 2 GiB that the run found; what the server was started with is
			not known. TestB set just the value that was there at the start, and left nothing in an earlier run: nothing is wrong, and no limit is to be lifted.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.contact(0)
			a := p.begin("TestA")
			a.sets(12, "maxmemory", mb1)
			a.end("pass")
			b := p.begin("TestB")
			b.sets(27, "maxmemory", gb2)
			b.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "set-up-of-a-server-that-nobody-knows", on: func() *rec { return traced().base("maxmemory", gb2) }, story: `A set-up sets what is there, nothing fails, and what the server was started with is not known: nobody can say that
			it is wrong.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.contact(0)
			e := p.begin("TestSetUp")
			e.sets(27, "maxmemory", gb2)
			e.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "dirty-policy", on: func() *rec { return traced().base("maxmemory-policy", "allkeys-lru").base("maxmemory", mb1) }, story: `An earlier run left a policy and a limit that evict; TestA sets that policy. What failed met evictions.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.contact(0)
			e := p.begin("TestA")
			e.sets(27, "maxmemory-policy", "allkeys-lru")
			e.end("pass")
			v := p.begin("TestVictim")
			r.evict(3)
			v.end("fail", "redis: nil")
			p.done("fail")
			r.end(1)
		}},
		{name: "lifted-before-it-was-met", on: full, story: `The server is dirty; TestA leaks a limit of 2 MiB, and TestVictim meets that: it is TestA's victim and none of the value before.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.contact(0)
			e := p.begin("TestA")
			e.sets(27, "maxmemory", mb2)
			e.end("pass")
			meets(p, "TestVictim")
			p.done("fail")
			r.end(1)
		}},
		{name: "masked-leaks", on: traced, story: `TestA leaks, TestB and TestC set the same later, when it changes nothing. They leak as well, once TestA is mended. TestD sets it twice, which may be a restore,
			TestE puts it back, and TestF only after that.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.contact(0)
			for i, name := range []string{"TestA", "TestB", "TestC", "TestD"} {
				t := p.begin(name)
				t.sets(10*i+10, "hz", "20")
				if name == "TestD" {
					t.sets(45, "hz", "20")
				}
				t.end("pass")
			}
			e := p.begin("TestE")
			e.sets(50, "hz", "20")
			e.sets(51, "hz", "10")
			e.end("pass")
			f := p.begin("TestF")
			f.sets(60, "hz", "20")
			f.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "lowered-unseen", on: func() *rec { return traced().base("maxmemory", gb2) }, story: `Another program lowers the limit for a moment between two looks; no look shows a limit that was reached. The counts of CONFIG SET are more
			than the tests were heard calling.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			v := p.begin("TestVictim")
			r.set("maxmemory", mb1)
			r.oom(1)
			r.set("maxmemory", gb2)
			v.end("fail", oomText)
			p.done("fail")
			r.end(1)
		}},
	}
}
