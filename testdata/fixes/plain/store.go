// Package plain has tests that leave a parameter changed, one in each way. The tests of
// tracetest run them, paste the fix that it prints for each, and run them again.
package plain

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// SetEvents is production code: there is no t here.
func SetEvents(ctx context.Context, rdb *redis.Client, events string) error {
	return rdb.ConfigSet(ctx, "notify-keyspace-events", events).Err()
}
