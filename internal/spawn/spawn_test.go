package spawn

import (
	"net"
	"os"
	"strings"
	"testing"
)

// A server answers at its address, has what it was asked to have, and is gone
// with its folder when it is closed.
func TestStart(t *testing.T) {
	s, err := Start(t.Context(), map[string]string{"maxmemory": "3gb"})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", s.Address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("CONFIG GET maxmemory\r\n")); err != nil {
		t.Fatal(err)
	}
	reply := make([]byte, 200)
	if n, err := conn.Read(reply); err != nil || !strings.Contains(string(reply[:n]), "3221225472") {
		t.Errorf("%q %v", reply[:n], err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", s.Address); err == nil {
		t.Error("it is still there")
	}
	if _, err := os.Stat(s.dir); !os.IsNotExist(err) {
		t.Errorf("its folder: %v", err)
	}
}

// What it does not know is an error that says what the server said.
func TestStartRefused(t *testing.T) {
	if _, err := Start(t.Context(), map[string]string{"no-such-parameter": "1"}); err == nil || !strings.Contains(err.Error(), "no-such-parameter") {
		t.Error(err)
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := Start(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "valkey-server") {
		t.Error(err)
	}
}

func TestEnv(t *testing.T) {
	s := &Server{Address: "127.0.0.1:7"}
	env := s.Env([]string{"MINE", "REDIS_URL"})
	for _, want := range []string{"REDIS_ADDR=127.0.0.1:7", "REDIS_PORT=7", "MINE=127.0.0.1:7", "REDIS_URL=127.0.0.1:7"} {
		found := 0
		for _, e := range env {
			if e == want {
				found++
			}
		}
		if found != 1 {
			t.Errorf("%s is there %d times: %q", want, found, env)
		}
	}
}
