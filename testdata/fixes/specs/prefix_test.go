package specs

import "github.com/onsi/ginkgo/v2"

var _ = ginkgo.Describe("names of packages", func() {
	ginkgo.BeforeEach(func() {
		other := open()
		ginkgo.DeferCleanup(other.Close)
		other.ConfigSet(ctx, "maxmemory-samples", "8")
	})
	ginkgo.It("runs", func() {})
})
