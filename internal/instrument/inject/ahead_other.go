//go:build unix && !linux && !tracetest_notrace

package inject

import "syscall"

// Where nobody knows whether there are children, each boundary is waited at.
func tracetestChildless() bool { return false }

func tracetestReaped() [2]int64 { return [2]int64{} }

func tracetestNote(int64, string, []string) bool { return false }

func tracetestWelcome(fd int, b []byte) (int, error) { return syscall.Read(fd, b) }
