package report

import (
	"maps"
	"slices"
	"strings"

	"tracetest/internal/rediscli"
	"tracetest/internal/redisconf"
	"tracetest/internal/triage"
)

// maxCommands is how many commands the first lines show.
const maxCommands = 10

// stop answers the third question: the command that repairs the server now,
// the clean-up to add, and how to see that it helps.
func (p *page) stop() {
	lead, commands := p.repair()
	p.text("**Stop it.** " + lead)
	if len(commands) > 0 {
		more := len(commands) - maxCommands
		if more > 0 {
			commands = append(commands[:maxCommands:maxCommands], "# and "+itoa(more)+" more, see below")
		}
		p.fence("sh", commands)
	}
	if len(p.Leaks) > 0 {
		p.forGood()
		p.inDepth()
	} else if len(p.containedFailures()) > 0 {
		p.text("For good: keep the failing tests from running while the change is in force (no `t.Parallel` beside it), or give the test that makes it a server of its own.")
	}
	p.confirmLikely()
	if p.clean() && len(p.Failures)+len(p.Unmet)+len(p.Polluted) == 0 {
		return // nothing to confirm
	}
	if len(p.Leaks)+len(p.Changed)+len(p.Unmet)+len(p.containedFailures()) == 0 || len(p.Run.Command) == 0 {
		return
	}
	expected := "it must not report this again"
	if len(p.Leaks) > 0 {
		expected = "it must report no leak"
	}
	if slices.ContainsFunc(p.Leaks, func(c triage.Change) bool { return len(c.AlsoSetBy) > 0 }) {
		expected = "once everybody who sets these values puts them back, " + expected
	}
	p.text("To confirm, run the same again; " + expected + ":")
	p.fence("sh", compactCommands([]string{rediscli.Join(p.Run.Command)}))
}

// repair says what to do with the server now, and the commands for it.
func (p *page) repair() (string, []string) {
	var open, done, byHand, roles, wrong, commands, again []string
	for _, c := range p.Changed {
		switch {
		case redisconf.IsRole(c.Parameter) && !c.Repaired:
			roles = append(roles, c.Server)
			if c.Command != "" {
				commands = append(commands, "# not before you know that nothing is lost by it:", c.Command)
			}
		case p.expected(c):
			continue // its command would put back what was wrong to begin with
		case c.Repaired:
			done = append(done, c.Parameter)
			again = append(again, c.Command)
			continue
		case c.Command == "":
			byHand = append(byHand, c.Parameter)
		default:
			open = append(open, c.Parameter)
			commands = append(commands, c.Command)
		}
	}
	for _, x := range p.Polluted {
		if x.Command != "" {
			wrong = append(wrong, x.Parameter)
			commands = append(commands, x.Command)
		}
	}
	for _, u := range p.Unmet {
		if u.Command != "" {
			wrong = append(wrong, u.Parameter)
			commands = append(commands, u.Command)
		}
	}
	var lead []string
	if len(done) > 0 {
		text := "tracetest put " + list(p.k.names(unique(done)), maxTold) + " back" + p.byRestore()
		if len(commands) == 0 {
			commands = again
			if len(compactCommands(again)) > 0 {
				text += "; by hand it is the command below"
			}
		}
		lead = append(lead, text+".")
	}
	if len(byHand) > 0 {
		lead = append(lead, list(p.k.names(unique(byHand)), maxTold)+" must be put back by hand: tracetest keeps no secret values.")
	}
	if len(roles) > 0 {
		text := "The run gave " + list(p.k.names(unique(roles)), maxTold) + " another master, which tracetest never changes"
		if len(open)+len(wrong) == 0 && len(commands) > 0 {
			text += "; to undo it:"
		} else {
			text += "."
		}
		lead = append(lead, text)
	}
	if text := p.notRight(open, wrong); text != "" {
		lead = append(lead, text+"; to put that right:")
	}
	for _, d := range p.Dirty {
		if p.listed(d) || d.Command == "" {
			continue // its command is among those
		}
		text := p.k.stood(d) + "; to put it to " + p.k.value(d.Parameter, d.Should, false)
		if d.Source == "default" {
			text += ", Redis's default"
		}
		lead = append(lead, text+":")
		commands = append(commands, d.Command)
	}
	if len(lead) == 0 {
		return p.nothingLeft(), nil
	}
	return "Now: " + strings.Join(lead, " "), compactCommands(commands)
}

// expected reports whether a changed parameter did not meet an expectation in
// the first place.
func (v *survey) expected(c triage.Changed) bool {
	for _, u := range v.Unmet {
		if u.Server == c.Server && u.Parameter == c.Parameter && u.Command != "" {
			return true
		}
	}
	return slices.ContainsFunc(v.Polluted, func(x triage.Polluted) bool {
		return x.Server == c.Server && x.Parameter == c.Parameter && x.Command != ""
	})
}

// notRight names what is still changed, and what was wrong from the start.
func (p *page) notRight(open, wrong []string) string {
	var parts []string
	if open = unique(open); len(open) > 0 {
		parts = append(parts, list(p.k.names(open), maxTold)+" "+plural(len(open), "is", "are")+" still changed")
	}
	if wrong = unique(wrong); len(wrong) > 0 {
		parts = append(parts, list(p.k.names(wrong), maxTold)+" "+plural(len(wrong), "was", "were")+" not as "+plural(len(wrong), "it", "they")+" should be when the run began")
	}
	return strings.Join(parts, ", and ")
}

// compactCommands drops the empty and the repeated: one command may put back
// several parameters. A command that cannot be shown as it is must not be
// copied, so a remark stands for it.
func compactCommands(commands []string) []string {
	var kept []string
	for _, c := range unique(commands) {
		switch {
		case c == "":
		case clean(c) != c:
			kept = append(kept, "# this command holds unprintable characters: see findings.json")
		default:
			kept = append(kept, c)
		}
	}
	return unique(kept)
}

// command writes a command into a table, whole or not at all.
func (k ink) command(c string) string {
	switch {
	case c == "":
		return ""
	case clean(c) != c || len(c) > 400:
		return "see findings.json"
	}
	k.limit = len(c)
	return k.name(c)
}

func (p *page) byRestore() string {
	switch p.Run.Restore {
	case "run", "test":
		return " already (`--restore=" + p.Run.Restore + "`)"
	}
	return " already"
}

// nothingLeft says why the server needs no repair.
func (p *page) nothingLeft() string {
	if len(p.Leaks) == 0 {
		if p.clean() {
			if len(p.unexplained) > 0 {
				return "No parameter was left changed. Why writes were refused is said above."
			}
			return "There is nothing to repair."
		}
		return "There is nothing to repair that was seen."
	}
	tool, other := false, []string{}
	for _, c := range p.Leaks {
		tool = tool || c.RestoredByTool
		if c.RestoredBy != nil {
			other = append(other, p.k.owner(*c.RestoredBy))
		}
	}
	text := "Now: nothing is left to repair"
	switch other = unique(other); {
	case tool && len(other) == 0:
		text += ", tracetest put everything back" + p.byRestore()
	case tool:
		text += ", tracetest and " + list(other, maxTold) + " put everything back"
	case len(other) > 0:
		text += ", but only because " + list(other, maxTold) + " happened to put it back later"
	}
	return text + "."
}

// forGood shows the clean-up that was missing, for the first leak.
func (p *page) forGood() {
	first := p.groups[0].changes[0]
	if redisconf.IsRole(first.Parameter) && len(p.groups[0].changes) == 1 {
		p.text("For good: give the test that changes who is the master servers of its own. To change it back in a clean-up loses what was written meanwhile.")
		return
	}
	if first.Owner == nil && first.Settle != "" {
		p.text("First settle who it is:")
		p.fence("sh", compactCommands([]string{first.Settle}))
	}
	var names []string
	for _, c := range p.groups[0].changes {
		names = append(names, c.Parameter)
	}
	where := ""
	if first.Call != nil {
		where = ", before the call at " + p.k.name(p.rel(first.Call.File)+":"+itoa(first.Call.Line))
	}
	text := "For good"
	if len(p.groups) > 1 {
		text += ", shown for leak 1"
	}
	client := clientOf(first.Call)
	with := "With " + dialectOf(client).name + ":"
	if client == "" && first.Call != nil {
		with = "With go-redis, to be said in the words of your client:"
	}
	p.text(text + ": save the value before it is changed" + where + ", and put the saved value back in a clean-up. " + with)
	p.fence("go", snippet(cleanupOf(first), client, unique(names)))
}

// inDepth shows what keeps a leak from reaching the next run.
func (p *page) inDepth() {
	values := make(map[string]map[string]string) // by server
	for _, c := range p.Leaks {
		if c.Secret || clean(c.Baseline) != c.Baseline || redisconf.IsRole(c.Parameter) {
			continue
		}
		if values[c.Server] == nil {
			values[c.Server] = make(map[string]string)
		}
		values[c.Server][c.Parameter] = c.Baseline
		for _, s := range p.Servers {
			if was, moved := s.Perturbed[c.Parameter]; moved && s.Address == c.Server {
				values[c.Server][c.Parameter] = was
			}
		}
	}
	var commands, lines []string
	for _, server := range slices.Sorted(maps.Keys(values)) {
		words := []string{"tracetest", "check", "--redis", server, "--fix"}
		for _, name := range slices.Sorted(maps.Keys(values[server])) {
			words = append(words, "--expect", name+"="+values[server][name])
			if line := strings.TrimSpace(name + " " + values[server][name]); values[server][name] != "" && !slices.Contains(lines, line) {
				lines = append(lines, line)
			}
		}
		commands = append(commands, rediscli.Join(words))
	}
	if len(commands) == 0 || len(commands) > maxTold || len(lines) > maxCommands {
		return
	}
	p.text("In depth: look before the suite runs, in the Makefile or the CI, so that what another run left is not met by this one:")
	p.fence("sh", compactCommands(commands))
	if len(values) == 1 && len(lines) > 0 {
		p.text("And keep the values in a `redis.conf` that the server, or its container, is started with: a restart then brings them back.")
		p.fence("conf", lines)
	}
}

// clientOf names the client that a call was made with, by the innermost frame
// of one that there is a dialect for; empty when it shows none.
func clientOf(c *triage.Call) string {
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
func cleanupOf(c triage.Change) string {
	if c.Call != nil && slices.ContainsFunc(c.Call.Stack, func(line string) bool { return strings.HasPrefix(line, "github.com/stretchr/testify/suite.") }) {
		return "testify suite"
	}
	if c.Owner != nil {
		return kindOf(*c.Owner)
	}
	if c.AndEarlier > 0 {
		return "test"
	}
	kind := "test"
	for i, s := range c.Suspects {
		if k := kindOf(s); i == 0 {
			kind = k
		} else if k != kind {
			return "test"
		}
	}
	return kind
}
