package report_test

import (
	"bytes"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tracetest/internal/findings"
	"tracetest/internal/report"
	"tracetest/internal/report/claims"
	"tracetest/internal/report/terminal"
)

// oldWords are the project's own language, with the words to use, of testdata/words.txt.
func oldWords(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("testdata/words.txt")
	if err != nil {
		t.Fatal(err)
	}
	words := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if word, better, ok := strings.Cut(strings.TrimRight(line, "\n"), "\t"); ok {
			words[word] = better
		}
	}
	return words
}

// codeSpans are code, flags and names of fields, which keep what they are called.
var codeSpans = regexp.MustCompile("`[^`]*`|(?s:```.*?```)|--[a-z-]+(=[a-z]+)?")

func checkWords(t *testing.T, where, text string) {
	t.Helper()
	text = codeSpans.ReplaceAllString(text, "")
	for word, better := range oldWords(t) {
		found := regexp.MustCompile(`(?i)[^\n]{0,40}\b(` + word + `)\b[^\n]{0,40}`).FindString(text)
		if found != "" {
			t.Errorf("%s: %q (%s)", where, found, better)
		}
	}
}

// quiet takes out what others say: tests and servers.
func quiet(f *findings.Findings) *findings.Findings {
	for _, changes := range [][]findings.Change{f.Leaks, f.Reverted} {
		for i := range changes {
			changes[i].Disambiguate = ""
		}
	}
	for i := range f.Failures {
		f.Failures[i].Message, f.Failures[i].Output = "", ""
	}
	for i := range f.Notices {
		f.Notices[i].Text, f.Notices[i].Code = "", ""
	}
	for i := range f.Endpoints {
		if f.Endpoints[i].Problem != "" {
			f.Endpoints[i].Problem = "x"
		}
	}
	f.Run.ModeReason, f.Run.TraceReason, f.Run.Incomplete = "", "", ""
	return f
}

func TestWords(t *testing.T) {
	for name, f := range fixtures(t) {
		if name == "hostile" {
			continue
		}
		f = quiet(f)
		checkWords(t, name+" in Markdown", markdown(t, f))
		checkWords(t, name+" on the screen", onTerminal(t, f, terminal.Options{Width: 400}))
		page := string(htmlPage(t, f))
		page = regexp.MustCompile(`(?s)<(script|style|pre).*?</(script|style|pre)>|<code>.*?</code>|<[^>]*>`).ReplaceAllString(page, " ")
		checkWords(t, name+" in the page", page)
		for _, ending := range slices.Sorted(maps.Keys(formats())) {
			text := regexp.MustCompile(`(?m)^.*property name=.*$`).ReplaceAllString(rendered(t, formats()[ending], f), "")
			checkWords(t, name+" in "+ending, text)
		}
		checkWords(t, name+" in a line", strings.Join(claims.LeakLines(f.Leaks), "\n"))
	}
	var b bytes.Buffer
	if err := report.MergedMarkdown(&b, shards(t)); err != nil {
		t.Fatal(err)
	}
	checkWords(t, "merged", regexp.MustCompile(`(?m)^\|.*$`).ReplaceAllString(b.String(), "")+mergedTerminal(t, shards(t), terminal.Options{Width: 200}))
}
