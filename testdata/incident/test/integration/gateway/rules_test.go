package gateway

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"gateway/pkg/gateway"
)

var _ = Describe("Rule table", func() {
	It("is cached on the server", func(ctx SpecContext) {
		Expect(rules.Loaded(ctx)).To(BeTrue())
	})

	DescribeTable("sets the priority of",
		func(ctx SpecContext, namespace, severity, priority, route string) {
			verdict, err := rules.Evaluate(ctx, crashLoop(func(a *gateway.Alert) {
				a.Namespace, a.Severity = namespace, severity
			}))
			Expect(err).NotTo(HaveOccurred())
			Expect(verdict.Priority).To(Equal(priority))
			Expect(verdict.Route).To(Equal(route))
		},
		Entry("a critical alert in production", "payments-prod", "critical", "P0", "payments-oncall"),
		Entry("a warning in staging", "payments-staging", "warning", "P1", "payments-channel"),
		Entry("a critical alert in a region of production", "payments-prod-eu", "critical", "P0", "payments-oncall"),
	)

	It("sends an alert that no rule knows to triage", func(ctx SpecContext) {
		verdict, err := rules.Evaluate(ctx, crashLoop(func(a *gateway.Alert) { a.Name = "Unheard" }))
		Expect(err).NotTo(HaveOccurred())
		Expect(verdict).To(Equal(gateway.Verdict{Priority: "P3", Route: "triage"}))
	})
})
