package barrier

import (
	"slices"
	"strconv"
	"strings"

	"tracetest/internal/record"
)

// Told is what the trace of a test process told. One of its fields is set. The
// indexes of servers in it are -1: the barrier knows of no server.
type Message struct {
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

// owned reads a label: "package", or quoted fields that name an owner also when it
// has ended and everybody else has forgotten it. Of a spec it is the number that
// its process uses.
func (p *process) owned(text string) record.By {
	if text == string(record.LabelPackage) {
		return record.By{Label: record.LabelPackage}
	}
	f, err := fields(text)
	switch {
	case err != nil:
		return record.By{}
	case len(f) == 2 && f[0] == string(record.KindSpec):
		return p.specOf[f[1]]
	case len(f) != 6 || p.id(f[1]) == 0:
		return record.By{}
	}
	return record.By{Label: record.LabelOwner, Unit: p.id(f[4]),
		Owner: &record.Owner{ID: p.id(f[1]), Parent: p.id(f[3]), Kind: record.Kind(f[0]), Name: f[2], Beside: f[5] == "true"}}
}

// told takes in what the trace told. It returns nil where it does not understand.
func (s *Server) message(p *process, f []string) *Message {
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
		return &Message{Contact: &record.Contact{Process: p.Index, Network: f[0], Address: f[1], Local: f[2], Server: -1,
			TLS: f[3] == "true", Inside: f[4] == "true", Vague: f[5] != "true"}}
	case "login":
		if len(f) < 2 {
			return nil
		}
		return &Message{Login: &Login{Address: p.conns[conn], User: f[0], Password: f[1:]}}
	case "secret":
		return &Message{Secret: f}
	case "reply", "noted":
		return &Message{Reply: &record.Reply{Process: p.Index, Number: number, Text: f[0]}}
	case "faults":
		more, _ := strconv.ParseInt(f[0], 10, 64)
		return &Message{Refused: &record.Refused{Process: p.Index, Number: number, Count: more, Server: -1}}
	case "write", "note":
		if by, rest := s.by(p, f); len(rest) > 0 {
			return &Message{Write: &record.Write{Process: p.Index, Number: number, Server: -1, Address: p.conns[conn], Command: rest, By: by}}
		}
	case "asks":
		if by, rest := s.by(p, f); len(rest) > 0 {
			return &Message{Asked: &record.Asked{Process: p.Index, Server: -1, Address: p.conns[conn], Command: rest, By: by}}
		}
	case "fault":
		if by, rest := s.by(p, f); len(rest) == 1 {
			return &Message{Refused: &record.Refused{Process: p.Index, Number: number, Count: 1, Server: -1, Address: p.conns[conn], Text: rest[0], By: by}}
		}
	}
	return nil
}

// by reads a goroutine, and returns what stands behind it.
func (s *Server) by(p *process, f []string) (by record.By, rest []string) {
	if len(f) < 2 {
		return by, nil
	}
	lost, creator := f[0] == "true", f[1]
	labels, f := counted(f[2:])
	if len(labels) == 0 {
		return by, nil
	}
	by = p.ownedByOne(labels)
	by.Lost = lost
	stack, f := counted(f)
	if len(f) < 3 {
		return record.By{}, nil
	}
	by.Stack = s.frames(stack)
	if creator != "" {
		by.Started = s.frames([]string{creator})
	}
	if others, profile := f[0], f[1]; others != "" {
		by.Waiting = s.waiting(p, others, profile, f[2], labels, by.Stack)
	}
	if !isOwn(by.Stack) {
		s.mark(&by)
	}
	return by, f[3:]
}

// counted reads a number and as many fields, and returns what stands behind
// them: nothing where there are not as many.
func counted(f []string) (fields, rest []string) {
	if len(f) == 0 {
		return nil, nil
	}
	n, err := strconv.Atoi(f[0])
	if f = f[1:]; err != nil || n < 0 || n > len(f) {
		return nil, nil
	}
	return f[:n], f[n:]
}

// ownedByOne reads labels of which one is a goroutine's.
func (p *process) ownedByOne(labels []string) record.By {
	by := p.owned(labels[0])
	for _, label := range labels[1:] {
		by.Perhaps = append(by.Perhaps, p.owned(label))
	}
	return by
}

// isOwn reports whether a goroutine is the one that package testing runs an
// owner on.
func isOwn(stack []record.Frame) bool {
	return slices.ContainsFunc(stack, func(f record.Frame) bool { return f.Function == "testing.tRunner" || f.Function == "runtime.main" })
}

// mark notes which functions on a stack take work from others.
func (s *Server) mark(by *record.By) {
	if s.source.Takes == nil {
		return
	}
	for i := range by.Stack {
		by.Stack[i].Takes = s.source.Takes(by.Stack[i])
	}
	for i := range by.Started {
		by.Started[i].Takes = s.source.Takes(by.Started[i])
	}
}

func (s *Server) frames(texts []string) (all []record.Frame) {
	for _, text := range texts {
		function, place, _ := strings.Cut(text, " ")
		all = append(all, s.frame(function, place))
	}
	return all
}

// frame reads a function and its file:line.
func (s *Server) frame(function, place string) record.Frame {
	f := record.Frame{Function: function, File: place}
	if at := strings.LastIndexByte(place, ':'); at >= 0 {
		if line, err := strconv.Atoi(place[at+1:]); err == nil {
			f.File, f.Line = place[:at], line
		}
	}
	if s.source.Std != nil {
		f.Std = s.source.Std(f)
	}
	return f
}
