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
	leaks := section{label: "Leaks"}
	for i, l := range s.Leaks {
		if i == 5 {
			leaks.lines = append(leaks.lines, fit("+"+itoa(len(s.Leaks)-i)+" more in merged.md", p.width))
			break
		}
		runs := inRuns(l.InRuns, l.Ran) + plural(l.InRuns, " run", " runs")
		if l.Ran > 1 {
			runs = inRuns(l.InRuns, l.Ran) + " runs"
		}
		leaks.lines = append(leaks.lines, fit(runs+": "+mergedOwner(p.k, l)+" left "+p.k.name(l.Parameter), p.width))
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
		leaks.lines = append(leaks.lines, fit(text, p.width))
	}
	failures := section{label: "Tests", lines: wrap(mergedFailures(s), p.width, 4)}
	unknown := section{label: "Not known", paint: yellow}
	for _, warning := range mergedWarnings(p.k, s) {
		unknown.lines = append(unknown.lines, wrap(warning.short+". "+warning.text, p.width, 2)...)
	}
	return p.write(w, head, leaks, failures, unknown, p.path(o.ReportPath))
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
