package barrier

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// The wire is one line each way: the test process sends its fields, quoted as
// Go strings and separated by a space, and waits for one line back. Names of
// tests and texts of specs can hold any byte, and quoting keeps them.

// longestLine bounds what is kept of a message. A spec's report can hold a long
// failure message.
const longestLine = 8 << 20

// fields splits a line into its unquoted fields.
func fields(line string) ([]string, error) {
	var all []string
	for line = strings.TrimRight(line, "\n"); line != ""; line = strings.TrimPrefix(line, " ") {
		quoted, err := strconv.QuotedPrefix(line)
		if err != nil || quoted[0] != '"' {
			return nil, fmt.Errorf("field %d is no quoted string", len(all)+1)
		}
		field, err := strconv.Unquote(quoted)
		if err != nil {
			return nil, err
		}
		all = append(all, field)
		line = line[len(quoted):]
	}
	if len(all) == 0 {
		return nil, errors.New("an empty message")
	}
	return all, nil
}

// readLine reads one line of at most longestLine bytes.
func readLine(in *bufio.Reader) (string, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		if err == nil {
			return string(line), nil
		}
		if err != bufio.ErrBufferFull {
			return "", err
		}
		if len(line) > longestLine {
			return "", fmt.Errorf("a message of more than %d bytes", longestLine)
		}
	}
}

// receive reads the fields of the next line.
func receive(in *bufio.Reader) ([]string, error) {
	line, err := readLine(in)
	if err != nil {
		return nil, err
	}
	return fields(line)
}

// A message is what one connection said. Whoever takes it from the server must
// answer it, for the test process waits.
type message struct {
	process int         // zero on hello
	content any         // a type of decode.go
	answer  chan string // of capacity 1
	conn    net.Conn    // at whose end the process waits; nil where it does not
	waited  bool        // on hello: for the ends of earlier processes
	came    time.Time   // when it was read
	passed  bool        // the process does not wait
	next    bool        // see passedMsg
	shared  *shared     // of its process
}

// waits reports whether its process still waits for an answer.
func (m message) waits() bool { return m.conn == nil || !hungUp(m.conn) }

// is reports whether the content of a message is of a type.
func is[T any](m message) bool {
	_, ok := m.content.(T)
	return ok
}

// helloOf reports whether a message is the hello of the process with a pid.
func (m message) helloOf(pid int) bool {
	hello, is := m.content.(helloMsg)
	return is && hello.pid == pid
}

// ask hands a message over and waits for its answer.
func (s *Server) ask(m message) (answer string, answered bool) {
	if !s.post(m) {
		return "", false
	}
	select {
	case answer = <-m.answer:
		return answer, true
	case <-s.closed:
		return "", false
	}
}

// serve reads the messages of one connection until it ends. The first is a
// process's hello, or that one quits whose own connection is closed.
func (s *Server) serve(conn net.Conn) {
	defer conn.Close()
	if !s.track(conn) {
		return
	}
	defer s.untrack(conn)
	in := bufio.NewReader(conn)
	process, greeted := 0, false
	notes := newShared()
	defer func() {
		if greeted {
			notes.said()
			s.post(message{process: process, content: goneMsg{}, answer: make(chan string, 1), came: time.Now(), shared: notes})
		}
		notes.close()
	}()
	for first := true; ; first = false {
		said, err := receive(in)
		if err != nil {
			return
		}
		m := message{process: process, content: decode(said), answer: make(chan string, 1), conn: conn, came: time.Now(), shared: notes}
		if !first {
			notes.said()
		}
		if quit, quits := m.content.(quitMsg); quits {
			// The process does not wait, and another connection of it may
			// have been closed before.
			if m.conn = nil; first {
				m.process = quit.process
			}
			s.post(m)
			return
		}
		if first != is[helloMsg](m) || is[goneMsg](m) {
			return // the last is not said here
		}
		if light(m.content) {
			// No snapshot is taken: the process goes on at once.
			if _, err := conn.Write([]byte("go\n")); err != nil || !s.post(m) {
				return
			}
			continue
		}
		answer, answered := s.ask(m)
		if !answered {
			return
		}
		if first {
			process, greeted = numbered(answer), true
			if strings.HasPrefix(answer, "go ") {
				if notes.welcome(conn, answer+"\n") != nil {
					return
				}
				continue
			}
		}
		if _, err := conn.Write([]byte(answer + "\n")); err != nil {
			return
		}
	}
}

// numbered returns the number that the answer to a hello gives the process.
func numbered(answer string) int {
	words := strings.Fields(answer + " - -")
	number, _ := strconv.Atoi(words[1])
	return number
}
