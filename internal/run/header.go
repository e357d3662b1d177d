package run

import (
	"os"
	"strings"

	"tracetest/internal/record"
	"tracetest/internal/redisconf"
)

// quietLabels keeps the labels of goroutines out of their tracebacks, which Go
// 1.27 prints there: tools that read tracebacks do not know them.
func (p *Plan) quietLabels() []string {
	const setting = "tracebacklabels"
	debug := os.Getenv("GODEBUG")
	if !p.overlay.Traced || !p.tools.AtLeast(27) || strings.Contains(debug, setting) {
		return nil
	}
	if debug != "" {
		debug += ","
	}
	return []string{"GODEBUG=" + debug + setting + "=0"}
}

// header writes what is known before the first test.
func (p *Plan) header(goTest []string) {
	mode, reason := p.Mode()
	dir, _ := os.Getwd()
	trace, noTrace := p.Trace()
	h := record.Run{Schema: record.Schema, Dir: dir, Source: checkout(dir, os.Getenv), Go: p.tools.GOVERSION, Mode: mode, ModeReason: reason, Traced: trace, TraceReason: noTrace,
		Restore: string(p.o.Restore), Expect: Expected(p.o.Expect), Shard: p.shard, Baseline: p.o.Baseline, Command: p.o.Secrets.Args(p.o.Command), GoTest: p.o.Secrets.Args(goTest), Launched: p.launched()}
	if p.dir != "" { // a folder of this run alone says nothing to a reader
		for i := range h.GoTest {
			h.GoTest[i] = strings.ReplaceAll(h.GoTest[i], p.dir, "$TRACETEST")
		}
	}
	for _, listed := range p.listed {
		if listed.Module.Path != "" {
			h.Module = listed.Module.Path
			break
		}
	}
	p.root = dir
	if h.Source != nil {
		p.root = h.Source.Root
	}
	p.out.Append(record.Entry{Run: &h})
	for _, s := range p.begin {
		p.out.Append(record.Entry{Server: &s})
	}
	if p.overlay != nil && !p.launched() {
		for _, listed := range p.listed {
			p.unhooked(listed.ImportPath, p.overlay.Unhooked[listed.ImportPath], p.out.Append)
		}
	}
}

// unhooked says of a package why its specs are not distinguished, if there is a reason.
func (p *Plan) unhooked(path, why string, add func(record.Entry)) {
	if why != "" {
		add(record.Entry{Notice: &record.Notice{Code: "ginkgo-unhooked", Package: path,
			Text: "The Ginkgo specs of this package are not distinguished, only its test functions are: " + why + "."}})
	}
}

// Expected is --expect as CONFIG GET would say it, secrets hidden.
func Expected(values map[string]string) map[string]string {
	if len(values) == 0 {
		return nil
	}
	expect := map[string]string{}
	for name, value := range values {
		expect[name] = redisconf.Normalize(name, value)
		if redisconf.IsSecret(name) {
			expect[name] = "(hidden)"
		}
	}
	return expect
}
