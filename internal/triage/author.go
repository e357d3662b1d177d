package triage

import (
	"slices"
	"strings"

	"tracetest/internal/findings"
	"tracetest/internal/record"
)

// Whose was the goroutine? It is not always the actor's own: a client may write
// on one that was started by whoever dialled, a server handles requests on one
// that was started by whoever started the server, and a worker that tests share
// was started by the first that needed it. There all are suspects who can have
// been behind it. What is known of a goroutine is gathered first; the first rule
// that it meets says whose it is.

// author is who made a write, or met an error.
type author struct {
	refs    []record.Ref   // who it may be
	exact   bool           // it is refs[0]
	earlier int            // more who it may be, that have ended and are not among refs
	node    bool           // it was made in a node of a Ginkgo suite
	specs   int            // specs of the process that had begun by then
	call    *findings.Call // nil where no stack shows it
	caveats []findings.Caveat
}

// author says who is behind what a goroutine did.
func (ws *writers) author(index int, by record.By) author {
	p := ws.window.processes[index]
	if p == nil {
		return author{refs: []record.Ref{{Process: index}}}
	}
	return ws.rule(ws.evidence(p, by))
}

// evidence is what is known of a goroutine.
type evidence struct {
	*process
	by      record.By
	call    *findings.Call
	own     record.Ref   // who started it, by its label
	perhaps []record.Ref // others of whom one can have started it
	active  []record.Ref // who is open in the process, innermost
	runs    bool         // it is the goroutine that runs the actor itself, or a node of it
	node    bool         // of Ginkgo
	takes   bool         // it does what others can have handed to it
	serves  bool         // it answers requests: whoever asks waits
	tests   []string     // whose code is on the stack, innermost first
	earlier int          // how many more can have handed something to it than the rules list
	called  bool         // the function of the first is on the stack, so that it was called there

	// Of a client's own, what those say who wait for it.
	proved  bool
	caveats []findings.Caveat
}

func (ws *writers) evidence(p *process, by record.By) *evidence {
	if by.Label == record.LabelOwner && !labelled(by) {
		by.Label = record.LabelNone
	}
	e := &evidence{process: p, by: by, call: ws.window.module().call(by.Stack, "stack"), active: ws.window.open.In(p.Index), own: record.Ref{Package: p.Package, Process: p.Index}}
	if by.Label == record.LabelOwner {
		e.own = ws.window.recall(p, by)
	}
	for _, other := range by.Perhaps {
		if labelled(other) {
			e.perhaps = append(e.perhaps, ws.window.recall(p, other))
		}
	}
	e.node = holdsPart(by.Stack, ".(*Suite).runNode")
	e.runs = holds(by.Stack, "testing.tRunner", "testing.fRunner", "testing.runExample", "testing.(*B).runN", "runtime.main")
	e.tests, e.called = testsOn(by.Stack, p.Package, func(test string) bool { return len(ws.family(e, test)) > 0 })
	e.earlier = 0
	outer := by.Stack[max(0, ws.window.module().site(by.Stack)):]
	takes := func(f record.Frame) bool { return f.Takes }
	e.takes = slices.ContainsFunc(outer, takes) || slices.ContainsFunc(by.Started, takes)
	e.serves = holds(by.Stack, requestLoops()...)
	return e
}

// rule applies the first rule that what is known of a goroutine meets.
func (ws *writers) rule(e *evidence) author {
	for _, r := range rules() {
		if !r.when(ws, e) {
			continue
		}
		refs := union(nil, r.who(ws, e)...)
		w := author{refs: refs, earlier: e.earlier, node: e.node, specs: e.specs, call: e.call}
		w.exact = (r.proves || e.proved) && len(refs) == 1 && w.earlier == 0
		if r.caveat != nil {
			w.caveats = r.caveat(ws, e, &w)
		}
		return w
	}
	return author{refs: append([]record.Ref{e.own}, e.active...)} // cannot be: the last rule is always met
}

// innermost returns the test whose code is innermost on the stack, or "".
func (e *evidence) innermost() string {
	if len(e.tests) == 0 {
		return ""
	}
	return e.tests[0]
}

// without returns those who are active but for one.
func (e *evidence) without(ref record.Ref) []record.Ref {
	return slices.DeleteFunc(slices.Clone(e.active), func(r record.Ref) bool { return r == ref })
}

// runsIn reports whether code of whoever started the goroutine is on its stack:
// of a test a function that stands in its test function, of a spec one that
// stands in the call that declares the spec, and none of the others that can have
// started it: a table of specs is declared by one call.
func (ws *writers) runsIn(e *evidence) bool {
	o := ws.window.actors[e.own.Owner]
	if o == nil {
		return false
	}
	if o.Kind != record.KindSpec {
		return o.isOf(e.innermost())
	}
	return slices.ContainsFunc(e.by.Stack, func(f record.Frame) bool {
		return o.declares(f) && !slices.ContainsFunc(e.perhaps, func(r record.Ref) bool { return ws.window.actors[r.Owner].declares(f) })
	})
}

// outlived says that an actor had ended when a goroutine of it wrote, or
// nothing.
func (ws *writers) outlived(ref record.Ref) []findings.Caveat {
	if o := ws.window.actors[ref.Owner]; o == nil || o.status == "" {
		return nil
	}
	c := findings.Caveat{Kind: findings.CaveatOutlived}
	if active := ws.window.open.In(ref.Process); active[0].Owner != 0 {
		c.Owners, c.More = ws.window.few(active)
	}
	return []findings.Caveat{c}
}

// labelled reports whether a goroutine has the label of an actor.
func labelled(by record.By) bool {
	return by.Label == record.LabelOwner && by.Owner != nil && by.Owner.ID > 0
}

func holdsPart(stack []record.Frame, part string) bool {
	return slices.ContainsFunc(stack, func(f record.Frame) bool { return strings.Contains(f.Function, part) })
}
