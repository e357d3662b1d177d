package doc

import (
	"strings"

	"github.com/clipperhouse/displaywidth"
)

// Width is how many columns a terminal gives to a text.
func Width(s string) int { return displaywidth.String(s) }

// head is the longest beginning of s that fits into width columns.
func head(s string, width int) string {
	at := 0
	g := displaywidth.StringGraphemes(s)
	for g.Next() {
		if width -= g.Width(); width < 0 {
			break
		}
		at += len(g.Value())
	}
	return s[:at]
}

// Fit shortens s to width columns, in the middle.
func Fit(s string, width int) string {
	if Width(s) <= width {
		return s
	}
	if width < 3 {
		return head(s, width)
	}
	first := head(s, width/2)
	room := width - Width(first) - 1
	at := len(first)
	left := Width(s[at:])
	for g := displaywidth.StringGraphemes(s[at:]); left > room && g.Next(); {
		left -= g.Width()
		at += len(g.Value())
	}
	return strings.TrimRight(first, " ") + "…" + strings.TrimLeft(s[at:], " ")
}

// Wrap breaks a sentence into at most limit lines of width columns. What is
// too long ends in "…".
func Wrap(s string, width, limit int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(s) {
		switch {
		case line == "":
			line = word
		case Width(line)+1+Width(word) <= width:
			line += " " + word
		default:
			lines = append(lines, Fit(line, width))
			line = word
		}
	}
	if line != "" {
		lines = append(lines, Fit(line, width))
	}
	if len(lines) > limit {
		lines = lines[:limit]
		last := lines[limit-1]
		first := head(last, width-2)
		if at := strings.LastIndexByte(first, ' '); first != last && at > 0 {
			first = first[:at] // half a word says less than none
		}
		lines[limit-1] = first + " …"
	}
	return lines
}

// Aligned lays out rows of cells: the columns begin below each other, gap
// columns apart. No line ends in spaces.
func Aligned(rows [][]string, gap int) []string {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], Width(cell))
		}
	}
	lines := make([]string, len(rows))
	for n, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			b.WriteString(cell)
			if i < len(row)-1 {
				b.WriteString(strings.Repeat(" ", widths[i]-Width(cell)+gap))
			}
		}
		lines[n] = strings.TrimRight(b.String(), " ")
	}
	return lines
}
