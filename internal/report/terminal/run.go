package terminal

import (
	"errors"
	"io"
	"slices"
	"strings"

	"tracetest/internal/findings"
	"tracetest/internal/report/claims"
	"tracetest/internal/report/doc"
)

// A runScreen is the screen of a run.
type runScreen struct {
	*screen
	*claims.View
}

// Run writes a summary of at most 24 lines. The path of the report is the
// only thing that may be wider than the terminal: one that is cut is useless.
// Its lines are counted as the terminal will break them.
func Run(w io.Writer, f *findings.Findings, o Options) error {
	if f == nil {
		return errors.New("rendering report: no findings")
	}
	s := &runScreen{newScreen(o), claims.New(f)}
	head := section{label: "tracetest", lines: s.wrap(s.Headline(), 5), paint: colours[s.Mood()]}
	path := s.path(o.ReportPath)
	rest := []section{s.failuresPart(), s.fixPart(), s.serverPart(), s.unobservedPart(), s.baselinePart(), s.watchedPart()}
	room := maxLines - s.lines(head, path)
	for i := range rest {
		room -= len(rest[i].lines)
	}
	need := 0
	if len(s.Groups) > 0 { // the first leak has room before all else
		first, _ := s.leakLines(s.Groups[0])
		need = len(first) + min(1, len(s.Groups)-1)
	}
	for _, i := range []int{5, 4, 0, 3, 1, 2} { // the server comes last
		for room < need && len(rest[i].lines) > 1 {
			rest[i].lines = rest[i].lines[:len(rest[i].lines)-1]
			room++
		}
	}
	leaks := s.leaksPart(room)
	return s.write(w, append(append([]section{head, leaks}, rest...), path)...)
}

// failuresPart says the failures by cause.
func (s *runScreen) failuresPart() section {
	part := section{label: "Failures"}
	if len(s.Failures) == 0 {
		return part
	}
	for _, sentence := range s.Impact() {
		if !s.inHeadline(sentence) {
			part.lines = append(part.lines, s.wrap(sentence, 3)...)
		}
	}
	if len(part.lines) > 6 {
		part.lines = append(part.lines[:5], s.fit("more in the report"))
	}
	return part
}

// inHeadline reports whether the headline says a sentence.
func (s *runScreen) inHeadline(sentence claims.Text) bool {
	clause := strings.TrimSuffix(string(sentence.Lower()), ".")
	return strings.Contains(string(s.Headline().Lower()), clause)
}

// fixPart says how to stop the first leak.
func (s *runScreen) fixPart() section {
	fix := s.Fix()
	if s.FixIsCode() {
		fix += "; the code is in report.md"
	}
	return section{label: "Fix", lines: s.wrap(fix, 3)}
}

// serverPart says how the servers are now, and the command for that.
func (s *runScreen) serverPart() section {
	part := section{label: "Server"}
	state := s.State()
	var moved []string
	for _, server := range s.Servers {
		if server.Failovers > 0 {
			moved = append(moved, server.Address)
		}
	}
	if len(moved) > 0 {
		part.lines = append(part.lines, s.wrap("a failover: "+claims.List(claims.Names(moved), 4)+" had another master; tracetest leaves that alone", 2)...)
	}
	if len(state.Roles) > 0 { // in the report, with all that is to be known first
		part.lines = append(part.lines, s.wrap(claims.List(claims.Names(state.Roles), 4)+" has another master than before, which tracetest never changes: see the report", 2)...)
	}
	if len(state.Restored) > 0 {
		part.lines = append(part.lines, s.wrap(claims.List(claims.Names(state.Restored), 4)+" restored by tracetest", 2)...)
	}
	if open := claims.Unique(slices.Concat(state.Open, state.Manual, state.Added, state.Wrong)); len(open) > 0 {
		part.paint = yellow
		text := claims.List(claims.Names(open), 4) + " still wrong; to repair it:"
		if len(state.Commands) == 0 {
			text = claims.List(claims.Names(open), 4) + " still wrong; to be restored manually"
		}
		part.lines = append(part.lines, s.wrap(text, 2)...)
		part.lines = append(part.lines, s.commandLines(state.Commands)...)
	}
	if len(s.Changed)+len(s.UnmetExpectations)+len(s.Drift)+len(s.Dirty) == 0 && len(s.Leaks) > 0 {
		part.lines = append(part.lines, s.wrap(s.LeftNothing(), 2)...)
	}
	return part
}

// watchedPart says what the verdict rests on.
func (s *runScreen) watchedPart() section {
	part := section{label: "Watched", paint: dim}
	if len(s.Servers) > 0 {
		part.lines = []string{s.fit(s.Basis())}
	}
	return part
}

// unobservedPart says what the verdict does not cover.
func (s *runScreen) unobservedPart() section {
	part := section{label: "Not seen", paint: yellow}
	if !s.View.Run.Complete {
		text := claims.Text("the run was cut short")
		if s.View.Run.Incomplete != "" {
			text += ": " + doc.Say(s.View.Run.Incomplete)
		}
		part.lines = append(part.lines, s.wrap(text, 2)...)
	}
	if text := s.Unused(); text != "" {
		part.lines = append(part.lines, s.wrap(text, 2)...)
	}
	doubts := s.DoubtTexts()
	for i, d := range doubts {
		if i == 2 && len(doubts) > 3 {
			part.lines = append(part.lines, s.fit("+"+doc.Int(len(doubts)-i)+" more in the report"))
			break
		}
		if !s.inHeadline(d) {
			part.lines = append(part.lines, s.wrap(d, 2)...)
		}
	}
	return part
}

// baselinePart says what is to be done about the baseline of known leaks.
func (s *runScreen) baselinePart() section {
	part := section{label: "Baseline", paint: yellow}
	for _, text := range s.StaleEntries() {
		part.lines = append(part.lines, s.wrap(text, 2)...)
	}
	return part
}
