//go:build unix

package inject

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"tracetest/internal/barrier"
	"tracetest/internal/record"
	"tracetest/internal/redisconf"
)

// traceReports is what a barrier received of the trace, and the verbs of boundaries.
type traceReports struct {
	mu        sync.Mutex
	order     []string
	writes    map[int64]*record.Write
	announced []barrier.Message
}

// traced opens a barrier, says hello to it, and starts the trace.
func traced(t *testing.T) *traceReports {
	t.Helper()
	s, err := barrier.Listen(shortDir(t, "tracetest"), func(string) string { return "m/p" }, barrier.Source{})
	if err != nil {
		t.Fatal(err)
	}
	h := &traceReports{writes: map[int64]*record.Write{}}
	var done sync.WaitGroup
	done.Go(func() {
		for held := s.Next(t.Context()); held != nil; held = s.Next(t.Context()) {
			h.mu.Lock()
			if announced := held.Message; announced == nil {
				h.order = append(h.order, string(held.Boundary.Verb))
			} else {
				h.announced = append(h.announced, *announced)
				switch {
				case announced.Write != nil:
					h.writes[announced.Write.Number] = announced.Write
				case announced.Refused != nil:
					h.order = append(h.order, fmt.Sprintf("refused %d +%d", announced.Refused.Number, announced.Refused.Count))
				}
			}
			h.mu.Unlock()
			held.Release()
		}
	})
	t.Cleanup(func() { s.Close(); done.Wait() })
	hello(t, strings.TrimPrefix(s.Env(), "TRACETEST_SOCKET="))
	clear := func() {
		tracetestRefused.last, tracetestRefused.count = 0, nil
		tracetestSuites.of = nil
		tracetestSetOwner("")
	}
	clear()
	t.Cleanup(clear)
	tracetestTraceStart()
	return h
}

// since returns what came since the last call. Whatever was reported is in it:
// reporting waits for the answer.
func (h *traceReports) since() (order []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	order, h.order = h.order, nil
	return order
}

// owns gives this goroutine to a test that begins.
func owns(t *testing.T, name string) (label string) {
	t.Helper()
	id := strconv.FormatInt(tracetestSerial.Add(1), 10)
	tracetestCall("begin", id, "test", name, "", "false")
	label = tracetestLabelOf("test", id, name, "", id, "false")
	tracetestTraceOwn(label)
	return label
}

// through puts calls between the trace and the test that are not of this module:
// what is before the first of those passes for the trace's own.
func through(f func()) { new(sync.Once).Do(f) }

func says(number int64) {
	through(func() { tracetestTraced("write", 1, number, []string{"CONFIG", "REWRITE"}) })
}

func name(by record.By) string {
	text := string(by.Label)
	if by.Owner != nil {
		text += " " + by.Owner.Name
	}
	for _, other := range by.Perhaps {
		text += " or " + other.Owner.Name
	}
	if by.Lost {
		text += ", lost"
	}
	return text
}

// Guards against a secret that leaves the test process, and against a report in
// which everything is hidden.
func TestHide(t *testing.T) {
	long := strings.Repeat("x", 80)
	for _, test := range []struct{ command, want string }{
		{"config set requirepass pw", "config set requirepass (hidden)"},
		{"CONFIG SET maxmemory 1 RequirePass pw timeout 7", "CONFIG SET maxmemory 1 RequirePass (hidden) timeout 7"},
		{"Config Set MASTERAUTH pw requirepass pw", "Config Set MASTERAUTH (hidden) requirepass (hidden)"},
		{"CONFIG SET tls-key-file-pass pw tls-client-key-file-pass pw tls-key-file k", "CONFIG SET tls-key-file-pass (hidden) tls-client-key-file-pass (hidden) tls-key-file k"},
		{"CONFIG SET primaryauth pw hash-seed s x.secret y x-token z", "CONFIG SET primaryauth (hidden) hash-seed (hidden) x.secret (hidden) x-token (hidden)"},
		{"ACL SETUSER bob on >pw <pw #abc !abc ~* +@all nopass resetpass", "ACL SETUSER bob on >(hidden) <(hidden) #(hidden) !(hidden) ~* +@all nopass resetpass"},
		{"acl setuser >bob reset  >", "acl setuser >bob reset  >(hidden)"},
		{"MODULE LOADEX /m.so CONFIG m.key value ARGS a b", "MODULE LOADEX /m.so (hidden) (hidden) (hidden) (hidden) (hidden) (hidden)"},
		{"SENTINEL SET main auth-pass pw auth-user bob", "SENTINEL SET main auth-pass (hidden) auth-user bob"},
		{"sentinel set main quorum 2 AUTH-PASS pw", "sentinel set main quorum 2 AUTH-PASS (hidden)"},
		{"SENTINEL CONFIG SET sentinel-pass pw", "SENTINEL CONFIG SET sentinel-pass (hidden)"},
		{"FUNCTION LOAD REPLACE " + long + "y", "FUNCTION LOAD REPLACE " + long + "..."},
		{"function restore " + long + long + " FLUSH", "function restore " + long + "... FLUSH"},

		{"FT.CONFIG SET OSS_GLOBAL_PASSWORD pw", "FT.CONFIG SET OSS_GLOBAL_PASSWORD (hidden)"},
		{"GRAPH.CONFIG SET TIMEOUT 7", "GRAPH.CONFIG SET TIMEOUT 7"},

		{"FUNCTION LOAD " + long, "FUNCTION LOAD " + long},
		{"CONFIG SET proc-title-template requirepass x y", "CONFIG SET proc-title-template requirepass x y"},
		{"CONFIG SET masteruser bob maxmemory 1", "CONFIG SET masteruser bob maxmemory 1"},
		{"CONFIG SET requirepass", "CONFIG SET requirepass"},
		{"CONFIG SET", "CONFIG SET"},
		{"CONFIG RESETSTAT", "CONFIG RESETSTAT"},
		{"CONFIG SET requirepas pw masteruth pw REQUIRE-PAS pw maxmemory 1", "CONFIG SET requirepas (hidden) masteruth (hidden) REQUIRE-PAS (hidden) maxmemory 1"},
		{"CONFIG SET requierpas pw tls-key-file-pas pw", "CONFIG SET requierpas (hidden) tls-key-file-pas (hidden)"},
		{"CONFIG SET maxmemory requirepass pw", "CONFIG SET maxmemory requirepass (hidden)"},
		{"CONFIG SET tls-auth-clients no tls-key-file k tls-client-key-file k masteruser bob", "CONFIG SET tls-auth-clients no tls-key-file k tls-client-key-file k masteruser bob"},
		{"ACL DELUSER >bob #x", "ACL DELUSER >bob #x"},
		{"MODULE LOAD /m.so a b", "MODULE LOAD /m.so (hidden) (hidden)"},
		{"ACL SETUSER bob on (~a >pw) pw +@all ~* &* %R~x resetpass", "ACL SETUSER bob on (~a >(hidden) (hidden) +@all ~* &* %R~x resetpass"},
		{"MODULE UNLOAD pass word", "MODULE UNLOAD pass word"},
		{"SENTINEL SET main down-after-milliseconds 5", "SENTINEL SET main down-after-milliseconds 5"},
		{"SENTINEL MONITOR pass 127.0.0.1 6379 2", "SENTINEL MONITOR pass 127.0.0.1 6379 2"},
		{"CLIENT KILL USER pass", "CLIENT KILL USER pass"},
		{"REPLICAOF auth 6379", "REPLICAOF auth 6379"},
		{"FLUSHALL", "FLUSHALL"},
		{"", ""},
	} {
		words := strings.Split(test.command, " ")
		before := slices.Clone(words)
		shown, _ := tracetestHide(words)
		if got := strings.Join(shown, " "); got != test.want {
			t.Errorf("%s\nis shown as %s\nwant        %s", test.command, got, test.want)
		}
		if !slices.Equal(words, before) {
			t.Errorf("%s: the words themselves were changed", test.command)
		}
	}
	if got, _ := tracetestHide(nil); len(got) > 0 {
		t.Errorf("nothing is shown as %q", got)
	}
}

// What tracetest takes for a secret does not leave the test process. The test process
// hides more: a name that is mistyped.
func TestSecretsAsRedisconf(t *testing.T) {
	for _, name := range []string{"requirepass", "masterauth", "primaryauth", "tls-key-file-pass", "tls-client-key-file-pass", "hash-seed", "x-secret", "x-token",
		"some-auth", "x.password", "search-oss-global-password", "maxmemory", "masteruser", "tls-auth-clients", "save", "tls-key-file"} {
		if redisconf.IsSecret(name) != tracetestSecret(name) {
			t.Errorf("%s is a secret to redisconf: %v", name, redisconf.IsSecret(name))
		}
	}
}

// Guards against a password that the server quotes in its answer.
func TestCode(t *testing.T) {
	for reply, want := range map[string]string{
		"+OK": "+OK", "*2": "*2", "-ERR unknown command 'acl', with args beginning with: 'setuser' '>pw'": "-ERR unknown command ...",
		"-ERR Error in ACL SETUSER modifier '<pw': Syntax error": "-ERR Error in ACL SETUSER modifier ...", "-OOM command not allowed": "-OOM command not allowed",
		"-ERR unknown command `x`": "-ERR unknown command ...", "+it's": "+it's",
	} {
		if got := tracetestCode(reply); got != want {
			t.Errorf("%q is told as %q, want %q", reply, got, want)
		}
	}
}

// Guards against what the other side understands in another way, and against a
// secret on the way there.
func TestTraceConversation(t *testing.T) {
	h := traced(t)
	says(2) // nobody's but the package's
	owns(t, "TestA/\"quoted\"\nü\xff \\")
	tracetestTraced("redis", 1, 0, []string{"tcp", "127.0.0.1:6379", "127.0.0.1:5", "true", "false", "true"})
	through(func() { tracetestTraced("write", 1, 3, []string{"CONFIG", "SET", "requirepass", "pw\n"}) })
	tracetestTraced("reply", 1, 3, []string{"+OK"})
	through(func() { tracetestTraced("fault", 1, 0, []string{"OOM command not allowed"}) })
	tracetestTraced("other", 1, 0, []string{"x"})
	if len(h.announced) != 5 {
		t.Fatalf("told %+v", h.announced)
	}
	if by := h.announced[0].Write.By; name(by) != "package" {
		t.Errorf("outside of a test it is %q", name(by))
	}
	if c, want := *h.announced[1].Contact, (record.Contact{Process: 1, Network: "tcp", Address: "127.0.0.1:6379", Local: "127.0.0.1:5", Server: -1, TLS: true}); c != want {
		t.Errorf("contact %+v", c)
	}
	w := h.announced[2].Write
	if !slices.Equal(w.Command, []string{"CONFIG", "SET", "requirepass", "(hidden)"}) || w.Number != 3 || w.Address != "127.0.0.1:6379" || name(w.By) != "owner TestA/\"quoted\"\nü\xff \\" {
		t.Errorf("write %+v", w)
	}
	if first := w.By.Stack[0]; !strings.HasPrefix(first.Function, "sync.(*Once).") || !strings.HasSuffix(first.File, "/once.go") || first.Line == 0 {
		t.Errorf("the stack begins with %+v", first)
	}
	self := slices.ContainsFunc(w.By.Stack, func(f record.Frame) bool {
		return strings.HasSuffix(f.Function, "inject.TestTraceConversation") && strings.HasSuffix(f.File, "/trace_test.go")
	})
	if !self || w.By.Waiting != nil {
		t.Errorf("stack %+v, waiting %+v", w.By.Stack, w.By.Waiting)
	}
	if r, want := *h.announced[3].Reply, (record.Reply{Process: 1, Number: 3, Text: "+OK"}); !reflect.DeepEqual(r, want) {
		t.Errorf("reply %+v", r)
	}
	if r := h.announced[4].Refused; r.Text != "OOM command not allowed" || r.Count != 1 || r.Address != "127.0.0.1:6379" || r.By.Owner == nil {
		t.Errorf("refused %+v", r)
	}
}

// Guards against a stack without the end that says what started it, and against
// a profile that is taken for nothing, or not where it is needed.
func TestStackAndProfile(t *testing.T) {
	traced(t)
	var deep func(n int) tracetestWhere
	deep = func(n int) (w tracetestWhere) {
		if n > 0 {
			return deep(n - 1)
		}
		through(func() { w = tracetestHere(true) })
		return w
	}
	for n, want := range map[int]int{3: 0, 100: tracetestStackLimit} {
		w := deep(n)
		if want == 0 {
			want = len(w.stack)
		}
		if len(w.stack) != want || !strings.HasPrefix(w.stack[0], "sync.") || !strings.HasPrefix(w.stack[len(w.stack)-1], "runtime.goexit ") || !strings.HasPrefix(w.stack[len(w.stack)-2], "testing.tRunner ") {
			t.Errorf("%d deep: %d frames, %q", n, len(w.stack), w.stack)
		}
		if w.waiting != [3]string{} || w.creator != "" {
			t.Errorf("%d deep: a profile, though there is a test on the stack", n)
		}
	}
	for stack, want := range map[string]bool{
		"net.(*conn).Write x.go:1\ngithub.com/x/redis.(*pool).write x.go:2\nruntime.goexit x.s:1": true,
		"runtime.goexit x.s:1":             true,
		"m/p.TestA x.go:1":                 false,
		"m/p.BenchmarkA.func1 x.go:1":      false,
		"m/p.Example x.go:1":               false,
		"m/p.FuzzA.func2 x.go:1":           false,
		"m/p.f x_test.go:1":                false,
		"main.main x.go:1":                 false,
		"testing.(*M).Run x.go:1":          false,
		"runtime.runfinq x.go:1":           false,
		"runtime.runFinalizers x.go:1":     false,
		"runtime.runCleanups.func1 x.go:1": false,
	} {
		if got := tracetestClients(strings.Split(stack, "\n")); got != want {
			t.Errorf("%q may be a client's: %v", stack, got)
		}
	}
	others := tracetestOthers(tracetestAll(new([]byte)))
	if !strings.HasPrefix(others[0], "goroutine ") || !strings.HasPrefix(others[1], "goroutine profile: total ") {
		t.Errorf("the others are %.80q", others)
	}
}

// Guards against a place of a go statement that is not read, and against one
// that is read where the text was cut.
func TestReadStack(t *testing.T) {
	for text, want := range map[string]tracetestGoroutine{
		"goroutine 7 [running]:\nm/p.F(0x1)\n\t/a b/x.go:1 +0x2\ncreated by m/p.G.func1 in goroutine 5\n\t/a b/y.go:3 +0x4\n":     {id: 7, parent: 5, creator: "m/p.G.func1 /a b/y.go:3", entry: "m/p.F(0x1)"},
		"goroutine 8 [select, 2 minutes]:\ntesting.tRunner(0x1, 0x2)\n\t/x.go:1 +0x2\ncreated by testing.(*T).Run in goroutine 1": {id: 8, parent: 1, creator: "testing.(*T).Run ", entry: "testing.tRunner(0x1, 0x2)", runs: true},
		"goroutine 1 [running]:\nmain.main()\n\t/x.go:1 +0x2":                                                                     {id: 1},
		"goroutine 9 [running]:\nm/p.F(0x1)\n\t/x.go:1 +0x2\ncreated by m/p.G\n\t/y.go:3":                                         {id: 9, creator: "m/p.G /y.go:3", entry: "m/p.F(0x1)"},
		"what is none": {}, "": {}, "goroutine ": {},
	} {
		if got := *tracetestRead(text); got != want {
			t.Errorf("%q is read as %+v, want %+v", text, got, want)
		}
	}
}

// Guards against a test that is put down what a clean-up of the one around it
// does, which package testing runs on its goroutine when it panics.
func TestOwnerOfCleanUps(t *testing.T) {
	h := traced(t)
	parent := &common{name: "TestA", parent: &common{}, finished: true}
	tracetestBegin(parent, "test")
	sub := &common{name: "TestA/sub", parent: parent}
	tracetestBegin(sub, "test")
	clean := func(c *common, number int64) {
		defer tracetestCleanUp(c)()
		says(number)
	}
	clean(sub, 1)
	ended(sub)
	clean(parent, 2)
	says(3)
	clean(&common{name: "other"}, 4)
	ended(parent)
	for number, want := range map[int64]string{1: "owner TestA/sub", 2: "owner TestA", 3: "owner TestA/sub", 4: "owner TestA/sub"} {
		if got := name(h.writes[number].By); got != want {
			t.Errorf("write %d is of %q, want %q", number, got, want)
		}
	}
}

// Guards against a suite that waits thousands of times for the same error,
// and against errors that are not counted, or for somebody else.
func TestRefusedAreCounted(t *testing.T) {
	h := traced(t)
	here := func() { through(func() { tracetestTraced("fault", 1, 0, []string{"OOM command not allowed"}) }) }
	there := func() { through(func() { tracetestTraced("fault", 1, 0, []string{"OOM command not allowed"}) }) }
	expect := func(when string, want ...string) {
		t.Helper()
		got := h.since()
		slices.Sort(got) // the places of an owner are in no order
		if !slices.Equal(got, want) {
			t.Errorf("%s: heard %q, want %q", when, got, want)
		}
	}
	root := &common{}
	a := &common{name: "TestA", parent: root, finished: true}
	tracetestBegin(a, "test")
	h.since()
	for range 4 {
		here()
	}
	expect("four at a place", "refused 1 +1")
	for range 3 {
		there()
	}
	expect("three at another", "refused 2 +1")
	labelA := tracetestGetOwner()
	labelB := owns(t, "TestB")
	for range 2 {
		here()
	}
	expect("two of another owner", "begin", "refused 3 +1")
	tracetestTraceFlush("TestNobody")
	expect("flushed for nobody")
	tracetestTraceFlush(labelB)
	expect("flushed", "refused 3 +1")
	tracetestTraceFlush(labelB)
	expect("flushed again")
	tracetestTraceOwn(labelA)
	ended(a)
	expect("the owner has ended", "end", "refused 1 +3", "refused 2 +2")
	here()
	expect("after it was told", "refused 4 +1") // with its stack: the gate may have forgotten
	for _, label := range []string{labelA, labelB, ""} {
		tracetestSetOwner(label)
		for range 2 {
			here()
		}
	}
	expect("of several, one of them nobody", "refused 5 +1", "refused 6 +1", "refused 7 +1")
	tracetestTraceFlush("")
	expect("all are flushed", "refused 5 +1", "refused 6 +1", "refused 7 +1")
	for _, announced := range h.announced {
		if r := announced.Refused; r != nil && (r.Text != "") != (len(r.By.Stack) > 0) {
			t.Errorf("%+v", r)
		}
	}
}

// Guards against a data race, and against errors that are lost or counted twice
// while an owner ends. It tells something with -race.
func TestRefusedAtOnce(t *testing.T) {
	h := traced(t)
	label := owns(t, "TestA")
	const goroutines, each = 20, 50
	var all sync.WaitGroup
	for range goroutines {
		all.Go(func() {
			for i := range each {
				through(func() { tracetestTraced("fault", 1, 0, []string{"OOM command not allowed"}) })
				if i%10 == 0 {
					tracetestTraceFlush(label)
				}
			}
		})
	}
	all.Wait()
	tracetestTraceFlush("")
	sum := int64(0)
	for _, announced := range h.announced {
		if announced.Refused != nil {
			sum += announced.Refused.Count
		}
	}
	if sum != goroutines*each {
		t.Errorf("%d errors were told of %d", sum, goroutines*each)
	}
}

// Guards against counts that come when it is too late: after the end of the
// test, or of the spec, that they are of.
func TestRefusedBeforeTheEnd(t *testing.T) {
	h := traced(t)
	twice := func() {
		for range 2 {
			through(func() { tracetestTraced("fault", 1, 0, []string{"OOM command not allowed"}) })
		}
	}
	c := &common{name: "TestA", parent: &common{}, finished: true}
	tracetestBegin(c, "test")
	TracetestSpec("suite-begin", false, "")
	TracetestSpec("spec-begin", false, spec("A"))
	var node sync.WaitGroup
	node.Go(func() { (&Suite{}).runNode(twice) })
	node.Wait()
	TracetestSpec("spec-end", false, spec("A"))
	TracetestSpec("suite-end", false, "[]")
	twice()
	ended(c)
	end := tracetestExample("ExampleA", new(bool))
	twice()
	end()
	want := []string{"hello", "begin", "suite-begin", "begin", "refused 1 +1", "refused 1 +1", "end", "suite-end", "refused 2 +1", "refused 2 +1", "end",
		"begin", "refused 3 +1", "refused 3 +1", "end"}
	if got := h.since(); !slices.Equal(got, want) {
		t.Errorf("heard\n%q\nwant\n%q", got, want)
	}
}
