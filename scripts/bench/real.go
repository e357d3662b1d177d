package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
)

// realModule is one of others whose integration tests use a Redis that is given to them.
const (
	realModule  = "github.com/hibiken/asynq"
	realVersion = "v0.25.1"
	// realSlow are tests that do hardly anything but sleep, or one thing for a minute.
	realSlow = "HealthCheck|Heartbeat|Processor|ProcessTasks|Recoverer|Scheduler|Server|Subscriber|Aggregator|Forwarder$|PeriodicTask|Janitor|Syncer|ArchiveTrim|CancelationPubSub"
)

// real is its suite, in a folder of its own. It is nil where the module cannot be had.
func (b *bench) real() (*suite, error) {
	get := exec.CommandContext(b.ctx, "go", "mod", "download", "-json", realModule+"@"+realVersion)
	get.Dir = b.dir // of no module
	text, err := get.Output()
	var module struct{ Dir string }
	if err != nil || json.Unmarshal(text, &module) != nil || module.Dir == "" {
		return nil, nil
	}
	dir := filepath.Join(b.dir, "real")
	if err := os.CopyFS(dir, os.DirFS(module.Dir)); err != nil {
		return nil, err
	}
	all := exec.CommandContext(b.ctx, "go", "mod", "download")
	all.Dir = dir
	if all.Run() != nil {
		return nil, nil
	}
	return &suite{name: "real", title: realModule + " " + realVersion + ", the integration tests that do not mostly sleep",
		folder: dir, rounds: 3, packages: []string{".", "./internal/rdb"}, flags: []string{"-skip=" + realSlow},
		args: func(b *bench) []string { return []string{"-redis_addr=" + b.redis.Addr} }}, nil
}
