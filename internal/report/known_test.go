package report_test

import (
	"strings"
	"testing"

	"tracetest/internal/report"
)

// What is known is said where the leak is, with its end and who looks after it,
// and what is to be done about the baseline on the screen as well.
func TestKnownGolden(t *testing.T) {
	for _, name := range []string{"known", "known-and-the-next-test", "known-until-yesterday", "known-and-gone", "known-suspects", "known-suspect-of-two"} {
		t.Run(name, func(t *testing.T) {
			f := recorded(t, name)
			md, tty := markdown(t, f), terminal(t, f, report.TerminalOptions{ReportPath: "tracetest-out/report.md"})
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
