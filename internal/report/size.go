package report

import (
	"strconv"
	"strings"

	"tracetest/internal/triage"
)

func itoa(n int) string { return strconv.Itoa(n) }

// isBytes reports whether a parameter is a number of bytes.
func isBytes(parameter string) bool {
	switch parameter {
	case "maxmemory", "maxmemory-clients", "client-query-buffer-limit", "proto-max-bulk-len",
		"repl-backlog-size", "auto-aof-rewrite-min-size", "cluster-link-sendbuf-limit":
		return true
	}
	return strings.HasSuffix(parameter, "-bytes")
}

// noLimit reports whether zero means "as much as there is" for a parameter.
func noLimit(parameter string) bool {
	switch parameter {
	case "maxmemory", "maxmemory-clients", "cluster-link-sendbuf-limit":
		return true
	}
	return false
}

// human writes a number of bytes in binary units. A number without a fraction
// is exact, one with a fraction is rounded.
func human(n int64) string {
	size, sign := uint64(n), ""
	if n < 0 {
		size, sign = -size, "-"
	}
	if size < 1024 {
		return sign + strconv.FormatUint(size, 10) + " B"
	}
	units := []string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	i, unit := 0, uint64(1024)
	for i+1 < len(units) && size/unit >= 1024 {
		unit *= 1024
		i++
	}
	if size%unit == 0 {
		return sign + strconv.FormatUint(size/unit, 10) + " " + units[i]
	}
	return sign + strconv.FormatFloat(float64(size)/float64(unit), 'f', 1, 64) + " " + units[i]
}

// value writes what a parameter was set to. For a secret one it keeps to the
// placeholder even if the findings should hold more than that.
func (k ink) value(parameter, value string, secret bool) string {
	if secret && value != "" {
		if !strings.HasPrefix(value, "(hidden") {
			return "(hidden)"
		}
		return k.name(value)
	}
	text := k.name(value)
	if !isBytes(parameter) {
		return text
	}
	n, err := strconv.ParseInt(value, 10, 64)
	switch {
	case err != nil:
		return text // such as the percentage of maxmemory-clients
	case n == 0 && noLimit(parameter):
		return text + " (no limit)"
	case n >= 1024 || n <= -1024:
		return text + " (" + human(n) + ")"
	}
	return text
}

func (k ink) before(c triage.Change) string { return k.value(c.Parameter, c.From, c.Secret) }

func (k ink) after(c triage.Change) string { return k.value(c.Parameter, c.To, c.Secret) }
