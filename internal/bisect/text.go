package bisect

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"tracetest/internal/printable"
	"tracetest/internal/record"
	"tracetest/internal/trial"
)

// Tell writes an answer for people. File names below dir are relative to it.
func (a *Answer) Tell(out io.Writer, dir string) error {
	t := &teller{dir: dir}
	victim := name(a.Victim)
	if a.Param != "" {
		victim = clean(a.Param)
	}
	switch a.Kind {
	case Polluters:
		t.line("tracetest: %s is a victim: it fails after %s, and not without.", victim, count(len(a.Culprits), "test"))
		for _, c := range a.Culprits {
			t.line("Polluter  %s", t.test(c.Test))
			t.left(c)
		}
		t.through(a.State)
		t.line("Proof     alone %s, after it %s%s", failed(a.Alone), failed(a.With), t.restored(a))
		for _, c := range a.Cleaners {
			t.line("Cleaner   %s: run between them, it passes", t.test(c))
		}
	case Brittle:
		t.line("tracetest: %s is brittle: it fails by itself, and passes after %s.", victim, count(len(a.Culprits), "state-setter"))
		for _, c := range a.Culprits {
			t.line("Setter    %s", t.test(c.Test))
			t.left(c)
		}
		t.line("Proof     alone %s, after it %s", failed(a.Alone), failed(a.With))
	case Leaks:
		t.line("tracetest: %s is left changed by %s.", clean(a.Param), count(len(a.Culprits), "test"))
		for _, c := range a.Culprits {
			t.line("Leaks     %s", t.test(c.Test))
			t.left(c)
		}
		t.line("Proof     by itself it was changed afterwards in %d of %d trials", a.With.Failed, a.With.Ran)
	case Clean:
		t.line("tracetest: nobody leaves %s changed.", clean(a.Param))
	case NotOrderDependent:
		t.line("tracetest: %s is not order-dependent.", victim)
		t.tried(a)
	case NotReproduced:
		t.line("tracetest: not reproduced: %s.", victim)
		t.tried(a)
	case Unsettled:
		t.line("tracetest: not settled: %s.", victim)
		t.tried(a)
		if len(a.Best) > 0 {
			t.line("Best      the smallest set after which it was seen to do so has %s, and is not confirmed:", count(len(a.Best), "test"))
			for _, b := range a.Best[:min(len(a.Best), 10)] {
				t.line("            %s", t.test(b))
			}
			if more := len(a.Best) - 10; more > 0 {
				t.line("            and %d more", more)
			}
		}
	}
	if a.Reason != "" {
		t.line("          %s", sentence(a.Reason))
	}
	if said := brief(a.Message); said != "" {
		t.line("It says   %s", said)
	}
	for i, c := range a.Commands {
		head := "Repro     "
		if i > 0 {
			head = "          "
		}
		t.line("%s%s", head, c)
	}
	resumed := ""
	if a.Resumed > 0 {
		resumed = fmt.Sprintf(", and %d of before", a.Resumed)
	}
	t.line("Trials    %d in %.1f s%s", a.Trials, a.Seconds, resumed)
	_, err := io.WriteString(out, t.text.String())
	return err
}

type teller struct {
	dir  string
	text strings.Builder
}

func (t *teller) line(format string, args ...any) { fmt.Fprintf(&t.text, format+"\n", args...) }

func (t *teller) test(test trial.Test) string {
	text := name(test.Name)
	if test.Location != "" {
		text += " (" + t.place(test.Location) + ")"
	}
	return text
}

func (t *teller) place(path string) string {
	at := strings.LastIndexByte(path, ':')
	if at < 0 || t.dir == "" {
		return path
	}
	if rest, err := filepath.Rel(t.dir, path[:at]); err == nil && !strings.HasPrefix(rest, "..") {
		return filepath.ToSlash(rest) + path[at:]
	}
	return path
}

// left tells what a culprit left changed, and where.
func (t *teller) left(c Culprit) {
	for _, l := range c.Left {
		where := ""
		if l.Call != nil {
			where = ", at " + t.place(fmt.Sprintf("%s:%d", l.Call.File, l.Call.Line))
			if n := len(l.Call.Chain); n > 1 { // "function file:line"
				if at := strings.LastIndexByte(l.Call.Chain[n-1], ' '); at >= 0 {
					where += ", called from " + t.place(l.Call.Chain[n-1][at+1:])
				}
			}
		}
		t.line("            left %s %s -> %s%s", l.Parameter, value(l.From), value(l.To), where)
	}
}

func value(text string) string {
	if text == "" {
		return `""`
	}
	return clean(text)
}

func (t *teller) through(s *State) {
	if s == nil {
		return
	}
	what := string(s.Kind)
	switch s.Kind {
	case StateProcess:
		what = "the process: Go variables or what else does not outlive it"
	case StateBeside:
		what = "what they do at the same time"
	case StateWithin:
		what = "what was not found out"
	case StateOther:
		what = "the server, or what else outlives the process"
	case StateServer:
		what = "users or functions of the server"
	}
	if len(s.Names) > 0 {
		what += ": " + clean(strings.Join(s.Names, ", "))
	}
	t.line("Through   %s", what)
	if s.Why != "" {
		t.line("          %s", s.Why)
	}
}

func (t *teller) restored(a *Answer) string {
	if a.State == nil || !a.State.Proved {
		return ""
	}
	how := "with that put back in between"
	if a.State.Kind == StateProcess || a.State.Kind == StateBeside {
		how = "after it in a process of its own"
	}
	return ", " + how + " " + failed(a.Restored)
}

func (t *teller) tried(a *Answer) {
	var parts []string
	for _, p := range []struct {
		name string
		t    Tally
	}{{"alone", a.Alone}, {"after everything that ran before it", a.Suite}, {"after what was found", a.With}, {"with that put back in between", a.Restored}} {
		if p.t.Ran > 0 {
			parts = append(parts, p.name+" "+failed(p.t))
		}
	}
	if len(parts) > 0 {
		t.line("Tried     %s", strings.Join(parts, ", "))
	}
}

func failed(t Tally) string { return fmt.Sprintf("%d/%d failed", t.Failed, t.Ran) }

func count(n int, noun string) string {
	switch n {
	case 0:
		return "no " + noun
	case 1:
		return "one " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func name(n record.Name) string {
	text := n.Test
	if n.Test == trial.NoTest {
		text = "package " + n.Package + " outside of its tests"
	} else if n.Spec != "" {
		text = n.Spec
	} else if n.Test == "" {
		text = "package " + n.Package
	}
	return clean(text)
}

// brief is a message on one line.
func brief(message string) string {
	const limit = 120
	text := []rune(clean(strings.Join(strings.Fields(message), " ")))
	if len(text) > limit {
		return string(text[:limit-1]) + "…"
	}
	return string(text)
}

// clean keeps control bytes of names and messages off the terminal.
func clean(text string) string { return printable.Line(text) }

func sentence(text string) string {
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
