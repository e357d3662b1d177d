package snapshot

import "strings"

// InEnvironment reports whether the environment names servers for [Targets].
func InEnvironment(getenv func(string) string) bool {
	for _, name := range []string{"TRACETEST_REDIS", "REDIS_URL", "REDIS_ADDR"} {
		if strings.TrimSpace(getenv(name)) != "" {
			return true
		}
	}
	return false
}
