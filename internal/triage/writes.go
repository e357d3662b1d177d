package triage

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"tracetest/internal/record"
)

// Who wrote it? The tap tells of each write whose goroutine made it, and the
// looks tell what changed. A change and a write of that value belong together:
// then the owner is known whoever else was open.
//
// The goroutine is not always the owner's own. A client may write on one that
// was started by whoever dialled, a server handles requests on one that was
// started by whoever started the server. There all are suspects who can have
// been behind it.

// write is a command that a test binary was seen sending.
type write struct {
	*record.Write
	author
	seq      int64
	server   *server // nil where it is not watched
	answered bool
	reply    string          // first line; empty before there is one
	done     int64           // sequence number of the reply
	past     int             // looks since whoever made it had ended
	shown    map[string]bool // parameters whose change was seen
	spent    map[string]bool // those of which it was the one write that explained the change
}

// author is who made a write, or met an error.
type author struct {
	refs   []record.Ref // who it may be
	exact  bool         // it is refs[0]
	node   bool         // it was made in a node of a Ginkgo suite
	specs  int          // specs of the process that had begun by then
	call   *Call        // nil where no stack shows it
	caveat string
}

// key names a write.
type key struct {
	process int
	number  int64
}

func (a *Analysis) contact(e record.Entry) {
	c := e.Contact
	pkg := ""
	if p := a.processes[c.Process]; p != nil {
		pkg = p.Package
		if p.Host != nil && pkg == "" {
			pkg = a.open.Package(p.Host.Process)
		}
	}
	i := slices.IndexFunc(a.spoken, func(s Spoken) bool { return s.Address == c.Address && s.TLS == c.TLS })
	if i < 0 {
		i = len(a.spoken)
		s := Spoken{Address: c.Address, TLS: c.TLS, Packages: []string{}, Inside: c.Inside, Problem: c.Problem}
		if c.Server >= 0 && c.Server < len(a.servers) {
			s.Server = a.servers[c.Server].Address
		}
		a.spoken = append(a.spoken, s)
	}
	if pkg != "" && !slices.Contains(a.spoken[i].Packages, pkg) {
		a.spoken[i].Packages = append(a.spoken[i].Packages, pkg)
	}
}

func (a *Analysis) write(e record.Entry) {
	w := &write{Write: e.Write, seq: e.Seq, author: a.author(e.Write.Process, e.Write.By),
		shown: map[string]bool{}, spent: map[string]bool{}}
	for _, look := range e.Write.Looks {
		if look.Server >= 0 && look.Server < len(a.servers) {
			a.widen()
			a.look(a.servers[look.Server], look, e, nil)
		}
	}
	if w.Server >= 0 && w.Server < len(a.servers) {
		w.server = a.servers[w.Server]
	}
	if w.server != nil && len(w.Command) > 1 && strings.EqualFold(w.Command[0], "config") && strings.EqualFold(w.Command[1], "set") {
		w.server.heardSets++
	}
	a.note(w, e.At)
	if w.server != nil && len(w.Values) > 0 {
		w.server.pending = append(w.server.pending, w)
		a.pending[key{w.Process, w.Number}] = w
	}
}

// reply takes in that a write has had its effect. What the look in it does not
// show of the write, the write did not do.
func (a *Analysis) reply(e record.Entry) {
	r := e.Reply
	w := a.pending[key{r.Process, r.Number}]
	if w != nil {
		w.answered, w.reply = true, r.Text
		if !slices.Contains(w.server.pending, w) { // nobody waited for it any more
			w.server.pending = append(w.server.pending, w)
		}
	}
	if noted := a.unanswered[key{r.Process, r.Number}]; noted != nil {
		noted.reply = cmp.Or(noted.reply, r.Text)
		delete(a.unanswered, key{r.Process, r.Number})
	}
	seen := false
	for _, look := range r.Looks {
		if look.Server >= 0 && look.Server < len(a.servers) {
			a.widen()
			a.look(a.servers[look.Server], look, e, nil)
			seen = seen || w != nil && look.Server == w.Server && look.Error == ""
		}
	}
	if w == nil {
		return
	}
	delete(a.pending, key{r.Process, r.Number})
	if seen {
		w.done = e.Seq
		a.unseen(w, e)
		w.server.silent = append(w.server.silent, w)
		w.server.silent = w.server.silent[max(0, len(w.server.silent)-maxSilent):]
	}
}

// maxSilent is how many writes are kept that were answered, to find those that
// were undone before a look could show them.
const maxSilent = 64

// explain returns the write that made a change, or several of which one did;
// none where nobody was seen writing that value.
func (s *server) explain(parameter, value string) []*write {
	var all []*write
	for _, w := range s.pending {
		if v, sets := w.value(parameter); sets && w.can(parameter) && (v.Secret || sameValue(v.Value, value)) {
			all = append(all, w)
		}
	}
	return all
}

// can reports whether a write can have changed a parameter since the last look:
// one that was refused cannot, and one that has does not come a second time.
func (w *write) can(parameter string) bool {
	return !strings.HasPrefix(w.reply, "-") && !w.spent[parameter]
}

// forgetWrites drops writes that have been answered, now that there was a look.
// Others it drops once those who made them have ended and further looks have not
// shown them: they had no effect, and must not explain what somebody else does
// later.
func (s *server) forgetWrites(a *Analysis) {
	s.pending = slices.DeleteFunc(s.pending, func(w *write) bool {
		if w.answered {
			return true
		}
		for _, ref := range w.refs {
			o := a.owners[ref.Owner]
			if ref.Owner == 0 && a.open.Present(ref.Process) || o != nil && o.status == "" {
				return false
			}
		}
		if w.past++; w.past <= looksAfter {
			return false
		}
		s.lost = append(s.lost, w)
		s.lost = s.lost[max(0, len(s.lost)-maxSilent):]
		return true
	})
}

// looksAfter is how many looks a write without a reply is waited for after the
// end of its owner: what is on the wire by then is worked off while the end is
// looked at.
const looksAfter = 2

// value returns what a write sets a parameter to, last.
func (w *write) value(parameter string) (record.Value, bool) {
	for _, v := range slices.Backward(w.Values) {
		if v.Parameter == parameter {
			return v, true
		}
	}
	return record.Value{}, false
}

// sameValue reports whether a value that was written can read back as another:
// the server knows more spellings than are told here.
func sameValue(written, read string) bool {
	if strings.EqualFold(written, read) {
		return true
	}
	return strings.EqualFold(strings.Join(strings.Fields(written), " "), strings.Join(strings.Fields(read), " "))
}

// claim finds who wrote a change, and gives it to them.
func (a *Analysis) claim(m *mutation) {
	writes := m.server.explain(m.parameter, m.to)
	if len(writes) == 0 {
		for _, w := range m.server.pending {
			if _, sets := w.value(m.parameter); sets && w.can(m.parameter) {
				m.caveat = "A test binary was seen setting it, to another value"
				if w.call != nil {
					m.caveat += " (" + w.call.File + ":" + itoa(w.call.Line) + ")"
				}
				m.caveat += "."
			}
		}
		for _, w := range m.server.lost {
			there := slices.ContainsFunc(w.refs, func(r record.Ref) bool { return a.open.Present(r.Process) })
			if v, sets := w.value(m.parameter); there && sets && sameValue(v.Value, m.to) && m.caveat == "" {
				// It may have been worked off only now.
				m.caveat = "A test that has ended had sent this value, and nobody heard the answer."
				m.call = w.call
				for _, ref := range w.refs {
					if !slices.Contains(m.refs, ref) {
						m.refs = append(m.refs, ref)
					}
				}
			}
		}
		m.unheard = a.run.Tap && m.caveat == ""
		return
	}
	last := writes[len(writes)-1]
	last.spent[m.parameter] = len(writes) == 1
	m.write, m.call, m.exact, m.refs, m.caveat = last, last.call, true, nil, last.caveat
	for _, w := range writes {
		w.shown[m.parameter] = true
		m.exact = m.exact && w.exact
		for _, ref := range w.refs {
			if !slices.Contains(m.refs, ref) {
				m.refs = append(m.refs, ref)
			}
		}
	}
	for _, w := range writes {
		if slices.Equal(w.refs, last.refs) {
			continue
		}
		// The same value from several hands: which came last is not known.
		m.call, m.exact, m.caveat = common(m.call, w.call), false, ""
	}
}

// common returns what two calls have in common: the line, or nothing.
func common(x, y *Call) *Call {
	switch {
	case x == nil || y == nil || x.File != y.File || x.Line != y.Line:
		return nil
	case slices.Equal(x.Chain, y.Chain):
		return x
	}
	return &Call{Function: x.Function, File: x.File, Line: x.Line, Found: x.Found, Stack: []string{}, Chain: x.Chain[:1:1]}
}

// unseen files a change that went by between two looks: one write set a value
// and a later one of the same owner, in the same stretch, put back what there
// was. Both were accepted, and no look shows either.
func (a *Analysis) unseen(w *write, e record.Entry) {
	if !w.accepted() || len(w.refs) != 1 {
		return
	}
	for _, v := range w.Values {
		if w.shown[v.Parameter] || v.Secret || !sameValue(v.Value, w.server.now[v.Parameter]) {
			continue
		}
		for _, first := range w.server.silent {
			was, sets := first.value(v.Parameter)
			if !sets || was.Secret || first.shown[v.Parameter] || first.done < w.seq || !first.accepted() || !slices.Equal(first.refs, w.refs) ||
				sameValue(was.Value, w.server.now[v.Parameter]) {
				continue
			}
			there := &mutation{server: w.server, parameter: v.Parameter, from: w.server.now[v.Parameter], to: was.Value, refs: first.refs, seq: e.Seq,
				sent: w.server.sent, received: e.At, write: first, call: first.call, exact: first.exact,
				caveat: "No look saw it: the writes that set it and put it back were both accepted between two looks."}
			back := *there
			back.from, back.to, back.write, back.call, back.exact = there.to, there.from, w, w.call, w.exact
			first.shown[v.Parameter] = true
			a.mutate(there)
			a.mutate(&back)
		}
	}
}

func (w *write) accepted() bool {
	// Of a transaction that was not executed the reply is a null array.
	return strings.HasPrefix(w.reply, "+OK") || strings.HasPrefix(w.reply, "*") && !strings.HasSuffix(w.reply, " with an error") && w.reply != "*-1"
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

// waiting finds who was behind a write that a client made on a goroutine of its
// own: of those who wait for a reply of that client, the one whose code sets a
// parameter.
func (a *Analysis) waiting(p *process, by record.By) (w author) {
	sets := func(b record.By) bool {
		return slices.ContainsFunc(b.Stack, func(f record.Frame) bool { return f.Sets })
	}
	w.specs = p.specs
	whose := func(b record.By) record.Ref {
		if owned(b) {
			return a.recall(p, b)
		}
		return record.Ref{Package: p.Package, Process: p.Index}
	}
	// Those whose code sets a parameter come first, and their lines are told.
	candidates := by.Waiting
	if slices.ContainsFunc(candidates, sets) {
		candidates = slices.DeleteFunc(slices.Clone(candidates), func(b record.By) bool { return !sets(b) })
	}
	lines := []string{}
	for _, c := range candidates {
		ref := whose(c)
		if !slices.Contains(w.refs, ref) {
			w.refs = append(w.refs, ref)
		}
		if call := a.call(c.Stack, "waiting"); call != nil {
			if line := call.File + ":" + itoa(call.Line); !slices.Contains(lines, line) {
				lines = append(lines, line)
			}
			if w.call = common(call, w.call); len(lines) == 1 && w.call == nil {
				w.call = call
			}
		}
		w.node = w.node || holdsPart(c.Stack, ".(*Suite).runNode")
	}
	// One that merely listens, to a subscription say, waits as well: only code
	// that sets a parameter proves it.
	proved := slices.ContainsFunc(candidates, sets)
	w.exact = len(w.refs) == 1 && proved
	// The words in its code are no proof where others wait as well, unless the
	// goroutine was started by the same test, as that of its own client is.
	if w.exact && !(owned(by) && whose(by) == w.refs[0]) {
		for _, c := range by.Waiting {
			if ref := whose(c); !slices.Contains(w.refs, ref) {
				w.refs = append(w.refs, ref)
			}
		}
		if w.exact = len(w.refs) == 1; !w.exact {
			w.caveat = "Several tests waited for replies of this client; the line is the one whose code sets a parameter."
			return w
		}
	}
	if !proved {
		for _, ref := range a.open.In(p.Index) {
			if !slices.Contains(w.refs, ref) {
				w.refs = append(w.refs, ref)
			}
		}
	}
	if len(w.refs) == 1 {
		w.caveat = a.outlived(w.refs[0])
	}
	if len(lines) > 1 {
		w.caveat = itoa(len(lines)) + " calls waited for a reply of this client, and any of them can be the one: " + strings.Join(lines[:min(3, len(lines))], ", ")
		if len(lines) > 3 {
			w.caveat += ", ..."
		}
		w.caveat += "."
	}
	return w
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
