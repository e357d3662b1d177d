package live

import (
	"slices"
	"strings"
)

// unended is a line of output without an end: its begin, and of a long one its
// last part.
type unended struct{ head, tail string }

// keepUnended bounds the two, in bytes. What would be removed from a line is
// found across its parts if it is not longer than that.
const keepUnended = 4 << 10

// with is what a further part of the line may make something of.
func (u unended) with(text string) []string {
	switch {
	case u.tail == "" && u.head == "":
		return nil
	case u.tail == "":
		return []string{u.head + text}
	}
	// A command of the CI can begin with the line and end anywhere.
	return []string{u.tail + text, u.head + text}
}

func (u unended) add(text string) unended {
	n := min(keepUnended-len(u.head), len(text))
	u.head += text[:n]
	if text = text[n:]; text != "" {
		if u.tail == "" {
			u.tail = u.head // the two may overlap: no secret is lost between them
		}
		if len(text) < keepUnended {
			text = u.tail[max(0, len(u.tail)+len(text)-keepUnended):] + text
		}
		u.tail = strings.Clone(text[max(0, len(text)-keepUnended):])
	}
	return u
}

// joined is output that may go on with a line that an event before it began, as
// test2json cuts long lines. What would be removed from both together is kept
// apart by a line end.
func (l *Live) joined(key, text string) string {
	if text == "" {
		return text
	}
	begun := l.begun[key]
	if slices.ContainsFunc(begun.with(text), func(whole string) bool { return l.scrub(whole) != whole }) {
		text, begun = "\n"+text, unended{}
	}
	last := text
	if at := strings.LastIndexByte(text, '\n'); at >= 0 {
		last, begun = text[at+1:], unended{}
	}
	if begun = begun.add(last); begun == (unended{}) {
		delete(l.begun, key)
	} else {
		l.begun[key] = begun
	}
	return text
}
