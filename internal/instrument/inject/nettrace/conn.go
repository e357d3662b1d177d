// Package nettrace is the trace: it notices on its way out every command that
// changes a Redis, and on their way in the replies to those and the OOM errors.
//
// Package instrument takes its text and appends it to package testing of the user's tests.
// Package net calls it, and crypto/tls for what is encrypted, by variables: what stood in these
// would have all packages compiled once more that import them. All names begin with tracetest,
// because they live beside those of package testing. Here it is vetted, tested and fuzzed
// like any other.
//
// The code must not disturb the connections. It reads what passes and changes
// nothing of it; of a connection that is no client's to a Redis it looks at the
// first bytes, and from then on loads one word for each write. A command that
// changes the server is reported before it is sent, and the reply when it has come,
// so that a snapshot of the server can be taken in between.
//
// Limits: what does not go through Write, Read or net.Buffers is not seen
// (splice and sendfile from a file, raw system calls); where the number of
// replies cannot be counted (MONITOR, a subscription of RESP2, CLIENT REPLY),
// no reply is reported any more.
package nettrace

import (
	"sync"
	"sync/atomic"
)

// tracetestNumbers numbers connections and writes of this process.
var tracetestNumbers atomic.Int64

// tracetestHomes holds the addresses that this process listens at, and with how
// many listeners.
var tracetestHomes struct {
	mu sync.Mutex
	at map[string]int
}

// listen notes an address that this process listens at, until close: then another
// program can have it, such as a server that is started on a port that was free.
func (t *tracetestConn) listen(home string) {
	if tracetestHook == nil {
		return
	}
	for _, every := range []string{"[::]:", "0.0.0.0:"} {
		if len(home) > len(every) && home[:len(every)] == every {
			home = tracetestPort(home) // it is reached at any address
		}
	}
	tracetestHomes.mu.Lock()
	defer tracetestHomes.mu.Unlock()
	if tracetestHomes.at == nil {
		tracetestHomes.at = map[string]int{}
	}
	tracetestHomes.at[home]++
	t.home.Store(&home)
}

// close forgets the address of a listener. It is called of connections too.
func (t *tracetestConn) close() {
	t.closed.Store(true)
	if t.home.Load() == nil {
		return
	}
	home := t.home.Swap(nil)
	if home == nil {
		return // another goroutine closed it as well
	}
	tracetestHomes.mu.Lock()
	defer tracetestHomes.mu.Unlock()
	if tracetestHomes.at[*home]--; tracetestHomes.at[*home] <= 0 {
		delete(tracetestHomes.at, *home)
	}
}

// tracetestHome reports whether this process listens at an address. The other end
// of a connection that leaves no process is in this one.
func tracetestHome(network, address string) bool {
	if network == "pipe" || network == "bufconn" {
		return true
	}
	tracetestHomes.mu.Lock()
	defer tracetestHomes.mu.Unlock()
	return tracetestHomes.at[address] > 0 || tracetestHomes.at[tracetestPort(address)] > 0
}

// tracetestPort is the port of an address with its colon, or the path of a
// socket.
func tracetestPort(address string) string {
	for i := len(address) - 1; i >= 0; i-- {
		if address[i] == ':' {
			return address[i:]
		}
	}
	return address
}

// tracetestConn is what the trace knows of a connection. The zero value is ready.
type tracetestConn struct {
	state atomic.Uint32
	talk  atomic.Pointer[tracetestTalk]
	home  atomic.Pointer[string] // of a listener: where it listens, as tracetestHomes has it

	closed atomic.Bool
}

const (
	tracetestNew     = iota // nothing was sent
	tracetestForeign        // it is no client of a Redis
	tracetestClient
	tracetestCarrier // it carries records of TLS; crypto/tls shows what is in them
)

// tracetestTalk is a connection of a client.
type tracetestTalk struct {
	mu       sync.Mutex
	number   int64
	known    bool // it was reported that there is a Redis
	commands tracetestCommands
	replies  tracetestReplies
	failed   bool // an error stands within the reply that is being read
	mute     bool // what comes cannot be read any more
	adrift   bool // replies cannot be told apart any more
	sent     int64
	got      int64
	multi    bool
	queued   []int64 // writes of the transaction
	awaited  []tracetestAwaited
}

// tracetestAwaited is a write whose effect is there when a reply has come.
type tracetestAwaited struct{ reply, write int64 }

type tracetestEvent struct {
	name   string
	number int64
	about  []string
}

// write is shown what is about to be written on a net.Conn. Secure says that it will be
// encrypted, dialed that this process made the connection.
func (t *tracetestConn) write(b []byte, c any, dialed, secure bool) {
	if tracetestHook == nil || len(b) == 0 {
		return
	}
	if t.state.Load() == tracetestCarrier {
		if len(b) > 1 && 20 <= b[0] && b[0] <= 24 && b[1] == 3 {
			return // a record, or several
		}
		t.state.Store(tracetestForeign) // somebody else writes on it
	}
	if t.state.Load() == tracetestForeign || t.state.Load() == tracetestNew && !t.begin(b[0], dialed) {
		tracetestElsewhere()
		return
	}
	if talk := t.talk.Load(); talk == nil || !talk.write(b, c, secure) {
		t.state.Store(tracetestForeign)
		t.talk.Store(nil)
		tracetestElsewhere()
	}
}

// carry takes in that this connection is about to carry TLS. That it does, and who is
// greeted, changes no server.
func (t *tracetestConn) carry() { t.state.CompareAndSwap(tracetestNew, tracetestCarrier) }

// begin decides by the first byte whether this can be a client of a Redis.
func (t *tracetestConn) begin(first byte, dialed bool) bool {
	letter := 'a' <= first && first <= 'z' || 'A' <= first && first <= 'Z'
	if !dialed || first != '*' && !letter {
		t.state.Store(tracetestForeign)
		return false
	}
	t.talk.CompareAndSwap(nil, &tracetestTalk{number: tracetestNumbers.Add(1)})
	t.state.CompareAndSwap(tracetestNew, tracetestClient)
	return true
}

// write takes in what a client sends, and reports whether it is one.
func (k *tracetestTalk) write(b []byte, c any, secure bool) bool {
	var events []tracetestEvent
	client := true
	k.mu.Lock()
	for len(b) > 0 {
		n, done, ok := k.commands.next(b)
		if !ok || !k.known && !k.plausible() {
			client = false // what came before it still goes out
			break
		}
		if !k.known && (done || k.commands.state > tracetestAtLength && !k.commands.inline) {
			k.known = true
			events = append(events, tracetestEvent{name: "redis", about: tracetestAbout(c, secure, !k.commands.inline)})
		}
		if done {
			events = k.command(events)
		}
		b = b[n:]
	}
	k.mu.Unlock()
	for _, e := range events {
		tracetestHook(e.name, k.number, e.number, e.about)
	}
	return client
}

// plausible reports whether an inline command, which could be of any protocol
// of lines, is one of a Redis.
func (k *tracetestTalk) plausible() bool {
	p := &k.commands
	if !p.inline {
		return true
	}
	word := p.word // the first word, perhaps not whole
	whole := p.index > 0
	if whole {
		word = p.spelt()
		for i, c := range word {
			if c == ' ' {
				word = word[:i]
				break
			}
		}
	}
	for _, name := range tracetestFirst {
		if len(word) > len(name) || whole && len(word) != len(name) {
			continue
		}
		same := true
		for i, c := range word {
			if c|0x20 != name[i]|0x20 {
				same = false
				break
			}
		}
		if same {
			return true
		}
	}
	return false
}

// tracetestAbout tells of a connection. Sure says that its first command could
// be of no other protocol.
func tracetestAbout(c any, secure, sure bool) (about []string) {
	// Below TLS there may be a connection of the user's own, which need not know
	// its addresses: then there is nobody to be named, and nothing to wait for.
	defer func() {
		if recover() != nil {
			about = []string{"", "", "", "true", "true", "false"}
		}
	}()
	network, remote, local := tracetestNetEnds(c)
	yes := func(b bool) string {
		if b {
			return "true"
		}
		return "false"
	}
	return []string{network, remote, local, yes(secure), yes(tracetestHome(network, remote)), yes(sure)}
}

// command takes in a command that is complete.
func (k *tracetestTalk) command(events []tracetestEvent) []tracetestEvent {
	k.sent++
	p := &k.commands
	if atomic.LoadUint32(&tracetestDoor) == 0 && !tracetestQuiet(p.spelt()) {
		events = append(events, tracetestEvent{name: "unseen"})
	}
	if p.wanted == tracetestNothing {
		return events
	}
	if p.wanted&tracetestAsks != 0 && tracetestShows(p.words) {
		asked := p.words
		if p.wanted&tracetestWrite != 0 {
			asked = asked[:min(2, len(asked))] // the write has the others
		}
		events = append(events, tracetestEvent{"asks", 0, asked})
	}
	if p.wanted&tracetestLogsIn != 0 && len(p.words) > 1 {
		events = append(events, tracetestEvent{"login", 0, p.words})
	}
	switch {
	case p.wanted&tracetestWrite != 0:
		write := tracetestNumbers.Add(1)
		events = append(events, tracetestEvent{"write", write, p.words})
		if k.multi {
			k.queued = append(k.queued, write)
		} else {
			k.await(write)
		}
	case p.wanted&tracetestQueues != 0:
		k.multi = true
	case p.wanted&tracetestExecutes != 0:
		for _, write := range k.queued {
			k.await(write)
		}
		k.multi, k.queued = false, nil
	case p.wanted&tracetestDiscards != 0:
		for _, write := range k.queued {
			events = append(events, tracetestEvent{"reply", write, []string{"-DISCARDED"}})
		}
		k.multi, k.queued = false, nil
	case p.wanted&tracetestAdrift != 0:
		k.adrift, k.awaited, k.queued = true, nil, nil
	}
	p.words = nil
	return events
}

// await notes that a write has had its effect when the reply to the command
// that was sent last has come.
func (k *tracetestTalk) await(write int64) {
	if !k.adrift && !k.mute && len(k.awaited) < 1<<12 {
		k.awaited = append(k.awaited, tracetestAwaited{k.sent, write})
	}
}

// read is shown what was read.
func (t *tracetestConn) read(b []byte, n int) {
	if n <= 0 || n > len(b) || t.state.Load() != tracetestClient {
		return
	}
	if talk := t.talk.Load(); talk != nil {
		talk.read(b[:n])
	}
}

func (k *tracetestTalk) read(b []byte) {
	var events []tracetestEvent
	k.mu.Lock()
	for len(b) > 0 && !k.mute {
		n, fault, done, ok := k.replies.next(b)
		if !ok {
			k.mute, k.awaited = true, nil
			break
		}
		k.failed = k.failed || fault != nil
		if fault != nil && tracetestHasOOM(fault) {
			events = append(events, tracetestEvent{"fault", 0, []string{string(fault[1:])}})
		}
		if done {
			k.got++
			failed := k.failed
			k.failed = false
			for len(k.awaited) > 0 && k.awaited[0].reply <= k.got {
				text := string(k.replies.head)
				if failed && text[0] != '-' {
					text += tracetestPartly
				}
				events = append(events, tracetestEvent{"reply", k.awaited[0].write, []string{text}})
				k.awaited = k.awaited[1:]
			}
		}
		b = b[n:]
	}
	k.mu.Unlock()
	for _, e := range events {
		tracetestHook(e.name, k.number, e.number, e.about)
	}
}

// tracetestPartly is added to the first line of a reply with an error in it: one
// of the commands of a transaction failed.
const tracetestPartly = " with an error"

// tracetestHasOOM reports whether an error says that memory was over the
// limit. Scripts and transactions wrap the words.
func tracetestHasOOM(line []byte) bool {
	const words = "OOM command not allowed"
	for i := 0; i+len(words) <= len(line); i++ {
		if string(line[i:i+len(words)]) == words {
			return true
		}
	}
	return false
}
