package barrier

import (
	"slices"
	"strconv"
	"strings"

	"tracetest/internal/record"
)

// Message is what the trace of a test process reported. One of its fields is set. The
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

// Login is what may be known of a connection that is about to log in: marks of the
// user and of the password in the ways in which it is written, the first as it is.
type Login struct {
	Address  string
	User     string
	Password []string
}

// owned reads the profiler label of an owner: "package", or quoted fields that name a
// test also when it has ended and everybody else has forgotten it. Its numbers are
// those of its process, and of a spec it has no more than that.
func owned(text string) record.By {
	if text == string(record.LabelPackage) {
		return record.By{Label: record.LabelPackage}
	}
	all, err := fields(text)
	f := reader{all}
	switch {
	case err != nil:
		return record.By{}
	case len(all) == 2 && all[0] == string(record.KindSpec):
		return record.By{Label: record.LabelOwner, Owner: &record.Owner{Kind: record.Kind(f.next()), ID: f.int64()}}
	case len(all) != 6:
		return record.By{}
	}
	owner := record.Owner{Kind: record.Kind(f.next()), ID: f.int64(), Name: f.next(), Parent: f.int64()}
	unit := f.int64()
	owner.Beside = f.bool()
	return record.By{Label: record.LabelOwner, Owner: &owner, Unit: unit}
}

// message takes in what the trace reported. It returns nil for what is not the trace's.
func (s *Server) message(p *process, content any) *Message {
	switch m := content.(type) {
	case contactMsg:
		p.conns[m.conn] = m.address
		return &Message{Contact: &record.Contact{Process: p.Index, Network: m.network, Address: m.address, Local: m.local, Server: -1,
			TLS: m.tls, Inside: m.inside, Vague: !m.whole}}
	case loginMsg:
		return &Message{Login: &Login{Address: p.conns[m.conn], User: m.user, Password: m.password}}
	case secretMsg:
		return &Message{Secret: m.marks}
	case replyMsg:
		return &Message{Reply: &record.Reply{Process: p.Index, Number: m.number, Text: m.text}}
	case refusedMoreMsg:
		return &Message{Refused: &record.Refused{Process: p.Index, Number: m.number, Count: m.count, Server: -1}}
	case writeMsg:
		return &Message{Write: &record.Write{Process: p.Index, Number: m.number, Server: -1, Address: p.conns[m.conn], Command: m.command, By: s.by(p, m.by)}}
	case askedMsg:
		return &Message{Asked: &record.Asked{Process: p.Index, Server: -1, Address: p.conns[m.conn], Command: m.command, By: s.by(p, m.by)}}
	case refusedMsg:
		return &Message{Refused: &record.Refused{Process: p.Index, Number: m.number, Count: 1, Server: -1, Address: p.conns[m.conn], Text: m.text, By: s.by(p, m.by)}}
	}
	return nil
}

// by says who a goroutine works for, with what the source says of its stack.
func (s *Server) by(p *process, g goroutine) record.By {
	by := p.known(g.by)
	by.Stack, by.Started = g.stack, g.creator
	s.std(by.Stack)
	s.std(by.Started)
	if g.others != nil {
		by.Waiting = s.waiting(p, g.others, g.labels, by.Stack)
	}
	if !isOwn(by.Stack) {
		s.mark(&by)
	}
	return by
}

// ownedByOne reads labels of which one is a goroutine's.
func ownedByOne(labels []string) record.By {
	by := owned(labels[0])
	for _, label := range labels[1:] {
		by.Perhaps = append(by.Perhaps, owned(label))
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

// std notes which frames are of the standard library.
func (s *Server) std(stack []record.Frame) {
	if s.source.Std == nil {
		return
	}
	for i := range stack {
		stack[i].Std = s.source.Std(stack[i])
	}
}

// frames reads functions, each with its file:line behind a space.
func frames(texts []string) (all []record.Frame) {
	for _, text := range texts {
		function, place, _ := strings.Cut(text, " ")
		all = append(all, frame(function, place))
	}
	return all
}

// frame reads a function and its file:line.
func frame(function, place string) record.Frame {
	f := record.Frame{Function: function, File: place}
	if at := strings.LastIndexByte(place, ':'); at >= 0 {
		if line, err := strconv.Atoi(place[at+1:]); err == nil {
			f.File, f.Line = place[:at], line
		}
	}
	return f
}
