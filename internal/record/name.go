package record

import (
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

// Name is who the entry is of.
func (k Known) Name() Name { return Name{Package: k.Package, Test: k.Test, Spec: k.Spec} }
