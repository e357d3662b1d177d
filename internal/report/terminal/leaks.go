package terminal

import (
	"cmp"

	"tracetest/internal/findings"
	"tracetest/internal/report/claims"
	"tracetest/internal/report/doc"
)

// leaksPart shows the leaks in the lines that the other parts have left.
func (s *runScreen) leaksPart(room int) section {
	part := section{label: "Leaks", links: map[int][]link{}}
	shown := 0
	for i, g := range s.Groups {
		block, links := s.leakLines(g)
		need := len(block)
		if i+1 < len(s.Groups) {
			need++ // for the line that counts the rest
		}
		if i == 5 || len(part.lines)+need > room {
			break
		}
		part.lines = append(part.lines, block...)
		part.links[len(part.lines)-1] = links
		shown++
	}
	if rest := len(s.Groups) - shown; rest > 0 {
		text := "+" + doc.Int(rest) + " more in the report"
		if shown == 0 {
			text = claims.Count(rest, "leak") + " in the report"
		}
		part.lines = append(part.lines, s.fit(text))
	}
	return part
}

// leakLines are who, what and where of a group of leaks, and the links of the
// last of the lines.
func (s *runScreen) leakLines(g claims.Group) (lines []string, links []link) {
	first := g.Changes[0]
	var prefix, note string
	if len(s.Groups) > 1 {
		prefix = string(doc.Int(g.No)) + ". "
	}
	who := claims.MadeBy(first).Text(3)
	if first.By != nil && !first.Untraced {
		note = s.plain(claims.OwnerNote(first))
	}
	room := s.width - doc.Width(prefix) - doc.Width(note)
	lines = []string{doc.Fit(prefix+doc.Fit(s.plain(who), max(room, 3))+note, s.width)}

	shown := g.Changes[:min(len(g.Changes), 3)]
	lines = append(lines, s.parameterLines(shown)...)
	if rest := len(g.Changes) - len(shown); rest > 0 {
		lines = append(lines, s.fit("  and "+claims.Count(rest, "more parameter")+" in the report"))
	}
	if nodes := claims.Nodes(first); nodes != "" {
		lines = append(lines, s.fit("  "+nodes))
	}
	for _, text := range claims.KnownOf(g.Changes) {
		lines = append(lines, s.fit("  "+text))
	}
	tail := s.tail(first)
	return append(lines, s.fit(tail)), s.fileLinks(tail)
}

// parameterLines are the parameters of a leak and their values, which stand on
// lines of their own where the terminal is too narrow for both.
func (s *screen) parameterLines(changes []findings.Change) []string {
	var rows [][]string
	for _, c := range changes {
		rows = append(rows, []string{s.plain("  " + doc.Code(c.Parameter)), s.plain(claims.Before(c) + " -> " + claims.After(c))})
	}
	lines := doc.Aligned(rows, 2)
	if !s.wide(lines) {
		return lines
	}
	lines = nil
	for _, row := range rows {
		lines = append(lines, doc.Fit(row[0], s.width))
		for _, line := range doc.Wrap(row[1], s.width-4, 2) {
			lines = append(lines, "    "+line)
		}
	}
	return lines
}

// tail says how sure it is, where and when; as much of it as fits.
func (s *runScreen) tail(c findings.Change) claims.Text {
	sure := "  " + claims.Sure(c.Certainty) + ", "
	long, short := sure+"on "+doc.Code(c.Server), claims.Text("")
	if place := s.Place(c); place != "" {
		long, short = sure+"at "+place, sure+"at "+s.TestPlace(c)
	}
	for _, text := range []claims.Text{long + ", " + s.Clock(c.At), long, short} {
		if text != "" && doc.Width(s.plain(text)) <= s.width {
			return text
		}
	}
	return cmp.Or(short, long)
}
