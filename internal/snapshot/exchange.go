package snapshot

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// A snapshot is taken at every boundary of every test, so its two commands do not
// go through go-redis: they are written as bytes that are ready, and their
// replies stay where they were read to. Most often CONFIG GET * says, byte for
// byte, what it said before, and then nothing of it is read. Everything else
// is asked through the client, on the same connection; between two questions
// nothing is left unread on it, so that both can have it.

// exchange is a connection on which questions are asked, and their replies.
type exchange struct {
	conn   net.Conn
	buffer []byte // what was read
	at     int    // up to where it was taken in
	spans  []span // of the strings of the last array
}

// span is a part of the buffer.
type span struct{ from, to int }

// reply is one reply of RESP 2: an error, a string, or the strings of an array.
type reply struct {
	err   error  // what the server refused
	whole span   // with the lengths in it
	text  span   // of a string
	list  []span // of an array; valid until the next one is read
}

// longestReply bounds what is taken from a server, in bytes. Ten thousand
// databases and commands make less.
const longestReply = 64 << 20

// errNoRESP says that the connection is of no more use.
var errNoRESP = fmt.Errorf("what the server sent is no reply: %w", io.ErrUnexpectedEOF)

// request is a command as it is sent.
func request(words []any) []byte {
	line := fmt.Appendf(nil, "*%d\r\n", len(words))
	for _, word := range words {
		text := fmt.Sprint(word)
		line = fmt.Appendf(line, "$%d\r\n%s\r\n", len(text), text)
	}
	return line
}

// send writes questions. The replies to those before must have been read.
func (x *exchange) send(question []byte) error {
	if x.at < len(x.buffer) {
		return errNoRESP
	}
	x.buffer, x.at = x.buffer[:0], 0
	_, err := x.conn.Write(question)
	return err
}

// next reads the next reply, which must be of this kind ('$' or '*') or an
// error.
func (x *exchange) next(want byte) (reply, error) {
	r := reply{whole: span{from: x.at}}
	kind, n, err := x.head()
	if err != nil {
		return reply{}, err
	}
	switch {
	case kind == '-':
		r.err = errorReply(x.buffer[r.whole.from+1 : x.at-2])
	case kind != want, n < 0:
		err = errNoRESP
	case kind == '$':
		r.text, err = x.text(n)
	case kind == '*':
		x.spans = x.spans[:0]
		for range n {
			s, err := x.element()
			if err != nil {
				return reply{}, err
			}
			x.spans = append(x.spans, s)
		}
		r.list = x.spans
	default:
		err = errNoRESP
	}
	r.whole.to = x.at
	return r, err
}

// element reads one of an array. Of KeyDB it may be an array of words itself, which reads as these with a blank
// between them; nothing at all reads as no text.
func (x *exchange) element() (span, error) {
	kind, n, err := x.head()
	switch {
	case err != nil:
		return span{}, err
	case kind == '$' && n < 0:
		return span{x.at, x.at}, nil
	case kind == '$':
		return x.text(n)
	case kind != '*' || n < 0:
		return span{}, errNoRESP
	}
	joined := span{x.at, x.at}
	for i := range n {
		kind, n, err := x.head()
		if err == nil && (kind != '$' || n < 0) {
			err = errNoRESP
		}
		if err != nil {
			return span{}, err
		}
		word, err := x.text(n)
		if err != nil {
			return span{}, err
		}
		if i > 0 { // the head of the word has left room
			x.buffer[joined.to] = ' '
			joined.to++
		}
		joined.to += copy(x.buffer[joined.to:], x.bytes(word))
	}
	return joined, nil
}

// head reads the first line of a reply, and the number in it: -1 stands for nothing.
func (x *exchange) head() (kind byte, n int, err error) {
	for from := x.at; ; {
		if end := bytes.IndexByte(x.buffer[from:], '\n'); end >= 0 {
			line := x.buffer[x.at : from+end+1]
			x.at = from + end + 1
			if len(line) < 3 || line[len(line)-2] != '\r' {
				return 0, 0, errNoRESP
			}
			if kind = line[0]; kind == '-' {
				return kind, 0, nil
			}
			if n, err = strconv.Atoi(string(line[1 : len(line)-2])); err != nil || n < -1 || n > longestReply {
				return 0, 0, errNoRESP
			}
			return kind, n, nil
		}
		from = len(x.buffer)
		if err := x.more(); err != nil {
			return 0, 0, err
		}
	}
}

// text reads a string of n bytes.
func (x *exchange) text(n int) (span, error) {
	for len(x.buffer)-x.at < n+2 {
		if err := x.more(); err != nil {
			return span{}, err
		}
	}
	s := span{x.at, x.at + n}
	x.at += n + 2
	return s, nil
}

// more reads what there is.
func (x *exchange) more() error {
	if len(x.buffer) > longestReply {
		return errNoRESP
	}
	if len(x.buffer) == cap(x.buffer) {
		x.buffer = append(x.buffer, make([]byte, 32<<10)...)[:len(x.buffer)]
	}
	n, err := x.conn.Read(x.buffer[len(x.buffer):cap(x.buffer)])
	x.buffer = x.buffer[:len(x.buffer)+n]
	if n > 0 {
		return nil
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return err
}

// pairs are the names and values of an array.
func (x *exchange) pairs(r reply) map[string]string {
	all := make(map[string]string, len(r.list)/2)
	for i := 0; i+1 < len(r.list); i += 2 {
		all[string(x.bytes(r.list[i]))] = string(x.bytes(r.list[i+1]))
	}
	return all
}

func (x *exchange) bytes(s span) []byte { return x.buffer[s.from:s.to] }

// errorReply is an error reply, as go-redis would return it.
type errorReply string

func (r errorReply) Error() string { return string(r) }

// RedisError makes it a redis.Error.
func (r errorReply) RedisError() {}

var _ redis.Error = errorReply("")
