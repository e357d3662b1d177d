package doc

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/html"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                      "plain",
		"a\nb\r\nc\rd":               "a b c d",
		"\x1b[1;31mred\x1b[0m":       "red",
		"\x1b]0;title\x07x":          "x",
		"\x1b]8;;http://e\x1b\\link": "link",
		"\x1b]unterminated":          "]unterminated", // the rest of a log must not vanish
		"\x1b[":                      "[",
		"a\x00\x7f\u0085\u009bb":     "a b",
		"\u202egnp.exe":              "gnp.exe",
		"\xff\xfe":                   "\ufffd\ufffd",
		"e\u0301 👩‍👧":                "e\u0301 👩‍👧",
		"\x01code\x06":               "code", // no mark of a text
	} {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func inMarkdown(t Text, cell bool) string {
	return new(mdWriter).inline(t, maxProse, cell)
}

func TestMarkdownCode(t *testing.T) {
	for in, want := range map[string]string{
		"x":     "`x`",
		"a`b":   "``a`b``",
		"`":     "`` ` ``",
		"a``b`": "``` a``b` ```",
		" x ":   "`  x  `",
		"a|b":   "`a\\|b`",
		`a\|b`:  `<code>a\\\|b</code>`,
	} {
		if got := inMarkdown(Code(in), true); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

// Who reads report.md as text reads words, and GitHub acts on none of them.
func TestMarkdownText(t *testing.T) {
	for in, want := range map[string]string{
		"set `a|b` now":             "set `a|b` now",
		"one ` alone":               "one \\` alone",
		"# heading":                 `\# heading`,
		"- item":                    `\- item`,
		"-5 to - 7":                 `\-5 to - 7`,
		"1. item":                   `1\. item`,
		"it took 1.5 s. Fine.":      "it took 1.5 s. Fine.",
		"see @octocat":              "see `@`octocat",
		"fixes #12, or #":           "fixes `#`12, or #",
		"$x$":                       "`$`x`$`",
		"[x](javascript:)":          `\[x\](javascript:)`,
		"http://e www.e":            `http\://e www\.e`,
		"snake_case_name and _em_":  `snake_case_name and \_em\_`,
		"<b> &lt; & *x* ~~y~~ a!":   `\<b> \&lt; & \*x\* \~\~y\~\~ a!`,
		"maxmemory (1 MiB) - no-op": "maxmemory (1 MiB) - no-op",
	} {
		if got := inMarkdown(Say(in), false); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

func TestFenceIsLongerThanItsContent(t *testing.T) {
	got := fence(Fence{"sh", []string{"a ```` b", "```"}})
	if want := "`````sh\na ```` b\n```\n`````\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// One text in each format.
func TestFormats(t *testing.T) {
	text := Strong("Who.") + " " + Link(Code("a_test.go:3"), "/src/a_test.go:3") + " left " + Code("<b>") + ", see " + Anchor("Leaks", "leaks") + " and `--flag`."
	if got, want := text.Plain(80), "Who. a_test.go:3 left <b>, see Leaks and --flag."; got != want {
		t.Errorf("plain: %q, want %q", got, want)
	}
	if got, want := text.html(), "<strong>Who.</strong> <code><span class=\"line\">a_test.go:3</span></code> left <code>&lt;b&gt;</code>, see <a href=\"#leaks\">Leaks</a> and <code>--flag</code>."; got != want {
		t.Errorf("HTML: %q, want %q", got, want)
	}
	md := Markdown{Link: func(place string) string { return "https://e" + place }}.Write([]Block{Para{text}})
	if want := "**Who.** [`a_test.go:3`](https://e/src/a_test.go:3) left `<b>`, see [Leaks](#leaks) and `--flag`.\n\n"; md != want {
		t.Errorf("Markdown: %q, want %q", md, want)
	}
	if got := text.Targets(80); len(got) != 1 || got[0] != (Target{"a_test.go:3", "/src/a_test.go:3"}) {
		t.Errorf("targets: %q", got)
	}
}

// Hostile text stays text in each format: it makes no element, no mark and no
// second line.
func FuzzText(f *testing.F) {
	for _, seed := range []string{"", "a`b", "``", "\x01\x06\x04\"x\"\x05", "<script>", "&#60;b>", `"><b`, "[x](y)", "\x1b[31m", "\xff", "a\nb", "| |", "@a", "#1", "$$", `\`, "` `", "1.", "&amp;", "😀"} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		text := Say(a) + Code(b) + Say(b) + Strong(Code(a)) + Link(Say(a), b) + Anchor(Say(b), "x") + Whole(a) + "."
		for _, s := range []string{text.Plain(20), text.html(), inMarkdown(text, true), inMarkdown(text, false)} {
			if !utf8.ValidString(s) || strings.ContainsAny(s, "\n\r\x01\x02\x03\x04\x05\x06\x07\x1b") {
				t.Errorf("%q", s)
			}
		}
		var page bytes.Buffer
		if err := NewHTML().Write(&page, []Block{Para{text}, Table{Titles: []string{"x"}, Right: []bool{false}, Rows: [][]Text{{text}}}, Fence{"sh", []string{a}}}); err != nil {
			t.Fatal(err)
		}
		for z := html.NewTokenizer(&page); ; {
			kind := z.Next()
			if kind == html.ErrorToken {
				break
			}
			name, _ := z.TagName()
			if kind == html.StartTagToken && !strings.Contains(" p code strong a div table thead tbody tr th td pre ", " "+string(name)+" ") {
				t.Errorf("<%s> of %q, %q", name, a, b)
			}
		}
	})
}

func TestFit(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  string
	}{
		{"short", 10, "short"},
		{"TestAlphaBetaGamma", 9, "Test…amma"},
		{"日本語の試験の名前", 9, "日本…名前"},
		{"ab", 1, "a"},
		{"e\u0301e\u0301e\u0301e\u0301e\u0301", 3, "e\u0301…e\u0301"},
		{"👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧", 5, "👩‍👩‍👧…👩‍👩‍👧"},
	} {
		got := Fit(c.text, c.width)
		if got != c.want || Width(got) > c.width {
			t.Errorf("Fit(%q, %d) = %q, want %q", c.text, c.width, got, c.want)
		}
	}
}
