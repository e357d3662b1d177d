//go:build unix && !tracetest_notrace

package inject

import (
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
)

// The trace: package net calls tracetestTraced when a connection of a Redis client
// says something that matters, on the goroutine that writes or reads. Here it
// gets the owner of that goroutine, and where in the code it is.

// tracetestPackage is the label of what belongs to no test: init, TestMain and
// the goroutines that they start.
const tracetestPackage = "package"

func tracetestTraceStart() {
	tracetestSetOwner(tracetestPackage)
	tracetestCgo = runtime.NumCgoCall()
	tracetestWaitNext()
	tracetestSetHook(tracetestTraced)
	tracetestSetStart(tracetestUnseen)
}

// tracetestTraceOwn gives this goroutine, and those that it will start, to
// somebody else, and returns whose it was.
func tracetestTraceOwn(label string) (before string) {
	before = tracetestGetOwner()
	if label != "" {
		tracetestSetOwner(label)
	}
	return before
}

// tracetestTraced is what package net calls; see there for the events. It
// returns when tracetest has taken it in.
func tracetestTraced(event string, conn, number int64, about []string) {
	message := []string{event, strconv.FormatInt(conn, 10), strconv.FormatInt(number, 10)}
	switch event {
	case "unseen":
		tracetestUnseen()
	case "redis":
		tracetestContact(conn, append(message, about...))
	case "reply":
		how, _ := tracetestUnsampled.LoadAndDelete(number)
		if how != nil {
			message[0] = "noted"
		}
		tracetestTell(how, append(message, tracetestCode(about[0])))
	case "login":
		tracetestLogin(message, about)
	case "fault":
		tracetestFault(message, about)
	case "asks":
		tracetestObserved(message, about)
	case "write":
		_, how, _ := tracetestCommand(about)
		if _, vague := tracetestVague.Load(conn); vague {
			how = tracetestSampled // it is about to be asked who is there
		}
		if how != tracetestSampled {
			message[0] = "note"
			tracetestUnsampled.Store(number, how)
		}
		message = append(message, tracetestHere(how == tracetestSampled).fields()...)
		shown, secrets := tracetestHide(about)
		for _, secret := range secrets {
			if marks := tracetestMarks(secret); len(marks) > 0 {
				tracetestReport(append([]string{"secret", message[1], "0"}, marks...)...)
			}
		}
		tracetestTell(how, append(message, shown...))
	}
}

const ( // how tracetest gets to know of a command
	tracetestSampled uint8 = iota // it looks at the server, and is waited for
	tracetestTold                 // it is told, and answers at once
	tracetestNoted                // it finds a note, before the next snapshot counts
)

// tracetestUnsampled holds how tracetest gets to know of writes without a reply, by their
// numbers, but for those that are sampled.
var tracetestUnsampled sync.Map

// tracetestTell says something of a command in the way in which it is to be known.
func tracetestTell(how any, message []string) {
	if how == tracetestNoted {
		tracetestNoteOrSay(message)
	} else {
		tracetestReport(message...)
	}
}

// tracetestMet holds the addresses of which tracetest knows who is there, and tracetestVague the
// connections to others, by their numbers.
var tracetestMet, tracetestVague sync.Map

// tracetestContact reports a connection to a Redis before the first command goes out. Of a
// further one to a server that was found a note will do. Where this process itself
// listens, or something of another protocol can be, it is asked again.
func tracetestContact(conn int64, message []string) {
	network, remote, secure, inside, sure := message[3], message[4], message[6], message[7], message[8]
	to := network + " " + remote + " " + secure
	if inside == "true" || sure != "true" {
		tracetestMet.Delete(to)
		tracetestVague.Store(conn, true)
		tracetestReport(message...)
		return
	}
	tracetestVague.Delete(conn)
	if _, met := tracetestMet.Load(to); met {
		tracetestNoteOrSay(message)
	} else {
		tracetestReport(message...)
		tracetestMet.Store(to, true)
	}
}

// tracetestReported holds which commands were reported that show what other clients do, by
// their owner: once for each is enough.
var tracetestReported struct {
	mu sync.Mutex
	of map[string]map[string]bool
}

// tracetestObserved reports a command that shows what other clients do, of which
// tracetest is one, before it is sent.
func tracetestObserved(message, about []string) {
	where := tracetestHere(false)
	owner := strings.Join(where.labels, "\n")
	about = about[:min(len(about), 8)]
	what := strings.ToUpper(strings.Join(about, " "))
	announced := &tracetestReported
	announced.mu.Lock()
	before := announced.of[owner]
	known := before[what]
	if before == nil {
		if announced.of == nil {
			announced.of = map[string]map[string]bool{}
		}
		before = map[string]bool{}
		announced.of[owner] = before
	}
	if len(before) < 64 {
		before[what] = true
	} else {
		known = true
	}
	announced.mu.Unlock()
	if !known {
		tracetestReport(append(append(message, where.fields()...), about...)...)
	}
}

const ( // what the arguments of a command are
	tracetestPlain    = iota
	tracetestSettings // names and values of parameters, in turn
	tracetestOptions  // names and values of parameters, among other words
	tracetestRules    // a user, and rules that can hold its passwords
	tracetestOpaque   // a file, and whatever it is given
	tracetestBody     // code, or a dump, of any length
)

// tracetestCommand says of a command of how many words its name is, how tracetest gets to
// know of it, and what its arguments are. What no snapshot shows is not waited for: a suite can
// flush the database before each test.
func tracetestCommand(words []string) (name int, how, args uint8) {
	for name = min(2, len(words)); name > 0; name-- {
		how, args, known := tracetestKnown(strings.ToUpper(strings.Join(words[:name], " ")))
		if known {
			return name, how, args
		}
	}
	return len(words), tracetestSampled, tracetestPlain
}

// tracetestCode is what may be reported of a reply: of an error not what it quotes,
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
	labels  []string // who started it; of several it is not known which
	lost    bool     // there are too many goroutines to say it
	creator string   // the go statement that started it, if it was not the owner's own
	stack   []string
	waiting [3]string // what the others do; see tracetestOthers
}

// tracetestStackLimit is how many frames are reported: the innermost ones, and of
// the outermost as many as say what started the goroutine.
const (
	tracetestStackLimit = 64
	tracetestStackOuter = 8
)

// tracetestHere says where this goroutine is. Whole asks for all that is known:
// what it takes is done for writes that change what a snapshot shows.
func tracetestHere(whole bool) (w tracetestWhere) {
	pcs := make([]uintptr, 512)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	node, own := false, false
	for more := true; more; {
		var f runtime.Frame
		f, more = frames.Next()
		if f.Function == "" || len(w.stack) == 0 && strings.Contains(f.Function, "racetest") {
			continue // our own
		}
		node = node || strings.Contains(f.Function, ".(*Suite).runNode")
		switch f.Function {
		case "testing.tRunner", "testing.fRunner", "testing.(*B).runN", "runtime.main":
			own = true
		}
		w.stack = append(w.stack, f.Function+" "+f.File+":"+strconv.Itoa(f.Line))
	}
	if n := len(w.stack); n > tracetestStackLimit {
		w.stack = append(w.stack[:tracetestStackLimit-tracetestStackOuter:tracetestStackLimit-tracetestStackOuter], w.stack[n-tracetestStackOuter:]...)
	}
	self := tracetestSelf()
	if !own && !node {
		w.creator = self.creator
	}
	var all *tracetestDump
	if whole && !own && !node {
		all = tracetestAll(new([]byte))
	}
	w.labels, w.lost = tracetestSpecOf(tracetestGetOwner(), self, node, all)
	if all != nil && tracetestClients(w.stack) {
		w.waiting = tracetestOthers(all)
	}
	return w
}

// fields is a goroutine as it is reported to the barrier.
func (w tracetestWhere) fields() []string {
	f := []string{strconv.FormatBool(w.lost), w.creator, strconv.Itoa(len(w.labels))}
	f = append(append(f, w.labels...), strconv.Itoa(len(w.stack)))
	return append(append(f, w.stack...), w.waiting[:]...)
}

// tracetestClients reports whether this goroutine may be a client's own that
// writes for another: there is no frame of a test on its stack.
func tracetestClients(stack []string) bool {
	for _, frame := range stack {
		function, _, _ := strings.Cut(frame, " ")
		switch {
		case strings.HasPrefix(function, "testing."), strings.HasPrefix(function, "main."):
			return false
		case strings.Contains(frame, "_test.go:"):
			return false // it is the user's own
		case strings.Contains(function, ".Test"), strings.Contains(function, ".Benchmark"), strings.Contains(function, ".Example"), strings.Contains(function, ".Fuzz"):
			return false
		case strings.HasPrefix(function, "runtime.runfinq"), strings.HasPrefix(function, "runtime.runFinalizers"), strings.HasPrefix(function, "runtime.runCleanups"):
			// Up to Go 1.24 a profile that is taken on the goroutine of the
			// finalizers ends the process: "cannot read stack of running
			// goroutine", as in https://go.dev/issue/74090.
			return false
		}
	}
	return true
}

// tracetestOthers is what all goroutines do: their stacks with their numbers,
// the profile that has their labels, and which specs started them. One
// goroutine is the same in the two by its stack.
func tracetestOthers(all *tracetestDump) (texts [3]string) {
	var text strings.Builder
	if pprof.Lookup("goroutine").WriteTo(&text, 1) != nil || text.Len() > 4<<20 {
		return texts
	}
	return [3]string{string(all.text), text.String(), tracetestSpecsOf(all)}
}

// tracetestRefused counts the OOM errors that were reported once and are counted since,
// by their owner and by where they were met.
var tracetestRefused struct {
	mu    sync.Mutex
	last  int64
	count map[string]map[string]*tracetestCount
}

type tracetestCount struct{ number, more int64 }

// tracetestFault reports the first OOM error that an owner meets at a place,
// and counts the further ones: a suite can meet thousands.
func tracetestFault(message, about []string) {
	where := tracetestHere(false)
	place := strings.Join(where.stack, "\n")
	owner := strings.Join(where.labels, "\n")
	met := &tracetestRefused
	met.mu.Lock()
	places := met.count[owner]
	if places == nil {
		places = map[string]*tracetestCount{}
		if met.count == nil {
			met.count = map[string]map[string]*tracetestCount{}
		}
		met.count[owner] = places
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
	message = append(message, tracetestHere(true).fields()...)
	tracetestReport(append(message, about[0])...)
}

// tracetestTraceFlush reports how many more OOM errors an owner has met, or with an
// empty label everybody.
func tracetestTraceFlush(label string) {
	announced := &tracetestReported
	announced.mu.Lock()
	if delete(announced.of, label); label == "" {
		clear(announced.of)
	}
	announced.mu.Unlock()
	met := &tracetestRefused
	var messages [][]string
	met.mu.Lock()
	for owner, places := range met.count {
		if label != "" && !tracetestNames(owner, label) {
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
		tracetestReport(message...)
	}
}

// tracetestNames reports whether a label is one of several, each on a line.
func tracetestNames(labels, label string) bool {
	return strings.Contains("\n"+labels+"\n", "\n"+label+"\n")
}
