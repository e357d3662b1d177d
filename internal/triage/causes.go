package triage

import (
	"strings"

	"tracetest/internal/record"
)

// pressure is what the server did to its clients while an owner was open.
type pressure struct {
	oom, evicted int64
	// shared is set when others were open as well, and the figures are theirs
	// and its together.
	shared bool
}

// difference returns what was counted between two looks. A figure that fell
// was reset: then what it is now came after the reset, and is a lower bound.
func difference(before, now *record.Counters) pressure {
	since := func(a, b int64) int64 {
		if b < a {
			return b
		}
		return b - a
	}
	return pressure{oom: since(before.OOM, now.OOM), evicted: since(before.Evicted, now.Evicted)}
}

// count gives what happened between two looks to whoever was open.
func (a *Analysis) count(refs []record.Ref, p pressure) {
	if p.oom == 0 && p.evicted == 0 {
		return
	}
	for _, ref := range refs {
		for o := a.owners[ref.Owner]; o != nil; o = a.owners[o.Parent] {
			o.oom += p.oom
			o.evicted += p.evicted
			o.shared = o.shared || len(refs) > 1
		}
	}
}

// oomText is how every Redis from 6.0 to 8, Valkey and Redict say it.
const oomText = "OOM command not allowed"

// failure turns an outcome into a Failure with its cause.
func (a *Analysis) failure(f *outcome) Failure {
	out := Failure{Package: f.pkg, Test: f.test, Spec: f.spec, Cause: CauseOther, Certainty: "correlated",
		Message: f.message, Location: f.location, Status: f.status}
	if out.Message == "" {
		out.Message = firstLines(f.output)
	}
	text := f.output
	if f.spec != "" || text == "" {
		text = f.message
	}
	out.OOMErrors = int64(strings.Count(text, oomText))
	if o := f.owner; o != nil {
		out.Evicted = o.evicted
		// The server counts each rejection once, and a test may print one
		// three times. What others met as well says least.
		if o.oom > 0 && (!o.shared || out.OOMErrors == 0) {
			out.OOMErrors = o.oom
		}
	}
	switch {
	case out.OOMErrors > 0:
		out.Cause = CauseOOM
	case out.Evicted > 0:
		out.Cause = CauseEviction
	default:
		return out
	}
	out.Leak, out.Contained = a.behind(f)
	return out
}

// behind returns the change that was in force while a test ran and that can
// have caused OOM or evictions: the last one that lowered maxmemory, else one
// of the policy. A test's own leak makes it no victim.
func (a *Analysis) behind(f *outcome) (leak, contained *int) {
	for _, parameter := range []string{"maxmemory", "maxmemory-policy"} {
		for i, e := range a.contained {
			if e.parameter == parameter && lowers(e) && e.mutations[0].seq <= f.end && e.last().seq > f.begin {
				contained = &i
			}
		}
		for i, e := range a.leaks {
			if e.parameter != parameter || !lowers(e) || e.mutations[0].seq > f.end {
				continue
			}
			if e.restoredBy != nil && e.restoredBy.seq <= f.begin {
				continue
			}
			if f.owner != nil && len(e.units) == 1 && e.units[0] == f.owner.unit {
				continue
			}
			leak = &i
		}
		if leak != nil || contained != nil {
			break
		}
	}
	if contained != nil && f.owner != nil {
		if e := a.contained[*contained]; len(e.units) == 1 && e.units[0] == f.owner.unit {
			return nil, contained // it tests this itself
		}
	}
	if leak != nil {
		contained = nil
	}
	return leak, contained
}

// lowers reports whether a change can make a server reject writes or evict
// keys that it would have taken before.
func lowers(e *episode) bool {
	if e.parameter != "maxmemory" {
		return true
	}
	from, to := e.from, e.settled.to
	return to != "0" && (from == "0" || len(to) < len(from) || len(to) == len(from) && to < from)
}

// firstLines returns what a test said, without what `go test` adds.
func firstLines(output string) string {
	var lines []string
	size := 0
	for line := range strings.Lines(output) {
		line = strings.TrimRight(line, "\r\n")
		text := strings.TrimSpace(line)
		if text == "" || strings.HasPrefix(text, "=== ") || strings.HasPrefix(text, "--- ") {
			continue
		}
		if size += len(text); len(lines) == 8 || size > 2000 {
			break
		}
		lines = append(lines, text)
	}
	return strings.Join(lines, "\n")
}
