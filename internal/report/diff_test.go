package report_test

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"
	"testing"

	"tracetest/internal/diff"
	"tracetest/internal/report"
	"tracetest/internal/report/claims"
	"tracetest/internal/report/terminal"
	"tracetest/internal/triage/story/storytest"
)

// differences are pairs of runs by the name of their golden files.
func differences(t testing.TB) map[string]*diff.Diff {
	side := func(name string) diff.Side {
		f := storytest.Findings(t, name)
		return diff.Side{File: name + "/run.jsonl", Findings: f, Doubts: claims.Doubts(f)}
	}
	all := map[string]*diff.Diff{}
	for name, pair := range map[string][2]string{
		"fixed": {"victims", "oom-without-a-change"}, "broken": {"parents-cleanup", "victims"}, "same": {"victims", "victims"},
		"incomplete": {"known", "no-end"}, "events": {"parallel-ambiguous", "events-parallel"}, "secret": {"known", "secret"}, "known": {"known-and-gone", "known"},
	} {
		all[name] = diff.Compare(side(pair[0]), side(pair[1]))
	}
	return all
}

func diffText(t testing.TB, d *diff.Diff, o terminal.Options) (md, tty string) {
	t.Helper()
	var b, c bytes.Buffer
	if err := report.DiffMarkdown(&b, d); err != nil {
		t.Fatal(err)
	}
	if err := terminal.Diff(&c, d, o); err != nil {
		t.Fatal(err)
	}
	return b.String(), c.String()
}

func TestDiffGolden(t *testing.T) {
	for name, d := range differences(t) {
		t.Run(name, func(t *testing.T) {
			md, tty := diffText(t, d, terminal.Options{ReportPath: "diff.md"})
			golden(t, "testdata/diff/"+name+".md", md)
			golden(t, "testdata/diff/"+name+".txt", tty)
			checkMarkdown(t, md)
			for _, width := range []int{20, 40, 80, 200} {
				_, tty := diffText(t, d, terminal.Options{Width: width, ReportPath: "diff.md"})
				checkScreen(t, tty, width)
			}
			if _, colored := diffText(t, d, terminal.Options{Color: true, ReportPath: "diff.md"}); sgr.ReplaceAllString(colored, "") != tty || colored == tty {
				t.Error("colour changes the text, or there is none")
			}
			if again := differences(t)[name]; !reflect.DeepEqual(d, again) {
				t.Error("a renderer changed the difference")
			}
			var b bytes.Buffer
			for range 2 {
				if err := report.DiffJSON(io.MultiWriter(&b), d); err != nil {
					t.Fatal(err)
				}
			}
			if text := b.Bytes(); !bytes.Equal(text[:len(text)/2], text[len(text)/2:]) {
				t.Error("the JSON differs the second time")
			}
		})
	}
}

// FuzzDiffText puts hostile text wherever a difference has text.
func FuzzDiffText(f *testing.F) {
	for _, seed := range hostileSeeds() {
		f.Add(seed)
	}
	var texts [][]byte
	for _, d := range differences(f) {
		text, err := json.Marshal(d)
		if err != nil {
			f.Fatal(err)
		}
		texts = append(texts, text)
	}
	f.Fuzz(func(t *testing.T, hostile string) {
		for _, text := range texts {
			d := new(diff.Diff)
			if err := json.Unmarshal(text, d); err != nil {
				t.Fatal(err)
			}
			var states []diff.State
			for _, l := range d.Leaks {
				states = append(states, l.State)
			}
			for _, x := range d.Failures {
				states = append(states, x.State)
			}
			poison(reflect.ValueOf(d).Elem(), hostile)
			for i := range d.Leaks {
				d.Leaks[i].State, states = states[0], states[1:]
			}
			for i := range d.Failures {
				d.Failures[i].State, states = states[0], states[1:]
			}
			md, tty := diffText(t, d, terminal.Options{ReportPath: hostile})
			checkMarkdown(t, md)
			checkScreen(t, tty, 80)
		}
	})
}
