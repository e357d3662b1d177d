package report_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"tracetest/internal/findings"
	"tracetest/internal/report/terminal"
)

// osc is an OSC 8 sequence of which nothing can break out: a URL of unreserved
// characters, or none.
var osc = regexp.MustCompile("\x1b\\]8;;(?:file://[A-Za-z0-9._~%-]*/[A-Za-z0-9._~%/:-]*(?:#[0-9]+)?)?\x1b\\\\")

func withLinks(f *findings.Findings, o terminal.Options, t *testing.T) string {
	t.Helper()
	o.Color = true
	o.Links = &terminal.Links{Host: "host", Report: "/work dir/" + o.ReportPath, Sources: true}
	return onTerminal(t, f, o)
}

// checkLinks holds links and colours to what they may do: nothing to the text.
func checkLinks(t *testing.T, f *findings.Findings, o terminal.Options) {
	t.Helper()
	plain, rich := onTerminal(t, f, o), withLinks(f, o, t)
	if got := sgr.ReplaceAllString(osc.ReplaceAllString(rich, ""), ""); got != plain {
		t.Errorf("links or colours change the text:\n%q\nwant\n%q", got, plain)
	}
	for line := range strings.Lines(rich) {
		open := 0
		for _, sequence := range osc.FindAllString(line, -1) {
			if open = 1 - open; (open == 0) != (sequence == "\x1b]8;;\x1b\\") {
				t.Errorf("links within links: %q", line)
			}
		}
		if open != 0 {
			t.Errorf("a link does not end: %q", line)
		}
	}
}

func TestLinksAndColoursLeaveTheText(t *testing.T) {
	for name, f := range fixtures(t) {
		t.Run(name, func(t *testing.T) {
			for _, width := range []int{20, 40, 80, 200, 400} {
				checkLinks(t, f, terminal.Options{Width: width, ReportPath: "out/report.md"})
			}
		})
	}
}

// urls are where the links of a summary lead to, with their texts.
func urls(text string) []string {
	var all []string
	for _, m := range regexp.MustCompile("\x1b\\]8;;([^\x1b]+)\x1b\\\\([^\x1b]*)").FindAllStringSubmatch(text, -1) {
		all = append(all, m[2]+" "+m[1])
	}
	return all
}

func TestLinks(t *testing.T) {
	const helper = "gateway/helpers.go:504 file://host/src/shop/gateway/helpers.go#504"
	const line = "gateway/pressure_test.go:31 file://host/src/shop/gateway/pressure_test.go#31"
	const path = "out/report.md file://host/work%20dir/out/report.md"
	f := fixture(t, "exact")
	o := terminal.Options{Width: 80, ReportPath: "out/report.md"}
	if got := urls(withLinks(f, o, t)); !slices.Equal(got, []string{line, path}) {
		t.Errorf("%q", got)
	}
	o.Width = 400 // there is room for the line of the helper
	if got := urls(withLinks(f, o, t)); !slices.Equal(got, []string{line, helper, path}) {
		t.Errorf("%q", got)
	}
	// Where the sources are somewhere else.
	o.Links = &terminal.Links{Report: "/r.md"}
	if got := urls(onTerminal(t, f, o)); !slices.Equal(got, []string{"out/report.md file:///r.md"}) {
		t.Errorf("%q", got)
	}
	for file, want := range map[string]string{
		`C:\suite\a.go`:                   "file://host/C:/suite/a.go#504",
		"suite/a_test.go":                 "", // of -trimpath: nobody knows where that is
		"":                                "",
		"/a b%#?;é.go":                    "file://host/a%20b%25%23%3F%3B%C3%A9.go#504",
		"/x\x1b\\\x1b]8;;http://evil\x07": "file://host/x%1B%5C%1B%5D8%3B%3Bhttp://evil%07#504",
	} {
		f.Leaks[0].Call.File, f.Leaks[0].Call.Chain = file, nil
		o := terminal.Options{Width: 80}
		checkLinks(t, f, o)
		got := urls(withLinks(f, o, t))
		got = slices.DeleteFunc(got, func(u string) bool { return strings.HasSuffix(u, "/work%20dir/") })
		if want == "" && len(got) > 0 || want != "" && (len(got) != 1 || !strings.HasSuffix(got[0], " "+want)) {
			t.Errorf("%q: %q, want %q", file, got, want)
		}
	}
}
