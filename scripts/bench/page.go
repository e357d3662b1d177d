package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// results are what was measured.
type results struct {
	options
	suites []*comparison
	grown  *grown
	builds []*built
	scaled []*comparison
}

// page is docs/benchmarks.md.
func (r *results) page(machine, command string, took time.Duration) string {
	var p page
	p.line("# Benchmarks")
	p.line("")
	p.line("What tracetest costs. `%s` wrote this page, in %s: run it yourself, the figures of your machine are other ones.", command, took.Round(time.Second))
	p.line("On: %s.", machine)
	p.line("")
	p.line("The contenders ran in turn (A B C A B C ...), each suite after a round in which it was built and tested nothing. Ratios and")
	p.line("differences are of one round, and what is shown is their median, with the least and the most of them.")
	p.line("")
	r.targets(&p)
	r.walls(&p, "Suites", r.suites)
	r.walls(&p, "Scaling", r.scaled)
	r.growing(&p)
	r.building(&p)
	return p.String()
}

// page is a text of Markdown.
type page struct{ strings.Builder }

func (p *page) line(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

func (p *page) row(cells ...string) { p.line("| %s |", strings.Join(cells, " | ")) }

// table begins a table whose columns but the first are of numbers.
func (p *page) table(heads ...string) {
	p.row(heads...)
	p.line("|---|%s", strings.Repeat("---:|", len(heads)-1))
}

func (r *results) walls(p *page, title string, all []*comparison) {
	if len(all) == 0 {
		return
	}
	p.line("## " + title)
	p.line("")
	p.line("Medians, with the least and the most. All run with `-count=1 -p=1` unless it says otherwise, tracetest with its defaults: instrumented and traced, with record and")
	p.line("reports. Each test sends a GET without a client library. Beside the wall time stands the processor time of all processes, Redis among")
	p.line("them: where the wall time is more than that of `go test` by as much on one of two cores, work is the reason, and else waiting is.")
	p.line("The last column is the difference to `go test -json`, with the start and the end of tracetest in it, divided by the boundaries.")
	p.line("")
	p.table("suite", "rounds", "`go test -json`", "gotestsum", "tracetest", "to `go test -json`", "to gotestsum", "processor, `go test -json`", "processor, tracetest", "boundaries", "snapshots", "each boundary")
	for _, c := range all {
		plain, trace := median(c.walls[plainTest]), median(c.walls[traceTest])
		sum, toSum := "", ""
		if c.sum {
			sum, toSum = spreadSeconds(c.walls[sumTest]), spread(c.ratios(traceTest, sumTest))
		}
		p.row(c.title, fmt.Sprint(len(c.walls[plainTest])), spreadSeconds(c.walls[plainTest]), sum, spreadSeconds(c.walls[traceTest]),
			spread(c.ratios(traceTest, plainTest)), toSum, seconds(median(c.cpus[plainTest])), seconds(median(c.cpus[traceTest])),
			count(c.spans), count(c.snaps), micros((trace-plain)/time.Duration(max(1, c.spans))))
	}
	p.line("")
}

func (r *results) growing(p *page) {
	g := r.grown
	if g == nil {
		return
	}
	p.line("## Triage and report")
	p.line("")
	p.line("`tracetest report` of records that were made up, in 1000 packages, each leak traced and restored (`--restore=test`). Peak")
	p.line("memory is the largest resident set of the process.")
	p.line("")
	p.table("tests", "leaks", "failures", "record", "time", "processor time of each test", "peak memory")
	for _, s := range g.sizes {
		p.row(count(s.tests), count(s.leaks), count(s.failed), megabytes(s.file), seconds(s.wall), micros(s.cpu/time.Duration(s.tests)), megabytes(s.peak))
	}
	p.line("")
	p.line("The same with more and more output of failed tests:")
	p.line("")
	p.table("tests", "failures", "output of each", "record", "time", "peak memory")
	for _, s := range g.output {
		p.row(count(s.tests), count(s.failed), fmt.Sprintf("%d KB", s.output>>10), megabytes(s.file), seconds(s.wall), megabytes(s.peak))
	}
	p.line("")
}

func (r *results) building(p *page) {
	if len(r.builds) == 0 {
		return
	}
	p.line("## Builds")
	p.line("")
	p.line("With a build cache that is empty at first: plain `go test` fills it, then tracetest runs on it, each once. The second figure is of later runs,")
	p.line("the third of the same module in other folders, as a CI job has it that has restored the cache.")
	p.line("")
	p.table("module", "builder", "first", "again", "elsewhere")
	for _, b := range r.builds {
		for i, name := range b.names {
			p.row(b.title, name, seconds(b.first[i]), spreadSeconds(b.again[i]), spreadSeconds(b.moved[i]))
		}
	}
	p.line("")
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }
func spreadSeconds(all []time.Duration) string {
	var each []float64
	for _, d := range all {
		each = append(each, d.Seconds())
	}
	return spread(each) + " s"
}
func micros(d time.Duration) string { return fmt.Sprintf("%.0f µs", float64(d)/1e3) }
func megabytes(n int64) string      { return fmt.Sprintf("%.0f MB", float64(n)/(1<<20)) }
func plural(n int, what string) string {
	return fmt.Sprintf("%d %s%s", n, what, map[bool]string{false: "s"}[n == 1])
}

// count writes a number with commas.
func count(n int) string {
	text := fmt.Sprint(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// spread is the median of ratios, with the least and the most.
func spread(all []float64) string {
	if len(all) == 0 {
		return ""
	}
	if len(all) == 1 {
		return fmt.Sprintf("%.2f", all[0])
	}
	return fmt.Sprintf("%.2f (%.2f to %.2f)", median(all), slices.Min(all), slices.Max(all))
}
