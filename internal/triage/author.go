package triage

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"tracetest/internal/record"
)

// Whose was the goroutine? It is not always the owner's own: a client may write
// on one that was started by whoever dialled, a server handles requests on one
// that was started by whoever started the server, and a worker that tests share
// was started by the first that needed it. There all are suspects who can have
// been behind it.

// author is who made a write, or met an error.
type author struct {
	refs   []record.Ref // who it may be
	exact  bool         // it is refs[0]
	node   bool         // it was made in a node of a Ginkgo suite
	specs  int          // specs of the process that had begun by then
	call   *Call        // nil where no stack shows it
	caveat string
}

// phaseOf says in which part of a Ginkgo suite something was done in a node of
// the suite: before its first spec or after its last. It is asked when the suite
// has ended.
func (a *Analysis) phaseOf(w author) string {
	if !w.node || len(w.refs) != 1 {
		return ""
	}
	p := a.processes[w.refs[0].Process]
	switch {
	case p == nil || w.refs[0].Owner != a.suiteOf(p):
		return ""
	case p.specs == 0: // BeforeSuite failed, or there was nothing to run
		return "whole"
	case w.specs == 0:
		return "before"
	case w.specs == p.specs:
		return "after"
	}
	return ""
}

// suiteOf returns the test that runs the suite of a process, or zero.
func (a *Analysis) suiteOf(p *process) int64 {
	if p.suiteTest != 0 || p.suite {
		return p.suiteTest
	}
	return p.specHost
}

// author says who is behind what a goroutine did.
func (a *Analysis) author(index int, by record.By) author {
	p := a.processes[index]
	if p == nil {
		return author{refs: []record.Ref{{Process: index}}}
	}
	w := author{node: holdsPart(by.Stack, ".(*Suite).runNode"), specs: p.specs, call: a.call(by.Stack, "stack")}
	if by.Label == record.LabelOwner && !owned(by) {
		by.Label = record.LabelNone
	}
	many := func(refs ...record.Ref) author {
		for _, ref := range refs {
			if !slices.Contains(w.refs, ref) {
				w.refs = append(w.refs, ref)
			}
		}
		w.exact = len(w.refs) == 1
		return w
	}
	if p.Host != nil {
		host := record.Ref{Package: a.open.Package(p.Host.Process), Process: p.Host.Process}
		w.caveat = "A test binary that it had started made the call."
		if len(p.Host.Owners) == 0 {
			// Like a goroutine that TestMain started it may work for whoever runs.
			return many(append([]record.Ref{host}, a.open.In(host.Process)...)...)
		}
		for _, owner := range p.Host.Owners {
			host.Owner = owner
			many(host)
		}
		// It may be a server by now that others ask.
		if others := a.others(a.open.In(host.Process), w.refs); len(others) > 0 {
			w.caveat = "A test binary that one of them had started made the call."
			return many(others...)
		}
		if o := a.owners[host.Owner]; w.exact && o != nil && o.status != "" {
			w.caveat = "A test binary that it had started made the call, after its end."
		}
		return w
	}
	active := a.open.In(index)
	own := record.Ref{Package: p.Package, Process: index}
	if by.Label == record.LabelOwner {
		own = a.recall(p, by)
	}
	runs := holds(by.Stack, "testing.tRunner", "testing.fRunner", "testing.runExample", "testing.(*B).runN", "runtime.main") // the owner's own
	names := testsOn(by.Stack, p.Package)                                                                                    // tests whose functions run here
	switch {
	case w.call == nil && len(by.Waiting) > 0:
		return a.waiting(p, by)
	case w.call == nil && by.Label != record.LabelNone && !runs:
		// A goroutine of the client, and nobody waits for it.
		many(append(active, own)...)
		w.exact = false
		return w
	case by.Label == record.LabelNone:
		// A timer or a finalizer. The closure's name may say whose.
		if len(names) > 0 {
			return many(a.named(p, names)...)
		}
		if holdsPart(by.Stack, ".TestMain.") {
			return many(append([]record.Ref{own}, active...)...)
		}
		many(append([]record.Ref{own}, active...)...)
		w.caveat = "A timer or a finalizer made the call; one of a test that has ended can have done it too."
		w.exact = false
		return w
	case runs:
		return many(own)
	case len(names) > 0 && !slices.Contains(names, topLevel(a.ownerName(own))):
		return many(a.named(p, names)...) // on a goroutine that is not theirs
	case by.Label == record.LabelPackage, by.Unsure && !w.node,
		a.suiteOf(p) != 0 && own.Owner == a.suiteOf(p) && (!w.node || !slices.Contains(active, own)):
		// Started by TestMain or BeforeSuite, it may work for whoever runs.
		many(append([]record.Ref{own}, active...)...)
		if o := p.lastSpec; by.Unsure && o != nil {
			if a.owners[o.ID] == nil {
				a.owners[o.ID] = o // it was forgotten
			}
			many(o.ref(), record.Ref{Package: p.Package, Process: index, Owner: a.suiteOf(p)})
		}
		return w
	case holds(by.Stack, requestLoops()...):
		return many(append([]record.Ref{own}, a.inner(active, own)...)...)
	}
	// A goroutine that was started by a test is that test's own work when it runs
	// code of the test itself, or when nobody else could have given it any. Else
	// it may be a worker that the test was the first to need.
	if others := a.others(active, []record.Ref{own}); len(others) > 0 && !a.runsIn(own, by.Stack, names) {
		w.caveat = "The goroutine that made the call was started by " + a.plainNames([]record.Ref{own}) + "; a worker that tests share may have been given the call by another."
		return many(append([]record.Ref{own}, others...)...)
	}
	w.caveat = a.outlived(own)
	return many(own)
}

// others returns those who are active and of other units than all of these.
func (a *Analysis) others(active, these []record.Ref) []record.Ref {
	return slices.DeleteFunc(slices.Clone(active), func(r record.Ref) bool {
		return slices.ContainsFunc(these, func(own record.Ref) bool { return a.unitOf(r) == a.unitOf(own) })
	})
}

// runsIn reports whether code of an owner itself is on a stack: a function that
// stands in its test function or, of a Ginkgo spec, in the call that declares it.
func (a *Analysis) runsIn(own record.Ref, stack []record.Frame, names []string) bool {
	o := a.owners[own.Owner]
	if o == nil {
		return false
	}
	if o.Kind != record.KindSpec {
		return slices.Contains(names, topLevel(o.Name))
	}
	at := strings.LastIndexByte(o.Location, ':')
	if at < 0 || o.Until == 0 {
		return false
	}
	from, _ := strconv.Atoi(o.Location[at+1:])
	return slices.ContainsFunc(stack, func(f record.Frame) bool { return f.File == o.Location[:at] && from <= f.Line && f.Line <= o.Until })
}

// outlived says that an owner had ended when a goroutine of it wrote, or
// nothing.
func (a *Analysis) outlived(ref record.Ref) string {
	if o := a.owners[ref.Owner]; o == nil || o.status == "" {
		return ""
	}
	text := "The goroutine that made the call was started by it and went on after its end"
	if active := a.open.In(ref.Process); active[0].Owner != 0 {
		text += ", while " + a.plainNames(active) + " ran"
	}
	return text + "."
}

// inner leaves out of those that are active whoever is around an owner.
func (a *Analysis) inner(active []record.Ref, own record.Ref) []record.Ref {
	return slices.DeleteFunc(slices.Clone(active), func(r record.Ref) bool {
		for o := a.owners[own.Owner]; o != nil; o = a.owners[o.Parent] {
			if o.ID == r.Owner && r.Owner != own.Owner {
				return true
			}
		}
		return false
	})
}

// openNamed returns the open top-level tests of a process with these names.
func (a *Analysis) openNamed(p *process, names []string) []record.Ref {
	var found []record.Ref
	for _, o := range a.owners {
		if o.process == p.Index && o.Parent == 0 && o.Kind != record.KindSpec && slices.Contains(names, o.Name) && o.status == "" {
			found = append(found, record.Ref{Package: p.Package, Process: p.Index, Owner: o.ID})
		}
	}
	slices.SortFunc(found, func(x, y record.Ref) int { return cmp.Compare(x.Owner, y.Owner) })
	return found
}

// named returns the tests of a process with these names, also those that have
// ended and were forgotten.
func (a *Analysis) named(p *process, names []string) []record.Ref {
	found := a.openNamed(p, names)
	for _, name := range names {
		if slices.ContainsFunc(found, func(r record.Ref) bool { return a.owners[r.Owner].Name == name }) {
			continue
		}
		ghost := record.Ref{Package: p.Package, Process: p.Index}
		for id, o := range a.owners {
			if id < 0 && o.process == p.Index && o.Name == name {
				ghost.Owner = id
			}
		}
		if ghost.Owner == 0 {
			a.ghosts--
			ghost.Owner = a.ghosts
			a.owners[ghost.Owner] = &owner{Owner: record.Owner{ID: ghost.Owner, Kind: record.KindTest, Name: name}, pkg: p.Package, process: p.Index,
				unit: unit{owner: ghost.Owner}, status: forgotten, keep: true}
		}
		found = append(found, ghost)
	}
	return found
}

// owned reports whether a goroutine has the label of an owner.
func owned(by record.By) bool {
	return by.Label == record.LabelOwner && by.Owner != nil && by.Owner.ID > 0
}

// recall returns the owner that a label names, also where it has ended and was
// forgotten.
func (a *Analysis) recall(p *process, by record.By) record.Ref {
	ref := record.Ref{Package: p.Package, Process: p.Index, Owner: by.Owner.ID}
	if a.owners[ref.Owner] == nil {
		o := &owner{Owner: *by.Owner, pkg: p.Package, process: p.Index, test: by.Test, unit: unit{owner: by.Unit}, status: forgotten, keep: true}
		if o.Parent < 0 || o.Parent >= o.ID {
			o.Parent = 0 // no record that tracetest wrote: it would be a circle
		}
		if o.Container != "" {
			o.unit = unit{process: p.Index, container: o.Container}
		}
		a.owners[ref.Owner] = o
	}
	return ref
}

// forgotten is the status of an owner of which only the label is left: it has
// ended, and did not fail.
const forgotten = "forgotten"

func (a *Analysis) ownerName(ref record.Ref) string {
	if o := a.owners[ref.Owner]; o != nil && o.Kind == record.KindSpec {
		return o.test
	} else if o != nil {
		return o.Name
	}
	return ""
}

func (a *Analysis) plainNames(refs []record.Ref) string {
	var names []string
	for _, o := range a.names(refs) {
		name := o.Test
		if o.Spec != "" {
			name = o.Spec
		}
		names = append(names, name)
	}
	if len(names) > 3 {
		names = append(names[:3], "others")
	}
	return strings.Join(names, ", ")
}

func holdsPart(stack []record.Frame, part string) bool {
	return slices.ContainsFunc(stack, func(f record.Frame) bool { return strings.Contains(f.Function, part) })
}
