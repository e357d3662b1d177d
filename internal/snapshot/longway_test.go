package snapshot

import (
	"strconv"
	"strings"

	"tracetest/internal/record"
)

// The long way through INFO, which says in the plainest way what [readFigures]
// must say.

// counters is nil when the reply had no figures. Fields that a version does
// not have stay zero.
func (in info) counters() *record.Counters {
	if in["used_memory"] == "" {
		return nil
	}
	c := &record.Counters{
		UsedMemory: in.number("used_memory"),
		Evicted:    in.number("evicted_keys"),
		OOM:        field(in["errorstat_OOM"], "count"),
		ConfigSet:  field(in["cmdstat_config|set"], "calls"),
		ResetStat:  field(in["cmdstat_config|resetstat"], "calls"),
	}
	for name, value := range in {
		if number, ok := strings.CutPrefix(name, "db"); ok && isNumber(number) {
			c.Keys = count(c.Keys, name, field(value, "keys"))
		}
	}
	return c
}

func (in info) number(name string) int64 {
	n, err := strconv.ParseInt(in[name], 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// field is a number in "calls=3,usec=10,rejected_calls=1". Which fields there
// are, and in what order, depends on the version.
func field(value, name string) int64 {
	for part := range strings.SplitSeq(value, ",") {
		if key, text, ok := strings.Cut(part, "="); ok && key == name {
			if n, err := strconv.ParseInt(text, 10, 64); err == nil {
				return n
			}
		}
	}
	return 0
}
