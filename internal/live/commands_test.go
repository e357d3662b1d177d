package live

import (
	"encoding/json"
	"strings"
	"testing"

	"tracetest/internal/gotest"
)

func TestHarmless(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"::error file=a.go,line=1::x", ": :error file=a.go,line=1::x"},
		{"a\n \t::add-mask::x\n", "a\n \t: :add-mask::x\n"},
		{"a\r::set-output name=x::y", "a\r: :set-output name=x::y"},
		{"\u00a0\u2003::debug::x", "\u00a0\u2003: :debug::x"},
		{"::a::\n::b::\r\n::c::", ": :a::\n: :b::\r\n: :c::"},
		{"::1 is the loopback", "::1 is the loopback"}, // no command has no second one
		{"std::vector and a::b::c", "std::vector and a::b::c"},
		{"x ##[group]y", "x # #[group]y"},
		{"##[##[a]", "# #[# #[a]"},
		{"###[error]x", "## #[error]x"},
		{"x ##vso[task.setvariable variable=a]b", "x # #vso[task.setvariable variable=a]b"},
		{"##VSO[a]", "# #VSO[a]"},
		{"##teamcity[testFailed name='x']", "# #teamcity[testFailed name='x']"},
		{"section_start:1:a[collapsed=true]\r\x1b[0K", "section_start :1:a[collapsed=true]\r\x1b[0K"},
		{"section_end:1:a", "section_end :1:a"},
		{"## heading", "## heading"},
	} {
		if got := Harmless(c.text); got != c.want {
			t.Errorf("%q: got %q, want %q", c.text, got, c.want)
		}
	}
}

// FuzzHarmless holds the result to what a runner looks for, written down anew.
func FuzzHarmless(f *testing.F) {
	for _, seed := range []string{"::a::b", "\r::a::", "##[a]", "##vso[", "section_end:", "#::a::##[", "::::::", ":\n::\n::::"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := Harmless(text)
		for _, line := range strings.FieldsFunc(got, func(r rune) bool { return r == '\n' || r == '\r' }) {
			if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "::"); ok && strings.Contains(rest, "::") {
				t.Errorf("%q: a command in %q", text, line)
			}
		}
		for _, bad := range []string{"##[", "##vso[", "##teamcity[", "section_start:", "section_end:"} {
			if strings.Contains(strings.ToLower(got), bad) {
				t.Errorf("%q: %s in %q", text, bad, got)
			}
		}
		if again := Harmless(got); again != got {
			t.Errorf("%q: %q becomes %q", text, got, again)
		}
	})
}

// A command that lies across two events, as test2json cuts a long line, is none
// either.
func TestCommandInTwoEvents(t *testing.T) {
	t.Parallel()
	for _, parts := range [][]string{
		{":", ":add-mask::x\n"}, {"::add-mask", "::x\n"}, {"x#", "#[error]x\n"}, {"##", "vso[a]b\n"}, {"sec", "tion_start:1:x\n"}, {" ", "::debug::", "x\n"}, {":", ":", "a", ":", ":x\n"},
	} {
		out, _ := show(t, Options{Format: "standard-verbose", Scrub: Harmless}, func(l *Live) {
			for _, part := range append(parts, "and std::go::on\n") {
				e := gotest.Event{Action: "output", Package: "p", Test: "TestA", Output: part}
				line, _ := json.Marshal(e)
				l.Event(e, line)
			}
		})
		if Harmless(out) != out || !strings.Contains(out, "and std::go::on\n") {
			t.Errorf("%q: shown as %q", parts, out)
		}
	}
}
