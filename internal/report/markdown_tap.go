package report

import (
	"strings"

	"tracetest/internal/triage"
)

// writes lists the commands that changed a server rather than data.
func (p *page) writes() {
	if len(p.Writes) == 0 {
		return
	}
	p.text("## Commands that change a server")
	p.text("What the tests' own connections sent, in the order in which it was first seen.")
	t := table{columns: []column{
		{title: "Command"}, {title: "Times", right: true}, {title: "By"}, {title: "Certainty", optional: true}, {title: "Where", optional: true},
		{title: "Answer", optional: true}, {title: "Server", optional: true},
	}}
	const most = 40
	mixed := false // else all are exact
	for _, w := range p.Writes {
		mixed = mixed || w.Certainty != triage.Exact
	}
	for _, w := range p.Writes[:min(most, len(p.Writes))] {
		by := "one of: " + p.cell.owners(w.Suspects, maxTold) + orEarlier(w.AndEarlier)
		if w.Owner != nil {
			by = p.cell.owner(*w.Owner)
		}
		if w.Others > 0 {
			by += " and " + count(w.Others, "other")
		}
		var certainty, where, answer, server string
		if mixed {
			certainty = p.cell.say(string(w.Certainty))
		}
		if w.Call != nil {
			where = p.cell.name(p.rel(w.Call.File) + ":" + itoa(w.Call.Line))
		}
		if w.Reply != "" && !strings.HasPrefix(w.Reply, "+") && !strings.HasPrefix(w.Reply, "*") {
			answer = p.cell.name(strings.TrimPrefix(w.Reply, "-"))
		}
		if len(p.Spoken) > 1 {
			server = p.cell.name(w.Server)
		}
		t.add(p.cell.name(strings.Join(w.Command, " ")), itoa(w.Count), by, certainty, where, answer, server)
	}
	t.more = max(0, len(p.Writes)-most)
	p.table(&t)
}

// unheard says what it means that the tap heard nobody make a change.
func (p *page) unheard(c triage.Change) string {
	text := "The tap was on, and no test binary was heard writing it: either another program did, be it started by the test or not, or the test has a way to write that the tap does not see."
	if len(c.Strangers) == 0 {
		return text + " No other client was connected when the change was seen."
	}
	var names []string
	for _, s := range c.Strangers {
		name := p.k.name(s.Address)
		if s.Name != "" {
			name += " (" + p.k.name(s.Name) + ")"
		}
		if s.Command != "" {
			name += ", last command " + p.k.name(s.Command)
		}
		names = append(names, name)
	}
	return text + " Other clients that were connected then: " + list(names, maxTold) + "."
}

// speakers are the packages that spoke to a server.
func (p *page) speakers(s triage.Server) string {
	var packages []string
	for _, spoken := range p.Spoken {
		if spoken.Server == s.Address {
			packages = append(packages, spoken.Packages...)
		}
	}
	if packages = unique(packages); len(packages) == 0 {
		if p.Run.Tap {
			return "nobody"
		}
		return ""
	}
	return list(p.cell.names(packages), maxTold)
}

// spokenTo lists the addresses that the tests spoke to by other names than
// those of the watched servers, or that are not watched.
func (p *page) spokenTo() {
	t := table{columns: []column{{title: "The tests also spoke to"}, {title: "Packages", optional: true}, {title: "Which is"}}}
	const most = 20
	rows := 0
	for _, s := range p.Spoken {
		is := "not watched: " + p.cell.say(s.Problem)
		switch {
		case s.Server == s.Address:
			continue
		case s.Server != "":
			is = p.cell.name(s.Server) + ", watched"
		case s.Inside:
			is = "a server in the test binary itself"
		case s.Problem == "":
			continue // it began like one, and may be no Redis at all
		}
		if rows++; rows > most {
			t.more++
			continue
		}
		address := p.cell.name(s.Address)
		if s.TLS {
			address += " over TLS"
		}
		t.add(address, list(p.cell.names(s.Packages), maxTold), is)
	}
	p.table(&t)
}

// unused says that a server which was named was never spoken to while others
// were, or nothing.
func (v *survey) unused(k ink) string {
	used := make(map[string]bool)
	var spoken, idle []string
	for _, s := range v.Spoken {
		if s.Inside || s.Server == "" && (s.Problem == "" || s.Foreign) {
			continue
		}
		used[s.Server] = true
		name := s.Server
		if name == "" {
			name = s.Address
		}
		spoken = append(spoken, name)
	}
	for _, s := range v.Servers {
		if !used[s.Address] {
			idle = append(idle, s.Address)
		}
	}
	if !v.Run.Tap || len(spoken) == 0 || len(idle) == 0 {
		return ""
	}
	return "The tests spoke to " + list(k.names(unique(spoken)), maxTold) + "; " + list(k.names(idle), maxTold) + ", which you named, " +
		plural(len(idle), "was", "were") + " never used."
}
