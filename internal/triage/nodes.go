package triage

import (
	"fmt"
	"slices"

	"tracetest/internal/findings"
)

// nodes makes one change of what one unit did alike to several nodes of a cluster, at one line. A failure that is
// correlated with the change on one node is correlated with that one.
func (a *Analysis) nodes(f *findings.Findings) {
	var cluster []string
	for _, s := range a.ledger.servers {
		if s.Cluster {
			cluster = append(cluster, s.Address)
		}
	}
	if len(cluster) < 2 {
		return
	}
	var leaks, reverted []int
	f.Leaks, leaks = foldNodes(f.Leaks, cluster)
	f.Reverted, reverted = foldNodes(f.Reverted, cluster)
	for i := range f.Failures {
		if at := f.Failures[i].Leak; at != nil {
			f.Failures[i].Leak = &leaks[*at]
		}
		if at := f.Failures[i].Reverted; at != nil {
			f.Failures[i].Reverted = &reverted[*at]
		}
	}
}

// foldNodes returns the changes, and where each went.
func foldNodes(changes []findings.Change, cluster []string) (folded []findings.Change, went []int) {
	folded, went = []findings.Change{}, make([]int, len(changes))
	known := map[string]int{}
	for i, c := range changes {
		went[i] = len(folded)
		if slices.Contains(cluster, c.Server) && c.By != nil && c.Call != nil && !c.Untraced {
			key := fmt.Sprintf("%q %q %q %q %+v %q %t %q %q %d %t", c.Parameter, c.From, c.To, c.Initial, *c.By, c.Certainty, c.RestoredByTool, c.Ended, c.Call.File, c.Call.Line, c.Secret)
			if c.RestoredBy != nil {
				key += fmt.Sprintf("%+v", *c.RestoredBy)
			}
			at, ok := known[key]
			switch {
			case !ok:
				known[key] = len(folded)
			case !folded[at].On(c.Server):
				went[i] = at
				one := &folded[at]
				one.Nodes = append(one.Servers(), c.Server)
				if c.At.Before(one.At) {
					one.At = c.At
				}
				continue
			}
		}
		folded = append(folded, c)
	}
	return folded, went
}
