package bisect

import (
	"os"
	"slices"
	"strings"
	"testing"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/rerun"
	"tracetest/internal/triage/story"
)

func readRecord(t *testing.T, path string) *Suite {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r := NewReader()
	for e, err := range record.Read(file) {
		if err != nil {
			r.Damaged(0, err)
			continue
		}
		r.Add(e)
	}
	return r.Suite()
}

// The record of the incident suspects who did it first, of each of its victims.
func TestIncidentIsSuspected(t *testing.T) {
	s := readRecord(t, "../report/testdata/incident.jsonl")
	const leaker = "Redis resilience when Redis runs out of memory degrades gracefully under memory pressure"
	victims := 0
	for i := range s.Units {
		u := &s.Units[i]
		correlated := slices.ContainsFunc(s.Findings.Failures, func(f findings.Failure) bool { return f.Spec == u.Spec && f.Leak != nil })
		if u.Spec == "" || !correlated {
			continue
		}
		victims++
		c := s.CaseOf(u)
		order, strong := c.ranked()
		if strong == 0 || c.Before[order[0]].Spec != leaker || c.Causes[0] != "maxmemory" {
			t.Errorf("%s: first %q, causes %v", u.Spec, c.Before[order[0]].Label(), c.Causes)
		}
	}
	if victims != 11 {
		t.Errorf("%d victims, want 11", victims)
	}
	if len(s.Packages) != 1 || !slices.Contains(s.Args, "-ginkgo.seed=100") || slices.Contains(s.Args, "-json") {
		t.Errorf("packages %q, arguments %q", s.Packages, s.Args)
	}
	if c := s.CaseOfParameter("maxmemory"); len(c.Leakers) != 1 || c.Leakers[0].Spec != leaker || c.Leakers[0].Location == "" {
		t.Errorf("leakers: %v", c.Leakers)
	}
}

// Of every recorded run each unit can be asked for, and no case holds its own
// victim, what that is in, or what cannot be chosen.
func TestCasesOfRecords(t *testing.T) {
	cases, err := story.Cases()
	if err != nil || len(cases) < 50 {
		t.Fatalf("%d records: %v", len(cases), err)
	}
	for _, c := range cases {
		recorded, err := c.Record()
		if err != nil {
			t.Fatal(err)
		}
		r := NewReader()
		for _, e := range recorded.Entries {
			r.Add(e)
		}
		s := r.Suite()
		for i := range s.Units {
			of := s.CaseOf(&s.Units[i])
			for _, b := range of.Before {
				if b.Name == of.Victim.Name || b.Unable() != "" || b.Spec == "" && of.Victim.Package == b.Package && within(of.Victim.Name, b.Test) {
					t.Errorf("%s: before %s is %s", c.Name, of.Victim.Label(), b.Label())
				}
			}
		}
		s.CaseOfParameter("maxmemory")
	}
}

// What is found is the one that is meant, or nothing.
func TestFind(t *testing.T) {
	s := &Suite{Findings: readRecord(t, "../report/testdata/incident.jsonl").Findings}
	for _, u := range []rerun.Test{
		{Name: record.Name{Package: "a/b", Test: "TestX"}}, {Name: record.Name{Package: "a/c", Test: "TestX"}}, {Name: record.Name{Package: "a/c", Test: "TestXY/sub one"}},
		{Name: record.Name{Package: "a/c", Test: "TestG", Spec: "Cache is fine"}, Location: "/home/x/a_test.go:12"},
	} {
		s.Units = append(s.Units, Unit{Test: u})
	}
	for text, want := range map[string]string{
		"a/b.TestX": "a/b TestX", "b.TestX": "a/b TestX", "TestXY/sub one": "a/c TestXY/sub one", "sub": "a/c TestXY/sub one", "Cache is fine": "a/c Cache is fine",
		"fine": "a/c Cache is fine", "a_test.go:12": "a/c Cache is fine", "x/a_test.go:12": "a/c Cache is fine",
	} {
		if u, err := s.Find(text); err != nil || u.Package+" "+u.Label() != want {
			t.Errorf("%q: %v %v, want %s", text, u, err, want)
		}
	}
	for text, want := range map[string]string{"TestX": "could be any of 2", "Test": "could be any of", "nothing": "no such test", " ": "empty", "a_test.go:1": "no such test"} {
		if u, err := s.Find(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v %v, want %q", text, u, err, want)
		}
	}
}

// The command of a record comes apart into what the user gave.
func TestCommandOf(t *testing.T) {
	for text, want := range map[string]string{
		"go test -json -count=1 -p=1 -overlay=$TRACETEST/overlay.json ./... -ginkgo.seed=1": "./... | -ginkgo.seed=1",
		"go test -json -count=1 -p=1 ./a ./b -run X -args y":                                "./a ./b | -run X -args y",
		"go test -json ./a -count=1 -p=1":                                                   "./a | -count=1 -p=1",
		"go test -json -count=1 -p=1 ./a":                                                   "./a | ",
		"go":                                                                                " | ",
	} {
		packages, args := commandOf(strings.Fields(text))
		if got := strings.Join(packages, " ") + " | " + strings.Join(args, " "); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// Whatever a file holds, it is read or refused.
func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"header":{"schema":"tracetest.bisect/1","victim":"a"}}` + "\n" + `{"trial":{"number":1,"setup":{"before":null,"cut":{}},"outcome":{"seconds":1}}}` + "\n" + `{"tri`))
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		header, trials, err := Read(strings.NewReader(string(data)))
		if err == nil && header == nil || err != nil && len(trials) > 0 {
			t.Errorf("%v %v %v", header, trials, err)
		}
	})
}

// What is restored behind a top-level test is that of its subtests too, of which
// alone one may be the polluter.
func TestNamesOfASubtest(t *testing.T) {
	before := []rerun.Item{{Name: record.Name{Package: "suite", Test: "TestPar/sub"}}}
	names, err := new(bisection).names(before, rerun.Cut{Config: true}, rerun.Outcome{Touched: []rerun.Touch{
		{What: "parameter", Name: "hz", After: record.Name{Package: "suite", Test: "TestPar"}},
		{What: "parameter", Name: "timeout", After: record.Name{Package: "suite", Test: "TestParty"}},
	}})
	if err != nil || len(names) != 1 || names[0] != "hz" {
		t.Errorf("%v %v", names, err)
	}
}

// What was not built has no tests, and that is to be said of it.
func TestFindOfWhatWasNotBuilt(t *testing.T) {
	s := &Suite{Findings: &findings.Findings{Failures: []findings.Failure{{Package: "suite/b", Status: "build", Message: "b_test.go:7: syntax error"}}}}
	if _, err := s.Find("TestVictim"); err == nil || !strings.Contains(err.Error(), "building the tests of suite/b failed: b_test.go:7: syntax error") {
		t.Error(err)
	}
}
