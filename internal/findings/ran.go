package findings

import "tracetest/internal/record"

// Ran says of the wanted ones that ran how they ended: the status of a
// [Case], and of one that ran more than once the worst. A test that only groups
// others has run if one of them did more than be skipped, and its status is
// theirs. A package, and a suite node of it, ran if a test binary did, with the
// status "pass". Those that did not run are missing.
//
// It needs Cases: of findings that were read from a file it knows packages only.
func (f *Findings) Ran(wanted map[record.Name]bool) map[record.Name]string {
	ran := map[record.Name]string{}
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
