package findings

import (
	"iter"
	"strings"
)

// Within yields an owner and what it ran in, but for the package: of a spec the
// test function, of a subtest the tests around it.
func (o Owner) Within() iter.Seq[Owner] {
	return func(yield func(Owner) bool) {
		if o.Test == "" && o.Spec == "" || !yield(o) {
			return
		}
		if o.Spec != "" {
			o.Spec = ""
			if o.Test == "" || !yield(o) {
				return
			}
		}
		for at := strings.LastIndexByte(o.Test, '/'); at > 0; at = strings.LastIndexByte(o.Test, '/') {
			o.Test = o.Test[:at]
			if !yield(o) {
				return
			}
		}
	}
}

// SuiteNode tells [BeforeSuite] and its kin from a spec such as "[sig-node]
// starts".
func (o Owner) SuiteNode() bool {
	for _, node := range []string{
		"[BeforeSuite", "[AfterSuite", "[SynchronizedBeforeSuite", "[SynchronizedAfterSuite",
		"[ReportBeforeSuite", "[ReportAfterSuite", "[DeferCleanup",
	} {
		if strings.HasPrefix(o.Spec, node) {
			return true
		}
	}
	return false
}

// Ran tells of the wanted owners that ran how they ended: the status of a
// [Case], and of one that ran more than once the worst. A test that only groups
// others has run if one of them did more than be skipped, and its status is
// theirs. A package, and a suite node of it, ran if a test binary did, with the
// status "pass". Owners that did not run are missing.
//
// It needs Cases: of findings that were read from a file it knows packages only.
func (f *Findings) Ran(wanted map[Owner]bool) map[Owner]string {
	ran := map[Owner]string{}
	for c := range f.Cases.All() {
		for o := range c.Within() {
			if !wanted[o] {
				continue
			}
			if was, known := ran[o]; !known || rank(c.Status) > rank(was) {
				ran[o] = c.Status
			}
		}
	}
	packages := map[string]bool{}
	for _, p := range f.Packages {
		packages[p.Path] = p.Ran
	}
	for o := range wanted {
		if outside := o.Test == "" && o.Spec == "" || o.SuiteNode(); outside && packages[o.Package] {
			ran[o] = "pass"
		}
	}
	return ran
}

// rank orders how a test can have ended.
func rank(status string) int {
	switch status {
	case "pending":
		return 0
	case "skip":
		return 1
	case "pass":
		return 2
	}
	return 3
}
