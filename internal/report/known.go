package report

import (
	"tracetest/internal/record"
	"tracetest/internal/triage"
)

// known says until when a leak may stay and who looks after it; empty where
// nobody knew of it.
func (k ink) known(c triage.Change) string {
	if c.Known == nil {
		return ""
	}
	return "known, until " + k.name(c.Known.Expires) + " (" + k.say(c.Known.Owner) + ")"
}

// knownOf says which changes of a group are known. Where not all are, it names
// them.
func (k ink) knownOf(changes []triage.Change) []string {
	var texts []string
	all := true
	for _, c := range changes {
		all = all && c.Known != nil
	}
	for _, c := range changes {
		text := k.known(c)
		if text != "" && !all {
			text = k.name(c.Parameter) + " is " + text
		}
		if text != "" {
			texts = append(texts, text)
		}
	}
	return unique(texts)
}

// knownLeaks counts the leaks that are known.
func (v *survey) knownLeaks() int {
	n := 0
	for _, c := range v.Leaks {
		if c.Known != nil {
			n++
		}
	}
	return n
}

// ofThemKnown is the part of the headline that says so.
func (v *survey) ofThemKnown() string {
	switch n := v.knownLeaks(); {
	case n == 0:
		return ""
	case n == len(v.Leaks):
		return ", known"
	default:
		return ", " + itoa(n) + " of them known"
	}
}

// entries names entries of a baseline.
func (k ink) entries(entries []record.Known) string {
	var names []string
	for _, e := range entries {
		names = append(names, k.name(e.Parameter)+" of "+k.owner(triage.Owner{Package: e.Package, Test: e.Test, Spec: e.Spec})+" ("+k.say(e.Owner)+")")
	}
	return list(names, maxTold)
}

// staleEntries says of which entries of the baseline something is to be done.
func (v *survey) staleEntries(k ink) []string {
	var texts []string
	b := v.Baseline
	if n := len(b.Expired); n > 0 {
		texts = append(texts, upper(count(n, "entry")+" of "+k.name(b.File)+" "+plural(n, "has", "have")+" expired and "+plural(n, "counts", "count")+" no more: ")+k.entries(b.Expired)+".")
	}
	if n := len(b.Gone); n > 0 {
		texts = append(texts, upper(count(n, "entry")+" of "+k.name(b.File)+" can go: ")+k.entries(b.Gone)+". "+
			plural(n, "Its test", "Their tests")+" ran, passed and left nothing changed.")
	}
	return texts
}

// baseline writes what became of the baseline of known leaks.
func (p *page) baseline() {
	b := p.Baseline
	if b.File == "" {
		return
	}
	p.text("## Known leaks")
	items := []string{count(p.knownLeaks(), "leak") + " of this run " + plural(p.knownLeaks(), "is", "are") + " among the " + count(b.Entries, "entry") + " of " + p.k.name(b.File) + "."}
	items = append(items, p.staleEntries(p.k)...)
	if n := len(b.Untold); n > 0 {
		items = append(items, "Of "+count(n, "entry")+" this run shows nothing: "+p.k.entries(b.Untold)+". "+
			plural(n, "The test", "The tests")+" did not run or pass, or could have leaked unseen.")
	}
	p.bullets(items)
}

// baselinePart is the same for the terminal.
func (s *screen) baselinePart() section {
	part := section{label: "Baseline", paint: yellow}
	for _, text := range s.staleEntries(s.k) {
		part.lines = append(part.lines, wrap(text, s.width, 2)...)
	}
	return part
}
