package story

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write the table of verbs in README.md")

// A step that nobody understands is told with its reason, and never left out.
func TestMistakes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"dance":                                   `no verb "dance"`,
		"begin TestA":                             "no package has begun",
		"package p\nend TestA pass":               `no test "TestA" has begun`,
		"package p\nbegin":                        "a name is missing",
		"package p\nbegin TestA\nend TestA":       "a status is missing",
		"package p\npause TestA now":              `no test "TestA"`,
		"package p\nbegin TestA\npause TestA now": "too much: [now]",
		"set hz":          "a value is missing",
		"set-on 7 hz 20":  "no server 7",
		"oom some":        `how many is "some", which is no number`,
		"wait long":       "no duration",
		"quiet maybe":     "neither on nor off",
		"in nowhere":      `no package "nowhere"`,
		"spec x":          "no suite has begun",
		"tells run TestA": "no package that is not synchronized has started",
		"ok":              "nothing was written",
		"more 3":          "nothing was refused",
		"package p\nwrite main 9 CONFIG SET hz 20":     "no colon",
		"package p\nwrite main 9:":                     "no command",
		"package p\nwrite main 9 sleeps: FLUSHALL":     `nothing known of a goroutine is called "sleeps"`,
		"package p\nwrite main 9 waits { main 3: PING": "a brace is not closed",
		"servers many": "no number",
		"entry {":      "unexpected end of JSON",
		`lose "why`:    "invalid syntax",
		`lose "why"s`:  "no blank before s",
	} {
		if _, err := Tell(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// Each chapter is written as it is read.
func TestFormat(t *testing.T) {
	t.Parallel()
	chapters, err := Corpus()
	if err != nil || len(chapters) == 0 {
		t.Fatal(len(chapters), err)
	}
	for _, c := range chapters {
		text, err := testdata.ReadFile(c.File)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(c.Format(), text) {
			t.Errorf("%s is written otherwise than it is read", c.File)
		}
		if again := chapter(c.File, txtar.Parse(c.Format())); again.Title != c.Title || !slices.Equal(again.Cases, c.Cases) {
			t.Errorf("%s is read otherwise than it was written", c.File)
		}
	}
}

// README.md has all verbs, and each is of use: some case has it.
func TestVerbs(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	cases, err := Cases()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		for line := range strings.Lines(c.Text) {
			words := strings.Fields(line)
			if len(words) > 2 && words[1] == "=" {
				words = words[2:]
			}
			used[words[0]] = true
		}
	}
	var b strings.Builder
	group := func(title string, usages map[string]string) {
		fmt.Fprintf(&b, "\n%s:\n\n", title)
		for _, name := range slices.Sorted(maps.Keys(usages)) {
			fmt.Fprintf(&b, "    %s\n", strings.TrimSpace(name+" "+usages[name]))
			if !used[name] && name != "sync" { // that is of random runs alone
				t.Errorf("no case has %s", name)
			}
		}
	}
	of := func(verbs map[string]verb) map[string]string {
		usages := map[string]string{}
		for name, v := range verbs {
			usages[name] = v.usage
		}
		return usages
	}
	group("What the run begins with", headers())
	group("What its servers begin with", of(setUps()))
	group("What happens to servers; the next snapshot shows it", of(ofServers()))
	group("Test binaries", of(ofProcesses()))
	group("Tests", of(ofTests()))
	group("What go test says", of(ofEvents()))
	group("What the trace says", of(ofTraces()))
	group("What tracetest does", of(ofTracetest()))
	const begin = "<!-- verbs -->\n"
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	head, got, _ := strings.Cut(string(text), begin)
	if got == b.String() {
		return
	}
	if !*update {
		t.Error("README.md does not have the verbs as they are; run go test -update")
	} else if err := os.WriteFile("README.md", []byte(head+begin+b.String()), 0o666); err != nil {
		t.Fatal(err)
	}
}
