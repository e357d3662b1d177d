package triage_test

import "tracetest/internal/record"

// replica begins the record of a run on a replica.
func replica() *rec { return newRec().base("replicaof", "10.0.0.2 6379") }

// sentinels says that Sentinels look after the server.
func (r *rec) sentinels() *rec {
	r.servers[0].Sentinels = true
	return r
}

// left ends a run whose tracetest left things alone.
func (r *rec) left(why map[string]record.Why) {
	r.finished()
	r.add(record.Entry{Restore: &record.Restore{When: "run", Left: why}})
	r.end(0)
}

func roleCases() []recorded {
	role := map[string]record.Why{"replicaof": record.WhyRole}
	return []recorded{
		{name: "failover-unheard", on: func() *rec { return newRec().trace() }, story: `Sentinel makes a replica of the server while
			TestA runs. The tap hears TestA write nothing, so TestA did not: no leak, and the run is as its tests are.
			To put it back would make two masters.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.set("replicaof", "10.0.0.2 6379")
			a.endAmong([]string{"replicaof"}, "sentinel-0a1b2c3d-cmd ping")
			p.done("pass")
			r.left(role)
		}},
		{name: "failover-while-nobody-is-open", on: func() *rec { return replica().sentinels().trace() }, story: `A replica that a Sentinel looks
			after becomes the master before the first test binary starts. It is a failover, and not a change by nobody.`, write: func(r *rec) {
			r.set("replicaof", "")
			p := r.pkg("shop/cache")
			p.begin("TestA").end("pass")
			p.done("pass")
			r.left(role)
		}},
		{name: "failover-without-the-tap", on: func() *rec { return replica().sentinels() }, story: `The same without the tap. A Sentinel was
			connected when the run began, and TestA is not accused of its work.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.set("replicaof", "")
			a.end("pass")
			p.done("pass")
			r.left(role)
		}},
		{name: "role-by-nobody-known", on: func() *rec { return newRec().trace() }, story: `The server becomes a replica while TestA runs, by the
			redis-cli that it started, say. No Sentinel was connected, and it is in no cluster: it is a leak by an unidentified
			writer, as of any other parameter, and the exit code is 3. It is not put back, and no command says to.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.set("replicaof", "10.0.0.2 6379")
			a.endAmong([]string{"replicaof"}, "app replicaof", "cron config|set")
			p.begin("TestB").end("pass")
			p.done("pass")
			r.left(role)
		}},
		{name: "role-by-nobody-known-while-nobody-is-open", on: func() *rec { return replica().trace() }, story: `The same before the first
			test binary starts.`, write: func(r *rec) {
			r.set("replicaof", "")
			p := r.pkg("shop/cache")
			p.begin("TestA").end("pass")
			p.done("pass")
			r.left(role)
		}},
		{name: "role-borrowed-by-nobody-known", on: func() *rec { return replica().trace() }, story: `Another program takes the server away from
			its master while TestA runs, and gives it back before TestA ends. Nothing is left changed.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			s := a.begin("one")
			r.set("replicaof", "")
			s.end("pass")
			r.set("replicaof", "10.0.0.2 6379")
			a.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "role-after-a-restart", on: func() *rec { return newRec().trace() }, story: `The server is started anew as a replica while TestA runs.
			Nobody set that: it is how the server is now.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.restart(map[string]string{"replicaof": "10.0.0.2 6379"})
			a.end("pass")
			p.done("pass")
			r.left(map[string]record.Why{"replicaof": record.WhyRole})
		}},
		{name: "role-of-a-test", on: func() *rec { return replica().trace() }, story: `TestA sends REPLICAOF NO ONE and leaves it at that. It was
			heard, so it is TestA's leak. A role is not put back, also this one is not; the report has the command.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			p.write(a.at(12), "REPLICAOF", "NO", "ONE").ok()
			a.end("pass")
			p.done("pass")
			r.left(role)
		}},
		{name: "role-of-a-test-and-a-failover", on: func() *rec { return replica().sentinels().trace() }, story: `TestA sends REPLICAOF NO ONE, and Sentinel then
			makes it the replica of another master. TestA leaked, and nothing of that is left: what the server is now is
			Sentinel's, so no command says to change it.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			p.write(a.at(12), "REPLICAOF", "NO", "ONE").ok()
			a.end("pass")
			b := p.begin("TestB")
			r.set("replicaof", "10.0.0.3 6379")
			b.end("pass")
			p.done("pass")
			r.left(role)
		}},
		{name: "role-borrowed-after-a-failover", on: func() *rec { return newRec().sentinels().trace() }, story: `After a failover TestB takes the server away from its new
			master and gives it back. What it found is the new master, not the one of the run's begin.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.set("replicaof", "10.0.0.2 6379")
			a.end("pass")
			b := p.begin("TestB")
			p.write(b.at(12), "REPLICAOF", "NO", "ONE").ok()
			p.write(b.at(13), "REPLICAOF", "10.0.0.2", "6379").ok()
			b.end("pass")
			p.done("pass")
			r.left(role)
		}},
		{name: "restart-with-another-configuration", on: func() *rec { return newRec().trace() }, story: `The server is killed while TestA runs and comes back
			with a limit of its own. Nobody set that: no leak, nothing that is left changed, and nothing to put back.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.restart(map[string]string{"maxmemory": gb1})
			a.end("pass")
			p.done("pass")
			r.left(map[string]record.Why{"maxmemory": record.WhyRestarted})
		}},
		{name: "leak-that-a-restart-kept", on: func() *rec { return newRec().trace() }, story: `TestA lowers maxmemory and has it written to the server's file;
			TestB restarts the server, which has the value still. A restart is no way to make a leak the server's own.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			a.sets(12, "maxmemory", mb1)
			a.end("pass")
			b := p.begin("TestB")
			r.restart(nil)
			b.end("pass")
			p.done("pass")
			r.left(map[string]record.Why{"maxmemory": record.WhyRestarted})
		}},
		{name: "left-alone", on: func() *rec { return newRec().trace() }, story: `Another program lowers maxmemory while TestA runs. tracetest leaves that
			alone and says why.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.set("maxmemory", mb1)
			a.end("pass")
			p.done("pass")
			r.left(map[string]record.Why{"maxmemory": record.WhyUntraced})
		}},
	}
}
