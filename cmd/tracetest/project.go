package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tracetest/internal/gotest"
	"tracetest/internal/project"
	"tracetest/internal/snapshot"
)

// projectKey is under which the context of a command has the project file.
type projectKey struct{}

// useProject lays the project file under the flags of a command: what a flag or the
// environment says wins.
func useProject(cmd *cobra.Command) error {
	file, err := project.Load(workingDir())
	if err != nil {
		if cmd.Flags().Lookup("redis") == nil {
			return nil // a command that needs nothing of it
		}
		return err
	}
	cmd.SetContext(context.WithValue(cmd.Context(), projectKey{}, file))
	under := func(name, value string) {
		if f := cmd.Flags().Lookup(name); f != nil && !f.Changed && value != "" {
			err = errors.Join(err, f.Value.Set(value))
		}
	}
	first := func(name string, values []string) {
		if f := cmd.Flags().Lookup(name); f != nil && len(values) > 0 {
			list := f.Value.(pflag.SliceValue)
			err = errors.Join(err, list.Replace(slices.Concat(values, list.GetSlice())))
		}
	}
	if cmd.Name() != "diff" { // whose --out is a file
		under("out", file.Out)
	}
	if cmd.Flags().Lookup("prove") != nil { // a run; of others the record says which leaks are known
		under("baseline", file.Baseline)
	}
	first("expect", file.Expect)
	first("expect-file", file.ExpectFile)
	spawn := cmd.Flags().Lookup("spawn")
	if !cmd.Flags().Changed("redis") && (spawn == nil || !spawn.Changed) && !snapshot.InEnvironment(os.Getenv) {
		first("redis", file.Redis)
	}
	return err
}

// projectPackages are the packages that were given, or else those of the project file.
func projectPackages(cmd *cobra.Command, packages, goTest []string) []string {
	file, _ := cmd.Context().Value(projectKey{}).(*project.File)
	if file == nil || len(file.Packages) == 0 || len(packages) > 0 {
		return packages
	}
	if args, err := gotest.ParseArgs(nil, goTest, ""); err != nil || len(args.Embedded()) > 0 || args.Dir() != "" {
		return packages
	}
	return file.Packages
}

const initHelp = `init writes .tracetest.toml, the project file of tracetest. It reads compose
files, workflows of a CI and Makefiles to find the Redis of the tests, the
packages that use it, and what Redis is started with. It connects to nothing.

A project file has these keys: redis, packages, out, baseline, expect-file, and
the table expect. Its paths are relative to its folder. tracetest reads
the nearest one, in the working directory or above it in the repository. Flags
and the environment win over it.`

func initCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "init",
		Short:   "Write a project file from what the project says",
		Long:    initHelp,
		Example: "  tracetest init",

		DisableFlagsInUseLine: true,
		Args:                  cobra.NoArgs,
		ValidArgsFunction:     cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			root, err := project.Root(workingDir())
			if err != nil {
				return &unable{err}
			}
			guess, path := project.Find(os.DirFS(root)), filepath.Join(root, project.Name)
			file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
			if errors.Is(err, os.ErrExist) {
				return &unable{fmt.Errorf("%s exists: edit it, or delete it first", path)}
			}
			if err != nil {
				return &unable{err}
			}
			_, err = file.WriteString(guess.TOML())
			if err = errors.Join(err, file.Close()); err != nil {
				return &unable{err}
			}
			text := "wrote " + path
			if from := guess.Files(); len(from) > 0 {
				text += ", from " + strings.Join(from, ", ")
			} else {
				text += "; no file of the project names a Redis, so all of it is commented out"
			}
			_, err = fmt.Fprintln(findCI(os.Getenv).harmless(cmd.OutOrStdout()), text)
			return err
		},
	}
}
