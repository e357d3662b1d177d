package specs

import (
	"context"
	"os"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/redis/go-redis/v9"
)

func TestSpecs(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "specs")
}

var (
	ctx    = context.Background()
	client *redis.Client
	whole  *redis.Client
)

func open() *redis.Client {
	return redis.NewClient(&redis.Options{Addr: os.Getenv("REDIS_ADDR")})
}

// put is a helper of specs.
func put(name, value string) {
	Expect(client.ConfigSet(ctx, name, value).Err()).NotTo(HaveOccurred())
}

var _ = BeforeSuite(func() {
	whole = open()
	Expect(whole.ConfigSet(ctx, "maxmemory-clients", "2mb").Err()).To(Succeed())
})

var _ = AfterSuite(func() {
	whole.Close()
})

var _ = Describe("a client that AfterEach closes", func() {
	BeforeEach(func() {
		client = open()
	})
	AfterEach(func() {
		Expect(client.Close()).To(Succeed())
	})
	It("writes", func() {
		Expect(client.ConfigSet(ctx, "maxmemory", "2gb").Err()).NotTo(HaveOccurred())
	})
	It("writes in a step", func() {
		By("setting it", func() {
			client.ConfigSet(ctx, "timeout", "200")
		})
	})
	It("has a helper write", func() {
		put("slowlog-max-len", "200")
	})
})

var _ = Describe("a client that stays", Ordered, func() {
	BeforeAll(func() {
		whole.ConfigSet(ctx, "lfu-decay-time", "3")
	})
	It("is written by a table", func(ctx SpecContext) {
		whole.ConfigSet(ctx, "lfu-log-factor", "20")
	})
	DescribeTable("entries", func(value string) {
		whole.ConfigSet(ctx, "tcp-keepalive", value)
	}, Entry("one", "200"), Entry("two", "100"))
})
