package story

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"tracetest/internal/record"
)

// teller is who tells a story: the record so far, and what names stand for.
type teller struct {
	r       *Record
	begun   bool // the run has
	process *Process
	plain   *Unsynchronized
	suite   *Test // whose specs come
	suites  map[*Process]*Test
	sent    *Sent
	refused *record.Refused

	processes map[string]*Process
	plains    map[string]*Unsynchronized
	tests     map[string]*Test
	writes    map[string]*Sent
	ahead     map[int]bool // processes that pass boundaries
	as        string       // what the step's result is called, if not as usual
}

// Tell makes the record of a run that is told in text: a step a line, as the table of
// verbs has it. A line that begins with # is a comment.
func Tell(text string) (*Record, error) {
	t := &teller{processes: map[string]*Process{}, plains: map[string]*Unsynchronized{}, tests: map[string]*Test{}, writes: map[string]*Sent{}, ahead: map[int]bool{}, suites: map[*Process]*Test{}}
	run := record.Run{Mode: record.ModeInstrumented}
	servers := 1
	var steps []string
	for n, text := range strings.Split(text, "\n") {
		text = strings.TrimSpace(text)
		if text == "" || text[0] == '#' {
			continue
		}
		if err := header(text, &run, &servers); err != nil {
			return nil, fmt.Errorf("line %d: %w", n+1, err)
		}
		steps = append(steps, text)
	}
	t.r = Of(run, servers)
	for _, text := range steps {
		if err := t.step(text); err != nil {
			return nil, fmt.Errorf("%s: %w", text, err)
		}
	}
	t.begin()
	return t.r, nil
}

// begin begins the run: what comes now, happens in it.
func (t *teller) begin() {
	if !t.begun {
		t.begun = true
		t.r.Baseline()
	}
}

func (t *teller) step(text string) error {
	words, err := split(text)
	if err != nil {
		return err
	}
	l := &line{words: words}
	t.as = ""
	if len(words) > 1 && words[1] == (word{text: "="}) {
		t.as = l.next("")
		l.words = l.words[1:]
	}
	name := l.next("a verb")
	if _, ok := headers()[name]; ok {
		return nil
	}
	if name == "entry" { // is JSON
		t.begin()
		return t.entry(strings.TrimSpace(strings.TrimPrefix(text, "entry")))
	}
	do, ok := verbs()[name]
	if !ok {
		return fmt.Errorf("no verb %q", name)
	}
	if _, setUp := setUps()[name]; !setUp {
		t.begin()
	}
	do.do(t, l)
	if l.err == nil && l.more() {
		l.fail("too much: %v", l.rest())
	}
	return l.err
}

// entry adds what no verb makes.
func (t *teller) entry(text string) error {
	var e record.Entry
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		return err
	}
	t.r.add(e)
	return nil
}

// What names stand for. A name stands for the last that got it.

func (t *teller) name(usual string) string {
	if t.as != "" {
		return t.as
	}
	return usual
}

func (t *teller) current(l *line) *Process {
	if t.process == nil {
		l.fail("no package has begun")
		return t.r.anonymous()
	}
	return t.process
}

// anonymous takes the place of a process that is missing, when that is told.
func (r *Record) anonymous() *Process { return &Process{Record: r} }

func (t *teller) enter(p *Process, name string) {
	t.process, t.processes[t.name(name)] = p, p
}

func (t *teller) test(l *line) *Test {
	name := l.next("a test")
	if x, ok := t.tests[name]; ok {
		return x
	}
	l.fail("no test %q has begun", name)
	return &Test{Process: t.r.anonymous(), Owner: &record.Owner{}}
}

func (t *teller) began(x *Test) { t.tests[t.name(x.Name)] = x }

// write is that which is named, or the last.
func (t *teller) write(l *line) *Sent {
	if l.more() {
		if w, ok := t.writes[l.words[0].text]; ok && !l.words[0].quoted {
			l.next("")
			return w
		}
	}
	if t.sent == nil {
		l.fail("nothing was written")
		return &Sent{Write: &record.Write{Server: -1, Command: []string{""}}, Sender: t.r.anonymous()}
	}
	return t.sent
}

func (t *teller) wrote(w *Sent) {
	t.sent = w
	if t.as != "" {
		t.writes[t.as] = w
	}
}

// start begins a test, or the subtest of one that is open: "TestA/sub".
func (t *teller) start(l *line, kind record.Kind) *Test {
	name := l.next("a name")
	for i := len(name) - 1; i > 0; i-- {
		if name[i] != '/' {
			continue
		}
		if parent, ok := t.tests[name[:i]]; ok {
			return parent.Begin(name[i+1:])
		}
	}
	return t.current(l).start(kind, name, nil)
}

// by is whose goroutine it is: who, where in its code, and what else is known.
func (t *teller) by(l *line) record.By {
	var by record.By
	switch who, special := l.skip("main", "package", "nobody"); {
	case !special:
		by = t.ofTest(l, t.test(l))
	case who == "main":
		by = t.current(l).Main(int(l.number("a line")))
	case who == "package":
		by = t.current(l).Started(frames(l)...)
	default:
		by = Timer(frames(l)...)
	}
	for l.more() && l.err == nil {
		t.also(l, &by)
	}
	return by
}

func (t *teller) ofTest(l *line, x *Test) record.By {
	switch where, _ := l.skip("at", "closure", "node", "spawned", "own", "nowhere"); where {
	case "at":
		return x.At(int(l.number("a line")))
	case "closure":
		return x.Closure(int(l.number("a line")))
	case "node":
		return x.OnNode(int(l.number("a line")))
	case "spawned":
		return x.Spawned(int(l.number("a line")))
	case "own":
		return x.Own(frames(l)...)
	case "nowhere":
		return Whose(x)
	}
	return x.Label(frames(l)...)
}

// also is one more thing that is known of a goroutine.
func (t *teller) also(l *line, by *record.By) {
	switch what := l.next(""); what {
	case "takes": // the outermost function takes what others hand to it
		if n := len(by.Stack); n > 0 {
			by.Stack[n-1].Takes = true
		}
	case "waiting", "setting":
		*by = Waits(*by, what == "setting")
	case "client":
		by.Stack = Stack(rueidis()...)
	case "stack":
		by.Stack = exactly(l)
	case "started":
		by.Started = exactly(l)
	case "waits":
		if _, ok := l.skip("{"); !ok {
			l.fail("who waits stands in braces")
			return
		}
		inner := l.braces()
		by.Waiting = append(by.Waiting, t.by(inner))
		if inner.err != nil {
			l.fail("%w", inner.err)
		}
	case "perhaps":
		by.Perhaps = append(by.Perhaps, Whose(t.test(l)))
	case "lost":
		by.Lost = true
	case "starts":
		by.Starts = true
	default:
		l.fail("nothing known of a goroutine is called %q", what)
	}
}

// frames are calls, "function@file:line".
func frames(l *line) []string {
	var all []string
	for l.more() && !l.words[0].quoted && strings.Contains(l.words[0].text, "@") {
		all = append(all, strings.Replace(l.next(""), "@", " ", 1))
	}
	return all
}

// exactly are frames with what is known of each: "function@file:line!sets!takes".
func exactly(l *line) []record.Frame {
	var all []record.Frame
	for _, text := range frames(l) {
		parts := strings.Split(text, "!")
		f := Stack(parts[0])[0]
		f.Sets, f.Takes = slices.Contains(parts[1:], "sets"), slices.Contains(parts[1:], "takes")
		all = append(all, f)
	}
	return all
}
