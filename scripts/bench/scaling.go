package main

import (
	"fmt"
	"os"
	"path/filepath"

	"tracetest/internal/redistest"
)

// scaling compares suites that differ in one thing: how many packages are tested at once,
// how many tests there are, how many servers are watched.
func (b *bench) scaling() ([]*comparison, error) {
	few := func(n int) int {
		if b.quick {
			return max(n/20, 2)
		}
		return n
	}
	var all []*comparison
	add := func(s suite, servers ...string) error {
		s.rounds = max(s.rounds, 2)
		b.servers = servers
		defer func() { b.servers = nil }()
		c, err := b.compare(s)
		all = append(all, c)
		return err
	}
	for _, n := range []int{1, 2, 4, 8} {
		s := packages(n, few(500))
		s.rounds = 3
		s.name, s.title = fmt.Sprintf("at-once-%d", n), fmt.Sprintf("%s of %d tests of one GET each, -p %d", plural(n, "package"), few(500), n)
		s.flags = []string{fmt.Sprintf("-p=%d", n)}
		if err := add(s); err != nil {
			return nil, err
		}
	}
	for _, times := range []int{1, 10, 100} {
		s := flat(fmt.Sprintf("tests-%d", times), count(few(1000)*times)+" tests of one GET each", few(1000), "get(t)")
		s.flags = []string{fmt.Sprintf("-count=%d", times)}
		if err := add(s); err != nil {
			return nil, err
		}
	}
	addrs := []string{b.redis.Addr}
	for len(addrs) < 6 {
		dir, err := os.MkdirTemp(b.dir, "redis")
		if err != nil {
			return nil, err
		}
		server, err := redistest.Run(filepath.Clean(dir))
		if err != nil {
			return nil, err
		}
		defer server.Close()
		addrs = append(addrs, server.Addr)
	}
	for _, n := range []int{1, 6} {
		s := flat(fmt.Sprintf("servers-%d", n), fmt.Sprintf("%d tests of one GET each, %s watched", few(1000), plural(n, "server")), few(1000), "get(t)")
		if err := add(s, addrs[:n]...); err != nil {
			return nil, err
		}
	}
	return all, nil
}
