package diff_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"tracetest/internal/diff"
	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/triage/story"
	"tracetest/internal/triage/story/storytest"
)

// run is one in which these tests ended so; tests that leak or fail are added.
func run(tests ...string) *findings.Findings {
	f := &findings.Findings{Run: findings.Run{Mode: record.ModeInstrumented, Complete: true}, Cases: &findings.Cases{}, Packages: []findings.Package{{Path: "p", Outcome: "pass", Ran: true, Instrumented: true}}}
	for _, text := range tests {
		name, status, _ := strings.Cut(text, " ")
		f.Cases.Add(findings.Case{Name: owner(name), Kind: record.KindTest, Status: status})
	}
	return f
}

func owner(test string) record.Name { return record.Name{Package: "p", Test: test} }

func leaks(f *findings.Findings, all ...findings.Change) *findings.Findings {
	f.Leaks = append(f.Leaks, all...)
	return f
}

func leak(test, parameter, from, to string) findings.Change {
	o := owner(test)
	return findings.Change{Server: "localhost:6379", Parameter: parameter, From: from, Initial: from, To: to, By: &o, Certainty: findings.Exact,
		Call: &findings.Call{File: "/src/a_test.go", Line: 7}}
}

func suspects(parameter, from, to string, tests ...string) findings.Change {
	c := findings.Change{Server: "localhost:6379", Parameter: parameter, From: from, Initial: from, To: to, Certainty: findings.Ambiguous}
	for _, test := range tests {
		c.Suspects = append(c.Suspects, owner(test))
	}
	return c
}

func compare(before, after *findings.Findings) *diff.Diff {
	return diff.Compare(diff.Side{File: "old", Findings: before}, diff.Side{File: "new", Findings: after})
}

// announced says a difference in words.
func announced(d *diff.Diff) string {
	var all []string
	for _, l := range d.Leaks {
		side := l.New
		if side == nil {
			side = l.Old
		}
		who := "suspects"
		if side.By != nil {
			who = side.By.Test
		}
		text := fmt.Sprintf("%s %s %s", l.State, who, l.Parameter)
		if l.Why != "" {
			text += " (" + l.Why + ")"
		}
		all = append(all, text)
	}
	for _, f := range d.Failures {
		text := fmt.Sprintf("%s failure %s", f.State, f.Test)
		if f.Why != "" {
			text += " (" + f.Why + ")"
		}
		all = append(all, text)
	}
	return strings.Join(append(all, fmt.Sprint("exit ", d.Exit)), "; ")
}

func TestLeaks(t *testing.T) {
	mb := func(n int) string { return strconv.Itoa(n << 20) }
	incomplete := func(f *findings.Findings) *findings.Findings {
		f.Run.Complete = false
		return f
	}
	unlisted := func(f *findings.Findings) *findings.Findings {
		f.Cases = nil
		return f
	}
	for _, c := range []struct {
		name          string
		before, after *findings.Findings
		want          string
	}{
		{"nothing", run("TestA pass"), run("TestA pass"), "exit 0"},
		{"gone", leaks(run("TestA pass"), leak("TestA", "hz", "10", "20")), run("TestA pass"), "gone TestA hz; exit 0"},
		{"new", run("TestA pass"), leaks(run("TestA pass"), leak("TestA", "hz", "10", "20")), "new TestA hz; exit 3"},
		{"kept, on another line, with another value, on another server, and twice",
			leaks(run("TestA pass"), leak("TestA", "maxmemory", mb(2048), mb(1))),
			leaks(run("TestA pass"), func() findings.Change {
				c := leak("TestA", "maxmemory", mb(4096), mb(2))
				c.Call.Line, c.Server = 70, "localhost:7000"
				return c
			}(), leak("TestA", "maxmemory", mb(4096), mb(3))), "kept TestA maxmemory; exit 0"},
		{"from no limit, and from one: lowered both times", leaks(run("TestA pass"), leak("TestA", "maxmemory", "0", mb(1))),
			leaks(run("TestA pass"), leak("TestA", "maxmemory", mb(2048), mb(1))), "kept TestA maxmemory; exit 0"},
		{"the other way", leaks(run("TestA pass"), leak("TestA", "maxmemory", mb(2), mb(1))), leaks(run("TestA pass"), leak("TestA", "maxmemory", mb(2), "0")),
			"new TestA maxmemory; gone TestA maxmemory; exit 3"},
		{"another parameter", leaks(run("TestA pass"), leak("TestA", "hz", "10", "20")), leaks(run("TestA pass"), leak("TestA", "timeout", "0", "7")),
			"new TestA timeout; gone TestA hz; exit 3"},
		{"the test did not run", leaks(run("TestA pass"), leak("TestA", "hz", "10", "20")), run("TestB pass"),
			"unsettled TestA hz (its test did not run in the new run); exit 0"},
		{"the test was skipped", leaks(run("TestA pass"), leak("TestA", "hz", "10", "20")), run("TestA skip"),
			"unsettled TestA hz (its test was skipped in the new run); exit 0"},
		{"the test failed", leaks(run("TestA pass"), leak("TestA", "hz", "10", "20")), run("TestA fail"),
			"unsettled TestA hz (its test failed in the new run, perhaps before it came to it); exit 0"},
		{"once skipped and once passed", leaks(run("TestA pass"), leak("TestA", "hz", "10", "20")), run("TestA skip", "TestA pass"), "gone TestA hz; exit 0"},
		{"a test that has only subtests", leaks(run("TestA/x pass"), leak("TestA", "hz", "10", "20")), run("TestA/y pass"), "gone TestA hz; exit 0"},
		{"a new test", run("TestB pass"), leaks(run("TestA pass"), leak("TestA", "hz", "10", "20")), "new TestA hz (its test did not run in the old run); exit 3"},
		{"a new test, and another that leaves the same value", leaks(run("TestB pass"), leak("TestB", "hz", "10", "20")), leaks(run("TestA pass", "TestB pass"), leak("TestB", "hz", "10", "20"), leak("TestA", "hz", "10", "20")),
			"new TestA hz (its test did not run in the old run); kept TestB hz; exit 3"},
		{"the new run was cut short", leaks(run("TestA pass"), leak("TestA", "hz", "10", "20")), incomplete(run("TestA pass")),
			"unsettled TestA hz (the new run is incomplete); exit 2"},
		{"the old run was cut short", incomplete(run("TestB pass")), leaks(run("TestA pass"), leak("TestA", "hz", "10", "20")),
			"unsettled TestA hz (the old run is incomplete); exit 2"},
		{"only findings.json of the new run", leaks(run("TestA pass"), leak("TestA", "hz", "10", "20")), unlisted(run()),
			"unsettled TestA hz (the findings.json of the new run does not say if its test passed); exit 0"},
		{"only findings.json of the old run", unlisted(run()), leaks(run("TestA pass"), leak("TestA", "hz", "10", "20")), "new TestA hz; exit 3"},
		{"the value was there already", leaks(run("TestA pass", "TestB pass"), leak("TestB", "hz", "10", "20")),
			leaks(run("TestA pass", "TestB pass"), leak("TestA", "hz", "10", "20")),
			"unsettled TestA hz (another test left that value in the old run, so that setting it again changes nothing); " +
				"unsettled TestB hz (another test left that value in the new run, so that setting it again changes nothing); exit 2"},
		{"the run began with the value", leaks(run("TestA pass"), leak("TestA", "hz", "10", "20")), func() *findings.Findings {
			f := run("TestA pass")
			f.Servers = []findings.Server{{Config: map[string]string{"hz": "20"}}}
			return f
		}(), "unsettled TestA hz (the new run began with that value, so that setting it changed nothing); exit 0"},
		{"the same suspects", leaks(run("TestA pass", "TestB pass"), suspects("hz", "10", "20", "TestA", "TestB")),
			leaks(run("TestA pass", "TestB pass"), suspects("hz", "10", "20", "TestB", "TestA")), "kept suspects hz; exit 0"},
		{"one of the suspects, by name", leaks(run("TestA pass", "TestB pass"), suspects("hz", "10", "20", "TestA", "TestB")),
			leaks(run("TestA pass", "TestB pass"), leak("TestB", "hz", "10", "20")),
			"unsettled TestB hz (it may be the same leak: the runs do not name the same); exit 2"},
		{"other suspects", leaks(run("TestA pass", "TestB pass"), suspects("hz", "10", "20", "TestA", "TestB")),
			leaks(run("TestA pass", "TestB pass", "TestC pass"), suspects("hz", "10", "30", "TestC", "TestD")),
			"new suspects hz; gone suspects hz; exit 3"},
		{"a suspect that did not run", leaks(run("TestA pass", "TestB pass"), suspects("hz", "10", "20", "TestA", "TestB")), run("TestA pass"),
			"unsettled suspects hz (its test did not run in the new run); exit 0"},
		{"the package itself", leaks(run("TestA pass"), leak("", "hz", "10", "20")), run("TestA pass"), "gone  hz; exit 0"},
	} {
		if got := announced(compare(c.before, c.after)); got != c.want {
			t.Errorf("%s: got %s\nwant %s", c.name, got, c.want)
		}
	}
}

// What nobody was traced doing is another leak than what a test wrote, where
// both runs listened.
func TestUntraced(t *testing.T) {
	traced, untraced := leaks(run("TestA pass"), leak("TestA", "hz", "10", "20")), leaks(run("TestA pass"), leak("TestA", "hz", "10", "20"))
	untraced.Leaks[0].Untraced = true
	if got := announced(compare(traced, untraced)); got != "kept TestA hz; exit 0" {
		t.Errorf("got %s", got)
	}
	traced.Run.Traced, untraced.Run.Traced = true, true
	if got := announced(compare(traced, untraced)); !strings.HasPrefix(got, "unsettled TestA hz (in one of the runs nobody was traced") || !strings.HasSuffix(got, "exit 2") {
		t.Errorf("got %s", got)
	}
}

// Doubts of a run keep what it does not show from being known.
func TestDoubts(t *testing.T) {
	before, after := leaks(run("TestA pass"), leak("TestA", "hz", "10", "20")), run("TestA pass")
	d := diff.Compare(diff.Side{Findings: before}, diff.Side{Findings: after, Doubts: []string{"the server restarted once"}})
	if got := announced(d); got != "unsettled TestA hz (of the new run: the server restarted once); exit 0" {
		t.Errorf("got %s", got)
	}
	d = diff.Compare(diff.Side{Findings: after, Doubts: []string{"the server restarted once"}}, diff.Side{Findings: before})
	if got := announced(d); got != "unsettled TestA hz (of the old run: the server restarted once); exit 2" {
		t.Errorf("got %s", got)
	}
}

func TestFailures(t *testing.T) {
	fail := func(f *findings.Findings, test string, cause findings.Cause, leak *int) *findings.Findings {
		f.Failures = append(f.Failures, findings.Failure{Package: "p", Test: test, Status: "fail", Cause: cause, Leak: leak, Certainty: "correlated"})
		return f
	}
	zero := 0
	low := leak("TestA", "maxmemory", "0", "1048576")
	for _, c := range []struct {
		name          string
		before, after *findings.Findings
		want          string
	}{
		{"gone", fail(run("TestV fail"), "TestV", findings.CauseOther, nil), run("TestV pass"), "gone failure TestV; exit 0"},
		{"skipped now", fail(run("TestV fail"), "TestV", findings.CauseOther, nil), run("TestV skip"), "unsettled failure TestV (its test was skipped in the new run); exit 0"},
		{"not run now", fail(run("TestV fail"), "TestV", findings.CauseOther, nil), run(), "unsettled failure TestV (its test did not run in the new run); exit 0"},
		{"new", run("TestV pass"), fail(run("TestV fail"), "TestV", findings.CauseOther, nil), "new failure TestV; exit 0"},
		{"kept, with -count", fail(run("TestV fail"), "TestV", findings.CauseOther, nil),
			fail(fail(run("TestV fail"), "TestV", findings.CauseOther, nil), "TestV", findings.CauseOther, nil), "kept failure TestV; exit 0"},
		{"another cause", fail(run("TestV fail"), "TestV", findings.CauseOOM, nil), fail(run("TestV fail"), "TestV", findings.CauseOther, nil), "moved failure TestV; exit 0"},
		{"no longer tied", fail(leaks(run("TestA pass", "TestV fail"), low), "TestV", findings.CauseOOM, &zero),
			fail(run("TestA pass", "TestV fail"), "TestV", findings.CauseOOM, nil), "gone TestA maxmemory; moved failure TestV; exit 0"},
	} {
		if got := announced(compare(c.before, c.after)); got != c.want {
			t.Errorf("%s: got %s\nwant %s", c.name, got, c.want)
		}
	}
}

// A run does not differ from itself, whatever it is; the comparison changes
// nothing, and no list of it is null.
func TestWithItself(t *testing.T) {
	cases, err := story.Cases()
	if err != nil || len(cases) < 100 {
		t.Fatal(len(cases), err)
	}
	for i, c := range cases {
		name := c.Name
		f, untouched := storytest.Of(t, c), storytest.Of(t, c)
		d := compare(f, f)
		for _, l := range d.Leaks {
			if l.State != diff.Kept {
				t.Errorf("%s: %s", name, announced(d))
			}
		}
		for _, x := range d.Failures {
			if x.State != diff.Kept {
				t.Errorf("%s: %s", name, announced(d))
			}
		}
		if (d.Exit == diff.ExitNone) != f.Run.Complete {
			t.Errorf("%s: exit code %d", name, d.Exit)
		}
		other := storytest.Of(t, cases[(i+1)%len(cases)])
		first, _ := json.Marshal(compare(f, other))
		again, _ := json.Marshal(compare(f, other))
		if string(first) != string(again) {
			t.Errorf("%s: the comparison differs the second time", name)
		}
		for _, list := range []string{"leaks", "failures", "suspects", "doubts"} {
			if strings.Contains(string(first), strconv.Quote(list)+":null") {
				t.Errorf("%s: %s is null", name, list)
			}
		}
		if !reflect.DeepEqual(f, untouched) {
			t.Errorf("%s was changed", name)
		}
	}
}
