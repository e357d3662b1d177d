package gateway

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"gateway/pkg/gateway"
)

var _ = Describe("Alert fingerprint", func() {
	It("is the same for the same alert", func() {
		Expect(gateway.Fingerprint(crashLoop())).To(Equal(gateway.Fingerprint(crashLoop())))
	})

	It("differs between namespaces", func() {
		other := crashLoop(func(a *gateway.Alert) { a.Namespace = "payments-staging" })
		Expect(gateway.Fingerprint(other)).NotTo(Equal(gateway.Fingerprint(crashLoop())))
	})

	DescribeTable("does not depend on",
		func(change func(*gateway.Alert)) {
			Expect(gateway.Fingerprint(crashLoop(change))).To(Equal(gateway.Fingerprint(crashLoop())))
		},
		Entry("labels and times", func(a *gateway.Alert) {
			a.Labels = map[string]string{"instance": "10.42.1.19:8080"}
			a.StartsAt = a.StartsAt.Add(time.Hour)
		}),
		Entry("the case of the resource kind", func(a *gateway.Alert) { a.Resource.Kind = "pod" }),
		Entry("whitespace around the resource name", func(a *gateway.Alert) { a.Resource.Name += " " }),
	)

	It("is the same for all pods of a ReplicaSet", func() {
		pod := func(name string) string {
			return gateway.Fingerprint(crashLoop(func(a *gateway.Alert) { a.Resource.Name = name }))
		}
		Expect(pod("payment-api-7d9f8b6c5-x2x9z")).To(Equal(pod("payment-api-7d9f8b6c5-k4q7m")))
	})
})
