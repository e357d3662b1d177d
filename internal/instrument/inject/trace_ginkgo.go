//go:build unix && !tracetest_notrace

package inject

import (
	"runtime"
	"strconv"
	"strings"
	"sync"
)

// Ginkgo runs each node on a goroutine of its own, started by the one that runs
// the suite, so that all have the label of the test that called RunSpecs. They
// are distinguished by who started them: the goroutine that runs the suite starts
// nodes and nothing else, and of every goroutine that was there when a spec
// began or ended, it is known in which spec it was first seen. What is between
// them and another goroutine is found by going from one to the one that started
// it. Where one of these has ended, any that was there can have been before it.

// tracetestMostAble is how many are named of whom one can have started a
// goroutine.
const tracetestMostAble = 64

// tracetestSuites holds the suites of this process, by the label of the test
// that runs it.
var tracetestSuites struct {
	mu     sync.Mutex
	of     map[string]*tracetestSuite
	buffer []byte
}

type tracetestSuite struct {
	host   string             // the label of the test
	runner int64              // the goroutine that runs the suite
	spec   string             // the label of the spec that is open
	begun  int                // specs
	seen   map[int64][]string // who started each goroutine that there was; of several it is not known which
	able   []string           // who started those that can start others
	lost   bool               // the list was too long
	few    int                // how many goroutines there were, if none of them can end before the suite; else zero
}

// tracetestTraceSpec notes that a spec began, or ended. It is called on a
// goroutine of the suite.
func tracetestTraceSpec(verb, label string) {
	host := tracetestGetOwner()
	all := &tracetestSuites
	ended := ""
	defer func() {
		if ended != "" {
			tracetestTraceFlush(ended)
		}
	}()
	all.mu.Lock()
	defer all.mu.Unlock()
	suite := all.of[host]
	if suite == nil {
		suite = &tracetestSuite{host: host, runner: tracetestSelf().parent}
		if all.of == nil {
			all.of = map[string]*tracetestSuite{}
		}
		all.of[host] = suite
	}
	// From the end of a spec to the begin of the next there are only reports.
	if verb != "spec-begin" || suite.begun == 0 {
		// The stacks of all stop the process, and most specs leave nothing behind.
		if suite.left() {
			suite.snap(tracetestAll(&all.buffer))
		}
	}
	ended, suite.spec = suite.spec, ""
	if verb == "spec-begin" {
		suite.spec = label
		suite.begun++
	}
}

// left reports whether a spec can have left a goroutine behind. Its last node, which has run,
// may yet have to end. The count is taken twice, for goroutines that begin or end meanwhile can
// make it wrong.
func (s *tracetestSuite) left() bool {
	for try := 0; try < 3 && s.few > 0; try++ {
		if once, again := runtime.NumGoroutine(), runtime.NumGoroutine(); once == s.few && again == s.few {
			return false
		}
		runtime.Gosched()
	}
	return true
}

// snap notes whose the goroutines are that there are.
func (s *tracetestSuite) snap(all *tracetestDump) {
	seen := make(map[int64][]string, len(all.goroutines))
	able, self := []string{}, tracetestSelf().id
	for id, g := range all.goroutines {
		seen[id] = s.startedBy(g, all)
		if s.seen == nil {
			seen[id] = []string{s.host}
		}
		if id == self || !s.starts(g, all) {
			continue
		}
		for _, label := range seen[id] {
			if !tracetestNames(strings.Join(able, "\n"), label) {
				able = append(able, label)
				for i := len(able) - 1; i > 0 && able[i] < able[i-1]; i-- {
					able[i], able[i-1] = able[i-1], able[i]
				}
			}
		}
	}
	s.seen, s.able, s.lost = seen, able, s.lost || !all.whole
	if s.few = s.lasting(self, all); !all.whole {
		s.few = 0
	}
}

// lasting counts the goroutines, if all of them outlive the suite but for the one that reports a
// spec: that which runs the suite, the one that waits for its test, those that wait for
// signals, and the one that writes a profile. Else it is zero. As long as there are as many, it is these, and nobody has left another
// one. Where one of a test's or of a client's is among them, it can end while another begins. A
// node that has run is about to end, and does not count.
func (s *tracetestSuite) lasting(self int64, all *tracetestDump) (count int) {
	runner := all.goroutines[s.runner]
	if runner == nil || !runner.runs || runner.parent != 1 {
		return 0
	}
	for id, g := range all.goroutines {
		switch {
		case id == self, id == s.runner, id == 1:
		case strings.HasPrefix(g.entry, "os/signal.loop("):
		case g.parent == 1 && strings.HasPrefix(g.entry, "runtime/pprof.profileWriter("): // of -cpuprofile
		case strings.Contains(g.entry, "/ginkgo/v2/internal/interrupt_handler.(*InterruptHandler).registerForInterrupts.func2("):
		case strings.Contains(g.entry, "/ginkgo/v2/internal.RegisterForProgressSignal.func1("):
		case g.over:
			count--
		default:
			return 0
		}
		count++
	}
	return count
}

// starts reports whether a goroutine can have started one that has the label of
// the suite's test, and is not known.
func (s *tracetestSuite) starts(g *tracetestGoroutine, all *tracetestDump) bool {
	switch {
	case g.id == s.runner, g.over:
		return false
	case strings.Contains(g.creator, "/ginkgo/v2") && !strings.Contains(g.creator, ".(*Suite).runNode"),
		tracetestBegins(g.creator, tracetestNoTest()) && tracetestBegins(g.entry, tracetestNoTest()):
		return false
	}
	// Those of other tests and of the package have other labels, and so have all
	// that they start.
	for up := g; up != nil; up = all.goroutines[up.parent] {
		if up.id == s.runner {
			return true
		}
		if up.id == 1 || up.runs {
			return false
		}
	}
	return true
}

// tracetestNoTest are packages whose goroutines do not run code of the tests:
// those of Redis clients, which package triage lists too, and some others.
func tracetestNoTest() []string {
	return []string{
		"os/signal.", "runtime.", "net/http.(*persistConn).", "net/http.(*Transport).",
		"github.com/redis/go-redis", "github.com/go-redis/", "gopkg.in/redis.", "github.com/redis/rueidis", "github.com/rueian/rueidis",
		"github.com/valkey-io/", "github.com/gomodule/redigo", "github.com/garyburd/redigo", "github.com/mediocregopher/radix",
	}
}

func tracetestBegins(text string, with []string) bool {
	for _, begin := range with {
		if strings.HasPrefix(text, begin) {
			return true
		}
	}
	return false
}

// startedBy returns who started a goroutine that has the label of the suite's
// test: the open spec or, where none is, the test.
func (s *tracetestSuite) startedBy(g *tracetestGoroutine, all *tracetestDump) []string {
	now := s.spec
	if now == "" {
		now = s.host
	}
	for up, child := g, false; up != nil; child = true {
		if up.id == s.runner && child {
			return []string{now}
		}
		if labels, old := s.seen[up.id]; old {
			return labels
		}
		parent := up.parent
		if all != nil {
			up = all.goroutines[parent]
		} else {
			up = nil
		}
		if up == nil && parent != 0 { // it has ended, or nobody asked
			if parent == s.runner {
				return []string{now}
			}
			if labels, old := s.seen[parent]; old {
				return labels
			}
		}
	}
	labels := []string{now}
	for _, label := range s.able {
		if label != now && len(labels) < tracetestMostAble {
			labels = append(labels, label)
		}
	}
	return labels
}

// tracetestSpecOf returns whose a goroutine with a label is: a spec's, where the
// label is that of a test that runs a suite. Node says that the goroutine runs
// a node of the suite. Lost says that there are others that are not reported.
func tracetestSpecOf(label string, g *tracetestGoroutine, node bool, all *tracetestDump) (labels []string, lost bool) {
	suites := &tracetestSuites
	suites.mu.Lock()
	defer suites.mu.Unlock()
	suite := suites.of[label]
	if suite == nil {
		return []string{label}, false
	}
	if _, old := suite.seen[g.id]; node && !old && suite.spec != "" {
		return []string{suite.spec}, false
	} else if node && !old {
		return []string{label}, false // AfterSuite and its kin
	}
	labels = suite.startedBy(g, all)
	return labels, suite.lost || len(labels) == tracetestMostAble
}

// tracetestSpecsOf says of each goroutine whose it is if it has the label of a
// test that runs a suite: lines of its number, that label, and those that can
// have started it.
func tracetestSpecsOf(all *tracetestDump) string {
	suites := &tracetestSuites
	suites.mu.Lock()
	defer suites.mu.Unlock()
	var text strings.Builder
	for label, suite := range suites.of {
		for id, g := range all.goroutines {
			labels := suite.startedBy(g, all)
			if len(labels) == 1 && labels[0] == label {
				continue
			}
			text.WriteString(strconv.FormatInt(id, 10) + "\t" + label + "\t" + strings.Join(labels, "\t") + "\n")
		}
	}
	return text.String()
}
