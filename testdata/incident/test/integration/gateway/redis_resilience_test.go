package gateway

import (
	"context"
	"os"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"gateway/pkg/gateway"
)

var _ = Describe("Redis resilience", func() {
	var gw *gateway.Gateway

	BeforeEach(func() {
		gw = newGateway(gateway.DefaultConfig())
	})

	It("is ready when Redis answers", func(ctx SpecContext) {
		Expect(gw.Health(ctx).Ready).To(BeTrue())
	})

	It("keeps what was stored when the client reconnects", func(ctx SpecContext) {
		fp := gateway.Fingerprint(crashLoop())
		_, err := gw.Dedup.Claim(ctx, fp, gateway.SeverityCritical)
		Expect(err).NotTo(HaveOccurred())

		again, err := NewRedisTestClient(ctx)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(again.Client.Close)
		Expect(gateway.NewDeduplicator(again.Client, time.Minute).Seen(ctx, fp)).To(BeTrue())
	})

	It("reports how much memory Redis uses", func(ctx SpecContext) {
		Expect(gw.Health(ctx).UsedMemory).To(BeNumerically(">", 0))
	})

	Context("when Redis runs out of memory", func() {
		// This is the spec of the incident: it passes, and leaves the limit at 1mb
		// for all that run after it. GATEWAY_MEMORY_PRESSURE chooses what it does:
		// nothing set, the incident; "restore", the same with the clean-up that was
		// missing; "off", the same assertions without touching the server.
		It("degrades gracefully under memory pressure", func(ctx SpecContext) {
			switch os.Getenv("GATEWAY_MEMORY_PRESSURE") {
			case "off":
			case "restore":
				config, err := redisClient.MemoryConfig(ctx)
				Expect(err).NotTo(HaveOccurred())
				DeferCleanup(redisClient.RestoreMemoryConfig, config)
				redisClient.SimulateMemoryPressure(ctx)
			default:
				redisClient.SimulateMemoryPressure(ctx)
			}

			decision, err := gw.Ingest(ctx, crashLoop())
			Expect(err).NotTo(HaveOccurred())
			Expect(decision.Action).To(Equal(gateway.ActionNotify))
			Expect(decision.Verdict.Route).To(Equal("payments-oncall"))
		})
	})

	It("gives up when the caller does", func(ctx SpecContext) {
		cancelled, cancel := context.WithCancel(ctx)
		cancel()
		_, err := gw.Dedup.Lookup(cancelled, gateway.Fingerprint(crashLoop()))
		Expect(err).To(MatchError(context.Canceled))
	})
})
