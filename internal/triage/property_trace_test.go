package triage_test

import (
	"slices"
	"strings"
	"testing"

	"tracetest/internal/findings"
)

// tracedLog are the writes that the trace tells of in a random run of parallel tests:
// by tests that run, wait, or have ended and left a goroutine behind. Some are
// refused, some never answered, some never sent.
type tracedLog struct {
	writes []*tracedWrite
	done   map[string]bool // "author parameter value" that had an effect
	number int
}

type tracedWrite struct {
	*sent
	by               *running
	of               *busy
	author           string
	parameter, value string
	refused, lost    bool // it will have no effect
	silent           bool // nobody will read the reply
	took, answered   bool // it had its effect; the reply was reported
	over             bool // there was a snapshot since it was answered
	used             bool // a snapshot showed it, and it was the only one that can have been shown
	past             int  // snapshots since its test had ended
}

// waits reports whether a snapshot may still show it: nobody waits for long for what
// a test that has ended said it would send.
func (w *tracedWrite) waits(parameter, value string) bool {
	return w.parameter == parameter && w.value == value && !w.over && !w.used && w.past <= 2
}

// awaits reports whether a write of that value may still explain a change, so
// that the same change by somebody else could not be told from it.
func (h *tracedLog) awaits(parameter, value string) bool {
	return slices.ContainsFunc(h.writes, func(w *tracedWrite) bool {
		return w.waits(parameter, value)
	})
}

func (h *tracedLog) announced(parameter, value string) map[string]bool {
	announced := map[string]bool{}
	if h == nil {
		return announced
	}
	for _, w := range h.writes {
		if w.waits(parameter, value) {
			announced[w.author] = true
		}
	}
	return announced
}

func (h *tracedLog) shown(parameter, value string) {
	if h == nil {
		return
	}
	var all []*tracedWrite
	for _, w := range h.writes {
		if w.waits(parameter, value) {
			all = append(all, w)
		}
	}
	if len(all) == 1 {
		all[0].used = true
	}
}

// sampled counts a snapshot.
func (h *tracedLog) sampled() {
	if h == nil {
		return
	}
	for _, w := range h.writes {
		if w.by.over {
			w.past++
		}
		w.over = w.over || w.answered
	}
}

// trace lets writes be reported, have their effect, and be answered.
func (c *concurrent) trace() {
	h := c.traced
	for _, w := range h.writes { // what was told before the last snapshot is sent by now
		c.take(w)
	}
	for range c.rand.IntN(4) {
		switch c.rand.IntN(3) {
		case 0:
			c.tell()
		case 1:
			if len(h.writes) > 0 {
				c.take(h.writes[c.rand.IntN(len(h.writes))])
			}
		case 2:
			c.answer()
		}
	}
}

func (c *concurrent) tell() {
	b := c.procs[c.rand.IntN(len(c.procs))]
	if len(b.tests) == 0 || b.gone {
		return
	}
	t := b.tests[c.rand.IntN(len(b.tests))]
	name := parameters[c.rand.IntN(len(parameters))]
	c.traced.number++
	w := &tracedWrite{by: t, of: b, author: b.Path + " > " + t.Name, parameter: name, value: values[name][c.rand.IntN(len(values[name]))],
		refused: c.rand.IntN(6) == 0, lost: c.rand.IntN(8) == 0, silent: c.rand.IntN(4) == 0}
	by := t.Closure(c.traced.number)
	if !t.over && c.rand.IntN(2) == 0 {
		by = t.At(c.traced.number)
	}
	w.sent = b.proc.Write(by, "CONFIG", "SET", w.parameter, w.value)
	c.traced.writes = append(c.traced.writes, w)
	if s := c.Servers[0]; s.Shown[name] != w.value && s.Settings[name] == w.value {
		w.refused, w.lost = false, false // else who had changed it untraced could not be told from it
		c.take(w)
	}
	if t.over {
		c.take(w)
	}
}

func (c *concurrent) take(w *tracedWrite) {
	if w.took || w.refused || w.lost || w.over {
		return
	}
	c.writer[w.parameter] = w.author // also where somebody had set it to that already: it was so after both
	w.sent.Took()
	w.took = true
	if c.traced.done == nil {
		c.traced.done = map[string]bool{}
	}
	c.traced.done[w.author+" "+w.parameter+" "+w.value] = true
}

// answer is a reply, and mostly the snapshot that comes with it.
func (c *concurrent) answer() {
	for _, w := range c.traced.writes {
		if w.answered || w.silent || w.lost || !w.took && !w.refused || w.of.gone {
			continue
		}
		text := "+OK"
		if w.refused {
			text = "-ERR CONFIG SET failed"
			w.over = true // it explains nothing from here on
		}
		for _, o := range c.who() {
			c.active[o] = true
		}
		if c.rand.IntN(4) == 0 { // tracetest stays out for somebody
			w.ReplyUnseen(text)
			w.answered = true
			return
		}
		since := len(c.Entries)
		w.past = 0 // what the snapshot shows may be its
		w.Reply(text)
		w.answered = true
		if !c.blind {
			c.seen(since)
		}
		return
	}
}

// Tests at the same time, of which the trace sees some of the writes: what is
// called exact is the writer's, and nobody's who was not traced; else whoever
// wrote is a suspect.
func TestRandomWrites(t *testing.T) {
	exact := 0
	for seed := range several(4000) {
		c := randomConcurrent(seed, seed%4 == 3, true)
		f := triaged(c.Entries)
		for _, x := range append(slices.Clone(f.Leaks), f.Reverted...) {
			if has(x, findings.CaveatNoSnapshot) {
				if x.By == nil || !c.traced.done[owner(*x.By)+" "+x.Parameter+" "+x.To] {
					t.Fatalf("seed %d: %s is said to have gone by, and did not\n%s%s", seed, x.Parameter, render(f), marshal(t, c.Entries[2:]))
				}
				continue
			}
			i := slices.IndexFunc(c.stretch, func(s stretch) bool { return s.at.Equal(x.At) && s.parameter == x.Parameter })
			if i < 0 {
				t.Fatalf("seed %d: %s changed at a time at which nothing was seen\n%s", seed, x.Parameter, render(f))
			}
			s := c.stretch[i]
			accused := accusedOf(x.By, x.Suspects)
			if x.Certainty == findings.Exact {
				exact++
			}
			switch {
			case !slices.Contains(accused, s.writer):
				t.Fatalf("seed %d: %s was written by %s, and %v are accused\n%s%s", seed, x.Parameter, s.writer, accused, render(f), marshal(t, c.Entries[2:]))
			case x.Certainty == findings.Exact && !s.announced[s.writer]:
				t.Fatalf("seed %d: %s is exact, and nobody was traced\n%s%s", seed, x.Parameter, render(f), marshal(t, c.Entries[2:]))
			case x.Untraced && s.announced[s.writer]:
				t.Fatalf("seed %d: %s was traced\n%s%s", seed, x.Parameter, render(f), marshal(t, c.Entries[2:]))
			}
			for _, o := range accused {
				if !s.active[o] && !s.announced[o] && !has(x, findings.CaveatNoAnswer) {
					t.Fatalf("seed %d: %s is accused of %s, was not active then and told of nothing\n%s%s", seed, o, x.Parameter, render(f), marshal(t, c.Entries[2:]))
				}
			}
		}
		if bad := broken(f); len(bad) > 0 {
			t.Fatalf("seed %d: %s\n%s", seed, strings.Join(bad, "\n"), render(f))
		}
	}
	if exact < 1000 {
		t.Errorf("only %d changes were exact", exact)
	}
}
