package run

import (
	"context"
	"errors"
	"fmt"

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

// AsBefore makes sure that the servers are as they were when the run began, for whoever re-runs
// tests after it: each run restores what its own tests have set, and nothing else is
// tracetest's to write.
func (p *Plan) AsBefore(ctx context.Context) error {
	var errs []error
	for i, s := range p.servers {
		if i >= len(p.baseline) || p.gone[i] {
			continue
		}
		if snap := s.Sample(ctx); snap.Error != "" {
			errs = append(errs, fmt.Errorf("looking at %s: %s", s.Target().Address(), snap.Error))
		} else if err := s.Restore(ctx, snapshot.Untraced(p.baseline[i])).Err(); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Flush empties the servers, for --prove --flush.
func (p *Plan) Flush(ctx context.Context) error {
	var errs []error
	for i, s := range p.servers {
		if i >= len(p.baseline) || p.gone[i] {
			continue
		}
		if err := s.Flush(ctx, p.baseline[i]); err != nil {
			errs = append(errs, fmt.Errorf("flushing %s: %w", s.Target().Address(), err))
		}
	}
	return errors.Join(errs...)
}
