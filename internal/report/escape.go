package report

import (
	"strings"
	"unicode/utf8"

	"tracetest/internal/printable"
)

// An ink writes hostile text into a format so that it stays text.
type ink struct {
	markdown bool
	links    bool // to the lines of the checkout
	limit    int  // of a name, in runes; longer ones lose their middle
}

// name writes an identifier, a value, a path or a command.
func (k ink) name(s string) string {
	cleaned := cutMiddle(clean(s), k.limit)
	switch {
	case s == "":
		return "(empty)"
	case cleaned == "":
		return "(unprintable)"
	case k.markdown:
		return code(cleaned)
	}
	return cleaned
}

// say writes a sentence that was made elsewhere, such as a notice.
func (k ink) say(s string) string {
	s = cutEnd(strings.TrimSpace(clean(s)), 4*k.limit)
	if k.markdown {
		return prose(s)
	}
	return s
}

// clean makes one line of printable, valid UTF-8 from anything.
func clean(s string) string { return printable.Line(s) }

// cutMiddle shortens s to limit runes. Both ends of a test name tell more than
// its middle.
func cutMiddle(s string, limit int) string {
	if limit < 3 || utf8.RuneCountInString(s) <= limit {
		return s
	}
	runes := []rune(s)
	head := limit / 2
	tail := limit - head - 1
	return strings.TrimRight(string(runes[:head]), " ") + "…" + strings.TrimLeft(string(runes[len(runes)-tail:]), " ")
}

// cutEnd shortens s to limit runes.
func cutEnd(s string, limit int) string {
	if limit < 1 || utf8.RuneCountInString(s) <= limit {
		return s
	}
	return strings.TrimRight(string([]rune(s)[:limit-1]), " ") + "…"
}

// code makes a Markdown code span of a cleaned line. Nothing inside one is
// read as markup, mentioned or linked. The caller of [table] need not care
// for pipes: the table escapes them, which is right inside code spans too.
func code(s string) string {
	if strings.Contains(s, `\|`) {
		// The table would make `\\|` of it. Readers disagree whether that
		// ends the cell, so this one name goes without code span syntax.
		return "<code>" + entities(s) + "</code>"
	}
	longest, run := 0, 0
	for i := range len(s) {
		if s[i] != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	tick := strings.Repeat("`", longest+1)
	// A span loses one space on each side when it has both, and a back-quote
	// at its edge would join the fence.
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") ||
		strings.HasPrefix(s, " ") && strings.HasSuffix(s, " ") {
		s = " " + s + " "
	}
	return tick + s + tick
}

// prose escapes a cleaned sentence. What stands between a pair of back-quotes
// stays code.
func prose(s string) string {
	parts := strings.Split(s, "`")
	if len(parts)%2 == 0 {
		return entities(s) // a back-quote without its partner
	}
	var b strings.Builder
	for i, part := range parts {
		switch {
		case i%2 == 0:
			b.WriteString(entities(part))
		case part != "":
			b.WriteString(code(part))
		}
	}
	return b.String()
}

// entities writes every character that Markdown, HTML or GitHub could act on
// as a character reference, which is never read as markup.
func entities(s string) string {
	var b strings.Builder
	for i, r := range s {
		next := byte(' ')
		if i+1 < len(s) {
			next = s[i+1]
		}
		switch {
		case r == '@', r == '#' && isAlnum(next):
			// GitHub looks for mentions and issue numbers in the finished
			// page, where a reference is a character again. It leaves code
			// alone.
			b.WriteString("<code>" + string(r) + "</code>")
		case i == 0 && r < 0x80 && r != ' ' && !isLetter(byte(r)), // "# ", "- ", "1. " at the begin of a list item
			strings.ContainsRune("\\`*_{}[]<>|~!&$^", r),
			r == ':' && next == '/', // http://
			r == '.' && i >= 3 && strings.EqualFold(s[i-3:i], "www"):
			b.WriteString("&#" + itoa(int(r)) + ";")
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func isAlnum(c byte) bool { return c >= '0' && c <= '9' || isLetter(c) }

// fence makes a fenced block that no line inside can close. Indentation by
// tabs is kept; it is that of our own Go code.
func fence(lang string, lines []string) string {
	longest := 2
	var body strings.Builder
	for _, line := range lines {
		text := strings.TrimLeft(line, "\t")
		tabs := len(line) - len(text)
		text = clean(text)
		run := 0
		for i := range len(text) {
			if text[i] != '`' {
				run = 0
				continue
			}
			run++
			longest = max(longest, run)
		}
		body.WriteString(strings.Repeat("\t", tabs) + text + "\n")
	}
	tick := strings.Repeat("`", longest+1)
	return tick + lang + "\n" + body.String() + tick + "\n"
}
