//go:build !tracetest_notrace

package inject

import (
	"sync/atomic"
	"syscall"
	"unsafe"
)

// tracetestShared is memory that this process shares with tracetest; package barrier
// says what is where. What stands there costs no system call, wakes nobody, and is there
// whatever ends this process.
var tracetestShared []byte

// tracetestWelcome reads the answer to hello, with which the memory comes.
func tracetestWelcome(fd int, b []byte) (int, error) {
	var about [64]byte
	n, more, _, _, err := syscall.Recvmsg(fd, b, about[:], syscall.MSG_CMSG_CLOEXEC)
	if err != nil || more == 0 {
		return n, err
	}
	messages, _ := syscall.ParseSocketControlMessage(about[:more])
	for i := range messages {
		files, _ := syscall.ParseUnixRights(&messages[i])
		for _, file := range files {
			var is syscall.Stat_t
			if syscall.Fstat(file, &is) == nil && is.Size > 8 {
				tracetestShared, _ = syscall.Mmap(file, 0, int(is.Size), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
			}
			syscall.Close(file)
		}
	}
	return n, nil
}

// tracetestNote notes a boundary that is passed, for whoever has the turn. It reports
// whether there was room.
func tracetestNote(now int64, how string, message []string) bool {
	line, to := &tracetestLine, tracetestShared
	size := 8 + 4 + len(how)
	for _, field := range message {
		size += 4 + len(field)
	}
	at := 8 + line.noted
	if at+4+size > len(to) {
		return false
	}
	number := func(n uint64, bytes int) {
		for i := range bytes {
			to[at+i] = byte(n >> (8 * i))
		}
		at += bytes
	}
	text := func(s string) {
		number(uint64(len(s)), 4)
		at += copy(to[at:], s)
	}
	number(uint64(size), 4)
	number(uint64(now), 8)
	text(how)
	for _, field := range message {
		text(field)
	}
	line.noted = at - 8
	atomic.StoreUint64((*uint64)(unsafe.Pointer(&to[0])), uint64(line.turns)<<32|uint64(line.noted))
	return true
}

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
