package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"tracetest/internal/record"
	"tracetest/internal/triage"
)

// lineInk writes the lines that are shown during a run.
var lineInk = ink{limit: 100}

// LeakLines says leaks in a line each, for the moment in which they are seen.
// Those of one owner that are equally sure share a line.
func LeakLines(leaks []triage.Change) []string {
	k := lineInk
	var lines []string
	for i := 0; i < len(leaks); {
		c, from := leaks[i], i
		var what []string
		for ; i < len(leaks) && sameOwner(c, leaks[i]); i++ {
			what = append(what, fmt.Sprintf("%s %s -> %s", k.name(leaks[i].Parameter), k.before(leaks[i]), k.after(leaks[i])))
		}
		who := k.by(c)
		if c.Owner != nil && c.Unheard {
			who += "," // a clause ends
		}
		line := fmt.Sprintf("leak: %s left %s (%s, %s)", who, strings.Join(what, ", "), k.name(c.Server), c.Certainty)
		for _, text := range k.knownOf(leaks[from:i]) {
			line += "; " + text
		}
		lines = append(lines, line)
	}
	return lines
}

func sameOwner(a, b triage.Change) bool {
	if a.Owner == nil || b.Owner == nil {
		return a.Parameter == b.Parameter && a.Server == b.Server && a.At.Equal(b.At)
	}
	return *a.Owner == *b.Owner && a.Server == b.Server && a.Certainty == b.Certainty && a.Unheard == b.Unheard
}

// UnmetLine says an expectation that does not hold before the run begins.
func UnmetLine(u triage.Unmet) string {
	k := lineInk
	line := fmt.Sprintf("before the run, %s on %s is %s and not %s as --expect says",
		k.name(u.Parameter), k.name(u.Server), k.value(u.Parameter, u.Value, false), k.value(u.Parameter, u.Expected, false))
	if u.Command != "" {
		line += ": " + clean(u.Command)
	}
	return line
}

// PollutedLine says that a server was changed before the run began.
func PollutedLine(p triage.Polluted) string {
	k := lineInk
	return fmt.Sprintf("before the run, %s on %s is %s, and the server was started with %s (%s): somebody changed it before: %s",
		k.name(p.Parameter), k.name(p.Server), k.value(p.Parameter, p.Value, false), k.value(p.Parameter, p.Started, false), k.say(p.Source), clean(p.Command))
}

// CheckLines say of a server what should be and is not, with the commands that
// put that right unless it is fixed by now, and what was compared.
func CheckLines(started map[string]record.Origin, unmet []triage.Unmet, polluted []triage.Polluted, fixed bool) ([]string, error) {
	k := lineInk
	var rows [][2]string
	var commands []string
	wrong := make(map[string]bool)
	tell := func(parameter, value, should, source, command string) {
		wrong[parameter] = true
		text := "%s, should be %s (%s)"
		if fixed {
			text, command = "was %s, now %s (%s)", ""
		}
		rows = append(rows, [2]string{k.name(parameter), fmt.Sprintf(text, k.value(parameter, value, false), k.value(parameter, should, false), k.say(source))})
		commands = append(commands, command)
	}
	for _, u := range unmet {
		tell(u.Parameter, u.Value, u.Expected, "--expect", u.Command)
	}
	for _, p := range polluted {
		tell(p.Parameter, p.Value, p.Started, p.Source, p.Command)
	}
	for _, name := range slices.Sorted(maps.Keys(started)) {
		if o := started[name]; !wrong[name] {
			rows = append(rows, [2]string{k.name(name), fmt.Sprintf("%s (%s)", k.value(name, o.Value, false), k.say(o.Source))})
		}
	}
	lines, err := aligned(rows, 2)
	if err != nil {
		return nil, err
	}
	if commands = compactCommands(commands); len(commands) > 0 {
		lines = append(lines, "To put that right:")
		for _, c := range commands {
			lines = append(lines, "  "+clean(c))
		}
	}
	return lines, nil
}
