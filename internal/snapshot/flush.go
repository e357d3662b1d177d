package snapshot

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

// Flush deletes every key of the server (FLUSHALL).
func (s *Server) Flush(ctx context.Context) error {
	start := time.Now()
	if err := s.take(ctx, start); err != nil {
		return errors.New(s.trouble(err))
	}
	defer s.give()
	got := s.exchange(ctx, start, func(until time.Time) answer {
		return answer{err: s.asker.persist(until, func() error { return s.asker.link.do(redis.NewStatusCmd(context.Background(), "flushall")) })}
	})
	if got.err != nil {
		return errors.New(s.Scrub(s.trouble(got.err)))
	}
	return nil
}
