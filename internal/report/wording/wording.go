// Package wording says in English what findings hold as kinds with arguments: caveats,
// why a run is incomplete, notices, and the command lines that go with findings. Each
// sentence stands here once.
package wording

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/rediscli"
	"tracetest/internal/redisconf"
)

// Add fills in the text of all that findings hold as kinds, and returns them. What
// triage says of a record has none.
func Add(f *findings.Findings) *findings.Findings {
	for _, list := range [][]findings.Change{f.Leaks, f.Reverted} {
		for i := range list {
			c := &list[i]
			for j := range c.Caveats {
				c.Caveats[j].Text = caveat(c.Caveats[j])
			}
			if c.DisambiguateBy != nil {
				c.Disambiguate = disambiguate(f.Run.Command, *c.DisambiguateBy)
			}
		}
	}
	if why := f.Run.IncompleteBecause; why != nil {
		f.Run.Incomplete = reason(*why)
	}
	for i := range f.Notices {
		f.Notices[i].Text = cmp.Or(f.Notices[i].Text, notice(f.Notices[i]))
	}
	repairs(f)
	return f
}

// repairs fills in what a person would type to put parameters right.
func repairs(f *findings.Findings) {
	servers := map[string]findings.Server{}
	for _, s := range f.Servers {
		servers[s.Address] = s
	}
	for i := range f.Changed {
		if c := &f.Changed[i]; !c.Failover && !c.Appeared {
			c.Command = setting(servers[c.Server], c.Parameter, c.Initial)
		}
	}
	for i := range f.Drift {
		d := &f.Drift[i]
		d.Command = setting(servers[d.Server], d.Parameter, d.Started)
	}
	for i := range f.Dirty {
		d := &f.Dirty[i]
		d.Command = setting(servers[d.Server], d.Parameter, d.Should)
	}
	for i := range f.UnmetExpectations {
		u := &f.UnmetExpectations[i]
		_, known := servers[u.Server].Config[u.Parameter]
		if known && !strings.HasPrefix(u.Value, "(hidden ") && !redisconf.IsRole(u.Parameter) && !redisconf.Of(u.Parameter).Fixed {
			u.Command = setting(servers[u.Server], u.Parameter, u.Expected)
		}
	}
}

// setting returns what a person would type to set a parameter by hand.
func setting(s findings.Server, parameter, value string) string {
	return rediscli.Restore(rediscli.Line(s.Address, s.TLS, rediscli.Login{TLS: rediscli.TLS(s.TLSFiles)}), map[string]string{parameter: value}, redisconf.SinceSeven(s.Flavor, s.Version))
}

// Unit says what should have put a parameter back.
func Unit(u findings.Unit) string {
	switch u {
	case findings.UnitContainer:
		return "Ordered container"
	case findings.UnitSeveral:
		return "tests that ran at the same time"
	}
	return string(u)
}

// reason says why a run is incomplete.
func reason(r findings.Reason) string {
	switch r.Kind {
	case findings.ReasonArguments:
		return "the go command did not understand its arguments"
	case findings.ReasonNoEnd:
		return "the record has no end: tracetest itself was killed, or is still running"
	case findings.ReasonCutShort:
		return cmp.Or(r.Problem, "it did not come to its end")
	case findings.ReasonUnwritten:
		return "not all of the record could be written: " + r.Problem
	case findings.ReasonDamaged:
		return "the record is damaged"
	case findings.ReasonNoServer:
		return "no server was watched"
	case findings.ReasonUnseenAtEnd:
		return r.Server + " could not be seen when the run ended"
	case findings.ReasonUnwatched:
		return "the tests used " + r.Server + ", which was not watched: " + r.Problem
	case findings.ReasonOnlyUnwatched:
		return "the tests used " + r.Server + ", and no server that was watched: name it with --redis, or leave --discover=off away"
	case findings.ReasonUnsampled:
		return r.Server + " accepted " + strings.Join(r.Command, " ") + ", and no snapshot shows it"
	case findings.ReasonSilent:
		return "no test process reported to tracetest, so nothing is known of the tests"
	case findings.ReasonUnended:
		return "the test binary of " + r.Package + " ended with status 0 before its tests did" + unended(r)
	case findings.ReasonUnreported:
		return "of " + r.Package + " no end was reported" + unended(r)
	case findings.ReasonLasting:
		return fmt.Sprintf("a test binary of %s (process %d) still ran when the run ended", cmp.Or(r.Package, "a package that is not known"), r.PID)
	}
	return string(r.Kind)
}

func unended(r findings.Reason) (text string) {
	if len(r.Unended) > 0 {
		text += ": " + some(r.Unended) + " never ended"
	}
	if len(r.Missing) > 0 {
		text += "; " + some(r.Missing) + " never ran"
	}
	return text
}

// some names a few of many.
func some(names []string) string {
	const most = 5
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:most], ", ") + " and " + strconv.Itoa(len(names)-most) + " more"
}

// notice says what a notice of triage means.
func notice(n findings.Notice) string {
	switch n.Code {
	case findings.NoticeDamaged:
		if n.Line == 0 {
			return fmt.Sprintf("Entries of the record are missing before number %d.", n.Entry)
		}
		return fmt.Sprintf("Line %d of the record cannot be read and was left out: %s.", n.Line, n.Error)
	case findings.NoticeNotWaiting:
		return "The test binary did not report the end of " + n.Test + ", which go test did. From there on its tests were not synchronized, and changes are ambiguous: only suspects are known."
	case findings.NoticeResultDropped:
		return "`go test` says ok although a test failed: a TestMain does not exit with the result of m.Run."
	case findings.NoticeNotInstrumented:
		if n.Tests == 0 {
			return "The test binary of this package was not instrumented. Changes during its tests are ambiguous: only suspects are known."
		}
		return fmt.Sprintf("%d of its tests ran in a process that is not synchronized, such as one that its TestMain starts. Changes during that time are ambiguous: only suspects are known.", n.Tests)
	case findings.NoticeOutsideChange:
		return fmt.Sprintf("%s on %s went from %q to %q while no test was running: another program did it, or a process that a test had left behind.",
			n.Parameter, n.Server, n.From, n.To)
	}
	return ""
}

// names names owners for a sentence.
func names(owners []record.Name, more int) string {
	var all []string
	for _, o := range owners {
		name := cmp.Or(o.Spec, o.Test, "package "+o.Package)
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	if more > 0 {
		all = append(all, "others")
	}
	return strings.Join(all, ", ")
}

// disambiguate returns the command that would tell which suspect it was.
func disambiguate(command []string, by findings.Disambiguation) string {
	words, args := split(command)
	switch by.Kind {
	case findings.DisambiguateAlone:
		const alone = "-run=ALONE"
		line := rediscli.Join(withFlags(words, args, alone))
		return "for t in " + rediscli.Join(by.Tests) + "; do " + strings.Replace(line, alone, `-run="^$t\$"`, 1) + "; done"
	case findings.DisambiguateInstrument:
		words = slices.DeleteFunc(words, func(w string) bool { return w == "--instrument=off" || w == "--instrument=auto" })
		if i := slices.Index(words, "--instrument"); i >= 0 && i+1 < len(words) {
			words = slices.Delete(words, i, i+2)
		}
		words = slices.Insert(words, min(1, len(words)), "--instrument=on")
	case findings.DisambiguateWait:
		words = append(words, "--redis-timeout=50s") // wait for the server; tests wait for a minute
	case findings.DisambiguateSpecs:
		words = slices.Insert(words, 0, "GOMAXPROCS=1") // the default of -parallel, which Ginkgo refuses
		return rediscli.Join(withFlags(words, args, "-p=1"))
	case findings.DisambiguateSerial:
		return rediscli.Join(withFlags(words, args, "-p=1", "-parallel=1"))
	}
	return rediscli.Join(withFlags(words, args))
}

// split parts a command line of tracetest into its own words and those behind "--".
func split(command []string) (words, args []string) {
	if at := slices.Index(command, "--"); at >= 0 {
		command, args = command[:at], command[at+1:]
	}
	words = slices.Clone(command)
	if len(words) > 0 {
		words[0] = filepath.Base(words[0])
	}
	return words, args
}

// withFlags adds flags of go test to a command line. The last of two equal
// ones counts, and -args ends what is go test's.
func withFlags(words, args []string, flags ...string) []string {
	if len(args)+len(flags) == 0 {
		return words
	}
	at := slices.IndexFunc(args, func(w string) bool { return w == "-args" || w == "--args" })
	if at < 0 {
		at = len(args)
	}
	return slices.Concat(words, []string{"--"}, args[:at], flags, args[at:])
}
