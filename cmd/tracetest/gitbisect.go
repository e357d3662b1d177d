package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"syscall"

	"tracetest/internal/bisect"
	"tracetest/internal/findings"
	"tracetest/internal/printable"
	"tracetest/internal/redact"
	"tracetest/internal/triage"
)

// What `git bisect run` makes of an exit code (git-bisect(1)): 126 and 127 are
// those of a shell that could not run a command, and never ours.
const (
	gitGood   = 0
	gitBad    = 1
	gitSkip   = 125 // this commit cannot be tested
	gitSignal = 128 // and the number of the signal: the bisection ends
)

// gitVerdict says what a run means to git bisect. With parameters the question
// is who leaves these changed, whatever else the tests do.
func gitVerdict(f *findings.Findings, parameters []string) int {
	asked := func(name string) bool {
		return len(parameters) == 0 || slices.ContainsFunc(parameters, func(p string) bool { return strings.EqualFold(p, name) })
	}
	leaks := slices.ContainsFunc(f.Leaks, func(c findings.Change) bool {
		return asked(c.Parameter) && (c.Known == nil || len(parameters) > 0) // what is asked for counts also where a baseline knows it
	})
	built := !slices.ContainsFunc(f.Failures, isBuild)
	died := slices.ContainsFunc(f.Packages, func(p findings.Package) bool { return p.Outcome == "died" })
	switch {
	case len(parameters) > 0 && leaks:
		return gitBad
	case !f.Run.Complete || !built || f.Tests.Total == 0 || len(f.UnmetExpectations) > 0:
		return gitSkip
	case len(parameters) > 0 && died:
		return gitSkip // what it did not come to might leak
	case len(parameters) > 0:
		return gitGood
	case leaks || f.Tests.Failed > 0 || f.Run.Exit == triage.ExitFailed:
		return gitBad
	case f.Run.Exit != triage.ExitClean:
		return gitSkip
	}
	return gitGood
}

func isBuild(f findings.Failure) bool { return f.Status == "build" }

// gitAnswer says what an answer of bisect means to git bisect: bad is that the
// test depends on the order, or that the parameter is left changed.
func gitAnswer(a *bisect.Answer) int {
	switch a.Kind {
	case bisect.Polluters, bisect.Brittle, bisect.Leaks:
		return gitBad
	case bisect.Clean:
		return gitGood
	case bisect.NotOrderDependent:
		if a.Alone.Failed == 0 && a.Suite.Failed == 0 {
			return gitGood
		}
	}
	return gitSkip
}

// gitExit turns the end of a command into git's language.
func gitExit(err error, by syscall.Signal, stderr io.Writer) error {
	if by != 0 {
		return exitCode(gitSignal + int(by))
	}
	var code exitCode
	if err == nil || errors.As(err, &code) && (code == gitBad || code == gitSkip) {
		return err
	}
	if !errors.As(err, &code) {
		fmt.Fprintf(stderr, "tracetest: %s\nThis commit is undecided: exit code %d.\n", printable.Text(redact.URL(err.Error())), gitSkip)
	}
	return exitCode(gitSkip)
}
