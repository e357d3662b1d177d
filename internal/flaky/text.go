package flaky

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"tracetest/internal/printable"
	"tracetest/internal/record"
)

// Tell writes the table for people.
func Tell(out io.Writer, s *Survey, rows []*Row) error {
	flaky, always := 0, 0
	for _, r := range rows {
		switch {
		case r.Failed > 0 && r.Failed < r.Ran:
			flaky++
		case r.Failed > 0:
			always++
		}
	}
	head := fmt.Sprintf("tracetest: %s, %d flaky, %d that failed each time, of %s", plural(s.Runs, "run"), flaky, always, plural(len(s.rows), "test"))
	if _, err := fmt.Fprintln(out, head); err != nil {
		return err
	}
	if len(rows) == 0 {
		_, high := Wilson(0, s.Runs)
		_, err := fmt.Fprintf(out, "No test failed. One that fails in up to %.0f %% of runs can still have passed all of these (95 %%).\n", 100*high)
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "Failed\t95 %\tLeaked\tTest\tKind\tOrders")
	for _, r := range rows {
		leaked := ""
		if r.Leaked > 0 {
			leaked = fmt.Sprintf("%d/%d", r.Leaked, s.Runs)
		}
		interval := ""
		if r.Failed > 0 {
			interval = fmt.Sprintf("%.0f-%.0f %%", 100*r.Low, 100*r.High)
		}
		fmt.Fprintf(table, "%d/%d\t%s\t%s\t%s\t%s\t%s\n", r.Failed, r.Ran, interval, leaked, label(r.Name), kind(r), orders(r.Orders))
	}
	return table.Flush()
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func label(n record.Name) string {
	text := n.Test
	switch {
	case n.Spec != "":
		text = n.Spec
	case n.Test == "":
		text = "package " + n.Package
	}
	return printable.Line(text)
}

func kind(r *Row) string {
	var names []string
	for _, n := range r.Of {
		names = append(names, short(label(n)))
	}
	whom := strings.Join(names, " and ")
	text := map[Kind]string{Victim: "victim of " + whom, Brittle: "brittle, needs " + whom, Redis: "Redis", Own: "its own", Open: "open", Always: "no flake", Stable: ""}[r.Kind]
	if r.Why != "" {
		text += ": " + r.Why
	}
	return text
}

// short leaves out the middle of a long name, which stands in full in the row of
// its own.
func short(text string) string {
	const head, tail = 24, 20
	if runes := []rune(text); len(runes) > head+tail+4 {
		return string(runes[:head]) + "…" + string(runes[len(runes)-tail:])
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
