package report_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/report/ci"
	"tracetest/internal/triage"
	"tracetest/internal/triage/story"
	"tracetest/internal/triage/story/storytest"
)

type render func(io.Writer, *findings.Findings) error

// formats are those that programs read, by the ending of their golden files.
func formats() map[string]render {
	return map[string]render{
		"junit.xml":         func(w io.Writer, f *findings.Findings) error { return ci.JUnit(w, f, ci.JUnitOptions{}) },
		"sarif":             ci.SARIF,
		"code-quality.json": ci.CodeQuality,
		"annotations.out":   ci.Annotations,
	}
}

func rendered(t *testing.T, do render, f *findings.Findings) string {
	t.Helper()
	var b bytes.Buffer
	if err := do(&b, f); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Golden files of each format for the incident, and for what accuses nobody.
func TestFormatsGolden(t *testing.T) {
	for _, name := range []string{"incident", "ambiguous", "package_owner", "unmet"} {
		f := fixture(t, name)
		for ending, do := range formats() {
			text := rendered(t, do, f)
			golden(t, "testdata/ci/"+name+"."+ending, text)
			checkFormat(t, ending, text)
		}
	}
}

func TestFormatsOfAllFixtures(t *testing.T) {
	for name, f := range fixtures(t) {
		t.Run(name, func(t *testing.T) {
			for ending, do := range formats() {
				text := rendered(t, do, f)
				checkFormat(t, ending, text)
				if strings.Contains(text, "caused") {
					t.Errorf("%s: nothing but a proof may speak of a cause", ending)
				}
			}
		})
	}
}

func checkFormat(t *testing.T, ending, text string) {
	t.Helper()
	switch ending {
	case "junit.xml":
		checkJUnit(t, text)
	case "sarif":
		checkSARIF(t, text)
	case "code-quality.json":
		checkCodeQuality(t, text)
	case "annotations.out":
		checkAnnotations(t, text)
	}
}

// allowed is junit-10.xsd of Jenkins' xunit plugin as far as tracetest writes it:
// for each element the attributes it may have (those with ! it must) and the
// elements within. A suite's time is held to its pattern.
var allowed = map[string]struct{ attributes, elements []string }{
	"":           {nil, []string{"testsuites"}},
	"testsuites": {[]string{"name", "time", "tests", "failures", "errors"}, []string{"testsuite"}},
	"testsuite": {[]string{"name!", "tests!", "failures!", "errors!", "group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"},
		[]string{"testsuite", "properties", "testcase", "system-out", "system-err"}},
	"properties": {nil, []string{"property"}},
	"property":   {[]string{"name!", "value!"}, nil},
	"testcase":   {[]string{"name!", "time", "classname", "group"}, []string{"skipped", "error", "failure", "system-out", "system-err"}},
	"failure":    {[]string{"type", "message"}, nil},
	"error":      {[]string{"type", "message"}, nil},
	"skipped":    {[]string{"type", "message"}, nil},
	"system-out": {nil, nil},
}

var suiteTime = regexp.MustCompile(`^\d+(\.\d{0,3})?$`)

// checkJUnit holds junit.xml to the schema, and its counts to what is in it.
func checkJUnit(t *testing.T, text string) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Error("not valid UTF-8")
	}
	dec := xml.NewDecoder(strings.NewReader(text))
	dec.Strict = true
	path := []string{""}
	want, got := map[string]int{}, map[string]int{}
	for {
		token, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("not XML: %v\n%.2000s", err, text)
		}
		switch token := token.(type) {
		case xml.StartElement:
			name := token.Name.Local
			if !slices.Contains(allowed[path[len(path)-1]].elements, name) {
				t.Errorf("<%s> in <%s>", name, path[len(path)-1])
			}
			has := map[string]string{}
			for _, a := range token.Attr {
				has[a.Name.Local] = a.Value
				if !slices.Contains(allowed[name].attributes, a.Name.Local) && !slices.Contains(allowed[name].attributes, a.Name.Local+"!") {
					t.Errorf("<%s %s>", name, a.Name.Local)
				}
			}
			for _, a := range allowed[name].attributes {
				if must, ok := strings.CutSuffix(a, "!"); ok {
					if _, ok := has[must]; !ok {
						t.Errorf("<%s> without %s", name, must)
					}
				}
			}
			if strings.HasPrefix(name, "testsuite") && !suiteTime.MatchString(has["time"]) {
				t.Errorf("<%s time=%q>", name, has["time"])
			}
			got[name]++
			if name == "testsuite" {
				for _, a := range []string{"tests", "failures", "errors", "skipped"} {
					var n int
					fmt.Sscan(has[a], &n)
					want[a] += n
				}
			}
			path = append(path, name)
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.CharData:
			if in := path[len(path)-1]; allowed[in].elements != nil && strings.TrimSpace(string(token)) != "" {
				t.Errorf("text in <%s>: %q", in, token)
			}
		}
	}
	if got["testcase"] != want["tests"] || got["failure"] != want["failures"] || got["error"] != want["errors"] || got["skipped"] != want["skipped"] {
		t.Errorf("the suites say %v, and there are %v", want, got)
	}
}

// checkSARIF holds tracetest.sarif to what the schema and GitHub demand of what
// tracetest writes: no field that is unknown, every result with a rule, a text,
// a place within the repository, and a fingerprint of its own.
func checkSARIF(t *testing.T, text string) {
	t.Helper()
	type message struct{ Text string }
	type location struct {
		ID               *int
		Message          *message
		PhysicalLocation struct {
			ArtifactLocation struct{ URI, URIBaseID string }
			Region           struct{ StartLine int }
		}
	}
	var log struct {
		Schema  string `json:"$schema"`
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct {
					Name  string
					Rules []struct {
						ID, Name                          string
						ShortDescription, FullDescription message
						Help                              struct{ Text, Markdown string }
						Properties                        map[string]any
					}
				}
			}
			Invocations []struct {
				ExecutionSuccessful        *bool
				ExitCode                   int
				StartTimeUTC, EndTimeUTC   string
				ToolExecutionNotifications []struct {
					Level   string
					Message message
				}
			}
			OriginalURIBaseIDs map[string]struct{ Description message }
			ColumnKind         string
			Results            []struct {
				RuleID                      string
				RuleIndex                   int
				Level                       string
				Message                     message
				Locations, RelatedLocations []location
				PartialFingerprints         map[string]string
			}
		}
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&log); err != nil {
		t.Fatalf("%v\n%.2000s", err, text)
	}
	if log.Version != "2.1.0" || len(log.Runs) != 1 {
		t.Fatalf("version %q, %d runs", log.Version, len(log.Runs))
	}
	run := log.Runs[0]
	if run.Results == nil || run.Invocations[0].ExecutionSuccessful == nil {
		t.Error("no results, or it is not said whether the run went well")
	}
	if _, ok := run.OriginalURIBaseIDs["%SRCROOT%"]; !ok {
		t.Error("the base of the paths is not declared")
	}
	uri := regexp.MustCompile(`^([A-Za-z0-9._~-]|%[0-9A-F]{2})+(/([A-Za-z0-9._~-]|%[0-9A-F]{2})+)*$`)
	prints := map[string]bool{}
	for _, r := range run.Results {
		if r.RuleIndex >= len(run.Tool.Driver.Rules) || run.Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID {
			t.Errorf("the rule %q is not the %d.", r.RuleID, r.RuleIndex)
		}
		if r.Message.Text == "" || len(r.Locations) != 1 || !slices.Contains([]string{"error", "warning"}, r.Level) {
			t.Errorf("a result of level %q with %d locations: %q", r.Level, len(r.Locations), r.Message.Text)
		}
		print := r.PartialFingerprints["tracetest/v1"]
		if print == "" || prints[print] {
			t.Errorf("the fingerprint %q is empty or not unique", print)
		}
		prints[print] = true
		for _, l := range append(r.Locations, r.RelatedLocations...) {
			at := l.PhysicalLocation
			if !uri.MatchString(at.ArtifactLocation.URI) || at.ArtifactLocation.URIBaseID != "%SRCROOT%" || at.Region.StartLine < 1 {
				t.Errorf("a location %+v", at)
			}
		}
	}
}

func checkCodeQuality(t *testing.T, text string) {
	t.Helper()
	var issues []struct {
		Description string `json:"description"`
		CheckName   string `json:"check_name"`
		Fingerprint string `json:"fingerprint"`
		Severity    string `json:"severity"`
		Location    struct {
			Path  string `json:"path"`
			Lines struct {
				Begin int `json:"begin"`
			} `json:"lines"`
		} `json:"location"`
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&issues); err != nil || issues == nil {
		t.Fatalf("%v\n%.2000s", err, text)
	}
	prints := map[string]bool{}
	for _, i := range issues {
		if i.Description == "" || i.CheckName == "" || i.Fingerprint == "" || prints[i.Fingerprint] || i.Location.Path == "" || i.Location.Path[0] == '/' ||
			strings.HasPrefix(i.Location.Path, "./") || strings.HasPrefix(i.Location.Path, "../") || i.Location.Lines.Begin < 1 || !slices.Contains([]string{"info", "minor", "major", "critical", "blocker"}, i.Severity) {
			t.Errorf("an issue %+v", i)
		}
		prints[i.Fingerprint] = true
	}
}

// annotation is what a line of the annotations may be: one command, with no
// property that is not ours and no character that ends one.
var annotation = regexp.MustCompile(`^::(error|warning) (file=[^:,\r\n]+,line=\d+,)?title=Redis left changed%3A [^:,\r\n]+::[^\r\n]*$|^::notice title=tracetest::\d+ further leaks? in report\.md\.$`)

func checkAnnotations(t *testing.T, text string) {
	t.Helper()
	levels := map[string]int{}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if !annotation.MatchString(line) || strings.ContainsAny(line, "\r\n") {
			t.Errorf("not an annotation of ours: %q", line)
		}
		level, _, _ := strings.Cut(strings.TrimPrefix(line, "::"), " ")
		if levels[level]++; levels[level] > 10 {
			t.Errorf("more than GitHub shows: %d of %s", levels[level], level)
		}
	}
}

// Who is not accused must not be marked.
func TestFormatsAccuseNobody(t *testing.T) {
	f := fixture(t, "ambiguous")
	suspects := map[string]bool{}
	for _, c := range f.Leaks {
		for _, s := range c.Suspects {
			suspects[s.Test] = true
		}
	}
	if len(suspects) == 0 {
		t.Fatal("no suspects")
	}
	for name := range suspects {
		f.Cases = cases(f.Cases, findings.Case{Name: record.Name{Package: "p", Test: name}, Status: "pass"})
	}
	text := rendered(t, formats()["junit.xml"], f)
	for name := range suspects {
		if !strings.Contains(text, `<testcase name="`+name+`" classname="p" time="0.000000"/>`) {
			t.Errorf("the suspect %s did not just pass:\n%s", name, text)
		}
	}
	if !strings.Contains(text, `<testsuite name="tracetest" `) {
		t.Errorf("the leak is nowhere:\n%s", text)
	}
	if text := rendered(t, ci.Annotations, f); strings.Contains(text, "::error") {
		t.Errorf("an error for a leak that is ambiguous: %s", text)
	}
	f = fixture(t, "incident")
	for i := range f.Leaks {
		f.Leaks[i].Untraced, f.Leaks[i].Certainty = true, findings.Inferred
	}
	text = rendered(t, formats()["junit.xml"], f)
	if want := `<testcase name="` + f.Leaks[0].By.Spec + `" classname="` + f.Leaks[0].By.Package + `" time="`; !regexp.MustCompile(regexp.QuoteMeta(want) + `[\d.]+"/>`).MatchString(text) {
		t.Error("a test is marked for what a hand that was not seen did while it ran")
	}
}

func cases(to *findings.Cases, all ...findings.Case) *findings.Cases {
	if to == nil {
		to = new(findings.Cases)
	}
	for _, c := range all {
		to.Add(c)
	}
	return to
}

// A leak is the failure of the test that leaks, of the run of it that did.
func TestJUnitLeaks(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	run := func(n int, status string) findings.Case {
		return findings.Case{Name: record.Name{Package: "p", Test: "TestLeaks"}, Status: status, Begin: at.Add(time.Duration(n) * time.Second), End: at.Add(time.Duration(n)*time.Second + time.Second/2)}
	}
	leak := findings.Change{Server: "localhost:1", Parameter: "maxmemory", From: "0", To: "1024", By: &record.Name{Package: "p", Test: "TestLeaks"}, Certainty: findings.Exact, At: at.Add(1200 * time.Millisecond)}
	f := &findings.Findings{
		Run:   findings.Run{Complete: true, Exit: triage.ExitLeaked, Started: at, Finished: at.Add(time.Minute)},
		Leaks: []findings.Change{leak},
		Cases: cases(nil, run(0, "pass"), run(1, "pass"), run(2, "skip")),
	}
	marked := func(o ci.JUnitOptions) string {
		var marks []string
		text := rendered(t, func(w io.Writer, f *findings.Findings) error { return ci.JUnit(w, f, o) }, f)
		checkJUnit(t, text)
		for _, c := range regexp.MustCompile(`<testcase name="TestLeaks"[^>]*>\s*(<(failure|error|skipped))?`).FindAllStringSubmatch(text, -1) {
			marks = append(marks, c[2])
		}
		return strings.Join(marks, ",")
	}
	for _, c := range []struct{ leaks, want string }{
		{"", ",failure,skipped"}, {"failure", ",failure,skipped"}, {"error", ",error,skipped"}, {"none", ",,skipped"},
	} {
		if got := marked(ci.JUnitOptions{Leaks: c.leaks}); got != c.want {
			t.Errorf("--junit-leaks=%s: got %s, want %s", c.leaks, got, c.want)
		}
	}
	f.Run.Exit = triage.ExitClean
	if got := marked(ci.JUnitOptions{}); got != ",,skipped" {
		t.Errorf("the run did not fail, but got %s", got)
	}
	// Of a test that failed itself there is one failure, and it tells both.
	f.Run.Exit = triage.ExitFailed
	f.Cases = cases(nil, run(1, "fail"))
	f.Failures = []findings.Failure{{Package: "p", Test: "TestLeaks", Status: "fail", Cause: findings.CauseOther, Certainty: "correlated", Message: "boom", Output: "a\n\x00\x1b[31m]]>\xffb\n[[ATTACHMENT|/x]]"}}
	text := rendered(t, formats()["junit.xml"], f)
	checkJUnit(t, text)
	if strings.Count(text, "<failure ") != 1 || !strings.Contains(text, "boom") || !strings.Contains(text, "maxmemory changed from 0 (no limit) to 1024") ||
		!strings.Contains(text, "<system-out>a\n]]&gt;\ufffdb\n[[ ATTACHMENT|/x]]</system-out>") {
		t.Errorf("got\n%s", text)
	}
}

// What failed without being a test is a testcase all the same.
func TestJUnitStray(t *testing.T) {
	f := &findings.Findings{Run: findings.Run{Exit: 1, GoExit: 1}}
	f.Failures = []findings.Failure{
		{Package: "a", Status: "build", Message: "undefined: x", Cause: findings.CauseOther},
		{Package: "b", Test: "TestSuite", Spec: "[BeforeSuite]", Status: "fail", Message: "no server", Cause: findings.CauseOther},
		{Package: "b", Status: "died", Cause: findings.CauseOther},
	}
	f.Leaks = []findings.Change{
		{Parameter: "hz", By: &record.Name{Package: "b", Test: "TestSuite", Spec: "[BeforeSuite]"}, Certainty: findings.Exact},
		{Parameter: "hz", By: &record.Name{Package: "c"}, Certainty: findings.Inferred},
	}
	text := rendered(t, formats()["junit.xml"], f)
	checkJUnit(t, text)
	for _, want := range []string{
		`<testcase name="[build]" classname="a"`, `<testcase name="[BeforeSuite]" classname="b"`, `<testcase name="[outside its tests]" classname="b"`,
		`<testcase name="[outside its tests]" classname="c"`, `<testcase name="the run" classname="tracetest"`,
	} {
		if strings.Count(text, want) != 1 {
			t.Errorf("not once: %s in\n%s", want, text)
		}
	}
}

// Packages that ran beside each other come each as one suite, also where they do
// not fit into memory together.
func TestJUnitInterleaved(t *testing.T) {
	f := &findings.Findings{Run: findings.Run{Complete: true}}
	for i := range 3000 {
		f.Cases = cases(f.Cases, findings.Case{Name: record.Name{Package: fmt.Sprintf("p%d", i%3), Test: fmt.Sprintf("Test%04d", i) + strings.Repeat("x", 12000*(i%3))}, Status: "pass"})
	}
	text := rendered(t, formats()["junit.xml"], f)
	checkJUnit(t, text)
	if n := strings.Count(text, `tests="1000"`); n != 3 {
		t.Errorf("%d suites of 1000 tests", n)
	}
	for i, suite := range strings.Split(text, "</testsuite>")[:3] {
		if n := strings.Count(suite, fmt.Sprintf(`classname="p%d"`, i)); n != 1000 {
			t.Errorf("suite %d has %d of its tests", i, n)
		}
	}
}

func TestFormatsErrors(t *testing.T) {
	f := fixture(t, "incident")
	for ending, do := range formats() {
		if err := do(io.Discard, nil); err == nil {
			t.Errorf("%s: no error for no findings", ending)
		}
		if err := do(fullDisk{}, f); !errors.Is(err, errFull) {
			t.Errorf("%s: got %v, want the error of the writer", ending, err)
		}
	}
}

// Secrets that slipped into the findings do not come out here either.
func TestFormatsHideSecrets(t *testing.T) {
	f := fixture(t, "secret")
	f.Leaks[0].To, f.Leaks[0].Initial, f.Leaks[0].From = "hunter2", "hunter2", "hunter3"
	for ending, do := range formats() {
		if text := rendered(t, do, f); strings.Contains(text, "hunter") {
			t.Errorf("%s: the secret is in it", ending)
		}
	}
}

// A step summary has a limit, and what is cut leaves nothing open.
func TestStepSummary(t *testing.T) {
	whole := markdown(t, fixture(t, "incident"))
	if got := ci.StepSummary([]byte(whole), len(whole)); string(got) != whole {
		t.Error("it was cut although there is room")
	}
	cuts := map[int]bool{}
	for room := 0; room < len(whole); room += 97 {
		got := string(ci.StepSummary([]byte(whole), room))
		if len(got) > room {
			t.Fatalf("%d bytes where there is room for %d", len(got), room)
		}
		cuts[len(got)] = true
		if got == "" {
			continue
		}
		if !strings.HasSuffix(got, "*This is cut here, because a step summary has room for 1 MiB. The whole is in `report.md`.*\n") {
			t.Fatalf("it does not say that it was cut: %q", got[len(got)-100:])
		}
		if strings.Count(got, "<details>") != strings.Count(got, "</details>") {
			t.Error("a fold is open")
		}
		checkMarkdown(t, strings.ReplaceAll(got, "*This", "This"))
	}
	if len(cuts) < 5 {
		t.Errorf("cut at %d places only", len(cuts))
	}
	// A line of a fence is no heading.
	if got := ci.StepSummary([]byte("# a\n\n```\n## b\n```\n"+strings.Repeat("x", 1000)), 500); got != nil {
		t.Errorf("cut within a fence: %q", got)
	}
}

// FuzzHostileFormats puts hostile text wherever the incident has text.
func FuzzHostileFormats(f *testing.F) {
	for _, seed := range []string{
		"", "]]>", "<!-- ", "&#0;", "\x00\x01\x1b[31m", "\xff\xfe", "\ufffe\uffff", "::error::x", "\n::add-mask::x\n", "\r::stop-commands::x", "%0A::debug::x", "a:b,c",
		"##[group]", "../../etc/passwd", "/src/a b%\n.go", "\"'<>&", "\u2028", "]]]]><![CDATA[>", "日本語", strings.Repeat("x", 5000),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<12 {
			return // tables pad every cell to the longest
		}
		found := fixture(t, "hostile")
		found.Run.Source = &record.Source{}
		found.Cases = cases(nil,
			findings.Case{Name: record.Name{Package: text, Test: text}, Status: "pass"},
			findings.Case{Name: record.Name{Package: text, Test: text, Spec: text}, Status: "fail", Location: text},
			findings.Case{Name: record.Name{Package: "p", Test: text}, Status: text})
		found.Timelines = []findings.Timeline{{Values: []findings.Values{{Steps: []findings.Step{{At: found.Run.Started}, {At: found.Run.Started.Add(time.Second)}, {At: found.Run.Finished}}}}}}
		poison(reflect.ValueOf(found).Elem(), text)
		for i := range found.Failures {
			found.Failures[i].Output = text
		}
		found.Run.Source = &record.Source{Root: "/src", URL: "https://github.com/example/shop/blob/6f1ed002ab5595859014ebf0951522d9d6f2a3c1/"}
		for i := range found.Leaks {
			if found.Leaks[i].Call != nil {
				found.Leaks[i].Call.File = "/src/" + text
			}
			found.Leaks[i].Location = "/src/" + text + ":7"
		}
		found.Leaks[0].Certainty = findings.Inferred
		for ending, do := range formats() {
			checkFormat(t, ending, rendered(t, do, found))
		}
		md := markdown(t, found)
		checkMarkdown(t, md)
		if !strings.Contains(md, "%%\ngantt\n") {
			t.Error("no chart")
		}
	})
}

// Every recorded run of triage: each test and each failure is there once, and
// what marks a test as leaking is a leak that is put down to it.
func TestFormatsOfRecordedRuns(t *testing.T) {
	cases, err := story.Cases()
	if err != nil || len(cases) < 100 {
		t.Fatalf("%d records, %v", len(cases), err)
	}
	type parsed struct {
		Suites []struct {
			Name  string `xml:"name,attr"`
			Cases []struct {
				Name    string `xml:"name,attr"`
				Class   string `xml:"classname,attr"`
				Failure *struct {
					Type string `xml:"type,attr"`
				} `xml:"failure"`
				Error   *struct{} `xml:"error"`
				Skipped *struct{} `xml:"skipped"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	for _, c := range cases {
		file, f := c.Name, storytest.Of(t, c)
		for ending, do := range formats() {
			checkFormat(t, ending, rendered(t, do, f))
		}
		mine := map[string]bool{} // who is accused
		for _, c := range f.Leaks {
			if c.By != nil && !c.Untraced && c.Known == nil {
				mine[c.By.Package+" "+cmp.Or(c.By.Spec, c.By.Test, "[outside its tests]")] = true
			}
		}
		for _, leaks := range []string{"failure", "none"} {
			text := rendered(t, func(w io.Writer, f *findings.Findings) error {
				return ci.JUnit(w, f, ci.JUnitOptions{Leaks: leaks})
			}, f)
			var doc parsed
			if err := xml.Unmarshal([]byte(text), &doc); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			tests, bad, leaking := 0, 0, map[string]bool{}
			for _, s := range doc.Suites {
				for _, c := range s.Cases {
					if s.Name == "tracetest" {
						continue
					}
					tests++
					leak := c.Failure != nil && c.Failure.Type == "leak"
					if leak {
						leaking[c.Class+" "+c.Name] = true
						if name := c.Class + " " + c.Name; !mine[name] {
							t.Errorf("%s: %s is marked for a leak that is not its own", file, name)
						}
					}
					if (c.Failure != nil || c.Error != nil) && !leak {
						bad++
					}
				}
			}
			if tests < f.Cases.Len() {
				t.Errorf("%s: %d testcases of %d", file, tests, f.Cases.Len())
			}
			if bad < len(f.Failures) {
				t.Errorf("%s: %d failed or broke, and there are %d failures", file, bad, len(f.Failures))
			}
			if leaks == "none" && len(leaking) > 0 {
				t.Errorf("%s: marked with --junit-leaks=none: %v", file, leaking)
			}
			if leaks == "failure" && f.Run.Exit == triage.ExitLeaked && len(leaking) != len(mine) {
				t.Errorf("%s: %d marked of %d that leaked: %v, %v", file, len(leaking), len(mine), leaking, mine)
			}
		}
	}
}
