package internal_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// What is built by tags is seen by nobody who works on one system. The scripts are for
// Unix, and the tests that are instrumented run there too.
func TestCross(t *testing.T) {
	if os.Getenv("TRACETEST_ALL") == "" {
		t.Skip("it compiles the standard library for each system: TRACETEST_ALL=1, or make cross")
	}
	for _, target := range []string{"linux/386", "darwin/arm64", "freebsd/amd64", "windows/amd64"} {
		t.Run(target, func(t *testing.T) {
			system, machine, _ := strings.Cut(target, "/")
			began := time.Now()
			vet := exec.Command("go", "vet", "./cmd/...", "./internal/...")
			vet.Dir, vet.Env = "..", append(os.Environ(), "GOOS="+system, "GOARCH="+machine, "CGO_ENABLED=0")
			if out, err := vet.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
			t.Logf("%v", time.Since(began).Round(time.Second))
		})
	}
}
