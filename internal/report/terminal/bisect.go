package terminal

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"tracetest/internal/bisect"
	"tracetest/internal/record"
	"tracetest/internal/report/claims"
	"tracetest/internal/report/doc"
	"tracetest/internal/trial"
)

// Bisect writes an answer for people. File names below dir are relative to it.
func Bisect(out io.Writer, a *bisect.Answer, dir string) error {
	t := &answer{dir: dir}
	t.verdict(a)
	if a.Reason != "" {
		t.line("", doc.Say(a.Reason).Upper().Period())
	}
	if message := claims.OneLine(a.Message); message != "" {
		t.line("Message", claims.Text(doc.Code(doc.CutEnd(message, 120))))
	}
	for i, c := range a.Commands {
		t.line([]string{"Repro", ""}[min(i, 1)], doc.Whole(c))
	}
	for i, c := range a.Restore {
		t.line([]string{"Restore", ""}[min(i, 1)], doc.Whole(c))
	}
	trials := doc.Int(a.Trials) + " in " + seconds(a.Seconds)
	if a.Resumed > 0 {
		trials += ", and " + doc.Int(a.Resumed) + " from before"
	}
	t.line("Trials", trials)
	_, err := io.WriteString(out, t.text.String())
	return err
}

func seconds(s float64) claims.Text { return doc.Say(fmt.Sprintf("%.1f s", s)) }

// verdict is what was found, and what proves it.
func (t *answer) verdict(a *bisect.Answer) {
	victim := testName(a.Victim)
	if a.Param != "" {
		victim = doc.Code(a.Param)
	}
	switch a.Kind {
	case bisect.Polluters:
		t.head(victim + " is a victim: it fails after " + number(len(a.Culprits), "test") + ", and passes without.")
		t.culprits("Polluter", a)
		t.through(a.State)
		t.line("Proof", "alone "+failed(a.Alone)+", after it "+failed(a.With)+restored(a))
		for _, c := range a.Cleaners {
			t.line("Cleaner", t.test(c)+": run between them, it passes")
		}
	case bisect.Brittle:
		t.head(victim + " is brittle: it fails alone, and passes after " + number(len(a.Culprits), "state-setter") + ".")
		t.culprits("Setter", a)
		t.line("Proof", "alone "+failed(a.Alone)+", after it "+failed(a.With))
	case bisect.Leaks:
		t.head(victim + " is left changed by " + number(len(a.Culprits), "test") + ".")
		t.culprits("Leaks", a)
		t.line("Proof", "run alone, it left the parameter changed in "+doc.Int(a.With.Failed)+" of "+doc.Int(a.With.Ran)+" trials")
	case bisect.Clean:
		t.head("nobody leaves " + victim + " changed.")
	case bisect.NotOrderDependent:
		t.head(victim + " is not order-dependent.")
		t.tried(a)
	case bisect.NotReproduced:
		t.head("not reproduced: " + victim + ".")
		t.tried(a)
	case bisect.Unsettled:
		t.head("inconclusive: " + victim + ".")
		t.tried(a)
		t.best(a)
	}
}

// best is the smallest set that was found, where none is confirmed.
func (t *answer) best(a *bisect.Answer) {
	if len(a.Best) == 0 {
		return
	}
	t.line("Best", "smallest failing set so far: "+number(len(a.Best), "test")+" (unconfirmed):")
	for _, b := range a.Best[:min(len(a.Best), 10)] {
		t.line("", "  "+t.test(b))
	}
	if more := len(a.Best) - 10; more > 0 {
		t.line("", "  and "+doc.Int(more)+" more")
	}
}

func (t *answer) culprits(label string, a *bisect.Answer) {
	for _, c := range a.Culprits {
		t.line(label, t.test(c.Test))
		t.left(c)
	}
}

// An answer is being written.
type answer struct {
	dir  string
	text strings.Builder
}

const inAnswer = 400 // runes of a name

func (t *answer) head(text claims.Text) {
	t.text.WriteString("tracetest: " + text.Plain(inAnswer) + "\n")
}

func (t *answer) line(label string, text claims.Text) {
	fmt.Fprintf(&t.text, "%-*s%s\n", labels, label, text.Plain(inAnswer))
}

func (t *answer) test(test trial.Test) claims.Text {
	text := testName(test.Name)
	if test.Location != "" {
		text += " (" + doc.Code(t.place(test.Location)) + ")"
	}
	return text
}

func (t *answer) place(path string) string {
	at := strings.LastIndexByte(path, ':')
	if at < 0 || t.dir == "" {
		return path
	}
	if rest, err := filepath.Rel(t.dir, path[:at]); err == nil && !strings.HasPrefix(rest, "..") {
		return filepath.ToSlash(rest) + path[at:]
	}
	return path
}

// left is what a culprit left changed, and where.
func (t *answer) left(c bisect.Culprit) {
	for _, l := range c.Left {
		text := "  left " + doc.Code(l.Parameter) + " " + doc.Code(l.From) + " -> " + doc.Code(l.To)
		if l.Call != nil {
			call := doc.Code(t.place(fmt.Sprintf("%s:%d", l.Call.File, l.Call.Line)))
			if origin := claims.Outermost(l.Call); origin != "" {
				call = doc.Code(t.place(origin)) + " through " + call
			}
			text += ", at " + call
		}
		t.line("", text)
	}
}

func (t *answer) through(s *bisect.State) {
	if s == nil {
		return
	}
	what := doc.Say(string(s.Kind))
	switch s.Kind {
	case bisect.StateProcess:
		what = "the process: Go variables, or what else ends with it"
	case bisect.StateBeside:
		what = "what they do at the same time"
	case bisect.StateWithin:
		what = "unknown"
	case bisect.StateOther:
		what = "the server, or what else outlives the process"
	case bisect.StateServer:
		what = "users or functions of the server"
	}
	if len(s.Names) > 0 {
		what += ": " + doc.Say(strings.Join(s.Names, ", "))
	}
	t.line("Mechanism", what)
	if s.Why != "" {
		t.line("", doc.Say(s.Why))
	}
}

func restored(a *bisect.Answer) claims.Text {
	switch {
	case a.State == nil || !a.State.Proved:
		return ""
	case a.State.Kind == bisect.StateProcess || a.State.Kind == bisect.StateBeside:
		return ", after it in a process of its own " + failed(a.Restored)
	}
	return ", restored in between " + failed(a.Restored)
}

func (t *answer) tried(a *bisect.Answer) {
	var parts []claims.Text
	for _, p := range []struct {
		name claims.Text
		t    bisect.Tally
	}{{"alone", a.Alone}, {"after everything that ran before it", a.Suite}, {"after what was found", a.With}, {"restored in between", a.Restored}} {
		if p.t.Ran > 0 {
			parts = append(parts, p.name+" "+failed(p.t))
		}
	}
	if len(parts) > 0 {
		t.line("Tried", doc.Join(parts, ", "))
	}
}

func failed(t bisect.Tally) claims.Text { return doc.Int(t.Failed) + "/" + doc.Int(t.Ran) + " failed" }

// number writes a small number as a word.
func number(n int, noun claims.Text) claims.Text {
	switch n {
	case 0:
		return "no " + noun
	case 1:
		return "one " + noun
	}
	return claims.Count(n, noun)
}

// testName names a test of a trial.
func testName(n record.Name) claims.Text {
	if n.Test == trial.NoTest {
		n.Test = ""
	} else if n.Test == "" && n.Spec == "" {
		return "package " + doc.Code(n.Package)
	}
	return claims.Owner(n)
}
