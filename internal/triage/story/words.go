package story

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// word is a word of a line. One in quotes is only itself: no name of a step, no
// brace and no end of a part.
type word struct {
	text   string
	quoted bool
}

// split cuts a line into words, which are separated by blanks and may be quoted as
// Go quotes.
func split(line string) ([]word, error) {
	var all []word
	for {
		line = strings.TrimLeft(line, " \t")
		if line == "" {
			return all, nil
		}
		if line[0] != '"' {
			text, rest, _ := strings.Cut(line, " ")
			all, line = append(all, word{text: text}), rest
			continue
		}
		quoted, err := strconv.QuotedPrefix(line)
		if err != nil {
			return nil, fmt.Errorf("%w in %s", err, line)
		}
		text, err := strconv.Unquote(quoted)
		if err != nil {
			return nil, fmt.Errorf("%w in %s", err, line)
		}
		line = line[len(quoted):]
		end := line != "" && line[0] == ':'
		if end {
			line = line[1:]
		}
		if line != "" && line[0] != ' ' {
			return nil, fmt.Errorf("no blank before %s", line)
		}
		all = append(all, word{text, true})
		if end {
			all = append(all, word{text: ":"})
		}
	}
}

// line is what is left of a step. What is missing or wrong is kept in err, so that
// a verb asks for all that it needs and looks once.
type line struct {
	words []word
	err   error
}

func (l *line) fail(format string, args ...any) {
	if l.err == nil {
		l.err = fmt.Errorf(format, args...)
	}
}

func (l *line) more() bool { return len(l.words) > 0 }

// next is the next word, which must be there.
func (l *line) next(what string) string {
	if !l.more() {
		l.fail("%s is missing", what)
		return ""
	}
	text := l.words[0].text
	l.words = l.words[1:]
	return text
}

// skip takes one of these words off, if one comes.
func (l *line) skip(texts ...string) (string, bool) {
	if !l.more() || l.words[0].quoted || !slices.Contains(texts, l.words[0].text) {
		return "", false
	}
	return l.next(""), true
}

func (l *line) number(what string) int64 {
	text := l.next(what)
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		l.fail("%s is %q, which is no number", what, text)
	}
	return n
}

func (l *line) duration(what string) time.Duration {
	text := l.next(what)
	d, err := time.ParseDuration(text)
	if err != nil {
		l.fail("%s is %q, which is no duration", what, text)
	}
	return d
}

// rest are all words that are left.
func (l *line) rest() []string {
	var all []string
	for l.more() {
		all = append(all, l.next(""))
	}
	return all
}

// pairs are names and values until the end.
func (l *line) pairs() map[string]string {
	var all map[string]string
	for l.more() {
		if all == nil {
			all = map[string]string{}
		}
		name := l.next("a name")
		all[name] = l.next("the value of " + name)
	}
	return all
}

// part takes off what stands before a word that ends in a colon, with that word.
func (l *line) part() *line {
	for i, w := range l.words {
		if w.quoted || !strings.HasSuffix(w.text, ":") {
			continue
		}
		head := slices.Clone(l.words[:i])
		if text := strings.TrimSuffix(w.text, ":"); text != "" {
			head = append(head, word{text: text})
		}
		l.words = l.words[i+1:]
		return &line{words: head}
	}
	l.fail("no colon")
	return &line{}
}

// braces takes off what stands between braces, the first of which is gone.
func (l *line) braces() *line {
	depth := 1
	for i, w := range l.words {
		switch {
		case w.quoted:
		case w.text == "{":
			depth++
		case w.text == "}":
			depth--
		}
		if depth == 0 {
			inner := &line{words: l.words[:i:i]}
			l.words = l.words[i+1:]
			return inner
		}
	}
	l.fail("a brace is not closed")
	return &line{}
}
