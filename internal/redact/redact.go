// Package redact takes secrets out of text.
//
// A [Redactor] learns the secrets of a run as they come to be known, and every
// text passes through it on its way into a file or onto a screen. There are two
// doors: the writer of the record, of which all reports are made, and the live
// output.
//
// Invariants:
//   - No secret that was learnt before is in what comes out: neither as it is nor
//     as it stands in URLs, Go syntax, JSON, names of subtests, patterns of -run
//     and shell commands; and no login of a URL, whether or not it was learnt.
//   - What has passed once passes unchanged again, so that a text of which a part
//     was learnt later can pass a second time.
//   - Names stay names: [Redactor.Name] gives one name for one, and different ones
//     for different ones.
//   - The time that a text takes is linear in its length.
//
// Limits: secrets of less than 4 bytes are not looked for, and those of less than
// 8 only where they stand alone. A test that prints its secret in pieces, or
// encoded in a way of its own, is not found out.
package redact

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Hidden stands in a text where a secret was.
const Hidden = "(hidden)"

// How a secret is looked for in a text depends on its length. A long one is
// found anywhere, also inside a longer word. One of 4 to 7 bytes is often a
// word, such as "redis" or "test", and must stand alone: hiding it in
// "redis-cli_test" would tell it. Shorter ones are not looked for at all: every
// "a" of a report would become "(hidden)", which both ruins and tells it.
const (
	minSecret  = 4
	longSecret = 8
)

// A Redactor knows the secrets of one process of tracetest. Its methods may be
// called from several goroutines.
type Redactor struct {
	mu      sync.Mutex
	secrets map[string]bool
	marks   map[mark]bool
	key     [2]uint64
	found   *matcher // of the secrets; nil once there are more
	numbers map[string]int
	last    int
	names   map[string]string // as they are, by what they became
	levels  map[string]bool   // the same names, as they are
}

// New returns a Redactor that knows nothing but what URLs look like.
func New() *Redactor {
	return &Redactor{secrets: map[string]bool{}, marks: map[mark]bool{}, key: newKey(), numbers: map[string]int{}, names: map[string]string{}, levels: map[string]bool{}}
}

// Add learns secrets.
func (r *Redactor) Add(secrets ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, secret := range secrets {
		if len(secret) >= minSecret && !r.secrets[secret] && !strings.HasPrefix(secret, "(hidden") {
			r.secrets[secret], r.found = true, nil
		}
	}
}

// Known is how many secrets were learnt. A text that passed when it was less may
// have to pass again.
func (r *Redactor) Known() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.secrets) + len(r.marks)
}

// Value learns a secret value and returns what stands for it: a number that tells
// equal values from different ones.
func (r *Redactor) Value(value string) string {
	if value == "" || strings.HasPrefix(value, "(hidden") {
		return value
	}
	r.Add(value)
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.number(value)
}

// number is for who holds the lock.
func (r *Redactor) number(value string) string {
	n, known := r.numbers[value]
	if !known {
		r.last++
		n = r.last
		r.numbers[value] = n
	}
	return fmt.Sprintf("(hidden %d)", n)
}

// Text hides the secrets in a text.
func (r *Redactor) Text(text string) string {
	if len(text) < minSecret {
		return text
	}
	return urls(r.matcher().replace(text, minSecret, hide), hide)
}

// Setting hides the secrets in the value of a parameter that is none itself, or in
// a word of a command. A number is none, though a short password may be one.
func (r *Redactor) Setting(value string) string {
	if strings.Trim(value, "0123456789 .-kmgtbKMGTB%") == "" {
		return value
	}
	return r.Text(value)
}

func hide(string) string { return Hidden }

// Name hides the secrets in the name of a test. Each is told by its number, so
// that names that differ in a secret alone stay different.
func (r *Redactor) Name(name string) string {
	if len(name) < minSecret {
		return name
	}
	shown := r.name(r.matcher(), name)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reserve(name)
	if shown != name {
		r.names[shown], r.levels[name] = name, true
	}
	return shown
}

// name hides what is in a name. What stands behind the name of a test in which
// something was hidden is looked at by itself: it is a subtest of that, whose
// name must begin with what that is called now.
func (r *Redactor) name(m *matcher, name string) string {
	number := func(secret string) string {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.number(secret)
	}
	one := func(text string) string {
		// The name of a function is of the source code, and may have a short word in it.
		top := function.FindString(text)
		return m.replace(top, longSecret, number) + urls(m.replace(text[len(top):], minSecret, number), number)
	}
	for end := len(name); len(name) < longName; {
		end = strings.LastIndexByte(name[:end], '/')
		if end < 0 {
			break
		}
		r.mu.Lock()
		level := r.levels[name[:end]]
		r.mu.Unlock()
		if level {
			return r.name(m, name[:end]) + "/" + one(name[end+1:])
		}
	}
	return one(name)
}

// function is the first level of the name of a test that is no spec.
var function = regexp.MustCompile(`^(Test|Benchmark|Example|Fuzz)[\pL\pN_]*(/|$)`)

// longName bounds the names of which the levels are looked up, in bytes.
const longName = 8 << 10

// reserve keeps the numbers that stand in a name by itself from being given to a
// secret.
func (r *Redactor) reserve(name string) {
	for {
		_, after, found := strings.Cut(name, "(hidden ")
		if !found {
			return
		}
		digits, _, _ := strings.Cut(after, ")")
		if n, err := strconv.Atoi(digits); err == nil && n > r.last && n < 1<<20 {
			r.last = n
		}
		name = after
	}
}

// Real returns what a name was before something was hidden in it. Known is false
// where something is hidden in it and this process never saw what.
func (r *Redactor) Real(shown string) (name string, known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if name, ok := r.names[shown]; ok {
		return name, true
	}
	return shown, !strings.Contains(shown, "(hidden ")
}

// matcher is of the secrets that are known by now.
func (r *Redactor) matcher() *matcher {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.found == nil {
		r.found = newMatcher(slices.Sorted(maps.Keys(r.secrets)), slices.Collect(maps.Keys(r.marks)), r.key)
	}
	return r.found
}

// alone says whether nothing that belongs to a word stands before or behind a part
// of a text.
func alone(text string, from, to int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:from])
	after, _ := utf8.DecodeRuneInString(text[to:])
	return !isWord(before) && !isWord(after)
}

func isWord(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}
