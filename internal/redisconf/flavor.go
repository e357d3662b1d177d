package redisconf

import (
	"strconv"
	"strings"
)

// SinceSeven reports whether a server has what came with Redis 7.0: CONFIG GET, CONFIG SET and INFO take
// several names, and INFO counts the calls of CONFIG SET apart from those of CONFIG GET. KeyDB and Dragonfly
// never got that, whatever version they say; one of which nothing is known is taken for old.
func SinceSeven(flavor, version string) bool {
	switch flavor {
	case "valkey", "redict":
		return true
	case "redis":
		major, _, _ := strings.Cut(version, ".")
		n, err := strconv.Atoi(major)
		return err == nil && n >= 7
	}
	return false
}
