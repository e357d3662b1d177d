package barrier

import (
	"slices"
	"strconv"

	"tracetest/internal/record"
)

// process is a test binary that said hello.
type process struct {
	record.Process
	visible bool // its pid could be seen, so that its end can be seen too
	gone    bool
	began   bool             // a test of it began
	exited  bool             // it waited when it exited
	owners  map[string]int64 // open owners, by the number that the process uses
	ids     []int64          // of all tests, by that number
	// specOf has all specs by that number, for a label has no more of them.
	specOf map[int64]record.By
	tests  []openTest       // open tests, in the order in which they began
	specs  map[string]int64 // open specs, by text and location
	part   Part
	shared *shared          // what it notes; nil where it waits at each boundary
	conns  map[int64]string // addresses of Redis connections, by the number that the process uses
}

// openTest is a test that has begun and not ended.
type openTest struct {
	id, parent int64
	name       string
	paused     bool
}

// delegates reports whether a process that has run no test started another one
// to run them all in its place, as a TestMain does that wants other rights, a
// namespace or an environment for them: in the same folder, with the same
// arguments. Whatever differs may be a helper, which does not wait.
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

// mostOwners bounds the numbers that a process can give.
const mostOwners = 1 << 27

// number notes the number that the process uses for a test.
func (p *process) number(text string, owner int64) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > len(p.ids)+1<<20 || n > mostOwners {
		return
	}
	for len(p.ids) <= n {
		p.ids = append(p.ids, 0)
	}
	p.ids[n] = owner
}

// id returns the test for which the process uses a number, or zero.
func (p *process) id(n int64) int64 {
	if n >= 0 && n < int64(len(p.ids)) {
		return p.ids[n]
	}
	return 0
}

// known puts the numbers of the run in place of those of the process, which a label
// has. Who is not known is nobody.
func (p *process) known(by record.By) record.By {
	for i := range by.Perhaps {
		by.Perhaps[i] = p.known(by.Perhaps[i])
	}
	if by.Owner == nil {
		return by
	}
	var is record.By
	if spec, ok := p.specOf[by.Owner.ID]; ok && by.Owner.Kind == record.KindSpec {
		is = spec
	} else if id := p.id(by.Owner.ID); id != 0 {
		owner := *by.Owner
		owner.ID, owner.Parent = id, p.id(owner.Parent)
		is = record.By{Label: by.Label, Owner: &owner, Unit: p.id(by.Unit)}
	}
	by.Label, by.Owner, by.Unit, by.Test = is.Label, is.Owner, is.Unit, is.Test
	return by
}

// over takes in that a process says no more.
func (p *process) over() { p.gone, p.ids, p.specOf, p.shared = true, nil, nil, nil }

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
