package terminal

import (
	"io"

	"tracetest/internal/diff"
	"tracetest/internal/report/claims"
	"tracetest/internal/report/doc"
)

// Diff writes what a change of the code did, of at most a screen.
func Diff(w io.Writer, d *diff.Diff, o Options) error {
	s := newScreen(o)
	head := section{label: "tracetest", lines: s.wrap(claims.DiffHeadline(d), 4), paint: green}
	switch d.Exit {
	case diff.ExitNew:
		head.paint = bold + ";" + red
	case diff.ExitUnreported:
		head.paint = yellow
	}
	unknown := section{label: "Not known", paint: yellow}
	for _, caution := range claims.DiffCautions(d) {
		unknown.lines = append(unknown.lines, s.wrap(caution, 2)...)
	}
	path := s.path(o.ReportPath)
	room := maxLines - s.lines(head, unknown, path)
	leaks := s.diffLeaks(d, room)
	return s.write(w, head, leaks, s.diffFailures(d, room-len(leaks.lines)), unknown, path)
}

func (s *screen) more(n int) string { return s.fit("+" + doc.Int(n) + " more, see --json or --out") }

func (s *screen) diffLeaks(d *diff.Diff, room int) section {
	part := section{label: "Leaks"}
	for i, l := range d.Leaks {
		if len(part.lines)+5 > room*2/3 && i+1 < len(d.Leaks) || len(part.lines)+4 > room {
			part.lines = append(part.lines, s.more(len(d.Leaks)-i))
			break
		}
		part.lines = append(part.lines, s.fit(claims.StateWord(l.State)+": "+claims.DiffBy(l).Text(3)+" left "+doc.Code(l.Parameter)+" "+doc.Say(l.Direction)))
		if where := claims.Moved(l); where != "" {
			part.lines = append(part.lines, s.fit("  at "+where))
		}
		for _, line := range doc.Wrap(s.plain(doc.Say(l.Why)), s.width-2, 2) {
			part.lines = append(part.lines, "  "+line)
		}
	}
	return part
}

func (s *screen) diffFailures(d *diff.Diff, room int) section {
	part := section{label: "Failures"}
	for i, f := range d.Failures {
		if f.State == diff.Kept && f.Why == "" {
			continue // the last ones
		}
		if len(part.lines)+2 > room {
			part.lines = append(part.lines, s.more(len(d.Failures)-i))
			break
		}
		text := claims.StateWord(f.State) + ": " + claims.Owner(f.Name)
		switch {
		case f.State == diff.Moved:
			text += ": " + claims.Cause(f.Old) + ", now " + claims.Cause(f.New)
		case f.Why != "":
			text += ": " + doc.Say(f.Why)
		}
		part.lines = append(part.lines, s.fit(text))
	}
	return part
}
