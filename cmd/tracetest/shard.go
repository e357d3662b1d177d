package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"tracetest/internal/findings"
	"tracetest/internal/run"
	"tracetest/internal/shard"
)

// shardOptions are the flags that choose a part of the suite.
type shardOptions struct {
	which string
	by    string
	times []string
}

func (o *shardOptions) flags(f *pflag.FlagSet) {
	f.StringVar(&o.which, "shard", "", "`K/N`: run only the Kth of N parts of the suite; auto reads both from the CI's variables. tracetest merge puts them together")
	f.StringVar(&o.by, "shard-by", run.ShardByPackage, "`WHAT` what a part is made of: package, test (top-level tests) or spec (top-level containers of Ginkgo)")
	f.StringArrayVar(&o.times, "times", nil, "`FILE` record of an earlier run (run.jsonl), by whose times the parts become equally long; repeatable, the same for each part")
	group(f, "Parts of a suite", "shard", "shard-by", "times")
}

func (o *shardOptions) validate() error {
	if o.which == "" && (len(o.times) > 0 || o.by != run.ShardByPackage) {
		return fmt.Errorf("--times and --shard-by go with --shard")
	}
	return nil
}

// read returns the part to run; nil without --shard.
func (o *shardOptions) read(getenv func(string) string) (*run.Shard, error) {
	if o.which == "" {
		return nil, nil
	}
	which, err := shard.Parse(o.which, getenv)
	if err != nil {
		return nil, err
	}
	s := &run.Shard{Which: which, By: o.by, Times: run.Times{Packages: map[string]float64{}, Tests: map[string]float64{}, TestsOf: map[string]float64{}, Specs: map[string][]run.SpecTime{}}}
	for _, path := range o.times {
		file, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("--times: %w", err)
		}
		f, err := analyseFrom(file, path, nil)
		file.Close()
		if err != nil {
			return nil, fmt.Errorf("--times: %w", err)
		}
		addTimes(&s.Times, f)
	}
	return s, nil
}

// placeOf reads file:line.
func placeOf(text string) (file string, line int, ok bool) {
	at := strings.LastIndexByte(text, ':')
	if at < 0 {
		return "", 0, false
	}
	line, err := strconv.Atoi(text[at+1:])
	return text[:at], line, err == nil
}

// addTimes adds how long the tests of a run took. Of tests that ran beside each other each counts in full.
func addTimes(t *run.Times, f *findings.Findings) {
	for c := range f.Cases.All() {
		if c.Begin.IsZero() {
			continue
		}
		took := c.End.Sub(c.Begin).Seconds()
		t.Packages[c.Package] += took
		top := c.TopLevel().Test
		t.Tests[top] += took
		t.TestsOf[c.Package+" "+top] += took
		if file, line, ok := placeOf(c.Location); ok && c.Spec != "" {
			t.Specs[c.Package] = append(t.Specs[c.Package], run.SpecTime{File: file, Line: line, Seconds: took})
		}
	}
}
