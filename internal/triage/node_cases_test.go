package triage_test

import "tracetest/internal/record"

// nodeCases are about whose goroutine made a write, in Ginkgo.
func nodeCases() []recorded {
	const box = "/src/shop/suite_test.go:30"
	suite := func(r *rec) (*proc, *test) {
		p := r.pkg("shop/cache")
		t := p.begin("TestSuite")
		t.suiteBegin()
		return p, t
	}
	nodes := func(status string) []record.Node {
		return []record.Node{node("BeforeSuite", status), node("AfterSuite", "pass")}
	}
	return []recorded{
		{name: "suite-nodes-write", on: traced, story: `BeforeSuite writes hz, a spec timeout, and AfterSuite save. All
			have the label of the test function or of the spec; each node is named, in the list of writes too, where the
			whole suite is over when it is made.`, write: func(r *rec) {
			p, t := suite(r)
			p.write(t.node(21), "CONFIG", "SET", "hz", "20").ok()
			s := t.spec("Cache keeps")
			p.write(s.node(41), "CONFIG", "SET", "timeout", "7").ok()
			s.endSpec("pass", "")
			p.write(t.node(61), "CONFIG", "SET", "save", "").ok()
			t.suiteEnd(nodes("pass")...)
			t.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "before-suite-seen-late", on: traced, story: `BeforeSuite's write is answered while the server cannot be
			seen. A look in the first spec shows it. It was before any spec that it was written: not AfterSuite's, which
			has not even run.`, write: func(r *rec) {
			p, t := suite(r)
			w := p.write(t.node(21), "CONFIG", "SET", "hz", "20").took()
			r.lose("i/o timeout")
			w.reply("+OK")
			s := t.spec("Cache keeps")
			r.see()
			s.endSpec("pass", "")
			t.suiteEnd(nodes("pass")...)
			t.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "suite-without-specs-writes", on: traced, story: `BeforeSuite fails and no spec runs; AfterSuite, which
			runs all the same, writes hz. Before the first spec is after the last one here: neither node is named.`, write: func(r *rec) {
			p, t := suite(r)
			p.write(t.node(61), "CONFIG", "SET", "hz", "20").ok()
			t.suiteEnd(nodes("fail")...)
			t.end("fail")
			p.done("fail")
			r.end(1)
		}},
		{name: "report-node-writes", on: traced, story: `A ReportAfterEach writes between two specs. It is a node of the
			suite like AfterSuite, but specs came after it: it is not AfterSuite's.`, write: func(r *rec) {
			p, t := suite(r)
			t.spec("Cache keeps").endSpec("pass", "")
			p.write(t.node(51), "CONFIG", "SET", "hz", "20").ok()
			t.spec("Cache forgets").endSpec("pass", "")
			t.suiteEnd(nodes("pass")...)
			t.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "goroutine-of-before-suite", on: traced, story: `A goroutine that BeforeSuite started writes during a
			spec: of itself, or because the spec asked it to. Neither is named alone, as with TestMain.`, write: func(r *rec) {
			p, t := suite(r)
			s := t.spec("Cache keeps")
			p.write(t.spawned(22), "CONFIG", "SET", "hz", "20").ok()
			s.endSpec("pass", "")
			t.suiteEnd(nodes("pass")...)
			t.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "goroutine-of-a-spec", on: traced, story: `A spec leaves a goroutine behind, which writes in the next
			spec. The next spec is the only one open; it did nothing. Where the record does not tell which
			lines are the spec's own, a worker that both share cannot be ruled out.`, write: func(r *rec) {
			p, t := suite(r)
			s := t.spec("Cache leaves")
			s.endSpec("pass", "")
			n := t.spec("Cache meets")
			p.write(s.spawned(42), "CONFIG", "SET", "hz", "20").ok()
			n.endSpec("pass", "")
			t.suiteEnd()
			t.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "goroutine-of-an-ordered-spec", on: traced, story: `A goroutine of the first spec of an Ordered container
			writes in the second, and AfterAll puts one of two parameters back: the container is the unit, also of a
			spec that has ended and is known from its label alone. What the goroutine writes when the container has
			ended is a leak, of it or of who runs then.`, write: func(r *rec) {
			p, t := suite(r)
			s := t.orderedSpec(box, "Ordered first")
			s.endSpec("pass", "")
			n := t.orderedSpec(box, "Ordered second")
			p.write(s.spawned(42), "CONFIG", "SET", "hz", "20").ok()
			p.write(n.node(35), "CONFIG", "SET", "hz", "10").ok()
			n.endSpec("pass", "")
			other := t.spec("Cache keeps")
			p.write(s.spawned(43), "CONFIG", "SET", "timeout", "7").ok()
			other.endSpec("pass", "")
			t.suiteEnd()
			t.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "goroutine-after-the-last-spec", on: traced, story: `A goroutine that was not there when the last spec
			began writes after it. AfterSuite or the spec started it; BeforeSuite and the test function have the same
			label.`, write: func(r *rec) {
			p, t := suite(r)
			t.spec("Cache keeps").endSpec("pass", "")
			leaves := t.spec("Cache leaves")
			leaves.endSpec("pass", "")
			by := t.spawned(42)
			by.Perhaps = []record.By{whose(leaves)}
			p.write(by, "CONFIG", "SET", "hz", "20").ok()
			t.suiteEnd(nodes("pass")...)
			t.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "too-many-goroutines", on: traced, story: `There were too many goroutines to keep account of, so that one
			which looks like the spec's may be of a spec before it or of BeforeSuite. The spec is not named alone; what
			runs in its own nodes is its own all the same.`, write: func(r *rec) {
			p, t := suite(r)
			s := t.spec("Cache keeps")
			by := s.spawned(42)
			by.Lost = true
			p.write(by, "CONFIG", "SET", "hz", "20").ok()
			by = s.node(41)
			by.Lost = true
			p.write(by, "CONFIG", "SET", "timeout", "7").ok()
			s.endSpec("pass", "")
			t.suiteEnd()
			t.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "ginkgo-grandchild", on: traced, story: `A goroutine that has ended started the one that writes, and one that
			an earlier spec left can have started that. Neither spec is named alone, unless its own code is on the stack.`, write: func(r *rec) {
			p, t := suite(r)
			old := t.spec("Cache leaves")
			old.endSpec("pass", "")
			s := t.spec("Cache keeps")
			by := s.spawned(42)
			by.Perhaps = []record.By{whose(old)}
			p.write(by, "CONFIG", "SET", "hz", "20").ok()
			s.endSpec("pass", "")
			t.suiteEnd()
			t.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "goroutine-in-a-plain-test", on: traced, story: `The suite is over, and a goroutine that BeforeSuite
			started writes while a plain test runs.`, write: func(r *rec) {
			p, t := suite(r)
			t.spec("Cache keeps").endSpec("pass", "")
			t.suiteEnd(nodes("pass")...)
			t.end("pass")
			a := p.begin("TestPlain")
			p.write(t.spawned(22), "CONFIG", "SET", "hz", "20").ok()
			a.end("pass")
			p.done("pass")
			r.end(0)
		}},
	}
}
