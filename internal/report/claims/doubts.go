package claims

import (
	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/report/doc"
)

// A doubt is a reason why what was not observed may still have happened, in words.
type doubt struct {
	kind  findings.DoubtKind
	short Text // without names, for a headline
	full  Text
}

// Doubts says in short why what was not observed in a run may still have happened.
// Of a run that is clean there are none.
func Doubts(f *findings.Findings) []string {
	var all []string
	for _, d := range New(f).doubts {
		all = append(all, d.short.Plain(0))
	}
	return all
}

func (v *View) wordDoubts() []doubt {
	var all []doubt
	for _, d := range v.Findings.Doubts() {
		short, full := doubtWords(d)
		if part := v.Run.Shard; part != nil && d.Kind == findings.DoubtNoTest {
			short, full = emptyShard(part)
		}
		all = append(all, doubt{d.Kind, short, full})
	}
	return all
}

// emptyShard says that a part of a suite ran no test, and how there are more parts to have.
func emptyShard(part *record.Shard) (short, full Text) {
	short = "no test ran in shard " + itoa(part.Index) + " of " + itoa(part.Total)
	full = short.Upper() + "."
	if part.By == "package" {
		full += " Where there are fewer packages than shards, " + doc.Code("--shard-by test") + " divides the suite by test."
	}
	return short, full
}

// doubtWords says a doubt in short, without names, and in full.
func doubtWords(d findings.Doubt) (short, full Text) {
	n, names := len(d.Names), List(Names(d.Names), 5)
	switch d.Kind {
	case findings.DoubtNoServer:
		return "no server was watched", "No server was watched."
	case findings.DoubtNoTest:
		return "no test ran", "No test ran."
	case findings.DoubtNotSynchronized:
		full := Text("Tests were not synchronized with the snapshots, so no change can be put down to one of them.")
		if d.Reason != "" {
			full += " Reason: " + say(d.Reason).Period()
		}
		return "the tests were not synchronized with the snapshots", full
	case findings.DoubtNotInstrumented:
		short := Count(n, "package") + " " + Plural(n, "was", "were") + " not instrumented"
		return short, short + " and could change a server unobserved: " + names + "."
	case findings.DoubtNotReported:
		return "not all packages reported", say(d.Reason)
	case findings.DoubtUntraced:
		full := Text("Which servers the tests used was not traced")
		if d.Reason != "" {
			full += " (" + say(d.Reason) + ")"
		}
		return "which servers the tests used was not traced", full + "."
	case findings.DoubtPartial:
		return "a server was watched only in part", names + " was watched only in part: " + say(d.Reason).Period()
	case findings.DoubtUnwatched:
		short := "the tests used " + Count(n, "server") + " that " + Plural(n, "was", "were") + " not watched"
		return short, short.Upper() + ": " + names + "; " + say(d.Reason).Period()
	case findings.DoubtUnreachable:
		return "the server was unreachable " + times(d.Times), names + " was unreachable " + times(d.Times) + "."
	case findings.DoubtRestarted:
		return "the server restarted " + times(d.Times), names + " restarted " + times(d.Times) + "; a restart undoes changes without a trace."
	case findings.DoubtLate:
		return "a test went on before the server had answered", "A test went on before the server had answered, " + times(d.Times) + "."
	case findings.DoubtUnclaimed:
		short := Count(n, "parameter") + " " + Plural(n, "was", "were") + " changed by an unidentified writer"
		return short, short + ": " + names + "."
	}
	return say(string(d.Kind)), say(string(d.Kind)).Period()
}

// DoubtTexts are the doubts in full.
func (v *View) DoubtTexts() []Text {
	var all []Text
	for _, d := range v.doubts {
		all = append(all, d.full)
	}
	return all
}
