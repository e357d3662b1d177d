//go:build unix

package inject

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// spec is what Ginkgo says of a spec, shortened.
func spec(text string) string {
	return fmt.Sprintf(`{"LeafNodeType":"It","LeafNodeText":%q,"State":"passed","LeafNodeLocation":{"FileName":"a_test.go","LineNumber":1}}`, text)
}

// Suite stands for Ginkgo's.
type Suite struct{}

//go:noinline
func (*Suite) runNode(f func()) { through(f) }

// started starts a goroutine, on one that is no other's, and returns when it runs.
func started(f func(self *tracetestGoroutine)) (id int64) {
	ids := make(chan int64)
	go func() {
		self := tracetestSelf()
		ids <- self.id
		f(self)
	}()
	return <-ids
}

// Guards against a goroutine that an earlier spec left running and that is
// taken for the work of the one that is open.
func TestGoroutinesOfSpecs(t *testing.T) {
	h := traced(t)
	wants := map[int64]string{}
	writer := func(end chan bool, let chan int64, done chan bool) {
		for {
			select {
			case number := <-let:
				says(number)
				done <- true
			case <-end:
				return
			}
		}
	}
	end := make(chan bool)
	defer close(end)
	writes := func(let chan int64, done chan bool) func(want string) {
		return func(want string) {
			t.Helper()
			number := int64(len(wants) + 1)
			wants[number] = want
			let <- number
			<-done
		}
	}
	// node runs a node, on a goroutine that the suite starts. What it returns
	// writes on that, if it lives on; else on one that it started.
	node := func(lives bool) func(want string) {
		let, done, ran := make(chan int64), make(chan bool), make(chan bool)
		go (&Suite{}).runNode(func() {
			if lives {
				ran <- true
				writer(end, let, done)
				return
			}
			go func() { writer(end, let, done) }()
			ran <- true
		})
		<-ran
		return writes(let, done)
	}
	// report is a node that tells of a spec.
	report := func(verb, text string) {
		done := make(chan bool)
		go (&Suite{}).runNode(func() { TracetestSpec(verb, false, text); close(done) })
		<-done
	}
	// asks lets a goroutine start another one, and end; or live on.
	asks := func(lives bool) (ask func() func(want string)) {
		asked, got := make(chan bool), make(chan func(string))
		ran := make(chan bool)
		go (&Suite{}).runNode(func() {
			go func() {
				ran <- true
				<-asked
				let, done := make(chan int64), make(chan bool)
				go func() {
					go func() { writer(end, let, done) }()
					got <- writes(let, done)
					if lives {
						<-end
					}
				}()
				if lives {
					<-end
				}
			}()
		})
		<-ran
		return func() func(string) {
			close(asked)
			write := <-got
			time.Sleep(20 * time.Millisecond) // those that end have ended
			return write
		}
	}
	owns(t, "TestSuite")
	let, done := make(chan int64), make(chan bool)
	go func() { writer(end, let, done) }()
	before := writes(let, done)
	before("owner TestSuite")
	report("suite-begin", "")
	beforeSuite := node(false)
	beforeSuite("owner TestSuite")
	worker, dying := asks(true), asks(false)

	report("spec-begin", spec("A"))
	inA, nodeOfA := node(false), node(true)
	inA("owner A or TestSuite") // its node has ended: one of BeforeSuite's can have started it
	nodeOfA("owner A")
	before("owner TestSuite")
	report("spec-end", spec("A"))
	inA("owner A or TestSuite")
	nodeOfA("owner A")

	report("spec-begin", spec("B"))
	inB, nodeOfB := node(false), node(true)
	nodeOfB("owner B")
	inA("owner A or TestSuite")
	nodeOfA("owner A")
	before("owner TestSuite")
	beforeSuite("owner TestSuite")
	worker()("owner TestSuite") // two generations on
	dying()("owner B or A or TestSuite")
	report("spec-end", spec("B"))
	inB("owner B or A or TestSuite")

	report("spec-begin", "what Ginkgo never says") // no label for it
	node(true)("owner TestSuite")

	report("spec-begin", spec("C"))
	nodeOfA("owner A")
	nodeOfB("owner B")
	node(true)("owner C")
	suite := tracetestGetOwner()
	owns(t, "TestOther")
	node(false)("owner TestOther")
	tracetestTraceOwn(suite)
	report("spec-end", spec("C"))
	nodeOfB("owner B") // and not AfterSuite's
	for number, want := range wants {
		if got := name(h.writes[number].By); got != want {
			t.Errorf("write %d is of %q, want %q", number, got, want)
		}
	}
}

// Guards against a spec that leaves a goroutine which is not noticed: as many goroutines as
// before are the same only if none of them can have ended.
func TestLastingGoroutines(t *testing.T) {
	lasting := []tracetestGoroutine{
		{id: 1, entry: "main.main()", runs: true},
		{id: 6, parent: 1, creator: "testing.(*T).Run /go/testing.go:1", entry: "testing.tRunner(0x1, 0x2)", runs: true},
		{id: 20, parent: 6, creator: "os/signal.Notify.func1.1 /go/signal.go:1", entry: "os/signal.loop()"},
		{id: 8, parent: 6, entry: "github.com/onsi/ginkgo/v2/internal/interrupt_handler.(*InterruptHandler).registerForInterrupts.func2(0x0?)"},
		{id: 21, parent: 6, entry: "github.com/onsi/ginkgo/v2/internal.RegisterForProgressSignal.func1()"},
		{id: 107, parent: 6, entry: "github.com/onsi/ginkgo/v2/internal.(*Suite).runNode.func3()"}, // reports
	}
	for _, test := range []struct {
		name   string
		more   tracetestGoroutine
		runner int64
		want   int
	}{
		{"nothing else", lasting[0], 6, 6},
		{"a test's own", tracetestGoroutine{id: 30, parent: 9, entry: "suite.init.func1.2()"}, 6, 0},
		{"that of -cpuprofile", tracetestGoroutine{id: 30, parent: 1, entry: "runtime/pprof.profileWriter({0x1, 0x2})"}, 6, 7},
		{"that of a profile which a test has begun", tracetestGoroutine{id: 30, parent: 107, entry: "runtime/pprof.profileWriter({0x1, 0x2})"}, 6, 0},
		{"another node, which has timed out", tracetestGoroutine{id: 30, parent: 6, entry: lasting[5].entry}, 6, 0},
		{"a node that has run", tracetestGoroutine{id: 30, parent: 6, entry: lasting[5].entry, over: true}, 6, 6},
		{"a client's", tracetestGoroutine{id: 30, parent: 9, entry: "github.com/redis/rueidis.(*pipe)._background(0x1)"}, 6, 0},
		{"the one that asks whether another process gave up", tracetestGoroutine{id: 30, parent: 6,
			entry: "github.com/onsi/ginkgo/v2/internal/interrupt_handler.(*InterruptHandler).registerForInterrupts.func1()"}, 6, 0},
		{"the suite is run by what no test waits for", lasting[0], 20, 0},
		{"it has ended", lasting[0], 7, 0},
	} {
		all := &tracetestDump{whole: true, goroutines: map[int64]*tracetestGoroutine{test.more.id: &test.more}}
		for _, g := range lasting {
			all.goroutines[g.id] = &g
		}
		if got := (&tracetestSuite{runner: test.runner}).lasting(107, all); got != test.want {
			t.Errorf("%s: %d, want %d", test.name, got, test.want)
		}
	}
}

// Guards against goroutines that are missed where there are many, and would be
// taken for those of the spec that is open.
func TestManyGoroutines(t *testing.T) {
	traced(t)
	let := make(chan bool)
	defer close(let)
	const many = 3000
	want := map[int64]bool{tracetestSelf().id: true}
	for range many {
		want[started(func(*tracetestGoroutine) { <-let })] = true
	}
	all := tracetestAll(new([]byte))
	for id := range all.goroutines {
		delete(want, id)
	}
	if !all.whole || len(want) > 0 {
		t.Errorf("whole %v, %d are missing", all.whole, len(want))
	}
}

// Guards against a spec that is blamed for what a goroutine did that an earlier
// one had left: it starts further ones for each of its calls.
func TestGoroutineOfAnOlderOne(t *testing.T) {
	traced(t)
	got, let := make(chan *tracetestGoroutine), make(chan bool)
	parent := started(func(*tracetestGoroutine) {
		started(func(self *tracetestGoroutine) { got <- self; <-let })
		<-let
	})
	defer close(let)
	young := <-got
	if young.parent != parent || young.id == parent || !strings.Contains(young.creator, "inject.started ") || !strings.Contains(young.creator, "/trace_ginkgo_test.go:") {
		t.Errorf("%+v is started by %d", young, parent)
	}
}

// Guards against a client that triage knows and that is spelled differently here.
func TestClientsAreKnown(t *testing.T) {
	source, err := os.ReadFile("../../triage/callsite.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, begin := range tracetestNoTest() {
		if strings.Contains(begin, "/") && strings.Contains(strings.SplitN(begin, "/", 2)[0], ".") && !strings.Contains(string(source), fmt.Sprintf("%q", begin)) {
			t.Errorf("package triage does not know %q", begin)
		}
	}
}
