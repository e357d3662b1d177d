package barrier

import (
	"encoding/json"
	"strconv"

	"tracetest/internal/record"
)

// What a test process can say, by type. decode makes them of the fields of a
// message, in the goroutine that reads the connection; nothing behind it knows
// the order of the fields.
type (
	// helloMsg is the first of a test process.
	helloMsg struct {
		host      int // the process in whose environment it was started; zero: none
		pid, ppid int
		dir       string
		args      []string
	}
	// quitMsg says that a process waits no longer. It is zero on the connection of
	// the process itself.
	quitMsg struct{ process int }
	// goneMsg says that the connection of a process has ended. Nobody writes it.
	goneMsg struct{}

	// mainMsg says which package a test binary is of and, of a part of a suite, its top-level tests.
	mainMsg struct {
		pkg   string
		tests []string
	}
	ranMsg  struct{ status int } // m.Run came to its end
	exitMsg struct{ failed bool }
	// saidMsg is what is said where a panic is about to end the process.
	saidMsg struct{ test, text string }

	// beginMsg is the begin of a test. Tests have names that their process gives
	// them; those of parents that it does not know are empty.
	beginMsg struct {
		id, parent string
		kind       record.Kind
		name       string
		beside     bool // its parent goes on
	}
	pauseMsg    struct{ id string }
	continueMsg struct{ id string }
	endMsg      struct{ id, status, said string }

	// syncMsg says that a process that passed boundaries is about to do what is not
	// traced, or what is counted.
	syncMsg struct{}
	// passedMsg is a boundary at which its process does not wait, or what the trace noted.
	passedMsg struct {
		content any
		next    bool // a test began at once behind the end of the one before
	}

	suiteBeginMsg struct{}
	suiteEndMsg   struct{ nodes []specReport }
	specBeginMsg  struct {
		ordered bool // it is in an Ordered container
		report  specReport
		id      int64
		unread  bool // the report is none
	}
	specEndMsg struct{ report specReport }
	// specSkipMsg is a spec of which no node runs.
	specSkipMsg struct{ report specReport }

	// unknownMsg is what could not be understood. It is answered, and means nothing.
	unknownMsg struct{}
)

// What the trace of a test process can say. Connections and writes have numbers
// that the process gives them.
type (
	contactMsg struct {
		conn                    int64
		network, address, local string
		tls, inside, whole      bool
	}
	loginMsg struct {
		conn     int64
		user     string
		password []string
	}
	secretMsg struct{ marks []string }
	// writeMsg is a command that changes a server.
	writeMsg struct {
		conn, number int64
		command      []string
		by           goroutine
		noted        bool // its process does not wait
	}
	replyMsg struct {
		number int64
		text   string
		noted  bool // its process does not wait
	}
	// askedMsg is a command whose reply shows tracetest too.
	askedMsg struct {
		conn    int64
		command []string
		by      goroutine
	}
	// refusedMsg is a command that was refused for want of memory.
	refusedMsg struct {
		conn, number int64
		text         string
		by           goroutine
	}
	// refusedMoreMsg counts those like one that was reported.
	refusedMoreMsg struct{ number, count int64 }
)

// goroutine is the one that made a call, as its process knows it.
type goroutine struct {
	by      record.By // as its labels have it, and not from where
	labels  []string
	stack   []record.Frame
	creator []record.Frame
	// others are the goroutines that may wait for it; nil where nobody can.
	others *others
}

// light reports whether a message only reports something, and nobody waits for
// what tracetest does with it.
func light(content any) bool {
	switch m := content.(type) {
	case writeMsg:
		return m.noted
	case replyMsg:
		return m.noted
	}
	return false
}

// decode reads the fields of a message. A field that is
// missing at a boundary is empty: who begins and ends must not be lost.
func decode(fields []string) any {
	f := reader{fields}
	switch verb := record.Verb(f.next()); verb {
	case "hello":
		if len(f.rest) < 4 {
			return unknownMsg{}
		}
		m := helloMsg{host: f.int(), pid: f.int(), ppid: f.int(), dir: f.next()}
		m.args = f.rest
		return m
	case "quit":
		process, err := strconv.Atoi(f.next())
		if err != nil || len(fields) != 2 {
			return quitMsg{}
		}
		return quitMsg{process}
	case record.VerbGone:
		return goneMsg{}
	case "main":
		return mainMsg{f.next(), f.rest}
	case "ran":
		return ranMsg{f.int()}
	case "said":
		return saidMsg{f.next(), f.next()}
	case record.VerbExit:
		return exitMsg{f.bool()}
	case record.VerbBegin:
		return beginMsg{id: f.next(), kind: record.Kind(f.next()), name: f.next(), parent: f.next(), beside: f.bool()}
	case record.VerbSync:
		return syncMsg{}
	case "pass", "next":
		switch content := decode(f.rest).(type) {
		case beginMsg, endMsg, pauseMsg, continueMsg, specBeginMsg, specEndMsg, specSkipMsg, suiteBeginMsg, suiteEndMsg, contactMsg:
			return passedMsg{content, verb == "next"}
		default:
			if light(content) {
				return passedMsg{content: content}
			}
		}
		return unknownMsg{}
	case record.VerbPause:
		return pauseMsg{f.next()}
	case record.VerbContinue:
		return continueMsg{f.next()}
	case record.VerbEnd:
		m := endMsg{id: f.next(), status: f.next()}
		f.next() // whether it is a top-level test, which its process asks
		m.said = f.next()
		return m
	case "spec-begin", "spec-end", "spec-skip", record.VerbSuiteBegin, record.VerbSuiteEnd:
		return decodeGinkgo(verb, f.bool(), []byte(f.next()), f.int64())
	default:
		return decodeTrace(string(verb), f)
	}
}

// decodeGinkgo reads what a hook of Ginkgo says, with a report in Ginkgo's JSON.
func decodeGinkgo(verb record.Verb, ordered bool, report []byte, id int64) any {
	var spec specReport
	switch verb {
	case record.VerbSuiteBegin:
		return suiteBeginMsg{}
	case record.VerbSuiteEnd:
		var m suiteEndMsg
		if json.Unmarshal(report, &m.nodes) != nil {
			m.nodes = nil
		}
		return m
	}
	if json.Unmarshal(report, &spec) != nil {
		if verb == "spec-begin" {
			return specBeginMsg{id: id, unread: true}
		}
		return unknownMsg{}
	}
	switch verb {
	case "spec-end":
		return specEndMsg{spec}
	case "spec-skip":
		return specSkipMsg{spec}
	}
	return specBeginMsg{ordered: ordered, report: spec, id: id}
}

// decodeTrace reads what the trace says. Half of a message is none.
func decodeTrace(verb string, f reader) any {
	if len(f.rest) < 3 {
		return unknownMsg{}
	}
	conn, number := f.int64(), f.int64()
	switch verb {
	case "redis":
		if len(f.rest) >= 6 {
			return contactMsg{conn, f.next(), f.next(), f.next(), f.bool(), f.bool(), f.bool()}
		}
	case "login":
		if len(f.rest) >= 2 {
			user := f.next()
			return loginMsg{conn, user, f.rest}
		}
	case "secret":
		return secretMsg{f.rest}
	case "reply", "noted":
		return replyMsg{number, f.next(), verb == "noted"}
	case "faults":
		return refusedMoreMsg{number, f.int64()}
	case "write", "note":
		if by, ok := f.goroutine(); ok && len(f.rest) > 0 {
			return writeMsg{conn, number, f.rest, by, verb == "note"}
		}
	case "asks":
		if by, ok := f.goroutine(); ok && len(f.rest) > 0 {
			return askedMsg{conn, f.rest, by}
		}
	case "fault":
		if by, ok := f.goroutine(); ok && len(f.rest) == 1 {
			return refusedMsg{conn, number, f.next(), by}
		}
	}
	return unknownMsg{}
}

// reader takes fields from the front. What is missing or no number is empty or
// zero.
type reader struct{ rest []string }

func (r *reader) next() (field string) {
	if len(r.rest) > 0 {
		field, r.rest = r.rest[0], r.rest[1:]
	}
	return field
}

func (r *reader) bool() bool { return r.next() == "true" }

func (r *reader) int() int { return int(r.int64()) }

func (r *reader) int64() int64 {
	n, err := strconv.ParseInt(r.next(), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// counted reads a number and as many fields.
func (r *reader) counted() (fields []string, ok bool) {
	n, err := strconv.Atoi(r.next())
	if err != nil || n < 0 || n > len(r.rest) {
		return nil, false
	}
	fields, r.rest = r.rest[:n], r.rest[n:]
	return fields, true
}

// goroutine reads one.
func (r *reader) goroutine() (g goroutine, ok bool) {
	lost, creator := r.bool(), r.next()
	if g.labels, ok = r.counted(); !ok || len(g.labels) == 0 {
		return g, false
	}
	stack, ok := r.counted()
	if !ok || len(r.rest) < 3 {
		return g, false
	}
	g.by = ownedByOne(g.labels)
	g.by.Lost = lost
	g.stack = frames(stack)
	if creator != "" {
		g.creator = frames([]string{creator})
	}
	if dump, profile, specs := r.next(), r.next(), r.next(); dump != "" {
		g.others = decodeOthers(dump, profile, specs)
	}
	return g, true
}
