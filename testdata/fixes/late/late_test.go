package late

import (
	"context"
	"os"
	"testing"

	. "github.com/onsi/gomega"
	"github.com/redis/go-redis/v9"
)

var rdb = redis.NewClient(&redis.Options{Addr: os.Getenv("REDIS_ADDR")})

func TestDeferredArguments(t *testing.T) {
	RegisterTestingT(t)
	ctx := context.Background()
	defer Expect(rdb.ConfigSet(ctx, "maxmemory", "0").Err()).To(Succeed())
	rdb.ConfigSet(ctx, "maxmemory", "1gb")
}

func TestCancelled(t *testing.T) {
	ctx := t.Context()
	rdb.ConfigSet(ctx, "timeout", "100")
	t.Cleanup(func() {
		rdb.ConfigSet(ctx, "timeout", "0")
	})
}

func TestClosed(t *testing.T) {
	ctx := context.Background()
	own := redis.NewClient(&redis.Options{Addr: os.Getenv("REDIS_ADDR")})
	defer own.Close()
	own.ConfigSet(ctx, "slowlog-max-len", "100")
	t.Cleanup(func() {
		own.ConfigSet(ctx, "slowlog-max-len", "128")
	})
}

func TestConstant(t *testing.T) {
	ctx := context.Background()
	t.Cleanup(func() {
		rdb.ConfigSet(ctx, "lfu-log-factor", "11")
	})
	rdb.ConfigSet(ctx, "lfu-log-factor", "20")
}

func TestSetUpTwice(t *testing.T) {
	ctx := context.Background()
	for range 2 {
		rdb.ConfigSet(ctx, "notify-keyspace-events", "KEA")
		rdb.ConfigSet(ctx, "notify-keyspace-events", "KA")
	}
}

// open is the set-up of some tests.
func open(t *testing.T) {
	if err := rdb.ConfigSet(context.Background(), "lfu-decay-time", "2").Err(); err != nil {
		t.Fatal(err)
	}
}

func TestA(t *testing.T) { open(t) }
func TestB(t *testing.T) { open(t) }
