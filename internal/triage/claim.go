package triage

import (
	"slices"
	"time"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/rediscmd"
	"tracetest/internal/redisconf"
)

// claim finds who wrote a change, and gives it to them.
func (ws *writers) claim(m *mutation) {
	writes := ws.at(m.server).explain(m.parameter, m.to)
	if !slices.ContainsFunc(writes, func(w *write) bool { return !w.belated }) {
		ws.unclaimed(m, writes)
		m.untraced = ws.window.run.Traced && len(m.caveats) == 0
		return
	}
	last := writes[len(writes)-1]
	last.spent[m.parameter] = len(writes) == 1
	m.write, m.call, m.exact, m.refs, m.caveats = last, last.call, true, nil, last.caveats
	for _, w := range writes {
		w.shown[m.parameter] = true
		m.exact, m.earlier, m.refs = m.exact && w.exact, max(m.earlier, w.earlier), union(m.refs, w.refs...)
	}
	for _, w := range writes {
		if !slices.Equal(w.refs, last.refs) { // the same value from several: which came last is not known
			m.call, m.exact, m.caveats = common(m.call, w.call), false, nil
		}
	}
}

// unclaimed says which writes may have made a change all the same that nobody was seen writing,
// such as those that may have been done before, of which the reply came when nobody waited for it any more.
func (ws *writers) unclaimed(m *mutation, belated []*write) {
	to := ws.at(m.server)
	for _, w := range to.pending {
		if _, sets := w.value(m.parameter); sets && w.can(m.parameter) && !slices.Contains(belated, w) {
			c := findings.Caveat{Kind: findings.CaveatOtherValue}
			if w.call != nil {
				c.Places = []string{w.call.Place()}
			}
			m.caveats = []findings.Caveat{c}
		}
	}
	perhaps := func(w *write, c findings.Caveat) {
		if len(m.caveats) == 0 {
			m.caveats = []findings.Caveat{c}
			m.call, m.earlier, m.refs = w.call, max(m.earlier, w.earlier), union(m.refs, w.refs...)
		}
	}
	for _, w := range belated {
		w.shown[m.parameter] = true
		perhaps(w, findings.Caveat{Kind: findings.CaveatNoAnswer})
	}
	for _, w := range to.lost {
		there := slices.ContainsFunc(w.refs, func(r record.Ref) bool { return ws.window.open.Present(r.Process) })
		if v, sets := w.value(m.parameter); there && sets && redisconf.Same(v.Value, m.to) {
			perhaps(w, findings.Caveat{Kind: findings.CaveatNoAnswer}) // it may have been worked off only now
		}
	}
	for _, w := range to.pending {
		if w.nameless() && w.can(m.parameter) {
			perhaps(w, findings.Caveat{Kind: findings.CaveatCanSet, Command: rediscmd.Of(w.Command).Name})
		}
	}
}

// union adds those to some who are not among them.
func union(refs []record.Ref, more ...record.Ref) []record.Ref {
	for _, ref := range more {
		if !slices.Contains(refs, ref) {
			refs = append(refs, ref)
		}
	}
	return refs
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
// and a later one of the same actor, in the same stretch, restored what there
// was. Both were accepted, and no snapshot shows either.
func (ws *writers) unseen(w *write, seq int64, at time.Time) {
	if !w.accepted() || len(w.refs) != 1 {
		return
	}
	for _, v := range w.Values {
		if w.shown[v.Parameter] || v.Secret || !redisconf.Same(v.Value, w.to.server.now[v.Parameter]) {
			continue
		}
		for _, first := range w.to.silent {
			was, sets := first.value(v.Parameter)
			if !sets || was.Secret || first.shown[v.Parameter] || first.done < w.seq || !first.accepted() || !slices.Equal(first.refs, w.refs) ||
				redisconf.Same(was.Value, w.to.server.now[v.Parameter]) {
				continue
			}
			there := &mutation{server: w.to.server, parameter: v.Parameter, from: w.to.server.now[v.Parameter], to: was.Value, refs: first.refs, seq: seq,
				sent: w.to.server.sent, received: at, write: first, call: first.call, exact: first.exact, earlier: first.earlier,
				caveats: []findings.Caveat{{Kind: findings.CaveatNoSnapshot}}}
			back := *there
			back.from, back.to, back.write, back.call, back.exact, back.earlier = there.to, there.from, w, w.call, w.exact, w.earlier
			first.shown[v.Parameter] = true
			ws.ledger.mutate(there)
			ws.ledger.mutate(&back)
		}
	}
}
