package triage_test

import (
	"time"

	"tracetest/internal/record"
)

// knowing begins the record of a run that was given a baseline of known leaks.
// The run begins on 2026-03-01.
func knowing(known ...record.Known) func() *rec {
	for i := range known {
		known[i].Package = "shop/cache"
		known[i].Owner, known[i].Reason = "team-cache", "see issue 7"
		if known[i].Expires == "" {
			known[i].Expires = "2026-12-31"
		}
	}
	return func() *rec {
		return newRecOf(record.Run{Mode: record.ModeInstrumented, Baseline: &record.Baseline{File: "baseline.json", Known: known}}, 1)
	}
}

func known(test, parameter string) record.Known {
	return record.Known{Test: test, Parameter: parameter}
}

func until(date string) record.Known {
	k := known("TestA", "hz")
	k.Expires = date
	return k
}

func knownCases() []recorded {
	leak := func(name string, more func(r *rec, p *proc)) func(r *rec) {
		return func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin(name)
			r.set("hz", "20")
			a.end("pass")
			if more != nil {
				more(r, p)
			}
			p.done("pass")
			r.end(0)
		}
	}
	return []recorded{
		{name: "known", on: knowing(known("TestA", "hz")), story: `TestA leaves hz changed, and the baseline knows that. The run has exit code 0,
			also though hz is still changed at its end: what the known leak left is no second fault.`, write: leak("TestA", nil)},
		{name: "known-and-the-next-test", on: knowing(known("TestA", "hz")), story: `TestA leaves hz changed, which is known, and TestB then sets it to something
			else. TestB's leak is its own and not known, though the parameter is the same.`,
			write: leak("TestA", func(r *rec, p *proc) {
				b := p.begin("TestB")
				r.set("hz", "30")
				b.end("pass")
			})},
		{name: "known-another-parameter", on: knowing(known("TestA", "timeout")), story: `The baseline knows that TestA leaves timeout changed. It leaves hz changed: to go
			by the test alone would hide that.`, write: leak("TestA", nil)},
		{name: "known-another-package", on: knowing(known("TestA", "hz")), story: `A TestA of another package leaves hz changed. It only has the name of the known one.`,
			write: func(r *rec) {
				p := r.pkg("shop/store")
				a := p.begin("TestA")
				r.set("hz", "20")
				a.end("pass")
				p.done("pass")
				r.end(0)
			}},
		{name: "known-of-a-parent", on: knowing(known("TestA", "hz")), story: `The baseline knows TestA, and its subtest leaks. An entry stands for the test that it
			names: subtests that are added later are not known.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			s := a.begin("new")
			r.set("hz", "20")
			s.end("pass")
			a.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "known-package", on: knowing(known("", "hz")), story: `The package itself leaves hz changed, outside of its tests, and that is known. The leak of TestA is
			not, although it is of the same package.`, write: func(r *rec) {
			r.start("shop/cache")
			r.set("hz", "20")
			p := r.hello("shop/cache")
			a := p.begin("TestA")
			r.set("timeout", "7")
			a.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "known-until-yesterday", on: knowing(until("2026-02-28")), story: `The entry has expired on the day before the run. The leak counts as unknown, and that the
			entry has expired is said.`, write: leak("TestA", nil)},
		{name: "known-until-today", on: knowing(until("2026-03-01")), story: `The entry holds until the end of the day on which the run begins, also for a run that ends
			on the next: by the day on which it ended, or is read, it would have expired.`,
			write: leak("TestA", func(r *rec, p *proc) {
				r.wait(20 * time.Hour)
				p.run("TestB", "pass")
			})},
		{name: "known-suspects", on: knowing(known("TestX", "hz"), known("TestY", "hz")), story: `One of TestX and TestY left hz changed, and both are known for it. Whoever it was,
			it is known.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			r.set("hz", "20")
			x.end("pass")
			y.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "known-suspect-of-two", on: knowing(known("TestX", "hz")), story: `One of TestX and TestY left hz changed, and only TestX is known for it. It may have been
			TestY, so it is not known; and that TestX can go from the baseline is not said, for it may have been TestX.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x, y := parallel(p, "TestX", "TestY")
			r.set("hz", "20")
			x.end("pass")
			y.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "known-and-gone", on: knowing(known("TestA", "hz"), known("TestB", "hz"), known("TestC", "hz"), known("TestD", "hz")), story: `TestA ran, passed and left hz as it was: its entry can go.
			TestB did not run, TestC was skipped and TestD failed, perhaps before it came to it: of them that is not known.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.run("TestA", "pass")
			p.run("TestC", "skip")
			p.begin("TestD").end("fail", "not equal")
			p.done("fail")
			r.end(1)
		}},
		{name: "known-and-undone", on: knowing(known("TestA", "hz")), story: `TestA changes hz and now puts it back. Its entry can go.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			s := a.begin("s")
			r.set("hz", "20")
			s.end("pass")
			r.set("hz", "10")
			a.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "known-and-out-of-sight", on: knowing(known("TestA", "hz")), story: `The server could not be seen while TestA ran. That it left nothing behind is not known, and its
			entry is not said to be of no use.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.lose("i/o timeout")
			a.end("pass")
			b := p.begin("TestB")
			r.see()
			b.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "known-not-held", story: `From events alone a leak can be missed, when another test puts the value back. An entry without a leak is not said to
			be of no use.`, on: func() *rec {
			k := known("TestA", "hz")
			k.Package, k.Owner, k.Reason, k.Expires = "shop/cache", "team-cache", "see issue 7", "2026-12-31"
			return newRecOf(record.Run{Mode: record.ModeEvents, Baseline: &record.Baseline{File: "baseline.json", Known: []record.Known{k}}}, 1)
		}, write: func(r *rec) {
			u := r.unsynchronized("shop/cache")
			u.run("TestA")
			u.end("TestA", "pass")
			u.done("pass")
			r.end(0)
		}},
		{name: "known-and-an-outsider", on: knowing(known("TestA", "hz")), story: `TestA leaves hz changed, which is known. After it, while no test runs, somebody else
			sets it once more. That is not what is known.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.set("hz", "20")
			a.end("pass")
			p.done("pass")
			r.set("hz", "30")
			r.glance()
			r.end(0)
		}},
		{name: "known-behind-a-known", on: knowing(known("TestA", "hz"), known("TestB", "hz")), story: `TestA leaves hz at 20, and TestB sets it to 20 as well: of that no look shows
			anything. That TestB's entry can go is not said.`, write: leak("TestA", func(r *rec, p *proc) { p.run("TestB", "pass") })},
		{name: "known-and-polluted", on: func() *rec {
			r := knowing(known("TestA", "hz"))()
			r.servers[0].config["hz"] = "20"
			r.servers[0].StartedWith = map[string]record.Origin{"hz": {Value: "10", Source: "arguments of process 7"}}
			return r
		}, story: `An earlier run left hz at 20, to which TestA sets it again. That TestA's entry can go is not said.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.run("TestA", "pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "known-and-a-victim", on: knowing(known("TestA", "maxmemory")), story: `TestA leaves maxmemory low, which is known, and TestB fails because of it. A failed test is
			a failed run, whatever is known; TestB is tied to the leak as it would be without a baseline.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.set("maxmemory", mb1)
			a.end("pass")
			b := p.begin("TestB")
			r.oom(2)
			b.end("fail", "OOM command not allowed when used memory > 'maxmemory'.")
			p.done("fail")
			r.end(1)
		}},
		{name: "known-and-unmet", story: `The leak is known, and the server was not as --expect says when the run began. The second is not excused by the first.`,
			on: func() *rec {
				r := knowing(known("TestA", "hz"))()
				r.entries[0].Run.Expect = map[string]string{"maxmemory": mb1}
				return r
			}, write: leak("TestA", nil)},
		{name: "known-and-interrupted", on: knowing(known("TestA", "hz"), known("TestB", "hz")), story: `The run was interrupted. It has no exit code 0, though the only leak is known, and of
			TestB, which did not come to run, nothing is said.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.set("hz", "20")
			a.end("pass")
			p.done("pass")
			r.interrupted(1, "interrupted")
		}},
	}
}
