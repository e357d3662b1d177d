package snapshot

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"reflect"
	"strconv"
	"testing"
	"testing/iotest"
	"time"

	"github.com/redis/go-redis/v9"

	"tracetest/internal/redistest"
)

// scripted is a connection of which the other side says this, whatever it is
// asked. It reads and sends one byte at a time where slow is set.
type scripted struct {
	net.Conn
	io.Reader
}

func (c scripted) Read(p []byte) (int, error)  { return c.Reader.Read(p) }
func (c scripted) Write(p []byte) (int, error) { return len(p), nil }

const whole = "*4\r\n$9\r\nmaxmemory\r\n$1\r\n0\r\n$4\r\nsave\r\n$0\r\n\r\n$12\r\nused\r\nmemory\r\n"

// Guards against a reply that is read wrongly when it comes in pieces, and
// against one that is longer than what was read at once.
func TestExchangeReadsReplies(t *testing.T) {
	long := make([]byte, 100<<10)
	for i := range long {
		long[i] = 'x'
	}
	for _, reader := range []func(io.Reader) io.Reader{func(r io.Reader) io.Reader { return r }, iotest.OneByteReader, iotest.HalfReader} {
		text := whole + "-NOPERM this user\r\n$" + strconv.Itoa(len(long)) + "\r\n" + string(long) + "\r\n"
		x := &exchange{conn: scripted{Reader: reader(bytesOnce(text))}}
		if err := x.send(nil); err != nil {
			t.Fatal(err)
		}
		list, err := x.next('*')
		var words []string
		for _, s := range list.list {
			words = append(words, string(x.bytes(s)))
		}
		if err != nil || !reflect.DeepEqual(words, []string{"maxmemory", "0", "save", ""}) {
			t.Fatalf("an array reads %q, %v", words, err)
		}
		about, err := x.next('$')
		if err != nil || string(x.bytes(about.text)) != "used\r\nmemory" {
			t.Fatalf("a string reads %q, %v", x.bytes(about.text), err)
		}
		denied, err := x.next('*')
		if err != nil || !redis.HasErrorPrefix(denied.err, "NOPERM") || !isReply(denied.err) || denied.err.Error() != "NOPERM this user" {
			t.Fatalf("an error reads %v, %v", denied.err, err)
		}
		much, err := x.next('$')
		if err != nil || string(x.bytes(much.text)) != string(long) {
			t.Fatalf("a long string has %d bytes, %v", len(x.bytes(much.text)), err)
		}
		if got := string(x.bytes(list.whole)); got != whole[:len(whole)-len("$12\r\nused\r\nmemory\r\n")] {
			t.Errorf("the array as it came is %q", got)
		}
		if _, err := x.next('$'); !errors.Is(err, io.EOF) {
			t.Errorf("behind the end: %v", err)
		}
	}
}

// A value of KeyDB can be an array, and of others none at all.
func TestExchangeReadsValuesThatAreNoStrings(t *testing.T) {
	text := "*8\r\n$4\r\nnone\r\n*0\r\n$4\r\nnull\r\n$-1\r\n$4\r\nlist\r\n*3\r\n$3\r\none\r\n$2\r\nab\r\n$1\r\nc\r\n$1\r\na\r\n$1\r\nb\r\n"
	for _, reader := range []func(io.Reader) io.Reader{func(r io.Reader) io.Reader { return r }, iotest.OneByteReader} {
		x := &exchange{conn: scripted{Reader: reader(bytesOnce(text))}}
		list, err := x.next('*')
		var words []string
		for _, s := range list.list {
			words = append(words, string(x.bytes(s)))
		}
		if want := []string{"none", "", "null", "", "list", "one ab c", "a", "b"}; err != nil || !reflect.DeepEqual(words, want) {
			t.Errorf("it reads %q, %v, want %q", words, err, want)
		}
	}
}

// bytesOnce is a reader whose type has no method but Read.
func bytesOnce(text string) io.Reader { return io.LimitReader(readerOf{[]byte(text), new(int)}, 1<<30) }

type readerOf struct {
	text []byte
	at   *int
}

func (r readerOf) Read(p []byte) (int, error) {
	if *r.at == len(r.text) {
		return 0, io.EOF
	}
	n := copy(p, r.text[*r.at:])
	*r.at += n
	return n, nil
}

// What is no reply ends the connection: what came behind it could be taken for
// the answer to the next question.
func TestExchangeGivesUpOnWhatIsNoReply(t *testing.T) {
	for _, text := range []string{"HTTP/1.1 400 Bad Request\r\n", "$x\r\n", "$-1\r\n", "*1\r\n*1\r\n*0\r\n", "*1\r\n*-1\r\n", "*-1\r\n", ":1\r\n", "+OK\r\n", "$99999999999\r\n", "$3\nabc\n", "\r\n", "-\n"} {
		x := &exchange{conn: scripted{Reader: bytesOnce(text)}}
		for _, want := range []byte("$*") {
			x.buffer, x.at = nil, 0
			x.conn = scripted{Reader: bytesOnce(text)}
			if r, err := x.next(want); !isClosed(err) {
				t.Errorf("%q reads %+v, %v", text, r, err)
			}
		}
	}
	x := &exchange{conn: scripted{Reader: bytesOnce("$1\r\na\r\n$1\r\nb\r\n")}}
	if _, err := x.next('$'); err != nil {
		t.Fatal(err)
	}
	if err := x.send(nil); !isClosed(err) {
		t.Errorf("there was more than was asked for, and the next question said %v", err)
	}
}

func FuzzExchange(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte("*1\r\n$1\r\n"))
	f.Add([]byte("-ERR\r\n*0\r\n$0\r\n\r\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		x := &exchange{conn: scripted{Reader: bytesOnce(string(text))}}
		for i := 0; ; i++ {
			r, err := x.next("*$"[i%2])
			if err != nil {
				return
			}
			for _, s := range append(r.list, r.text, r.whole) {
				_ = x.bytes(s)
			}
			if r.err == nil && r.whole.to <= r.whole.from {
				t.Fatalf("a reply of no bytes: %+v", r)
			}
		}
	})
}

// The short way through INFO must say what the long one does.
func FuzzFigures(f *testing.F) {
	reply := shared.Do(f, "info", "everything")
	f.Add(reply)
	f.Add("# Server\r\nrun_id:abc\r\nused_memory:1\r\ncmdstat_set:calls=1,rejected_calls=2\r\ndb0:keys=1,expires=0\r\nerrorstat_OOM:count=3\r\n")
	f.Add("used_memory:-\ndb:keys=\ncmdstat_:rejected_calls=99999999999999999999\ndb1:keys=0\ndb1:keys=1\ndb1:keys=0")
	f.Add("used_memory:\r\r\nused_memory:x\r\n#used_memory:1\ncmdstat_config|set:calls=x,calls=5\ncmdstat_config|resetstat:xcalls=1,calls=2\nevicted_keys:7")
	f.Fuzz(func(t *testing.T, reply string) {
		long, short := parseInfo(reply), readFigures([]byte(reply))
		want, got := long.counters(), short.counters
		if string(short.runID) != long["run_id"] {
			t.Errorf("run_id %q, want %q", short.runID, long["run_id"])
		}
		if (want == nil) != (got == nil) {
			t.Fatalf("%+v, want %+v", got, want)
		}
		if want == nil {
			return
		}
		if !maps.Equal(got.Keys, want.Keys) {
			t.Errorf("%+v, want %+v", got, want)
		}
		a, b := *got, *want
		a.Keys, b.Keys = nil, nil
		if fmt.Sprint(a) != fmt.Sprint(b) {
			t.Errorf("%+v, want %+v", a, b)
		}
	})
}

// Guards against a reply that is not read because it is what an earlier one
// was, where nobody had seen the earlier one: it came too late. The snapshot that
// comes next must still show what changed.
func TestWhatALateAnswerShowedIsSeenLater(t *testing.T) {
	server := redistest.Start(t)
	s, _ := open(t, server.Addr, Options{Timeout: 100 * time.Millisecond})
	snap(t, s)
	for _, hz := range []string{"21", "22", "23"} {
		server.Do(t, "client", "pause", "400", "all")
		set := make(chan error)
		go func() {
			_, err := server.Try("config", "set", "hz", hz)
			set <- err
		}()
		time.Sleep(50 * time.Millisecond) // so that the server has it before the snapshot
		if l := s.Sample(t.Context()); l.Error == "" {
			t.Fatal("a paused server answered")
		}
		if err := <-set; err != nil {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond) // for the late answer
		want(t, snap(t, s), map[string]string{"hz": hz})
		want(t, snap(t, s), nil)
	}
}

// Guards against figures, or a run_id, that are of the server before a restart
// or before CONFIG RESETSTAT, because only what changes is read.
func TestFiguresAfterAResetAndARestart(t *testing.T) {
	server := redistest.Start(t)
	s, begin := open(t, server.Addr, Options{})
	server.Do(t, "config", "set", "hz", "20")
	server.Do(t, "set", "key", "value")
	l := snap(t, s)
	if l.RunID != "" || l.Counters.ConfigSet != 1 || l.Counters.Keys["db0"] != 1 {
		t.Fatalf("after one CONFIG SET: %+v", l.Counters)
	}
	// All that is counted is as before, but the values are not: who trusts the
	// count of CONFIG SET alone does not see it.
	server.Do(t, "config", "resetstat")
	server.Do(t, "config", "set", "hz", "30")
	l = snap(t, s)
	want(t, l, map[string]string{"hz": "30"})
	if l.Counters.ConfigSet != 1 || l.Counters.ResetStat != 1 {
		t.Fatalf("after CONFIG RESETSTAT and one CONFIG SET: %+v", l.Counters)
	}
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	l = snap(t, s)
	want(t, l, map[string]string{"hz": "10"})
	if l.RunID == "" || l.RunID == begin.RunID || l.Counters.ConfigSet != 0 || l.Counters.Keys["db0"] != 0 {
		t.Fatalf("after a restart: run_id %q, %+v", l.RunID, l.Counters)
	}
	server.Do(t, "config", "set", "hz", "30")
	want(t, snap(t, s), map[string]string{"hz": "30"})
}
