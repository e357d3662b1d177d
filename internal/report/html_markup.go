package report

import (
	"io"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	tables "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/util"
)

// markup writes a section of report.md as HTML. No HTML of the section gets
// through but the few tags that report.md itself uses.
func markup(w io.Writer, section []byte) error {
	reader := goldmark.New(
		goldmark.WithExtensions(extension.NewTable(
			extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute))), // a style would be against the policy
		goldmark.WithParserOptions(parser.WithAutoHeadingID()),
		goldmark.WithRendererOptions(renderer.WithNodeRenderers(util.Prioritized(ownTags{}, 0))),
	)
	return reader.Convert(section, w, parser.WithContext(parser.NewContext(parser.WithIDs(&anchors{}))))
}

// ownTags writes tables that can be scrolled, and the tags of report.md.
type ownTags struct{}

func (t ownTags) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindRawHTML, t.inline)
	r.Register(ast.KindHTMLBlock, t.block)
	r.Register(tables.KindTable, t.table)
	r.Register(ast.KindFencedCodeBlock, t.code)
}

func (ownTags) inline(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		var text strings.Builder
		segments := n.(*ast.RawHTML).Segments
		for i := range segments.Len() {
			at := segments.At(i)
			text.Write(at.Value(source))
		}
		if tag := text.String(); tag == "<code>" || tag == "</code>" || tag == "<br>" {
			_, err := w.WriteString(tag)
			return ast.WalkSkipChildren, err
		}
	}
	return ast.WalkSkipChildren, nil
}

// folded is how report.md folds evidence; what it is called has no markup.
var folded = regexp.MustCompile(`^(?:</details>|<details>\s*<summary>([^<>"']*)</summary>)\s*$`)

func (ownTags) block(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	var text strings.Builder
	lines := n.(*ast.HTMLBlock).Lines()
	for i := range lines.Len() {
		at := lines.At(i)
		text.Write(at.Value(source))
	}
	if folded.MatchString(text.String()) {
		_, err := w.WriteString(text.String())
		return ast.WalkSkipChildren, err
	}
	return ast.WalkSkipChildren, nil
}

func (ownTags) table(w util.BufWriter, _ []byte, _ ast.Node, entering bool) (ast.WalkStatus, error) {
	text := "</table></div>\n"
	if entering {
		text = `<div class="wide" role="group" aria-label="Table" tabindex="0"><table>` + "\n"
	}
	_, err := w.WriteString(text)
	return ast.WalkContinue, err
}

// code writes a block that can be scrolled, and to which the script adds a
// button that copies it.
func (ownTags) code(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		_, err := w.WriteString("</code></pre>\n")
		return ast.WalkContinue, err
	}
	block := n.(*ast.FencedCodeBlock)
	kind := "text"
	switch language := string(block.Language(source)); language {
	case "sh", "go", "conf", "diff":
		kind = language
	}
	if _, err := w.WriteString(`<pre class="` + kind + `" tabindex="0"><code>`); err != nil {
		return ast.WalkStop, err
	}
	lines := block.Lines()
	for i := range lines.Len() {
		at := lines.At(i)
		if _, err := w.Write(util.EscapeHTML(at.Value(source))); err != nil {
			return ast.WalkStop, err
		}
	}
	return ast.WalkContinue, nil
}

// anchors names headings as GitHub does, and those of leaks by their number
// alone, so that what is not a heading can point to them.
type anchors struct{ used map[string]bool }

var leakHeading = regexp.MustCompile(`^Leak (\d+):`)

func (a *anchors) Generate(heading []byte, _ ast.NodeKind) []byte {
	name := ""
	if m := leakHeading.FindSubmatch(heading); m != nil {
		name = "leak-" + string(m[1])
	} else {
		for _, r := range strings.ToLower(string(heading)) {
			switch {
			case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
				name += string(r)
			case r == ' ' || r == '-':
				name += "-"
			}
		}
	}
	base := name
	for n := 1; a.used[name]; n++ {
		name = base + "-" + itoa(n)
	}
	a.Put([]byte(name))
	return []byte(name)
}

func (a *anchors) Put(name []byte) {
	if a.used == nil {
		a.used = map[string]bool{"tests": true, "picture": true, "answers": true, "stop": true, "evidence": true}
	}
	a.used[string(name)] = true
}
