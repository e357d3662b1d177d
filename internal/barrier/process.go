package barrier

import (
	"slices"

	"tracetest/internal/record"
)

// process is a test binary that said hello.
type process struct {
	record.Process
	visible bool // its pid could be seen, so that its end can be seen too
	gone    bool
	began   bool             // a test of it began
	exited  bool             // it was held when it exited
	owners  map[string]int64 // open owners, by the number that the process uses
	tests   []openTest       // open tests, in the order in which they began
	specs   map[string]int64 // open specs, by text and location
	conns   map[int64]string // addresses of Redis connections, by the number that the process uses
}

// openTest is a test that has begun and not ended.
type openTest struct {
	id, parent int64
	unit       int64 // the top-level test that it is in
	name       string
	paused     bool
}

// delegates reports whether a process that has run no test started another one
// to run them all in its place, as a TestMain does that wants other rights, a
// namespace or an environment for them: in the same folder, with the same
// arguments. Whatever differs may be a helper, which is not held.
func (p *process) delegates(child *record.Process) bool {
	return !p.began && !p.gone && !p.exited && p.Package != "" && p.Package == child.Package &&
		len(p.Args) > 1 && len(child.Args) > 0 && slices.Equal(p.Args[1:], child.Args[1:])
}

// test returns an open test, or nil. Zero is the package.
func (p *process) test(id int64) *openTest {
	for i := len(p.tests) - 1; i >= 0 && id != 0; i-- {
		if p.tests[i].id == id {
			return &p.tests[i]
		}
	}
	return nil
}

func (p *process) forget(owner int64) {
	p.tests = slices.DeleteFunc(p.tests, func(t openTest) bool { return t.id == owner })
}

// innermost returns the test that is running, or zero where several are.
func (p *process) innermost() int64 {
	outer := map[int64]bool{}
	for _, t := range p.tests {
		outer[t.parent] = outer[t.parent] || !t.paused
	}
	var found int64
	for _, t := range p.tests {
		switch {
		case t.paused || outer[t.id]:
		case found != 0:
			return 0
		default:
			found = t.id
		}
	}
	return found
}
