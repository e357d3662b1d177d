package ci

import (
	"tracetest/internal/record"
	"tracetest/internal/report/claims"
	"tracetest/internal/report/doc"
)

// addStray adds what is no case: builds and suite nodes that failed, leaks of
// those who are none, and what is nobody's.
func (j *junit) addStray() {
	own := make(map[record.Name]*testcase)
	var order []record.Name
	var extra []*testcase // further ones of one owner, with -count
	stray := func(o record.Name) *testcase {
		t := &testcase{name: strayName(o), class: o.Package}
		if own[o] == nil {
			own[o] = t
			order = append(order, o)
		} else {
			extra = append(extra, t)
		}
		return t
	}
	for i, f := range j.Failures {
		if !j.taken[i] {
			t := stray(f.Name())
			t.element, t.message = element(f.Status), "failed"
			if f.Status == "build" {
				t.name, t.message = "[build]", "The package could not be built"
			}
			j.failed(t, i)
		}
	}
	for _, g := range j.Groups {
		if j.fails(g) && !j.placed[g.No] {
			o := *g.Changes[0].By
			t := own[o]
			if t == nil {
				t = stray(o)
			}
			j.leaked(t, []claims.Group{g})
		}
	}
	for _, o := range order {
		j.suite(o.Package).add(*own[o])
	}
	for _, t := range extra {
		j.suite(t.class).add(*t)
	}
	j.addState()
}

func strayName(o record.Name) string {
	switch {
	case o.Spec != "":
		return o.Spec
	case o.Test != "":
		return o.Test
	}
	return "[outside its tests]"
}

// addState adds why the run is not good although no test is to blame.
func (j *junit) addState() {
	var all []testcase
	add := func(element, name, kind, message string, details ...string) {
		t := testcase{name: name, class: stateSuite, element: element, kind: kind, message: message}
		for _, d := range details {
			t.add(d)
		}
		all = append(all, t)
	}
	if !j.Run.Complete {
		message := claims.Text("This run is incomplete")
		if j.Run.Incomplete != "" {
			message += ": " + doc.Say(j.Run.Incomplete)
		}
		add("error", "the run", "incomplete", plain(message.Period()))
	} else if j.Run.GoExit != 0 && len(j.Failures) == 0 {
		add("error", "the run", "exit", plain(j.Passed().Upper()+"."))
	}
	if j.element != "" {
		for _, g := range j.Groups {
			if !g.Accused() && !g.Known() {
				c := g.Changes[0]
				add(j.element, plain("leak "+doc.Int(g.No)+": "+doc.Code(c.Parameter)), "leak", plain(j.LeakSentence(g)),
					plain(j.LeakSentence(g)), plain(j.PlaceSentence(c)), plain(claims.Caveat(c)), plain(j.Cure(g)))
			}
		}
		for _, name := range j.Unclaimed() {
			add(j.element, name+" after the run", "changed", "It differs from the initial value, and the writer was not identified.")
		}
		for _, u := range j.UnmetExpectations {
			add(j.element, u.Parameter+" before the run", "expect", claims.UnmetLine(u))
		}
	}
	for _, t := range all {
		j.suite(stateSuite).add(t)
	}
}
