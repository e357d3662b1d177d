// Package gateway holds the integration tests of the gateway. They share one
// Redis, the one at $REDIS_ADDR.
package gateway

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/redis/go-redis/v9"

	"gateway/pkg/gateway"
)

// RedisTestClient is a connection to the Redis that all specs share.
type RedisTestClient struct {
	Client *redis.Client
}

// NewRedisTestClient connects to $REDIS_ADDR, or to the usual port.
func NewRedisTestClient(ctx context.Context) (*RedisTestClient, error) {
	addr := os.Getenv("REDIS_ADDR")
	if addr == "" {
		addr = "localhost:6379"
	}
	client := redis.NewClient(&redis.Options{Addr: addr})
	if err := client.Ping(ctx).Err(); err != nil {
		return nil, fmt.Errorf("redis at %s: %w", addr, err)
	}
	return &RedisTestClient{Client: client}, nil
}

// Close empties the database and disconnects.
func (r *RedisTestClient) Close(ctx context.Context) error {
	if err := r.Client.FlushDB(ctx).Err(); err != nil {
		return err
	}
	return r.Client.Close()
}

// SimulateMemoryPressure makes Redis run out of memory.
func (r *RedisTestClient) SimulateMemoryPressure(ctx context.Context) {
	r.Client.ConfigSet(ctx, "maxmemory-policy", "allkeys-lru")
	r.Client.ConfigSet(ctx, "maxmemory", "1mb") // Force memory pressure ⚠️
}

// MemoryConfig returns the parameters that SimulateMemoryPressure changes.
//
// The incident's suite had neither this nor RestoreMemoryConfig. They are only
// used with GATEWAY_MEMORY_PRESSURE=restore.
func (r *RedisTestClient) MemoryConfig(ctx context.Context) (map[string]string, error) {
	return r.Client.ConfigGet(ctx, "maxmemory*").Result()
}

// RestoreMemoryConfig puts back what MemoryConfig returned.
func (r *RedisTestClient) RestoreMemoryConfig(ctx context.Context, config map[string]string) error {
	for _, name := range []string{"maxmemory", "maxmemory-policy"} {
		if err := r.Client.ConfigSet(ctx, name, config[name]).Err(); err != nil {
			return fmt.Errorf("restore %s: %w", name, err)
		}
	}
	return nil
}

// crashLoop is the alert that most specs send.
func crashLoop(change ...func(*gateway.Alert)) gateway.Alert {
	a := gateway.Alert{
		Name:      "PodCrashLooping",
		Namespace: "payments-prod",
		Severity:  gateway.SeverityCritical,
		Resource:  gateway.Resource{Kind: "Pod", Name: "payment-api-0"},
		Source:    "10.42.0.7",
		Labels:    map[string]string{"container": "api"},
		StartsAt:  time.Date(2025, time.October, 29, 9, 30, 0, 0, time.UTC),
	}
	for _, f := range change {
		f(&a)
	}
	return a
}
