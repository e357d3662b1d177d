// Package clients sets a parameter of a Redis in every way that Go programs do:
// with seven clients, plain and in pipelines and transactions, over TCP, TLS
// and unix sockets.
//
// The line of each call that sets one ends in a comment with the name of the
// way, such as "// go-redis v9 plain". The tests of tracetest compare with it
// what tracetest found.
package clients

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	v8 "github.com/go-redis/redis/v8"
	"github.com/gomodule/redigo/redis"
	"github.com/mediocregopher/radix/v4"
	v9 "github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"
	"github.com/valkey-io/valkey-go"
)

// Transport is how a client reaches the server.
type Transport string

const (
	TCP  Transport = "tcp"
	TLS  Transport = "tls"
	Unix Transport = "unix"
	// Second is TCP to another server.
	Second Transport = "second"
)

// Address returns the network and address of the server of the tests.
func (t Transport) Address() (network, address string) {
	switch t {
	case TLS:
		return "tcp", os.Getenv("REDIS_TLS_ADDR")
	case Unix:
		return "unix", os.Getenv("REDIS_SOCKET")
	case Second:
		return "tcp", os.Getenv("REDIS2")
	}
	return "tcp", os.Getenv("REDIS_ADDR")
}

// Config is nil unless the transport is encrypted.
func (t Transport) Config() *tls.Config {
	if t == TLS {
		return &tls.Config{InsecureSkipVerify: true} // the certificate is made for the test
	}
	return nil
}

// A Client sets a parameter in one way.
type Client interface {
	Plain(ctx context.Context, name, value string) error
	Pipeline(ctx context.Context, name, value string) error
	Transaction(ctx context.Context, name, value string) error
	// Use does something that changes no parameter.
	Use(ctx context.Context) error
	Close()
}

// Open connects.
func Open(name string, t Transport) (Client, error) {
	network, address := t.Address()
	ctx := context.Background()
	switch name {
	case "go-redis v9":
		return goRedis9{v9.NewClient(&v9.Options{Network: network, Addr: address, TLSConfig: t.Config()})}, nil
	case "go-redis v9 autopipeline":
		c := v9.NewClient(&v9.Options{Network: network, Addr: address, TLSConfig: t.Config()})
		pipe, err := c.AutoPipeline()
		return goRedis9Auto{pipe, c}, err
	case "go-redis v9 cluster":
		// A cluster of one node that is none: the slots are given here.
		return goRedis9Cluster{v9.NewClusterClient(&v9.ClusterOptions{TLSConfig: t.Config(), ClusterSlots: func(context.Context) ([]v9.ClusterSlot, error) {
			return []v9.ClusterSlot{{Start: 0, End: 16383, Nodes: []v9.ClusterNode{{Addr: address}}}}, nil
		}})}, nil
	case "go-redis v8":
		return goRedis8{v8.NewClient(&v8.Options{Network: network, Addr: address, TLSConfig: t.Config()})}, nil
	case "redigo":
		conn, err := redis.Dial(network, address, redis.DialUseTLS(t == TLS), redis.DialTLSConfig(t.Config()), redis.DialTLSSkipVerify(true))
		return redigo{conn}, err
	case "rueidis", "rueidis pipelining":
		option := rueidis.ClientOption{InitAddress: []string{address}, TLSConfig: t.Config(), ForceSingleClient: true, DisableCache: true, AlwaysPipelining: name != "rueidis"}
		if t == Unix {
			option.DialCtxFn = func(ctx context.Context, address string, d *net.Dialer, _ *tls.Config) (net.Conn, error) {
				return d.DialContext(ctx, "unix", address)
			}
		}
		c, err := rueidis.NewClient(option)
		return rueidisClient{c, name}, err
	case "valkey-go", "valkey-go pipelining":
		option := valkey.ClientOption{InitAddress: []string{address}, TLSConfig: t.Config(), ForceSingleClient: true, DisableCache: true, AlwaysPipelining: name != "valkey-go"}
		if t == Unix {
			option.DialCtxFn = func(ctx context.Context, address string, d *net.Dialer, _ *tls.Config) (net.Conn, error) {
				return d.DialContext(ctx, "unix", address)
			}
		}
		c, err := valkey.NewClient(option)
		return valkeyGo{c, name}, err
	case "radix v4":
		dialer := radix.Dialer{}
		if t == TLS {
			dialer.NetDialer = &tls.Dialer{Config: t.Config()}
		}
		c, err := radix.PoolConfig{Dialer: dialer, Size: 1}.New(ctx, network, address)
		return radix4{c}, err
	case "net":
		var conn net.Conn
		var err error
		if conn, err = net.Dial(network, address); t == TLS && err == nil {
			conn = tls.Client(conn, t.Config())
		}
		return byHand{conn}, err
	}
	return nil, fmt.Errorf("no client %q", name)
}

type goRedis9 struct{ *v9.Client }

func (c goRedis9) Plain(ctx context.Context, name, value string) error {
	return c.ConfigSet(ctx, name, value).Err() // go-redis v9 plain
}

func (c goRedis9) Pipeline(ctx context.Context, name, value string) error {
	_, err := c.Pipelined(ctx, func(p v9.Pipeliner) error { // go-redis v9 pipeline
		p.Get(ctx, "a")
		p.ConfigSet(ctx, name, value)
		p.Get(ctx, "b")
		return nil
	})
	return ignoreNil(err)
}

func (c goRedis9) Transaction(ctx context.Context, name, value string) error {
	pipe := c.TxPipeline()
	pipe.Get(ctx, "a")
	pipe.ConfigSet(ctx, name, value)
	_, err := pipe.Exec(ctx) // go-redis v9 transaction
	return ignoreNil(err)
}

func (c goRedis9) Use(ctx context.Context) error { return ignoreNil(c.Get(ctx, "a").Err()) }
func (c goRedis9) Close()                        { c.Client.Close() }

// goRedis9Auto gathers commands, and writes them on a goroutine of its own.
type goRedis9Auto struct {
	*v9.AutoPipeliner
	client *v9.Client
}

func (c goRedis9Auto) Plain(ctx context.Context, name, value string) error {
	return c.ConfigSet(ctx, name, value).Err() // go-redis v9 autopipeline plain
}

func (c goRedis9Auto) Pipeline(ctx context.Context, name, value string) error {
	return goRedis9{c.client}.Pipeline(ctx, name, value)
}

func (c goRedis9Auto) Transaction(ctx context.Context, name, value string) error {
	return goRedis9{c.client}.Transaction(ctx, name, value)
}

func (c goRedis9Auto) Use(ctx context.Context) error { return ignoreNil(c.Get(ctx, "a").Err()) }
func (c goRedis9Auto) Close()                        { c.AutoPipeliner.Close(); c.client.Close() }

// goRedis9Cluster writes a pipeline on a goroutine for each node.
type goRedis9Cluster struct{ *v9.ClusterClient }

func (c goRedis9Cluster) Plain(ctx context.Context, name, value string) error {
	return c.ConfigSet(ctx, name, value).Err() // go-redis v9 cluster plain
}

func (c goRedis9Cluster) Pipeline(ctx context.Context, name, value string) error {
	pipe := c.ClusterClient.Pipeline()
	pipe.Get(ctx, "a")
	pipe.ConfigSet(ctx, name, value)
	_, err := pipe.Exec(ctx) // go-redis v9 cluster pipeline
	return ignoreNil(err)
}

func (c goRedis9Cluster) Transaction(ctx context.Context, name, value string) error {
	return c.Pipeline(ctx, name, value)
}

func (c goRedis9Cluster) Use(ctx context.Context) error { return ignoreNil(c.Get(ctx, "a").Err()) }
func (c goRedis9Cluster) Close()                        { c.ClusterClient.Close() }

func ignoreNil(err error) error {
	if errors.Is(err, v9.Nil) || errors.Is(err, v8.Nil) || rueidis.IsRedisNil(err) || valkey.IsValkeyNil(err) {
		return nil
	}
	return err
}

type goRedis8 struct{ *v8.Client }

func (c goRedis8) Plain(ctx context.Context, name, value string) error {
	return c.Do(ctx, "config", "set", name, value).Err() // go-redis v8 plain
}

func (c goRedis8) Pipeline(ctx context.Context, name, value string) error {
	pipe := c.Client.Pipeline()
	pipe.Get(ctx, "a")
	pipe.ConfigSet(ctx, name, value)
	_, err := pipe.Exec(ctx) // go-redis v8 pipeline
	return ignoreNil(err)
}

func (c goRedis8) Transaction(ctx context.Context, name, value string) error {
	_, err := c.TxPipelined(ctx, func(p v8.Pipeliner) error { // go-redis v8 transaction
		p.Get(ctx, "a")
		return p.ConfigSet(ctx, name, value).Err()
	})
	return ignoreNil(err)
}

func (c goRedis8) Use(ctx context.Context) error { return ignoreNil(c.Get(ctx, "a").Err()) }
func (c goRedis8) Close()                        { c.Client.Close() }

type redigo struct{ redis.Conn }

func (c redigo) Plain(ctx context.Context, name, value string) error {
	_, err := c.Do("CONFIG", "SET", name, value) // redigo plain
	return err
}

func (c redigo) Pipeline(ctx context.Context, name, value string) error {
	err := errors.Join(c.Send("GET", "a"), c.Send("CONFIG", "SET", name, value), c.Send("GET", "b"))
	if err == nil {
		err = c.Flush() // redigo pipeline
	}
	for range 3 {
		_, one := c.Receive()
		err = errors.Join(err, one)
	}
	return err
}

func (c redigo) Transaction(ctx context.Context, name, value string) error {
	if err := errors.Join(c.Send("MULTI"), c.Send("GET", "a"), c.Send("CONFIG", "SET", name, value)); err != nil {
		return err
	}
	_, err := c.Do("EXEC") // redigo transaction
	return err
}

func (c redigo) Use(ctx context.Context) error {
	_, err := c.Do("GET", "a")
	return err
}
func (c redigo) Close() { c.Conn.Close() }

type rueidisClient struct {
	rueidis.Client
	name string
}

func (c rueidisClient) Plain(ctx context.Context, name, value string) error {
	if c.name == "rueidis" {
		return c.Do(ctx, c.B().ConfigSet().ParameterValue().ParameterValue(name, value).Build()).Error() // rueidis plain
	}
	return c.Do(ctx, c.B().ConfigSet().ParameterValue().ParameterValue(name, value).Build()).Error() // rueidis pipelining plain
}

func (c rueidisClient) Pipeline(ctx context.Context, name, value string) error {
	commands := []rueidis.Completed{c.B().Get().Key("a").Build(), c.B().ConfigSet().ParameterValue().ParameterValue(name, value).Build()}
	for _, r := range c.DoMulti(ctx, commands...) { // rueidis pipeline
		if err := ignoreNil(r.Error()); err != nil {
			return err
		}
	}
	return nil
}

func (c rueidisClient) Transaction(ctx context.Context, name, value string) error {
	return c.Dedicated(func(d rueidis.DedicatedClient) error {
		for _, r := range d.DoMulti(ctx, d.B().Multi().Build(), d.B().ConfigSet().ParameterValue().ParameterValue(name, value).Build(), d.B().Exec().Build()) { // rueidis transaction
			if err := r.Error(); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c rueidisClient) Use(ctx context.Context) error {
	return ignoreNil(c.Do(ctx, c.B().Get().Key("a").Build()).Error())
}

type valkeyGo struct {
	valkey.Client
	name string
}

func (c valkeyGo) Plain(ctx context.Context, name, value string) error {
	if c.name == "valkey-go" {
		return c.Do(ctx, c.B().ConfigSet().ParameterValue().ParameterValue(name, value).Build()).Error() // valkey-go plain
	}
	return c.Do(ctx, c.B().ConfigSet().ParameterValue().ParameterValue(name, value).Build()).Error() // valkey-go pipelining plain
}

func (c valkeyGo) Pipeline(ctx context.Context, name, value string) error {
	commands := []valkey.Completed{c.B().Get().Key("a").Build(), c.B().ConfigSet().ParameterValue().ParameterValue(name, value).Build()}
	for _, r := range c.DoMulti(ctx, commands...) { // valkey-go pipeline
		if err := ignoreNil(r.Error()); err != nil {
			return err
		}
	}
	return nil
}

func (c valkeyGo) Transaction(ctx context.Context, name, value string) error {
	return c.Dedicated(func(d valkey.DedicatedClient) error {
		for _, r := range d.DoMulti(ctx, d.B().Multi().Build(), d.B().ConfigSet().ParameterValue().ParameterValue(name, value).Build(), d.B().Exec().Build()) { // valkey-go transaction
			if err := r.Error(); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c valkeyGo) Use(ctx context.Context) error {
	return ignoreNil(c.Do(ctx, c.B().Get().Key("a").Build()).Error())
}

type radix4 struct{ radix.Client }

func (c radix4) Plain(ctx context.Context, name, value string) error {
	return c.Do(ctx, radix.Cmd(nil, "CONFIG", "SET", name, value)) // radix v4 plain
}

func (c radix4) Pipeline(ctx context.Context, name, value string) error {
	p := radix.NewPipeline()
	p.Append(radix.Cmd(nil, "GET", "a"))
	p.Append(radix.Cmd(nil, "CONFIG", "SET", name, value))
	return c.Do(ctx, p) // radix v4 pipeline
}

func (c radix4) Transaction(ctx context.Context, name, value string) error {
	return c.Do(ctx, radix.WithConn("", func(ctx context.Context, conn radix.Conn) error {
		for _, cmd := range [][]string{{"MULTI"}, {"CONFIG", "SET", name, value}} {
			if err := conn.Do(ctx, radix.Cmd(nil, cmd[0], cmd[1:]...)); err != nil { // radix v4 transaction
				return err
			}
		}
		return conn.Do(ctx, radix.Cmd(nil, "EXEC"))
	}))
}

func (c radix4) Use(ctx context.Context) error { return c.Do(ctx, radix.Cmd(nil, "GET", "a")) }
func (c radix4) Close()                        { c.Client.Close() }

// byHand writes to the connection itself: an inline command in lower case,
// commands that are cut, and buffers.
type byHand struct{ net.Conn }

func (c byHand) Plain(ctx context.Context, name, value string) error {
	fmt.Fprintf(c, "config set %s %s\r\n", name, value) // net plain
	return c.read(1)
}

func (c byHand) Pipeline(ctx context.Context, name, value string) error {
	text := command("GET", "a") + command("config", "set", name, value) + command("GET", "b")
	for i := range len(text) {
		if _, err := c.Write([]byte{text[i]}); err != nil { // net pipeline
			return err
		}
	}
	return c.read(3)
}

func (c byHand) Transaction(ctx context.Context, name, value string) error {
	buffers := net.Buffers{[]byte(command("MULTI")), []byte(command("CONFIG", "SET", name, value)), []byte(command("EXEC"))}
	if _, err := buffers.WriteTo(c.Conn); err != nil { // net transaction
		return err
	}
	return c.read(3)
}

func (c byHand) Use(ctx context.Context) error {
	fmt.Fprint(c, command("GET", "a"))
	return c.read(1)
}

func (c byHand) Close() { c.Conn.Close() }

func command(words ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(words))
	for _, w := range words {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(w), w)
	}
	return b.String()
}

// read reads so many lines that are replies.
func (c byHand) read(lines int) error {
	one := make([]byte, 1)
	for text := ""; lines > 0; {
		if _, err := c.Conn.Read(one); err != nil {
			return err
		}
		if text += string(one); one[0] == '\n' {
			if strings.HasPrefix(text, "-") {
				return errors.New(text)
			}
			text = ""
			lines--
		}
	}
	return nil
}
