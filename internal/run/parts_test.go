package run

import (
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tracetest/internal/gotest"
	"tracetest/internal/shard"
)

// imagined is a package whose suite has these specs: the places of each, the container's first.
type imagined struct {
	*gotest.Package
	tests []string // of its test binary, also those in no file that is read
	specs [][]string
}

// imagine writes a package of a Ginkgo suite.
func imagine(t *testing.T, random *rand.Rand, dir, name string) imagined {
	p := imagined{Package: &gotest.Package{ImportPath: "m/" + name, Dir: filepath.Join(dir, name), TestDeps: []string{"github.com/onsi/ginkgo/v2"}}}
	if err := os.MkdirAll(p.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for f := range 1 + random.Intn(4) {
		file := fmt.Sprintf("f%d_test.go", f)
		text := "package p\nimport . \"github.com/onsi/ginkgo/v2\"\nvar _ = BeforeEach(func() {})\n"
		if f == 0 {
			text += "func TestSuite(t *testing.T) { RunSpecs(t, \"suite\") }\n"
			p.tests = append(p.tests, "TestSuite")
		}
		for c := range random.Intn(6) {
			line := strings.Count(text, "\n") + 1
			text += fmt.Sprintf("var _ = Describe(\"c%d\", Ordered, func() {\n\tIt(\"a\", func() {})\n\tIt(\"b\", func() {})\n})\nfunc Test%d%d(t *testing.T) {}\n", c, f, c)
			p.tests = append(p.tests, fmt.Sprintf("Test%d%d", f, c))
			for leaf := range 2 {
				p.specs = append(p.specs, []string{filepath.Join(p.Dir, file) + ":" + strconv.Itoa(line), filepath.Join(p.Dir, file) + ":" + strconv.Itoa(line+1+leaf)})
			}
		}
		if err := os.WriteFile(filepath.Join(p.Dir, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		p.TestGoFiles = append(p.TestGoFiles, file)
	}
	p.specs = append(p.specs, []string{"/elsewhere/helper.go:7", "/elsewhere/helper.go:9"})
	p.tests = append(p.tests, "TestOfAFileThatIsGenerated")
	return p
}

// ginkgoRuns is what Ginkgo makes of our flags.
func ginkgoRuns(flags, places []string) bool {
	focus, matched := false, false
	for _, set := range flags {
		name, value, _ := strings.Cut(set, "=")
		file, lines, all := strings.Cut(value, ":")
		match := slices.ContainsFunc(places, func(place string) bool {
			at := strings.LastIndexByte(place, ':')
			return regexp.MustCompile(file).MatchString(place[:at]) && (!all || slices.Contains(strings.Split(lines, ","), place[at+1:]))
		})
		switch {
		case name == "ginkgo.skip-file" && match:
			return false
		case name == "ginkgo.focus-file":
			focus, matched = true, matched || match
		}
	}
	return !focus || matched
}

// Each test and each spec is in just one shard, and what is told of is what runs: whatever the order of
// packages and files, and whatever `go list` and the files do not show.
func TestParts(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	for round := range 60 {
		dir := t.TempDir()
		var suite []imagined
		for i := range 1 + random.Intn(4) {
			suite = append(suite, imagine(t, random, dir, fmt.Sprintf("p%d", i)))
		}
		unknown := imagine(t, random, dir, "unknown") // of another module, perhaps
		total := 1 + random.Intn(5)
		by := []string{ShardByPackage, ShardByTest, ShardBySpec}[random.Intn(3)]
		args := [][]string{nil, {"x", "-ginkgo.parallel.total=2"}, {"x", "-ginkgo.focus-file=f0"}}[random.Intn(3)]
		ran, id := map[string]int{}, ""
		for index := 1; index <= total; index++ {
			random.Shuffle(len(suite), func(i, j int) { suite[i], suite[j] = suite[j], suite[i] })
			var listed []*gotest.Package
			for _, p := range suite {
				random.Shuffle(len(p.TestGoFiles), func(i, j int) { p.TestGoFiles[i], p.TestGoFiles[j] = p.TestGoFiles[j], p.TestGoFiles[i] })
				listed = append(listed, p.Package)
			}
			parts, s := newParts(&Shard{Which: shard.Which{Index: index, Total: total}, By: by}, listed)
			if id != "" && s.Suite != id {
				t.Fatalf("round %d: another order is another division", round)
			}
			id = s.Suite
			for _, p := range append(suite, unknown) {
				part := parts.of(p.ImportPath, args, p.tests)
				if part.Other {
					continue
				}
				leave := part.Leave
				if len(part.Only) > 0 {
					leave = slices.DeleteFunc(slices.Clone(p.tests), func(name string) bool { return slices.Contains(part.Only, name) })
				}
				for _, name := range p.tests {
					if name != "TestSuite" && !slices.Contains(leave, name) && !part.Aside {
						ran[p.ImportPath+" "+name]++
					}
				}
				for _, places := range p.specs {
					runs := !slices.Contains(leave, "TestSuite") && ginkgoRuns(part.Flags, places)
					if runs {
						ran[p.ImportPath+" "+places[1]]++
					}
					if told := part.Specs == nil || part.Specs(places); !slices.Contains(leave, "TestSuite") && told != runs {
						t.Errorf("round %d, %s, shard %d/%d: a spec at %q runs: %v, is told of: %v\n%q", round, by, index, total, places, runs, told, part.Flags)
					}
				}
			}
		}
		for _, p := range append(suite, unknown) {
			for _, name := range p.tests[1:] {
				if n := ran[p.ImportPath+" "+name]; n != 1 {
					t.Errorf("round %d, by %s, %d shards, %q: %s of %s runs in %d", round, by, total, args, name, p.ImportPath, n)
				}
			}
			for _, places := range p.specs {
				if n := ran[p.ImportPath+" "+places[1]]; n != 1 {
					t.Errorf("round %d, by %s, %d shards, %q: the spec at %s of %s runs in %d", round, by, total, args, places[1], p.ImportPath, n)
				}
			}
		}
	}
}

// The times of an earlier run are those of the specs within a container, wherever the checkout was.
func TestTimesOfContainers(t *testing.T) {
	times := Times{Specs: map[string][]SpecTime{"m/p": {{"/there/p/a_test.go", 12, 2}, {"/there/p/a_test.go", 13, 3}, {"/there/p/a_test.go", 20, 50}, {"/there/q/a_test.go", 12, 90}}}}
	c := gotest.Container{Path: "m/p/a_test.go", Line: 10, To: 15}
	if got := times.within("m/p", c); got != 5 {
		t.Errorf("got %v", got)
	}
	if got := times.within("m/other", c); got >= 0 {
		t.Errorf("got %v of a package without times", got)
	}
}
