package bisect

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/report/wording"
	"tracetest/internal/rerun"
	"tracetest/internal/triage"
)

// Suite is what a recorded run says of its tests: which ran, in which order, how
// they ended and what they did to the servers.
type Suite struct {
	Units    []Unit
	Findings *findings.Findings
	Packages []string // of the run
	Args     []string // of go test, without packages
	// Orders are flags that bring the order of each package back, where the record
	// tells a seed that the arguments do not.
	Orders map[string][]string
	Keys   int64                        // that the servers held when the run began
	Config map[string]map[string]string // of each server when it did, by address
	index  map[record.Name]int          // of Units
}

// Unit is a test, subtest or spec of a recorded run, in the order in which they
// began.
type Unit struct {
	rerun.Test
	Container string // the Ordered container that a spec is in
	Status    string // pass, fail, skip, or empty where it never ended
	Hosts     bool   // it has specs within it, and is no unit of its own
	began     int64
	ended     int64
}

// Reader reads a record entry by entry. The zero value is not ready.
type Reader struct {
	analysis  *triage.Analysis
	outcomes  *rerun.Outcomes
	units     []Unit
	index     map[record.Name]int
	packages  map[int]string
	tests     map[int64]string
	specs     map[int64]record.Name
	locations map[[2]string]int // how many specs of a package stand at a line
	orders    map[string][]string
	keys      int64
	config    map[string]map[string]string
}

// NewReader returns a Reader that has read nothing.
func NewReader() *Reader {
	return &Reader{analysis: triage.New(), outcomes: rerun.NewOutcomes(), index: map[record.Name]int{}, packages: map[int]string{},
		tests: map[int64]string{}, specs: map[int64]record.Name{}, locations: map[[2]string]int{}, orders: map[string][]string{}, config: map[string]map[string]string{}}
}

// Damaged takes in a line of the record that could not be read.
func (r *Reader) Damaged(line int, err error) { r.analysis.Damaged(line, err) }

// Add takes in the next entry.
func (r *Reader) Add(e record.Entry) {
	r.analysis.Add(e)
	r.outcomes.Add(e)
	if e.Server != nil && r.config[e.Server.Address] == nil {
		r.config[e.Server.Address] = e.Server.Config
	}
	switch {
	case e.Server != nil && e.Server.Counters != nil:
		for _, n := range e.Server.Counters.Keys {
			r.keys += n
		}
	case e.Process != nil:
		r.packages[e.Process.Index] = e.Process.Package
	case e.Test != nil && e.Test.Test != "" && e.Test.Action == "run":
		r.begin(Unit{Test: rerun.Test{Name: e.Test.Name()}}, e.Seq)
	case e.Test != nil && e.Test.Test != "" && slices.Contains([]string{"pass", "fail", "skip"}, e.Test.Action):
		r.end(e.Test.Name(), e.Seq)
		r.seeds(e.Test)
	case e.Test != nil:
		r.seeds(e.Test)
	case e.Boundary != nil && e.Boundary.Begin != nil:
		r.boundary(e)
	case e.Boundary != nil && e.Boundary.End != nil:
		if name, open := r.specs[e.Boundary.Owner]; open {
			r.end(name, e.Seq)
		}
	}
}

func (r *Reader) boundary(e record.Entry) {
	b := e.Boundary.Begin
	pkg := r.packages[e.Boundary.Process]
	if b.Kind != record.KindSpec {
		r.tests[b.ID] = b.Name
		return
	}
	name := record.Name{Package: pkg, Test: r.tests[b.Parent], Spec: b.Name}
	r.specs[b.ID] = name
	host := record.Name{Package: pkg, Test: name.Test}
	if at, known := r.index[host]; known {
		r.units[at].Hosts = true
	} else {
		r.begin(Unit{Test: rerun.Test{Name: host}, Hosts: true}, e.Seq) // its event comes later
	}
	if _, known := r.index[name]; !known {
		r.locations[[2]string{pkg, b.Location}]++
	}
	r.begin(Unit{Test: rerun.Test{Name: name, Location: b.Location}, Container: b.Container}, e.Seq)
}

func (r *Reader) begin(u Unit, seq int64) {
	if _, known := r.index[u.Name]; known {
		return
	}
	u.began = seq
	r.index[u.Name] = len(r.units)
	r.units = append(r.units, u)
}

func (r *Reader) end(name record.Name, seq int64) {
	if at, known := r.index[name]; known {
		r.units[at].ended = seq
	}
}

// Suite says what was read.
func (r *Reader) Suite() *Suite {
	for i := range r.units {
		u := &r.units[i]
		u.Status = r.outcomes.Of(u.Name)
		u.Among = u.Spec != "" && r.locations[[2]string{u.Package, u.Location}] > 1
	}
	s := &Suite{Units: r.units, Findings: wording.Add(r.analysis.Findings()), Orders: r.orders, Keys: r.keys, Config: r.config}
	for _, f := range s.Findings.Failures {
		if at, known := r.index[f.Name()]; known && f.Status != "build" {
			s.Units[at].Status = "fail" // also where its process died and no end was heard
		}
	}
	s.Packages, s.Args = commandOf(s.Findings.Run.GoTest)
	for pkg, flags := range s.Orders {
		s.Orders[pkg] = slices.DeleteFunc(flags, func(flag string) bool { return slices.Contains(s.Args, flag) })
	}
	return s
}

var (
	ginkgoSeed = regexp.MustCompile(`Random Seed: (?:\x1b\[[0-9;]*m)*(\d+)`)
	goSeed     = regexp.MustCompile(`(?m)^-test\.shuffle (\d+)$`)
)

// seeds notes the seeds that a failed test or package printed.
func (r *Reader) seeds(t *record.Test) {
	for flag, pattern := range map[string]*regexp.Regexp{"-ginkgo.seed=": ginkgoSeed, "-shuffle=": goSeed} {
		if m := pattern.FindStringSubmatch(t.Output); m != nil && !slices.Contains(r.orders[t.Package], flag+m[1]) {
			r.orders[t.Package] = append(r.orders[t.Package], flag+m[1])
			slices.Sort(r.orders[t.Package])
		}
	}
}

// commandOf takes a go test command of a record apart into what the user gave:
// the packages, and the arguments without what tracetest adds.
func commandOf(goTest []string) (packages, args []string) {
	if len(goTest) < 2 {
		return nil, nil
	}
	for i, word := range goTest[2:] {
		switch {
		case len(packages) == 0 && len(args) == 0 && (word == "-json" || word == "-count=1" || word == "-p=1" || strings.HasPrefix(word, "-overlay=$TRACETEST")):
		case strings.HasPrefix(word, "-") || word == "-C" || i > 0 && len(args) > 0:
			args = append(args, word)
		default:
			packages = append(packages, word)
		}
	}
	return packages, args
}

// Whole says what of the suite did not run, so that nothing can be said of what
// nobody does.
func (s *Suite) Whole() error {
	f := s.Findings
	for _, failure := range f.Failures {
		if failure.Status == "build" {
			return fmt.Errorf("the tests of %s could not be built: %s", failure.Package, failure.Message)
		}
	}
	for _, p := range f.Packages {
		if p.Outcome == "died" {
			return fmt.Errorf("the tests of %s died before their end", p.Path)
		}
	}
	switch {
	case !f.Run.Complete:
		return fmt.Errorf("the run of the suite did not come to its end: %s", f.Run.Incomplete)
	case len(s.Units) == 0:
		return errors.New("no test ran")
	case len(f.Gaps) > 0:
		return fmt.Errorf("%s could not be seen for a while: %s", f.Gaps[0].Server, f.Gaps[0].Reason)
	}
	return nil
}

// Find returns the one unit that a person means: its name, the full text of a
// spec, package.Name, the file:line of a spec, a part of its name that only one
// has, or a part of what only it said when it failed.
func (s *Suite) Find(text string) (*Unit, error) {
	if strings.TrimSpace(text) == "" {
		return nil, errors.New("--victim is empty: name a test")
	}
	var exact, part, said []*Unit
	for i := range s.Units {
		u := &s.Units[i]
		label := u.Label()
		switch qualified := u.Package + "." + label; {
		case label == text || qualified == text || strings.HasSuffix(qualified, "/"+text) || u.Location != "" && (u.Location == text || strings.HasSuffix(u.Location, "/"+text)):
			exact = append(exact, u)
		case strings.Contains(label, text):
			part = append(part, u)
		}
		if slices.ContainsFunc(s.Findings.Failures, func(f findings.Failure) bool {
			return u.Name == f.Name() && strings.Contains(f.Message, text)
		}) {
			said = append(said, u)
		}
	}
	for _, found := range [][]*Unit{exact, part, said} {
		switch {
		case len(found) == 1:
			return found[0], nil
		case len(found) > 1:
			return nil, fmt.Errorf("--victim %q: it could be any of %d; say which, such as package.TestName\n%s", text, len(found), names(found))
		}
	}
	for _, f := range s.Findings.Failures {
		if f.Status == "build" {
			return nil, fmt.Errorf("--victim %q: the run had no such test; building the tests of %s failed: %s", text, f.Package, f.Message)
		}
	}
	var failed []*Unit
	for i := range s.Units {
		if u := &s.Units[i]; u.Status == "fail" && !u.Hosts {
			failed = append(failed, u)
		}
	}
	if len(failed) > 0 {
		return nil, fmt.Errorf("--victim %q: the run had no such test; these failed in it\n%s", text, names(failed))
	}
	return nil, fmt.Errorf("--victim %q: the run had no such test, and none failed in it", text)
}

// names lists units, a line each.
func names(units []*Unit) string {
	const limit = 10
	var lines []string
	for _, u := range units[:min(len(units), limit)] {
		lines = append(lines, fmt.Sprintf("  %s.%s", u.Package, u.Label()))
	}
	if more := len(units) - limit; more > 0 {
		lines = append(lines, fmt.Sprintf("  and %d more", more))
	}
	return strings.Join(lines, "\n")
}
