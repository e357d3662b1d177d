package report_test

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"
	"strings"
	"testing"

	"tracetest/internal/findings"
	"tracetest/internal/merge"
	"tracetest/internal/report"
	"tracetest/internal/report/claims"
	"tracetest/internal/report/terminal"
	"tracetest/internal/triage/story/storytest"
)

// shards are runs of which each part of a summary has something.
func shards(t testing.TB) *merge.Summary {
	m := merge.New(merge.Limits{Tests: 1000, Wrong: 6, Leaks: 100, Servers: 100, Runs: 100, Values: 2})
	for i, name := range []string{"victims", "victims", "parents-cleanup", "no-end", "oom-without-a-change", "events-parallel", "secret", "untraced", "one-call-of-a-helper",
		"spec", "restart", "eviction", "after-suite", "parallel-ambiguous", "passing-oom", "known", "known-until-yesterday"} {
		f := storytest.Findings(t, name)
		if i == 1 {
			f.Leaks[0].From = "2147483648"
		}
		m.Add(merge.Of("shards/"+name+"/run.jsonl", f, claims.Doubts(f)))
		if i == 1 {
			m.Unreadable("shards/torn/run.jsonl", "it does not begin with the header of a tracetest record")
			m.Duplicate("shards/again/run.jsonl", "shards/victims/run.jsonl")
		}
	}
	return m.Summary()
}

func mergedMarkdown(t testing.TB, s *merge.Summary) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.MergedMarkdown(&b, s); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func mergedTerminal(t testing.TB, s *merge.Summary, o terminal.Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := terminal.Merged(&b, s, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestMergedGolden(t *testing.T) {
	s := shards(t)
	golden(t, "testdata/merged/shards.md", mergedMarkdown(t, s))
	golden(t, "testdata/merged/shards.txt", mergedTerminal(t, s, terminal.Options{ReportPath: "tracetest-out/merged.md"}))
	var b bytes.Buffer
	if err := report.MergedJSON(&b, s); err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/merged/shards.json", b.String())
	again := new(merge.Summary)
	if err := json.Unmarshal(b.Bytes(), again); err != nil || !reflect.DeepEqual(s, again) {
		t.Errorf("what was written is not what was merged: %v", err)
	}
	checkMarkdown(t, mergedMarkdown(t, s))
	for _, width := range []int{20, 40, 80, 200} {
		checkScreen(t, mergedTerminal(t, s, terminal.Options{Width: width, ReportPath: "out/merged.md"}), width)
	}
	if colored := mergedTerminal(t, s, terminal.Options{Color: true}); sgr.ReplaceAllString(colored, "") != mergedTerminal(t, s, terminal.Options{}) || !sgr.MatchString(colored) {
		t.Error("colour changes the text, or there is none")
	}
	if !reflect.DeepEqual(s, shards(t)) {
		t.Error("a renderer changed the summary")
	}
}

// Nothing is called clean but what is, and what was not read is on the screen.
func TestMergedClaims(t *testing.T) {
	clean := merge.New(merge.DefaultLimits())
	f := storytest.Findings(t, "parents-cleanup")
	f.Run.Traced = true
	clean.Add(merge.Of("a", f, claims.Doubts(f)))
	if text := mergedTerminal(t, clean.Summary(), terminal.Options{}); !strings.HasPrefix(text, "tracetest 1 run: 1 clean\n") {
		t.Errorf("got %s", text)
	}
	clean.Unreadable("b", "torn")
	for _, text := range []string{mergedTerminal(t, clean.Summary(), terminal.Options{}), mergedMarkdown(t, clean.Summary())} {
		if !strings.Contains(text, "1 could not be read") || !strings.Contains(text, "No count covers") {
			t.Errorf("got %s", text)
		}
	}
	events := merge.New(merge.DefaultLimits())
	f = fixture(t, "events_clean")
	events.Add(merge.Of("a", f, claims.Doubts(f)))
	if text := mergedMarkdown(t, events.Summary()); strings.Contains(text, "clean") && !strings.Contains(text, "not clean") {
		t.Errorf("got %s", text)
	}
	var b bytes.Buffer
	for _, render := range []func(io.Writer, *merge.Summary) error{report.MergedMarkdown, report.MergedJSON} {
		if err := render(&b, merge.New(merge.Limits{}).Summary()); err != nil {
			t.Error(err)
		}
	}
}

// A shard without a test is not one that was not watched, what did not happen is not
// counted, and a value is not cut in favour of a folder.
func TestMergedShards(t *testing.T) {
	m := merge.New(merge.DefaultLimits())
	f := storytest.Findings(t, "victims")
	f.Leaks[0].Call = &findings.Call{File: f.Run.Dir + "/test/integration/sessions/helpers_test.go", Line: 23}
	f.Leaks[0].From, f.Leaks[0].To = "209715200", "1048576"
	m.Add(merge.Of("1", f, claims.Doubts(f)))
	f = storytest.Findings(t, "parents-cleanup")
	f.Tests, f.Cases = findings.Tests{}, &findings.Cases{}
	m.Add(merge.Of("2", f, []string{"no test ran"}))
	text := mergedTerminal(t, m.Summary(), terminal.Options{Width: 80})
	sentences := strings.Join(strings.Fields(text), " ")
	for _, want := range []string{"1 leaked, 1 without a test\n", "(1 MiB), at helpers_test.go:23\n", " got OOM errors; "} {
		if !strings.Contains(text, want) && !strings.Contains(sentences, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if text := mergedMarkdown(t, m.Summary()); !strings.Contains(text, "| without a test |") {
		t.Errorf("got %s", text)
	}
}

// FuzzMergedText puts hostile text wherever a summary has text.
func FuzzMergedText(f *testing.F) {
	for _, seed := range hostileSeeds() {
		f.Add(seed)
	}
	s := shards(f)
	text, err := json.Marshal(s)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, hostile string) {
		s := new(merge.Summary)
		if err := json.Unmarshal(text, s); err != nil {
			t.Fatal(err)
		}
		verdicts := make([]merge.Verdict, len(s.Runs))
		for i, r := range s.Runs {
			verdicts[i] = r.Verdict
		}
		bounds := s.Bounds
		s.Bounds = nil // our own words
		poison(reflect.ValueOf(s).Elem(), hostile)
		s.Bounds = bounds
		for i := range s.Runs {
			s.Runs[i].Verdict = verdicts[i]
		}
		for i := range s.Leaks {
			s.Leaks[i].Certainties = []findings.Certainty{findings.Ambiguous}
		}
		checkMarkdown(t, mergedMarkdown(t, s))
		checkScreen(t, mergedTerminal(t, s, terminal.Options{ReportPath: hostile}), 80)
	})
}
