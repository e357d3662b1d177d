package story

import (
	"strconv"
	"strings"

	"tracetest/internal/record"
)

// Whose goroutine it is. Frames are written "function file:line", innermost
// first; a file of the suite is relative to its folder.

// Label is a goroutine that a test started, with what calls the client.
func (t *Test) Label(frames ...string) record.By {
	by := record.By{Label: record.LabelOwner, Owner: t.Owner, Unit: t.unit(), Stack: Stack(GoRedis(frames...)...)}
	if t.Kind == record.KindSpec {
		by.Unit, by.Test = t.ID, t.Parent.Name
	}
	return by
}

// Whose is what a label says, without a stack.
func Whose(t *Test) record.By {
	by := t.Label()
	by.Stack = nil
	return by
}

func (t *Test) unit() int64 {
	for t.Parent != nil {
		t = t.Parent
	}
	return t.ID
}

// Own is the goroutine that runs a test.
func (t *Test) Own(frames ...string) record.By {
	return t.Label(append(frames, "testing.tRunner /goroot/src/testing/testing.go:1934")...)
}

// At is a line of a test function, on its own goroutine.
func (t *Test) At(line int) record.By { return t.Own(t.frame("", line)) }

// Closure is a line of a function literal within a test function, on a
// goroutine that the test started.
func (t *Test) Closure(line int) record.By { return t.Label(t.frame(".func1", line)) }

func (t *Test) frame(inner string, line int) string {
	return t.Process.Path + "." + record.TopLevel(t.Name) + inner + " " + t.Process.file(line)
}

func (p *Process) file(line int) string {
	return strings.TrimPrefix(p.Path, "shop/") + "/a_test.go:" + strconv.Itoa(line)
}

// OnNode is a line of a function literal in a Ginkgo file, on the goroutine of a
// node. It is a spec's or, of a test, one of its suite's.
func (t *Test) OnNode(line int) record.By {
	return t.Label("shop/cache.init.func1.2 "+t.Process.file(line), "github.com/onsi/ginkgo/v2/internal.(*Suite).runNode.func3 /mod/github.com/onsi/ginkgo/v2@v2.22.0/internal/suite.go:894")
}

// Spawned is a goroutine that a node started.
func (t *Test) Spawned(line int) record.By {
	return t.Label("shop/cache.init.func1.2.1 " + t.Process.file(line))
}

// Main is the goroutine of TestMain.
func (p *Process) Main(line int) record.By {
	by := p.Started(p.Path+".TestMain "+p.file(line), "main.main _testmain.go:60", "runtime.main /goroot/src/runtime/proc.go:283")
	return by
}

// Started is a goroutine that TestMain or init started.
func (p *Process) Started(frames ...string) record.By {
	return record.By{Label: record.LabelPackage, Stack: Stack(GoRedis(frames...)...)}
}

// Timer is a goroutine without a label.
func Timer(frames ...string) record.By { return record.By{Stack: Stack(GoRedis(frames...)...)} }

// OfClient is a goroutine of the client's own, with a label of who dialled.
func OfClient(by record.By, waiting ...record.By) record.By {
	by.Stack, by.Waiting = Stack(rueidis()...), waiting
	return by
}

// Waits is a goroutine that waits for the client's reply. Sets says that its
// function mentions what sets a parameter.
func Waits(by record.By, sets bool) record.By {
	client := Stack("runtime.gopark /goroot/src/runtime/proc.go:435", "github.com/redis/rueidis.(*pipe).queue /mod/github.com/redis/rueidis@v1.0.53/pipe.go:900")
	for i, f := range by.Stack {
		if !f.Std && !strings.HasPrefix(f.Function, "github.com/redis/") {
			by.Stack = append(client, by.Stack[i:]...)
			by.Stack[len(client)].Sets = sets
			break
		}
	}
	return by
}

func GoRedis(frames ...string) []string {
	return append([]string{
		"net.(*conn).Write /goroot/src/net/net.go:197",
		"github.com/redis/go-redis/v9/internal/pool.(*Conn).WithWriter /mod/github.com/redis/go-redis/v9@v9.7.0/internal/pool/conn.go:98",
		"github.com/redis/go-redis/v9.cmdable.ConfigSet /mod/github.com/redis/go-redis/v9@v9.7.0/commands.go:512",
	}, frames...)
}

func rueidis() []string {
	return []string{"net.(*conn).Write /goroot/src/net/net.go:197", "bufio.(*Writer).Flush /goroot/src/bufio/bufio.go:639",
		"github.com/redis/rueidis.(*pipe)._backgroundWrite /mod/github.com/redis/rueidis@v1.0.53/pipe.go:420"}
}

func Stack(frames ...string) []record.Frame {
	var all []record.Frame
	for _, text := range frames {
		function, place, _ := strings.Cut(text, " ")
		file, line, _ := strings.Cut(place, ":")
		if !strings.HasPrefix(file, "/") && file != "_testmain.go" {
			file = "/src/shop/" + file
		}
		n, _ := strconv.Atoi(line)
		all = append(all, record.Frame{Function: function, File: file, Line: n, Std: strings.HasPrefix(file, "/goroot/")})
	}
	return all
}
