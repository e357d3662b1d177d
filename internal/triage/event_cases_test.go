package triage_test

import (
	"fmt"
	"time"

	"tracetest/internal/record"
)

func eventsOnly() *rec { return newRecOf(record.Run{Mode: record.ModeEvents}, 1) }

func eventCases() []recorded {
	return []recorded{
		{name: "events-hundred-fast", on: eventsOnly, story: `A hundred tests of a millisecond each; Test050 changes maxmemory,
			and the events come late: the look that shows it is taken after the run of Test031. To blame the test whose event
			came last accuses Test031. The suspects are all whose time can have overlapped, and hold Test050.`, write: func(r *rec) {
			u := r.unsynchronized("shop/cache")
			r.quiet = true
			for i := range 100 {
				name := fmt.Sprintf("Test%03d", i)
				u.run(name)
				u.end(name, "pass")
				if i == 31 {
					r.set("maxmemory", mb1) // the tests are ahead of their events
				}
				if i%4 == 3 {
					r.glance()
				}
			}
			r.quiet = false
			u.done("pass")
			r.end(0)
		}},
		{name: "events-slow", on: eventsOnly, story: `Four tests of 20 s each; the third changes hz. Those whose end was read
			before the last look that did not show it are innocent, and so is the one that began long after.`, write: func(r *rec) {
			u := r.unsynchronized("shop/cache")
			for _, name := range []string{"TestA", "TestB", "TestC", "TestD"} {
				u.run(name)
				r.wait(20 * time.Second)
				if name == "TestC" {
					r.set("hz", "20")
				}
				u.end(name, "pass")
			}
			u.done("pass")
			r.end(0)
		}},
		{name: "events-slow-put-back", on: eventsOnly, story: `TestA changes hz and, a minute later, TestC puts it back. From events
			alone it may have been the package both times: not called a leak, and the doubt is said.`, write: func(r *rec) {
			u := r.unsynchronized("shop/cache")
			for _, name := range []string{"TestA", "TestB", "TestC"} {
				u.run(name)
				r.wait(30 * time.Second)
				switch name {
				case "TestA":
					r.set("hz", "20")
				case "TestC":
					r.set("hz", "10")
				}
				u.end(name, "pass")
			}
			u.done("pass")
			r.end(0)
		}},
		{name: "events-put-back-by-another-package", on: eventsOnly, story: `The change was made in one package and undone in another, much
			later. That cannot be one unit: it leaked.`, write: func(r *rec) {
			u := r.unsynchronized("shop/cache")
			u.run("TestA")
			r.wait(time.Minute)
			r.set("hz", "20")
			u.end("TestA", "pass")
			u.done("pass")
			r.wait(time.Minute)
			v := r.unsynchronized("shop/store")
			v.run("TestB")
			r.wait(time.Minute)
			r.set("hz", "10")
			v.end("TestB", "pass")
			v.done("pass")
			r.end(0)
		}},
		{name: "events-two-changes", on: eventsOnly, story: `hz goes to 20 and on to 30, and back to the baseline at the end of the
			package. Neither is a leak for certain.`, write: func(r *rec) {
			u := r.unsynchronized("shop/cache")
			for i, name := range []string{"TestA", "TestB", "TestC"} {
				u.run(name)
				r.set("hz", []string{"20", "30", "10"}[i])
				u.end(name, "pass")
			}
			u.done("pass")
			r.end(0)
		}},
		{name: "events-parallel", on: eventsOnly, story: `Parallel tests without the gate: whoever can have run is a suspect, also one that
			was paused a moment ago.`, write: func(r *rec) {
			u := r.unsynchronized("shop/cache")
			for _, name := range []string{"TestX", "TestY"} {
				u.run(name)
				u.event("pause", name, "")
			}
			r.wait(time.Minute)
			u.event("cont", "TestX", "")
			r.set("hz", "20")
			u.event("cont", "TestY", "")
			u.end("TestX", "pass")
			u.end("TestY", "pass")
			u.done("pass")
			r.end(0)
		}},
		{name: "events-secret", on: eventsOnly, story: `A password changes. It is marked as secret without the gate as well.`, write: func(r *rec) {
			u := r.unsynchronized("shop/cache")
			u.run("TestA")
			r.set("requirepass", "(hidden 1)")
			u.end("TestA", "pass")
			u.done("pass")
			r.end(0)
		}},
		{name: "events-restored", on: eventsOnly, story: `What was left is put back by tracetest at the end, and the leak says so.`, write: func(r *rec) {
			u := r.unsynchronized("shop/cache")
			u.run("TestA")
			r.set("hz", "20")
			u.end("TestA", "pass")
			u.done("pass")
			r.finished()
			r.restore("run", nil, map[string]string{"hz": "10"})
			r.end(0)
		}},
		{name: "events-start-read-late", on: eventsOnly, story: `A look shows a change before the event is read that says that the package
			started, and which is older than the look. It was not "while no test was running": the package is a suspect.`, write: func(r *rec) {
			started := r.now
			r.wait(time.Millisecond)
			r.set("hz", "20")
			r.glance()
			r.eventAt(started, "start", "shop/cache", "", "")
			u := &unsynchronized{r, "shop/cache"}
			u.run("TestA")
			u.end("TestA", "pass")
			u.done("pass")
			r.end(0)
		}},
		{name: "events-failed-parent", on: eventsOnly, story: `Without the gate nobody knows whether a parent failed by itself: beside its
			failed subtest it is not listed. A test that never ended is listed as died.`, write: func(r *rec) {
			u := r.unsynchronized("shop/cache")
			u.run("TestA")
			u.run("TestA/sub")
			u.fail("TestA/sub", "not equal\n")
			u.fail("TestA", "")
			u.run("TestB")
			u.done("fail")
			r.end(1)
		}},
		{name: "events-teardown", on: eventsOnly, story: `TestMain changes hz after its last test; the look that shows it comes after the event
			that ends the package. The package was open since the look before: it is a suspect, and it was not "nobody".`, write: func(r *rec) {
			u := r.unsynchronized("shop/cache")
			u.run("TestA")
			u.end("TestA", "pass")
			r.wait(time.Minute)
			r.set("hz", "20")
			u.done("pass")
			r.end(0)
		}},
		{name: "events-benchmark", on: eventsOnly, story: `Benchmarks have a run event and no pass event. They did not die.`, write: func(r *rec) {
			u := r.unsynchronized("shop/cache")
			u.run("BenchmarkGet")
			u.event("bench", "BenchmarkGet", "")
			u.done("pass")
			r.end(0)
		}},
		{name: "not-held-beside-held", story: `One package's tests are held, the other's are not (its environment was emptied). The
			first is judged exactly; the change in the second is narrowed, and it is said that it was not held.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			leakBy(p, "TestA", "hz", "20")
			p.done("pass")
			u := r.unsynchronized("shop/store")
			u.run("TestB")
			r.set("timeout", "7")
			u.end("TestB", "pass")
			u.done("pass")
			r.end(0)
		}},
		{name: "not-held-at-the-same-time", story: `-p 2: the package that is not held runs beside TestA of one that is, and hz changes.
			TestA alone would be named by the look at its end; the other package's test is a suspect too.`, write: func(r *rec) {
			u := r.unsynchronized("shop/store")
			u.run("TestB")
			p := r.pkg("shop/cache")
			leakBy(p, "TestA", "hz", "20")
			p.done("pass")
			u.end("TestB", "pass")
			u.done("pass")
			r.end(0)
		}},
		{name: "not-held-puts-back", story: `TestA leaks; a test that is not held puts the baseline back. To leave the baseline is
			never a leak: only TestA's is one.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			leakBy(p, "TestA", "maxmemory", mb1)
			p.done("pass")
			u := r.unsynchronized("shop/store")
			u.run("TestB")
			r.set("maxmemory", "0")
			u.end("TestB", "pass")
			u.done("pass")
			r.end(0)
		}},
		{name: "not-held-and-put-back-by-the-held", story: `-p 2: maxmemory changes while TestA and a test that is not held run; then the
			other package ends and TestA's clean-up puts it back. It may have been TestA's own all along: no leak for certain.`, write: func(r *rec) {
			u := r.unsynchronized("shop/store")
			u.run("TestB")
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.set("maxmemory", mb1)
			u.end("TestB", "pass")
			u.done("pass")
			r.set("maxmemory", "0")
			a.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "not-held-victim-too-late", on: lowMemory, story: `TestA's leak was restored by TestB. A test that is not held fails with the text of an
			OOM afterwards. The leak was over.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			leakBy(p, "TestA", "maxmemory", mb1)
			leakBy(p, "TestB", "maxmemory", mb2)
			p.done("pass")
			u := r.unsynchronized("shop/store")
			u.run("TestC")
			u.fail("TestC", oomText+"\n")
			u.done("fail")
			r.end(1)
		}},
		{name: "hello-overtakes-a-whole-test", story: `The hello, and all of TestA which leaks, come before the event that says that the package
			started. It had shaken hands before the change: TestA is bracketed, and stays what was said while it ran.`, write: func(r *rec) {
			started := r.now
			r.wait(time.Millisecond)
			p := r.hello("shop/cache")
			p.hidden = true
			a := p.begin("TestA")
			r.set("maxmemory", mb1)
			a.held("pass")
			r.eventAt(started, "start", "shop/cache", "", "")
			r.event("run", "shop/cache", "TestA", "")
			r.event("pass", "shop/cache", "TestA", "")
			p.done("pass")
			r.end(0)
		}},
	}
}

func runCases() []recorded {
	return []recorded{
		{name: "interrupted", story: `The run is interrupted by Ctrl-C and the go command says 0. A run that was cut short is never
			called clean.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.run("TestA", "pass")
			p.kill()
			r.interrupted(0, "interrupted by a signal")
		}},
		{name: "no-end", story: `The record has no end: tracetest was killed while TestA ran. Its subtest had changed maxmemory, and its clean-up
			had no chance to run. That is said with the leak.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			s := a.begin("lower")
			r.set("maxmemory", mb1)
			s.end("pass")
		}},
		{name: "unmet", on: func() *rec {
			return newRecOf(record.Run{Mode: record.ModeInstrumented, Expect: map[string]string{"maxmemory": gb1, "hz": "10", "nonsense": "1"}}, 1)
		}, story: `--expect names what the server should have had when the run began. What it had not is listed, and is nobody's
			leak: no test had run. The exit code is as ever.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.run("TestA", "pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "bad-arguments", story: `go test does not understand its arguments. No test ran; the exit code says that tracetest could not
			do its job, not that tests failed.`, write: func(r *rec) {
			r.end(2)
		}},
		{name: "go-killed", story: `The go command was killed. Its exit code is -1, and the run is not clean.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			p.run("TestA", "pass")
			p.kill()
			r.interrupted(-1, "the go command was killed")
		}},
		{name: "another-parameter-in-a-restore", on: restoring, story: `tracetest puts hz back after TestA, and the look that it takes then shows that
			timeout changed too, which it never wrote. That change is the package's, not tracetest's own.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			r.set("hz", "20")
			a.held("pass")
			r.set("timeout", "7")
			r.restore("test", a, map[string]string{"hz": "10"})
			r.event("pass", "shop/cache", "TestA", "")
			p.run("TestB", "pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "put-back-by-an-outsider", story: `TestA leaks hz, and when no test runs somebody puts it back. It is not said to have been put back
			"while several tests were running".`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			leakBy(p, "TestA", "hz", "20")
			p.done("pass")
			r.set("hz", "10")
			r.end(0)
		}},
		{name: "keys-of-a-paused-test", story: `TestX waits for its turn while TestB leaves 100 keys behind. They are TestB's alone.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			x := p.begin("TestX")
			x.pause()
			b := p.begin("TestB")
			r.keys(100)
			b.end("pass")
			x.cont()
			x.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "helper-and-a-value-put-back", story: `TestA leaked hz=20, and its helper still runs. TestB sets 30 and puts 20 back, which it found. TestB
			left nothing new: there is one leak.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			a := p.begin("TestA")
			n := p.nested(a)
			r.set("hz", "20")
			a.end("pass")
			b := p.begin("TestB")
			s := b.begin("s")
			r.set("hz", "30")
			s.end("pass")
			r.set("hz", "20")
			b.end("pass")
			n.kill()
			p.done("pass")
			r.end(0)
		}},
	}
}
