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
	realVersion = "v0.26.0"
	// realLong are its tests that take 5 s and more, and those that count goroutines, which fail
	// without the tests before them. realSlow are those that do hardly anything but sleep, or one
	// thing for a minute.
	realLong = "Aggregator$|Heartbeater$|SchedulerRegister|ProcessorRetry|PeriodicTaskManager$|SchedulerWhenRedisDown|Recoverer|SchedulerUnregister|SchedulerPostAndPre|TestServer|SubscriberWithRedisDown"
	realSlow = "HealthCheck|Heartbeat|Processor|ProcessTasks|Recoverer|Scheduler|Server|Subscriber|Aggregator|Forwarder$|PeriodicTask|Janitor|Syncer|ArchiveTrim|CancelationPubSub"
)

// real is its suite, in a folder of its own: as it is, but for what is long, and what of it is
// quick. It is empty where the module cannot be had.
func (b *bench) real() ([]suite, error) {
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
	of := func(name, which, skip string, rounds int) suite {
		return suite{name: name, title: realModule + " " + realVersion + ", the integration tests that " + which,
			folder: dir, rounds: rounds, packages: []string{".", "./internal/rdb"}, flags: []string{"-skip=" + skip},
			args: func(b *bench) []string { return []string{"-redis_addr=" + b.redis.Addr} }}
	}
	if b.quick {
		return []suite{of("real-quick", "do not mostly sleep", realSlow, 1)}, nil
	}
	return []suite{of("real", "take less than 5 s each", realLong, 1), of("real-quick", "do not mostly sleep", realSlow, 5)}, nil
}
