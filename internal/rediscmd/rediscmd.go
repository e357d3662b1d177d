// Package rediscmd is what tracetest knows of the commands of a Redis server, as
// one table. Everything that must know what a command does asks here; a command
// that matters is one row of [table].
//
// The table holds the commands that change a server rather than single keys, those
// that show other clients, and those that change how replies come. A command without
// a row does none of that: the keys that it writes are data.
//
// What is compiled into the tests cannot import this package. Its part is generated:
// after a change of the table run go generate ./internal/rediscmd.
//
// Limits: commands are those of Redis 6.0 to 8.6, of Valkey up to 9.1, and of
// modules those that set parameters. What a script calls is not seen.
package rediscmd

import (
	"maps"
	"slices"
	"strings"
)

// Change is what a command can change. One command can change several.
type Change uint16

const (
	Config     Change = 1 << iota // parameters, as CONFIG GET shows them
	Role                          // who is whose replica
	Statistics                    // what INFO has counted is gone
	Process                       // the server can end or restart
	Nodes                         // what a cluster or a Sentinel knows of its nodes
	Files                         // what a restart comes back with
	Users                         // of the ACL
	Code                          // functions, and the cache of scripts
	Clients                       // connections and calls of other clients
	Logs                          // the slow log, latency, the hot keys
	Data                          // all keys of a database
)

// Sampled is what a snapshot shows.
const Sampled = Config | Role | Statistics | Process

// Awaited is what a command changes that tracetest is waited for. A suite can send
// commands of the other kinds before each test. Of those, one that changes nothing but data is
// taken in with the next snapshot; the others may keep tracetest from taking that.
const Awaited = Sampled | Nodes | Files

// Shows is what the reply of a command shows of other clients, tracetest among them.
type Shows uint8

const (
	ShowsNothing  Shows = iota
	ShowsTotals         // few figures among others, for which most do not ask
	ShowsCommands       // what they sent
	ShowsClients        // who is connected, too
)

// Args is what the arguments of a command are.
type Args uint8

const (
	Plain    Args = iota // words that anybody may see
	Settings             // names and values of parameters, in turn
	Options              // names and values of parameters, among other words
	Master               // host and port of a master, or NO ONE
	Rules                // a user, and rules that can hold its passwords
	Opaque               // a file, and whatever it is given
	Body                 // code, or a dump, of any length
	Login                // a user and a password
	Sections             // of INFO
)

// Replies is what a command does to the replies behind it on its connection.
type Replies uint8

const (
	InTurn   Replies = iota // one for each command
	Queues                  // commands have no effect until one executes them
	Executes                // those that are queued
	Discards                // those that are queued
	Adrift                  // what comes is no reply, or no reply comes
)

// Names of commands that have a meaning of their own somewhere.
const (
	ConfigSet       = "CONFIG SET"
	ConfigRewrite   = "CONFIG REWRITE"
	ConfigResetStat = "CONFIG RESETSTAT"
)

// Command is what is known of one command.
type Command struct {
	// Name is in capitals, with the subcommand; empty for a command without a row.
	Name    string
	Changes Change
	Shows   Shows
	Args    Args
	Replies Replies
}

// Of returns what is known of a command, by its words as a client sends them.
func Of(words []string) Command {
	if len(words) == 0 || strings.Contains(words[0], " ") {
		return Command{} // two words sent as one are no command
	}
	if len(words) > 1 {
		if c := row(words[0] + " " + words[1]); c.Name != "" {
			return c
		}
	}
	return row(words[0])
}

// Named returns what is known of a command by the name that a server has for it,
// in CLIENT LIST and INFO commandstats: config|set. Before Redis 7.0 that is the
// family alone, which can change what any of its commands can.
func Named(name string) Command {
	c := Of(strings.Split(name, "|"))
	if changes, is := families[strings.ToLower(name)]; is && c.Name == "" {
		return Command{Name: strings.ToUpper(name), Changes: changes}
	}
	return c
}

func row(name string) Command {
	name = strings.ToUpper(name)
	c, known := table[name]
	if known {
		c.Name = name
	}
	return c
}

// AsksForFailover reports whether a command has servers change their roles among
// themselves, at a time and to masters that it does not name.
func (c Command) AsksForFailover() bool { return c.Changes&Role != 0 && c.Args != Master }

// Traced reports whether the trace reports a command as a write. What a replica sends
// is none of a test.
func (c Command) Traced() bool { return c.Changes != 0 && c.Replies == InTurn }

// ShownBy is what the reply of a command shows of other clients, by its words: of
// INFO it depends on the sections.
func ShownBy(words []string) Shows {
	c := Of(words)
	if c.Args != Sections || len(words) == 1 {
		return c.Shows
	}
	shows := ShowsNothing
	for _, section := range words[1:] {
		shows = max(shows, sections[strings.ToLower(section)])
	}
	return shows
}

// Setting is a parameter that a command sets.
type Setting struct {
	Parameter string // as CONFIG GET names it
	Value     string
	At        int // index of the value among the words; zero where it is none of them
}

// SettingsOf returns what a command sets, in the order of its words.
func SettingsOf(words []string) (all []Setting) {
	c := Of(words)
	switch behind := len(strings.Fields(c.Name)); c.Args {
	case Settings:
		for i := behind; i+1 < len(words); i += 2 {
			all = append(all, Setting{parameter(c.Name, words[i]), words[i+1], i + 1})
		}
	case Master:
		if len(words) == behind+2 {
			set := Setting{Parameter: "replicaof", Value: words[behind] + " " + words[behind+1]}
			if strings.EqualFold(set.Value, "no one") {
				set.Value = ""
			}
			all = append(all, set)
		}
	}
	return all
}

// parameter is the name under which CONFIG GET shows what a command calls so.
func parameter(command, name string) string {
	module, _, is := strings.Cut(command, ".CONFIG")
	switch {
	case !is:
		return name
	case module != "FT": // as Redis names what a module registers
		return strings.ToLower(module + "." + name)
	}
	upper := strings.ToUpper(name)
	if current, renamed := searchNames[upper]; renamed {
		return current
	}
	hidden := strings.HasPrefix(upper, "_")
	current := strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(upper, "_")), "_", "-")
	if hidden {
		current = "_" + current
	}
	return "search-" + current
}

// families are the first words of the rows, in small letters, with all that a row of
// that family can change.
var families = func() map[string]Change {
	all := map[string]Change{}
	for name, c := range table {
		first, _, _ := strings.Cut(strings.ToLower(name), " ")
		all[first] |= c.Changes
	}
	return all
}()

// MayConfigure reports whether a command, named as in INFO commandstats, may change
// what CONFIG GET * says. It goes by the family, so that a subcommand of a later
// release counts, and takes CONFIG in any name for a module's own.
func MayConfigure(name string) bool {
	name = strings.ToLower(name)
	family, _, _ := strings.Cut(name, "|")
	if changes, known := families[family]; known {
		return changes&(Config|Role|Nodes|Users|Process) != 0
	}
	return strings.Contains(name, "config")
}

// Names are those of all rows, sorted.
func Names() []string { return slices.Sorted(maps.Keys(table)) }
