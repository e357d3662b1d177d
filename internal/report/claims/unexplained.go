package claims

import (
	"strings"

	"tracetest/internal/findings"
	"tracetest/internal/record"
)

// unexplainedParts are the failures that no change of another test explains: those
// under what was set before the first test, and the others.
func (v *View) unexplainedParts() (parts [][]findings.Failure) {
	var before, others []findings.Failure
	for _, f := range v.unexplained {
		if f.Dirty != nil {
			before = append(before, f)
		} else {
			others = append(others, f)
		}
	}
	for _, part := range [][]findings.Failure{before, others} {
		if len(part) > 0 {
			parts = append(parts, part)
		}
	}
	return parts
}

const underBefore = "under what was set before the first test"

// unexplainedBy says of failures by memory what does not explain them. A test that
// lowered the limit itself is nobody's victim, and there is something of this run
// that explains it all the same.
func (v *View) unexplainedBy(failures []findings.Failure) Text {
	own, before := 0, 0
	for _, f := range failures {
		if v.changedMemory(f) {
			own++
		}
		if f.Dirty != nil {
			before++
		}
	}
	if before == len(failures) {
		return underBefore
	}
	switch own {
	case 0:
		return "that no observed change explains"
	case len(failures):
		return "under a change of " + Plural(own, "its", "their") + " own"
	}
	return "that no change of another test explains"
}

// changedMemory reports whether a failed test changed the limit or the policy
// itself, or a part of it did.
func (v *View) changedMemory(f findings.Failure) bool {
	for _, changes := range [][]findings.Change{v.Leaks, v.Reverted} {
		for _, c := range changes {
			if c.By == nil || !strings.HasPrefix(c.Parameter, "maxmemory") || c.By.Package != f.Package {
				continue
			}
			if *c.By == f.Name() || f.Spec == "" && f.Test != "" && (c.By.Test == f.Test || record.Below(c.By.Test, f.Test)) {
				return true
			}
		}
	}
	return false
}
