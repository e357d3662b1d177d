package claims

import (
	"fmt"
	"strings"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/rediscli"
	"tracetest/internal/report/doc"
)

// watched says what the findings rest on.
func (v *View) watched() []doc.Block {
	blocks := append([]doc.Block{h2("What was watched and how")}, doc.Rows(v.Servers, 0, file,
		doc.Column[findings.Server]{Title: "Server", Cell: func(s findings.Server) Text { return code(s.Address) }},
		doc.Column[findings.Server]{Title: "Is", Cell: func(s findings.Server) Text {
			is := say(s.Flavor + " " + s.Version)
			if s.TLS {
				is += " over TLS"
			}
			return is
		}},
		doc.Column[findings.Server]{Title: "Parameters", Cell: func(s findings.Server) Text { return itoa(s.Parameters) }, Right: true},
		doc.Column[findings.Server]{Title: "Snapshots", Cell: func(s findings.Server) Text { return itoa(s.Snapshots) }, Right: true},
		doc.Column[findings.Server]{Title: "Used by", Cell: v.usedBy, Optional: true},
		doc.Column[findings.Server]{Title: "Started with", Cell: origins, Optional: true},
		doc.Column[findings.Server]{Title: "Limits", Cell: func(s findings.Server) Text { return say(s.Partial) }, Optional: true})...)
	blocks = append(blocks, v.endpoints()...)

	run := Text("Run: begin not known")
	if !v.Run.Started.IsZero() {
		run = "Run: " + Text(v.Run.Started.UTC().Format("2006-01-02 15:04:05.000")) + " UTC"
		if !v.Run.Finished.Before(v.Run.Started) {
			run += Text(fmt.Sprintf(", took %.3f s", v.Run.Finished.Sub(v.Run.Started).Seconds()))
		}
	}
	items := doc.List{run}
	if len(v.Run.Command) > 0 {
		items = append(items, "Command: "+code(rediscli.Join(v.Run.Command)))
	}
	if len(v.Run.GoTest) > 0 {
		what := Text("Go command: ")
		if v.Run.Launched {
			what = "Started by: "
		}
		items = append(items, what+doc.Whole(doc.CutMiddle(rediscli.Join(v.Run.GoTest), 600)))
	}
	return append(blocks, append(items,
		"Go: "+code(v.Run.Go)+"; exit code of "+v.launcher()+" "+itoa(v.Run.GoExit)+", of tracetest "+itoa(v.Run.Exit),
		"How: "+v.mode(),
		"Restore: "+code(v.Run.Restore),
		v.TestCounts(),
		"Packages: "+v.packages(),
	))
}

// launcher is what started the tests.
func (v *View) launcher() Text {
	if v.Run.Launched {
		return "the command"
	}
	return "go test"
}

func (v *View) mode() Text {
	text := Text("instrumented; each test, subtest and spec was synchronized with a snapshot at its begin and end; back-to-back tests share one snapshot")
	if v.Run.Mode != record.ModeInstrumented {
		text = "events; snapshots were taken at the events of `go test -json`, with no test synchronized"
		if v.Run.ModeReason != "" {
			text += ", because: " + say(v.Run.ModeReason)
		}
	}
	if v.Run.Traced {
		return text + ". The tests' own Redis connections were traced"
	}
	text += ". The tests' connections were not traced"
	if v.Run.TraceReason != "" && v.Run.TraceReason != "--trace=off" && v.Run.Mode == record.ModeInstrumented {
		text += ", because: " + say(v.Run.TraceReason)
	}
	return text
}

// Watching is how the tests were watched, in a few words.
func Watching(mode record.Mode, trace bool) Text {
	text := Text("instrumented")
	if mode != record.ModeInstrumented {
		text = "by test events only"
	}
	if trace {
		text += " and traced"
	}
	return text
}

// TestCounts says how many tests passed, failed and were skipped.
func (v *View) TestCounts() Text {
	t := v.Tests
	text := Count(t.Total, "test")
	switch {
	case t.Specs == t.Total && t.Specs > 0:
		text = Count(t.Specs, "Ginkgo spec")
	case t.Specs > 0:
		text += " (" + itoa(t.Specs) + " of them Ginkgo specs)"
	}
	text += ": " + itoa(t.Passed) + " passed, " + itoa(t.Failed) + " failed"
	if t.Skipped > 0 {
		text += ", " + itoa(t.Skipped) + " skipped"
	}
	return text
}

func (v *View) packages() Text {
	instrumented := 0
	for _, pkg := range v.Packages {
		if pkg.Instrumented {
			instrumented++
		}
	}
	text := itoa(len(v.Packages))
	if v.Run.Mode == record.ModeInstrumented {
		text += ", " + itoa(instrumented) + " of them instrumented"
	}
	return text
}

// usedBy are the packages that used a server.
func (v *View) usedBy(s findings.Server) Text {
	var packages []string
	for _, endpoints := range v.Endpoints {
		if endpoints.Server == s.Address {
			packages = append(packages, endpoints.Packages...)
		}
	}
	if packages = Unique(packages); len(packages) == 0 {
		if v.Run.Traced {
			return "nobody"
		}
		return ""
	}
	return List(Names(packages), maxNamed)
}

// endpoints lists the addresses that the tests used under other names than
// those of the watched servers, or that are not watched.
func (v *View) endpoints() []doc.Block {
	is := func(s findings.Endpoint) Text {
		switch {
		case s.Server == s.Address && s.Server != "":
			return ""
		case s.Server != "":
			return code(s.Server) + ", watched"
		case s.Inside:
			return "an in-process server of the tests"
		case s.Problem == "":
			return "" // it began like one, and may be no Redis at all
		}
		return "not watched: " + say(s.Problem)
	}
	var others []findings.Endpoint
	for _, s := range v.Endpoints {
		if is(s) != "" {
			others = append(others, s)
		}
	}
	return doc.Rows(others, 20, file,
		doc.Column[findings.Endpoint]{Title: "The tests also used", Cell: func(s findings.Endpoint) Text {
			if s.TLS {
				return code(s.Address) + " over TLS"
			}
			return code(s.Address)
		}},
		doc.Column[findings.Endpoint]{Title: "Packages", Cell: func(s findings.Endpoint) Text { return List(Names(s.Packages), maxNamed) }, Optional: true},
		doc.Column[findings.Endpoint]{Title: "Which is", Cell: is})
}

// Unused says that a server which was named was never used while others were, or
// nothing.
func (v *View) Unused() Text {
	used := make(map[string]bool)
	var endpoints, idle []string
	for _, s := range v.Endpoints {
		if s.Inside || s.Server == "" && (s.Problem == "" || s.Foreign) {
			continue
		}
		used[s.Server] = true
		name := s.Server
		if name == "" {
			name = s.Address
		}
		endpoints = append(endpoints, name)
	}
	for _, s := range v.Servers {
		if !used[s.Address] {
			idle = append(idle, s.Address)
		}
	}
	if !v.Run.Traced || len(endpoints) == 0 || len(idle) == 0 {
		return ""
	}
	return "The tests used " + List(Names(Unique(endpoints)), maxNamed) + ", and never " + List(Names(idle), maxNamed) + ", which is watched."
}

// unobserved says what the findings do not cover. It is never empty: even a
// complete run sees only what it compares.
func (v *View) unobserved() []doc.Block {
	var items doc.List
	if !v.Run.Complete {
		items = append(items, "Everything after the run was cut short.")
	}
	for _, d := range v.doubts {
		items = append(items, d.full.Upper())
	}
	if !v.Run.Traced {
		items = append(items, "What was changed and restored between two snapshots.")
	}
	items = append(items, "Not compared: ACL users, scripts and data (only key counts are).")

	outcome := make(map[string]string)
	for _, pkg := range v.Packages {
		outcome[pkg.Path] = pkg.Outcome
	}
	blocks := append([]doc.Block{h2("What could not be observed"), items}, doc.Rows(v.Uninstrumented(), 0, file,
		doc.Column[string]{Title: "Not instrumented", Cell: code},
		doc.Column[string]{Title: "Outcome", Cell: func(path string) Text {
			if outcome[path] == "" {
				return "never ended"
			}
			return say(outcome[path])
		}})...)
	blocks = append(blocks, doc.Rows(v.Gaps, 0, file,
		doc.Column[findings.Gap]{Title: "Unreachable", Cell: func(s findings.Gap) Text { return code(s.Server) }},
		doc.Column[findings.Gap]{Title: "From", Cell: func(s findings.Gap) Text { return v.Clock(s.From) }},
		doc.Column[findings.Gap]{Title: "To", Cell: func(s findings.Gap) Text {
			if s.To.IsZero() {
				return "the end"
			}
			return v.Clock(s.To)
		}},
		doc.Column[findings.Gap]{Title: "Active tests", Cell: func(s findings.Gap) Text { return owners(s.Active, maxNamed) }, Optional: true},
		doc.Column[findings.Gap]{Title: "Reason", Cell: func(s findings.Gap) Text { return say(s.Reason) }})...)
	return append(blocks, doc.Rows(v.Notices, 0, file,
		doc.Column[findings.Notice]{Title: "Notice", Cell: func(n findings.Notice) Text { return say(n.Text) }},
		doc.Column[findings.Notice]{Title: "Package", Cell: func(n findings.Notice) Text {
			if n.Package == "" {
				return ""
			}
			return code(n.Package)
		}, Optional: true},
		doc.Column[findings.Notice]{Title: "Code", Cell: func(n findings.Notice) Text { return code(n.Code) }})...)
}

// Basis is what the verdict rests on, in one line.
func (v *View) Basis() Text {
	var servers []Text
	snapshots := 0
	for _, s := range v.Servers {
		servers = append(servers, code(s.Address)+" ("+say(strings.TrimSpace(s.Flavor+" "+s.Version))+")")
		snapshots += s.Snapshots
	}
	return List(servers, 3) + ": " + Count(snapshots, "snapshot") + ", " + Watching(v.Run.Mode, v.Run.Traced)
}

// ServerLines name what was watched, in short.
func (v *View) ServerLines() []Text {
	var all []Text
	for _, s := range v.Servers {
		all = append(all, code(s.Address)+", "+say(strings.TrimSpace(s.Flavor+" "+s.Version))+", "+Count(s.Parameters, "parameter")+", "+Count(s.Snapshots, "snapshot"))
	}
	return all
}
