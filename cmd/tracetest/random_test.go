package main

import (
	"errors"
	"fmt"
	"go/format"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tracetest/internal/findings"
	"tracetest/internal/redistest"
	"tracetest/internal/report/wording"
)

// Random suites: whatever tests do, and through whatever client, what is called
// exact or inferred names who did it, and else the one who did is among the
// suspects. TRACETEST_ALL runs twenty. TRACETEST_SEEDS is how many, or one seed
// behind a colon; TRACETEST_KEEP is a folder for the suites, and with
// TRACETEST_SHRINK a smaller suite is looked for in which an answer is wrong.
func TestRandomSuites(t *testing.T) {
	t.Parallel()
	from, to := uint64(0), uint64(1)
	if os.Getenv("TRACETEST_ALL") != "" {
		to = 20
	}
	if text := os.Getenv("TRACETEST_SEEDS"); text != "" {
		if one, single := strings.CutPrefix(text, ":"); single {
			from, _ = strconv.ParseUint(one, 10, 64)
			to = from + 1
		} else {
			to, _ = strconv.ParseUint(text, 10, 64)
		}
	}
	total := map[string]int{}
	ways := map[string]*[2]int{}
	for seed := from; seed < to; seed++ {
		r := runRandom(t, seed, nil)
		for _, w := range r.wrong {
			t.Errorf("seed %d: %s", seed, w.text)
		}
		if len(r.wrong) > 0 && os.Getenv("TRACETEST_SHRINK") != "" {
			t.Logf("seed %d: smaller:\n%s", seed, shrink(t, seed, r))
		}
		for k, n := range r.count {
			total[k] += n
		}
		for k, n := range r.ways {
			if ways[k] == nil {
				ways[k] = &[2]int{}
			}
			ways[k][0] += n[0]
			ways[k][1] += n[1]
		}
	}
	t.Logf("%v", total)
	if os.Getenv("TRACETEST_ALL") != "" || os.Getenv("TRACETEST_SEEDS") != "" {
		for _, k := range slices.Sorted(maps.Keys(ways)) {
			t.Logf("%4d of %4d are exact: %s", ways[k][0], ways[k][1], k)
		}
	}
	if total["plain exact"] < total["plain"]*8/10 || total["exact"] < total["said"]/3 {
		t.Errorf("too little of what was said is exact: %v", total)
	}
}

// plainWays are ways in which it can be known who did it.
func plainWays() []string {
	return []string{"direct", "defer", "cleanup", "goroutine", "nested", "group"}
}

// randomRun is what was said of a random suite.
type randomRun struct {
	suite *randomSuite
	wrong []wrong
	count map[string]int
	ways  map[string][2]int // exact and all, by the way and client
	seen  map[string]string // what each value was said to be
}

// wrong is a wrong answer, and the functions that it is about.
type wrong struct {
	text  string
	units []string
}

// runRandom runs a suite of which only some functions are kept, and compares
// what is said with what is right.
func runRandom(t *testing.T, seed uint64, only func(string) bool) *randomRun {
	t.Helper()
	first, second := redistest.Start(t), redistest.Start(t)
	s := newRandomSuite(seed, only)
	dir := s.save(t)
	if keep := os.Getenv("TRACETEST_KEEP"); keep != "" {
		to := filepath.Join(keep, fmt.Sprint(seed))
		if err := errors.Join(os.RemoveAll(to), os.CopyFS(to, os.DirFS(dir))); err != nil {
			t.Fatal(err)
		}
	}
	// Not -parallel, which Ginkgo refuses.
	env := []string{"GOMAXPROCS=16", "REDIS_ADDR=" + first.Addr, "REDIS2=" + second.Addr, "GOFLAGS=-buildvcs=false -mod=mod", "GOWORK=off"}
	f, _ := runTracetest(t, dir, env, "--trace=on", "--redis", first.Addr, "./...", "--", "-vet=off")
	return s.judge(f)
}

// save writes the suite as a module, with what all suites share.
func (s *randomSuite) save(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	put := func(name string, text []byte) {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, text, 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	clients := filepath.Join("..", "..", "testdata", "clients")
	for name, from := range map[string]string{"go.mod": clients, "go.sum": clients, "clients.go": clients, "kit/kit.go": filepath.Join("testdata", "random")} {
		text, err := os.ReadFile(filepath.Join(from, filepath.Base(name)))
		if err != nil {
			t.Fatal(err)
		}
		put(name, text)
	}
	plain := s.plain("clients/plain")
	for name, text := range map[string]string{"plain/plain_test.go": plain, "specs/specs_test.go": s.specs("clients/specs")} {
		nice, err := format.Source([]byte(text))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		s.source += string(nice)
		put(name, nice)
	}
	return dir
}

// judge compares what was said with what is right.
func (s *randomSuite) judge(f *findings.Findings) *randomRun {
	r := &randomRun{suite: s, count: map[string]int{}, ways: map[string][2]int{}, seen: map[string]string{}}
	for _, p := range f.Packages {
		if p.Outcome != "skip" && (!p.Ran || !p.Instrumented) {
			r.no(nil, "%s did not run: %+v", p.Path, p)
		}
	}
	for what, changes := range map[string][]findings.Change{"leak": f.Leaks, "contained": f.Reverted} {
		for _, c := range changes {
			r.said(what, c.To, c.Certainty, accusedOf(c.By, c.Suspects), wording.Caveats(c))
		}
	}
	for _, w := range f.Writes {
		if len(w.Command) == 4 && w.Count == 1 && w.Others == 0 {
			r.said("write", w.Command[3], w.Certainty, accusedOf(w.By, w.Suspects), "")
			if !w.Watched && r.seen[w.Command[3]] == "write" {
				delete(r.seen, w.Command[3]) // its server was discovered later, and the run is incomplete
			}
		}
	}
	for value, is := range s.truth {
		switch r.seen[value] {
		case "":
			r.count["never seen"]++
		case "write", "reverted":
			if is.kind == "leak" {
				r.no([]string{is.unit}, "the leak of %s by %q is not reported (%s by %s)", value, is.owners, is.way, is.client)
			}
		}
	}
	slices.SortFunc(r.wrong, func(a, b wrong) int { return strings.Compare(a.text, b.text) })
	return r
}

// no notes a wrong answer.
func (r *randomRun) no(units []string, format string, args ...any) {
	r.wrong = append(r.wrong, wrong{fmt.Sprintf(format, args...), units})
}

// said judges one answer.
func (r *randomRun) said(what, value string, certainty findings.Certainty, accused []string, caveat string) {
	is, known := r.suite.truth[value]
	if !known {
		return // it put something back
	}
	r.count["said"]++
	r.count[string(certainty)]++
	way := r.ways[is.way+" | "+is.client]
	way[1]++
	plain := slices.Contains(plainWays(), is.way)
	if plain {
		r.count["plain"]++
	}
	if certainty == findings.Exact {
		way[0]++
		if plain {
			r.count["plain exact"]++
		}
	}
	r.ways[is.way+" | "+is.client] = way
	if what != "write" || r.seen[value] == "" {
		r.seen[value] = what
	}
	if is.kind != "" && what != "write" && is.kind != what {
		r.no([]string{is.unit}, "%s of %s: it is a %s of %q (%s by %s) %s", what, value, is.kind, is.owners, is.way, is.client, caveat)
	}
	right := slices.ContainsFunc(is.owners, func(o string) bool {
		return slices.ContainsFunc(accused, func(a string) bool { return a == o || strings.HasSuffix(o, ": [") && strings.HasPrefix(a, o) })
	})
	if !right {
		units := []string{is.unit}
		for _, a := range accused {
			units = append(units, strings.FieldsFunc(a, func(c rune) bool { return c == '/' || c == ':' })[0])
		}
		r.no(units, "%s of %s: %s %q, and it was %q (%s by %s) %s", what, value, certainty, accused, is.owners, is.way, is.client, caveat)
	}
}

// shrink runs only the functions that a wrong answer is about, and returns them
// where it is wrong still; else where to find the whole suite.
func shrink(t *testing.T, seed uint64, r *randomRun) string {
	t.Helper()
	for _, w := range r.wrong {
		if len(w.units) == 0 {
			continue
		}
		small := runRandom(t, seed, func(unit string) bool { return slices.Contains(w.units, unit) })
		if len(small.wrong) > 0 {
			return small.wrong[0].text + "\n" + small.suite.source
		}
	}
	return fmt.Sprintf("none is smaller than the whole; TRACETEST_SEEDS=:%d TRACETEST_KEEP=FOLDER keeps it", seed)
}
