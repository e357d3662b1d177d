package inject

import "syscall"

// tracetestAside moves a descriptor out of the way: the low numbers are then
// those that they would be without us, and a limit that a test sets on their
// number (RLIMIT_NOFILE), if it is lower, leaves as many as without us.
//
// It is the last number for which a process has room when it begins (NR_OPEN_DEFAULT in
// include/linux/fdtable.h). For a higher one the kernel makes more room, and before it goes on
// it waits for all processors (synchronize_rcu in expand_fdtable of fs/file.c), some ten milliseconds.
func tracetestAside(fd int) int {
	const last, withCloseOnExec = 63, 1030 // F_DUPFD_CLOEXEC
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil || limit.Cur <= last {
		return fd
	}
	moved, _, err := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), withCloseOnExec, last)
	if err != 0 {
		return fd
	}
	syscall.Close(fd)
	return int(moved)
}
