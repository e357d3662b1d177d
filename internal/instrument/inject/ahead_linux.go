//go:build !tracetest_notrace

package inject

import (
	"syscall"
	"unsafe"
)

// tracetestChildless reports whether this process has no children, and had none that
// ended since the last boundary that it waited at.
func tracetestChildless() bool {
	const all, look = 0, 4 | 1 | 0x1000000 // P_ALL; WEXITED, WNOHANG, WNOWAIT: nobody's child is taken away
	var info [16]uint64
	_, _, err := syscall.RawSyscall6(syscall.SYS_WAITID, all, 0, uintptr(unsafe.Pointer(&info)), look, 0, 0)
	return err == syscall.ECHILD && tracetestReaped() == tracetestBorn
}

// tracetestReaped reports whether another child has ended: none does without
// a page fault.
func tracetestReaped() (used [2]int64) {
	const children = -1 // RUSAGE_CHILDREN
	var all syscall.Rusage
	if syscall.Getrusage(children, &all) != nil {
		return [2]int64{-1, -1}
	}
	return [2]int64{int64(all.Minflt) + int64(all.Majflt), int64(all.Nvcsw) + int64(all.Nivcsw)}
}
