package gate

import (
	"encoding/json"
	"strconv"
	"strings"

	"tracetest/internal/record"
)

// Told is what the tap of a test process told. One of its fields is set. The
// indexes of servers in it are -1: the gate knows of no server.
type Told struct {
	Contact *record.Contact
	Write   *record.Write
	Reply   *record.Reply
	Refused *record.Refused
	Asked   *record.Asked
	Login   *Login
	Secret  []string // marks of a secret that a command has
}

// Login is what may be told of a connection that is about to log in: marks of the
// user and of the password in the ways in which it is written, the first as it is.
type Login struct {
	Address  string
	User     string
	Password []string
}

// label is the profiler label of an owner: what is needed to name it when it
// has ended and everybody else has forgotten it.
func label(by record.By) string {
	text, err := json.Marshal(by)
	if err != nil {
		return string(record.LabelPackage) // cannot be: it is of strings and numbers
	}
	return string(text)
}

// owned reads a label.
func owned(text string) record.By {
	var by record.By
	switch {
	case text == string(record.LabelPackage):
		by.Label = record.LabelPackage
	case text != "" && (json.Unmarshal([]byte(text), &by) != nil || by.Owner == nil):
		by = record.By{}
	}
	return by
}

// told takes in what the tap told. It returns nil where it does not understand.
func (s *Server) told(p *process, f []string) *Told {
	if len(f) < 4 {
		return nil
	}
	conn, _ := strconv.ParseInt(f[1], 10, 64)
	number, _ := strconv.ParseInt(f[2], 10, 64)
	verb, f := f[0], f[3:]
	switch verb {
	case "redis":
		if len(f) < 6 {
			return nil
		}
		p.conns[conn] = f[1]
		return &Told{Contact: &record.Contact{Process: p.Index, Network: f[0], Address: f[1], Local: f[2], Server: -1,
			TLS: f[3] == "true", Inside: f[4] == "true", Vague: f[5] != "true"}}
	case "login":
		if len(f) < 2 {
			return nil
		}
		return &Told{Login: &Login{Address: p.conns[conn], User: f[0], Password: f[1:]}}
	case "secret":
		return &Told{Secret: f}
	case "reply", "noted":
		return &Told{Reply: &record.Reply{Process: p.Index, Number: number, Text: f[0]}}
	case "faults":
		more, _ := strconv.ParseInt(f[0], 10, 64)
		return &Told{Refused: &record.Refused{Process: p.Index, Number: number, Count: more, Server: -1}}
	case "write", "note":
		if by, rest := s.by(f); len(rest) > 0 {
			return &Told{Write: &record.Write{Process: p.Index, Number: number, Server: -1, Address: p.conns[conn], Command: rest, By: by}}
		}
	case "asks":
		if by, rest := s.by(f); len(rest) > 0 {
			return &Told{Asked: &record.Asked{Process: p.Index, Server: -1, Address: p.conns[conn], Command: rest, By: by}}
		}
	case "fault":
		if by, rest := s.by(f); len(rest) == 1 {
			return &Told{Refused: &record.Refused{Process: p.Index, Number: number, Count: 1, Server: -1, Address: p.conns[conn], Text: rest[0], By: by}}
		}
	}
	return nil
}

// by reads a goroutine, and returns what stands behind it.
func (s *Server) by(f []string) (by record.By, rest []string) {
	if len(f) < 3 {
		return by, nil
	}
	by = owned(f[0])
	by.Unsure = f[1] == "true"
	n, err := strconv.Atoi(f[2])
	if f = f[3:]; err != nil || n < 0 || n >= len(f) {
		return by, nil
	}
	for _, text := range f[:n] {
		function, place, _ := strings.Cut(text, " ")
		by.Stack = append(by.Stack, s.frame(function, place))
	}
	if profile := f[n]; profile != "" {
		by.Waiting = s.waiting(profile, by.Stack)
	}
	return by, f[n+1:]
}

// frame reads a function and its file:line.
func (s *Server) frame(function, place string) record.Frame {
	f := record.Frame{Function: function, File: place}
	if at := strings.LastIndexByte(place, ':'); at >= 0 {
		if line, err := strconv.Atoi(place[at+1:]); err == nil {
			f.File, f.Line = place[:at], line
		}
	}
	if s.std != nil {
		f.Std = s.std(f)
	}
	return f
}
