package run

import (
	"strings"
	"testing"

	"tracetest/internal/record"
)

// Guards against processes that pass boundaries although somebody has changed a server
// unseen in this run, or although waiting shows more. Each line is one condition alone.
func TestWhoPasses(t *testing.T) {
	const ready = "hello, contact, begin TestA, "
	for _, test := range []struct {
		name  string
		steps string
		may   bool
		with  func(p *play) // before
	}{
		{"all is well", ready + "end TestA", true, nil},
		{"a test set a parameter and restored it", ready + "write hz 5, reply, write hz 10, reply, end TestA", true, nil},
		{"none of its tests has ended: it waits at the first boundary of each kind by itself", ready[:len(ready)-2], true, nil},
		{"it speaks to no server", "hello, begin TestA, end TestA", true, nil},
		{"it uses one that is not watched", ready + "down 1, contact 1, end TestA", false, nil},
		{"it wrote a line of text to somebody", ready + "vague 1, end TestA", false, nil},
		{"and that was found to be a server", ready + "vague 1, write hz 10 1, reply, end TestA", true, nil},
		{"a parameter is not as it was", ready + "write hz 5, reply, end TestA", false, nil},
		{"a write is without its reply", ready + "write hz 10, end TestA", false, nil},
		{"another program changed a parameter", ready + "others hz 5, end TestA", false, nil},
		{"also where that was undone", ready + "others hz 5, end TestA, begin TestB, others hz 10, end TestB", false, nil},
		{"also where a test undid it", ready + "others hz 5, end TestA, begin TestB, write hz 10, reply, end TestB", false, nil},
		{"a server restarted", ready + "restart, end TestA, begin TestB, end TestB", false, nil},
		{"a server was not seen", ready + "down 0, end TestA", false, nil},
		{"a test asks for what shows tracetest", ready + "asks SLOWLOG GET", false, nil},
		{"its connection was given up for one", ready + "asks CLIENT LIST", false, nil},
		{"keys were evicted", ready + "end TestA", false, func(p *play) { p.servers[0].counters.Evicted++ }},
		{"an error was counted", ready + "end TestA", false, func(p *play) { p.servers[0].counters.OOM++ }},
		{"statistics were reset", ready + "end TestA", false, func(p *play) { p.servers[0].counters.ResetStat++ }},
		{"there are no counters", ready + "end TestA", false, func(p *play) { p.servers[0].counters = nil }},
		{"--sync=always", ready + "end TestA", false, func(p *play) { p.w.p.o.Sync = SyncAlways }},
		{"--restore=test", ready + "end TestA", false, func(p *play) { p.w.p.o.Restore = RestoreTest }},
		{"--perturb", ready + "end TestA", false, func(p *play) { p.w.p.o.Perturb = true }},
		{"no trace", ready + "end TestA", false, func(p *play) { p.w.p.overlay.Traced = false }},
		{"in a cluster", ready + "end TestA", false, func(p *play) { p.w.p.begin[0].Cluster = true }},
		{"with a Sentinel", ready + "end TestA", false, func(p *play) { p.w.p.begin[0].Sentinels = true }},
		{"where not all can be seen", ready + "end TestA", false, func(p *play) { p.w.p.begin[0].Partial = "CONFIG GET is denied" }},
		{"a server that is discovered and cannot be seen", ready + "contact 1, end TestA", false, func(p *play) { p.servers[1].partial = "INFO is denied" }},
		{"of another command", ready + "end TestA", true, func(p *play) { p.w.p.o.Launch = []string{"make"} }},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPlay(t, 1, Options{Sync: SyncAuto, Restore: RestoreRun})
			for _, s := range p.servers {
				s.counters = &record.Counters{}
			}
			if test.with != nil {
				test.with(p)
				if !strings.HasPrefix(test.name, "keys") && !strings.HasPrefix(test.name, "an error") && !strings.HasPrefix(test.name, "statistics") {
					p.w.ahead = newAhead(p.w)
				}
			}
			for step := range strings.SplitSeq(test.steps, ", ") {
				p.do(step)
			}
			if may := p.w.ahead.may(1); may != test.may {
				t.Errorf("may pass: %v, want %v", may, test.may)
			}
		})
	}
}

// Guards against a process that passes because another one may.
func TestPassesOfAnother(t *testing.T) {
	p := newPlay(t, 1, Options{Sync: SyncAuto, Restore: RestoreRun})
	p.servers[0].counters = &record.Counters{}
	for step := range strings.SplitSeq("hello, contact, 2: hello, down 1, 2: contact 1, begin TestA, end TestA", ", ") {
		p.do(step)
	}
	if !p.w.ahead.may(1) || p.w.ahead.may(2) {
		t.Errorf("may pass: %v and %v", p.w.ahead.may(1), p.w.ahead.may(2))
	}
	if p.w.aloof.away[0] = true; p.w.ahead.may(1) {
		t.Error("it may pass, and a server cannot be seen")
	}
}
