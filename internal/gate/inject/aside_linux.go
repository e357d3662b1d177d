package inject

import "syscall"

// tracetestAside moves a descriptor out of the way: the low numbers are then
// those that they would be without us, and a limit that a test sets on their
// number (RLIMIT_NOFILE) leaves as many as without us.
func tracetestAside(fd int) int {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil || limit.Cur < 64 {
		return fd
	}
	const withCloseOnExec = 1030 // F_DUPFD_CLOEXEC
	from := uint64(1000)
	if limit.Cur <= from {
		from = limit.Cur - 8
	}
	moved, _, err := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), withCloseOnExec, uintptr(from))
	if err != 0 {
		return fd
	}
	syscall.Close(fd)
	return int(moved)
}
