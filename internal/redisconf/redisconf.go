// Package redisconf is what tracetest knows of the parameters of a Redis
// server, as one table. Everything that must know what a parameter is asks here;
// a parameter that behaves in a way of its own is one row of [table].
//
// The table holds only what CONFIG GET does not say: how a value reads back, what
// zero means, what is a secret. A parameter without a row is plain text that
// reads back as it was set. The answer of a server always wins over the table.
//
// Limits: names are those of Redis 6.0 to 8.6, Valkey 7.2 to 9.1 and Redict 7.3; KeyDB has its own beside them.
// Of the parameters of modules only the secret ones are recognised, by their name.
package redisconf

import (
	"maps"
	"slices"
	"strings"
)

// Kind says what the values of a parameter are.
type Kind uint8

const (
	Text   Kind = iota // read back as it was set
	Number             // a decimal number
	Memory             // bytes; CONFIG SET takes units such as 100mb
	Words              // words of which the case does not matter
	Save               // pairs of seconds and changes
	Events             // flags of keyspace events
	Limits             // client-output-buffer-limit: classes of clients with their limits
)

// Parameter is what is known of one parameter.
type Parameter struct {
	Kind Kind
	// Unlimited: zero means as much as there is.
	Unlimited bool
	// Secret: its values are never shown.
	Secret bool
	// Role: it says who is whose replica. Failovers change it without any client of
	// ours, and tracetest never writes it.
	Role bool
	// Place: it says where a server keeps its files, listens or logs, or how it uses its machine. It differs
	// between two servers that are alike, and no test feels it.
	Place bool
	// Logs: it says what a server notes of the commands of all its clients.
	Logs bool
	// Locks: a value of it can keep a client from connecting.
	Locks bool
	// Fixed: CONFIG SET refuses it, unless enable-protected-configs says otherwise. A server is started with it.
	Fixed bool
	// ReadsBack: CONFIG GET says just what was set. Paths, addresses and limits that
	// the system lowers do not.
	ReadsBack bool
	// Default is its value where nothing sets it, in all releases that the package
	// comment names; empty where they differ or it is not known.
	Default string
	// Values are those that a person is likely to set; empty where any may be.
	Values []string
}

// Of returns what is known of a parameter, under any of its names and in any
// case.
func Of(name string) Parameter {
	name = CurrentName(strings.ToLower(strings.TrimSpace(name)))
	p := table[name]
	for _, f := range families {
		if strings.HasPrefix(name, f.begin) {
			p.ReadsBack, p.Logs, p.Locks = p.ReadsBack || f.ReadsBack, p.Logs || f.Logs, p.Locks || f.Locks
		}
	}
	if p.Secret = p.Secret || soundsSecret(name); p.Secret {
		p.ReadsBack = false
	}
	return p
}

// AddsUp reports whether several lines of a file, or several options, are one value.
func (p Parameter) AddsUp() bool { return p.Kind == Save || p.Kind == Limits }

// soundsSecret goes by the name, so that a parameter of a module or of a later
// release is hidden too.
func soundsSecret(name string) bool {
	return strings.Contains(name, "pass") || strings.HasSuffix(name, "auth") || strings.Contains(name, "secret") ||
		strings.Contains(name, "token")
}

// IsSecret reports whether the values of a parameter are never to be shown.
func IsSecret(name string) bool { return Of(name).Secret }

// IsRole reports whether a parameter says who is whose replica.
func IsRole(name string) bool { return Of(name).Role }

// CurrentName is the name that replaced this one, or the name itself. A server
// answers CONFIG GET * with old names beside current ones; each pair is one
// parameter. Whether a server knows the current name, only its reply can say:
// Redis 6.0 has the old one of some pairs only, and a Redis has no primaryauth.
func CurrentName(name string) string {
	if current, ok := renamed[name]; ok {
		return current
	}
	switch {
	case strings.Contains(name, "slave"): // slaveof, slave-*, min-slaves-*, cluster-slave-*
		return strings.ReplaceAll(name, "slave", "replica")
	case strings.Contains(name, "-ziplist-"):
		return strings.ReplaceAll(name, "-ziplist-", "-listpack-")
	case strings.Contains(name, "_"): // server_cpulist, ...
		return strings.ReplaceAll(name, "_", "-")
	}
	return name
}

// Defaults are the parameters with a known default, sorted.
func Defaults() []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(table)) {
		if table[name].Default != "" {
			names = append(names, name)
		}
	}
	return names
}
