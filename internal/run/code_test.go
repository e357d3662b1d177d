package run

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tracetest/internal/record"
	"tracetest/internal/redact"
)

// Guards against source that is not of the checkout, or a secret in it, that gets into
// the record, and against excerpts that tell a line twice.
func TestCode(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	var lines []string
	for i := range 30 {
		lines = append(lines, strings.Repeat("\t", i%3)+"line "+string(rune('a'+i%26)))
	}
	lines[9] = "\tset(t, \"requirepass\", \"hunter2 and more\") // password"
	lines[19] = strings.Repeat("é", 300)
	file := filepath.Join(root, "a_test.go")
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("a_test.go", strings.Join(lines, "\n"))
	vendored, binary := write("vendor/x/x.go", "package x"), write("b.go", "\xff\xfe")
	outside := filepath.Join(t.TempDir(), "c.go")
	if err := os.WriteFile(outside, []byte("package c"), 0o644); err != nil {
		t.Fatal(err)
	}
	linked := filepath.Join(root, "d.go")
	if err := os.Symlink(outside, linked); err != nil {
		t.Fatal(err)
	}
	p := newPlaces(root)
	frame := func(file string, line int) record.Frame { return record.Frame{File: file, Line: line} }
	p.add([]record.Frame{frame(vendored, 1), frame(file, 10), frame(file, 12), {File: file, Line: 3, Std: true}, frame(outside, 1)})
	p.add([]record.Frame{frame(linked, 1), frame(binary, 1), frame(file, 20), frame(file, 10), frame(file, 900)})
	p.add([]record.Frame{frame(filepath.Join(root, "gone.go"), 1)})
	all := p.code()
	if len(all) != 2 || all[0].File != file || all[0].First != 7 || len(all[0].Lines) != 9 || all[1].First != 17 || len(all[1].Lines) != 7 {
		t.Fatalf("%+v", all)
	}
	if text := all[0].Lines[3]; text != "\tset(t, \"requirepass\", \"(hidden)\") // password" {
		t.Errorf("%q", text)
	}
	if text := all[1].Lines[3]; len(text) > maxCodeLine+len("…") || !strings.HasSuffix(text, "é…") {
		t.Errorf("%d bytes, ending in %q", len(text), text[len(text)-5:])
	}
	for i := range 200 {
		p.add([]record.Frame{frame(file, i+1)})
	}
	if p.count != maxPlaces {
		t.Errorf("%d places", p.count)
	}
}

// Guards against a secret of the source in a frame: on the line of its name or behind
// it, in a literal of several lines, and one that the run knows by other means.
func TestCodeHidesSecrets(t *testing.T) {
	t.Parallel()
	source := "package a\n\n// isn't \"seen\"\nconst password =\n\t\"hunter2\" + `x`\nvar token = `line one\n\"line two\"`\n" +
		"set(ctx, \"requirepass\",\n\t\"hunter2\",\n\t\"maxmemory\")\nfunc TestPassword() {\n\tset(\"maxmemory\", '\"', \"1mb\") // the \"token\" \"hunter2\"\n" +
		"\tset(\"maxmemory\", \"1mb\")\n\tlogin(\"known to the run\")\n}"
	want := "package a\n\n// isn't \"seen\"\nconst password =\n\t\"(hidden)\" + \"(hidden)\"\nvar token = \"(hidden)\"\n\n" +
		"set(ctx, \"requirepass\",\n\t\"(hidden)\",\n\t\"maxmemory\")\nfunc TestPassword() {\n\tset(\"(hidden)\", '\"', \"(hidden)\") // the \"token\" \"(hidden)\"\n" +
		"\tset(\"maxmemory\", \"1mb\")\n\tlogin(\"(hidden)\")\n}"
	secrets := redact.New()
	secrets.Add("known to the run")
	got := redact.Deep(secrets, record.Code{Lines: shownLines(source)})
	if got := strings.Join(got.Lines, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := cutLine(strings.Repeat("x ", 90) + strings.Repeat("secret", 9)); strings.Contains(got, "secr") {
		t.Errorf("half of a secret: %q", got)
	}
}
