package claims

import (
	"tracetest/internal/findings"
	"tracetest/internal/report/doc"
)

// A Card answers one of the three questions in a few lines, for the top of a page.
type Card struct {
	Title Text
	Lines []Text
	More  Text // where the rest is
}

// Cards are who changed the server, what that broke and how to stop it.
func (v *View) Cards() []Card {
	return []Card{v.whoCard(), v.brokeCard(), v.fixCard()}
}

func (v *View) whoCard() Card {
	card := Card{Title: "Who"}
	if len(v.Groups) == 0 {
		card.Lines, card.More = []Text{v.nobody()}, doc.Anchor("What could not be observed", "what-could-not-be-observed")
		return card
	}
	g := v.Groups[0]
	c := g.lead()
	who := doc.Strong(by(c).Text(3))
	if g.Accused() {
		who += OwnerNote(c)
	}
	card.Lines = append(card.Lines, who)
	if where := v.shortPlace(c); where != "" {
		card.Lines = append(card.Lines, "at "+where)
	}
	card.Lines = append(card.Lines, v.values(g), Sure(c.Certainty)+", first seen at "+v.Clock(c.At))
	card.More = doc.Anchor("Evidence", "leak-1")
	if more := len(v.Groups) - 1; more > 0 {
		card.More = doc.Anchor("And "+Count(more, "more leak"), "leaks")
	}
	return card
}

// values are the changes of a group, in short.
func (v *View) values(g Group) Text {
	var all []Text
	for _, c := range g.Changes {
		all = append(all, code(c.Parameter)+" "+shortValue(c.Parameter, c.From, c.Secret)+" → "+shortValue(c.Parameter, c.To, c.Secret))
	}
	return List(all, 3)
}

// nobody says in a sentence why there is nobody to name.
func (v *View) nobody() Text {
	switch {
	case v.Clean():
		return "Nobody: every snapshot ends with the initial values."
	case len(v.doubts) > 0:
		return "No leak was seen, but " + v.doubts[0].short + "."
	}
	return "No leak was seen."
}

func (v *View) brokeCard() Card {
	card := Card{Title: "What it broke", Lines: v.Impact(), More: doc.Anchor("Tests", "tests")}
	if len(v.Groups)+len(v.Reverted) == 0 {
		card.Title = "What failed"
	}
	if len(card.Lines) > 3 {
		card.Lines = card.Lines[:3]
	}
	card.Lines = append(card.Lines, v.TestCounts()+".")
	return card
}

func (v *View) fixCard() Card {
	card := Card{Title: "Fix"}
	if fix := v.Fix(); fix != "" {
		card.Lines, card.More = append(card.Lines, fix.Upper()+"."), doc.Anchor("The code", "stop")
	}
	s := v.State()
	if len(s.Restored) > 0 {
		card.Lines = append(card.Lines, "Restored by tracetest: "+List(Names(s.Restored), 3)+".")
	}
	wrong := Unique(append(append(append([]string{}, s.Open...), s.Manual...), s.Wrong...))
	if len(wrong) > 0 {
		card.Lines, card.More = append(card.Lines, "Still wrong: "+List(Names(wrong), 3)+"."), doc.Anchor("The commands", "stop")
	}
	if len(card.Lines) == 0 {
		card.Lines = []Text{v.nothingLeft()}
	}
	return card
}

// valueTable lists what a group changed.
func (v *View) valueTable(changes []findings.Change) []doc.Block {
	return doc.Rows(changes, 0, file, parameterColumn, beforeColumn, column{Title: "After", Cell: After},
		column{Title: "Initial value", Cell: func(c findings.Change) Text {
			if c.Initial == c.From {
				return ""
			}
			return Value(c.Parameter, c.Initial, c.Secret)
		}, Optional: true}, column{Title: "Restored", Cell: v.restored})
}
