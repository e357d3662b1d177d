package plain

import (
	"context"
	"os"
	"testing"

	"github.com/redis/go-redis/v9"
)

var shared = redis.NewClient(&redis.Options{Addr: os.Getenv("REDIS_ADDR")})

func open() *redis.Client {
	return redis.NewClient(&redis.Options{Addr: os.Getenv("REDIS_ADDR")})
}

// set is a helper that has a t.
func set(t *testing.T, rdb *redis.Client, name, value string) {
	t.Helper()
	ctx := context.Background()
	if err := rdb.ConfigSet(ctx, name, value).Err(); err != nil {
		t.Fatal(err)
	}
}

// put is one that has none.
func put(ctx context.Context, rdb redis.Cmdable, name, value string) error {
	return rdb.ConfigSet(ctx, name, value).Err()
}

func TestPlain(t *testing.T) {
	ctx := context.Background()
	rdb := open()
	t.Cleanup(func() { rdb.Close() })
	err := rdb.Ping(ctx).Err()
	if err != nil {
		t.Fatal(err)
	}
	rdb.ConfigSet(ctx, "maxmemory", "1gb")
}

func TestClosedByDefer(t *testing.T) {
	ctx := context.Background()
	rdb := open()
	defer rdb.Close()
	if err := SetEvents(ctx, rdb, "KEA"); err != nil {
		t.Fatal(err)
	}
}

func TestClosedFurtherDown(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	rdb := open()
	rdb.ConfigSet(ctx, "hash-max-listpack-entries", "200")
	defer rdb.Close()
	defer cancel()
}

func TestSeveralWrites(t *testing.T) {
	ctx := context.Background()
	rdb := open()
	t.Cleanup(func() { rdb.Close() })
	rdb.ConfigSet(ctx, "maxmemory-policy", "volatile-lfu")
	rdb.ConfigSet(ctx, "maxmemory-policy", "allkeys-lru")
}

func TestHelper(t *testing.T) {
	rdb := open()
	t.Cleanup(func() { rdb.Close() })
	set(t, rdb, "timeout", "100")
}

func TestHelperOfClosedClient(t *testing.T) {
	rdb := open()
	defer func() { rdb.Close() }()
	set(t, rdb, "slowlog-max-len", "100")
}

func TestHelperWithoutT(t *testing.T) {
	if err := put(t.Context(), shared, "maxmemory-samples", "7"); err != nil {
		t.Fatal(err)
	}
}

func TestNames(t *testing.T) {
	ctx := context.Background()
	put(ctx, shared, "lfu-decay-time", "2")
	err := shared.Ping(ctx).Err()
	old := 1
	if err != nil || old == 0 {
		t.Fatal(err)
	}
}

func TestTable(t *testing.T) {
	for _, test := range []struct{ name, value string }{{"one", "100"}, {"two", "200"}} {
		t.Run(test.name, func(t *testing.T) {
			shared.ConfigSet(t.Context(), "lfu-log-factor", test.value)
		})
	}
}

func TestGoroutine(t *testing.T) {
	done := make(chan bool)
	go func() {
		ctx := context.Background()
		shared.ConfigSet(ctx, "tcp-keepalive", "100")
		close(done)
	}()
	<-done
}

func TestOneLine(t *testing.T) { put(context.Background(), shared, "latency-monitor-threshold", "5") }

func TestTogether(t *testing.T) {
	ctx := context.Background()
	pipe := shared.TxPipeline()
	pipe.ConfigSet(ctx, "list-compress-depth", "1")
	pipe.ConfigSet(ctx, "set-max-intset-entries", "100")
	if _, err := pipe.Exec(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestCluster(t *testing.T) {
	ctx := context.Background()
	cluster := redis.NewClusterClient(&redis.ClusterOptions{ClusterSlots: func(context.Context) ([]redis.ClusterSlot, error) {
		return []redis.ClusterSlot{{Start: 0, End: 16383, Nodes: []redis.ClusterNode{{Addr: os.Getenv("REDIS_ADDR")}}}}, nil
	}})
	defer cluster.Close()
	if err := cluster.ConfigSet(ctx, "zset-max-listpack-entries", "100").Err(); err != nil {
		t.Fatal(err)
	}
}

func ExampleSetEvents() {
	ctx := context.Background()
	put(ctx, shared, "stream-node-max-entries", "50")
	// Output:
}
