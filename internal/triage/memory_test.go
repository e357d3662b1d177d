package triage_test

import (
	"testing"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/triage"
	"tracetest/internal/triage/story"
)

// findingsOf says what a record means that is written here.
func findingsOf(on *rec, write func(r *rec)) *findings.Findings {
	r := on.Baseline()
	write(r)
	a := triage.New()
	for _, e := range r.Entries {
		a.Add(e)
	}
	return a.Findings()
}

const (
	mib = 1 << 20
	gib = 1 << 30
)

// Somebody lowered the limit, or tests filled the memory: both end in the same
// error. Guards against data that is blamed for a limit, and the reverse.
func TestLimitOrMemory(t *testing.T) {
	started := func(value string) *rec {
		r := story.New().Base("maxmemory", "1048576")
		r.Servers[0].StartedWith = map[string]record.Origin{"maxmemory": {Value: value, Source: "podman inspect redis"}}
		return r
	}
	heavy := started("1048576")
	heavy.Servers[0].Counts.UsedMemory = 2 * mib
	tests := []struct {
		name  string
		on    *rec
		lower bool
		used  int64
		want  string
	}{
		{"lowered from 2 GiB", story.New().Base("maxmemory", "2147483648"), true, 3 * mib, "limit"},
		{"lowered where there was none", story.New(), true, 3 * mib, "limit"},
		{"full, and nobody lowered it", story.New().Base("maxmemory", "2147483648"), false, 2 * gib, "memory"},
		{"lowered, and full all the same", story.New().Base("maxmemory", "2147483648"), true, 3 * gib, "both"},
		{"lowered before the run", started("2147483648"), false, 3 * mib, "before"},
		{"lowered before the run where there was none", started("0"), false, 3 * mib, "before"},
		{"started with this limit, and full", started("1048576"), false, 3 * mib, "memory"},
		{"lowered before the run, and full all the same", started("2097152"), false, 3 * mib, "memory"},
		{"over the limit before the first test", heavy, false, 3 * mib, "start"},
		{"far below the limit that a snapshot shows", story.New().Base("maxmemory", "2147483648"), false, 3 * mib, "unseen"},
		{"no limit at any snapshot", story.New(), false, 3 * mib, "unseen"},
		{"lowered, but not by so much", story.New().Base("maxmemory", "2147483648"), true, mib / 100, "limit"},
	}
	for _, test := range tests {
		f := findingsOf(test.on, func(r *rec) {
			p := r.Package("shop/cache")
			a := p.Begin("TestA")
			if test.lower {
				r.Set("maxmemory", "1048576")
			}
			a.End("pass")
			b := p.Begin("TestB")
			r.Used(test.used)
			r.OOM(3)
			b.End("fail", "OOM command not allowed when used memory > 'maxmemory'.")
			p.Done("fail")
			r.End(1)
		})
		if len(f.Memory) != 1 || f.Memory[0].Reason != test.want || f.Memory[0].Used != test.used {
			t.Errorf("%s: %+v, want %q", test.name, f.Memory, test.want)
		}
	}
	// A test that puts the limit back itself: one snapshot shows both that writes were
	// refused and the limit that is back.
	f := findingsOf(started("1048576").Base("maxmemory", "2147483648"), func(r *rec) {
		p := r.Package("shop/cache")
		a := p.Begin("TestA")
		r.Set("maxmemory", "1048576")
		sub := a.Begin("sub")
		r.Used(3 * mib)
		r.OOM(1)
		r.Set("maxmemory", "2147483648")
		sub.End("pass")
		a.End("fail", "OOM command not allowed when used memory > 'maxmemory'.")
		p.Done("fail")
		r.End(1)
	})
	if len(f.Memory) != 1 || f.Memory[0].Reason != "limit" || f.Memory[0].Limit != mib {
		t.Errorf("restored in the snapshot that shows it: %+v", f.Memory)
	}
	if f := findingsOf(story.New(), func(r *rec) { r.End(0) }); len(f.Memory) != 0 {
		t.Errorf("nothing was refused: %+v", f.Memory)
	}
}

// A test that passes though commands of it were refused is listed, and its
// parents are not listed beside it.
func TestIgnoredOOM(t *testing.T) {
	f := findingsOf(story.New().Base("maxmemory", "1048576"), func(r *rec) {
		p := r.Package("shop/cache")
		a := p.Begin("TestA")
		sub := a.Begin("sub")
		r.OOM(2)
		sub.End("pass")
		a.End("pass")
		p.Run("TestB", "pass")
		c := p.Begin("TestC")
		r.OOM(1)
		c.End("fail", "no")
		p.Done("fail")
		r.End(1)
	})
	want := findings.IgnoredOOM{By: record.Name{Package: "shop/cache", Test: "TestA/sub"}, OOMErrors: 2}
	if len(f.IgnoredOOM) != 1 || f.IgnoredOOM[0] != want {
		t.Errorf("%+v, want %+v", f.IgnoredOOM, want)
	}
}

// What trials prove, and what they do not. Guards against a proof by one of two
// trials, by a test that did not run, and by another leak's trials.
func TestVerdicts(t *testing.T) {
	name := record.Name{Package: "p", Test: "TestV"}
	trials := func(kind record.TrialKind, outcomes ...string) (all []record.Trial) {
		for _, o := range outcomes {
			all = append(all, record.Trial{Kind: kind, Tests: []record.Tried{{Name: name, Outcome: o}, {Name: record.Name{Package: "p", Test: "TestOther"}, Outcome: "fail"}}})
		}
		return all
	}
	tests := []struct {
		without, with, restored []string
		want                    string
	}{
		{[]string{"pass", "pass"}, []string{"fail", "fail"}, []string{"pass", "pass"}, "proved"},
		{[]string{"fail", "fail"}, []string{"fail", "fail"}, []string{"fail", "fail"}, "refuted"},
		{[]string{"pass", "pass"}, []string{"pass", "pass"}, []string{"pass", "pass"}, "not reproduced"},
		{[]string{"pass", "fail"}, []string{"fail", "fail"}, []string{"pass", "pass"}, "unsettled"},
		{[]string{"pass", "pass"}, []string{"fail", "pass"}, []string{"pass", "pass"}, "unsettled"},
		{[]string{"pass", "pass"}, []string{"fail", "fail"}, []string{"fail", "fail"}, "unsettled"}, // not by this value
		{[]string{"pass", "pass"}, []string{"fail", "fail"}, nil, "unsettled"},
		{[]string{"", ""}, []string{"fail", "fail"}, []string{"pass", "pass"}, "unsettled"},
		{[]string{"skip"}, []string{"fail"}, []string{"pass"}, "unsettled"},
		{nil, nil, nil, "unsettled"},
	}
	for _, test := range tests {
		all := trials(record.TrialWithout, test.without...)
		all = append(all, trials(record.TrialWith, test.with...)...)
		all = append(all, trials(record.TrialRestored, test.restored...)...)
		if got := triage.Verdict(name, all); got != test.want {
			t.Errorf("without %q, with %q, restored %q: %s, want %s", test.without, test.with, test.restored, got, test.want)
		}
	}
	// Trials of it alone count before those that it shared.
	shared := append(trials(record.TrialWithout, "pass"), trials(record.TrialWith, "pass")...)
	for kind, outcome := range map[record.TrialKind]string{record.TrialWithout: "pass", record.TrialWith: "fail", record.TrialRestored: "pass"} {
		shared = append(shared, record.Trial{Kind: kind, Tests: []record.Tried{{Name: name, Outcome: outcome}}})
	}
	if got := triage.Verdict(name, shared); got != "proved" {
		t.Errorf("alone it is proved, and called %s", got)
	}
}

// A failover of a cluster is no leak, and is not lost either: the report says
// that there was none only where there was none.
func TestFailoverIsCounted(t *testing.T) {
	f := findingsOf(story.New().Cluster(), func(r *rec) {
		p := r.Package("shop/cache")
		a := p.Begin("TestA")
		r.Set("replicaof", "10.0.0.2 6379")
		a.End("pass")
		p.Done("pass")
		r.End(0)
	})
	if len(f.Leaks) != 0 || f.Servers[0].Failovers != 1 {
		t.Errorf("%d leaks, %d failovers", len(f.Leaks), f.Servers[0].Failovers)
	}
}
