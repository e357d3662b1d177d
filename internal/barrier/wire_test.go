//go:build unix

package barrier

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Guards against a panic, or a standstill for others, whatever is written to
// the socket.
func TestGarbage(t *testing.T) {
	s := listen(t)
	var traced sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	traced.Go(func() {
		for h := s.Next(ctx); h != nil; h = s.Next(ctx) {
			h.Release()
		}
	})
	random := rand.New(rand.NewPCG(1, 2))
	noise := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return string(b)
	}
	lines := []string{
		"", "\n", "\n\n", "hello\n", "'hello'\n", "`hello`\n", `"hello`, `"hello"` + "\n", `"hello" "1" "2" "3"` + "\n",
		`"hello" "" "" "" ""` + "\n" + `"hello" "" "" "" ""` + "\n",
		`"quit" "x"` + "\n", `"quit" "99999"` + "\n", `"quit" "-1"` + "\n", `"begin" "1"` + "\n", `"gone"` + "\n", `"hello""x"` + "\n",
		`"begin" "1" "test" "T" ""` + "\n", `"exit"` + "\n",
		noise(10), noise(1000) + "\n", noise(100_000),
	}
	for range 50 {
		lines = append(lines, noise(random.IntN(200))+"\n", `"hello" "" "999999999" "1" "/d"`+"\n"+strconv.Quote(noise(20))+" "+strconv.Quote(noise(20))+"\n")
	}
	for _, verb := range []string{"main", "begin", "pause", "continue", "end", "spec-begin", "spec-end", "suite-begin", "suite-end", "exit", "gone", "quit", "hello", "event"} {
		for _, rest := range []string{"", ` ""`, ` "1"`, ` "true" "{}"`, ` "true" "[{}]"`, ` "true" "null"`, ` "true" "{\"ContainerHierarchyLocations\":[{\"FileName\":\"/dev/zero\"}]}"`} {
			lines = append(lines, `"hello" "" "999999999" "1" "/d"`+"\n"+strconv.Quote(verb)+rest+"\n")
		}
	}
	for _, line := range lines {
		conn, err := net.Dial("unix", s.path)
		if err != nil {
			t.Fatal(err)
		}
		conn.SetDeadline(time.Now().Add(10 * time.Second))
		io.WriteString(conn, line)
		conn.(*net.UnixConn).CloseWrite()
		if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%.80q: neither answered nor hung up", line)
		}
		conn.Close()
	}
	// One that stops in the middle of a line does not keep others waiting.
	stuck := dial(t, s)
	io.WriteString(stuck.conn, `"hello" "`)
	// One that never ends its line is hung up on.
	giant := dial(t, s)
	chunk := []byte(strings.Repeat("x", 1<<20))
	sent := 0
	for ; sent < 4*longestLine; sent += len(chunk) {
		if _, err := giant.conn.Write(chunk); err != nil {
			break
		}
	}
	if sent >= 4*longestLine {
		t.Errorf("%d bytes without a newline were taken", sent)
	}
	fine := dial(t, s)
	fine.say("hello", "", strconv.Itoa(os.Getpid()), "1", "/d")
	if got := fine.answer(); !strings.HasPrefix(got, "go ") {
		t.Errorf("answer %q", got)
	}
	cancel()
	traced.Wait()
}

// FuzzFields guards against a name of a test that comes out of the wire as
// another one, and against input that makes it panic.
func FuzzFields(f *testing.F) {
	f.Add("begin", "TestA/\"x\" y\n\\", "\xff\x00é\u2028")
	f.Add("", " ", "\t")
	f.Add("spec-begin", "true", "{}")
	f.Add("suite-end", "false", "[{}]")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		var line []byte
		for i, field := range []string{a, b, c} {
			if i > 0 {
				line = append(line, ' ')
			}
			line = strconv.AppendQuote(line, field)
		}
		got, err := fields(string(line) + "\n")
		if err != nil || !reflect.DeepEqual(got, []string{a, b, c}) {
			t.Errorf("%q, %v", got, err)
		}
		decode(got)
		if strings.Contains(string(line), "\n") {
			t.Errorf("a newline in %q", line)
		}
		fields(a)
		fields(strconv.Quote(b) + c)
	})
}
