package gateway

import (
	"context"
	"log/slog"

	"github.com/redis/go-redis/v9"
)

// Action is what becomes of an alert.
type Action string

const (
	ActionNotify    Action = "notify"
	ActionDuplicate Action = "duplicate"
	ActionDrop      Action = "drop"
)

// Decision is the answer to an alert.
type Decision struct {
	Action      Action
	Fingerprint string
	Verdict     Verdict
}

// Gateway decides what becomes of alerts.
type Gateway struct {
	Dedup   *Deduplicator
	Limiter *Limiter
	Rules   *RuleTable

	rdb redis.Cmdable
	log *slog.Logger
}

// New returns a Gateway on a Redis.
func New(rdb redis.Cmdable, cfg Config, rules *RuleTable, log *slog.Logger) *Gateway {
	return &Gateway{
		Dedup:   NewDeduplicator(rdb, cfg.DedupTTL),
		Limiter: NewLimiter(rdb, cfg.RateLimit, cfg.RateWindow),
		Rules:   rules,
		rdb:     rdb,
		log:     log,
	}
}

// Ingest takes an alert. A Redis that does not work never costs an alert: what
// cannot be looked up counts as new, what cannot be stored is logged and forgotten.
func (g *Gateway) Ingest(ctx context.Context, a Alert) (Decision, error) {
	if err := a.Validate(); err != nil {
		return Decision{}, err
	}
	d := Decision{Action: ActionNotify, Fingerprint: Fingerprint(a)}
	if !g.Limiter.Allow(ctx, a.Source) {
		d.Action = ActionDrop
		return d, nil
	}
	var err error
	if d.Verdict, err = g.Rules.Evaluate(ctx, a); err != nil {
		g.log.WarnContext(ctx, "no rules, sending to triage", "alert", a.Name, "error", err)
		d.Verdict = Verdict{Priority: "P3", Route: triage}
	}
	isNew, err := g.Dedup.Claim(ctx, d.Fingerprint, a.Severity)
	switch {
	case err != nil:
		g.log.WarnContext(ctx, "cannot deduplicate", "alert", a.Name, "error", err)
	case !isNew:
		d.Action = ActionDuplicate
	}
	return d, nil
}

// Health is the answer to a readiness probe.
type Health struct {
	Ready      bool
	UsedMemory int64 // of the Redis server
}

// Health asks Redis how it is.
func (g *Gateway) Health(ctx context.Context) Health {
	return Health{Ready: g.rdb.Ping(ctx).Err() == nil}
}
