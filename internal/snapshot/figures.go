package snapshot

import (
	"bytes"
	"strconv"

	"tracetest/internal/record"
)

// figures is what a snapshot needs of INFO.
type figures struct {
	counters *record.Counters // nil when the reply had no figures; those that a version does not have stay zero
	runID    []byte
	calls    calls
}

// readFigures reads a reply of INFO. It makes no map of all that nobody asks
// for.
func readFigures(reply []byte) (f figures) {
	f.calls.changing = make([]byte, 0, 128)
	c := new(record.Counters)
	known := false
	for len(reply) > 0 {
		var line []byte
		line, reply, _ = bytes.Cut(reply, []byte("\n"))
		line = bytes.TrimRight(line, "\r")
		at := bytes.IndexByte(line, ':')
		if at < 0 || line[0] == '#' {
			continue
		}
		name, value := line[:at], line[at+1:]
		switch string(name) { // no copy is made
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
		if command, ok := bytes.CutPrefix(name, []byte("cmdstat_")); ok {
			f.calls.count(command, value)
		} else if number, ok := bytes.CutPrefix(name, []byte("db")); ok && isNumber(string(number)) {
			if n := fieldOf(value, "keys="); n > 0 || c.Keys != nil {
				delete(c.Keys, string(name))
				c.Keys = count(c.Keys, string(name), n)
			}
		}
	}
	if known {
		f.counters = c
	}
	return f
}

// decimal is zero for what is no number.
func decimal(text []byte) int64 {
	n, err := strconv.ParseInt(string(text), 10, 64) // no copy is made
	if err != nil {
		return 0
	}
	return n
}

// fieldOf is a number in "calls=3,usec=10,rejected_calls=1", by its name with
// the "=". Which fields there are, and in what order, depends on the version.
func fieldOf(value []byte, name string) int64 {
	for len(value) > 0 {
		var part []byte
		part, value, _ = bytes.Cut(value, []byte(","))
		if len(part) >= len(name) && string(part[:len(name)]) == name {
			if n, err := strconv.ParseInt(string(part[len(name):]), 10, 64); err == nil {
				return n
			}
		}
	}
	return 0
}
