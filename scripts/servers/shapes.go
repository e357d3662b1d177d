package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"tracetest/internal/redistest"
)

// shape is a way in which servers belong together.
type shape struct {
	name, title string
	start       func(*deployment) error
}

var shapes = []shape{
	{"standalone", "alone", func(d *deployment) error { return d.alone() }},
	{"tls", "TLS only, with client certificates", func(d *deployment) error { return d.secure() }},
	{"cluster", "Cluster, one node named", func(d *deployment) error { return d.cluster() }},
	{"sentinel", "Sentinel", func(d *deployment) error { return d.sentinel() }},
}

// deployment is the servers of one cell.
type deployment struct {
	program program
	dir     string
	flags   []string // of tracetest
	env     []string // of the suite
	masters []*redis.Client
	servers []*redistest.Server
	stop    []func()
}

func (d *deployment) close() {
	for _, c := range d.masters {
		c.Close()
	}
	for i := len(d.stop) - 1; i >= 0; i-- {
		d.stop[i]()
	}
	for _, s := range d.servers {
		s.Close()
	}
}

// server starts one.
func (d *deployment) server(args ...string) (*redistest.Server, error) {
	dir, err := os.MkdirTemp(d.dir, "data-")
	if err != nil {
		return nil, err
	}
	for range 20 {
		s, err := redistest.RunProgram(d.program.path, dir, args...)
		if err != nil && strings.Contains(err.Error(), "too high") {
			continue // a node of a cluster needs the port 10000 above its own, too
		}
		if err != nil {
			return nil, err
		}
		d.servers = append(d.servers, s)
		return s, nil
	}
	return nil, errors.New("no port is low enough")
}

func (d *deployment) master(s *redistest.Server) {
	d.masters = append(d.masters, redis.NewClient(&redis.Options{Network: "unix", Addr: s.Socket, Protocol: 2, DisableIdentity: true}))
}

func (d *deployment) alone() error {
	s, err := d.server()
	if err != nil {
		return err
	}
	d.master(s)
	d.flags, d.env = []string{"--redis", s.Addr}, []string{"ADDRS=" + s.Addr}
	return nil
}

func (d *deployment) secure() error {
	cert, key, err := redistest.WriteCertificate(d.dir)
	if err != nil {
		return err
	}
	s, err := d.server("--port", "0", "--tls-port", redistest.Port, "--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", cert, "--tls-auth-clients", "yes")
	if err != nil {
		return err
	}
	d.master(s)
	d.flags = []string{"--redis", s.Addr, "--cacert", cert, "--cert", cert, "--key", key}
	d.env = []string{"ADDRS=" + s.Addr, "CERT=" + cert, "KEY=" + key}
	return nil
}

func (d *deployment) cluster() error {
	const nodes = 3
	ctx := context.Background()
	for i := range nodes {
		s, err := d.server("--cluster-enabled", "yes", "--cluster-node-timeout", "5000", "--cluster-config-file", "nodes.conf")
		if err != nil {
			return err
		}
		d.master(s)
		slots := []any{"CLUSTER", "ADDSLOTS"}
		for slot := i * 16384 / nodes; slot < (i+1)*16384/nodes; slot++ {
			slots = append(slots, slot)
		}
		if err := d.masters[i].Do(ctx, slots...).Err(); err != nil {
			return err
		}
		host, port, _ := net.SplitHostPort(s.Addr)
		if err := d.masters[0].Do(ctx, "CLUSTER", "MEET", host, port).Err(); err != nil && i > 0 {
			return err
		}
	}
	for _, c := range d.masters {
		if err := until(func() (string, error) { return c.ClusterInfo(ctx).Result() }, "cluster_state:ok", fmt.Sprintf("cluster_known_nodes:%d", nodes)); err != nil {
			return err
		}
	}
	one := d.servers[0].Addr
	d.flags, d.env = []string{"--redis", one}, []string{"ADDRS=" + one, "CLUSTER=1"}
	return nil
}

func (d *deployment) sentinel() error {
	// The backlog counts as memory in use; since Valkey 8 it is 10 MB.
	master, err := d.server("--repl-backlog-size", "1mb")
	if err != nil {
		return err
	}
	d.master(master)
	host, port, _ := net.SplitHostPort(master.Addr)
	if _, err := d.server("--replicaof", host, port); err != nil {
		return err
	}
	var sentinels []string
	for i := range 3 {
		conf := filepath.Join(d.dir, fmt.Sprintf("sentinel-%d.conf", i))
		text := fmt.Sprintf("sentinel monitor mymaster %s %s 2\nsentinel down-after-milliseconds mymaster 20000\n", host, port)
		if err := os.WriteFile(conf, []byte(text), 0o666); err != nil {
			return err
		}
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		address := listener.Addr().String()
		listener.Close()
		_, own, _ := net.SplitHostPort(address)
		cmd := exec.Command(d.program.path, conf, "--port", own, "--bind", "127.0.0.1", "--dir", d.dir, "--sentinel")
		if err := cmd.Start(); err != nil {
			return err
		}
		d.stop = append(d.stop, func() {
			cmd.Process.Kill()
			cmd.Wait()
		})
		sentinels = append(sentinels, address)
	}
	for _, address := range sentinels {
		c := redis.NewClient(&redis.Options{Addr: address, Protocol: 2, DisableIdentity: true})
		err := until(func() (string, error) { return c.Info(context.Background(), "sentinel").Result() }, "status=ok", "slaves=1,sentinels=3")
		c.Close()
		if err != nil {
			return err
		}
	}
	d.flags, d.env = []string{"--redis", master.Addr}, []string{"ADDRS=" + strings.Join(sentinels, ","), "MASTER=mymaster"}
	return nil
}

// until asks until all of these words are in the answer.
func until(ask func() (string, error), words ...string) error {
	var text string
	var err error
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		all := true
		text, err = ask()
		for _, word := range words {
			all = all && strings.Contains(text, word)
		}
		if err == nil && all {
			return nil
		}
	}
	return fmt.Errorf("no %q after a minute: %s (%v)", words, text, err)
}
