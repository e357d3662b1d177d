package claims

import (
	"fmt"

	"tracetest/internal/findings"
	"tracetest/internal/report/doc"
)

// inLine is how long a name is in a line during a run, in runes.
const inLine = 100

// LeakLines says leaks in a line each, for the moment in which they are seen.
// Those of one owner that are equally sure share a line.
func LeakLines(leaks []findings.Change) []string {
	var lines []string
	for i := 0; i < len(leaks); {
		c, from := leaks[i], i
		var what []Text
		for ; i < len(leaks) && sameOwner(c, leaks[i]); i++ {
			what = append(what, code(leaks[i].Parameter)+" "+Before(leaks[i])+" -> "+After(leaks[i]))
		}
		who := by(c).Text(0)
		if c.By == nil && len(c.Suspects) == 0 {
			who = "an unidentified writer"
		}
		if c.By != nil && c.Untraced {
			who += "," // a clause ends
		}
		line := "leak: " + who + " left " + doc.Join(what, ", ") + " (" + code(c.Server) + ", " + Sure(c.Certainty) + ")"
		for _, text := range KnownOf(leaks[from:i]) {
			line += "; " + text
		}
		lines = append(lines, line.Plain(inLine))
	}
	return lines
}

func sameOwner(a, b findings.Change) bool {
	if a.By == nil || b.By == nil {
		return a.Parameter == b.Parameter && a.Server == b.Server && a.At.Equal(b.At)
	}
	return *a.By == *b.By && a.Server == b.Server && a.Certainty == b.Certainty && a.Untraced == b.Untraced
}

// DoneLine ends what is shown of a run while it happens, with the numbers of the reports.
func DoneLine(f *findings.Findings) string {
	t := f.Tests
	text := "DONE " + Count(t.Total, "test")
	switch {
	case t.Specs == t.Total && t.Specs > 0:
		text = "DONE " + Count(t.Specs, "spec")
	case t.Specs > 0:
		text += ", " + itoa(t.Specs) + " of them Ginkgo specs"
	}
	if t.Skipped > 0 {
		text += ", " + itoa(t.Skipped) + " skipped"
	}
	if n := len(f.Failures); n > 0 {
		text += ", " + Count(n, "failure")
	}
	if !f.Run.Started.IsZero() && !f.Run.Finished.Before(f.Run.Started) {
		text += Text(fmt.Sprintf(" in %.3fs", f.Run.Finished.Sub(f.Run.Started).Seconds()))
	}
	return text.Plain(0)
}

// UnmetLine says an expectation that does not hold before the run begins.
func UnmetLine(u findings.UnmetExpectation) string {
	line := "before the run, " + code(u.Parameter) + " on " + code(u.Server) + " is " + Value(u.Parameter, u.Value, false) + " and not " + Value(u.Parameter, u.Expected, false) + " as --expect says"
	if u.Command != "" {
		line += ": " + doc.Whole(u.Command)
	}
	return line.Plain(inLine)
}

// DriftLine says that a server was changed before the run began.
func DriftLine(p findings.Drift) string {
	return ("before the run, " + code(p.Parameter) + " on " + code(p.Server) + " is " + Value(p.Parameter, p.Value, false) + ", and the server was started with " +
		Value(p.Parameter, p.Started, false) + " (" + say(p.Source) + "): somebody changed it before: " + doc.Whole(p.Command)).Plain(inLine)
}
