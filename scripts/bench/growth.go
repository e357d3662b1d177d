package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"time"
)

// grown is what `tracetest report` takes for records of growing size.
type grown struct {
	sizes  []reading // as the tests grow
	output []reading // as the output of failed tests grows
}

// reading is the reading of one record.
type reading struct {
	recording
	file int64 // bytes
	wall time.Duration
	cpu  time.Duration
	peak int64 // resident bytes of the process
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

// readRecord makes a record up and has it reported on. This process must stay small:
// Linux says of a child that it had at least the memory that its parent had when it was
// started.
func (b *bench) readRecord(made recording) (reading, error) {
	path, out := filepath.Join(b.dir, "made.jsonl"), filepath.Join(b.dir, "out-report")
	defer os.Remove(path)
	if err := generate(path, made); err != nil {
		return reading{}, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return reading{}, err
	}
	r := reading{recording: made, file: info.Size()}
	took, err := b.start(b.dir, nil, b.tracetest, "report", "--out", out, path)
	if err != nil {
		return reading{}, err
	}
	r.wall, r.cpu, r.peak = took.wall, took.cpu, took.peak
	log.Printf("report of %d tests, %d leaks, %d failures of %d bytes: %s, %d MB", made.tests, made.leaks, made.failed, made.output,
		r.wall.Round(time.Millisecond), r.peak>>20)
	exact, err := countLines(filepath.Join(out, "findings.json"), `"certainty": "exact"`)
	if err == nil && exact < made.leaks {
		err = fmt.Errorf("%d of %d leaks are exact, and the write of each was heard", exact, made.leaks)
	}
	return r, err
}

// countLines counts the lines of a file that have a text in them.
func countLines(path, text string) (n int, err error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	lines := bufio.NewReader(file)
	for {
		line, err := lines.ReadSlice('\n')
		if bytes.Contains(line, []byte(text)) {
			n++
		}
		if err == io.EOF {
			return n, nil
		} else if err != nil && err != bufio.ErrBufferFull {
			return 0, err
		}
	}
}
