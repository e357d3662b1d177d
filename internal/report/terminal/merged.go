package terminal

import (
	"io"

	"tracetest/internal/merge"
	"tracetest/internal/report/claims"
	"tracetest/internal/report/doc"
)

// Merged writes a summary of many runs, of at most a screen.
func Merged(w io.Writer, m *merge.Summary, o Options) error {
	s := newScreen(o)
	head := section{label: "tracetest", lines: s.wrap(claims.Count(len(m.Runs), "run")+": "+claims.MergedHeadline(m), 3), paint: colours[claims.MergedMood(m)]}
	failures := section{label: "Tests", lines: s.wrap(claims.MergedFailures(m), 4)}
	unknown := section{label: "Not known", paint: yellow}
	for _, warning := range claims.MergedWarnings(m) {
		unknown.lines = append(unknown.lines, s.wrap(warning.Short+". "+warning.Text, 2)...)
	}
	path := s.path(o.ReportPath)
	return s.write(w, head, s.mergedLeaks(m, maxLines-s.lines(head, failures, unknown, path)), failures, unknown, path)
}

// mergedLeaks shows the leaks of most runs in the lines that the rest has left.
func (s *screen) mergedLeaks(m *merge.Summary, room int) section {
	part := section{label: "Leaks"}
	for i, l := range m.Leaks {
		if i == 5 || len(part.lines)+2 > room || i+1 < len(m.Leaks) && len(part.lines)+3 > room {
			part.lines = append(part.lines, s.fit(claims.Count(len(m.Leaks)-i, "more leak")+" in merged.md"))
			break
		}
		runs := claims.Count(l.InRuns, "run")
		if l.Ran > 1 {
			runs = claims.InRuns(l.InRuns, l.Ran) + " runs"
		}
		text := "  " + claims.MergedValues(l, 1)
		places := claims.MergedPlaces(l)
		for i, place := range places { // the folders go before the value does
			if at := text + ", at " + place; i == len(places)-1 || doc.Width(s.plain(at)) <= s.width {
				text = at
				break
			}
		}
		part.lines = append(part.lines, s.fit(runs+": "+claims.MergedBy(l).Text(3)+" left "+doc.Code(l.Parameter)), s.fit(text))
	}
	return part
}
