package triage

import (
	"slices"
	"strconv"
	"strings"

	"tracetest/internal/findings"
	"tracetest/internal/record"
)

// change turns a judged episode into a finding.
func (ws *writers) change(e *episode) findings.Change {
	m := e.settled
	c := ws.describe(m)
	c.From, c.Unit = e.from, ws.unitName(e)
	usual, moved := e.server.Perturbed[e.parameter]
	c.Constant = c.By != nil && c.To != c.From && (moved && c.To == usual || e.setBackOnce())
	ws.place(e, &c)
	if e.cut {
		c.Caveats = append(c.Caveats, findings.Caveat{Kind: findings.CaveatRecordEnds, Unit: c.Unit})
	}
	if e.unseen && !e.cut {
		c.Caveats = append(c.Caveats, findings.Caveat{Kind: findings.CaveatOutOfSight, Unit: c.Unit})
	}
	if e.early != nil && e.restoredBy != nil {
		c.Caveats = append(c.Caveats, findings.Caveat{Kind: findings.CaveatEarlyLeak, Owners: ws.window.names([]record.Ref{*e.early})})
	}
	ws.restoredBy(&c, e.restoredBy)
	return c
}

// place says where a clean-up can stand: at the first write that the unit changed the parameter
// with, for the value that a later one finds is not the one to restore.
func (ws *writers) place(e *episode, c *findings.Change) {
	for _, m := range e.mutations {
		if m.write == nil || m.call == nil || !slices.Equal(m.refs, e.settled.refs) {
			continue
		}
		if c.Call != nil && (m.call.File != c.Call.File || m.call.Line != c.Call.Line || !slices.Equal(m.call.Chain, c.Call.Chain)) {
			c.First = m.call
		}
		if site := m.write.Site; site != nil && slices.ContainsFunc(m.call.Chain, func(line string) bool {
			return strings.HasSuffix(line, " "+site.File+":"+strconv.Itoa(site.Call))
		}) {
			c.Site = site
			ws.unreached(e, c)
		}
		return
	}
}

// unreached notes the clean-ups that the source has for a leak and that no write came from.
func (ws *writers) unreached(e *episode, c *findings.Change) {
	if !ws.window.run.Traced || !e.leaked || e.cut || e.unseen {
		return
	}
	for _, cleanup := range c.Site.Cleanups {
		sent := slices.ContainsFunc(ws.noted, func(n *notedWrite) bool {
			return n.call != nil && slices.ContainsFunc(n.call.Chain, func(frame string) bool {
				file, line, _ := cutLine(frame)
				return file == cleanup.File && cleanup.Line <= line && line <= cleanup.Until
			})
		})
		if sent == (cleanup.Why == record.WhyAtOnce) {
			c.Cleanups = append(c.Cleanups, findings.Cleanup{Location: cleanup.File + ":" + strconv.Itoa(cleanup.Line), Why: cleanup.Why})
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

// restoredBy says who restored a parameter later.
func (ws *writers) restoredBy(c *findings.Change, by *mutation) {
	switch {
	case by == nil:
	case by.tool:
		c.RestoredByTool = true
	case by.restart:
		c.Caveats = append(c.Caveats, findings.Caveat{Kind: findings.CaveatRestarted})
	default:
		switch who := ws.suspects(by); len(who) {
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
func (ws *writers) describe(m *mutation) findings.Change {
	c := findings.Change{Server: m.server.Address, Parameter: m.parameter, From: m.from, To: m.to, Initial: m.initial, Certainty: findings.Inferred,
		Suspects: []record.Name{}, AlsoSetBy: []findings.Setter{}, Cleanups: []findings.Cleanup{}, Nodes: []string{}, At: m.received, Unit: findings.Unit(record.KindTest), Secret: hidden(m.from) || hidden(m.to) || hidden(m.initial)}
	c.Caveats = append([]findings.Caveat{}, m.caveats...)
	c.Call, c.OtherClients, c.Untraced = m.call, ws.otherClientsAt(m), m.untraced
	names := ws.suspects(m)
	if len(names) != 1 || m.earlier > 0 {
		c.AndEarlier = m.earlier
		c.Certainty, c.Suspects, c.DisambiguateBy = findings.Ambiguous, names, ws.disambiguateBy(m)
		return c
	}
	if m.exact {
		c.Certainty = findings.Exact
	}
	c.By = &names[0]
	ref := m.refs[0]
	if node := ws.window.suiteNode(ref, ws.window.phaseIn(m)); node != nil {
		c.Location = node.Location
		return c
	}
	if o := ws.window.actors[ref.Owner]; o != nil {
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

func (ws *writers) unitName(e *episode) findings.Unit {
	if len(e.units) != 1 {
		return findings.UnitSeveral
	}
	switch u := e.units[0]; {
	case u.container != "":
		return findings.UnitContainer
	case u.actor == 0:
		return findings.UnitPackage
	default:
		if o := ws.window.actors[u.actor]; o != nil {
			return findings.Unit(o.Kind)
		}
		return findings.Unit(record.KindTest)
	}
}

// disambiguateBy says how to run the same again to tell which suspect it was.
func (ws *writers) disambiguateBy(m *mutation) *findings.Disambiguation {
	instrumented := ws.window.instrumented()
	by := func(kind findings.DisambiguationKind) *findings.Disambiguation {
		return &findings.Disambiguation{Kind: kind}
	}
	switch {
	case instrumented && slices.ContainsFunc(m.refs, func(r record.Ref) bool { return r.Process == 0 }):
		return nil // to hold the tests is asked for already, and did not hold them
	case !instrumented && ws.window.run.ModeReason != "--instrument=off":
		return ws.oneByOne(m)
	case !instrumented:
		return by(findings.DisambiguateInstrument)
	case m.unsighted:
		return by(findings.DisambiguateWait)
	case ws.outcomes.tests.Specs > 0:
		return by(findings.DisambiguateSpecs)
	}
	return by(findings.DisambiguateSerial)
}

// oneByOne is each suspect alone, for where tests cannot be synchronized: the one that leaks
// again did it.
func (ws *writers) oneByOne(m *mutation) *findings.Disambiguation {
	var tests []string
	for _, s := range ws.suspects(m) {
		if top := record.TopLevel(s.Test); top != "" && !slices.Contains(tests, top) {
			tests = append(tests, top)
		}
	}
	if len(tests) == 0 {
		return nil
	}
	return &findings.Disambiguation{Kind: findings.DisambiguateAlone, Tests: tests}
}
