package gateway

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"gateway/pkg/gateway"
)

var _ = Describe("Storm detection", func() {
	var (
		detector *gateway.StormDetector
		alert    gateway.Alert
		at       time.Time
	)

	BeforeEach(func() {
		detector = gateway.NewStormDetector(redisClient.Client, time.Minute, 3)
		alert = crashLoop()
		at = time.Date(2025, time.October, 29, 9, 30, 20, 0, time.UTC)
	})

	It("counts the alerts of a window", func(ctx SpecContext) {
		for i := range 2 {
			_, err := detector.Observe(ctx, alert, at.Add(time.Duration(i)*time.Second))
			Expect(err).NotTo(HaveOccurred())
		}
		Expect(detector.Count(ctx, alert, at)).To(BeEquivalentTo(2))
	})

	It("reports a storm at the threshold", func(ctx SpecContext) {
		var seen []bool
		for range 3 {
			storm, err := detector.Observe(ctx, alert, at)
			Expect(err).NotTo(HaveOccurred())
			seen = append(seen, storm)
		}
		Expect(seen).To(Equal([]bool{false, false, true}))
	})

	It("starts every window at zero", func(ctx SpecContext) {
		Expect(detector.Count(ctx, alert, at.Add(time.Minute))).To(BeZero())
	})

	It("puts an alert on the boundary into the new window", func() {
		boundary := time.Date(2025, time.October, 29, 9, 31, 0, 0, time.UTC)
		Expect(detector.WindowStart(boundary)).To(Equal(boundary))
	})

	It("has no cool-down without a storm", func(ctx SpecContext) {
		Expect(detector.CoolDown(ctx, alert)).To(BeZero())
	})

	It("hands every aggregated alert over exactly once", func(ctx SpecContext) {
		aggregator := gateway.NewAggregator(redisClient.Client)
		pods := []string{"payment-api-0", "payment-api-1", "payment-api-2"}
		for _, pod := range pods {
			Expect(aggregator.Add(ctx, "payments-prod",
				crashLoop(func(a *gateway.Alert) { a.Resource.Name = pod }))).To(Succeed())
		}

		alerts, err := aggregator.Drain(ctx, "payments-prod")
		Expect(err).NotTo(HaveOccurred())
		var got []string
		for _, a := range alerts {
			got = append(got, a.Resource.Name)
		}
		Expect(got).To(Equal(pods))
		Expect(aggregator.Drain(ctx, "payments-prod")).To(BeEmpty())
	})
})
