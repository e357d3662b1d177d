package inject

import "sync"

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

// testBinary stands for the variable that the go command sets to "1" in test
// binaries.
var testBinary = "0"

// tracetestAtExit stands for the function that the patch writes for the Go
// release at hand.
func tracetestAtExit(func()) {}
