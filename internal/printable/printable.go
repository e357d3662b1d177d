// Package printable makes of a text that somebody else wrote (a server, a test, a
// record) one that a terminal only shows: what would move its cursor, change its
// colours or its title goes.
package printable

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text does to each line what [Line] does, and keeps the lines and their indents.
func Text(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		body, ended := strings.CutSuffix(line, "\n")
		b.WriteString(Line(body))
		if ended {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// Line makes one line of printable, valid UTF-8 from anything: escape
// sequences and control characters go (also those that turn the direction of
// writing), line breaks and exotic spaces become spaces.
func Line(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		if s[i] == 0x1b {
			i += escapeSequence(s[i:])
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		i += n
		switch {
		case r == '\r' && i < len(s) && s[i] == '\n':
			// one space for both, written for the \n
		case unicode.IsSpace(r): // also U+0085, U+2028, U+2029 and every Zs
			b.WriteByte(' ')
		case unicode.IsPrint(r), r == '\u200d', r == '\u200c': // joiners: parts of emoji and of words
			b.WriteRune(r) // an invalid byte has become U+FFFD
		}
	}
	return b.String()
}

// escapeSequence returns how many bytes belong to the terminal sequence that s
// begins with. A sequence without an end is only its ESC: it must not hide the
// rest of the text from the reader.
func escapeSequence(s string) int {
	if len(s) < 2 {
		return 1
	}
	switch s[1] {
	case '[':
		for i := 2; i < len(s); i++ {
			switch c := s[i]; {
			case c >= 0x40 && c <= 0x7e:
				return i + 1
			case c < 0x20 || c > 0x3f:
				return 1
			}
		}
	case ']':
		for i := 2; i < len(s) && s[i] != '\n'; i++ {
			if s[i] == 0x07 {
				return i + 1
			}
			if s[i] == 0x1b && i+1 < len(s) && s[i+1] == '\\' {
				return i + 2
			}
		}
	}
	return 1
}
