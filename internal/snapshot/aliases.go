package snapshot

import (
	"strings"

	"tracetest/internal/redisconf"
)

// A server answers CONFIG GET * with old names beside current ones. Each pair
// is one parameter, and a change of it is one change.

// reported is the name under which a configuration reports a parameter.
func reported(config map[string]string, name string) string {
	name = redisconf.CurrentName(strings.ToLower(name))
	if _, ok := config[name]; ok {
		return name
	}
	for old := range config {
		if redisconf.CurrentName(old) == name {
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
		if current := redisconf.CurrentName(name); current != name {
			if _, ok := reply[current]; ok {
				delete(reply, name)
			}
		}
	}
}
