// Package rediscli writes redis-cli command lines that a person can paste into
// a shell.
//
// It needs no server, so that a command can be shown from a recorded run alone. No
// command ever holds a password: redis-cli takes it from
// $REDISCLI_AUTH.
package rediscli

import (
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"tracetest/internal/redisconf"
)

// Login is the part of a login that may be shown.
type Login struct {
	User string // of an ACL; empty for the default user
	TLS  TLS
}

// TLS is how to speak TLS, empty where that is the default: files, the name that the certificate must have, and
// whether it is checked at all.
type TLS struct {
	CACert, Cert, Key, ServerName string
	Insecure                      bool
}

// Words are the flags, which tracetest and redis-cli have in common.
func (t TLS) Words() (words []string) {
	if t.Insecure {
		words = append(words, "--insecure")
	}
	for _, f := range [][2]string{{"--cacert", t.CACert}, {"--cert", t.Cert}, {"--key", t.Key}, {"--sni", t.ServerName}} {
		if f[1] != "" {
			words = append(words, f[0], f[1])
		}
	}
	return words
}

// Line is the command that reaches a server. The address is host:port or the
// path of a unix socket.
func Line(address string, tls bool, login Login) string {
	words := []string{"redis-cli"}
	if host, port, err := net.SplitHostPort(address); err == nil && !strings.HasPrefix(address, "/") {
		words = append(words, "-h", Quote(host), "-p", Quote(port))
	} else {
		words = append(words, "-s", Quote(address))
	}
	if tls {
		words = append(words, "--tls")
		for _, word := range login.TLS.Words() {
			words = append(words, Quote(word))
		}
	}
	if login.User != "" {
		words = append(words, "--user", Quote(login.User))
	}
	return strings.Join(words, " ")
}

// Restore is the command that sets these parameters, or several joined by &&,
// or empty when nothing can be shown. Hidden values are left out: nobody but
// the server knows them. Together says that the server takes several
// parameters in one CONFIG SET, as it does from Redis 7.0, Valkey and Redict on.
func Restore(line string, values map[string]string, together bool) string {
	var sets, commands []string
	for _, parameter := range slices.Sorted(maps.Keys(values)) {
		value := values[parameter]
		switch {
		case strings.Contains(value, "(hidden"):
		case redisconf.IsRole(parameter):
			commands = append(commands, line+" REPLICAOF "+replicaOf(value))
		case together:
			sets = append(sets, Quote(parameter)+" "+Quote(value))
		default:
			commands = append(commands, line+" CONFIG SET "+Quote(parameter)+" "+Quote(value))
		}
	}
	if len(sets) > 0 {
		commands = append([]string{line + " CONFIG SET " + strings.Join(sets, " ")}, commands...)
	}
	return strings.Join(commands, " && ")
}

// replicaOf turns a value of the parameter into operands of the command: a
// server refuses CONFIG SET replicaof.
func replicaOf(value string) string {
	host, port, ok := strings.Cut(value, " ")
	if !ok {
		return "NO ONE"
	}
	return Quote(host) + " " + Quote(port)
}

// Quote makes one word of a shell out of any text, in printable characters: bash
// and others like it read what is not printable from its escapes.
func Quote(text string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_@%+=:,./-", r)
	}
	if text != "" && strings.IndexFunc(text, func(r rune) bool { return !plain(r) }) < 0 {
		return text
	}
	if strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }) >= 0 {
		return "$'" + escaped(text) + "'"
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// escaped is a text as it stands in $'...'. A zero byte, which no argument can hold,
// is left out.
func escaped(text string) string {
	var b strings.Builder
	for len(text) > 0 {
		r, n := utf8.DecodeRuneInString(text)
		switch {
		case r == '\'' || r == '\\':
			b.WriteString(`\` + string(r))
		case unicode.IsPrint(r) && (r != utf8.RuneError || n > 1):
			b.WriteRune(r)
		case r != 0:
			for i := range n {
				fmt.Fprintf(&b, `\x%02x`, text[i])
			}
		}
		text = text[n:]
	}
	return b.String()
}

// Join quotes each word and makes one command line of them.
func Join(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = Quote(word)
	}
	return strings.Join(quoted, " ")
}
