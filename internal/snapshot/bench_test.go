//go:build unix

package snapshot

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"
)

// BenchmarkSample is what a snapshot costs, by INFO alone where that tells that the rest is as before and by all
// that it asks: the processor time of this process and of Redis, for with nobody waiting that is what counts.
func BenchmarkSample(b *testing.B) {
	s, _ := open(b, shared.Addr, Options{})
	client := redis.NewClient(&redis.Options{Addr: shared.Addr, Protocol: 2, PoolSize: 1, DisableIdentity: true})
	b.Cleanup(func() { client.Close() })
	for name, before := range map[string]func(){
		"info": func() {},
		"all":  func() { s.asker.calls = calls{} }, // nothing is known of before
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			own, server := spent(), ofServer(b, client)
			for b.Loop() {
				before()
				if snap := s.Sample(b.Context()); snap.Error != "" {
					b.Fatal(snap.Error)
				}
			}
			b.ReportMetric(float64(spent()-own)/float64(b.N), "cpu-ns/op")
			b.ReportMetric((ofServer(b, client)-server)*1e9/float64(b.N), "redis-ns/op")
		})
	}
}

// spent is the processor time of this process, in nanoseconds.
func spent() int64 {
	var all syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &all)
	return all.Utime.Nano() + all.Stime.Nano()
}

// ofServer is that of the server, in seconds.
func ofServer(b *testing.B, client *redis.Client) (sum float64) {
	text, err := client.Info(b.Context(), "cpu").Result()
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		if name == "used_cpu_user" || name == "used_cpu_sys" {
			var n float64
			fmt.Sscan(value, &n)
			sum += n
		}
	}
	return sum
}
