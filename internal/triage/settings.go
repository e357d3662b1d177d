package triage

import (
	"cmp"
	"slices"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/redisconf"
)

// setting is what one unit was traced setting a parameter to.
type setting struct {
	author
	server    *server
	parameter string
	value     string
	number    key // of the last
	begin     int64
	count     int
	others    bool      // other values too
	moot      bool      // the parameter had that value each time
	under     *mutation // that had set the value which was there the first time
}

type settingKey struct {
	server    *server
	parameter string
	unit      unit
}

// log notes what a write sets.
func (ws *writers) log(w *write) {
	if w.to == nil || len(w.refs) == 0 {
		return
	}
	for _, v := range w.Values {
		k := settingKey{w.to.server, v.Parameter, ws.window.unitOf(w.refs[0])}
		s := ws.logged[k]
		if v.Secret {
			continue
		}
		if s == nil {
			s = &setting{author: w.author, server: w.to.server, parameter: v.Parameter, value: v.Value, begin: w.seq, moot: true, under: w.to.server.latest(v.Parameter)}
			ws.logged[k] = s
			ws.settings = append(ws.settings, s)
		}
		s.others = s.others || !redisconf.Same(s.value, v.Value)
		s.moot = s.moot && redisconf.Same(v.Value, w.to.server.now[v.Parameter])
		s.number = key{w.Process, w.Number}
		s.count++
	}
}

// refusedLog takes back what a write sets that the server refused.
func (ws *writers) refusedLog(w *write) {
	for _, v := range w.Values {
		if s := ws.logged[settingKey{w.to.server, v.Parameter, ws.window.unitOf(w.refs[0])}]; s != nil && s.number == (key{w.Process, w.Number}) {
			s.count--
		}
	}
}

// setters returns who of these was traced setting nothing but a value, those that did so
// once first.
func (ws *writers) setters(from []*setting, s *server, parameter, value string, which func(*setting) bool) []findings.Setter {
	all := []findings.Setter{}
	for _, x := range from {
		if x.server != s || x.parameter != parameter || x.others || x.count < 1 || !redisconf.Same(x.value, value) || which != nil && !which(x) {
			continue
		}
		by, _, suspects := ws.attribution(x.author)
		all = append(all, findings.Setter{By: by, Suspects: suspects, AndEarlier: x.author.earlier, Count: x.count, Call: x.call})
	}
	slices.SortStableFunc(all, func(x, y findings.Setter) int { return min(x.Count, 2) - min(y.Count, 2) })
	return all
}

// moot are the settings that changed nothing, by the change that is answerable for the value
// which was there.
func (ws *writers) moot() map[*mutation][]*setting {
	under := map[*mutation][]*setting{}
	for _, x := range ws.settings {
		if x.moot && x.count == 1 && x.under != nil {
			m := answerable(x.under)
			under[m] = append(under[m], x)
		}
	}
	return under
}

// masked returns who set the same as a leak after it, when that changed nothing,
// and did not restore it: once the leak is gone they leak.
func (ws *writers) masked(l finding, moot map[*mutation][]*setting) []findings.Setter {
	var under []*setting
	for _, m := range l.mutations {
		under = append(under, moot[m]...)
	}
	slices.SortStableFunc(under, func(x, y *setting) int { return cmp.Compare(x.begin, y.begin) })
	for _, s := range ws.ledger.servers {
		if s.Address == l.Server && len(l.mutations) > 0 && l.mutations[0].server == s {
			return ws.setters(slices.Compact(under), s, l.Parameter, l.To, func(x *setting) bool {
				return x.begin > l.seq && !ws.sharesUnit(x.author, l)
			})
		}
	}
	return []findings.Setter{}
}

// sharesUnit reports whether a write may be of one of the units that a leak is of.
func (ws *writers) sharesUnit(w author, l finding) bool {
	return slices.ContainsFunc(w.refs, func(r record.Ref) bool {
		return slices.ContainsFunc(l.mutations, func(m *mutation) bool {
			return slices.ContainsFunc(m.refs, func(o record.Ref) bool { return ws.window.unitOf(o) == ws.window.unitOf(r) })
		})
	})
}
