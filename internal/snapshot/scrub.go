package snapshot

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const hidden = "(hidden)"

// How a secret is looked for in a text depends on its length. A long one is
// found anywhere, also inside a longer word. One of 4 to 7 bytes is often a
// word, such as "redis" or "test", and must stand alone: hiding it in
// "redis-cli_test" would tell it. Shorter ones are not looked for at all: every
// "a" of a report would become "(hidden)", which both ruins and tells it.
const (
	minSecret  = 4
	longSecret = 8
)

// scrubValues hides the secrets in a text, as they are and as they stand in
// URLs, Go syntax and JSON.
func scrubValues(text string, secrets []string) string {
	var present []string
	for _, secret := range secrets {
		if len(secret) < minSecret {
			continue
		}
		for _, form := range forms(secret) {
			if strings.Contains(text, form) {
				present = append(present, form)
			}
		}
	}
	if len(present) == 0 {
		return text
	}
	var out strings.Builder
	for at := 0; at < len(text); {
		if n := secretAt(text, at, present); n > 0 {
			out.WriteString(hidden)
			at += n
			continue
		}
		out.WriteByte(text[at])
		at++
	}
	return out.String()
}

// secretAt is the length of the longest secret that stands at this place.
func secretAt(text string, at int, secrets []string) int {
	longest := 0
	for _, secret := range secrets {
		if len(secret) <= longest || !strings.HasPrefix(text[at:], secret) {
			continue
		}
		before, _ := utf8.DecodeLastRuneInString(text[:at])
		after, _ := utf8.DecodeRuneInString(text[at+len(secret):])
		if len(secret) >= longSecret || !isWord(before) && !isWord(after) {
			longest = len(secret)
		}
	}
	return longest
}

func isWord(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// forms are the ways in which a value is written.
func forms(value string) []string {
	all := []string{value, url.QueryEscape(value), url.PathEscape(value), url.UserPassword("", value).String()[1:],
		strings.Trim(strconv.Quote(value), `"`)}
	if quoted, err := json.Marshal(value); err == nil {
		all = append(all, strings.Trim(string(quoted), `"`))
	}
	return all
}

// ScrubURL hides the passwords of redis:// and other URLs and those given to
// redis-cli, for texts such as command lines that are shown before any server
// is open.
//
// All that tests print passes here, and nearly none of it holds any of these:
// the expressions are some thousand times slower than a look for a word.
func ScrubURL(text string) string {
	if strings.Contains(text, "://") {
		text = scrubLogins(text)
		text = query.ReplaceAllString(text, "${1}"+hidden)
	}
	if strings.Contains(text, "REDISCLI_AUTH=") {
		text = environment.ReplaceAllString(text, "${1}"+hidden)
	}
	if strings.Contains(text, "-cli") {
		text = client.ReplaceAllStringFunc(text, func(command string) string {
			return password.ReplaceAllString(command, "${1}"+hidden)
		})
	}
	return text
}

// Never written after they were made.
var (
	scheme      = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://`)
	query       = regexp.MustCompile(`(://\S*[?&](?i:password|pass|auth|token)=)[^&\s"']+`)
	environment = regexp.MustCompile(`(REDISCLI_AUTH=)("[^"]*"|'[^']*'|\S+)`)
	// Only redis-cli's: `go test -a` has an -a too.
	client   = regexp.MustCompile(`(?:redis|valkey|keydb)-cli\b[^\n|;&]*`)
	password = regexp.MustCompile(`((?:^|\s)(?:-a|--pass)(?:\s+|=))("[^"]*"|'[^']*'|\S+)`)
)

// scrubLogins hides the login of each URL. A password may hold anything up to
// the last @ before a space, also a raw / or #, where a URL ends by the book.
func scrubLogins(text string) string {
	var out strings.Builder
	starts := scheme.FindAllStringIndex(text, -1)
	last := 0
	for i, start := range starts {
		if start[0] < last {
			continue
		}
		end := len(text)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		rest := text[start[1]:end]
		if space := strings.IndexAny(rest, " \t\r\n\"'`<>"); space >= 0 {
			rest = rest[:space]
		}
		at := strings.LastIndex(rest, "@")
		colon := strings.Index(rest, ":")
		switch name := strings.ToLower(text[start[0] : start[1]-len("://")]); {
		case at < 0:
			continue
		case colon >= 0 && colon < at:
			out.WriteString(text[last:start[1]] + rest[:colon+1])
		case strings.HasPrefix(name, "redis") || strings.HasPrefix(name, "valkey") || name == "unix":
			out.WriteString(text[last:start[1]]) // a password in the place of the user
		default:
			continue
		}
		out.WriteString(hidden)
		last = start[1] + at
	}
	return out.String() + text[last:]
}
