package report

import (
	"iter"
	"strings"

	"tracetest/internal/record"
	"tracetest/internal/triage"
)

// A survey is the findings seen as the reports tell them.
type survey struct {
	*triage.Findings

	groups      []group  // leaks, by what changed together, in run order
	contained   []caused // failures tied to contained changes
	unexplained []triage.Failure
	others      []triage.Failure // nothing ties them to Redis
	ties        []tie            // of Failures, in their order
	doubts      []doubt
}

// A tie is what a failure is tied to: an index into groups or into contained,
// -1 without one. It met what no change of the run explains if met is set.
type tie struct {
	leak, contained int
	met             bool
}

// A group is leaks that changed together. Its number is how reports call it.
type group struct {
	no       int
	changes  []triage.Change // never empty
	failures []triage.Failure
}

// caused is a contained change and the failures tied to it.
type caused struct {
	change   triage.Change
	failures []triage.Failure
}

func newSurvey(f *triage.Findings) *survey {
	v := &survey{Findings: f}
	// A group is told in one sentence, so it must have one owner, one server
	// and one certainty, whatever its number says.
	type key struct {
		together  int
		server    string
		owner     triage.Owner
		certainty triage.Certainty
		unheard   bool
	}
	known := make(map[key]int)
	groupOf := make([]int, len(f.Leaks))
	for i, leak := range f.Leaks {
		k := key{together: leak.Together, server: leak.Server, certainty: leak.Certainty, unheard: leak.Unheard}
		if leak.Owner != nil {
			k.owner = *leak.Owner
		}
		at, ok := known[k]
		if !ok || leak.Together == 0 {
			at = len(v.groups)
			v.groups = append(v.groups, group{no: at + 1})
			known[k] = at
		}
		v.groups[at].changes = append(v.groups[at].changes, leak)
		groupOf[i] = at
	}

	v.contained = make([]caused, len(f.Contained))
	for i, c := range f.Contained {
		v.contained[i].change = c
	}
	for _, failure := range f.Failures {
		redis := failure.Cause == triage.CauseOOM || failure.Cause == triage.CauseEviction
		t := tie{leak: -1, contained: -1}
		tied := failure.Tied()
		switch {
		case tied && within(failure.Leak, len(f.Leaks)):
			t.leak = groupOf[*failure.Leak]
			g := &v.groups[t.leak]
			g.failures = append(g.failures, failure)
		case tied && within(failure.Contained, len(f.Contained)):
			t.contained = *failure.Contained
			c := &v.contained[t.contained]
			c.failures = append(c.failures, failure)
		case redis && failure.Certainty != "refuted":
			t.met = true
			v.unexplained = append(v.unexplained, failure)
		default:
			v.others = append(v.others, failure)
		}
		v.ties = append(v.ties, t)
	}
	v.doubts = v.findDoubts()
	return v
}

// A foundCase is a case with its failure, an index into Failures, or -1.
type foundCase struct {
	triage.Case
	failure int
}

// cases yields the cases by their numbers. With -count one test has several, and
// the n-th that failed has the n-th failure of it.
func (v *survey) cases() iter.Seq2[int, foundCase] {
	return func(yield func(int, foundCase) bool) {
		failures := make(map[triage.Owner][]int)
		for i, f := range v.Failures {
			failures[ownerOf(f)] = append(failures[ownerOf(f)], i)
		}
		n := 0
		for c := range v.Cases.All() {
			found := foundCase{c, -1}
			if left := failures[c.Owner]; failed(c.Status) && len(left) > 0 {
				found.failure, failures[c.Owner] = left[0], left[1:]
			}
			if !yield(n, found) {
				return
			}
			n++
		}
	}
}

// Doubts says in short why what was not seen in a run may still have happened.
// Of a run that is clean there are none.
func Doubts(f *triage.Findings) []string {
	var all []string
	for _, d := range newSurvey(f).doubts {
		all = append(all, d.short)
	}
	return all
}

func within(index *int, n int) bool { return index != nil && *index >= 0 && *index < n }

// leakFailures and containedFailures are the failures tied to any of them.
func (v *survey) leakFailures() []triage.Failure {
	var all []triage.Failure
	for _, g := range v.groups {
		all = append(all, g.failures...)
	}
	return all
}

func (v *survey) containedFailures() []triage.Failure {
	var all []triage.Failure
	for _, c := range v.contained {
		all = append(all, c.failures...)
	}
	return all
}

// blind lists the packages of a gate run that could run code without being
// watched: their test binaries never shook hands.
func (v *survey) blindPackages() []string {
	if v.Run.Mode != record.ModeGate {
		return nil
	}
	unbuilt := make(map[string]bool)
	for _, f := range v.Failures {
		if f.Status == "build" {
			unbuilt[f.Package] = true
		}
	}
	var paths []string
	for _, p := range v.Packages {
		ranCode := p.Ran || p.Outcome == "pass" || p.Outcome == "died" || p.Outcome == "fail" && !unbuilt[p.Path]
		if ranCode && !p.Instrumented {
			paths = append(paths, p.Path)
		}
	}
	return paths
}

// A doubt is a reason why what was not seen may still have happened.
type doubt struct {
	short string // without names, for a headline
	full  func(k ink) string
}

func (v *survey) findDoubts() []doubt {
	var doubts []doubt
	add := func(short string, full func(k ink) string) {
		doubts = append(doubts, doubt{short: short, full: full})
	}
	if len(v.Servers) == 0 {
		add("no server was watched", func(ink) string { return "No server was watched." })
	}
	if v.Tests.Total == 0 {
		add("no test ran", func(ink) string { return "No test ran." })
	}
	if v.Run.Mode != record.ModeGate {
		add("the tests were not held while the server was looked at", func(k ink) string {
			text := "Snapshots were taken when `go test` told of an event. By then the tests had gone on, so no change can be put down to one of them."
			if !k.markdown {
				text = "snapshots were taken at test events only; no change can be put down to one test."
			}
			if v.Run.ModeReason != "" {
				text += " Reason: " + period(k.say(v.Run.ModeReason))
			}
			return text
		})
	}
	if paths := v.blindPackages(); len(paths) > 0 {
		subject := count(len(paths), "package") + " " + plural(len(paths), "was", "were") + " not instrumented"
		add(subject, func(k ink) string {
			return upper(subject) + " and could change the server unseen: " + list(k.names(paths), 5) + "."
		})
	}
	for _, s := range v.Servers {
		if s.Partial != "" {
			add("a server was watched only in part", func(k ink) string {
				return k.name(s.Address) + " was watched only in part: " + period(k.say(s.Partial))
			})
		}
	}
	if unwatched := v.Unwatched(); len(unwatched) > 0 {
		short := "the tests spoke to " + count(len(unwatched), "server") + " that " + plural(len(unwatched), "was", "were") + " not watched"
		add(short, func(k ink) string {
			var why []string
			for _, s := range unwatched {
				why = append(why, s.Problem)
			}
			return upper(short) + ": " + list(k.names(addresses(unwatched)), 5) + "; " + period(k.say(unique(why)[0]))
		})
	}
	if n := len(v.Blind); n > 0 {
		add("the server was out of sight "+times(n), func(k ink) string {
			var where []string
			for _, b := range v.Blind {
				where = append(where, b.Server)
			}
			return list(k.names(unique(where)), 5) + " was out of sight " + times(n) + "."
		})
	}
	if n := len(v.Restarts); n > 0 {
		add("the server restarted "+times(n), func(k ink) string {
			var where []string
			for _, r := range v.Restarts {
				where = append(where, r.Server)
			}
			return list(k.names(unique(where)), 5) + " restarted " + times(n) + "; a restart undoes changes without a trace."
		})
	}
	var moved []string
	for _, f := range v.Failovers {
		if f.Through == "" {
			moved = append(moved, f.Server)
		}
	}
	if len(moved) > 0 {
		add("somebody unknown gave a server another master", func(k ink) string {
			return list(k.names(unique(moved)), 5) + " had another master, and who gave it that is not known."
		})
	}
	late := 0
	for _, n := range v.Notices {
		if n.Code == "gate-late" {
			late++
		}
	}
	if late > 0 {
		add("a test was let go before the server had answered", func(ink) string {
			return "Tests were let go before the server had answered, " + times(late) + "."
		})
	}
	if unclaimed := v.unclaimed(); len(unclaimed) > 0 {
		short := count(len(unclaimed), "parameter") + " " + plural(len(unclaimed), "was", "were") + " changed by nobody that was seen"
		add(short, func(k ink) string {
			return upper(short) + ": " + list(k.names(unclaimed), 5) + "."
		})
	}
	return doubts
}

func addresses(spoken []triage.Spoken) []string {
	var all []string
	for _, s := range spoken {
		all = append(all, s.Address)
	}
	return unique(all)
}

// unclaimed lists what was at a value at the end at which no leak left it.
func (v *survey) unclaimed() []string {
	claimed := make(map[string]bool)
	for _, l := range v.Leaks {
		claimed[l.Server+"\x00"+l.Parameter+"\x00"+l.To] = true
	}
	var names []string
	for _, c := range v.Changed {
		if !claimed[c.Server+"\x00"+c.Parameter+"\x00"+c.Value] {
			names = append(names, c.Parameter)
		}
	}
	return unique(names)
}

func (k ink) names(all []string) []string {
	named := make([]string, len(all))
	for i, s := range all {
		named[i] = k.name(s)
	}
	return named
}

// unique keeps the first of equal strings, in order.
func unique(all []string) []string {
	seen := make(map[string]bool)
	var kept []string
	for _, s := range all {
		if !seen[s] {
			seen[s] = true
			kept = append(kept, s)
		}
	}
	return kept
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return itoa(n) + " times"
}

// silent counts the failures by memory whose own words do not tell so.
func silent(failures []triage.Failure) int {
	n := 0
	for _, f := range failures {
		if f.Cause == triage.CauseOOM && !f.OOMSaid && !strings.Contains(f.Message, "OOM") {
			n++
		}
	}
	return n
}
