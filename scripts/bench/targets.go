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
	if c := r.suite("sleep"); c != nil {
		atMost(c.title+": wall time to `go test -json`", c.ratios(traceTest, plainTest), 1.03)
		atMost("the same to gotestsum", c.ratios(traceTest, sumTest), 1)
	}
	if c := r.suite("get"); c != nil {
		atMost(c.title+": wall time to `go test -json`", c.ratios(traceTest, plainTest), 2)
	}
	if r.held != nil {
		atMost("held at one boundary, to the bare round trip of the commands that are asked", r.held.ratios, 1.5)
		atMost("the same to that of `CONFIG GET *` and `INFO`, for which they stand", r.held.wholes, 1.5)
	}
	for _, b := range r.builds {
		if b.name == "small" {
			last := len(b.first) - 1
			row("first build of a small module beyond `go test`, instrumented", "at most 3 s", seconds(b.first[1]-b.second[0]), b.first[1]-b.second[0] <= 3*time.Second)
			row("the same, traced", "at most 15 s", seconds(b.first[last]-b.second[0]), b.first[last]-b.second[0] <= 15*time.Second)
		}
		for i := 1; i < len(b.names); i++ {
			atMost(fmt.Sprintf("second build to `go test`, %s, %s", b.title, b.names[i]), []float64{b.ratio[i]}, 1.05)
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
