package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// A random suite: one Go module with two packages whose tests change parameters
// in every way that tests do. Each change sets a value that no other sets, so
// that the value says who made it.

// randomSuite is written by a seed, and knows what is right to say of it.
type randomSuite struct {
	rand   *rand.Rand
	truth  map[string]truth // by value
	value  int
	number int           // of the last gate, meeting or name
	free   []parameterOf // parameters that each one change is to have for itself
	shared []parameterOf
	units  []*randomUnit
	lets   []string               // calls that let go on what earlier tests of this package have left behind
	only   func(name string) bool // which functions are kept; nil is all
	source string                 // of all test files
}

// truth is what is right to say of a value.
type truth struct {
	owners []string // who made it, as ownerText says; several where more than one name is right
	unit   string   // the function that it is in
	way    string   // how it was made
	client string
	kind   string // "leak" or "contained" where that can be said, else ""
	traced bool   // by a test binary
}

// randomUnit is a top-level function of a test file.
type randomUnit struct{ name, text string }

type parameterOf struct {
	name, initial string
	second        bool // of the second server
}

func randomParameters() []parameterOf {
	var all []parameterOf
	for _, text := range []string{
		"zset-max-listpack-entries 128", "hash-max-listpack-entries 512", "hash-max-listpack-value 64", "zset-max-listpack-value 64",
		"stream-node-max-entries 100", "stream-node-max-bytes 4096", "set-max-intset-entries 512", "slowlog-max-len 128",
		"slowlog-log-slower-than 10000", "acllog-max-len 128", "tracking-table-max-keys 1000000", "auto-aof-rewrite-percentage 100",
		"busy-reply-threshold 5000", "hll-sparse-max-bytes 3000", "repl-backlog-ttl 3600", "repl-timeout 60", "tcp-keepalive 300",
		"cluster-node-timeout 15000", "cluster-migration-barrier 1", "latency-monitor-threshold 0", "lfu-decay-time 1", "lfu-log-factor 10",
		"shutdown-timeout 10", "repl-ping-replica-period 10", "min-replicas-max-lag 10", "repl-diskless-sync-delay 5",
	} {
		name, initial, _ := strings.Cut(text, " ")
		all = append(all, parameterOf{name, initial, false}, parameterOf{name, initial, true})
	}
	return all
}

func newRandomSuite(seed uint64, only func(string) bool) *randomSuite {
	s := &randomSuite{rand: rand.New(rand.NewPCG(seed, 13)), truth: map[string]truth{}, value: 20000, free: randomParameters(), only: only}
	s.rand.Shuffle(len(s.free), func(i, j int) { s.free[i], s.free[j] = s.free[j], s.free[i] })
	s.shared, s.free = s.free[:8], s.free[8:]
	return s
}

func (s *randomSuite) one(words ...string) string { return words[s.rand.IntN(len(words))] }
func (s *randomSuite) in(n int) bool              { return s.rand.IntN(n) == 0 }
func (s *randomSuite) next() int                  { s.number++; return s.number }

// place is where a change is made.
type place struct {
	owners []string // whose it is
	unit   string   // the function
	clean  string   // what registers a clean-up, such as t.Cleanup
	beside bool     // others run at the same time
	node   bool     // a node of a suite that is no spec
}

// change returns statements that make one change, and perhaps undo it.
func (s *randomSuite) change(p place) string {
	param := s.shared[s.rand.IntN(len(s.shared))]
	owned := len(s.free) > 0 && !p.node && s.in(2)
	if owned {
		param, s.free = s.free[0], s.free[1:]
	}
	s.value++
	value := fmt.Sprint(s.value)
	t := truth{owners: p.owners, unit: p.unit, traced: true}
	var text string
	text, t.client = s.write(p, param, value)
	late := ""
	text, t.way, late = s.wrap(p, param, text, value)
	if way, client, other := strings.Cut(t.way, " "); other { // it does not write by itself
		t.way, t.client = way, client
	}
	if strings.HasPrefix(t.way, "cli") {
		t.traced, t.client = false, "redis-cli"
	}
	if owned && late == "" {
		t.kind = "leak"
		if s.in(4) {
			t.kind = "contained"
			undo, _ := s.write(p, param, param.initial)
			how := s.rand.IntN(3)
			if t.way == "defer" || t.way == "cleanup" {
				how = 1 // what undoes it must come after it
			}
			if p.clean == "atEnd" { // that does it at once
				how = 2
			}
			switch how {
			case 0:
				text += undo
			case 1:
				text = p.clean + "(func() { " + undo + " })\n" + text
			case 2:
				text = "defer func() { " + undo + " }()\n" + text
			}
			if !t.traced {
				t.kind = ""
			}
		}
	}
	s.truth[value] = t
	return text
}

// write returns a statement that sets a parameter, and the client that does.
func (s *randomSuite) write(p place, param parameterOf, value string) (text, client string) {
	ctx := s.one("context.Background()", "kit.Ending()")
	if s.in(4) && !param.second {
		return fmt.Sprintf("kit.OK(kit.V9().ConfigSet(%s, %q, %q).Err())\n", ctx, param.name, value), "inline"
	}
	client = s.one("go-redis v9", "go-redis v8", "go-redis v8", "go-redis v9 autopipeline", "go-redis v9 cluster", "rueidis", "rueidis pipelining",
		"rueidis pipelining", "valkey-go", "valkey-go pipelining", "radix v4", "radix v4", "redigo", "net")
	way := s.one("Plain", "Plain", "Pipeline")
	if strings.HasSuffix(client, " pipelining") {
		way = "Plain"
	}
	server := ""
	if param.second {
		server = "@2"
	}
	own := client == "redigo" || client == "net" || s.in(3)
	name := client + server
	switch {
	case own:
		text = fmt.Sprintf("c%d := kit.Own(%q)\nkit.OK(c%[1]d.%[3]s(%[4]s, %[5]q, %[6]q))\nc%[1]d.Close()\n", s.next(), name, way, ctx, param.name, value)
	case s.in(3):
		text = fmt.Sprintf("helper(%q, %s, %q, %q)\n", name, ctx, param.name, value)
	default:
		text = fmt.Sprintf("kit.OK(kit.Shared(%q).%s(%s, %q, %q))\n", name, way, ctx, param.name, value)
	}
	if ctx == "kit.Ending()" {
		client += " ctx"
	}
	return text, client
}

// wrap has a statement run in one of the ways in which tests run code. Late is
// set where it runs in a later test.
func (s *randomSuite) wrap(p place, param parameterOf, w, value string) (text, way, late string) {
	n := s.next()
	ways := []string{"direct", "direct", "direct", "defer", "cleanup", "goroutine", "goroutine", "nested", "group", "timer", "timer", "after", "deadline",
		"worker", "worker", "data", "http", "cli", "child", "pull", "recover", "finalizer",
		"pprof", "gosetter", "timersetter", "workersetter", "queue", "want"}
	if !p.beside && !p.node {
		ways = append(ways, "late", "late", "late", "latetimer", "lateafter", "latehelper", "latenested", "latenested", "latequeue")
	}
	way = s.one(ways...)
	block := func(start, end string) string {
		return fmt.Sprintf("done%[1]d := make(chan bool)\n%[2]s\ndefer close(done%[1]d)\n%[3]s%[4]s\nkit.Wait(done%[1]d)\n", n, start, w, end)
	}
	client := s.one("go-redis v9", "go-redis v8", "rueidis pipelining", "radix v4")
	if param.second {
		client += "@2"
	}
	switch way {
	case "direct":
		return w, way, ""
	case "defer":
		return "defer func() {\n" + w + "}()\n", way, ""
	case "cleanup":
		return p.clean + "(func() {\n" + w + "})\n", way, ""
	case "goroutine":
		return block("go func() {", "}()"), way, ""
	case "nested":
		return block("go func() { go func() {", "}() }()"), way, ""
	case "group":
		return fmt.Sprintf("var wg%[1]d sync.WaitGroup\nwg%[1]d.Go(func() {\n%[2]s})\nwg%[1]d.Wait()\n", n, w), way, ""
	case "timer":
		return block("time.AfterFunc(time.Millisecond, func() {", "})"), way, ""
	case "after":
		return fmt.Sprintf("ctx%d, cancel%[1]d := context.WithCancel(context.Background())\n", n) +
			block(fmt.Sprintf("context.AfterFunc(ctx%d, func() {", n), fmt.Sprintf("})\ncancel%d()", n)), way, ""
	case "deadline":
		return fmt.Sprintf("ctx%d, cancel%[1]d := context.WithTimeout(context.Background(), time.Millisecond)\ndefer cancel%[1]d()\n", n) +
			block(fmt.Sprintf("context.AfterFunc(ctx%d, func() {", n), "})"), way, ""
	case "worker":
		return "kit.Submit(func() {\n" + w + "})\n", way, ""
	case "data":
		return fmt.Sprintf("kit.Send(%q, %q, %q)\n", client, param.name, value), way + " " + client, ""
	case "http":
		return fmt.Sprintf("kit.Ask(%q, %q, %q)\n", client, param.name, value), way + " " + client, ""
	case "cli":
		f := "CLI"
		if param.second {
			f = "CLI2"
		}
		return fmt.Sprintf("kit.%s(%q, %q)\n", f, param.name, value), way, ""
	case "child":
		return fmt.Sprintf("kit.Child(%q, %q, %q)\n", client, param.name, value), way + " " + client, ""
	case "pprof":
		return "pprof.Do(context.Background(), pprof.Labels(\"a\", \"b\"), func(context.Context) {\n" + block("go func() {", "}()") + "})\n", way, ""
	case "gosetter", "timersetter", "workersetter":
		f := map[string]string{"gosetter": "Go", "timersetter": "After", "workersetter": "Submit"}[way]
		return fmt.Sprintf("kit.%s(setter(%q, %q, %q))\n", f, client, param.name, value), way + " " + client, ""
	case "queue":
		return "kit.Queue(func() {\n" + w + "})\n", way, ""
	case "want":
		return fmt.Sprintf("kit.Want(%q, %q, %q)\n", client, param.name, value), way + " " + client, ""
	case "pull":
		return fmt.Sprintf("next%[1]d, stop%[1]d := iter.Pull(func(yield func(int) bool) {\n%[2]syield(1)\n})\nnext%[1]d()\nstop%[1]d()\n", n, w), way, ""
	case "recover":
		return "func() {\ndefer func() {\nrecover()\n" + w + "}()\npanic(1)\n}()\n", way, ""
	case "finalizer":
		return fmt.Sprintf("done%[1]d := make(chan bool)\nfunc() {\nx := new([64]int)\nruntime.SetFinalizer(x, func(*[64]int) {\ndefer close(done%[1]d)\n%[2]s})\n}()\nruntime.GC()\nkit.Wait(done%[1]d)\n", n, w), way, ""
	}
	late = fmt.Sprintf("kit.Let(%d)\n", n)
	s.lets = append(s.lets, late)
	switch way {
	case "late":
		return fmt.Sprintf("go func() {\nkit.Await(%[1]d)\n%[2]skit.Over(%[1]d)\n}()\n", n, w), way, late
	case "latenested":
		return fmt.Sprintf("go func() {\ngo func() {\nkit.Await(%[1]d)\n%[2]skit.Over(%[1]d)\n}()\n}()\n", n, w), way, late
	case "latehelper":
		return fmt.Sprintf("leave(%d, %q, %q, %q)\n", n, client, param.name, value), way + " " + client, late
	case "latequeue":
		return fmt.Sprintf("go kit.Queue(func() {\nkit.Await(%[1]d)\n%[2]skit.Over(%[1]d)\n})\n", n, w), way, late
	case "latetimer":
		return fmt.Sprintf("time.AfterFunc(1, func() {\nkit.Await(%[1]d)\n%[2]skit.Over(%[1]d)\n})\n", n, w), way, late
	default: // lateafter
		return fmt.Sprintf("context.AfterFunc(kit.Context(%[1]d), func() {\n%[2]skit.Over(%[1]d)\n})\n", n, w), way, late
	}
}

// body returns a few changes, and lets go on what others have left behind.
func (s *randomSuite) body(p place) string {
	text := ""
	if len(s.lets) > 0 && !p.beside && !p.node && s.in(2) {
		text, s.lets = s.lets[0], s.lets[1:]
	}
	for range s.rand.IntN(3) {
		text += s.change(p)
	}
	if text == "" {
		text = s.change(p)
	}
	return text
}

func (s *randomSuite) add(name, text string) {
	s.units = append(s.units, &randomUnit{name, text})
}
