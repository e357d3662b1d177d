package run

import (
	"context"

	"tracetest/internal/record"
	"tracetest/internal/snapshot"
)

// unperturb restores what --perturb moved, where it still is what that made of it. Whoever
// re-runs tests later finds the server as it was before.
func (p *Plan) unperturb(ctx context.Context, done func(*record.Restore)) {
	for i, before := range p.before {
		if p.baseline != nil && p.baseline[i].RunID() == before.RunID() {
			p.baseline[i] = before
		}
		if p.servers[i].Sample(ctx).Error != "" {
			continue
		}
		if r := p.servers[i].Restore(ctx, snapshot.Between(before, p.moved[i])).Wrote; r != nil {
			r.When = "perturb"
			done(r)
		}
	}
	p.before = nil
}

// Written is what tests of a run have set on a server and nobody else has since, nor
// tracetest restored.
type Written struct {
	Names []string
	At    snapshot.Mark // has what they were set to
}

// Written is of the servers that were named, once the run has ended.
func (p *Plan) Written() []Written { return p.written }

// Watched is a server of a run, and what it was when that began.
type Watched struct {
	Server *snapshot.Server
	Was    snapshot.Mark
}

// Watched are the servers of a run that has ended, but for those that its tests had started and ended.
func (p *Plan) Watched() (all []Watched) {
	for i, s := range p.servers[:min(len(p.servers), len(p.baseline))] {
		if !p.gone[i] {
			all = append(all, Watched{s, p.baseline[i]})
		}
	}
	return all
}
