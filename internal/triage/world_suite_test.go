package triage_test

import (
	"fmt"
	"iter"
	"maps"
	"slices"

	"tracetest/internal/record"
	"tracetest/internal/triage/story"
)

// What suites do in random worlds: their nodes write, and one runs in several processes;
// statistics of servers are reset, and tracetest restores what a test left.

// reset has the statistics of a server begin anew.
func (w *world) reset(a *actor) {
	switch {
	case !w.resets:
	case w.in(2):
		w.Resetstat()
	default:
		w.announce(w.of(a))
		sent := w.of(a).Write(w.own(a), "CONFIG", "RESETSTAT")
		w.Resetstat()
		sent.ReplySeen("+OK")
	}
}

// settings are what servers are set to.
func (w *world) settings() (all []map[string]string) {
	for _, s := range w.Servers {
		all = append(all, maps.Clone(s.Settings))
	}
	return all
}

// restore is what tracetest writes back when a unit has ended and nobody else is open: most
// of what is not as the unit found it.
func (w *world) restore(a *actor) {
	found := w.found[a.Parent]
	if found == nil || a.Owner.Container != "" || a.Kind != record.KindSpec && len(w.open()) > 0 {
		return
	}
	for i, s := range w.Servers {
		values := map[string]string{}
		for _, name := range slices.Sorted(maps.Keys(found[i])) {
			if value := found[i][name]; s.Settings[name] != value && !w.in(4) {
				values[name] = value
			}
		}
		if len(values) > 0 {
			w.RestoreOn(i, "test", a.test, values)
			if limit, is := values["maxmemory"]; is {
				w.forced(limit)
			}
		}
	}
}

// node has a suite node do something, traced or not.
func (w *world) node(t *actor, kind string) {
	if !w.nodes || w.in(2) {
		return
	}
	for range 1 + w.rand.IntN(2) {
		value := w.nextOf(w.name(t), "node "+kind)
		d := w.truth[value]
		d.also = append(d.also, fmt.Sprintf("%s > [%s]", w.name(t), kind))
		w.truth[value] = d
		server, parameter := w.rand.IntN(2), fmt.Sprintf("p%d", w.rand.IntN(6))
		switch w.rand.IntN(4) {
		case 0:
			w.announce(t.Process)
			w.SetOn(server, parameter, value)
		case 1: // on a goroutine, which may go on in a spec
			by := t.Spawned(7)
			by.Started = story.Stack("shop/cache.init.func1.2 cache/a_test.go:6")
			write := func() { t.Process.WriteTo(server, by, "CONFIG", "SET", parameter, value).OK() }
			if w.in(2) {
				w.leave(write)
			} else {
				write()
			}
		default:
			t.Process.WriteTo(server, t.OnNode(6), "CONFIG", "SET", parameter, value).OK()
		}
	}
}

// ran are the suite nodes that ran.
func (w *world) ran() (all []record.Node) {
	if w.nodes {
		all = append(all, story.Node("BeforeSuite", "pass"), story.Node("AfterSuite", "pass"))
	}
	return all
}

// member is a process of a suite that runs in several.
type member struct {
	p           *proc
	suite, spec *actor
	next        func() (struct{}, bool)
	stop        func()
}

// gather starts the processes of a suite.
func (w *world) gather(n int) {
	w.Entries[0].Run.Launched = true
	for i := range n {
		m := &member{p: w.InParallel("shop/cache", i+1)}
		w.p = m.p
		w.contact()
		w.crew = append(w.crew, m)
	}
	w.Starts("shop/cache")
}

// together runs a suite in several processes, each of which goes on by and by.
func (w *world) together() {
	first, died := w.crew[0], false
	for _, m := range w.crew {
		m.next, m.stop = iter.Pull(w.member(m, m == first, &died))
		defer m.stop()
	}
	for len(w.crew) > 0 {
		i := w.rand.IntN(len(w.crew))
		m := w.crew[i]
		w.p, w.suite, w.spec = m.p, m.suite, m.spec
		_, goesOn := m.next()
		m.suite, m.spec = w.suite, w.spec
		if !goesOn {
			w.crew = slices.Delete(w.crew, i, i+1)
		}
	}
	if died {
		w.p.Ended("fail")
	} else {
		w.p.Ended("pass")
	}
}

// member is what one process of a suite does. The first waits for the others and says
// which nodes ran.
func (w *world) member(m *member, first bool, died *bool) iter.Seq[struct{}] {
	return func(yield func(struct{}) bool) {
		others := func() { yield(struct{}{}) }
		defer func() {
			switch r := recover(); {
			case r == crashed{}:
				w.loose, *died = true, true
				m.p.Kill()
				w.left = slices.DeleteFunc(w.left, func(l left) bool { return l.of == m.p })
				for _, a := range w.begun { // nothing of it goes on
					a.over = a.over || a.Process == m.p
				}
			case r != nil:
				panic(r)
			}
		}()
		w.acts(nil, 1)
		t := w.start(nil, "TestSuite")
		t.SuiteBegin()
		w.suite = t
		others()
		w.node(t, "BeforeSuite")
		for range w.rand.IntN(5) {
			others()
			w.number++
			w.runSpec(t, "", fmt.Sprintf("does %d", w.number), others)
		}
		for others(); first && len(w.crew) > 1; {
			others()
		}
		w.node(t, "AfterSuite")
		if first {
			t.SuiteEnd(w.ran()...)
		} else {
			t.SuiteEnd()
		}
		w.suite = nil
		w.finish(t, "pass")
		others()
		for _, l := range w.left {
			if l.of == m.p {
				l.write()
			}
		}
		w.left = slices.DeleteFunc(w.left, func(l left) bool { return l.of == m.p })
		m.p.Exit()
		m.p.Gone()
	}
}
