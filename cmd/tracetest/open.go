package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"github.com/spf13/cobra"
)

// openTime is how long a program that opens pages may take until nobody waits for it.
const openTime = 3 * time.Second

const openHelp = `open shows the HTML report in the browser, by xdg-open, open or rundll32. Where
there is no such program, it prints the path.`

func openCommand() *cobra.Command {
	out := "tracetest-out"
	cmd := &cobra.Command{
		Use:     "open [DIR|report.html]",
		Short:   "Show the HTML report in the browser",
		Long:    openHelp,
		Example: "  tracetest open\n  tracetest open shards/1",
		Args:    cobra.MaximumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveDefault
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				out = args[0]
			}
			path, err := pageAt(out)
			if err != nil {
				return &unable{err}
			}
			if err := openPage(cmd.Context(), path); err != nil {
				fmt.Fprintf(cmd.ErrOrStderr(), "tracetest: no browser was opened: %v\n", err)
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), path)
			return err
		},
	}
	cmd.Flags().StringVar(&out, "out", out, "`DIR` folder of the reports")
	complete(cmd, "out", completeDirs)
	return cmd
}

// pageAt is the page of a folder, or the page itself.
func pageAt(name string) (string, error) {
	info, err := os.Stat(name)
	if err == nil && info.IsDir() {
		dir := name
		for _, page := range []string{"report.html", "merged.html"} {
			name = filepath.Join(dir, page)
			if info, err = os.Stat(name); err == nil {
				break
			}
		}
	}
	if err != nil {
		return "", fmt.Errorf("there is no report: %w; run tracetest first, or name the folder of --out", err)
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is no file", name)
	}
	return filepath.Abs(name)
}

// openPage has the system show a file. It never waits longer than openTime: a browser may
// be the program itself.
func openPage(ctx context.Context, path string) error {
	name, args := "xdg-open", []string{path}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", path}
	}
	program, err := exec.LookPath(name)
	if err != nil {
		return err
	}
	started := exec.CommandContext(context.WithoutCancel(ctx), program, args...) // without our terminal: a browser in it would take the screen
	if err := started.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- started.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	case <-time.After(openTime): // it shows the page
	}
	return nil
}
