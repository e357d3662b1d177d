package gateway

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Silence mutes an alert in a namespace for a time.
type Silence struct {
	Namespace string
	Alert     string // a name, or a regular expression between slashes
	From, To  time.Time
}

// Validate reports whether the silence makes sense.
func (s Silence) Validate() error {
	if s.Namespace == "" || s.Alert == "" {
		return fmt.Errorf("%w: namespace and alert are required", ErrInvalidSilence)
	}
	return nil
}

// Silencer keeps the silences.
type Silencer struct {
	rdb redis.Cmdable
}

// NewSilencer returns a Silencer.
func NewSilencer(rdb redis.Cmdable) *Silencer { return &Silencer{rdb: rdb} }

func silenceKey(namespace, alert string) string {
	return "gateway:silence:" + namespace + ":" + alert
}

// Add stores a silence until it ends.
func (m *Silencer) Add(ctx context.Context, s Silence) error {
	if err := s.Validate(); err != nil {
		return err
	}
	if strings.HasPrefix(s.Alert, "/") {
		return ErrNotImplemented
	}
	return m.rdb.Set(ctx, silenceKey(s.Namespace, s.Alert), s.From.Unix(), time.Until(s.To)).Err()
}

// Remove ends a silence, if there is one.
func (m *Silencer) Remove(ctx context.Context, namespace, alert string) error {
	return m.rdb.Del(ctx, silenceKey(namespace, alert)).Err()
}

// Muted reports whether an alert is silenced now.
func (m *Silencer) Muted(ctx context.Context, a Alert) (bool, error) {
	from, err := m.rdb.Get(ctx, silenceKey(a.Namespace, a.Name)).Int64()
	if err == redis.Nil {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("silences of %s: %w", a.Namespace, err)
	}
	return time.Now().Unix() >= from, nil
}
