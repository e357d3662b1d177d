package story

import (
	"strings"

	"tracetest/internal/record"
)

// ofTraces is what the trace tells of the process of which is spoken.
func ofTraces() map[string]verb {
	return map[string]verb{
		"contact": {"SERVER", func(t *teller, l *line) { p := t.current(l); p.Contact(t.server(l)) }},
		"contact-other": {"ADDRESS PROBLEM [inside] # which is not watched", func(t *teller, l *line) {
			address, problem := l.next("an address"), l.next("a problem")
			_, inside := l.skip("inside")
			t.current(l).contactOther(address, problem, inside)
		}},
		"discover": {"KEYS [NAME VALUE]... # a further server, which has these", func(t *teller, l *line) {
			keys := l.number("how many keys")
			t.r.discover(l.pairs(), keys)
		}},
		"write": {"[to SERVER|ADDRESS] BY: WORD... # is announced before it is sent", func(t *teller, l *line) {
			by := l.part()
			p := t.current(l)
			if _, ok := by.skip("to"); !ok {
				t.wrote(p.Write(t.whole(l, by), l.command()...))
			} else if to := by.next("a server"); strings.Contains(to, ":") {
				t.wrote(p.writeOther(to, t.whole(l, by), l.command()...))
			} else {
				server := t.server(&line{words: []word{{text: to}}})
				t.wrote(p.WriteTo(server, t.whole(l, by), l.command()...))
			}
		}},
		"took":         {"[WRITE] # the server has what was written", func(t *teller, l *line) { t.write(l).Took() }},
		"reply":        {"[WRITE] TEXT # with the snapshot that is taken before it is handed on", func(t *teller, l *line) { w := t.write(l); w.Reply(l.next("a reply")) }},
		"reply-unseen": {"[WRITE] TEXT # without one", func(t *teller, l *line) { w := t.write(l); w.ReplyUnseen(l.next("a reply")) }},
		"reply-seen":   {"[WRITE] TEXT # with one, whatever was written", func(t *teller, l *line) { w := t.write(l); w.ReplySeen(l.next("a reply")) }},
		"ok":           {"[WRITE] # took, and reply +OK", func(t *teller, l *line) { t.write(l).OK() }},
		"sets": {"TEST LINE NAME VALUE # write and ok, on its own goroutine", func(t *teller, l *line) {
			x, at, name := t.test(l), l.number("a line"), l.next("a name")
			x.sets(int(at), name, l.next("a value"))
		}},
		"sets-unseen": {"TEST LINE NAME VALUE # without snapshots", func(t *teller, l *line) {
			x, at, name := t.test(l), l.number("a line"), l.next("a name")
			x.setsUnseen(int(at), name, l.next("a value"))
		}},
		"asks": {"TEST LINE WORD... # a command that shows what other clients do", func(t *teller, l *line) {
			x, at := t.test(l), l.number("a line")
			x.asks(int(at), l.command()...)
		}},
		"refused": {"N BY # OOM errors at one place", func(t *teller, l *line) {
			n, p := l.number("how many"), t.current(l)
			t.refused = p.Refused(t.by(l), n)
		}},
		"more": {"N # of the last refused", func(t *teller, l *line) {
			n := l.number("how many")
			if t.refused == nil {
				l.fail("nothing was refused")
				return
			}
			t.current(l).more(t.refused, n)
		}},
		"clients": {"NAME...: CLIENT... # were connected when these had changed; each is \"name command\"", func(t *teller, l *line) {
			names := l.part().rest()
			t.r.clients(names, l.rest()...)
		}},
	}
}

// whole reads who wrote, of which nothing may be left.
func (t *teller) whole(l, part *line) record.By {
	by := t.by(part)
	if part.err != nil {
		l.fail("%w", part.err)
	}
	return by
}

func (l *line) command() []string {
	words := l.rest()
	if len(words) == 0 {
		l.fail("no command")
		return []string{""}
	}
	return words
}
