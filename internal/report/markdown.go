package report

import (
	"bytes"
	"io"
	"strings"

	"tracetest/internal/record"
	"tracetest/internal/triage"
)

// A page is a Markdown report being written.
type page struct {
	*survey
	b     bytes.Buffer
	k     ink // for sentences
	cell  ink // for tables, where long names cost more
	error error

	// explained holds the certainties that were explained already, so that
	// twenty leaks do not say the same sentence twenty times.
	explained map[string]bool
}

// Markdown writes report.md. Its first lines answer who changed the server,
// what that broke and how to stop it; the sections after them are the evidence.
func Markdown(w io.Writer, f *triage.Findings) error {
	if f == nil {
		return errNoFindings()
	}
	p := newPage(f)
	p.k.links, p.cell.links = true, true
	p.text("# Redis triage: " + p.headline())
	p.answers()
	p.stop()
	p.timeline()
	p.sections()
	if p.error != nil {
		return p.error
	}
	return flush(w, &p.b)
}

func newPage(f *triage.Findings) *page {
	return &page{
		survey: newSurvey(f),
		k:      ink{markdown: true, limit: 240},
		cell:   ink{markdown: true, limit: 100},

		explained: make(map[string]bool),
	}
}

// answers writes who changed the server and what that broke.
func (p *page) answers() {
	if !p.Run.Complete {
		reason := ""
		if p.Run.Incomplete != "" {
			reason = ": " + period(p.k.say(p.Run.Incomplete))
		} else {
			reason = "."
		}
		p.text("**This run is incomplete**" + reason + " What would have come after is not known, and nothing below speaks for it.")
	}
	p.text("**Who.** " + strings.TrimSpace(p.who()+" "+p.unused(p.k)))
	p.whoList()
	p.sentences("**What it broke.**", append(p.broke(p.k), p.memory()...))
}

// sections writes the evidence.
func (p *page) sections() {
	p.leaks()
	p.impact()
	p.failures()
	p.ruled()
	p.containedChanges()
	p.writes()
	p.leftChanged()
	p.dirty()
	p.polluted()
	p.expectations()
	p.baseline()
	p.restarts()
	p.failovers()
	p.growth()
	p.watched()
	p.unseen()
}

// text writes a paragraph or a heading.
func (p *page) text(s string) { p.b.WriteString(s + "\n\n") }

func (p *page) sentences(label string, all []string) {
	p.b.WriteString(label)
	for _, s := range all {
		p.b.WriteString(" " + s)
	}
	p.b.WriteString("\n\n")
}

// bullets writes a list.
func (p *page) bullets(items []string) {
	for _, item := range items {
		p.b.WriteString("- " + item + "\n")
	}
	if len(items) > 0 {
		p.b.WriteByte('\n')
	}
}

func (p *page) fence(lang string, lines []string) { p.b.WriteString(fence(lang, lines) + "\n") }

// maxOpen is how many rows a table has that is not folded.
const maxOpen = 12

func (p *page) table(t *table) {
	write := func() {
		if err := t.write(&p.b); err != nil && p.error == nil {
			p.error = err
		}
	}
	if n := len(t.rows); n > maxOpen {
		p.fold(itoa(n)+" rows", write)
		return
	}
	write()
}

// fold hides what is long behind a title, which has no markup. GitHub reads what stands between as
// Markdown, because of the empty line.
func (p *page) fold(title string, write func()) {
	p.b.WriteString("<details>\n<summary>" + title + "</summary>\n\n")
	write()
	p.b.WriteString("</details>\n\n")
}

// maxTold is how many changes the first lines tell before they count.
const maxTold = 5

// who answers the first question where one sentence can.
func (p *page) who() string {
	switch {
	case len(p.groups) == 1:
		return p.told(p.groups[0])
	case len(p.groups) > 1:
		return upper(p.leaked()) + ":"
	case p.clean():
		text := "Nobody: " + p.everything() + " was left as it was found"
		if len(p.Contained) > 0 {
			text += "; " + count(len(p.Contained), "change") + " on the way " + plural(len(p.Contained), "was", "were") + " undone in time"
		}
		return text + "."
	}
	text := "No leak was seen"
	if len(p.Contained) > 0 {
		text += ", and " + count(len(p.Contained), "change") + " that " + plural(len(p.Contained), "was", "were") + " undone in time"
	}
	if len(p.doubts) == 0 {
		return text + "."
	}
	text += ", but that does not say that there was none."
	for i, d := range p.doubts {
		if i == maxTold {
			return text + " There is more under [What could not be seen](#what-could-not-be-seen)."
		}
		text += " " + d.full(p.k)
	}
	return text
}

// everything says what a clean run is clean of.
func (p *page) everything() string {
	parameters, looks := 0, 0
	var addresses []string
	for _, s := range p.Servers {
		parameters += s.Parameters
		looks += s.Looks
		addresses = append(addresses, s.Address)
	}
	return "each of " + count(parameters, "parameter") + " of " + list(p.k.names(addresses), maxTold) +
		" (" + count(looks, "look") + ", with every test held meanwhile)"
}

func (p *page) whoList() {
	if len(p.groups) < 2 {
		return
	}
	var items []string
	for i, g := range p.groups {
		if i == maxTold {
			items = append(items, "and "+itoa(len(p.groups)-i)+" more under [Leaks](#leaks)")
			break
		}
		items = append(items, p.told(g))
	}
	p.bullets(items)
}

// told tells a group of leaks in a few sentences, none of which says more than
// its certainty allows.
func (p *page) told(g group) string {
	first := g.changes[0]
	set := p.set(p.k, g)
	seen := ", on " + p.k.name(first.Server) + ", first seen at " + p.clock(first.At)
	if first.Owner == nil {
		text := "Not settled: one of " + count(len(first.Suspects), "suspect") + orEarlier(first.AndEarlier)
		if len(first.Suspects) == 0 {
			text = "Not settled: somebody"
		}
		text += " left " + list(set, maxTold+1) + seen + "."
		if len(first.Suspects) > 0 {
			text += " Suspects: " + p.k.owners(first.Suspects, maxTold) + "."
		}
		text += " " + p.sure(first)
		for _, known := range p.k.knownOf(g.changes) {
			text += " " + upper(known) + "."
		}
		return text
	}
	text := p.k.ownerFull(*first.Owner) + " left " + list(set, maxTold+1) + seen
	if first.Unheard {
		text = "While " + p.k.ownerFull(*first.Owner) + " ran, " + list(set, maxTold+1) + seen + ", and stayed so"
	}
	if where := p.places(g); len(where) > 0 {
		text += ", " + list(where, maxTold)
	}
	text += "."
	if end := ended(first.OwnerEnd); end != "" {
		text += " The " + kindOf(*first.Owner) + " itself " + end + "."
	}
	text += " " + p.sure(first)
	for _, known := range p.k.knownOf(g.changes) {
		text += " " + upper(known) + "."
	}
	return text
}

// places are the different places of a group. Calls in one function that was
// called once are told together.
func (p *page) places(g group) []string {
	var all, lines []string
	for i, c := range g.changes {
		if first := g.changes[0].Call; first == nil || c.Call == nil || c.Call.Function != first.Function || outermost(c.Call) != outermost(first) {
			lines = nil
			break
		}
		if lines = append(lines, p.linked(p.k, p.k.name(p.rel(c.Call.File)+":"+itoa(c.Call.Line)), c.Call.File+":"+itoa(c.Call.Line))); i == len(g.changes)-1 {
			if lines = unique(lines); len(lines) > 1 {
				last := *c.Call
				last.File, last.Line = "", 0
				return []string{"by the calls at " + list(lines, maxTold) + strings.TrimPrefix(p.callPlace(p.k, &last), p.k.name(":0"))}
			}
		}
	}
	for _, c := range g.changes {
		if place := p.place(p.k, c); place != "" {
			all = append(all, p.k.at(c)+place)
		}
	}
	return unique(all)
}

// at introduces a place: the line of a call says more than that of a spec.
func (k ink) at(c triage.Change) string {
	if c.Call != nil {
		return "by the call at "
	}
	return "in the " + k.say(orElse(c.Unit, "test")) + " at "
}

// sure explains a certainty at the point of use.
func (p *page) sure(c triage.Change) string {
	text := p.certainty("first lines", c)
	if c.Owner == nil && p.Run.Mode != record.ModeGate {
		text += " The tests were not held while the server was looked at, so this cannot be told from the record."
	}
	if c.Unheard {
		text += " " + p.unheard(c)
	}
	if c.Caveat != "" {
		text += " Caveat: " + period(p.k.say(c.Caveat))
	}
	return text
}

// certainty names a certainty, and explains it the first time in a part of the report.
func (p *page) certainty(part string, c triage.Change) string {
	m := p.meaning(string(c.Certainty))
	if m == "" {
		return "How this is known is not recorded."
	}
	text := upper(string(c.Certainty))
	if key := part + text; !p.explained[key] {
		p.explained[key] = true
		text += ": " + m
	}
	return text + "."
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
