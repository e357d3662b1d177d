package origin

import (
	"maps"
	"os"
	"path/filepath"
	"testing"
)

// Guards against a value that is put down to the wrong parameter, and against
// a file that is taken for one.
func TestParseArgs(t *testing.T) {
	tests := []struct {
		args []string
		file string
		want map[string]string
	}{
		{nil, "", map[string]string{}},
		{[]string{"--maxmemory", "2gb"}, "", map[string]string{"maxmemory": "2gb"}},
		{[]string{"--MaxMemory", "2gb", "--save", "900", "1", "--appendonly", "no"}, "", map[string]string{"maxmemory": "2gb", "save": "900 1", "appendonly": "no"}},
		{[]string{"/etc/redis.conf", "--maxmemory 100mb"}, "/etc/redis.conf", map[string]string{"maxmemory": "100mb"}},
		{[]string{"-", "--hz", "20"}, "", map[string]string{"hz": "20"}},
		{[]string{"--save", ""}, "", map[string]string{"save": ""}},
		{[]string{"s.conf", "--sentinel"}, "s.conf", map[string]string{}},
		{[]string{"--maxmemory", "1gb", "--maxmemory", "2gb"}, "", map[string]string{"maxmemory": "2gb"}}, // the last one counts
	}
	for _, test := range tests {
		file, got := parseArgs(test.args)
		if file != test.file || !maps.Equal(got, test.want) {
			t.Errorf("%q: %q, %v; want %q, %v", test.args, file, got, test.file, test.want)
		}
	}
}

func FuzzParseArgs(f *testing.F) {
	f.Add("--maxmemory", "2gb", "x.conf")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		parseArgs([]string{a, b, c})
		splitLine(a + " " + b + c)
	})
}

// Guards against a comment, a quoted value or an include that is misread: the
// report would say that somebody changed what nobody did.
func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("more.conf", "maxmemory 100mb\nsave 60 1\n")
	path := write("redis.conf", "# maxmemory 1gb\n\n  MaxMemory   2gb  \nrequirepass \"a b\\\"c\"\nlogfile ''\nsave 900 1\nsave 300 10\ninclude more.conf\nhz 20 # no comment here\n")
	got, err := readFile(path, func(p string) string { return p })
	want := map[string]string{"maxmemory": "100mb", "requirepass": `a b"c`, "logfile": "", "save": "60 1", "hz": "20 # no comment here"}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
	loop := write("loop.conf", "include loop.conf\nhz 10\n")
	if got, err := readFile(loop, func(p string) string { return p }); err != nil || got["hz"] != "10" {
		t.Errorf("a file that includes itself: %v, %v", got, err)
	}
	if _, err := readFile(path, func(string) string { return "" }); err == nil {
		t.Error("a file that is elsewhere was read")
	}
	if _, err := readFile(filepath.Join(dir, "none"), func(p string) string { return p }); err == nil {
		t.Error("a file that is not there was read")
	}
}
