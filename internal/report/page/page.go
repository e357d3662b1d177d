// Package page is report.html: an interactive page around the blocks of claims,
// with a timeline and a table of all tests. It is one file that needs nothing else.
package page

import (
	"bufio"
	"crypto/sha256"
	_ "embed" // for the page
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"io"
	"strings"

	"tracetest/internal/findings"
	"tracetest/internal/report/claims"
	"tracetest/internal/report/doc"
)

// The page is one file: its style and its script stand in it, and its
// Content-Security-Policy knows both by their hashes and forbids all else:
// nothing that a test is called or prints can run, load or be sent.
var (
	//go:embed html/page.tmpl
	pageTemplate string
	//go:embed html/style.css
	pageStyle string
	//go:embed html/script.js
	pageScript string
)

// content is what the template shows. It computes nothing.
type content struct {
	Policy  string
	Title   string
	Mood    string // leak, doubt or clean
	Facts   []fact
	Command string
	Leaks   []leakButton
	Picture *picture
	Tests   testTable
}

// A fact is a line about the run.
type fact struct{ Name, Text string }

// A leakButton lights up a leak and its victims.
type leakButton struct {
	No       int
	What     string
	Who      string
	Victims  string
	HowSure  string
	Settled  bool // somebody is accused
	Count    int  // tests: it and its victims
	Evidence string
}

// A page is being written.
type page struct{ *claims.View }

const (
	inPage    = 240 // runes of a name
	maxLeaks  = 20  // cards
	maxChange = 5   // parameters on a card
)

// plain writes text that a template escapes.
func plain(t claims.Text) string { return t.Plain(inPage) }

func name(s string) string { return plain(doc.Code(s)) }

// HTML writes report.html, which works without JavaScript but for the interaction.
func HTML(w io.Writer, f *findings.Findings) error {
	if f == nil {
		return errors.New("rendering page: no findings")
	}
	p := page{claims.New(f)}
	tests := p.NewTests()
	page := content{
		Policy: "default-src 'none'; base-uri 'none'; form-action 'none'; " +
			"style-src '" + fingerprint(pageStyle) + "'; script-src '" + fingerprint(pageScript) + "'",
		Title:   plain(p.Headline().Upper()),
		Mood:    string(p.Mood()),
		Facts:   p.facts(),
		Command: doc.Clean(strings.Join(f.Run.Command, " ")),
		Leaks:   p.leakButtons(),
		Picture: p.picture(tests),
		Tests:   p.testTable(tests),
	}
	t, err := template.New("page").Parse(pageTemplate)
	if err != nil {
		return fmt.Errorf("reading the template of the page: %w", err)
	}
	b := bufio.NewWriterSize(w, 64<<10) // keeps its first error until Flush
	words := doc.NewHTML("tests", "cards", "picture", "answers", "stop", "evidence", "tests-title", "answers-title", "picture-title", "again", "chart", "detail", "find", "search", "show", "shown", "all", "more", "table", "series", "cursor", "log", "linear")
	words.Link = p.SourceURL
	// Style and script are written as they are: a template would take the
	// comments out, and the policy would not know them.
	for _, part := range []struct {
		template string
		then     string
		write    func(io.Writer, *doc.HTML)
		blocks   func() []doc.Block
	}{
		{template: "top", then: "<style>" + pageStyle + "</style>\n"},
		{template: "head", write: p.cards},
		{template: "picture", write: page.Tests.write},
		{template: "left", blocks: p.Answers},
		{template: "stop", blocks: p.Stop},
		{template: "evidence", blocks: p.Evidence},
		{template: "bottom", then: "<script>" + pageScript + "</script>\n"},
		{template: "end"},
	} {
		if err := t.ExecuteTemplate(b, part.template, page); err != nil {
			return fmt.Errorf("filling in the page: %w", err)
		}
		b.WriteString(part.then)
		if part.write != nil {
			part.write(b, words)
		}
		if part.blocks != nil {
			words.Write(b, part.blocks())
		}
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("writing report: %w", err)
	}
	return nil
}

// cards writes the answers to the three questions, a card each.
func (p page) cards(w io.Writer, words *doc.HTML) {
	for _, card := range p.Cards() {
		io.WriteString(w, `<section class="card">`+"\n")
		blocks := []doc.Block{doc.Heading{Level: 2, Text: card.Title, ID: "card-" + strings.ToLower(strings.ReplaceAll(string(card.Title), " ", "-"))}}
		for _, line := range card.Lines {
			blocks = append(blocks, doc.Para{Text: line})
		}
		if card.More != "" {
			blocks = append(blocks, doc.Para{Text: card.More})
		}
		words.Write(w, blocks)
		io.WriteString(w, "</section>\n")
	}
}

// fingerprint is how a Content-Security-Policy knows a text.
func fingerprint(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

func (p page) facts() []fact {
	facts := []fact{{"Tests", plain(p.TestCounts())}}
	for _, s := range p.ServerLines() {
		facts = append(facts, fact{"Server", plain(s)})
	}
	facts = append(facts, fact{"Watched", plain(claims.Watching(p.Run.Mode, p.Run.Traced))})
	if !p.Run.Started.IsZero() {
		run := p.Run.Started.UTC().Format("2006-01-02 15:04:05") + " UTC"
		if !p.Run.Finished.Before(p.Run.Started) {
			run += ", " + seconds(p.Run.Finished.Sub(p.Run.Started))
		}
		facts = append(facts, fact{"Run", run + ", " + name(p.Run.Go)})
	}
	return facts
}

func (p page) leakButtons() []leakButton {
	var all []leakButton
	for i, g := range p.Groups {
		if i == maxLeaks {
			break
		}
		c := g.Changes[0]
		var what []claims.Text
		for _, c := range g.Changes {
			what = append(what, doc.Code(c.Parameter)+" "+claims.Before(c)+" → "+claims.After(c))
		}
		b := leakButton{No: g.No, What: plain(claims.List(what, maxChange)), Who: plain(p.By(c)), HowSure: plain(claims.Sure(c.Certainty)),
			Settled: g.Accused(), Evidence: "#" + leakAnchor(g.No), Victims: "no correlated failure"}
		if n := len(g.Failures); n > 0 {
			b.Victims, b.Count = plain(claims.Count(n, "correlated failure")), n
		}
		all = append(all, b)
	}
	return all
}

func leakAnchor(no int) string { return fmt.Sprint("leak-", no) }
