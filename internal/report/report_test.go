package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/report"
	"tracetest/internal/report/claims"
	"tracetest/internal/report/page"
	"tracetest/internal/report/terminal"
	"tracetest/internal/triage/story"
	"tracetest/internal/triage/story/storytest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// recordings are fixtures that are runs of triage's corpus.
var recordings = map[string]string{
	"clean": "parents-cleanup", "clean_failures": "oom-without-a-change", "reverted": "victim-of-testmain", "died": "killed", "incomplete": "no-end",
	"ambiguous": "parallel-ambiguous", "package_owner": "package-init", "restored_later": "left-behind-and-restored", "unmet": "unmet", "outside": "untraced",
	"unreachable": "unreachable", "three_leaks": "harmless-leaks-first", "unbuilt": "build-failure", "secret": "secret",
	"gap_restart": "restart", "not_instrumented": "unsynchronized-and-restored-by-a-synchronized",
}

// fixtures are findings by name. Each is a recording, a story of testdata/stories.txtar, or the
// incident: what triage says of a run, so that no report is tested with what it never says.
// In testdata lie the reports that they must give.
func fixtures(t *testing.T) map[string]*findings.Findings {
	t.Helper()
	all := map[string]*findings.Findings{"incident": fixture(t, "incident")}
	for _, name := range slices.Concat(slices.Collect(maps.Keys(stories(t))), slices.Collect(maps.Keys(recordings))) {
		all[name] = fixture(t, name)
		switch name { // recorded without the trace, after which nothing is called clean
		case "clean", "clean_failures", "reverted", "unmet", "three_leaks", "unreachable", "unbuilt":
			all[name].Run.Traced = true
		}
	}
	return all
}

// fixture is one of them, as it was recorded.
func fixture(t testing.TB, name string) *findings.Findings {
	t.Helper()
	if name == "incident" {
		data, err := os.ReadFile("testdata/incident.jsonl")
		if err != nil {
			t.Fatal(err)
		}
		return storytest.Read(t, data)
	}
	if recording, ok := recordings[name]; ok {
		return storytest.Findings(t, recording)
	}
	text, ok := stories(t)[name]
	if !ok {
		t.Fatalf("no fixture %s", name)
	}
	record, err := story.Case{Name: name, Text: text}.JSONL()
	if err != nil {
		t.Fatal(err)
	}
	for word, text := range map[string]string{"HOSTILE": hostileText, "FENCED": "```\n# not a heading\n~~~\n| a | b |\n|---|---|\n" + hostileText, "localhost:6379": "redis|`x`.example:6379"} {
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		if name == "hostile" {
			record = bytes.ReplaceAll(record, []byte(word), bytes.Trim(quoted, `"`))
		}
	}
	return storytest.Read(t, record)
}

// hostileText would be something else than text in whatever it is written.
const hostileText = "a|b `c` ``d`` \\| \\ <script>alert(1)</script>\n# Forged\r\n## Leaks\n\x1b[31mred\x1b[0m\a [x](javascript:alert(1)) ![i](http://e/i.png) @octocat #12 | --- |" +
	"\u202egnp\u2028x https://e.example www.e.example"

func stories(t testing.TB) map[string]string {
	t.Helper()
	a, err := txtar.ParseFile("testdata/stories.txtar")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, f := range a.Files {
		all[f.Name] = string(f.Data)
	}
	return all
}

func markdown(t *testing.T, f *findings.Findings) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.Markdown(&b, f); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func onTerminal(t *testing.T, f *findings.Findings, o terminal.Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := terminal.Run(&b, f, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (write it with -update)", err)
	}
	if got != string(want) {
		t.Errorf("%s differs, see -update\ngot:\n%s", file, got)
	}
}

func TestGolden(t *testing.T) {
	for name, f := range fixtures(t) {
		t.Run(name, func(t *testing.T) {
			golden(t, "testdata/"+name+".md", markdown(t, f))
			golden(t, "testdata/"+name+".txt", onTerminal(t, f, terminal.Options{ReportPath: "tracetest-out/report.md"}))
		})
	}
	var text bytes.Buffer
	if err := page.HTML(&text, fixture(t, "incident")); err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/incident.html", text.String())
}

// A narrow terminal gets whole values on lines of their own.
func TestNarrow(t *testing.T) {
	text := onTerminal(t, fixture(t, "exact"), terminal.Options{Width: 40})
	for _, want := range []string{
		"            maxmemory-policy\n              noeviction -> allkeys-lru\n",
		"            maxmemory\n              2147483648 (2 GiB) ->\n              1048576 (1 MiB)\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// A reader of findings.json gets back what triage found.
func TestJSON(t *testing.T) {
	for name, f := range fixtures(t) {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := report.JSON(&b, f); err != nil {
				t.Fatal(err)
			}
			text := b.String()
			if !strings.HasPrefix(text, "{\n  \"schema\": \"tracetest.findings/1\",\n") || !strings.HasSuffix(text, "\n}\n") {
				t.Errorf("not indented, or no final newline: %.60q", text)
			}
			var whole bytes.Buffer
			enc := json.NewEncoder(&whole)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", "  ")
			before, rest, _ := strings.Cut(text, "  \"headline\": ")
			verdict, after, _ := strings.Cut(rest, ",\n")
			var headline string
			if err := json.Unmarshal([]byte(verdict), &headline); err != nil || headline != claims.New(f).Headline().Plain(240) {
				t.Errorf("the headline is %s", verdict)
			}
			if err := enc.Encode(f); err != nil || whole.String() != before+after {
				t.Errorf("written piece by piece it is not what it is as a whole (%v)", err)
			}
			again := new(findings.Findings)
			if err := json.Unmarshal(b.Bytes(), again); err != nil {
				t.Fatal(err)
			}
			kept := *f
			kept.Cases, kept.Timelines = nil, nil
			kept.Failures = slices.Clone(f.Failures)
			kept.Servers = slices.Clone(f.Servers)
			for i := range kept.Servers {
				kept.Servers[i].Config = nil
			}
			for i := range kept.Failures {
				kept.Failures[i].Output = ""
			}
			if !reflect.DeepEqual(&kept, again) {
				t.Error("what was written is not what was found")
			}
		})
	}
	var b bytes.Buffer
	if err := report.JSON(&b, fixture(t, "hostile")); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "<script>") {
		t.Error("HTML is escaped in JSON")
	}
}

// Rendering is a pure function: neither order nor repetition shows, and the
// findings stay as they were.
func TestRenderersChangeNothing(t *testing.T) {
	render := []func(io.Writer, *findings.Findings) error{
		page.HTML,
		report.Markdown,
		report.JSON,
		func(w io.Writer, f *findings.Findings) error {
			return terminal.Run(w, f, terminal.Options{Width: 100, Color: true})
		},
	}
	for _, ending := range slices.Sorted(maps.Keys(formats())) {
		render = append(render, formats()[ending])
	}
	up := make([]int, len(render))
	for i := range up {
		up[i] = i
	}
	down := slices.Clone(up)
	slices.Reverse(down)
	for name := range fixtures(t) {
		t.Run(name, func(t *testing.T) {
			f, before := fixture(t, name), fixture(t, name)
			first := make([]string, len(render))
			for _, order := range [][]int{up, down} {
				for _, i := range order {
					var b bytes.Buffer
					if err := render[i](&b, f); err != nil {
						t.Fatal(err)
					}
					if first[i] == "" {
						first[i] = b.String()
					} else if first[i] != b.String() {
						t.Errorf("renderer %d wrote something else the second time", i)
					}
				}
			}
			if !reflect.DeepEqual(before, f) {
				t.Error("a renderer changed the findings")
			}
		})
	}
}

// Only a run that was watched from end to end may be called clean, and only
// what is certain may accuse.
func TestVerdicts(t *testing.T) {
	for name, f := range fixtures(t) {
		t.Run(name, func(t *testing.T) {
			md := markdown(t, f)
			headline := claims.New(f).Headline().Plain(400)
			if first, _, _ := strings.Cut(onTerminal(t, f, terminal.Options{Width: 2000}), "\n"); !strings.HasSuffix(first, headline) {
				t.Errorf("the terminal says %q, not %q", first, headline)
			}
			if got, want := strings.HasPrefix(headline, "clean"), name == "clean"; got != want {
				t.Errorf("called clean: %v, want %v: %s", got, want, headline)
			}
			if got, want := strings.Contains(headline, "no configuration leaked"),
				slices.Contains([]string{"clean", "clean_failures", "reverted", "unmet", "drift", "unreachable", "unbuilt"}, name); got != want {
				t.Errorf("said to have leaked nothing: %v, want %v: %s", got, want, headline)
			}
			if !f.Run.Complete && !strings.HasPrefix(headline, "incomplete run: ") {
				t.Errorf("incomplete, but begins with %q", headline)
			}
			for _, part := range []string{"**Who.** ", "**What it broke.** ", "**Fix.** "} {
				if strings.Count(md, "\n"+part) != 1 {
					t.Errorf("not once: %q", part)
				}
			}
			if strings.Contains(md, "caused") {
				t.Error("nothing but a proof may speak of a cause")
			}
		})
	}
	md := markdown(t, fixture(t, "ambiguous"))
	for _, name := range []string{"TestX", "TestY"} {
		if strings.Contains(md, "`"+name+"` left") || strings.Contains(md, " by `"+name+"`") || strings.Contains(md, "By: `"+name) {
			t.Errorf("the suspect %s is accused", name)
		}
	}
}

// Where no test ran, that none failed says nothing.
func TestHeadlineWithoutTests(t *testing.T) {
	f := fixture(t, "clean")
	f.Tests, f.Cases = findings.Tests{}, &findings.Cases{}
	if got := claims.New(f).Headline().Plain(400); !strings.HasPrefix(got, "no leak was seen, but no test ran") || strings.Contains(got, "failures") {
		t.Errorf("got %q", got)
	}
}

// A package that is not there is no code that does not compile.
func TestHeadlineOfAMissingPackage(t *testing.T) {
	f := fixture(t, "unbuilt")
	for i := range f.Failures {
		f.Failures[i].Package, f.Failures[i].Message = "./nosuch", "stat nosuch: directory not found\nFAIL\t./nosuch [setup failed]"
	}
	if got := claims.New(f).Headline().Plain(400); !strings.Contains(got, "./nosuch could not be loaded by the go command") {
		t.Errorf("got %q", got)
	}
}

// A secret that slipped into the findings must not come out of them.
func TestSecretsAreNotWritten(t *testing.T) {
	f := fixture(t, "secret")
	f.Leaks[0].To, f.Leaks[0].Initial = "hunter2", "hunter2"
	f.Changed[0].Value, f.Changed[0].Initial = "hunter2", "hunter2"
	if text := markdown(t, f) + onTerminal(t, f, terminal.Options{}); strings.Contains(text, "hunter2") {
		t.Error("the secret is in the report")
	}
}

// Indexes that point nowhere are no reason to fail: the record may be damaged.
func TestDamagedFindings(t *testing.T) {
	bad := 7
	f := &findings.Findings{
		Failures: []findings.Failure{{Cause: findings.CauseOOM, Leak: &bad, Reverted: &bad}},
		Leaks:    []findings.Change{{}, {Certainty: findings.Exact}},
	}
	if !strings.HasPrefix(markdown(t, f), "# Redis triage: incomplete run: ") {
		t.Error("findings without a run read as complete")
	}
	onTerminal(t, f, terminal.Options{})
	for _, err := range []error{
		report.Markdown(io.Discard, nil),
		report.JSON(io.Discard, nil),
		terminal.Run(io.Discard, nil, terminal.Options{}),
	} {
		if err == nil {
			t.Error("no error for no findings")
		}
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

var errFull = errors.New("disk full")

func TestWriteErrors(t *testing.T) {
	f := fixture(t, "clean")
	for _, err := range []error{
		report.Markdown(fullDisk{}, f),
		report.JSON(fullDisk{}, f),
		terminal.Run(fullDisk{}, f, terminal.Options{}),
	} {
		if !errors.Is(err, errFull) {
			t.Errorf("got %v, want the error of the writer", err)
		}
	}
}

// many is a run in which everything went wrong at once.
func many() *findings.Findings {
	started := time.Date(2025, 10, 29, 12, 0, 0, 0, time.UTC)
	f := &findings.Findings{Run: findings.Run{Started: started, Mode: record.ModeInstrumented, Complete: true, GoExit: 1}}
	f.Tests = findings.Tests{Total: 3000, Failed: 3000}
	f.Servers = []findings.Server{{Address: "localhost:6379", Parameters: 300, Snapshots: 6001}}
	for i := range 300 {
		f.Leaks = append(f.Leaks, findings.Change{
			Server: "localhost:6379", Parameter: fmt.Sprintf("p%d-max-bytes", i%60),
			From: "1024", To: fmt.Sprint(i), Initial: "1024", Certainty: findings.Inferred, Together: i + 1,
			By: &record.Name{Package: "example.com/p", Test: fmt.Sprintf("TestN%03d", i)},
			At: started.Add(time.Duration(i) * time.Second),
		})
	}
	for i := range 3000 {
		failure := findings.Failure{
			Package: "example.com/p", Test: fmt.Sprintf("TestV%04d", i), Cause: findings.CauseOther,
			Certainty: "correlated", Message: "boom", Status: "fail",
		}
		if i%3 != 0 {
			leak := i % 300
			failure.Cause, failure.Leak, failure.OOMErrors = findings.CauseOOM, &leak, 1
		}
		f.Failures = append(f.Failures, failure)
	}
	return f
}

func TestManyFindingsStayReadable(t *testing.T) {
	f := many()
	md := markdown(t, f)
	if n := strings.Count(md, "\n"); n > 1240 {
		t.Errorf("%d lines", n)
	}
	if n := strings.Count(md, " more in `findings.json`.\n"); n != 3 {
		t.Errorf("%d tables say that they were cut, want those of leaks, victims and others", n)
	}
	checkMarkdown(t, md)
	checkScreen(t, onTerminal(t, f, terminal.Options{}), 80)
}
