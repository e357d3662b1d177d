package page

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"tracetest/internal/findings"
	"tracetest/internal/report/claims"
)

// A picture is the run over time: what the servers used and were allowed, and
// under it the tests.
type picture struct {
	Ticks   []tick
	Idle    []bar
	Marks   []mark // leaks
	Panels  []panel
	Lanes   []lane
	Legend  []legend
	Series  series // for the script
	Unseen  []bar  // a server was unreachable
	Breaks  []bar  // a server restarted
	Further int    // servers that are not drawn
}

// A bar is a stretch that stands for something.
type bar struct{ X, Width, Class, Title, Text string }

// A mark is a leak on the axis.
type mark struct {
	X      string
	No     int
	Title  string
	Anchor string
	Near   bool // to the one before: its number would cover it
}

// A panel is a server.
type panel struct {
	Address string
	Scales  []scale
	Limit   string // what its last limit was, in words
	Refused []bar
	Evicted []bar
	Strips  []strip
	Cut     int // parameters that are not drawn
}

// A scale is memory drawn in one way.
type scale struct {
	Name   string // log or linear
	Area   string // a path within 1000 by 100
	Line   string // the limit
	Labels []string
}

// A strip is a parameter that is not drawn as a line.
type strip struct {
	Parameter string
	Bars      []bar
}

type legend struct {
	Class, Text string
	Count       int
}

// series is what the script reads values from: [x, text] in order.
type series struct {
	Time    [][2]float64 `json:"time"` // x, ms
	Servers []serverAt   `json:"servers"`
}

type serverAt struct {
	Address string     `json:"address"`
	Used    []valueAt  `json:"used"`
	Values  []valuesAt `json:"values"`
}

type valuesAt struct {
	Parameter string    `json:"parameter"`
	Steps     []valueAt `json:"steps"`
}

type valueAt struct {
	X    float64 `json:"x"`
	Text string  `json:"text"`
}

const (
	maxPanels = 3
	maxStrips = 6
	maxMarks  = 200
	tall      = 100.0  // height of a scale
	broad     = 1000.0 // its width
)

// picture draws the run, or returns nil where there is nothing to draw.
func (p page) picture(tests *claims.Tests) *picture {
	if p.Run.Started.IsZero() || len(p.Timelines) != len(p.Servers) || p.Cases.Len() == 0 && len(p.Timelines) == 0 {
		return nil
	}
	a := newAxis(p.View)
	d := &picture{Ticks: a.ticks(), Idle: a.idle()}
	for _, piece := range a.pieces {
		d.Series.Time = append(d.Series.Time, [2]float64{round(piece.x0), float64(piece.from.Microseconds()) / 1000}, [2]float64{round(piece.x1), float64(piece.to.Microseconds()) / 1000})
	}
	last := -10.0
	for _, g := range p.Groups {
		if len(d.Marks) == maxMarks {
			break
		}
		c := g.Changes[0]
		x := a.at(c.At)
		d.Marks = append(d.Marks, mark{X: percent(x), No: g.No, Near: x-last < 2, Anchor: "#" + leakAnchor(g.No), Title: fmt.Sprintf("Leak %d at %s: %s", g.No, plain(p.Clock(c.At)), plain(p.By(c)))})
		last = x
	}
	for _, i := range p.drawn() {
		if len(d.Panels) == maxPanels {
			d.Further++
			continue
		}
		panel, at := p.panel(a, i)
		d.Panels = append(d.Panels, panel)
		d.Series.Servers = append(d.Series.Servers, at)
	}
	for _, b := range p.Gaps {
		to := b.To
		if to.IsZero() {
			to = p.Run.Finished
		}
		d.Unseen = append(d.Unseen, a.bar(a.at(b.From), a.at(to), "blind", name(b.Server)+" was unreachable: "+name(b.Reason)))
	}
	for _, r := range p.Restarts {
		x := a.at(r.At)
		d.Breaks = append(d.Breaks, a.bar(x, x, "restart", name(r.Server)+" restarted at "+plain(p.Clock(r.At))))
	}
	p.lanes(d, a, tests)
	return d
}

// drawn are the servers in the order in which they are worth drawing: those
// that leaks are of, then those that changed, then the others.
func (p page) drawn() []int {
	worth := func(i int) int {
		if slices.ContainsFunc(p.Leaks, func(c findings.Change) bool { return c.On(p.Servers[i].Address) }) {
			return 0
		}
		if len(p.Timelines[i].Values) > 1 {
			return 1
		}
		return 2
	}
	order := make([]int, len(p.Servers))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(x, y int) int { return cmp.Compare(worth(x), worth(y)) })
	return order
}

func (a axis) bar(from, to float64, class, title string) bar {
	return bar{X: percent(from), Width: wide(to - from), Class: class, Title: title}
}

// wide is the width of something that must be seen however short it was: what
// has no width is not drawn at all.
func wide(x float64) string { return percent(max(narrow, x)) }

func (p page) panel(a axis, server int) (panel, serverAt) {
	t := p.Timelines[server]
	out := panel{Address: name(p.Servers[server].Address)}
	at := serverAt{Address: out.Address}
	var limits []point
	for _, v := range t.Values {
		values := valuesAt{Parameter: name(v.Parameter)}
		for _, s := range v.Steps {
			values.Steps = append(values.Steps, valueAt{round(a.at(s.At)), plain(claims.Value(v.Parameter, s.Value, strings.HasPrefix(s.Value, "(hidden")))})
		}
		at.Values = append(at.Values, values)
		if v.Parameter == "maxmemory" {
			for _, s := range v.Steps {
				n, err := strconv.ParseInt(s.Value, 10, 64)
				if err == nil {
					limits = append(limits, point{a.at(s.At), n})
				}
			}
			out.Limit = values.Steps[len(values.Steps)-1].Text
			continue
		}
		if len(out.Strips) == maxStrips {
			out.Cut++
			continue
		}
		out.Strips = append(out.Strips, values.strip(v))
	}
	var used []point
	for i, s := range t.Samples {
		used = append(used, point{a.at(s.From), s.Most})
		if s.To != s.From {
			used = append(used, point{a.at(s.To), s.Most})
		}
		at.Used = append(at.Used, valueAt{round(a.at(s.From)), claims.Size(s.Most)})
		from := s.From
		if i > 0 {
			from = t.Samples[i-1].To
		}
		if s.OOM > 0 {
			out.Refused = append(out.Refused, a.bar(a.at(from), a.at(s.To), "refused", plain(claims.Count(int(s.OOM), "command")+" refused by "+p.Clock(s.To))))
		}
		if s.Evicted > 0 {
			out.Evicted = append(out.Evicted, a.bar(a.at(from), a.at(s.To), "evicted", plain(claims.Count(int(s.Evicted), "key")+" evicted by "+p.Clock(s.To))))
		}
	}
	if len(used) > 0 {
		out.Scales = []scale{logScale(used, limits), linearScale(used, limits)}
	}
	return out, at
}

// strip shows the values of a parameter one after the other.
func (v valuesAt) strip(of findings.Values) strip {
	s := strip{Parameter: v.Parameter}
	for i, step := range v.Steps {
		end := 100.0
		if i+1 < len(v.Steps) {
			end = v.Steps[i+1].X
		}
		class := "changed"
		if of.Steps[i].Value == of.Steps[0].Value {
			class = "initial"
		}
		if i == 0 {
			step.X = 0
		}
		b := bar{X: percent(step.X), Width: percent(max(0, end-step.X)), Class: class, Title: v.Parameter + " " + step.Text}
		if end-step.X > 8 {
			b.Text = step.Text
		}
		s.Bars = append(s.Bars, b)
	}
	return s
}

// A point is a number of bytes at a place.
type point struct {
	x     float64
	bytes int64
}

func bounds(used, limits []point) (least, most int64) {
	least, most = math.MaxInt64, 1
	for _, all := range [][]point{used, limits} {
		for _, p := range all {
			if p.bytes > 0 {
				least, most = min(least, p.bytes), max(most, p.bytes)
			}
		}
	}
	return min(least, most), most
}

// logScale draws in powers of two, so that a limit of 1 MiB and one of 2 GiB
// are both seen. Its labels are round because it covers a multiple of four of them.
func logScale(used, limits []point) scale {
	least, most := bounds(used, limits)
	low := math.Floor(math.Log2(float64(least))) - 1
	steps := math.Ceil((math.Log2(float64(most)) + 0.5 - low) / 4)
	s := scale{Name: "log"}
	for i := range 5 {
		s.Labels = append(s.Labels, claims.Size(int64(math.Exp2(low+float64(4-i)*steps))))
	}
	return s.draw(used, limits, func(n int64) float64 {
		return tall - (math.Log2(float64(max(n, 1)))-low)/(4*steps)*tall
	})
}

func linearScale(used, limits []point) scale {
	_, most := bounds(used, limits)
	step := math.Exp2(math.Ceil(math.Log2(float64(most) * 1.02 / 4)))
	if 0.75*step*4 > float64(most)*1.02 {
		step *= 0.75
	}
	s := scale{Name: "linear"}
	for i := range 5 {
		s.Labels = append(s.Labels, claims.Size(int64(float64(4-i)*step)))
	}
	return s.draw(used, limits, func(n int64) float64 { return tall - float64(n)/(4*step)*tall })
}

// draw makes the area of what was used and the line of what was allowed. No
// limit is a line along the top.
func (s scale) draw(used, limits []point, y func(int64) float64) scale {
	place := func(x, y float64) string { return number(x*broad/100) + " " + number(min(tall, max(0, y))) }
	var area, line strings.Builder
	area.WriteString("M" + place(used[0].x, tall))
	for _, p := range used {
		area.WriteString("L" + place(p.x, y(p.bytes)))
	}
	area.WriteString("L" + place(100, y(used[len(used)-1].bytes)) + "L" + place(100, tall) + "Z")
	s.Area = area.String()
	for i, p := range limits {
		height := 1.0
		if p.bytes > 0 {
			height = y(p.bytes)
		}
		if i == 0 {
			line.WriteString("M" + place(0, height))
		} else {
			line.WriteString("H" + number(p.x*broad/100) + "V" + number(min(tall, max(0, height))))
		}
	}
	if len(limits) > 0 {
		line.WriteString("H" + number(broad))
	}
	s.Line = line.String()
	return s
}

func round(x float64) float64 { return math.Round(x*1000) / 1000 }
