package snapshot

import (
	"strconv"
	"strings"

	"tracetest/internal/redact"
)

// Normalize is the value as CONFIG GET would say it once it is set: memory in
// bytes, yes, no and other words in lower case. What it does not know it
// leaves alone, so the answer of the server always wins over it.
func Normalize(parameter, value string) string {
	parameter = strings.ToLower(parameter)
	value = strings.TrimSpace(value)
	switch {
	case redact.IsSecret(parameter):
		return value
	case parameter == "client-output-buffer-limit":
		words := strings.Fields(value)
		for i, word := range words {
			if words[i] = bytesOf(word); strings.EqualFold(word, "replica") {
				words[i] = "slave"
			}
		}
		return strings.ToLower(strings.Join(words, " "))
	case parameter == "oom-score-adj" && strings.EqualFold(value, "relative"):
		return "yes" // two words for the same
	case parameter == "save":
		return strings.Join(strings.Fields(value), " ")
	case parameter == "notify-keyspace-events":
		return notifyFlags(value)
	case isMemory(parameter):
		return bytesOf(value)
	case isWords(parameter) || strings.EqualFold(value, "yes") || strings.EqualFold(value, "no"):
		return strings.ToLower(value)
	}
	return value
}

// isMemory says whether a parameter takes units such as 100mb.
func isMemory(parameter string) bool {
	switch parameter {
	case "maxmemory", "maxmemory-clients", "maxmemory-dataset", "repl-backlog-size", "client-query-buffer-limit",
		"proto-max-bulk-len", "auto-aof-rewrite-min-size", "active-defrag-ignore-bytes", "cluster-link-sendbuf-limit",
		"stream-node-max-bytes", "hll-sparse-max-bytes", "replica-full-sync-buffer-limit", "loading-process-events-interval-bytes":
		return true
	}
	return false
}

// isWords says whether the values of a parameter are words of which the case
// does not matter. Names of files and of users are none.
func isWords(parameter string) bool {
	switch parameter {
	case "maxmemory-policy", "appendfsync", "loglevel", "supervised", "syslog-facility", "repl-diskless-load",
		"oom-score-adj", "acl-pubsub-default", "sanitize-dump-payload", "tls-auth-clients",
		"enable-debug-command", "enable-module-command", "enable-protected-configs",
		"cluster-preferred-endpoint-type", "propagation-error-behavior", "shutdown-on-sigint", "shutdown-on-sigterm":
		return true
	}
	return false
}

// bytesOf turns 100mb into bytes the way Redis reads it: k, m and g count in
// thousands, kb, mb and gb in 1024s.
func bytesOf(value string) string {
	digits := strings.TrimRight(value, "bBkKmMgG")
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return value
	}
	unit := uint64(1)
	switch strings.ToLower(value[len(digits):]) {
	case "", "b":
	case "k":
		unit = 1000
	case "kb":
		unit = 1 << 10
	case "m":
		unit = 1000 * 1000
	case "mb":
		unit = 1 << 20
	case "g":
		unit = 1000 * 1000 * 1000
	case "gb":
		unit = 1 << 30
	default:
		return value
	}
	if n > (1<<64-1)/unit {
		return value
	}
	return strconv.FormatUint(n*unit, 10)
}

// notifyFlags puts the flags of keyspace events into the server's order: KEA
// reads AKE. Flags that it does not know leave the value as it is.
func notifyFlags(value string) string {
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
