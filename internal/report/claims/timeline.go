package claims

import (
	"strings"
	"time"
	"unicode"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/report/doc"
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
func (v *View) timeline() []doc.Block {
	g := gantt{}
	drawn := make(map[string]bool)
	for _, group := range v.Groups {
		for _, c := range group.Changes {
			if key := c.Server + "\x00" + c.Parameter; !drawn[key] && len(drawn) < maxTracks && v.track(&g, c) {
				drawn[key] = true
			}
		}
	}
	if len(g.sections) == 0 {
		return nil
	}
	leaking, victims := v.ran()
	g.add("leaks", leaking)
	g.add(victimSection, victims)
	lines := g.lines()
	if lines == nil {
		return nil
	}
	return []doc.Block{h2("When it happened"), para("Times are in UTC."), doc.Fence{Lang: "mermaid", Lines: lines}}
}

const victimSection = "failures correlated with them"

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
func (v *View) track(g *gantt, c findings.Change) bool {
	for i, t := range v.Timelines {
		if i >= len(v.Servers) || v.Servers[i].Address != c.Server {
			continue
		}
		for _, values := range t.Values {
			if values.Parameter != c.Parameter {
				continue
			}
			var bars []task
			for i, step := range values.Steps {
				if i == maxBars {
					bars = append(bars, task{text: string("and " + itoa(len(values.Steps)-i+values.More) + " more values"), from: step.At, to: v.Run.Finished})
					break
				}
				b := task{text: "is " + chartValue(c, step.Value), state: "crit", from: step.At, to: v.Run.Finished}
				if step.Value == values.Steps[0].Value {
					b.state = "done"
				}
				if i+1 < len(values.Steps) {
					b.to = values.Steps[i+1].At
				}
				bars = append(bars, b)
			}
			section := chartText(c.Parameter)
			if len(v.Servers) > 1 {
				section += " on " + chartText(c.Server)
			}
			g.add(section, bars)
			return len(bars) > 0
		}
	}
	return false
}

// ran finds when the tests ran that leaked, and those that failed afterwards.
func (v *View) ran() (leaking, victims []task) {
	leaks, fell := make(map[record.Name]Group), make(map[record.Name]bool)
	for _, g := range v.Groups {
		if o := g.Changes[0].By; o != nil && len(leaks) < maxTracks {
			if _, known := leaks[*o]; !known {
				leaks[*o] = g
			}
		}
		for _, f := range g.Failures {
			fell[f.Name()] = true
		}
	}
	more := task{}
	n := 0
	for c := range v.Cases.All() {
		if c.Begin.IsZero() {
			continue
		}
		b := task{text: string(kindOf(c.Name)) + " " + chartText(chartName(c.Name)), from: c.Begin, to: c.End}
		if g, ok := leaks[c.Name]; ok && len(leaking) < maxTracks {
			if !g.Accused() {
				b.text = "while " + b.text + " ran"
			}
			b.text, b.state = string("leak "+itoa(g.No)+", ")+b.text, "active"
			leaking = append(leaking, b)
		} else if fell[c.Name] && Failed(c.Status) {
			if n++; n <= maxBars {
				victims = append(victims, b)
				continue
			}
			if more.from.IsZero() {
				more.from = c.Begin
			}
			more.text, more.to = string("and "+itoa(n-maxBars)+" more"), c.End
		}
	}
	if n > maxBars {
		victims = append(victims, more)
	}
	return leaking, victims
}

func chartName(o record.Name) string {
	if o.Spec != "" {
		return o.Spec
	}
	return o.Test
}

// chartText keeps of a name what has no meaning in a chart.
func chartText(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" _-./()$", r) {
			return r
		}
		return ' '
	}, doc.Clean(s))
	for strings.Contains(s, "$$") { // which would begin a formula
		s = strings.ReplaceAll(s, "$$", "$")
	}
	if s = doc.CutMiddle(strings.Join(strings.Fields(s), " "), 48); s == "" {
		return "(unnamed)"
	}
	return s
}

// axis is the stretch that is drawn; false where there is no time in the chart. What happened
// before the first test and behind the last one, such as a build, would leave no room for
// the tests.
func (g *gantt) axis() (from, to time.Time, drawn bool) {
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
	span(g.bars[victimSection])
	if from.IsZero() {
		for _, bars := range g.bars {
			span(bars)
		}
	}
	margin := max(to.Sub(from)/20, time.Millisecond)
	from, to = from.Add(-margin), to.Add(margin)
	return from, to, from.Year() >= 1970 && to.Year() <= 9999
}

// line is a task within a stretch, or "".
func (b task) line(from, to time.Time) string {
	begin, end := b.from, b.to
	if begin.Before(from) {
		begin = from
	}
	if end.After(to) {
		end = to
	}
	if begin.After(to) || end.Before(from) {
		return ""
	}
	if end.Sub(begin) < time.Millisecond {
		end = begin.Add(time.Millisecond)
	}
	state := b.state
	if state != "" {
		state += ", "
	}
	const stamp = "2006-01-02 15:04:05.000"
	return "\t" + b.text + " :" + state + begin.UTC().Format(stamp) + ", " + end.UTC().Format(stamp)
}

// lines writes the chart; nil where there is no time in it.
func (g *gantt) lines() []string {
	from, to, drawn := g.axis()
	if !drawn {
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
			if line := b.line(from, to); line != "" {
				shown = append(shown, line)
			}
		}
		if len(shown) > 0 {
			lines = append(lines, "\tsection "+section)
			lines = append(lines, shown...)
		}
	}
	return lines
}
