package nettrace

import (
	"reflect"
	"testing"
)

// Guards against something that can change a server, or that it counts, and that
// is not reported before: the tests would pass their boundaries.
func TestUnseen(t *testing.T) {
	for _, test := range []struct {
		name string
		what []string
		want []string
	}{
		{"reads", []string{resp("GET", "k"), resp("mget", "a", "b") + resp("CLIENT", "SETINFO", "LIB-NAME", "x"), "PING\r\n", resp("CONFIG", "GET", "a")}, []string{"redis"}},
		{"keys", []string{resp("GET", "k"), resp("SET", "k", "v")}, []string{"redis", "unseen"}},
		{"keys that go", []string{resp("GET", "k"), resp("DEL", "k")}, []string{"redis", "unseen"}},
		{"keys that will go", []string{resp("GET", "k"), resp("PEXPIRE", "k", "1")}, []string{"redis", "unseen"}},
		{"in a pipeline", []string{resp("GET", "k") + resp("INCR", "k") + resp("GET", "k")}, []string{"redis", "unseen"}},
		{"a script", []string{resp("EVAL", "x", "0")}, []string{"redis", "unseen"}},
		{"a command that nobody knows", []string{resp("NOBODY.KNOWS", "SET", "a", "b")}, []string{"redis", "unseen"}},
		{"a long name", []string{resp("GETGETGETGETGETGETGETGETGETGETGETGETGET", "a", "b")}, []string{"redis", "unseen"}},
		{"a write", []string{resp("CONFIG", "SET", "a", "b")}, []string{"redis", "unseen", "write"}},
		{"another protocol", []string{"GET / HTTP/1.1\r\n\r\n"}, []string{"unseen"}},
		{"no text", []string{"\x16\x03\x01"}, []string{"unseen"}},
		{"a client that turns into none", []string{resp("GET", "k"), "\x00"}, []string{"redis", "unseen"}},
	} {
		for _, closed := range []bool{false, true} {
			var got []string
			hook(t, func(event string, _, _ int64, _ []string) {
				if got = append(got, event); event == "unseen" {
					tracetestDoor = 1
				}
			})
			t.Cleanup(func() { tracetestDoor = 1 })
			tracetestDoor = 0
			want := test.want
			if closed {
				tracetestDoor = 1
				want = nil
				for _, event := range test.want {
					if event != "unseen" {
						want = append(want, event)
					}
				}
			}
			var c tracetestConn
			for _, text := range test.what {
				c.write([]byte(text), toRedis, true, false)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s, closed %v: got %q, want %q", test.name, closed, got, want)
			}
		}
	}
	// What crypto/tls sends it has shown. Anything else on the same connection it has not.
	for text, want := range map[string]string{"\x16\x03\x01\x00\x05hello": "", "\x17\x03\x03\x00\x01x": "", "*1\r\n": "unseen", "\x16": "unseen", "\x16\x02": "unseen", "\x19\x03": "unseen"} {
		var got string
		hook(t, func(event string, _, _ int64, _ []string) { got = event })
		tracetestDoor = 0
		var c tracetestConn
		c.carry()
		c.write([]byte("\x16\x03\x01\x00\x01x"), toRedis, true, false)
		if c.write([]byte(text), toRedis, true, false); got != want {
			t.Errorf("%q below TLS: told %q, want %q", text, got, want)
		}
	}
	// One that spoke before it was secured is what it was.
	var plain tracetestConn
	plain.write([]byte("EHLO x\r\n"), toRedis, true, false)
	if plain.carry(); plain.state.Load() != tracetestForeign {
		t.Error("a connection that spoke another protocol carries TLS")
	}
	// What this process did not dial is another's client.
	var got []string
	hook(t, func(event string, _, _ int64, _ []string) { got = append(got, event) })
	tracetestDoor = 0
	var c tracetestConn
	c.write([]byte(resp("GET", "k")), toRedis, false, false)
	c.write([]byte("x"), toRedis, false, false)
	if !reflect.DeepEqual(got, []string{"unseen", "unseen"}) {
		t.Errorf("on an accepted connection: got %q", got)
	}
}
