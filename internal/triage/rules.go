package triage

import (
	"slices"
	"strings"

	"tracetest/internal/findings"
	"tracetest/internal/record"
)

// rule is a row of the table in docs/design.md, which says whose a goroutine is: its
// name is what is known of it there. A rule that proves names one for certain, if it is
// one that it names.
type rule struct {
	name   string
	when   func(ws *writers, e *evidence) bool
	who    func(ws *writers, e *evidence) []record.Ref // the likeliest first
	proves bool
	caveat func(ws *writers, e *evidence, w *author) []findings.Caveat
	runs   []string // of the corpus, that need it
}

// rules are all of them, in the order of the table, in which they are tried.
func rules() []rule {
	return []rule{
		ofBinary(),
		ofClientWaitedFor(),
		ofClient(),
		ofClosureOnOwn(),
		ofOwn(),
		ofNode(),
		ofClosures(),
		ofTestMain(),
		ofNoLabel(),
		ofFunction(),
		ofClosure(),
		ofCalledLater(),
		ofPackage(),
		ofSeveralSpecs(),
		ofServer(),
		ofWorker(),
		ofCode(),
		ofOther(),
	}
}

func ofBinary() rule {
	return rule{
		name:   "a test binary that a test started",
		when:   func(ws *writers, e *evidence) bool { return e.Host != nil },
		who:    (*writers).behindBinary,
		proves: true,
		caveat: binaryCaveat,
		runs:   []string{"helper-process-writes", "helper-process-of-two", "helper-process-of-testmain", "helper-process-outlives-its-test"},
	}
}

func ofClientWaitedFor() rule {
	return rule{
		name:   "a client's own, others wait for the client",
		when:   func(ws *writers, e *evidence) bool { return e.call == nil && len(e.by.Waiting) > 0 },
		who:    (*writers).behindClient,
		caveat: func(ws *writers, e *evidence, w *author) []findings.Caveat { return e.caveats },
		runs:   []string{"one-waits-and-sets", "several-wait-one-sets", "several-wait-and-set", "one-waits-and-sets-nothing", "one-left-behind-waits", "started-for-the-call", "one-without-a-label-waits"},
	}
}

func ofClient() rule {
	return rule{
		name: "a client's own, nobody waits",
		when: func(ws *writers, e *evidence) bool {
			return e.call == nil && e.by.Label != record.LabelNone && !e.runs && !e.node
		},
		who: func(ws *writers, e *evidence) []record.Ref {
			return slices.Concat(e.active, []record.Ref{e.own}, e.perhaps)
		},
		runs: []string{"nobody-waits"},
	}
}

func ofClosureOnOwn() rule {
	return rule{
		name: "a test's own, running a closure of another test",
		when: func(ws *writers, e *evidence) bool {
			return e.runs && e.by.Label == record.LabelOwner && ws.foreign(e) && !e.called
		},
		who:    func(ws *writers, e *evidence) []record.Ref { return append([]record.Ref{e.own}, ws.handed(e)...) },
		caveat: caveat(findings.CaveatClosureOfAnother),
		runs:   []string{"closure-of-another-on-its-own"},
	}
}

func ofOwn() rule {
	return rule{
		name:   "a test's or spec's own",
		when:   func(ws *writers, e *evidence) bool { return e.runs && e.by.Label != record.LabelNone },
		who:    own,
		proves: true,
		runs:   []string{"testmain-itself", "two-binaries-one-writes"},
	}
}

func ofNode() rule {
	return rule{
		name: "a node of a Ginkgo suite",
		when: func(ws *writers, e *evidence) bool {
			return e.node && e.by.Label == record.LabelOwner && len(e.perhaps) == 0 && (!ws.ofSuite(e) || slices.Contains(e.active, e.own))
		},
		who:    own,
		proves: true,
		caveat: func(ws *writers, e *evidence, w *author) []findings.Caveat { return ws.outlived(e.own) },
		runs:   []string{"suite-nodes-write"},
	}
}

func ofClosures() rule {
	return rule{
		name:   "no label, closures of tests",
		when:   func(ws *writers, e *evidence) bool { return e.by.Label == record.LabelNone && ws.foreign(e) },
		who:    (*writers).handed,
		caveat: familyCaveat,
		runs:   []string{"timer-of-the-test", "timer-of-a-test-that-ended", "timer-of-two", "timer-of-a-subtest"},
	}
}

func ofTestMain() rule {
	return rule{
		name: "no label, code of TestMain",
		when: func(ws *writers, e *evidence) bool {
			return e.by.Label == record.LabelNone && holdsPart(e.by.Stack, ".TestMain.")
		},
		who:    func(ws *writers, e *evidence) []record.Ref { return append(ownAndActive(ws, e), ws.others(e)...) },
		caveat: caveat(findings.CaveatTestMain),
		runs:   []string{"timer-of-testmain"},
	}
}

func ofNoLabel() rule {
	return rule{
		name:   "no label else",
		when:   func(ws *writers, e *evidence) bool { return e.by.Label == record.LabelNone },
		who:    func(ws *writers, e *evidence) []record.Ref { return append(ownAndActive(ws, e), ws.others(e)...) },
		caveat: caveat(findings.CaveatTimer),
		runs:   []string{"timer-of-a-library"},
	}
}

func ofFunction() rule {
	return rule{
		name:   "a function of another test is called on it",
		when:   func(ws *writers, e *evidence) bool { return ws.foreign(e) && e.called },
		who:    func(ws *writers, e *evidence) []record.Ref { return append([]record.Ref{e.own}, ws.families(e)...) },
		caveat: caveat(findings.CaveatFuncOfAnother),
		runs:   []string{"function-of-another-test"},
	}
}

func ofClosure() rule {
	return rule{
		name:   "the innermost code of a test is a closure of another one",
		when:   func(ws *writers, e *evidence) bool { return ws.foreign(e) },
		who:    (*writers).handed,
		caveat: familyCaveat,
		runs:   []string{"worker-of-another-test", "late-job-of-a-test", "worker-of-another-test-runs-a-subtests"},
	}
}

func ofCalledLater() rule {
	return rule{
		name: "started by what calls functions of others",
		when: func(ws *writers, e *evidence) bool { return startedBy(e, handers()) },
		who: func(ws *writers, e *evidence) []record.Ref {
			if len(e.tests) > 0 {
				return slices.Concat(ws.family(e, e.innermost()), []record.Ref{e.own}, ws.others(e))
			}
			return slices.Concat(ownAndActive(ws, e), e.perhaps, ws.others(e))
		},
		caveat: caveat(findings.CaveatCalledLater),
		runs:   []string{"context-after-func"},
	}
}

func ofPackage() rule {
	return rule{
		name: "started by TestMain, init or BeforeSuite",
		when: func(ws *writers, e *evidence) bool { return e.by.Label == record.LabelPackage || ws.ofSuite(e) },
		who: func(ws *writers, e *evidence) []record.Ref {
			refs := append(ownAndActive(ws, e), e.perhaps...)
			if e.takes && !e.serves {
				refs = append(refs, ws.others(e)...)
			}
			return refs
		},
		proves: true,
		runs:   []string{"goroutine-of-testmain", "worker-of-testmain-late"},
	}
}

func ofSeveralSpecs() rule {
	return rule{
		name: "one of several specs can have started it, and no code of just one is on the stack",
		when: func(ws *writers, e *evidence) bool {
			return e.by.Lost || len(e.perhaps) > 0 && (e.takes || !ws.runsIn(e))
		},
		who: func(ws *writers, e *evidence) []record.Ref {
			refs := slices.Concat([]record.Ref{e.own}, e.active, e.perhaps)
			if e.by.Lost {
				refs = append(refs, record.Ref{Package: e.Package, Process: e.Index, Owner: ws.window.suiteOf(e.process)})
			}
			if e.by.Lost || e.takes && !e.serves {
				refs = append(refs, ws.others(e)...)
			}
			return refs
		},
		caveat: caveat(findings.CaveatLostStarter),
		runs:   []string{"ginkgo-grandchild", "ginkgo-queue"},
	}
}

func ofServer() rule {
	return rule{
		name:   "it serves requests",
		when:   func(ws *writers, e *evidence) bool { return e.serves },
		who:    ownAndActive,
		proves: true,
		caveat: workerCaveat,
		runs:   []string{"server-of-the-test", "server-of-an-earlier-test", "server-asked-between-tests"},
	}
}

func ofWorker() rule {
	return rule{
		name: "a worker",
		when: func(ws *writers, e *evidence) bool { return e.takes },
		who: func(ws *writers, e *evidence) []record.Ref {
			return slices.Concat([]record.Ref{e.own}, e.active, ws.others(e))
		},
		caveat: workerCaveat,
		runs:   []string{"worker-of-a-closure", "worker-of-the-parent"},
	}
}

func ofCode() rule {
	return rule{
		name:   "code of the test or spec that started it is on the stack",
		when:   func(ws *writers, e *evidence) bool { return ws.runsIn(e) },
		who:    own,
		proves: true,
		caveat: func(ws *writers, e *evidence, w *author) []findings.Caveat { return ws.outlived(e.own) },
		runs:   []string{"goroutine-left-behind", "goroutine-of-a-subtest", "parent-beside-its-subtests"},
	}
}

func ofOther() rule {
	return rule{
		name: "any other of a test",
		when: func(ws *writers, e *evidence) bool { return true },
		who: func(ws *writers, e *evidence) []record.Ref {
			return append([]record.Ref{e.own}, e.without(e.own)...)
		},
		proves: true,
		caveat: workerCaveat,
		runs:   []string{"goroutine-beside-another"},
	}
}

func own(_ *writers, e *evidence) []record.Ref { return []record.Ref{e.own} }

// ownAndActive are the package, or who started the goroutine, and who is open.
func ownAndActive(_ *writers, e *evidence) []record.Ref {
	return append([]record.Ref{e.own}, e.active...)
}

func caveat(kind findings.CaveatKind) func(*writers, *evidence, *author) []findings.Caveat {
	return func(*writers, *evidence, *author) []findings.Caveat { return []findings.Caveat{{Kind: kind}} }
}

func workerCaveat(ws *writers, e *evidence, w *author) []findings.Caveat {
	if w.exact {
		return ws.outlived(e.own)
	}
	return []findings.Caveat{{Kind: findings.CaveatWorker, Owners: ws.window.names([]record.Ref{e.own})}}
}

func familyCaveat(ws *writers, e *evidence, w *author) []findings.Caveat {
	c := findings.Caveat{Kind: findings.CaveatFamily}
	for _, test := range e.tests {
		if !ws.ownIs(e, test) {
			c.Functions = append(c.Functions, strings.TrimPrefix(test, "/"))
		}
	}
	return []findings.Caveat{c}
}

// ofSuite reports whether a goroutine is of the test that runs a Ginkgo suite,
// and of no spec.
func (ws *writers) ofSuite(e *evidence) bool {
	suite := ws.window.suiteOf(e.process)
	return suite != 0 && e.own.Owner == suite
}

// handers are functions that start a goroutine for what somebody else has left
// to be called, by the function with the go statement.
func handers() []string { return []string{"context.(*afterFuncCtx).", "time.goFunc"} }

func startedBy(e *evidence, functions []string) bool { return holds(e.by.Started, functions...) }

// behindBinary returns who is behind a test binary that a test started.
func (ws *writers) behindBinary(e *evidence) []record.Ref {
	host := record.Ref{Package: ws.window.open.Package(e.Host.Process), Process: e.Host.Process}
	refs := []record.Ref{host} // like a goroutine that TestMain started it may work for whoever runs
	if len(e.Host.Owners) > 0 {
		refs = nil
	}
	for _, id := range e.Host.Owners {
		host.Owner = id
		refs = append(refs, host)
	}
	return append(refs, ws.window.open.In(host.Process)...) // it may be a server by now that others ask
}

func binaryCaveat(ws *writers, e *evidence, w *author) []findings.Caveat {
	c := findings.Caveat{Kind: findings.CaveatBinary}
	if n := len(e.Host.Owners); n > 0 {
		last := ws.window.actors[e.Host.Owners[n-1]]
		switch {
		case slices.ContainsFunc(w.refs, func(r record.Ref) bool { return !slices.Contains(e.Host.Owners, r.Owner) }):
			c.Kind = findings.CaveatBinaryOfOne
		case w.exact && last != nil && last.status != "":
			c.Kind = findings.CaveatBinaryLate
		}
	}
	return []findings.Caveat{c}
}
