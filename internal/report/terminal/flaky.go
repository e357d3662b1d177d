package terminal

import (
	"fmt"
	"io"
	"strings"

	"tracetest/internal/flaky"
	"tracetest/internal/record"
	"tracetest/internal/report/claims"
	"tracetest/internal/report/doc"
)

// Flaky writes the table of a survey for people.
func Flaky(out io.Writer, s *flaky.View, rows []*flaky.Row) error {
	mixed, always := 0, 0
	for _, r := range rows {
		switch {
		case r.Failed > 0 && r.Failed < r.Ran:
			mixed++
		case r.Failed > 0:
			always++
		}
	}
	lines := []string{fmt.Sprintf("tracetest: %s, %d flaky, %d that failed each time, of %s", claims.Count(s.Runs, "run"), mixed, always, claims.Count(s.Tests(), "test"))}
	if len(rows) == 0 {
		_, high := flaky.Wilson(0, s.Runs)
		lines = append(lines, fmt.Sprintf("No test failed. One that fails in up to %.0f %% of runs can still have passed all of these (95 %%).", 100*high))
	} else {
		table := [][]string{{"Failed", "95 %", "Leaked", "Test", "Kind", "Orders"}}
		for _, r := range rows {
			leaked, interval := "", ""
			if r.Leaked > 0 {
				leaked = fmt.Sprintf("%d/%d", r.Leaked, s.Runs)
			}
			if r.Failed > 0 {
				interval = fmt.Sprintf("%.0f-%.0f %%", 100*r.Low, 100*r.High)
			}
			table = append(table, []string{fmt.Sprintf("%d/%d", r.Failed, r.Ran), interval, leaked, rowName(r.Name).Plain(0), flakyKind(r).Plain(0), orders(r.Orders)})
		}
		lines = append(lines, doc.Aligned(table, 2)...)
	}
	_, err := io.WriteString(out, strings.Join(lines, "\n")+"\n")
	return err
}

func rowName(n record.Name) claims.Text {
	switch {
	case n.Spec != "":
		return doc.Code(n.Spec)
	case n.Test == "":
		return "package " + doc.Code(n.Package)
	}
	return doc.Code(n.Test)
}

func flakyKind(r *flaky.Row) claims.Text {
	var names []claims.Text
	for _, n := range r.Of { // long names stand in full in the rows of their own
		names = append(names, doc.Say(rowName(n).Plain(45)))
	}
	whom := doc.Join(names, " and ")
	text := map[flaky.Kind]claims.Text{flaky.Victim: "victim of " + whom, flaky.Brittle: "brittle, needs " + whom, flaky.Redis: "Redis", flaky.Own: "its own", flaky.Open: "open", flaky.Always: "no flake"}[r.Kind]
	if r.Why != "" {
		text += ": " + doc.Say(r.Why)
	}
	return text
}

// orders lists some of them.
func orders(all []string) string {
	const limit = 4
	text := strings.Join(all[:min(len(all), limit)], " ")
	if more := len(all) - limit; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
