package gateway

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"gateway/pkg/gateway"
)

var _ = Describe("Silence", func() {
	var silencer *gateway.Silencer

	BeforeEach(func() {
		silencer = gateway.NewSilencer(redisClient.Client)
	})

	It("mutes nothing by default", func(ctx SpecContext) {
		Expect(silencer.Muted(ctx, crashLoop())).To(BeFalse())
	})

	It("can be removed twice", func(ctx SpecContext) {
		Expect(silencer.Remove(ctx, "payments-prod", "PodCrashLooping")).To(Succeed())
		Expect(silencer.Remove(ctx, "payments-prod", "PodCrashLooping")).To(Succeed())
	})

	It("takes a regular expression", func(ctx SpecContext) {
		Expect(silencer.Add(ctx, gateway.Silence{
			Namespace: "payments-prod",
			Alert:     "/^Pod.*/",
			From:      time.Now(),
			To:        time.Now().Add(time.Hour),
		})).To(Succeed())
	})

	It("must not end before it begins", func() {
		noon := time.Date(2025, time.October, 29, 12, 0, 0, 0, time.UTC)
		silence := gateway.Silence{Namespace: "payments-prod", Alert: "PodCrashLooping", From: noon, To: noon.Add(-time.Hour)}
		Expect(silence.Validate()).To(MatchError(gateway.ErrInvalidSilence))
	})
})
