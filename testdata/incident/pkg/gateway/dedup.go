package gateway

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// Deduplicator remembers the fingerprints of the alerts that were accepted.
type Deduplicator struct {
	rdb redis.Cmdable
	ttl time.Duration
	now func() time.Time
}

// NewDeduplicator returns a Deduplicator that remembers a critical alert for
// ttl, and less urgent ones for longer.
func NewDeduplicator(rdb redis.Cmdable, ttl time.Duration) *Deduplicator {
	return &Deduplicator{rdb: rdb, ttl: ttl, now: time.Now}
}

// Record is what is kept about the occurrences of an alert.
type Record struct {
	Name        string
	Occurrences int64
	LastSeen    time.Time
}

func claimKey(fp string) string  { return "gateway:dedup:" + fp }
func recordKey(fp string) string { return "gateway:record:" + fp }

// TTLFor is how long alerts of a severity are remembered.
func (d *Deduplicator) TTLFor(severity string) time.Duration {
	switch severity {
	case SeverityCritical:
		return d.ttl
	case SeverityWarning:
		return 2 * d.ttl
	default:
		return 6 * d.ttl
	}
}

// Claim stores a fingerprint and reports whether it is new.
func (d *Deduplicator) Claim(ctx context.Context, fp, severity string) (bool, error) {
	isNew, err := d.rdb.SetNX(ctx, claimKey(fp), d.now().Unix(), d.TTLFor(severity)).Result()
	if err != nil {
		return false, fmt.Errorf("claim fingerprint %s: %w", fp, err)
	}
	return isNew, nil
}

// Seen reports whether a fingerprint is remembered. If Redis cannot say, it is
// not: an alert too many is better than one too few.
func (d *Deduplicator) Seen(ctx context.Context, fp string) bool {
	n, err := d.rdb.Exists(ctx, claimKey(fp)).Result()
	return err == nil && n == 1
}

// TTL is how much longer a fingerprint is remembered, 0 if it is not.
func (d *Deduplicator) TTL(ctx context.Context, fp string) (time.Duration, error) {
	left, err := d.rdb.PTTL(ctx, claimKey(fp)).Result()
	if err != nil {
		return 0, fmt.Errorf("TTL of fingerprint %s: %w", fp, err)
	}
	return max(left, 0), nil
}

// Extend remembers a fingerprint for longer.
func (d *Deduplicator) Extend(ctx context.Context, fp string, ttl time.Duration) error {
	if err := d.rdb.PExpire(ctx, claimKey(fp), ttl).Err(); err != nil {
		return fmt.Errorf("extend fingerprint %s: %w", fp, err)
	}
	return nil
}

// Forget drops all that is known about a fingerprint.
func (d *Deduplicator) Forget(ctx context.Context, fp string) error {
	return d.rdb.Del(ctx, claimKey(fp), recordKey(fp)).Err()
}

// Record counts an occurrence of an alert.
func (d *Deduplicator) Record(ctx context.Context, fp string, a Alert) error {
	_, err := d.rdb.TxPipelined(ctx, func(tx redis.Pipeliner) error {
		tx.HSet(ctx, recordKey(fp), "name", a.Name, "last_seen", d.now().Unix())
		tx.HIncrBy(ctx, recordKey(fp), "occurrences", 1)
		tx.PExpire(ctx, recordKey(fp), d.TTLFor(a.Severity))
		return nil
	})
	if err != nil {
		return fmt.Errorf("record alert %s: %w", a.Name, err)
	}
	return nil
}

// Lookup returns what Record has kept, or ErrNotFound.
func (d *Deduplicator) Lookup(ctx context.Context, fp string) (Record, error) {
	fields, err := d.rdb.HGetAll(ctx, recordKey(fp)).Result()
	if err != nil {
		return Record{}, fmt.Errorf("look up fingerprint %s: %w", fp, err)
	}
	if len(fields) == 0 {
		return Record{}, ErrNotFound
	}
	r := Record{Name: fields["name"]}
	if r.Occurrences, err = strconv.ParseInt(fields["occurrences"], 10, 64); err != nil {
		return Record{}, fmt.Errorf("occurrences of %s: %w", fp, err)
	}
	seen, err := strconv.ParseInt(fields["last_seen"], 10, 64)
	if err != nil {
		return Record{}, fmt.Errorf("last occurrence of %s: %w", fp, err)
	}
	r.LastSeen = time.Unix(seen, 0)
	return r, nil
}

// Active lists the fingerprints that are remembered for a namespace.
func (d *Deduplicator) Active(context.Context, string) ([]string, error) {
	return nil, ErrNotImplemented // needs an index per namespace
}
