package run

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"tracetest/internal/record"
	"tracetest/internal/snapshot"
)

// story drives a ledger as the watcher does. The server of it has a few parameters.
type story struct {
	l         *ledger
	config    map[string]string // what the server has now
	shown     map[string]string // what the last snapshot saw
	sets      int64
	run       int
	restarted bool
	by        witness
	number    int64
	clock     int // of a unit that began
}

func newStory() *story {
	s := &story{config: map[string]string{"hz": "10", "maxmemory": "0", "replicaof": ""}}
	s.shown = maps.Clone(s.config)
	s.by = witness{traced: true, held: true, other: func() bool { return false }, present: func(int) bool { return true }}
	s.l = newLedger(record.Server{RunID: "0", Config: maps.Clone(s.config), Counters: &record.Counters{}}, snapshot.Mark{})
	return s
}

func (s *story) snap() {
	snap := record.Snapshot{Counters: &record.Counters{ConfigSet: s.sets}}
	for name, value := range s.config {
		if s.shown[name] != value {
			if snap.Config == nil {
				snap.Config = map[string]string{}
			}
			snap.Config[name] = value
		}
	}
	if s.restarted {
		snap.RunID, s.restarted = fmt.Sprint(s.run), false
	}
	s.shown = maps.Clone(s.config)
	s.l.snap(snap, snapshot.Mark{}, s.by)
}

// set is a CONFIG SET, or REPLICAOF, that the server executes.
func (s *story) set(name, value string) {
	s.config[name] = value
	if name != "replicaof" {
		s.sets++
	}
}

// do is one step, such as "test hz 20": a write of a test, traced and answered.
func (s *story) do(step string) {
	words := strings.Fields(step + " - -")
	name, value := words[1], words[2]
	write := func() *record.Write {
		s.snap()
		s.number++
		w := &record.Write{Process: 1, Number: s.number, Command: []string{"CONFIG", "SET", name, value}, Values: []record.Value{{Parameter: name, Value: value}}}
		s.l.write(w)
		return w
	}
	reply := func(w *record.Write, text string) {
		s.l.reply(&record.Reply{Process: 1, Number: w.Number, Text: text})
		s.snap()
	}
	switch words[0] {
	case "test": // writes
		w := write()
		s.set(name, value)
		reply(w, "+OK")
	case "spelled": // writes in another spelling than it reads back
		w := write()
		w.Values[0].Value = "another spelling"
		s.set(name, value)
		reply(w, "+OK")
	case "refused": // a write of a test is
		reply(write(), "-ERR no")
	case "unanswered":
		write()
		s.set(name, value)
		s.snap()
	case "lost": // sent, and never executed
		write()
	case "others": // write unseen
		s.set(name, value)
		s.snap()
	case "aborted": // a transaction of a test is, and another program sets it then
		w := write()
		s.set(name, value)
		w.Values[0].Value = "another value"
		reply(w, "*-1")
	case "moment": // another program sets it between the snapshot of a test's write and that of its reply
		w := write()
		s.set(name, value)
		s.set(name, value)
		reply(w, "+OK")
	case "restart", "another": // the server, or another one comes to its address
		s.run, s.sets, s.restarted = s.run+1, 0, true
		if name != "-" {
			s.config[name] = value
		}
		s.snap()
	case "restart-unseen":
		s.run, s.sets, s.restarted = s.run+1, 0, true
		s.config[name] = value
	case "failover":
		s.config["replicaof"] = name + " 6379"
		s.snap()
	case "role": // a test sends REPLICAOF
		w := write()
		w.Values = []record.Value{{Parameter: "replicaof", Value: name + " 6379"}}
		s.config["replicaof"] = name + " 6379"
		reply(w, "+OK")
	case "unit": // begins
		s.clock = s.l.clock
	case "gaps":
		s.l.snap(record.Snapshot{Error: "no answer"}, snapshot.Mark{}, s.by)
	case "gone": // the test binary is
		s.by.present = func(int) bool { return false }
	case "snapshot":
		s.snap()
	case "untraced": // from here on the trace is off
		s.by.traced = false
	case "unsynchronized":
		s.by.held = false
	case "idle": // another program is connected that can have done it
		s.by.other = func() bool { return true }
	case "owned": // the server is tracetest's own
		s.by.owned = true
	default:
		panic(step)
	}
}

// ends is what may be undone, to whose value, and what is left alone, in words.
func (s *story) ends() string {
	s.snap()
	var all []string
	for name, standing := range s.l.changed {
		switch {
		case standing.why != "" || s.config[name] == standing.found.value:
		case standing.found.clock > s.clock:
			all = append(all, name+" to "+standing.found.value)
		default:
			all = append(all, name)
		}
	}
	for name, why := range s.l.left() {
		all = append(all, name+" left: "+string(why))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

func TestLedger(t *testing.T) {
	for _, c := range []struct {
		steps string // by semicolons
		want  string
	}{
		{"", ""},
		// A test's own.
		{"test hz 20", "hz"},
		{"test hz 20; test hz 30", "hz"},
		{"test hz 20; test hz 10", ""},
		{"test hz 20; test maxmemory 1", "hz, maxmemory"},
		{"spelled hz 20", "hz"},
		{"unanswered hz 20", "hz"},
		{"unanswered hz 20; gone; snapshot; snapshot; snapshot", "hz"},
		{"refused hz 20", ""},
		// Somebody else's.
		{"others hz 20", "hz left: untraced"},
		{"others hz 20; others hz 10", ""},
		{"test hz 20; others hz 30", "hz left: untraced"},
		{"test hz 20; others maxmemory 1", "hz, maxmemory left: untraced"},
		{"moment hz 20", "hz left: others"},
		{"aborted hz 20", "hz left: untraced"},
		{"refused hz 20; others hz 20", "hz left: untraced"},
		{"lost hz 20; gone; snapshot; snapshot; snapshot; others hz 20", "hz left: untraced"},
		// A test's on top of somebody else's: theirs is restored, and not what the run found.
		{"others hz 20; test hz 30", "hz left: untraced, hz to 20"},
		{"test hz 20; others hz 30; test hz 40", "hz left: untraced, hz to 30"},
		{"test hz 20; others hz 10; test hz 40", "hz to 10"},
		// What a unit found.
		{"test hz 20; unit; test hz 30", "hz"}, // to 20, which an earlier one left
		{"others hz 20; unit; test hz 30", "hz, hz left: untraced"},
		{"unit; others hz 20; test hz 30", "hz left: untraced, hz to 20"},
		// Restarts.
		{"restart", ""},
		{"restart maxmemory 50", "maxmemory left: restarted"},
		{"another maxmemory 50", "maxmemory left: restarted"},
		{"test maxmemory 1; restart", "maxmemory left: restarted"}, // CONFIG REWRITE
		{"test maxmemory 1; restart maxmemory 0", ""},
		{"test maxmemory 1; restart maxmemory 50", "maxmemory left: restarted"},
		{"restart maxmemory 50; test maxmemory 1", "maxmemory left: restarted, maxmemory to 50"},
		{"restart maxmemory 50; test hz 20", "hz to 10, maxmemory left: restarted"},
		{"restart-unseen maxmemory 50; test maxmemory 1", "maxmemory left: restarted, maxmemory to 50"},
		{"unanswered maxmemory 1; restart maxmemory 1", "maxmemory left: restarted"},
		{"lost maxmemory 1; restart; others maxmemory 1", "maxmemory left: untraced"},
		{"unit; restart maxmemory 50; test maxmemory 1", "maxmemory left: restarted, maxmemory to 50"},
		// Roles, whoever gave them.
		{"failover b", "replicaof left: role"},
		{"role b", "replicaof left: role"},
		{"role b; failover c", "replicaof left: role"},
		{"test hz 20; failover b", "hz, replicaof left: role"},
		{"failover b; test hz 20", "hz, replicaof left: role"},
		{"test hz 20; failover b; restart", "hz left: restarted, replicaof left: restarted"},
		{"owned; role b", "replicaof left: role"},
		// Out of sight: what an accepted write was spelled like is not known any more.
		{"test hz 20; gaps; others hz 30", "hz left: untraced"},
		// Without the trace.
		{"untraced; others hz 20", "hz"},
		{"untraced; idle; others hz 20", "hz left: others"},
		{"untraced; unsynchronized; others hz 20", "hz left: unsynchronized"},
		{"untraced; failover b", "replicaof left: role"},
		{"owned; others hz 20", "hz"},
	} {
		s := newStory()
		for step := range strings.SplitSeq(c.steps, ";") {
			if step = strings.TrimSpace(step); step != "" {
				s.do(step)
			}
		}
		if got := s.ends(); got != c.want {
			t.Errorf("%s: got %q, want %q", c.steps, got, c.want)
		}
	}
}

// Where nothing tells which run of a server it is, it may be another one by now.
func TestLedgerOfAnUnknownRun(t *testing.T) {
	s := newStory()
	s.l.known = false
	s.do("test hz 20")
	if got := s.ends(); got != "hz left: unknown" {
		t.Errorf("got %q", got)
	}
}

// What tracetest puts back is what was there before, and so nobody's change.
func TestLedgerRestored(t *testing.T) {
	s := newStory()
	s.do("test hz 20")
	s.do("others maxmemory 1")
	s.set("hz", "10")
	r := &record.Restore{Values: map[string]string{"hz": "10"}, Snapshot: &record.Snapshot{Config: map[string]string{"hz": "10"}, Counters: &record.Counters{ConfigSet: s.sets}}}
	s.l.restored(r, snapshot.Mark{}, s.by)
	s.shown = maps.Clone(s.config)
	if got := s.ends(); got != "maxmemory left: untraced" || len(s.l.wrote()) != 0 {
		t.Errorf("got %q, written %v", got, s.l.wrote())
	}
	s.do("test hz 30")
	if got := s.ends(); got != "hz, maxmemory left: untraced" || !slices.Equal(s.l.wrote(), []string{"hz"}) {
		t.Errorf("then %q, written %v", got, s.l.wrote())
	}
}
