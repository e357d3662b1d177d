package claims

import (
	"maps"
	"slices"
	"strings"

	"tracetest/internal/findings"
	"tracetest/internal/rediscmd"
	"tracetest/internal/redisconf"
	"tracetest/internal/report/doc"
)

// A hypothesis is what else could explain the findings, and whether it does.
type hypothesis struct{ what, holds, evidence Text }

const (
	ruledOut = "no"
	ruledIn  = "yes"
	perhaps  = "perhaps"
	notKnown = "not known"
)

// alternatives says what else could have been behind it, and what speaks for or against
// each: the server's start, a restart, another server, other clients.
func (v *View) alternatives() []doc.Block {
	if len(v.Leaks)+len(v.Reverted)+len(v.unexplained)+len(v.Drift)+len(v.Dirty) == 0 {
		return nil
	}
	var all []hypothesis
	for _, s := range v.Servers {
		all = append(all, v.startedWrong(s))
	}
	for _, test := range []func() (hypothesis, bool){v.restartedMeanwhile, v.elsewhere, v.anotherProgram, v.failedOver, v.rewritten} {
		if h, ok := test(); ok {
			all = append(all, h)
		}
	}
	return append([]doc.Block{h2("Alternative explanations")}, doc.Rows(all, 0, file,
		doc.Column[hypothesis]{Title: "Hypothesis", Cell: func(h hypothesis) Text { return h.what }},
		doc.Column[hypothesis]{Title: "Holds", Cell: func(h hypothesis) Text { return h.holds }},
		doc.Column[hypothesis]{Title: "Evidence", Cell: func(h hypothesis) Text { return h.evidence }})...)
}

func (v *View) startedWrong(s findings.Server) hypothesis {
	what := Text("The server was started wrongly, or changed before the run")
	if len(v.Servers) > 1 {
		what += ": " + code(s.Address)
	}
	var same, wrong []Text
	for _, x := range v.Drift {
		if x.Server == s.Address {
			wrong = append(wrong, code(x.Parameter)+" was "+Value(x.Parameter, x.Value, false)+", started with "+
				Value(x.Parameter, x.Started, false)+" ("+say(x.Source)+")")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.StartedWith)) {
		if v.concerns(s.Address, name) && !v.drifted(s.Address, name) {
			same = append(same, startedWith(name, s.StartedWith[name]))
		}
	}
	switch {
	case len(wrong) > 0:
		return hypothesis{what, ruledIn, List(wrong, maxNamed)}
	case v.expectedOtherwise(s.Address) != "":
		return hypothesis{what, perhaps, v.expectedOtherwise(s.Address)}
	case len(same) > 0:
		return hypothesis{what, ruledOut, "the initial value is that of its start: " + List(same, maxNamed)}
	}
	why := Text("the values at its start are not known")
	if s.StartUnknown != "" {
		why += ": " + say(s.StartUnknown)
	}
	if i := slices.IndexFunc(v.Dirty, func(d findings.Dirty) bool { return d.Server == s.Address }); i >= 0 {
		return hypothesis{what, perhaps, stood(v.Dirty[i]) + "; " + why}
	}
	return hypothesis{what, notKnown, why + ". `--expect` or `--container` answers it"}
}

// expectedOtherwise says what was not as --expect says when the run began. It can
// have been started so.
func (v *View) expectedOtherwise(server string) Text {
	var all []Text
	for _, u := range v.UnmetExpectations {
		if u.Server == server {
			all = append(all, code(u.Parameter)+" was "+Value(u.Parameter, u.Value, false)+", "+Value(u.Parameter, u.Expected, false)+" was expected (`--expect`)")
		}
	}
	return List(all, maxNamed)
}

// concerns reports whether the findings are about a parameter.
func (v *View) concerns(server, parameter string) bool {
	is := func(c findings.Change) bool { return c.On(server) && c.Parameter == parameter }
	return slices.ContainsFunc(v.Leaks, is) || slices.ContainsFunc(v.Reverted, is) || strings.HasPrefix(parameter, "maxmemory") && len(v.unexplained) > 0
}

func (v *View) drifted(server, parameter string) bool {
	return slices.ContainsFunc(v.Drift, func(x findings.Drift) bool { return x.Server == server && x.Parameter == parameter })
}

func (v *View) restartedMeanwhile() (hypothesis, bool) {
	const what = "The server restarted"
	snapshots := 0
	for _, s := range v.Servers {
		snapshots += s.Snapshots
	}
	if n := len(v.Restarts); n > 0 {
		return hypothesis{what, ruledIn, times(n) + ", see " + doc.Anchor("Restarts", "restarts")}, true
	}
	return hypothesis{what, ruledOut, "its `run_id` was the same in each of " + Count(snapshots, "snapshot")}, snapshots > 0
}

func (v *View) fakes() bool {
	return slices.ContainsFunc(v.Endpoints, func(s findings.Endpoint) bool { return s.Inside })
}

func (v *View) elsewhere() (hypothesis, bool) {
	const what = "The tests use another server than the watched one"
	unwatched, idle, untraced := v.Unwatched(), v.Unused(), v.Uninstrumented()
	switch {
	case !v.Run.Traced:
		return hypothesis{what, notKnown, "the tests' connections were not traced"}, true
	case len(unwatched) > 0:
		return hypothesis{what, ruledIn, List(Names(addresses(unwatched)), maxNamed) + ", not watched"}, true
	case v.fakes():
		return hypothesis{what, notKnown, "they also use an in-process server, a fake or a proxy"}, true
	case idle != "":
		return hypothesis{what, ruledIn, idle}, true
	case len(untraced) > 0:
		return hypothesis{what, notKnown, List(Names(untraced), maxNamed) + " could not be traced"}, true
	}
	return hypothesis{what, ruledOut, "each address that they used is that of a watched server"}, len(v.Endpoints) > 0
}

func (v *View) anotherProgram() (hypothesis, bool) {
	const what = "Another program changes the server"
	untraced, all, outside := 0, len(v.Leaks)+len(v.Reverted), 0
	for _, c := range slices.Concat(v.Leaks, v.Reverted) {
		if c.Untraced {
			untraced++
		}
	}
	for _, n := range v.Notices {
		if n.Code == "outside-change" {
			outside++
		}
	}
	share := func(n int) Text { return itoa(n) + " of " + Count(all+outside, "change") }
	switch {
	case untraced > 0 && v.fakes():
		return hypothesis{what, notKnown, share(untraced) + " could not be traced to a test; the tests also use an in-process server, possibly a proxy"}, true
	case untraced > 0:
		return hypothesis{what, perhaps, share(untraced) + " could not be traced to a test: another program, or a connection that is not traced"}, true
	case outside > 0:
		return hypothesis{what, ruledIn, share(outside) + " happened while no test was running"}, true
	case !v.Run.Traced:
		return hypothesis{what, notKnown, "the tests' connections were not traced"}, true
	}
	also := Text("; no snapshot shows what the others changed")
	if all > 0 {
		also = "; every change was traced to a test"
	}
	for _, s := range v.Servers {
		if s.ConfigSets > s.TracedSets {
			return hypothesis{what, perhaps, code(s.Address) + " counted " + Count(int(s.ConfigSets), "call") + " of CONFIG SET, " + itoa(int(s.TracedSets)) + " of them traced" + also}, true
		}
	}
	return hypothesis{what, ruledOut, Plural(all, "the change", "each of "+itoa(all)+" changes") + " was traced to a test"}, all > 0
}

func (v *View) failedOver() (hypothesis, bool) {
	const what = "A failover, or a change of the master"
	for _, c := range slices.Concat(v.Leaks, v.Reverted) {
		if redisconf.IsRole(c.Parameter) {
			return hypothesis{what, ruledIn, code(c.Parameter) + " changed on " + code(c.Server)}, true
		}
	}
	for _, s := range v.Servers {
		if s.Failovers > 0 {
			return hypothesis{what, ruledIn, code(s.Address) + " had another master, " + times(s.Failovers) + ", and no test was traced giving it"}, true
		}
		if s.Partial != "" {
			return hypothesis{what, notKnown, code(s.Address) + " was watched only in part"}, true
		}
	}
	for _, c := range v.Changed { // also where nobody was seen doing it
		if redisconf.IsRole(c.Parameter) {
			return hypothesis{what, ruledIn, code(c.Parameter) + " of " + code(c.Server) + " was another at the end"}, true
		}
	}
	return hypothesis{what, ruledOut, "no change of `replicaof` was found"}, len(v.Servers) > 0
}

// rewritten is about the tests alone: another program's CONFIG REWRITE is not seen.
func (v *View) rewritten() (hypothesis, bool) {
	const what = "A test wrote changed values into the server's file (CONFIG REWRITE)"
	for _, w := range v.Writes {
		if rediscmd.Of(w.Command).Name == rediscmd.ConfigRewrite {
			if strings.HasPrefix(w.Reply, "-") {
				return hypothesis{what, ruledOut, "it was sent and refused: " + code(strings.TrimPrefix(w.Reply, "-"))}, v.Run.Traced
			}
			return hypothesis{what, ruledIn, "it was sent: a restart keeps what was changed by then"}, v.Run.Traced
		}
	}
	if untraced := v.Uninstrumented(); len(untraced) > 0 {
		return hypothesis{what, notKnown, List(Names(untraced), maxNamed) + " could not be traced"}, v.Run.Traced
	}
	if slices.ContainsFunc(v.Servers, func(s findings.Server) bool { return s.ConfigSets > s.TracedSets }) {
		return hypothesis{what, notKnown, "no traced connection sent it, but not all that changed the server was traced"}, v.Run.Traced
	}
	return hypothesis{what, ruledOut, "no traced connection sent it"}, v.Run.Traced
}

func addresses(endpoints []findings.Endpoint) []string {
	var all []string
	for _, s := range endpoints {
		all = append(all, s.Address)
	}
	return Unique(all)
}
