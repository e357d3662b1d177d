package triage

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/rediscmd"
	"tracetest/internal/redisconf"
)

// What the trace saw, as findings: the writes, the OOM errors, and who else was
// connected when a change came from nobody that was traced.

// attribution says who is behind something as findings do.
func (ws *writers) attribution(w author) (by *record.Name, certainty findings.Certainty, suspects []record.Name) {
	names, known := []record.Name{}, map[record.Name]bool{}
	for _, ref := range w.refs {
		for _, o := range append(ws.elsewhere(ref, time.Time{}), ws.window.names([]record.Ref{ref})...) {
			if !known[o] {
				names, known[o] = append(names, o), true
			}
		}
	}
	if phase := ws.window.phaseOf(w); phase != "" {
		names = []record.Name{ws.window.name(w.refs[0], phase)}
	}
	switch {
	case len(names) != 1 || w.earlier > 0:
		return nil, findings.Ambiguous, names
	case w.exact:
		return &names[0], findings.Exact, []record.Name{}
	}
	return &names[0], findings.Inferred, []record.Name{}
}

// notedWrite is a write, or several of the same kind.
type notedWrite struct {
	findings.Write
	author
	reply   string
	seq     int64 // of the first
	authors map[string]bool
}

// note files a write with those that are the same: of one actor, at one place.
// Those that are data's own, such as a FLUSHDB before each test, are the same
// whoever made them.
func (ws *writers) note(w *write, at time.Time) {
	who := ""
	for _, ref := range w.refs {
		who += strconv.Itoa(ref.Process) + "/" + strconv.FormatInt(ref.Owner, 10) + " "
	}
	place := ""
	if w.call != nil {
		place = w.call.Place()
	}
	id := strings.Join(append([]string{w.Address, place}, w.Command...), "\x00")
	if rediscmd.Of(w.Command).Changes != rediscmd.Data {
		id += "\x00" + who
	}
	n := ws.notes[id]
	if n == nil {
		n = &notedWrite{author: w.author, seq: w.seq, authors: map[string]bool{}}
		n.Write = findings.Write{Server: w.Address, Watched: w.to != nil, Command: w.Command, Call: w.call, At: at}
		if w.to != nil {
			n.Write.Server = w.to.server.Address
		}
		for _, ref := range w.refs {
			ws.window.keep(ref)
		}
		ws.notes[id] = n
		ws.noted = append(ws.noted, n)
		ws.unanswered[key{w.Process, w.Number}] = n
	}
	n.Count++
	n.authors[who] = true
}

// written returns the writes.
func (ws *writers) written() []findings.Write {
	all := []findings.Write{}
	for _, n := range ws.noted {
		out := n.Write
		out.By, out.Certainty, out.Suspects = ws.attribution(n.author)
		out.AndEarlier = n.earlier
		out.Reply, out.Others = n.reply, len(n.authors)-1
		all = append(all, out)
	}
	return all
}

func (ws *writers) refusals() []findings.Refusal {
	all := []findings.Refusal{}
	for _, r := range ws.outcomes.refused {
		out := findings.Refusal{Server: r.address, Count: r.count, Text: r.text, Call: r.call}
		if r.server != nil {
			out.Server = r.server.Address
		}
		out.By, out.Certainty, out.Suspects = ws.attribution(r.author)
		out.AndEarlier = r.earlier
		all = append(all, out)
	}
	return all
}

// otherClients are the clients after a snapshot.
type otherClients struct {
	*record.Clients
	after int64 // sequence number of the entry with the snapshot
}

// connected takes in who was connected to a server, after a snapshot.
func (ws *writers) connected(c *record.Clients, after int64) {
	ws.clients = append(ws.clients, otherClients{c, after})
}

// otherClientsAt returns who else was connected when a change was seen that nobody
// was traced writing: those that have been there since before it, and of them
// those that last changed a setting if there are any.
func (ws *writers) otherClientsAt(m *mutation) []record.Client {
	found := []record.Client{}
	if !m.untraced {
		return found
	}
	for _, c := range ws.clients {
		if ws.ledger.at(c.Server) == m.server && slices.Contains(c.Parameter, m.parameter) && c.after == m.seq {
			found = append(found, c.List...)
		}
	}
	change := rediscmd.Config
	if redisconf.IsRole(m.parameter) {
		change = rediscmd.Role
	}
	sets := func(c record.Client) bool { return rediscmd.Named(c.Command).Changes&change != 0 }
	if slices.ContainsFunc(found, sets) {
		found = slices.DeleteFunc(found, func(c record.Client) bool { return !sets(c) })
	}
	return found
}

// contact takes in an address that a process has connected to.
func (ws *writers) contact(c *record.Contact) {
	pkg := ""
	if p := ws.window.processes[c.Process]; p != nil {
		pkg = p.Package
		if p.Host != nil && pkg == "" {
			pkg = ws.window.open.Package(p.Host.Process)
		}
	}
	i := slices.IndexFunc(ws.endpoints, func(s findings.Endpoint) bool {
		return s.Address == c.Address && s.TLS == c.TLS && s.Inside == c.Inside
	})
	if i < 0 {
		i = len(ws.endpoints)
		s := findings.Endpoint{Address: c.Address, TLS: c.TLS, Packages: []string{}, Inside: c.Inside, Foreign: c.Foreign, Problem: c.Problem}
		if known := ws.ledger.at(c.Server); known != nil {
			s.Server = known.Address
		}
		ws.endpoints = append(ws.endpoints, s)
	} else if known := ws.ledger.at(c.Server); known != nil && ws.endpoints[i].Server == "" {
		ws.endpoints[i].Server, ws.endpoints[i].Problem = known.Address, "" // a test logged in there
	}
	if pkg != "" && !slices.Contains(ws.endpoints[i].Packages, pkg) {
		ws.endpoints[i].Packages = append(ws.endpoints[i].Packages, pkg)
	}
}
