package run

import (
	"context"
	"slices"

	"tracetest/internal/record"
	"tracetest/internal/rediscmd"
	"tracetest/internal/redisconf"
)

// aloof keeps tracetest out of what the tests ask for. A server shows the
// commands and connections of all its clients, tracetest's among them: SLOWLOG,
// MONITOR, LATENCY, INFO commandstats, CLIENT LIST. A test that asks for these
// must see what it would see without tracetest.
//
// So from the first command by which a unit shows that it asks for such things,
// until it has ended, no snapshot of its server is taken. What it writes is known from
// its writes and their replies, and the snapshot at its end shows the rest. That
// widens the window of a change that nobody was traced writing, and makes no
// attribution wrong.
//
// Limits: what tracetest did before that command is there, and so is its
// connection where it cannot be given up; without the trace nothing of this is
// known.
type aloof struct {
	w     *watcher
	units map[watched]map[int]stay // by server
	// locked are servers where a test has set what may keep tracetest from
	// connecting again: its connection is not given up there.
	locked map[int]bool
	away   map[int]bool // its connection was given up
	// hosts are tests that run a Ginkgo suite: their specs are the units.
	hosts map[int64]bool
}

// watched is a unit: a top-level test, a spec, or an Ordered container.
type watched struct {
	process   int
	owner     int64
	container string
}

// stay says which snapshots are left out.
type stay int

const (
	stayOwn stay = iota + 1 // those for the unit itself
	stayAll                 // and at the boundaries of everybody else: they may never speak to the server
)

func newAloof(w *watcher) *aloof {
	return &aloof{w: w, units: map[watched]map[int]stay{}, locked: map[int]bool{}, away: map[int]bool{}, hosts: map[int64]bool{}}
}

// unit returns the unit that an open owner belongs to.
func (a *aloof) unit(process int, id int64) (u watched, ok bool) {
	owner, ok := a.w.open.Owner(id)
	for ok && owner.Kind != record.KindSpec && owner.Parent != 0 {
		owner, ok = a.w.open.Owner(owner.Parent)
	}
	if owner.Container != "" {
		return watched{process: process, container: owner.Container}, ok
	}
	return watched{process: process, owner: owner.ID}, ok
}

// who returns the unit that a goroutine works for. What is of no open test, or of
// one that runs a Ginkgo suite, belongs to the unit that runs, if it is one: all
// goroutines of a suite, and those of its clients, can have the label of its test.
func (a *aloof) who(process int, by *record.By) (u watched, ok bool) {
	if by.Owner != nil && len(by.Perhaps) == 0 {
		if u, ok = a.unit(process, by.Owner.ID); ok && !a.hosts[u.owner] {
			return u, true
		}
	}
	if active := a.w.open.In(process); len(active) == 1 && active[0].Owner != 0 {
		u, ok = a.unit(active[0].Process, active[0].Owner)
		return u, ok && !a.hosts[u.owner] // a suite that did so would never have a snapshot
	}
	return watched{}, false
}

// asked takes in a command whose reply shows tracetest too, before it is sent.
func (a *aloof) asked(ctx context.Context, asked *record.Asked) {
	u, ok := a.who(asked.Process, &asked.By)
	if !ok || asked.Server < 0 {
		return // a package that did so would never have a snapshot
	}
	how, leave := shows(asked.Command)
	a.stay(u, asked.Server, how)
	if leave && how != 0 && !a.locked[asked.Server] && !a.away[asked.Server] {
		a.away[asked.Server] = a.w.servers[asked.Server].Leave(ctx)
	}
}

// shows says what a command makes of the snapshots, and whether tracetest's
// connection is seen by it.
func shows(command []string) (how stay, connection bool) {
	switch shown := rediscmd.ShownBy(command); {
	case shown <= rediscmd.ShowsTotals:
		return 0, false // many ask for the memory that way
	case rediscmd.Of(command).Changes&rediscmd.Clients != 0: // it closes connections
		return stayOwn, true
	default:
		return stayAll, shown == rediscmd.ShowsClients
	}
}

func (a *aloof) stay(u watched, server int, how stay) {
	if how == 0 {
		return
	}
	if a.units[u] == nil {
		a.units[u] = map[int]stay{}
	}
	a.units[u][server] = max(a.units[u][server], how)
}

// write takes in a write that is about to be sent, and reports whether its
// server may be sampled before.
func (a *aloof) write(ctx context.Context, w *record.Write) (snap bool) {
	if locks(w) {
		a.locked[w.Server] = true
		a.back(ctx, w.Server)
	}
	u, ok := a.who(w.Process, &w.By)
	if !ok {
		return true
	}
	snap = !a.stays(u, w.Server, true)
	changes := rediscmd.Of(w.Command).Changes
	if changes&(rediscmd.Statistics|rediscmd.Process) != 0 { // what it shows is taken away anyway
		snap = a.units[u][w.Server] != stayAll
	}
	if changes == rediscmd.Statistics {
		a.stay(u, w.Server, stayOwn)
	}
	for _, v := range w.Values {
		if redisconf.Of(v.Parameter).Logs {
			a.stay(u, w.Server, stayAll)
		}
	}
	return snap
}

// locks reports whether a write can keep tracetest from connecting again.
func locks(w *record.Write) bool {
	return rediscmd.Of(w.Command).Changes&rediscmd.Users != 0 ||
		slices.ContainsFunc(w.Values, func(v record.Value) bool { return redisconf.Of(v.Parameter).Locks })
}

// back connects again to a server that was left.
func (a *aloof) back(ctx context.Context, server int) {
	if a.away[server] {
		delete(a.away, server)
		a.w.servers[server].Return(ctx)
	}
}

// replied returns the servers that are not sampled for a reply. A write to a
// server is seen there by everybody, and so may be the snapshot that belongs to it.
func (a *aloof) replied(w *record.Write) func(server int) bool {
	u, _ := a.who(w.Process, &w.By)
	return func(server int) bool { return a.stays(u, server, server == w.Server) }
}

// at returns the servers that are not sampled for a boundary, before which
// those who end with it are forgotten.
func (a *aloof) at(b *record.Boundary) func(server int) bool {
	var u watched
	switch owner, open := a.w.open.Owner(b.Owner); {
	case b.Verb == record.VerbSuiteBegin:
		a.host(b.Process, b.Owner)
	case b.Verb == record.VerbBegin:
		if b.Begin.Kind == record.KindSpec {
			a.host(b.Process, b.Begin.Parent)
		}
		u, _ = a.unit(b.Process, b.Begin.Parent)
	case b.Verb == record.VerbClose:
		delete(a.units, watched{process: b.Process, container: b.Container})
	case open:
		if u, _ = a.unit(b.Process, b.Owner); b.Verb == record.VerbEnd && u.owner == owner.ID {
			delete(a.units, u)
		}
	}
	switch b.Verb {
	case record.VerbExit, record.VerbGone, record.VerbQuit, record.VerbSuiteEnd:
		for other := range a.units {
			if other.process == b.Process && (b.Verb != record.VerbSuiteEnd || other.container != "") {
				delete(a.units, other)
			}
		}
	case record.VerbFinish:
		clear(a.units)
	}
	return func(server int) bool { return a.stays(u, server, false) }
}

// host takes in that a test runs a suite.
func (a *aloof) host(process int, test int64) {
	a.hosts[test] = true
	delete(a.units, watched{process: process, owner: test})
}

// stays reports whether a server is not to be sampled for a unit.
func (a *aloof) stays(u watched, server int, wrote bool) bool {
	for other, servers := range a.units {
		if how := servers[server]; how != 0 && (other == u || how == stayAll && !wrote) {
			return true
		}
	}
	return false
}
