package gateway

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// Limiter caps the number of alerts that one source may send in a window.
type Limiter struct {
	rdb    redis.Cmdable
	limit  int64
	window time.Duration
}

// NewLimiter returns a Limiter.
func NewLimiter(rdb redis.Cmdable, limit int64, window time.Duration) *Limiter {
	return &Limiter{rdb: rdb, limit: limit, window: window}
}

// Key is where a source is counted.
func (l *Limiter) Key(source string) string { return "gateway:limit:" + source }

// Take counts an alert and returns how many more the source may send; it is
// negative when this one was too many.
func (l *Limiter) Take(ctx context.Context, source string) (int64, error) {
	n, err := l.rdb.Incr(ctx, l.Key(source)).Result()
	if err != nil {
		return 0, fmt.Errorf("count alerts of %s: %w", source, err)
	}
	if n == 1 {
		if err := l.rdb.Expire(ctx, l.Key(source), l.window).Err(); err != nil {
			return 0, fmt.Errorf("limit alerts of %s: %w", source, err)
		}
	}
	return l.limit - n, nil
}

// Allow counts an alert and reports whether it may pass. The limiter fails
// open: an alert that cannot be counted passes.
func (l *Limiter) Allow(ctx context.Context, source string) bool {
	left, err := l.Take(ctx, source)
	return err != nil || left >= 0
}

// Remaining is how many more alerts the source may send now.
func (l *Limiter) Remaining(ctx context.Context, source string) (int64, error) {
	n, err := l.rdb.Get(ctx, l.Key(source)).Int64()
	if err != nil && err != redis.Nil {
		return 0, fmt.Errorf("allowance of %s: %w", source, err)
	}
	return l.limit - n - 1, nil
}

// Reset gives a source its whole allowance back.
func (l *Limiter) Reset(ctx context.Context, source string) error {
	return l.rdb.Del(ctx, l.Key(source)).Err()
}
