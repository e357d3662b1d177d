package terminal

import (
	"fmt"
	"maps"
	"slices"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/report/claims"
	"tracetest/internal/report/doc"
)

// Check says of a server what should be and is not, with the commands that
// put that right unless it is fixed by now, and what was compared.
func Check(started map[string]record.Origin, unmet []findings.UnmetExpectation, drift []findings.Drift, fixed bool) []string {
	const limit, shown = 100, 12
	var rows [][]string
	var commands []string
	wrong := make(map[string]bool)
	add := func(parameter string, text claims.Text) {
		rows = append(rows, []string{doc.Code(parameter).Plain(limit), text.Plain(limit)})
	}
	differs := func(parameter, value, should string, source claims.Text, command string) {
		wrong[parameter] = true
		is, ought := claims.Value(parameter, value, false), claims.Value(parameter, should, false)
		if fixed {
			add(parameter, "was "+is+", now "+ought+" ("+source+")")
			return
		}
		add(parameter, is+", should be "+ought+" ("+source+")")
		commands = append(commands, command)
	}
	for _, u := range unmet {
		differs(u.Parameter, u.Value, u.Expected, "--expect", u.Command)
	}
	for _, p := range drift {
		differs(p.Parameter, p.Value, p.Started, doc.Say(p.Source), p.Command)
	}
	right := 0
	for _, name := range slices.Sorted(maps.Keys(started)) {
		if wrong[name] {
			continue
		}
		if right++; right <= shown {
			add(name, claims.Value(name, started[name].Value, false)+" ("+doc.Say(started[name].Source)+")")
		}
	}
	lines := doc.Aligned(rows, 2)
	if more := right - shown; more > 0 {
		lines = append(lines, fmt.Sprintf("%d %s as expected.", more, claims.Plural(more, "more parameter is", "more parameters are").Plain(limit)))
	}
	if commands = claims.Compact(commands); len(commands) > 0 {
		lines = append(lines, "To repair it:")
		for _, c := range commands {
			lines = append(lines, "  "+doc.Clean(c))
		}
	}
	return lines
}
