package page

import (
	"html/template"
	"io"

	"tracetest/internal/report/doc"
)

// write writes the rows of the table. There are thousands, and a template takes ten times as long
// for each, at the end of a run for which somebody waits. What a row holds is escaped all the same.
func (t testTable) write(w io.Writer, _ *doc.HTML) {
	m := markup{w}
	if len(t.Rows) == 0 {
		m.raw("\n<tr><td colspan=\"6\">No test ran.</td></tr>")
	}
	for i := range t.Rows {
		t.Rows[i].write(m, t.Packages)
	}
	m.raw("\n")
}

func (r *testRow) write(m markup, several bool) {
	m.raw("\n<tr").attribute("id", r.ID).attribute("class", r.Class)
	if r.Leaks != "" {
		m.attribute("data-leak", r.Leaks)
	}
	m.raw("><td>")
	r.name(m)
	m.raw("</td>")
	if several {
		m.raw(`<td class="pkg">`).text(r.Package).raw("</td>")
	}
	m.raw("<td><span").attribute("class", "badge "+r.Class).attribute("title", r.Outcome).raw(">").text(r.Short).raw("</span>")
	for _, link := range r.Links {
		m.raw(" <a").attribute("href", link.To).raw(">").text(link.Text).raw("</a>")
	}
	m.raw(`</td><td class="num"`).attribute("data-v", r.Sort).raw(">").text(r.Took).
		raw(`</td><td class="num began">`).text(r.Began).raw(`</td><td class="num">`).text(r.OOM).raw("</td></tr>")
}

// name writes who it is, what it said, and where it stands.
func (r *testRow) name(m markup) {
	if r.HasWords {
		m.raw("<details><summary>").text(r.Name).raw("</summary>")
		for _, said := range []string{r.Message, r.Output} {
			if said != "" {
				m.raw(`<pre tabindex="0">`).text(said).raw("</pre>")
			}
		}
		m.raw("</details>")
	} else {
		m.text(r.Name)
	}
	if r.Where == "" {
		return
	}
	m.raw(` <span class="where">`)
	if r.URL != "" {
		m.raw("<a").attribute("href", r.URL).raw(` rel="noreferrer">`).text(r.Where).raw("</a>")
	} else {
		m.text(r.Where)
	}
	m.raw("</span>")
}

// markup writes HTML. Who it writes to keeps the first error.
type markup struct{ w io.Writer }

// raw writes what is HTML; nothing that anybody else chose.
func (m markup) raw(html string) markup {
	io.WriteString(m.w, html)
	return m
}

func (m markup) text(s string) markup { return m.raw(template.HTMLEscapeString(s)) }

func (m markup) attribute(name, value string) markup {
	return m.raw(" " + name + `="`).text(value).raw(`"`)
}
