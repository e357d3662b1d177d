// Command shards writes records of many shards of a suite, and measures what it
// takes to merge them:
//
//	go run ./scripts/shards -tracetest bin/tracetest            # a thousand of ten thousand tests
//	go run ./scripts/shards -tracetest bin/tracetest -same      # one suite of ten thousand, a thousand times
//	go run ./scripts/shards -shards 3 -tests 10 -keep -dir out  # to look at
//
// A shard is a record as `tracetest` writes it, without what merging does not
// read: two snapshots a test, with the counters, of a server of a few parameters. In
// every tenth shard a test leaves maxmemory changed and two fail because of it;
// one test of every shard fails by itself.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"tracetest/internal/record"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("shards: ")
	var (
		shards = flag.Int("shards", 1000, "how many records")
		tests  = flag.Int("tests", 10_000, "how many tests each")
		same   = flag.Bool("same", false, "the same tests in each, as of one suite over time")
		dir    = flag.String("dir", "", "folder to write to (default a temporary one)")
		keep   = flag.Bool("keep", false, "do not delete the records afterwards")
		binary = flag.String("tracetest", "", "measure how this tracetest merges them")
	)
	flag.Parse()
	if err := run(*shards, *tests, *same, *dir, *keep, *binary); err != nil {
		log.Fatal(err)
	}
}

func run(shards, tests int, same bool, dir string, keep bool, binary string) (err error) {
	if dir == "" {
		if dir, err = os.MkdirTemp("", "shards-"); err != nil {
			return err
		}
		defer func() {
			if !keep {
				os.RemoveAll(dir)
			}
		}()
	} else if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	began, size := time.Now(), int64(0)
	clean, leaky := shard(tests, false), shard(tests, true)
	for i := range shards {
		text := clean
		if i%10 == 0 {
			text = leaky
		}
		if !same { // the names are of one length, so that the text stays in its place
			text = bytes.ReplaceAll(text, []byte(token), fmt.Appendf(nil, "S%0*d", len(token)-1, i))
		}
		size += int64(len(text))
		path := filepath.Join(dir, fmt.Sprintf("shard-%05d.jsonl", i))
		if same { // else they would be taken for copies of one record
			text = append(bytes.Repeat([]byte("\n"), i), text...)
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return err
		}
	}
	fmt.Printf("%d records of %d tests, %.1f GB, written in %v\n", shards, tests, float64(size)/1e9, time.Since(began).Round(time.Second))
	if binary == "" {
		return nil
	}
	out, err := os.MkdirTemp("", "merged-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(out)
	cmd := exec.Command(binary, "merge", "--out", out, dir)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	began = time.Now()
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("merging: %w", err)
	}
	took, state := time.Since(began), cmd.ProcessState
	fmt.Printf("merged in %v (%v of processor time, %.0f MB/s)", took.Round(100*time.Millisecond), (state.UserTime() + state.SystemTime()).Round(100*time.Millisecond), float64(size)/1e6/took.Seconds())
	if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
		fmt.Printf(", at most %d MB of memory", usage.Maxrss>>10)
	}
	if info, err := os.Stat(filepath.Join(out, "merged.json")); err == nil {
		fmt.Printf("; merged.json has %d kB", info.Size()>>10)
	}
	fmt.Println()
	return nil
}

// token stands in the names of tests and packages for the number of the shard.
const token = "S0000000"

// shard is the record of one.
func shard(tests int, leaky bool) []byte {
	var b bytes.Buffer
	w := writer{out: bufio.NewWriter(&b), at: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	w.config = map[string]string{"maxmemory": "2147483648", "maxmemory-policy": "noeviction", "hz": "10", "timeout": "0", "save": "3600 1"}
	w.add(record.Entry{Run: &record.Run{Schema: record.Schema, Command: []string{"tracetest", "./..."}, Dir: "/src/shop", Go: "go1.26.8", Mode: record.ModeInstrumented, Restore: "run", GoTest: []string{"go", "test", "-json", "./..."}}})
	w.add(record.Entry{Server: &record.Server{Address: "localhost:6379", Flavor: "redis", Version: "7.4.1", RunID: "0123456789", Config: w.config, Counters: &record.Counters{UsedMemory: 1 << 20}}})
	pkg := "example.com/shop/" + token + "/cache"
	w.event("start", pkg, "", "")
	w.add(record.Entry{Process: &record.Process{Index: 1, PID: 4000, PPID: 3999, Package: pkg}})
	w.boundary(record.Boundary{Verb: record.VerbHello, Process: 1})
	for i := range tests {
		name, owner := fmt.Sprintf("TestCache%sKeepsWhatItIsGiven%06d", token, i), int64(i+1)
		w.boundary(record.Boundary{Verb: record.VerbBegin, Process: 1, Owner: owner, Begin: &record.Owner{ID: owner, Kind: record.KindTest, Name: name}})
		w.event("run", pkg, name, "")
		status, output := "pass", ""
		switch {
		case leaky && i == tests/3:
			w.set = map[string]string{"maxmemory": "1048576"}
		case leaky && (i == tests/2 || i == tests/2+1):
			w.counters.OOM += 2
			status, output = "fail", "    cache_test.go:31: OOM command not allowed when used memory > 'maxmemory'.\n"
		case i == tests-1:
			status, output = "fail", "    cache_test.go:40: got 1, want 2\n"
		}
		w.counters.UsedMemory = 1<<20 + int64(i)*100
		w.boundary(record.Boundary{Verb: record.VerbEnd, Process: 1, Owner: owner, End: &record.Outcome{Status: status}})
		w.event(status, pkg, name, output)
	}
	w.boundary(record.Boundary{Verb: record.VerbExit, Process: 1})
	w.add(record.Entry{Boundary: &record.Boundary{Verb: record.VerbGone, Process: 1}})
	w.event("fail", pkg, "", "FAIL\n")
	w.boundary(record.Boundary{Verb: record.VerbFinish})
	w.add(record.Entry{End: &record.End{GoExit: 1, Complete: true}})
	w.out.Flush()
	return b.Bytes()
}

// writer writes a record with times of its own.
type writer struct {
	out      *bufio.Writer
	seq      int64
	at       time.Time
	config   map[string]string
	set      map[string]string // what the next snapshot shows
	counters record.Counters
}

func (w *writer) add(e record.Entry) {
	w.seq++
	w.at = w.at.Add(317 * time.Microsecond)
	e.Seq, e.At = w.seq, w.at
	line, err := json.Marshal(e)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := io.WriteString(w.out, string(line)+"\n"); err != nil {
		log.Fatal(err)
	}
}

func (w *writer) event(action, pkg, test, output string) {
	w.add(record.Entry{Test: &record.Test{Time: w.at.Add(100 * time.Microsecond), Action: action, Package: pkg, Test: test, Output: output}})
}

func (w *writer) boundary(b record.Boundary) {
	counters := w.counters
	snap := record.Snapshot{Server: 0, Sent: w.at.Add(80 * time.Microsecond), Received: w.at.Add(240 * time.Microsecond), Counters: &counters, Config: w.set}
	w.set, b.Waited, b.Snapshots = nil, 200*time.Microsecond, []record.Snapshot{snap}
	w.add(record.Entry{Boundary: &b})
}
