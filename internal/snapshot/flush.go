package snapshot

import (
	"context"
	"errors"

	"tracetest/internal/redisconf"

	"github.com/redis/go-redis/v9"
)

// ErrRole says that a server has got another master since.
var ErrRole = errors.New("it has another master than it had: a failover")

// Flush deletes every key of the server that a mark is of (FLUSHALL).
func (s *Server) Flush(ctx context.Context, of Mark) error {
	return s.speak(ctx, func(l *link) error {
		if err := is(l, of); err != nil {
			return err
		}
		return l.do(redis.NewStatusCmd(context.Background(), "flushall"))
	})
}

// is makes sure that a connection is to the run of a server that a mark is of, and that
// the server has the master that it had: its data is other data else.
func is(l *link, of Mark) error {
	if err := isRun(l, of.runID); err != nil {
		return err
	}
	for name, was := range of.values() {
		if !redisconf.IsRole(name) {
			continue
		}
		now, err := l.config(name)
		if err != nil {
			return err
		}
		if now[name] != was {
			return ErrRole
		}
	}
	return nil
}
