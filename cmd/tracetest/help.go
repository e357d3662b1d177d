package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// What cobra knows nothing of, as annotations of a command. Help and the
// manual page have them as sections.
const (
	exitCodes   = "Exit codes"
	environment = "Environment"
)

// groupKey is the annotation of a flag that says under which title it stands.
const groupKey = "tracetest_group"

// group puts flags under a title.
func group(f *pflag.FlagSet, title string, names ...string) {
	for _, name := range names {
		if err := f.SetAnnotation(name, groupKey, []string{title}); err != nil {
			panic(err) // a name that is no flag's
		}
	}
}

// A flagGroup is flags under a title, in the order in which they were declared.
type flagGroup struct {
	title string
	flags *pflag.FlagSet
}

// flagGroups are the flags of a command by title. Those without one come last.
func flagGroups(cmd *cobra.Command) []flagGroup {
	cmd.InitDefaultHelpFlag()
	cmd.InitDefaultVersionFlag()
	var groups []flagGroup
	at := make(map[string]*pflag.FlagSet)
	add := func(title string, f *pflag.Flag) {
		if at[title] == nil {
			at[title] = pflag.NewFlagSet("", pflag.ContinueOnError)
			at[title].SortFlags = false
			groups = append(groups, flagGroup{title, at[title]})
		}
		at[title].AddFlag(f)
	}
	all := cmd.Flags()
	all.SortFlags = false
	var rest []*pflag.Flag
	all.VisitAll(func(f *pflag.Flag) {
		switch titles := f.Annotations[groupKey]; {
		case f.Hidden:
		case len(titles) == 0:
			rest = append(rest, f)
		default:
			add(titles[0], f)
		}
	})
	title := "Flags"
	if len(groups) > 0 {
		title = "Other flags"
	}
	for _, f := range rest {
		add(title, f)
	}
	return groups
}

// subcommands are those that a user should know of.
func subcommands(cmd *cobra.Command) []*cobra.Command {
	var shown []*cobra.Command
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			shown = append(shown, sub)
		}
	}
	return shown
}

// usageLines say how a command is called.
func usageLines(cmd *cobra.Command) []string {
	var lines []string
	if cmd.Runnable() {
		lines = append(lines, cmd.UseLine())
	}
	if len(subcommands(cmd)) > 0 {
		lines = append(lines, cmd.CommandPath()+" COMMAND [flags]")
	}
	return lines
}

// showHelp is for --help and for the command help: what one looks for most
// comes first.
func showHelp(cmd *cobra.Command, _ []string) {
	w := cmd.OutOrStdout()
	width := min(max(screenOf(w, os.Getenv).width(), 60), 120)
	var b bytes.Buffer
	text := cmd.Long
	if text == "" {
		text = cmd.Short + "."
	}
	fmt.Fprintf(&b, "%s\n\n", text)
	usage(&b, cmd, width)
	w.Write(b.Bytes())
}

// usage is the help without the text.
func usage(w io.Writer, cmd *cobra.Command, width int) {
	fmt.Fprintln(w, "Usage:")
	for _, line := range usageLines(cmd) {
		fmt.Fprintln(w, "  "+line)
	}
	if cmd.Example != "" {
		fmt.Fprintf(w, "\nExamples:\n%s\n", strings.TrimRight(cmd.Example, "\n"))
	}
	if subs := subcommands(cmd); len(subs) > 0 {
		fmt.Fprint(w, "\nCommands:\n")
		for _, sub := range subs {
			fmt.Fprintf(w, "  %-*s  %s\n", cmd.NamePadding(), sub.Name(), sub.Short)
		}
	}
	groups := flagGroups(cmd)
	left := 0
	for _, g := range groups {
		g.flags.VisitAll(func(f *pflag.Flag) { left = max(left, len(flagName(f))) })
	}
	for _, g := range groups {
		fmt.Fprintf(w, "\n%s:\n", g.title)
		g.flags.VisitAll(func(f *pflag.Flag) {
			name := flagName(f)
			for _, line := range wrap(flagText(f), width-left-4) {
				fmt.Fprintf(w, "  %-*s  %s\n", left, name, line)
				name = ""
			}
		})
	}
	for _, title := range []string{exitCodes, environment} {
		if text := cmd.Annotations[title]; text != "" {
			fmt.Fprintf(w, "\n%s:\n%s\n", title, strings.TrimRight(text, "\n"))
		}
	}
	if len(subcommands(cmd)) > 0 {
		fmt.Fprintf(w, "\n`%s COMMAND --help` shows more of a command.\n", cmd.CommandPath())
	}
}

// flagName is a flag with what it takes.
func flagName(f *pflag.Flag) string {
	name := "    --" + f.Name
	if f.Shorthand != "" {
		name = "-" + f.Shorthand + ", --" + f.Name
	}
	if operand, _ := pflag.UnquoteUsage(f); operand != "" {
		name += " " + operand
	}
	return name
}

// flagText says what a flag does, and its default.
func flagText(f *pflag.Flag) string {
	operand, text := pflag.UnquoteUsage(f)
	if strings.HasPrefix(f.Usage, "`") { // it stands before the text already
		text = strings.TrimLeft(strings.TrimPrefix(text, operand), ",: ")
	}
	switch f.DefValue {
	case "", "0", "0s", "[]", "false":
		return text
	}
	return text + " (default " + f.DefValue + ")"
}

// wrap breaks a text into lines of a width.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = word
			continue
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	return append(lines, line)
}
