package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tracetest/internal/bisect"
	"tracetest/internal/gotest"
	"tracetest/internal/record"
	"tracetest/internal/redact"
	"tracetest/internal/report/claims"
	"tracetest/internal/rerun"
	"tracetest/internal/run"
)

// suiteOf is what is known of the suite: by a record, or by a run of it now. It
// completes the options with what the record knows.
func (o *bisectOptions) suiteOf(ctx context.Context, runner *rerun.Runner, options *run.Options, header *bisect.Header, say func(string, ...any)) (*bisect.Suite, error) {
	path := o.from
	if path == "" {
		say("running the suite once; --from tracetest-out/run.jsonl would start from a run that was recorded")
		path = filepath.Join(o.out, "run.jsonl")
		if err := runner.Whole(ctx, func(here run.Options) error { return o.first(ctx, here, path) }); err != nil {
			return nil, err
		}
	}
	suite, err := readSuite(path)
	if err != nil {
		return nil, err
	}
	if absolute, err := filepath.Abs(path); err == nil {
		header.From = absolute
	}
	if o.from != "" {
		if err := runner.Since(suite.Config); err != nil {
			return nil, err
		}
	} else if err := o.sound(suite, say); err != nil {
		return nil, err
	}
	if len(options.Packages) == 0 && len(options.Args) == 0 {
		if dir := suite.Findings.Run.Dir; dir != workingDir() {
			return nil, fmt.Errorf("--from: the suite was run in %s: run bisect there, or name its packages", dir)
		}
		if flag := runsPrograms(suite.Args); o.from != "" && flag != "" {
			return nil, fmt.Errorf("--from: the record says to run the tests with %s, which can run any program: give the packages and what stands behind \"--\" yourself", flag)
		}
		options.Packages, options.Args = suite.Packages, suite.Args
	}
	args, err := gotest.ParseArgs(options.Packages, options.Args, "")
	if err != nil {
		return nil, err
	}
	if len(args.Embedded()) > 0 {
		return nil, errors.New("the packages stand behind \"--\"; put them before it")
	}
	for _, word := range slices.Concat(options.Packages, options.Args) {
		if strings.Contains(word, redact.Hidden) {
			return nil, errors.New("an argument of the tests was secret and is not recorded: do not --resume, and give the packages and what stands behind \"--\" again")
		}
	}
	return suite, nil
}

// runsPrograms is a flag of go test by which a record, which can be anybody's, could
// have a program of its choice run. It is empty where there is none.
func runsPrograms(args []string) string {
	for _, word := range args {
		if word == "-args" || word == "--args" {
			break
		}
		name, _, _ := strings.Cut(strings.TrimLeft(word, "-"), "=")
		if strings.HasPrefix(word, "-") && slices.Contains([]string{"exec", "toolexec", "vettool", "overlay", "modfile", "ldflags", "gccgoflags", "compiler", "pkgdir", "C", "o"}, name) {
			return "-" + name
		}
	}
	return ""
}

var errInterrupted = errors.New("the run of the suite was interrupted, and nothing was searched")

// sound refuses to search after a run of the suite that did not come to its end
// or on a server that is not as it should be, and says what is odd about it.
func (o *bisectOptions) sound(suite *bisect.Suite, say func(string, ...any)) error {
	f := suite.Findings
	switch {
	case strings.HasPrefix(f.Run.Incomplete, "interrupted"):
		return errInterrupted
	case !f.Run.Complete:
		return fmt.Errorf("the run of the suite did not come to its end: %s", f.Run.Incomplete)
	}
	if len(f.UnmetExpectations) > 0 {
		return errors.New(claims.UnmetLine(f.UnmetExpectations[0]))
	}
	for _, p := range f.Drift {
		say("%s", claims.DriftLine(p))
	}
	return nil
}

// first runs the suite, records it and writes its reports.
func (o *bisectOptions) first(ctx context.Context, options run.Options, path string) error {
	if err := o.record(ctx, options, path); err != nil {
		return err
	}
	findings, err := analyse(path)
	if err != nil {
		return err
	}
	return o.reports.write(o.out, findings)
}

// record runs the suite and records it.
func (o *bisectOptions) record(ctx context.Context, options run.Options, path string) error {
	plan, err := run.Prepare(ctx, withSilence(options))
	if err != nil {
		return err
	}
	defer plan.Close()
	file, err := createRecord(path)
	if err != nil {
		return err
	}
	writer := record.NewWriter(file, nil)
	plan.Run(ctx, writer)
	hidden := plan.Redact(file)
	if hidden == nil {
		hidden = showRecord(file)
	}
	_, err = written(file)
	return errors.Join(writer.Err(), hidden, err, file.Close())
}

func withSilence(o run.Options) run.Options {
	o.Output = rerun.Silence{}
	return o
}

// readSuite reads a record of a suite.
func readSuite(path string) (*bisect.Suite, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the record: %w", err)
	}
	defer file.Close()
	reader := bisect.NewReader()
	empty := true
	for entry, err := range record.Read(file) {
		var bad *record.SyntaxError
		switch {
		case errors.As(err, &bad):
			reader.Damaged(bad.Line, bad.Err)
		case err != nil:
			return nil, fmt.Errorf("reading the record %q: %w", path, err)
		default:
			reader.Add(entry)
		}
		empty = false
	}
	if empty {
		return nil, fmt.Errorf("reading the record %q: it is empty", path)
	}
	return reader.Suite(), nil
}
