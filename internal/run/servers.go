package run

import (
	"context"
	"slices"
	"time"

	"tracetest/internal/record"
	"tracetest/internal/snapshot"
)

// server is what a run needs of a Redis while the tests run.
type server interface {
	// Sample says what the server shows now.
	Sample(context.Context) record.Snapshot
	// Mark is what it showed last, to go back to.
	Mark() snapshot.Mark
	// Restore writes back what may be.
	Restore(context.Context, snapshot.Claims) snapshot.Restored

	Clients(context.Context) ([]record.Client, error)
	Leave(context.Context) bool
	Return(context.Context)

	Target() snapshot.Target
	Ports() (plain, secure, socket string)
	Parameter(name string) string
	Knows(parameter string) bool
}

// discover connects to a server that the tests turn out to use. It returns none where
// that is one of those with these runs, at another address.
func (p *Plan) discover(ctx context.Context, target snapshot.Target, runIDs []string) (server, record.Server, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	s, begin, err := snapshot.Open(ctx, target, len(p.servers), snapshot.Options{AllowPartial: p.o.AllowPartial, Timeout: p.o.Timeout, Secrets: p.o.Secrets})
	if err != nil {
		return nil, begin, err
	}
	begin.Discovered = true
	if begin.RunID != "" && slices.Contains(runIDs, begin.RunID) {
		s.Close()
		return nil, begin, nil
	}
	p.servers = append(p.servers, s)
	return s, begin, nil
}
