package report

import (
	"fmt"
	"strings"

	"tracetest/internal/record"
	"tracetest/internal/rediscli"
)

// watched says what the findings rest on.
func (p *page) watched() {
	p.text("## What was watched and how")
	t := table{columns: []column{
		{title: "Server"}, {title: "Is"}, {title: "Parameters", right: true}, {title: "Looks", right: true},
		{title: "Spoken to by", optional: true}, {title: "Started with", optional: true}, {title: "Limits", optional: true},
	}}
	for _, s := range p.Servers {
		limits := ""
		if s.Partial != "" {
			limits = p.cell.say(s.Partial)
		}
		is := strings.TrimSpace(clean(s.Flavor) + " " + clean(s.Version))
		if s.TLS {
			is += " over TLS"
		}
		t.add(p.cell.name(s.Address), prose(is), itoa(s.Parameters), itoa(s.Looks), p.speakers(s), p.origins(s), limits)
	}
	p.table(&t)
	p.spokenTo()

	var items []string
	run := "Run: "
	if p.Run.Started.IsZero() {
		run += "begin not known"
	} else {
		run += p.Run.Started.UTC().Format("2006-01-02 15:04:05.000") + " UTC"
	}
	if !p.Run.Finished.Before(p.Run.Started) && !p.Run.Started.IsZero() {
		run += fmt.Sprintf(", took %.3f s", p.Run.Finished.Sub(p.Run.Started).Seconds())
	}
	items = append(items, run)
	if len(p.Run.Command) > 0 {
		items = append(items, "Command: "+p.k.name(rediscli.Join(p.Run.Command)))
	}
	if len(p.Run.GoTest) > 0 {
		items = append(items, "Go command: "+ink{markdown: true, limit: 600}.name(rediscli.Join(p.Run.GoTest)))
	}
	exit := itoa(p.Run.Exit)
	items = append(items,
		"Go: "+p.k.name(p.Run.Go)+"; exit code of go test "+itoa(p.Run.GoExit)+", of tracetest "+exit,
		"Mode: "+p.mode(),
		"Restore: "+p.k.name(p.Run.Restore),
		"Tests: "+p.tests(),
		"Packages: "+p.packages(),
	)
	p.bullets(items)
}

func (p *page) mode() string {
	text := "gate; each test, subtest and spec was held at its begin and end while the servers were looked at; for a test that began at once behind another, the look at the end of that one counts"
	if p.Run.Mode != record.ModeGate {
		text = "events; the servers were looked at when `go test -json` told of an event, with no test held"
		if p.Run.ModeReason != "" {
			text += ", because: " + p.k.say(p.Run.ModeReason)
		}
	}
	if p.Run.Tap {
		return text + ". The tap was on: writes of the tests' own Redis clients were seen as they were made"
	}
	text += ". The tap was off: no write was seen as it was made"
	if p.Run.TapReason != "" && p.Run.TapReason != "--tap=off" && p.Run.Mode == record.ModeGate {
		text += ", because: " + p.k.say(p.Run.TapReason)
	}
	return text
}

func (p *page) tests() string {
	t := p.Tests
	text := itoa(t.Total) + ": " + itoa(t.Passed) + " passed, " + itoa(t.Failed) + " failed, " + itoa(t.Skipped) + " skipped"
	if t.Specs > 0 {
		text += "; " + itoa(t.Specs) + " of them Ginkgo specs"
	}
	return text
}

func (p *page) packages() string {
	instrumented := 0
	for _, pkg := range p.Packages {
		if pkg.Instrumented {
			instrumented++
		}
	}
	text := itoa(len(p.Packages))
	if p.Run.Mode == record.ModeGate {
		text += ", " + itoa(instrumented) + " of them instrumented"
	}
	return text
}

// unseen says what the findings cannot speak of. It is never empty: even a
// complete run sees only what it looks at.
func (p *page) unseen() {
	p.text("## What could not be seen")
	var items []string
	if !p.Run.Complete {
		items = append(items, "Everything after the run was cut short.")
	}
	for _, d := range p.doubts {
		items = append(items, d.full(p.k))
	}
	if !p.Run.Tap {
		items = append(items, "What was changed and put back between two looks.")
	}
	items = append(items, "Changes of anything but parameters, such as users, scripts or the data itself, except for the growth"+
		map[bool]string{true: " and for the commands above", false: ""}[len(p.Writes) > 0]+".")
	p.bullets(items)

	t := table{columns: []column{{title: "Not instrumented"}, {title: "Outcome"}}}
	outcome := make(map[string]string)
	for _, pkg := range p.Packages {
		outcome[pkg.Path] = pkg.Outcome
	}
	for _, path := range p.blindPackages() {
		t.add(p.cell.name(path), p.cell.say(orElse(outcome[path], "never ended")))
	}
	p.table(&t)

	b := table{columns: []column{
		{title: "Out of sight"}, {title: "From"}, {title: "To"}, {title: "Open when lost", optional: true}, {title: "Reason"},
	}}
	for _, s := range p.Blind {
		to := "never seen again"
		if !s.To.IsZero() {
			to = p.clock(s.To)
		}
		b.add(p.cell.name(s.Server), p.clock(s.From), to, p.cell.owners(s.Owners, maxTold), p.cell.say(s.Reason))
	}
	p.table(&b)

	n := table{columns: []column{{title: "Notice"}, {title: "Package", optional: true}, {title: "Code"}}}
	for _, notice := range p.Notices {
		pkg := ""
		if notice.Package != "" {
			pkg = p.cell.name(notice.Package)
		}
		n.add(p.cell.say(notice.Text), pkg, p.cell.name(notice.Code))
	}
	p.table(&n)
}
