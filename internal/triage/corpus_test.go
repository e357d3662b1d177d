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
	"tracetest/internal/triage/story"
)

var (
	update = flag.Bool("update", false, "write what the findings of the cases say into the files of their chapters")
	keep   = flag.String("keep", "", "a folder in which to keep the records of the cases, as NAME.jsonl")
)

// Aliases of the builder, as which the tests here know it.
type (
	rec  = story.Record
	proc = story.Process
	test = story.Test
	sent = story.Sent
)

// What the findings of each case say is what its chapter has.
func TestCorpus(t *testing.T) {
	chapters, err := story.Corpus()
	if err != nil {
		t.Fatal(err)
	}
	for _, chapter := range chapters {
		for i, c := range chapter.Cases {
			t.Run(c.Name, func(t *testing.T) {
				text, err := c.JSONL()
				if err != nil {
					t.Fatal(err)
				}
				if *keep != "" {
					write(t, filepath.Join(*keep, c.Name+".jsonl"), text)
				}
				chapter.Cases[i].Want = render(analyse(t, text))
				if got := chapter.Cases[i].Want; got != c.Want && !*update {
					t.Errorf("got\n%s\nwant\n%s", got, c.Want)
				}
			})
		}
		if *update {
			write(t, filepath.Join("story", chapter.File), chapter.Format())
		}
	}
}

// The same record gives the same findings, whatever order maps have.
func TestSameRecordSameFindings(t *testing.T) {
	for _, c := range all(t) {
		text := marshal(t, entries(t, c))
		first := analyse(t, text)
		for range 5 {
			if again := analyse(t, text); !reflect.DeepEqual(first, again) {
				t.Errorf("%s: two readings differ:\n%s\n%s", c.Name, render(first), render(again))
				break
			}
		}
	}
}

// A run that is watched and the report of its record say the same of a leak,
// and what is said while it runs is said at the end.
func TestLeaksSaidWhileItRuns(t *testing.T) {
	for _, c := range all(t) {
		a := triage.New()
		var said []findings.Change
		for _, e := range entries(t, c) {
			said = append(said, a.Add(e)...)
		}
		final := a.Findings()
		for _, s := range said {
			found := slices.ContainsFunc(final.Leaks, func(l findings.Change) bool {
				return l.Server == s.Server && l.Parameter == s.Parameter && l.From == s.From && l.To == s.To && l.At.Equal(s.At)
			})
			if !found {
				t.Errorf("%s: said of %s while it ran, and not at the end", c.Name, s.Parameter)
			}
		}
	}
}

// Every finding of the corpus keeps what the contract promises.
func TestContract(t *testing.T) {
	for _, c := range all(t) {
		f := analyse(t, marshal(t, entries(t, c)))
		for _, problem := range broken(f) {
			t.Errorf("%s: %s\n%s", c.Name, problem, render(f))
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
				t.Errorf("%s: %s is null", c.Name, name)
			}
		}
		for _, list := range []string{"suspects", "owners", "command", "go_test", "expired", "gone", "undecided"} {
			if bytes.Contains(text, []byte(`"`+list+`":null`)) {
				t.Errorf("%s: a list %q is null", c.Name, list)
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
				say("%s: nobody was traced writing it, and it is %s, by %v", c.Parameter, c.Certainty, c.Call)
			case c.Certainty == findings.Exact && !f.Run.Traced, c.Untraced && !f.Run.Traced, c.Call != nil && !f.Run.Traced:
				say("%s is %s, and there was no trace", c.Parameter, c.Certainty)
			case len(c.OtherClients) > 0 && !c.Untraced:
				say("%s: other clients are named, and it was traced", c.Parameter)
			case c.Call != nil && (c.Call.File == "" || len(c.Call.Chain) == 0):
				say("%s: the call is nowhere: %+v", c.Parameter, *c.Call)
			case c.DisambiguateBy != nil && !several:
				say("%s: what would disambiguate it is said, and it is not ambiguous", c.Parameter)
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
	attributed := func(what string, by *record.Name, certainty findings.Certainty, suspects []record.Name) {
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
			say("%s has a leak and a reverted change behind it", x.Test)
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

// all are the cases of the corpus.
func all(t testing.TB) []story.Case {
	t.Helper()
	cases, err := story.Cases()
	if err != nil {
		t.Fatal(err)
	}
	return cases
}

// entries are those of the record of a case.
func entries(t testing.TB, c story.Case) []record.Entry {
	t.Helper()
	r, err := c.Record()
	if err != nil {
		t.Fatal(err)
	}
	return r.Entries
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

func write(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o666); err != nil {
		t.Fatal(err)
	}
}
