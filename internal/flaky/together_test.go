package flaky

import (
	"testing"

	"tracetest/internal/bisect"
	"tracetest/internal/record"
)

// Ten victims of one test are one search, and only the one that was re-run is called proved.
func TestTogether(t *testing.T) {
	victim := func(test, of string) *Row {
		return &Row{Name: name(test), Ran: 6, Failed: 3, Kind: Victim, Of: []record.Name{name(of)}, Why: "each time after what that left"}
	}
	a, b, c := victim("TestA", "TestLeak"), victim("TestB", "TestOther"), victim("TestC", "TestLeak")
	open := &Row{Name: name("TestOpen"), Ran: 6, Failed: 1, Kind: Open}
	groups := Together([]*Row{a, b, open, c, {Name: name("TestAlways"), Ran: 6, Failed: 6, Kind: Always}, {Name: name("TestLeak"), Ran: 6, Leaked: 6, Kind: Stable}})
	if len(groups) != 3 || len(groups[0]) != 2 || groups[0][0] != a || groups[0][1] != c || groups[1][0] != b || groups[2][0] != open {
		t.Fatalf("%v", groups)
	}
	if c.Like(a) {
		t.Error("nothing was proved yet")
	}
	proved := &bisect.Answer{Kind: bisect.Polluters}
	proved.Culprits = make([]bisect.Culprit, 1)
	proved.Culprits[0].Name = name("TestLeak")
	a.Settle(proved)
	if !c.Like(a) || c.Proved || c.Why != "each time after what that left; re-runs proved it for TestA" {
		t.Errorf("%+v", c)
	}
	other := *proved
	other.Culprits = []bisect.Culprit{proved.Culprits[0]}
	other.Culprits[0].Name = name("TestElse")
	a.Settle(&other)
	if c.Like(a) {
		t.Error("the re-runs found another one")
	}
}
