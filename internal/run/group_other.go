//go:build !unix

package run

import (
	"os"
	"os/exec"
)

func ownGroup(*exec.Cmd) {}

// signalGroup can only kill, and only the go command itself, where there are
// no process groups.
func signalGroup(cmd *exec.Cmd, s os.Signal) {
	if s == os.Kill {
		cmd.Process.Kill()
	}
}
