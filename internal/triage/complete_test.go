package triage

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"tracetest/internal/findings"
	"tracetest/internal/record"
)

// wholeRun is a record that meets each condition of exit code 0.
func wholeRun() []record.Entry {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	snap := func() []record.Snapshot { return []record.Snapshot{{Sent: at, Received: at.Add(time.Millisecond)}} }
	boundary := func(b record.Boundary) record.Entry { b.Snapshots = snap(); return record.Entry{Boundary: &b} }
	event := func(action, test string) record.Entry {
		return record.Entry{Test: &record.Test{Time: at, Action: action, Package: "p", Test: test}}
	}
	return []record.Entry{
		{Run: &record.Run{Schema: record.Schema, Mode: record.ModeInstrumented, Traced: true}},
		{Server: &record.Server{Address: "s:1", Config: map[string]string{"maxmemory": "0", "timeout": "0"}}},
		event("start", ""),
		{Process: &record.Process{Index: 1, PID: 9, Package: "p"}},
		boundary(record.Boundary{Verb: record.VerbHello, Process: 1}),
		boundary(record.Boundary{Verb: record.VerbBegin, Process: 1, Owner: 1, Begin: &record.Owner{ID: 1, Kind: record.KindTest, Name: "TestA"}}),
		event("run", "TestA"),
		{Contact: &record.Contact{Process: 1, Network: "tcp", Address: "s:1"}},
		{Write: &record.Write{Process: 1, Number: 1, Address: "s:1", Command: []string{"config", "set", "timeout", "0"}, Values: []record.Value{{Parameter: "timeout", Value: "0"}}}},
		{Reply: &record.Reply{Process: 1, Number: 1, Text: "+OK", Snapshots: snap()}},
		boundary(record.Boundary{Verb: record.VerbEnd, Process: 1, Owner: 1, End: &record.Outcome{Status: "pass"}}),
		event("pass", "TestA"),
		boundary(record.Boundary{Verb: record.VerbExit, Process: 1}),
		event("pass", ""),
		boundary(record.Boundary{Verb: record.VerbFinish}),
		{End: &record.End{Complete: true}},
	}
}

func judgeRun(entries []record.Entry, err error) *findings.Findings {
	a := New()
	for i, e := range entries {
		if e.Seq == 0 {
			e.Seq = int64(i + 1)
		}
		a.Add(e)
	}
	if err != nil {
		a.Unwritten(err)
	}
	return a.Findings()
}

// Each condition by itself stands between a run and exit code 0, and is the reason
// that is told.
func TestEachPathToExitZero(t *testing.T) {
	if f := judgeRun(wholeRun(), nil); f.Run.Exit != ExitClean || !f.Run.Complete {
		t.Fatalf("a whole run: exit %d, %+v", f.Run.Exit, f.Run.IncompleteBecause)
	}
	full := errors.New("disk full")
	drop := func(from, to int) func([]record.Entry) []record.Entry {
		return func(e []record.Entry) []record.Entry { return append(e[:from:from], e[to:]...) }
	}
	change := func(f func(e []record.Entry)) func([]record.Entry) []record.Entry {
		return func(e []record.Entry) []record.Entry { f(e); return e }
	}
	violations := map[string]struct {
		of   func([]record.Entry) []record.Entry
		err  error
		want findings.Reason
	}{
		"the go command understood its arguments": {func(e []record.Entry) []record.Entry {
			e[15].End.GoExit = 2
			return append(e[:2:2], e[14:]...)
		}, nil, findings.Reason{}},
		"the record has an end":                                 {drop(15, 16), nil, findings.Reason{Kind: findings.ReasonNoEnd}},
		"the run was not cut short":                             {change(func(e []record.Entry) { *e[15].End = record.End{Reason: "interrupted (x)"} }), nil, findings.Reason{Kind: findings.ReasonCutShort, Problem: "interrupted (x)"}},
		"tracetest could write all of the record":               {change(func([]record.Entry) {}), full, findings.Reason{Kind: findings.ReasonUnwritten, Problem: "disk full"}},
		"the record is whole":                                   {change(func(e []record.Entry) { e[15].Seq = 99 }), nil, findings.Reason{Kind: findings.ReasonDamaged}},
		"a server was watched":                                  {change(func(e []record.Entry) { e[1] = record.Entry{Notice: &record.Notice{Code: "x"}} }), nil, findings.Reason{Kind: findings.ReasonNoServer}},
		"each watched server was seen when the tests had ended": {change(func(e []record.Entry) { e[14].Boundary.Snapshots = nil }), nil, findings.Reason{Kind: findings.ReasonUnseenAtEnd, Server: "s:1"}},
		"each server that the tests used was watched": {change(func(e []record.Entry) {
			*e[7].Contact = record.Contact{Process: 1, Address: "t:2", TLS: true, Server: -1, Problem: "it speaks TLS; name it"}
		}), nil, findings.Reason{Kind: findings.ReasonUnwatched, Server: "t:2", Problem: "it speaks TLS; name it"}},
		"each write that a server accepted was shown by a snapshot": {change(func(e []record.Entry) { e[8].Write.Values[0].Value = "7" }), nil, findings.Reason{Kind: findings.ReasonUnsampled, Server: "s:1", Command: []string{"config", "set", "timeout", "0"}}},
		"the tests of each package that passed came to their end":   {change(func(e []record.Entry) { e[13].Test.Unended = true; e[13].Test.Missing = []string{"TestZ"} }), nil, findings.Reason{Kind: findings.ReasonUnended, Package: "p", Missing: []string{"TestZ"}}},
		"the tests that another command started reported": {change(func(e []record.Entry) {
			e[0].Run.Launched = true
			for i := 2; i < 14; i++ {
				e[i] = record.Entry{Notice: &record.Notice{Code: "x"}}
			}
		}), nil, findings.Reason{Kind: findings.ReasonSilent}},
		"each test binary ended":                     {change(func(e []record.Entry) { e[12] = record.Entry{Notice: &record.Notice{Code: "x"}} }), nil, findings.Reason{Kind: findings.ReasonLasting, Package: "p", PID: 9}},
		"the go command ended with 0":                {change(func(e []record.Entry) { e[15].End.GoExit = 1 }), nil, findings.Reason{}},
		"no test failed":                             {change(func(e []record.Entry) { e[10].Boundary.End.Status, e[11].Test.Action = "fail", "fail" }), nil, findings.Reason{}},
		"nothing was left changed that is not known": {change(func(e []record.Entry) { e[10].Boundary.Snapshots[0].Config = map[string]string{"maxmemory": "1"} }), nil, findings.Reason{}},
		"--expect was met":                           {change(func(e []record.Entry) { e[0].Run.Expect = map[string]string{"maxmemory": "1"} }), nil, findings.Reason{}},
	}
	for _, c := range conditions() {
		v, there := violations[c.name]
		if !there {
			t.Errorf("no run that does not meet %q", c.name)
			continue
		}
		f := judgeRun(v.of(wholeRun()), v.err)
		got := f.Run.IncompleteBecause
		if got == nil {
			got = &findings.Reason{}
		}
		if f.Run.Exit != c.code || f.Run.Complete == c.complete || !reflect.DeepEqual(*got, v.want) {
			t.Errorf("not %s: exit %d, complete %v: %+v", c.name, f.Run.Exit, f.Run.Complete, *got)
		}
	}
}

// Servers in the test binary are gone with it; whatever else the tests used was to be watched.
func TestServersInTheTestBinaryAreNone(t *testing.T) {
	for _, c := range []struct {
		want bool
		of   []findings.Endpoint
	}{
		{true, nil},
		{true, []findings.Endpoint{{Address: "127.0.0.1:1", Inside: true}}},
		{false, []findings.Endpoint{{Address: "127.0.0.1:1", Inside: true}, {Address: "127.0.0.1:2", Problem: "it speaks TLS"}}},
		{false, []findings.Endpoint{{Address: "127.0.0.1:1", Inside: true, Problem: "another server was there later"}}},
	} {
		f := &findings.Findings{Run: findings.Run{Mode: record.ModeInstrumented, Traced: true}, Endpoints: c.of}
		if got := usedNone(f); got != c.want {
			t.Errorf("%+v: %t", c.of, got)
		}
	}
}
