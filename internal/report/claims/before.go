package claims

import (
	"slices"
	"strings"

	"tracetest/internal/findings"
	"tracetest/internal/rediscli"
	"tracetest/internal/report/doc"
)

// What is said of a server that was wrong before the first test. Who may have left
// it so is likely at most: nobody of this run was seen doing it.

// stood says how a server was before the first test.
func stood(d findings.Dirty) Text {
	text := Text("before the first test ")
	if d.Discovered {
		text = "when a test first used it "
	}
	text += code(d.Parameter) + " of " + code(d.Server) + " was " + Value(d.Parameter, d.Value, false)
	if d.Used >= 0 {
		text += ", with " + size(d.Used) + " in use"
	}
	switch d.Source {
	case "default":
	case "--expect":
		text += "; " + Value(d.Parameter, d.Should, false) + " was expected (`--expect`)"
	default:
		text += "; the server was started with " + Value(d.Parameter, d.Should, false) + " (" + say(d.Source) + ")"
	}
	return text
}

// dirtyClause is the headline where nothing leaked and failures got what was set before
// the first test; else empty.
func (v *View) dirtyClause(failed []Text) Text {
	if len(v.Leaks) > 0 {
		return ""
	}
	for _, d := range v.Dirty {
		if d.Failures == 0 {
			continue
		}
		text := code(d.Parameter) + " was " + shortValue(d.Parameter, d.Value, false) + " before the first test: " +
			Text(strings.ReplaceAll(string(doc.Join(failed, "; ")), underBefore, "under it"))
		for _, s := range d.Likely {
			if s.By != nil && s.Count == 1 {
				return text + "; likely " + v.setter(s) + " left it so in an earlier run"
			}
		}
		return text
	}
	return ""
}

// likely says who may have left it so, or is empty.
func (v *View) likely(d findings.Dirty) Text {
	var once, often []Text
	for _, s := range d.Likely {
		if who := v.setter(s); s.Count == 1 {
			once = append(once, who)
		} else {
			often = append(often, who+" "+times(s.Count))
		}
	}
	var parts []Text
	if n := len(once); n > 0 {
		parts = append(parts, List(once, maxNamed)+" "+Plural(n, "sets", "set")+" just that value and "+Plural(n, "does", "do")+" not restore it. "+
			Plural(n, "Likely it", "Likely one of them")+" left it so in an earlier run.")
	}
	if n := len(often); n > 0 {
		parts = append(parts, List(often, maxNamed)+" "+Plural(n, "sets", "set")+" it as well, perhaps to restore what was found.")
	}
	return doc.Join(parts, " ")
}

// setter names who sets a parameter, and where.
func (v *View) setter(s findings.Setter) Text {
	who := "one of " + owners(s.Suspects, 3) + orEarlier(s.AndEarlier)
	if s.By != nil {
		who = Owner(*s.By)
	}
	if s.Call != nil {
		who += " (" + v.link(s.Call.TestPlace()) + ")" // rather than the line of a helper which all share
	}
	return who
}

// beforeMemory says in sentences how the limits were wrong before the first test.
func (v *View) beforeMemory() Text {
	var all []Text
	for _, d := range v.Dirty {
		if !strings.HasPrefix(d.Parameter, "maxmemory") {
			continue
		}
		all = append(all, stood(d).Upper()+".")
		if who := v.likely(d); who != "" {
			all = append(all, who)
		}
	}
	return doc.Join(all, " ")
}

// listed reports whether the lists of what drifted, or was not as expected, before the
// run have a parameter as well.
func (v *View) listed(d findings.Dirty) bool {
	return v.drifted(d.Server, d.Parameter) ||
		slices.ContainsFunc(v.UnmetExpectations, func(u findings.UnmetExpectation) bool { return u.Server == d.Server && u.Parameter == d.Parameter })
}

// beforeFirst lists what was wrong before the first test.
func (v *View) beforeFirst() []doc.Block {
	if len(v.Dirty) == 0 {
		return nil
	}
	return append([]doc.Block{h2("Before the first test"), para("These values were there when the run began. A test that sets the value which is there already changes nothing. A test that sets it and restores nothing is likely to have left it in an earlier run.")},
		doc.Rows(v.Dirty, 0, file,
			doc.Column[findings.Dirty]{Title: "Parameter", Cell: func(d findings.Dirty) Text { return code(d.Parameter) }},
			doc.Column[findings.Dirty]{Title: "Server", Cell: func(d findings.Dirty) Text { return v.serverOf(d.Server) }, Optional: true},
			doc.Column[findings.Dirty]{Title: "Initial value", Cell: func(d findings.Dirty) Text { return Value(d.Parameter, d.Value, false) }},
			doc.Column[findings.Dirty]{Title: "In use then", Cell: func(d findings.Dirty) Text {
				if d.Used < 0 {
					return ""
				}
				return size(d.Used)
			}, Right: true, Optional: true},
			doc.Column[findings.Dirty]{Title: "Failures under it", Cell: func(d findings.Dirty) Text { return some(d.Failures) }, Right: true, Optional: true},
			doc.Column[findings.Dirty]{Title: "Likely left by", Cell: func(d findings.Dirty) Text {
				var who []Text
				for _, s := range d.Likely {
					text := v.setter(s)
					if s.Count > 1 {
						text += ", " + times(s.Count) + ", perhaps to restore it"
					}
					who = append(who, text)
				}
				return List(who, maxNamed)
			}, Optional: true},
			doc.Column[findings.Dirty]{Title: "Repair", Cell: func(d findings.Dirty) Text { return command(d.Command) }, Optional: true})...)
}

// confirmLikely says how to make sure of who left a server wrong before the run.
func (v *View) confirmLikely() []doc.Block {
	var checks []string
	likely := 0
	for _, d := range v.Dirty {
		checks = append(checks, rediscli.Join([]string{"tracetest", "check", "--redis", d.Server, "--expect", d.Parameter + "=" + d.Should}))
		likely += len(d.Likely)
	}
	if len(checks) == 0 {
		return nil
	}
	var blocks []doc.Block
	if likely > 0 && len(v.Run.Command) > 0 {
		blocks = append(blocks, para("To confirm who left it, repair it and run the same again: whoever leaves it then is named. Or leave it, and let `--perturb` move it off that value before the tests:"), commands(rediscli.Join(perturbed(v.Run.Command))))
	}
	return append(blocks, para("Whether it is so again, before a suite runs:"), commands(checks...))
}

// perturbed is a command with --perturb.
func perturbed(command []string) []string {
	if slices.Contains(command, "--perturb") {
		return command
	}
	return slices.Insert(slices.Clone(command), min(1, len(command)), "--perturb")
}

// alsoSetBy says who sets the value of a leak as well, masked by it.
func (v *View) alsoSetBy(c findings.Change) Text {
	n := len(c.AlsoSetBy)
	if n == 0 {
		return ""
	}
	var who []Text
	for _, s := range c.AlsoSetBy {
		who = append(who, v.setter(s))
	}
	return itoa(n) + " " + Plural(n, "other sets", "others set") + " " + code(c.Parameter) + " to the same value later (" + List(who, maxNamed) + ") and " +
		Plural(n, "does", "do") + " not restore it: " + Plural(n, "it leaks", "they leak") + " too, and `--restore=test` shows " + Plural(n, "it", "them")
}
