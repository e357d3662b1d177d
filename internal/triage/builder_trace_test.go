package triage_test

import (
	"strconv"
	"strings"

	"tracetest/internal/record"
	"tracetest/internal/rediscmd"
	"tracetest/internal/redisconf"
)

// What the trace tells. A write is told before it is sent; whether it has an
// effect, and whether a reply is told, is the case's to say:
//
//	w := p.write(a.at(12), "CONFIG", "SET", "hz", "20")
//	w.took()        // the server has it; the next snapshot shows it
//	w.reply("+OK")  // with its snapshot
//
// w.ok() is the last two.

// traced begins the record of a run with the trace.
func traced() *rec { return newRec().trace() }

func (r *rec) trace() *rec {
	r.entries[0].Run.Traced = true
	r.entries[0].Run.Module = "shop"
	return r
}

// module says which module is under test.
func (r *rec) module(path string) *rec {
	r.entries[0].Run.Module = path
	return r
}

func (p *proc) contact(server int) {
	p.r.add(record.Entry{Contact: &record.Contact{Process: p.index, Network: "tcp", Address: p.r.servers[server].Address, Server: server}})
}

// contactOther is of an address that is not watched.
func (p *proc) contactOther(address, problem string, inside bool) {
	p.r.add(record.Entry{Contact: &record.Contact{Process: p.index, Network: "tcp", Address: address, Server: -1, Problem: problem, Inside: inside}})
}

// follow watches a further server from now on, as it is now.
func (r *rec) follow(config map[string]string, keys int64) (server int) {
	more := newRecOf(record.Run{}, len(r.servers)+1)
	s := more.servers[len(r.servers)]
	for name, value := range config {
		s.config[name] = value
	}
	if keys > 0 {
		s.counters.Keys = map[string]int64{"db0": keys}
	}
	all := r.servers
	r.servers = []*redis{s}
	r.baseline()
	r.servers = append(all, s)
	return s.Index
}

// Whose goroutine it is. Frames are written "function file:line", innermost
// first; a file of the suite is relative to its folder.

// label is a goroutine that a test started, with what calls the client.
func (t *test) label(frames ...string) record.By {
	by := record.By{Label: record.LabelOwner, Owner: t.owner, Unit: t.unit(), Stack: stack(goRedis(frames...)...)}
	if t.kind == record.KindSpec {
		by.Unit, by.Test = t.id, t.parent.name
	}
	return by
}

// whose is what a label says, without a stack.
func whose(t *test) record.By {
	by := t.label()
	by.Stack = nil
	return by
}

func (t *test) unit() int64 {
	for t.parent != nil {
		t = t.parent
	}
	return t.id
}

// own is the goroutine that runs a test.
func (t *test) own(frames ...string) record.By {
	return t.label(append(frames, "testing.tRunner /goroot/src/testing/testing.go:1934")...)
}

// at is a line of a test function, on its own goroutine.
func (t *test) at(line int) record.By { return t.own(t.frame("", line)) }

// closure is a line of a function literal within a test function, on a
// goroutine that the test started.
func (t *test) closure(line int) record.By { return t.label(t.frame(".func1", line)) }

func (t *test) frame(inner string, line int) string {
	top, _, _ := strings.Cut(t.name, "/")
	return t.p.path + "." + top + inner + " " + t.p.file(line)
}

func (p *proc) file(line int) string {
	return strings.TrimPrefix(p.path, "shop/") + "/a_test.go:" + strconv.Itoa(line)
}

// node is a line of a function literal in a Ginkgo file, on the goroutine of a
// node. It is a spec's or, of a test, one of its suite's.
func (t *test) node(line int) record.By {
	return t.label("shop/cache.init.func1.2 "+t.p.file(line), "github.com/onsi/ginkgo/v2/internal.(*Suite).runNode.func3 /mod/github.com/onsi/ginkgo/v2@v2.22.0/internal/suite.go:894")
}

// spawned is a goroutine that a node started.
func (t *test) spawned(line int) record.By {
	return t.label("shop/cache.init.func1.2.1 " + t.p.file(line))
}

// main is the goroutine of TestMain.
func (p *proc) main(line int) record.By {
	by := p.started(p.path+".TestMain "+p.file(line), "main.main _testmain.go:60", "runtime.main /goroot/src/runtime/proc.go:283")
	return by
}

// started is a goroutine that TestMain or init started.
func (p *proc) started(frames ...string) record.By {
	return record.By{Label: record.LabelPackage, Stack: stack(goRedis(frames...)...)}
}

// timer is a goroutine without a label.
func timer(frames ...string) record.By { return record.By{Stack: stack(goRedis(frames...)...)} }

// ofClient is a goroutine of the client's own, with a label of who dialled.
func ofClient(by record.By, waiting ...record.By) record.By {
	by.Stack, by.Waiting = stack(rueidis()...), waiting
	return by
}

// waits is a goroutine that waits for the client's reply. Sets says that its
// function mentions what sets a parameter.
func waits(by record.By, sets bool) record.By {
	client := stack("runtime.gopark /goroot/src/runtime/proc.go:435", "github.com/redis/rueidis.(*pipe).queue /mod/github.com/redis/rueidis@v1.0.53/pipe.go:900")
	for i, f := range by.Stack {
		if !f.Std && !strings.HasPrefix(f.Function, "github.com/redis/") {
			by.Stack = append(client, by.Stack[i:]...)
			by.Stack[len(client)].Sets = sets
			break
		}
	}
	return by
}

// handler is what serves a request of net/http.
func handler(line string) []string {
	return []string{"shop/cache.(*API).limit " + line, "net/http.HandlerFunc.ServeHTTP /goroot/src/net/http/server.go:2294",
		"net/http.(*conn).serve /goroot/src/net/http/server.go:2102"}
}

func goRedis(frames ...string) []string {
	return append([]string{
		"net.(*conn).Write /goroot/src/net/net.go:197",
		"github.com/redis/go-redis/v9/internal/pool.(*Conn).WithWriter /mod/github.com/redis/go-redis/v9@v9.7.0/internal/pool/conn.go:98",
		"github.com/redis/go-redis/v9.cmdable.ConfigSet /mod/github.com/redis/go-redis/v9@v9.7.0/commands.go:512",
	}, frames...)
}

func rueidis() []string {
	return []string{"net.(*conn).Write /goroot/src/net/net.go:197", "bufio.(*Writer).Flush /goroot/src/bufio/bufio.go:639",
		"github.com/redis/rueidis.(*pipe)._backgroundWrite /mod/github.com/redis/rueidis@v1.0.53/pipe.go:420"}
}

func stack(frames ...string) []record.Frame {
	var all []record.Frame
	for _, text := range frames {
		function, place, _ := strings.Cut(text, " ")
		file, line, _ := strings.Cut(place, ":")
		if !strings.HasPrefix(file, "/") && file != "_testmain.go" {
			file = "/src/shop/" + file
		}
		n, _ := strconv.Atoi(line)
		all = append(all, record.Frame{Function: function, File: file, Line: n, Std: strings.HasPrefix(file, "/goroot/")})
	}
	return all
}

// sent is a write that was told.
type sent struct {
	*record.Write
	p *proc
}

func (p *proc) write(by record.By, words ...string) *sent { return p.writeTo(0, by, words...) }

func (p *proc) writeTo(server int, by record.By, words ...string) *sent {
	return p.add(&record.Write{Server: server, Address: p.r.servers[server].Address, Command: words, Values: written(words), By: by})
}

// writeOther goes to a server that is not watched.
func (p *proc) writeOther(address string, by record.By, words ...string) *sent {
	return p.add(&record.Write{Server: -1, Address: address, Command: words, By: by})
}

func (p *proc) add(w *record.Write) *sent {
	p.r.announced++
	w.Process, w.Number = p.index, p.r.announced
	if w.Server >= 0 && w.Command[0] == "CONFIG" && w.Command[1] == "RESETSTAT" {
		w.Snapshots = []record.Snapshot{p.r.snap(w.Server)}
	}
	p.r.add(record.Entry{Write: w})
	return &sent{Write: w, p: p}
}

func written(words []string) (values []record.Value) {
	for _, set := range rediscmd.SettingsOf(words) {
		v := record.Value{Parameter: set.Parameter, Value: set.Value}
		if redisconf.IsSecret(set.Parameter) {
			v.Value, v.Secret = "", true
		}
		values = append(values, v)
	}
	return values
}

// took gives the server what was written.
func (w *sent) took() *sent {
	for _, v := range w.Values {
		if !v.Secret {
			w.p.r.setOn(w.Server, v.Parameter, v.Value)
		}
	}
	return w
}

// reply is an answer, with the snapshot that is taken before it is handed on.
func (w *sent) reply(text string) {
	r := &record.Reply{Process: w.Process, Number: w.Number, Text: text}
	if rediscmd.Of(w.Command).Changes&(rediscmd.Config|rediscmd.Role) != 0 {
		r.Snapshots = w.p.r.snaps()
	}
	w.p.r.add(record.Entry{Reply: r})
}

func (w *sent) ok() { w.took().reply("+OK") }

// sets is a write of a test's own goroutine, from beginning to end.
func (t *test) sets(line int, name, value string) {
	t.p.write(t.at(line), "CONFIG", "SET", name, value).ok()
}

// refused are OOM errors at one place. The server counts them as well.
func (p *proc) refused(by record.By, n int64) *record.Refused {
	p.r.announced++
	p.r.oom(n)
	e := &record.Refused{Process: p.index, Number: p.r.announced, Count: n, Address: p.r.servers[0].Address, Text: oomText, By: by}
	p.r.add(record.Entry{Refused: e})
	return e
}

// more is told of the same place when its owner ends.
func (p *proc) more(of *record.Refused, n int64) {
	p.r.oom(n)
	p.r.add(record.Entry{Refused: &record.Refused{Process: of.Process, Number: of.Number, Count: n, Server: -1}})
}

// clients are who else was connected when a snapshot had shown these parameters,
// each "name command".
func (r *rec) clients(parameters []string, all ...string) {
	c := &record.Clients{Parameter: parameters}
	for i, text := range all {
		name, command, _ := strings.Cut(text, " ")
		c.List = append(c.List, record.Client{Address: "10.0.0.7:" + strconv.Itoa(5000+i), Name: name, Command: command, Age: 60})
	}
	r.add(record.Entry{Clients: c})
}

// endAmong ends a test; who else was connected is asked when its snapshot was taken.
func (t *test) endAmong(parameters []string, all ...string) {
	t.held("pass")
	t.p.r.clients(parameters, all...)
	t.p.r.event("pass", t.p.path, t.name, "")
}
