package main

import (
	"fmt"
	"time"
)

// targets are what tracetest should cost at most, beside what it does.
func (r *results) targets(p *page) {
	p.line("## Targets")
	p.line("")
	p.row("what", "target", "measured", "")
	p.line("|---|---|---|---|")
	row := func(what, target, measured string, met bool) {
		p.row(what, target, measured, map[bool]string{true: "met", false: "**missed**"}[met])
	}
	atMost := func(what string, all []float64, most float64) {
		row(what, fmt.Sprintf("at most %.2f", most), spread(all), median(all) <= most)
	}
	for _, of := range []struct {
		suite string
		to    int
		most  float64
	}{{"sleep", plainTest, 1.02}, {"sleep", sumTest, 1.02}, {"get", plainTest, 1.6}, {"ginkgo", plainTest, 1.5}, {"subtests", plainTest, 1.5},
		{"parallel", plainTest, 1.5}, {"packages", plainTest, 1.03}, {"real", plainTest, 1.03}, {"real-quick", plainTest, 1.03}} {
		if c := r.suite(of.suite); c != nil {
			atMost(c.title+": wall time to "+map[int]string{plainTest: "`go test -json`", sumTest: "gotestsum"}[of.to], c.ratios(traceTest, of.to), of.most)
		} else if of.suite == "real" && r.only == "" && !r.quick {
			row(realModule+": wall time to `go test -json`", fmt.Sprintf("at most %.2f", of.most), "the module could not be had", false)
		}
	}
	if c := r.suite("ten"); c != nil {
		beyond := more(c.walls[traceTest], c.walls[plainTest])
		row(c.title+" beyond `go test -json`", "at most 0.05 s", spread(beyond)+" s", median(beyond) <= 0.05)
	}
	for _, b := range r.builds {
		most := map[string]time.Duration{"small": 5 * time.Second, "heavy": 8 * time.Second}[b.name]
		first := b.first[builtTraced] - median(b.again[plainTest])
		row("first build beyond plain `go test`, of which the cache is warm: "+b.title, fmt.Sprintf("at most %.0f s", most.Seconds()), seconds(first), first <= most)
		if b.name == "heavy" {
			moved := more(b.moved[builtTraced], b.moved[plainTest])
			row("the same in a CI job that has restored the cache of another", "at most 3 s", spread(moved)+" s", median(moved) <= 3)
		}
	}
	if g := r.grown; g != nil {
		last := g.sizes[len(g.sizes)-1]
		row("peak memory of the report of "+count(last.tests)+" tests", "at most 150 MB", megabytes(last.peak), last.peak <= 150<<20)
		least, most := g.output[0], g.output[len(g.output)-1]
		row(fmt.Sprintf("peak memory where failed tests print %d times as much", most.output/least.output), "flat",
			megabytes(least.peak)+" to "+megabytes(most.peak), float64(most.peak) <= 1.25*float64(least.peak))
		before := g.sizes[len(g.sizes)-2]
		growth := float64(last.cpu) / float64(before.cpu) / (float64(last.tests) / float64(before.tests))
		row("growth of triage and report from "+count(before.tests)+" to "+count(last.tests)+" tests", "linear: processor time of each test at most 1.25 times",
			fmt.Sprintf("%.2f times", growth), growth <= 1.25)
	}
	p.line("")
}

func (r *results) suite(name string) *comparison {
	for _, c := range r.suites {
		if c.name == name {
			return c
		}
	}
	return nil
}
