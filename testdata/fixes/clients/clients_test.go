package clients

import (
	"context"
	"os"
	"testing"

	v8 "github.com/go-redis/redis/v8"
	"github.com/gomodule/redigo/redis"
	"github.com/mediocregopher/radix/v4"
	"github.com/redis/rueidis"
	"github.com/valkey-io/valkey-go"
)

var addr = os.Getenv("REDIS_ADDR")

func TestV8(t *testing.T) {
	ctx := context.Background()
	rdb := v8.NewClient(&v8.Options{Addr: addr})
	defer rdb.Close()
	rdb.ConfigSet(ctx, "maxmemory", "3gb")
}

func TestV8Cluster(t *testing.T) {
	ctx := context.Background()
	var rdb v8.UniversalClient = v8.NewClusterClient(&v8.ClusterOptions{ClusterSlots: func(context.Context) ([]v8.ClusterSlot, error) {
		return []v8.ClusterSlot{{Start: 0, End: 16383, Nodes: []v8.ClusterNode{{Addr: addr}}}}, nil
	}})
	t.Cleanup(func() { rdb.Close() })
	if err := rdb.ConfigSet(ctx, "zset-max-listpack-entries", "200").Err(); err != nil {
		t.Fatal(err)
	}
}

func TestRedigo(t *testing.T) {
	conn, err := redis.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Do("CONFIG", "SET", "timeout", "300"); err != nil {
		t.Fatal(err)
	}
}

func TestRedigoPool(t *testing.T) {
	pool := &redis.Pool{Dial: func() (redis.Conn, error) { return redis.Dial("tcp", addr) }}
	defer pool.Close()
	conn := pool.Get()
	defer conn.Close()
	conn.Do("CONFIG", "SET", "slowlog-max-len", "300")
	conn.Do("CONFIG", "SET", "slowlog-log-slower-than", "300")
}

func TestRueidis(t *testing.T) {
	ctx := context.Background()
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{addr}, ForceSingleClient: true, DisableCache: true})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	client.Do(ctx, client.B().ConfigSet().ParameterValue().ParameterValue("lfu-log-factor", "30").Build())
}

func TestRueidisPipelining(t *testing.T) {
	ctx := context.Background()
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{addr}, ForceSingleClient: true, DisableCache: true, AlwaysPipelining: true})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	client.Do(ctx, client.B().ConfigSet().ParameterValue().ParameterValue("lfu-decay-time", "4").Build())
}

func TestValkey(t *testing.T) {
	client, err := valkey.NewClient(valkey.ClientOption{InitAddress: []string{addr}, ForceSingleClient: true, DisableCache: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	client.Do(t.Context(), client.B().ConfigSet().ParameterValue().ParameterValue("tcp-keepalive", "150").Build())
}

func TestRadix(t *testing.T) {
	ctx := context.Background()
	client, err := (radix.PoolConfig{Size: 1}).New(ctx, "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.Do(ctx, radix.Cmd(nil, "CONFIG", "SET", "maxmemory-samples", "9")); err != nil {
		t.Fatal(err)
	}
}
