package claims

import (
	"regexp"
	"strings"

	"tracetest/internal/findings"
	"tracetest/internal/report/doc"
)

// failures writes the failed tests by what they are correlated with.
func (v *View) failures() []doc.Block {
	if len(v.Failures)+len(v.IgnoredOOM) == 0 {
		return nil
	}
	blocks := []doc.Block{h2("Failures")}
	var legend []Text
	for _, f := range v.Failures {
		if m := failureMeaning(f.Certainty); m != "" && (f.Leak != nil || f.Reverted != nil) && (f.Cause != findings.CauseOther || f.Certainty != "correlated") {
			legend = append(legend, Text(f.Certainty).Upper()+": "+m)
		}
	}
	if len(legend) > 0 {
		blocks = append(blocks, doc.List(Unique(legend)))
	}
	n := 0
	var rest []findings.Failure
	block := func(title Text, failures []findings.Failure) {
		if len(failures) > 0 {
			blocks = append(append(blocks, h3(title+": "+itoa(len(failures)))), v.failureTable(failures)...)
		}
	}
	bounded := func(title Text, failures []findings.Failure) {
		if len(failures) > 0 {
			if n++; n > maxBlocks {
				rest = append(rest, failures...)
				return
			}
		}
		block(title, failures)
	}
	for _, g := range v.Groups {
		bounded("Correlated with leak "+itoa(g.No)+" ("+g.parameters()+")", g.Failures)
	}
	for _, r := range v.reverted {
		bounded("Correlated with reverted change "+itoa(r.no)+" ("+code(r.change.Parameter)+")", r.failures)
	}
	block("Correlated with further changes", rest)
	for _, part := range v.unexplainedParts() {
		block(Got(part).Upper()+" "+v.unexplainedBy(part), part)
	}
	if len(v.unreachable) > 0 {
		block("Could not connect to "+refusedThem(v.unreachable), v.unreachable)
	}
	block("Did not build", v.unbuilt)
	block("Not correlated with a change", v.others)
	return append(blocks, v.ignored()...)
}

func (v *View) failureTable(failures []findings.Failure) []doc.Block {
	var packages []string
	for _, f := range v.Failures {
		packages = append(packages, f.Package)
	}
	several := len(Unique(packages)) > 1
	mixed := false // else the legend says it all
	for _, f := range failures {
		mixed = mixed || f.Certainty != "correlated"
	}
	place := func(of func(findings.Failure) string) func(findings.Failure) Text {
		return func(f findings.Failure) Text {
			if of(f) == "" {
				return ""
			}
			return v.cellLink(of(f))
		}
	}
	return doc.Rows(failures, 0, file,
		doc.Column[findings.Failure]{Title: "Test", Cell: func(f findings.Failure) Text { return doc.Link(Owner(f.Name()), f.SpecLocation) }},
		doc.Column[findings.Failure]{Title: "Package", Cell: func(f findings.Failure) Text {
			if !several {
				return ""
			}
			return code(f.Package)
		}, Optional: true},
		doc.Column[findings.Failure]{Title: "OOM errors", Cell: func(f findings.Failure) Text { return some(int(f.OOMErrors)) }, Right: true, Optional: true},
		doc.Column[findings.Failure]{Title: "Keys evicted", Cell: func(f findings.Failure) Text { return some(int(f.Evicted)) }, Right: true, Optional: true},
		doc.Column[findings.Failure]{Title: "Message", Cell: func(f findings.Failure) Text { return message(f.Message) }, Optional: true},
		doc.Column[findings.Failure]{Title: "Where", Cell: place(func(f findings.Failure) string { return f.Location }), Optional: true},
		doc.Column[findings.Failure]{Title: "OOM error returned at", Cell: place(func(f findings.Failure) string {
			if f.OOMCall == nil {
				return ""
			}
			return f.OOMCall.Place()
		}), Optional: true},
		doc.Column[findings.Failure]{Title: "Ended", Cell: func(f findings.Failure) Text {
			if f.Status == "fail" {
				return ""
			}
			return say(f.Status)
		}, Optional: true},
		doc.Column[findings.Failure]{Title: "Certainty", Cell: func(f findings.Failure) Text {
			if !mixed || f.Cause == findings.CauseOther && f.Certainty == "correlated" {
				return ""
			}
			return say(f.Certainty)
		}, Optional: true},
		doc.Column[findings.Failure]{Title: "Failed in re-runs", Cell: proof, Optional: true})
}

// proof says what re-runs of a failure showed.
func proof(f findings.Failure) Text {
	if f.Proof == nil {
		return ""
	}
	text := "without it " + code(f.Proof.Without) + ", after it " + code(f.Proof.With) + ", restored " + code(f.Proof.Restored)
	switch f.Proof.Verdict {
	case "not reproduced":
		text += ": not reproduced"
	case "unsettled":
		text += ": inconclusive"
	}
	return text
}

// message is what a test printed, for a table.
func message(said string) Text {
	text := OneLine(said)
	if text == "" {
		return ""
	}
	return code(doc.CutEnd(text, 100))
}

// goValue is what Gomega prints before a value: its type and where it lies.
var goValue = regexp.MustCompile(`<[*\w./\[\]]+ \| (0x[0-9a-f]+|len:\d+, cap:\d+)>:`)

// OneLine joins what a test printed in one line: the first alone is often only
// "Expected".
func OneLine(message string) string {
	return strings.Join(strings.Fields(doc.Clean(goValue.ReplaceAllString(message, ""))), " ")
}

// ignored lists who passed although commands were refused: by chance, or
// because the test does not check.
func (v *View) ignored() []doc.Block {
	if len(v.IgnoredOOM) == 0 {
		return nil
	}
	return append([]doc.Block{h3("Passed despite OOM errors: " + itoa(len(v.IgnoredOOM)))}, doc.Rows(v.IgnoredOOM, maxBlocks, file,
		doc.Column[findings.IgnoredOOM]{Title: "Test", Cell: func(s findings.IgnoredOOM) Text { return Owner(s.By) }},
		doc.Column[findings.IgnoredOOM]{Title: "Ignored OOM errors", Cell: func(s findings.IgnoredOOM) Text { return itoa(int(s.OOMErrors)) }, Right: true})...)
}
