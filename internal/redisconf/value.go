package redisconf

import (
	"strconv"
	"strings"
)

// Normalize is a value as CONFIG GET says it once it is set: memory in bytes,
// yes, no and other words in lower case. What it does not know it leaves alone.
func Normalize(name, value string) string {
	p := Of(name)
	value = strings.TrimSpace(value)
	switch {
	case p.Secret:
		return value
	case p.Kind == Limits:
		words := strings.Fields(value)
		for i, word := range words {
			if words[i] = bytesOf(word); strings.EqualFold(word, "replica") {
				words[i] = "slave" // as every server reports it
			}
		}
		return strings.ToLower(strings.Join(words, " "))
	case p.Kind == Words && strings.EqualFold(value, "relative"):
		return "yes" // oom-score-adj has two words for the same
	case p.Kind == Save:
		return strings.Join(strings.Fields(value), " ")
	case p.Kind == Events:
		return eventFlags(value)
	case p.Kind == Memory:
		return bytesOf(value)
	case p.Kind == Words || strings.EqualFold(value, "yes") || strings.EqualFold(value, "no"):
		return strings.ToLower(value)
	}
	return value
}

// Same reports whether a value that was written can read back as another: a
// server knows more spellings than [Normalize] does.
func Same(written, read string) bool {
	return strings.EqualFold(strings.Join(strings.Fields(written), " "), strings.Join(strings.Fields(read), " "))
}

// Less reports whether one value of a numeric parameter allows less than
// another; zero is the most where it means no limit. It is not ok for values
// that are no numbers.
func Less(name, a, b string) (less, ok bool) {
	x, badX := strconv.ParseInt(a, 10, 64)
	y, badY := strconv.ParseInt(b, 10, 64)
	if badX != nil || badY != nil {
		return false, false
	}
	if Of(name).Unlimited && x != y {
		switch {
		case x == 0:
			return false, true
		case y == 0:
			return true, true
		}
	}
	return x < y, true
}

// Eviction says how much a maxmemory-policy can evict: 0 nothing, 1 keys with a
// time to live, 2 all.
func Eviction(policy string) int {
	switch {
	case strings.HasPrefix(policy, "allkeys-"):
		return 2
	case strings.HasPrefix(policy, "volatile-"):
		return 1
	}
	return 0
}

// bytesOf turns 100mb into bytes the way Redis reads it: k, m and g count in
// thousands, kb, mb and gb in 1024s.
func bytesOf(value string) string {
	digits := strings.TrimRight(value, "bBkKmMgG")
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return value
	}
	units := map[string]uint64{"": 1, "b": 1, "k": 1000, "kb": 1 << 10, "m": 1000 * 1000, "mb": 1 << 20, "g": 1000 * 1000 * 1000, "gb": 1 << 30}
	unit, known := units[strings.ToLower(value[len(digits):])]
	if !known || n > (1<<64-1)/unit {
		return value
	}
	return strconv.FormatUint(n*unit, 10)
}

// eventFlags puts the flags of keyspace events into the server's order: KEA
// reads AKE. Flags that it does not know leave the value as it is.
func eventFlags(value string) string {
	const classes, all = "g$lshzxetd", "A"
	for _, flag := range value {
		if !strings.ContainsRune(classes+all+"nKEm", flag) {
			return value
		}
	}
	has := func(flag rune) bool { return strings.ContainsRune(value, flag) }
	complete := true
	for _, flag := range classes {
		complete = complete && has(flag)
	}
	var out strings.Builder
	if has('A') || complete {
		out.WriteString(all) // and n is lost, as in Redis
	} else {
		for _, flag := range classes + "n" {
			if has(flag) {
				out.WriteRune(flag)
			}
		}
	}
	for _, flag := range "KEm" {
		if has(flag) {
			out.WriteRune(flag)
		}
	}
	return out.String()
}
