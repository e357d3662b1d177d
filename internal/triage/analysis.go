// Package triage says what a record means. It is pure: a record in, findings
// out; no I/O, no clock, no Redis.
//
// The record is read once, in order, by an [Analysis]. It follows who is open
// ([record.Open]) and what each parameter was. A parameter that differs from
// one snapshot to the next was changed by somebody who was open in between:
//
//   - One was open: the change is *inferred*.
//   - Several were: it is *ambiguous*, and all of them are suspects.
//   - Nobody was: it is said, and nobody is accused.
//
// Changes of one parameter by one unit are gathered into an episode, which is
// judged when the unit ends: it leaked, or it was reverted.
//
// Where the trace saw who wrote that value the change is *exact*, whoever else
// was open; see claim.go and author.go.
//
// Limits: a change that nobody was seen writing, because there was no trace or
// because another program made it, is inferred to whoever was open. Where tests
// are not synchronized, all whose time can have overlapped the change are
// suspects; see suspects.go for why that holds.
package triage

import (
	"errors"
	"iter"

	"tracetest/internal/findings"
	"tracetest/internal/record"
)

// Analysis reads a record. The zero value is not ready; see [New].
type Analysis struct {
	window   *window
	outcomes *outcomes
	ledger   *ledger
	writers  *writers

	notices []findings.Notice
	code    []record.Code
	trials  []record.Trial
	lost    error            // why not all of the record could be written
	marks   *record.Baseline // that leaks are marked by, if not that of the run
	delayed *record.Entry    // the last entry, while the entries behind it may explain what it shows
}

// New returns an Analysis that has read nothing. It has four parts, each of which
// knows those before it and none behind it:
//
//   - The [window] is what counts as this run: who is open, in which order, when.
//   - The [outcomes] are how tests went, and why they failed.
//   - The [ledger] is what each parameter of each server was, and what became of
//     each change.
//   - The [writers] are who wrote what, and so who made each change.
func New() *Analysis {
	w := newWindow()
	o, l := newOutcomes(w), newLedger(w)
	return &Analysis{window: w, outcomes: o, ledger: l, writers: newWriters(w, o, l)}
}

// Add takes in the next entry and returns the leaks that are certain from now
// on. Their place in Findings may still change.
func (a *Analysis) Add(e record.Entry) []findings.Change {
	if a.window.reached(e) {
		a.notices = append(a.notices, findings.Notice{Code: findings.NoticeDamaged, Entry: e.Seq})
	}
	before := len(a.ledger.leaks)
	switch {
	case a.delayed != nil && e.Clients != nil:
		a.writers.connected(e.Clients, a.delayed.Seq)
	case a.waits(e):
		a.delayed = &e
	default:
		a.take(e)
	}
	var leaks []findings.Change
	for _, l := range a.ledger.leaks[before:] {
		c := a.writers.change(l)
		c.Known = a.known(a.marking(), &c)
		leaks = append(leaks, c)
	}
	return leaks
}

// waits takes in the entry that was delayed, and reports whether this one has to
// wait.
func (a *Analysis) waits(e record.Entry) bool {
	a.release()
	return a.writers.unexplained(e)
}

// release takes in the entry that was delayed.
func (a *Analysis) release() {
	if e := a.delayed; e != nil {
		a.delayed = nil
		a.take(*e)
	}
}

// take takes in an entry.
func (a *Analysis) take(e record.Entry) {
	switch {
	case e.Run != nil:
		a.window.run = *e.Run
	case e.Server != nil:
		a.ledger.watch(*e.Server)
	case e.Process != nil:
		a.process(e)
	case e.Boundary != nil:
		a.boundary(e)
	case e.Contact != nil:
		a.writers.contact(e.Contact)
	case e.Write != nil:
		a.write(e)
	case e.Reply != nil:
		a.reply(e)
	case e.Refused != nil:
		a.refuse(e)
	case e.Asked != nil:
		a.asked(e.Asked)
	case e.Clients != nil:
		a.writers.connected(e.Clients, a.ledger.sampled)
	case e.Test != nil:
		a.test(e)
	case e.Restore != nil:
		a.restore(e)
	case e.Notice != nil:
		a.notices = append(a.notices, findings.Notice{Code: e.Notice.Code, Text: e.Notice.Text, Package: e.Notice.Package})
	case e.End != nil:
		a.window.end = e.End
	case e.Code != nil:
		a.code = append(a.code, *e.Code)
	case e.Trial != nil:
		a.trials = append(a.trials, *e.Trial)
	}
}

// Tests counts the tests that have ended.
func (a *Analysis) Tests() findings.Tests { return a.outcomes.tests }

// Read takes in a record as [record.Read] yields it, and returns how many lines
// of it there were. Lines that cannot be read are noted; another error ends it.
func (a *Analysis) Read(entries iter.Seq2[record.Entry, error]) (lines int, err error) {
	for entry, err := range entries {
		var bad *record.SyntaxError
		switch {
		case errors.As(err, &bad):
			a.Damaged(bad.Line, bad.Err)
		case err != nil:
			return lines, err
		default:
			a.Add(entry)
		}
		lines++
	}
	return lines, nil
}

// Damaged takes in a line of the record that could not be read.
func (a *Analysis) Damaged(line int, err error) {
	a.window.damaged = true
	a.notices = append(a.notices, findings.Notice{Code: findings.NoticeDamaged, Line: line, Error: err.Error()})
}

// Unwritten takes in that not all of the record could be written: whoever reads
// it will find less than this analysis did.
func (a *Analysis) Unwritten(err error) {
	a.lost = err
}
