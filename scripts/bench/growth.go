package main

import (
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/report"
	"tracetest/internal/triage"
)

// grown is what `tracetest report` takes for records of growing size.
type grown struct {
	sizes  []reading // as the tests grow
	output []reading // as the output of failed tests grows
}

// reading is the reading of one record.
type reading struct {
	recording
	file    int64 // bytes
	wall    time.Duration
	cpu     time.Duration
	peak    int64  // resident bytes of the process
	mallocs uint64 // allocations of reading, triage and the reports
	bytes   uint64 // that they took together
}

func (b *bench) growth() (*grown, error) {
	sizes, failed := []int{10_000, 100_000, 1_000_000}, 1000
	if b.quick {
		sizes, failed = []int{1_000, 10_000}, 100
	}
	g := &grown{}
	for _, n := range sizes {
		r, err := b.readRecord(recording{tests: n, leaks: n / 100, failed: n / 1000, output: 1 << 10})
		if err != nil {
			return nil, err
		}
		g.sizes = append(g.sizes, r)
	}
	for _, size := range []int{1 << 10, 10 << 10, 100 << 10} {
		r, err := b.readRecord(recording{tests: 10 * failed, failed: failed, output: size})
		if err != nil {
			return nil, err
		}
		g.output = append(g.output, r)
	}
	return g, nil
}

// readRecord makes a record up and has it reported on: by tracetest for the time
// and the memory, and by this program, in a process of its own, for the
// allocations. This process must stay small: Linux says of a child that it had
// at least the memory that its parent had when it was started.
func (b *bench) readRecord(made recording) (reading, error) {
	path := filepath.Join(b.dir, "made.jsonl")
	defer os.Remove(path)
	if err := generate(path, made); err != nil {
		return reading{}, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return reading{}, err
	}
	r := reading{recording: made, file: info.Size()}
	took, err := b.start(b.dir, nil, b.tracetest, "report", "--out", filepath.Join(b.dir, "out-report"), path)
	if err != nil {
		return reading{}, err
	}
	r.wall, r.cpu, r.peak = took.wall, took.cpu, took.peak
	self, err := os.Executable()
	if err != nil {
		return reading{}, err
	}
	counted, err := b.say(self, "-count", path, "-expect", fmt.Sprintf("%d,%d,%d", made.tests, made.leaks, made.failed))
	if err != nil {
		return reading{}, err
	}
	if _, err := fmt.Sscan(counted, &r.mallocs, &r.bytes); err != nil {
		return reading{}, fmt.Errorf("reading %q: %w", counted, err)
	}
	log.Printf("report of %d tests, %d leaks, %d failures of %d bytes: %s, %d MB, %d allocations", made.tests, made.leaks, made.failed, made.output,
		r.wall.Round(time.Millisecond), r.peak>>20, r.mallocs)
	return r, nil
}

// countAllocations says how much is allocated for the reports of a record.
func countAllocations(path, expect string) error {
	var made recording
	if _, err := fmt.Sscanf(expect, "%d,%d,%d", &made.tests, &made.leaks, &made.failed); err != nil {
		return fmt.Errorf("-expect %q: %w", expect, err)
	}
	if err := reportOn(path, made); err != nil {
		return err
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fmt.Println(m.Mallocs, m.TotalAlloc)
	return nil
}

// reportOn does what `tracetest report` does, and makes sure that what was made
// up is found.
func reportOn(path string, made recording) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	a := triage.New()
	for e, err := range record.Read(file) {
		if err != nil {
			return err
		}
		a.Add(e)
	}
	f := a.Findings()
	if f.Tests.Total != made.tests || len(f.Leaks) != made.leaks || len(f.Failures) != made.failed {
		return fmt.Errorf("%d tests, %d leaks and %d failures were found in the record of %d, %d and %d",
			f.Tests.Total, len(f.Leaks), len(f.Failures), made.tests, made.leaks, made.failed)
	}
	for _, l := range f.Leaks {
		if l.Certainty != findings.Exact {
			return fmt.Errorf("a leak is %s, and its write was heard", l.Certainty)
		}
	}
	return errors.Join(report.Markdown(io.Discard, f), report.JSON(io.Discard, f))
}
