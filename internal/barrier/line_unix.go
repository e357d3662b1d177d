//go:build unix

package barrier

import "syscall"

// readNow reads what there is from a descriptor. Later says that there is nothing yet.
func readNow(fd uintptr, b []byte) (n int, later bool, err error) {
	for {
		if n, err = syscall.Read(int(fd), b); err != syscall.EINTR {
			return n, err == syscall.EAGAIN, err
		}
	}
}

// nothingSent reports whether there is nothing to be read from a descriptor.
func nothingSent(fd uintptr) bool {
	var b [1]byte
	n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	return err != syscall.EINTR && (err != nil || n <= 0)
}
