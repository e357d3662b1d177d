// Package owners has every client write for every kind of owner: a Ginkgo spec,
// a testify method, a parallel subtest, a timer, a goroutine that was left
// behind; with contexts that end and that do not, on a client of the test's own
// and on one that all tests share.
//
// Each row sets a value of its own, and the number of the row in it says who
// did it.
package owners

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/stretchr/testify/suite"

	"clients"
)

const parameter = "slowlog-max-len"

// row is a way to write.
type row struct {
	client       string
	ends, shared bool
}

func (r row) String() string {
	name := strings.ReplaceAll(r.client, " ", "_")
	if r.ends {
		name += ".ends"
	}
	if r.shared {
		name += ".shared"
	}
	return name
}

func rows() (all []row) {
	for _, client := range []string{"go-redis v9", "go-redis v9 autopipeline", "go-redis v9 cluster", "go-redis v8", "redigo", "rueidis",
		"rueidis pipelining", "valkey-go", "valkey-go pipelining", "radix v4", "net"} {
		for _, ends := range []bool{false, true} {
			all = append(all, row{client, ends, false})
			if client != "redigo" && client != "net" { // those are for one goroutine
				all = append(all, row{client, ends, true})
			}
		}
	}
	return all
}

// The hundreds of a value say which kind of owner it is, the rest is the row.
const (
	spec = 1 + iota
	specTimer
	specLeft
	method
	parallel
	timer
	left
)

func value(kind int, r row) string {
	for i, other := range rows() {
		if r == other {
			return fmt.Sprint(10000 + 100*kind + i)
		}
	}
	panic(r.client)
}

var (
	mu    sync.Mutex
	opens = map[string]clients.Client{}
)

func open(r row) (c clients.Client, done func()) {
	mu.Lock()
	defer mu.Unlock()
	if c = opens[r.client]; r.shared && c != nil {
		return c, func() {}
	}
	c, err := clients.Open(r.client, clients.TCP)
	if err != nil {
		panic(err)
	}
	if r.shared {
		opens[r.client] = c
		return c, func() {}
	}
	return c, c.Close
}

// set writes.
func set(r row, kind int) {
	c, done := open(r)
	defer done()
	ctx := context.Background()
	if r.ends {
		var cancel func()
		ctx, cancel = context.WithTimeout(ctx, time.Minute)
		defer cancel()
	}
	way := clients.Client.Plain
	if r.client == "go-redis v9 cluster" {
		way = clients.Client.Pipeline // that one is written on a goroutine of its own
	}
	if err := way(c, ctx, parameter, value(kind, r)); err != nil {
		fmt.Println(r, err)
	}
}

// later calls a function by a timer, and waits for it.
func later(f func()) {
	done := make(chan bool)
	time.AfterFunc(time.Millisecond, func() {
		defer close(done)
		f()
	})
	<-done
}

// behind is a goroutine that was left behind, and goes on when it is told to.
type behind struct{ on, done chan bool }

func leave(f func()) behind {
	b := behind{make(chan bool), make(chan bool)}
	go func() {
		defer close(b.done)
		<-b.on
		f()
	}()
	return b
}

func (b behind) meet() {
	close(b.on)
	<-b.done
}

func TestSpecs(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "owners")
}

var _ = Describe("owners", func() {
	for _, r := range rows() {
		name := r.String()
		It(name, func() { set(r, spec) })
		It(name+" timer", func() { later(func() { set(r, specTimer) }) })
		var b behind
		It(name+" leaves", func() { b = leave(func() { set(r, specLeft) }) })
		It(name+" meets", func() { b.meet() })
	}
})

type Methods struct{ suite.Suite }

func TestMethods(t *testing.T) { suite.Run(t, new(Methods)) }

func (s *Methods) all(client string) {
	for _, r := range rows() {
		if r.client == client {
			set(r, method)
		}
	}
}

func (s *Methods) Test0() { s.all("go-redis v9") }
func (s *Methods) Test1() { s.all("go-redis v9 autopipeline") }
func (s *Methods) Test2() { s.all("go-redis v9 cluster") }
func (s *Methods) Test3() { s.all("go-redis v8") }
func (s *Methods) Test4() { s.all("redigo") }
func (s *Methods) Test5() { s.all("rueidis") }
func (s *Methods) Test6() { s.all("rueidis pipelining") }
func (s *Methods) Test7() { s.all("valkey-go") }
func (s *Methods) Test8() { s.all("valkey-go pipelining") }
func (s *Methods) Test9() { s.all("radix v4") }
func (s *Methods) TestX() { s.all("net") }

// Eight rows run beside each other, whichever come.
func TestParallel(t *testing.T) {
	var crowd crowd
	for _, r := range rows() {
		t.Run(r.String(), func(t *testing.T) {
			t.Parallel()
			crowd.come(8)
			set(r, parallel)
		})
	}
}

// crowd lets tests go on when so many have come, and then as many again.
type crowd struct {
	mu   sync.Mutex
	here int
	all  chan bool
}

func (c *crowd) come(many int) {
	c.mu.Lock()
	if c.here == 0 {
		c.all = make(chan bool)
	}
	all := c.all
	if c.here++; c.here == many {
		close(all)
		c.here = 0
	}
	c.mu.Unlock()
	<-all
}

func TestTimer(t *testing.T) {
	for _, r := range rows() {
		t.Run(r.String(), func(t *testing.T) { later(func() { set(r, timer) }) })
	}
}

func TestLeft(t *testing.T) {
	for _, r := range rows() {
		var b behind
		t.Run(r.String(), func(t *testing.T) { b = leave(func() { set(r, left) }) })
		t.Run("meets", func(t *testing.T) { b.meet() })
	}
}
