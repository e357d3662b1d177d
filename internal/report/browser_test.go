package report_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"tracetest/internal/findings"
	reportpage "tracetest/internal/report/page"
)

// A browser is a Chromium that runs until the test ends.
type browser struct {
	ctx context.Context
}

// A screen is what a page is opened on.
type screen struct {
	name          string
	width, height int64
	dark          bool
	scriptless    bool
}

var screens = []screen{
	{name: "desk", width: 1280, height: 900},
	{name: "desk, dark", width: 1280, height: 900, dark: true},
	{name: "phone", width: 390, height: 844},
	{name: "phone, dark", width: 390, height: 844, dark: true},
}

func startBrowser(t *testing.T) *browser {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		t.Fatal("there is no chromium on PATH; scripts/setup installs it")
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(program), chromedp.DisableGPU,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-quic", true),
		chromedp.WSURLReadTimeout(time.Minute))
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	ctx, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("starting %s: %v", program, err)
	}
	return &browser{ctx: ctx}
}

// A shown is an open page, and what it complained of.
type shown struct {
	ctx context.Context
	mu  sync.Mutex
	bad []string
}

func (b *browser) open(t *testing.T, f *findings.Findings, s screen) *shown {
	t.Helper()
	file := filepath.Join(t.TempDir(), "report.html")
	var text bytes.Buffer
	if err := reportpage.HTML(&text, f); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := chromedp.NewContext(b.ctx)
	t.Cleanup(stop)
	ctx, stop = context.WithTimeout(ctx, time.Minute)
	t.Cleanup(stop)
	p := &shown{ctx: ctx}
	own := "file://" + file
	err := chromedp.Listen(ctx, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			p.complain("exception: " + announced(e.ExceptionDetails))
		case *runtime.EventConsoleAPICalled:
			p.complain(fmt.Sprintf("console.%s was called", e.Type))
		case *cdplog.EventEntryAdded:
			p.complain("console: " + e.Entry.Text)
		case *page.EventJavascriptDialogOpening:
			p.complain("a dialog: " + e.Message)
		case *network.EventRequestWillBeSent:
			if u, _, _ := strings.Cut(e.Request.URL, "#"); u != own {
				p.complain("a request to " + e.Request.URL)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	theme := "light"
	if s.dark {
		theme = "dark"
	}
	p.do(t, command(cdplog.Enable, cdp.Empty{}), command(network.Enable, network.EnableParams{}),
		command(emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: s.width, Height: s.height, DeviceScaleFactor: 1, Mobile: s.width < 500}),
		command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}, {Name: "prefers-reduced-motion", Value: "reduce"}}}),
		command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: s.scriptless}),
		chromedp.Navigate((&url.URL{Scheme: "file", Path: file}).String()))
	return p
}

// announced is what an exception says.
func announced(e *runtime.ExceptionDetails) string {
	text, _ := json.Marshal(e)
	return string(text)
}

func yes() *bool {
	is := true
	return &is
}

// command is a command of the protocol as an action.
func command[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	})
}

func (p *shown) complain(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bad = append(p.bad, text)
}

// check says what the page complained of, and whether it is wider than its screen.
func (p *shown) check(t *testing.T) {
	t.Helper()
	p.mu.Lock()
	for _, text := range p.bad {
		t.Error(text)
	}
	p.bad = nil
	p.mu.Unlock()
	p.want(t, "document.documentElement.scrollWidth <= innerWidth", true)
}

func (p *shown) do(t *testing.T, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(p.ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

// place scrolls an element into view and returns where it can be hit.
func (p *shown) place(t *testing.T, selector string) (x, y float64) {
	t.Helper()
	at, _ := p.value(t, fmt.Sprintf("(() => { const e = document.querySelector(%q); e.scrollIntoView({behavior: 'instant', block: 'center'}); const r = e.getBoundingClientRect(); return [r.x + Math.min(r.width/2, 40), r.y + r.height/2] })()", selector)).([]any)
	if len(at) != 2 {
		t.Fatalf("%s is nowhere", selector)
	}
	x, _ = at[0].(float64)
	y, _ = at[1].(float64)
	return x, y
}

// click clicks as a person does: what is covered by something else is not hit.
func (p *shown) click(t *testing.T, selector string) {
	t.Helper()
	x, y := p.place(t, selector)
	p.do(t, chromedp.MouseClickXY(x, y))
}

func (p *shown) keys(t *testing.T, keys string) {
	t.Helper()
	p.do(t, chromedp.KeyEvent(keys))
}

// value is what a script gives, as JSON has it.
func (p *shown) value(t *testing.T, script string) any {
	t.Helper()
	got, err := chromedp.Call(p.ctx, runtime.Evaluate, runtime.EvaluateParams{Expression: script, AwaitPromise: yes(), ReturnByValue: yes()})
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	if got.ExceptionDetails != nil {
		t.Fatalf("%s: %v", script, announced(got.ExceptionDetails))
	}
	var value any
	if len(got.Result.Value) > 0 {
		if err := json.Unmarshal(got.Result.Value, &value); err != nil {
			t.Fatalf("%s: %v", script, err)
		}
	}
	return value
}

func (p *shown) want(t *testing.T, script string, want any) {
	t.Helper()
	if got := p.value(t, script); got != want {
		t.Errorf("%s is %v, want %v", script, got, want)
	}
}

func (p *shown) wait(t *testing.T, script string) {
	t.Helper()
	for begin := time.Now(); time.Since(begin) < 20*time.Second; time.Sleep(20 * time.Millisecond) {
		if p.value(t, script) == true {
			return
		}
	}
	t.Errorf("%s did not come true", script)
}

// accessible asks axe-core, see testdata/axe.
func (p *shown) accessible(t *testing.T) {
	t.Helper()
	axe, err := os.ReadFile("testdata/axe/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	p.value(t, string(axe)+"; null")
	text, _ := p.value(t, "axe.run().then(r => JSON.stringify({passes: r.passes.length, violations: r.violations.map(v => v.id + ': ' + v.help + ': ' + v.nodes.map(n => n.html).slice(0, 3).join(' '))}))").(string)
	var found struct {
		Passes     int
		Violations []string
	}
	if err := json.Unmarshal([]byte(text), &found); err != nil || found.Passes < 10 {
		t.Errorf("axe passed %d rules: %v", found.Passes, err)
	}
	for _, v := range found.Violations {
		t.Error(v)
	}
}
