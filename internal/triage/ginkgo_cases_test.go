package triage_test

func ginkgoCases() []recorded {
	const box = "/src/shop/suite_test.go:30"
	suite := func(r *rec) (*proc, *test) {
		p := r.pkg("shop/cache")
		t := p.begin("TestSuite")
		t.suiteBegin()
		return p, t
	}
	return []recorded{
		{name: "spec", story: `A spec leaks. It is named by its full text; the test function that runs the suite is open as
			well and is not.`, write: func(r *rec) {
			p, t := suite(r)
			t.spec("Cache keeps").endSpec("pass", "")
			s := t.spec("Cache forgets")
			r.set("hz", "20")
			s.endSpec("pass", "")
			t.spec("Cache rests").endSpec("pending", "")
			t.suiteEnd()
			t.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "ordered-contained", story: `In an Ordered container BeforeAll changes hz, which is seen at the end of the
			first spec, and AfterAll puts it back, which is seen at the end of the last. The container is the unit: the first
			spec did not leak.`, write: func(r *rec) {
			p, t := suite(r)
			s := t.orderedSpec(box, "Ordered first")
			r.set("hz", "20")
			s.endSpec("pass", "")
			t.orderedSpec(box, "Ordered second").endSpec("pass", "")
			s = t.orderedSpec(box, "Ordered third")
			r.set("hz", "10")
			s.endSpec("pass", "")
			t.spec("Cache keeps").endSpec("pass", "")
			t.suiteEnd()
			t.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "ordered-leak", story: `The second spec of an Ordered container leaks. It is judged when the container ends, which
			is before the next spec begins: that one is innocent, also though it puts the value back.`, write: func(r *rec) {
			p, t := suite(r)
			t.orderedSpec(box, "Ordered first").endSpec("pass", "")
			s := t.orderedSpec(box, "Ordered second")
			r.set("hz", "20")
			s.endSpec("pass", "")
			s = t.spec("Cache keeps")
			r.set("hz", "10")
			s.endSpec("pass", "")
			t.suiteEnd()
			t.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "ordered-victim", story: `The first spec of an Ordered container leaks maxmemory, and the second fails with OOM.
			They are one unit; the second is a victim all the same.`, write: func(r *rec) {
			p, t := suite(r)
			s := t.orderedSpec(box, "Ordered lowers")
			r.set("maxmemory", mb1)
			s.endSpec("pass", "")
			s = t.orderedSpec(box, "Ordered writes")
			r.oom(2)
			s.endSpec("fail", oomText)
			t.suiteEnd()
			t.end("fail")
			p.done("fail")
			r.end(1)
		}},
		{name: "before-suite", story: `BeforeSuite changes hz. It is seen when the first spec begins; it is neither that
			spec's nor the test function's.`, write: func(r *rec) {
			p, t := suite(r)
			r.set("hz", "20")
			t.spec("Cache keeps").endSpec("pass", "")
			t.suiteEnd(node("BeforeSuite", "pass"), node("AfterSuite", "pass"))
			t.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "after-suite", story: `AfterSuite changes hz. It is seen when the suite ends; the last spec is innocent.`, write: func(r *rec) {
			p, t := suite(r)
			t.spec("Cache keeps").endSpec("pass", "")
			r.set("hz", "20")
			t.suiteEnd(node("BeforeSuite", "pass"), node("AfterSuite", "pass"))
			t.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "around-the-suite", story: `The test function changes hz before RunSpecs and timeout after it. Neither is
			BeforeSuite's or AfterSuite's, which ran as well.`, write: func(r *rec) {
			p := r.pkg("shop/cache")
			t := p.begin("TestSuite")
			r.set("hz", "20")
			t.suiteBegin()
			t.spec("Cache keeps").endSpec("pass", "")
			t.suiteEnd(node("BeforeSuite", "pass"), node("AfterSuite", "pass"))
			r.set("timeout", "7")
			t.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "suite-teardown", story: `BeforeSuite changes hz and AfterSuite puts it back. Nothing leaked; the specs in between
			are not involved.`, write: func(r *rec) {
			p, t := suite(r)
			r.set("hz", "20")
			t.spec("Cache keeps").endSpec("pass", "")
			r.set("hz", "10")
			t.suiteEnd(node("BeforeSuite", "pass"), node("AfterSuite", "pass"))
			t.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "two-nodes-that-end", story: `Both AfterSuite and a DeferCleanup of BeforeSuite ran at the end. Which of them changed
			hz is not known: no node is named, the test function is.`, write: func(r *rec) {
			p, t := suite(r)
			t.spec("Cache keeps").endSpec("pass", "")
			r.set("hz", "20")
			t.suiteEnd(node("BeforeSuite", "pass"), node("AfterSuite", "pass"), node("DeferCleanup (Suite)", "pass"))
			t.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "before-suite-fails", story: `BeforeSuite fails and no spec runs. The node is listed, and the test function is not
			listed beside it.`, write: func(r *rec) {
			p, t := suite(r)
			t.suiteEnd(node("BeforeSuite", "fail"))
			t.end("fail")
			p.done("fail")
			r.end(1)
		}},
		{name: "before-suite-meets-its-own-limit", story: `BeforeSuite lowers maxmemory, is refused, and fails. It is nobody's victim:
			to tie its failure to the leak would make one of somebody else of it.`, write: func(r *rec) {
			p, t := suite(r)
			r.set("maxmemory", "1048576")
			r.oom(2)
			t.suiteEnd(node("BeforeSuite", "fail"))
			t.end("fail")
			p.done("fail")
			r.end(1)
		}},
		{name: "after-suite-meets-the-limit-of-before-suite", story: `BeforeSuite lowers maxmemory and passes, and AfterSuite is refused and fails.
			That is another node, and a victim.`, write: func(r *rec) {
			p, t := suite(r)
			r.set("maxmemory", "1048576")
			t.spec("Cache keeps").endSpec("pass", "")
			r.oom(2)
			t.suiteEnd(node("BeforeSuite", "pass"), node("AfterSuite", "fail"))
			t.end("fail")
			p.done("fail")
			r.end(1)
		}},
		{name: "after-suite-without-specs", story: `BeforeSuite fails, no spec runs, and AfterSuite, which runs all the same,
			changes hz. It is not known which of the two it was: BeforeSuite must not be named.`, write: func(r *rec) {
			p, t := suite(r)
			r.set("hz", "20")
			t.suiteEnd(node("BeforeSuite", "fail"), node("AfterSuite", "pass"))
			t.end("fail")
			p.done("fail")
			r.end(1)
		}},
		{name: "died-in-before-suite", story: `The process dies in BeforeSuite, which had changed hz. Ginkgo never said which nodes
			ran: the test function is named.`, write: func(r *rec) {
			p, _ := suite(r)
			r.set("hz", "20")
			p.kill()
			p.ended("fail", "exit status 1")
			r.end(1)
		}},
		{name: "died-in-a-spec", story: `The process dies in a spec. The spec failed; the test function around it is not listed
			beside it.`, write: func(r *rec) {
			p, t := suite(r)
			t.spec("Cache keeps").endSpec("pass", "")
			t.spec("Cache exits")
			r.set("hz", "20")
			p.exit()
			p.gone()
			p.ended("fail", "exit status 1")
			r.end(1)
		}},
		{name: "failed-spec", story: `A spec fails, and go test reports the test function as failed. One failure, not two.`, write: func(r *rec) {
			p, t := suite(r)
			leak := t.spec("Cache lowers")
			r.set("maxmemory", mb1)
			leak.endSpec("pass", "")
			s := t.spec("Cache writes")
			r.oom(1)
			s.endSpec("fail", "Unexpected error: "+oomText)
			t.suiteEnd()
			t.end("fail")
			p.done("fail")
			r.end(1)
		}},
		{name: "timed-out-spec", story: `A spec times out and its code runs on while the next one is open. What changes then may be
			either's: the next one alone would be an accusation of an innocent.`, write: func(r *rec) {
			p, t := suite(r)
			t.spec("Cache hangs").linger()
			s := t.spec("Cache keeps")
			r.set("hz", "20")
			s.endSpec("pass", "")
			t.suiteEnd()
			t.end("fail")
			p.done("fail")
			r.end(1)
		}},
		{name: "label-in-brackets", story: `Specs are called "[sig-cache] ...", as Kubernetes does. They are specs and no suite nodes:
			they count, also when one of them fails.`, write: func(r *rec) {
			p, t := suite(r)
			t.spec("[sig-cache] keeps").endSpec("pass", "")
			t.spec("[sig-cache] forgets").endSpec("fail", "not equal")
			t.suiteEnd()
			t.end("fail")
			p.done("fail")
			r.end(1)
		}},
		{name: "ginkgo-beside-testing", story: `A plain test runs after the suite and leaks. The suite is over, and so are its
			phases: no suite node is named.`, write: func(r *rec) {
			p, t := suite(r)
			t.spec("Cache keeps").endSpec("pass", "")
			t.suiteEnd(node("BeforeSuite", "pass"), node("AfterSuite", "pass"))
			t.end("pass")
			a := p.begin("TestPlain")
			r.set("hz", "20")
			a.end("pass")
			p.done("pass")
			r.end(0)
		}},
		{name: "keys-of-a-spec", story: `A spec leaves 100 keys behind. They are its own, and not once more the test
			function's.`, write: func(r *rec) {
			p, t := suite(r)
			s := t.spec("Cache keeps")
			r.keys(100)
			s.endSpec("pass", "")
			t.suiteEnd()
			t.end("pass")
			p.done("pass")
			r.end(0)
		}},
	}
}
