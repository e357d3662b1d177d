package report

import (
	"bytes"
	"io"
	"strings"

	"tracetest/internal/triage"
)

// maxAnnotations is how many errors, and how many warnings, GitHub shows of a
// step.
const maxAnnotations = 10

// Annotations writes workflow commands of GitHub Actions that show each leak at
// the line that leaks: an error, or a warning where it is not settled who did it
// or the leak is known. They go to the standard output of a step.
func Annotations(w io.Writer, f *triage.Findings) error {
	if f == nil {
		return errNoFindings()
	}
	v := newSurvey(f)
	k := ink{limit: 240}
	var b bytes.Buffer
	written, left := make(map[string]int), 0
	for _, g := range v.groups {
		level := "error"
		if !g.accused() || g.known() {
			level = "warning"
		}
		if written[level]++; written[level] > maxAnnotations {
			left++
			continue
		}
		text := v.leakStory(k, g)
		if cure := v.cure(k, g); cure != "" {
			text += "\n" + cure
		}
		var properties []string
		if at, ok := v.leakingLineOf(g); ok {
			properties = append(properties, "file="+property(at.path), "line="+itoa(at.number))
		}
		title := "Redis left changed: " + k.name(g.changes[0].Parameter)
		if n := len(g.changes) - 1; n > 0 {
			title += " and " + count(n, "other")
		}
		properties = append(properties, "title="+property(title))
		b.WriteString("::" + level + " " + strings.Join(properties, ",") + "::" + message(text) + "\n")
	}
	if left > 0 {
		b.WriteString("::notice title=tracetest::" + message(count(left, "further leak")+" in report.md.") + "\n")
	}
	return flush(w, &b)
}

// message and property escape as the runner reads them
// (https://github.com/actions/toolkit, packages/core/src/command.ts).
func message(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func property(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(s)
}
