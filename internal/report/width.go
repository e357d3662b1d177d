package report

import (
	"strings"
	"unicode"
)

// runeWidth is how many columns a terminal gives to a rune. It is a good guess
// rather than the whole of Unicode: it knows nothing of clusters.
func runeWidth(r rune) int {
	switch {
	case r == '\u200d' || r == '\u200c' || unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case r >= 0x1100 && r <= 0x115f, // Hangul
		r >= 0x2e80 && r <= 0xa4cf && r != 0x303f, // CJK
		r >= 0xac00 && r <= 0xd7a3,                // Hangul syllables
		r >= 0xf900 && r <= 0xfaff,
		r >= 0xfe30 && r <= 0xfe6f,
		r >= 0xff00 && r <= 0xff60,
		r >= 0xffe0 && r <= 0xffe6,
		r >= 0x1f300 && r <= 0x1f64f, // emoji
		r >= 0x1f680 && r <= 0x1f6ff,
		r >= 0x1f900 && r <= 0x1f9ff,
		r >= 0x20000 && r <= 0x3fffd:
		return 2
	}
	return 1
}

func textWidth(s string) int {
	n := 0
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

// headOf is the longest begin of s that fits into width columns.
func headOf(s string, width int) string {
	for i, r := range s {
		if width -= runeWidth(r); width < 0 {
			return s[:i]
		}
	}
	return s
}

// fit shortens s to width columns, in the middle.
func fit(s string, width int) string {
	if textWidth(s) <= width {
		return s
	}
	if width < 3 {
		return headOf(s, width)
	}
	head := headOf(s, width/2)
	room := width - textWidth(head) - 1
	runes := []rune(s)
	at := len(runes)
	for at > 0 && room-runeWidth(runes[at-1]) >= 0 {
		at--
		room -= runeWidth(runes[at])
	}
	for at < len(runes) && runeWidth(runes[at]) == 0 {
		at++ // a mark whose letter was cut away
	}
	return strings.TrimRight(head, " ") + "…" + strings.TrimLeft(string(runes[at:]), " ")
}

// wrap breaks a sentence into at most limit lines of width columns. What is
// too long ends in "…".
func wrap(s string, width, limit int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(s) {
		switch {
		case line == "":
			line = word
		case textWidth(line)+1+textWidth(word) <= width:
			line += " " + word
		default:
			lines = append(lines, fit(line, width))
			line = word
		}
	}
	if line != "" {
		lines = append(lines, fit(line, width))
	}
	if len(lines) > limit {
		lines = lines[:limit]
		last := lines[limit-1]
		head := headOf(last, width-2)
		if at := strings.LastIndexByte(head, ' '); head != last && at > 0 {
			head = head[:at] // half a word tells less than none
		}
		lines[limit-1] = head + " …"
	}
	return lines
}
