// Package servers is what scripts/servers runs tracetest on, once for each server and shape: a
// leak, what restores itself, an OOM victim, an eviction, and a Ginkgo spec that leaks.
package servers

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/gomega"
	"github.com/redis/go-redis/v9"
)

// client is of what the environment says: $ADDRS of one server or of the nodes of a cluster, or with
// $MASTER of Sentinels; $CERT and $KEY for TLS.
func client(tb interface{ Cleanup(func()) }) redis.UniversalClient {
	options := &redis.UniversalOptions{Addrs: strings.Split(os.Getenv("ADDRS"), ","), MasterName: os.Getenv("MASTER"), IsClusterMode: os.Getenv("CLUSTER") != ""}
	if file := os.Getenv("CERT"); file != "" {
		pem, err := os.ReadFile(file)
		if err != nil {
			panic(err)
		}
		pair, err := tls.LoadX509KeyPair(file, os.Getenv("KEY"))
		if err != nil {
			panic(err)
		}
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(pem)
		options.TLSConfig = &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}}
	}
	c := redis.NewUniversalClient(options)
	tb.Cleanup(func() { c.Close() })
	return c
}

// each does something on each master.
func each(c redis.UniversalClient, do func(*redis.Client) error) error {
	if cluster, ok := c.(*redis.ClusterClient); ok {
		return cluster.ForEachMaster(context.Background(), func(_ context.Context, c *redis.Client) error { return do(c) })
	}
	return do(c.(*redis.Client))
}

func set(c redis.UniversalClient, parameter, value string) error {
	return each(c, func(c *redis.Client) error { return c.ConfigSet(context.Background(), parameter, value).Err() })
}

func TestRestores(t *testing.T) {
	c := client(t)
	if err := set(c, "timeout", "7"); err != nil {
		t.Fatal(err)
	}
	if err := set(c, "timeout", "0"); err != nil {
		t.Fatal(err)
	}
}

func TestLimits(t *testing.T) {
	if err := set(client(t), "maxmemory", "1"); err != nil {
		t.Fatal(err)
	}
}

func TestStores(t *testing.T) {
	if err := client(t).Set(context.Background(), "key", "value", 0).Err(); err != nil {
		t.Fatal(err)
	}
}

var used = regexp.MustCompile(`used_memory:(\d+)`)

// TestEvicts leaves room for some hundred keys of 4 KiB.
func TestEvicts(t *testing.T) {
	c := client(t)
	if err := set(c, "maxmemory-policy", "allkeys-lru"); err != nil {
		t.Fatal(err)
	}
	err := each(c, func(c *redis.Client) error {
		info, err := c.Info(context.Background(), "memory").Result()
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(used.FindStringSubmatch(info)[1])
		if err != nil {
			return err
		}
		return c.ConfigSet(context.Background(), "maxmemory", strconv.Itoa(n+4<<20)).Err()
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestCaches(t *testing.T) {
	c, value := client(t), strings.Repeat("v", 4<<10)
	const keys = 4000
	for from := 0; from < keys; from += 50 {
		_, err := c.Pipelined(context.Background(), func(pipe redis.Pipeliner) error {
			for i := from; i < from+50; i++ {
				pipe.Set(context.Background(), fmt.Sprint("cached:", i), value, 0)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range keys {
		if err := c.Get(context.Background(), fmt.Sprint("cached:", i)).Err(); err != nil {
			t.Fatalf("cached:%d: %v", i, err)
		}
	}
}

func TestSpecs(t *testing.T) {
	gomega.RegisterFailHandler(ginkgo.Fail)
	ginkgo.RunSpecs(t, "servers")
}

type cleanup struct{}

func (cleanup) Cleanup(f func()) { ginkgo.DeferCleanup(f) }

var _ = ginkgo.Describe("a spec", func() {
	ginkgo.It("leaves hz", func() {
		gomega.Expect(set(client(cleanup{}), "hz", "20")).To(gomega.Succeed())
	})
	ginkgo.It("comes after", func() {
		gomega.Expect(client(cleanup{}).Ping(context.Background()).Err()).To(gomega.Succeed())
	})
})
