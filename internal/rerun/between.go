package rerun

import (
	"context"
	"errors"
	"fmt"

	"tracetest/internal/record"
	"tracetest/internal/snapshot"
)

// between restores data, users and functions between the units of a trial.
type between struct {
	site   *site
	cut    Cut
	before []snapshot.Contents // of each server
	seen   *Outcomes
	out    *Outcome
	err    error
}

// capture reads what the servers hold, to go back to.
func (b *between) capture(ctx context.Context) {
	b.before = nil
	for _, h := range b.site.servers {
		contents, err := h.Contents(ctx, b.cut.Data, b.cut.Server)
		if err != nil {
			b.err = errors.Join(b.err, fmt.Errorf("reading what %s holds: %w", h.Target().Address(), err))
			b.before = nil
			return
		}
		b.before = append(b.before, contents)
	}
}

func (b *between) putBack(ctx context.Context, after record.Name) {
	for i, contents := range b.before {
		b.err = errors.Join(b.err, b.site.servers[i].putBack(ctx, contents, b.cut.Keep, b.out.touched(after)))
	}
}

// units is run.Options.Units.
func (b *between) units(ctx context.Context, ended *record.Ref) {
	if ended == nil {
		b.capture(ctx)
		return
	}
	name, known := b.seen.owners[ended.Owner]
	if !known {
		name = record.Name{Package: ended.Package}
	}
	b.putBack(ctx, name)
}
