package report

import (
	"io"

	"tracetest/internal/merge"
)

// MergedTerminal writes a summary of many runs, of at most a screen.
func MergedTerminal(w io.Writer, s *merge.Summary, o TerminalOptions) error {
	p := newPlain(o)
	head := section{label: "tracetest", lines: wrap(count(len(s.Runs), "run")+": "+mergedHeadline(s), p.width, 3), paint: yellow}
	switch v := s.Verdicts; {
	case v.Leaked > 0:
		head.paint = bold + ";" + red
	case v.Clean == v.Runs && v.Runs > 0 && len(s.Unreadable) == 0:
		head.paint = green
	}
	failures := section{label: "Tests", lines: wrap(mergedFailures(s), p.width, 4)}
	unknown := section{label: "Not known", paint: yellow}
	for _, warning := range mergedWarnings(p.k, s) {
		unknown.lines = append(unknown.lines, wrap(warning.short+". "+warning.text, p.width, 2)...)
	}
	path := p.path(o.ReportPath)
	leaks := p.mergedLeaks(s, maxLines-p.lines(head, failures, unknown, path))
	return p.write(w, head, leaks, failures, unknown, path)
}

// mergedLeaks tells the leaks of most runs in the lines that the rest has left.
func (p *plain) mergedLeaks(s *merge.Summary, room int) section {
	part := section{label: "Leaks"}
	for i, l := range s.Leaks {
		if i == 5 || len(part.lines)+2 > room || i+1 < len(s.Leaks) && len(part.lines)+3 > room {
			part.lines = append(part.lines, fit(count(len(s.Leaks)-i, "more leak")+" in merged.md", p.width))
			break
		}
		runs := itoa(l.InRuns) + " " + plural(l.InRuns, "run", "runs")
		if l.Ran > 1 {
			runs = inRuns(l.InRuns, l.Ran) + " runs"
		}
		part.lines = append(part.lines, fit(runs+": "+mergedOwner(p.k, l)+" left "+p.k.name(l.Parameter), p.width))
		text := "  "
		if len(l.Values) > 0 {
			text += mergedValue(p.k, l, l.Values[0])
		}
		if len(l.Values) > 1 {
			text += " and others"
		}
		if l.Place != "" {
			text += ", at " + p.k.name(l.Place)
		}
		part.lines = append(part.lines, fit(text, p.width))
	}
	return part
}

// lines counts the lines of sections as the terminal will break them.
func (p *plain) lines(parts ...section) int {
	n := 0
	for _, part := range parts {
		for _, line := range part.lines {
			n += max(1, (labels+textWidth(line)+p.width+labels-1)/(p.width+labels))
		}
	}
	return n
}

// plain lays out the sections of a summary that is no run's.
type plain struct {
	screen
}

func newPlain(o TerminalOptions) *plain {
	width := o.Width
	if width == 0 {
		width = 80
	}
	width = max(width, 2*labels)
	return &plain{screen{k: ink{limit: width}, width: width - labels, color: o.Color, links: o.Links}}
}

// path shows where the report is.
func (p *plain) path(path string) section { return pathPart(path, p.width+labels, p.links) }
