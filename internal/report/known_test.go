package report_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"tracetest/internal/findings"
	"tracetest/internal/report/ci"
	"tracetest/internal/report/page"
	"tracetest/internal/report/terminal"
	"tracetest/internal/triage/story/storytest"
)

// What is known is said where the leak is, with its end and who looks after it,
// and what is to be done about the baseline on the screen as well.
func TestKnownGolden(t *testing.T) {
	for _, name := range []string{"known", "known-and-the-next-test", "known-until-yesterday", "known-and-gone", "known-suspects", "known-suspect-of-two"} {
		t.Run(name, func(t *testing.T) {
			f := storytest.Findings(t, name)
			md, tty := markdown(t, f), onTerminal(t, f, terminal.Options{ReportPath: "tracetest-out/report.md"})
			golden(t, "testdata/known/"+name+".md", md)
			golden(t, "testdata/known/"+name+".txt", tty)
			checkMarkdown(t, md)
			checkScreen(t, tty, 80)
			headline, _, _ := strings.Cut(md, "\n")
			if strings.Contains(headline, "known") != (f.Leaks != nil && strings.Contains(name, "known") && name != "known-and-gone" && name != "known-until-yesterday" && name != "known-suspect-of-two") {
				t.Errorf("the headline is %s", headline)
			}
		})
	}
}

// In CI a leak that is known fails nothing, also where the run failed for another
// reason. One that is not known does, beside it.
func TestKnownInCI(t *testing.T) {
	text := func(render func(io.Writer, *findings.Findings) error, f *findings.Findings) string {
		var b bytes.Buffer
		if err := render(&b, f); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	junit := func(w io.Writer, f *findings.Findings) error { return ci.JUnit(w, f, ci.JUnitOptions{}) }
	known, both := storytest.Findings(t, "known-and-a-victim"), storytest.Findings(t, "known-and-the-next-test")
	if got := text(ci.Annotations, known); !strings.HasPrefix(got, "::warning ") || strings.Contains(got, "::error") || !strings.Contains(got, "Known, until 2026-12-31 (team-cache)") {
		t.Errorf("got %s", got)
	}
	if got := text(ci.Annotations, both); strings.Count(got, "::error ") != 1 || strings.Count(got, "::warning ") != 1 {
		t.Errorf("got %s", got)
	}
	if got := text(junit, known); strings.Count(got, "<failure") != 1 || !strings.Contains(got, `failures="1"`) {
		t.Errorf("the leak that is known fails its test:\n%s", got)
	}
	if got := text(junit, both); strings.Count(got, "<failure") != 1 {
		t.Errorf("got %s", got)
	}
	if got := text(page.HTML, known); !strings.Contains(got, "Known leaks") || !strings.Contains(got, "team-cache") {
		t.Error("the page does not say what is known")
	}
}
