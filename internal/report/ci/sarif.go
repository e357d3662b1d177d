package ci

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/report/claims"
	"tracetest/internal/report/doc"
)

// The rules of tracetest.sarif and the check names of gl-code-quality-report.json.
const (
	ruleLeak      = "redis-config-leak"
	ruleUnsettled = "redis-config-leak-unsettled"
)

// SARIF writes tracetest.sarif, for code scanning: a result for each leak at the
// line that leaks, relative to the root of the repository, with its victims as
// related locations. A leak of which no line of the repository is known is a
// notification of the run, because GitHub refuses a file with a result that has
// no location. There are no fixes to be applied: the text says what to add.
func SARIF(w io.Writer, f *findings.Findings) error {
	if f == nil {
		return errNoFindings()
	}
	v := claims.New(f)
	run := sarifRun{
		Tool: sarifTool{Driver: sarifDriver{Name: "tracetest", Rules: sarifRules()}},
		Bases: map[string]sarifBase{"%SRCROOT%": {
			Description: sarifText{Text: "The root of the repository."},
		}},
		ColumnKind: "utf16CodeUnits",
		Results:    []sarifResult{},
	}
	invocation := sarifInvocation{Successful: f.Run.Complete, Exit: f.Run.Exit, Notifications: []sarifNotification{}}
	if !f.Run.Started.IsZero() && !f.Run.Finished.Before(f.Run.Started) {
		invocation.Start = f.Run.Started.UTC().Format("2006-01-02T15:04:05.000Z")
		invocation.End = f.Run.Finished.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	if !f.Run.Complete {
		text := "This run is incomplete."
		if f.Run.Incomplete != "" {
			text = ("This run is incomplete: " + doc.Say(f.Run.Incomplete).Period()).Plain(inText)
		}
		invocation.Notifications = append(invocation.Notifications, sarifNotification{Level: "error", Message: sarifText{text}})
	}
	prints := make(fingerprints)
	for _, g := range v.Groups {
		for _, c := range g.Changes {
			one := g.One(c)
			text := sentences(v.LeakStory(one), v.Cure(one), claims.Caveat(c))
			rule, index, level := ruleLeak, 0, "error"
			if !one.Accused() {
				rule, index, level = ruleUnsettled, 1, "warning"
			}
			if one.Known() {
				level = "note"
			}
			at, ok := v.LeakingLine(c)
			if !ok {
				invocation.Notifications = append(invocation.Notifications, sarifNotification{Level: level, Message: sarifText{text}})
				continue
			}
			run.Results = append(run.Results, sarifResult{
				Rule: rule, Index: index, Level: level, Message: sarifText{text},
				Locations: []sarifLocation{sarifAt(at)}, Related: sarifVictims(v, g),
				Prints: map[string]string{"tracetest/v1": prints.of(rule, c)},
			})
		}
	}
	run.Invocations = []sarifInvocation{invocation}
	return writeJSON(w, sarifLog{
		Schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run},
	})
}

// sarifVictims are the places of the failures that are correlated with a group.
func sarifVictims(v *claims.View, g claims.Group) []sarifLocation {
	var all []sarifLocation
	for _, f := range g.Failures {
		at, ok := v.FailedLine(f)
		if !ok || len(all) == 100 {
			continue
		}
		l := sarifAt(at)
		id := len(all) + 1
		l.ID = &id
		l.Message = &sarifText{(claims.Got([]findings.Failure{f}).Upper() + " (" + doc.Say(f.Certainty) + "): " + claims.Owner(f.Name())).Plain(inText)}
		all = append(all, l)
	}
	return all
}

func sarifAt(at claims.Line) sarifLocation {
	return sarifLocation{Physical: sarifPhysical{
		Artifact: sarifArtifact{URI: claims.EscapePath(at.Path, "/"), Base: "%SRCROOT%"}, Region: sarifRegion{Line: at.Number},
	}}
}

// fingerprints tell leaks apart over time: neither the line nor the address of
// the server is in them, which move without the leak being another.
type fingerprints map[string]int

func (p fingerprints) of(rule string, c findings.Change) string {
	parts := []string{rule, c.Parameter}
	owners := c.Suspects
	if c.By != nil {
		owners = []record.Name{*c.By}
	}
	for _, o := range owners {
		parts = append(parts, o.Package, o.Test, o.Spec)
	}
	if c.Call != nil {
		parts = append(parts, c.Call.Function)
	}
	text := strings.Join(parts, "\x00")
	p[text]++
	if n := p[text]; n > 1 { // the same once more, as on a second server
		text += "\x00" + strconv.Itoa(n)
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}

func sarifRules() []sarifRule {
	rule := func(id, name, short, full, help string) sarifRule {
		return sarifRule{ID: id, Name: name, Short: sarifText{short}, Full: sarifText{full}, Help: sarifHelp{help, help},
			Properties: map[string]any{"tags": []string{"test", "redis"}, "precision": "very-high", "problem.severity": "error"}}
	}
	leak := rule(ruleLeak, "RedisConfigLeak", "A test leaves a parameter of a shared Redis changed",
		"A test changed a parameter of a Redis that it shares with other tests, and did not restore it before it ended.",
		"Save the value before it is changed, and restore the saved value in a clean-up (t.Cleanup, DeferCleanup). A constant is right for one server only. report.md has the code, and the command that repairs the server now.")
	unsettled := rule(ruleUnsettled, "RedisConfigLeakUnsettled", "A parameter of a shared Redis was left changed, and it is not known by whom",
		"A parameter of a Redis that tests share was left changed while several tests, or another program, could have changed it. Nobody is accused.",
		"Run the command in report.md that finds out who. This line is not necessarily the one to change.")
	unsettled.Properties["precision"], unsettled.Properties["problem.severity"] = "low", "warning"
	return []sarifRule{leak, unsettled}
}

// writeJSON writes a document for programs.
func writeJSON(w io.Writer, document any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(document); err != nil {
		return fmt.Errorf("encoding report: %w", err)
	}
	return flush(w, &b)
}

// inText is how long a name is in a text for programs, in runes.
const inText = 1000

func sentences(all ...claims.Text) string {
	var said []string
	for _, t := range all {
		if t != "" {
			said = append(said, t.Plain(inText))
		}
	}
	return strings.Join(said, " ")
}
