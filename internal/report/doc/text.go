package doc

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// A Text is a line of spans. It is a string so that sentences are joined with +:
// what a constant says is text, with code between back-quotes, and the rest is
// set off by marks, control characters that no clean string holds.
type Text string

const (
	codeMark   = '\x01' // to endMark
	wholeMark  = '\x02' // the same, never shortened
	strongMark = '\x03' // to endMark
	linkMark   = '\x04' // the quoted target, targetEnd, spans, endMark
	targetEnd  = '\x05'
	endMark    = '\x06'
	tickMark   = '\x07' // a back-quote of somebody's text
	anchorMark = '\x0e' // as linkMark
)

// Code is an identifier, a value, a path or a command. A long one loses its
// middle, by the format that it is written in.
func Code(s string) Text { return mark(codeMark, s) }

// Whole is code that is of no use when it is cut, such as a command.
func Whole(s string) Text { return mark(wholeMark, s) }

func mark(m rune, s string) Text {
	if s == "" {
		return "(empty)"
	}
	cleaned := Clean(s)
	if cleaned == "" {
		return "(unprintable)"
	}
	return Text(m) + Text(cleaned) + Text(endMark)
}

// maxMessage is how much of somebody's sentence is kept, in runes.
const maxMessage = 800

// Say is a sentence that was made elsewhere, such as a notice. What stands
// between its back-quotes is code.
func Say(s string) Text {
	s = CutEnd(strings.TrimSpace(Clean(s)), maxMessage)
	parts := strings.Split(s, "`")
	if len(parts)%2 == 0 {
		return Text(strings.ReplaceAll(s, "`", string(tickMark))) // one without its partner
	}
	var t Text
	for i, part := range parts {
		if i%2 == 0 {
			t += Text(part)
		} else if part != "" {
			t += Code(part)
		}
	}
	return t
}

// Strong is text that stands out.
func Strong(t Text) Text { return Text(strongMark) + t + Text(endMark) }

// Link is text that leads to a line of a file (file:line), of which each format has
// its own URL or none.
func Link(t Text, place string) Text {
	if place == "" {
		return t
	}
	return Text(linkMark) + Text(strconv.QuoteToASCII(place)) + Text(targetEnd) + t + Text(endMark)
}

// Anchor is text that leads to a section of the document; its name is ours.
func Anchor(t, name Text) Text {
	return Text(anchorMark) + Text(strconv.Quote(string(name))) + Text(targetEnd) + t + Text(endMark)
}

// Int is a number.
func Int(n int) Text { return Text(strconv.Itoa(n)) }

// Join puts a separator between texts.
func Join(all []Text, separator Text) Text {
	var t Text
	for i, one := range all {
		if i > 0 {
			t += separator
		}
		t += one
	}
	return t
}

// Upper begins a sentence; what begins with code stays as it is.
func (t Text) Upper() Text {
	if t == "" || t[0] < 'a' || t[0] > 'z' {
		return t
	}
	return Text(t[0]-'a'+'A') + t[1:]
}

// Lower is the opposite of [Text.Upper].
func (t Text) Lower() Text {
	if t == "" || t[0] < 'A' || t[0] > 'Z' {
		return t
	}
	return Text(t[0]-'A'+'a') + t[1:]
}

// Period ends a sentence that came without an end.
func (t Text) Period() Text {
	if t == "" || strings.HasSuffix(string(t), ".") || strings.HasSuffix(string(t), "!") || strings.HasSuffix(string(t), "?") {
		return t
	}
	return t + "."
}

// A kind of span.
type kind byte

const (
	text kind = iota
	code
	whole
	strong
	link
	anchor
)

// A span is a piece of a text. Its text is clean.
type span struct {
	kind   kind
	text   string // of text and code
	target string // of a link or an anchor
	inside []span // of these and of strong text
}

// spans takes a text apart.
func (t Text) spans() []span {
	all, _ := take(string(t))
	return all
}

// take reads spans up to an end mark or the end, and returns what follows.
func take(s string) ([]span, string) {
	var all []span
	for s != "" {
		at := strings.IndexAny(s, "\x01\x02\x03\x04\x06\x0e")
		if at < 0 {
			return appendText(all, s), ""
		}
		all = appendText(all, s[:at])
		m := rune(s[at])
		s = s[at+1:]
		switch m {
		case endMark:
			return all, s
		case codeMark, wholeMark:
			inner, rest, _ := strings.Cut(s, string(endMark))
			k := code
			if m == wholeMark {
				k = whole
			}
			all, s = append(all, span{kind: k, text: inner}), rest
		case strongMark:
			inner, rest := take(s)
			all, s = append(all, span{kind: strong, inside: inner}), rest
		case linkMark, anchorMark:
			quoted, rest, _ := strings.Cut(s, string(targetEnd))
			target, _ := strconv.Unquote(quoted)
			inner, rest := take(rest)
			k := link
			if m == anchorMark {
				k = anchor
			}
			all, s = append(all, span{kind: k, target: target, inside: inner}), rest
		}
	}
	return all, ""
}

// appendText splits text at the back-quotes of our own constants.
func appendText(all []span, s string) []span {
	if s == "" {
		return all
	}
	parts := strings.Split(s, "`")
	if len(parts)%2 == 0 {
		parts = []string{s}
	}
	for i, part := range parts {
		if part == "" {
			continue
		}
		if i%2 == 1 {
			all = append(all, span{kind: whole, text: part})
			continue
		}
		all = append(all, span{kind: text, text: strings.ReplaceAll(part, string(tickMark), "`")})
	}
	return all
}

// CutMiddle shortens s to limit runes. Both ends of a test name say more than its
// middle.
func CutMiddle(s string, limit int) string {
	if limit < 3 || utf8.RuneCountInString(s) <= limit {
		return s
	}
	runes := []rune(s)
	head := limit / 2
	tail := limit - head - 1
	return strings.TrimRight(string(runes[:head]), " ") + "…" + strings.TrimLeft(string(runes[len(runes)-tail:]), " ")
}

// CutEnd shortens s to limit runes.
func CutEnd(s string, limit int) string {
	if limit < 1 || utf8.RuneCountInString(s) <= limit {
		return s
	}
	return strings.TrimRight(string([]rune(s)[:limit-1]), " ") + "…"
}
