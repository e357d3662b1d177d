package triage_test

import (
	"fmt"
	"testing"
	"time"

	"tracetest/internal/record"
)

func TestProbe(t *testing.T) {
	two := func() *rec { return newRecOf(record.Run{Mode: record.ModeGate}, 2) }
	ev := func() *rec { return newRecOf(record.Run{Mode: record.ModeEvents}, 1) }
	probes := []recorded{
		{name: "other-server-oom", on: two, write: func(r *rec) {
			p := r.pkg("cache"); a := p.begin("TestA"); r.setOn(0, "maxmemory", "1048576"); a.end("pass")
			b := p.begin("TestB"); r.oomOn(1, 3); b.end("fail", "OOM command not allowed when used memory > 'maxmemory'."); p.done("fail"); r.end(1)
		}},
		{name: "mixed-putback-unheld", write: func(r *rec) {
			p := r.pkg("cache"); a := p.begin("TestA"); r.set("maxmemory", "1048576"); a.end("pass"); p.done("pass")
			u := r.unheld("shop"); u.run("TestX"); r.set("maxmemory", "0"); u.end("TestX", "pass"); u.done("pass"); r.end(0)
		}},
		{name: "mixed-contained-p2", write: func(r *rec) {
			p := r.pkg("cache"); u := r.unheld("shop"); u.run("TestX"); a := p.begin("TestA"); r.set("maxmemory", "1048576"); u.end("TestX", "pass"); u.done("pass")
			r.set("maxmemory", "0"); a.end("pass"); p.done("pass"); r.end(0)
		}},
		{name: "unheld-victim-after-restore", write: func(r *rec) {
			p := r.pkg("cache"); a := p.begin("TestA"); r.set("maxmemory", "1048576"); a.end("pass"); b := p.begin("TestB"); r.set("maxmemory", "0"); b.end("pass"); p.done("pass")
			u := r.unheld("shop"); u.run("TestX"); u.fail("TestX", "OOM command not allowed"); u.done("fail"); r.end(1)
		}},
		{name: "pkgfail-after-restore", write: func(r *rec) {
			p := r.pkg("cache"); a := p.begin("TestA"); r.set("maxmemory", "1048576"); a.end("pass"); b := p.begin("TestB"); r.set("maxmemory", "0"); b.end("pass"); p.done("pass")
			q := r.pkg("shop"); q.done("fail", "OOM command not allowed"); r.end(1)
		}},
		{name: "overwritten-leak", write: func(r *rec) {
			p := r.pkg("cache"); a := p.begin("TestA"); r.set("maxmemory", "1048576"); a.end("pass"); b := p.begin("TestB"); r.set("maxmemory", "4194304"); b.end("pass")
			c := p.begin("TestC"); r.oom(1); c.end("fail", "OOM command not allowed"); p.done("fail"); r.end(1)
		}},
		{name: "policy-wrong-direction", on: func() *rec { return newRec().base("maxmemory", "1000") }, write: func(r *rec) {
			p := r.pkg("cache"); a := p.begin("TestA"); r.set("maxmemory-policy", "allkeys-lru"); a.end("pass")
			c := p.begin("TestC"); r.oom(1); c.end("fail", "OOM command not allowed"); p.done("fail"); r.end(1)
		}},
		{name: "policy-wrong-direction-evict", on: func() *rec { return newRec().base("maxmemory", "1000").base("maxmemory-policy", "allkeys-lru") }, write: func(r *rec) {
			p := r.pkg("cache"); b := p.begin("TestB"); c := p.begin("TestA"); c.pause(); r.set("maxmemory-policy", "noeviction"); b.end("pass")
			c.cont(); r.evict(1); c.end("fail", "gone"); p.done("fail"); r.end(1)
		}},
		{name: "late-start-event", write: func(r *rec) {
			at := r.now.Add(2 * time.Millisecond)
			r.add(record.Entry{Notice: &record.Notice{Code: "x"}})
			p := r.hello("cache"); p.hidden = true; a := p.begin("TestA"); r.set("maxmemory", "1048576"); a.end("pass")
			r.eventAt(at, "start", "cache", "", ""); p.hidden = false; p.run("TestB", "pass"); p.done("pass"); r.end(0)
		}},
		{name: "panic-parent-after-sub", write: func(r *rec) {
			p := r.pkg("cache"); a := p.begin("TestA"); s := a.begin("sub"); s.end("fail", "one"); a.end("panic", "panic: two"); p.kill(); p.ended("fail"); r.end(1)
		}},
		{name: "damaged-line-hides", write: func(r *rec) {
			p := r.pkg("cache"); a := p.begin("TestA"); r.set("maxmemory", "1048576"); a.end("pass"); p.done("pass"); r.end(0)
		}},
		{name: "aftersuite-no-specs", write: func(r *rec) {
			p := r.pkg("cache"); a := p.begin("TestSuite"); a.suiteBegin(); r.set("hz", "20"); a.suiteEnd(node("BeforeSuite", "fail"), node("AfterSuite", "pass")); a.end("fail"); p.done("fail"); r.end(1)
		}},
		{name: "shared-oom", write: func(r *rec) {
			p := r.pkg("cache"); z := p.begin("TestZ"); r.set("maxmemory", "1048576"); z.end("pass")
			a := p.begin("TestA"); a.pause(); b := p.begin("TestB"); b.pause(); a.cont(); b.cont(); r.oom(3); b.end("pass"); a.end("fail", "not equal"); p.done("fail"); r.end(1)
		}},
		{name: "growth-paused", write: func(r *rec) {
			p := r.pkg("cache"); a := p.begin("TestA"); a.pause(); b := p.begin("TestB"); r.keys(100); b.end("pass"); a.cont(); a.end("pass"); p.done("pass"); r.end(0)
		}},
		{name: "growth-suite", write: func(r *rec) {
			p := r.pkg("cache"); a := p.begin("TestSuite"); a.suiteBegin(); s := a.spec("keeps"); r.keys(100); s.endSpec("pass", ""); a.suiteEnd(); a.end("pass"); p.done("pass"); r.end(0)
		}},
		{name: "growth-blind", write: func(r *rec) {
			p := r.pkg("cache"); r.lose("i/o timeout"); b := p.begin("TestB"); r.keys(100); b.end("pass"); a := p.begin("TestA"); r.see(); a.end("pass"); p.done("pass"); r.end(0)
		}},
		{name: "outside-late-start-events", on: ev, write: func(r *rec) {
			at := r.now.Add(time.Millisecond); r.wait(5 * time.Millisecond)
			r.notice("x", ""); r.set("hz", "20"); r.glance(); r.eventAt(at, "start", "cache", "", ""); r.glance(); u := &unheld{r, "cache"}; u.run("TestA"); u.end("TestA", "pass"); u.done("pass"); r.end(0)
		}},
		{name: "secret-events", on: ev, write: func(r *rec) {
			u := r.unheld("cache"); u.run("TestA"); r.set("requirepass", "(hidden 1)"); u.end("TestA", "pass"); u.done("pass"); r.end(0)
		}},
		{name: "events-tool", on: ev, write: func(r *rec) {
			u := r.unheld("cache"); u.run("TestA"); r.set("hz", "20"); u.end("TestA", "pass"); u.done("pass"); r.finished(); r.restore("run", nil, map[string]string{"hz": "10"}); r.end(0)
		}},
		{name: "narrowed-together", write: func(r *rec) {
			p := r.pkg("cache"); a := p.begin("TestA"); a.pause(); b := p.begin("TestB"); b.pause(); a.cont(); b.cont(); r.set("hz", "20"); r.set("timeout", "7"); b.end("pass"); a.end("pass"); p.done("pass"); r.end(0)
		}},
		{name: "cut-mid-test", write: func(r *rec) {
			p := r.pkg("cache"); a := p.begin("TestA"); s := a.begin("sub"); r.set("maxmemory", "1048576"); s.end("pass")
		}},
		{name: "outside-putback", write: func(r *rec) {
			p := r.pkg("cache"); a := p.begin("TestA"); r.set("hz", "20"); a.end("pass"); p.done("pass"); r.set("hz", "10"); r.end(0)
		}},
		{name: "tool-and-another", write: func(r *rec) {
			p := r.pkg("cache"); a := p.begin("TestA"); r.set("hz", "20"); a.end("pass"); r.set("timeout", "7"); r.restore("test", a, map[string]string{"hz": "10"}); p.run("TestB", "pass"); p.done("pass"); r.end(0)
		}},
		{name: "bracket-spec", write: func(r *rec) {
			p := r.pkg("cache"); a := p.begin("TestSuite"); a.suiteBegin(); s := a.spec("[sig-cache] keeps"); s.endSpec("fail", "no"); a.suiteEnd(); a.end("fail"); p.done("fail"); r.end(1)
		}},
		{name: "ordered-victim", write: func(r *rec) {
			p := r.pkg("cache"); a := p.begin("TestSuite"); a.suiteBegin(); s := a.orderedSpec("x:1", "lowers"); r.set("maxmemory", "1000"); s.endSpec("pass", "")
			s = a.orderedSpec("x:1", "writes"); r.oom(1); s.endSpec("fail", "OOM command not allowed"); a.suiteEnd(); a.end("fail"); p.done("fail"); r.end(1)
		}},
		{name: "sub-victim", write: func(r *rec) {
			p := r.pkg("cache"); a := p.begin("TestA"); s := a.begin("lowers"); r.set("maxmemory", "1000"); s.end("pass")
			s = a.begin("writes"); r.oom(1); s.end("fail", "OOM command not allowed"); a.end("fail-below"); p.done("fail"); r.end(1)
		}},
		{name: "blind-end", write: func(r *rec) {
			p := r.pkg("cache"); a := p.begin("TestA"); r.set("maxmemory", "1000"); r.lose("i/o timeout"); a.end("pass"); p.done("pass"); r.end(0)
		}},
		{name: "restart-then-set", write: func(r *rec) {
			p := r.pkg("cache"); a := p.begin("TestA"); r.restart(nil); r.set("maxmemory", "1000"); a.end("pass"); p.done("pass"); r.end(0)
		}},
		{name: "nested-beyond-contained", write: func(r *rec) {
			p := r.pkg("cache"); a := p.begin("TestA"); n := p.nested(a); r.set("hz", "20"); a.end("pass"); b := p.begin("TestB"); s := b.begin("s"); r.set("hz", "30"); s.end("pass"); r.set("hz", "20"); b.end("pass"); n.kill(); p.done("pass"); r.end(0)
		}},
		{name: "count-ownfault", write: func(r *rec) {
			p := r.pkg("cache"); a := p.begin("TestA"); a.end("fail", "own"); a = p.begin("TestA"); s := a.begin("s"); s.end("fail", "below"); a.end("fail-below"); p.done("fail"); r.end(1)
		}},
	}
	for _, c := range probes {
		func() {
			defer func() {
				if e := recover(); e != nil {
					fmt.Println("PANIC", c.name, e)
				}
			}()
			fmt.Printf("--- %s\n%s", c.name, render(analyse(t, marshal(t, c.record().entries))))
		}()
	}
}
