package story

import (
	"cmp"
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
		"module": {"PATH # that is under test", func(t *teller, l *line) { t.r.module(l.next("a path")) }},
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
		"version":   {"VERSION # of each server", func(t *teller, l *line) { t.r.version(l.next("a version")) }},
		"used":      {"BYTES # of memory", func(t *teller, l *line) { t.r.Used(l.number("how many")) }},
		"cluster":   {"", func(t *teller, l *line) { t.r.Cluster() }},
		"sentinels": {"", func(t *teller, l *line) { t.r.sentinels() }},
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
		"oom-on":    {"SERVER N", func(t *teller, l *line) { server := t.server(l); t.r.oomOn(server, l.number("how many")) }},
		"evict":     {"N", func(t *teller, l *line) { t.r.Evict(l.number("how many")) }},
		"keys":      {"N # more", func(t *teller, l *line) { t.r.Keys(l.number("how many")) }},
		"resetstat": {"", func(t *teller, l *line) { t.r.Resetstat() }},
		"restart":   {"[NAME VALUE]... # with these values", func(t *teller, l *line) { t.r.Restart(l.pairs()) }},
		"lose":      {"WHY # snapshots fail until see", func(t *teller, l *line) { t.r.Lose(l.next("why")) }},
		"see":       {"", func(t *teller, l *line) { t.r.See() }},
		"sampled":   {"# the snapshot that comes next shows what is now: it was on its way for long", func(t *teller, l *line) { t.r.Early = t.r.snapshots() }},
		"wait":      {"DURATION", func(t *teller, l *line) { t.r.wait(l.duration("how long")) }},
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
		"in-parallel": {"PATH NUMBER # shakes hands: one of the processes that a Ginkgo suite runs in", func(t *teller, l *line) {
			path := l.next("a path")
			t.enter(t.r.InParallel(path, int(l.number("a number"))), path)
		}},
		"in": {"PACKAGE # the steps that follow", func(t *teller, l *line) {
			name := l.next("a package")
			p, u := t.processes[name], t.plains[name]
			switch {
			case p != nil:
				t.process = p
				t.suite = cmp.Or(t.suites[p], t.suite)
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
			t.enter(t.current(l).launch(), name)
		}},
		"path":    {"PATH # is what the binary is of, as is known now", func(t *teller, l *line) { t.current(l).rename(l.next("a path")) }},
		"hidden":  {"on|off # no events of its tests come", func(t *teller, l *line) { t.current(l).Hidden = onOff(l) }},
		"follows": {"on|off # tests begin at once behind the one before", func(t *teller, l *line) { t.current(l).Follows = onOff(l) }},
		"passes": {"on|off # it waits at no boundary at which it need not", func(t *teller, l *line) {
			t.ahead[t.current(l).Index] = onOff(l)
			t.r.Passes = func(process int) bool { return t.ahead[process] }
		}},
		"sync": {"# a snapshot before it does what nobody traces", func(t *teller, l *line) { t.current(l).Sync() }},
		"exit": {"", func(t *teller, l *line) { t.current(l).Exit() }},
		"gone": {"", func(t *teller, l *line) { t.current(l).Gone() }},
		"kill": {"# an end at which nobody waited", func(t *teller, l *line) { t.current(l).Kill() }},
		"quit": {"# it goes on without waiting", func(t *teller, l *line) { t.current(l).quit() }},
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
		"finished": {"# the last snapshot", func(t *teller, l *line) { t.r.finished() }},
		"left": {"[NAME WHY]... # leaves these alone, and ends with 0", func(t *teller, l *line) {
			why := map[string]record.Why{}
			for name, text := range l.pairs() {
				why[name] = record.Why(text)
			}
			t.r.left(why)
		}},
		"go-exit": {"CODE # of the go command, with which the record ends", func(t *teller, l *line) { t.r.End(int(l.number("a code"))) }},
		"interrupted": {"CODE REASON # likewise, of a run that was cut short", func(t *teller, l *line) {
			code := l.number("a code")
			t.r.Interrupted(int(code), l.next("a reason"))
		}},
	}
}
