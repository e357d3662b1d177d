package triage

import (
	"slices"
	"strconv"
	"strings"

	"tracetest/internal/record"
	"tracetest/internal/rediscmd"
	"tracetest/internal/redisconf"
)

// write is a command that a test binary was seen sending.
type write struct {
	*record.Write
	author
	seq      int64
	to       *received // nil where the server is not watched
	answered bool
	reply    string          // first line; empty before there is one
	done     int64           // sequence number of the reply
	late     bool            // it was answered, and no snapshot came with the reply
	replied  int64           // sequence number of the reply; zero before there is one
	belated  bool            // nobody waited for its reply any more when that came
	past     int             // snapshots since whoever made it had ended
	shown    map[string]bool // parameters whose change was seen
	spent    map[string]bool // those of which it was the one write that explained the change
}

// received are the writes that a server has received, or will.
type received struct {
	server    *server
	pending   []*write // that a snapshot may still show
	owed      []*write // those accepted since the last good snapshot
	unsampled []*write // those accepted that no snapshot shows
	silent    []*write // the last that were answered
	lost      []*write // the last that were never answered, nor seen to have an effect
}

// maxSilent is how many writes are kept that were answered, to find those that
// were undone before a snapshot could show them.
const maxSilent = 64

// explain returns the write that made a change, or several of which one did;
// none where nobody was seen writing that value.
func (s *received) explain(parameter, value string) []*write {
	var all []*write
	for _, w := range s.pending {
		if v, sets := w.value(parameter); sets && w.can(parameter) && (v.Secret || redisconf.Same(v.Value, value)) && !s.overwritten(w, parameter) {
			all = append(all, w)
		}
	}
	return all
}

// overwritten reports whether a later write has set a parameter to another value
// since: of writes that were answered without a snapshot several can be pending.
func (s *received) overwritten(w *write, parameter string) bool {
	was, _ := w.value(parameter)
	return slices.ContainsFunc(s.pending, func(later *write) bool {
		v, sets := later.value(parameter)
		return sets && w.replied > 0 && w.replied < later.seq && later.accepted() && (v.Secret || was.Secret || !redisconf.Same(v.Value, was.Value))
	})
}

// can reports whether a write can have changed a parameter since the last snapshot:
// one that was refused cannot, and one that has does not come a second time.
func (w *write) can(parameter string) bool {
	return !strings.HasPrefix(w.reply, "-") && !w.spent[parameter]
}

// forget drops writes that have been answered, now that there was a snapshot.
// Others it drops once those who made them have ended and further snapshots have not
// shown them: they had no effect, and must not explain what somebody else does
// later.
func (s *received) forget(w *window) {
	s.pending = slices.DeleteFunc(s.pending, func(sent *write) bool {
		if sent.answered {
			return true
		}
		for _, ref := range sent.refs {
			o := w.actors[ref.Owner]
			if ref.Owner == 0 && w.open.Present(ref.Process) || o != nil && o.status == "" {
				return false
			}
		}
		if sent.past++; sent.past <= lateSnapshots {
			return false
		}
		s.lost = append(s.lost, sent)
		s.lost = s.lost[max(0, len(s.lost)-maxSilent):]
		return true
	})
}

// lateSnapshots is how many snapshots a write without a reply is waited for after the
// end of its actor: what is on the wire by then is worked off while the end is
// sampled.
const lateSnapshots = 2

// value returns what a write sets a parameter to, last.
func (w *write) value(parameter string) (record.Value, bool) {
	for _, v := range slices.Backward(w.Values) {
		if v.Parameter == parameter {
			return v, true
		}
	}
	return record.Value{}, false
}

// nameless reports whether a write can change parameters of which it names no value, as
// that of a module which brings its own.
func (w *write) nameless() bool {
	return len(w.Values) == 0 && rediscmd.Of(w.Command).Changes&rediscmd.Config != 0
}

// shows takes in that a good snapshot has shown what the accepted writes before it
// did. One that it does not show, and that no later one has covered, is a gap: it
// went to another server, or what showed it is missing from the record.
func (s *received) shows(restarted bool) {
	for _, w := range s.owed {
		for _, v := range w.Values {
			now, known := s.server.now[v.Parameter]
			if restarted || !known || v.Secret || w.shown[v.Parameter] || !plain(v) || same(v.Value, now) || s.covered(w, v.Parameter) {
				continue
			}
			s.unsampled = append(s.unsampled, w)
		}
	}
	s.owed = nil
}

// covered reports whether another write of a parameter can have come behind one
// before the snapshot: then that is what is seen.
func (s *received) covered(w *write, parameter string) bool {
	sets := func(other *write) bool {
		_, sets := other.value(parameter)
		return sets && other != w && (other.seq > w.seq || other.done == 0 || other.done > w.seq)
	}
	return slices.ContainsFunc(s.owed, sets) || slices.ContainsFunc(s.pending, sets) || slices.ContainsFunc(s.lost, sets)
}

// plain reports whether a value reads back as it was written: numbers and
// switches do, where the server does not bring them within bounds.
func plain(v record.Value) bool {
	_, err := strconv.ParseInt(v.Value, 10, 64)
	return v.Parameter != "hz" && (err == nil || strings.EqualFold(v.Value, "yes") || strings.EqualFold(v.Value, "no"))
}

// same is sameValue where 07 is 7.
func same(written, read string) bool {
	x, errX := strconv.ParseInt(written, 10, 64)
	y, errY := strconv.ParseInt(read, 10, 64)
	return errX == nil && errY == nil && x == y || redisconf.Same(written, read)
}

func (w *write) accepted() bool {
	// Of a transaction that was not executed the reply is a null array.
	return strings.HasPrefix(w.reply, "+OK") || strings.HasPrefix(w.reply, "*") && !strings.HasSuffix(w.reply, " with an error") && w.reply != "*-1"
}
