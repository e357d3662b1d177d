package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"tracetest/internal/findings"
	"tracetest/internal/live"
	"tracetest/internal/merge"
	"tracetest/internal/report"
	reportci "tracetest/internal/report/ci"
)

// A ci writes what the CI that a run is in reads.
type ci struct {
	any     bool   // it may read commands from what is printed
	github  bool   // it shows workflow commands at lines of code
	summary string // path of the step summary; empty without one
}

func findCI(getenv func(string) string) ci {
	c := ci{github: getenv("GITHUB_ACTIONS") == "true", summary: getenv("GITHUB_STEP_SUMMARY")}
	for _, name := range []string{"CI", "GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD", "TEAMCITY_VERSION"} {
		c.any = c.any || getenv(name) != ""
	}
	return c
}

// scrub makes sure that nothing of a text is a command of the CI.
func (c ci) scrub(scrub func(string) string) func(string) string {
	if !c.any {
		return scrub
	}
	return func(text string) string { return live.Harmless(scrub(text)) }
}

// harmless is a writer of whole texts to out, none of which is a command.
func (c ci) harmless(out io.Writer) io.Writer {
	if !c.any {
		return out
	}
	return harmless{out}
}

type harmless struct{ out io.Writer }

func (h harmless) Write(text []byte) (int, error) {
	if _, err := io.WriteString(h.out, live.Harmless(string(text))); err != nil {
		return 0, err
	}
	return len(text), nil
}

// harmlessJSON is a writer of JSON to out, which stays the same JSON. A command
// of some CI is read anywhere in a line and begins with a #, which in JSON is only
// within text.
func (c ci) harmlessJSON(out io.Writer) io.Writer {
	if !c.any {
		return out
	}
	return harmlessJSON{out}
}

type harmlessJSON struct{ out io.Writer }

func (h harmlessJSON) Write(text []byte) (int, error) {
	if _, err := h.out.Write(bytes.ReplaceAll(text, []byte("#"), []byte(`\u0023`))); err != nil {
		return 0, err
	}
	return len(text), nil
}

// annotate annotates the lines that leak and adds to the summary of the step.
func (c ci) annotate(out io.Writer, f *findings.Findings) error {
	var errs []error
	if c.github {
		errs = append(errs, reportci.Annotations(out, f))
	}
	if c.summary != "" {
		if err := summarize(c.summary, func(w io.Writer) error { return report.Markdown(w, f) }); err != nil {
			errs = append(errs, fmt.Errorf("adding to $GITHUB_STEP_SUMMARY: %w", err))
		}
	}
	return errors.Join(errs...)
}

// annotateMerged is the same of the shards of one suite.
func (c ci) annotateMerged(out io.Writer, s *merge.Summary, runs iter.Seq2[reportci.Run, error]) error {
	var errs []error
	if c.github {
		for run, err := range runs {
			if err == nil {
				err = reportci.Annotations(out, run.Findings)
			}
			errs = append(errs, err)
		}
	}
	if c.summary != "" {
		if err := summarize(c.summary, func(w io.Writer) error { return report.MergedMarkdown(w, s) }); err != nil {
			errs = append(errs, fmt.Errorf("adding to $GITHUB_STEP_SUMMARY: %w", err))
		}
	}
	return errors.Join(errs...)
}

// summaryLimit is what GitHub takes of a step, in bytes; of more it shows
// nothing at all.
const summaryLimit = 1 << 20

func summarize(path string, markdown func(io.Writer) error) error {
	var text bytes.Buffer
	if err := markdown(&text); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	before := []byte(nil)
	if info.Size() > 0 {
		before = []byte("\n\n") // what is there may end within a line
	}
	room := summaryLimit - int(min(info.Size(), summaryLimit)) - len(before)
	section := reportci.StepSummary(text.Bytes(), room)
	if section == nil {
		return errors.New("there is no room left in it: GitHub takes 1 MiB of a step")
	}
	_, err = file.Write(append(before, section...))
	return errors.Join(err, file.Close())
}
