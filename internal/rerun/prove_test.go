package rerun

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/redact"
	"tracetest/internal/run"
)

// TestProofOrder guards against a trial on servers that are not as before, one that is taken for another
// or not recorded, and against trials that go on when the time is over or somebody wants to stop.
func TestProofOrder(t *testing.T) {
	for _, test := range []struct {
		name    string
		victims int
		trials  int
		budget  time.Duration
		stop    int // the trial at which it is interrupted
		ready   int // that at which the servers are not as before
		outcome func(o run.Options, victim string) string
		want    string
		left    string
	}{
		{"one victim, which is proved", 1, 1, time.Hour, 0, 0, real, "alone leaked; without: V1 pass; with leaked: V1 fail; restored leaked: V1 pass", ""},
		{"twice", 1, 2, time.Hour, 0, 0, real, "alone leaked; alone leaked; without: V1 pass; with leaked: V1 fail; restored leaked: V1 pass; without: V1 pass; with leaked: V1 fail; restored leaked: V1 pass", ""},
		{"two, of which one is not settled: it is tried by itself", 2, 1, time.Hour, 0, 0,
			func(o run.Options, victim string) string {
				if victim == "TestV2" && len(chosen(o)) > 2 { // with others only
					return "fail"
				}
				return real(o, victim)
			},
			"alone leaked; without: V1 pass, V2 pass; with leaked: V1 fail, V2 fail; restored leaked: V1 pass, V2 fail; without: V2 pass; with leaked: V2 fail; restored leaked: V2 pass", ""},
		{"no time", 1, 1, -time.Second, 0, 0, real, "", "the time for proving (-1s) was over"},
		{"interrupted", 1, 1, time.Hour, 2, 0, real, "alone leaked", "it was interrupted"},
		{"servers that are not as before", 1, 1, time.Hour, 0, 2, real, "alone leaked; without: not as before; with leaked: V1 fail; restored leaked: V1 pass", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := &findings.Findings{Leaks: []findings.Change{{Server: "s", Parameter: "hz", By: &findings.Owner{Package: "m/p", Test: "TestLeak"}}}}
			for i := range test.victims {
				leak := 0
				f.Failures = append(f.Failures, findings.Failure{Package: "m/p", Test: fmt.Sprint("TestV", i+1), Leak: &leak})
			}
			var log []string
			tries, readied := 0, 0
			o := Proof{Run: run.Options{Secrets: redact.New(), Restore: run.RestoreNever, Perturb: true}, Trials: test.trials, Budget: test.budget, Print: func(string) {}}
			o.Ready = func(context.Context) error {
				if readied++; readied == test.ready {
					return errors.New("not as before")
				}
				return nil
			}
			o.Try = func(_ context.Context, o run.Options) Result {
				if tries++; readied < tries {
					t.Error("a trial on servers of which nobody made sure that they are as before")
				}
				if o.Perturb || o.Restore == run.RestoreNever {
					t.Errorf("a trial that leaves the servers changed: %+v", o.Restore)
				}
				r := Result{Outcomes: NewOutcomes(), Findings: &findings.Findings{}}
				r.Findings.Run.Complete = tries != test.stop
				for _, name := range chosen(o) {
					if name == "TestLeak" {
						r.Findings.Leaks = f.Leaks
						continue
					}
					r.Outcomes.Add(record.Entry{Test: &record.Test{Package: "m/p", Test: name, Action: test.outcome(o, name)}})
				}
				return r
			}
			o.Append = func(tried record.Trial) { log = append(log, describe(tried)) }
			left := Prove(t.Context(), f, o)
			if got := strings.Join(log, "; "); got != test.want || left != test.left {
				t.Errorf("got\n%s, left out %q\nwant\n%s, left out %q", got, left, test.want, test.left)
			}
		})
	}
}

// real is how tests end that fail if what TestLeak leaves is not restored.
func real(o run.Options, _ string) string {
	if chosen(o)[0] == "TestLeak" && o.Restore != run.RestoreTest {
		return "fail"
	}
	return "pass"
}

// chosen are the tests that options choose, TestLeak first.
func chosen(o run.Options) (names []string) {
	for _, name := range []string{"TestLeak", "TestV1", "TestV2"} {
		if strings.Contains(strings.Join(o.Args, " "), name) {
			names = append(names, name)
		}
	}
	return names
}

func describe(t record.Trial) string {
	text := string(t.Kind)
	if t.Leaked {
		text += " leaked"
	}
	var how []string
	for _, tried := range t.Tests {
		how = append(how, strings.TrimPrefix(tried.Test, "Test")+" "+tried.Outcome)
	}
	if t.Error != "" {
		how = []string{t.Error}
	}
	if len(how) > 0 {
		text += ": " + strings.Join(how, ", ")
	}
	return text
}
