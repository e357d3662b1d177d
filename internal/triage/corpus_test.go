package triage_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/triage"
)

var update = flag.Bool("update", false, "write the records, their golden files and the README of testdata again")

// recorded is a case of the corpus: a run, and the wrong answer that it guards
// against.
type recorded struct {
	name  string
	story string // what happens; who would be blamed wrongly, and by which reasoning
	write func(r *rec)
	on    func() *rec // what to begin with; newRec if nil
}

func (c recorded) record() *rec {
	on := c.on
	if on == nil {
		on = newRec
	}
	r := on().baseline()
	c.write(r)
	return r
}

// chapter is a group of cases.
type chapter struct {
	title string
	cases []recorded
}

func corpus() []chapter {
	return []chapter{
		{"Who did it", ownerCases()},
		{"Leaked or contained", revertedCases()},
		{"What was restored, and by whom", restoredCases()},
		{"Tests that run at the same time", parallelCases()},
		{"Processes and how they end", processCases()},
		{"Servers", slices.Concat(serverCases(), roleCases())},
		{"Failures and what is behind them", failureCases()},
		{"Whose value it is again", provenanceCases()},
		{"A server that is wrong before the first test", dirtyCases()},
		{"Who failed", slices.Concat(outcomeCases(), reportedCases())},
		{"Ginkgo", ginkgoCases()},
		{"Tests that are not held", eventCases()},
		{"How the run ended", runCases()},
		{"Who was seen writing", slices.Concat(writeCases(), undoneCases(), otherClientCases(), askedCases())},
		{"Whose goroutine it was", slices.Concat(goroutineCases(), clientCases(), nodeCases())},
		{"In doubt", doubtCases()},
		{"What else was heard", slices.Concat(callCases(), tracedCases())},
		{"Once judged wrongly", judgementCases()},
		{"Leaks that are known", knownCases()},
	}
}

func TestCorpus(t *testing.T) {
	for _, chapter := range corpus() {
		for _, c := range chapter.cases {
			t.Run(c.name, func(t *testing.T) {
				path := filepath.Join("testdata", c.name)
				text := marshal(t, c.record().entries)
				compare(t, path+".jsonl", text)
				stored, err := os.ReadFile(path + ".jsonl")
				if err != nil {
					t.Fatal(err)
				}
				compare(t, path+".txt", []byte(render(analyse(t, stored))))
			})
		}
	}
}

// The same record gives the same findings, whatever order maps have.
func TestSameRecordSameFindings(t *testing.T) {
	for _, c := range all() {
		text := marshal(t, c.record().entries)
		first := analyse(t, text)
		for range 5 {
			if again := analyse(t, text); !reflect.DeepEqual(first, again) {
				t.Errorf("%s: two readings differ:\n%s\n%s", c.name, render(first), render(again))
				break
			}
		}
	}
}

// A run that is watched and the report of its record say the same of a leak,
// and what is said while it runs is said at the end.
func TestLeaksSaidWhileItRuns(t *testing.T) {
	for _, c := range all() {
		a := triage.New()
		var said []findings.Change
		for _, e := range c.record().entries {
			said = append(said, a.Add(e)...)
		}
		final := a.Findings()
		for _, s := range said {
			found := slices.ContainsFunc(final.Leaks, func(l findings.Change) bool {
				return l.Server == s.Server && l.Parameter == s.Parameter && l.From == s.From && l.To == s.To && l.At.Equal(s.At)
			})
			if !found {
				t.Errorf("%s: said of %s while it ran, and not at the end", c.name, s.Parameter)
			}
		}
	}
}

// Every finding of the corpus keeps what the contract promises.
func TestContract(t *testing.T) {
	for _, c := range all() {
		f := analyse(t, marshal(t, c.record().entries))
		for _, problem := range broken(f) {
			t.Errorf("%s: %s\n%s", c.name, problem, render(f))
		}
		text, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(text, &fields); err != nil {
			t.Fatal(err)
		}
		for name, value := range fields {
			if string(value) == "null" {
				t.Errorf("%s: %s is null", c.name, name)
			}
		}
		for _, list := range []string{"suspects", "owners", "command", "go_test", "expired", "gone", "untold"} {
			if bytes.Contains(text, []byte(`"`+list+`":null`)) {
				t.Errorf("%s: a list %q is null", c.name, list)
			}
		}
	}
}

// broken returns what findings say that no findings may.
func broken(f *findings.Findings) []string {
	var bad []string
	say := func(format string, args ...any) { bad = append(bad, fmt.Sprintf(format, args...)) }
	for _, list := range [][]findings.Change{f.Leaks, f.Reverted} {
		for _, c := range list {
			named, several := c.By != nil, len(c.Suspects) > 0
			switch {
			case named == several:
				say("%s has an owner and suspects, or neither", c.Parameter)
			case named == (c.Certainty == findings.Ambiguous):
				say("%s is %s", c.Parameter, c.Certainty)
			case c.Certainty == findings.Exact && c.Untraced, c.Call != nil && c.Untraced:
				say("%s: nobody was heard writing it, and it is %s, by %v", c.Parameter, c.Certainty, c.Call)
			case c.Certainty == findings.Exact && !f.Run.Traced, c.Untraced && !f.Run.Traced, c.Call != nil && !f.Run.Traced:
				say("%s is %s, and nobody listened", c.Parameter, c.Certainty)
			case len(c.OtherClients) > 0 && !c.Untraced:
				say("%s: strangers are told of, and it was heard", c.Parameter)
			case c.Call != nil && (c.Call.File == "" || len(c.Call.Chain) == 0):
				say("%s: the call is nowhere: %+v", c.Parameter, *c.Call)
			case c.DisambiguateBy != nil && !several:
				say("%s: what would settle it is said, and it is settled", c.Parameter)
			case c.RestoredBy != nil && c.RestoredByTool:
				say("%s was restored twice", c.Parameter)
			}
			if c.Secret != strings.Contains(c.From+c.To+c.Initial, "(hidden ") {
				say("%s: secret is %v", c.Parameter, c.Secret)
			}
		}
	}
	for i, c := range f.Leaks {
		if c.To == c.From || c.To == c.Initial {
			say("%s leaked a value that is no leak: %s", c.Parameter, c.To)
		}
		if i > 0 && c.At.Before(f.Leaks[i-1].At) {
			say("%s is not in the order of the run", c.Parameter)
		}
		for j, d := range f.Leaks[:i] {
			if c.Together != d.Together {
				continue
			}
			first := slices.IndexFunc(f.Leaks, func(l findings.Change) bool { return l.Together == c.Together }) == j
			if c.By == nil || d.By == nil || *c.By != *d.By || c.Parameter == d.Parameter || first && !c.At.Equal(d.At) && !sharesCall(c, d) {
				say("%s and %s share a CONFIG SET", c.Parameter, d.Parameter)
			}
		}
	}
	attributed := func(what string, by *findings.Owner, certainty findings.Certainty, suspects []findings.Owner) {
		if (by == nil) != (certainty == findings.Ambiguous) || (by == nil) != (len(suspects) > 0) {
			say("%s is %s, by %v, one of %v", what, certainty, by, suspects)
		}
	}
	for _, w := range f.Writes {
		attributed(strings.Join(w.Command, " "), w.By, w.Certainty, w.Suspects)
		if w.Count < 1 || w.Others < 0 {
			say("%v was sent %d times, by %d others", w.Command, w.Count, w.Others)
		}
	}
	for _, r := range f.Refused {
		attributed(r.Text, r.By, r.Certainty, r.Suspects)
	}
	for _, x := range f.Failures {
		if x.Leak != nil && x.Reverted != nil {
			say("%s has a leak and a contained change behind it", x.Test)
		}
		if x.OOMErrors < 0 || x.Evicted < 0 {
			say("%s met %d and %d", x.Test, x.OOMErrors, x.Evicted)
		}
		if (x.Leak != nil || x.Reverted != nil) && x.Cause == findings.CauseOther {
			say("%s has something behind it and no cause", x.Test)
		}
	}
	if f.Tests.Total != f.Tests.Passed+f.Tests.Failed+f.Tests.Skipped {
		say("the tests do not add up: %+v", f.Tests)
	}
	bad = append(bad, miscounted(f)...)
	bad = append(bad, misdrawn(f)...)
	// What the run left changed is somebody's, or was said to be nobody's.
	allKnown := len(f.Leaks) > 0 && !slices.ContainsFunc(f.Leaks, func(c findings.Change) bool { return c.Known == nil })
	if f.Run.Complete && f.Run.Exit == triage.ExitClean && len(f.Changed) > 0 && len(f.Restarts) == 0 && !allKnown {
		say("%s was left changed, and the run is called clean", f.Changed[0].Parameter)
	}
	return bad
}

// sharesCall reports whether two changes were made by one call of a function.
func sharesCall(c, d findings.Change) bool {
	return c.Call != nil && d.Call != nil && c.Call.Function == d.Call.Function && slices.Equal(c.Call.Chain[1:], d.Call.Chain[1:])
}

// testdata/README.md has a paragraph for each case, and no file is without one.
func TestReadme(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Recorded runs\n\n" +
		"Each case is a run (`NAME.jsonl`), what it means in one line per finding (`NAME.txt`), and a way of being wrong\n" +
		"that it guards against. `go run ./cmd/tracetest report internal/triage/testdata/NAME.jsonl` writes its report.\n\n" +
		"The cases are written in `../*_cases_test.go`. To add one, write it there, run `go test ./internal/triage -update`,\n" +
		"and read the new `NAME.txt` as if it accused you. This page is written by that command as well.\n")
	known := map[string]bool{"README.md": true, "fuzz": true, "damaged": true}
	for _, chapter := range corpus() {
		fmt.Fprintf(&b, "\n## %s\n", chapter.title)
		for _, c := range chapter.cases {
			if known[c.name+".txt"] {
				t.Errorf("two cases are called %s", c.name)
			}
			known[c.name+".txt"], known[c.name+".jsonl"] = true, true
			fmt.Fprintf(&b, "\n**%s.** %s\n", c.name, strings.Join(strings.Fields(c.story), " "))
		}
	}
	compare(t, filepath.Join("testdata", "README.md"), []byte(b.String()))
	files, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !known[f.Name()] {
			t.Errorf("testdata/%s is of no case", f.Name())
		}
	}
}

func all() []recorded {
	var all []recorded
	for _, chapter := range corpus() {
		all = append(all, chapter.cases...)
	}
	return all
}

// marshal writes entries as record.Writer does.
func marshal(t testing.TB, entries []record.Entry) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, e := range entries {
		line, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(line, '\n'))
	}
	return b.Bytes()
}

// analyse reads a record as the command does.
func analyse(t testing.TB, text []byte) *findings.Findings {
	t.Helper()
	a := triage.New()
	if _, err := a.Read(record.Read(bytes.NewReader(text))); err != nil {
		t.Fatal(err)
	}
	return a.Findings()
}

// compare compares with a golden file, or writes it.
func compare(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(got, want) {
		return
	}
	if strings.HasSuffix(path, ".jsonl") {
		t.Errorf("%s is not what the case writes; run go test -update", path)
		return
	}
	t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
}
