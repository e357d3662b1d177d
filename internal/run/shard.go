package run

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"tracetest/internal/gotest"
	"tracetest/internal/record"
	"tracetest/internal/shard"
)

// What a shard is made of.
const (
	ShardByPackage = "package"
	ShardByTest    = "test" // top-level tests, examples, fuzz tests and benchmarks, of one name in whichever packages where go test is started
	ShardBySpec    = "spec" // top-level containers of Ginkgo, and of what is no suite of it top-level tests
)

// Shard says which part of the suite a run is.
type Shard struct {
	shard.Which
	By    string
	Times Times
}

// Times are how many seconds something took in earlier runs, by its name.
type Times struct {
	Packages, Tests map[string]float64
	TestsOf         map[string]float64 // by package, space and name
	Specs           map[string][]SpecTime
}

// SpecTime is how long a spec took, and where it stands.
type SpecTime struct {
	File    string
	Line    int
	Seconds float64
}

// within adds the times of the specs in a container, wherever the checkout was.
func (t Times) within(pkg string, c gotest.Container) float64 {
	dir, name := path.Split(c.Path)
	sum := -1.0
	for _, spec := range t.Specs[pkg] {
		if c.Line <= spec.Line && spec.Line <= c.To && strings.HasSuffix(filepath.ToSlash(spec.File), "/"+path.Base(dir)+"/"+name) {
			sum = max(sum, 0) + spec.Seconds
		}
	}
	return sum
}

func seconds(of map[string]float64, name string) float64 {
	if s, known := of[name]; known {
		return s
	}
	return -1
}

// divide narrows the arguments down to what this shard runs.
//
// go test takes one -skip for all packages, so by test all tests of one name are one piece, whatever their
// packages. A test that is in no list, because its file is not known, runs in each shard rather than in none.
func (p *Plan) divide(ctx context.Context) error {
	s := p.o.Shard
	listed, err := gotest.List(ctx, p.args)
	if err != nil {
		return err
	}
	tested := slices.DeleteFunc(listed, func(l *gotest.Package) bool {
		return l.Error == nil && len(l.TestGoFiles)+len(l.XTestGoFiles) == 0
	})
	if len(tested) == 0 {
		return nil // go test says so
	}
	if s.By == ShardBySpec {
		return p.divideSpecs(tested)
	}
	names := map[*gotest.Package][]string{} // its pieces
	var pieces []shard.Piece
	for _, l := range tested {
		if s.By == ShardByTest && l.Error == nil {
			if names[l] = l.TestNames(); len(names[l]) > 0 {
				for _, name := range names[l] {
					pieces = append(pieces, shard.Piece{Name: name, Seconds: seconds(s.Times.Tests, name)})
				}
				continue
			}
		}
		names[l] = []string{l.ImportPath}
		pieces = append(pieces, shard.Piece{Name: l.ImportPath, Seconds: seconds(s.Times.Packages, l.ImportPath)})
	}
	division := shard.Divide(pieces, s.Total)
	mine := map[string]bool{}
	for _, name := range division.Shards[s.Index-1] {
		mine[name] = true
	}
	var packages []string
	others := map[string]bool{} // tests of the packages that this shard runs
	for _, l := range tested {
		if !slices.ContainsFunc(names[l], func(name string) bool { return mine[name] }) {
			continue
		}
		packages = append(packages, l.ImportPath)
		p.listed = append(p.listed, l)
		for _, name := range names[l] {
			if !mine[name] {
				others[name] = true
			}
		}
	}
	p.shard = &record.Shard{Index: s.Index, Total: s.Total, By: s.By, Suite: division.ID}
	if len(packages) == 0 { // there are more shards than pieces
		p.listed = tested[:1]
		p.args, err = p.args.None(tested[0].ImportPath, p.tools.GOFLAGS)
		return err
	}
	if p.args, err = p.args.Only(packages, sortedKeys(others), p.tools.GOFLAGS); err != nil {
		return fmt.Errorf("--shard=%v: %w", s.Which, err)
	}
	return nil
}

// divideSpecs leaves it to the test processes what they run, and starts those that run something.
func (p *Plan) divideSpecs(tested []*gotest.Package) (err error) {
	p.parts, p.shard = newParts(p.o.Shard, tested)
	var packages []string
	for _, l := range tested {
		if p.parts.some(l) {
			packages = append(packages, l.ImportPath)
			p.listed = append(p.listed, l)
		}
	}
	if len(packages) == 0 {
		packages, p.listed = []string{tested[0].ImportPath}, tested[:1]
	}
	if p.args, err = p.args.Only(packages, nil, p.tools.GOFLAGS); err != nil {
		return fmt.Errorf("--shard=%v: %w", p.o.Shard.Which, err)
	}
	return nil
}

func sortedKeys(set map[string]bool) []string {
	keys := make([]string, 0, len(set))
	for key := range set {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
