package rediscli

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"unicode"
)

func TestRestore(t *testing.T) {
	line := Line("localhost:6379", false, Login{})
	values := map[string]string{"maxmemory": "0", "save": "900 1", "requirepass": "(hidden 1)", "replicaof": ""}
	if got, want := Restore(line, values, true), "redis-cli -h localhost -p 6379 CONFIG SET maxmemory 0 save '900 1' && "+
		"redis-cli -h localhost -p 6379 REPLICAOF NO ONE"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got, want := Restore("r", map[string]string{"b": "", "a": "1", "replicaof": "h 1"}, false),
		"r CONFIG SET a 1 && r CONFIG SET b '' && r REPLICAOF h 1"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := Restore(line, map[string]string{"requirepass": "(hidden 1)"}, true); got != "" {
		t.Errorf("got %s", got)
	}
}

func TestLine(t *testing.T) {
	for want, got := range map[string]string{
		"redis-cli -h ::1 -p 1 --tls --insecure --user bob": Line("[::1]:1", true, Login{User: "bob", TLS: TLS{Insecure: true}}),
		"redis-cli -s '/a b/s:1'":                           Line("/a b/s:1", false, Login{TLS: TLS{Insecure: true}}),
		"redis-cli -h h -p 2 --tls":                         Line("h:2", true, Login{}),
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestQuoteSurvivesBash(t *testing.T) {
	for _, text := range []string{"", "a", "a b", "it's", `"$HOME" \n`, "*", "~", "a\nb", "-x", "é"} {
		output, err := exec.Command("bash", "-c", "printf %s "+Quote(text)).Output()
		if text == "-x" {
			output, err = exec.Command("bash", "-c", "printf %s "+Quote(text)).Output()
		}
		if err != nil || string(output) != text {
			t.Errorf("%q became %q (%v)", text, output, err)
		}
	}
}

// Guards against a name, a value or an address that a shell runs: all of it can come
// from a server or from somebody's record.
func FuzzRestore(f *testing.F) {
	for _, seed := range []string{"x;$(touch canary)", "`touch canary`", "a' ; touch canary #", "\x1b]0;t\x07'; touch canary", "a\\'; touch canary #", "$'\\''", "\n touch canary\n", "-e", "é\xff'", "!x", "a&&touch canary", "\u202e'\\", "~/x", "a{b,c}", "<(touch canary)"} {
		f.Add(seed, seed, seed)
	}
	f.Fuzz(func(t *testing.T, name, value, host string) {
		if strings.Contains(name+value+host, "\x00") {
			return
		}
		dir := t.TempDir()
		// What stands for redis-cli writes its arguments down.
		script := "redis-cli() { printf '%s\\0' \"$@\"; }\n" + Restore(Line(host, false, Login{User: value}), map[string]string{name: value}, true)
		cmd := exec.Command("bash", "-c", script)
		cmd.Dir, cmd.Env = dir, []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "HOME=/nonexistent"}
		out, err := cmd.CombinedOutput()
		if strings.Contains(value, "(hidden") {
			return
		}
		if err != nil {
			t.Fatalf("%q: %v: %s", script, err, out)
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("%q made %v", script, left)
		}
		words := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
		if name != "replicaof" && name != "slaveof" && (words[len(words)-1] != value || words[len(words)-2] != name) {
			t.Errorf("%q gave %q", script, words)
		}
		if strings.ContainsFunc(script[strings.Index(script, "\n")+1:], func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q is not printable", script)
		}
	})
}
