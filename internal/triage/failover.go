package triage

import (
	"slices"
	"strings"

	"tracetest/internal/record"
	"tracetest/internal/rediscmd"
	"tracetest/internal/redisconf"
)

// through says what gave a server another master, where it was no test: "cluster",
// "sentinel", or "command" (a test had asked for a failover). Else it is a change like any
// other, by a test or by somebody who is not known.
func (ws *writers) through(s *server, value string, seq int64) string {
	for _, name := range []string{"replicaof", "slaveof"} {
		if len(ws.at(s).explain(name, value)) > 0 {
			return ""
		}
	}
	asked := func(n *notedWrite) bool {
		return n.seq < seq && rediscmd.Of(n.Command).AsksForFailover() && !strings.HasPrefix(n.reply, "-")
	}
	switch {
	case slices.ContainsFunc(ws.noted, asked):
		return "command"
	case s.Cluster:
		return "cluster"
	case s.Sentinels || ws.sentinelAt(s):
		return "sentinel"
	}
	return ""
}

// failover says what gave a server another master, if that is what has changed.
func (ws *writers) failover(s *server, name, value string, seq int64) string {
	if !redisconf.IsRole(name) {
		return ""
	}
	return ws.through(s, value, seq)
}

// unexplained reports whether an entry shows another master of a server, for which there is
// no explanation yet. Who is connected then stands in the entries behind it.
func (ws *writers) unexplained(e record.Entry) bool {
	var snaps []record.Snapshot
	switch {
	case e.Boundary != nil:
		snaps = e.Boundary.Snapshots
	case e.Reply != nil:
		snaps = e.Reply.Snapshots
	}
	return slices.ContainsFunc(snaps, func(snap record.Snapshot) bool {
		s := ws.ledger.at(snap.Server)
		if s == nil {
			return false
		}
		for name, value := range snap.Config {
			if redisconf.IsRole(name) && s.now[name] != value && ws.through(s, value, e.Seq) == "" {
				return true
			}
		}
		return false
	})
}

// sentinelAt reports whether a Sentinel was seen connected to a server.
func (ws *writers) sentinelAt(s *server) bool {
	return slices.ContainsFunc(ws.clients, func(c otherClients) bool {
		return ws.ledger.at(c.Server) == s && slices.ContainsFunc(c.List, func(c record.Client) bool { return strings.HasPrefix(c.Name, "sentinel-") })
	})
}
