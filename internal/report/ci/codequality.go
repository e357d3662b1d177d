package ci

import (
	"io"

	"tracetest/internal/findings"
	"tracetest/internal/report/claims"
)

// An issue is an entry of GitLab's code quality report.
type issue struct {
	Description string        `json:"description"`
	Check       string        `json:"check_name"`
	Fingerprint string        `json:"fingerprint"`
	Severity    string        `json:"severity"` // info, minor, major, critical or blocker
	Location    issueLocation `json:"location"`
}

type issueLocation struct {
	Path  string     `json:"path"`
	Lines issueLines `json:"lines"`
}

type issueLines struct {
	Begin int `json:"begin"`
}

// CodeQuality writes gl-code-quality-report.json, which GitLab shows in the
// changes of a merge request: an issue for each leak at the line that leaks.
// Leaks of which no line of the repository is known are not in it.
func CodeQuality(w io.Writer, f *findings.Findings) error {
	if f == nil {
		return errNoFindings()
	}
	v := claims.New(f)
	issues := []issue{} // GitLab wants a list
	prints := make(fingerprints)
	for _, g := range v.Groups {
		for _, c := range g.Changes {
			at, ok := v.LeakingLine(c)
			if !ok {
				continue
			}
			one := g.One(c)
			found := issue{
				Description: v.LeakSentence(one).Plain(240), Check: ruleLeak, Severity: "critical",
				Location: issueLocation{Path: at.Path, Lines: issueLines{at.Number}},
			}
			if !one.Accused() {
				found.Check, found.Severity = ruleUnsettled, "minor"
			}
			if one.Known() {
				found.Severity = "minor"
			}
			found.Fingerprint = prints.of(found.Check, c)
			issues = append(issues, found)
		}
	}
	return writeJSON(w, issues)
}
