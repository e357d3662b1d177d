package triage

import (
	"slices"
	"strings"

	"tracetest/internal/record"
)

// explained returns the failovers, and says what brought each about.
func (a *Analysis) explained() []Failover {
	asked := func(seq int64) bool {
		return slices.ContainsFunc(a.noted, func(n *notedWrite) bool {
			return n.seq < seq && AsksForFailover(n.Command) && !strings.HasPrefix(n.reply, "-")
		})
	}
	for i := range a.failovers {
		f := &a.failovers[i]
		s := a.servers[slices.IndexFunc(a.servers, func(s *server) bool { return s.Address == f.Server })]
		switch {
		case asked(f.seq):
			f.Through = "command"
		case s.Cluster:
			f.Through = "cluster"
		case s.Sentinels || a.sentinelAt(s):
			f.Through = "sentinel"
		}
	}
	return a.failovers
}

// sentinelAt reports whether a Sentinel was seen connected to a server.
func (a *Analysis) sentinelAt(s *server) bool {
	return slices.ContainsFunc(a.strangers, func(c strangers) bool {
		return c.Server >= 0 && c.Server < len(a.servers) && a.servers[c.Server] == s &&
			slices.ContainsFunc(c.List, func(c record.Client) bool { return strings.HasPrefix(c.Name, "sentinel-") })
	})
}

// AsksForFailover reports whether with a command a client has servers change their master
// themselves.
func AsksForFailover(command []string) bool {
	words := strings.Fields(strings.ToUpper(strings.Join(command[:min(2, len(command))], " ")))
	switch {
	case len(words) == 0:
	case words[0] == "FAILOVER":
		return true
	case len(words) > 1 && words[0] == "CLUSTER":
		return words[1] == "FAILOVER" || words[1] == "REPLICATE" || words[1] == "RESET"
	case len(words) > 1 && words[0] == "SENTINEL":
		return words[1] == "FAILOVER"
	}
	return false
}
