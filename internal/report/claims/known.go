package claims

import (
	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/report/doc"
)

// known says until when a leak may stay and who looks after it; empty where
// nobody knew of it.
func known(k *findings.Known) Text {
	if k == nil {
		return ""
	}
	return "known, until " + code(k.Expires) + " (" + say(k.Owner) + ")"
}

// KnownOf says which of some changes are known. Where not all are, it names them.
func KnownOf(changes []findings.Change) []Text {
	var texts []Text
	all := Group{Changes: changes}.Known()
	for _, c := range changes {
		text := known(c.Known)
		if text != "" && !all {
			text = code(c.Parameter) + " is " + text
		}
		if text != "" {
			texts = append(texts, text)
		}
	}
	return Unique(texts)
}

// knownLeaks counts the leaks that are known.
func (v *View) knownLeaks() int {
	n := 0
	for _, c := range v.Leaks {
		if c.Known != nil {
			n++
		}
	}
	return n
}

// ofThemKnown is the part of the headline that says so.
func (v *View) ofThemKnown() Text {
	switch n := v.knownLeaks(); {
	case n == 0:
		return ""
	case n == len(v.Leaks):
		return " (known)"
	default:
		return " (" + itoa(n) + " of " + itoa(len(v.Leaks)) + " known)"
	}
}

// entries names entries of a baseline.
func entries(all []record.Known) Text {
	var names []Text
	for _, e := range all {
		names = append(names, code(e.Parameter)+" of "+Owner(e.Name)+" ("+say(e.Owner)+")")
	}
	return List(names, maxNamed)
}

// StaleEntries says of which entries of the baseline something is to be done.
func (v *View) StaleEntries() []Text {
	var texts []Text
	b := v.Baseline
	if n := len(b.Expired); n > 0 {
		texts = append(texts, Count(n, "entry")+" of "+code(b.File)+" "+Plural(n, "has", "have")+" expired and "+Plural(n, "counts", "count")+" no more: "+entries(b.Expired)+".")
	}
	if n := len(b.Gone); n > 0 {
		texts = append(texts, Count(n, "entry")+" of "+code(b.File)+" can go: "+entries(b.Gone)+". "+
			Plural(n, "Its test", "Their tests")+" ran, passed and left nothing changed.")
	}
	return texts
}

// baseline writes what became of the baseline of known leaks.
func (v *View) baseline() []doc.Block {
	b := v.Baseline
	if b.File == "" {
		return nil
	}
	n := v.knownLeaks()
	items := doc.List{Count(n, "leak") + " of this run " + Plural(n, "is", "are") + " among the " + Count(b.Entries, "entry") + " of " + code(b.File) + "."}
	items = append(items, v.StaleEntries()...)
	if n := len(b.Undecided); n > 0 {
		items = append(items, "This run says nothing about "+Count(n, "entry")+": "+entries(b.Undecided)+". "+
			Plural(n, "The test", "The tests")+" did not run or pass, or could have leaked unobserved.")
	}
	return []doc.Block{h2("Known leaks"), items}
}
