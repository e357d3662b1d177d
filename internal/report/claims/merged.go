package claims

import (
	"path"
	"strings"

	"tracetest/internal/merge"
	"tracetest/internal/report/doc"
)

// mergedFile is where everything is that the tables of merged.md leave out.
const mergedFile = "merged.json"

// Merged is what leaked in how many runs, what failed, and which runs the counts
// do not cover.
func Merged(s *merge.Summary) []doc.Block {
	blocks := []doc.Block{doc.Heading{Level: 1, Text: MergedTitle(s)}}
	for _, w := range MergedWarnings(s) {
		blocks = append(blocks, sentences(w.Short+".", w.Text))
	}
	blocks = append(blocks, para(MergedFailures(s)))
	for _, section := range []func(*merge.Summary) []doc.Block{mergedLeaks, mergedTests, mergedRuns, mergedServers, mergedInputs} {
		blocks = append(blocks, section(s)...)
	}
	return blocks
}

// MergedTitle is the headline with what was merged.
func MergedTitle(s *merge.Summary) Text {
	return "Redis triage of " + Count(len(s.Runs), "run") + ": " + MergedHeadline(s)
}

// MergedRunTitle says how one of the runs went.
func MergedRunTitle(s *merge.Summary, i int) Text {
	r := s.Runs[i]
	text := code(r.File) + ": " + say(string(r.Verdict)) + ", " + itoa(r.Tests.Passed) + " of " + Count(r.Tests.Total, "test") + " passed"
	if r.Leaks > 0 {
		text += ", " + Count(r.Leaks, "leak")
	}
	return text
}

// MergedHeadline says how the runs went. It holds no name.
func MergedHeadline(s *merge.Summary) Text {
	v := s.Verdicts
	idle := 0
	for _, r := range s.Runs {
		if ranNothing(r) {
			idle++
		}
	}
	var parts []Text
	for _, part := range []struct {
		n    int
		text Text
	}{{v.Leaked, "leaked"}, {v.Failed, "failed without a leak"}, {v.Incomplete, "incomplete"}, {v.Doubtful - idle, "not fully watched"}, {idle, "without a test"}, {v.Clean, "clean"}} {
		if part.n > 0 {
			parts = append(parts, itoa(part.n)+" "+part.text)
		}
	}
	if n := len(s.Unreadable); n > 0 {
		parts = append(parts, itoa(n)+" could not be read")
	}
	for _, d := range s.Shards {
		if n := len(d.Missing); n > 0 {
			parts = append(parts, Count(n, "shard")+" of "+itoa(d.Total)+" missing")
		}
	}
	if len(parts) == 0 {
		return "nothing was read"
	}
	return doc.Join(parts, ", ")
}

// MergedMood is the colour of the verdict over all runs.
func MergedMood(s *merge.Summary) Mood {
	switch v := s.Verdicts; {
	case v.Leaked > 0:
		return Leaking
	case s.Exit == 0 && v.Runs > 0 && v.Clean == v.Runs && len(s.Unreadable) == 0:
		return Good
	}
	return Doubtful
}

// ranNothing tells a run that had no test to run, as a shard of more parts than there
// are packages, from one in which tests were not watched.
func ranNothing(r merge.Run) bool { return r.Verdict == merge.Doubtful && r.Tests.Total == 0 }

// A Warning is what the counts do not cover.
type Warning struct{ Short, Text Text }

// MergedWarnings are what the counts do not cover.
func MergedWarnings(s *merge.Summary) []Warning {
	var all []Warning
	if n := len(s.Unreadable); n > 0 {
		var names []string
		for _, u := range s.Unreadable {
			names = append(names, u.File)
		}
		all = append(all, Warning{Count(n, "input") + " could not be read", "No count covers " + List(Names(names), maxNamed) + "."})
	}
	all = append(all, shardWarnings(s)...)
	if n := s.Verdicts.Incomplete; n > 0 {
		var names []string
		for _, r := range s.Runs {
			if r.Verdict == merge.Incomplete {
				names = append(names, r.File)
			}
		}
		all = append(all, Warning{Count(n, "run") + " " + Plural(n, "is", "are") + " incomplete", "What would have come after is not known: " + List(Names(names), maxNamed) + "."})
	}
	if n := len(s.Duplicates); n > 0 {
		var names []string
		for _, d := range s.Duplicates {
			names = append(names, d.File)
		}
		all = append(all, Warning{Count(n, "input") + " " + Plural(n, "was", "were") + " given twice", "Counted once: " + List(Names(names), maxNamed) + "."})
	}
	for _, b := range s.Bounds {
		text := "There are more than " + itoa(b.Kept) + " different ones. " + Count(b.Dropped, "sighting") + " of further ones " + Plural(b.Dropped, "is", "are")
		switch b.What {
		case "tests":
			all = append(all, Warning{"Not every test is counted", text + " not counted, so it is not known in how many runs they ran."})
		case "wrong":
			all = append(all, Warning{"Not every test that went wrong is listed", text + " in the sums alone."})
		default:
			all = append(all, Warning{"Not all " + say(b.What) + " are listed", text + " left out."})
		}
	}
	return all
}

// MergedFailures says what the failures have to do with Redis, within their runs.
func MergedFailures(s *merge.Summary) Text {
	f, t := s.Failures, s.Tests
	text := itoa(t.Passed) + " of " + Count(t.Total, "test") + " passed, in all runs together"
	if f.Total == 0 {
		return text + ", and none failed."
	}
	var got []Text
	if f.OOM > 0 {
		got = append(got, itoa(f.OOM)+" got OOM errors")
	}
	if f.Eviction > 0 {
		got = append(got, itoa(f.Eviction)+" lost evicted keys")
	}
	if len(got) == 0 {
		got = append(got, "none got an OOM error or lost an evicted key")
	}
	correlated := itoa(f.Correlated) + " of them " + Plural(f.Correlated, "is", "are") + " correlated"
	if f.Total == 1 {
		correlated = "it is " + Plural(f.Correlated, "", "not ") + "correlated"
	}
	return text + ". Of " + Count(f.Total, "failure") + ", " + doc.Join(got, " and ") + "; " + correlated + " with a change of the same run." +
		" One run shows nothing about the cause of a failure in another."
}

func mergedLeaks(s *merge.Summary) []doc.Block {
	if len(s.Leaks) == 0 {
		return nil
	}
	return append([]doc.Block{h2("Leaks")}, doc.Rows(s.Leaks, 0, mergedFile,
		doc.Column[merge.Leak]{Title: "Runs", Cell: func(l merge.Leak) Text { return InRuns(l.InRuns, l.Ran) }, Right: true},
		doc.Column[merge.Leak]{Title: "Parameter", Cell: func(l merge.Leak) Text { return code(l.Parameter) }},
		doc.Column[merge.Leak]{Title: "By", Cell: func(l merge.Leak) Text { return MergedBy(l).Text(maxNamed) }},
		doc.Column[merge.Leak]{Title: "Of package", Cell: func(l merge.Leak) Text { return packageOf(l.By) }, Optional: true},
		doc.Column[merge.Leak]{Title: "Where", Cell: func(l merge.Leak) Text {
			if places := MergedPlaces(l); len(places) > 0 {
				return places[0]
			}
			return ""
		}, Optional: true},
		doc.Column[merge.Leak]{Title: "Changed", Cell: func(l merge.Leak) Text { return MergedValues(l, 3) }},
		doc.Column[merge.Leak]{Title: "Certainty", Cell: func(l merge.Leak) Text {
			var all []Text
			for _, c := range l.Certainties {
				all = append(all, Sure(c))
			}
			return List(all, 3)
		}},
		doc.Column[merge.Leak]{Title: "First seen in", Cell: func(l merge.Leak) Text { return firstRun(s, l.Runs) }},
		doc.Column[merge.Leak]{Title: "Correlated failures", Cell: func(l merge.Leak) Text { return some(l.Failures) }, Right: true, Optional: true},
		doc.Column[merge.Leak]{Title: "Known", Cell: func(l merge.Leak) Text {
			switch l.Known {
			case 0:
				return ""
			case l.Count:
				return "yes"
			}
			return itoa(l.Known) + " of " + itoa(l.Count)
		}, Optional: true})...)
}

// MergedPlaces are the ways to say where a leak was made, the longest first; none where
// it is not known.
func MergedPlaces(l merge.Leak) []Text {
	switch place, test := l.Place, l.TestPlace; {
	case place == "":
		return nil
	case test == "":
		return []Text{code(place), code(path.Base(place))}
	default:
		through := func(test, place string) Text { return code(test) + " through " + code(place) }
		return []Text{through(test, place), through(path.Base(test), path.Base(place)), code(path.Base(test))}
	}
}

// named is a name, or nothing.
func named(s string) Text {
	if s == "" {
		return ""
	}
	return code(s)
}

// InRuns says in how many of the runs in which it ran.
func InRuns(n, ran int) Text {
	if ran < n {
		return itoa(n) // it is not known
	}
	return itoa(n) + " of " + itoa(ran)
}

// MergedBy is who it was, or the suspects.
func MergedBy(l merge.Leak) By {
	return By{Owner: l.By, Untraced: l.Untraced, Suspects: l.Suspects, More: l.MoreSuspects, Earlier: l.AndEarlier}
}

// MergedValues are what it was changed from and to, the most frequent as they come.
func MergedValues(l merge.Leak, limit int) Text {
	var all []Text
	for _, v := range l.Values[:min(limit, len(l.Values))] {
		all = append(all, Value(l.Parameter, v.From, l.Secret)+" -> "+Value(l.Parameter, v.To, l.Secret))
	}
	text := doc.Join(all, ", ")
	if len(l.Values) > len(all) || l.MoreValues > 0 {
		text += " and others"
	}
	return text
}

// firstRun names the first run of a list.
func firstRun(s *merge.Summary, runs []int) Text {
	if len(runs) == 0 || runs[0] < 0 || runs[0] >= len(s.Runs) {
		return ""
	}
	return code(s.Runs[runs[0]].File)
}

func mergedTests(s *merge.Summary) []doc.Block {
	if len(s.Wrong) == 0 {
		return nil
	}
	return append([]doc.Block{h2("Tests"), para("Runs in which each test leaked, failed in correlation with another's change (victim), or failed at all, and in which it ran.")}, doc.Rows(s.Wrong, 0, mergedFile,
		doc.Column[merge.Test]{Title: "Test", Cell: func(w merge.Test) Text { return Owner(w.Name) }},
		doc.Column[merge.Test]{Title: "Package", Cell: func(w merge.Test) Text { return code(w.Package) }},
		doc.Column[merge.Test]{Title: "Leaked", Cell: func(w merge.Test) Text { return some(w.Leaked) }, Right: true, Optional: true},
		doc.Column[merge.Test]{Title: "Victim", Cell: func(w merge.Test) Text { return some(w.Victim) }, Right: true, Optional: true},
		doc.Column[merge.Test]{Title: "Failed", Cell: func(w merge.Test) Text { return some(w.Failed) }, Right: true, Optional: true},
		doc.Column[merge.Test]{Title: "Passed despite OOM errors", Cell: func(w merge.Test) Text { return some(w.IgnoredOOM) }, Right: true, Optional: true},
		doc.Column[merge.Test]{Title: "Ran", Cell: func(w merge.Test) Text {
			if w.Ran < 0 {
				return "not counted"
			}
			return itoa(w.Ran)
		}, Right: true},
		doc.Column[merge.Test]{Title: "First in", Cell: func(w merge.Test) Text {
			if len(w.LeakedRuns) > 0 {
				return firstRun(s, w.LeakedRuns)
			}
			return firstRun(s, w.FailedRuns)
		}},
		doc.Column[merge.Test]{Title: "Message", Cell: func(w merge.Test) Text { return named(w.Message) }, Optional: true})...)
}

// mergedRuns lists those that are not clean.
func mergedRuns(s *merge.Summary) []doc.Block {
	type row struct {
		no int
		merge.Run
	}
	var rows []row
	for i, r := range s.Runs {
		if r.Verdict != merge.Clean {
			rows = append(rows, row{i, r})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return append([]doc.Block{h2("Runs that are not clean")}, doc.Rows(rows, 0, mergedFile,
		doc.Column[row]{Title: "Run", Cell: func(r row) Text { return itoa(r.no) }, Right: true},
		doc.Column[row]{Title: "File", Cell: func(r row) Text { return code(r.File) }},
		doc.Column[row]{Title: "Verdict", Cell: func(r row) Text {
			switch {
			case ranNothing(r.Run):
				return "without a test"
			case r.Verdict == merge.Doubtful:
				return "not fully watched"
			}
			return say(string(r.Verdict))
		}},
		doc.Column[row]{Title: "Tests", Cell: func(r row) Text { return itoa(r.Tests.Total) }, Right: true},
		doc.Column[row]{Title: "Leaks", Cell: func(r row) Text { return some(r.Leaks) }, Right: true, Optional: true},
		doc.Column[row]{Title: "Failures", Cell: func(r row) Text { return some(r.Failures) }, Right: true, Optional: true},
		doc.Column[row]{Title: "Victims", Cell: func(r row) Text { return some(r.Victims) }, Right: true, Optional: true},
		doc.Column[row]{Title: "What is not known", Cell: func(r row) Text {
			var unknown []Text
			if r.Incomplete != "" {
				unknown = append(unknown, say(r.Incomplete))
			}
			for _, d := range r.Doubts {
				unknown = append(unknown, say(d))
			}
			return doc.Join(unknown, "; ")
		}, Optional: true})...)
}

func mergedServers(s *merge.Summary) []doc.Block {
	if len(s.Servers) == 0 {
		return nil
	}
	return append([]doc.Block{h2("Servers")}, doc.Rows(s.Servers, 0, mergedFile,
		doc.Column[merge.Server]{Title: "Server", Cell: func(x merge.Server) Text { return code(x.Address) }},
		doc.Column[merge.Server]{Title: "Version", Cell: func(x merge.Server) Text { return say(strings.TrimSpace(x.Flavor + " " + x.Version)) }},
		doc.Column[merge.Server]{Title: "Runs", Cell: func(x merge.Server) Text { return itoa(x.Runs) }, Right: true},
		doc.Column[merge.Server]{Title: "Leaks", Cell: func(x merge.Server) Text { return itoa(x.Leaks) }, Right: true},
		doc.Column[merge.Server]{Title: "Restarts", Cell: func(x merge.Server) Text { return itoa(x.Restarts) }, Right: true},
		doc.Column[merge.Server]{Title: "Unreachable", Cell: func(x merge.Server) Text { return itoa(x.Gaps) }, Right: true})...)
}

// mergedInputs names the inputs that were not counted.
func mergedInputs(s *merge.Summary) []doc.Block {
	type row struct {
		file string
		why  Text
	}
	var rows []row
	for _, u := range s.Unreadable {
		rows = append(rows, row{u.File, say(u.Error)})
	}
	for _, d := range s.Duplicates {
		rows = append(rows, row{d.File, "the same as " + code(d.Of)})
	}
	if len(rows) == 0 {
		return nil
	}
	return append([]doc.Block{h2("Inputs that are not counted")}, doc.Rows(rows, 0, mergedFile,
		doc.Column[row]{Title: "Input", Cell: func(r row) Text { return code(r.file) }},
		doc.Column[row]{Title: "Why", Cell: func(r row) Text { return r.why }})...)
}

// shardWarnings say which parts of a suite are missing.
func shardWarnings(s *merge.Summary) []Warning {
	var all []Warning
	for _, d := range s.Shards {
		if n := len(d.Missing); n > 0 {
			all = append(all, Warning{Count(n, "shard") + " of " + itoa(d.Total) + " " + Plural(n, "is", "are") + " missing",
				"Not given: " + List(numbers(d.Missing), maxNamed) + ". What " + Plural(n, "it shows", "they show") + " is not known."})
		}
		if n := len(d.Twice); n > 0 {
			all = append(all, Warning{Count(n, "shard") + " " + Plural(n, "was", "were") + " given twice",
				"Both runs of each count: " + List(numbers(d.Twice), maxNamed) + "."})
		}
	}
	if len(s.Shards) > 1 {
		all = append(all, Warning{"The shards are of " + itoa(len(s.Shards)) + " different divisions",
			"A test may be in two of them, or in none. Give each shard the same packages, flags and --times."})
	}
	return all
}

func numbers(all []int) []Text {
	var texts []Text
	for _, n := range all {
		texts = append(texts, itoa(n))
	}
	return texts
}
