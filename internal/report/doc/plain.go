package doc

import "strings"

// Plain is a text without markup, with code of at most limit runes.
func (t Text) Plain(limit int) string {
	var b strings.Builder
	plain(&b, t.spans(), limit)
	return b.String()
}

func plain(b *strings.Builder, spans []span, limit int) {
	for _, s := range spans {
		switch s.kind {
		case code:
			b.WriteString(CutMiddle(s.text, limit))
		case text, whole:
			b.WriteString(s.text)
		default:
			plain(b, s.inside, limit)
		}
	}
}

// A Target is where a piece of a text leads to.
type Target struct{ Text, To string }

// Targets are the links of a text, in order, with their texts as [Text.Plain]
// writes them.
func (t Text) Targets(limit int) []Target {
	var all []Target
	for _, s := range t.spans() {
		if s.kind == link {
			var b strings.Builder
			plain(&b, s.inside, limit)
			all = append(all, Target{b.String(), s.target})
		}
	}
	return all
}
