// Package kit is what the tests of a random suite share: clients that whoever
// comes first dials, a worker, a server, children, and gates that let a test
// wait for what another has left behind.
package kit

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"clients"
)

// patience is how long one test waits for another.
const patience = 5 * time.Second

// OK says on the output what went wrong.
func OK(err error) {
	if err != nil {
		fmt.Println("kit:", err)
	}
}

var shared sync.Map // name to func() clients.Client

// Shared returns a client that all tests of the package share.
func Shared(name string) clients.Client {
	dial, _ := shared.LoadOrStore(name, sync.OnceValue(func() clients.Client { return Own(name) }))
	return dial.(func() clients.Client)()
}

// Own dials a client. A name with "@2" at its end means the second server.
func Own(name string) clients.Client {
	name, second := strings.CutSuffix(name, "@2")
	over := clients.TCP
	if second {
		over = clients.Second
	}
	c, err := clients.Open(name, over)
	if err != nil {
		panic(err)
	}
	return c
}

// V9 is a go-redis client whose calls stand in the tests themselves.
var V9 = sync.OnceValue(func() *redis.Client { return redis.NewClient(&redis.Options{Addr: os.Getenv("REDIS_ADDR")}) })

// Ending returns a context that can end.
func Ending() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	time.AfterFunc(time.Minute, cancel)
	return ctx
}

// A worker that the first job starts.
var (
	jobs   = make(chan func())
	values = make(chan [3]string)
	done   = make(chan bool)
	work   = sync.OnceFunc(func() {
		go func() {
			for {
				select {
				case job := <-jobs:
					job()
				case v := <-values:
					OK(Shared(v[0]).Plain(context.Background(), v[1], v[2]))
				}
				done <- true
			}
		}()
	})
)

// Submit has the worker do something, and waits for it.
func Submit(job func()) {
	work()
	jobs <- job
	<-done
}

// Send has the worker set a parameter, and waits for it.
func Send(client, name, value string) {
	work()
	values <- [3]string{client, name, value}
	<-done
}

// Two workers take jobs from a queue.
var (
	queueMu sync.Mutex
	queued  = sync.NewCond(&queueMu)
	queue   []func()
	serve   = sync.OnceFunc(func() {
		for range 2 {
			go serveQueue()
		}
	})
)

func serveQueue() {
	for {
		queueMu.Lock()
		for len(queue) == 0 {
			queued.Wait()
		}
		job := queue[0]
		queue = queue[1:]
		queueMu.Unlock()
		job()
	}
}

// Queue has one of two workers do something, and waits for it.
func Queue(job func()) {
	serve()
	done := make(chan bool)
	queueMu.Lock()
	queue = append(queue, func() { defer close(done); job() })
	queueMu.Unlock()
	queued.Signal()
	<-done
}

// What is wanted is set by a loop that whoever comes first has started.
var (
	wantMu sync.Mutex
	wanted [3]string
	served chan bool
	watch  = sync.OnceFunc(func() {
		go func() {
			for range time.Tick(time.Millisecond) {
				wantMu.Lock()
				want, done := wanted, served
				served = nil
				wantMu.Unlock()
				if done != nil {
					OK(Shared(want[0]).Plain(context.Background(), want[1], want[2]))
					close(done)
				}
			}
		}()
	})
	oneWant sync.Mutex
)

// Want says what a parameter is to be, and waits until it is.
func Want(client, name, value string) {
	watch()
	oneWant.Lock()
	defer oneWant.Unlock()
	done := make(chan bool)
	wantMu.Lock()
	wanted, served = [3]string{client, name, value}, done
	wantMu.Unlock()
	<-done
}

// Go runs a function on a goroutine of its own, and After by a timer.
func Go(f func()) {
	done := make(chan bool)
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

// After waits for the timer.
func After(f func()) {
	done := make(chan bool)
	time.AfterFunc(time.Millisecond, func() {
		defer close(done)
		f()
	})
	<-done
}

var server = sync.OnceValue(func() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		OK(Shared(q.Get("client")).Plain(r.Context(), q.Get("name"), q.Get("value")))
	}))
})

// Ask has an HTTP server of this process set a parameter.
func Ask(client, name, value string) {
	r, err := http.Get(server().URL + "?" + url.Values{"client": {client}, "name": {name}, "value": {value}}.Encode())
	OK(err)
	if err == nil {
		r.Body.Close()
	}
}

// CLI has redis-cli set a parameter.
func CLI(name, value string) { cli("REDIS_ADDR", name, value) }

// CLI2 does so on the second server.
func CLI2(name, value string) { cli("REDIS2", name, value) }

func cli(address, name, value string) {
	_, port, _ := net.SplitHostPort(os.Getenv(address))
	OK(exec.Command("redis-cli", "-p", port, "config", "set", name, value).Run())
}

// Child has a second process of this test binary set a parameter.
func Child(client, name, value string) {
	c := exec.Command(os.Args[0], "-test.run=^$")
	c.Env = append(os.Environ(), "KIT_CHILD="+strings.Join([]string{client, name, value}, " "))
	OK(c.Run())
}

// Main is for TestMain: it is the child.
func Main() {
	if words := strings.Fields(os.Getenv("KIT_CHILD")); len(words) > 2 {
		n := len(words)
		OK(Shared(strings.Join(words[:n-2], " ")).Plain(context.Background(), words[n-2], words[n-1]))
		os.Exit(0)
	}
}

// sock lets what a test left behind go on.
type sock struct {
	open, over chan bool
	ctx        context.Context
	cancel     context.CancelFunc
}

var gates sync.Map

func at(n int) *sock {
	ctx, cancel := context.WithCancel(context.Background())
	g, _ := gates.LoadOrStore(n, &sock{make(chan bool), make(chan bool), ctx, cancel})
	return g.(*sock)
}

// Await waits until a later test opens a gate.
func Await(n int) { <-at(n).open }

// Over says that what was left behind is done.
func Over(n int) { close(at(n).over) }

// Context ends when a gate is opened.
func Context(n int) context.Context { return at(n).ctx }

// Let opens a gate, and waits until what was left behind is done.
func Let(n int) {
	g := at(n)
	close(g.open)
	g.cancel()
	Wait(g.over)
}

// Wait waits, but not for ever.
func Wait(c <-chan bool) {
	select {
	case <-c:
	case <-time.After(patience):
		fmt.Println("kit: it did not come")
	}
}

var meetings sync.Map

// Meet waits until so many have come.
func Meet(n, many int) {
	m, _ := meetings.LoadOrStore(n, &meeting{})
	m.(*meeting).come(many)
}

type meeting struct {
	mu   sync.Mutex
	here int
	all  chan bool
}

func (m *meeting) come(many int) {
	m.mu.Lock()
	if m.all == nil {
		m.all = make(chan bool)
	}
	if m.here++; m.here == many {
		close(m.all)
	}
	m.mu.Unlock()
	Wait(m.all)
}
