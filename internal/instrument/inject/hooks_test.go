//go:build unix

package inject

import "testing"

// Guards against a failure that is blamed on a test which only has a failed
// subtest, and the reverse.
func TestStatus(t *testing.T) {
	reset()
	tests := []struct {
		name  string
		c     common
		fault bool
		kind  string
		want  string
	}{
		{"passed", common{finished: true}, false, "test", "pass"},
		{"failed itself", common{finished: true, failed: true}, true, "test", "fail"},
		{"a subtest failed", common{finished: true, failed: true}, false, "test", "fail-below"},
		{"skipped", common{finished: true, skipped: true}, false, "test", "skip"},
		{"failed, then skipped", common{finished: true, failed: true, skipped: true}, true, "test", "fail"},
		{"panicked", common{failed: true}, true, "test", "panic"},
		{"benchmark between two rounds", common{}, false, "benchmark", "pass"},
	}
	for i := range tests {
		test := &tests[i]
		if test.fault {
			tracetestFail(&test.c)
		}
		if got := tracetestStatus(&test.c, test.kind); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

// Guards against a parent's own failure that is forgotten when a subtest fails.
func TestFaults(t *testing.T) {
	reset()
	parent, child := &common{failed: true, finished: true}, &common{failed: true, finished: true}
	fail := func() { // what the patched (*common).Fail of child does
		tracetestFail(child)
		own := tracetestOwnFault(parent)
		tracetestFail(parent)
		tracetestFailBelow(parent, own)
	}
	fail()
	if tracetestStatus(child, "test") != "fail" || tracetestStatus(parent, "test") != "fail-below" {
		t.Error("the parent is blamed for its subtest")
	}
	tracetestFail(parent)
	fail()
	if tracetestStatus(parent, "test") != "fail" {
		t.Error("the parent's own failure is forgotten")
	}
}

// Guards against a part of a suite that is not the one that tracetest said.
func TestPart(t *testing.T) {
	if part := tracetestPart(`"other"`); !part.other {
		t.Errorf("%+v", part)
	}
	part := tracetestPart(`"part" "1" "ginkgo.skip-file=^/a b\\.go$:1,2" "TestA" "Test\"B\""`)
	if part.other || len(part.flags) != 1 || part.flags[0] != `ginkgo.skip-file=^/a b\.go$:1,2` || len(part.leave) != 2 || !part.leave[`Test"B"`] {
		t.Errorf("%+v", part)
	}
	kept := tracetestLess([]InternalTest{{"TestA"}, {"TestC"}}, part.leave, func(t InternalTest) string { return t.Name })
	if len(kept) != 1 || kept[0].Name != "TestC" {
		t.Errorf("%v", kept)
	}
	for _, text := range []string{"", `"part"`, `"part" "9" "x"`, `"part" "x"`, "part", `"go"`} {
		if part := tracetestPart(text); part.other || len(part.flags)+len(part.leave) > 0 {
			t.Errorf("%q: %+v", text, part)
		}
	}
}
