package snapshot

import (
	"net"
	"slices"
	"testing"

	"tracetest/internal/record"
	"tracetest/internal/redistest"
)

// Guards against the observer being listed as somebody who may have changed
// something, and against another client that is not.
func TestClients(t *testing.T) {
	server := redistest.Start(t)
	s, _ := open(t, server.Addr, Options{})
	conn, err := net.Dial("tcp", server.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("CLIENT SETNAME other\r\n")); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	all, err := s.Clients(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	is := func(c record.Client) bool { return c.Name == "other" && c.Address == conn.LocalAddr().String() }
	if !slices.ContainsFunc(all, is) {
		t.Errorf("the other client is not among %+v", all)
	}
	if slices.ContainsFunc(all, func(c record.Client) bool { return c.Name == "tracetest" }) {
		t.Errorf("the observer is among %+v", all)
	}
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Clients(t.Context()); err == nil {
		t.Error("a server that is gone listed its clients")
	}
}

// Guards against a perturbation that a test feels, and one that is not undone.
func TestPerturb(t *testing.T) {
	server := redistest.Start(t, "--maxmemory", "2gb", "--maxmemory-policy", "allkeys-lru", "--timeout", "0")
	s, _ := open(t, server.Addr, Options{})
	before := s.Mark()
	were, err := s.Perturb(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][2]string{
		"maxmemory": {"2147483648", "2148532224"}, "maxmemory-policy": {"allkeys-lru", "allkeys-lfu"}, "timeout": {"0", "86400"}, "hz": {"10", "11"},
	} {
		if now := s.Shown()[name]; were[name] != want[0] || now != want[1] {
			t.Errorf("%s: from %q to %q, want %q", name, were[name], now, want)
		}
	}
	if done := goBack(t, s, before).Wrote; done == nil || done.Error != "" {
		t.Errorf("%+v", done)
	}
	if got := server.Do(t, "CONFIG", "GET", "maxmemory"); got != "[maxmemory 2147483648]" {
		t.Error(got)
	}
}

// Guards against a difference that says nothing: a parameter that reads back
// otherwise than it was written.
func TestStarted(t *testing.T) {
	server := redistest.Start(t)
	s, _ := open(t, server.Addr, Options{})
	for parameter, want := range map[string]string{"maxmemory": "2147483648", "MaxMemory": "2147483648", "appendonly": "2gb"} {
		if _, o, ok := s.Started(parameter, "2gb", "here"); !ok || o != (record.Origin{Value: want, Source: "here"}) {
			t.Errorf("%s: %+v, %v", parameter, o, ok)
		}
	}
	for _, parameter := range []string{"requirepass", "dir", "bind", "maxclients", "logfile", "no-such"} {
		if _, o, ok := s.Started(parameter, "2gb", "here"); ok {
			t.Errorf("%s: %+v", parameter, o)
		}
	}
	if pid, _ := s.Process(); pid <= 0 {
		t.Errorf("its process is %d", pid)
	}
}

// Guards against a flush of a server that is somebody else's.
func TestLocal(t *testing.T) {
	for address, want := range map[string]bool{"localhost:1": true, "127.0.0.1:1": true, "[::1]:1": true, "/tmp/s": true, "192.0.2.1:1": false, "redis.example:1": false} {
		target, err := ParseTarget(address)
		if err != nil || target.Local() != want {
			t.Errorf("%s: %v, %v", address, target.Local(), err)
		}
	}
	if at := (Target{network: "tcp", address: "a:1", login: func() login { return login{password: "x"} }}).At("tcp", "b:2"); at.Address() != "b:2" || at.login().password != "x" || at.Anonymous().login().password != "" {
		t.Errorf("%v", at)
	}
}
