package redact

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// matcher finds many secrets at once. It is never written after it was made.
type matcher struct {
	starts  [1 << 10]uint64           // a bit for each pair of bytes that some form begins with
	lengths map[[minSecret]byte][]int // of the forms that begin so, longest first
	forms   map[string]string         // the secret, by each way in which it is written
	rolling
}

func newMatcher(secrets []string, marks []mark, key [2]uint64) *matcher {
	m := &matcher{lengths: map[[minSecret]byte][]int{}, forms: map[string]string{}, rolling: newRolling(marks, key)}
	for _, secret := range secrets {
		for _, form := range forms(secret) {
			if _, known := m.forms[form]; known || len(form) < minSecret {
				continue
			}
			m.forms[form] = secret
			pair := uint(form[0])<<8 | uint(form[1])
			m.starts[pair/64] |= 1 << (pair % 64)
			head := [minSecret]byte([]byte(form[:minSecret]))
			if !slices.Contains(m.lengths[head], len(form)) {
				m.lengths[head] = append(m.lengths[head], len(form))
			}
		}
	}
	for _, lengths := range m.lengths {
		slices.SortFunc(lengths, func(a, b int) int { return cmp.Compare(b, a) })
	}
	return m
}

// replace puts something in the place of each secret: of several at one place the
// longest. Shorter ones than shortest are left.
func (m *matcher) replace(text string, shortest int, with func(secret string) string) string {
	text = m.rolling.replace(text, shortest, with)
	if len(m.forms) == 0 {
		return text
	}
	var out strings.Builder
	last := 0
	for at := 0; at+minSecret <= len(text); {
		pair := uint(text[at])<<8 | uint(text[at+1])
		if m.starts[pair/64]&(1<<(pair%64)) == 0 {
			at++
			continue
		}
		n, secret := m.at(text, at, shortest)
		if n == 0 {
			at++
			continue
		}
		out.WriteString(text[last:at])
		out.WriteString(with(secret))
		at += n
		last = at
	}
	if last == 0 {
		return text
	}
	out.WriteString(text[last:])
	return out.String()
}

// at is the secret that stands at this place, and the length of how it is written.
func (m *matcher) at(text string, at, shortest int) (int, string) {
	for _, n := range m.lengths[[minSecret]byte([]byte(text[at:at+minSecret]))] {
		if at+n > len(text) || n < shortest {
			continue
		}
		secret, is := m.forms[text[at:at+n]]
		if is && (n >= longSecret || alone(text, at, at+n)) {
			return n, secret
		}
	}
	return 0, ""
}

// forms are the ways in which a value is written: as it is, in URLs, in Go syntax,
// by Redis (MONITOR, SLOWLOG), in JSON, in the name of a subtest, in a pattern and
// in a shell, and its hash in an ACL.
func forms(value string) []string {
	all := []string{value, url.QueryEscape(value), url.PathEscape(value), url.UserPassword("", value).String()[1:],
		inner(strconv.Quote(value)), inner(strconv.QuoteToASCII(value)), byRedis(value), subtest(value), regexp.QuoteMeta(value), regexp.QuoteMeta(subtest(value)),
		strings.ReplaceAll(value, "'", `'\''`)}
	if quoted, err := json.Marshal(value); err == nil {
		all = append(all, inner(string(quoted)))
	}
	if hash := sha256.Sum256([]byte(value)); len(value) >= minSecret {
		all = append(all, hex.EncodeToString(hash[:]))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func inner(quoted string) string { return quoted[1 : len(quoted)-1] }

// subtest is a text as package testing makes a part of a name of it.
func subtest(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case unicode.IsSpace(r):
			b.WriteByte('_')
		case !strconv.IsPrint(r):
			b.WriteString(inner(strconv.QuoteRune(r)))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// byRedis is a text as Redis shows arguments.
func byRedis(text string) string {
	var b strings.Builder
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			b.WriteString(`\` + string(rune(c)))
		case c >= ' ' && c <= '~':
			b.WriteByte(c)
		case strings.IndexByte("\n\r\t\a\b", c) >= 0:
			b.WriteString(inner(strconv.Quote(string(rune(c)))))
		default:
			b.WriteString(`\x` + hex.EncodeToString([]byte{c}))
		}
	}
	return b.String()
}
