package report

import (
	"bytes"
	"io"
	"slices"
	"strings"

	"tracetest/internal/record"
	"tracetest/internal/redisconf"
	"tracetest/internal/triage"
)

// TerminalOptions say what the terminal is like.
type TerminalOptions struct {
	Width      int    // columns; zero means 80
	Color      bool   // SGR sequences may be used
	Links      *Links // OSC 8 sequences may be used, for these; nil: none
	ReportPath string // where the report is, shown last; may be empty
}

const (
	maxLines = 24 // a screen
	labels   = 10 // columns of the labels at the left
)

// A screen is the summary as sections of lines.
type screen struct {
	*survey
	k     ink
	width int // of the text beside the labels
	color bool
	links *Links
}

// A section is a label and the lines beside it.
type section struct {
	label string
	lines []string
	paint string         // of the lines
	links map[int][]link // by line
}

// Colours are SGR parameters, none of them needed to understand the text.
const (
	red    = "31"
	green  = "32"
	yellow = "33"
	bold   = "1"
)

// Terminal writes a summary of at most 24 lines. The path of the report is the
// only thing that may be wider than the terminal: one that is cut is useless.
// Its lines are counted as the terminal will break them.
func Terminal(w io.Writer, f *triage.Findings, o TerminalOptions) error {
	if f == nil {
		return errNoFindings()
	}
	width := o.Width
	if width == 0 {
		width = 80
	}
	width = max(width, 2*labels)
	s := &screen{
		survey: newSurvey(f),
		k:      ink{limit: width},
		width:  width - labels,
		color:  o.Color,
		links:  o.Links,
	}
	head := section{label: "tracetest", lines: wrap(s.headline(), s.width, 3), paint: s.mood()}
	path := pathPart(o.ReportPath, width, o.Links)
	used := len(head.lines) + 1 // one for the leaks
	for _, line := range path.lines {
		used += (labels + textWidth(line) + width - 1) / width
	}
	rest := []section{s.failuresPart(), s.serverPart(), s.unseenPart(), s.baselinePart(), s.watchedPart()}
	for i := range rest {
		used += len(rest[i].lines)
	}
	for _, i := range []int{4, 3, 0, 2, 1} { // only a very long path makes it tight; the server comes last
		for used > maxLines && len(rest[i].lines) > 1 {
			rest[i].lines = rest[i].lines[:len(rest[i].lines)-1]
			used--
		}
	}

	leaks, err := s.leaksPart(maxLines - used + 1)
	if err != nil {
		return err
	}
	return s.write(w, append(append([]section{head, leaks}, rest...), path)...)
}

// write puts the labels at the left and the lines beside them.
func (s *screen) write(w io.Writer, parts ...section) error {
	var rows [][2]string
	for _, part := range parts {
		label := s.painted(part.label, bold)
		for i, line := range part.lines {
			line = strings.TrimRight(line, " ") // as [aligned] can where no colour hides them
			rows = append(rows, [2]string{label, s.painted(linked(line, part.links[i]), part.paint)})
			label = ""
		}
	}
	lines, err := aligned(rows, labels-len("tracetest"))
	if err != nil {
		return err
	}
	return flush(w, bytes.NewBufferString(strings.Join(lines, "\n")+"\n"))
}

// pathPart says where the report is, and links it. One that is cut is useless.
func pathPart(path string, width int, links *Links) section {
	part := section{label: "Report"}
	text := strings.TrimSpace(cutMiddle(clean(path), 6*width))
	if text == "" {
		return part
	}
	part.lines = []string{text}
	if links != nil && links.Report != "" {
		part.links = map[int][]link{0: {{text, fileURL(links.Host, links.Report, 0)}}}
	}
	return part
}

func (s *screen) painted(text, paint string) string {
	if !s.color || paint == "" || strings.TrimSpace(text) == "" {
		return text
	}
	return "\x1b[" + paint + "m" + text + "\x1b[0m"
}

// mood is the colour of the verdict.
func (s *screen) mood() string {
	switch {
	case len(s.Leaks) > s.knownLeaks():
		return bold + ";" + red
	case len(s.Leaks) > 0:
		return yellow
	case s.clean() && len(s.Failures)+len(s.Unmet)+len(s.Polluted)+len(s.Dirty) == 0 && s.Run.GoExit == 0:
		return green
	}
	return yellow
}

// failuresPart tells the failures by cause.
func (s *screen) failuresPart() section {
	part := section{label: "Failures"}
	if len(s.Failures) == 0 {
		return part
	}
	for _, sentence := range s.broke(s.k) {
		part.lines = append(part.lines, wrap(sentence, s.width, 3)...)
	}
	if len(part.lines) > 6 {
		part.lines = append(part.lines[:5], fit("more in the report", s.width))
	}
	return part
}

// serverPart tells how the servers are now, and the command for that.
func (s *screen) serverPart() section {
	part := section{label: "Server"}
	var open, done, roles, moved, commands []string
	for _, server := range s.Servers {
		if server.Failovers > 0 {
			moved = append(moved, server.Address)
		}
	}
	if len(moved) > 0 {
		part.lines = append(part.lines, wrap("a failover: "+list(s.k.names(moved), 4)+" had another master; tracetest leaves that alone", s.width, 2)...)
	}
	for _, c := range s.Changed {
		if redisconf.IsRole(c.Parameter) {
			roles = append(roles, c.Server)
			continue // it says who is the master: in the report, with all that is to be known first
		}
		if s.expected(c) {
			continue
		}
		if c.Repaired {
			done = append(done, c.Parameter)
			continue
		}
		open = append(open, c.Parameter)
		commands = append(commands, c.Command)
	}
	if len(done) > 0 {
		part.lines = append(part.lines, wrap(list(s.k.names(unique(done)), 4)+" put back by tracetest", s.width, 2)...)
	}
	if len(roles) > 0 {
		part.lines = append(part.lines, wrap(list(s.k.names(unique(roles)), 4)+" has another master than before, which tracetest never changes: see the report", s.width, 2)...)
	}
	for _, u := range s.Unmet {
		open = append(open, u.Parameter)
		commands = append(commands, u.Command)
	}
	for _, x := range s.Polluted {
		open = append(open, x.Parameter)
		commands = append(commands, x.Command)
	}
	for _, d := range s.Dirty {
		if !s.listed(d) {
			open = append(open, d.Parameter)
			commands = append(commands, d.Command)
		}
	}
	if len(open) > 0 {
		part.paint = yellow
		text := list(s.k.names(unique(open)), 4) + " still wrong; "
		commands = compactCommands(commands)
		if len(commands) == 0 {
			text += "to be put right by hand"
		} else {
			text += "to put that right:"
		}
		part.lines = append(part.lines, wrap(text, s.width, 2)...)
		part.lines = append(part.lines, s.commandLines(commands)...)
	}
	if len(s.Changed)+len(s.Unmet)+len(s.Polluted)+len(s.Dirty) == 0 && len(s.Leaks) > 0 {
		by := "every leak was put back later"
		if slices.ContainsFunc(s.Leaks, func(c triage.Change) bool { return !c.RestoredByTool && c.RestoredBy == nil }) {
			by = "the values of every leak are gone" // a restart, a failover
		} else if !slices.ContainsFunc(s.Leaks, func(c triage.Change) bool { return !c.RestoredByTool }) {
			by = "tracetest put every leak back"
		}
		part.lines = append(part.lines, wrap("nothing is left changed: "+by, s.width, 2)...)
	}
	return part
}

// commandLines shows commands that fit. A command that is cut or broken is
// worse than none.
func (s *screen) commandLines(commands []string) []string {
	var lines []string
	for _, c := range commands {
		if len(lines) == 2 || textWidth(c)+2 > s.width {
			return append(lines, fit("  the commands are in the report", s.width))
		}
		lines = append(lines, "  "+c)
	}
	return lines
}

// watchedPart says what the verdict rests on.
func (s *screen) watchedPart() section {
	var all []string
	for _, server := range s.Servers {
		all = append(all, s.k.name(server.Address)+" "+s.k.say(server.Flavor+" "+server.Version)+", "+
			count(server.Parameters, "parameter")+", "+count(server.Looks, "look"))
	}
	mode := "gate"
	if s.Run.Mode != record.ModeGate {
		mode = "events"
	}
	if s.Run.Tap {
		mode += " and tap"
	}
	lines := wrap(strings.Join(append(all, mode), ", "), s.width, 2)
	if text := s.unused(s.k); text != "" {
		lines = append(wrap(text, s.width, 2), lines...)
	}
	return section{label: "Watched", lines: lines}
}

// unseenPart tells what the verdict cannot speak for.
func (s *screen) unseenPart() section {
	part := section{label: "Not seen", paint: yellow}
	if !s.Run.Complete {
		text := "the run was cut short"
		if s.Run.Incomplete != "" {
			text += ": " + s.k.say(s.Run.Incomplete)
		}
		part.lines = append(part.lines, wrap(text, s.width, 2)...)
	}
	for i, d := range s.doubts {
		if i == 2 && len(s.doubts) > 3 {
			part.lines = append(part.lines, s.moreLine(len(s.doubts)-i, i))
			break
		}
		part.lines = append(part.lines, wrap(d.full(s.k), s.width, 2)...)
	}
	return part
}
