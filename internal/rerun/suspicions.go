package rerun

import (
	"slices"

	"tracetest/internal/findings"
)

// suspicions gathers the leaks that have an owner and failures tied to them.
func suspicions(f *findings.Findings) []*suspicion {
	var all []*suspicion
	of := map[int]*suspicion{} // by index of the leak
	for i, leak := range f.Leaks {
		if leak.By == nil {
			continue
		}
		culprit := Test{Name: *leak.By, Location: leak.Location}
		at := slices.IndexFunc(all, func(s *suspicion) bool { return s.culprit == culprit })
		if at < 0 {
			at = len(all)
			all = append(all, &suspicion{culprit: culprit, parameters: map[string]bool{}})
		}
		for _, address := range leak.Servers() {
			all[at].parameters[address+" "+leak.Parameter] = true
		}
		of[i] = all[at]
	}
	for _, failure := range f.Failures {
		if failure.Leak == nil || of[*failure.Leak] == nil {
			continue
		}
		s := of[*failure.Leak]
		s.victims = append(s.victims, Test{Name: failure.Name(), Location: failure.SpecLocation})
	}
	return slices.DeleteFunc(all, func(s *suspicion) bool { return len(s.victims) == 0 })
}

// unable says why a suspicion cannot be tried.
func (s *suspicion) unable() string {
	suites := map[string]bool{} // packages with specs among them
	for _, t := range append([]Test{s.culprit}, s.victims...) {
		suites[t.Package] = suites[t.Package] || t.Spec != ""
		if why := t.Unable(); why != "" {
			return why
		}
	}
	with := 0
	for _, specs := range suites {
		if specs {
			with++
		}
	}
	if with > 0 && with < len(suites) {
		return "specs of one package and tests of another cannot be chosen in one command"
	}
	return ""
}

// tops are the tests with all that is in them: what a subtest does can rest on
// those before it.
func tops(tests []Test) []Test {
	all := slices.Clone(tests)
	for i := range all {
		all[i].Name = all[i].TopLevel()
	}
	return all
}
