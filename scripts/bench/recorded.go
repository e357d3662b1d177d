package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"tracetest/internal/record"
)

// A recording says of which run a record is made up: as the barrier and the trace
// would write it with --restore=test.
type recording struct {
	tests  int
	leaks  int // each by one test, and restored after it
	failed int
	output int // bytes that each failed test printed
}

// recordedPackages is how many packages the tests are in, at least.
const recordedPackages = 1000

// generate writes the record of a run that never was.
func generate(path string, r recording) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	buffer := bufio.NewWriterSize(file, 1<<20)
	g := &generator{recording: r, out: record.NewWriter(buffer, nil), now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	g.run()
	if err := g.out.Err(); err != nil {
		return err
	}
	if err := buffer.Flush(); err != nil {
		return err
	}
	return file.Close()
}

type generator struct {
	recording
	out    *record.Writer
	now    time.Time
	owner  int64
	writes int64
	made   int // tests
	keys   int64
	oom    int64
}

func (g *generator) run() {
	g.out.Append(record.Entry{Run: &record.Run{Schema: record.Schema, Command: []string{"tracetest", "./..."}, Dir: "/src/m", Module: "m",
		Go: "go1.26.8", Mode: record.ModeInstrumented, Traced: true, Restore: "test", GoTest: []string{"go", "test", "-json", "./..."}}})
	config := map[string]string{"maxmemory": "2147483648", "maxmemory-policy": "noeviction"}
	for i := range 170 {
		config[fmt.Sprintf("parameter-%d", i)] = strconv.Itoa(i)
	}
	g.out.Append(record.Entry{Server: &record.Server{Address: "127.0.0.1:6379", Flavor: "redis", Version: "7.0.15", RunID: "r", Config: config, Counters: g.counters()}})
	n := min(recordedPackages, g.tests)
	for i := range n {
		g.pkg(i+1, fmt.Sprintf("m/internal/services/p%04d", i), g.tests/n)
	}
	g.out.Append(record.Entry{Boundary: &record.Boundary{Verb: record.VerbFinish, Snapshots: g.snap(nil)}})
	exit := 0
	if g.failed > 0 {
		exit = 1
	}
	g.out.Append(record.Entry{End: &record.End{GoExit: exit, Complete: true}})
}

func (g *generator) counters() *record.Counters {
	return &record.Counters{UsedMemory: 1<<20 + g.keys*100, OOM: g.oom, ConfigSet: g.writes, Keys: map[string]int64{"db0": g.keys}}
}

// snap is a snapshot of now, after which time has passed.
func (g *generator) snap(changed map[string]string) []record.Snapshot {
	sent := g.now
	g.now = g.now.Add(200 * time.Microsecond)
	return []record.Snapshot{{Sent: sent, Received: g.now, Config: changed, Counters: g.counters()}}
}

func (g *generator) event(action, pkg, test, output string) {
	g.out.Append(record.Entry{Test: &record.Test{Time: g.now, Action: action, Package: pkg, Test: test, Output: output}})
}

func (g *generator) pkg(process int, path string, tests int) {
	boundary := func(verb record.Verb) {
		g.out.Append(record.Entry{Boundary: &record.Boundary{Verb: verb, Process: process, Waited: 200 * time.Microsecond, Snapshots: g.snap(nil)}})
	}
	g.event("start", path, "", "")
	p := record.Process{Index: process, PID: 1000 + process, PPID: 1000}
	g.out.Append(record.Entry{Process: &p})
	boundary(record.VerbHello)
	p.Package = path
	g.out.Append(record.Entry{Process: &p})
	action := "pass"
	for range tests {
		if g.test(process, path) {
			action = "fail"
		}
	}
	boundary(record.VerbExit)
	boundary(record.VerbGone)
	g.event(action, path, "", "")
}

// spread says whether the test that is made now is one of n that are spread
// over all of them.
func (g *generator) spread(n int) bool {
	return g.made*n/g.tests != (g.made+1)*n/g.tests
}

func (g *generator) test(process int, pkg string) (failed bool) {
	g.owner++
	owner := &record.Owner{ID: g.owner, Kind: record.KindTest, Name: fmt.Sprintf("TestSomethingThatIsUseful%06d", g.made)}
	at := func(verb record.Verb, b record.Boundary) {
		b.Verb, b.Process, b.Owner, b.Waited = verb, process, owner.ID, 200*time.Microsecond
		g.out.Append(record.Entry{Boundary: &b})
	}
	at(record.VerbBegin, record.Boundary{Begin: owner, Snapshots: g.snap(nil)})
	g.event("run", pkg, owner.Name, "")
	leaks := g.spread(g.leaks)
	if leaks {
		g.leak(process, owner)
	}
	g.keys++
	outcome := &record.Outcome{Status: "pass"}
	if failed = g.spread(g.failed); failed {
		outcome.Status = "fail"
		g.oom++
	}
	g.now = g.now.Add(time.Millisecond)
	at(record.VerbEnd, record.Boundary{End: outcome, Snapshots: g.snap(nil)})
	if leaks {
		snap := g.snap(map[string]string{"maxmemory": "2147483648"})[0]
		g.out.Append(record.Entry{Restore: &record.Restore{When: "test", Owner: owner.ID, Process: process, Values: snap.Config,
			Command: "redis-cli -h 127.0.0.1 -p 6379 CONFIG SET maxmemory 2147483648", Snapshot: &snap}})
	}
	output := ""
	if failed {
		output = "    suite_test.go:7: OOM command not allowed when used memory > 'maxmemory'.\n"
		output += strings.Repeat("    suite_test.go:8: a line that a test printed before it failed\n", (g.output-len(output))/64+1)
	}
	g.event(outcome.Status, pkg, owner.Name, output)
	g.made++
	return failed
}

// leak is a CONFIG SET that was traced and a snapshot showed.
func (g *generator) leak(process int, owner *record.Owner) {
	g.writes++
	value := strconv.FormatInt(1<<20+g.writes, 10)
	by := record.By{Label: record.LabelOwner, Owner: owner, Unit: owner.ID}
	for i, function := range []string{"net.(*conn).Write", "bufio.(*Writer).Flush", "github.com/redis/go-redis/v9/internal/pool.(*Conn).WithWriter",
		"github.com/redis/go-redis/v9.(*baseClient).process", "github.com/redis/go-redis/v9.cmdable.ConfigSet", "m/internal/helpers.Squeeze",
		"m/internal/services/p0000." + owner.Name, "testing.tRunner"} {
		by.Stack = append(by.Stack, record.Frame{Function: function, File: fmt.Sprintf("/src/m/file%d.go", i), Line: 10 + i, Std: i < 2 || i == 7})
	}
	g.out.Append(record.Entry{Write: &record.Write{Process: process, Number: g.writes, Address: "127.0.0.1:6379",
		Command: []string{"config", "set", "maxmemory", value}, Values: []record.Value{{Parameter: "maxmemory", Value: value}}, By: by}})
	g.out.Append(record.Entry{Reply: &record.Reply{Process: process, Number: g.writes, Text: "+OK", Snapshots: g.snap(map[string]string{"maxmemory": value})}})
}
