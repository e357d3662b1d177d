package report

import (
	"bufio"
	"crypto/sha256"
	_ "embed" // for the page
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"

	"tracetest/internal/record"
	"tracetest/internal/triage"
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

// An htmlPage is what the template shows. It computes nothing.
type htmlPage struct {
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
	Evidence string
}

// HTML writes report.html: one file that needs nothing else, and that works
// without JavaScript but for the interaction.
//
// What it says in words are the sections of [Markdown], read by a Markdown
// library: there is one place that says what a run means.
func HTML(w io.Writer, f *triage.Findings) error {
	if f == nil {
		return errNoFindings()
	}
	p := newPage(f)
	told := newTelling(p.survey)
	page := htmlPage{
		Policy: "default-src 'none'; base-uri 'none'; form-action 'none'; " +
			"style-src '" + fingerprint(pageStyle) + "'; script-src '" + fingerprint(pageScript) + "'",
		Title:   upper(p.headline()),
		Mood:    p.htmlMood(),
		Facts:   p.facts(),
		Command: clean(strings.Join(f.Run.Command, " ")),
		Leaks:   p.leakButtons(),
		Picture: p.picture(told),
		Tests:   p.testTable(told),
	}
	t, err := template.New("page").Parse(pageTemplate)
	if err != nil {
		return fmt.Errorf("reading the template of the page: %w", err)
	}
	b := bufio.NewWriterSize(w, 64<<10) // keeps its first error until Flush
	// Style and script are written as they are: a template would take the
	// comments out, and the policy would not know them.
	for _, part := range []struct {
		template string
		then     string
		words    func() // of report.md, that follow
	}{
		{template: "top", then: "<style>" + pageStyle + "</style>\n"},
		{template: "head", words: p.answers},
		{template: "picture", words: p.stop},
		{template: "tests", words: p.sections},
		{template: "bottom", then: "<script>" + pageScript + "</script>\n"},
		{template: "end"},
	} {
		if err := t.ExecuteTemplate(b, part.template, page); err != nil {
			return fmt.Errorf("filling in the page: %w", err)
		}
		b.WriteString(part.then)
		if part.words == nil {
			continue
		}
		p.b.Reset()
		part.words()
		if p.error != nil {
			return p.error
		}
		if err := markup(b, p.b.Bytes()); err != nil {
			return fmt.Errorf("reading a section of the report: %w", err)
		}
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("writing report: %w", err)
	}
	return nil
}

// fingerprint is how a Content-Security-Policy knows a text.
func fingerprint(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// htmlMood is the colour of the verdict, which is never all that says it.
func (p *page) htmlMood() string {
	switch {
	case len(p.Leaks) > p.knownLeaks():
		return "leak"
	case len(p.Leaks) > 0:
		return "doubt"
	case p.clean() && len(p.Failures)+len(p.Unmet)+len(p.Polluted) == 0 && p.Run.GoExit == 0:
		return "clean"
	}
	return "doubt"
}

// plainInk writes text that a template escapes.
var plainInk = ink{limit: 240}

func (p *page) facts() []fact {
	k := plainInk
	tests := itoa(p.Tests.Total) + ": " + itoa(p.Tests.Passed) + " passed, " + itoa(p.Tests.Failed) + " failed"
	if p.Tests.Skipped > 0 {
		tests += ", " + itoa(p.Tests.Skipped) + " skipped"
	}
	facts := []fact{{"Tests", tests}}
	for _, s := range p.Servers {
		facts = append(facts, fact{"Server", k.name(s.Address) + ", " + k.say(s.Flavor+" "+s.Version) + ", " + count(s.Parameters, "parameter") + " at " + count(s.Looks, "look")})
	}
	watched := "by the gate"
	if p.Run.Mode != record.ModeGate {
		watched = "by test events only"
	}
	if p.Run.Tap {
		watched += " and the tap"
	}
	facts = append(facts, fact{"Watched", watched})
	if !p.Run.Started.IsZero() {
		run := p.Run.Started.UTC().Format("2006-01-02 15:04:05") + " UTC"
		if !p.Run.Finished.Before(p.Run.Started) {
			run += ", " + seconds(p.Run.Finished.Sub(p.Run.Started))
		}
		facts = append(facts, fact{"Run", run + ", " + k.say(p.Run.Go)})
	}
	return facts
}

func (p *page) leakButtons() []leakButton {
	k := plainInk
	var all []leakButton
	for i, g := range p.groups {
		if i == maxBlocks {
			break
		}
		c := g.changes[0]
		var what []string
		for _, c := range g.changes {
			what = append(what, k.name(c.Parameter)+" "+k.before(c)+" → "+k.after(c))
		}
		b := leakButton{No: g.no, What: list(what, maxTold), Who: k.by(c), HowSure: string(c.Certainty), Settled: g.accused(), Evidence: "#" + leakAnchor(g.no)}
		if n := len(g.failures); n > 0 {
			b.Victims = count(n, "failure") + " tied to it"
		} else {
			b.Victims = "no failure tied to it"
		}
		all = append(all, b)
	}
	return all
}

func leakAnchor(no int) string { return "leak-" + itoa(no) }
