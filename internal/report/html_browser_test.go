package report_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"tracetest/internal/findings"
	"tracetest/internal/record"
)

// The page in a real Chromium: what is on the screen, what clicking does, and
// that nothing a test is called or prints can run.
func TestBrowser(t *testing.T) {
	b := startBrowser(t)
	incident := fixture(t, "incident")
	t.Run("screenshots", func(t *testing.T) { b.snaps(t, incident) })
	t.Run("leak", func(t *testing.T) { b.leak(t, incident) })
	t.Run("table", func(t *testing.T) { b.table(t, incident) })
	t.Run("cursor", func(t *testing.T) { b.cursor(t, incident) })
	t.Run("copy", func(t *testing.T) { b.copy(t, incident) })
	t.Run("without script", func(t *testing.T) { b.withoutScript(t, incident) })
	t.Run("paper", func(t *testing.T) { b.paper(t, incident) })
	t.Run("hostile", b.hostile)
	t.Run("every fixture", b.everyFixture)
	t.Run("ten thousand tests", b.many)
}

// snaps opens the page on a desk and on a phone, in both themes.
func (b *browser) snaps(t *testing.T, f *findings.Findings) {
	for _, screen := range screens {
		t.Run(screen.name, func(t *testing.T) {
			p := b.open(t, f, screen)
			p.check(t)
			p.accessible(t)
			p.want(t, "document.querySelector('h1').textContent", "maxmemory left at 1 MiB (was 2 GiB), with maxmemory-policy, by Redis resilience when Redis runs out of memory degrades gracefully under memory pressure, at redis_resilience_test.go:54 through helpers.go:45: 11 of 29 failures are OOM errors that followed")
			p.want(t, "document.querySelectorAll('#table tbody tr').length", 55.0)
			p.want(t, "document.querySelectorAll('.plot.tests rect.victim').length", 11.0)
			p.want(t, "document.querySelectorAll('.plot.tests rect.leak').length", 1.0)
			p.want(t, "document.querySelectorAll('.plot.tests rect.fail').length", 18.0)
			p.want(t, "document.querySelector('.limitline').getBoundingClientRect().width > 100", true)
			p.want(t, "getComputedStyle(document.querySelector('.plot.linear')).display", "none")
			p.click(t, "#linear")
			p.want(t, "getComputedStyle(document.querySelector('.plot.linear')).display", "block")
			p.want(t, "getComputedStyle(document.querySelector('.plot.log')).display", "none")
		})
	}
}

// leak lights up the leak and its victims, and nothing else.
func (b *browser) leak(t *testing.T, f *findings.Findings) {
	p := b.open(t, f, screens[0])
	lit := "[...document.querySelectorAll('.plot.tests rect')].filter(e => e.classList.contains('on')).map(e => e.classList[1]).sort().join()"
	all := strings.Join(append([]string{"leak"}, slices.Repeat([]string{"victim"}, 11)...), ",")
	for _, target := range []string{"button.light", ".marks a", ".plot.tests rect.leak"} {
		p.want(t, "document.body.classList.contains('lit')", false)
		p.click(t, target)
		p.want(t, "document.body.classList.contains('lit')", true)
		p.want(t, lit, all)
		p.want(t, "document.querySelector('button.light').ariaPressed", "true")
		p.want(t, "document.querySelectorAll('#table tbody tr').length", 12.0)
		p.want(t, "document.querySelector('#shown').textContent", "12 of 55 tests")
		p.click(t, target)
		p.want(t, lit, "")
		p.want(t, "document.querySelectorAll('#table tbody tr').length", 55.0)
	}
	p.check(t)
}

// table searches, selects and sorts.
func (b *browser) table(t *testing.T, f *findings.Findings) {
	p := b.open(t, f, screens[0])
	names := "[...document.querySelectorAll('#table tbody tr')].map(r => r.cells[0].querySelector('summary')?.textContent ?? r.cells[0].firstChild.textContent.trim())"
	p.click(t, "#search")
	p.keys(t, "DEDUP ttl")
	p.want(t, names+".length", 6.0)
	p.value(t, "document.querySelector('.chip[data-show=victim]').click()")
	p.want(t, names+".length", 2.0)
	p.click(t, "#all")
	p.want(t, names+".length", 55.0)
	p.click(t, "#table th:nth-child(1) button")
	p.want(t, names+".every((n, i, all) => !i || all[i-1] <= n)", true)
	p.click(t, "#table th:nth-child(1) button")
	p.want(t, names+".every((n, i, all) => !i || all[i-1] >= n)", true)
	p.want(t, "document.querySelector('#table th').ariaSort", "descending")
	took := "[...document.querySelectorAll('#table tbody tr')].map(r => parseFloat(r.cells[2].dataset.v))"
	p.click(t, "#table th:nth-child(3) button")
	p.want(t, took+".every((n, i, all) => !i || all[i-1] >= n)", true)
	// A failed test shows what it said.
	p.want(t, "document.querySelector('#table details[open]')", nil)
	p.click(t, "#table tr.victim summary")
	p.want(t, "/OOM|fingerprint|EXECABORT/.test(document.querySelector('#table details[open] pre').textContent)", true)
	p.check(t)
}

// cursor walks over the tests with the keyboard.
func (b *browser) cursor(t *testing.T, f *findings.Findings) {
	p := b.open(t, f, screens[0])
	text := "document.querySelector('#cursor').ariaValueText"
	p.want(t, text+".includes('passed, left the server changed (leak 1)')", true)
	p.want(t, text+".includes('helpers.go:44')", true)
	p.want(t, text+".includes('maxmemory 1048576 (1 MiB)')", true)
	p.value(t, "document.querySelector('#cursor').focus()")
	p.keys(t, kb.Home)
	p.want(t, "document.querySelector('#cursor').ariaValueNow", "0")
	p.want(t, text+".includes('maxmemory 2147483648 (2 GiB)')", true)
	p.keys(t, kb.ArrowRight+kb.ArrowRight)
	p.want(t, "document.querySelector('#cursor').ariaValueNow", "2")
	p.want(t, "document.querySelector('#detail strong').textContent", p.value(t, "document.querySelectorAll('.plot.tests rect[data-row] title')[2].textContent"))
	p.keys(t, kb.End)
	p.want(t, "document.querySelector('#cursor').ariaValueNow", p.value(t, "String(document.querySelectorAll('.plot.tests rect[data-row]').length - 1)"))
	// The pointer does the same.
	x, y := p.place(t, ".plot.tests rect.victim")
	p.do(t, chromedp.MouseEvent(chromedp.MouseMoved, x, y))
	p.wait(t, "/during leak 1.*OOM error returned at/.test(document.querySelector('#detail strong').textContent)")
	// Enter goes to its row.
	p.value(t, "document.querySelector('#cursor').focus()")
	p.keys(t, kb.Enter)
	p.wait(t, "document.activeElement.tagName === 'SUMMARY'")
	p.check(t)
}

// copy puts a command on the clipboard.
func (b *browser) copy(t *testing.T, f *findings.Findings) {
	p := b.open(t, f, screens[0])
	p.value(t, "window.copied = null; navigator.clipboard ? navigator.clipboard.writeText = async text => { window.copied = text } : document.execCommand = () => { window.copied = getSelection().toString(); return true }")
	p.click(t, "pre.sh .copy")
	p.wait(t, "window.copied !== null")
	p.want(t, "window.copied.split('\\n')[0]", "redis-cli -h localhost -p 6379 CONFIG SET maxmemory 2147483648")
	p.want(t, "document.querySelector('pre.sh .copy').textContent", "Copied")
	p.check(t)
}

// withoutScript has everything but the interaction.
func (b *browser) withoutScript(t *testing.T, f *findings.Findings) {
	p := b.open(t, f, screen{name: "desk", width: 1280, height: 900, scriptless: true})
	html, err := chromedp.Run(p.ctx, chromedp.OuterHTML(chromedp.CSS("main")))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(html, "<tr id=\"test-"); n != 55 {
		t.Errorf("%d tests are listed", n)
	}
	for _, want := range []string{`class="area"`, `class="limitline"`, "SimulateMemoryPressure", "<details><summary>Storm detection counts the alerts of a window</summary>"} {
		if !strings.Contains(html, want) {
			t.Errorf("there is no %s", want)
		}
	}
	// What does nothing is not shown.
	for _, hidden := range []string{`<button type="button" class="light" data-leak="1" aria-pressed="false" hidden`, `id="find" role="search" aria-label="Tests" hidden`, `aria-valuenow="0" hidden`} {
		if !strings.Contains(html, hidden) {
			t.Errorf("without script there is still %s", hidden)
		}
	}
	p.check(t)
}

// paper prints the page with everything unfolded.
func (b *browser) paper(t *testing.T, f *findings.Findings) {
	p := b.open(t, f, screens[1])
	printed, err := chromedp.Call(p.ctx, page.PrintToPDF, page.PrintToPDFParams{PrintBackground: yes()})
	if err != nil {
		t.Fatal(err)
	}
	pdf := printed.Data
	if !bytes.HasPrefix(pdf, []byte("%PDF")) || len(pdf) < 50_000 {
		t.Errorf("%d bytes of PDF", len(pdf))
	}
	p.want(t, "[...document.querySelectorAll('details')].every(d => d.open)", true)
	p.check(t)
}

// hostile shows names and output that would like to be a page.
func (b *browser) hostile(t *testing.T) {
	f := hostileRun(t)
	for _, screen := range []screen{screens[0], screens[2]} {
		p := b.open(t, f, screen)
		p.check(t)
		p.want(t, "window.pwned", nil)
		p.want(t, "document.scripts.length", 2.0)
		p.want(t, "document.querySelectorAll('img, iframe, object, embed, form:not(#find), base, link, style:not(head style)').length", 0.0)
		p.want(t, "[...document.links].every(a => a.getAttribute('href').startsWith('#'))", true)
		p.want(t, "[...document.querySelectorAll('*')].every(e => e.id === 'cursor' || [...e.attributes].every(a => !/^on|^style$/i.test(a.name)))", true)
		p.want(t, "[...document.querySelectorAll('summary')].some(s => s.textContent.includes('<script>pwned=1</script>'))", true)
		p.value(t, "for (const e of document.querySelectorAll('button, summary, .plot a')) { e.dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true})) }")
		p.want(t, "window.pwned", nil)
		p.check(t)
	}
}

// everyFixture opens what else can be said.
func (b *browser) everyFixture(t *testing.T) {
	for name, f := range fixtures(t) {
		t.Run(name, func(t *testing.T) {
			p := b.open(t, f, screens[2])
			p.check(t)
			p.accessible(t)
		})
	}
}

// many is a page of ten thousand tests that run eight at a time.
func (b *browser) many(t *testing.T) {
	f := manyTests(10_000)
	begin := time.Now()
	p := b.open(t, f, screens[0])
	loaded := time.Since(begin)
	p.check(t)
	p.want(t, "document.querySelector('#shown').textContent", "10000 tests")
	p.want(t, "document.querySelectorAll('#table tbody tr').length", 200.0)
	p.want(t, "document.querySelectorAll('.chart rect').length < 12000", true)
	timed := func(what, script string) {
		took, _ := p.value(t, "new Promise(done => { const begin = performance.now(); "+script+"; requestAnimationFrame(() => setTimeout(() => done(performance.now() - begin))) })").(float64)
		t.Logf("%s: %.0f ms", what, took)
		if took > 6000 { // half a second on a machine that does nothing else; what is quadratic takes minutes
			t.Errorf("%s took %.0f ms", what, took)
		}
	}
	t.Logf("written, opened and ready: %v", loaded)
	if loaded > 15*time.Second {
		t.Errorf("it took %v to open", loaded)
	}
	timed("light up a leak", "document.querySelector('button.light').click()")
	timed("put out", "document.querySelector('button.light').click()")
	timed("search", "{ const e = document.querySelector('#search'); e.value = 'Test9'; e.dispatchEvent(new Event('input')) }")
	timed("sort", "document.querySelector('#table th button').click()")
	timed("walk 100 tests", "{ const e = document.querySelector('#cursor'); for (let i = 0; i < 100; i++) e.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowRight'})) }")
	timed("show more", "document.querySelector('#more').click()")
	p.check(t)
}

// hostileRun is the hostile findings with tests and a timeline as hostile.
func hostileRun(t *testing.T) *findings.Findings {
	f := fixture(t, "hostile")
	script := "<script>pwned=1</script>"
	attribute := `"><img src=x onerror=pwned=1>' onmouseover=pwned=1 x="`
	begin := f.Run.Started
	f.Run.Finished = begin.Add(time.Second)
	f.Packages = append(f.Packages, findings.Package{Path: script, Ran: true}, findings.Package{Path: attribute, Ran: true})
	f.Cases = new(findings.Cases)
	for i, name := range []string{script, attribute, "javascript:pwned=1", "]]></script><svg onload=pwned=1>", "{{.}}", "</title></style><script>pwned=1</script>", "${pwned=1}`"} {
		for _, status := range []string{"pass", "fail", "skip"} {
			f.Cases.Add(findings.Case{Name: record.Name{Package: []string{script, attribute}[i%2], Test: name}, Kind: record.KindTest, Location: name, Status: status,
				Begin: begin.Add(time.Duration(i) * 100 * time.Millisecond), End: begin.Add(time.Duration(i)*100*time.Millisecond + 90*time.Millisecond)})
		}
		f.Failures = append(f.Failures, findings.Failure{Package: []string{script, attribute}[i%2], Test: name, Cause: findings.CauseOther, Certainty: "correlated", Status: "fail",
			Message: name + "\n" + attribute, Output: script + "\x1b[31m\x00\n" + attribute, Location: name})
	}
	f.Timelines = make([]findings.Timeline, len(f.Servers))
	for i := range f.Timelines {
		f.Timelines[i] = findings.Timeline{Samples: []findings.Sample{{From: begin, To: begin.Add(time.Second), Least: 1, Most: 1 << 20, OOM: 3, Evicted: 1}},
			Values: []findings.Values{{Parameter: "maxmemory", Steps: []findings.Step{{At: begin, Value: script}, {At: begin, Value: "-5"}, {At: begin, Value: "99999999999999999999"}}},
				{Parameter: script + attribute, Steps: []findings.Step{{At: begin, Value: attribute}, {At: begin.Add(time.Second / 2), Value: "</script>" + script}}}}}
	}
	return f
}

// manyTests is a run of n tests, eight at a time, of which some leak and many
// fail.
func manyTests(n int) *findings.Findings {
	begin := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	f := &findings.Findings{Schema: findings.Schema, Run: findings.Run{Started: begin, Mode: record.ModeInstrumented, Traced: true, Complete: true, GoExit: 1, Exit: 1},
		Servers: []findings.Server{{Address: "127.0.0.1:6379", Flavor: "redis", Version: "7.0.15"}}, Cases: new(findings.Cases)}
	at := begin
	memory := findings.Timeline{Values: []findings.Values{{Parameter: "maxmemory", Steps: []findings.Step{{At: begin, Value: "2147483648"}}}}}
	for i := range n {
		at = at.Add(5 * time.Millisecond)
		owner := record.Name{Package: fmt.Sprintf("example.com/shop/p%d", i/100), Test: fmt.Sprintf("Test%d", i)}
		if i%100 == 0 {
			f.Packages = append(f.Packages, findings.Package{Path: owner.Package, Outcome: "pass", Instrumented: true, Ran: true})
		}
		c := findings.Case{Name: owner, Kind: record.KindTest, Status: "pass", Begin: at.Add(-40 * time.Millisecond), End: at}
		switch {
		case i%1000 == 500:
			f.Leaks = append(f.Leaks, findings.Change{Server: "127.0.0.1:6379", Parameter: "maxmemory", From: "2147483648", To: "1048576", Initial: "2147483648", By: &owner, Certainty: findings.Exact,
				At: at, Unit: "test", Ended: "pass", Together: len(f.Leaks) + 1})
			memory.Values[0].Steps = append(memory.Values[0].Steps, findings.Step{At: at, Value: "1048576"}, findings.Step{At: at.Add(500 * time.Millisecond), Value: "2147483648"})
		case i%1000 > 500 && i%1000 < 600 && i%3 == 0:
			c.Status = "fail"
			leak := len(f.Leaks) - 1
			f.Failures = append(f.Failures, findings.Failure{Package: owner.Package, Test: owner.Test, Cause: findings.CauseOOM, Certainty: "correlated", Leak: &leak, OOMErrors: 1, Status: "fail", Message: "OOM command not allowed"})
			f.Tests.Failed++
		}
		f.Tests.Total++
		f.Cases.Add(c)
		if i%5 == 0 {
			memory.Samples = append(memory.Samples, findings.Sample{From: at, To: at, Least: int64(1_000_000 + i), Most: int64(1_000_000 + i), OOM: int64(i % 7)})
		}
	}
	f.Run.Finished = at
	f.Tests.Passed = f.Tests.Total - f.Tests.Failed
	f.Timelines = []findings.Timeline{memory}
	return f
}
