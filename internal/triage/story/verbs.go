package story

import (
	"strings"

	"tracetest/internal/record"
)

// verb is a step of a story.
type verb struct {
	usage string // what follows it, and what it means
	do    func(t *teller, l *line)
}

// headers are of the run, wherever they stand.
func headers() map[string]string {
	return map[string]string{
		"events":   "# the tests are not synchronized: only their events are seen",
		"servers":  "N",
		"restores": "WHEN # --restore",
		"expect":   "NAME VALUE",
		"known":    "TEST NAME [UNTIL [PACKAGE]] # is in the baseline",
	}
}

func header(text string, run *record.Run, servers *int) error {
	words, err := split(text)
	if err != nil {
		return err
	}
	l := &line{words: words}
	switch l.next("") {
	case "events":
		run.Mode = record.ModeEvents
	case "servers":
		*servers = int(l.number("how many"))
	case "restores":
		run.Restore = l.next("when")
	case "expect":
		if run.Expect == nil {
			run.Expect = map[string]string{}
		}
		name := l.next("a name")
		run.Expect[name] = l.next("a value")
	case "known":
		k := record.Known{Name: record.Name{Package: "shop/cache", Test: l.next("a test")}, Parameter: l.next("a name"), Owner: "team-cache", Reason: "see issue 7", Expires: "2026-12-31"}
		if l.more() {
			k.Expires = l.next("")
		}
		if l.more() {
			k.Package = l.next("")
		}
		if run.Baseline == nil {
			run.Baseline = &record.Baseline{File: "baseline.json"}
		}
		run.Baseline.Known = append(run.Baseline.Known, k)
	default:
		return nil
	}
	if l.err == nil && l.more() {
		l.fail("too much: %v", l.rest())
	}
	return l.err
}

// setUps say what the run begins with, if they stand before all that happens.
func setUps() map[string]verb {
	return map[string]verb{
		"traced": {"", func(t *teller, l *line) { t.r.Trace() }},
		"module": {"PATH # that is under test", func(t *teller, l *line) { t.r.Module(l.next("a path")) }},
		"initial": {"NAME VALUE # of each server", func(t *teller, l *line) {
			name := l.next("a name")
			t.r.Base(name, l.next("a value"))
		}},
		"started-with": {"NAME VALUE SOURCE", func(t *teller, l *line) {
			s := t.r.Servers[0]
			if s.StartedWith == nil {
				s.StartedWith = map[string]record.Origin{}
			}
			name := l.next("a name")
			s.StartedWith[name] = record.Origin{Value: l.next("a value"), Source: l.next("a source")}
		}},
		"used":      {"BYTES # of memory", func(t *teller, l *line) { t.r.Used(l.number("how many")) }},
		"cluster":   {"", func(t *teller, l *line) { t.r.Cluster() }},
		"sentinels": {"", func(t *teller, l *line) { t.r.Sentinels() }},
	}
}

// verbs are all steps.
func verbs() map[string]verb {
	all := setUps()
	for _, more := range []map[string]verb{ofServers(), ofProcesses(), ofTests(), ofEvents(), ofTraces(), ofTracetest()} {
		for name, v := range more {
			all[name] = v
		}
	}
	return all
}

// ofServers is what happens to servers. The next snapshot shows it.
func ofServers() map[string]verb {
	return map[string]verb{
		"set": {"NAME VALUE", func(t *teller, l *line) {
			name := l.next("a name")
			t.r.Set(name, l.next("a value"))
		}},
		"set-on": {"SERVER NAME VALUE", func(t *teller, l *line) {
			server, name := t.server(l), l.next("a name")
			t.r.SetOn(server, name, l.next("a value"))
		}},
		"oom":       {"N # commands are refused", func(t *teller, l *line) { t.r.OOM(l.number("how many")) }},
		"oom-on":    {"SERVER N", func(t *teller, l *line) { server := t.server(l); t.r.OOMOn(server, l.number("how many")) }},
		"evict":     {"N", func(t *teller, l *line) { t.r.Evict(l.number("how many")) }},
		"keys":      {"N # more", func(t *teller, l *line) { t.r.Keys(l.number("how many")) }},
		"resetstat": {"", func(t *teller, l *line) { t.r.Resetstat() }},
		"restart":   {"[NAME VALUE]... # with these values", func(t *teller, l *line) { t.r.Restart(l.pairs()) }},
		"lose":      {"WHY # snapshots fail until see", func(t *teller, l *line) { t.r.Lose(l.next("why")) }},
		"see":       {"", func(t *teller, l *line) { t.r.See() }},
		"wait":      {"DURATION", func(t *teller, l *line) { t.r.Wait(l.duration("how long")) }},
	}
}

func (t *teller) server(l *line) int {
	n := int(l.number("a server"))
	if n < 0 || n >= len(t.r.Servers) {
		l.fail("no server %d", n)
		return 0
	}
	return n
}

// ofProcesses is what test binaries do. That of which is spoken is the last one, or
// that of the last in.
func ofProcesses() map[string]verb {
	return map[string]verb{
		"package": {"PATH # starts, and its test binary shakes hands", func(t *teller, l *line) {
			path := l.next("a path")
			t.enter(t.r.Package(path), path)
		}},
		"starts": {"PATH # the event alone", func(t *teller, l *line) { t.r.Starts(l.next("a path")) }},
		"hello": {"PATH # the handshake alone", func(t *teller, l *line) {
			path := l.next("a path")
			t.enter(t.r.Hello(path), path)
		}},
		"in": {"PACKAGE # the steps that follow", func(t *teller, l *line) {
			name := l.next("a package")
			p, u := t.processes[name], t.plains[name]
			switch {
			case p != nil:
				t.process = p
			case u != nil:
				t.plain = u
			default:
				l.fail("no package %q", name)
			}
		}},
		"nested": {"NAME [TEST]... # a process that these tests start; it is not synchronized", func(t *teller, l *line) {
			name, p := l.next("a name"), t.current(l)
			var hosts []*Test
			for l.more() {
				hosts = append(hosts, t.test(l))
			}
			t.enter(p.Nested(hosts...), name)
		}},
		"launched": {"NAME # a process that runs the tests in this one's place", func(t *teller, l *line) {
			name := l.next("a name")
			t.enter(t.current(l).Launch(), name)
		}},
		"path":    {"PATH # is what the binary is of, as is known now", func(t *teller, l *line) { t.current(l).Rename(l.next("a path")) }},
		"hidden":  {"on|off # no events of its tests come", func(t *teller, l *line) { t.current(l).Hidden = onOff(l) }},
		"follows": {"on|off # tests begin at once behind the one before", func(t *teller, l *line) { t.current(l).Follows = onOff(l) }},
		"sync":    {"# a snapshot before it does what nobody traces", func(t *teller, l *line) { t.current(l).Sync() }},
		"exit":    {"", func(t *teller, l *line) { t.current(l).Exit() }},
		"gone":    {"", func(t *teller, l *line) { t.current(l).Gone() }},
		"kill":    {"# an end at which nobody waited", func(t *teller, l *line) { t.current(l).Kill() }},
		"quit":    {"# it goes on without waiting", func(t *teller, l *line) { t.current(l).Quit() }},
		"done": {"ACTION [OUTPUT]... # exit, gone and the package's event", func(t *teller, l *line) {
			action := l.next("an action")
			t.current(l).Done(action, l.rest()...)
		}},
		"package-ended": {"ACTION [OUTPUT]... # the event alone", func(t *teller, l *line) {
			action := l.next("an action")
			t.current(l).Ended(action, l.rest()...)
		}},
	}
}

func onOff(l *line) bool {
	word, ok := l.skip("on", "off")
	if !ok {
		l.fail("neither on nor off")
	}
	return word == "on"
}

// ofTests is what tests and specs do.
func ofTests() map[string]verb {
	kind := func(k record.Kind) verb {
		return verb{"NAME # begins; TestA/sub is a subtest of TestA", func(t *teller, l *line) { t.began(t.start(l, k)) }}
	}
	return map[string]verb{
		"begin":     kind(record.KindTest),
		"example":   kind(record.KindExample),
		"benchmark": kind(record.KindBenchmark),
		"fuzz":      kind(record.KindFuzz),
		"run": {"NAME STATUS # begins and ends", func(t *teller, l *line) {
			x := t.start(l, record.KindTest)
			t.began(x)
			x.End(l.next("a status"))
		}},
		"pause":    {"TEST # is parallel and waits for its turn", func(t *teller, l *line) { t.test(l).Pause() }},
		"continue": {"TEST", func(t *teller, l *line) { t.test(l).Continue() }},
		"end": {"TEST STATUS [OUTPUT]...", func(t *teller, l *line) {
			x, status := t.test(l), l.next("a status")
			if x.Kind == record.KindSpec {
				x.EndSpec(status, strings.Join(l.rest(), "\n"))
			} else {
				x.End(status, l.rest()...)
			}
		}},
		"ended":      {"TEST STATUS # the boundary alone", func(t *teller, l *line) { x := t.test(l); x.Ended(l.next("a status")) }},
		"end-unseen": {"TEST STATUS # without a snapshot", func(t *teller, l *line) { x := t.test(l); x.EndUnseen(l.next("a status")) }},
		"suite": {"TEST # runs Ginkgo", func(t *teller, l *line) {
			t.suite = t.test(l)
			t.suite.SuiteBegin()
		}},
		"spec": {"TEXT", func(t *teller, l *line) { t.began(t.inSuite(l).Spec(l.next("a text"))) }},
		"ordered": {"TEXT CONTAINER", func(t *teller, l *line) {
			text := l.next("a text")
			t.began(t.inSuite(l).OrderedSpec(l.next("a container"), text))
		}},
		"linger": {"SPEC # times out, and its code runs on", func(t *teller, l *line) { t.test(l).Linger() }},
		"suite-end": {"[NODE STATUS]... # with the nodes that ran", func(t *teller, l *line) {
			var nodes []record.Node
			for l.more() {
				kind := l.next("a node")
				nodes = append(nodes, Node(kind, l.next("a status")))
			}
			t.inSuite(l).SuiteEnd(nodes...)
		}},
	}
}

func (t *teller) inSuite(l *line) *Test {
	if t.suite == nil {
		l.fail("no suite has begun")
		return &Test{Process: t.r.anonymous(), Owner: &record.Owner{}}
	}
	return t.suite
}

// ofEvents is what go test says, of packages that are not synchronized above all.
func ofEvents() map[string]verb {
	return map[string]verb{
		"unsynchronized": {"PATH # starts a package that is not synchronized", func(t *teller, l *line) {
			path := l.next("a path")
			t.plain = t.r.Unsynchronized(path)
			t.plains[t.name(path)] = t.plain
		}},
		"unsynchronized-since": {"PATH # as before, whose start was reported", func(t *teller, l *line) {
			path := l.next("a path")
			t.plain = &Unsynchronized{Record: t.r, Path: path}
			t.plains[t.name(path)] = t.plain
		}},
		"tells": {"ACTION [TEST [OUTPUT]] # of the package that is not synchronized", func(t *teller, l *line) {
			if t.plain == nil {
				l.fail("no package that is not synchronized has started")
				return
			}
			action := l.next("an action")
			test, output := l.optional(), l.optional()
			t.plain.Event(action, test, output)
		}},
		"quiet": {"on|off # no snapshot follows an event", func(t *teller, l *line) { t.r.Quiet = onOff(l) }},
		"event": {"ACTION PACKAGE [TEST [OUTPUT]] # alone", func(t *teller, l *line) {
			action, path := l.next("an action"), l.next("a package")
			test, output := l.optional(), l.optional()
			t.r.Event(action, path, test, output)
		}},
		"late": {"AGO ACTION PACKAGE [TEST [OUTPUT]] # an event that is read late", func(t *teller, l *line) {
			at := t.r.Now.Add(-l.duration("how long ago"))
			action, path := l.next("an action"), l.next("a package")
			test, output := l.optional(), l.optional()
			t.r.EventAt(at, action, path, test, output)
		}},
	}
}

func (l *line) optional() string {
	if l.more() {
		return l.next("")
	}
	return ""
}

// ofTraces is what the trace tells of the process of which is spoken.
func ofTraces() map[string]verb {
	return map[string]verb{
		"contact": {"SERVER", func(t *teller, l *line) { p := t.current(l); p.Contact(t.server(l)) }},
		"contact-other": {"ADDRESS PROBLEM [inside] # which is not watched", func(t *teller, l *line) {
			address, problem := l.next("an address"), l.next("a problem")
			_, inside := l.skip("inside")
			t.current(l).ContactOther(address, problem, inside)
		}},
		"discover": {"KEYS [NAME VALUE]... # a further server, which has these", func(t *teller, l *line) {
			keys := l.number("how many keys")
			t.r.Discover(l.pairs(), keys)
		}},
		"write": {"[to SERVER|ADDRESS] BY: WORD... # is announced before it is sent", func(t *teller, l *line) {
			by := l.part()
			p := t.current(l)
			if _, ok := by.skip("to"); !ok {
				t.wrote(p.Write(t.whole(l, by), l.command()...))
			} else if to := by.next("a server"); strings.Contains(to, ":") {
				t.wrote(p.WriteOther(to, t.whole(l, by), l.command()...))
			} else {
				server := t.server(&line{words: []word{{text: to}}})
				t.wrote(p.WriteTo(server, t.whole(l, by), l.command()...))
			}
		}},
		"took":         {"[WRITE] # the server has what was written", func(t *teller, l *line) { t.write(l).Took() }},
		"reply":        {"[WRITE] TEXT # with the snapshot that is taken before it is handed on", func(t *teller, l *line) { w := t.write(l); w.Reply(l.next("a reply")) }},
		"reply-unseen": {"[WRITE] TEXT # without one", func(t *teller, l *line) { w := t.write(l); w.ReplyUnseen(l.next("a reply")) }},
		"reply-seen":   {"[WRITE] TEXT # with one, whatever was written", func(t *teller, l *line) { w := t.write(l); w.ReplySeen(l.next("a reply")) }},
		"ok":           {"[WRITE] # took, and reply +OK", func(t *teller, l *line) { t.write(l).OK() }},
		"sets": {"TEST LINE NAME VALUE # write and ok, on its own goroutine", func(t *teller, l *line) {
			x, at, name := t.test(l), l.number("a line"), l.next("a name")
			x.Sets(int(at), name, l.next("a value"))
		}},
		"sets-unseen": {"TEST LINE NAME VALUE # without snapshots", func(t *teller, l *line) {
			x, at, name := t.test(l), l.number("a line"), l.next("a name")
			x.SetsUnseen(int(at), name, l.next("a value"))
		}},
		"asks": {"TEST LINE WORD... # a command that shows what other clients do", func(t *teller, l *line) {
			x, at := t.test(l), l.number("a line")
			x.Asks(int(at), l.command()...)
		}},
		"refused": {"N BY # OOM errors at one place", func(t *teller, l *line) {
			n, p := l.number("how many"), t.current(l)
			t.refused = p.Refused(t.by(l), n)
		}},
		"more": {"N # of the last refused", func(t *teller, l *line) {
			n := l.number("how many")
			if t.refused == nil {
				l.fail("nothing was refused")
				return
			}
			t.current(l).More(t.refused, n)
		}},
		"clients": {"NAME...: CLIENT... # were connected when these had changed; each is \"name command\"", func(t *teller, l *line) {
			names := l.part().rest()
			t.r.Clients(names, l.rest()...)
		}},
	}
}

// whole reads who wrote, of which nothing may be left.
func (t *teller) whole(l, part *line) record.By {
	by := t.by(part)
	if part.err != nil {
		l.fail("%w", part.err)
	}
	return by
}

func (l *line) command() []string {
	words := l.rest()
	if len(words) == 0 {
		l.fail("no command")
		return []string{""}
	}
	return words
}

// ofTracetest is what tracetest does itself, and how the run ends.
func ofTracetest() map[string]verb {
	return map[string]verb{
		"snapshot": {"# takes a snapshot", func(t *teller, l *line) { t.r.TakeSnapshot() }},
		"restore": {"WHEN [on SERVER] [after TEST] [NAME VALUE]... # writes these", func(t *teller, l *line) {
			when, server, after := l.next("when"), 0, (*Test)(nil)
			if _, ok := l.skip("on"); ok {
				server = t.server(l)
			}
			if _, ok := l.skip("after"); ok {
				after = t.test(l)
			}
			t.r.RestoreOn(server, when, after, l.pairs())
		}},
		"finished": {"# the last snapshot", func(t *teller, l *line) { t.r.Finished() }},
		"left": {"[NAME WHY]... # leaves these alone, and ends with 0", func(t *teller, l *line) {
			why := map[string]record.Why{}
			for name, text := range l.pairs() {
				why[name] = record.Why(text)
			}
			t.r.Left(why)
		}},
		"go-exit": {"CODE # of the go command, with which the record ends", func(t *teller, l *line) { t.r.End(int(l.number("a code"))) }},
		"interrupted": {"CODE REASON # likewise, of a run that was cut short", func(t *teller, l *line) {
			code := l.number("a code")
			t.r.Interrupted(int(code), l.next("a reason"))
		}},
	}
}
