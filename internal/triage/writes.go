package triage

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/rediscmd"
	"tracetest/internal/redisconf"
)

// Who wrote it? The trace reports each write whose goroutine made it, and the
// snapshots show what changed. A change and a write of that value belong together:
// then the owner is known whoever else was open.

// write is a command that a test binary was seen sending.
type write struct {
	*record.Write
	author
	seq      int64
	server   *server // nil where it is not watched
	answered bool
	reply    string          // first line; empty before there is one
	done     int64           // sequence number of the reply
	late     bool            // it was answered, and no snapshot came with the reply
	replied  int64           // sequence number of the reply; zero before there is one
	past     int             // snapshots since whoever made it had ended
	shown    map[string]bool // parameters whose change was seen
	spent    map[string]bool // those of which it was the one write that explained the change
}

// key names a write.
type key struct {
	process int
	number  int64
}

func (a *Analysis) contact(e record.Entry) {
	c := e.Contact
	pkg := ""
	if p := a.processes[c.Process]; p != nil {
		pkg = p.Package
		if p.Host != nil && pkg == "" {
			pkg = a.open.Package(p.Host.Process)
		}
	}
	i := slices.IndexFunc(a.endpoints, func(s findings.Endpoint) bool {
		return s.Address == c.Address && s.TLS == c.TLS && s.Inside == c.Inside
	})
	if i < 0 {
		i = len(a.endpoints)
		s := findings.Endpoint{Address: c.Address, TLS: c.TLS, Packages: []string{}, Inside: c.Inside, Foreign: c.Foreign, Problem: c.Problem}
		if c.Server >= 0 && c.Server < len(a.servers) {
			s.Server = a.servers[c.Server].Address
		}
		a.endpoints = append(a.endpoints, s)
	} else if c.Server >= 0 && c.Server < len(a.servers) && a.endpoints[i].Server == "" {
		a.endpoints[i].Server, a.endpoints[i].Problem = a.servers[c.Server].Address, "" // a test logged in there
	}
	if pkg != "" && !slices.Contains(a.endpoints[i].Packages, pkg) {
		a.endpoints[i].Packages = append(a.endpoints[i].Packages, pkg)
	}
}

func (a *Analysis) write(e record.Entry) {
	w := &write{Write: e.Write, seq: e.Seq, author: a.author(e.Write.Process, e.Write.By),
		shown: map[string]bool{}, spent: map[string]bool{}}
	for _, snap := range e.Write.Snapshots {
		if snap.Server >= 0 && snap.Server < len(a.servers) {
			a.widen()
			a.snapshot(a.servers[snap.Server], snap, e, nil)
		}
	}
	if w.Server >= 0 && w.Server < len(a.servers) {
		w.server = a.servers[w.Server]
	}
	if w.server != nil {
		switch rediscmd.Of(w.Command).Name {
		case rediscmd.ConfigSet:
			w.server.tracedSets++
		case rediscmd.ConfigResetStat:
			a.resets[key{w.Process, w.Number}] = w.server
		}
	}
	a.note(w, e.At)
	a.log(w)
	if w.server != nil && (len(w.Values) > 0 || w.blind()) {
		w.server.pending = append(w.server.pending, w)
		a.pending[key{w.Process, w.Number}] = w
	}
}

// reply takes in that a write has had its effect. What the snapshot in it does not
// show of the write, the write did not do.
func (a *Analysis) reply(e record.Entry) {
	r := e.Reply
	w := a.pending[key{r.Process, r.Number}]
	if w != nil {
		w.answered, w.reply, w.replied = true, r.Text, e.Seq
		if len(r.Snapshots) > 0 && !slices.Contains(w.server.pending, w) { // nobody waited for it any more
			w.server.pending = append(w.server.pending, w)
		}
	}
	if w != nil && w.accepted() {
		w.server.owed = append(w.server.owed, w)
	}
	if noted := a.unanswered[key{r.Process, r.Number}]; noted != nil {
		noted.reply = cmp.Or(noted.reply, r.Text)
		delete(a.unanswered, key{r.Process, r.Number})
	}
	seen := false
	var at time.Time // of the snapshot
	for _, snap := range r.Snapshots {
		if snap.Server >= 0 && snap.Server < len(a.servers) {
			a.widen()
			a.snapshot(a.servers[snap.Server], snap, e, nil)
			s := a.resets[key{r.Process, r.Number}]
			a.waited(r.Process, snap.Sent, snap.Received)
			at = snap.Received
			seen = seen || snap.Error == "" && (w != nil && snap.Server == w.Server || s != nil && s.Index == snap.Server)
		}
	}
	if w == nil {
		a.reset(r, seen)
		return
	}
	if strings.HasPrefix(r.Text, "-") {
		a.refusedLog(w)
	}
	delete(a.pending, key{r.Process, r.Number})
	if w.late = !seen; seen {
		a.answered(w, e, at)
	}
}

// answered takes in the first snapshot behind the reply to a write: what it does not
// show of it, the write did not do, or it was undone.
func (a *Analysis) answered(w *write, e record.Entry, at time.Time) {
	w.done = e.Seq
	a.unseen(w, e, at)
	w.server.silent = append(w.server.silent, w)
	w.server.silent = w.server.silent[max(0, len(w.server.silent)-maxSilent):]
}

// answeredLate does so for writes that no snapshot came with.
func (s *server) answeredLate(a *Analysis, e record.Entry, at time.Time) {
	for _, w := range s.pending {
		if w.late {
			w.late = false
			a.answered(w, e, at)
		}
	}
}

// reset takes in that the statistics of a server begin anew, where no snapshot shows
// it: a later one may show more than there was before.
func (a *Analysis) reset(r *record.Reply, seen bool) {
	s := a.resets[key{r.Process, r.Number}]
	delete(a.resets, key{r.Process, r.Number})
	if s == nil || seen || s.counters == nil || !strings.HasPrefix(r.Text, "+OK") {
		return
	}
	anew := *s.counters
	anew.OOM, anew.Evicted, anew.ConfigSet, anew.ResetStat = 0, 0, 0, 0
	s.counters = &anew
}

// maxSilent is how many writes are kept that were answered, to find those that
// were undone before a snapshot could show them.
const maxSilent = 64

// explain returns the write that made a change, or several of which one did;
// none where nobody was seen writing that value.
func (s *server) explain(parameter, value string) []*write {
	var all []*write
	for _, w := range s.pending {
		if v, sets := w.value(parameter); sets && w.can(parameter) && (v.Secret || redisconf.Same(v.Value, value)) && !s.overwritten(w, parameter) {
			all = append(all, w)
		}
	}
	return all
}

// overwritten reports whether a later write has set a parameter to another value
// since: of writes that were answered without a snapshot several can be pending.
func (s *server) overwritten(w *write, parameter string) bool {
	was, _ := w.value(parameter)
	return slices.ContainsFunc(s.pending, func(later *write) bool {
		v, sets := later.value(parameter)
		return sets && w.replied > 0 && w.replied < later.seq && later.accepted() && (v.Secret || was.Secret || !redisconf.Same(v.Value, was.Value))
	})
}

// can reports whether a write can have changed a parameter since the last snapshot:
// one that was refused cannot, and one that has does not come a second time.
func (w *write) can(parameter string) bool {
	return !strings.HasPrefix(w.reply, "-") && !w.spent[parameter]
}

// forgetWrites drops writes that have been answered, now that there was a snapshot.
// Others it drops once those who made them have ended and further snapshots have not
// shown them: they had no effect, and must not explain what somebody else does
// later.
func (s *server) forgetWrites(a *Analysis) {
	s.pending = slices.DeleteFunc(s.pending, func(w *write) bool {
		if w.answered {
			return true
		}
		for _, ref := range w.refs {
			o := a.owners[ref.Owner]
			if ref.Owner == 0 && a.open.Present(ref.Process) || o != nil && o.status == "" {
				return false
			}
		}
		if w.past++; w.past <= lateSnapshots {
			return false
		}
		s.lost = append(s.lost, w)
		s.lost = s.lost[max(0, len(s.lost)-maxSilent):]
		return true
	})
}

// lateSnapshots is how many snapshots a write without a reply is waited for after the
// end of its owner: what is on the wire by then is worked off while the end is
// sampled.
const lateSnapshots = 2

// value returns what a write sets a parameter to, last.
func (w *write) value(parameter string) (record.Value, bool) {
	for _, v := range slices.Backward(w.Values) {
		if v.Parameter == parameter {
			return v, true
		}
	}
	return record.Value{}, false
}

// blind reports whether a write can change parameters of which it names no value, as
// that of a module which brings its own.
func (w *write) blind() bool {
	return len(w.Values) == 0 && rediscmd.Of(w.Command).Changes&rediscmd.Config != 0
}

// claim finds who wrote a change, and gives it to them.
func (a *Analysis) claim(m *mutation) {
	writes := m.server.explain(m.parameter, m.to)
	if len(writes) == 0 {
		for _, w := range m.server.pending {
			if _, sets := w.value(m.parameter); sets && w.can(m.parameter) {
				c := findings.Caveat{Kind: findings.CaveatOtherValue}
				if w.call != nil {
					c.Places = []string{w.call.File + ":" + itoa(w.call.Line)}
				}
				m.caveats = []findings.Caveat{c}
			}
		}
		for _, w := range m.server.lost {
			there := slices.ContainsFunc(w.refs, func(r record.Ref) bool { return a.open.Present(r.Process) })
			if v, sets := w.value(m.parameter); there && sets && redisconf.Same(v.Value, m.to) && len(m.caveats) == 0 {
				// It may have been worked off only now.
				m.caveats = []findings.Caveat{{Kind: findings.CaveatNoAnswer}}
				m.call, m.earlier = w.call, max(m.earlier, w.earlier)
				for _, ref := range w.refs {
					if !slices.Contains(m.refs, ref) {
						m.refs = append(m.refs, ref)
					}
				}
			}
		}
		for _, w := range m.server.pending {
			if w.blind() && w.can(m.parameter) && len(m.caveats) == 0 {
				m.caveats = []findings.Caveat{{Kind: findings.CaveatCanSet, Command: rediscmd.Of(w.Command).Name}}
				m.call, m.earlier = w.call, max(m.earlier, w.earlier)
				for _, ref := range w.refs {
					if !slices.Contains(m.refs, ref) {
						m.refs = append(m.refs, ref)
					}
				}
			}
		}
		m.untraced = a.run.Traced && len(m.caveats) == 0
		return
	}
	last := writes[len(writes)-1]
	last.spent[m.parameter] = len(writes) == 1
	m.write, m.call, m.exact, m.refs, m.caveats = last, last.call, true, nil, last.caveats
	for _, w := range writes {
		w.shown[m.parameter] = true
		m.exact, m.earlier = m.exact && w.exact, max(m.earlier, w.earlier)
		for _, ref := range w.refs {
			if !slices.Contains(m.refs, ref) {
				m.refs = append(m.refs, ref)
			}
		}
	}
	for _, w := range writes {
		if slices.Equal(w.refs, last.refs) {
			continue
		}
		// The same value from several hands: which came last is not known.
		m.call, m.exact, m.caveats = common(m.call, w.call), false, nil
	}
}

// common returns what two calls have in common: the line, or nothing.
func common(x, y *findings.Call) *findings.Call {
	switch {
	case x == nil || y == nil || x.File != y.File || x.Line != y.Line:
		return nil
	case slices.Equal(x.Chain, y.Chain):
		return x
	}
	return &findings.Call{Function: x.Function, File: x.File, Line: x.Line, Found: x.Found, Stack: []string{}, Chain: x.Chain[:1:1]}
}

// unseen files a change that went by between two snapshots: one write set a value
// and a later one of the same owner, in the same stretch, restored what there
// was. Both were accepted, and no snapshot shows either.
func (a *Analysis) unseen(w *write, e record.Entry, at time.Time) {
	if !w.accepted() || len(w.refs) != 1 {
		return
	}
	for _, v := range w.Values {
		if w.shown[v.Parameter] || v.Secret || !redisconf.Same(v.Value, w.server.now[v.Parameter]) {
			continue
		}
		for _, first := range w.server.silent {
			was, sets := first.value(v.Parameter)
			if !sets || was.Secret || first.shown[v.Parameter] || first.done < w.seq || !first.accepted() || !slices.Equal(first.refs, w.refs) ||
				redisconf.Same(was.Value, w.server.now[v.Parameter]) {
				continue
			}
			there := &mutation{server: w.server, parameter: v.Parameter, from: w.server.now[v.Parameter], to: was.Value, refs: first.refs, seq: e.Seq,
				sent: w.server.sent, received: at, write: first, call: first.call, exact: first.exact, earlier: first.earlier,
				caveats: []findings.Caveat{{Kind: findings.CaveatNoSnapshot}}}
			back := *there
			back.from, back.to, back.write, back.call, back.exact, back.earlier = there.to, there.from, w, w.call, w.exact, w.earlier
			first.shown[v.Parameter] = true
			a.mutate(there)
			a.mutate(&back)
		}
	}
}

// shows takes in that a good snapshot has shown what the accepted writes before it
// did. One that it does not show, and that no later one has covered, is a gap: it
// went to another server, or what showed it is missing from the record.
func (s *server) shows(restarted bool) {
	for _, w := range s.owed {
		for _, v := range w.Values {
			now, known := s.now[v.Parameter]
			if restarted || !known || v.Secret || w.shown[v.Parameter] || !plain(v) || same(v.Value, now) || s.covered(w, v.Parameter) {
				continue
			}
			s.unsampled = append(s.unsampled, w)
		}
	}
	s.owed = nil
}

// covered reports whether another write of a parameter can have come behind one
// before the snapshot: then that is what is seen.
func (s *server) covered(w *write, parameter string) bool {
	sets := func(other *write) bool {
		_, sets := other.value(parameter)
		return sets && other != w && (other.seq > w.seq || other.done == 0 || other.done > w.seq)
	}
	return slices.ContainsFunc(s.owed, sets) || slices.ContainsFunc(s.pending, sets) || slices.ContainsFunc(s.lost, sets)
}

// plain reports whether a value reads back as it was written: numbers and
// switches do, where the server does not bring them within bounds.
func plain(v record.Value) bool {
	_, err := strconv.ParseInt(v.Value, 10, 64)
	return v.Parameter != "hz" && (err == nil || strings.EqualFold(v.Value, "yes") || strings.EqualFold(v.Value, "no"))
}

// same is sameValue where 07 is 7.
func same(written, read string) bool {
	x, errX := strconv.ParseInt(written, 10, 64)
	y, errY := strconv.ParseInt(read, 10, 64)
	return errX == nil && errY == nil && x == y || redisconf.Same(written, read)
}

func (w *write) accepted() bool {
	// Of a transaction that was not executed the reply is a null array.
	return strings.HasPrefix(w.reply, "+OK") || strings.HasPrefix(w.reply, "*") && !strings.HasSuffix(w.reply, " with an error") && w.reply != "*-1"
}
