package report

import (
	"maps"
	"slices"
	"strings"

	"tracetest/internal/record"
	"tracetest/internal/triage"
)

// containedChanges lists what was undone in time. It can have broken something
// in between.
func (p *page) containedChanges() {
	if len(p.Contained) == 0 {
		return
	}
	p.text("## Contained changes")
	p.text("These were undone before the test, spec or package that they belong to ended.")
	t := table{columns: []column{
		{title: "Change", right: true}, {title: "Parameter"}, {title: "Before"}, {title: "In between"}, {title: "By"},
		{title: "Certainty"}, {title: "First seen"}, {title: "Where", optional: true},
		{title: "Undone by", optional: true}, {title: "Caveat", optional: true}, {title: "Failures", right: true, optional: true},
	}}
	var legend []string
	for i, c := range p.contained {
		failures, undone := "", ""
		if n := len(c.failures); n > 0 {
			failures = itoa(n)
		}
		if c.change.RestoredBy != nil {
			undone = p.cell.owner(*c.change.RestoredBy)
		} else if c.change.RestoredByTool {
			undone = "tracetest"
		}
		t.add(itoa(i+1), p.cell.name(c.change.Parameter), p.cell.before(c.change), p.cell.after(c.change), p.by(c.change),
			p.cell.say(string(c.change.Certainty)), p.clock(c.change.At), p.place(p.cell, c.change), undone, p.caveat(c.change), failures)
		if m := p.meaning(string(c.change.Certainty)); m != "" {
			legend = append(legend, "*"+string(c.change.Certainty)+"*: "+m)
		}
	}
	p.table(&t)
	p.bullets(unique(legend))
}

// leftChanged lists how the run left the servers and what was done about it.
func (p *page) leftChanged() {
	if len(p.Changed)+len(p.Restored) == 0 {
		return
	}
	p.text("## What was left changed and restored")
	t := table{columns: []column{
		{title: "Server"}, {title: "Parameter"}, {title: "At the end of the run"}, {title: "When the run began"},
		{title: "Now"}, {title: "By hand", optional: true},
	}}
	for _, c := range p.Changed {
		now := "still changed"
		if c.Repaired {
			now = "put back by tracetest, and read back"
		} else if c.Why != "" {
			now += ", left alone: " + p.cell.say(leftAlone(c.Why))
		}
		t.add(p.cell.name(c.Server), p.cell.name(c.Parameter), p.cell.value(c.Parameter, c.Value, c.Secret),
			p.cell.value(c.Parameter, c.Baseline, c.Secret), now, p.cell.command(c.Command))
	}
	p.table(&t)

	if len(p.Restored) == 0 {
		return
	}
	p.text("What tracetest wrote to the servers:")
	r := table{columns: []column{{title: "Server"}, {title: "When"}, {title: "Values"}, {title: "Result"}}}
	for _, w := range p.Restored {
		when := "at the end of the run"
		if w.When == "perturb" {
			when = "to undo `--perturb`"
		}
		if w.After != nil {
			when = "after " + p.cell.owner(*w.After)
		}
		var values []string
		for _, name := range slices.Sorted(maps.Keys(w.Values)) {
			values = append(values, p.cell.name(name)+" = "+p.cell.value(name, w.Values[name], false))
		}
		result := "read back and right"
		if w.Error != "" {
			result = "failed: " + p.cell.say(w.Error)
		}
		r.add(p.cell.name(w.Server), when, list(values, maxBlocks), result)
	}
	p.table(&r)
}

// polluted lists what was changed before the run.
func (p *page) polluted() {
	if len(p.Polluted) == 0 {
		return
	}
	p.text("## Changed before the run")
	p.text("The server no longer had these as it was started with when the run began, so no test of this run did it: an earlier run did, or a person.")
	t := table{columns: []column{
		{title: "Server"}, {title: "Parameter"}, {title: "Started with"}, {title: "Known from"}, {title: "When the run began"}, {title: "To put it right", optional: true},
	}}
	for _, x := range p.Polluted {
		t.add(p.cell.name(x.Server), p.cell.name(x.Parameter), p.cell.value(x.Parameter, x.Started, false), p.cell.say(x.Source),
			p.cell.value(x.Parameter, x.Value, false), p.cell.command(x.Command))
	}
	p.table(&t)
}

func (p *page) expectations() {
	if len(p.Unmet) == 0 {
		return
	}
	p.text("## Expectations not met at the start")
	p.text("The server was like this before the first test ran, so no test of this run did it.")
	t := table{columns: []column{
		{title: "Server"}, {title: "Parameter"}, {title: "Expected"}, {title: "Found"}, {title: "To put it right", optional: true},
	}}
	for _, u := range p.Unmet {
		t.add(p.cell.name(u.Server), p.cell.name(u.Parameter), p.cell.value(u.Parameter, u.Expected, false),
			p.cell.value(u.Parameter, u.Value, false), p.cell.command(u.Command))
	}
	p.table(&t)
}

func (p *page) restarts() {
	if len(p.Restarts) == 0 {
		return
	}
	p.text("## Restarts")
	t := table{columns: []column{{title: "Server"}, {title: "First seen"}, {title: "Open meanwhile", optional: true}}}
	for _, r := range p.Restarts {
		t.add(p.cell.name(r.Server), p.clock(r.At), p.cell.owners(r.Owners, maxTold))
	}
	p.table(&t)
}

// failovers lists the changes of a master that no test made.
func (p *page) failovers() {
	if len(p.Failovers) == 0 {
		return
	}
	p.text("## Failovers")
	p.text("These servers got another master, and no test was heard giving it to them. It is no leak, and tracetest leaves it as it is.")
	t := table{columns: []column{{title: "Server"}, {title: "Before"}, {title: "After"}, {title: "Through"}, {title: "First seen"}, {title: "Open meanwhile", optional: true}}}
	through := map[string]string{"cluster": "the cluster", "sentinel": "Sentinel", "command": "a test that asked for it", "": "not known"}
	role := func(of string) string {
		if of == "" {
			return "master"
		}
		return "replica of " + p.cell.name(of)
	}
	for _, f := range p.Failovers {
		t.add(p.cell.name(f.Server), role(f.From), role(f.To), through[f.Through], p.clock(f.At), p.cell.owners(f.Owners, maxTold))
	}
	p.table(&t)
	for _, w := range p.Writes {
		if triage.AsksForFailover(w.Command) && !strings.HasPrefix(w.Reply, "-") {
			text := "A test asked for one: " + p.k.name(strings.Join(w.Command, " "))
			if w.Owner != nil {
				text += ", by " + p.k.owner(*w.Owner)
			}
			p.text(text + ".")
		}
	}
}

// growth lists who left most behind.
func (p *page) growth() {
	if len(p.Growth) == 0 {
		return
	}
	p.text("## Growth")
	text := "What the server had more when a test ended than when it began, most keys first; the memory is all that was in use, connections included:"
	if p.Run.Mode != record.ModeGate {
		text = "What the server had more after tests than before, most keys first; the tests were not held, so the figures are rough:"
	}
	p.text(text)
	t := table{columns: []column{
		{title: "By"}, {title: "Package", optional: true}, {title: "Server", optional: true},
		{title: "Memory", right: true}, {title: "Bytes", right: true}, {title: "Keys", right: true}, {title: "By database", optional: true},
	}}
	top := p.Growth[:min(10, len(p.Growth))]
	for _, g := range top {
		server := ""
		if len(p.Servers) > 1 {
			server = p.cell.name(g.Server)
		}
		pkg := ""
		if kindOf(g.Owner) != "package" {
			pkg = p.cell.name(g.Owner.Package)
		}
		t.add(p.cell.owner(g.Owner), pkg, server, human(g.Bytes), itoa(int(g.Bytes)), itoa(int(g.Keys)), p.databases(g))
	}
	t.more = len(p.Growth) - len(top)
	p.table(&t)
}

// databases tells the keys by database, where there is more to tell than db0.
func (p *page) databases(g triage.Growth) string {
	if _, only := g.Databases["db0"]; only && len(g.Databases) == 1 {
		return ""
	}
	var all []string
	for _, db := range slices.Sorted(maps.Keys(g.Databases)) {
		all = append(all, p.cell.name(db)+" "+itoa(int(g.Databases[db])))
	}
	return list(all, maxTold)
}

// origins writes what a server is known to have been started with.
func (p *page) origins(s triage.Server) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(s.StartedWith)) {
		all = append(all, p.startedWith(name, s.StartedWith[name]))
	}
	return list(all, maxTold)
}

func (p *page) startedWith(name string, o record.Origin) string {
	return p.cell.name(name) + " = " + p.cell.value(name, o.Value, false) + " (" + p.cell.say(o.Source) + ")"
}
