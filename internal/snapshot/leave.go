package snapshot

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// Leave ends the connection, so that the server does not count it or list it,
// and reports whether the server has let it go. The next snapshot makes a new one.
func (s *Server) Leave(ctx context.Context) bool {
	start := time.Now()
	if s.take(ctx, start) != nil {
		return false
	}
	defer s.give()
	if s.pending != nil || s.asker.link == nil {
		return false // the server is busy, and it would be waited for
	}
	got := s.exchange(ctx, start, func(time.Time) answer {
		link := s.asker.link
		err := link.do(redis.NewStatusCmd(context.Background(), "quit"))
		if err == nil {
			// It is gone when the end of it has come.
			_, err = link.conn.Read(make([]byte, 1))
		}
		s.asker.drop()
		if isClosed(err) {
			err = nil
		}
		return answer{err: err}
	})
	return got.err == nil
}

// Return connects again after Leave.
func (s *Server) Return(ctx context.Context) {
	start := time.Now()
	if s.take(ctx, start) != nil {
		return
	}
	defer s.give()
	s.exchange(ctx, start, func(time.Time) answer { return answer{err: s.asker.connect()} })
}
