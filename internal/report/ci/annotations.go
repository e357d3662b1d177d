// Package ci is what programs read: JUnit, SARIF, GitLab's code quality, and the
// annotations and step summary of GitHub Actions.
package ci

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"tracetest/internal/findings"
	"tracetest/internal/report/claims"
	"tracetest/internal/report/doc"
)

// maxAnnotations is how many errors, and how many warnings, GitHub shows of a
// step.
const maxAnnotations = 10

// Annotations writes workflow commands of GitHub Actions that show each leak at
// the line that leaks: an error, or a warning where it is not known who did it
// or the leak is known. They go to the standard output of a step.
func Annotations(w io.Writer, f *findings.Findings) error {
	if f == nil {
		return errNoFindings()
	}
	v := claims.New(f)
	const limit = 240
	var b bytes.Buffer
	written, left := make(map[string]int), 0
	for _, g := range v.Groups {
		level := "error"
		if !g.Accused() || g.Known() {
			level = "warning"
		}
		if written[level]++; written[level] > maxAnnotations {
			left++
			continue
		}
		text := v.LeakStory(g).Plain(limit)
		if cure := v.Cure(g); cure != "" {
			text += "\n" + cure.Plain(limit)
		}
		var properties []string
		if at, ok := leakingLine(v, g); ok {
			properties = append(properties, "file="+property(at.Path), fmt.Sprint("line=", at.Number))
		}
		title := "Redis left changed: " + doc.Code(g.Changes[0].Parameter)
		if n := len(g.Changes) - 1; n > 0 {
			title += " and " + claims.Count(n, "other")
		}
		properties = append(properties, "title="+property(title.Plain(limit)))
		b.WriteString("::" + level + " " + strings.Join(properties, ",") + "::" + message(text) + "\n")
	}
	if left > 0 {
		b.WriteString("::notice title=tracetest::" + message((claims.Count(left, "further leak") + " in report.md.").Plain(limit)) + "\n")
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

// leakingLine is the first that is known of a group.
func leakingLine(v *claims.View, g claims.Group) (claims.Line, bool) {
	for _, c := range g.Changes {
		if at, ok := v.LeakingLine(c); ok {
			return at, true
		}
	}
	return claims.Line{}, false
}

func errNoFindings() error { return errors.New("rendering report: no findings") }

// flush writes a finished report at once, so that a report that could not be
// rendered leaves nothing behind.
func flush(w io.Writer, b *bytes.Buffer) error {
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("writing report: %w", err)
	}
	return nil
}
