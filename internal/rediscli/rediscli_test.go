package rediscli

import (
	"os/exec"
	"testing"
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
		"redis-cli -h ::1 -p 1 --tls --insecure --user bob": Line("[::1]:1", true, Login{User: "bob", Insecure: true}),
		"redis-cli -s '/a b/s:1'":                           Line("/a b/s:1", false, Login{Insecure: true}),
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
