package claims

import (
	"maps"
	"slices"
	"strings"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/rediscmd"
	"tracetest/internal/report/doc"
)

// leftChanged lists how the run left the servers and what was done about it.
func (v *View) leftChanged() []doc.Block {
	if len(v.Changed)+len(v.Restored) == 0 {
		return nil
	}
	blocks := append([]doc.Block{h2("Left changed, and restored")}, doc.Rows(v.Changed, 0, file,
		doc.Column[findings.Changed]{Title: "Server", Cell: func(c findings.Changed) Text { return code(c.Server) }},
		doc.Column[findings.Changed]{Title: "Parameter", Cell: func(c findings.Changed) Text { return code(c.Parameter) }},
		doc.Column[findings.Changed]{Title: "At the end of the run", Cell: func(c findings.Changed) Text { return Value(c.Parameter, c.Value, c.Secret) }},
		doc.Column[findings.Changed]{Title: "Initial value", Cell: func(c findings.Changed) Text { return Value(c.Parameter, c.Initial, c.Secret) }},
		doc.Column[findings.Changed]{Title: "Now", Cell: stateNow},
		doc.Column[findings.Changed]{Title: "Manually", Cell: func(c findings.Changed) Text { return command(c.Command) }, Optional: true})...)
	if len(v.Restored) == 0 {
		return blocks
	}
	return append(append(blocks, para("tracetest wrote to the servers:")), doc.Rows(v.Restored, 0, file,
		doc.Column[findings.Restore]{Title: "Server", Cell: func(w findings.Restore) Text { return code(w.Server) }},
		doc.Column[findings.Restore]{Title: "When", Cell: restoredWhen},
		doc.Column[findings.Restore]{Title: "Values", Cell: func(w findings.Restore) Text {
			var values []Text
			for _, name := range slices.Sorted(maps.Keys(w.Values)) {
				values = append(values, code(name)+" = "+Value(name, w.Values[name], false))
			}
			return List(values, maxBlocks)
		}},
		doc.Column[findings.Restore]{Title: "Result", Cell: func(w findings.Restore) Text {
			if w.Error != "" {
				return "failed: " + say(w.Error)
			}
			return "confirmed by reading it back"
		}})...)
}

func stateNow(c findings.Changed) Text {
	if c.Repaired {
		return "restored by tracetest, and read back"
	}
	if c.Why != "" {
		return "still changed, left alone: " + leftAlone(c.Why)
	}
	return "still changed"
}

// leftAlone says why tracetest did not restore a parameter.
func leftAlone(why record.Why) Text {
	switch why {
	case record.WhyRole:
		return "tracetest never changes who is the master"
	case record.WhyRestarted:
		return "the server restarted, or another one has its address, and its values are its own"
	case record.WhyUntraced:
		return "no test was traced setting it"
	case record.WhyUnsynchronized:
		return "tests were not synchronized while it changed"
	case record.WhyOthers:
		return "another program may have set it"
	case record.WhyUnknown:
		return "INFO does not say whether the server is still the same"
	}
	return say(string(why))
}

func restoredWhen(w findings.Restore) Text {
	switch {
	case w.After != nil:
		return "after " + Owner(*w.After)
	case w.When == "perturb":
		return "to undo `--perturb`"
	}
	return "at the end of the run"
}

// drift lists what was changed before the run.
func (v *View) drift() []doc.Block {
	if len(v.Drift) == 0 {
		return nil
	}
	return append([]doc.Block{h2("Drift before the run"), para("When the run began, these differed from what the server was started with. No test of this run did it: an earlier run or a person did.")},
		doc.Rows(v.Drift, 0, file,
			doc.Column[findings.Drift]{Title: "Server", Cell: func(x findings.Drift) Text { return code(x.Server) }},
			doc.Column[findings.Drift]{Title: "Parameter", Cell: func(x findings.Drift) Text { return code(x.Parameter) }},
			doc.Column[findings.Drift]{Title: "Started with", Cell: func(x findings.Drift) Text { return Value(x.Parameter, x.Started, false) }},
			doc.Column[findings.Drift]{Title: "Known from", Cell: func(x findings.Drift) Text { return say(x.Source) }},
			doc.Column[findings.Drift]{Title: "Initial value", Cell: func(x findings.Drift) Text { return Value(x.Parameter, x.Value, false) }},
			doc.Column[findings.Drift]{Title: "Repair", Cell: func(x findings.Drift) Text { return command(x.Command) }, Optional: true})...)
}

func (v *View) expectations() []doc.Block {
	if len(v.UnmetExpectations) == 0 {
		return nil
	}
	return append([]doc.Block{h2("Expectations not met at the start"), para("The server was like this before the first test ran, so no test of this run did it.")},
		doc.Rows(v.UnmetExpectations, 0, file,
			doc.Column[findings.UnmetExpectation]{Title: "Server", Cell: func(u findings.UnmetExpectation) Text { return code(u.Server) }},
			doc.Column[findings.UnmetExpectation]{Title: "Parameter", Cell: func(u findings.UnmetExpectation) Text { return code(u.Parameter) }},
			doc.Column[findings.UnmetExpectation]{Title: "Expected", Cell: func(u findings.UnmetExpectation) Text { return Value(u.Parameter, u.Expected, false) }},
			doc.Column[findings.UnmetExpectation]{Title: "Found", Cell: func(u findings.UnmetExpectation) Text { return Value(u.Parameter, u.Value, false) }},
			doc.Column[findings.UnmetExpectation]{Title: "Repair", Cell: func(u findings.UnmetExpectation) Text { return command(u.Command) }, Optional: true})...)
}

func (v *View) restarts() []doc.Block {
	if len(v.Restarts) == 0 {
		return nil
	}
	return append([]doc.Block{h2("Restarts")}, doc.Rows(v.Restarts, 0, file,
		doc.Column[findings.Restart]{Title: "Server", Cell: func(r findings.Restart) Text { return code(r.Server) }},
		doc.Column[findings.Restart]{Title: "First seen", Cell: func(r findings.Restart) Text { return v.Clock(r.At) }},
		doc.Column[findings.Restart]{Title: "Active tests", Cell: func(r findings.Restart) Text { return owners(r.Active, maxNamed) }, Optional: true})...)
}

// failovers lists the changes of a master that no test made.
func (v *View) failovers() []doc.Block {
	if len(v.Failovers) == 0 {
		return nil
	}
	role := func(of string) Text {
		if of == "" {
			return "master"
		}
		return "replica of " + code(of)
	}
	through := map[string]Text{"cluster": "the cluster", "sentinel": "Sentinel", "command": "a test that asked for it"}
	blocks := append([]doc.Block{h2("Failovers"), para("These servers got another master, and no test was traced giving it to them. It is no leak, and tracetest leaves it as it is.")}, doc.Rows(v.Failovers, 0, file,
		doc.Column[findings.Failover]{Title: "Server", Cell: func(f findings.Failover) Text { return code(f.Server) }},
		doc.Column[findings.Failover]{Title: "Before", Cell: func(f findings.Failover) Text { return role(f.From) }},
		doc.Column[findings.Failover]{Title: "After", Cell: func(f findings.Failover) Text { return role(f.To) }},
		doc.Column[findings.Failover]{Title: "Through", Cell: func(f findings.Failover) Text { return through[f.Through] }},
		doc.Column[findings.Failover]{Title: "First seen", Cell: func(f findings.Failover) Text { return v.Clock(f.At) }},
		doc.Column[findings.Failover]{Title: "Active tests", Cell: func(f findings.Failover) Text { return owners(f.Active, maxNamed) }, Optional: true})...)
	for _, w := range v.Writes {
		if rediscmd.Of(w.Command).AsksForFailover() && !strings.HasPrefix(w.Reply, "-") {
			text := "A test asked for one: " + code(strings.Join(w.Command, " "))
			if w.By != nil {
				text += ", by " + Owner(*w.By)
			}
			blocks = append(blocks, para(text+"."))
		}
	}
	return blocks
}

// growth lists who left most behind.
func (v *View) growth() []doc.Block {
	if len(v.Growth) == 0 {
		return nil
	}
	text := Text("Growth between the begin and the end of each test, most keys first. Memory includes the buffers of connections.")
	if v.Run.Mode != record.ModeInstrumented {
		text = "Growth over each test, most keys first. Tests were not synchronized, so the figures are rough."
	}
	return append([]doc.Block{h2("Growth"), para(text)}, doc.Rows(v.Growth, 10, file,
		doc.Column[findings.Growth]{Title: "By", Cell: func(g findings.Growth) Text { return Owner(g.By) }},
		doc.Column[findings.Growth]{Title: "Package", Cell: func(g findings.Growth) Text { return packageOf(&g.By) }, Optional: true},
		doc.Column[findings.Growth]{Title: "Server", Cell: func(g findings.Growth) Text { return v.serverOf(g.Server) }, Optional: true},
		doc.Column[findings.Growth]{Title: "Memory", Cell: func(g findings.Growth) Text { return size(g.Bytes) }, Right: true},
		doc.Column[findings.Growth]{Title: "Bytes", Cell: func(g findings.Growth) Text { return itoa(int(g.Bytes)) }, Right: true},
		doc.Column[findings.Growth]{Title: "Keys", Cell: func(g findings.Growth) Text { return itoa(int(g.Keys)) }, Right: true},
		doc.Column[findings.Growth]{Title: "By database", Cell: databases, Optional: true})...)
}

// serverOf names a server where several were watched.
func (v *View) serverOf(address string) Text {
	if len(v.Servers) < 2 {
		return ""
	}
	return code(address)
}

// databases are the keys by database, where there is more than db0.
func databases(g findings.Growth) Text {
	if _, only := g.Databases["db0"]; only && len(g.Databases) == 1 {
		return ""
	}
	var all []Text
	for _, db := range slices.Sorted(maps.Keys(g.Databases)) {
		all = append(all, code(db)+" "+itoa(int(g.Databases[db])))
	}
	return List(all, maxNamed)
}

// origins is what a server is known to have been started with.
func origins(s findings.Server) Text {
	var all []Text
	for _, name := range slices.Sorted(maps.Keys(s.StartedWith)) {
		all = append(all, startedWith(name, s.StartedWith[name]))
	}
	return List(all, maxNamed)
}

func startedWith(name string, o record.Origin) Text {
	return code(name) + " = " + Value(name, o.Value, false) + " (" + say(o.Source) + ")"
}

// writes lists the commands that changed a server rather than data.
func (v *View) writes() []doc.Block {
	if len(v.Writes) == 0 {
		return nil
	}
	mixed := slices.ContainsFunc(v.Writes, func(w findings.Write) bool { return w.Certainty != findings.Exact })
	return append([]doc.Block{h2("Commands that change a server"), para("What the tests' own connections sent, in the order in which it was first traced.")}, doc.Rows(v.Writes, 40, file,
		doc.Column[findings.Write]{Title: "Command", Cell: func(w findings.Write) Text { return code(strings.Join(w.Command, " ")) }},
		doc.Column[findings.Write]{Title: "Times", Cell: func(w findings.Write) Text { return itoa(w.Count) }, Right: true},
		doc.Column[findings.Write]{Title: "By", Cell: func(w findings.Write) Text {
			text := By{Owner: w.By, Suspects: w.Suspects, Earlier: w.AndEarlier}.Text(maxNamed)
			if w.Others > 0 {
				text += " and " + Count(w.Others, "other")
			}
			return text
		}},
		doc.Column[findings.Write]{Title: "Certainty", Cell: func(w findings.Write) Text {
			if !mixed { // all are exact
				return ""
			}
			return Sure(w.Certainty)
		}, Optional: true},
		doc.Column[findings.Write]{Title: "Where", Cell: func(w findings.Write) Text {
			if w.Call == nil {
				return ""
			}
			return v.cellLink(w.Call.Place())
		}, Optional: true},
		doc.Column[findings.Write]{Title: "Answer", Cell: func(w findings.Write) Text {
			if w.Reply == "" || strings.HasPrefix(w.Reply, "+") || strings.HasPrefix(w.Reply, "*") {
				return ""
			}
			return code(strings.TrimPrefix(w.Reply, "-"))
		}, Optional: true},
		doc.Column[findings.Write]{Title: "Server", Cell: func(w findings.Write) Text {
			if len(v.Endpoints) < 2 {
				return ""
			}
			return code(w.Server)
		}, Optional: true})...)
}
