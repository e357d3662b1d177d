// Package gateway receives alerts, drops the ones it has seen before, folds
// storms into one, and decides who is told about the rest. What it remembers
// between alerts lives in Redis.
package gateway

import "time"

// Config holds the knobs of a Gateway.
type Config struct {
	DedupTTL       time.Duration // how long a critical alert's fingerprint is remembered
	StormWindow    time.Duration // the window in which alerts of one kind are counted
	StormThreshold int64         // that many alerts in one window make a storm
	RateLimit      int64         // alerts that one source may send in a RateWindow
	RateWindow     time.Duration
}

// DefaultConfig is what the gateway runs with in production.
func DefaultConfig() Config {
	return Config{
		DedupTTL:       5 * time.Minute,
		StormWindow:    time.Minute,
		StormThreshold: 10,
		RateLimit:      100,
		RateWindow:     time.Minute,
	}
}
