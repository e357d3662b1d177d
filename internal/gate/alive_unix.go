//go:build unix

package gate

import (
	"errors"
	"syscall"
)

// alive reports whether a process of this number exists. One that ended and
// was waited for does not.
func alive(pid int) bool { return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }
