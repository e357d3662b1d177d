//go:build unix

package barrier

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestMain is a process that lives until its stdin ends, when it is asked to.
func TestMain(m *testing.M) {
	if os.Getenv("TRACETEST_SOCKET_LIVES") != "" {
		io.Copy(io.Discard, os.Stdin)
		return
	}
	os.Exit(m.Run())
}

// listen opens a barrier in a private folder with a path that fits a socket.
func listen(t testing.TB) *Server {
	t.Helper()
	dir, err := os.MkdirTemp("", "tracetest")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s, err := Listen(dir, func(dir string) string { return "of" + dir }, Source{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// client is a test process as the wire knows it.
type client struct {
	t    testing.TB
	conn net.Conn
	in   *bufio.Reader
}

func dial(t testing.TB, s *Server) *client {
	t.Helper()
	conn, err := net.Dial("unix", s.path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(30 * time.Second))
	return &client{t, conn, bufio.NewReader(conn)}
}

func (c *client) say(words ...string) {
	c.t.Helper()
	var text []byte
	for i, word := range words {
		if i > 0 {
			text = append(text, ' ')
		}
		text = strconv.AppendQuote(text, word)
	}
	if _, err := c.conn.Write(append(text, '\n')); err != nil {
		c.t.Error(err)
	}
}

func (c *client) answer() string {
	c.t.Helper()
	line, err := c.in.ReadString('\n')
	if err != nil {
		c.t.Errorf("no answer: %v", err)
	}
	return strings.TrimSuffix(line, "\n")
}

// next takes the next process that waits, describes it and lets it go.
func next(t testing.TB, s *Server) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	h := s.Next(ctx)
	if h == nil {
		t.Fatal("nobody says anything")
	}
	defer h.Release()
	b := h.Boundary
	text := fmt.Sprint(b.Verb, " ", b.Process, " ", b.Owner)
	if h.Process != nil {
		text += " package " + h.Process.Package
		if h.Process.Host != nil {
			text += fmt.Sprint(" within ", h.Process.Host.Process)
		}
	}
	return strings.TrimSpace(text)
}

func wantNext(t testing.TB, s *Server, want string) {
	t.Helper()
	if got := next(t, s); got != want {
		t.Fatalf("got %q, want %q", got, want)
	}
}

// startProcess starts a process that lives until it is ended and waited for.
func startProcess(t *testing.T) (pid string, end func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "TRACETEST_SOCKET_LIVES=1")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	end = func() { once.Do(func() { stdin.Close(); cmd.Wait() }) }
	t.Cleanup(end)
	return strconv.Itoa(cmd.Process.Pid), end
}

// Guards against others who use the socket, and against one that stays behind.
func TestSocket(t *testing.T) {
	s := listen(t)
	info, err := os.Stat(s.path)
	if err != nil || info.Mode().Perm() != 0o600 || info.Mode().Type() != fs.ModeSocket {
		t.Errorf("%v, %v", info, err)
	}
	if dir, err := os.Stat(filepath.Dir(s.path)); err != nil || dir.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", dir, err)
	}
	if s.Env() != "TRACETEST_SOCKET="+s.path {
		t.Error(s.Env())
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("closed again: %v", err)
	}
	if _, err := os.Stat(s.path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
	if _, err := Listen(strings.Repeat("/x", 100), nil, Source{}); err == nil {
		t.Error("a path that does not fit is no error")
	}
}

// Guards against tests that hang when tracetest ends, and against goroutines
// and descriptors that stay behind.
func TestCloseLetsEverybodyGo(t *testing.T) {
	before := runtime.NumGoroutine()
	s := listen(t)
	waiting, idle, queued := dial(t, s), dial(t, s), dial(t, s)
	for _, c := range []*client{idle, queued} {
		c.say("hello", "", "1", "1", "/d")
		s.Next(t.Context()).Release()
		c.answer()
	}
	waiting.say("hello", "", "1", "1", "/d")
	h := s.Next(t.Context())
	if h == nil {
		t.Fatal("no hello")
	}
	queued.say("exit")
	s.Close()
	for name, c := range map[string]*client{"waiting": waiting, "idle": idle, "queued": queued} {
		if _, err := c.in.ReadByte(); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
	}
	h.Release() // after the end it must not block
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, there were %d", runtime.NumGoroutine(), before)
		}
	}
}

func TestNextStops(t *testing.T) {
	s := listen(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if h := s.Next(ctx); h != nil {
		t.Errorf("%+v", h)
	}
}

// Guards against a process that is taken for another's child, or waits while
// its parent waits for it.
func TestHosts(t *testing.T) {
	s := listen(t)
	self := strconv.Itoa(os.Getpid())
	steps := []struct{ host, pid, answer, traced string }{
		{"", self, "go 1", "hello 1 0 package of/d"},
		{"1", "999999991", "nested 2", "0 0 package of/d within 1"},
		{"2", "999999992", "nested 3", "0 0 package of/d within 1"}, // a child's child is the test's as well
		{"2", "999999991", "nested 4", "0 0 package of/d within 1"}, // a child that replaced itself stays one
		{"77", "999999993", "go 5", "hello 5 0 package of/d"},       // of another run
		{"-1", "999999994", "go 6", "hello 6 0 package of/d"},
		{"x", "y", "go 7", "hello 7 0 package of/d"},
		{"5", "999999993", "go 8", "hello 8 0 package of/d"}, // replaced itself (exec)
	}
	for _, step := range steps {
		c := dial(t, s)
		c.say("hello", step.host, step.pid, "1", "/d")
		wantNext(t, s, step.traced)
		if got := c.answer(); got != step.answer {
			t.Errorf("pid %s, host %s: answer %q, want %q", step.pid, step.host, got, step.answer)
		}
	}
}

// A process that runs the tests in place of the one that started it waits.
// Guards against a helper that is taken for one.
func TestLaunched(t *testing.T) {
	s := listen(t)
	self := strconv.Itoa(os.Getpid())
	var launched *client // the third
	for _, step := range []struct {
		host, pid, dir string
		args           []string
		answer         string
	}{
		{"", self, "/d", []string{"/b/x.test", "-test.v=true"}, "go 1"},
		{"1", "999999991", "/d", []string{"/proc/self/exe", "-test.v=true"}, "go 2"},
		{"2", "999999992", "/d", []string{"/b/x.test", "-test.v=true"}, "go 3"}, // it launches in turn
		{"1", "999999993", "/d", []string{"/b/x.test", "-test.v=true", "-test.run=Helper"}, "nested 4"},
		{"1", "999999994", "/d", []string{"/b/x.test"}, "nested 5"},
		{"1", "999999995", "/e", []string{"/b/x.test", "-test.v=true"}, "nested 6"},
	} {
		c := dial(t, s)
		c.say(append([]string{"hello", step.host, step.pid, "1", step.dir}, step.args...)...)
		h := s.Next(t.Context())
		if step.pid == "999999991" && h.Process.Launcher != 1 {
			t.Errorf("launched by %d", h.Process.Launcher)
		}
		h.Release()
		if got := c.answer(); got != step.answer {
			t.Errorf("%q of %s: answer %q, want %q", step.args, step.host, got, step.answer)
		} else if got == "go 3" {
			launched = c
		}
	}
	// From its first test on it starts helpers, whatever their arguments.
	launched.say("begin", "1", "test", "TestA", "")
	s.Next(t.Context()).Release()
	launched.answer()
	child := dial(t, s)
	child.say("hello", "3", "999999996", "1", "/d", "/b/x.test", "-test.v=true")
	s.Next(t.Context()).Release()
	if got := child.answer(); got != "nested 7" {
		t.Errorf("a helper of a test: %q", got)
	}
}

// Guards against the next package's hello being answered while the tests of
// one that is dead still count as open.
func TestHelloWaitsForTheDead(t *testing.T) {
	pid, end := startProcess(t)
	s := listen(t)
	first := dial(t, s)
	first.say("hello", "", pid, "1", "/a")
	wantNext(t, s, "hello 1 0 package of/a")
	first.answer()
	end()
	// The hello is taken first, whatever the goroutines do.
	hello := message{content: helloMsg{pid: 999999999, dir: "/b"}, answer: make(chan string, 1)}
	s.queue = append(s.queue, hello)
	first.conn.Close()
	wantNext(t, s, "gone 1 0")
	wantNext(t, s, "hello 2 0 package of/b")
}

// Guards against a run that stands still for seconds at each package because
// something keeps the connection of a dead process open.
func TestHelloDoesNotWaitForEver(t *testing.T) {
	pid, end := startProcess(t)
	s := listen(t)
	first := dial(t, s)
	first.say("hello", "", pid, "1", "/a")
	wantNext(t, s, "hello 1 0 package of/a")
	first.answer()
	end()
	began := time.Now()
	for i := range 5 {
		s.queue = append(s.queue, message{content: helloMsg{pid: 999999999, dir: "/b"}, answer: make(chan string, 1)})
		wantNext(t, s, fmt.Sprintf("hello %d 0 package of/b", i+2))
	}
	if took := time.Since(began); took > 6*time.Second {
		t.Errorf("took %v", took)
	}
}

// Guards against what a process still had on the way when it died: an owner
// that begins after its process is gone would never end.
func TestNothingAfterGone(t *testing.T) {
	pid, end := startProcess(t)
	s := listen(t)
	c := dial(t, s)
	c.say("hello", "", pid, "1", "/a")
	wantNext(t, s, "hello 1 0 package of/a")
	c.answer()
	end()
	c.conn.Close()
	wantNext(t, s, "gone 1 0")
	for _, words := range [][]string{{"begin", "1", "test", "TestA", ""}, {"exit"}, {"main", "m/x"}, {"spec-begin", "false", "{}"}} {
		late := message{process: 1, content: decode(words), answer: make(chan string, 1)}
		s.queue = append(s.queue, late)
		wantNext(t, s, "0 0")
		if got := <-late.answer; got != "go" {
			t.Errorf("%q is answered %q", words, got)
		}
	}
}

// Guards against a process that gave up and whose snapshots are still trusted.
func TestWaiting(t *testing.T) {
	pid, end := startProcess(t)
	s := listen(t)
	c := dial(t, s)
	c.say("hello", "", pid, "1", "/d")
	h := s.Next(t.Context())
	if !h.Waiting() {
		t.Error("it waits, and is called gone")
	}
	end()
	c.conn.Close()
	if h.Waiting() {
		t.Error("it is gone, and is said to wait")
	}
	h.Release()
	wantNext(t, s, "gone 1 0")
}

// Guards against a process that closed our descriptors, goes on, and passes for
// one that ended.
func TestConnectionThatIsClosedByTheTest(t *testing.T) {
	s := listen(t)
	c := dial(t, s)
	c.say("hello", "", strconv.Itoa(os.Getpid()), "1", "/d")
	wantNext(t, s, "hello 1 0 package of/d")
	c.answer()
	c.conn.Close()
	wantNext(t, s, "quit 1 0")
}

func TestQuit(t *testing.T) {
	s := listen(t)
	c := dial(t, s)
	c.say("hello", "", strconv.Itoa(os.Getpid()), "1", "/d")
	wantNext(t, s, "hello 1 0 package of/d")
	dial(t, s).say("quit", "1")
	wantNext(t, s, "quit 1 0")
	c.conn.Close()
	wantNext(t, s, "0 0") // it quit: its end is no boundary
}
