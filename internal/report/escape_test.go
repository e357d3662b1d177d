package report

import (
	"strings"
	"testing"
	"tracetest/internal/rediscli"
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
	} {
		if got := clean(in); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestCode(t *testing.T) {
	for in, want := range map[string]string{
		"x":     "`x`",
		"a`b":   "``a`b``",
		"`":     "`` ` ``",
		"a``b`": "``` a``b` ```",
		" x ":   "`  x  `",
		"a|b":   "`a|b`",
		`a\|b`:  "<code>a&#92;&#124;b</code>",
	} {
		if got := code(in); got != want {
			t.Errorf("code(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestProse(t *testing.T) {
	for in, want := range map[string]string{
		"set `a|b` now":    "set `a|b` now",
		"one ` alone":      "one &#96; alone",
		"# heading":        "&#35; heading",
		"1. item":          "&#49;. item",
		"see @octocat":     "see <code>@</code>octocat",
		"fixes #12":        "fixes <code>#</code>12",
		"[x](javascript:)": "&#91;x&#93;(javascript:)",
		"http://e www.e":   "http&#58;//e www&#46;e",
	} {
		if got := prose(in); got != want {
			t.Errorf("prose(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestFenceIsLongerThanItsContent(t *testing.T) {
	got := fence("sh", []string{"a ```` b", "```"})
	if want := "`````sh\na ```` b\n```\n`````\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestShellQuote(t *testing.T) {
	got := rediscli.Join([]string{"tracetest", "./...", "--", "-run", "^TestA$", "it's", ""})
	if want := `tracetest ./... -- -run '^TestA$' 'it'\''s' ''`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestHuman(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 1023: "1023 B", 1024: "1 KiB", 1536: "1.5 KiB", 1048576: "1 MiB", 2147483648: "2 GiB",
		1048577: "1.0 MiB", -5000: "-4.9 KiB", -1 << 63: "-8 EiB", 1<<63 - 1: "8.0 EiB",
	} {
		if got := human(n); got != want {
			t.Errorf("human(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestValue(t *testing.T) {
	for _, c := range []struct {
		parameter, value string
		secret           bool
		want             string
	}{
		{"maxmemory", "0", false, "0 (no limit)"},
		{"maxmemory", "1048576", false, "1048576 (1 MiB)"},
		{"maxmemory-clients", "5%", false, "5%"},
		{"stream-node-max-bytes", "4096", false, "4096 (4 KiB)"},
		{"proto-max-bulk-len", "0", false, "0"},
		{"timeout", "1048576", false, "1048576"},
		{"save", "", false, "(empty)"},
		{"requirepass", "(hidden 2)", true, "(hidden 2)"},
		{"requirepass", "hunter2", true, "(hidden)"},
		{"requirepass", "", true, "(empty)"},
	} {
		if got := (ink{limit: 80}).value(c.parameter, c.value, c.secret); got != c.want {
			t.Errorf("%s %q: got %q, want %q", c.parameter, c.value, got, c.want)
		}
	}
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
	} {
		got := fit(c.text, c.width)
		if got != c.want || textWidth(got) > c.width {
			t.Errorf("fit(%q, %d) = %q, want %q", c.text, c.width, got, c.want)
		}
	}
}

func TestList(t *testing.T) {
	if got := list(strings.Fields("a b c d"), 3); got != "a, b and 2 more" {
		t.Error(got)
	}
	if got := list(strings.Fields("a b c"), 3); got != "a, b and c" {
		t.Error(got)
	}
}
