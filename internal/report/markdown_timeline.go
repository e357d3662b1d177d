package report

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"tracetest/internal/triage"
)

// What a timeline in Markdown shows at most: it is a glance, and report.html has
// the picture.
const (
	maxTracks = 3 // parameters, and tests that leak
	maxBars   = 8 // values of a parameter, and victims
)

// timeline draws when the parameters that leaked had which value, and when the
// tests ran that leaked and that failed because of it, as a Mermaid chart, which
// GitHub and GitLab draw; report.html has a picture of its own. Times are written without a zone, and read so.
func (p *page) timeline() {
	g := gantt{}
	drawn := make(map[string]bool)
	for _, group := range p.groups {
		for _, c := range group.changes {
			if key := c.Server + "\x00" + c.Parameter; !drawn[key] && len(drawn) < maxTracks && p.track(&g, c) {
				drawn[key] = true
			}
		}
	}
	if len(g.sections) == 0 {
		return
	}
	leaking, victims := p.ran()
	g.add("leaks", leaking)
	g.add("tied to them", victims)
	if lines := g.lines(); lines != nil {
		p.text("## When it happened")
		p.text("Times are in UTC.")
		p.fence("mermaid", lines)
	}
}

// A task is a stretch of time in a chart.
type task struct {
	text, state string // state: done, active, crit or empty
	from, to    time.Time
}

type gantt struct {
	sections []string
	bars     map[string][]task
}

func (g *gantt) add(section string, bars []task) {
	if len(bars) == 0 {
		return
	}
	if g.bars == nil {
		g.bars = make(map[string][]task)
	}
	if _, known := g.bars[section]; !known {
		g.sections = append(g.sections, section)
	}
	g.bars[section] = append(g.bars[section], bars...)
}

// track draws the values of a parameter.
func (p *page) track(g *gantt, c triage.Change) bool {
	for i, t := range p.Timelines {
		if i >= len(p.Servers) || p.Servers[i].Address != c.Server {
			continue
		}
		for _, v := range t.Values {
			if v.Parameter != c.Parameter {
				continue
			}
			var bars []task
			for i, step := range v.Steps {
				if i == maxBars {
					bars = append(bars, task{text: "and " + itoa(len(v.Steps)-i+v.More) + " more values", from: step.At, to: p.Run.Finished})
					break
				}
				b := task{text: "is " + chartValue(c, step.Value), state: "crit", from: step.At, to: p.Run.Finished}
				if step.Value == v.Steps[0].Value {
					b.state = "done"
				}
				if i+1 < len(v.Steps) {
					b.to = v.Steps[i+1].At
				}
				bars = append(bars, b)
			}
			section := chartText(c.Parameter)
			if len(p.Servers) > 1 {
				section += " on " + chartText(c.Server)
			}
			g.add(section, bars)
			return len(bars) > 0
		}
	}
	return false
}

// chartValue is a value as a chart has room for.
func chartValue(c triage.Change, value string) string {
	n, err := strconv.ParseInt(value, 10, 64)
	switch {
	case c.Secret:
		return "hidden"
	case err == nil && n == 0 && noLimit(c.Parameter):
		return "no limit"
	case err == nil && isBytes(c.Parameter):
		return human(n)
	}
	return chartText(value)
}

// ran finds when the tests ran that leaked, and those that failed afterwards.
func (p *page) ran() (leaking, victims []task) {
	leaks, fell := make(map[triage.Owner]group), make(map[triage.Owner]bool)
	for _, g := range p.groups {
		if o := g.changes[0].Owner; o != nil && len(leaks) < maxTracks {
			if _, known := leaks[*o]; !known {
				leaks[*o] = g
			}
		}
		for _, f := range g.failures {
			fell[triage.Owner{Package: f.Package, Test: f.Test, Spec: f.Spec}] = true
		}
	}
	more := task{}
	n := 0
	for c := range p.Cases.All() {
		if c.Begin.IsZero() {
			continue
		}
		b := task{text: kindOf(c.Owner) + " " + chartText(chartName(c.Owner)), from: c.Begin, to: c.End}
		if g, ok := leaks[c.Owner]; ok && len(leaking) < maxTracks {
			if !g.accused() {
				b.text = "while " + b.text + " ran"
			}
			b.text, b.state = "leak "+itoa(g.no)+", "+b.text, "active"
			leaking = append(leaking, b)
		} else if fell[c.Owner] && failed(c.Status) {
			if n++; n <= maxBars {
				victims = append(victims, b)
				continue
			}
			if more.from.IsZero() {
				more.from = c.Begin
			}
			more.text, more.to = "and "+itoa(n-maxBars)+" more", c.End
		}
	}
	if n > maxBars {
		victims = append(victims, more)
	}
	return leaking, victims
}

func chartName(o triage.Owner) string {
	if o.Spec != "" {
		return o.Spec
	}
	return o.Test
}

// chartText keeps of a name what has no meaning in a chart.
func chartText(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" _-./()", r) {
			return r
		}
		return ' '
	}, clean(s))
	if s = cutMiddle(strings.Join(strings.Fields(s), " "), 48); s == "" {
		return "(unnamed)"
	}
	return s
}

// lines writes the chart; nil where there is no time in it.
func (g *gantt) lines() []string {
	// What happened before the first test and behind the last one, such as a
	// build, would leave no room for the tests.
	var from, to time.Time
	span := func(bars []task) {
		for _, b := range bars {
			if from.IsZero() || b.from.Before(from) {
				from = b.from
			}
			if b.to.After(to) {
				to = b.to
			}
		}
	}
	span(g.bars["leaks"])
	span(g.bars["tied to them"])
	if from.IsZero() {
		for _, bars := range g.bars {
			span(bars)
		}
	}
	margin := max(to.Sub(from)/20, time.Millisecond)
	from, to = from.Add(-margin), to.Add(margin)
	if from.Year() < 1970 || to.Year() > 9999 {
		return nil
	}
	axis := "%H:%M:%S"
	if to.Sub(from) < 20*time.Second {
		axis = "%S.%L s"
	}
	lines := []string{`%%{init: {"gantt": {"leftPadding": 150}}}%%`, "gantt", "\tdateFormat YYYY-MM-DD HH:mm:ss.SSS", "\taxisFormat " + axis, "\ttodayMarker off"}
	for _, section := range g.sections {
		var shown []string
		for _, b := range g.bars[section] {
			begin, end := b.from, b.to
			if begin.Before(from) {
				begin = from
			}
			if end.After(to) {
				end = to
			}
			if begin.After(to) || end.Before(from) {
				continue
			}
			if end.Sub(begin) < time.Millisecond {
				end = begin.Add(time.Millisecond)
			}
			state := b.state
			if state != "" {
				state += ", "
			}
			const stamp = "2006-01-02 15:04:05.000"
			shown = append(shown, "\t"+b.text+" :"+state+begin.UTC().Format(stamp)+", "+end.UTC().Format(stamp))
		}
		if len(shown) > 0 {
			lines = append(lines, "\tsection "+section)
			lines = append(lines, shown...)
		}
	}
	return lines
}
