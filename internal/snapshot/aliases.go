package snapshot

import "strings"

// A server answers CONFIG GET * with old names beside current ones. Each pair
// is one parameter, and a change of it is one change.

// currentName is the name that replaced this one, or the name itself. Whether
// a server knows it, only its reply can say: Redis 6.0 has the old one of some
// pairs only, and a Redis has no primaryauth.
func currentName(name string) string {
	switch name {
	case "lua-time-limit":
		return "busy-reply-threshold"
	case "masterauth":
		return "primaryauth"
	case "masteruser":
		return "primaryuser"
	case "slowlog-log-slower-than":
		return "commandlog-execution-slower-than"
	case "slowlog-max-len":
		return "commandlog-slow-execution-max-len"
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

// reported is the name under which a configuration reports a parameter.
func reported(config map[string]string, name string) string {
	name = currentName(strings.ToLower(name))
	if _, ok := config[name]; ok {
		return name
	}
	for old := range config {
		if currentName(old) == name {
			return old
		}
	}
	return name
}

// dropAliases leaves one name for each parameter of a reply: the current one
// where the server knows it, and always one that the server itself gave, so
// that it also takes it in CONFIG SET.
func dropAliases(reply map[string]string) {
	for name := range reply {
		if current := currentName(name); current != name {
			if _, ok := reply[current]; ok {
				delete(reply, name)
			}
		}
	}
}
