package report

import (
	"maps"
	"slices"
	"strings"

	"tracetest/internal/redisconf"
	"tracetest/internal/triage"
)

// ruled says what else could have been behind it, and what speaks for or against
// each: the server's start, a restart, another server, other clients.
func (p *page) ruled() {
	if len(p.Leaks)+len(p.Contained)+len(p.unexplained)+len(p.Polluted)+len(p.Dirty) == 0 {
		return
	}
	p.text("## What else it could be")
	t := table{columns: []column{{title: "Suspicion"}, {title: "Holds"}, {title: "Evidence"}}}
	p.startRuled(&t)
	p.restartRuled(&t)
	p.elsewhereRuled(&t)
	p.strangersRuled(&t)
	p.failoverRuled(&t)
	p.rewriteRuled(&t)
	p.table(&t)
}

const (
	ruledOut = "no"
	ruledIn  = "yes"
	perhaps  = "perhaps"
	notKnown = "not known"
)

func (p *page) startRuled(t *table) {
	for _, s := range p.Servers {
		what := "The server was started wrongly, or changed before the run"
		if len(p.Servers) > 1 {
			what += ": " + p.cell.name(s.Address)
		}
		var same, wrong []string
		for _, x := range p.Polluted {
			if x.Server == s.Address {
				wrong = append(wrong, p.cell.name(x.Parameter)+" was "+p.cell.value(x.Parameter, x.Value, false)+", started with "+
					p.cell.value(x.Parameter, x.Started, false)+" ("+p.cell.say(x.Source)+")")
			}
		}
		for _, name := range slices.Sorted(maps.Keys(s.StartedWith)) {
			if p.changes(s.Address, name) && !p.pollutes(s.Address, name) {
				same = append(same, p.startedWith(name, s.StartedWith[name]))
			}
		}
		switch {
		case len(wrong) > 0:
			t.add(what, ruledIn, list(wrong, maxTold))
		case p.expectedOtherwise(s.Address) != "":
			t.add(what, perhaps, p.expectedOtherwise(s.Address))
		case len(same) > 0:
			t.add(what, ruledOut, "it began with what it was started with: "+list(same, maxTold))
		default:
			why := "nothing tells what it was started with"
			if s.StartUnknown != "" {
				why += ": " + p.cell.say(s.StartUnknown)
			}
			if i := slices.IndexFunc(p.Dirty, func(d triage.Dirty) bool { return d.Server == s.Address }); i >= 0 {
				t.add(what, perhaps, p.cell.stood(p.Dirty[i])+"; "+why)
			} else {
				t.add(what, notKnown, why+". `--expect` or `--container` settles it")
			}
		}
	}
}

// expectedOtherwise says what was not as --expect says when the run began. It can
// have been started so.
func (p *page) expectedOtherwise(server string) string {
	var all []string
	for _, u := range p.Unmet {
		if u.Server == server {
			all = append(all, p.cell.name(u.Parameter)+" was "+p.cell.value(u.Parameter, u.Value, false)+", "+p.cell.value(u.Parameter, u.Expected, false)+" was expected (`--expect`)")
		}
	}
	return list(all, maxTold)
}

// changes reports whether the findings speak of a parameter.
func (v *survey) changes(server, parameter string) bool {
	is := func(c triage.Change) bool { return c.Server == server && c.Parameter == parameter }
	return slices.ContainsFunc(v.Leaks, is) || slices.ContainsFunc(v.Contained, is) || strings.HasPrefix(parameter, "maxmemory") && len(v.unexplained) > 0
}

func (v *survey) pollutes(server, parameter string) bool {
	return slices.ContainsFunc(v.Polluted, func(x triage.Polluted) bool { return x.Server == server && x.Parameter == parameter })
}

func (p *page) restartRuled(t *table) {
	looks := 0
	for _, s := range p.Servers {
		looks += s.Looks
	}
	if n := len(p.Restarts); n > 0 {
		t.add("The server restarted", ruledIn, times(n)+", see [Restarts](#restarts)")
		return
	}
	if looks > 0 {
		t.add("The server restarted", ruledOut, "its `run_id` was the same in each of "+count(looks, "look"))
	}
}

func (p *page) elsewhereRuled(t *table) {
	const what = "The tests speak to another server than the one that is watched"
	unwatched, idle, deaf := p.Unwatched(), p.unused(p.cell), p.blindPackages()
	inside := slices.ContainsFunc(p.Spoken, func(s triage.Spoken) bool { return s.Inside })
	switch {
	case !p.Run.Tap:
		t.add(what, notKnown, "the tap was off")
	case len(unwatched) > 0:
		t.add(what, ruledIn, list(p.cell.names(addresses(unwatched)), maxTold)+", not watched")
	case inside:
		t.add(what, notKnown, "they also speak to a server in the test binary, a fake or a proxy")
	case idle != "":
		t.add(what, ruledIn, idle)
	case len(deaf) > 0:
		t.add(what, notKnown, list(p.cell.names(deaf), maxTold)+" could not be heard")
	case len(p.Spoken) > 0:
		t.add(what, ruledOut, "each address that they spoke to is that of a watched server")
	}
}

func (p *page) strangersRuled(t *table) {
	const what = "Another program changes the server"
	unheard, all := 0, len(p.Leaks)+len(p.Contained)
	for _, c := range slices.Concat(p.Leaks, p.Contained) {
		if c.Unheard {
			unheard++
		}
	}
	outside := 0
	for _, n := range p.Notices {
		if n.Code == "outside-change" {
			outside++
		}
	}
	inside := slices.ContainsFunc(p.Spoken, func(s triage.Spoken) bool { return s.Inside })
	switch {
	case unheard > 0 && inside:
		t.add(what, notKnown, itoa(unheard)+" of "+count(all+outside, "change")+" "+plural(unheard, "was", "were")+" heard from no test, but they speak to a server in the test binary, which may be a proxy")
	case unheard > 0: // see page.unheard
		t.add(what, perhaps, itoa(unheard)+" of "+count(all+outside, "change")+" "+plural(unheard, "was", "were")+" heard from no test: another program made "+plural(unheard, "it", "them")+", or a test in a way that the tap does not hear")
	case outside > 0:
		t.add(what, ruledIn, itoa(outside)+" of "+count(all+outside, "change")+" "+plural(outside, "was", "were")+" made while no test was running")
	case p.Run.Tap:
		for _, s := range p.Servers {
			if s.ConfigSets > s.HeardSets {
				also := "; no look shows what the others changed"
				if all > 0 {
					also = "; what changed was heard from a test"
				}
				t.add(what, perhaps, p.cell.name(s.Address)+" counted "+count(int(s.ConfigSets), "call")+" of CONFIG SET, and "+itoa(int(s.HeardSets))+" were heard from tests"+also)
				return
			}
		}
		if all == 0 {
			return
		}
		t.add(what, ruledOut, plural(all, "the change", "each of "+itoa(all)+" changes")+" was heard from a test")
	case !p.Run.Tap:
		t.add(what, notKnown, "the tap was off")
	}
}

func (p *page) failoverRuled(t *table) {
	const what = "A failover, or a change of the master"
	for _, c := range slices.Concat(p.Leaks, p.Contained) {
		if redisconf.IsRole(c.Parameter) {
			t.add(what, ruledIn, p.cell.name(c.Parameter)+" changed on "+p.cell.name(c.Server))
			return
		}
	}
	for _, s := range p.Servers {
		if s.Failovers > 0 {
			t.add(what, ruledIn, p.cell.name(s.Address)+" had another master, "+times(s.Failovers)+", and no test was heard giving it to it")
			return
		}
		if s.Partial != "" {
			t.add(what, notKnown, p.cell.name(s.Address)+" was watched only in part")
			return
		}
	}
	for _, c := range p.Changed { // also where nobody was seen doing it
		if redisconf.IsRole(c.Parameter) {
			t.add(what, ruledIn, p.cell.name(c.Parameter)+" of "+p.cell.name(c.Server)+" was another at the end")
			return
		}
	}
	if len(p.Servers) > 0 {
		t.add(what, ruledOut, "no change of `replicaof` is among those found")
	}
}

// rewriteRuled speaks of the tests alone: of another program's CONFIG REWRITE
// nothing is seen.
func (p *page) rewriteRuled(t *table) {
	const what = "A test wrote changed values into the server's file (CONFIG REWRITE)"
	if !p.Run.Tap {
		return
	}
	for _, w := range p.Writes {
		if len(w.Command) > 1 && strings.EqualFold(w.Command[0], "config") && strings.EqualFold(w.Command[1], "rewrite") {
			if strings.HasPrefix(w.Reply, "-") {
				t.add(what, ruledOut, "it was sent and refused: "+p.cell.name(strings.TrimPrefix(w.Reply, "-")))
			} else {
				t.add(what, ruledIn, "it was sent: a restart keeps what was changed by then")
			}
			return
		}
	}
	if deaf := p.blindPackages(); len(deaf) > 0 {
		t.add(what, notKnown, list(p.cell.names(deaf), maxTold)+" could not be heard")
		return
	}
	if slices.ContainsFunc(p.Servers, func(s triage.Server) bool { return s.ConfigSets > s.HeardSets }) {
		t.add(what, notKnown, "no test was heard sending it, but not all that changed the server was heard")
		return
	}
	t.add(what, ruledOut, "no test was heard sending it")
}
