package redact

import (
	"os"
	"regexp"
	"slices"
	"strings"

	"tracetest/internal/redisconf"
)

// secretFlag is a flag of somebody's program whose value is a secret by its name.
var secretFlag = regexp.MustCompile(`(?i)^(-{1,2}[\w.-]*(?:pass|secret|token)[\w.-]*)(=.*)?$`)

// setting is a parameter with its value, or a variable.
var setting = regexp.MustCompile(`^(-{1,2}[\w.-]+=)?([\w.-]+)=(.+)$`)

// Args hides the secrets in a command line, and the values of flags that are
// secret by their name. It learns these, and the logins of URLs.
func (r *Redactor) Args(words []string) []string {
	words = slices.Clone(words)
	for i := range words {
		m := secretFlag.FindStringSubmatch(words[i])
		switch {
		case m != nil && m[2] != "":
			if len(m[2]) > longSecret { // with its =
				r.Add(m[2][1:])
			}
			words[i] = m[1] + "=" + Hidden
		case m != nil && i+1 < len(words) && !strings.HasPrefix(words[i+1], "-"):
			if len(words[i+1]) >= longSecret {
				r.Add(words[i+1])
			}
			words[i+1] = Hidden
		}
		// As in --expect requirepass=... and --expect=requirepass=...
		if m := setting.FindStringSubmatch(words[i]); m != nil && redisconf.IsSecret(m[2]) {
			r.Add(m[3])
			words[i] = m[1] + m[2] + "=" + Hidden
		}
		urls(words[i], func(secret string) string { r.addEncoded(secret); return Hidden })
	}
	for i := range words {
		words[i] = r.Text(words[i])
	}
	return words
}

// Environment learns what the environment of the tests says of logins to a Redis:
// URLs, and variables that are of one and secret by their names.
func (r *Redactor) Environment(variables []string) {
	for _, variable := range variables {
		name, value, _ := strings.Cut(variable, "=")
		name = strings.ToLower(name)
		ours := strings.Contains(name, "redis") || strings.Contains(name, "valkey")
		if ours && redisconf.IsSecret(name) && !strings.ContainsRune(value, os.PathSeparator) {
			r.Add(value)
		}
		for _, part := range strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' }) {
			if scheme, _, ok := strings.Cut(part, "://"); ok && (strings.Contains(scheme, "redis") || strings.Contains(scheme, "valkey")) {
				urls(part, func(secret string) string { r.addEncoded(secret); return Hidden })
			}
		}
	}
}
