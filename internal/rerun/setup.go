package rerun

import (
	"slices"
	"strings"

	"tracetest/internal/findings"
	"tracetest/internal/record"
	"tracetest/internal/rediscli"
	"tracetest/internal/run"
)

// Item is what can be left out of a trial: a test or, where Test is empty, all of
// a package.
type Item = Test

// Cut is what is done between the units of a trial, so that one does not meet
// what another left. The zero value does nothing.
type Cut struct {
	Config  bool `json:"config,omitempty"`  // put back the configuration after each unit
	Data    bool `json:"data,omitempty"`    // the keys
	Server  bool `json:"server,omitempty"`  // users and functions
	Process bool `json:"process,omitempty"` // run the last test in a process of its own
	// Keep names the parameters or keys that are left as they are all the same.
	Keep []string `json:"keep,omitempty"`
}

// Setup is one trial: items in the order in which they ran in the suite, and the
// test that it is about, if there is one, behind them.
type Setup struct {
	Before []Item `json:"before"`
	Victim *Test  `json:"victim,omitempty"`
	Cut    Cut    `json:"cut,omitzero"`
}

// Outcome is what a trial showed.
type Outcome struct {
	Victim   string  `json:"victim,omitempty" redact:"-"`   // pass, fail, skip, or empty where it did not run
	Message  string  `json:"message,omitempty"`             // what it said when it failed
	Location string  `json:"location,omitempty" redact:"-"` // where, file:line
	Left     []Left  `json:"left,omitempty"`                // parameters that were changed at the end, before anything was put back
	Touched  []Touch `json:"touched,omitempty"`             // what was put back after a unit
	Keys     int64   `json:"keys,omitempty"`                // that the servers held when it began
	Silent   bool    `json:"silent,omitempty"`              // the tests were heard, and none spoke to a Redis
	Seconds  float64 `json:"seconds"`
	// Error says why the trial says nothing: the tests could not be built, the
	// server was gone, it was interrupted.
	Error       string `json:"error,omitempty"`
	Interrupted bool   `json:"interrupted,omitempty"`
}

// Left is a parameter that a trial left changed, and by whom where one was seen.
type Left struct {
	Server    string         `json:"server" redact:"-"`
	Parameter string         `json:"parameter" redact:"-"`
	From      string         `json:"from" redact:"value"`
	To        string         `json:"to" redact:"value"`
	Owner     *record.Name   `json:"owner,omitempty"`
	Call      *findings.Call `json:"call,omitempty"`
}

// Touch is something on a server that a unit had changed and that was restored.
type Touch struct {
	What  string      `json:"what" redact:"-"` // parameter, key, user or functions
	Name  string      `json:"name,omitempty"`
	After record.Name `json:"after"`
}

// step is one command of a trial: tests of one package, or whole packages.
type step struct {
	whole []string
	tests []Test
}

func (s Setup) steps(orders map[string][]string) (steps []step) {
	items := slices.Clone(s.Before)
	if s.Victim != nil {
		items = append(items, *s.Victim)
	}
	for i, item := range items {
		last := len(steps) - 1
		own := s.Cut.Process && s.Victim != nil && i == len(items)-1
		switch {
		case item.Test == "" && last >= 0 && len(steps[last].whole) > 0 && slices.Equal(orders[item.Package], orders[steps[last].whole[0]]):
			steps[last].whole = append(steps[last].whole, item.Package)
		case item.Test == "":
			steps = append(steps, step{whole: []string{item.Package}})
		case last >= 0 && len(steps[last].tests) > 0 && steps[last].tests[0].Package == item.Package && !own:
			steps[last].tests = append(steps[last].tests, item)
		default:
			steps = append(steps, step{tests: []Test{item}})
		}
	}
	return steps
}

func (s step) choose(o *run.Options, orders map[string][]string) (err error) {
	if len(s.whole) > 0 {
		o.Packages, o.Args = s.whole, Before(o.Args, orders[s.whole[0]]...)
		return nil
	}
	tests := s.tests
	if o.Secrets != nil { // else it is for a person
		if tests, err = Real(tests, o.Secrets); err != nil {
			return err
		}
	}
	o.Packages, o.Args, err = choose(tests, Before(o.Args, orders[s.tests[0].Package]...))
	return err
}

// Commands are those of a trial as a person would type them: go test, without
// us. Files of specs are named by their base, so that they hold in any checkout.
func (s Setup) Commands(args []string, orders map[string][]string) []string {
	var all []string
	for _, step := range s.steps(orders) {
		step.tests = slices.Clone(step.tests)
		for i, t := range step.tests {
			if at := strings.LastIndexByte(t.Location, '/'); at >= 0 {
				step.tests[i].Location = t.Location[at:]
			}
		}
		o := run.Options{Args: args}
		if step.choose(&o, orders) != nil {
			continue
		}
		all = append(all, rediscli.Join(slices.Concat([]string{"go", "test", "-count=1", "-p=1"}, o.Packages, o.Args)))
	}
	return all
}

// last is the last of a step.
func (s step) last() record.Name {
	if len(s.whole) > 0 {
		return record.Name{Package: s.whole[len(s.whole)-1]}
	}
	return s.tests[len(s.tests)-1].Name
}
