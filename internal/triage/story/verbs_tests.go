package story

import (
	"strings"

	"tracetest/internal/record"
)

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
		"ended":      {"TEST STATUS # the boundary alone", func(t *teller, l *line) { x := t.test(l); x.ended(l.next("a status")) }},
		"end-unseen": {"TEST STATUS # without a snapshot", func(t *teller, l *line) { x := t.test(l); x.endUnseen(l.next("a status")) }},
		"suite": {"TEST # runs Ginkgo", func(t *teller, l *line) {
			t.suite = t.test(l)
			t.suites[t.suite.Process] = t.suite
			t.suite.SuiteBegin()
		}},
		"spec": {"TEXT", func(t *teller, l *line) { t.began(t.inSuite(l).spec(l.next("a text"))) }},
		"ordered": {"TEXT CONTAINER", func(t *teller, l *line) {
			text := l.next("a text")
			t.began(t.inSuite(l).OrderedSpec(l.next("a container"), text))
		}},
		"linger": {"SPEC # times out, and its code runs on", func(t *teller, l *line) { t.test(l).linger() }},
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
			t.r.eventAt(at, action, path, test, output)
		}},
	}
}

func (l *line) optional() string {
	if l.more() {
		return l.next("")
	}
	return ""
}
