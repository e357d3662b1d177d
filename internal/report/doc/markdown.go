package doc

import (
	"strings"
)

// Markdown says how Markdown is written.
type Markdown struct {
	// Link is the URL of a line of a file, or empty; may be nil. The URL is written
	// as it is.
	Link func(place string) string
}

const (
	maxProse = 240 // runes of a name in a sentence
	maxCell  = 100 // of one in a table, where long names cost more
	maxPad   = 48  // columns up to which the cells of a table are padded
)

// Write writes blocks as GitHub reads Markdown, and as people read it who see
// its characters.
func (m Markdown) Write(blocks []Block) string {
	w := &mdWriter{Markdown: m}
	w.blocks(blocks)
	return w.b.String()
}

type mdWriter struct {
	Markdown
	b strings.Builder
}

func (w *mdWriter) blocks(blocks []Block) {
	for _, block := range blocks {
		switch x := block.(type) {
		case Heading:
			w.b.WriteString(strings.Repeat("#", x.Level) + " " + w.inline(x.Text, maxProse, false) + "\n\n")
		case Para:
			w.b.WriteString(w.inline(x.Text, maxProse, false) + "\n\n")
		case List:
			for _, item := range x {
				w.b.WriteString("- " + w.inline(item, maxProse, false) + "\n")
			}
			if len(x) > 0 {
				w.b.WriteByte('\n')
			}
		case Fence:
			w.b.WriteString(fence(x) + "\n")
		case Fold:
			// GitHub reads what stands between as Markdown, because of the empty lines.
			w.b.WriteString("<details>\n<summary>" + x.Title.html() + "</summary>\n\n")
			w.blocks(x.Blocks)
			w.b.WriteString("</details>\n\n")
		case Table:
			w.table(x)
		}
	}
}

func (w *mdWriter) table(t Table) {
	rows := [][]string{t.Titles}
	for _, row := range t.Rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = w.inline(cell, maxCell, true)
		}
		rows = append(rows, cells)
	}
	widths := make([]int, len(t.Titles))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], 4, min(Width(cell), maxPad))
		}
	}
	for n, row := range rows {
		for i, cell := range row {
			pad := strings.Repeat(" ", max(0, widths[i]-Width(cell)))
			if t.Right[i] {
				w.b.WriteString("| " + pad + cell + " ")
			} else {
				w.b.WriteString("| " + cell + pad + " ")
			}
		}
		w.b.WriteString("|\n")
		if n > 0 {
			continue
		}
		for i := range row {
			line := strings.Repeat("-", widths[i])
			if t.Right[i] {
				line = line[1:] + ":"
			}
			w.b.WriteString("| " + line + " ")
		}
		w.b.WriteString("|\n")
	}
	if rest := t.rest(); rest != "" {
		w.b.WriteString("\n" + w.inline(rest, maxProse, false) + "\n")
	}
	w.b.WriteByte('\n')
}

// inline writes a text within a line.
func (w *mdWriter) inline(t Text, limit int, cell bool) string {
	var b strings.Builder
	w.spans(&b, t.spans(), limit, cell)
	return b.String()
}

func (w *mdWriter) spans(b *strings.Builder, spans []span, limit int, cell bool) {
	for _, s := range spans {
		switch s.kind {
		case text:
			escape(b, s.text, b.Len() == 0 && !cell)
		case code:
			writeCode(b, CutMiddle(s.text, limit), cell)
		case whole:
			writeCode(b, s.text, cell)
		case strong:
			b.WriteString("**")
			w.spans(b, s.inside, limit, cell)
			b.WriteString("**")
		case link, anchor:
			url := ""
			if s.kind == anchor {
				url = "#" + s.target
			} else if w.Link != nil {
				url = w.Link(s.target)
			}
			if url != "" {
				b.WriteByte('[')
			}
			w.spans(b, s.inside, limit, cell)
			if url != "" {
				b.WriteString("](" + url + ")")
			}
		}
	}
}

// writeCode makes a code span of a clean line. Nothing inside one is read as
// markup, mentioned or linked.
func writeCode(b *strings.Builder, s string, cell bool) {
	if strings.HasSuffix(b.String(), "`") {
		b.WriteByte(' ') // two spans that touch would be one
	}
	if cell {
		if strings.Contains(s, `\|`) {
			// `\\|` ends a cell for some readers and not for others.
			b.WriteString("<code>")
			escape(b, s, false)
			b.WriteString("</code>")
			return
		}
		s = strings.ReplaceAll(s, "|", `\|`)
	}
	tick := strings.Repeat("`", longestRun(s)+1)
	// A span loses one space on each side when it has both, and a back-quote
	// at its edge would join the fence.
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") ||
		strings.HasPrefix(s, " ") && strings.HasSuffix(s, " ") {
		s = " " + s + " "
	}
	b.WriteString(tick + s + tick)
}

// longestRun is the length of the longest run of back-quotes.
func longestRun(s string) int {
	longest, run := 0, 0
	for i := range len(s) {
		if s[i] != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

// escape writes a clean text so that neither Markdown nor GitHub acts on any of
// it, with a backslash where that is enough: people read it, too. What starts a line
// may begin a list or a heading.
func escape(b *strings.Builder, s string, start bool) {
	digits := true
	for i := 0; i < len(s); i++ {
		c, next := s[i], byte(' ')
		if i+1 < len(s) {
			next = s[i+1]
		}
		digits = digits && (c >= '0' && c <= '9' || i > 0 && (c == '.' || c == ')'))
		before := byte(' ')
		if i > 0 {
			before = s[i-1]
		}
		switch {
		case c == '@', c == '$', c == '#' && isAlnum(next):
			// GitHub looks for mentions, formulas and issue numbers in the finished
			// page, where no backslash is left. It leaves code alone.
			writeCode(b, string(c), false)
			continue
		case strings.IndexByte("\\`*[]<|~", c) >= 0,
			c == '_' && !(isAlnum(before) && isAlnum(next)),
			c == '&' && (isAlnum(next) || next == '#'), // &lt;
			c == ':' && next == '/',                    // http://
			c == '.' && i >= 3 && strings.EqualFold(s[i-3:i], "www"),
			start && i == 0 && strings.IndexByte("#+->=:", c) >= 0,
			start && i > 0 && digits && (c == '.' || c == ')'): // 1. x
			b.WriteByte('\\')
			digits = false
		}
		b.WriteByte(c)
	}
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// fence makes a fenced block that no line inside can close.
func fence(x Fence) string {
	longest := 2
	lines := fenced(x.Lines)
	for _, line := range lines {
		longest = max(longest, longestRun(line))
	}
	tick := strings.Repeat("`", longest+1)
	return tick + x.Lang + "\n" + strings.Join(append(lines, tick), "\n") + "\n"
}

// fenced cleans lines. Indentation by tabs is kept; it is that of our own code.
func fenced(lines []string) []string {
	var all []string
	for _, line := range lines {
		text := strings.TrimLeft(line, "\t")
		all = append(all, line[:len(line)-len(text)]+Clean(text))
	}
	return all
}
