package redact

import (
	"net/url"
	"regexp"
	"strings"
)

// URL hides the logins of redis:// and other URLs and the passwords given to
// redis-cli, for texts such as command lines that are shown before any server
// is open.
func URL(text string) string { return urls(text, hide) }

// Never written after they were made.
var (
	query       = regexp.MustCompile(`([?&](?i:password|passwd|pwd|pass|auth|token|secret)=)([^&\s"'#]+)`)
	environment = regexp.MustCompile(`(REDISCLI_AUTH=)("[^"]*"|'[^']*'|\S+)`)
	// Only redis-cli's: `go test -a` has an -a too.
	client   = regexp.MustCompile(`(?:redis|valkey|keydb)-cli\b[^\n|;&]*`)
	password = regexp.MustCompile(`((?:^|\s)(?:-a|--pass)(?:\s+|=))("[^"]*"|'[^']*'|\S+)`)
	// As ACL LIST and ACL GETUSER show a password.
	hash = regexp.MustCompile(`(#)([0-9a-f]{64}\b)`)
	// What stands behind a scheme when this was done before.
	hiddenLogin = regexp.MustCompile(`^[^:@/]*:?\(hidden( \d+)?\)@`)
)

func urls(text string, with func(secret string) string) string {
	second := func(all *regexp.Regexp, text string) string {
		return all.ReplaceAllStringFunc(text, func(part string) string {
			m := all.FindStringSubmatch(part)
			if strings.HasPrefix(m[2], "(hidden") {
				return part
			}
			return m[1] + with(strings.Trim(m[2], `"'`))
		})
	}
	if strings.Contains(text, "://") {
		text = logins(text, with)
		if strings.Contains(text, "=") {
			text = queries(text, func(part string) string { return second(query, part) })
		}
	}
	if strings.Contains(text, "REDISCLI_AUTH") {
		text = second(environment, text)
	}
	if strings.Contains(text, "-cli") {
		text = client.ReplaceAllStringFunc(text, func(command string) string { return second(password, command) })
	}
	if strings.Contains(text, "#") {
		text = second(hash, text)
	}
	return text
}

// queries shows each URL behind its scheme, up to its end.
func queries(text string, with func(string) string) string {
	var out strings.Builder
	for {
		at := strings.Index(text, "://")
		if at < 0 {
			return out.String() + text
		}
		at += len("://")
		end := len(text)
		if n := strings.IndexAny(text[at:], " \t\r\n\"'`<>"); n >= 0 {
			end = at + n
		}
		out.WriteString(text[:at] + with(text[at:end]))
		text = text[end:]
	}
}

// logins hides the login of each URL. A password may hold anything up to the last @
// before a space, also a raw / or #, where a URL ends by the book.
func logins(text string, with func(secret string) string) string {
	var out strings.Builder
	last := 0
	for at := 0; ; {
		found := strings.Index(text[at:], "://")
		if found < 0 {
			return out.String() + text[last:]
		}
		from := at + found + len("://")
		scheme := strings.ToLower(text[schemeBefore(text, at+found) : at+found])
		at = from
		end := len(text)
		if next := strings.Index(text[from:], "://"); next >= 0 {
			end = schemeBefore(text, from+next)
		}
		rest := text[from:max(from, end)]
		if space := strings.IndexAny(rest, " \t\r\n\"'`<>"); space >= 0 {
			rest = rest[:space]
		}
		login := strings.LastIndexByte(rest, '@')
		colon := strings.IndexByte(rest, ':')
		if scheme == "" || login < 0 || hiddenLogin.MatchString(rest) {
			continue
		}
		hidden := rest[:login]
		switch {
		case colon >= 0 && colon < login:
			out.WriteString(text[last : from+colon+1])
			hidden = rest[colon+1 : login]
		case strings.HasPrefix(scheme, "redis") || strings.HasPrefix(scheme, "valkey") || scheme == "unix":
			out.WriteString(text[last:from]) // a password in the place of the user
		default:
			continue
		}
		if hidden != "" {
			out.WriteString(with(hidden))
		}
		last = from + login
	}
}

// schemeBefore is where the scheme begins that ends here.
func schemeBefore(text string, end int) int {
	at := end
	for at > 0 && end-at < 32 {
		c := text[at-1]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '+' || c == '.' || c == '-') {
			break
		}
		at--
	}
	for at < end && !(text[at]|0x20 >= 'a' && text[at]|0x20 <= 'z') {
		at++
	}
	return at
}

// addEncoded learns a secret as it stands in a URL.
func (r *Redactor) addEncoded(secret string) {
	r.Add(secret)
	if plain, err := url.PathUnescape(secret); err == nil {
		r.Add(plain)
	}
}
