package main

import (
	"os"
	"runtime"
	"strings"
)

// machine is where something was measured, in a line.
func (b *bench) machine() (string, error) {
	goVersion, err := b.say("go", "version")
	if err != nil {
		return "", err
	}
	server, err := b.redis.Try("info", "server")
	if err != nil {
		return "", err
	}
	redis := "Redis " + field(server, "redis_version:")
	if valkey := field(server, "valkey_version:"); valkey != "" {
		redis = "Valkey " + valkey
	}
	sum, err := b.say("go", "list", "-m", "-f={{.Version}}", gotestsumModule)
	if err != nil {
		return "", err
	}
	parts := []string{runtime.GOOS + " " + runtime.GOARCH}
	if kernel, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		parts = append(parts, "kernel "+strings.TrimSpace(string(kernel)))
	}
	if cpu, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		parts = append(parts, strings.TrimLeft(field(string(cpu), "model name"), "\t :"))
	}
	parts = append(parts, plural(runtime.NumCPU(), "core"), strings.TrimPrefix(goVersion, "go version "), redis+" on the same machine", "gotestsum "+sum)
	return strings.Join(parts, ", "), nil
}

// field returns what stands behind a word at the begin of a line, up to its end.
func field(text, word string) string {
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, word); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
