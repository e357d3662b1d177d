package prove

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"tracetest/internal/record"
	"tracetest/internal/triage"
)

func nameOf(o triage.Owner) record.Name {
	return record.Name{Package: o.Package, Test: o.Test, Spec: o.Spec}
}

func (t target) label() string {
	if t.Spec != "" {
		return t.Spec
	}
	return t.Test
}

// suspicions gathers the leaks that have an owner and failures tied to them.
func suspicions(f *triage.Findings) []*suspicion {
	var all []*suspicion
	of := map[int]*suspicion{} // by index of the leak
	for i, leak := range f.Leaks {
		if leak.Owner == nil {
			continue
		}
		culprit := target{nameOf(*leak.Owner), leak.Location}
		at := slices.IndexFunc(all, func(s *suspicion) bool { return s.culprit == culprit })
		if at < 0 {
			at = len(all)
			all = append(all, &suspicion{culprit: culprit, parameters: map[string]bool{}})
		}
		all[at].parameters[leak.Server+" "+leak.Parameter] = true
		of[i] = all[at]
	}
	for _, failure := range f.Failures {
		if failure.Leak == nil || of[*failure.Leak] == nil {
			continue
		}
		s := of[*failure.Leak]
		s.victims = append(s.victims, target{record.Name{Package: failure.Package, Test: failure.Test, Spec: failure.Spec}, failure.SpecLocation})
	}
	return slices.DeleteFunc(all, func(s *suspicion) bool { return len(s.victims) == 0 })
}

// unable says why a suspicion cannot be tried.
func (s *suspicion) unable() string {
	suites := map[string]bool{} // packages with specs among them
	for _, t := range append([]target{s.culprit}, s.victims...) {
		suites[t.Package] = suites[t.Package] || t.Spec != ""
		switch {
		case t.Test == "":
			return "what a package does outside of its tests cannot be left out of a run"
		case strings.HasPrefix(t.Test, "Benchmark"):
			return "benchmarks are not re-run"
		case strings.HasPrefix(t.Spec, "[") && t.location == "":
			return "a suite node cannot be left out of a run"
		case t.Spec != "" && t.location == "":
			return "Ginkgo did not say where a spec stands"
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

// choose returns the packages and arguments that run just these tests, after
// those of the run: the last -run counts.
func choose(targets []target, args []string) (packages, with []string) {
	var tests, focus []string
	for _, t := range targets {
		if !slices.Contains(packages, t.Package) {
			packages = append(packages, t.Package)
		}
		top, _, _ := strings.Cut(t.Test, "/")
		if quoted := regexp.QuoteMeta(top); !slices.Contains(tests, quoted) {
			tests = append(tests, quoted)
		}
		if t.Spec == "" {
			continue
		}
		at := strings.LastIndexByte(t.location, ':')
		flag := "-ginkgo.focus-file=" + regexp.QuoteMeta(filepath.ToSlash(t.location[:at])) + "$" + t.location[at:]
		if !slices.Contains(focus, flag) {
			focus = append(focus, flag)
		}
	}
	flags := append([]string{"-run=^(" + strings.Join(tests, "|") + ")$"}, focus...)
	at := slices.IndexFunc(args, func(w string) bool { return w == "-args" || w == "--args" })
	if at < 0 {
		at = len(args)
	}
	return packages, slices.Concat(args[:at], flags, args[at:])
}

// outcomes follows how tests end in a trial.
type outcomes struct {
	of       map[record.Name]string
	packages map[int]string        // by process
	specs    map[int64]record.Name // open ones, by owner
	tests    map[int64]string      // names of tests, by owner
}

func newOutcomes() *outcomes {
	return &outcomes{of: map[record.Name]string{}, packages: map[int]string{}, specs: map[int64]record.Name{}, tests: map[int64]string{}}
}

func (o *outcomes) add(e record.Entry) {
	switch {
	case e.Process != nil:
		o.packages[e.Process.Index] = e.Process.Package
	case e.Test != nil && e.Test.Test != "" && (e.Test.Action == "pass" || e.Test.Action == "fail" || e.Test.Action == "skip"):
		o.end(record.Name{Package: e.Test.Package, Test: e.Test.Test}, e.Test.Action)
	case e.Boundary != nil && e.Boundary.Begin != nil:
		b := e.Boundary.Begin
		if b.Kind == record.KindSpec {
			o.specs[b.ID] = record.Name{Package: o.packages[e.Boundary.Process], Test: o.tests[b.Parent], Spec: b.Name}
		} else {
			o.tests[b.ID] = b.Name
		}
	case e.Boundary != nil && e.Boundary.End != nil:
		if name, open := o.specs[e.Boundary.Owner]; open {
			status := e.Boundary.End.Status
			if status == "panic" {
				status = "fail"
			}
			o.end(name, status)
		}
	}
}

// end notes an end. One that failed once has failed: with -count it runs again.
func (o *outcomes) end(name record.Name, status string) {
	if o.of[name] != "fail" {
		o.of[name] = status
	}
}
