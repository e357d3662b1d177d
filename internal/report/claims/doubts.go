package claims

import (
	"tracetest/internal/record"
	"tracetest/internal/triage"
)

// A doubt is a reason why what was not observed may still have happened.
type doubt struct {
	short Text // without names, for a headline
	full  Text
}

// Doubts says in short why what was not observed in a run may still have happened.
// Of a run that is clean there are none.
func Doubts(f *triage.Findings) []string {
	var all []string
	for _, d := range New(f).doubts {
		all = append(all, d.short.Plain(0))
	}
	return all
}

func (v *View) findDoubts() []doubt {
	var doubts []doubt
	add := func(short, full Text) { doubts = append(doubts, doubt{short, full}) }
	if len(v.Servers) == 0 {
		add("no server was watched", "No server was watched.")
	}
	if v.Tests.Total == 0 {
		add("no test ran", "No test ran.")
	}
	if v.Run.Mode != record.ModeGate {
		text := Text("Tests were not synchronized with the snapshots, so no change can be put down to one of them.")
		if v.Run.ModeReason != "" {
			text += " Reason: " + say(v.Run.ModeReason).Period()
		}
		add("the tests were not synchronized with the snapshots", text)
	}
	if paths := v.uninstrumented(); len(paths) > 0 {
		short := Count(len(paths), "package") + " " + Plural(len(paths), "was", "were") + " not instrumented"
		add(short, short+" and could change the server unobserved: "+List(Names(paths), 5)+".")
	}
	doubts = append(doubts, v.serverDoubts()...)
	late := 0
	for _, n := range v.Notices {
		if n.Code == "gate-late" {
			late++
		}
	}
	if late > 0 {
		add("a test went on before the server had answered", "A test went on before the server had answered, "+Times(late)+".")
	}
	if names := v.Unclaimed(); len(names) > 0 {
		short := Count(len(names), "parameter") + " " + Plural(len(names), "was", "were") + " changed by an unidentified writer"
		add(short, short+": "+List(Names(names), 5)+".")
	}
	return doubts
}

// serverDoubts are those about servers: what was not watched, or not all the time.
func (v *View) serverDoubts() (doubts []doubt) {
	add := func(short, full Text) { doubts = append(doubts, doubt{short, full}) }
	for _, s := range v.Servers {
		if s.Partial != "" {
			add("a server was watched only in part", code(s.Address)+" was watched only in part: "+say(s.Partial).Period())
		}
	}
	if spoken := v.Unwatched(); len(spoken) > 0 {
		short := "the tests used " + Count(len(spoken), "server") + " that " + Plural(len(spoken), "was", "were") + " not watched"
		add(short, short.Upper()+": "+List(Names(addresses(spoken)), 5)+"; "+say(spoken[0].Problem).Period())
	}
	if n := len(v.Blind); n > 0 {
		var where []string
		for _, b := range v.Blind {
			where = append(where, b.Server)
		}
		add("the server was unreachable "+Times(n), List(Names(Unique(where)), 5)+" was unreachable "+Times(n)+".")
	}
	if n := len(v.Restarts); n > 0 {
		var where []string
		for _, r := range v.Restarts {
			where = append(where, r.Server)
		}
		add("the server restarted "+Times(n), List(Names(Unique(where)), 5)+" restarted "+Times(n)+"; a restart undoes changes without a trace.")
	}
	var moved []string
	for _, f := range v.Failovers {
		if f.Through == "" {
			moved = append(moved, f.Server)
		}
	}
	if len(moved) > 0 {
		add("an unidentified writer gave a server another master", List(Names(Unique(moved)), 5)+" got another master, and it is not known from whom.")
	}
	return doubts
}

// DoubtTexts are the doubts in full.
func (v *View) DoubtTexts() []Text {
	var all []Text
	for _, d := range v.doubts {
		all = append(all, d.full)
	}
	return all
}

// uninstrumented lists the packages of an instrumented run that could run code
// without being watched: their test binaries never said hello.
func (v *View) uninstrumented() []string {
	if v.Run.Mode != record.ModeGate {
		return nil
	}
	unbuilt := make(map[string]bool)
	for _, f := range v.Failures {
		if f.Status == "build" {
			unbuilt[f.Package] = true
		}
	}
	var paths []string
	for _, p := range v.Packages {
		ranCode := p.Ran || p.Outcome == "pass" || p.Outcome == "died" || p.Outcome == "fail" && !unbuilt[p.Path]
		if ranCode && !p.Instrumented {
			paths = append(paths, p.Path)
		}
	}
	return paths
}

func addresses(spoken []triage.Spoken) []string {
	var all []string
	for _, s := range spoken {
		all = append(all, s.Address)
	}
	return Unique(all)
}

// Unclaimed lists what was at a value at the end at which no leak left it.
func (v *View) Unclaimed() []string {
	claimed := make(map[string]bool)
	for _, l := range v.Leaks {
		claimed[l.Server+"\x00"+l.Parameter+"\x00"+l.To] = true
	}
	var names []string
	for _, c := range v.Changed {
		if !claimed[c.Server+"\x00"+c.Parameter+"\x00"+c.Value] {
			names = append(names, c.Parameter)
		}
	}
	return Unique(names)
}
