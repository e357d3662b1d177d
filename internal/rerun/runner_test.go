package rerun

import (
	"fmt"
	"strings"
	"testing"

	"tracetest/internal/record"
	"tracetest/internal/run"
)

// setup is one of words: tests, the last of which is the victim. "q.Test" is of another package than p.
func setup(words []string) (s Setup) {
	for _, w := range words {
		switch name, value, cut := strings.Cut(w, ":"); {
		case w == "config":
			s.Cut.Config = true
		case w == "data":
			s.Cut.Data = true
		case w == "process":
			s.Cut.Process = true
		case cut && name == "keep":
			s.Cut.Keep = append(s.Cut.Keep, value)
		default:
			pkg, test, other := strings.Cut(w, ".")
			if !other {
				pkg, test = "p", w
			}
			s.Before = append(s.Before, Test{Name: record.Name{Package: pkg, Test: test}})
		}
	}
	last := s.Before[len(s.Before)-1]
	s.Before, s.Victim = s.Before[:len(s.Before)-1], &last
	return s
}

func outcome(out Outcome) string {
	text := "= " + out.Victim
	for _, t := range out.Touched {
		text += fmt.Sprintf(", %s %s after %s", t.What, t.Name, t.After.Test)
	}
	if out.Error != "" {
		text = "= error: " + out.Error
	}
	if out.Interrupted {
		text += " (interrupted)"
	}
	return text
}

// play does steps with a Runner, and returns what came of it.
func play(t *testing.T, servers int, o Options, steps string) []string {
	t.Helper()
	w, ctx := newWorld(t, servers)
	o.Run = w.options()
	if rest, is := strings.CutPrefix(steps, "absent 1"); is {
		w.servers[1].down, steps = true, rest
	}
	r, err := openIn(ctx, w, o)
	if err != nil {
		return append(w.log, "= "+err.Error())
	}
	for step := range strings.SplitSeq(steps, ";") {
		words := append(strings.Fields(step), "")
		words = words[:len(words)-1]
		if len(words) == 0 {
			continue
		}
		at := func() *fakeServer { return w.servers[words[1][0]-'0'] }
		switch words[0] {
		case "--": // what was before is not of interest
			w.log = nil
		case "try":
			w.note("%s", outcome(r.Try(ctx, setup(words[1:]))))
		case "whole":
			if err := r.Whole(ctx, func(o run.Options) error { w.note("suite of %d", w.at(o).n); return nil }); err != nil {
				w.note("= error: %v", err)
			}
		case "close":
			if err := r.Close(); err != nil {
				w.note("= error: %v", err)
			}
		case "others":
			at().config["timeout"] = "9"
		case "down":
			at().down = true
		case "restart": // with what it has
			at().run++
		case "refuses":
			at().refuses = true
		case "accepts":
			at().refuses = false
		case "failover":
			at().config["replicaof"] = "b 1"
		case "stillborn":
			w.stillborn = true
		case "unusable":
			w.unusable = true
		case "cancel":
			w.cancel()
		default:
			t.Fatalf("a step %q", step)
		}
	}
	return w.log
}

// TestTrials guards against trials that act out of turn: tests that are run on a server that is not as
// before, something restored too late or never, a server that is left running or written to when it is
// not known to be the same, a trial that is counted though it says nothing.
func TestTrials(t *testing.T) {
	for _, test := range []struct {
		name, steps string
		servers     int
		o           Options
		want        string
	}{
		// The user's own servers.
		{"nothing is left: nothing is written", "try TestA TestVictim; close", 1, Options{}, "connect 0 | look 0 | look 0 | run p TestA,TestVictim restore=run | = pass | look 0 | close 0"},
		{"what a trial left is restored before the next, or at the end", "try TestStubborn TestVictim; --; try TestA TestVictim; close", 1, Options{}, "look 0 | restore 0 hz | look 0 | run p TestA,TestVictim restore=run | = pass | look 0 | close 0"},
		{"what the run itself restores", "try TestLeak TestVictim; --; try TestA TestVictim", 1, Options{}, "look 0 | look 0 | run p TestA,TestVictim restore=run | = pass"},
		{"what somebody else has changed is left alone, and no test is run", "others 0; --; try TestA TestVictim; close", 1, Options{}, "look 0 | = error:  is not as before: timeout; no test was seen setting that, so tracetest leaves it alone | look 0 | close 0 | = error:  is not as before: timeout; no test was seen setting that, so tracetest leaves it alone"},
		{"and so where a trial did unseen", "try TestOutside TestVictim; --; try TestA TestVictim; close", 1, Options{}, "look 0 | = error:  is not as before: timeout; no test was seen setting that, so tracetest leaves it alone | look 0 | close 0 | = error:  is not as before: timeout; no test was seen setting that, so tracetest leaves it alone"},
		{"a restore that fails: no test is run, and it is tried again", "try TestStubborn TestVictim; refuses 0; --; try TestA TestVictim; accepts 0; try TestA TestVictim", 1, Options{}, "look 0 | restore 0 hz | = error: restoring what was changed on : no, said the server | look 0 | restore 0 hz | look 0 | run p TestA,TestVictim restore=run | = pass"},
		{"a server that is gone", "try TestStubborn TestVictim; down 0; --; try TestA TestVictim; close", 1, Options{}, "look 0 | = error: looking at 127.0.0.1:1: connection refused | look 0 | close 0 | = error: looking at 127.0.0.1:1: connection refused"},
		{"one that a test ends", "--; try TestDown TestVictim; try TestVictim", 1, Options{}, "look 0 | look 0 | run p TestDown,TestVictim restore=run | = fail | look 0 | = error: looking at 127.0.0.1:1: connection refused"},
		{"one that restarts as it was is meant from then on", "try TestRestart TestVictim; --; try TestStubborn TestVictim; close", 1, Options{}, "look 0 | look 0 | run p TestStubborn,TestVictim restore=run | = fail | look 0 | restore 0 hz | close 0"},
		{"what was written to another run of it is not restored", "try TestStubborn TestVictim; restart 0; --; try TestVictim; close", 1, Options{}, "look 0 | = error: : it restarted, or another server has its address by now, and is not as before: hz | look 0 | close 0 | = error: : it restarted, or another server has its address by now, and is not as before: hz"},
		{"a failover: no trial, but a suite", "failover 0; --; try TestA TestVictim; whole", 1, Options{}, "look 0 | = error: : it has another master than it had: a failover | look 0 | suite of 0"},
		{"and with --flush not even that", "failover 0; --; whole", 1, Options{Flush: true}, "look 0 | = error: : it has another master than it had: a failover"},
		{"a suite on servers that are as before", "try TestStubborn TestVictim; --; whole", 1, Options{}, "look 0 | restore 0 hz | suite of 0"},
		{"interrupted: what its tests have set is restored at the end", "--; try TestStubborn TestStop TestVictim; try TestA TestVictim; close", 1, Options{}, "look 0 | look 0 | run p TestStubborn,TestStop,TestVictim restore=run | = error: interrupted (interrupt) (interrupted) | look 0 | = error: looking at 127.0.0.1:1: cancelled (interrupted) | look 0 | restore 0 hz | close 0"},
		{"interrupted before", "cancel; --; try TestA TestVictim", 1, Options{}, "look 0 | = error: looking at 127.0.0.1:1: cancelled (interrupted)"},
		{"all servers, also where one fails", "try TestStubborn TestVictim; others 1; --; try TestVictim; close", 2, Options{}, "look 0 | restore 0 hz | look 1 | = error:  is not as before: timeout; no test was seen setting that, so tracetest leaves it alone | look 0 | look 1 | close 0 | close 1 | = error:  is not as before: timeout; no test was seen setting that, so tracetest leaves it alone"},
		{"one of them is not there", "absent 1", 2, Options{}, "connect 0 | connect 1 | look 0 | close 0 | = connection refused"},
		{"tests of two packages: the first run restores nothing", "--; try TestLeak q.TestVictim", 1, Options{}, "look 0 | look 0 | run p TestLeak restore=never | run q TestVictim restore=run | = fail"},
		// --flush
		{"emptied when it is as before, users behind that", "--; try TestKeys TestVictim; try TestVictim; close", 1, Options{Flush: true}, "look 0 | flush 0 | put back 0 | look 0 | run p TestKeys,TestVictim restore=run | = fail | look 0 | flush 0 | put back 0 | look 0 | run p TestVictim restore=run | = pass | look 0 | put back 0 | close 0"},
		{"a server that is not as before is not emptied", "others 0; --; try TestVictim", 1, Options{Flush: true}, "look 0 | = error:  is not as before: timeout; no test was seen setting that, so tracetest leaves it alone"},
		{"nor any other then", "others 0; --; try TestVictim", 2, Options{Flush: true}, "look 0 | look 1 | = error:  is not as before: timeout; no test was seen setting that, so tracetest leaves it alone"},
		// What is done between the units.
		{"the configuration restored in between", "--; try config TestLeak TestVictim", 1, Options{}, "look 0 | look 0 | run p TestLeak,TestVictim restore=test | look 0 | = pass, parameter hz after TestLeak"},
		{"also behind a package, what the run could not", "--; try config TestStubborn q.TestVictim", 1, Options{}, "look 0 | look 0 | run p TestStubborn restore=test | look 0 | restore 0 hz | run q TestVictim restore=test | look 0 | = pass, parameter hz after TestStubborn"},
		{"but for what is kept", "--; try config keep:hz TestLeak TestVictim; try TestVictim", 1, Options{}, "look 0 | look 0 | run p TestLeak,TestVictim restore=test | look 0 | = fail | look 0 | restore 0 hz | look 0 | run p TestVictim restore=run | = pass"},
		{"a restore in between that fails", "refuses 0; --; try config TestStubborn q.TestVictim", 1, Options{}, "look 0 | look 0 | run p TestStubborn restore=test | look 0 | restore 0 hz | = error: restoring what was changed on : no, said the server"},
		{"data in between", "--; try data TestKeys TestVictim", 1, Options{Flush: true}, "look 0 | flush 0 | put back 0 | look 0 | read 0 keys | run p TestKeys,TestVictim restore=run | read 0 keys | put back 0 | read 0 keys | put back 0 | put back 0 | = pass, key k after TestKeys"},
		{"and behind each package", "--; try data TestKeys q.TestVictim", 1, Options{Flush: true}, "look 0 | flush 0 | put back 0 | look 0 | read 0 keys | run p TestKeys restore=never | read 0 keys | put back 0 | put back 0 | read 0 keys | run q TestVictim restore=run | read 0 keys | put back 0 | put back 0 | = pass, key k after TestKeys"},
		{"data of a server that is gone", "--; try data TestDown TestVictim", 1, Options{Flush: true}, "look 0 | flush 0 | put back 0 | look 0 | read 0 keys | run p TestDown,TestVictim restore=run | read 0 keys | put back 0 | read 0 keys | = error: restoring what was changed on 127.0.0.1:1: connection refused\nreading what 127.0.0.1:1 holds: connection refused"},
		{"and nothing is run behind that", "--; try data TestDown q.TestVictim", 1, Options{Flush: true}, "look 0 | flush 0 | put back 0 | look 0 | read 0 keys | run p TestDown restore=never | read 0 keys | put back 0 | put back 0 | = error: restoring what was changed on 127.0.0.1:1: connection refused\nrestoring what was changed on 127.0.0.1:1: connection refused"},
		{"a process of its own: what was left is still there", "--; try process TestStubborn TestVictim", 1, Options{}, "look 0 | look 0 | run p TestStubborn restore=never | run p TestVictim restore=run | = fail"},
		// A server for each trial.
		{"started before, ended behind", "try TestLeak TestVictim; try TestVictim; close", 0, Options{Spawn: true}, "start | connect 0 | look 0 | run p TestLeak,TestVictim restore=run | close 0 | end 0 | = fail | start | connect 1 | look 1 | run p TestVictim restore=run on 1 | close 1 | end 1 | = pass"},
		{"and everything on it is restored, whoever set it", "--; try config TestOutside q.TestVictim", 0, Options{Spawn: true}, "start | connect 0 | look 0 | run p TestOutside restore=test | look 0 | restore 0 timeout | run q TestVictim restore=test | look 0 | close 0 | end 0 | = pass, parameter timeout after TestOutside"},
		{"a suite on a server of its own", "whole", 0, Options{Spawn: true}, "start | connect 0 | suite of 0 | close 0 | end 0"},
		{"one that does not start", "stillborn; try TestVictim; close", 0, Options{Spawn: true}, "start | = error: it ended at once"},
		{"one that is gone at once is ended all the same", "unusable; try TestVictim; whole; close", 0, Options{Spawn: true}, "start | connect 0 | end 0 | = error: connection refused | start | connect 1 | end 1 | = error: connection refused"},
		{"one of our own that a test ends", "try TestDown TestVictim", 0, Options{Spawn: true}, "start | connect 0 | look 0 | run p TestDown,TestVictim restore=run | close 0 | end 0 | = fail"},
		{"one that a test ends while it is to be restored", "try config TestDown q.TestVictim", 0, Options{Spawn: true}, "start | connect 0 | look 0 | run p TestDown restore=test | look 0 | close 0 | end 0 | = error: looking at 127.0.0.1:1: connection refused"},
		{"tests that use another server", "try TestElsewhere q.TestVictim", 0, Options{Spawn: true}, "start | connect 0 | look 0 | run p TestElsewhere restore=never | close 0 | end 0 | = error: the tests used 127.0.0.1:99 and not the server that was started for them: give the variable from which they read its address with --spawn-env"},
		{"interrupted with a server of its own", "try TestStop TestVictim", 0, Options{Spawn: true}, "start | connect 0 | look 0 | run p TestStop,TestVictim restore=run | close 0 | end 0 | = error: interrupted (interrupt) (interrupted)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := strings.Join(play(t, test.servers, test.o, test.steps), " | "); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}
