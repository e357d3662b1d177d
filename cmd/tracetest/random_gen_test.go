package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
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
	lets   []string // calls that let go on what earlier tests of this package have left behind
	only   func(name string) bool
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
	owners  []string // whose it is
	unit    string   // the function
	t       string   // the *testing.T, or "" within Ginkgo
	clean   string   // what registers a clean-up, such as t.Cleanup
	beside  bool     // others run at the same time
	node    bool     // a node of a suite that is no spec
	dynamic func(value string) string
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

// test writes a top-level test.
func (s *randomSuite) test(name string) {
	p := place{owners: []string{name}, unit: name, t: "t", clean: "t.Cleanup"}
	s.add(name, "func "+name+"(t *testing.T) {\n"+s.tree(p, name, 0)+"}\n")
}

// tree is the body of a test and of its subtests.
func (s *randomSuite) tree(p place, name string, depth int) string {
	text := ""
	if depth == 0 || s.in(2) {
		text = s.body(p)
	}
	if depth == 3 || s.in(3-min(depth, 1)) {
		return text
	}
	sub := func(i int, beside bool, start string) string {
		inner := fmt.Sprintf("%s/s%d", name, i)
		q := place{owners: []string{inner}, unit: p.unit, t: "t", clean: "t.Cleanup", beside: p.beside || beside}
		return fmt.Sprintf("t.Run(\"s%d\", func(t *testing.T) {\n%s%s})\n", i, start, s.tree(q, inner, depth+1))
	}
	if s.in(3) && !p.beside {
		many, n := 2+s.rand.IntN(3), s.next()
		for i := range many {
			text += sub(i, true, fmt.Sprintf("t.Parallel()\nkit.Meet(%d, %d)\nt.Cleanup(func() { kit.Meet(-%[1]d, %[2]d) })\n", n, many))
		}
		return text
	}
	for i := range 1 + s.rand.IntN(3) {
		end := ""
		if s.in(8) {
			end = s.one("t.SkipNow()\n", "t.FailNow()\n")
		}
		text += strings.TrimSuffix(sub(i, false, ""), "})\n") + end + "})\n"
	}
	if s.in(3) {
		text += s.change(p)
	}
	return text
}

// parallel writes tests that run at the same time.
func (s *randomSuite) parallel(name string) {
	many, n := 2+s.rand.IntN(3), s.next()
	for i := range many {
		one := fmt.Sprintf("%s%c", name, 'A'+i)
		p := place{owners: []string{one}, unit: one, t: "t", clean: "t.Cleanup", beside: true}
		s.add(one, fmt.Sprintf("func %[1]s(t *testing.T) {\nt.Parallel()\nkit.Meet(%[2]d, %[3]d)\nt.Cleanup(func() { kit.Meet(-%[2]d, %[3]d) })\n%[4]s}\n", one, n, many, s.tree(p, one, 2)))
	}
}

// other writes an Example, or a fuzz test with a seed.
func (s *randomSuite) other(name string) {
	if s.in(2) {
		name = "Example" + strings.TrimPrefix(name, "Test")
		p := place{owners: []string{name}, unit: name, clean: "atEnd", beside: true}
		s.add(name, fmt.Sprintf("func %s() {\n%s// Output:\n}\n", name, strings.TrimSuffix(s.change(p), "\n")+"\n"))
		return
	}
	name = "Fuzz" + strings.TrimPrefix(name, "Test")
	p := place{owners: []string{name}, unit: name, clean: "f.Cleanup"}
	q := place{owners: []string{name + "/seed#0"}, unit: name, clean: "t.Cleanup"}
	s.add(name, fmt.Sprintf("func %s(f *testing.F) {\n%sf.Add(1)\nf.Fuzz(func(t *testing.T, n int) {\n%s})\n}\n", name, s.body(p), s.body(q)))
}

// testify writes a suite of methods.
func (s *randomSuite) testify(name string) {
	text := fmt.Sprintf("type %sSuite struct{ suite.Suite }\n\nfunc %[1]s(t *testing.T) { suite.Run(t, new(%[1]sSuite)) }\n\n", name)
	method := func(method string, p place, body string) {
		p.unit, p.clean = name, "s.T().Cleanup"
		if body == "" {
			body = s.body(p)
		}
		text += fmt.Sprintf("func (s *%sSuite) %s() {\n%s}\n\n", name, method, body)
	}
	if s.in(2) {
		method("SetupSuite", place{owners: []string{name}}, "")
	}
	if s.in(2) {
		method("TearDownSuite", place{owners: []string{name}, beside: true}, "")
	}
	many := 1 + s.rand.IntN(3)
	for i := range many {
		m := fmt.Sprintf("TestM%d", i)
		one := place{owners: []string{name + "/" + m}, unit: name, clean: "s.T().Cleanup"}
		body := s.body(one)
		if s.in(3) {
			inner := place{owners: []string{name + "/" + m + "/sub"}, unit: name, clean: "s.T().Cleanup"}
			body += "s.Run(\"sub\", func() {\n" + s.body(inner) + "})\n"
		}
		method(m, one, body)
	}
	if many == 1 && s.in(2) {
		method(s.one("SetupTest", "TearDownTest"), place{owners: []string{name + "/TestM0"}, beside: true}, "")
	}
	s.add(name, text)
}

// panics writes a test that ends its binary: a subtest panics, and the
// clean-ups of those around it run on its goroutine.
func (s *randomSuite) panics(name string) {
	clean := func(p place) string {
		p.beside = true
		return "t.Cleanup(func() {\n" + s.change(p) + "})\n"
	}
	at := func(owner string) place { return place{owners: []string{owner}, unit: name, clean: "t.Cleanup"} }
	s.add(name, "func "+name+"(t *testing.T) {\n"+clean(at(name))+"t.Run(\"s\", func(t *testing.T) {\n"+clean(at(name+"/s"))+
		"t.Run(\"panics\", func(t *testing.T) {\n"+s.change(place{owners: []string{name + "/s/panics"}, unit: name, clean: "t.Cleanup", beside: true})+"panic(1)\n})\n})\n}\n")
}

// ginkgo writes a suite. Everything is in one container, so that the order is
// that of the source.
func (s *randomSuite) ginkgo(name string) {
	spec := func(texts ...string) place {
		return place{owners: []string{name + ": " + strings.Join(texts, " ")}, unit: name, clean: "DeferCleanup"}
	}
	// Which node it was is not always said.
	suite := func() place {
		return place{owners: []string{name + ": [", name}, unit: name, clean: "DeferCleanup", node: true}
	}
	text := fmt.Sprintf("func %s(t *testing.T) {\nRegisterFailHandler(Fail)\nRunSpecs(t, %[1]q)\n}\n\n", name)
	text += "func declare(text, client, value string) {\nIt(text, func() {\ndone := make(chan bool)\ngo func() {\ngo func() {\ndefer close(done)\n" +
		"time.Sleep(time.Millisecond)\nkit.OK(kit.Shared(client).Plain(kit.Ending(), \"slowlog-max-len\", value))\n}()\n}()\nkit.Wait(done)\n})\n}\n\n"
	if s.in(2) {
		text += "var _ = BeforeSuite(func() {\n" + s.body(suite()) + "})\n\n"
	}
	text += "var _ = Describe(\"g\", func() {\n"
	it := func(p place, text string) string {
		end := ""
		switch s.rand.IntN(10) {
		case 0:
			end = "Fail(\"on purpose\")\n"
		case 1:
			end = "panic(\"on purpose\")\n"
		}
		return fmt.Sprintf("It(%q, func() {\n%s%s})\n", text, s.body(p), end)
	}
	for i := range 4 + s.rand.IntN(6) {
		leaf := fmt.Sprintf("i%d", i)
		switch s.rand.IntN(6) {
		case 5: // one that a function declares, for many
			s.value++
			value := fmt.Sprint(s.value)
			client := s.one("go-redis v9", "go-redis v8", "rueidis pipelining", "radix v4")
			s.truth[value] = truth{owners: spec("g", leaf).owners, unit: name, way: "declared", client: client, traced: true}
			text += fmt.Sprintf("declare(%q, %q, %q)\n", leaf, client, value)
		case 0: // a container with set-up
			c := fmt.Sprintf("c%d", i)
			p := spec("g", c, leaf)
			text += fmt.Sprintf("Context(%q, func() {\n", c)
			for _, node := range []string{"BeforeEach", "JustBeforeEach", "AfterEach"} {
				if s.in(2) {
					text += node + "(func() {\n" + s.body(p) + "})\n"
				}
			}
			text += it(p, leaf) + "})\n"
		case 1: // an ordered one
			c := fmt.Sprintf("o%d", i)
			text += fmt.Sprintf("Describe(%q, Ordered, ContinueOnFailure, func() {\n", c)
			if s.in(2) { // what it registers runs after the last spec
				p := spec("g", c, "f")
				p.owners = append(p.owners, spec("g", c, "l").owners...)
				text += "BeforeAll(func() {\n" + s.body(p) + "})\n"
			}
			text += it(spec("g", c, "f"), "f") + it(spec("g", c, "l"), "l")
			if s.in(2) {
				text += "AfterAll(func() {\n" + s.body(spec("g", c, "l")) + "})\n"
			}
			text += "})\n"
		case 2: // a table
			text += fmt.Sprintf("DescribeTable(%q, func(f func()) { f() }, Entry(\"e\", func() {\n%s}))\n", leaf, s.body(spec("g", leaf, "e")))
		default:
			text += it(spec("g", leaf), leaf)
		}
	}
	text += "})\n\n"
	if s.in(2) {
		text += "var _ = AfterSuite(func() {\n" + s.body(suite()) + "})\n\n"
	}
	s.add(name, text)
}

// file returns the test file of a package with the units that were added since
// the last.
func (s *randomSuite) file(name, path string) string {
	if len(s.lets) > 0 {
		text := "func TestLast(t *testing.T) {\n" + strings.Join(s.lets, "") + "}\n"
		s.lets = nil
		// Before a test that panics.
		at := len(s.units)
		if at > 0 && s.units[at-1].name == "TestPanics" {
			at--
		}
		s.units = slices.Insert(s.units, at, &randomUnit{"TestLast", text})
	}
	main := ""
	p := place{owners: []string{"package " + path}, unit: "TestMain", clean: "atEnd", beside: true, node: true}
	before, after := "", ""
	if s.in(3) {
		before = s.change(p)
	}
	if s.in(3) {
		after = s.change(p)
	}
	main = "func atEnd(f func()) { f() }\n\nfunc TestMain(m *testing.M) {\nkit.Main()\n" + before + "code := m.Run()\n" + after + "os.Exit(code)\n}\n\n"
	helper := "func helper(client string, ctx context.Context, name, value string) {\nkit.OK(kit.Shared(client).Plain(ctx, name, value))\n}\n\n"
	helper += "func setter(client, name, value string) func() {\nreturn func() { kit.OK(kit.Shared(client).Plain(context.Background(), name, value)) }\n}\n\n" +
		"func leave(n int, client, name, value string) {\ngo func() {\nkit.Await(n)\nsetter(client, name, value)()\nkit.Over(n)\n}()\n}\n\n"
	body := main + helper
	for _, u := range s.units {
		if s.only == nil || s.only(u.name) {
			body += u.text + "\n"
		}
	}
	s.units = nil
	text := "package " + name + "\n\nimport (\n"
	for _, imp := range []string{"context", "iter", "os", "runtime", "runtime/pprof", "sync", "testing", "time", "clients/kit"} {
		if use := imp[strings.LastIndexByte(imp, '/')+1:]; strings.Contains(body, use+".") {
			text += fmt.Sprintf("%q\n", imp)
		}
	}
	if strings.Contains(body, "RunSpecs") {
		text += ". \"github.com/onsi/ginkgo/v2\"\n. \"github.com/onsi/gomega\"\n"
	}
	if strings.Contains(body, "suite.Suite") {
		text += "\"github.com/stretchr/testify/suite\"\n"
	}
	return text + ")\n\n" + body
}

// plain is a package of tests, subtests and testify suites.
func (s *randomSuite) plain(path string) string {
	for i := range 14 {
		name := fmt.Sprintf("Test%c", 'A'+i)
		switch s.rand.IntN(8) {
		case 7:
			s.other(name)
		case 0:
			s.testify(name)
		case 1:
			s.parallel(name)
		default:
			s.test(name)
		}
	}
	if s.in(2) {
		s.panics("TestPanics")
	}
	return s.file("plain", path)
}

// specs is a package with a Ginkgo suite and a few tests beside it.
func (s *randomSuite) specs(path string) string {
	s.test("TestA")
	s.ginkgo("TestSuite")
	s.test("TestZ")
	return s.file("specs", path)
}
