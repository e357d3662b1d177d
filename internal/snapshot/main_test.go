package snapshot

import (
	"fmt"
	"os"
	"testing"

	"tracetest/internal/redistest"
)

// shared is for tests that leave it as they found it. Starting a server for
// each of them would take most of the time of this package.
var shared *redistest.Server

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "snapshot")
	if err == nil {
		shared, err = redistest.Run(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	defer shared.Close()
	return m.Run()
}
