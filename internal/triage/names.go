package triage

import (
	"slices"
	"strconv"
	"strings"

	"tracetest/internal/findings"
	"tracetest/internal/record"
)

// name names an owner. Phase says in which part of a Ginkgo suite a test was,
// so that a suite node is named where only one can have run.
func (a *Analysis) name(ref record.Ref, phase string) findings.Owner {
	out := findings.Owner{Package: ref.Package}
	if out.Package == "" && ref.Process != 0 {
		if p := a.processes[ref.Process]; p != nil {
			out.Package = p.Package
		}
	}
	o := a.owners[ref.Owner]
	if o == nil {
		return out
	}
	if o.pkg != "" {
		out.Package = o.pkg
	}
	out.Test = o.Name
	if o.Kind == record.KindSpec {
		out.Test, out.Spec = o.test, o.Name
	}
	if node := a.suiteNode(ref, phase); node != nil {
		out.Spec = "[" + node.Type + "]"
	}
	return out
}

// phaseIn says in which part of a Ginkgo suite a change was made.
func (a *Analysis) phaseIn(m *mutation) string {
	switch {
	case m.write == nil:
		return m.phase
	case len(m.refs) != 1:
		return ""
	}
	return a.phaseOf(m.write.author)
}

// suiteNode returns the suite node that ran in a phase, if just one did.
func (a *Analysis) suiteNode(ref record.Ref, phase string) *record.Node {
	p := a.processes[ref.Process]
	if p == nil || phase == "" {
		return nil
	}
	var nodes []string // types
	if phase != "after" {
		nodes = append(nodes, "BeforeSuite", "SynchronizedBeforeSuite")
	}
	if phase != "before" {
		nodes = append(nodes, "AfterSuite", "SynchronizedAfterSuite", "DeferCleanup (Suite)")
	}
	var found *record.Node
	ran := a.suiteNodes(p)
	for i := range ran {
		if slices.Contains(nodes, ran[i].Type) {
			if found != nil {
				return nil
			}
			found = &ran[i]
		}
	}
	return found
}

func (a *Analysis) names(refs []record.Ref) []findings.Owner {
	all := []findings.Owner{}
	for _, ref := range refs {
		if o := a.name(ref, ""); !slices.Contains(all, o) {
			all = append(all, o)
		}
	}
	return all
}

// change turns a judged episode into a finding.
func (a *Analysis) change(e *episode) findings.Change {
	m := e.settled
	c := a.describe(m)
	c.From, c.Unit = e.from, a.unitName(e)
	usual, moved := e.server.Perturbed[e.parameter]
	c.Constant = c.By != nil && c.To != c.From && (moved && c.To == usual || e.putBackOnce())
	a.place(e, &c)
	if e.cut {
		c.Caveats = append(c.Caveats, findings.Caveat{Kind: findings.CaveatRecordEnds, Unit: c.Unit})
	}
	if e.unseen && !e.cut {
		c.Caveats = append(c.Caveats, findings.Caveat{Kind: findings.CaveatOutOfSight, Unit: c.Unit})
	}
	if e.early != nil && e.restoredBy != nil {
		c.Caveats = append(c.Caveats, findings.Caveat{Kind: findings.CaveatEarlyLeak, Owners: a.names([]record.Ref{*e.early})})
	}
	a.putBack(&c, e.restoredBy)
	return c
}

// place says where a clean-up can stand: at the first write that the unit changed the parameter
// with, for the value that a later one finds is not the one to restore.
func (a *Analysis) place(e *episode, c *findings.Change) {
	for _, m := range e.mutations {
		if m.write == nil || m.call == nil || !slices.Equal(m.refs, e.settled.refs) {
			continue
		}
		if c.Call != nil && (m.call.File != c.Call.File || m.call.Line != c.Call.Line || !slices.Equal(m.call.Chain, c.Call.Chain)) {
			c.First = m.call
		}
		if site := m.write.Site; site != nil && slices.ContainsFunc(m.call.Chain, func(line string) bool {
			return strings.HasSuffix(line, " "+site.File+":"+itoa(site.Call))
		}) {
			c.Site = site
			a.unreached(e, c)
		}
		return
	}
}

// unreached notes the clean-ups that the source has for a leak and that no write came from.
func (a *Analysis) unreached(e *episode, c *findings.Change) {
	if !a.run.Traced || !e.leaked || e.cut || e.unseen {
		return
	}
	for _, cleanup := range c.Site.Cleanups {
		sent := slices.ContainsFunc(a.noted, func(n *notedWrite) bool {
			return n.call != nil && slices.ContainsFunc(n.call.Chain, func(frame string) bool {
				file, line, _ := cutLine(frame)
				return file == cleanup.File && cleanup.Line <= line && line <= cleanup.Until
			})
		})
		if sent == (cleanup.Why == record.WhyAtOnce) {
			c.Cleanups = append(c.Cleanups, findings.Cleanup{Location: cleanup.File + ":" + itoa(cleanup.Line), Why: cleanup.Why})
		}
	}
}

// cutLine splits a frame of a chain, "function file:line".
func cutLine(frame string) (file string, line int, ok bool) {
	_, place, _ := strings.Cut(frame, " ")
	at := strings.LastIndexByte(place, ':')
	if at < 0 {
		return "", 0, false
	}
	line, err := strconv.Atoi(place[at+1:])
	return place[:at], line, err == nil
}

// putBack says who put a parameter back later.
func (a *Analysis) putBack(c *findings.Change, by *mutation) {
	switch {
	case by == nil:
	case by.tool:
		c.RestoredByTool = true
	case by.restart:
		c.Caveats = append(c.Caveats, findings.Caveat{Kind: findings.CaveatRestarted})
	default:
		switch who := a.suspects(by); len(who) {
		case 0:
			c.Caveats = append(c.Caveats, findings.Caveat{Kind: findings.CaveatRestoredIdle})
		case 1:
			c.RestoredBy = &who[0]
		default:
			c.Caveats = append(c.Caveats, findings.Caveat{Kind: findings.CaveatRestoredByOne})
		}
	}
}

// describe says what one change of a parameter was, and who may have made it.
func (a *Analysis) describe(m *mutation) findings.Change {
	c := findings.Change{Server: m.server.Address, Parameter: m.parameter, From: m.from, To: m.to, Initial: a.initial(m), Certainty: findings.Inferred,
		Suspects: []findings.Owner{}, AlsoSetBy: []findings.Setter{}, Cleanups: []findings.Cleanup{}, At: m.received, Unit: findings.Unit(record.KindTest), Secret: hidden(m.from) || hidden(m.to) || hidden(a.initial(m))}
	c.Caveats = append([]findings.Caveat{}, m.caveats...)
	c.Call, c.OtherClients, c.Untraced = m.call, a.otherClientsAt(m), m.untraced
	names := a.suspects(m)
	if len(names) != 1 || m.earlier > 0 {
		c.AndEarlier = m.earlier
		c.Certainty, c.Suspects, c.DisambiguateBy = findings.Ambiguous, names, a.disambiguateBy(m)
		return c
	}
	if m.exact {
		c.Certainty = findings.Exact
	}
	c.By = &names[0]
	ref := m.refs[0]
	if node := a.suiteNode(ref, a.phaseIn(m)); node != nil {
		c.Location = node.Location
		return c
	}
	if o := a.owners[ref.Owner]; o != nil {
		c.Location, c.Ended = o.Location, strings.TrimSuffix(o.status, "-below")
		if o.status == forgotten {
			c.Ended = ""
		}
		if o.Container != "" && m.write == nil {
			c.Caveats = append(c.Caveats, findings.Caveat{Kind: findings.CaveatContainer})
		}
	}
	return c
}

func (a *Analysis) unitName(e *episode) findings.Unit {
	if len(e.units) != 1 {
		return findings.UnitSeveral
	}
	switch u := e.units[0]; {
	case u.container != "":
		return findings.UnitContainer
	case u.owner == 0:
		return findings.UnitPackage
	default:
		if o := a.owners[u.owner]; o != nil {
			return findings.Unit(o.Kind)
		}
		return findings.Unit(record.KindTest)
	}
}

// disambiguateBy says how to run the same again to tell which suspect it was.
func (a *Analysis) disambiguateBy(m *mutation) *findings.Disambiguation {
	held := a.run.Mode == record.ModeInstrumented
	by := func(kind findings.DisambiguationKind) *findings.Disambiguation {
		return &findings.Disambiguation{Kind: kind}
	}
	switch {
	case held && slices.ContainsFunc(m.refs, func(r record.Ref) bool { return r.Process == 0 }):
		return nil // to hold the tests is asked for already, and did not hold them
	case !held && a.run.ModeReason != "--instrument=off":
		return a.oneByOne(m)
	case !held:
		return by(findings.DisambiguateInstrument)
	case m.unsighted:
		return by(findings.DisambiguateWait)
	case a.outcomes.tests.Specs > 0:
		return by(findings.DisambiguateSpecs)
	}
	return by(findings.DisambiguateSerial)
}

// oneByOne is each suspect alone, for where tests cannot be synchronized: the one that leaks
// again did it.
func (a *Analysis) oneByOne(m *mutation) *findings.Disambiguation {
	var tests []string
	for _, s := range a.suspects(m) {
		if top := record.TopLevel(s.Test); top != "" && !slices.Contains(tests, top) {
			tests = append(tests, top)
		}
	}
	if len(tests) == 0 {
		return nil
	}
	return &findings.Disambiguation{Kind: findings.DisambiguateAlone, Tests: tests}
}
