package merge_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"tracetest/internal/findings"
	"tracetest/internal/merge"
	"tracetest/internal/record"
	"tracetest/internal/report/wording"
	"tracetest/internal/triage"
	"tracetest/internal/triage/story"
	"tracetest/internal/triage/story/storytest"
)

func merged(limits merge.Limits, runs ...*findings.Findings) *merge.Summary {
	m := merge.New(limits)
	for i, f := range runs {
		m.Add(merge.Of(fmt.Sprintf("run%d", i), f, nil))
	}
	return m.Summary()
}

func leakOf(t *testing.T, s *merge.Summary, parameter, test string) merge.Leak {
	t.Helper()
	for _, l := range s.Leaks {
		if l.Parameter == parameter && l.By != nil && l.By.Test == test {
			return l
		}
	}
	t.Fatalf("no leak of %s by %s: %+v", parameter, test, s.Leaks)
	return merge.Leak{}
}

func testOf(t *testing.T, s *merge.Summary, test string) merge.Test {
	t.Helper()
	for _, w := range s.Wrong {
		if w.Test == test {
			return w
		}
	}
	t.Fatalf("%s is not listed: %+v", test, s.Wrong)
	return merge.Test{}
}

// In one shard TestA leaves maxmemory low and two tests fail of it. In another
// one a TestA fails with OOM rejections, and nothing there explains them. The
// leak of the first does not either.
func TestCausesStayWithinTheirRun(t *testing.T) {
	s := merged(merge.DefaultLimits(), storytest.Findings(t, "victims"), storytest.Findings(t, "oom-without-a-change"))
	if want := (merge.Causes{Total: 4, OOM: 3, Other: 1, Correlated: 2}); s.Failures != want {
		t.Errorf("got %+v, want %+v", s.Failures, want)
	}
	if l := leakOf(t, s, "maxmemory", "TestA"); l.Failures != 2 || l.InRuns != 1 || l.Ran != 2 || !slices.Equal(l.Runs, []int{0}) {
		t.Errorf("got %+v", l)
	}
	a := testOf(t, s, "TestA")
	if a.Leaked != 1 || a.Failed != 1 || a.Victim != 0 || a.Ran != 2 || !slices.Equal(a.LeakedRuns, []int{0}) || !slices.Equal(a.FailedRuns, []int{1}) {
		t.Errorf("got %+v", a)
	}
	if b := testOf(t, s, "TestB"); b.Victim != 1 || b.Ran != 1 || b.Causes.Correlated != 1 {
		t.Errorf("got %+v", b)
	}
}

// What is not known to be clean is not counted as clean.
func TestVerdicts(t *testing.T) {
	clean := storytest.Findings(t, "no-tests")
	for name, want := range map[string]merge.Verdict{
		"no-end": merge.Incomplete, "out-of-sight-to-the-end": merge.Incomplete, "interrupted": merge.Incomplete,
		"victims": merge.Leaked, "out-of-sight": merge.Leaked, "unmet": merge.Leaked, "restored-by-an-outsider": merge.Leaked,
		"oom-without-a-change": merge.Failed, "build-failure": merge.Failed,
		"bad-arguments":   merge.Failed,
		"parents-cleanup": merge.Clean,
	} {
		s := merged(merge.DefaultLimits(), storytest.Findings(t, name))
		if got := s.Runs[0].Verdict; got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
		if v := s.Verdicts; v.Runs != 1 || v.Clean+v.Leaked+v.Failed+v.Doubtful+v.Incomplete != 1 {
			t.Errorf("%s: %+v", name, v)
		}
	}
	if v := merge.Of("x", clean, []string{"no test ran"}); !strings.Contains(fmt.Sprintf("%+v", *v), "doubtful") {
		t.Errorf("got %+v", v)
	}
	damaged := triage.New()
	damaged.Add(record.Entry{Seq: 1, Run: &record.Run{Schema: record.Schema}})
	damaged.Damaged(2, errors.New("cut"))
	damaged.Add(record.Entry{Seq: 2, End: &record.End{Complete: true}})
	if s := merged(merge.DefaultLimits(), wording.Add(damaged.Findings())); s.Verdicts.Incomplete != 1 || s.Runs[0].Incomplete == "" {
		t.Errorf("got %+v", s)
	}
}

// Of the suspects of two runs nobody is made the culprit because only they are
// suspects in both: it can have been another one in each.
func TestSuspectsStayWithinTheirRun(t *testing.T) {
	first, second := storytest.Findings(t, "parallel-ambiguous"), storytest.Findings(t, "parallel-ambiguous")
	other := record.Name{Package: "shop/cache", Test: "TestZ"}
	second.Leaks[0].Suspects = []record.Name{first.Leaks[0].Suspects[0], other}
	s := merged(merge.DefaultLimits(), first, second)
	if len(s.Leaks) != 2 || s.Leaks[0].By != nil || s.Leaks[1].By != nil || s.Leaks[0].InRuns != 1 {
		t.Errorf("got %+v", s.Leaks)
	}
	for _, w := range s.Wrong {
		t.Errorf("a suspect is said to have done something: %+v", w)
	}
	// The order in which suspects are named says nothing.
	third := storytest.Findings(t, "parallel-ambiguous")
	slices.Reverse(third.Leaks[0].Suspects)
	if s := merged(merge.DefaultLimits(), first, third); len(s.Leaks) != 1 || s.Leaks[0].InRuns != 2 || s.Leaks[0].Ran != -1 {
		t.Errorf("got %+v", s.Leaks)
	}
}

// A leak that a baseline knows is still one, and its run is not clean.
func TestKnown(t *testing.T) {
	s := merged(merge.DefaultLimits(), storytest.Findings(t, "known"), storytest.Findings(t, "known-until-yesterday"))
	if l := leakOf(t, s, "hz", "TestA"); l.Known != 1 || l.Count != 2 || s.Verdicts.Leaked != 2 {
		t.Errorf("got %+v", s)
	}
}

// What nobody was traced writing is not put together with what a test wrote.
func TestUntracedIsApart(t *testing.T) {
	f, g := storytest.Findings(t, "untraced"), storytest.Findings(t, "untraced")
	g.Leaks[0].Untraced = false
	if s := merged(merge.DefaultLimits(), f, g); len(s.Leaks) != 2 {
		t.Errorf("got %+v", s.Leaks)
	}
}

// The same code in another folder, on another server, is the same line.
func TestPlacesAreRelative(t *testing.T) {
	f, g := storytest.Findings(t, "one-call-of-a-helper"), storytest.Findings(t, "one-call-of-a-helper")
	g.Run.Dir = "/builds/7"
	for i := range g.Leaks {
		g.Leaks[i].Server = "other:1"
		call := *g.Leaks[i].Call
		call.File = strings.Replace(call.File, f.Run.Dir, g.Run.Dir, 1)
		g.Leaks[i].Call = &call
	}
	s := merged(merge.DefaultLimits(), f, g)
	if len(s.Leaks) != len(f.Leaks) {
		t.Fatalf("got %+v", s.Leaks)
	}
	if l := s.Leaks[0]; l.InRuns != 2 || len(l.Servers) != 2 || strings.HasPrefix(l.Place, "/") {
		t.Errorf("got %+v", l)
	}
}

// many is a run of n tests of which the last k fail.
func many(pkg string, n, k int) *findings.Findings {
	f := &findings.Findings{Cases: &findings.Cases{}, Run: findings.Run{Mode: record.ModeInstrumented, Complete: true}, Packages: []findings.Package{{Path: pkg, Ran: true}}}
	for i := range n {
		owner := record.Name{Package: pkg, Test: fmt.Sprintf("TestA/%d", i)}
		f.Cases.Add(findings.Case{Name: owner, Kind: record.KindTest, Status: "pass", End: time.Unix(1, 0)})
		if i >= n-k {
			f.Failures = append(f.Failures, findings.Failure{Package: pkg, Test: owner.Test, Cause: findings.CauseOther, Message: strings.Repeat("é", 1000)})
		}
	}
	return f
}

func TestWhoRanIsCounted(t *testing.T) {
	s := merged(merge.DefaultLimits(), many("p", 10, 1), many("p", 12, 1), many("q", 10, 0))
	if got := testOf(t, s, "TestA/9"); got.Ran != 2 || got.Failed != 1 || len(got.Message) > 310 {
		t.Errorf("got %+v", got)
	}
	if got := testOf(t, s, "TestA/11"); got.Ran != 1 {
		t.Errorf("got %+v", got)
	}
	// 12 tests in p and their parent, 10 in q and theirs, and two packages.
	if s.Distinct != 26 {
		t.Errorf("%d different ones", s.Distinct)
	}
}

// Each bound holds, and what it leaves out is said; a number that is not known
// is not made up.
func TestBounds(t *testing.T) {
	limits := merge.Limits{Tests: 10, Wrong: 3, Leaks: 1, Servers: 1, Runs: 2, Values: 1}
	runs := []*findings.Findings{many("p", 8, 0), many("q", 20, 5), many("p", 8, 1)}
	for i := range 4 {
		f := storytest.Findings(t, "victims")
		f.Servers[0].Address = fmt.Sprint("localhost:", i)
		f.Leaks[0].To = fmt.Sprint(i)
		f.Leaks = append(f.Leaks, f.Leaks[0])
		f.Leaks[1].Parameter = "hz"
		runs = append(runs, f)
	}
	s := merged(limits, runs...)
	if s.Distinct != 10 || len(s.Wrong) != 3 || len(s.Leaks) != 1 || len(s.Servers) != 1 {
		t.Errorf("%d, %d, %d, %d are kept", s.Distinct, len(s.Wrong), len(s.Leaks), len(s.Servers))
	}
	var what []string
	for _, b := range s.Bounds {
		what = append(what, b.What)
		if b.Dropped < 1 {
			t.Errorf("got %+v", b)
		}
	}
	if !slices.Equal(what, []string{"tests", "wrong", "leaks", "servers"}) {
		t.Errorf("said of %v", what)
	}
	if l := s.Leaks[0]; l.InRuns != 4 || len(l.Runs) != 2 || len(l.Values) != 1 || l.MoreValues != 3 || l.Ran != -1 {
		t.Errorf("got %+v", l)
	}
	for _, w := range s.Wrong {
		if w.Package == "q" && w.Ran != -1 {
			t.Errorf("%s is said to have run %d times", w.Test, w.Ran)
		}
	}
	if s.Failures.Total != 5+1+4*3 {
		t.Errorf("%d failures in all", s.Failures.Total)
	}
}

func TestInputsThatAreNotCounted(t *testing.T) {
	m := merge.New(merge.DefaultLimits())
	m.Unreadable("a", "no such file")
	m.Add(merge.Of("b", storytest.Findings(t, "victims"), nil))
	m.Duplicate("c", "b")
	s := m.Summary()
	if s.Verdicts.Runs != 1 || len(s.Unreadable) != 1 || len(s.Duplicates) != 1 || s.Duplicates[0].Of != "b" {
		t.Errorf("got %+v", s)
	}
	m.Add(merge.Of("d", storytest.Findings(t, "victims"), nil))
	if again := m.Summary(); again.Verdicts.Runs != 2 || s.Verdicts.Runs != 1 || s.Leaks[0].InRuns != 1 || again.Leaks[0].InRuns != 2 {
		t.Error("a summary changes after it was given")
	}
}

// The whole corpus gives the same bytes again, no list is null, and what is
// merged stays as it was.
func TestDeterministic(t *testing.T) {
	cases, err := story.Cases()
	if err != nil || len(cases) < 100 {
		t.Fatal(len(cases), err)
	}
	var first []byte
	for range 3 {
		m := merge.New(merge.DefaultLimits())
		for _, c := range cases {
			f, untouched := storytest.Of(t, c), storytest.Of(t, c)
			m.Add(merge.Of(c.Name, f, nil))
			if !reflect.DeepEqual(f, untouched) {
				t.Fatalf("%s was changed", c.Name)
			}
		}
		text, err := json.Marshal(m.Summary())
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = text
		} else if string(first) != string(text) {
			t.Error("the same runs give another summary")
		}
	}
	if strings.Contains(string(first), `":null,`) && strings.Contains(strings.NewReplacer(`"by":null`, "", `"shard":null`, "").Replace(string(first)), `":null`) {
		t.Error("a list is null")
	}
	var s merge.Summary
	if err := json.Unmarshal(first, &s); err != nil {
		t.Fatal(err)
	}
	for _, l := range s.Leaks {
		if l.By != nil && l.Ran < l.InRuns {
			t.Errorf("%s leaked in %d runs, and ran in %d", l.By.Test, l.InRuns, l.Ran)
		}
	}
	for _, w := range s.Wrong {
		if w.Ran < max(w.Failed, w.Leaked) || w.Victim > w.Failed {
			t.Errorf("got %+v", w)
		}
	}
}

// Who met the consequences of what it did itself is nobody's victim.
func TestOwnChangeMakesNoVictim(t *testing.T) {
	zero := 0
	for by, want := range map[string]int{"TestA": 0, "TestA/sub": 0, "TestAB": 1, "TestB": 1} {
		owner := record.Name{Package: "p", Test: by}
		f := &findings.Findings{Run: findings.Run{Complete: true}, Reverted: []findings.Change{{Parameter: "maxmemory", By: &owner}},
			Failures: []findings.Failure{{Package: "p", Test: "TestA", Status: "fail", Cause: findings.CauseOOM, Certainty: "correlated", Reverted: &zero}}}
		m := merge.New(merge.DefaultLimits())
		m.Add(merge.Of("run", f, nil))
		s := m.Summary()
		if s.Wrong[0].Victim != want || s.Runs[0].Victims != want || s.Failures.Correlated != 1 {
			t.Errorf("a change of %s: %+v, %d victims", by, s.Wrong[0], s.Runs[0].Victims)
		}
	}
}
