package gotest

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// parseEvent reads a line of `go test -json`. A run of quick tests is mostly such lines, and
// so those that are as test2json writes them are read without reflection: an object of
// strings and of Elapsed, a number. Anything else package json reads.
func parseEvent(line []byte) (e Event, ok bool) {
	if e, ok := plainEvent(line); ok {
		return e, true
	}
	if err := json.Unmarshal(line, &e); err != nil || e.Action == "" {
		return Event{}, false
	}
	return e, true
}

func plainEvent(line []byte) (e Event, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte("{"))
	for more := true; ok && more; {
		var name, value []byte
		if name, rest, ok = plainString(rest); !ok || len(rest) < 2 || rest[0] != ':' {
			return e, false
		}
		if rest = rest[1:]; string(name) == "Elapsed" {
			n := bytes.IndexAny(rest, ",}")
			if n < 0 {
				return e, false
			}
			var err error
			if e.Elapsed, err = strconv.ParseFloat(string(rest[:n]), 64); err != nil || !json.Valid(rest[:n]) {
				return e, false
			}
			rest = rest[n:]
		} else {
			if value, rest, ok = plainString(rest); !ok || len(rest) == 0 {
				return e, false
			}
			if !e.set(string(name), value) {
				return e, false
			}
		}
		more = rest[0] == ','
		ok = more || string(rest) == "}"
		rest = rest[1:]
	}
	return e, ok && e.Action != ""
}

// set sets a field by its name.
func (e *Event) set(name string, value []byte) bool {
	switch name {
	case "Time":
		return e.Time.UnmarshalText(value) == nil
	case "Action":
		e.Action = string(value)
	case "Package":
		e.Package = string(value)
	case "ImportPath":
		e.ImportPath = string(value)
	case "Test":
		e.Test = string(value)
	case "Output":
		e.Output = string(value)
	case "FailedBuild":
		e.FailedBuild = string(value)
	default:
		return false
	}
	return true
}

// plainString reads a quoted string in which, but for line ends and tabs, nothing is escaped.
func plainString(text []byte) (s, rest []byte, ok bool) {
	if len(text) == 0 || text[0] != '"' {
		return nil, nil, false
	}
	text = text[1:]
	end := bytes.IndexByte(text, '"')
	if end < 0 {
		return nil, nil, false
	}
	s, rest = text[:end], text[end+1:]
	escaped := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && (s[i+1] == 'n' || s[i+1] == 't'):
			escaped = true
			i++
		case c == '\\', c < ' ':
			return nil, nil, false
		}
	}
	if !utf8.Valid(s) {
		return nil, nil, false
	}
	if escaped {
		s = bytes.ReplaceAll(bytes.ReplaceAll(s, []byte(`\n`), []byte("\n")), []byte(`\t`), []byte("\t"))
	}
	return s, rest, true
}
