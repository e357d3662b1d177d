package triage

import (
	"slices"
	"strings"

	"tracetest/internal/findings"
	"tracetest/internal/record"
)

// rule is a row of the table in docs/design.md, which says whose a goroutine is: its
// name is what is known of it there. The rules stand in the order in which they are
// tried. A rule that proves names one for certain, if it is one that it names. Each has the recorded runs that
// need it.
type rule struct {
	name   string
	when   func(a *Analysis, e *evidence) bool
	who    func(a *Analysis, e *evidence) []record.Ref
	proves bool
	caveat func(a *Analysis, e *evidence, w *author) []findings.Caveat
	decide func(a *Analysis, e *evidence, w *author) // in place of the three above
	runs   []string
}

func rules() []rule {
	return []rule{
		{
			name:   "a test binary that a test started",
			when:   func(a *Analysis, e *evidence) bool { return e.Host != nil },
			decide: (*Analysis).helper,
			proves: true,
			runs:   []string{"helper-process-writes", "helper-process-of-two", "helper-process-of-testmain", "helper-process-outlives-its-test"},
		},
		{
			name:   "a client's own, others wait for the client",
			when:   func(a *Analysis, e *evidence) bool { return e.call == nil && len(e.by.Waiting) > 0 },
			decide: (*Analysis).waiting,
			runs:   []string{"one-waits-and-sets", "several-wait-one-sets", "several-wait-and-set", "one-waits-and-sets-nothing", "one-left-behind-waits", "started-for-the-call", "one-without-a-label-waits"},
		},
		{
			name: "a client's own, nobody waits",
			when: func(a *Analysis, e *evidence) bool {
				return e.call == nil && e.by.Label != record.LabelNone && !e.runs && !e.node
			},
			who: func(a *Analysis, e *evidence) []record.Ref {
				return slices.Concat(e.active, []record.Ref{e.own}, e.perhaps)
			},
			runs: []string{"nobody-waits"},
		},
		{
			name: "a test's own, running a closure of another test",
			when: func(a *Analysis, e *evidence) bool {
				return e.runs && e.by.Label == record.LabelOwner && a.foreign(e) && !e.called
			},
			who:    func(a *Analysis, e *evidence) []record.Ref { return append([]record.Ref{e.own}, a.handed(e)...) },
			caveat: caveat(findings.CaveatClosureOfAnother),
			runs:   []string{"closure-of-another-on-its-own"},
		},
		{
			name:   "a test's or spec's own",
			when:   func(a *Analysis, e *evidence) bool { return e.runs && e.by.Label != record.LabelNone },
			who:    own,
			proves: true,
			runs:   []string{"testmain-itself", "two-binaries-one-writes"},
		},
		{
			name: "a node of a Ginkgo suite",
			when: func(a *Analysis, e *evidence) bool {
				return e.node && e.by.Label == record.LabelOwner && len(e.perhaps) == 0 && (!a.ofSuite(e) || slices.Contains(e.active, e.own))
			},
			who:    own,
			proves: true,
			caveat: func(a *Analysis, e *evidence, w *author) []findings.Caveat { return a.outlived(e.own) },
			runs:   []string{"suite-nodes-write"},
		},
		{
			name:   "no label, closures of tests",
			when:   func(a *Analysis, e *evidence) bool { return e.by.Label == record.LabelNone && a.foreign(e) },
			who:    (*Analysis).handed,
			caveat: familyCaveat,
			runs:   []string{"timer-of-the-test", "timer-of-a-test-that-ended", "timer-of-two", "timer-of-a-subtest"},
		},
		{
			name: "no label, code of TestMain",
			when: func(a *Analysis, e *evidence) bool {
				return e.by.Label == record.LabelNone && holdsPart(e.by.Stack, ".TestMain.")
			},
			who:    func(a *Analysis, e *evidence) []record.Ref { return append(ownAndActive(a, e), a.others(e)...) },
			caveat: caveat(findings.CaveatTestMain),
			runs:   []string{"timer-of-testmain"},
		},
		{
			name:   "no label else",
			when:   func(a *Analysis, e *evidence) bool { return e.by.Label == record.LabelNone },
			who:    func(a *Analysis, e *evidence) []record.Ref { return append(ownAndActive(a, e), a.others(e)...) },
			caveat: caveat(findings.CaveatTimer),
			runs:   []string{"timer-of-a-library"},
		},
		{
			name:   "a function of another test is called on it",
			when:   func(a *Analysis, e *evidence) bool { return a.foreign(e) && e.called },
			who:    func(a *Analysis, e *evidence) []record.Ref { return append([]record.Ref{e.own}, a.families(e)...) },
			caveat: caveat(findings.CaveatFuncOfAnother),
			runs:   []string{"function-of-another-test"},
		},
		{
			name:   "the innermost code of a test is a closure of another one",
			when:   func(a *Analysis, e *evidence) bool { return a.foreign(e) },
			who:    (*Analysis).handed,
			caveat: familyCaveat,
			runs:   []string{"worker-of-another-test", "late-job-of-a-test", "worker-of-another-test-runs-a-subtests"},
		},
		{
			name: "started by what calls functions of others",
			when: func(a *Analysis, e *evidence) bool { return startedBy(e, handers()) },
			who: func(a *Analysis, e *evidence) []record.Ref {
				if len(e.tests) > 0 {
					return slices.Concat(a.family(e, e.innermost()), []record.Ref{e.own}, a.others(e))
				}
				return slices.Concat(ownAndActive(a, e), e.perhaps, a.others(e))
			},
			caveat: caveat(findings.CaveatCalledLater),
			runs:   []string{"context-after-func"},
		},
		{
			name: "started by TestMain, init or BeforeSuite",
			when: func(a *Analysis, e *evidence) bool { return e.by.Label == record.LabelPackage || a.ofSuite(e) },
			who: func(a *Analysis, e *evidence) []record.Ref {
				refs := append(ownAndActive(a, e), e.perhaps...)
				if e.takes && !e.serves {
					refs = append(refs, a.others(e)...)
				}
				return refs
			},
			proves: true,
			runs:   []string{"goroutine-of-testmain", "worker-of-testmain-late"},
		},
		{
			name: "one of several specs can have started it, and no code of just one is on the stack",
			when: func(a *Analysis, e *evidence) bool {
				return e.by.Lost || len(e.perhaps) > 0 && (e.takes || !a.runsIn(e))
			},
			who: func(a *Analysis, e *evidence) []record.Ref {
				refs := slices.Concat([]record.Ref{e.own}, e.active, e.perhaps)
				if e.by.Lost {
					refs = append(append(refs, record.Ref{Package: e.Package, Process: e.Index, Owner: a.suiteOf(e.process)}), a.others(e)...)
				}
				return refs
			},
			caveat: caveat(findings.CaveatLostStarter),
			runs:   []string{"ginkgo-grandchild"},
		},
		{
			name:   "it serves requests",
			when:   func(a *Analysis, e *evidence) bool { return e.serves },
			who:    ownAndActive,
			proves: true,
			caveat: workerCaveat,
			runs:   []string{"server-of-the-test", "server-of-an-earlier-test", "server-asked-between-tests"},
		},
		{
			name: "a worker",
			when: func(a *Analysis, e *evidence) bool { return e.takes },
			who: func(a *Analysis, e *evidence) []record.Ref {
				return slices.Concat([]record.Ref{e.own}, e.active, a.others(e))
			},
			caveat: workerCaveat,
			runs:   []string{"worker-of-a-closure", "worker-of-the-parent"},
		},
		{
			name:   "code of the test or spec that started it is on the stack",
			when:   func(a *Analysis, e *evidence) bool { return a.runsIn(e) },
			who:    own,
			proves: true,
			caveat: func(a *Analysis, e *evidence, w *author) []findings.Caveat { return a.outlived(e.own) },
			runs:   []string{"goroutine-left-behind", "goroutine-of-a-subtest", "parent-beside-its-subtests"},
		},
		{
			name: "any other of a test",
			when: func(a *Analysis, e *evidence) bool { return true },
			who: func(a *Analysis, e *evidence) []record.Ref {
				return append([]record.Ref{e.own}, e.without(e.own)...)
			},
			proves: true,
			caveat: workerCaveat,
			runs:   []string{"goroutine-beside-another"},
		},
	}
}

func own(_ *Analysis, e *evidence) []record.Ref { return []record.Ref{e.own} }

// ownAndActive are the package, or who started the goroutine, and who is open.
func ownAndActive(_ *Analysis, e *evidence) []record.Ref {
	return append([]record.Ref{e.own}, e.active...)
}

func caveat(kind findings.CaveatKind) func(*Analysis, *evidence, *author) []findings.Caveat {
	return func(*Analysis, *evidence, *author) []findings.Caveat { return []findings.Caveat{{Kind: kind}} }
}

func workerCaveat(a *Analysis, e *evidence, w *author) []findings.Caveat {
	if w.exact {
		return a.outlived(e.own)
	}
	return []findings.Caveat{{Kind: findings.CaveatWorker, Owners: a.names([]record.Ref{e.own})}}
}

func familyCaveat(a *Analysis, e *evidence, w *author) []findings.Caveat {
	c := findings.Caveat{Kind: findings.CaveatFamily}
	for _, test := range e.tests {
		if !a.ownIs(e, test) {
			c.Functions = append(c.Functions, strings.TrimPrefix(test, "/"))
		}
	}
	return []findings.Caveat{c}
}

// ofSuite reports whether a goroutine is of the test that runs a Ginkgo suite,
// and of no spec.
func (a *Analysis) ofSuite(e *evidence) bool {
	suite := a.suiteOf(e.process)
	return suite != 0 && e.own.Owner == suite
}

// handers are functions that start a goroutine for what somebody else has left
// to be called, by the function with the go statement.
func handers() []string { return []string{"context.(*afterFuncCtx).", "time.goFunc"} }

func startedBy(e *evidence, functions []string) bool { return holds(e.by.Started, functions...) }

// helper says who is behind a test binary that a test started.
func (a *Analysis) helper(e *evidence, w *author) {
	add := func(refs ...record.Ref) {
		for _, ref := range refs {
			if !slices.Contains(w.refs, ref) {
				w.refs = append(w.refs, ref)
			}
		}
		w.exact = len(w.refs) == 1
	}
	host := record.Ref{Package: a.open.Package(e.Host.Process), Process: e.Host.Process}
	w.caveats = []findings.Caveat{{Kind: findings.CaveatBinary}}
	if len(e.Host.Owners) == 0 {
		// Like a goroutine that TestMain started it may work for whoever runs.
		add(append([]record.Ref{host}, a.open.In(host.Process)...)...)
		return
	}
	for _, owner := range e.Host.Owners {
		host.Owner = owner
		add(host)
	}
	// It may be a server by now that others ask.
	if n := len(w.refs); n > 0 {
		if add(a.open.In(host.Process)...); len(w.refs) > n {
			w.caveats = []findings.Caveat{{Kind: findings.CaveatBinaryOfOne}}
			return
		}
	}
	if o := a.owners[host.Owner]; w.exact && o != nil && o.status != "" {
		w.caveats = []findings.Caveat{{Kind: findings.CaveatBinaryLate}}
	}
}
