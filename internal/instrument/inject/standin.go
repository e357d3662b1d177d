//go:build unix

package inject

import (
	"runtime"
	"sync"
)

// common stands for testing.common.
type common struct {
	mu                        sync.RWMutex
	name                      string
	parent                    *common
	failed, skipped, finished bool
	cleanups                  []func()
	creator                   []uintptr
}

func (c *common) Cleanup(f func()) { c.cleanups = append(c.cleanups, f) }

func (c *common) frameSkip(int) (f runtime.Frame) { return f }

// Stand for those of package testing.
type (
	InternalTest       struct{ Name string }
	InternalBenchmark  struct{ Name string }
	InternalFuzzTarget struct{ Name string }
	InternalExample    struct{ Name string }
)

// testBinary stands for the variable that the go command sets to "1" in test
// binaries.
var testBinary = "0"

// tracetestAtExit stands for the function that the patch writes for the Go
// release at hand.
func tracetestAtExit(func(failed bool)) {}

// owner stands for the label of a goroutine, one for all of them here.
var owner struct {
	mu    sync.Mutex
	label string
}

func tracetestSetOwner(label string) {
	owner.mu.Lock()
	defer owner.mu.Unlock()
	owner.label = label
}

func tracetestGetOwner() string {
	owner.mu.Lock()
	defer owner.mu.Unlock()
	return owner.label
}

// tracetestDoor stands for the variable that the trace reads.
var tracetestDoor uint32

// tracetestSetStart stands for the function that lets package syscall announce a child.
func tracetestSetStart(func()) {}

// tracetestSetHook stands for the function that lets what is in nettrace call the trace.
func tracetestSetHook(func(event string, conn, number int64, about []string)) {}
