package snapshot

import (
	"strconv"
	"strings"

	"tracetest/internal/record"
)

// figures is what a snapshot needs of INFO.
type figures struct {
	counters *record.Counters // nil when the reply had no figures; those that a version does not have stay zero
	runID    string
	calls    calls
}

// readFigures reads a reply of INFO. It makes no map of all that nobody asks
// for.
func readFigures(reply string) (f figures) {
	c := new(record.Counters)
	known := false
	for line := range strings.Lines(reply) {
		name, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		if !ok || line[0] == '#' {
			continue
		}
		switch name {
		case "run_id":
			f.runID = value
		case "used_memory":
			known = len(value) > 0
			c.UsedMemory = decimal(value)
		case "evicted_keys":
			c.Evicted = decimal(value)
		case "errorstat_OOM":
			c.OOM = fieldOf(value, "count=")
		case "cmdstat_config|set":
			c.ConfigSet = fieldOf(value, "calls=")
		case "cmdstat_config|resetstat":
			c.ResetStat = fieldOf(value, "calls=")
		}
		if command, ok := strings.CutPrefix(name, "cmdstat_"); ok {
			f.calls.count(command, value)
		} else if number, ok := strings.CutPrefix(name, "db"); ok && isNumber(number) {
			if n := fieldOf(value, "keys="); n > 0 || c.Keys != nil {
				delete(c.Keys, name)
				c.Keys = count(c.Keys, name, n)
			}
		}
	}
	if known {
		f.counters = c
	}
	return f
}

// decimal is zero for what is no number.
func decimal(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// fieldOf is a number in "calls=3,usec=10,rejected_calls=1", by its name with
// the "=". Which fields there are, and in what order, depends on the version.
func fieldOf(value, name string) int64 {
	for part := range strings.SplitSeq(value, ",") {
		if number, ok := strings.CutPrefix(part, name); ok {
			if n, err := strconv.ParseInt(number, 10, 64); err == nil {
				return n
			}
		}
	}
	return 0
}
