//go:build unix && !tracetest_notrace

package inject

import (
	"strconv"
	"strings"
	"unicode"
)

// No secret leaves the test process. Of a login, and of a password that a test
// sets, tracetest gets marks: hashes with a key of the run, by which it finds
// the secret in what the test prints, and knows whether it is one that it has.

// tracetestLogin reports that a connection is about to log in. Words are those of an
// AUTH or HELLO.
func tracetestLogin(message, words []string) {
	user, password := "default", ""
	switch {
	case strings.EqualFold(words[0], "auth") && len(words) == 2:
		password = words[1]
	case strings.EqualFold(words[0], "auth") && len(words) > 2:
		user, password = words[1], words[2]
	default:
		for i := 1; i+2 < len(words); i++ {
			if strings.EqualFold(words[i], "auth") {
				user, password = words[i+1], words[i+2]
				break
			}
		}
	}
	if marks := tracetestMarks(password); password != "" && len(marks) > 0 {
		tracetestReport(append(append(message, tracetestMarks(user)[0]), marks...)...)
	}
}

// tracetestMarks are the marks of the ways in which a secret is written. There are
// none where tracetest has not given the key of them.
func tracetestMarks(secret string) []string {
	tracetestLine.mu.Lock()
	one, two, _ := strings.Cut(tracetestLine.key, ":")
	tracetestLine.mu.Unlock()
	first, err := strconv.ParseUint(one, 10, 32)
	second, errToo := strconv.ParseUint(two, 10, 32)
	if err != nil || errToo != nil {
		return nil
	}
	var marks []string
	seen := map[string]bool{}
	for _, form := range []string{secret, tracetestInner(strconv.Quote(secret)), tracetestInName(secret), tracetestInURL(secret, "+"), tracetestInURL(secret, "%20")} {
		if !seen[form] {
			seen[form] = true
			marks = append(marks, strconv.Itoa(len(form))+":"+tracetestMark(form, first)+":"+tracetestMark(form, second))
		}
	}
	return marks
}

// tracetestMark is a hash that rolls: markOf in package redact is the same.
func tracetestMark(text string, base uint64) string {
	const prime = 1<<31 - 1
	h := uint64(0)
	for i := 0; i < len(text); i++ {
		h = (h*base + uint64(text[i]) + 1) % prime
	}
	return strconv.FormatUint(h, 10)
}

func tracetestInner(quoted string) string { return quoted[1 : len(quoted)-1] }

// tracetestInName is a text as it stands in the name of a subtest.
func tracetestInName(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case unicode.IsSpace(r):
			b.WriteByte('_')
		case !strconv.IsPrint(r):
			b.WriteString(tracetestInner(strconv.QuoteRune(r)))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func tracetestInURL(text, space string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_.~", c) >= 0:
			b.WriteByte(c)
		case c == ' ':
			b.WriteString(space)
		default:
			b.WriteByte('%')
			b.WriteByte(digits[c>>4])
			b.WriteByte(digits[c&15])
		}
	}
	return b.String()
}

// tracetestHide takes out of a command what may be a secret, before it leaves
// the process, and returns the secrets too.
func tracetestHide(words []string) (shown, secrets []string) {
	const hidden = "(hidden)"
	shown = append([]string(nil), words...)
	behind, _, args := tracetestCommand(words)
	from, step := len(words), 1
	switch args {
	case tracetestSettings:
		from = behind
		if (len(words)-behind)%2 == 0 { // else it cannot be known which are names
			step = 2
		}
	case tracetestOptions:
		from = behind
	case tracetestRules:
		for i := behind + 1; i < len(words); i++ {
			switch rule := words[i]; {
			case rule != "" && strings.ContainsRune("><#!", rune(rule[0])):
				shown[i] = rule[:1] + hidden
				secrets = append(secrets, rule[1:])
			case strings.ContainsAny(rule, "><#!") || !tracetestPlainRule(rule):
				shown[i] = hidden // a selector with one in it, or a password without its sign
				secrets = append(secrets, rule)
			}
		}
	case tracetestOpaque:
		for i := behind + 1; i < len(words); i++ {
			shown[i] = hidden
		}
	case tracetestBody:
		for i := behind; i < len(words); i++ {
			if len(words[i]) > 80 {
				shown[i] = words[i][:80] + "..."
			}
		}
	}
	for i := from; i+1 < len(words); i += step {
		if tracetestSecret(words[i]) {
			shown[i+1] = hidden
			secrets = append(secrets, words[i+1])
		}
	}
	return shown, secrets
}

// tracetestSecret reports whether the value of a parameter is a secret by its
// name, also where that is mistyped.
func tracetestSecret(name string) bool {
	name = strings.ToLower(strings.TrimSpace(name))
	if strings.Contains(name, "pass") || strings.HasSuffix(name, "auth") || strings.Contains(name, "secret") ||
		strings.Contains(name, "token") || strings.Contains(name, "pwd") || name == "hash-seed" {
		return true
	}
	for _, known := range []string{"requirepass", "masterauth", "primaryauth", "auth-pass", "sentinel-pass", "tls-key-file-pass", "tls-client-key-file-pass"} {
		if tracetestNear(name, known) {
			return true
		}
	}
	return false
}

// tracetestNear reports whether few typing errors make one word of the other.
func tracetestNear(a, b string) bool {
	const few = 3
	if len(a)-len(b) > few || len(b)-len(a) > few {
		return false
	}
	above := make([]int, len(b)+1)
	for j := range above {
		above[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := above[j-1]
			if a[i-1] != b[j-1] {
				cost++
			}
			row[j] = min(cost, above[j]+1, row[j-1]+1)
		}
		above = row
	}
	return above[len(b)] <= few
}

// tracetestPlainRule reports whether a rule of ACL SETUSER is one that holds no
// secret.
func tracetestPlainRule(rule string) bool {
	if rule == "" || strings.ContainsRune("+-~%&(", rune(rule[0])) {
		return true
	}
	switch strings.ToLower(rule) {
	case "on", "off", "reset", "resetkeys", "resetpass", "resetchannels", "nopass", "allkeys", "allchannels", "allcommands", "nocommands",
		"clearselectors", "sanitize-payload", "skip-sanitize-payload":
		return true
	}
	return false
}
