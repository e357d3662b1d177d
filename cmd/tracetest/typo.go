package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tracetest/internal/gotest"
	"tracetest/internal/nearest"
)

// unknownFlag says what a flag that a command does not have may be: another one
// of it, or one of go test.
func unknownFlag(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return err
	}
	given := "--" + unknown.GetSpecifiedName()
	if short := unknown.GetSpecifiedShortnames(); short != "" {
		given = "-" + short
	}
	name, _, _ := strings.Cut(strings.TrimLeft(given, "-"), "=")
	name = strings.TrimPrefix(name, "test.")
	var known []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
	launches := cmd.Name() == "exec"
	takesTests := cmd.Flags().Lookup("instrument") != nil && !launches
	if launched := cmd.Flags().Args(); launches && len(launched) > 0 { // so the flag is one of that command
		return fmt.Errorf("unknown flag %s; %s", given, behindDashes(launched))
	}
	switch like := nearest.Name(name, known); {
	case name == "v" && takesTests:
		return fmt.Errorf("-v is a flag of go test; did you mean `%s ./... -- -v`? --version prints the version", cmd.CommandPath())
	case like == name:
		return fmt.Errorf("unknown flag %s; did you mean --%s?", given, like)
	case gotest.IsFlag(name) && takesTests:
		return fmt.Errorf("-%s is a flag of go test, which stands behind \"--\"; did you mean `%s ./... -- -%s`?", name, cmd.CommandPath(), name)
	case like != "":
		return fmt.Errorf("unknown flag %s; did you mean --%s?", given, like)
	}
	return fmt.Errorf("unknown flag %s", given)
}

// instead is what people type for commands that do not exist.
var instead = map[string]string{"version": "--version", "test": "./...", "run": "./...", "help": "--help"}

// checkPackages refuses a word in the place of packages that is none: a command
// that was misspelt, or a folder without "./". Import paths without a dot or a slash are
// rare, so the go command is asked for those alone.
func checkPackages(ctx context.Context, cmd *cobra.Command, packages, goTest []string) error {
	var words []string
	for _, p := range packages {
		switch {
		case strings.ContainsAny(p, "./\\@"), p == "all", p == "std", p == "cmd", p == "tool", p == "work":
		case p == "":
			return errors.New("a package is empty: leave it away, or name one; ./... is all of them")
		default:
			words = append(words, p)
		}
	}
	if len(words) == 0 {
		return nil
	}
	args, err := gotest.ParseArgs(words, goTest, "")
	if err != nil {
		return nil // which the run will say
	}
	dirs, err := gotest.Dirs(ctx, args, words)
	if err != nil {
		return nil
	}
	for i, word := range words {
		if dirs[word] != "" {
			continue
		}
		if like := nearest.Name(word, commandNames(cmd.Root())); like != "" && i == 0 && !cmd.HasParent() {
			return fmt.Errorf("%q is neither a command nor a package; did you mean `tracetest %s`?", word, like)
		}
		if info, err := os.Stat(filepath.Join(args.Dir(), word)); err == nil && info.IsDir() {
			return fmt.Errorf("%q is not a package; did you mean ./%s?", word, word)
		}
		if other := instead[word]; other != "" && i == 0 && !cmd.HasParent() {
			return fmt.Errorf("%q is neither a command nor a package; did you mean `tracetest %s`?", word, other)
		}
		return fmt.Errorf("there is no package %q; packages are named as for go test: ./... is all of them", word)
	}
	return nil
}

func commandNames(root *cobra.Command) []string {
	var names []string
	for _, sub := range root.Commands() {
		if sub.IsAvailableCommand() || sub.Name() == "man" {
			names = append(names, sub.Name())
		}
	}
	return names
}

// helpCommand is cobra's, which shows the help of tracetest for a command that
// does not exist.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Show the help of a command",
		Long:  "help shows the help of a command.",
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var all []cobra.Completion
			for _, sub := range subcommands(cmd.Root()) {
				all = append(all, cobra.CompletionWithDesc(sub.Name(), sub.Short))
			}
			return all, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			of, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				like := ""
				if name := nearest.Name(strings.Join(args, " "), commandNames(cmd.Root())); name != "" {
					like = fmt.Sprintf("; did you mean `tracetest help %s`?", name)
				}
				return fmt.Errorf("there is no command %q%s", strings.Join(args, " "), like)
			}
			of.InitDefaultHelpFlag()
			return of.Help()
		},
	}
}
