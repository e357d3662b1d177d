package record

import (
	"cmp"
	"iter"
	"strings"
)

// Name names a test, subtest or Ginkgo spec of any run, or the code of a package
// outside of its tests.
type Name struct {
	Package string `json:"package" redact:"-"`
	Test    string `json:"test" redact:"name"` // empty for a package's own code: init, TestMain, between its tests
	Spec    string `json:"spec" redact:"name"` // full text of a Ginkgo spec, or a suite node such as [BeforeSuite]
}

// Within yields a name and what it ran in, but for the package: of a spec the
// test function, of a subtest the tests around it.
func (n Name) Within() iter.Seq[Name] {
	return func(yield func(Name) bool) {
		if n.Test == "" && n.Spec == "" || !yield(n) {
			return
		}
		if n.Spec != "" {
			n.Spec = ""
			if n.Test == "" || !yield(n) {
				return
			}
		}
		for n.Test = Parent(n.Test); n.Test != ""; n.Test = Parent(n.Test) {
			if !yield(n) {
				return
			}
		}
	}
}

// SuiteNode distinguishes [BeforeSuite] and its kin from a spec such as "[sig-node]
// starts".
func (n Name) SuiteNode() bool {
	for _, node := range []string{
		"[BeforeSuite", "[AfterSuite", "[SynchronizedBeforeSuite", "[SynchronizedAfterSuite",
		"[ReportBeforeSuite", "[ReportAfterSuite", "[DeferCleanup",
	} {
		if strings.HasPrefix(n.Spec, node) {
			return true
		}
	}
	return false
}

// In reports whether a name is another, or is of what ran in it.
func (n Name) In(outer Name) bool {
	if n == outer {
		return true
	}
	for name := range n.Within() {
		if name == outer {
			return true
		}
	}
	return false
}

// Path is what the name of a test consists of: the test function, then a part for
// each subtest.
func (n Name) Path() []string { return strings.Split(n.Test, "/") }

// TopLevel is the name with the test function that it runs in for its test.
func (n Name) TopLevel() Name {
	n.Test = TopLevel(n.Test)
	return n
}

// Subtest reports whether it is of a subtest, or of a spec in one.
func (n Name) Subtest() bool { return Parent(n.Test) != "" }

// Compare orders names.
func (n Name) Compare(other Name) int {
	return cmp.Or(strings.Compare(n.Package, other.Package), strings.Compare(n.Test, other.Test), strings.Compare(n.Spec, other.Spec))
}

// Name is who the event is of.
func (t *Test) Name() Name { return Name{Package: t.Package, Test: t.Test} }

// Parent returns the test that a subtest is of, or "".
func Parent(test string) string {
	return test[:max(0, strings.LastIndexByte(test, '/'))]
}

// TopLevel returns the test function that a test or subtest runs in.
func TopLevel(test string) string {
	top, _, _ := strings.Cut(test, "/")
	return top
}

// Below reports whether a test is a subtest of another, at any depth.
func Below(test, outer string) bool { return strings.HasPrefix(test, outer+"/") }
