package report_test

import (
	"fmt"
	"io"
	"testing"

	"tracetest/internal/report/page"
)

// The page is written at the end of every run, and must not be what is waited for.
func BenchmarkHTML(b *testing.B) {
	for _, n := range []int{100, 1000, 10_000, 100_000} {
		f := manyTests(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := page.HTML(io.Discard, f); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
