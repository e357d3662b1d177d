package bisect

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"tracetest/internal/record"
	"tracetest/internal/rediscmd"
	"tracetest/internal/rerun"
)

// Case is what is searched: a test, and all that ran before it ended.
type Case struct {
	Victim rerun.Test
	Status string    // of the victim in the suite: pass, fail, ...
	Before []Suspect // in the order of the run
	// Causes are the parameters that the record ties to the failure, first.
	Causes []string
	// Cleaners are tests of the suite that put back what somebody had left.
	Cleaners []rerun.Test
	Message  string // of its failure in the suite
	// With are the specs of the victim's Ordered container before it: it is never
	// run without them.
	With []rerun.Test
	Keys int64 // that the servers held when the suite began
	// Wrote is a command of the suite that changed users, functions or scripts of a server,
	// which no configuration that is restored undoes.
	Wrote string
	// Parameter is the question where there is no victim: who leaves it changed?
	Parameter string
	Leakers   []rerun.Test // who did by the record, in the order of the run
}

// Suspect is something that ran before the victim.
type Suspect struct {
	rerun.Test
	// With are the specs of the same Ordered container before it, with which it is
	// one.
	With []rerun.Test
	// Evidence is why it is suspected, in words, and Weight how much; zero: only
	// because it ran before.
	Evidence string
	Weight   int
	Beside   bool         // it had not ended when the victim began
	Parts    []rerun.Test // subtests, where it has any
}

// How much evidence weighs. What is above weak is tried by itself, before a
// search over everything.
const (
	weightCorrelated = 100 // the record ties the failure to its leak
	weightLeak       = 60  // it left a parameter changed that still was when the victim ran
	weightAmbiguous  = 50  // it may have
	weightData       = 30  // it left keys behind
	weightWrite      = 20  // it changed users, functions, scripts, ...
	weightUndone     = 12  // it changed a parameter that was restored since
	weak             = 10
	weightFlush      = 5 // it deleted data, as many do
	weightFailed     = 3 // it failed, and may have cleaned up nothing
)

// CaseOfParameter says what is to be searched for who leaves a parameter changed.
func (s *Suite) CaseOfParameter(name string) Case {
	c := s.CaseOf(&Unit{began: math.MaxInt64})
	c.Parameter, c.Cleaners = name, nil
	for i := range c.Before {
		c.Before[i].Weight, c.Before[i].Evidence = 0, ""
	}
	for _, change := range s.Findings.Leaks {
		if change.Parameter != name {
			continue
		}
		owners := change.Suspects
		if change.By != nil {
			owners = []record.Name{*change.By}
		}
		for _, owner := range owners {
			for i := range c.Before {
				if b := &c.Before[i]; within(owner, b.Test) {
					b.Weight = weightAmbiguous
					b.Evidence = "left " + name + " changed from " + change.From + " to " + change.To
					if change.By != nil && !slices.Contains(c.Leakers, b.Test) {
						b.Weight = weightCorrelated
						c.Leakers = append(c.Leakers, b.Test)
					}
				}
			}
		}
	}
	return c
}

// CaseOf says what is to be searched for a victim.
func (s *Suite) CaseOf(victim *Unit) Case {
	c := Case{Victim: victim.Test, Status: victim.Status, Keys: s.Keys}
	subject := victim.Name
	subject.Spec = ""
	for i := range s.Units {
		u := &s.Units[i]
		switch {
		case u.Hosts || u == victim || victim.ended != 0 && u.began > victim.ended || u.Unable() != "":
			continue
		case u.Spec == "" && (subject.In(u.Name) || u.In(subject)):
			continue // what the victim is in, or what is in it
		}
		if u.Container != "" && u.Container == victim.Container && u.Package == victim.Package {
			c.With = append(c.With, u.Test)
			continue
		}
		if u.Subtest() && u.Spec == "" {
			if at := slices.IndexFunc(c.Before, func(o Suspect) bool { return within(u.Name, o.Test) }); at >= 0 {
				c.Before[at].Parts = append(c.Before[at].Parts, u.Test)
			} else if u.TopLevel() == subject.TopLevel() {
				c.Before = append(c.Before, Suspect{Test: u.Test}) // beside the victim
			}
			continue
		}
		suspect := Suspect{Test: u.Test}
		if u.Container != "" {
			for _, o := range s.Units[:i] {
				if o.Container == u.Container && o.Package == u.Package {
					suspect.With = append(suspect.With, o.Test)
				}
			}
		}
		c.Before = append(c.Before, suspect)
	}
	for i := range c.Before {
		if u := s.unit(c.Before[i].Name); u != nil {
			c.Before[i].Beside = u.ended == 0 || u.ended > victim.began
		}
	}
	s.weigh(&c)
	return c
}

func (s *Suite) unit(name record.Name) *Unit {
	if s.index == nil {
		s.index = map[record.Name]int{}
		for i, u := range s.Units {
			s.index[u.Name] = i
		}
	}
	if i, known := s.index[name]; known {
		return &s.Units[i]
	}
	return nil
}

// within reports whether a test is in another, or is it.
func within(inner record.Name, outer rerun.Test) bool {
	if outer.Name.Test == rerun.NoTest {
		return inner.Package == outer.Package && inner.Test == ""
	}
	return inner.In(outer.Name)
}

// weigh lays the evidence of the record over those that ran before the victim.
func (s *Suite) weigh(c *Case) {
	s.weighLeaks(c, s.correlated(c))
	s.weighReverted(c)
	s.weighWrites(c)
	for _, g := range s.Findings.Growth {
		if g.Keys > 0 {
			c.suspect(g.By, weightData, "left keys behind")
		}
	}
	for _, failure := range s.Findings.Failures {
		c.suspect(failure.Name(), weightFailed, "failed")
	}
}

// suspect gives whoever ran before the victim a weight, unless it has a greater
// one, and reports whether it ran before.
func (c *Case) suspect(owner record.Name, weight int, why string) bool {
	for i := range c.Before {
		if b := &c.Before[i]; within(owner, b.Test) {
			if weight > b.Weight {
				b.Weight, b.Evidence = weight, why
			}
			return true
		}
	}
	return false
}

// correlated notes how the victim failed, and returns the leaks that its
// failures are correlated with.
func (s *Suite) correlated(c *Case) map[int]bool {
	f := s.Findings
	correlated := map[int]bool{}
	for _, failure := range f.Failures {
		if !within(failure.Name(), c.Victim) {
			continue
		}
		if c.Message == "" {
			c.Message = failure.Message
		}
		if failure.Leak != nil {
			correlated[*failure.Leak] = true
			c.Causes = append(c.Causes, f.Leaks[*failure.Leak].Parameter)
		}
	}
	return correlated
}

func (s *Suite) weighLeaks(c *Case, correlated map[int]bool) {
	for i, leak := range s.Findings.Leaks {
		what := "left " + leak.Parameter + " changed from " + leak.From + " to " + leak.To
		weight := weightLeak + min(i, weightCorrelated-weightLeak-1) // the later the nearer
		if leak.RestoredByTool || leak.RestoredBy != nil && c.ran(*leak.RestoredBy) {
			weight = weightUndone
		}
		if correlated[i] {
			weight = weightCorrelated
		}
		if leak.By != nil && c.suspect(*leak.By, weight, what) {
			c.Causes = append(c.Causes, leak.Parameter)
		}
		for _, owner := range leak.Suspects {
			c.suspect(owner, min(weight, weightAmbiguous), "may have "+what)
		}
		if leak.RestoredBy != nil && !c.ran(*leak.RestoredBy) {
			c.clean(s, *leak.RestoredBy)
		}
	}
}

func (s *Suite) weighReverted(c *Case) {
	for _, change := range s.Findings.Reverted {
		if change.By != nil {
			c.suspect(*change.By, weightUndone, "changed "+change.Parameter+" for a while")
			if !c.ran(*change.By) && slices.Contains(c.Causes, change.Parameter) {
				c.clean(s, *change.By)
			}
		}
	}
}

func (s *Suite) weighWrites(c *Case) {
	for _, write := range s.Findings.Writes {
		known := rediscmd.Of(write.Command)
		if len(write.Command) == 0 || strings.HasPrefix(known.Name, "CONFIG ") {
			continue // a leak says more of it
		}
		command := strings.ToLower(strings.Join(write.Command[:min(2, len(write.Command))], " "))
		if known.Changes&(rediscmd.Users|rediscmd.Code) != 0 {
			c.Wrote = command
		}
		weight := weightWrite
		if known.Changes == rediscmd.Data {
			weight = weightFlush
		}
		if write.By != nil {
			c.suspect(*write.By, weight, "sent "+command)
		}
	}
}

// ran reports whether an owner ran before the victim.
func (c *Case) ran(owner record.Name) bool {
	return slices.ContainsFunc(c.Before, func(b Suspect) bool { return within(owner, b.Test) })
}

// clean notes a test that puts back what another left.
func (c *Case) clean(s *Suite, owner record.Name) {
	for i := range s.Units {
		if u := &s.Units[i]; u.Name == owner && u.Unable() == "" && !within(u.Name, c.Victim) && !slices.Contains(c.Cleaners, u.Test) {
			c.Cleaners = append(c.Cleaners, u.Test)
		}
	}
}

// ranked are the indexes of those that ran before, those first of which there
// is most evidence, and of the same evidence the nearest to the victim; strong
// says how many are more than weakly suspected.
func (c *Case) ranked() (order []int, strong int) {
	for i := range c.Before {
		order = append(order, i)
		if c.Before[i].Weight > weak {
			strong++
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(c.Before[b].Weight, c.Before[a].Weight), cmp.Compare(b, a))
	})
	return order, strong
}
