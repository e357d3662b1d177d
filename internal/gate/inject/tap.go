//go:build !tracetest_notap

package inject

import (
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
)

// The tap: package net calls tracetestHeard when a connection of a Redis client
// says something that matters, on the goroutine that writes or reads. Here it
// is told who that goroutine belongs to and where in the code it is.

// tracetestPackage is the label of what belongs to no test: init, TestMain and
// the goroutines that they start.
const tracetestPackage = "package"

func tracetestTapStart() {
	tracetestSetOwner(tracetestPackage)
	tracetestSetHook(tracetestHeard)
}

// tracetestTapOwn gives this goroutine, and those that it will start, to
// somebody else, and returns whose it was.
func tracetestTapOwn(label string) (before string) {
	before = tracetestGetOwner()
	if label != "" {
		tracetestSetOwner(label)
	}
	return before
}

// tracetestHeard is what package net calls; see there for the events. It
// returns when tracetest has taken it in.
func tracetestHeard(event string, conn, number int64, about []string) {
	message := []string{event, strconv.FormatInt(conn, 10), strconv.FormatInt(number, 10)}
	switch event {
	case "redis":
		tracetestTell(append(message, about...)...)
	case "reply":
		if _, noted := tracetestNoted.LoadAndDelete(number); noted {
			message[0] = "noted"
		}
		tracetestTell(append(message, tracetestCode(about[0]))...)
	case "login":
		tracetestLogin(message, about)
	case "fault":
		tracetestFault(message, about)
	case "asks":
		tracetestShown(message, about)
	case "write":
		if len(about) > 1 && strings.EqualFold(about[0], "client") && strings.EqualFold(about[1], "kill") {
			tracetestShown([]string{"asks", message[1], "0"}, about[:2])
		}
		where := tracetestHere()
		message = append(message, where.fields()...)
		if tracetestLight(about) {
			message[0] = "note"
			tracetestNoted.Store(number, true)
			message = append(message, "")
		} else {
			message = append(message, where.profile())
		}
		shown, secrets := tracetestHide(about)
		for _, secret := range secrets {
			if marks := tracetestMarks(secret); len(marks) > 0 {
				tracetestTell(append([]string{"secret", message[1], "0"}, marks...)...)
			}
		}
		tracetestTell(append(message, shown...)...)
	}
}

// tracetestNoted holds the numbers of writes that nobody waits for.
var tracetestNoted sync.Map

// tracetestTold holds what commands were told that show what other clients do, by
// their owner: once for each is enough.
var tracetestTold struct {
	mu sync.Mutex
	of map[string]map[string]bool
}

// tracetestShown tells of a command that shows what other clients do, of which
// tracetest is one, before it is sent.
func tracetestShown(message, about []string) {
	where := tracetestHere()
	about = about[:min(len(about), 8)]
	what := strings.ToUpper(strings.Join(about, " "))
	told := &tracetestTold
	told.mu.Lock()
	before := told.of[where.label]
	known := before[what]
	if before == nil {
		if told.of == nil {
			told.of = map[string]map[string]bool{}
		}
		before = map[string]bool{}
		told.of[where.label] = before
	}
	if len(before) < 64 {
		before[what] = true
	} else {
		known = true
	}
	told.mu.Unlock()
	if !known {
		tracetestTell(append(append(append(message, where.fields()...), ""), about...)...)
	}
}

// tracetestLight reports whether a command changes nothing that is looked at.
// It is told all the same, and not waited for: a suite can flush the database
// before each test.
func tracetestLight(words []string) bool {
	switch strings.ToUpper(words[0]) {
	case "FLUSHALL", "FLUSHDB", "SWAPDB", "SCRIPT", "FUNCTION", "ACL", "CLIENT":
		return true
	}
	return false
}

// tracetestCode is what may be told of a reply: of an error not what it quotes,
// which can be a password of the command.
func tracetestCode(reply string) string {
	if strings.HasPrefix(reply, "-") {
		if at := strings.IndexAny(reply, "'\"`"); at >= 0 {
			reply = strings.TrimRight(reply[:at], " ") + " ..."
		}
	}
	return reply
}

// tracetestWhere is a goroutine and where in the code it is.
type tracetestWhere struct {
	label  string
	unsure bool // its spec, or a later node of the suite, may have started it
	stack  []string
}

// tracetestStackLimit is how many frames are told: the innermost ones, and of
// the outermost as many as say what started the goroutine.
const (
	tracetestStackLimit = 64
	tracetestStackOuter = 8
)

func tracetestHere() (w tracetestWhere) {
	pcs := make([]uintptr, 512)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	node := false
	for more := true; more; {
		var f runtime.Frame
		f, more = frames.Next()
		if f.Function == "" || len(w.stack) == 0 && strings.Contains(f.Function, "racetest") {
			continue // our own
		}
		node = node || strings.Contains(f.Function, ".(*Suite).runNode")
		w.stack = append(w.stack, f.Function+" "+f.File+":"+strconv.Itoa(f.Line))
	}
	if n := len(w.stack); n > tracetestStackLimit {
		w.stack = append(w.stack[:tracetestStackLimit-tracetestStackOuter:tracetestStackLimit-tracetestStackOuter], w.stack[n-tracetestStackOuter:]...)
	}
	w.label, w.unsure = tracetestSpecOf(tracetestGetOwner(), node)
	return w
}

// fields is a goroutine as the gate is told of it.
func (w *tracetestWhere) fields() []string {
	return append([]string{w.label, strconv.FormatBool(w.unsure), strconv.Itoa(len(w.stack))}, w.stack...)
}

// profile is what all goroutines do, where this one may be a client's own that
// writes for another: there is no frame of a test on its stack.
func (w *tracetestWhere) profile() string {
	for _, frame := range w.stack {
		function, _, _ := strings.Cut(frame, " ")
		switch {
		case strings.HasPrefix(function, "testing."), strings.HasPrefix(function, "main."), strings.Contains(function, ".(*Suite).runNode"):
			return ""
		case strings.Contains(frame, "_test.go:"):
			return "" // it is the user's own
		case strings.Contains(function, ".Test"), strings.Contains(function, ".Benchmark"), strings.Contains(function, ".Example"), strings.Contains(function, ".Fuzz"):
			return ""
		case strings.HasPrefix(function, "runtime.runfinq"), strings.HasPrefix(function, "runtime.runFinalizers"), strings.HasPrefix(function, "runtime.runCleanups"):
			// Up to Go 1.24 a profile that is taken on the goroutine of the
			// finalizers ends the process: "cannot read stack of running
			// goroutine", as in https://go.dev/issue/74090.
			return ""
		}
	}
	if runtime.NumGoroutine() > 5000 {
		return ""
	}
	var text strings.Builder
	if pprof.Lookup("goroutine").WriteTo(&text, 1) != nil || text.Len() > 4<<20 {
		return ""
	}
	return text.String()
}

// tracetestMet counts the OOM errors that were told once and are counted since,
// by their owner and by where they were met.
var tracetestMet struct {
	mu    sync.Mutex
	last  int64
	count map[string]map[string]*tracetestCount
}

type tracetestCount struct{ number, more int64 }

// tracetestFault tells of the first OOM error that an owner meets at a place,
// and counts the further ones: a suite can meet thousands.
func tracetestFault(message, about []string) {
	where := tracetestHere()
	place := strings.Join(where.stack, "\n")
	met := &tracetestMet
	met.mu.Lock()
	places := met.count[where.label]
	if places == nil {
		places = map[string]*tracetestCount{}
		if met.count == nil {
			met.count = map[string]map[string]*tracetestCount{}
		}
		met.count[where.label] = places
	}
	if c := places[place]; c != nil {
		c.more++
		met.mu.Unlock()
		return
	}
	met.last++
	number := met.last
	places[place] = &tracetestCount{number: number}
	met.mu.Unlock()
	message[2] = strconv.FormatInt(number, 10)
	message = append(message, where.fields()...)
	tracetestTell(append(message, where.profile(), about[0])...)
}

// tracetestTapFlush tells how many more OOM errors an owner has met, or with an
// empty label everybody.
func tracetestTapFlush(label string) {
	told := &tracetestTold
	told.mu.Lock()
	if delete(told.of, label); label == "" {
		clear(told.of)
	}
	told.mu.Unlock()
	met := &tracetestMet
	var messages [][]string
	met.mu.Lock()
	for owner, places := range met.count {
		if label != "" && owner != label {
			continue
		}
		for _, c := range places {
			if c.more > 0 {
				messages = append(messages, []string{"faults", "0", strconv.FormatInt(c.number, 10), strconv.FormatInt(c.more, 10)})
			}
		}
		delete(met.count, owner)
	}
	met.mu.Unlock()
	for _, message := range messages {
		tracetestTell(message...)
	}
}
