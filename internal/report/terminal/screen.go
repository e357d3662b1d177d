// Package terminal is one screen for each command. A screen is sections, a label
// and the lines beside it; what they say comes from claims.
package terminal

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"tracetest/internal/report/claims"
	"tracetest/internal/report/doc"
)

// Options say what the terminal is like.
type Options struct {
	Width      int    // columns; zero means 80
	Color      bool   // SGR sequences may be used
	Links      *Links // OSC 8 sequences may be used, for these; nil: none
	ReportPath string // where the report is, shown last; may be empty
}

const (
	maxLines = 24 // a screen
	labels   = 10 // columns of the labels at the left
)

// A screen lays out sections.
type screen struct {
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
	dim    = "2"
)

// colours are those of the verdicts.
var colours = map[claims.Mood]string{claims.Leaking: bold + ";" + red, claims.Doubtful: yellow, claims.Good: green}

func newScreen(o Options) *screen {
	width := o.Width
	if width == 0 {
		width = 80
	}
	return &screen{width: max(width, 2*labels) - labels, color: o.Color, links: o.Links}
}

// plain is a text with names that fit.
func (s *screen) plain(t claims.Text) string { return t.Plain(s.width + labels) }

// wrap is a text in at most limit lines.
func (s *screen) wrap(t claims.Text, limit int) []string { return doc.Wrap(s.plain(t), s.width, limit) }

func (s *screen) fit(t claims.Text) string { return doc.Fit(s.plain(t), s.width) }

// write puts the labels at the left and the lines beside them.
func (s *screen) write(w io.Writer, parts ...section) error {
	var b strings.Builder
	for _, part := range parts {
		label := part.label
		for i, line := range part.lines {
			line = strings.TrimRight(line, " ") // before colours hide them
			b.WriteString(s.painted(label, bold) + strings.Repeat(" ", labels-len(label)) + s.painted(linked(line, part.links[i]), part.paint) + "\n")
			label = ""
		}
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("writing report: %w", err)
	}
	return nil
}

// path says where the report is, and links it. One that is cut is useless.
func (s *screen) path(path string) section {
	part := section{label: "Report"}
	text := strings.TrimSpace(doc.CutMiddle(doc.Clean(path), 6*(s.width+labels)))
	if text == "" {
		return part
	}
	part.lines = []string{text}
	if s.links != nil && s.links.Report != "" {
		part.links = map[int][]link{0: {{text, fileURL(s.links.Host, s.links.Report, 0)}}}
	}
	return part
}

// lines counts the lines of sections as the terminal will break them.
func (s *screen) lines(parts ...section) int {
	n, width := 0, s.width+labels
	for _, part := range parts {
		for _, line := range part.lines {
			n += max(1, (labels+doc.Width(line)+width-1)/width)
		}
	}
	return n
}

func (s *screen) painted(text, paint string) string {
	if !s.color || paint == "" || strings.TrimSpace(text) == "" {
		return text
	}
	return "\x1b[" + paint + "m" + text + "\x1b[0m"
}

// commandLines shows commands that fit. A command that is cut or broken is
// worse than none.
func (s *screen) commandLines(commands []string) []string {
	var lines []string
	for _, c := range commands {
		if len(lines) == 2 || doc.Width(c)+2 > s.width {
			return append(lines, s.fit("  the commands are in the report"))
		}
		lines = append(lines, "  "+c)
	}
	return lines
}

// wide reports whether any line has no room.
func (s *screen) wide(lines []string) bool {
	return slices.ContainsFunc(lines, func(line string) bool { return doc.Width(line) > s.width })
}
