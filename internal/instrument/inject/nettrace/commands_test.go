package nettrace

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tracetest/internal/rediscmd"
)

// The commands that the trace is to know, by what is wanted of them.
var writes, states, asks []string

var kinds = func() map[string]uint8 {
	all := map[string]uint8{}
	for _, name := range rediscmd.Names() {
		c := rediscmd.Of(strings.Fields(name))
		kind := map[rediscmd.Replies]uint8{rediscmd.Queues: tracetestQueues, rediscmd.Executes: tracetestExecutes,
			rediscmd.Discards: tracetestDiscards, rediscmd.Adrift: tracetestAdrift}[c.Replies]
		if kind != 0 {
			states = append(states, name)
		}
		if c.Shows != rediscmd.ShowsNothing {
			kind |= tracetestAsks
			asks = append(asks, name)
		}
		if c.Changes != 0 && c.Replies == rediscmd.InTurn {
			kind |= tracetestWrite
			writes = append(writes, name)
		}
		if c.Args == rediscmd.Login {
			kind |= tracetestLogsIn
		}
		if family, _, two := strings.Cut(name, " "); two {
			all[family] = tracetestMaybe
		}
		if kind != 0 {
			all[name] = kind
		}
	}
	return all
}()

// resp is a command as clients send it.
func resp(words ...string) string {
	text := fmt.Sprintf("*%d\r\n", len(words))
	for _, word := range words {
		text += fmt.Sprintf("$%d\r\n%s\r\n", len(word), word)
	}
	return text
}

// command is one as the parser saw it.
type command struct {
	wanted uint8
	name   string
	words  []string
}

// commandsIn lets a parser walk over what is sent in parts.
func commandsIn(t testing.TB, parts ...[]byte) (all []command, read int, ok bool) {
	var p tracetestCommands
	for _, b := range parts {
		for len(b) > 0 {
			n, done, ok := p.next(b)
			read += n
			if !ok {
				return all, read, false
			}
			if n < 1 || n > len(b) {
				t.Fatalf("%d of %d bytes were taken", n, len(b))
			}
			if len(p.words) > tracetestWordsLimit || cap(p.word) > 2*tracetestWordLimit {
				t.Fatalf("it keeps %d words, and %d bytes of the last", len(p.words), cap(p.word))
			}
			if b = b[n:]; done {
				all = append(all, command{p.wanted, string(p.spelt()), p.words})
			}
		}
	}
	return all, read, true
}

// bytewise cuts before each byte, and pieces at random.
func bytewise(b []byte) [][]byte { return slices.Collect(slices.Chunk(b, 1)) }

func pieces(random *rand.Rand, b []byte) (all [][]byte) {
	for len(b) > 0 {
		n := 1 + random.IntN(len(b))
		if random.IntN(2) == 0 {
			n = min(n, 1+random.IntN(8))
		}
		all, b = append(all, b[:n]), b[n:]
	}
	return all
}

// Guards against a command that is missed because of how a client spells or
// sends it, and against one that is known here and not in the table.
func TestWantedCommands(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "table.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if f, ok := n.(*ast.FuncDecl); ok && f.Name.Name != "tracetestWanted" {
			return false
		}
		if _, ok := n.(*ast.GenDecl); ok {
			return false
		}
		if s, ok := n.(*ast.BasicLit); ok && s.Kind == token.STRING {
			if name, _ := strconv.Unquote(s.Value); kinds[name] == tracetestNothing {
				t.Errorf("%s is wanted, and not in the table", s.Value)
			}
		}
		return true
	})
	for name, kind := range kinds {
		for _, spelt := range []string{name, strings.ToLower(name), name[:1] + strings.ToLower(name[1:])} {
			words := append(strings.Fields(spelt), "one", "Two")
			want := command{kind, name, words}
			if kind == tracetestMaybe { // with an unknown subcommand
				want = command{tracetestNothing, name + " ONE", words[:1]}
			} else if kind&tracetestKept == 0 {
				want.words = nil
				if strings.Contains(name, " ") {
					want.words = words[:1]
				}
			}
			line := strings.Join(words, " ")
			for _, text := range []string{resp(words...), line + "\r\n", line + "\n", strings.ReplaceAll(line, " ", " \t ") + " \r\n", "\r\n\n" + line + "\r\n"} {
				for _, parts := range [][][]byte{{[]byte(text)}, bytewise([]byte(text))} {
					got, _, ok := commandsIn(t, parts...)
					if !ok || !reflect.DeepEqual(got, []command{want}) {
						t.Errorf("%q in %d parts: %q, %v, want %q", text, len(parts), got, ok, want)
					}
				}
			}
		}
	}
}

// Guards against a command that is reported and changes nothing.
func TestUnwantedCommands(t *testing.T) {
	for _, words := range [][]string{
		{"GET", "k"}, {"SET", "CONFIG", "SET"}, {"PING"}, {"CONFIG", "GET", "maxmemory"}, {"CONFIG"}, {"CONFIG", "SETX", "a", "b"}, {"CONFIGSET"}, {"CONFIG", ""},
		{"FLUSHALLX"}, {"XFLUSHALL"}, {"CLIENT", "LIST"}, {"CLIENT", "SETNAME", "KILL"}, {"CLIENT", "GETNAME", "REPLY"}, {"ACL", "WHOAMI"}, {"SCRIPT", "LOAD", "return 1"},
		{"FUNCTION", "LIST"}, {"CLUSTER", "NODES"}, {"SENTINEL", "MASTERS"}, {"MODULE", "LIST"}, {"UNSUBSCRIBE"}, {""}, {"", "FLUSHALL"}, {"GET", "FLUSHALL"},
		{"EVAL", "redis.call('CONFIG', 'SET', 'maxmemory', '1')", "0"}, {"CLUSTER", "SET-CONFIG-EPOCHS", "1"}, {strings.Repeat("FLUSHALL", 1000)},
		// Redis does not know a command whose name has a space.
		{"CONFIG SET", "maxmemory", "1"}, {"config resetstat"}, {"CLIENT REPLY", "OFF"}, {"MULTI ", "x"}, {"CONFIG", "SET maxmemory", "1"},
	} {
		got, _, ok := commandsIn(t, []byte(resp(words...)))
		if !ok || len(got) != 1 || got[0].wanted&^(tracetestMaybe|tracetestAsks|tracetestLogsIn) != 0 {
			t.Errorf("%.60q: %.60q, %v", words, got, ok)
		}
	}
}

// shown is what is kept of the words of a command.
func shown(words []string) (all []string) {
	for _, word := range words {
		if len(word) > tracetestWordLimit {
			word = word[:tracetestWordLimit] + "..."
		}
		all = append(all, word)
	}
	if len(all) > tracetestWordsLimit {
		all = append(all[:tracetestWordsLimit-1:tracetestWordsLimit-1], "...")
	}
	return all
}

// Guards against arguments that are reported wrong: cut, joined, or one too many.
func TestArguments(t *testing.T) {
	x := func(n int) string { return strings.Repeat("x", n) }
	many := func(n int) []string {
		return append([]string{"ACL", "SETUSER"}, slices.Repeat([]string{"+get"}, n-2)...)
	}
	for _, words := range [][]string{
		{"CONFIG", "SET", "save", ""}, {"FLUSHALL"}, {"REPLICAOF", "NO", "ONE"}, {"config", "set", "a", x(tracetestWordLimit)}, {"config", "set", x(tracetestWordLimit + 1), "b"},
		{"FUNCTION", "LOAD", x(1 << 20), x(1 << 20)}, {"SCRIPT", "FLUSH", "\r\n\x00\xff$3\r\n"}, {"CONFIG", "SET", "save", resp("CONFIG", "SET", "x", "y")},
		many(tracetestWordsLimit), many(tracetestWordsLimit + 1), many(1000), {"DEBUG", "", "", ""},
	} {
		text := []byte(resp(words...))
		for _, parts := range [][][]byte{{text}, bytewise(text), slices.Collect(slices.Chunk(text, 7))} {
			got, _, ok := commandsIn(t, parts...)
			if !ok || len(got) != 1 || got[0].wanted&tracetestWrite == 0 || !reflect.DeepEqual(got[0].words, shown(words)) {
				t.Errorf("%.60q in %d parts: %.100q, %v", words, len(parts), got, ok)
			}
		}
	}
	for line, want := range map[string][]string{
		"FLUSHALL\r\n": {"FLUSHALL"}, "flushall \r\n": {"flushall"}, "FLUSHALL\n": {"FLUSHALL"}, "REPLICAOF  NO\tONE\r\n": {"REPLICAOF", "NO", "ONE"},
		"CONFIG SET a " + x(2000) + "\r\n":        {"CONFIG", "SET", "a", x(tracetestWordLimit) + "..."},
		"CONFIG SET a " + x(2000) + " b\r\n":      {"CONFIG", "SET", "a", x(tracetestWordLimit) + "...", "b"},
		"DEBUG" + strings.Repeat(" x", 99) + "\n": append(append([]string{"DEBUG"}, slices.Repeat([]string{"x"}, tracetestWordsLimit-2)...), "..."),
		// As Redis splits a line: quotes hold a word together.
		"CONFIG SET save \"\"\r\n":                {"CONFIG", "SET", "save", ""},
		"CONFIG SET save '' a b\r\n":              {"CONFIG", "SET", "save", "", "a", "b"},
		"CONFIG SET save \"1 2\" \"a\\\"'\" \r\n": {"CONFIG", "SET", "save", "1 2", "a\"'"},
		"CONFIG SET 'masterauth' 'x\" y\\'z'\n":   {"CONFIG", "SET", "masterauth", "x\" y'z"},
	} {
		for _, parts := range [][][]byte{{[]byte(line)}, bytewise([]byte(line))} {
			got, _, ok := commandsIn(t, parts...)
			if !ok || len(got) != 1 || !reflect.DeepEqual(got[0].words, want) {
				t.Errorf("%.60q in %d parts: %.100q, %v", line, len(parts), got, ok)
			}
		}
	}
}

// Guards against a connection of another protocol, or a broken one, that is
// read on and on, and against a number that overflows.
func TestNoCommands(t *testing.T) {
	ping := resp("PING")
	for _, test := range []struct {
		text string
		read int // bytes before the one that is wrong; -1: none is
		done int // commands before it
	}{
		{"$4\r\nPING\r\n", 0, 0}, {"\x16\x03\x01\x02", 0, 0}, {"\x00", 0, 0}, {"\x80", 0, 0}, {"123\r\n", 0, 0}, {`"config" set a b` + "\r\n", 0, 0}, {" PING\r\n", 0, 0},
		{"*x", 1, 0}, {"*\r\n", 1, 0}, {"*\n", 1, 0}, {"*-1\r\n", 1, 0}, {"*1x", 2, 0}, {"* 1\r\n", 1, 0},
		{"*1\r\n:1\r\n", 4, 0}, {"*1\r\n*1\r\n", 4, 0}, {"*1\r\n$-1\r\n", 5, 0}, {"*1\r\n$\r\n", 5, 0}, {"*1\r\n$x", 5, 0},
		{"*99999999999\r\n", 11, 0}, {"*18446744073709551617\r\n", 11, 0}, {"*1\r\n$99999999999\r\n", 15, 0}, {"*1\r\n$00000000004\r\n", 15, 0},
		{"PI\x00NG\r\n", 2, 0}, {"PING \x1b\r\n", 5, 0}, {ping + "\x01", len(ping), 1}, {ping + ping + "*1\r\n+", 2*len(ping) + 4, 2}, {ping + "PING\r\n\x7f", len(ping) + 6, 2},
		{"", -1, 0}, {"\r\n\n\r\n", -1, 0}, {"*0\r\n", -1, 0}, {"*0\r\n" + ping + "*0\r\n" + ping, -1, 2}, {"*1\r\n$0000000004\r\nPING\r\n", -1, 1},
		{"*9999999999\r\n$4\r\nPING\r\n$0\r\n\r\n", -1, 0}, {"*2\r\n$3\r\nGET\r\n$9999999999\r\nxxxxxxxx", -1, 0}, {"*1\r\n$9999999999\r\n" + strings.Repeat("FLUSHALL\r\n", 9999), -1, 0},
	} {
		for _, parts := range [][][]byte{{[]byte(test.text)}, bytewise([]byte(test.text))} {
			got, read, ok := commandsIn(t, parts...)
			if ok && test.read >= 0 || !ok && (read != test.read && read != test.read+1) || len(got) != test.done {
				t.Errorf("%.60q in %d parts: %d commands, ok %v after %d bytes", test.text, len(parts), len(got), ok, read)
			}
		}
	}
}

// pipeline makes up commands, and says which of them are wanted.
func pipeline(random *rand.Rand) (text []byte, wanted []command) {
	pick := func(from ...string) string { return from[random.IntN(len(from))] }
	argument := func() string {
		switch random.IntN(12) {
		case 0:
			return ""
		case 1:
			return resp("CONFIG", "SET", "maxmemory", "1")
		case 2:
			return "CONFIG SET maxmemory 1\r\n"
		case 3:
			return pick("\r\n", "*", "$", "*1\r\n$8\r\nFLUSHALL\r\n", "\r\n$8\r\nFLUSHALL", "\n*4\r\n$6\r\nCONFIG\r\n$3\r\nSET\r\n")
		case 4:
			return pick(writes...)
		case 5:
			return strings.Repeat(pick("x", "*1\r\n$8\r\nFLUSHALL\r\n"), random.IntN(1200))
		case 6:
			b := make([]byte, random.IntN(40))
			for i := range b {
				b[i] = byte(random.Uint32())
			}
			return string(b)
		}
		return pick("k", "key:1", "maxmemory", "SET", "CONFIG", "100mb", "0")
	}
	for range 1 + random.IntN(8) {
		kind, name := uint8(tracetestNothing), pick("GET", "SET", "mset", "EVAL", "XADD", "HSET", "PING", "CONFIG GET", "CLIENT INFO", "SCRIPT LOAD", "ACL GETUSER")
		switch random.IntN(6) {
		case 0, 1:
			name = pick(writes...)
		case 3:
			name = pick(asks...)
		case 2:
			name = pick(states...)
		}
		kind = kinds[name]
		words := strings.Fields(pick(name, strings.ToLower(name)))
		line := random.IntN(5) == 0
		for range random.IntN(5) {
			if line {
				words = append(words, pick("a", "maxmemory", "FLUSHALL", "*1"))
			} else {
				words = append(words, argument())
			}
		}
		if random.IntN(40) == 0 && !line {
			words = append(words, slices.Repeat([]string{"+get"}, random.IntN(100))...)
		}
		switch {
		case kind&tracetestWrite != 0:
			wanted = append(wanted, command{kind, name, shown(words)})
		case kind&^tracetestKept != 0:
			wanted = append(wanted, command{kind, name, nil})
		}
		if line {
			text = append(text, strings.Join(words, " ")+pick("\r\n", "\n")...)
		} else {
			text = append(text, resp(words...)...)
		}
	}
	return text, wanted
}

// Guards against a command that is lost, or made up from somebody's data,
// because of where the bytes are cut.
func TestPipelines(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 20_000 {
		text, want := pipeline(random)
		all, _, ok := commandsIn(t, pieces(random, text)...)
		var got []command
		for _, c := range all {
			if c.wanted&tracetestWrite == 0 {
				c.words = nil
			}
			if c.wanted&^(tracetestMaybe|tracetestAsks|tracetestLogsIn) != 0 {
				got = append(got, c)
			}
		}
		if !ok || !reflect.DeepEqual(got, want) {
			t.Fatalf("pipeline %d, %q: ok %v\n%q\nwant\n%q", i, text, ok, got, want)
		}
	}
}

// FuzzCommands guards against a panic or a standstill in the user's tests,
// whatever they send, and against an answer that depends on how it is cut.
func FuzzCommands(f *testing.F) {
	for _, text := range []string{resp("CONFIG", "SET", "maxmemory", "1"), "CONFIG SET a \"b c\"\r\n", "*0\r\n\r\n*1\r\n$0\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "*9999999999\r\n$9999999999\r\n"} {
		f.Add([]byte(text), uint64(1))
		f.Add([]byte(resp("MULTI")+text+resp("EXEC")), uint64(2))
	}
	f.Fuzz(func(t *testing.T, text []byte, seed uint64) {
		before := bytes.Clone(text)
		all, read, ok := commandsIn(t, text)
		for _, parts := range [][][]byte{bytewise(text), pieces(rand.New(rand.NewPCG(seed, 0)), text)} {
			cut, cutRead, cutOK := commandsIn(t, parts...)
			if !reflect.DeepEqual(cut, all) || cutRead != read || cutOK != ok {
				t.Errorf("whole: %q, %d, %v\nin %d parts: %q, %d, %v", all, read, ok, len(parts), cut, cutRead, cutOK)
			}
		}
		if !bytes.Equal(text, before) {
			t.Error("the user's bytes were changed")
		}
	})
}
