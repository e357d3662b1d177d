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

// refusal is OOM errors of one owner at one place.
type refusal struct {
	author
	seq     int64 // of the entry that first reported it
	aside   bool  // whoever met them was not among those that what the server counts is given to
	late    bool  // whoever met them had ended, and may meet more that is reported much later
	count   int64
	address string
	text    string
	server  *server
}

func (a *Analysis) refuse(e record.Entry) {
	r := e.Refused
	if known := a.refusedAt[key{r.Process, r.Number}]; known != nil {
		known.count += r.Count
		a.meet(known, r.Count)
		return
	}
	by := r.By
	by.Waiting = slices.Clone(by.Waiting)
	for i := range by.Waiting {
		by.Waiting[i].Stack = unset(by.Waiting[i].Stack)
	}
	known := &refusal{author: a.author(r.Process, by), seq: e.Seq, count: r.Count, address: r.Address, text: r.Text}
	a.refusedAt[key{r.Process, r.Number}] = known
	for _, ref := range known.refs {
		a.keep(ref)
		known.aside = known.aside || !slices.Contains(a.open.Active(), ref)
		known.late = known.late || a.owners[ref.Owner] != nil && a.owners[ref.Owner].status != ""
	}
	if r.Server >= 0 && r.Server < len(a.servers) {
		known.server = a.servers[r.Server]
	}
	a.refused = append(a.refused, known)
	a.meet(known, r.Count)
}

// meet counts OOM errors for whoever met them, and those around it.
func (a *Analysis) meet(r *refusal, n int64) {
	if !r.exact || r.server == nil {
		return
	}
	for o := a.owners[r.refs[0].Owner]; o != nil; o = a.owners[o.Parent] {
		if o.met == nil {
			o.met = map[*server]pressure{}
		}
		met := o.met[r.server]
		met.traced += n
		o.met[r.server] = met
		if o.firstOOM == nil {
			o.firstOOM = r.call
		}
	}
}

// unset returns a stack without what its functions set: that says who writes
// parameters, not who meets errors.
func unset(stack []record.Frame) []record.Frame {
	stack = slices.Clone(stack)
	for i := range stack {
		stack[i].Sets = false
	}
	return stack
}

// metBy returns what an owner met of a server until an entry. What the server
// counted is shared where the trace saw somebody get errors that was not thought
// of when they were counted, such as a goroutine of a test that had ended.
func (a *Analysis) metBy(o *owner, s *server, until int64) pressure {
	met := o.met[s]
	if met.oom > met.traced && slices.ContainsFunc(a.refused, func(r *refusal) bool {
		return r.server == s && r.exact && r.aside && r.seq <= until && (r.seq >= o.begin || r.late) && !a.within(r.refs[0], o)
	}) {
		met.shared += met.oom - met.traced
		met.oom = met.traced
	}
	return met
}

// within reports whether somebody is an owner, or a part of one.
func (a *Analysis) within(ref record.Ref, o *owner) bool {
	for by := a.owners[ref.Owner]; by != nil; by = a.owners[by.Parent] {
		if by == o {
			return true
		}
	}
	return false
}

// attribution says who is behind something as findings do.
func (a *Analysis) attribution(w author) (owner *findings.Owner, certainty findings.Certainty, suspects []findings.Owner) {
	names, known := []findings.Owner{}, map[findings.Owner]bool{}
	for _, ref := range w.refs {
		for _, o := range append(a.elsewhere(ref, time.Time{}), a.names([]record.Ref{ref})...) {
			if !known[o] {
				names, known[o] = append(names, o), true
			}
		}
	}
	if phase := a.phaseOf(w); phase != "" {
		names = []findings.Owner{a.name(w.refs[0], phase)}
	}
	switch {
	case len(names) != 1 || w.earlier > 0:
		return nil, findings.Ambiguous, names
	case w.exact:
		return &names[0], findings.Exact, []findings.Owner{}
	}
	return &names[0], findings.Inferred, []findings.Owner{}
}

// notedWrite is a write, or several of the same kind.
type notedWrite struct {
	findings.Write
	author
	reply  string
	seq    int64 // of the first
	owners map[string]bool
}

// note files a write with those that are the same: of one owner, at one place.
// Those that are data's own, such as a FLUSHDB before each test, are the same
// whoever made them.
func (a *Analysis) note(w *write, at time.Time) {
	who := ""
	for _, ref := range w.refs {
		who += itoa(ref.Process) + "/" + strconv.FormatInt(ref.Owner, 10) + " "
	}
	place := ""
	if w.call != nil {
		place = w.call.File + ":" + itoa(w.call.Line)
	}
	id := strings.Join(append([]string{w.Address, place}, w.Command...), "\x00")
	if rediscmd.Of(w.Command).Changes != rediscmd.Data {
		id += "\x00" + who
	}
	n := a.notes[id]
	if n == nil {
		n = &notedWrite{author: w.author, seq: w.seq, owners: map[string]bool{}}
		n.Write = findings.Write{Server: w.Address, Watched: w.server != nil, Command: w.Command, Call: w.call, At: at}
		if w.server != nil {
			n.Write.Server = w.server.Address
		}
		for _, ref := range w.refs {
			a.keep(ref)
		}
		a.notes[id] = n
		a.noted = append(a.noted, n)
		a.unanswered[key{w.Process, w.Number}] = n
	}
	n.Count++
	n.owners[who] = true
}

// written returns the writes.
func (a *Analysis) written() []findings.Write {
	all := []findings.Write{}
	for _, n := range a.noted {
		out := n.Write
		out.By, out.Certainty, out.Suspects = a.attribution(n.author)
		out.AndEarlier = n.earlier
		out.Reply, out.Others = n.reply, len(n.owners)-1
		all = append(all, out)
	}
	return all
}

func (a *Analysis) refusals() []findings.Refusal {
	all := []findings.Refusal{}
	for _, r := range a.refused {
		out := findings.Refusal{Server: r.address, Count: r.count, Text: r.text, Call: r.call}
		if r.server != nil {
			out.Server = r.server.Address
		}
		out.By, out.Certainty, out.Suspects = a.attribution(r.author)
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

// otherClientsAt returns who else was connected when a change was seen that nobody
// was traced writing: those that have been there since before it, and of them
// those that last changed a setting if there are any.
func (a *Analysis) otherClientsAt(m *mutation) []record.Client {
	found := []record.Client{}
	if !m.untraced {
		return found
	}
	for _, c := range a.clients {
		if c.Server >= 0 && c.Server < len(a.servers) && a.servers[c.Server] == m.server && slices.Contains(c.Parameter, m.parameter) && c.after == m.seq {
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

func itoa(n int) string { return strconv.Itoa(n) }
