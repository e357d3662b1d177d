package gateway

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"gateway/pkg/gateway"
)

var _ = Describe("Storm lifecycle", Ordered, func() {
	var (
		detector   *gateway.StormDetector
		aggregator *gateway.Aggregator
		alert      gateway.Alert
		at         time.Time
	)

	BeforeAll(func(ctx SpecContext) {
		detector = gateway.NewStormDetector(redisClient.Client, time.Hour, 3)
		aggregator = gateway.NewAggregator(redisClient.Client)
		alert = crashLoop(func(a *gateway.Alert) { a.Name = "NodeNotReady" })
		at = alert.StartsAt
		_, err := detector.Observe(ctx, alert, at)
		Expect(err).NotTo(HaveOccurred())
	})

	AfterAll(func(ctx SpecContext) {
		Expect(detector.Reset(ctx, alert, at)).To(Succeed())
	})

	It("begins with a single alert", func(ctx SpecContext) {
		Expect(detector.Count(ctx, alert, at)).To(BeEquivalentTo(1))
	})

	It("breaks out at the third", func(ctx SpecContext) {
		Expect(detector.Observe(ctx, alert, at)).To(BeFalse())
		Expect(detector.Observe(ctx, alert, at)).To(BeTrue())
	})

	It("folds the ones that follow", func(ctx SpecContext) {
		for range 5 {
			Expect(detector.Observe(ctx, alert, at)).To(BeTrue())
			Expect(aggregator.Add(ctx, alert.Namespace, alert)).To(Succeed())
		}
	})

	It("ends with one notification about all of them", func(ctx SpecContext) {
		Expect(aggregator.Drain(ctx, alert.Namespace)).To(HaveLen(5))
		Expect(aggregator.Drain(ctx, alert.Namespace)).To(BeEmpty())
	})
})
