package triage

import (
	"reflect"
	"testing"

	"tracetest/internal/findings"
	"tracetest/internal/record"
)

// Guards against one leak for each node of a cluster, and against one for what nodes do not share.
func TestNodesOfAClusterAreOneLeak(t *testing.T) {
	by := func(test string) *record.Name { return &record.Name{Package: "p", Test: test} }
	of := func(server, parameter, to, test string) findings.Change {
		return findings.Change{Server: server, Parameter: parameter, From: "0", To: to, By: by(test), Certainty: findings.Exact, Call: &findings.Call{File: "a_test.go", Line: 7}}
	}
	restored := of("c:3", "hz", "20", "TestA")
	restored.RestoredBy = by("TestB")
	changes := []findings.Change{of("c:1", "hz", "20", "TestA"), of("c:1", "timeout", "1", "TestA"), of("c:2", "hz", "20", "TestA"), of("c:2", "hz", "30", "TestA"),
		of("alone", "hz", "20", "TestA"), of("c:2", "timeout", "1", "TestB"), restored, of("c:1", "hz", "20", "TestA")}
	folded, went := foldNodes(changes, []string{"c:1", "c:2", "c:3"})
	if want := []int{0, 1, 0, 2, 3, 4, 5, 6}; !reflect.DeepEqual(went, want) {
		t.Errorf("they went to %v, want %v", went, want)
	}
	if want := []string{"c:1", "c:2"}; !reflect.DeepEqual(folded[0].Nodes, want) || folded[0].Server != "c:1" {
		t.Errorf("the first is on %v, want %v", folded[0].Nodes, want)
	}
	for _, c := range folded[1:] {
		if len(c.Nodes) > 0 {
			t.Errorf("%s on %s has nodes %v", c.Parameter, c.Server, c.Nodes)
		}
	}
}
