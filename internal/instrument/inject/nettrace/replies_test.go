package nettrace

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

// repliesIn lets a parser walk over what is read in parts. It returns "fault
// -..." for each error and "reply +..." for each reply.
func repliesIn(t testing.TB, parts ...[]byte) (all []string, read int, ok bool) {
	var p tracetestReplies
	for _, b := range parts {
		for len(b) > 0 {
			n, fault, done, ok := p.next(b)
			read += n
			if !ok {
				return all, read, false
			}
			if n < 1 || n > len(b) {
				t.Fatalf("%d of %d bytes were taken", n, len(b))
			}
			if cap(p.line) > 2*tracetestLineLimit || cap(p.head) > 2*tracetestLineLimit {
				t.Fatalf("it keeps %d and %d bytes", cap(p.line), cap(p.head))
			}
			if fault != nil {
				all = append(all, "fault "+string(fault))
			}
			if done {
				all = append(all, "reply "+string(p.head))
			}
			b = b[n:]
		}
	}
	return all, read, true
}

// Guards against a reply that is counted twice, or not, or too early, and
// against an error that is missed, in whatever form it comes.
func TestReplies(t *testing.T) {
	x := func(n int) string { return strings.Repeat("x", n) }
	const oom = "OOM command not allowed when used memory > 'maxmemory'."
	tests := []struct{ name, text, want string }{
		{"simple", "+OK\r\n", "reply +OK"},
		{"several", "+OK\r\n:1\r\n+\r\n", "reply +OK|reply :1|reply +"},
		{"error", "-" + oom + "\r\n+OK\r\n", "fault -" + oom + "|reply -" + oom + "|reply +OK"},
		{"bulk", "$5\r\nhello\r\n$0\r\n\r\n$2\r\n\r\n\r\n", "reply $5|reply $0|reply $2"},
		{"nulls", "$-1\r\n*-1\r\n_\r\n", "reply $-1|reply *-1|reply _"},
		{"bulk with what looks like replies", "$19\r\n-OOM\r\n+OK\r\n*1\r\n:1\r\n\r\n+OK\r\n", "reply $19|reply +OK"},
		{"empty array", "*0\r\n+OK\r\n", "reply *0|reply +OK"},
		{"array", "*3\r\n$1\r\na\r\n:-2\r\n$-1\r\n", "reply *3"},
		{"nested", "*2\r\n*2\r\n*0\r\n*1\r\n+a\r\n*-1\r\n+OK\r\n", "reply *2|reply +OK"},
		{"transaction", "+OK\r\n+QUEUED\r\n*3\r\n+OK\r\n-" + oom + "\r\n-ERR x\r\n+OK\r\n", "reply +OK|reply +QUEUED|fault -" + oom + "|fault -ERR x|reply *3|reply +OK"},
		{"error within the last of nested arrays", "*1\r\n*1\r\n*1\r\n-ERR\r\n:1\r\n", "fault -ERR|reply *1|reply :1"},
		{"map", "%2\r\n+a\r\n:1\r\n+b\r\n*2\r\n:1\r\n:2\r\n%0\r\n", "reply %2|reply %0"},
		{"map of maps", "%1\r\n%1\r\n+a\r\n+b\r\n%0\r\n+OK\r\n", "reply %1|reply +OK"},
		{"set", "~2\r\n+a\r\n~0\r\n", "reply ~2"},
		{"scalars", "#t\r\n,1.5\r\n,-inf\r\n,nan\r\n(-3492890328409238509324850943850943825024385\r\n:9223372036854775807\r\n",
			"reply #t|reply ,1.5|reply ,-inf|reply ,nan|reply (-3492890328409238509324850943850943825024385|reply :9223372036854775807"},
		{"verbatim", "=15\r\ntxt:Some string\r\n", "reply =15"},
		{"blob error", "!" + fmt.Sprint(len(oom)) + "\r\n" + oom + "\r\n:1\r\n", "fault -" + oom + "|reply !" + fmt.Sprint(len(oom)) + "|reply :1"},
		{"blob errors within an array", "*2\r\n!3\r\nE\r\n\r\n!0\r\n\r\n", "fault -E\r\n|fault -|reply *2"},
		{"pushes are no replies", ">2\r\n+invalidate\r\n*1\r\n$1\r\nk\r\n+OK\r\n>0\r\n>1\r\n-ERR\r\n", "reply +OK|fault -ERR"},
		{"attribute", "|1\r\n+ttl\r\n:3600\r\n:1\r\n+OK\r\n", "reply :1|reply +OK"},
		{"attribute of an array", "|1\r\n+popularity\r\n%2\r\n+a\r\n,0.1\r\n+b\r\n,0.2\r\n*2\r\n:1\r\n:2\r\n", "reply *2"},
		{"attribute of an element", "*3\r\n:1\r\n|1\r\n+ttl\r\n:3600\r\n:2\r\n:3\r\n+OK\r\n", "reply *3|reply +OK"},
		{"attribute of an attribute", "|1\r\n|1\r\n+a\r\n+b\r\n+c\r\n+d\r\n|0\r\n-ERR\r\n", "fault -ERR|reply -ERR"},
		{"attribute of a push", "|1\r\n+a\r\n:1\r\n>1\r\n+x\r\n+OK\r\n", "reply +OK"},
		{"line without \\r", "+OK\n$1\nx\r\n", "reply +OK|reply $1"},
		{"long line", "+" + x(2000) + "\r\n-" + x(2000) + "\r\n", "reply +" + x(tracetestLineLimit-1) + "|fault -" + x(tracetestLineLimit-1) + "|reply -" + x(tracetestLineLimit-1)},
		{"long blob error", "!2000\r\n" + x(2000) + "\r\n", "fault -" + x(tracetestLineLimit-1) + "|reply !2000"},
		{"leading zeros", "$0000000002\r\nab\r\n", "reply $0000000002"},
		{"not whole", "*2\r\n:1\r\n$9999999999\r\n" + x(100), ""},
		{"array that never ends", "*9999999999\r\n:1\r\n", ""},
	}
	for _, test := range tests {
		b := []byte(test.text)
		check := func(parts ...[]byte) {
			t.Helper()
			got, _, ok := repliesIn(t, parts...)
			if !ok || strings.Join(got, "|") != test.want {
				t.Errorf("%s in %d parts of %d...: %q, %v, want %q", test.name, len(parts), len(parts[0]), got, ok, test.want)
			}
		}
		check(b)
		check(bytewise(b)...)
		for at := 1; at < len(b); at++ {
			check(b[:at], b[at:])
		}
	}
}

// Guards against what is no reply being read on and on, and against a number
// that overflows.
func TestNoReplies(t *testing.T) {
	for _, test := range []struct {
		text string
		read int // bytes up to the one that shows it
	}{
		{"HTTP/1.1 200 OK\r\n", 1}, {"\x16\x03\x01", 1}, {"\x00", 1}, {"\r\n", 1}, {"OK\r\n", 1}, {" +OK\r\n", 1},
		{"$\r\n", 3}, {"$x\r\n", 4}, {"*\r\n", 3}, {"*?\r\n", 4}, {"$?\r\n", 4}, {"*1.5\r\n", 6}, {"$1 \r\n", 5}, {"%x\r\n", 4}, {"|\r\n", 3}, {"!-\r\n", 4}, {"=t\r\n", 4},
		{"$99999999999\r\n", 14}, {"*99999999999\r\n", 14}, {"$18446744073709551617\r\n", 23}, {"*" + strings.Repeat("9", 2000) + "\r\n", 2003},
		{"+OK\r\n+OK\r\nGET", 11}, {"*2\r\n:1\r\nx", 9}, {"$1\r\nab\r\nc", 8},
		{strings.Repeat("*9999999999\r\n", 1000), 110 * 13},
	} {
		for _, parts := range [][][]byte{{[]byte(test.text)}, bytewise([]byte(test.text))} {
			got, read, ok := repliesIn(t, parts...)
			if test.text == "$1\r\nab\r\nc" { // the end of a payload is not looked at, what comes then is
				read, ok = test.read, ok || len(got) != 1
			}
			if ok || read != test.read {
				t.Errorf("%.40q in %d parts: %q, ok %v after %d bytes, want %d", test.text, len(parts), got, ok, read, test.read)
			}
		}
	}
}

// madeUp makes up a value, and says which errors are in it. Deep bounds how
// arrays are nested.
func madeUp(random *rand.Rand, deep int) (text, head string, faults []string) {
	pick := func(from ...string) string { return from[random.IntN(len(from))] }
	line := func(s string) { text, head = s+"\r\n", s }
	sized := func(kind, s string) {
		head = kind + fmt.Sprint(len(s))
		text = head + "\r\n" + s + "\r\n"
	}
	within := func(kind string, n, each int) {
		head = kind + fmt.Sprint(n)
		text = head + "\r\n"
		for range n * each {
			inner, _, more := madeUp(random, deep-1)
			text, faults = text+inner, append(faults, more...)
		}
	}
	kind := random.IntN(16)
	if deep == 0 {
		kind = random.IntN(11)
	}
	switch kind {
	case 0, 1:
		line(pick("+OK", "+QUEUED", "+", ":0", ":-12", "#t", "#f", "_", "$-1", "*-1", ",1.5", ",-inf", "(-123456789012345678901234567890"))
	case 2, 3:
		line(pick("-ERR no", "-OOM command not allowed", "-", "-WRONGTYPE $3"))
		faults = []string{"fault " + head}
	case 4:
		s := pick("OOM command not allowed", "", "ERR\r\n+OK\r\n")
		sized("!", s)
		faults = []string{"fault -" + s}
	case 5:
		sized("=", "txt:"+pick("", "+OK\r\n", "-ERR no\r\n"))
	case 6, 7, 8:
		sized("$", pick("", "value", "+OK\r\n", "\r\n-ERR\r\n*3\r\n", "\x00\xff", "-OOM command not allowed\r\n", "|1\r\n", strings.Repeat("$3\r\n", 300)))
	case 9:
		line(pick("*0", "%0", "~0"))
	case 10:
		inner, innerHead, more := madeUp(random, max(deep-1, 0))
		text, head, faults = "|0\r\n"+inner, innerHead, more
	case 11:
		within("|", random.IntN(3), 2)
		inner, innerHead, more := madeUp(random, deep-1)
		text, head, faults = text+inner, innerHead, append(faults, more...)
	case 12:
		within("%", random.IntN(4), 2)
	default:
		within(pick("*", "*", "~"), random.IntN(6), 1)
	}
	return text, head, faults
}

// Guards against a count that is off by one somewhere in a long stream, from
// where on every reply would be taken for that of another command.
func TestStreams(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for i := range 20_000 {
		var stream strings.Builder
		var want []string
		for range 1 + random.IntN(8) {
			text, head, faults := madeUp(random, 3)
			if random.IntN(6) == 0 {
				stream.WriteString(">2\r\n+message\r\n" + text)
				want = append(want, faults...)
				continue
			}
			stream.WriteString(text)
			want = append(append(want, faults...), "reply "+head)
		}
		got, _, ok := repliesIn(t, pieces(random, []byte(stream.String()))...)
		if !ok || !reflect.DeepEqual(got, want) {
			t.Fatalf("stream %d, %q: ok %v\n%q\nwant\n%q", i, stream.String(), ok, got, want)
		}
	}
}

// FuzzReplies guards against a panic or a standstill in the user's tests,
// whatever a server sends, and against an answer that depends on how it is cut.
func FuzzReplies(f *testing.F) {
	random := rand.New(rand.NewPCG(5, 6))
	for i := range 30 {
		text, _, _ := madeUp(random, 3)
		f.Add([]byte(text), uint64(i))
	}
	f.Add([]byte("|1\r\n+a\r\n+b\r\n>1\r\n-OOM command not allowed\r\n"), uint64(1))
	f.Add([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"), uint64(2))
	f.Add([]byte("*9999999999\r\n%9999999999\r\n$9999999999\r\n!-1\r\n"), uint64(3))
	f.Fuzz(func(t *testing.T, text []byte, seed uint64) {
		before := bytes.Clone(text)
		all, read, ok := repliesIn(t, text)
		for _, parts := range [][][]byte{bytewise(text), pieces(rand.New(rand.NewPCG(seed, 0)), text)} {
			cut, cutRead, cutOK := repliesIn(t, parts...)
			if !reflect.DeepEqual(cut, all) || cutRead != read || cutOK != ok {
				t.Errorf("whole: %q, %d, %v\nin %d parts: %q, %d, %v", all, read, ok, len(parts), cut, cutRead, cutOK)
			}
		}
		if !bytes.Equal(text, before) {
			t.Error("the user's bytes were changed")
		}
	})
}
