package doc

import (
	"html"
	"io"
	"regexp"
	"strings"
)

// HTML writes parts of one page. Its anchors are each used once.
type HTML struct {
	// Link is the URL of a line of a file, or empty; may be nil.
	Link func(place string) string
	used map[string]bool
}

// NewHTML writes anchors other than those that are taken already.
func NewHTML(taken ...string) *HTML {
	h := &HTML{used: map[string]bool{}}
	for _, name := range taken {
		h.used[name] = true
	}
	return h
}

// Write writes blocks.
func (h *HTML) Write(w io.Writer, blocks []Block) error {
	var b strings.Builder
	h.blocks(&b, blocks)
	_, err := io.WriteString(w, b.String())
	return err
}

func (h *HTML) blocks(b *strings.Builder, blocks []Block) {
	for _, block := range blocks {
		switch x := block.(type) {
		case Heading:
			level := Int(x.Level)
			b.WriteString(`<h` + string(level) + ` id="` + h.anchor(x) + `">` + h.text(x.Text) + `</h` + string(level) + ">\n")
		case Para:
			b.WriteString("<p>" + h.text(x.Text) + "</p>\n")
		case List:
			if len(x) > 0 {
				b.WriteString("<ul>\n")
				for _, item := range x {
					b.WriteString("<li>" + h.text(item) + "</li>\n")
				}
				b.WriteString("</ul>\n")
			}
		case Fence:
			kind := x.Lang
			if kind == "mermaid" {
				kind = "text"
			}
			b.WriteString(`<pre class="` + kind + `" tabindex="0"><code>` + html.EscapeString(strings.Join(fenced(x.Lines), "\n")) + "\n</code></pre>\n")
		case Fold:
			b.WriteString("<details>\n<summary>" + h.text(x.Title) + "</summary>\n")
			h.blocks(b, x.Blocks)
			b.WriteString("</details>\n")
		case Table:
			h.table(b, x)
		}
	}
}

// table writes a table that can be scrolled.
func (h *HTML) table(b *strings.Builder, t Table) {
	cell := func(element, attributes string, i int, text string) {
		if t.Right[i] {
			attributes += ` align="right"`
		}
		b.WriteString("<" + element + attributes + ">" + text + "</" + element + ">")
	}
	b.WriteString(`<div class="wide" role="group" aria-label="Table" tabindex="0"><table>` + "\n<thead>\n<tr>")
	for i, title := range t.Titles {
		cell("th", ` scope="col"`, i, html.EscapeString(title))
	}
	b.WriteString("</tr>\n</thead>\n<tbody>\n")
	for _, row := range t.Rows {
		b.WriteString("<tr>")
		for i, text := range row {
			cell("td", "", i, h.text(text))
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</tbody>\n</table></div>\n")
	if rest := t.rest(); rest != "" {
		b.WriteString("<p>" + h.text(rest) + "</p>\n")
	}
}

// maxHTML is how long a name is in the page, in runes.
const maxHTML = 240

// duration is a number of seconds, which stays on one line with its unit.
var duration = regexp.MustCompile(`([0-9]) s\b`)

// html is a text without links to files.
func (t Text) html() string { return new(HTML).text(t) }

func (h *HTML) text(t Text) string {
	var b strings.Builder
	h.spans(&b, t.spans())
	return b.String()
}

func (h *HTML) spans(b *strings.Builder, spans []span) {
	for _, s := range spans {
		switch s.kind {
		case text:
			b.WriteString(duration.ReplaceAllString(html.EscapeString(s.text), "$1\u00a0s"))
		case code:
			b.WriteString("<code>" + unbroken(CutMiddle(s.text, maxHTML)) + "</code>")
		case whole:
			b.WriteString("<code>" + html.EscapeString(s.text) + "</code>")
		case strong:
			b.WriteString("<strong>")
			h.spans(b, s.inside)
			b.WriteString("</strong>")
		case link:
			url := ""
			if h.Link != nil {
				url = h.Link(s.target)
			}
			if url != "" {
				b.WriteString(`<a href="` + html.EscapeString(url) + `" rel="noreferrer">`)
			}
			h.spans(b, s.inside)
			if url != "" {
				b.WriteString("</a>")
			}
		case anchor:
			b.WriteString(`<a href="#` + html.EscapeString(s.target) + `">`)
			h.spans(b, s.inside)
			b.WriteString("</a>")
		}
	}
}

// line is the end of a file:line.
var line = regexp.MustCompile(`[^/.]{0,12}\.[a-z]{1,4}:[0-9]+$`)

// unbroken escapes a text so that no line breaks within the number of another.
func unbroken(text string) string {
	at := line.FindStringIndex(text)
	if at == nil {
		return html.EscapeString(text)
	}
	return strings.ReplaceAll(html.EscapeString(text[:at[0]]), "/", "/<wbr>") + `<span class="line">` + html.EscapeString(text[at[0]:]) + "</span>"
}

// anchor names a heading as GitHub does.
func (h *HTML) anchor(x Heading) string {
	name := x.ID
	if name == "" {
		for _, r := range strings.ToLower(x.Text.Plain(0)) {
			switch {
			case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
				name += string(r)
			case r == ' ' || r == '-':
				name += "-"
			}
		}
	}
	base := name
	for n := 1; h.used[name]; n++ {
		name = base + "-" + string(Int(n))
	}
	h.used[name] = true
	return name
}
