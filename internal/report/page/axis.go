package page

import (
	"fmt"
	"strconv"
	"time"

	"tracetest/internal/report/claims"
)

// An axis places instants between 0 and 100 percent. Stretches in which no test
// ran, as while packages are compiled, are drawn short: they would leave a
// few pixels to the tests of a quick suite.
type axis struct {
	began  time.Time
	pieces []piece // without gaps, in order
}

// A piece is a stretch of the run and where it is drawn.
type piece struct {
	from, to time.Duration // since the run began
	x0, x1   float64
	idle     bool
}

const (
	slots   = 8192 // how finely an axis tells busy from idle
	idlePer = 64   // an idle stretch longer than a part of this many of the run is drawn short
)

func newAxis(v *claims.View) axis {
	whole := max(0, lastInstant(v).Sub(v.Run.Started))
	if whole == 0 {
		whole = time.Millisecond
	}
	a := axis{began: v.Run.Started}
	a.cut(busySlots(v, whole), whole)
	a.lay()
	return a
}

// lastInstant is when the last test ended, if that is behind the end of the run: the clock was set back.
func lastInstant(v *claims.View) time.Time {
	end := v.Run.Finished
	for c := range v.Cases.All() {
		if c.End.After(end) {
			end = c.End
		}
	}
	return end
}

// busySlots says in which slots of the run a test ran, or a leak was seen.
func busySlots(v *claims.View, whole time.Duration) (busy [slots]bool) {
	slot := func(t time.Time) int {
		return min(slots-1, max(0, int(float64(t.Sub(v.Run.Started))/float64(whole)*slots)))
	}
	var more [slots + 1]int // tests that run in a slot, less those in the one before
	mark := func(from, to int) {
		if from <= to {
			more[from]++
			more[to+1]--
		}
	}
	for c := range v.Cases.All() {
		if !c.Begin.IsZero() {
			mark(slot(c.Begin), slot(c.End))
		}
	}
	for _, l := range v.Leaks {
		mark(slot(l.At), slot(l.At))
	}
	running := 0
	for i := range busy {
		running += more[i]
		busy[i] = running > 0
	}
	return busy
}

// cut cuts the run into pieces that are busy or not.
func (a *axis) cut(busy [slots]bool, whole time.Duration) {
	// The whole times a number of slots can be more than a Duration holds.
	since := func(slot int) time.Duration {
		return whole/slots*time.Duration(slot) + whole%slots*time.Duration(slot)/slots
	}
	for from := 0; from < slots; {
		to := from
		for to < slots && busy[to] == busy[from] {
			to++
		}
		p := piece{from: since(from), to: since(to), idle: !busy[from] && to-from > slots/idlePer}
		if !p.idle {
			p.x1 = float64(to - from)
		}
		a.pieces = append(a.pieces, p)
		from = to
	}
}

// lay lays the pieces beside each other. What is idle gets a fiftieth of the width, each.
func (a *axis) lay() {
	var weight, total float64
	for _, p := range a.pieces {
		weight += p.x1
	}
	short := weight / 50
	if weight == 0 {
		short = 1
	}
	for i := range a.pieces {
		if a.pieces[i].idle {
			a.pieces[i].x1 = short
		}
		total += a.pieces[i].x1
	}
	x := 0.0
	for i := range a.pieces {
		w := a.pieces[i].x1 / total * 100
		a.pieces[i].x0, a.pieces[i].x1 = x, x+w
		x += w
	}
}

// at places an instant.
func (a axis) at(t time.Time) float64 {
	d := t.Sub(a.began)
	for _, p := range a.pieces {
		if d <= p.to {
			if p.to == p.from {
				return p.x0
			}
			return p.x0 + (p.x1-p.x0)*min(1, max(0, float64(d-p.from)/float64(p.to-p.from)))
		}
	}
	return 100
}

// when is the instant at a place, since the run began.
func (a axis) when(x float64) time.Duration {
	for _, p := range a.pieces {
		if x <= p.x1 {
			if p.x1 == p.x0 {
				return p.from
			}
			return p.from + time.Duration((x-p.x0)/(p.x1-p.x0)*float64(p.to-p.from))
		}
	}
	return a.pieces[len(a.pieces)-1].to
}

// A mark on the axis.
type tick struct{ X, Text, Anchor string }

func (a axis) ticks() []tick {
	var ticks []tick
	for i, anchor := range []string{"start", "middle", "middle", "middle", "end"} {
		x := float64(i) * 25
		ticks = append(ticks, tick{percent(x), since(a.when(x)), anchor})
	}
	return ticks
}

// idle are the stretches that are drawn short.
func (a axis) idle() []bar {
	var all []bar
	for _, p := range a.pieces {
		if p.idle {
			all = append(all, bar{X: percent(p.x0), Width: percent(p.x1 - p.x0), Title: "no test ran for " + seconds(p.to-p.from) + "; drawn short"})
		}
	}
	return all
}

func percent(x float64) string { return number(x) + "%" }

func number(x float64) string {
	return strconv.FormatFloat(x, 'f', 3, 64)
}

// since writes how far an instant is from the start of the run, as [claims.View.Clock] does.
func since(d time.Duration) string { return fmt.Sprintf("%+.3f s", d.Seconds()) }

// seconds writes a duration as people read it.
func seconds(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
	case d < time.Minute:
		return fmt.Sprintf("%.2f s", d.Seconds())
	}
	return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
}
