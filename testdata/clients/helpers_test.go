package clients

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	for _, name := range []string{"REDIS_ADDR", "REDIS_TLS_ADDR", "REDIS_SOCKET"} {
		if os.Getenv(name) == "" {
			fmt.Fprintln(os.Stderr, "set "+name+" to where the Redis of the tests is")
			os.Exit(1)
		}
	}
	m.Run()
}

// ways are what a client can be asked for.
var ways = map[string]func(Client, context.Context, string, string) error{
	"plain": Client.Plain, "pipeline": Client.Pipeline, "transaction": Client.Transaction,
}

const parameter = "slowlog-max-len"

// next is a value that no test set before.
var next atomic.Int64

func value() string { return strconv.FormatInt(10000+next.Add(1), 10) }

func open(t *testing.T, name string, over Transport) Client {
	t.Helper()
	c, err := Open(name, over)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// alone changes the parameter while no other test runs.
func alone(t *testing.T, name, way string, over Transport) {
	c := open(t, name, over)
	if err := ways[way](c, t.Context(), parameter, value()); err != nil {
		t.Fatal(err)
	}
}

// crowd runs subtests beside each other that all use the server. One of them
// changes the parameter, after all have begun and before any ends.
func crowd(t *testing.T, name string) {
	var begin, end sync.WaitGroup
	begin.Add(4)
	end.Add(1)
	for i := range 4 {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			client := open(t, name, TCP)
			if err := client.Use(t.Context()); err != nil {
				t.Fatal(err)
			}
			begin.Done()
			begin.Wait()
			if i == 1 {
				if err := client.Plain(t.Context(), parameter, value()); err != nil {
					t.Error(err)
				}
				end.Done()
			}
			for range 20 {
				if err := client.Use(t.Context()); err != nil {
					t.Error(err)
				}
			}
			end.Wait()
		})
	}
}

// late returns what a goroutine is to do that the test leaves behind: it changes
// the parameter when the next test runs.
func late(t *testing.T, name string, begin, end chan bool) func() {
	client, err := Open(name, TCP)
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Use(t.Context()); err != nil {
		t.Fatal(err)
	}
	return func() {
		defer close(end)
		defer client.Close()
		<-begin
		if err := client.Plain(context.Background(), parameter, value()); err != nil {
			panic(err)
		}
	}
}

// meet runs while that goroutine does.
func meet(t *testing.T, begin, end chan bool) {
	close(begin)
	select {
	case <-end:
	case <-time.After(time.Minute):
		t.Fatal("the goroutine of the test before did not end")
	}
}
