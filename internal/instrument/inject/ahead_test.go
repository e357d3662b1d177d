//go:build linux

package inject

import (
	"os/exec"
	"reflect"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"tracetest/internal/barrier"
)

// Guards against a boundary that a test passes though it can have acted unseen, and
// against one at which it waits for nothing.
func TestPasses(t *testing.T) {
	s, err := barrier.Listen(shortDir(t, "tracetest"), func(dir string) string { return "of" + dir }, barrier.Source{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	var calm atomic.Bool
	calm.Store(true)
	said := make(chan string, 100)
	go func() {
		for h := s.Next(t.Context()); h != nil; h = s.Next(t.Context()) {
			how := " waits"
			if h.Passed {
				how = " passes"
			}
			if h.AtOnce {
				how += " at once"
			}
			switch {
			case h.Message != nil && h.Message.Contact != nil:
				said <- "contact" + how
			case h.Message != nil && h.Message.Write != nil:
				said <- "write" + how
			case h.Message != nil:
				said <- "reply" + how
			case h.Process == nil && h.Boundary.Verb == "":
				said <- "" // all before it was taken in
			case h.Process == nil:
				said <- string(h.Boundary.Verb) + how
			}
			h.Ahead = calm.Load() && h.Process == nil
			h.Release()
		}
	}()
	hello(t, strings.TrimPrefix(s.Env(), "TRACETEST_SOCKET="))
	tracetestTraceStart()
	root := &common{}
	var c *common // of the test that runs
	run := func(what func()) {
		c = &common{name: "TestA", parent: root, finished: true}
		tracetestBegin(c, "test")
		what()
		ended(c)
	}
	nothing := func() {}
	subtest := func() {
		sub := &common{name: "TestA/a", parent: c, finished: true}
		tracetestBegin(sub, "test")
		ended(sub)
	}
	writes := func(number int64, command ...string) func() {
		return func() {
			tracetestTraced("write", 1, number, command)
			tracetestTraced("reply", 1, number, []string{"+OK"})
		}
	}
	connects := func(inside, sure string) func() {
		return func() {
			tracetestTraced("redis", 1, 0, []string{"tcp", "127.0.0.1:6379", "127.0.0.1:40000", "false", inside, sure})
		}
	}
	// The time limit would make it a matter of the machine's speed.
	fresh := func() { tracetestLine.waited = tracetestClock() }
	for _, test := range []struct {
		name string
		what func()
		want []string // for the test that does it, and the next
	}{
		{"the first test", nothing, []string{"begin waits", "end waits", "begin passes at once", "end passes"}},
		{"nothing", nothing, []string{"begin passes", "end passes", "begin passes", "end passes"}},
		{"the first subtest", subtest, []string{"begin passes", "begin waits", "end waits", "end passes", "begin passes", "end passes"}},
		{"a subtest", subtest, []string{"begin passes", "begin passes", "end passes", "end passes", "begin passes", "end passes"}},
		{"the first pause", func() { tracetestPause(c) }, []string{"begin passes", "pause waits", "end passes", "begin passes", "end passes"}},
		{"something unseen", tracetestUnseen, []string{"begin passes", "sync waits", "end waits", "begin passes at once", "end passes"}},
		{"something unseen, and the next comes late", tracetestUnseen, []string{"begin passes", "sync waits", "end waits", "begin passes", "end passes"}},
		{"twice", func() { tracetestUnseen(); tracetestUnseen() }, []string{"begin passes", "sync waits", "end waits", "begin passes at once", "end passes"}},
		{"a child that has ended", func() { exec.Command("true").Run() }, []string{"begin passes", "end waits", "begin passes at once", "end passes"}},
		{"a call of C", func() { tracetestCgo = runtime.NumCgoCall() - 1 }, []string{"begin passes", "end waits", "begin waits", "end waits"}},
		{"as many boundaries as are passed at most", func() { tracetestLine.passed = tracetestFarthest }, []string{"begin passes", "end waits", "begin passes at once", "end passes"}},
		{"one less", func() { tracetestLine.passed = tracetestFarthest - 1 }, []string{"begin passes", "end passes", "begin waits", "end passes"}},
		{"longer than boundaries are passed", func() { tracetestLine.waited -= tracetestLongest }, []string{"begin passes", "end waits", "begin passes at once", "end passes"}},
		{"a flush", writes(1, "flushdb"), []string{"begin passes", "write passes", "reply passes", "end passes", "begin passes", "end passes"}},
		{"what tracetest may be kept out by", writes(2, "ACL", "DELUSER", "bob"), []string{"begin passes", "write waits", "reply waits", "end waits", "begin passes at once", "end passes"}},
		{"a setting", writes(3, "CONFIG", "SET", "hz", "5"), []string{"begin passes", "write waits", "reply waits", "end passes", "begin passes", "end passes"}},
		{"a line of text that others have too", connects("false", "false"), []string{"begin passes", "contact waits", "end passes", "begin passes", "end passes"}},
		{"a flush on such a connection, behind which the server may be met", writes(4, "FLUSHALL", "ASYNC"), []string{"begin passes", "write waits", "reply waits", "end passes", "begin passes", "end passes"}},
		{"the first connection", connects("false", "true"), []string{"begin passes", "contact waits", "end passes", "begin passes", "end passes"}},
		{"the second", connects("false", "true"), []string{"begin passes", "contact passes", "end passes", "begin passes", "end passes"}},
		{"a fake at the same address", connects("true", "true"), []string{"begin passes", "contact waits", "end passes", "begin passes", "end passes"}},
		{"a flush there", writes(5, "FLUSHDB"), []string{"begin passes", "write waits", "reply waits", "end passes", "begin passes", "end passes"}},
		{"and a server again", connects("false", "true"), []string{"begin passes", "contact waits", "end passes", "begin passes", "end passes"}},
		{"the server changed", func() { calm.Store(false); tracetestReport("reply", "1", "1", "+OK") }, []string{"begin passes", "reply waits", "end waits", "begin waits", "end waits"}},
		{"and is back", func() { calm.Store(true) }, []string{"begin waits", "end waits", "begin passes at once", "end passes"}},
	} {
		tracetestInTurn([]string{"ran"})
		<-said
		tracetestLine.passed, tracetestLine.ended = 0, 0
		if calm.Load() && test.name != "and is back" {
			tracetestDoor, tracetestBorn, tracetestCgo = 0, tracetestReaped(), runtime.NumCgoCall()
		}
		fresh()
		run(func() { fresh(); test.what() })
		if test.name == "something unseen, and the next comes late" {
			tracetestLine.ended -= tracetestAtOnce
		}
		fresh()
		run(func() {})
		tracetestInTurn([]string{"ran"})
		var got []string
		for text := <-said; text != ""; text = <-said {
			got = append(got, text)
		}
		if !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
	// A child that lives is there at each boundary.
	child := exec.Command("sleep", "60")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if tracetestChildless() {
		t.Error("a child is not seen")
	}
	child.Process.Kill()
	child.Wait()
	if tracetestChildless() {
		t.Error("a child that has ended is not seen")
	}
	tracetestBorn = tracetestReaped()
	if !tracetestChildless() {
		t.Error("a child is seen where there is none")
	}
}

// Guards against a subtest, or anything but a test, that is taken for one that comes at
// once behind the test before.
func TestTop(t *testing.T) {
	for message, want := range map[string]bool{
		"begin,1,test,TestA,": true, "begin,1,test,TestA/a,2": false, "begin,1,bench,BenchmarkA,": false, "end,1,pass,true": false,
	} {
		if is := tracetestTop(strings.Split(message, ","), "begin"); is != want {
			t.Errorf("%s begins: %v, want %v", message, is, want)
		}
	}
	for message, want := range map[string]bool{"end,1,pass,true": true, "end,1,pass,false": false, "begin,1,test,TestA,true": false} {
		if is := tracetestTop(strings.Split(message, ","), "end"); is != want {
			t.Errorf("%s ends: %v, want %v", message, is, want)
		}
	}
}
