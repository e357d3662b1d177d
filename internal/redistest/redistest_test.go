package redistest

import (
	"net"
	"strings"
	"testing"
)

func TestServer(t *testing.T) {
	s := Start(t, "--maxmemory", "100mb")
	if got := s.Do(t, "config", "get", "maxmemory"); !strings.Contains(got, "104857600") {
		t.Fatalf("maxmemory is %s", got)
	}
	if err := s.Restart("--maxmemory", "50mb"); err != nil {
		t.Fatal(err)
	}
	if got := s.Do(t, "config", "get", "maxmemory"); !strings.Contains(got, "52428800") {
		t.Fatalf("after the restart maxmemory is %s", got)
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if conn, err := net.Dial("tcp", s.Addr); err == nil {
		conn.Close()
		t.Fatal("it still answers")
	}
}

func TestRunSaysWhyTheServerEnded(t *testing.T) {
	_, err := Run(t.TempDir(), "--no-such-setting", "1")
	if err == nil || !strings.Contains(err.Error(), "no-such-setting") {
		t.Fatalf("got %v", err)
	}
}
