package flaky

import (
	"math"
	"strings"
	"testing"

	"tracetest/internal/bisect"
	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/rerun"
)

// Values of Wilson's interval as the literature has them (Brown, Cai, DasGupta,
// 2001, and R's prop.test without correction).
func TestWilson(t *testing.T) {
	for _, test := range []struct {
		k, n      int
		low, high float64
	}{
		{0, 10, 0, 0.2775}, {10, 10, 0.7225, 1}, {5, 10, 0.2366, 0.7634}, {1, 10, 0.0179, 0.4042},
		{1, 1, 0.2065, 1}, {0, 0, 0, 1}, {50, 100, 0.4038, 0.5962}, {1, 1000, 0.0002, 0.0056},
	} {
		low, high := Wilson(test.k, test.n)
		if math.Abs(low-test.low) > 5e-5 || math.Abs(high-test.high) > 5e-5 {
			t.Errorf("%d of %d: %.4f to %.4f, want %.4f to %.4f", test.k, test.n, low, high, test.low, test.high)
		}
	}
}

func name(test string) record.Name { return record.Name{Package: "p", Test: test} }

// suite is a run in which these tests ran, and these failed.
func suite(ran []string, failed ...findings.Failure) *bisect.Suite {
	s := &bisect.Suite{Findings: &findings.Findings{Failures: failed, Leaks: []findings.Change{{Parameter: "maxmemory", By: &record.Name{Package: "p", Test: "TestLeak"}}}}}
	for _, test := range ran {
		status := "pass"
		for _, f := range failed {
			if f.Test == test {
				status = "fail"
			}
		}
		s.Units = append(s.Units, bisect.Unit{Test: rerun.Test{Name: name(test)}, Status: status})
	}
	return s
}

func failure(test string, cause findings.Cause, leak bool, message string) findings.Failure {
	f := findings.Failure{Package: "p", Test: test, Cause: cause, Message: message}
	if leak {
		zero := 0
		f.Leak = &zero
	}
	return f
}

func rowOf(t *testing.T, s *View, test string) *Row {
	t.Helper()
	for _, r := range s.Rows() {
		if r.Name == name(test) {
			return r
		}
	}
	t.Fatalf("%s has no row", test)
	return nil
}

// Why a test is flaky is what the findings of all its failures say, and where
// they do not agree nothing is said.
func TestKinds(t *testing.T) {
	all := []string{"TestVictim", "TestOOM", "TestSlow", "TestBoth", "TestOpen", "TestAlways", "TestFine", "TestLeak"}
	s := &View{Shuffled: true}
	always := failure("TestAlways", findings.CauseOther, false, "wrong")
	s.Add(suite(all, always, failure("TestVictim", findings.CauseOOM, true, ""), failure("TestOOM", findings.CauseOOM, false, ""), failure("TestBoth", findings.CauseOOM, true, "")), "1")
	s.Add(suite(all, always, failure("TestVictim", findings.CauseOOM, true, ""), failure("TestSlow", findings.CauseOther, false, "read tcp 127.0.0.1:1->127.0.0.1:2: i/o timeout"),
		failure("TestBoth", findings.CauseOther, false, ""), failure("TestOpen", findings.CauseOther, false, "wrong")), "2")
	s.Add(suite(all, always), "3")
	for test, want := range map[string]Kind{"TestVictim": Victim, "TestOOM": Redis, "TestSlow": Redis, "TestBoth": Open, "TestOpen": Open, "TestAlways": Open, "TestLeak": Stable} {
		if got := rowOf(t, s, test); got.Kind != want {
			t.Errorf("%s: %s (%s), want %s", test, got.Kind, got.Why, want)
		}
	}
	if r := rowOf(t, s, "TestVictim"); len(r.Of) != 1 || r.Of[0] != name("TestLeak") || r.Failed != 2 || r.Ran != 3 || r.First != 1 || r.Proved || strings.Join(r.Orders, " ") != "1 2" {
		t.Errorf("%+v", r)
	}
	if r := rowOf(t, s, "TestLeak"); r.Leaked != 3 || r.Failed != 0 {
		t.Errorf("%+v", r)
	}
	for _, r := range s.Rows() {
		if r.Name == name("TestFine") {
			t.Error("a test that neither failed nor leaked has a row")
		}
	}
	s.Shuffled = false
	if r := rowOf(t, s, "TestOpen"); r.Kind != Own {
		t.Errorf("the order was the same each time: %+v", r)
	}
	for run := 4; run <= 6; run++ { // three of three is chance more often than not, if it fails four times of five
		s.Add(suite([]string{"TestAlways"}, always), "4")
	}
	if got := rowOf(t, s, "TestAlways"); got.Kind != Always {
		t.Errorf("%s (%s)", got.Kind, got.Why)
	}
}

// What bisect settled counts; what it did not leaves the row as it is.
func TestSettle(t *testing.T) {
	for _, test := range []struct {
		answer bisect.Answer
		want   Kind
		proved bool
	}{
		{bisect.Answer{Kind: bisect.Polluters, Culprits: []bisect.Culprit{{Test: rerun.Test{Name: name("TestLeak")}}}}, Victim, true},
		{bisect.Answer{Kind: bisect.Brittle, Culprits: []bisect.Culprit{{Test: rerun.Test{Name: name("TestSetter")}}}}, Brittle, true},
		{bisect.Answer{Kind: bisect.NotOrderDependent, Alone: bisect.Tally{Failed: 1, Ran: 3}}, Own, true},
		{bisect.Answer{Kind: bisect.NotOrderDependent, Alone: bisect.Tally{Ran: 3}}, Open, false},
		{bisect.Answer{Kind: bisect.NotReproduced}, Open, false},
		{bisect.Answer{Kind: bisect.Unsettled}, Open, false},
	} {
		r := &Row{Kind: Open}
		r.Settle(&test.answer)
		if r.Kind != test.want || r.Proved != test.proved {
			t.Errorf("%s: %+v", test.answer.Kind, r)
		}
	}
}

// It ends early when the flaky ones are known well, and never because nothing
// failed: the more runs pass, the surer.
func TestDone(t *testing.T) {
	s := &View{}
	for n := range 30 {
		if n%2 == 0 {
			s.Add(suite([]string{"TestA"}, failure("TestA", findings.CauseOther, false, "")), "")
		} else {
			s.Add(suite([]string{"TestA"}), "")
		}
		if s.Done() != (n >= 9) {
			t.Errorf("after %d runs: done %v", n+1, s.Done())
		}
	}
	s.Add(suite([]string{"TestA", "TestB"}, failure("TestB", findings.CauseOther, false, "")), "")
	if s.Done() {
		t.Error("TestB has only just failed")
	}
	s = &View{}
	for range 50 {
		s.Add(suite([]string{"TestA"}), "")
	}
	if s.Done() {
		t.Error("nothing was flaky, and it is done")
	}
}
