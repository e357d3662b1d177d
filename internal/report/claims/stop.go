package claims

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"tracetest/internal/findings"
	"tracetest/internal/rediscli"
	"tracetest/internal/redisconf"
	"tracetest/internal/report/doc"
)

// maxCommands is how many commands the first lines show.
const maxCommands = 10

func commands(all ...string) doc.Block {
	return doc.Fence{Lang: "sh", Lines: Compact(all)}
}

// Stop answers the third question: the command that repairs the server now,
// the clean-up to add, and how to see that it helps.
func (v *View) Stop() []doc.Block {
	lead, now := v.repair()
	blocks := []doc.Block{sentences("Fix.", lead)}
	if len(now) > 0 {
		if more := len(now) - maxCommands; more > 0 {
			now = append(now[:maxCommands:maxCommands], string("# and "+itoa(more)+" more, see below"))
		}
		blocks = append(blocks, doc.Fence{Lang: "sh", Lines: now})
	}
	if len(v.Leaks) > 0 {
		blocks = append(append(blocks, v.forGood()...), v.inDepth()...)
	} else if len(v.revertedVictims()) > 0 {
		blocks = append(blocks, para("For good: do not run the failing tests beside the change (no `t.Parallel`), or give the test that makes it a server of its own."))
	}
	blocks = append(blocks, v.confirmLikely()...)
	if v.spotless() || len(v.Leaks)+len(v.Changed)+len(v.UnmetExpectations)+len(v.revertedVictims()) == 0 || len(v.Run.Command) == 0 {
		return blocks // nothing to confirm
	}
	expected := Text("it must not report this again")
	if len(v.Leaks) > 0 {
		expected = "it must report no leak"
	}
	if slices.ContainsFunc(v.Leaks, func(c findings.Change) bool { return len(c.AlsoSetBy) > 0 }) {
		expected = "once everybody who sets these values restores them, " + expected
	}
	return append(blocks, para("To confirm, run the same again; "+expected+":"), commands(rediscli.Join(v.Run.Command)))
}

// State is how the servers are now, by parameter, and the commands that put right
// what is wrong.
type State struct {
	Open     []string // still changed
	Restored []string // by tracetest
	Manual   []string // only by hand: tracetest keeps no secret values
	Added    []string // the server had no such parameter: a module brought it
	Wrong    []string // from the start
	Roles    []string // servers that the run gave another master
	Commands []string
	roles    []string // commands for these
	again    []string // that would restore what is restored already
}

// State says how the servers are now.
func (v *View) State() State {
	var s State
	for _, c := range v.Changed {
		switch {
		case redisconf.IsRole(c.Parameter) && !c.Repaired:
			s.Roles = append(s.Roles, c.Server)
			if c.Command != "" {
				s.roles = append(s.roles, "# not before you know that nothing is lost by it:", c.Command)
			}
		case v.wrongBefore(c):
			// its command would bring back what was wrong to begin with
		case c.Repaired:
			s.Restored, s.again = append(s.Restored, c.Parameter), append(s.again, c.Command)
		case c.Command == "" && !c.Secret:
			s.Added = append(s.Added, c.Parameter)
		case c.Command == "":
			s.Manual = append(s.Manual, c.Parameter)
		default:
			s.Open, s.Commands = append(s.Open, c.Parameter), append(s.Commands, c.Command)
		}
	}
	for _, x := range v.Drift {
		s.Wrong, s.Commands = append(s.Wrong, x.Parameter), append(s.Commands, x.Command)
	}
	for _, u := range v.UnmetExpectations {
		s.Wrong, s.Commands = append(s.Wrong, u.Parameter), append(s.Commands, u.Command)
	}
	for _, d := range v.Dirty {
		if !v.listed(d) {
			s.Wrong, s.Commands = append(s.Wrong, d.Parameter), append(s.Commands, d.Command)
		}
	}
	s.Roles = Unique(s.Roles)
	s.Open, s.Restored, s.Manual, s.Wrong = Unique(s.Open), Unique(s.Restored), Unique(s.Manual), Unique(s.Wrong)
	s.Added = Unique(s.Added)
	s.Commands = Compact(s.Commands)
	return s
}

// wrongBefore reports whether a changed parameter was wrong in the first place.
func (v *View) wrongBefore(c findings.Changed) bool {
	return slices.ContainsFunc(v.UnmetExpectations, func(u findings.UnmetExpectation) bool {
		return u.Server == c.Server && u.Parameter == c.Parameter && u.Command != ""
	}) || slices.ContainsFunc(v.Drift, func(x findings.Drift) bool {
		return x.Server == c.Server && x.Parameter == c.Parameter && x.Command != ""
	})
}

// repair says what to do with the server now, and the commands for it.
func (v *View) repair() (Text, []string) {
	s := v.State()
	var lead []Text
	if len(s.Restored) > 0 {
		text := "tracetest restored " + List(Names(s.Restored), maxNamed) + v.byRestore()
		if again := Compact(s.again); len(s.Commands) == 0 && len(again) > 0 {
			s.Commands = again
			text += "; to do it manually:"
		} else {
			text += "."
		}
		lead = append(lead, text)
	}
	if len(s.Added) > 0 {
		lead = append(lead, "The server did not have "+List(Names(s.Added), maxNamed)+" before; it goes when the module that brought it is unloaded.")
	}
	if len(s.Manual) > 0 {
		lead = append(lead, List(Names(s.Manual), maxNamed)+" must be restored manually: tracetest keeps no secret values.")
	}
	if len(s.Roles) > 0 {
		text := "The run gave " + List(Names(s.Roles), maxNamed) + " another master, which tracetest never changes"
		if len(s.Open)+len(s.Wrong) == 0 && len(s.roles) > 0 {
			text += "; to undo it:"
		} else {
			text += "."
		}
		lead = append(lead, text)
		s.Commands = Compact(append(s.roles, s.Commands...))
	}
	for _, d := range v.Dirty {
		if !v.listed(d) && d.Command != "" {
			text := stood(d).Upper()
			if d.Source == "default" {
				text += "; Redis's default is " + Value(d.Parameter, d.Should, false)
			}
			lead = append(lead, text+".")
		}
	}
	var parts []Text
	if n := len(s.Open); n > 0 {
		parts = append(parts, List(Names(s.Open), maxNamed)+" "+Plural(n, "is", "are")+" still changed")
	}
	if n := len(s.Wrong); n > 0 {
		parts = append(parts, List(Names(s.Wrong), maxNamed)+" "+Plural(n, "was", "were")+" wrong when the run began")
	}
	if len(parts) > 0 {
		text := doc.Join(parts, ", and ")
		if len(s.Commands) > 0 {
			text += "; to repair it:"
		} else {
			text += "."
		}
		lead = append(lead, text)
	}
	if len(lead) == 0 {
		return v.nothingLeft(), nil
	}
	return "Now: " + doc.Join(lead, " "), s.Commands
}

// Compact drops the empty and the repeated: one command may restore several
// parameters. A command that cannot be shown as it is must not be
// copied, so a remark stands for it.
func Compact(all []string) []string {
	var kept []string
	for _, c := range Unique(all) {
		switch {
		case c == "":
		case doc.Clean(c) != c:
			kept = append(kept, "# this command holds unprintable characters: see findings.json")
		default:
			kept = append(kept, c)
		}
	}
	return Unique(kept)
}

func (v *View) byRestore() Text {
	switch v.Run.Restore {
	case "run", "test":
		return " (" + code("--restore="+v.Run.Restore) + ")"
	}
	return ""
}

// nothingLeft says why the server needs no repair.
func (v *View) nothingLeft() Text {
	if len(v.Leaks) == 0 {
		if v.Clean() {
			if len(v.unexplained) > 0 {
				return "No parameter was left changed. Why writes were refused is said above."
			}
			return "Nothing to repair."
		}
		return "Nothing to repair that was observed."
	}
	tool, other := false, []Text{}
	for _, c := range v.Leaks {
		tool = tool || c.RestoredByTool
		if c.RestoredBy != nil {
			other = append(other, Owner(*c.RestoredBy))
		}
	}
	text := Text("Now: nothing is left to repair")
	switch other = Unique(other); {
	case tool && len(other) == 0:
		text += "; tracetest restored everything" + v.byRestore()
	case tool:
		text += "; tracetest and " + List(other, maxNamed) + " restored everything"
	case len(other) > 0:
		text += ", but only because " + List(other, maxNamed) + " happened to restore it later"
	case slices.ContainsFunc(v.Leaks, func(c findings.Change) bool { return v.stopped(c.Server) }):
		text += ": the server is gone, the tests stopped it"
	}
	return text + "."
}

// FixIsCode reports whether the report has code that stops the first leak.
func (v *View) FixIsCode() bool {
	return len(v.Groups) > 0 && v.Groups[0].Accused() && !v.Groups[0].isRole()
}

// isRole reports whether it is another master alone that was left, which no test may restore.
func (g Group) isRole() bool {
	first := g.Changes[0]
	return redisconf.IsRole(first.Parameter) && !first.Untraced && len(g.Changes) == 1
}

// Fix says how to stop the first leak, in a sentence.
func (v *View) Fix() Text {
	if len(v.Groups) == 0 {
		return ""
	}
	g := v.Groups[0]
	first := g.Changes[0]
	if g.isRole() {
		return "give the test that changes the master servers of its own"
	}
	if !g.Accused() {
		if first.Disambiguate != "" {
			return "first find out who: " + doc.Whole(first.Disambiguate)
		}
		return ""
	}
	fixes := v.Fixes(g)
	if len(fixes) == 0 || fixes[0].Line == 0 {
		where := Text("")
		if call := firstCall(first); call != nil {
			where = " at " + v.short(testPlace(call))
		}
		return "save " + g.parameters() + " before the change" + where + " and restore " + Plural(len(g.Changes), "it", "them") + " in a clean-up"
	}
	f := fixes[0]
	text := "save " + List(Names(f.parameters), maxNamed) + " before " + v.short(f.place()) + " and restore " + Plural(len(f.parameters), "it", "them") + " " + f.how()
	if len(f.Replace) > 0 && f.closes {
		text += "; the client is closed too early, at " + v.short(f.Replace[0].File+":"+strconv.Itoa(f.Replace[0].Line))
	}
	return text
}

// how says how a fix restores, in words.
func (f Fix) how() Text {
	for _, line := range f.Lines {
		switch {
		case strings.HasPrefix(line, "defer func()"):
			return "in a defer, which runs before the client is closed"
		case strings.Contains(line, "DeferCleanup("):
			return "in `DeferCleanup`"
		case strings.Contains(line, ".Cleanup(func() {"):
			return "in " + code(line[:strings.Index(line, "(func() {")])
		}
	}
	if len(f.Replace) > 0 {
		return "behind " + code("m.Run")
	}
	return "in a clean-up"
}

// forGood shows the clean-up that was missing, for the first leak.
func (v *View) forGood() []doc.Block {
	g := v.Groups[0]
	first := g.Changes[0]
	if redisconf.IsRole(first.Parameter) && !first.Untraced && len(g.Changes) == 1 {
		return []doc.Block{para("For good: give the test that changes who is the master servers of its own. To change it back in a clean-up loses what was written meanwhile.")}
	}
	if first.Untraced {
		return []doc.Block{para("For good: find the writer first. A clean-up in a test helps only if a test made the change.")}
	}
	var blocks []doc.Block
	if first.By == nil && first.Disambiguate != "" {
		blocks = append(blocks, para("First find out who it is:"), commands(first.Disambiguate))
	}
	lead := Text("For good: ")
	if len(v.Groups) > 1 {
		lead = "For good, shown for leak 1: "
	}
	return append(blocks, v.fixBlocks(g, lead)...)
}

// inDepth shows what keeps a leak from reaching the next run.
func (v *View) inDepth() []doc.Block {
	values := make(map[string]map[string]string) // by server
	for _, c := range v.Leaks {
		if c.Secret || doc.Clean(c.Initial) != c.Initial || redisconf.IsRole(c.Parameter) || v.stopped(c.Server) {
			continue
		}
		for _, address := range c.Servers() {
			if values[address] == nil {
				values[address] = make(map[string]string)
			}
			values[address][c.Parameter] = c.Initial
			for _, s := range v.Servers {
				if was, moved := s.Perturbed[c.Parameter]; moved && s.Address == address {
					values[address][c.Parameter] = was
				}
			}
		}
	}
	var checks, lines []string
	for _, server := range slices.Sorted(maps.Keys(values)) {
		words := []string{"tracetest", "check", "--redis", server, "--fix"}
		for _, s := range v.Servers {
			if s.Address == server {
				words = append(words, rediscli.TLS(s.TLSFiles).Words()...)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(values[server])) {
			words = append(words, "--expect", name+"="+values[server][name])
			if line := strings.TrimSpace(name + " " + values[server][name]); values[server][name] != "" && !slices.Contains(lines, line) {
				lines = append(lines, line)
			}
		}
		checks = append(checks, rediscli.Join(words))
	}
	if len(checks) == 0 || len(checks) > maxNamed || len(lines) > maxCommands {
		return nil
	}
	blocks := []doc.Block{para("Defence in depth: check the server before each run, so that leftovers of another run are caught:"), commands(checks...)}
	if len(values) == 1 && len(lines) > 0 {
		blocks = append(blocks, para("Also start the server, or its container, with a `redis.conf` that holds the values: a restart then brings them back."), doc.Fence{Lang: "conf", Lines: lines})
	}
	return blocks
}

// clientOf names the client that a call was made with, by the innermost frame
// of one that there is a dialect for; empty when it shows none.
func clientOf(c *findings.Call) string {
	if c == nil {
		return ""
	}
	for _, line := range c.Stack {
		for prefix, client := range map[string]string{
			"github.com/redis/go-redis/": "go-redis v9", "github.com/go-redis/redis/v8": "go-redis v8", "github.com/gomodule/redigo/": "redigo",
			"github.com/redis/rueidis": "rueidis", "github.com/valkey-io/valkey-go": "valkey-go", "github.com/mediocregopher/radix/v4": "radix",
		} {
			if strings.HasPrefix(line, prefix) {
				return client
			}
		}
	}
	return ""
}

// cleanupOf picks the clean-up that fits an owner.
func cleanupOf(c findings.Change) string {
	if c.Call != nil && chained(c.Call, "github.com/stretchr/testify/suite.") {
		return "testify suite"
	}
	if c.By != nil {
		return string(kindOf(*c.By))
	}
	if c.AndEarlier > 0 {
		return "test"
	}
	kind := Text("test")
	for i, s := range c.Suspects {
		if k := kindOf(s); i == 0 {
			kind = k
		} else if k != kind {
			return "test"
		}
	}
	return string(kind)
}
