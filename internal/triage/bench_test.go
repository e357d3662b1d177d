package triage_test

import (
	"fmt"
	"testing"

	"tracetest/internal/triage"
	"tracetest/internal/triage/story"
)

// BenchmarkAdd reads a run of packages of 20 tests each, one in 20 of which
// leaks. What a test costs must not grow with those before it.
func BenchmarkAdd(b *testing.B) {
	for _, packages := range []int{10, 100, 1000} {
		r := story.New().Baseline()
		for i := range packages {
			p := r.Package(fmt.Sprintf("shop/p%d", i))
			for j := range 20 {
				t := p.Begin(fmt.Sprintf("TestSomething%06d", j))
				if j == 0 {
					r.Set("maxmemory", fmt.Sprint(1<<20+i))
				}
				t.End("pass")
			}
			p.Done("pass")
		}
		r.End(0)
		b.Run(fmt.Sprint(packages), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				a := triage.New()
				for _, e := range r.Entries {
					a.Add(e)
				}
				if f := a.Findings(); len(f.Leaks) != packages {
					b.Fatalf("%d leaks, want %d", len(f.Leaks), packages)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*packages*20), "ns/test")
		})
	}
}
