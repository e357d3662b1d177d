package gateway

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"gateway/pkg/gateway"
)

var _ = Describe("Rate limit", func() {
	const source = "10.42.0.7"
	var limiter *gateway.Limiter

	BeforeEach(func() {
		limiter = gateway.NewLimiter(redisClient.Client, 5, time.Minute)
	})

	It("admits the first alert of a source", func(ctx SpecContext) {
		Expect(limiter.Allow(ctx, source)).To(BeTrue())
	})

	It("counts the allowance down", func(ctx SpecContext) {
		var left []int64
		for range 6 {
			n, err := limiter.Take(ctx, source)
			Expect(err).NotTo(HaveOccurred())
			left = append(left, n)
		}
		Expect(left).To(Equal([]int64{4, 3, 2, 1, 0, -1}))
	})

	It("grants the whole allowance to a new source", func(ctx SpecContext) {
		Expect(limiter.Remaining(ctx, source)).To(BeEquivalentTo(5))
	})

	It("resets a source that was never counted", func(ctx SpecContext) {
		Expect(limiter.Reset(ctx, source)).To(Succeed())
	})

	It("counts both notations of an address as one source", func() {
		Expect(limiter.Key("::ffff:" + source)).To(Equal(limiter.Key(source)))
	})
})
