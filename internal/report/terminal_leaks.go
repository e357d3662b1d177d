package report

import (
	"slices"
	"strings"

	"tracetest/internal/triage"
)

// leaksPart tells the leaks in the lines that the other parts have left.
func (s *screen) leaksPart(room int) (section, error) {
	part := section{label: "Leaks", links: map[int][]link{}}
	shown := 0
	for i, g := range s.groups {
		block, links, err := s.leakLines(g)
		if err != nil {
			return part, err
		}
		need := len(block)
		if i+1 < len(s.groups) {
			need++ // for the line that counts the rest
		}
		if i == 5 || len(part.lines)+need > room {
			break
		}
		part.lines = append(part.lines, block...)
		part.links[len(part.lines)-1] = links
		shown++
	}
	if rest := len(s.groups) - shown; rest > 0 {
		part.lines = append(part.lines, s.moreLine(rest, shown))
	}
	return part, nil
}

func (s *screen) moreLine(rest, shown int) string {
	if shown == 0 {
		return fit(count(rest, "leak")+" in the report", s.width)
	}
	return fit("+"+itoa(rest)+" more in the report", s.width)
}

// leakLines are who, what and where of a group of leaks, and the links of the
// last of the lines.
func (s *screen) leakLines(g group) (lines []string, links []link, err error) {
	first := g.changes[0]
	prefix := ""
	if len(s.groups) > 1 {
		prefix = itoa(g.no) + ". "
	}
	var who, note string
	if first.Owner != nil {
		who = s.k.by(first)
		note = ownerNote(first)
	} else {
		who = "one of: " + s.k.owners(first.Suspects, 3) + orEarlier(first.AndEarlier)
	}
	room := s.width - textWidth(prefix) - textWidth(note)
	lines = []string{fit(prefix+fit(who, max(room, 3))+note, s.width)}

	shown := g.changes[:min(len(g.changes), 3)]
	parameters, err := s.parameterLines(shown)
	if err != nil {
		return nil, nil, err
	}
	lines = append(lines, parameters...)
	if more := len(g.changes) - len(shown); more > 0 {
		lines = append(lines, fit("  +"+itoa(more)+" more parameters in the report", s.width))
	}
	for _, text := range s.k.knownOf(g.changes) {
		lines = append(lines, fit("  "+text, s.width))
	}
	return append(lines, fit(s.tail(first), s.width)), s.sourceLinks(first), nil
}

// parameterLines are the parameters of a leak and their values, which stand on
// lines of their own where the terminal is too narrow for both.
func (s *screen) parameterLines(changes []triage.Change) ([]string, error) {
	var rows [][2]string
	for _, c := range changes {
		rows = append(rows, [2]string{"  " + s.k.name(c.Parameter), s.k.before(c) + " -> " + s.k.after(c)})
	}
	lines, err := aligned(rows, 2)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(lines, func(line string) bool { return textWidth(line) > s.width }) {
		return lines, nil
	}
	lines = nil
	for _, row := range rows {
		lines = append(lines, fit(row[0], s.width))
		for _, line := range wrap(row[1], s.width-4, 2) {
			lines = append(lines, "    "+line)
		}
	}
	return lines, nil
}

// ownerNote says what an owner is and how it ended. That it passed is why
// nobody would look at it.
func ownerNote(c triage.Change) string {
	var notes []string
	if kind := kindOf(*c.Owner); kind != "package" {
		notes = append(notes, kind)
	}
	if c.OwnerEnd == "died" {
		notes = append(notes, "died")
	} else if end := ended(c.OwnerEnd); end != "" {
		notes = append(notes, end)
	}
	if len(notes) == 0 {
		return ""
	}
	return " (" + strings.Join(notes, ", ") + ")"
}

// tail says how sure it is, where and when; as much of it as fits.
func (s *screen) tail(c triage.Change) string {
	sure := "  " + s.k.say(string(c.Certainty)) + ", "
	where, when := sure+"on "+s.k.name(c.Server), ", "+s.clock(c.At)
	short := where
	if c.Call != nil {
		where = sure + "at " + s.place(s.k, c)
		call := *c.Call
		call.Function, call.Chain = "", nil
		c.Call = &call
		short = sure + "at " + s.place(s.k, c)
	} else if c.Location != "" {
		where = sure + "at " + s.place(s.k, c)
		short = where
	}
	for _, text := range []string{where + when, short + when, where} {
		if textWidth(text) <= s.width {
			return text
		}
	}
	return short
}
