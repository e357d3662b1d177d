package report_test

import (
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/report/doc"
	"tracetest/internal/report/terminal"
)

// headings are all that a report may have. Names show up in headings only
// inside code, which the check blanks out.
var headings = regexp.MustCompile(`^(# Redis triage: [a-zA-Z0-9 :,;()/.…-]+` +
	`|## (When it happened|Leaks|Impact|Alternative explanations|Failures|Reverted changes|Before the first test|Failovers|Drift before the run|Commands that change a server|Left changed, and restored|Expectations not met at the start` +
	`|Restarts|Growth|Known leaks|What was watched and how|What could not be observed)` +
	`|# Redis triage of a change: [a-z0-9 ,;]+` +
	`|# Redis triage of \d+ runs?: [a-zA-Z0-9 ,]+|## (Tests|Runs that are not clean|Servers|Inputs that are not counted)` +
	`|### (Leak \d+: .*|Further leaks|Correlated with leak \d+ \(.*\): \d+|Correlated with reverted change \d+ \(.*\): \d+` +
	`|Correlated with further changes: \d+|Not correlated with a change: \d+|Did not build: \d+|Could not connect to [^:]*: \d+|Passed despite OOM errors: \d+|[A-Za-z ]+ (that no observed change explains|under what was set before the first test|that no change of another test explains|under a change of (its|their) own): \d+))$`)

// checkMarkdown holds a report to its structure: valid text, tables with one
// number of columns, no heading, list, HTML or link that is not ours.
func checkMarkdown(t *testing.T, md string) {
	t.Helper()
	checkText(t, md)
	fence, columns, chart := "", 0, false
	for line := range strings.Lines(md) {
		line = strings.TrimSuffix(line, "\n")
		if fence != "" {
			if line == fence {
				fence, chart = "", false
			} else if chart && (!chartLine.MatchString(line) || strings.Contains(line, "$$")) {
				t.Errorf("a chart with %q", line)
			} else if rest := strings.TrimLeft(line, "`"); strings.TrimSpace(rest) == "" && len(line)-len(rest) >= len(fence) {
				t.Errorf("a line closes a fence of %d with %q", len(fence), line)
			}
			continue
		}
		if n := ticks(line); n >= 3 && !strings.Contains(line[n:], "`") {
			fence, columns, chart = line[:n], 0, line[n:] == "mermaid"
			continue
		}
		if !strings.HasPrefix(line, "|") {
			columns = 0
		} else {
			n := pipes(line)
			if columns != 0 && n != columns {
				t.Errorf("a row of %d pipes in a table of %d: %q", n, columns, line)
			}
			columns = n
		}
		if strings.HasPrefix(line, "#") && !headings.MatchString(line) && !headings.MatchString(strings.ReplaceAll(links.ReplaceAllString(withoutCode(t, line), ""), "[]", "")) {
			t.Errorf("not a heading of ours: %q", line)
		}
		if folding.MatchString(line) {
			continue
		}
		bare := links.ReplaceAllString(withoutCode(t, line), "")
		for _, bad := range []string{"<", "](javascript", "](http", "![", "@", "://"} {
			if strings.Contains(strings.NewReplacer("<code>", "", "</code>", "").Replace(bare), bad) {
				t.Errorf("%q outside code: %q", bad, line)
			}
		}
		if structure.MatchString(line) {
			t.Errorf("a structure that is not ours: %q", line)
		}
	}
	if fence != "" {
		t.Error("a fence is open at the end")
	}
}

// pipes counts the pipes that no backslash precedes, in the stricter reading
// in which `\\|` is one that stands.
func pipes(line string) int {
	n := 0
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case '|':
			n++
		}
	}
	return n
}

// withoutCode drops code spans the way CommonMark finds them.
func withoutCode(t *testing.T, line string) string {
	t.Helper()
	var b strings.Builder
	whole := line
	line = htmlCode.ReplaceAllString(line, "")
	for line != "" {
		at := strings.IndexAny(line, "`\\")
		if at < 0 {
			return b.String() + line
		}
		b.WriteString(line[:at])
		if line[at] == '\\' { // what it escapes is text
			line = line[min(at+2, len(line)):]
			continue
		}
		line = line[at:]
		n := ticks(line)
		line = line[n:]
		for { // to the next run of exactly n back-quotes
			at := strings.IndexByte(line, '`')
			if at < 0 {
				t.Errorf("a code span is open in %q", whole)
				return b.String()
			}
			run := ticks(line[at:])
			line = line[at+run:]
			if run == n {
				break
			}
		}
	}
	return b.String()
}

var (
	// folding and links are the HTML and the links that are ours.
	folding = regexp.MustCompile(`^(<details>|</details>|<summary>(\d+ rows|The call that changed [\p{L}\p{Nd} _./()…-]+)</summary>)$`)
	links   = regexp.MustCompile(`\[\]\(https://github\.com/example/shop/blob/[0-9a-f]{40}/[A-Za-z0-9/._~%-]+#L\d+\)`)
	// chartLine is what a line of a Mermaid chart may be. Nothing in a name may
	// end the text before the colon, begin a comment or be a keyword.
	chartLine = regexp.MustCompile(`^(gantt|%%\{init: \{"gantt": \{"leftPadding": 150\}\}\}%%|\t(dateFormat YYYY-MM-DD HH:mm:ss\.SSS|axisFormat %(S\.%L s|H:%M:%S)|todayMarker off|section [\p{L}\p{Nd} _./()$…-]+` +
		`|(is|leak \d+,|and|spec|test|subtest|package|example|benchmark|suite node) [\p{L}\p{Nd} _./()$…-]+ :((done|active|crit), )?\d{4}-\d\d-\d\d [0-9:.]{12}, \d{4}-\d\d-\d\d [0-9:.]{12}))$`)
	htmlCode  = regexp.MustCompile(`<code>.*?</code>`)
	structure = regexp.MustCompile(`^\s*([=~*_-]{3,}|>|\d+[.)] |[+*] )`)
)

// ticks counts the back-quotes that a line begins with.
func ticks(line string) int { return len(line) - len(strings.TrimLeft(line, "`")) }

func checkText(t *testing.T, text string) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Error("not valid UTF-8")
	}
	inFence := false
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "```") {
			inFence = !inFence
		}
		for _, r := range strings.TrimLeft(line, "\t") {
			if r < 0x20 || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r == 0x2028 || r == 0x2029 {
				t.Errorf("%U in %q", r, line)
			}
		}
	}
}

// checkScreen holds a summary to its size.
func checkScreen(t *testing.T, text string, width int) {
	t.Helper()
	checkText(t, text)
	if n := strings.Count(text, "\n"); n > 24 {
		t.Errorf("%d lines:\n%s", n, text)
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if n := doc.Width(line); n > width && !strings.HasPrefix(line, "Report ") {
			t.Errorf("%d runes: %q", n, line)
		}
	}
}

func TestStructure(t *testing.T) {
	for name, f := range fixtures(t) {
		t.Run(name, func(t *testing.T) {
			checkMarkdown(t, markdown(t, f))
			for _, width := range []int{20, 40, 80, 200} {
				checkScreen(t, onTerminal(t, f, terminal.Options{Width: width, ReportPath: "out/report.md"}), width)
			}
		})
	}
}

var sgr = regexp.MustCompile("\x1b\\[[0-9;]*m")

func TestColorIsOnlyColor(t *testing.T) {
	for name, f := range fixtures(t) {
		t.Run(name, func(t *testing.T) {
			plain := onTerminal(t, f, terminal.Options{})
			colored := onTerminal(t, f, terminal.Options{Color: true})
			if plain == colored {
				t.Error("no colour at all")
			}
			if sgr.ReplaceAllString(colored, "") != plain {
				t.Error("colour changes the text")
			}
		})
	}
}

// A path is shown whole however long it is, and the rest makes room for it.
func TestLongReportPath(t *testing.T) {
	path := strings.Repeat("deep/", 60) + "report.md"
	f := fixture(t, "hostile")
	text := onTerminal(t, f, terminal.Options{ReportPath: path})
	if !strings.HasSuffix(text, path+"\n") {
		t.Errorf("the path is cut:\n%s", text)
	}
	if n := strings.Count(text, "\n") + len(path)/80; n > 24 {
		t.Errorf("%d lines on the screen", n)
	}
}

// poison puts text into every string of a value.
func poison(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Pointer:
		if !v.IsNil() {
			poison(v.Elem(), text)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				poison(v.Field(i), text)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			poison(v.Index(i), text)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			value := reflect.New(v.Type().Elem()).Elem()
			value.Set(v.MapIndex(key))
			poison(value, text)
			v.SetMapIndex(key, reflect.Value{})
			v.SetMapIndex(reflect.ValueOf(text), value)
		}
	}
}

func hostileSeeds() []string {
	return []string{
		"", "a|b", `a\|b`, `a\\|b\`, "`", "``", "` `", "a`b``c```d", "a\nb", "a\r\n# b", "\x1b[31mx", "\x1b]0;t\x07", "\x1b]x",
		"\xff\xfe", "\u2028# x", "[x](javascript:alert(1))", "![x](http://e)", "@octocat", "#1", "<b>", "&lt;", "| a | b |",
		"~~~", "```\n# x", "日本語\u0301", "1. x", "- x", "# x", "---", "===", "\t# x", "    # x", " ", "\u202egnp", "www.e.org", "👩‍👩‍👧",
		"*x*", "$x$", "\u0085# x", "\u009b31mx", "<!-- ", "]]>", strings.Repeat("x|`", 500),
	}
}

// FuzzHostileText puts hostile text wherever findings have text.
func FuzzHostileText(f *testing.F) {
	for _, seed := range hostileSeeds() {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	f.Fuzz(func(t *testing.T, text string, kinds bool) {
		x := fixture(t, "hostile")
		x.Leaks[0].Known = &findings.Known{}
		x.Baseline = findings.Baseline{Expired: []record.Known{{}}, Gone: []record.Known{{}, {}}, Undecided: []record.Known{{}}}
		poison(reflect.ValueOf(x).Elem(), text)
		if kinds { // so that not only the ways for unknown kinds are taken
			x.Run.Mode = record.ModeInstrumented
			x.Leaks[0].Certainty = findings.Inferred
			x.Leaks[1].Certainty = findings.Ambiguous
			for i := range x.Failures {
				x.Failures[i].Cause = findings.CauseOOM
				x.Failures[i].Certainty = "correlated"
			}
		}
		checkMarkdown(t, markdown(t, x))
		checkScreen(t, onTerminal(t, x, terminal.Options{ReportPath: text}), 80)
		x.Run.Complete = kinds // else no leak has room
		for i := range x.Leaks {
			x.Leaks[i].Call = &findings.Call{File: "/" + text, Line: 7, Chain: []string{"f /" + text + ":7", "g /" + text + "7:8"}}
		}
		checkLinks(t, x, terminal.Options{ReportPath: text, Width: 300})
	})
}
