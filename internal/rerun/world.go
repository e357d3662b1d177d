package rerun

import (
	"context"
	"io"

	"tracetest/internal/record"
	"tracetest/internal/report/wording"
	"tracetest/internal/run"
	"tracetest/internal/snapshot"
	"tracetest/internal/spawn"
	"tracetest/internal/triage"
)

// world is what a Runner needs of what is around it.
type world interface {
	// connect connects to the server that options name at an index.
	connect(ctx context.Context, o run.Options, index int) (server, error)
	// start starts a server that nobody else uses.
	start(ctx context.Context, o run.Options) (*private, error)
	// run runs one command as options say, and shows its record to more, which may be nil.
	run(ctx context.Context, o run.Options, more func(record.Entry)) Result
}

// server is what it needs of a Redis.
type server interface {
	// Sample says what the server shows now.
	Sample(context.Context) record.Snapshot
	// Mark is what it showed last, to go back to, and Shown the same as it may be shown.
	Mark() snapshot.Mark
	Shown() map[string]string
	// Restore writes back what may be of the configuration.
	Restore(context.Context, snapshot.Claims) snapshot.Restored

	// Contents are keys, users and functions, and PutBack goes back to them.
	Contents(ctx context.Context, keys, server bool) (snapshot.Contents, error)
	PutBack(ctx context.Context, to snapshot.Contents, keep []string) ([]snapshot.Thing, error)
	// Forget empties the server that a mark is of.
	Forget(context.Context, snapshot.Mark) error

	Target() snapshot.Target
	Close() error
}

// private is a server of tracetest's own.
type private struct {
	address string
	env     func(further []string) []string // how tests are told of it
	close   func() error
}

// real is the world as it is.
type real struct{}

func (real) connect(ctx context.Context, o run.Options, index int) (server, error) {
	s, _, err := snapshot.Open(ctx, o.Targets[index], index, snapshot.Options{AllowPartial: o.AllowPartial, Timeout: o.Timeout, Expect: o.Expect, Secrets: o.Secrets})
	if err != nil {
		return nil, err // and no server that is not nil
	}
	return s, nil
}

func (real) start(ctx context.Context, o run.Options) (*private, error) {
	s, err := spawn.Start(ctx, o.Expect)
	if err != nil {
		return nil, err
	}
	return &private{address: s.Address, env: s.Env, close: s.Close}, nil
}

func (real) run(ctx context.Context, o run.Options, more func(record.Entry)) Result {
	r := Result{Outcomes: NewOutcomes()}
	if o.Output == nil {
		o.Output = Silence{}
	}
	plan, err := run.Prepare(ctx, o)
	if err != nil {
		r.Err = err
		return r
	}
	defer plan.Close()
	analysis := triage.New()
	plan.Run(ctx, record.NewWriter(io.Discard, func(e record.Entry) {
		r.Outcomes.Add(e)
		analysis.Add(e)
		if more != nil {
			more(e)
		}
	}))
	r.Findings = wording.Add(analysis.Findings())
	r.Written = plan.Written()
	return r
}
