package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tracetest/internal/barrier"
	"tracetest/internal/gotest"
	"tracetest/internal/instrument"
	"tracetest/internal/record"
	"tracetest/internal/redact"
	"tracetest/internal/snapshot"
	"tracetest/internal/source"
)

// play is a watcher whose surroundings are false: the servers, the tests, and who sees the record.
type play struct {
	t       *testing.T
	w       *watcher
	ctx     context.Context
	cancel  context.CancelFunc
	servers []*fakeServer // also those to be discovered
	named   int
	mu      sync.Mutex // of log: servers are sampled beside each other
	log     []string
	owners  map[string]int64
	numbers map[string]int64 // of the last write by a process
	waits   bool
}

func newPlay(t *testing.T, servers int, o Options) *play {
	t.Helper()
	p := &play{t: t, owners: map[string]int64{}, numbers: map[string]int64{}, waits: true, named: servers}
	p.ctx, p.cancel = context.WithCancel(t.Context())
	o.Secrets, o.Output, o.Discover = redact.New(), p, "auto"
	plan := &Plan{o: o, tools: &gotest.Toolchain{}, overlay: &instrument.Overlay{Traced: true}, barrier: &barrier.Server{}, source: source.New()}
	if args, err := gotest.ParseArgs(nil, nil, ""); err == nil {
		plan.args = args
	}
	plan.out = record.NewWriter(io.Discard, func(e record.Entry) { p.note(p.describe(e)) })
	for n := range servers + 1 {
		target, err := snapshot.ParseTarget(address(n))
		if err != nil {
			t.Fatal(err)
		}
		first := map[string]string{"hz": "10", "maxmemory": "0"}
		p.servers = append(p.servers, &fakeServer{n: n, log: p.note, target: target, first: first, config: maps.Clone(first), shown: maps.Clone(first), tests: map[string]bool{}})
	}
	for _, f := range p.servers[:servers] {
		plan.begin = append(plan.begin, f.begin())
	}
	p.w = newWatcher(plan)
	for i, f := range p.servers[:servers] {
		p.w.meet(f, plan.begin[i])
	}
	p.w.discover = func(_ context.Context, at snapshot.Target, runIDs []string) (server, record.Server, error) {
		for _, f := range p.servers {
			switch {
			case f.target.Address() != at.Address():
			case f.down:
				return nil, record.Server{}, errors.New("connection refused")
			case slices.Contains(runIDs, f.begin().RunID):
				return nil, f.begin(), nil
			default:
				p.note("connect")
				return f, f.begin(), nil
			}
		}
		return nil, record.Server{}, errors.New("nobody is there")
	}
	return p
}

func (p *play) note(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log = append(p.log, what)
}

// Event, Error and Say are of Output.
func (p *play) Event(gotest.Event, []byte) {}
func (p *play) Error(string)               {}
func (p *play) Say(text string)            { p.note("say: " + strings.SplitN(text, "\n", 2)[0]) }

// describe says what an entry of the record is.
func (p *play) describe(e record.Entry) string {
	snaps := func(all []record.Snapshot) (text string) {
		for _, snap := range all {
			switch {
			case snap.Error != "":
				text += fmt.Sprintf(" [%d: %s]", snap.Server, snap.Error)
			case len(snap.Config) > 0:
				text += fmt.Sprintf(" [%d: %v]", snap.Server, strings.TrimPrefix(fmt.Sprint(snap.Config), "map"))
			default:
				text += fmt.Sprintf(" [%d]", snap.Server)
			}
		}
		return text
	}
	switch {
	case e.Boundary != nil:
		text := "> " + string(e.Boundary.Verb)
		if e.Boundary.Coalesced {
			text += " coalesced"
		}
		return text + snaps(e.Boundary.Snapshots)
	case e.Write != nil:
		return "> write" + snaps(e.Write.Snapshots)
	case e.Reply != nil:
		return "> reply" + snaps(e.Reply.Snapshots)
	case e.Contact != nil:
		return strings.TrimSpace(fmt.Sprintf("> contact %d %s", e.Contact.Server, e.Contact.Problem))
	case e.Server != nil:
		return fmt.Sprint("> server ", e.Server.Index)
	case e.Restore != nil:
		return strings.TrimSpace(fmt.Sprintf("> restore %s %v left %v %s", e.Restore.When, e.Restore.Values, e.Restore.Left, e.Restore.Error))
	case e.Notice != nil:
		return "> notice " + e.Notice.Code
	case e.Clients != nil:
		return fmt.Sprint("> clients ", e.Clients.Server)
	case e.Asked != nil:
		return "> asked"
	case e.Process != nil:
		return "> process"
	}
	return "> something else"
}

// arrive lets the watcher take in an arrival, and then the test go on.
func (p *play) arrive(a barrier.Arrival) {
	p.t.Helper()
	p.w.boundary(p.ctx, p.arrival(a))
}

// arrival is one that notes when the test goes on.
func (p *play) arrival(a barrier.Arrival) *barrier.Arrival {
	h := barrier.Arrived(time.Now(), func() bool { return p.waits }, func(string) { p.note("go") })
	h.Process, h.Boundary, h.Message, h.Ran = a.Process, a.Boundary, a.Message, a.Ran
	return h
}

// do is one step. The process is 1, unless it says "2:".
func (p *play) do(step string) {
	p.t.Helper()
	process := 1
	if rest, is := strings.CutPrefix(step, "2: "); is {
		process, step = 2, rest
	}
	words := strings.Fields(step)
	say := func(b record.Boundary) {
		b.Process = process
		p.arrive(barrier.Arrival{Boundary: b})
	}
	tell := func(m barrier.Message) { p.arrive(barrier.Arrival{Message: &m}) }
	server := func(word int) *fakeServer {
		if word < len(words) {
			return p.servers[int(words[word][0]-'0')]
		}
		return p.servers[0]
	}
	switch words[0] {
	case "hello":
		known := record.Process{Index: process, Package: fmt.Sprint("m/p", process)}
		p.arrive(barrier.Arrival{Process: &known, Boundary: record.Boundary{Verb: record.VerbHello, Process: process}})
	case "begin":
		id := int64(len(p.owners) + 1)
		p.owners[words[1]] = id
		say(record.Boundary{Verb: record.VerbBegin, Owner: id, Begin: &record.Owner{ID: id, Kind: record.KindTest, Name: words[1]}})
	case "end":
		say(record.Boundary{Verb: record.VerbEnd, Owner: p.owners[words[1]], End: &record.Outcome{Status: "pass"}})
	case "exit", "gone":
		say(record.Boundary{Verb: record.Verb(words[0])})
	case "contact", "vague":
		tell(barrier.Message{Contact: &record.Contact{Process: process, Network: "tcp", Address: address(server(1).n), Local: "l", Server: -1, Vague: words[0] == "vague"}})
	case "write": // is told, and then sent
		p.numbers[fmt.Sprint(process)]++
		tell(barrier.Message{Write: &record.Write{Process: process, Number: p.numbers[fmt.Sprint(process)], Server: -1, Address: address(server(3).n),
			Command: []string{"CONFIG", "SET", words[1], words[2]}}})
		server(3).set(words[1], words[2])
		server(3).tests[words[1]] = true
	case "asks":
		tell(barrier.Message{Asked: &record.Asked{Process: process, Server: -1, Address: address(0), Command: words[1:]}})
	case "reply":
		tell(barrier.Message{Reply: &record.Reply{Process: process, Number: p.numbers[fmt.Sprint(process)], Text: "+OK"}})
	case "others":
		server(3).set(words[1], words[2])
	case "down":
		server(1).down = true
	case "restart":
		f := server(1)
		f.restarts, f.config = true, maps.Clone(f.first)
	case "cancel":
		p.cancel()
	case "leaves": // the process stops waiting while the snapshot is taken
		p.servers[0].during = func() { p.waits = false }
	case "left":
		p.waits = false
	case "finish":
		p.w.finish(p.ctx)
	case "--":
		p.log = nil // what was before is not of interest
	default:
		p.t.Fatalf("a step %q", step)
	}
}

// TestOrders guards against a run that acts out of turn: a test that goes on before what it did is
// recorded, a snapshot that is taken too late, a server that is written to while a test runs.
func TestOrders(t *testing.T) {
	const ran = "hello, begin TestA, contact, "
	for _, test := range []struct {
		name, restore string
		servers       int
		steps         string
		want          string
	}{
		{"nothing new: it goes on before the boundary is recorded", "run", 1, "hello", "> process | sample 0 | go | > hello [0]"},
		{"something new: it is recorded first", "run", 1, "hello, others hz 5, --, begin TestA", "sample 0 | > begin [0: [hz:5]] | clients 0 | > clients 0 | go"},
		{"--restore=test: it waits until it is recorded", "test", 1, "hello, --, begin TestA", "sample 0 | > begin [0] | go"},
		{"a write is recorded before it is sent", "run", 1, ran + "--, write hz 5", "sample 0 | > write [0] | go"},
		{"a snapshot is taken before the reply is handed on", "run", 1, ran + "write hz 5, --, reply", "sample 0 | > reply [0: [hz:5]] | go"},
		{"a reply to what no snapshot can show takes none", "run", 1, ran + "--, reply", "> reply | go"},
		{"all servers are looked at for a reply", "run", 2, ran + "write hz 5, --, reply", "sample 0 | sample 1 | > reply [0: [hz:5]] [1] | go"},
		{"what somebody else changed before a write is asked for before the write goes", "run", 1, ran + "others maxmemory 7, --, write hz 5",
			"sample 0 | > write [0: [maxmemory:7]] | clients 0 | > clients 0 | go"},
		{"a begin at once behind an end", "run", 1, ran + "end TestA, --, begin TestB", "go | > begin coalesced"},
		{"no such thing of another process", "run", 1, ran + "2: hello, end TestA, --, 2: begin TestB", "sample 0 | go | > begin [0]"},
		{"no such thing while another test is open", "run", 1, ran + "2: hello, 2: begin TestC, end TestA, --, begin TestB", "sample 0 | go | > begin [0]"},
		{"no such thing behind a begin", "run", 1, "hello, contact, begin TestA, --, begin TestB", "sample 0 | go | > begin [0]"},
		{"no such thing while a reply is awaited", "run", 1, ran + "write hz 10, end TestA, --, begin TestB", "sample 0 | go | > begin [0]"},
		{"restored behind a test", "test", 1, ran + "write hz 5, reply, --, end TestA", "sample 0 | > end [0] | restore 0 | > restore test map[hz:10] left map[]  | go"},
		{"not while another process has a test open", "test", 1, "hello, 2: hello, begin TestA, contact, 2: begin TestB, write hz 5, reply, --, end TestA", "sample 0 | > end [0] | go"},
		{"not behind a test, by default", "run", 1, ran + "write hz 5, reply, --, end TestA", "sample 0 | go | > end [0]"},
		{"the end of a run", "run", 2, ran + "write hz 5, reply, end TestA, exit, --, finish",
			"sample 0 | sample 1 | > finish [0] [1] | restore 0 | > restore run map[hz:10] left map[] | restore 1"},
		{"what is left alone is said", "run", 1, ran + "others hz 5, end TestA, exit, --, finish", "sample 0 | > finish [0] | restore 0 | > restore run map[] left map[hz:untraced]"},
		{"also where something is restored", "run", 1, ran + "others hz 5, write maxmemory 7, reply, end TestA, exit, --, finish", "sample 0 | > finish [0] | restore 0 | > restore run map[maxmemory:0] left map[hz:untraced]"},
		{"a server that restarted", "run", 1, ran + "write hz 5, reply, restart, end TestA, exit, --, finish", "sample 0 | > finish [0] | restore 0"},
		{"never", "never", 1, ran + "write hz 5, reply, exit, --, finish", "sample 0 | > finish [0]"},
		{"a server that the tests turn out to use", "run", 1, ran + "--, contact 1, write hz 5 1, reply, finish",
			"connect | > server 1 | > contact 1 | go | sample 1 | > write [1] | go | sample 0 | sample 1 | > reply [0] [1: [hz:5]] | go | " +
				"sample 0 | sample 1 | > finish [0] [1] | restore 0 | restore 1 | > restore run map[hz:10] left map[]"},
		{"one that they turn out to use within the test", "test", 1, "hello, begin TestA, contact 1, write hz 5 1, reply, --, end TestA",
			"sample 0 | sample 1 | > end [0] [1] | restore 0 | restore 1 | > restore test map[hz:10] left map[] | go"},
		{"one that is spoken to in lines of text is not asked", "run", 1, "hello, begin TestA, --, vague 1", "> contact -1 | go"},
		{"until it is set by one, which waits for that", "run", 1, "hello, begin TestA, vague 1, --, write hz 5 1, reply",
			"connect | > server 1 | > contact 1 | sample 1 | > write [1] | go | sample 0 | sample 1 | > reply [0] [1: [hz:5]] | go"},
		{"that is none, which is asked once", "run", 1, "hello, begin TestA, down 1, vague 1, --, write hz 5 1, write hz 5 1", "> contact -1 connection refused | > write | go | > write | go"},
		{"known by then", "run", 1, ran + "contact 1, --, contact 1", "> contact 1 | go"},
		{"that is not there", "run", 1, "hello, begin TestA, down 1, --, contact 1", "> contact -1 connection refused | go"},
		{"of the tests' own, which they end", "run", 1, ran + "contact 1, write hz 5 1, reply, down 1, --, finish", "sample 0 | sample 1 | > finish [0] [1: connection refused] | restore 0"},
		{"a named server that is gone", "run", 1, ran + "write hz 5, reply, down, --, end TestA, finish",
			"sample 0 | > end [0: connection refused] | go | sample 0 | > finish [0: connection refused] | restore 0 | " +
				"> restore run map[hz:10] left map[] no connection | say: tracetest: could not restore what was changed on 127.0.0.1:1: no connection"},
		{"cancelled", "run", 1, ran + "write hz 5, reply, cancel, --, end TestA, finish",
			"sample 0 | > end [0: cancelled] | go | sample 0 | > finish [0: cancelled] | restore 0 | " +
				"> restore run map[hz:10] left map[] no connection | say: tracetest: could not restore what was changed on 127.0.0.1:1: no connection"},
		{"a test that looks at the connections of its server", "run", 1, ran + "--, asks CLIENT LIST, write hz 5, reply, end TestA",
			"leave 0 | > asked | go | > write | go | > reply | go | sample 0 | > end [0: [hz:5]] | clients 0 | > clients 0 | go"},
		{"one that locks out whoever comes anew", "run", 1, ran + "asks CLIENT LIST, --, write requirepass x", "return 0 | > write | go"},
		{"a process that gives up while the snapshot is taken", "run", 1, "hello, begin TestA, leaves, --, end TestA", "sample 0 | > notice not-waiting | go | > quit [0]"},
		{"one that gave up before", "run", 1, "hello, begin TestA, left, --, end TestA", "sample 0 | > notice not-waiting | go | > quit [0]"},
		{"what it says then is not listened to", "run", 1, "hello, begin TestA, left, end TestA, --, begin TestB", "go"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPlay(t, test.servers, Options{Restore: Restore(test.restore)})
			for step := range strings.SplitSeq(test.steps, ", ") {
				p.do(step)
			}
			p.w.out.Flush()
			if got := sorted(p.log); got != sorted(strings.Split(test.want, " | ")) {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// TestBoundaryWhileRestoring guards against a test of another process that goes on, or is looked
// at, while what a unit left changed is restored.
func TestBoundaryWhileRestoring(t *testing.T) {
	p := newPlay(t, 1, Options{Restore: RestoreTest})
	for _, step := range []string{"hello", "begin TestA", "contact", "write hz 5", "reply", "--"} {
		p.do(step)
	}
	held := make(chan *barrier.Arrival)
	send := func(all ...barrier.Arrival) {
		for _, a := range all {
			held <- p.arrival(a)
		}
	}
	p.servers[0].restoring = func() {
		p.note("restoring")
		go send(barrier.Arrival{Process: &record.Process{Index: 2, Package: "m/p2"}, Boundary: record.Boundary{Verb: record.VerbHello, Process: 2}},
			barrier.Arrival{Boundary: record.Boundary{Verb: record.VerbGone, Process: 2}}, barrier.Arrival{Boundary: record.Boundary{Verb: record.VerbGone, Process: 1}})
		time.Sleep(20 * time.Millisecond)
		p.note("restored")
	}
	go send(barrier.Arrival{Boundary: record.Boundary{Verb: record.VerbEnd, Process: 1, Owner: p.owners["TestA"], End: &record.Outcome{Status: "pass"}}})
	p.w.drain(p.ctx, func(ctx context.Context) *barrier.Arrival {
		select {
		case h := <-held:
			return h
		case <-ctx.Done():
			return nil
		}
	})
	const want = "sample 0 | > end [0] | restore 0 | restoring | restored | > restore test map[hz:10] left map[] | go | > process | sample 0 | > hello [0] | go"
	if got := sorted(p.log); !strings.HasPrefix(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// sorted is a log in which snapshots that are taken at once stand in the order of their servers.
func sorted(log []string) string {
	log = slices.Clone(log)
	for from := 0; from < len(log); from++ {
		to := from
		for to < len(log) && strings.HasPrefix(log[to], "sample ") {
			to++
		}
		slices.Sort(log[from:to])
		from = max(from, to)
	}
	for i := range log {
		log[i] = strings.TrimSpace(log[i])
	}
	return strings.Join(log, " | ")
}
