//go:build !tracetest_notap

package inject

import (
	"runtime"
	"strconv"
	"strings"
	"sync"
)

// Ginkgo runs each node on a goroutine of its own, started by the one that runs
// the suite, so that all have the label of the test that called RunSpecs. They
// are told apart by when they were started: of every goroutine that is there
// when a spec begins, it is known in which spec it was first seen.

// tracetestSuites holds the suites of this process, by the label of the test
// that runs it.
var tracetestSuites struct {
	mu   sync.Mutex
	of   map[string]*tracetestSuite
	text []byte // for the list of goroutines
}

type tracetestSuite struct {
	spec string           // the label of the spec that is open
	last string           // of the one that began last
	seen map[int64]string // who started each goroutine that there was when it began
	lost bool             // the list was too long
}

// tracetestTapSpec notes that a spec began, or ended. It is called on a
// goroutine of the suite.
func tracetestTapSpec(verb, label string) {
	host := tracetestGetOwner()
	all := &tracetestSuites
	ended := ""
	defer func() {
		if ended != "" {
			tracetestTapFlush(ended)
		}
	}()
	all.mu.Lock()
	defer all.mu.Unlock()
	suite := all.of[host]
	if verb != "spec-begin" || label == "" {
		if suite != nil {
			ended, suite.spec = suite.spec, ""
		}
		return
	}
	if suite == nil {
		suite = &tracetestSuite{last: host}
		if all.of == nil {
			all.of = map[string]*tracetestSuite{}
		}
		all.of[host] = suite
	}
	ids, whole := tracetestGoroutines()
	seen := make(map[int64]string, len(ids))
	for _, id := range ids {
		by, known := suite.seen[id]
		if !known {
			by = suite.last
		}
		seen[id] = by
	}
	suite.spec, suite.last, suite.seen, suite.lost = label, label, seen, suite.lost || !whole
}

// tracetestSpecOf returns whose a goroutine with a label is: a spec's, where the
// label is that of a test that runs a suite. Node says that the goroutine runs
// a node of the suite.
func tracetestSpecOf(label string, node bool) (owner string, unsure bool) {
	all := &tracetestSuites
	all.mu.Lock()
	defer all.mu.Unlock()
	suite := all.of[label]
	if suite == nil {
		return label, false
	}
	self, parent := tracetestGoroutine()
	if by, old := suite.seen[self]; old {
		return by, suite.lost
	}
	if by, old := suite.seen[parent]; old && !node {
		return by, suite.lost // started now, by one that was there before
	}
	switch {
	case suite.spec != "":
		return suite.spec, suite.lost
	case node:
		return label, false // AfterSuite and its kin
	}
	return label, true // the last spec may have started it
}

// tracetestGoroutine returns the number of this goroutine and of the one that
// started it: "goroutine 7 [running]: ... created by f in goroutine 1", where
// the text of the stack is not too long to show it.
func tracetestGoroutine() (self, parent int64) {
	text := make([]byte, 32<<10)
	stack := string(text[:runtime.Stack(text, false)])
	number, _, _ := strings.Cut(strings.TrimPrefix(stack, "goroutine "), " ")
	self, _ = strconv.ParseInt(number, 10, 64)
	const by = " in goroutine "
	if at := strings.LastIndex(stack, by); at >= 0 && strings.LastIndex(stack, "\ncreated by ") >= 0 {
		number, _, _ = strings.Cut(stack[at+len(by):], "\n")
		parent, _ = strconv.ParseInt(number, 10, 64)
	}
	return self, parent
}

// tracetestGoroutines returns the numbers of all goroutines, unless there are
// too many. The caller holds the lock.
func tracetestGoroutines() (ids []int64, whole bool) {
	all := &tracetestSuites
	if all.text == nil {
		all.text = make([]byte, 64<<10)
	}
	n := runtime.Stack(all.text, true)
	for n == len(all.text) && n < 8<<20 {
		all.text = make([]byte, 2*n)
		n = runtime.Stack(all.text, true)
	}
	const begin = "goroutine "
	for i := 0; i+len(begin) < n; i++ {
		if (i == 0 || all.text[i-1] == '\n') && string(all.text[i:i+len(begin)]) == begin {
			id := int64(0)
			for i += len(begin); i < n && '0' <= all.text[i] && all.text[i] <= '9'; i++ {
				id = 10*id + int64(all.text[i]-'0')
			}
			ids = append(ids, id)
		}
	}
	return ids, n < len(all.text)
}
