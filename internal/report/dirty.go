package report

import (
	"slices"
	"strings"

	"tracetest/internal/rediscli"
	"tracetest/internal/triage"
)

// What is said of a server that was wrong before the first test. Who may have left
// it so is likely at most: nobody of this run was seen doing it.

// stood says how a server was before the first test.
func (k ink) stood(d triage.Dirty) string {
	text := "before the first test "
	if d.Discovered {
		text = "when a test first spoke to it "
	}
	text += k.name(d.Parameter) + " of " + k.name(d.Server) + " was " + k.value(d.Parameter, d.Value, false)
	if d.Used >= 0 {
		text += ", with " + human(d.Used) + " in use"
	}
	switch d.Source {
	case "default":
	case "--expect":
		text += "; " + k.value(d.Parameter, d.Should, false) + " was expected (" + k.name(d.Source) + ")"
	default:
		text += "; the server was started with " + k.value(d.Parameter, d.Should, false) + " (" + k.say(d.Source) + ")"
	}
	return text
}

// likely says who may have left it so, or is empty.
func (v *survey) likely(k ink, d triage.Dirty) string {
	var once, often []string
	for _, s := range d.Likely {
		who := v.setter(k, s)
		if s.Count == 1 {
			once = append(once, who)
		} else {
			often = append(often, who+" "+times(s.Count))
		}
	}
	var parts []string
	if n := len(once); n > 0 {
		parts = append(parts, list(once, maxTold)+" "+plural(n, "sets", "set")+" just that value and "+plural(n, "does", "do")+" not put it back: likely, not surely, "+
			plural(n, "it left", "one of them left")+" it so in an earlier run.")
	}
	if n := len(often); n > 0 {
		parts = append(parts, list(often, maxTold)+" "+plural(n, "sets", "set")+" it as well, which may be to put back what was found.")
	}
	return strings.Join(parts, " ")
}

// setter names who sets a parameter, and where.
func (v *survey) setter(k ink, s triage.Setter) string {
	who := "one of " + k.owners(s.Suspects, 3) + orEarlier(s.AndEarlier)
	if s.Owner != nil {
		who = k.owner(*s.Owner)
	}
	if s.Call != nil {
		place := s.Call.File + ":" + itoa(s.Call.Line)
		if n := len(s.Call.Chain); n > 0 { // the line of the test rather than that of a helper which all share
			_, place, _ = strings.Cut(s.Call.Chain[n-1], " ")
		}
		who += " (" + k.name(v.rel(place)) + ")"
	}
	return who
}

// before tells in sentences what was wrong before the first test.
func (v *survey) before(k ink, memoryOnly bool) string {
	var all []string
	for _, d := range v.Dirty {
		if memoryOnly && !strings.HasPrefix(d.Parameter, "maxmemory") {
			continue
		}
		all = append(all, strings.TrimSpace(upper(k.stood(d))+". "+v.likely(k, d)))
	}
	return strings.Join(all, " ")
}

// listed reports whether the lists of what was changed, or not as expected, before the
// run have a parameter as well.
func (v *survey) listed(d triage.Dirty) bool {
	return v.pollutes(d.Server, d.Parameter) ||
		slices.ContainsFunc(v.Unmet, func(u triage.Unmet) bool { return u.Server == d.Server && u.Parameter == d.Parameter })
}

// dirty lists what was wrong before the first test.
func (p *page) dirty() {
	if len(p.Dirty) == 0 {
		return
	}
	p.text("## Before the first test")
	p.text("These values were there when the run began. A test that sets the value which is there already changes nothing, so nobody of this run was seen leaving it: who sets it and puts nothing else back is *likely* to have left it in an earlier run.")
	t := table{columns: []column{
		{title: "Parameter"}, {title: "Server", optional: true}, {title: "When the run began"}, {title: "In use then", right: true, optional: true},
		{title: "Failures that met it", right: true, optional: true}, {title: "Likely left by", optional: true}, {title: "To put it right", optional: true},
	}}
	for _, d := range p.Dirty {
		server, used, failures := "", "", ""
		if len(p.Servers) > 1 {
			server = p.cell.name(d.Server)
		}
		if d.Used >= 0 {
			used = human(d.Used)
		}
		if d.Failures > 0 {
			failures = itoa(d.Failures)
		}
		var who []string
		for _, s := range d.Likely {
			text := p.setter(p.cell, s)
			if s.Count > 1 {
				text += ", " + times(s.Count) + ", perhaps to put it back"
			}
			who = append(who, text)
		}
		t.add(p.cell.name(d.Parameter), server, p.cell.value(d.Parameter, d.Value, false), used, failures, list(who, maxTold), p.cell.command(d.Command))
	}
	p.table(&t)
}

// confirmLikely says how to make sure of who left a server wrong before the run.
func (p *page) confirmLikely() {
	var checks, likely []string
	for _, d := range p.Dirty {
		words := []string{"tracetest", "check", "--redis", d.Server, "--expect", d.Parameter + "=" + d.Should}
		checks = append(checks, rediscli.Join(words))
		for _, s := range d.Likely {
			likely = append(likely, p.setter(p.k, s))
		}
	}
	if len(checks) == 0 {
		return
	}
	if len(likely) > 0 && len(p.Run.Command) > 0 {
		p.text("To confirm who left it, put it right and run the same again: whoever leaves it then is named. Or leave it as it is, and have `--perturb` move it off that value before the tests:")
		p.fence("sh", compactCommands([]string{rediscli.Join(perturbed(p.Run.Command))}))
	}
	p.text("Whether it is so again, before a suite runs:")
	p.fence("sh", compactCommands(checks))
}

// perturbed is a command with --perturb.
func perturbed(command []string) []string {
	if slices.Contains(command, "--perturb") {
		return command
	}
	return slices.Insert(slices.Clone(command), min(1, len(command)), "--perturb")
}

// alsoSetBy says who sets the value of a leak as well, masked by it.
func (p *page) alsoSetBy(c triage.Change) string {
	n := len(c.AlsoSetBy)
	if n == 0 {
		return ""
	}
	var who []string
	for _, s := range c.AlsoSetBy {
		who = append(who, p.setter(p.k, s))
	}
	return itoa(n) + " " + plural(n, "other sets", "others set") + " " + p.k.name(c.Parameter) + " to the same value later (" + list(who, maxTold) + ") and " +
		plural(n, "does", "do") + " not put it back: " + plural(n, "it leaks", "they leak") + " too, and `--restore=test` shows " + plural(n, "it", "them")
}
