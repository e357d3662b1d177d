package run

import (
	"fmt"
	"hash/fnv"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"tracetest/internal/barrier"
	"tracetest/internal/gotest"
	"tracetest/internal/record"
	"tracetest/internal/shard"
)

// Where another command starts the tests, and where the specs of a suite are divided, no argument of go test says
// what this machine runs: its test processes ask, when each knows its package and its tests (barrier.Part). All
// machines answer alike: by the division of what `go list` and the test files show and, for what they do not
// show, by its name alone.

// parts says what of each package this machine runs.
type parts struct {
	shard.Which
	by     string
	mine   map[string]bool // pieces of the division, by name: whether they are of this machine
	suites map[string]*suite
	// runners are the tests that run a suite, by package.
	runners map[string][]string
}

// suite is a Ginkgo suite that is divided.
type suite struct {
	containers []gotest.Container // sorted
	tests      []string           // that run it
}

// newParts divides packages that will be tested.
func newParts(s *Shard, listed []*gotest.Package) (*parts, *record.Shard) {
	p := &parts{Which: s.Which, by: s.By, mine: map[string]bool{}, suites: map[string]*suite{}, runners: map[string][]string{}}
	var pieces []shard.Piece
	for _, l := range listed {
		pieces = append(pieces, p.pieces(l, listed, s.Times)...)
	}
	division := shard.Divide(pieces, s.Total)
	for i, names := range division.Shards {
		for _, name := range names {
			p.mine[name] = i == s.Index-1
		}
	}
	return p, &record.Shard{Index: s.Index, Total: s.Total, By: s.By, Suite: division.ID}
}

// pieces are those of a package, and what its suite is.
func (p *parts) pieces(l *gotest.Package, listed []*gotest.Package, times Times) (all []shard.Piece) {
	if l.Error == nil && usesGinkgo(l) {
		found, tests := l.Specs(listed)
		p.runners[l.ImportPath] = tests
		if p.by == ShardBySpec && len(found) > 0 && len(tests) > 0 {
			p.suites[l.ImportPath] = newSuite(found, tests)
		}
	}
	if p.by == ShardByPackage || l.Error != nil {
		return []shard.Piece{{Name: l.ImportPath, Seconds: seconds(times.Packages, l.ImportPath)}}
	}
	s := p.suites[l.ImportPath]
	for _, name := range l.TestNames() {
		if s == nil || !slices.Contains(s.tests, name) {
			name = pieceOf(l.ImportPath, name)
			all = append(all, shard.Piece{Name: name, Seconds: seconds(times.TestsOf, name)})
		}
	}
	if s != nil {
		for _, c := range s.containers {
			all = append(all, shard.Piece{Name: nameOf(l.ImportPath, c), Seconds: times.within(l.ImportPath, c)})
		}
	}
	return all
}

// newSuite sorts containers. Those of one line are one piece.
func newSuite(found []gotest.Container, tests []string) *suite {
	slices.SortFunc(found, func(a, b gotest.Container) int {
		if a.Path != b.Path {
			return strings.Compare(a.Path, b.Path)
		}
		return a.Line - b.Line
	})
	return &suite{tests: tests, containers: slices.CompactFunc(found, func(a, b gotest.Container) bool { return a.Path == b.Path && a.Line == b.Line })}
}

func pieceOf(pkg, test string) string { return pkg + " " + test }

func nameOf(pkg string, c gotest.Container) string {
	return pieceOf(pkg, c.Path+":"+strconv.Itoa(c.Line))
}

// some reports whether this machine may run something of a package.
func (p *parts) some(l *gotest.Package) bool {
	for name, mine := range p.mine {
		if mine && (name == l.ImportPath || strings.HasPrefix(name, l.ImportPath+" ")) {
			return true
		}
	}
	return false
}

// has reports whether a piece is of this machine. One that is in no division is of the machine that its name
// gives.
func (p *parts) has(piece string) bool {
	if mine, known := p.mine[piece]; known {
		return mine
	}
	sum := fnv.New32a()
	sum.Write([]byte(piece))
	return int(sum.Sum32()%uint32(p.Total)) == p.Index-1
}

// of says what of a package this machine runs.
func (p *parts) of(pkg string, args, tests []string) barrier.Part {
	switch {
	case p.by == ShardByPackage && p.has(pkg):
		return barrier.Part{}
	case p.by == ShardByPackage:
		return p.none(pkg, args)
	}
	runs, part := p.specs(pkg, args)
	s := p.suites[pkg]
	for _, name := range tests {
		mine := p.has(pieceOf(pkg, name))
		if s != nil && slices.Contains(s.tests, name) {
			mine = runs
		}
		if !mine {
			part.Leave = append(part.Leave, name)
		}
	}
	if len(tests) > 0 && len(part.Leave) == len(tests) {
		return p.none(pkg, args)
	}
	if runners := p.runners[pkg]; parallel(args) && slices.ContainsFunc(runners, func(name string) bool { return slices.Contains(part.Leave, name) }) {
		part.Leave = slices.DeleteFunc(part.Leave, func(name string) bool { return slices.Contains(runners, name) })
		part.Flags, part.Specs = []string{nothing}, func([]string) bool { return false }
	}
	return part
}

// specs says which specs of a suite this machine runs, and whether any. Whoever has the first container has also
// what is in no container that is known.
func (p *parts) specs(pkg string, args []string) (runs bool, part barrier.Part) {
	s := p.suites[pkg]
	if s == nil {
		return true, part
	}
	var own, others []gotest.Container
	for _, c := range s.containers {
		if p.has(nameOf(pkg, c)) {
			own = append(own, c)
		} else {
			others = append(others, c)
		}
	}
	first := len(own) > 0 && own[0] == s.containers[0]
	switch {
	case !dividable(s, args):
		return first, part // all of it stays with the first
	case len(own) == 0 || len(others) == 0:
		return len(own) > 0, part
	case first:
		at := placesOf(others)
		return true, barrier.Part{Flags: filters("ginkgo.skip-file", others), Specs: func(of []string) bool { return !among(at, of) }}
	}
	at := placesOf(own)
	return true, barrier.Part{Flags: filters("ginkgo.focus-file", own), Specs: func(of []string) bool { return among(at, of) }}
}

// none is nothing of a package. The processes of a parallel Ginkgo suite run it all the same, without a spec: the
// first waits for the others, and ginkgo for all.
func (p *parts) none(pkg string, args []string) barrier.Part {
	if !parallel(args) {
		return barrier.Part{Other: true}
	}
	return barrier.Part{Aside: true, Only: p.runners[pkg], Flags: []string{nothing}, Specs: func([]string) bool { return false }}
}

// nothing is a flag with which a Ginkgo suite runs no spec.
const nothing = "ginkgo.skip-file=."

// parallel reports whether a test process is one of several of a Ginkgo suite.
func parallel(args []string) bool {
	return slices.ContainsFunc(args, func(arg string) bool {
		_, total, is := strings.Cut(arg, "ginkgo.parallel.total=")
		n, err := strconv.Atoi(total)
		return is && err == nil && n > 1
	})
}

// dividable reports whether the filters of a suite can say what a machine runs of it: a -focus-file of the user's
// would add to ours.
func dividable(s *suite, args []string) bool {
	return !slices.ContainsFunc(args, func(arg string) bool { return strings.Contains(arg, "ginkgo.focus-file") }) &&
		!slices.ContainsFunc(s.containers, func(c gotest.Container) bool { return strings.Contains(c.File, ":") })
}

// filters are flags that name containers as Ginkgo does: by their file, also as -trimpath has it, and their line.
func filters(flag string, containers []gotest.Container) (flags []string) {
	lines := map[string][]string{}
	for _, c := range containers {
		for _, file := range fileNames(c) {
			lines[file] = append(lines[file], strconv.Itoa(c.Line))
		}
	}
	for _, file := range slices.Sorted(maps.Keys(lines)) {
		flags = append(flags, fmt.Sprintf("%s=^%s$:%s", flag, regexp.QuoteMeta(file), strings.Join(lines[file], ",")))
	}
	return flags
}

// fileNames are the names that the file of a container can have in a stack.
func fileNames(c gotest.Container) []string {
	dir, name := filepath.Split(c.Path)
	names := []string{c.File, realPath(c.File), c.Path, strings.TrimSuffix(dir, "/") + "_test/" + name}
	slices.Sort(names)
	return slices.Compact(names)
}

// placesOf are those of containers, under all names.
func placesOf(containers []gotest.Container) map[string]bool {
	at := map[string]bool{}
	for _, c := range containers {
		for _, file := range fileNames(c) {
			at[file+":"+strconv.Itoa(c.Line)] = true
		}
	}
	return at
}

func among(at map[string]bool, places []string) bool {
	return slices.ContainsFunc(places, func(place string) bool { return at[place] })
}
