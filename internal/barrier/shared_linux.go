package barrier

import (
	"net"

	"golang.org/x/sys/unix"
)

// open makes the memory and returns what its process gets it by. Without it, each
// boundary is waited at.
func (s *shared) open() (file int, ok bool) {
	file, err := unix.MemfdCreate("tracetest", unix.MFD_CLOEXEC)
	if err != nil {
		return 0, false
	}
	// All of it is there from the first: who writes to it is not killed for want of memory.
	if err := unix.Fallocate(file, 0, 0, sharedSize); err != nil {
		unix.Close(file)
		return 0, false
	}
	mem, err := unix.Mmap(file, 0, sharedSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		unix.Close(file)
		return 0, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mem = mem
	return file, true
}

// close gives the memory back. What was noted is kept.
func (s *shared) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mem != nil {
		_ = unix.Munmap(s.mem) // it is of no use any more
		s.mem = nil
	}
}

// welcome answers a hello, and hands the memory over.
func (s *shared) welcome(conn net.Conn, answer string) error {
	to, is := conn.(*net.UnixConn)
	file, ok := 0, false
	if is {
		file, ok = s.open()
	}
	if !ok {
		_, err := conn.Write([]byte(answer))
		return err
	}
	defer unix.Close(file)
	_, _, err := to.WriteMsgUnix([]byte(answer), unix.UnixRights(file), nil)
	return err
}
