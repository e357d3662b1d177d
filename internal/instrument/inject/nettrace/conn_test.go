package nettrace

import (
	"bytes"
	"fmt"
	"net"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
)

type addr struct{ network, text string }

func (a addr) Network() string { return a.network }
func (a addr) String() string  { return a.text }

// conn and ends stand for what package net has.
type conn struct{ local, remote net.Addr }

func (c *conn) LocalAddr() net.Addr  { return c.local }
func (c *conn) RemoteAddr() net.Addr { return c.remote }

func init() {
	tracetestNetEnds = func(of any) (network, remote, local string) {
		c := of.(interface {
			LocalAddr() net.Addr
			RemoteAddr() net.Addr
		})
		if a := c.RemoteAddr(); a != nil {
			network, remote = a.Network(), a.String()
		}
		if a := c.LocalAddr(); a != nil {
			local = a.String()
		}
		return network, remote, local
	}
}

var toRedis = &conn{addr{"tcp", "127.0.0.1:50000"}, addr{"tcp", "127.0.0.1:6379"}}

// vague is what is announced of a connection to it whose first command is a line of
// text, contact of one that begins as a client does.
const vague = `redis 1/0 ["tcp" "127.0.0.1:6379" "127.0.0.1:50000" "false" "false" "false"]`
const contact = `redis 1/0 ["tcp" "127.0.0.1:6379" "127.0.0.1:50000" "false" "false" "true"]`

// announced is what the hook was called with.
type announced struct {
	mu  sync.Mutex
	all []string
}

func (l *announced) hook(event string, conn, number int64, about []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, fmt.Sprintf("%s %d/%d %q", event, conn, number, about))
}

func hook(t testing.TB, f func(event string, conn, number int64, about []string)) {
	clear := func() {
		tracetestHook = nil
		tracetestNumbers.Store(0)
		tracetestHomes.at = nil
	}
	clear()
	t.Cleanup(clear)
	tracetestHook = f
}

// Guards against a write that is reported late, or not, and against a reply that is
// taken from another command's: then a snapshot would come before the write took effect.
func TestEvents(t *testing.T) {
	set, get := resp("CONFIG", "SET", "a", "1"), resp("GET", "k")
	const write, reply, discarded = `write 1/%d ["CONFIG" "SET" "a" "1"]`, `reply 1/%d ["+OK"]`, `reply 1/%d ["-DISCARDED"]`
	const oom = "OOM command not allowed when used memory > 'maxmemory'."
	fault := fmt.Sprintf("fault 1/0 [%q]", oom)
	n := fmt.Sprintf
	tests := []struct {
		name  string
		steps []string // what is written, and behind < what is read
		want  []string
	}{
		{"data", []string{get, "<$1\r\nv\r\n", get, "<$-1\r\n"}, []string{contact}},
		{"write", []string{set, "<+OK\r\n"}, []string{contact, n(write, 2), n(reply, 2)}},
		{"refused write", []string{set, "<-ERR no\r\n"}, []string{contact, n(write, 2), `reply 1/2 ["-ERR no"]`}},
		{"inline", []string{"CONFIG SET a 1\r\n", "<+OK\r\n"}, []string{vague, n(write, 2), n(reply, 2)}},
		{"inline after the other kind", []string{get + "set x y\r\nCONFIG SET a 1\r\n", "<$-1\r\n+OK\r\n", "<+OK\r\n"}, []string{contact, n(write, 2), n(reply, 2)}},
		{"pipeline", []string{get + set + get + set, "<$1\r\nv\r\n", "<+O", "<K\r\n", "<$1\r\nv\r\n+OK\r\n"},
			[]string{contact, n(write, 2), n(write, 3), n(reply, 2), n(reply, 3)}},
		{"two writes before the first reply", []string{set, set, "<+OK\r\n+OK\r\n"}, []string{contact, n(write, 2), n(write, 3), n(reply, 2), n(reply, 3)}},
		{"write in pieces", []string{"*", "4\r\n", "$", set[5:20], set[20:], "<+OK\r\n"}, []string{contact, n(write, 2), n(reply, 2)}},
		{"payload apart", []string{"*4\r\n$6\r\n", "CONFIG", "\r\n$3\r\n", "SET", "\r\n$1\r\n", "a", "\r\n$1\r\n", "1", "\r\n", "<+OK\r\n"}, []string{contact, n(write, 2), n(reply, 2)}},
		{"MULTI", []string{resp("MULTI") + set + get + resp("EXEC"), "<+OK\r\n+QUEUED\r\n+QUEUED\r\n", "<*2\r\n+OK\r\n", "<$-1\r\n", set, "<+OK\r\n"},
			[]string{contact, n(write, 2), `reply 1/2 ["*2"]`, n(write, 3), n(reply, 3)}},
		{"two writes in MULTI", []string{resp("MULTI"), "<+OK\r\n", set, "<+QUEUED\r\n", set, "<+QUEUED\r\n", resp("EXEC"), "<*2\r\n+OK\r\n+OK\r\n"},
			[]string{contact, n(write, 2), n(write, 3), `reply 1/2 ["*2"]`, `reply 1/3 ["*2"]`}},
		{"EXEC that is refused", []string{resp("multi") + set + resp("exec"), "<+OK\r\n-ERR\r\n-EXECABORT\r\n"}, []string{contact, n(write, 2), `reply 1/2 ["-EXECABORT"]`}},
		{"DISCARD", []string{resp("MULTI") + set + resp("DISCARD"), "<+OK\r\n+QUEUED\r\n+OK\r\n", set, "<+OK\r\n"}, []string{contact, n(write, 2), n(discarded, 2), n(write, 3), n(reply, 3)}},
		{"RESET", []string{resp("MULTI") + set + resp("RESET") + set, "<+OK\r\n+QUEUED\r\n+RESET\r\n", "<+OK\r\n"}, []string{contact, n(write, 2), n(discarded, 2), n(write, 3), n(reply, 3)}},
		{"EXEC of nothing", []string{resp("EXEC"), "<-ERR\r\n", set, "<+OK\r\n"}, []string{contact, n(write, 2), n(reply, 2)}},
		{"subscription", []string{resp("SUBSCRIBE", "c"), "<*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n", set, "<+OK\r\n"}, []string{contact, n(write, 2)}},
		{"subscription while a reply is to come", []string{set + resp("PSUBSCRIBE", "c"), "<+OK\r\n"}, []string{contact, n(write, 2)}},
		{"subscription in MULTI", []string{resp("MULTI") + set + resp("SSUBSCRIBE", "c") + resp("EXEC"), "<+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n+OK\r\n"}, []string{contact, n(write, 2)}},
		{"MONITOR", []string{resp("monitor"), "<+OK\r\n+1 [0 x] \"GET\"\r\n", set, "<+OK\r\n"}, []string{contact, `asks 1/0 ["monitor"]`, n(write, 2)}},
		{"what shows other clients and closes them", []string{resp("CLIENT", "KILL", "TYPE", "normal"), "<:1\r\n", resp("SLOWLOG", "RESET"), "<+OK\r\n"},
			[]string{contact, `asks 1/0 ["CLIENT" "KILL"]`, `write 1/2 ["CLIENT" "KILL" "TYPE" "normal"]`, `reply 1/2 [":1"]`,
				`asks 1/0 ["SLOWLOG" "RESET"]`, `write 1/3 ["SLOWLOG" "RESET"]`, `reply 1/3 ["+OK"]`}},
		{"parameters of a module", []string{resp("FT.CONFIG", "SET", "TIMEOUT", "7") + resp("FT.CONFIG", "GET", "*"), "<+OK\r\n"},
			[]string{contact, `write 1/2 ["FT.CONFIG" "SET" "TIMEOUT" "7"]`, n(reply, 2)}},
		{"the slow log of Valkey", []string{resp("COMMANDLOG", "GET", "1", "slow")}, []string{contact, `asks 1/0 ["COMMANDLOG" "GET" "1" "slow"]`}},
		{"what shows other clients", []string{resp("slowlog", "GET", "1") + resp("INFO") + resp("info", "Server", "CommandStats") + "LATENCY LATEST\r\n" + resp("CLIENT", "LIST") + resp("ACL", "LOG") + set},
			[]string{contact, `asks 1/0 ["slowlog" "GET" "1"]`, `asks 1/0 ["INFO"]`, `asks 1/0 ["info" "Server" "CommandStats"]`, `asks 1/0 ["LATENCY" "LATEST"]`,
				`asks 1/0 ["CLIENT" "LIST"]`, `asks 1/0 ["ACL" "LOG"]`, n(write, 2)}},
		{"what does not", []string{resp("INFO", "memory") + resp("INFO", "server", "replication") + resp("CLIENT", "INFO") + resp("ACL", "WHOAMI")}, []string{contact}},
		{"CLIENT REPLY", []string{resp("CLIENT", "REPLY", "OFF") + set, get, "<+OK\r\n"}, []string{contact, n(write, 2)}},
		{"other CLIENT commands", []string{resp("CLIENT", "SETNAME", "REPLY") + set, "<+OK\r\n+OK\r\n"}, []string{contact, n(write, 2), n(reply, 2)}},
		{"push before the reply", []string{set, "<>2\r\n+invalidate\r\n_\r\n", "<+OK\r\n"}, []string{contact, n(write, 2), n(reply, 2)}},
		{"OOM", []string{get, "<-" + oom + "\r\n"}, []string{contact, fault}},
		{"OOM of a write", []string{set, "<-" + oom + "\r\n"}, []string{contact, n(write, 2), fault, fmt.Sprintf("reply 1/2 [%q]", "-"+oom)}},
		{"OOM in EXEC", []string{resp("MULTI") + set + get + resp("EXEC"), "<+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n-" + oom + "\r\n+OK\r\n"}, []string{contact, n(write, 2), fault, `reply 1/2 ["*2 with an error"]`}},
		{"OOM of a script", []string{get, "<-ERR Error running script: " + oom + "\r\n!55\r\n" + oom + "\r\n"}, []string{contact, fmt.Sprintf("fault 1/0 [%q]", "ERR Error running script: "+oom), fault}},
		{"OOM on a subscription", []string{resp("SUBSCRIBE", "c"), get, "<-" + oom + "\r\n"}, []string{contact, fault}},
		{"OOM as data, and other errors", []string{get, "<$56\r\n-" + oom + "\r\n", "<-ERR OOM\r\n", "<+" + oom + "\r\n"}, []string{contact}},
		{"what is read is no reply", []string{set + set, "<+OK\r\n\x00", "<+OK\r\n-" + oom + "\r\n", set}, []string{contact, n(write, 2), n(write, 3), n(reply, 2), n(write, 4)}},
		{"what is sent turns into no command", []string{set + "\x00", set, "<+OK\r\n"}, []string{contact, n(write, 2)}},
		{"read before anything is sent", []string{"<-" + oom + "\r\n", set, "<+OK\r\n"}, []string{contact, n(write, 2), n(reply, 2)}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, cut := range []bool{false, true} {
				var l announced
				hook(t, l.hook)
				var c tracetestConn
				for _, step := range test.steps {
					text, read := strings.CutPrefix(step, "<")
					parts := [][]byte{[]byte(text)}
					if cut {
						parts = bytewise([]byte(text))
					}
					for _, b := range parts {
						if read {
							c.read(append(b, "\r\n-"+oom+"\r\n"...), len(b)) // behind it is what the buffer held before
						} else {
							c.write(b, toRedis, true, false)
						}
					}
				}
				if !reflect.DeepEqual(l.all, test.want) {
					t.Errorf("cut %v: got\n%s\nwant\n%s", cut, strings.Join(l.all, "\n"), strings.Join(test.want, "\n"))
				}
			}
		})
	}
}

// Guards against a client of something else that is taken for one of a Redis,
// or of which every write is parsed.
func TestForeignProtocols(t *testing.T) {
	for name, first := range map[string]string{
		"HTTP": "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP POST": "POST /x HTTP/1.1\r\n", "HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "TLS": "\x16\x03\x01\x02\x00\x01", "SMTP": "EHLO host\r\n",
		"old SMTP": "HELO host\r\n", "memcached": "get key\r\n", "memcached set": "set key 0 0 1\r\n1\r\n", "memcached flush": "flush_all\r\n", "memcached stats": "stats\r\n", "NATS": "CONNECT {}\r\nPING\r\n",
		"SSH": "SSH-2.0-Go\r\n", "IRC": "NICK x\r\n", "FTP": "USER x\r\n", "PostgreSQL": "\x00\x00\x00\x08\x04\xd2\x16/", "JSON": `{"a":1}` + "\n", "array": "*[1]\n", "IMAP": "a1 LOGIN x\r\n",
		"inline command of data": "SET a b\r\n", "long word": strings.Repeat("CONFIG", 1000), "number": "3\r\n", "no count": "*\r\n", "no length": "*1\r\n+PING\r\n",
	} {
		for _, cut := range []bool{false, true} {
			var l announced
			hook(t, l.hook)
			var c tracetestConn
			parts := [][]byte{[]byte(first)}
			if cut {
				parts = bytewise(parts[0])
			}
			for _, b := range parts {
				c.write(b, toRedis, true, false)
			}
			if c.state.Load() != tracetestForeign || c.talk.Load() != nil {
				t.Errorf("%s, cut %v: it is not dropped", name, cut)
			}
			c.write([]byte(resp("FLUSHALL")), toRedis, true, false)
			c.read([]byte("-OOM command not allowed\r\n"), 26)
			if len(l.all) > 0 {
				t.Errorf("%s, cut %v: got %q", name, cut, l.all)
			}
		}
	}
}

// Guards against a fake Redis in a test that is taken for a client of one,
// and against a trace that is at work without being asked for.
func TestConnectionsThatAreLeftAlone(t *testing.T) {
	var l announced
	hook(t, l.hook)
	var accepted, empty tracetestConn
	accepted.write([]byte(resp("FLUSHALL")), toRedis, false, false)
	accepted.write([]byte(resp("FLUSHALL")), toRedis, true, false)
	accepted.read([]byte("-OOM command not allowed\r\n"), 26)
	empty.write(nil, toRedis, true, false)
	if empty.state.Load() != tracetestNew {
		t.Error("an empty write decides")
	}
	empty.write([]byte(resp("PING")), toRedis, true, false)
	for _, n := range []int{-1, 0, 27, 1000} {
		empty.read([]byte("-OOM command not allowed\r\n"), n) // EOF, an error, and what cannot be
	}
	if !slices.Equal(l.all, []string{contact}) {
		t.Errorf("got %q", l.all)
	}
	hook(t, nil)
	var off tracetestConn
	off.write([]byte(resp("FLUSHALL")), toRedis, true, false)
	new(tracetestConn).listen("[::]:6379")
	if inside := tracetestHome("tcp", "127.0.0.1:6379"); off.state.Load() != tracetestNew || inside {
		t.Error("without a hook there is a tap")
	}
}

// Guards against a server of the test's own that passes for the shared one, and
// the reverse.
func TestContact(t *testing.T) {
	var l announced
	hook(t, l.hook)
	new(tracetestConn).listen("[::]:7000")
	new(tracetestConn).listen("/tmp/a:b/redis.sock")
	new(tracetestConn).listen("127.0.0.2:7002")
	for _, test := range []struct {
		to     *conn
		secure bool
		want   []string
	}{
		{toRedis, true, []string{"tcp", "127.0.0.1:6379", "127.0.0.1:50000", "true", "false", "false"}},
		{&conn{addr{"tcp", "127.0.0.1:1"}, addr{"tcp", "127.0.0.1:7000"}}, false, []string{"tcp", "127.0.0.1:7000", "127.0.0.1:1", "false", "true", "false"}},
		{&conn{addr{"tcp", "[::1]:1"}, addr{"tcp", "[::1]:7000"}}, false, []string{"tcp", "[::1]:7000", "[::1]:1", "false", "true", "false"}},
		{&conn{addr{"tcp", "127.0.0.1:7000"}, addr{"tcp", "127.0.0.1:70001"}}, false, []string{"tcp", "127.0.0.1:70001", "127.0.0.1:7000", "false", "false", "false"}},
		{&conn{addr{"unix", ""}, addr{"unix", "/tmp/a:b/redis.sock"}}, false, []string{"unix", "/tmp/a:b/redis.sock", "", "false", "true", "false"}},
		{&conn{addr{"unix", "@"}, addr{"unix", "/tmp/other"}}, false, []string{"unix", "/tmp/other", "@", "false", "false", "false"}},
		// Another address of this machine, at the port that only one is listened at.
		{&conn{addr{"tcp", "127.0.0.1:1"}, addr{"tcp", "127.0.0.1:7002"}}, false, []string{"tcp", "127.0.0.1:7002", "127.0.0.1:1", "false", "false", "false"}},
		{&conn{addr{"tcp", "127.0.0.1:1"}, addr{"tcp", "127.0.0.2:7002"}}, false, []string{"tcp", "127.0.0.2:7002", "127.0.0.1:1", "false", "true", "false"}},
		{&conn{}, false, []string{"", "", "", "false", "false", "false"}}, // closed already
	} {
		l.all = nil
		tracetestNumbers.Store(0)
		var c tracetestConn
		c.write([]byte("PING\r\nPING\r\n"), test.to, true, test.secure)
		if want := []string{fmt.Sprintf("redis 1/0 %q", test.want)}; !slices.Equal(l.all, want) {
			t.Errorf("got %q, want %q", l.all, want)
		}
	}
}

// Guards against a data race, and against writes that get lost where several
// goroutines share a connection. It tells something with -race.
// A port that was listened at to find a free one is another program's from then
// on. Guards against a server of the tests that is never watched.
func TestHomeUntilClosed(t *testing.T) {
	var l announced
	hook(t, l.hook)
	var first, second, conn, unspecified tracetestConn
	at := addr{"tcp", "127.0.0.1:7100"}
	first.listen(at.text)
	second.listen(at.text) // SO_REUSEPORT
	unspecified.listen("0.0.0.0:7101")
	conn.close()
	first.close()
	first.close()
	if !tracetestHome("tcp", "127.0.0.1:7100") || !tracetestHome("tcp", "127.0.0.1:7101") {
		t.Error("forgotten while one listens there")
	}
	second.close()
	unspecified.close()
	if tracetestHome("tcp", "127.0.0.1:7100") || tracetestHome("tcp", "127.0.0.1:7101") || len(tracetestHomes.at) != 0 {
		t.Errorf("still at home: %v", tracetestHomes.at)
	}
	first.listen(at.text)
	if !tracetestHome("tcp", "127.0.0.1:7100") {
		t.Error("not known again")
	}
	if !tracetestHome("pipe", "pipe") || tracetestHome("tcp", "127.0.0.1:1") {
		t.Error("the other end of a pipe is in this process, and of no other connection")
	}
}

// A connection of the user's own below TLS need not know its addresses.
type nowhere struct{}

func (nowhere) LocalAddr() net.Addr  { panic("no address") }
func (nowhere) RemoteAddr() net.Addr { panic("no address") }

// Guards against a test that panics because of the trace.
func TestContactWithoutAddresses(t *testing.T) {
	var l announced
	hook(t, l.hook)
	var c tracetestConn
	c.write([]byte(resp("PING")), nowhere{}, true, true)
	if len(l.all) != 1 || !strings.Contains(l.all[0], `["" "" "" "true" "true" "false"]`) {
		t.Errorf("got %q", l.all)
	}
}

func TestConcurrentUse(t *testing.T) {
	const writers, each = 8, 200
	var l announced
	hook(t, l.hook)
	var shared tracetestConn
	var all sync.WaitGroup
	for i := range writers {
		all.Go(func() {
			var own tracetestConn
			for range each {
				shared.write([]byte(resp("CONFIG", "SET", "a", "1")), toRedis, true, false)
				shared.read([]byte("+OK\r\n"), 5)
				own.write([]byte(resp("CONFIG", "SET", "b", "1")), toRedis, true, false)
				own.read([]byte("+OK\r\n"), 5)
				new(tracetestConn).listen(fmt.Sprint("127.0.0.1:", i))
			}
		})
	}
	all.Wait()
	count := map[string]int{}
	for _, text := range l.all {
		event, _, _ := strings.Cut(text, " ")
		count[event]++
		if count[text]++; count[text] > 1 {
			t.Errorf("reported twice: %s", text)
		}
	}
	if count["write"] != 2*writers*each || count["reply"] != 2*writers*each || count["redis"] != 1+writers {
		t.Errorf("%d writes, %d replies, %d contacts", count["write"], count["reply"], count["redis"])
	}
}

// Guards against memory that grows where a server does not answer.
func TestUnanswered(t *testing.T) {
	var l announced
	hook(t, l.hook)
	var c tracetestConn
	for range 10_000 {
		c.write([]byte("FLUSHALL\r\n"), toRedis, true, false)
	}
	if n := len(c.talk.Load().awaited); n > 1<<12 {
		t.Errorf("%d replies are awaited", n)
	}
	for range 10_000 {
		c.read([]byte("+OK\r\n"), 5)
	}
	if last := l.all[len(l.all)-1]; !strings.HasPrefix(last, "reply ") || len(l.all) != 1+10_000+1<<12 {
		t.Errorf("got %d events, the last is %s", len(l.all), last)
	}
}

// The cost of the trace for what is said most: data, and what is no Redis.

func ignore(string, int64, int64, []string) {}

// foreign is a connection that was found to be no client's of a Redis.
func foreign(t testing.TB) *tracetestConn {
	hook(t, ignore)
	c := new(tracetestConn)
	c.write([]byte("GET / HTTP/1.1\r\n"), toRedis, true, false)
	return c
}

// client is a connection that has written and read something.
func client(t testing.TB) *tracetestConn {
	hook(t, ignore)
	c := new(tracetestConn)
	c.write([]byte(resp("GET", "key:000001")), toRedis, true, false)
	c.read([]byte("$5\r\nvalue\r\n"), 11)
	return c
}

// Guards against garbage in tests that count what they allocate, and in suites
// that do little else than to talk to a Redis.
func TestNothingIsAllocated(t *testing.T) {
	other, redis, accepted := foreign(t), client(t), new(tracetestConn)
	request, get, value := make([]byte, 4096), []byte(resp("GET", "key:000001")), []byte("$5\r\nvalue\r\n")
	failed, many := []byte("-ERR no\r\n"), bytes.Repeat([]byte("$5\r\nvalue\r\n"), 100)
	for name, f := range map[string]func(){
		"a write of another protocol": func() { other.write(request, toRedis, true, false) },
		"a read of another protocol":  func() { other.read(request, len(request)) },
		"the server's end":            func() { accepted.write(request, toRedis, false, false) },
		"a GET and its reply":         func() { redis.write(get, toRedis, true, false); redis.read(value, len(value)) },
		"an error":                    func() { redis.read(failed, len(failed)) },
		"a hundred replies":           func() { redis.read(many, len(many)) },
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func BenchmarkForeignWrite(b *testing.B) {
	c, request := foreign(b), make([]byte, 4096)
	b.ReportAllocs()
	for b.Loop() {
		c.write(request, toRedis, true, false)
	}
}

func BenchmarkRedisWrite(b *testing.B) {
	c, get := client(b), []byte(resp("GET", "key:000001"))
	b.ReportAllocs()
	b.SetBytes(int64(len(get)))
	for b.Loop() {
		c.write(get, toRedis, true, false)
	}
}

// BenchmarkNetWrite is BenchmarkRedisWrite as package net calls it: what is known of the connection
// is looked up, among those of a thousand others.
func BenchmarkNetWrite(b *testing.B) {
	get, name := []byte(resp("GET", "key:000001")), ""
	for range 1000 {
		name = tracetestNetName("tcp")
	}
	hook(b, ignore)
	b.ReportAllocs()
	b.SetBytes(int64(len(get)))
	for b.Loop() {
		tracetestNetWrite(name, get, toRedis, true)
	}
}

func BenchmarkPipeline1000(b *testing.B) {
	c, commands := client(b), bytes.Repeat([]byte(resp("SET", "key:000001", "value")), 1000)
	b.ReportAllocs()
	b.SetBytes(int64(len(commands)))
	for b.Loop() {
		c.write(commands, toRedis, true, false)
	}
}

func BenchmarkReplies(b *testing.B) {
	c, replies := client(b), bytes.Repeat([]byte("$5\r\nvalue\r\n"), 1000)
	b.ReportAllocs()
	b.SetBytes(int64(len(replies)))
	for b.Loop() {
		c.read(replies, len(replies))
	}
}
