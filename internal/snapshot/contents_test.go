package snapshot

import (
	"fmt"
	"strings"
	"testing"

	"tracetest/internal/redistest"
)

// Keys of every type and database, users and functions come back as they were,
// what is to be kept stays, and each thing that had changed is told once.
func TestPutBack(t *testing.T) {
	server := redistest.Start(t)
	s, _ := open(t, server.Addr, Options{})
	inDB1 := func(command string) { // on one connection
		server.Do(t, "EVAL", "redis.call('SELECT', 1); return redis.call("+command+")", "0")
	}
	server.Do(t, "SET", "same", "1")
	server.Do(t, "SET", "changed", "before")
	server.Do(t, "HSET", "hash", "f", "1")
	server.Do(t, "RPUSH", "deleted", "a", "b")
	server.Do(t, "SET", "short", "1", "EX", "1000")
	inDB1("'SET', 'other', '1'")
	server.Do(t, "ACL", "SETUSER", "old", "on", ">geheim", "~x*", "+get")
	functions := "FUNCTION" // from Redis 7.0 on
	hasFunctions := true
	if _, err := server.Try(functions, "LOAD", "#!lua name=lib\nredis.register_function('f', function() return 1 end)"); err != nil {
		hasFunctions = false
	}
	before, err := s.Contents(t.Context(), true, true)
	if err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprintf("%v %+v %#v", before, before, before); strings.Contains(text, "before") {
		t.Errorf("values are printed: %s", text)
	}
	users := server.Do(t, "ACL", "LIST")

	server.Do(t, "SET", "changed", "after")
	server.Do(t, "HSET", "hash", "f", "2")
	server.Do(t, "DEL", "deleted")
	server.Do(t, "PERSIST", "short")
	server.Do(t, "SET", "new", "1")
	server.Do(t, "SET", "kept", "1")
	inDB1("'SET', 'other', '2'")
	inDB1("'SET', 'more\\n', '2'")
	server.Do(t, "ACL", "SETUSER", "old", "off")
	server.Do(t, "ACL", "SETUSER", "guest", "on", "nopass")
	want := `key changed, key db1 "more\n", key db1 other, key deleted, key hash, key kept, key new, key short, user guest, user old`
	if hasFunctions {
		server.Do(t, functions, "FLUSH")
		want += ", functions functions"
	}

	touched, err := s.PutBack(t.Context(), before, []string{"kept"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, thing := range touched {
		got = append(got, thing.What+" "+thing.Name)
	}
	if text := strings.Join(got, ", "); text != want {
		t.Errorf("touched: %s\nwant: %s", text, want)
	}
	for command, want := range map[string]string{
		"GET same": "1", "GET changed": "before", "HGET hash f": "1", "LRANGE deleted 0 -1": "[a b]", "EXISTS new": "0", "EXISTS kept": "1",
	} {
		var words []any
		for word := range strings.FieldsSeq(command) {
			words = append(words, word)
		}
		if got := server.Do(t, words...); got != want {
			t.Errorf("%s: %s, want %s", command, got, want)
		}
	}
	if got := strings.ReplaceAll(server.Do(t, "ACL", "LIST"), "sanitize-payload ", ""); got != strings.ReplaceAll(users, "sanitize-payload ", "") {
		t.Errorf("users: %s, want %s", got, users)
	}
	if left := server.Do(t, "TTL", "short"); left == "-1" || left == "-2" {
		t.Errorf("the time to live of a key is gone: %s", left)
	}
	if got := server.Do(t, "EVAL", "redis.call('SELECT', 1); return redis.call('GET', 'other') .. redis.call('DBSIZE')", "0"); got != "11" {
		t.Errorf("in db1: %s, want 1 and one key", got)
	}
	if hasFunctions {
		if got := server.Do(t, "FCALL", "f", "0"); got != "1" {
			t.Errorf("the function: %s", got)
		}
	}
	// The connection is at its database again, and sees what it saw.
	if snap := s.Sample(t.Context()); snap.Error != "" {
		t.Error(snap.Error)
	}
	if touched, err := s.PutBack(t.Context(), before, []string{"kept"}); err != nil || len(touched) != 1 {
		t.Errorf("again: %v %v, want only what is kept", touched, err)
	}
	if err := s.Forget(t.Context(), s.Mark()); err != nil || server.Do(t, "DBSIZE") != "0" {
		t.Errorf("%v", err)
	}
}

// A user who may not read keys gets an error, and no half of them.
func TestContentsRefused(t *testing.T) {
	server := redistest.Start(t)
	server.Do(t, "SET", "a", "b")
	server.Do(t, "ACL", "SETUSER", "weak", "on", ">geheim123", "+config|get", "+info", "+client", "+ping")
	s, _ := open(t, "redis://weak:geheim123@"+server.Addr, Options{})
	if _, err := s.Contents(t.Context(), true, false); err == nil || strings.Contains(err.Error(), "geheim123") {
		t.Errorf("%v", err)
	}
	if c, err := s.Contents(t.Context(), false, true); err != nil {
		t.Error(err)
	} else if touched, err := s.PutBack(t.Context(), c, nil); err != nil || len(touched) != 0 {
		t.Errorf("%v %v", touched, err)
	}
}
