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

	"tracetest/internal/redistest"
	"tracetest/internal/triage"
)

// Random suites: whatever tests do, and through whatever client, what is called
// exact or bracketed names who did it, and else the one who did is among the
// suspects. TRACETEST_SEEDS is how many suites are run, or the one seed after a
// colon; TRACETEST_ALL runs many.
func TestRandomSuites(t *testing.T) {
	t.Parallel()
	from, to := uint64(0), uint64(2)
	if os.Getenv("TRACETEST_ALL") != "" {
		to = 40
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
	if share := 100 * total["exact"] / max(1, total["said"]); from == 0 && share < 40 {
		t.Errorf("only %d %% of what was said is exact", share)
	}
}

// randomRun is what was said of a random suite.
type randomRun struct {
	wrong  []wrong
	count  map[string]int
	ways   map[string][2]int // exact and all, by the way and client
	source string            // of the suite
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
	dir := t.TempDir()
	s := newRandomSuite(seed, only)
	files := map[string]string{"plain/plain_test.go": s.plain("clients/plain"), "specs/specs_test.go": s.specs("clients/specs")}
	for name, from := range map[string]string{
		"go.mod": "../../testdata/clients/go.mod", "go.sum": "../../testdata/clients/go.sum", "clients.go": "../../testdata/clients/clients.go",
		"kit/kit.go": "testdata/random/kit.go",
	} {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(text)
	}
	for name, text := range files {
		if strings.HasSuffix(name, "_test.go") {
			nice, err := format.Source([]byte(text))
			if err != nil {
				t.Fatalf("seed %d: %v\n%s", seed, err, text)
			}
			text = string(nice)
		}
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	// Not -parallel, which Ginkgo refuses.
	env := []string{"GOMAXPROCS=16", "REDIS_ADDR=" + first.Addr, "REDIS2=" + second.Addr, "GOFLAGS=-buildvcs=false -mod=mod", "GOWORK=off"}
	f, _ := runTracetest(t, dir, env, "--tap=on", "--redis", first.Addr, "./...", "--", "-vet=off")
	if keep := os.Getenv("TRACETEST_KEEP"); keep != "" {
		to := filepath.Join(keep, fmt.Sprint(seed))
		if err := errors.Join(os.RemoveAll(to), os.CopyFS(to, os.DirFS(dir))); err != nil {
			t.Log(err)
		}
	}
	r := s.judge(f)
	r.source = files["plain/plain_test.go"] + files["specs/specs_test.go"]
	return r
}

// judge compares what was said with what is right.
func (s *randomSuite) judge(f *triage.Findings) *randomRun {
	r := &randomRun{count: map[string]int{}, ways: map[string][2]int{}}
	no := func(units []string, format string, args ...any) {
		r.wrong = append(r.wrong, wrong{fmt.Sprintf(format, args...), units})
	}
	for _, p := range f.Packages {
		if p.Outcome != "skip" && (!p.Ran || !p.Instrumented) {
			no(nil, "%s did not run: %+v", p.Path, p)
		}
	}
	seen := map[string]string{}
	say := func(what, value string, owner *triage.Owner, certainty triage.Certainty, suspects []triage.Owner, caveat string) {
		is, known := s.truth[value]
		if !known {
			return // it put something back
		}
		r.count["said"]++
		r.count[string(certainty)]++
		way := is.way + " | " + is.client
		n := r.ways[way]
		n[1]++
		if certainty == triage.Exact {
			n[0]++
		}
		r.ways[way] = n
		var accused []string
		if owner != nil {
			accused = append(accused, ownerText(owner))
		}
		for _, o := range suspects {
			accused = append(accused, ownerText(&o))
		}
		right := slices.ContainsFunc(is.owners, func(o string) bool {
			return slices.ContainsFunc(accused, func(a string) bool { return a == o || strings.HasSuffix(o, ": [") && strings.HasPrefix(a, o) })
		})
		if !right {
			units := []string{is.unit}
			for _, a := range accused {
				units = append(units, strings.FieldsFunc(a, func(c rune) bool { return c == '/' || c == ':' })[0])
			}
			no(units, "%s of %s: %s %q, and it was %q (%s by %s) %s", what, value, certainty, accused, is.owners, is.way, is.client, caveat)
		}
	}
	for what, changes := range map[string][]triage.Change{"leak": f.Leaks, "contained": f.Contained} {
		for _, c := range changes {
			say(what, c.To, c.Owner, c.Certainty, c.Suspects, c.Caveat)
			seen[c.To] = what
			if is := s.truth[c.To]; is.kind != "" && is.kind != what {
				no([]string{is.unit}, "%s of %s: it is a %s of %q (%s by %s) %s", what, c.To, is.kind, is.owners, is.way, is.client, c.Caveat)
			}
		}
	}
	for _, w := range f.Writes {
		if len(w.Command) == 4 && w.Count == 1 && w.Others == 0 {
			say("write", w.Command[3], w.Owner, w.Certainty, w.Suspects, "")
			if seen[w.Command[3]] == "" {
				seen[w.Command[3]] = "write"
			}
		}
	}
	for value, is := range s.truth {
		if is.kind == "leak" && seen[value] != "leak" && seen[value] != "" {
			no([]string{is.unit}, "the leak of %s by %q is not told (%s by %s)", value, is.owners, is.way, is.client)
		}
		if seen[value] == "" {
			r.count["never seen"]++
		}
	}
	slices.SortFunc(r.wrong, func(a, b wrong) int { return strings.Compare(a.text, b.text) })
	return r
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
			return small.wrong[0].text + "\n" + small.source
		}
	}
	return fmt.Sprintf("none is smaller than the whole; TRACETEST_SEEDS=:%d TRACETEST_KEEP=FOLDER keeps it", seed)
}
