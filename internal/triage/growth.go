package triage

import (
	"cmp"
	"slices"

	"tracetest/internal/findings"
)

// What a unit leaves behind in a server: keys, and the memory that they take. It is said of
// those beside whom nobody else was open.

// stock is what a server had when a unit began.
type stock struct {
	keys   map[string]int64 // by database
	memory int64
}

// opened takes in that a unit begins.
func (l *ledger) opened(s *unitState) {
	for _, server := range l.servers {
		s.alone = s.alone && server.gap == 0 && server.counters != nil
	}
	l.take(s, false)
}

// take takes stock for a unit, of all servers that can be seen, or were once.
func (l *ledger) take(s *unitState, seen bool) {
	if l.stocks[s] == nil {
		l.stocks[s] = map[*server]stock{}
	}
	for _, server := range l.servers {
		if server.counters != nil && (!seen || server.gap == 0) {
			l.stocks[s][server] = stock{server.counters.Keys, server.counters.UsedMemory}
		}
	}
}

// counted takes in a snapshot that was taken before a process did anything that counts
// since the boundaries that it passed.
func (l *ledger) counted(process int) {
	for _, s := range l.window.openUnits {
		if s.passed && s.by.Process == process {
			s.passed = false
			l.take(s, true)
		}
	}
}

// closed forgets what the servers had when a unit began.
func (l *ledger) closed(s *unitState) { delete(l.stocks, s) }

// grow notes what a unit left behind, where nobody else was open while it ran.
func (l *ledger) grow(s *unitState) {
	had := l.stocks[s]
	l.closed(s)
	if !s.alone || s.passed || s.unit.actor == 0 {
		return
	}
	for _, server := range l.servers {
		before, known := had[server]
		if server.counters == nil || !known { // it is watched since later
			continue
		}
		g := findings.Growth{Server: server.Address, Keys: total(server.counters.Keys) - total(before.keys), Bytes: server.counters.UsedMemory - before.memory}
		if g.Keys <= 0 {
			continue
		}
		g.By = l.window.name(s.by, "")
		g.Databases = map[string]int64{}
		for _, keys := range []map[string]int64{server.counters.Keys, before.keys} {
			for db := range keys {
				if n := server.counters.Keys[db] - before.keys[db]; n != 0 {
					g.Databases[db] = n
				}
			}
		}
		l.growth = append(l.growth, g)
		slices.SortStableFunc(l.growth, func(x, y findings.Growth) int {
			return cmp.Or(cmp.Compare(y.Keys, x.Keys), cmp.Compare(y.Bytes, x.Bytes))
		})
		l.growth = l.growth[:min(len(l.growth), 10)]
	}
}

func total(keys map[string]int64) int64 {
	var n int64
	for _, k := range keys {
		n += k
	}
	return n
}
