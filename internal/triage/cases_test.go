package triage_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/triage"
	"tracetest/internal/triage/story"
)

// miscounted returns where the cases of a run and its figures differ.
func miscounted(f *findings.Findings) []string {
	var bad []string
	var counted findings.Tests
	failed := map[record.Name]int{}
	for c := range f.Cases.All() {
		counted.Total++
		switch c.Status {
		case "pass":
			counted.Passed++
		case "skip", "pending":
			counted.Skipped++
		default:
			counted.Failed++
			failed[c.Name]++
		}
		if c.Kind == record.KindSpec {
			counted.Specs++
		}
		if (c.Spec != "") != (c.Kind == record.KindSpec) || c.Package == "" || c.Test == "" && c.Spec == "" {
			bad = append(bad, fmt.Sprintf("a case is nobody: %+v", c))
		}
		if c.End.IsZero() || c.Begin.After(c.End) {
			bad = append(bad, fmt.Sprintf("%s ran from %v to %v", c.Test, c.Begin, c.End))
		}
	}
	if counted != f.Tests || f.Cases.Len() != counted.Total {
		bad = append(bad, fmt.Sprintf("%d cases add up to %+v, and %+v is said", f.Cases.Len(), counted, f.Tests))
	}
	for _, x := range f.Failures {
		delete(failed, x.Name())
		delete(failed, record.Name{Package: x.Package, Test: x.Test}) // in BeforeSuite, say
	}
	for owner := range failed {
		bad = append(bad, fmt.Sprintf("%v failed, and is not among the failures", owner))
	}
	return bad
}

// misdrawn returns where the timelines of a run cannot be drawn, or show another
// run than the findings do.
func misdrawn(f *findings.Findings) []string {
	var bad []string
	if len(f.Timelines) != len(f.Servers) {
		return []string{fmt.Sprintf("%d timelines of %d servers", len(f.Timelines), len(f.Servers))}
	}
	for i, t := range f.Timelines {
		for j, s := range t.Samples {
			if s.To.Before(s.From) || s.Least > s.Most || s.OOM < 0 || s.Evicted < 0 || j > 0 && s.From.Before(t.Samples[j-1].To) {
				bad = append(bad, fmt.Sprintf("sample %d of %s: %+v", j, f.Servers[i].Address, s))
			}
		}
		for _, v := range t.Values {
			for j, s := range v.Steps {
				if j > 0 && (s.Value == v.Steps[j-1].Value || s.At.Before(v.Steps[j-1].At)) {
					bad = append(bad, fmt.Sprintf("step %d of %s: %+v", j, v.Parameter, s))
				}
			}
		}
		for _, l := range f.Leaks {
			if l.Server != f.Servers[i].Address {
				continue
			}
			drawn := slices.ContainsFunc(t.Values, func(v findings.Values) bool {
				return v.Parameter == l.Parameter && slices.ContainsFunc(v.Steps, func(s findings.Step) bool { return s.Value == l.To })
			})
			if !drawn {
				bad = append(bad, fmt.Sprintf("the leak of %s to %s is not drawn", l.Parameter, l.To))
			}
		}
	}
	return bad
}

func TestCasesKeepWhatTheyAreGiven(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	want := []findings.Case{
		{Name: record.Name{Package: "a", Test: "TestA"}, Kind: record.KindTest, Status: "pass", Begin: at, End: at.Add(time.Second)},
		{Name: record.Name{Package: "a", Test: "TestA/x:y"}, Kind: record.KindTest, Status: "fail", End: at},
		{Name: record.Name{Package: "b", Test: "TestSuite", Spec: "does \x00 it"}, Kind: record.KindSpec, Location: "/x/y_test.go:12", Status: "panic", Begin: at, End: at},
		{Name: record.Name{Package: "b", Test: "", Spec: "of nobody"}, Kind: record.KindSpec, Location: "nowhere", Status: "", Begin: at, End: at.Add(time.Hour)},
	}
	var c findings.Cases
	for _, w := range want {
		c.Add(w)
	}
	for range 2 { // reading changes nothing
		if got := slices.Collect(c.All()); !slices.Equal(got, want) {
			t.Errorf("got %+v\nwant %+v", got, want)
		}
	}
	for range c.All() {
		break // nothing happens when a reader has enough
	}
	var none *findings.Cases
	if none.Len() != 0 || len(slices.Collect(none.All())) != 0 {
		t.Error("no cases are some")
	}
}

// A record of very many snapshots is drawn with a bounded number of samples, and
// nothing that was counted or used is lost.
func TestTimelineIsBounded(t *testing.T) {
	r := story.New().Baseline()
	const snaps = 20_000
	for i := range snaps {
		r.Entries = append(r.Entries, record.Entry{Seq: int64(len(r.Entries) + 1), At: r.Entries[0].At, Boundary: &record.Boundary{Verb: record.VerbEvent,
			Snapshots: []record.Snapshot{{Server: 0, Sent: r.Entries[0].At.Add(time.Duration(i) * time.Second), Received: r.Entries[0].At.Add(time.Duration(i) * time.Second),
				Config:   map[string]string{"maxmemory": strings.Repeat("1", i%2+1)},
				Counters: &record.Counters{UsedMemory: int64(2_000_000 + i), OOM: int64(i)}}}}})
	}
	a := triage.New()
	for _, e := range r.Entries {
		a.Add(e)
	}
	line := a.Findings().Timelines[0]
	if n := len(line.Samples); n < 512 || n > 4096 {
		t.Errorf("%d samples", n)
	}
	var oom, most int64
	for _, s := range line.Samples {
		oom += s.OOM
		most = max(most, s.Most)
	}
	if oom != snaps-1 || most != 2_000_000+snaps-1 {
		t.Errorf("%d refused, at most %d used", oom, most)
	}
	if v := line.Values[0]; len(v.Steps)+v.More != snaps+1 || len(v.Steps) > 4096 {
		t.Errorf("%d steps and %d more", len(v.Steps), v.More)
	}
}

// However much failed tests print, and however many there are, what is kept of
// it is bounded, and the cause is told from all of it.
func TestOutputIsBounded(t *testing.T) {
	r := story.New().Baseline()
	output := "--- FAIL: TestX\nfirst words\n" + strings.Repeat("é", 100_000) + "\nOOM command not allowed\n" + strings.Repeat("x", 100_000) + "\nlast words\n"
	add := func(action, test, output string) {
		r.Entries = append(r.Entries, record.Entry{Seq: int64(len(r.Entries) + 1), At: r.Entries[0].At,
			Test: &record.Test{Time: r.Entries[0].At, Action: action, Package: "p", Test: test, Output: output}})
	}
	const tests = 5000
	for i := range tests {
		name := fmt.Sprintf("Test%d", i)
		add("run", name, "")
		add("fail", name, output)
	}
	a := triage.New()
	for _, e := range r.Entries {
		a.Add(e)
	}
	f := a.Findings()
	total := 0
	for _, x := range f.Failures {
		total += len(x.Output)
		if x.Cause != findings.CauseOOM || x.OOMErrors != 1 || !strings.HasPrefix(x.Message, "OOM command not allowed") {
			t.Fatalf("got %+v", x)
		}
	}
	if total > 17<<20 || total < 15<<20 {
		t.Errorf("%d bytes are kept", total)
	}
	if text := f.Failures[0].Output; !strings.HasSuffix(text, "last words\n") || strings.Contains(text, "\ufffd") || len(text) > 5000 {
		t.Errorf("of the output is left %.100q", text)
	}
}
