//go:build unix

package inject

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tracetest/internal/barrier"
)

// The tests talk to a real server of package barrier over its socket, as a test
// binary does. They use the one line of this process, so none is parallel.

// TestMain is a nested test binary when it is asked to.
func TestMain(m *testing.M) {
	if os.Getenv("TRACETEST_INJECT_CHILD") != "" {
		tracetestOpen([]string{"child"}, "/child")
		tracetestCall("begin", "1", "test", "TestOfChild", "")
		fmt.Println(tracetestOn(), strings.HasSuffix(os.Getenv("TRACETEST_SOCKET"), "#2"))
		return
	}
	os.Exit(m.Run())
}

// reports is what a barrier received, one short text for each message.
type reports struct {
	mu    sync.Mutex
	texts []string
	hold  func(text string) // called before the process is let go
}

func (h *reports) all() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.texts...)
}

func (h *reports) wait(t *testing.T, text string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		for _, have := range h.all() {
			if have == text {
				return
			}
		}
	}
	t.Fatalf("the gate did not hear %q but %q", text, h.all())
}

// shortDir is a folder with a path that fits a unix socket.
func shortDir(t *testing.T, pattern string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", pattern)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// opened opens a barrier and says hello to it.
func opened(t *testing.T, pattern string, hold func(string)) (*barrier.Server, *reports) {
	t.Helper()
	s, err := barrier.Listen(shortDir(t, pattern), func(dir string) string { return "of" + dir }, barrier.Source{})
	if err != nil {
		t.Fatal(err)
	}
	h := &reports{hold: hold}
	var done sync.WaitGroup
	done.Go(func() {
		for {
			held := s.Next(t.Context())
			if held == nil {
				return
			}
			b := held.Boundary
			text := fmt.Sprint(b.Verb, " ", b.Owner)
			if b.Begin != nil {
				text += fmt.Sprint(" in ", b.Begin.Parent, " ", b.Begin.Kind, " ", b.Begin.Name)
			}
			if b.End != nil {
				text += " " + b.End.Status
			}
			if p := held.Process; p != nil {
				text = fmt.Sprint("process ", p.Index, " ", p.Package, " ", p.Args, " ", b.Verb)
				if p.Host != nil {
					text += fmt.Sprint(" within ", p.Host.Process)
				}
			}
			h.mu.Lock()
			h.texts = append(h.texts, text)
			h.mu.Unlock()
			if h.hold != nil {
				h.hold(text)
			}
			held.Release()
		}
	})
	t.Cleanup(func() { s.Close() })
	hello(t, strings.TrimPrefix(s.Env(), "TRACETEST_SOCKET="))
	return s, h
}

// hello makes this process a fresh one that says hello.
func hello(t *testing.T, path string) {
	t.Helper()
	reset()
	t.Cleanup(reset)
	t.Setenv("TRACETEST_SOCKET", path)
	tracetestOpen([]string{"a.test", "-test.v"}, "/dir")
}

func reset() {
	line := &tracetestLine
	line.mu.Lock()
	defer line.mu.Unlock()
	tracetestClose(line.hello)
	line.path, line.self, line.hello = "", "", -1
	tracetestOwners.Clear()
	tracetestFaults.Clear()
	tracetestSerial.Store(0)
}

// ended runs what package testing runs when a test has ended.
func ended(c *common) {
	for i := len(c.cleanups) - 1; i >= 0; i-- {
		c.cleanups[i]()
	}
}

// Guards against a message that the other side understands in another way.
func TestConversation(t *testing.T) {
	_, h := opened(t, "tracetest", nil)
	if !tracetestOn() {
		t.Fatal("the gate is off")
	}
	root := &common{}
	parent := &common{name: "TestA", parent: root}
	odd := &common{name: "TestA/\"quoted\"\nü\xff \\", parent: parent}
	tracetestMain("m/p", nil, nil, nil, nil)
	tracetestBegin(root, "test")
	tracetestBegin(parent, "test")
	tracetestPause(parent)
	tracetestContinue(parent)
	tracetestBegin(odd, "test")
	tracetestBegin(&common{name: odd.name, parent: odd}, "test") // of testing/synctest
	odd.finished = true
	ended(odd)
	ended(parent) // without having finished: it panicked
	example, ok := tracetestExample("ExampleX", new(bool)), true
	example()
	tracetestExample("ExampleY", &ok)()
	tracetestPause(parent) // no longer open
	tracetestCall("exit")
	want := []string{
		"process 1 of/dir [a.test -test.v] hello", "process 1 m/p [a.test -test.v] ",
		"begin 1 in 0 test TestA", "pause 1", "continue 1", "begin 2 in 1 test " + odd.name, "end 2 pass", "end 1 panic",
		"begin 3 in 0 example ExampleX", "end 3 fail", "begin 4 in 0 example ExampleY", "end 4 pass", "exit 0",
	}
	if got := h.all(); !reflect.DeepEqual(got, want) {
		t.Errorf("heard\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	reset()
	h.wait(t, "gone 0")
}

// Guards against a deadlock: a child that a test waits for must not wait,
// and what it does belongs to that test.
func TestNestedProcess(t *testing.T) {
	_, h := opened(t, "tracetest", nil)
	tracetestCall("begin", "1", "test", "TestA", "")
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "TRACETEST_INJECT_CHILD=1")
	out, err := cmd.Output()
	if err != nil || string(out) != "false true\n" {
		t.Fatalf("the child printed %q, %v", out, err)
	}
	h.wait(t, "process 2 of/child [child]  within 1")
	h.wait(t, "gone 0")
	for _, text := range h.all() {
		if strings.Contains(text, "TestOfChild") {
			t.Errorf("heard %q of a process that must not be held", text)
		}
	}
	if !tracetestOn() {
		t.Error("the gate is off") // as it would be if the child had our descriptors
	}
}

// Guards against a process that replaced itself and is taken for its own child.
func TestExec(t *testing.T) {
	_, h := opened(t, "tracetest", nil)
	again := os.Getenv("TRACETEST_SOCKET")
	if !strings.HasSuffix(again, "#1") {
		t.Fatalf("the environment has %q", again)
	}
	hello(t, again)
	h.wait(t, "process 2 of/dir [a.test -test.v] hello")
	if got := h.all(); !tracetestOn() || got[1] != "gone 0" {
		t.Errorf("on %v, heard %q", tracetestOn(), got)
	}
}

// Guards against a barrier that is off because of the name of a folder.
func TestFolderWithHash(t *testing.T) {
	opened(t, "trace#1test", nil)
	if !tracetestOn() {
		t.Fatal("the gate is off")
	}
	hello(t, os.Getenv("TRACETEST_SOCKET"))
	if !tracetestOn() {
		t.Error("the gate is off in a process started by another")
	}
}

// Guards against one test that waits and makes all others wait with it.
func TestEachCallWaitsForItself(t *testing.T) {
	let := make(chan struct{})
	var other sync.WaitGroup
	_, h := opened(t, "tracetest", func(text string) {
		if strings.HasSuffix(text, "TestHeld") {
			other.Go(func() { tracetestCall("main", "m/other") }) // waits in the queue, but must get there
		}
	})
	other.Go(func() { tracetestCall("begin", "1", "test", "TestHeld", ""); close(let) })
	<-let
	other.Wait()
	h.wait(t, "process 1 m/other [a.test -test.v] ")
}

// Guards against messages that get mixed up. It tells something with -race.
func TestManyTests(t *testing.T) {
	_, h := opened(t, "tracetest", nil)
	root := &common{}
	var all sync.WaitGroup
	for i := range 30 {
		all.Go(func() {
			c := &common{name: fmt.Sprint("Test", i), parent: root}
			tracetestBegin(c, "test")
			tracetestPause(c)
			tracetestContinue(c)
			tracetestFail(c)
			c.failed, c.finished = true, true
			ended(c)
		})
	}
	all.Wait()
	ends := 0
	for _, text := range h.all() {
		if strings.HasPrefix(text, "end ") && strings.HasSuffix(text, " fail") {
			ends++
		}
	}
	if ends != 30 || len(h.all()) != 1+30*4 {
		t.Errorf("%d ends among %d messages", ends, len(h.all()))
	}
	ours := 0
	tracetestFiles.Range(func(any, any) bool { ours++; return true })
	if ours != 1 {
		t.Errorf("%d descriptors", ours)
	}
}

// Guards against tests that hang or fail because tracetest was killed.
func TestSocketGoneInTheMiddle(t *testing.T) {
	var s *barrier.Server
	s, _ = opened(t, "tracetest", func(text string) {
		if strings.HasSuffix(text, "TestHeld") {
			s.Close()
		}
	})
	done := make(chan struct{})
	go func() {
		tracetestCall("main", "m/p")
		tracetestCall("begin", "1", "test", "TestHeld", "")
		tracetestCall("begin", "2", "test", "TestAfter", "")
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatal("a test waits for a gate that is gone")
	}
	if tracetestOn() {
		t.Error("the gate is on")
	}
}

// Guards against a test that waits for ever for a tracetest that is stopped.
func TestSilentSocket(t *testing.T) {
	defer func(old int64) { tracetestPatience = old }(tracetestPatience)
	tracetestPatience = int64(50 * time.Millisecond)
	for _, answers := range []int{0, 1, 2} {
		path := filepath.Join(shortDir(t, "tracetest"), "gate")
		listener, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		said := make(chan string, 16)
		go func() {
			var n atomic.Int64
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				go func() {
					defer conn.Close()
					for lines := bufio.NewScanner(conn); lines.Scan(); {
						said <- lines.Text()
						if n.Add(1) <= int64(answers) {
							conn.Write([]byte("go 1\n"))
						}
					}
				}()
			}
		}()
		began := time.Now()
		hello(t, path)
		for range 3 {
			tracetestCall("begin", "1", "test", "TestA", "")
		}
		if took := time.Since(began); took > 10*time.Second || tracetestOn() {
			t.Errorf("after %d answers: on %v, took %v", answers, tracetestOn(), took)
		}
		if answers == 0 {
			continue
		}
		// The barrier must know that this process no longer waits.
		for quit := false; !quit; {
			select {
			case text := <-said:
				quit = text == `"quit" "1"`
			case <-time.After(10 * time.Second):
				t.Fatalf("after %d answers: it did not quit", answers)
			}
		}
	}
}

func TestNoSocket(t *testing.T) {
	for _, path := range []string{"", filepath.Join(t.TempDir(), "missing"), "/" + strings.Repeat("x", 300)} {
		hello(t, path)
		tracetestBegin(&common{name: "TestA", parent: &common{}}, "test")
		tracetestExample("ExampleA", new(bool))()
		TracetestSpec("suite-begin", false, "")
		if tracetestOn() || os.Getenv("TRACETEST_SOCKET") != path {
			t.Errorf("%.20q: the gate is on", path)
		}
	}
}

// Guards against writing to a file of the user's: a test may close descriptors
// that are ours, and get their numbers for files of its own.
func TestDescriptorThatWasTaken(t *testing.T) {
	_, _ = opened(t, "tracetest", nil)
	tracetestCall("main", "m/p")
	name := filepath.Join(t.TempDir(), "file")
	{
		fd := tracetestLine.hello
		syscall.Close(fd)
		for taken := false; !taken; { // the lowest free number is given
			file, err := os.Create(name)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			taken = int(file.Fd()) >= fd
		}
	}
	tracetestCall("begin", "1", "test", "TestA", "")
	if text, err := os.ReadFile(name); err != nil || len(text) > 0 {
		t.Errorf("the user's file holds %q, %v", text, err)
	}
}
