package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"tracetest/internal/run"
)

const execHelp = `exec runs a command that starts the tests itself and watches them as tracetest
watches those of go test: the same leaks, victims and reports. Such as

  tracetest exec -- ginkgo -r -p
  tracetest exec -- gotestsum --rerun-fails --packages ./...

make, a script or a compiled test binary will do as well. The test processes
report by themselves: what instruments them is in GOFLAGS and TRACETEST_SOCKET,
for the command and all below it, and a go command in front of PATH adds it
where a Makefile has replaced GOFLAGS. A test binary that was built before must
be built again below exec.

With --serve it starts nothing, and keeps the socket open for an editor or a
person who runs tests again and again: it prints the lines for a shell (and
with --env-file a file) that have their tests watched. What runs until all is
quiet for a second is one launch, with a verdict and reports; Ctrl-C ends it
with the exit code of all launches together.

The output of the command is its own; tracetest writes to standard error. A
test that failed and passed when the command ran it again does not fail the run.`

const execExits = `  0  the command ended with 0, its tests reported, and nothing leaked but what
     --baseline knows
  1  the command or tests failed, or the run is incomplete; the code of the
     command is in findings.json (run.go_exit)
  2  tracetest could not do its job: usage, no Redis, no such command
  3  the command ended with 0, but state leaked, or the server was not as
     --expect says`

func execCommand() *cobra.Command {
	o := &options{instrument: "auto", format: defaultFormat(), shard: shardOptions{by: run.ShardByPackage}}
	cmd := &cobra.Command{
		Use:   "exec [flags] -- COMMAND [ARGS...]",
		Short: "Watch the tests that ginkgo, gotestsum or make start",
		Long:  execHelp,
		Example: "  tracetest exec -- make test\n" +
			"  tracetest exec --redis localhost:6390 --restore test -- go test ./...",
		Annotations: map[string]string{exitCodes: execExits, environment: runEnvironment},
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case o.serve.on && len(args) > 0:
				return errors.New("--serve starts no command: run it where the lines are pasted that --serve prints")
			case !o.serve.on && (cmd.ArgsLenAtDash() != 0 || len(args) == 0):
				return errors.New(behindDashes(args[max(cmd.ArgsLenAtDash(), 0):]))
			}
			o.signals = run.Catch()
			defer o.signals.Stop()
			if !o.serve.on {
				o.launch = args
			}
			return o.run(cmd.Context(), nil, nil, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	o.where(cmd.Flags())
	o.how(cmd.Flags())
	o.serve.flags(cmd.Flags())
	o.shard.flags(cmd.Flags())
	o.outputs(cmd.Flags())
	completeRun(cmd, o)
	return cmd
}

// behindDashes says how a command is given, by the one that was given without "--".
func behindDashes(command []string) string {
	example := "ginkgo -r"
	if len(command) > 0 {
		example = strings.Join(command, " ")
	}
	return "exec takes a command behind \"--\", with its flags: tracetest exec -- " + example
}
