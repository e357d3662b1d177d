//go:build unix

package barrier

import (
	"errors"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// hungUp reports whether the other end of a connection was closed. It takes
// nothing from the connection.
func hungUp(conn net.Conn) bool {
	c, ok := conn.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return true
	}
	closed := false
	err = raw.Control(func(fd uintptr) {
		var one [1]byte
		n, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		closed = n == 0 && err == nil
	})
	return closed || err != nil
}

// alive reports whether a process of this number exists. One that ended and
// was waited for does not.
func alive(pid int) bool { return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

// dead reports whether a process has ended and was not waited for yet, where
// the system tells.
func dead(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(stat), ") ") // a name can hold anything but is in brackets
	return strings.HasPrefix(rest, "Z") || strings.HasPrefix(rest, "X")
}
