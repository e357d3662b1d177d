package gateway

import (
	"log/slog"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"gateway/pkg/gateway"
)

func TestGateway(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Gateway integration")
}

var (
	redisClient *RedisTestClient
	rules       *gateway.RuleTable
)

var _ = BeforeSuite(func(ctx SpecContext) {
	var err error
	redisClient, err = NewRedisTestClient(ctx)
	Expect(err).NotTo(HaveOccurred())

	// As in production, the rule table is cached on the server as scripts.
	//
	// For the re-enactment this is what makes the out of memory error certain. A
	// server at rest uses a bit more or less than 1 MB, depending on its version
	// and on who is connected. Scripts count as used memory, and neither eviction
	// nor FLUSHDB nor FLUSHALL can free them. With more than 2 MB of them, a
	// server that is limited to 1mb refuses every write, whatever the policy.
	rules = gateway.NewRuleTable(redisClient.Client)
	Expect(rules.Size()).To(BeNumerically(">", 2<<20))
	Expect(rules.Load(ctx)).To(Succeed())
})

var _ = AfterSuite(func(ctx SpecContext) {
	if redisClient != nil {
		Expect(redisClient.Close(ctx)).To(Succeed())
	}
})

// Every spec, and every ordered container, starts with an empty database.
var _ = BeforeEach(OncePerOrdered, func(ctx SpecContext) {
	Expect(redisClient.Client.FlushDB(ctx).Err()).To(Succeed())
})

func newGateway(cfg gateway.Config) *gateway.Gateway {
	return gateway.New(redisClient.Client, cfg, rules, slog.New(slog.DiscardHandler))
}
