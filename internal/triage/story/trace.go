package story

import (
	"maps"
	"strconv"
	"strings"

	"tracetest/internal/record"
	"tracetest/internal/rediscmd"
	"tracetest/internal/redisconf"
)

// OOMText is what Redis answers to a write that it has no memory for.
const OOMText = "OOM command not allowed when used memory > 'maxmemory'."

// What the trace tells. A write is announced before it is sent; whether it has an
// effect, and whether a reply is told, is the case's to say:
//
//	w := p.Write(a.At(12), "CONFIG", "SET", "hz", "20")
//	w.Took()        // the server has it; the next snapshot shows it
//	w.Reply("+OK")  // with its snapshot
//
// w.OK() is the last two.

func (p *Process) Contact(server int) {
	p.Record.add(record.Entry{Contact: &record.Contact{Process: p.Index, Network: "tcp", Address: p.Record.Servers[server].Address, Server: server}})
}

// contactOther is of an address that is not watched.
func (p *Process) contactOther(address, problem string, inside bool) {
	p.Record.add(record.Entry{Contact: &record.Contact{Process: p.Index, Network: "tcp", Address: address, Server: -1, Problem: problem, Inside: inside}})
}

// discover watches a further server from now on, as it is now.
func (r *Record) discover(config map[string]string, keys int64) (server int) {
	more := Of(record.Run{}, len(r.Servers)+1)
	s := more.Servers[len(r.Servers)]
	s.Discovered = true
	maps.Copy(s.Settings, normal(config))
	if keys > 0 {
		s.Counts.Keys = map[string]int64{"db0": keys}
	}
	all := r.Servers
	r.Servers = []*Server{s}
	r.Baseline()
	r.Servers = append(all, s)
	return s.Index
}

// Sent is a write that was announced.
type Sent struct {
	*record.Write
	Sender *Process
}

func (p *Process) Write(by record.By, words ...string) *Sent { return p.WriteTo(0, by, words...) }

func (p *Process) WriteTo(server int, by record.By, words ...string) *Sent {
	return p.announce(&record.Write{Server: server, Address: p.Record.Servers[server].Address, Command: words, Values: written(words), By: by})
}

// writeOther goes to a server that is not watched.
func (p *Process) writeOther(address string, by record.By, words ...string) *Sent {
	return p.announce(&record.Write{Server: -1, Address: address, Command: words, By: by})
}

func (p *Process) announce(w *record.Write) *Sent {
	p.Record.Announced++
	w.Process, w.Number = p.Index, p.Record.Announced
	if w.Server >= 0 && (p.Record.Finds || w.Command[0] == "CONFIG" && w.Command[1] == "RESETSTAT") {
		w.Snapshots = []record.Snapshot{p.Record.snapshot(w.Server)}
	}
	p.Record.add(record.Entry{Write: w})
	return &Sent{Write: w, Sender: p}
}

func written(words []string) (values []record.Value) {
	for _, set := range rediscmd.SettingsOf(words) {
		v := record.Value{Parameter: set.Parameter, Value: redisconf.Normalize(set.Parameter, set.Value)}
		if redisconf.IsSecret(set.Parameter) {
			v.Value, v.Secret = "", true
		}
		values = append(values, v)
	}
	return values
}

// Took gives the server what was written.
func (w *Sent) Took() *Sent {
	for _, v := range w.Values {
		if !v.Secret {
			w.Sender.Record.SetOn(w.Server, v.Parameter, v.Value)
		}
	}
	return w
}

// Reply is an answer, with the snapshot that is taken before it is handed on.
func (w *Sent) Reply(text string) {
	r := &record.Reply{Process: w.Process, Number: w.Number, Text: text}
	if rediscmd.Of(w.Command).Changes&(rediscmd.Config|rediscmd.Role) != 0 {
		r.Snapshots = w.Sender.Record.taken()
	}
	w.Sender.Record.add(record.Entry{Reply: r})
}

func (w *Sent) OK() { w.Took().Reply("+OK") }

// sets is a write of a test's own goroutine, from beginning to end.
func (t *Test) sets(line int, name, value string) {
	t.Process.Write(t.At(line), "CONFIG", "SET", name, value).OK()
}

// Refused are OOM errors at one place. The server counts them as well.
func (p *Process) Refused(by record.By, n int64) *record.Refused {
	p.Record.Announced++
	p.Record.OOM(n)
	e := &record.Refused{Process: p.Index, Number: p.Record.Announced, Count: n, Address: p.Record.Servers[0].Address, Text: OOMText, By: by}
	p.Record.add(record.Entry{Refused: e})
	return e
}

// more is told of the same place when its owner ends.
func (p *Process) more(of *record.Refused, n int64) {
	p.Record.OOM(n)
	p.Record.add(record.Entry{Refused: &record.Refused{Process: of.Process, Number: of.Number, Count: n, Server: -1}})
}

// clients are who else was connected when a snapshot had shown these parameters,
// each "name command".
func (r *Record) clients(parameters []string, all ...string) {
	c := &record.Clients{Parameter: parameters}
	for i, text := range all {
		name, command, _ := strings.Cut(text, " ")
		c.List = append(c.List, record.Client{Address: "10.0.0.7:" + strconv.Itoa(5000+i), Name: name, Command: command, Age: 60})
	}
	r.add(record.Entry{Clients: c})
}

// setsUnseen is a write that is answered while tracetest stays out of its server.
func (t *Test) setsUnseen(line int, name, value string) {
	t.Process.Write(t.At(line), "CONFIG", "SET", name, value).Took().ReplyUnseen("+OK")
}

func (w *Sent) ReplyUnseen(text string) {
	w.Sender.Record.add(record.Entry{Reply: &record.Reply{Process: w.Process, Number: w.Number, Text: text}})
}

// asks is a command that shows what other clients do.
func (t *Test) asks(line int, words ...string) {
	t.Process.Record.add(record.Entry{Asked: &record.Asked{Process: t.Process.Index, Address: t.Process.Record.Servers[0].Address, Command: words, By: t.At(line)}})
}

// endUnseen ends a test without a snapshot: tracetest stays out for somebody else.
func (t *Test) endUnseen(status string) {
	t.Process.forget(t)
	t.Process.Record.add(record.Entry{Boundary: &record.Boundary{Verb: record.VerbEnd, Process: t.Process.Index, Owner: t.ID, End: &record.Outcome{Status: status}}})
	t.Process.Record.Event(status, t.Process.Path, t.Name, "")
}

// ReplySeen is an answer with a snapshot, whatever the command was.
func (w *Sent) ReplySeen(text string) {
	w.Sender.Record.add(record.Entry{Reply: &record.Reply{Process: w.Process, Number: w.Number, Text: text, Snapshots: w.Sender.Record.snapshots()}})
}
