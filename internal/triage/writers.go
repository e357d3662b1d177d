package triage

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/rediscmd"
)

// writers is who wrote what. The trace reports each write whose goroutine made it, and the
// ledger has what changed. A change and a write of that value belong together: then who made
// it is known whoever else was open.
type writers struct {
	window   *window
	outcomes *outcomes
	ledger   *ledger

	received   map[*server]*received
	pending    map[key]*write  // those without a reply, whose effect a snapshot can show
	resets     map[key]*server // CONFIG RESETSTAT without a reply
	noted      []*notedWrite   // writes, the same ones together
	notes      map[string]*notedWrite
	unanswered map[key]*notedWrite
	settings   []*setting // what units were traced setting, in order
	logged     map[settingKey]*setting
	endpoints  []findings.Endpoint
	clients    []otherClients
}

func newWriters(w *window, o *outcomes, l *ledger) *writers {
	return &writers{window: w, outcomes: o, ledger: l, received: map[*server]*received{}, pending: map[key]*write{}, resets: map[key]*server{},
		notes: map[string]*notedWrite{}, unanswered: map[key]*notedWrite{}, logged: map[settingKey]*setting{}}
}

// key names a write.
type key struct {
	process int
	number  int64
}

// at returns the writes that a server has received; nil of none.
func (ws *writers) at(s *server) *received {
	if s == nil {
		return nil
	}
	r := ws.received[s]
	if r == nil {
		r = &received{server: s}
		ws.received[s] = r
	}
	return r
}

// announced is a write of which is said who makes it, before anything else is known.
func (ws *writers) announced(e record.Entry) *write {
	return &write{Write: e.Write, seq: e.Seq, author: ws.author(e.Write.Process, e.Write.By), to: ws.at(ws.ledger.at(e.Write.Server)),
		shown: map[string]bool{}, spent: map[string]bool{}}
}

// sent takes in a write that goes to its server.
func (ws *writers) sent(w *write, at time.Time) {
	if w.to != nil {
		switch rediscmd.Of(w.Command).Name {
		case rediscmd.ConfigSet:
			w.to.server.tracedSets++
		case rediscmd.ConfigResetStat:
			ws.resets[w.key()] = w.to.server
		}
	}
	ws.note(w, at)
	ws.log(w)
	if w.to != nil && (len(w.Values) > 0 || w.nameless()) {
		w.to.pending = append(w.to.pending, w)
		ws.pending[w.key()] = w
	}
}

func (w *write) key() key { return key{w.Process, w.Number} }

// replied takes in a reply. It returns the write, if a snapshot can show what it did, and the
// server whose statistics may begin anew.
func (ws *writers) replied(r *record.Reply, seq int64) (w *write, anew *server) {
	k := key{r.Process, r.Number}
	if w = ws.pending[k]; w != nil {
		w.answered, w.reply, w.replied = true, r.Text, seq
		if len(r.Snapshots) > 0 && !slices.Contains(w.to.pending, w) {
			w.belated, w.to.pending = true, append(w.to.pending, w)
		}
		if w.accepted() {
			w.to.owed = append(w.to.owed, w)
		}
	}
	if noted := ws.unanswered[k]; noted != nil {
		noted.reply = cmp.Or(noted.reply, r.Text)
		delete(ws.unanswered, k)
	}
	return w, ws.resets[k]
}

// done takes in that a write was replied to, and whether a snapshot of its server came with that.
func (ws *writers) done(w *write, shown bool, seq int64, at time.Time) {
	if strings.HasPrefix(w.reply, "-") {
		ws.refusedLog(w)
	}
	delete(ws.pending, w.key())
	if w.late = !shown; shown {
		ws.answered(w, seq, at)
	}
}

// answered takes in the first snapshot behind the reply to a write: what it does not
// show of it, the write did not do, or it was undone.
func (ws *writers) answered(w *write, seq int64, at time.Time) {
	w.done = seq
	ws.unseen(w, seq, at)
	w.to.silent = append(w.to.silent, w)
	w.to.silent = w.to.silent[max(0, len(w.to.silent)-maxSilent):]
}

// sampled takes in a good snapshot, of which all changes were filed.
func (ws *writers) sampled(s *server, seen sighting) {
	r := ws.at(s)
	for _, w := range r.pending {
		if w.late { // no snapshot came with its reply
			w.late = false
			ws.answered(w, seen.entry.Seq, seen.Received)
		}
	}
	r.shows(seen.restarted)
	r.forget(ws.window)
}

// reset takes in that the statistics of a server begin anew, where no snapshot shows
// it: a later one may show more than there was before.
func (ws *writers) reset(r *record.Reply, shown bool) {
	s := ws.resets[key{r.Process, r.Number}]
	delete(ws.resets, key{r.Process, r.Number})
	if s == nil || shown || s.counters == nil || !strings.HasPrefix(r.Text, "+OK") {
		return
	}
	anew := *s.counters
	anew.OOM, anew.Evicted, anew.ConfigSet, anew.ResetStat = 0, 0, 0, 0
	s.counters = &anew
}
