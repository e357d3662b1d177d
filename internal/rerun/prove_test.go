package rerun

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/run"
)

// TestProofs guards against a trial on servers that are not as before, one that is taken for another
// or not recorded, and against trials that go on when the time is over or somebody wants to stop.
func TestProofs(t *testing.T) {
	hour := Proof{Trials: 1, Budget: time.Hour}
	for _, test := range []struct {
		name, steps string
		tests       string // the culprit, then its victims
		proof       Proof
		flush       bool
		want, left  string
	}{
		{"one victim, which is proved", "", "TestLeak TestVictim", hour, false, "look 0 | run p TestLeak restore=run | > alone leaked | look 0 | run p TestVictim restore=run | > without TestVictim pass | look 0 | run p TestLeak,TestVictim restore=run | > with leaked TestVictim fail | look 0 | run p TestLeak,TestVictim restore=test | > restored leaked TestVictim pass | close | look 0", ""},
		{"twice", "", "TestLeak TestVictim", Proof{Trials: 2, Budget: time.Hour}, false, "look 0 | run p TestLeak restore=run | > alone leaked | look 0 | run p TestLeak restore=run | > alone leaked | look 0 | run p TestVictim restore=run | > without TestVictim pass | look 0 | run p TestLeak,TestVictim restore=run | > with leaked TestVictim fail | look 0 | run p TestLeak,TestVictim restore=test | > restored leaked TestVictim pass | look 0 | run p TestVictim restore=run | > without TestVictim pass | look 0 | run p TestLeak,TestVictim restore=run | > with leaked TestVictim fail | look 0 | run p TestLeak,TestVictim restore=test | > restored leaked TestVictim pass | close | look 0", ""},
		{"two, of which one is not settled: it is tried by itself", "", "TestLeak TestVictim TestCrowded", hour, false, "look 0 | run p TestLeak restore=run | > alone leaked | look 0 | run p TestVictim,TestCrowded restore=run | > without TestVictim pass TestCrowded pass | look 0 | run p TestLeak,TestVictim,TestCrowded restore=run | > with leaked TestVictim fail TestCrowded fail | look 0 | run p TestLeak,TestVictim,TestCrowded restore=test | > restored leaked TestVictim pass TestCrowded fail | look 0 | run p TestCrowded restore=run | > without TestCrowded pass | look 0 | run p TestLeak,TestCrowded restore=run | > with leaked TestCrowded pass | look 0 | run p TestLeak,TestCrowded restore=test | > restored leaked TestCrowded pass | close | look 0", ""},
		{"emptied before each", "", "TestLeak TestVictim", hour, true, "look 0 | flush 0 | run p TestLeak restore=run | > alone leaked | look 0 | flush 0 | run p TestVictim restore=run | > without TestVictim pass | look 0 | flush 0 | run p TestLeak,TestVictim restore=run | > with leaked TestVictim fail | look 0 | flush 0 | run p TestLeak,TestVictim restore=test | > restored leaked TestVictim pass | close | look 0", ""},
		{"a server that restarted is not emptied", "", "TestRestart TestVictim", hour, true, "look 0 | flush 0 | run p TestRestart restore=run | > alone | look 0 | > without: flushing 127.0.0.1:1: it restarted since the tests ran, or another server has its address by now, and its data may be somebody else's | look 0 | > with: flushing 127.0.0.1:1: it restarted since the tests ran, or another server has its address by now, and its data may be somebody else's | look 0 | > restored: flushing 127.0.0.1:1: it restarted since the tests ran, or another server has its address by now, and its data may be somebody else's | close | look 0", ""},
		{"no time", "", "TestLeak TestVictim", Proof{Trials: 1, Budget: -time.Second}, false, "close | look 0", "the time for proving (-1s) was over"},
		{"interrupted", "", "TestStop TestVictim", hour, false, "look 0 | run p TestStop restore=run | close | look 0", "it was interrupted"},
		{"interrupted before", "cancel", "TestLeak TestVictim", hour, false, "close | look 0", ""},
		{"servers that are not as before", "others 0", "TestLeak TestVictim", hour, false, "look 0 | > alone:  is not as before: timeout; no test was seen setting that, so tracetest leaves it alone | look 0 | > without:  is not as before: timeout; no test was seen setting that, so tracetest leaves it alone | look 0 | > with:  is not as before: timeout; no test was seen setting that, so tracetest leaves it alone | look 0 | > restored:  is not as before: timeout; no test was seen setting that, so tracetest leaves it alone | close | look 0 | = error:  is not as before: timeout; no test was seen setting that, so tracetest leaves it alone", ""},
		{"a culprit whose leak the run cannot restore", "", "TestStubborn TestVictim", hour, false, "look 0 | run p TestStubborn restore=run | > alone leaked | look 0 | restore 0 hz | run p TestVictim restore=run | > without TestVictim pass | look 0 | run p TestStubborn,TestVictim restore=run | > with leaked TestVictim fail | look 0 | restore 0 hz | run p TestStubborn,TestVictim restore=test | > restored leaked TestVictim fail | close | look 0 | restore 0 hz", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			w, ctx := newWorld(t, 1)
			o := w.options()
			o.Restore, o.Perturb, o.Shard = run.RestoreNever, true, &run.Shard{}
			w.unfit = func(o run.Options) bool { return o.Perturb || o.Shard != nil || o.Restore == run.RestoreNever }
			runner := &Runner{o: Options{Run: o, Flush: test.flush}, world: w, site: &site{targets: o.Targets, lent: true}}
			runner.site.hold(w.servers[0], w.servers[0].Mark())
			names := strings.Fields(test.tests)
			f := &findings.Findings{Leaks: []findings.Change{{Server: "s", Parameter: "hz", By: &record.Name{Package: "p", Test: names[0]}}}}
			for _, name := range names[1:] {
				f.Failures = append(f.Failures, findings.Failure{Package: "p", Test: name, Leak: new(int)})
			}
			w.alone = func(tests []string) string { // TestCrowded
				if len(tests) > 2 {
					return "fail"
				}
				return "pass"
			}
			switch test.steps {
			case "others 0":
				w.servers[0].config["timeout"] = "9"
			case "cancel":
				w.cancel()
			}
			p := test.proof
			p.Runner, p.Print, p.Append = runner, func(string) {}, func(tried record.Trial) { w.note("> %s", describe(tried)) }
			left := Prove(ctx, f, p)
			w.note("close")
			if err := runner.Close(); err != nil {
				w.note("= error: %v", err)
			}
			if got := strings.Join(w.log, " | "); got != test.want || left != test.left {
				t.Errorf("left out %q, got\n%s\nwant\n%s", left, got, test.want)
			}
		})
	}
}

func describe(t record.Trial) string {
	text := string(t.Kind)
	if t.Leaked {
		text += " leaked"
	}
	for _, tried := range t.Tests {
		text += fmt.Sprintf(" %s %s", tried.Test, tried.Outcome)
	}
	if t.Error != "" {
		text += ": " + t.Error
	}
	return text
}
