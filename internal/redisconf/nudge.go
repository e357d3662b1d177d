package redisconf

import "strconv"

// Nudged is a value beside one, so little off that no test feels it, for the
// parameters that tests "restore" to a constant. It is not ok for any other.
func Nudged(name, value string) (nudged string, ok bool) {
	name = CurrentName(name)
	if name == "maxmemory-policy" {
		nudged, ok = map[string]string{
			"allkeys-lru": "allkeys-lfu", "allkeys-lfu": "allkeys-lru", "volatile-lru": "volatile-lfu", "volatile-lfu": "volatile-lru",
		}[value]
		return nudged, ok
	}
	step := map[string]struct{ by, ofZero int64 }{
		"maxmemory":                         {1 << 20, 1 << 50}, // a limit that nothing reaches
		"maxmemory-samples":                 {1, 1},
		"hz":                                {1, 1},
		"timeout":                           {1, 86400},
		"tcp-keepalive":                     {1, 300},
		"lfu-log-factor":                    {1, 1},
		"commandlog-execution-slower-than":  {1, 1},
		"commandlog-slow-execution-max-len": {1, 1},
	}
	s, known := step[name]
	n, err := strconv.ParseInt(value, 10, 64)
	switch {
	case !known || err != nil || n < 0:
		return "", false
	case n == 0:
		return strconv.FormatInt(s.ofZero, 10), true
	}
	return strconv.FormatInt(n+s.by, 10), true
}
