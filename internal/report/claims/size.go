package claims

import (
	"strconv"
	"strings"

	"tracetest/internal/findings"
	"tracetest/internal/redisconf"
	"tracetest/internal/report/doc"
)

// Size writes a number of bytes in binary units. A number without a fraction
// is exact, one with a fraction is rounded.
func Size(n int64) string {
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

func size(n int64) Text { return Text(Size(n)) }

// Value writes what a parameter was set to. For a secret one it keeps to the
// placeholder even if the findings should hold more than that.
func Value(parameter, value string, secret bool) Text {
	if secret && value != "" {
		if !strings.HasPrefix(value, "(hidden") {
			return "(hidden)"
		}
		return code(value)
	}
	text := code(value)
	if short := brief(parameter, value); short != "" {
		text += " (" + short + ")"
	}
	return text
}

// brief is a number of bytes as people read it; empty where the number says it.
func brief(parameter, value string) Text {
	n, err := strconv.ParseInt(value, 10, 64)
	switch {
	case err != nil || redisconf.Of(parameter).Kind != redisconf.Memory: // such as the percentage of maxmemory-clients
		return ""
	case n == 0 && redisconf.Of(parameter).Unlimited:
		return "no limit"
	case n >= 1024 || n <= -1024:
		return size(n)
	}
	return ""
}

// shortValue is a value for a headline.
func shortValue(parameter, value string, secret bool) Text {
	if value == "" {
		return "(empty)"
	}
	if short := brief(parameter, value); short != "" && !secret {
		return short
	}
	return Value(parameter, value, secret)
}

// Before and After are the values of a change.
func Before(c findings.Change) Text { return Value(c.Parameter, c.From, c.Secret) }

// After is what a parameter was changed to.
func After(c findings.Change) Text { return Value(c.Parameter, c.To, c.Secret) }

// chartValue is a value as a chart has room for.
func chartValue(c findings.Change, value string) string {
	switch short := brief(c.Parameter, value); {
	case value == "":
		return "(empty)"
	case c.Secret:
		return "hidden"
	case short != "":
		return short.Plain(48)
	}
	return chartText(value)
}

// command writes a command into a table, whole or not at all.
func command(c string) Text {
	switch {
	case c == "":
		return ""
	case doc.Clean(c) != c || len(c) > 400:
		return "see findings.json"
	}
	return doc.Whole(c)
}
