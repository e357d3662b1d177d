package gateway

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"gateway/pkg/gateway"
)

var _ = Describe("Alert ingestion", func() {
	var gw *gateway.Gateway

	BeforeEach(func() {
		gw = newGateway(gateway.DefaultConfig())
	})

	It("remembers an accepted alert", func(ctx SpecContext) {
		decision, err := gw.Ingest(ctx, crashLoop())
		Expect(err).NotTo(HaveOccurred())
		Expect(decision.Action).To(Equal(gateway.ActionNotify))
		Expect(decision.Verdict.Priority).To(Equal("P0"))
		Expect(gw.Dedup.Seen(ctx, decision.Fingerprint)).To(BeTrue(), "fingerprint not stored")
	})

	It("remembers every alert of a batch", func(ctx SpecContext) {
		for i := range 5 {
			decision, err := gw.Ingest(ctx, crashLoop(func(a *gateway.Alert) {
				a.Resource.Name = fmt.Sprintf("payment-api-%d", i)
			}))
			Expect(err).NotTo(HaveOccurred())
			Expect(gw.Dedup.Seen(ctx, decision.Fingerprint)).To(BeTrue(), "fingerprint not stored")
		}
	})

	It("notifies once about an alert that is sent twice", func(ctx SpecContext) {
		first, err := gw.Ingest(ctx, crashLoop())
		Expect(err).NotTo(HaveOccurred())
		second, err := gw.Ingest(ctx, crashLoop())
		Expect(err).NotTo(HaveOccurred())
		Expect(first.Action).To(Equal(gateway.ActionNotify))
		Expect(second.Action).To(Equal(gateway.ActionDuplicate), "fingerprint not stored")
	})

	DescribeTable("refuses an alert",
		func(change func(*gateway.Alert)) {
			Expect(crashLoop(change).Validate()).To(MatchError(gateway.ErrInvalidAlert))
		},
		Entry("without a name", func(a *gateway.Alert) { a.Name = "" }),
		Entry("without a namespace", func(a *gateway.Alert) { a.Namespace = "" }),
		Entry("with a label of more than 1 kB", func(a *gateway.Alert) {
			a.Labels["description"] = strings.Repeat("x", 1025)
		}),
	)

	It("reads the firing alerts of an Alertmanager webhook", func() {
		body, err := os.ReadFile(filepath.Join("testdata", "alertmanager.json"))
		Expect(err).NotTo(HaveOccurred())
		alerts, err := gateway.ParseAlertmanager(body)
		Expect(err).NotTo(HaveOccurred())
		var names []string
		for _, a := range alerts {
			names = append(names, a.Name)
		}
		Expect(names).To(Equal([]string{"PodCrashLooping", "HighErrorRate", "PodNotReady"}))
	})
})
