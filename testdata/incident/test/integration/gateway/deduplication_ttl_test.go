package gateway

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"gateway/pkg/gateway"
)

var _ = Describe("Deduplication TTL", func() {
	It("forgets a fingerprint after its time", func(ctx SpecContext) {
		dedup := gateway.NewDeduplicator(redisClient.Client, 50*time.Millisecond)
		fp := gateway.Fingerprint(crashLoop())

		_, err := dedup.Claim(ctx, fp, gateway.SeverityCritical)
		Expect(err).NotTo(HaveOccurred())
		Eventually(ctx, func() bool { return dedup.Seen(ctx, fp) }).
			WithTimeout(5 * time.Second).WithPolling(10 * time.Millisecond).Should(BeFalse())
	})

	It("keeps an ingested alert for the time of its severity", func(ctx SpecContext) {
		gw := newGateway(gateway.DefaultConfig())

		decision, err := gw.Ingest(ctx, crashLoop())
		Expect(err).NotTo(HaveOccurred())
		left, err := gw.Dedup.TTL(ctx, decision.Fingerprint)
		Expect(err).NotTo(HaveOccurred())
		Expect(left).To(BeNumerically("~", 5*time.Minute, time.Minute), "fingerprint not stored")
	})

	It("is zero for an unknown fingerprint", func(ctx SpecContext) {
		left, err := newGateway(gateway.DefaultConfig()).Dedup.TTL(ctx, "0123456789abcdef")
		Expect(err).NotTo(HaveOccurred())
		Expect(left).To(BeZero())
	})

	It("is ten minutes by default", func() {
		Expect(gateway.DefaultConfig().DedupTTL).To(Equal(10 * time.Minute))
	})

	DescribeTable("depends on the severity:",
		func(severity string, want time.Duration) {
			dedup := gateway.NewDeduplicator(redisClient.Client, 5*time.Minute)
			Expect(dedup.TTLFor(severity)).To(Equal(want))
		},
		Entry("critical", gateway.SeverityCritical, 5*time.Minute),
		Entry("info", gateway.SeverityInfo, time.Hour),
	)
})
