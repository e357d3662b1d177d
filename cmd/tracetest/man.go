package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func manCommand() *cobra.Command {
	return &cobra.Command{
		Use:                   "man",
		Short:                 "Write the manual page",
		Long:                  "man writes the manual page, in the format of man(7). It says what the help of\nall commands says.",
		DisableFlagsInUseLine: true,
		Example:               "  tracetest man >tracetest.1",
		Hidden:                true, // for those who make packages
		Args:                  cobra.NoArgs,
		ValidArgsFunction:     cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return writeMan(cmd.OutOrStdout(), cmd.Root())
		},
	}
}

// writeMan writes one page of a command and all below it. It is not cobra/doc,
// which makes a page of each command, knows no groups of flags and names no
// operands, and would add two parsers of Markdown and YAML to the program.
func writeMan(w io.Writer, root *cobra.Command) error {
	p := &manPage{}
	p.line(`.TH %s 1 "" %s "User Commands"`, strings.ToUpper(root.Name()), quoted(root.Name()+" "+root.Version))
	p.line(".SH NAME")
	p.line(`%s \- %s`, escape(root.Name()), escape(root.Short))
	p.line(".SH SYNOPSIS")
	all := commands(root)
	for i, cmd := range all {
		if i > 0 {
			p.line(".br")
		}
		p.line(`\fB%s\fR%s`, escape(cmd.CommandPath()), escape(strings.TrimPrefix(cmd.UseLine(), cmd.CommandPath())))
	}
	p.line(".SH DESCRIPTION")
	p.text(root.Long)
	p.line(".SH OPTIONS")
	p.flags(root)
	if len(all) > 1 {
		p.line(".SH COMMANDS")
	}
	for _, cmd := range all[1:] {
		p.line(".SS %s", quoted(cmd.CommandPath()))
		p.text(cmd.Long)
		p.flags(cmd)
		for _, title := range []string{exitCodes, environment} {
			if text := cmd.Annotations[title]; text != "" {
				p.line(".PP")
				p.line("%s:", title)
				p.literal(text)
			}
		}
	}
	p.line(".SH EXIT STATUS")
	p.literal(root.Annotations[exitCodes])
	p.line(".SH ENVIRONMENT")
	p.literal(root.Annotations[environment])
	p.line(".SH EXAMPLES")
	for i, cmd := range all {
		if i > 0 {
			p.line(".PP")
		}
		p.literal(cmd.Example)
	}
	_, err := w.Write(p.Bytes())
	return err
}

// commands are a command and all below it that a user should know of.
func commands(cmd *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{cmd}
	for _, sub := range subcommands(cmd) {
		all = append(all, commands(sub)...)
	}
	return all
}

// A manPage is a page in the format of man(7) that is being written.
type manPage struct{ bytes.Buffer }

func (p *manPage) line(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

// text writes paragraphs, which empty lines part.
func (p *manPage) text(text string) {
	for i, paragraph := range strings.Split(text, "\n\n") {
		switch {
		case strings.HasPrefix(paragraph, " "):
			p.literal(paragraph)
			continue
		case i > 0:
			p.line(".PP")
		}
		for line := range strings.Lines(paragraph) {
			p.line("%s", escape(strings.TrimSpace(line)))
		}
	}
}

// literal writes lines as they are.
func (p *manPage) literal(text string) {
	p.line(".nf")
	for line := range strings.Lines(text) {
		p.line("%s", escape(strings.TrimRight(line, "\n")))
	}
	p.line(".fi")
}

// flags writes the flags of a command by group. Those of the root have a section
// of their own, which its groups part.
func (p *manPage) flags(cmd *cobra.Command) {
	groups := flagGroups(cmd)
	for _, g := range groups {
		switch {
		case !cmd.HasParent():
			p.line(".SS %s", quoted(g.title))
		case len(groups) > 1:
			p.line(".PP")
			p.line(`\fI%s\fR`, escape(g.title))
		}
		g.flags.VisitAll(func(f *pflag.Flag) {
			name, operand, _ := strings.Cut(strings.TrimSpace(flagName(f)), f.Name)
			p.line(".TP")
			p.line(`\fB%s\fR\fI%s\fR`, escape(name+f.Name), escape(operand))
			p.line("%s", escape(flagText(f)))
		})
	}
}

// escape makes text of what could be a request or an escape sequence, and
// hyphens that can be copied.
func escape(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		return `\&` + text
	}
	return text
}

// quoted is an argument of a request.
func quoted(text string) string {
	return `"` + strings.ReplaceAll(escape(text), `"`, `\(dq`) + `"`
}
