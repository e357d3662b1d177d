package snapshot

import (
	"fmt"
	"strings"
)

// Targets are the servers to watch: the values of --redis, else of
// $TRACETEST_REDIS (several separated by commas), $REDIS_URL or $REDIS_ADDR,
// else the one at localhost:6379. A server that is named twice is watched
// once, with the login that was named first.
func Targets(flags []string, getenv func(string) string) ([]Target, error) {
	source, values := "--redis", flags
	for _, name := range []string{"TRACETEST_REDIS", "REDIS_URL", "REDIS_ADDR"} {
		value := strings.TrimSpace(getenv(name))
		if len(values) > 0 || value == "" {
			continue
		}
		source, values = "$"+name, []string{value}
		if name == "TRACETEST_REDIS" {
			values = strings.Split(strings.Trim(value, ","), ",")
		}
	}
	if len(values) == 0 {
		source, values = "the default", []string{"localhost:" + defaultPort}
	}
	var targets []Target
	seen := make(map[string]bool)
	for _, value := range values {
		target, err := ParseTarget(value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", source, err)
		}
		if key := fold(target); !seen[key] {
			seen[key] = true
			targets = append(targets, target)
		}
	}
	return targets, nil
}

// fold makes equal what names the same server. The case of a path matters,
// that of a host does not.
func fold(t Target) string {
	if t.network == "unix" {
		return t.address
	}
	return strings.ToLower(t.address)
}
