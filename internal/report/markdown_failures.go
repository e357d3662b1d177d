package report

import (
	"regexp"
	"strings"

	"tracetest/internal/triage"
)

// failures writes the failed tests by what they are tied to.
func (p *page) failures() {
	if len(p.Failures) == 0 {
		if len(p.Swallowed) > 0 {
			p.text("## Failures")
			p.swallowed()
		}
		return
	}
	p.text("## Failures")
	var legend []string
	for _, f := range p.Failures {
		if m := meaning(f.Certainty); m != "" && (f.Leak != nil || f.Contained != nil) && (f.Cause != triage.CauseOther || f.Certainty != "correlated") {
			legend = append(legend, "*"+f.Certainty+"*: "+m)
		}
	}
	p.bullets(unique(legend))

	blocks := 0
	var rest []triage.Failure
	block := func(title string, failures []triage.Failure) {
		if len(failures) == 0 {
			return
		}
		if blocks++; blocks > maxBlocks {
			rest = append(rest, failures...)
			return
		}
		p.text("### " + title)
		p.failureTable(failures)
	}
	for _, g := range p.groups {
		var names []string
		for _, c := range g.changes {
			names = append(names, c.Parameter)
		}
		block("Tied to leak "+itoa(g.no)+" ("+list(p.k.names(names), maxTold)+"): "+itoa(len(g.failures)), g.failures)
	}
	for i, c := range p.contained {
		block("Tied to contained change "+itoa(i+1)+" ("+p.k.name(c.change.Parameter)+"): "+itoa(len(c.failures)), c.failures)
	}
	if len(rest) > 0 {
		p.text("### Tied to further changes: " + itoa(len(rest)))
		p.failureTable(rest)
	}
	for _, part := range p.unexplainedParts() {
		p.text("### " + upper(strings.TrimPrefix(met(part), "met ")) + " " + p.unexplainedBy(part) + ": " + itoa(len(part)))
		p.failureTable(part)
	}
	if len(p.others) > 0 {
		p.text("### For other reasons: " + itoa(len(p.others)))
		p.failureTable(p.others)
	}
	p.swallowed()
}

func (p *page) failureTable(failures []triage.Failure) {
	t := table{columns: []column{
		{title: "Test"}, {title: "Package", optional: true}, {title: "OOM errors", right: true, optional: true},
		{title: "Keys evicted", right: true, optional: true}, {title: "What it said", optional: true},
		{title: "Where", optional: true}, {title: "OOM came back to", optional: true},
		{title: "Ended", optional: true}, {title: "Certainty", optional: true}, {title: "Failed in re-runs", optional: true},
	}}
	var packages []string
	for _, f := range p.Failures {
		packages = append(packages, f.Package)
	}
	several := len(unique(packages)) > 1
	mixed := false // else the legend says it all
	for _, f := range failures {
		mixed = mixed || f.Certainty != "correlated"
	}
	for _, f := range failures {
		var pkg, oom, evicted, where, call, status, certainty, proof string
		if f.Proof != nil {
			proof = "without it " + p.cell.name(f.Proof.Without) + ", after it " + p.cell.name(f.Proof.With) + ", put back " + p.cell.name(f.Proof.Restored)
			if f.Proof.Verdict == "not reproduced" || f.Proof.Verdict == "unsettled" {
				proof += ": " + f.Proof.Verdict
			}
		}
		if f.OOMCall != nil {
			place := f.OOMCall.File + ":" + itoa(f.OOMCall.Line)
			call = p.linked(p.cell, p.cell.name(p.rel(place)), place)
		}
		if several {
			pkg = p.cell.name(f.Package)
		}
		if f.OOMErrors != 0 {
			oom = itoa(int(f.OOMErrors))
		}
		if f.Evicted != 0 {
			evicted = itoa(int(f.Evicted))
		}
		if f.Location != "" {
			where = p.linked(p.cell, p.cell.name(p.rel(f.Location)), f.Location)
		}
		if f.Status != "fail" {
			status = p.cell.say(f.Status)
		}
		if mixed && (f.Cause != triage.CauseOther || f.Certainty != "correlated") {
			certainty = p.cell.say(f.Certainty)
		}
		owner := p.cell.owner(triage.Owner{Package: f.Package, Test: f.Test, Spec: f.Spec})
		t.add(p.linked(p.cell, owner, f.SpecLocation),
			pkg, oom, evicted, p.said(f), where, call, status, certainty, proof)
	}
	p.table(&t)
}

// goValue is what Gomega prints before a value: its type and where it lies.
var goValue = regexp.MustCompile(`<[*\w./\[\]]+ \| (0x[0-9a-f]+|len:\d+, cap:\d+)>:`)

// said is what a test said, for a table.
func (p *page) said(f triage.Failure) string {
	text := oneLine(f.Message)
	if text == "" {
		return ""
	}
	return p.cell.name(cutEnd(text, p.cell.limit))
}

// oneLine joins what a test said in one line: the first alone is often only
// "Expected".
func oneLine(message string) string {
	return strings.Join(strings.Fields(clean(goValue.ReplaceAllString(message, ""))), " ")
}
