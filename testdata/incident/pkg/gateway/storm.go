package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// StormDetector counts alerts of the same name and namespace in windows of a
// fixed length.
type StormDetector struct {
	rdb       redis.Cmdable
	window    time.Duration
	threshold int64
}

// NewStormDetector returns a detector that calls threshold alerts in one window
// a storm.
func NewStormDetector(rdb redis.Cmdable, window time.Duration, threshold int64) *StormDetector {
	return &StormDetector{rdb: rdb, window: window, threshold: threshold}
}

// WindowStart is the begin of the window that a time lies in.
func (s *StormDetector) WindowStart(t time.Time) time.Time {
	seconds := int64(s.window / time.Second)
	return time.Unix((t.Unix()-1)/seconds*seconds, 0).UTC()
}

func (s *StormDetector) key(a Alert, at time.Time) string {
	return "gateway:storm:" + a.Namespace + ":" + a.Name + ":" +
		strconv.FormatInt(s.WindowStart(at).Unix(), 10)
}

func coolDownKey(a Alert) string {
	return "gateway:cooldown:" + a.Namespace + ":" + a.Name
}

// Observe counts an alert and reports whether its window has become a storm.
func (s *StormDetector) Observe(ctx context.Context, a Alert, at time.Time) (bool, error) {
	var count *redis.IntCmd
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		count = p.Incr(ctx, s.key(a, at))
		p.Expire(ctx, s.key(a, at), 2*s.window)
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("count alert %s: %w", a.Name, err)
	}
	return count.Val() >= s.threshold, nil
}

// Count is the number of alerts in the window at a time.
func (s *StormDetector) Count(ctx context.Context, a Alert, at time.Time) (int64, error) {
	n, err := s.rdb.Get(ctx, s.key(a, at)).Int64()
	if err == redis.Nil {
		return 0, nil
	}
	return n, err
}

// CoolDown is how much longer a storm that is over keeps its alerts folded.
func (s *StormDetector) CoolDown(ctx context.Context, a Alert) (time.Duration, error) {
	return s.rdb.PTTL(ctx, coolDownKey(a)).Result()
}

// Reset forgets the window at a time.
func (s *StormDetector) Reset(ctx context.Context, a Alert, at time.Time) error {
	return s.rdb.Del(ctx, s.key(a, at), coolDownKey(a)).Err()
}

// Aggregator collects the alerts of a storm until they are sent as one. Alerts
// that Redis does not take are kept in the process: they must not be lost.
type Aggregator struct {
	rdb redis.Cmdable

	mu    sync.Mutex
	local map[string][]Alert
}

// NewAggregator returns an Aggregator.
func NewAggregator(rdb redis.Cmdable) *Aggregator {
	return &Aggregator{rdb: rdb, local: map[string][]Alert{}}
}

func aggregateKey(group string) string { return "gateway:aggregate:" + group }

// Add puts an alert to its group.
func (g *Aggregator) Add(ctx context.Context, group string, a Alert) error {
	body, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("encode alert %s: %w", a.Name, err)
	}
	if g.rdb.RPush(ctx, aggregateKey(group), body).Err() != nil {
		g.mu.Lock()
		g.local[group] = append(g.local[group], a)
		g.mu.Unlock()
	}
	return nil
}

// Drain returns the alerts of a group, and drops them.
func (g *Aggregator) Drain(ctx context.Context, group string) ([]Alert, error) {
	bodies, err := g.rdb.LRange(ctx, aggregateKey(group), 0, -1).Result()
	if err != nil {
		return nil, fmt.Errorf("read group %s: %w", group, err)
	}
	alerts := make([]Alert, len(bodies))
	for i, body := range bodies {
		if err := json.Unmarshal([]byte(body), &alerts[i]); err != nil {
			return nil, fmt.Errorf("decode group %s: %w", group, err)
		}
	}
	if err := g.rdb.LTrim(ctx, aggregateKey(group), int64(len(bodies)), -1).Err(); err != nil {
		return nil, fmt.Errorf("trim group %s: %w", group, err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	alerts = append(alerts, g.local[group]...)
	delete(g.local, group)
	return alerts, nil
}
