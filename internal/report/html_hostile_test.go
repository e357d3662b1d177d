package report_test

import (
	"bytes"
	"io"
	"maps"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/report/page"
	"tracetest/internal/report/terminal"
	"tracetest/internal/triage/story"
	"tracetest/internal/triage/story/storytest"
)

var idAttribute = regexp.MustCompile(` id="([^"]*)"`)

// sourceLine is a line of a checkout whose commit is known: the only place that a page leads to.
var sourceLine = regexp.MustCompile(`^https://[a-z.]+/[\w./%~-]+#L[0-9]+$`)

// checkPage holds a page to the elements and attributes that are ours.
func checkPage(t *testing.T, page []byte) {
	t.Helper()
	elements := strings.Fields("a b body br button circle code dd details div dl dt em fieldset footer form h1 h2 h3 head header html input label legend li line link main meta nav ol option p path pre rect script section select span strong style summary svg table tbody td text th thead title tr ul wbr")
	attributes := strings.Fields("align aria-hidden aria-label aria-labelledby aria-pressed aria-valuemax aria-valuemin aria-valuenow autocomplete charset checked class colspan content cx cy d data-leak data-row data-v height hidden data-show href http-equiv id lang name preserveaspectratio r rel role scope spellcheck tabindex text-anchor title type value viewbox width x x1 x2 y y1 y2")
	count := map[string]int{}
	z := html.NewTokenizer(bytes.NewReader(page))
	var open []string
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			if z.Err() != io.EOF {
				t.Error(z.Err())
			}
			break
		}
		token := z.Token()
		void := kind == html.SelfClosingTagToken || slices.Contains([]string{"meta", "input", "br", "wbr"}, token.Data)
		switch kind {
		case html.EndTagToken:
			if len(open) == 0 || open[len(open)-1] != token.Data {
				t.Fatalf("</%s> ends %v", token.Data, open[max(0, len(open)-3):])
			}
			open = open[:len(open)-1]
		case html.StartTagToken, html.SelfClosingTagToken:
			count[token.Data]++
			if !slices.Contains(elements, token.Data) {
				t.Errorf("an element that is not ours: %s", token)
			}
			for _, a := range token.Attr {
				if !slices.Contains(attributes, strings.ToLower(a.Key)) {
					t.Errorf("an attribute that is not ours: %s", token)
				}
				if a.Key == "href" && !strings.HasPrefix(a.Val, "#") && !sourceLine.MatchString(a.Val) {
					t.Errorf("a link leads away: %s", token)
				}
			}
			if !void {
				open = append(open, token.Data)
			}
		case html.CommentToken:
			t.Errorf("a comment: %s", token)
		}
	}
	if len(open) > 0 {
		t.Errorf("open at the end: %v", open)
	}
	for element, n := range map[string]int{"style": 1, "h1": 1, "main": 1, "form": 1, "head": 1, "body": 1} {
		if count[element] != n {
			t.Errorf("%d times <%s>", count[element], element)
		}
	}
	if count["script"] > 2 {
		t.Errorf("%d scripts", count["script"])
	}
	ids := map[string]int{}
	for _, m := range idAttribute.FindAllSubmatch(page, -1) {
		ids[string(m[1])]++
	}
	maps.DeleteFunc(ids, func(_ string, n int) bool { return n == 1 })
	if len(ids) > 0 {
		t.Errorf("more than once: %v", ids)
	}
}

func htmlPage(t *testing.T, f *findings.Findings) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := page.HTML(&b, f); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPageStructure(t *testing.T) {
	for name, f := range fixtures(t) {
		t.Run(name, func(t *testing.T) { checkPage(t, htmlPage(t, f)) })
	}
	checkPage(t, htmlPage(t, hostileRun(t)))
	checkPage(t, htmlPage(t, manyTests(30_000)))
}

// FuzzHostilePage puts hostile text wherever a page has text.
func FuzzHostilePage(f *testing.F) {
	for _, seed := range []string{
		"", "<script>x</script>", "</script>", "</style><script>", "<!--", "-->", `" onload=x a="`, `'`, "&lt;script&gt;", "&#60;script>", "javascript:x", "[x](javascript:x)", "<javascript:x>", "![x](data:x)",
		"<details>\n<summary>x</summary>\n", "</details>", "<code>", "</code><b>", "```\n<b>", "\xff<b\x00>", "]]>", "{{.}}", "\u2028", "<a href=x>", "`</script>`", "# x", "| a |\n|---|\n", "http://x.example", "<br onx>",
	} {
		f.Add(seed, int64(5))
	}
	f.Fuzz(func(t *testing.T, text string, n int64) {
		x := hostileRun(t)
		poison(reflect.ValueOf(x).Elem(), text)
		x.Cases = new(findings.Cases)
		begin := x.Run.Started
		for i := range 3 {
			x.Cases.Add(findings.Case{Name: record.Name{Package: text, Test: text, Spec: strings.Repeat(text, i)}, Kind: record.KindSpec, Location: text, Status: []string{"pass", "fail", text}[i],
				Begin: begin.Add(time.Duration(n)), End: begin.Add(time.Duration(n) * 2)})
		}
		checkPage(t, htmlPage(t, x))
	})
}

// The page of every recorded run of triage is whole, and tells of its leaks and
// failures what the findings do.
func TestPageOfEveryRecordedRun(t *testing.T) {
	cases, err := story.Cases()
	if err != nil || len(cases) < 100 {
		t.Fatalf("finding the recorded runs: %d, %v", len(cases), err)
	}
	for _, c := range cases {
		file, f := c.Name, storytest.Of(t, c)
		text := htmlPage(t, f)
		t.Run(file, func(t *testing.T) { checkPage(t, text) })
		leaking := map[record.Name]bool{}
		for _, l := range f.Leaks {
			if l.By != nil && !l.Untraced {
				leaking[*l.By] = true
			}
		}
		want := 0
		for c := range f.Cases.All() {
			if leaking[c.Name] {
				want++
				delete(leaking, c.Name) // of several times that it ran one leaked
			}
		}
		if got := bytes.Count(text, []byte(`class="leak" data-leak=`)); got < want || len(f.Leaks) > 0 && f.Cases.Len() > 0 && got > len(f.Leaks) {
			t.Errorf("%s: %d rows leak, and %d tests do", file, got, want)
		}
		if got, want := bytes.Count(text, []byte("<tr id=\"test-")), f.Cases.Len(); got < want || got > want+len(f.Failures) {
			t.Errorf("%s: %d rows of %d tests and %d failures", file, got, want, len(f.Failures))
		}
	}
}

// The axis of a run holds whatever its clock said: a run of years, of less time
// than the axis has slots, and one that ended before its tests did.
func TestAxisOfStrangeTimes(t *testing.T) {
	ticks := regexp.MustCompile(`text-anchor="(?:start|middle|end)">([^<]*) s<`)
	begun := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, whole := range []time.Duration{-time.Hour, 0, 1, 777, time.Second, 50 * 24 * time.Hour, 250 * 365 * 24 * time.Hour} {
		f := fixture(t, "incident")
		f.Run.Started, f.Run.Finished = begun, begun.Add(whole)
		f.Cases = cases(nil, findings.Case{Name: record.Name{Package: "p", Test: "TestA"}, Status: "pass", Begin: begun, End: begun.Add(max(whole, time.Minute))},
			findings.Case{Name: record.Name{Package: "p", Test: "TestB"}, Status: "pass", Begin: begun.Add(time.Second), End: begun})
		if text := row(markdown(t, f), "- Run:"); strings.Contains(text, "took -") {
			t.Errorf("%v: %s", whole, text)
		}
		page := string(htmlPage(t, f))
		for _, bad := range []string{"NaN", "Inf", `="-`, `">-`, "UTC, -"} {
			if strings.Contains(page, bad) {
				t.Errorf("%v: the page has %s: %.60q", whole, bad, page[strings.Index(page, bad)-30:])
			}
		}
		last := -1.0
		for _, m := range ticks.FindAllStringSubmatch(page, -1) {
			at, err := strconv.ParseFloat(strings.Replace(m[1], "&#43;", "+", 1), 64)
			if err != nil || at < last {
				t.Errorf("%v: a tick at %s behind one at %v", whole, m[1], last)
			}
			last = at
		}
		if want := max(whole, time.Minute).Seconds(); math.Abs(last-want) > want/100 {
			t.Errorf("%v: the axis ends at %v s", whole, last)
		}
	}
}

// A test that lowered the limit itself and was refused is no victim, and nothing
// says that no change of the run explains it.
func TestOwnLimit(t *testing.T) {
	f := storytest.Findings(t, "before-suite-meets-its-own-limit")
	for name, text := range map[string]string{"report.md": markdown(t, f), "screen": onTerminal(t, f, terminal.Options{Width: 200}), "page": string(htmlPage(t, f))} {
		if strings.Contains(text, "no observed change explains") || !strings.Contains(text, "under a change of its own") {
			t.Errorf("%s says:\n%.2000s", name, text)
		}
	}
	// Another node of the suite is one.
	f = storytest.Findings(t, "after-suite-meets-the-limit-of-before-suite")
	if text := markdown(t, f); !strings.Contains(text, "The only failure got OOM errors while `maxmemory` was 1 MiB") {
		t.Errorf("report.md says:\n%.2000s", text)
	}
}
