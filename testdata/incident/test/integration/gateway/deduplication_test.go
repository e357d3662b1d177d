package gateway

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"gateway/pkg/gateway"
)

var _ = Describe("Deduplication", func() {
	var (
		dedup *gateway.Deduplicator
		alert gateway.Alert
		fp    string
	)

	BeforeEach(func() {
		dedup = gateway.NewDeduplicator(redisClient.Client, 5*time.Minute)
		alert = crashLoop()
		fp = gateway.Fingerprint(alert)
	})

	Context("with a new fingerprint", func() {
		It("accepts the first claim", func(ctx SpecContext) {
			isNew, err := dedup.Claim(ctx, fp, alert.Severity)
			Expect(err).NotTo(HaveOccurred())
			Expect(isNew).To(BeTrue())
			Expect(dedup.Seen(ctx, fp)).To(BeTrue())
		})

		It("refuses the second claim", func(ctx SpecContext) {
			_, err := dedup.Claim(ctx, fp, alert.Severity)
			Expect(err).NotTo(HaveOccurred())
			isNew, err := dedup.Claim(ctx, fp, alert.Severity)
			Expect(err).NotTo(HaveOccurred())
			Expect(isNew).To(BeFalse())
		})

		It("counts the occurrences", func(ctx SpecContext) {
			for range 3 {
				Expect(dedup.Record(ctx, fp, alert)).To(Succeed())
			}
			record, err := dedup.Lookup(ctx, fp)
			Expect(err).NotTo(HaveOccurred())
			Expect(record.Name).To(Equal("PodCrashLooping"))
			Expect(record.Occurrences).To(BeEquivalentTo(3))
			Expect(record.LastSeen).To(BeTemporally("~", time.Now(), 10*time.Second))
		})
	})

	Context("with a fingerprint that was never stored", func() {
		It("finds no record", func(ctx SpecContext) {
			_, err := dedup.Lookup(ctx, fp)
			Expect(err).To(MatchError(gateway.ErrNotFound))
		})

		It("forgets it without an error", func(ctx SpecContext) {
			Expect(dedup.Forget(ctx, fp)).To(Succeed())
			Expect(dedup.Seen(ctx, fp)).To(BeFalse())
		})

		It("refuses to extend it", func(ctx SpecContext) {
			Expect(dedup.Extend(ctx, fp, time.Minute)).To(MatchError(gateway.ErrNotFound))
		})
	})

	It("lists the active fingerprints of a namespace", func(ctx SpecContext) {
		active, err := dedup.Active(ctx, alert.Namespace)
		Expect(err).NotTo(HaveOccurred())
		Expect(active).To(BeEmpty())
	})
})
