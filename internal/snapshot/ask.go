package snapshot

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"tracetest/internal/record"
)

// answer is what a server said when it was asked how it is.
type answer struct {
	sent   time.Time         // before the request left whose reply this is
	config map[string]string // real values, one name each; never changed
	serial uint64            // equal in answers with one and the same config; zero: not known
	// info is nil where INFO could not be read. What changes while a server
	// runs may be of an earlier answer in it: see counters.
	info     info
	noInfo   error            // why
	counters *record.Counters // nil where they could not be read
	err      error            // then there is nothing else
}

// asker asks one server, whatever tests do to it. It blocks until there is an
// answer or none is to be had, so it runs in a goroutine of its own, one
// question at a time; [Server] decides how long it is waited for.
type asker struct {
	target  Target
	timeout time.Duration
	line    line // the connection, for hanging up

	link    *link
	fresh   bool     // the link has not answered yet
	partial bool     // CONFIG is not to be had: ask INFO alone
	blunt   bool     // INFO takes one section only: Redis before 7.0
	names   []string // known parameters, for asking one by one
	// password is the last requirepass that was seen. A test that sets one and
	// then has our connection closed would else lock us out.
	password string
	// small is the client-output-buffer-limit under which the server closed the
	// connection rather than send a whole answer. Empty when it does not.
	small  string
	known  bool   // a snapshot has succeeded
	last   answer // the last whole one
	calls  calls  // of the last answer
	learnt uint64 // serial of the answer that was learnt from
}

// How often a closed connection is replaced within one question: a test may
// kill clients in a loop.
const maxReplaced = 3

// ask tries until there is an answer, or an error that trying again will not
// cure, or until is over and the server is still busy.
func (a *asker) ask(until time.Time) answer {
	var got answer
	err := a.persist(until, func() error {
		if !a.fresh || !a.known {
			got = a.whole()
		} else if got = a.whole(); isClosed(got.err) {
			// It lets us in and closes the connection on a long answer.
			got = a.oneByOne(got)
		}
		return got.err
	})
	if err != nil {
		return answer{err: err}
	}
	a.learn(got)
	return got
}

// persist does something on a connection, and does it again on a new one or
// later where that is the cure.
func (a *asker) persist(until time.Time, do func() error) error {
	wait := 5 * time.Millisecond
	for replaced := 0; ; {
		err := a.connect()
		if err == nil {
			if err = do(); err == nil || isReply(err) && !isLogin(err) {
				a.fresh = false
			}
		}
		switch {
		case err == nil:
			return nil
		case isBusy(err):
			if time.Now().Add(wait).After(until) {
				return err
			}
			time.Sleep(wait)
			wait = min(2*wait, 100*time.Millisecond)
		case isClosed(err), isLogin(err) && a.link != nil:
			a.drop()
			if replaced++; replaced > maxReplaced {
				return err
			}
			if replaced > 1 {
				time.Sleep(wait)
			}
		default:
			return err
		}
	}
}

// connect makes a link where there is none. It tries the user's own login,
// then the password that a test may have set, then none, because a test may
// have taken ours away.
func (a *asker) connect() error {
	if a.link != nil {
		return nil
	}
	logins := []login{a.target.login()}
	if a.known {
		if a.password != "" {
			logins = append(logins, login{password: a.password})
		}
		logins = append(logins, login{})
	}
	var first error
	for i, as := range logins {
		if slices.Contains(logins[:i], as) {
			continue
		}
		l, err := dial(context.Background(), a.target, as, a.timeout, a.line.connect)
		if err == nil {
			a.link, a.fresh = l, true
			return nil
		}
		if first == nil {
			first = err
		}
		if !isLogin(err) {
			return err
		}
	}
	return first
}

func (a *asker) drop() {
	if a.link != nil {
		_ = a.link.close() // it is of no use anyway
		a.link = nil
	}
}

// learn keeps what the next question needs to know.
func (a *asker) learn(got answer) {
	a.known = true
	if got.info != nil {
		a.blunt = !got.info.several()
	}
	if same := got.serial != 0 && got.serial == a.learnt; !a.partial && !same {
		a.learnt = got.serial
		a.names = slices.Sorted(maps.Keys(got.config))
		a.password = got.config["requirepass"]
	}
}

// whole asks for everything in one go.
func (a *asker) whole() answer {
	if a.small != "" {
		limit, err := a.get(outputLimit)
		if err != nil {
			return answer{err: err}
		}
		if limit[outputLimit] == a.small {
			return a.oneByOne(answer{})
		}
		a.small = ""
	}
	if got, ok := a.calm(); ok {
		return got
	}
	about := redis.NewStringCmd(context.Background(), a.infoArgs()...)
	config := redis.NewSliceCmd(context.Background(), "config", "get", "*")
	got := answer{sent: time.Now()}
	var err error
	if a.partial {
		err = a.link.do(about)
	} else {
		_ = a.link.do(about, config) // each has its own
		err = config.Err()
	}
	switch {
	case err == nil && about.Err() == nil:
		a.read(&got, about.Val())
	case says(about.Err(), "syntax error") && !a.blunt:
		a.blunt = true
		return a.whole()
	case err != nil:
		return answer{err: err}
	case isBusy(about.Err()), isLogin(about.Err()), !isReply(about.Err()):
		return answer{err: about.Err()}
	default:
		got.noInfo = about.Err()
	}
	a.configure(&got, config)
	a.last = got
	return got
}

// calm asks for INFO alone, where that shows that the configuration is what
// it was; see calm.go. It says nothing where it is not certain.
func (a *asker) calm() (got answer, ok bool) {
	if a.partial || a.blunt || a.last.serial == 0 || !a.calls.announced || a.last.info.mode() != "standalone" {
		return got, false
	}
	about := redis.NewStringCmd(context.Background(), a.infoArgs()...)
	got = answer{sent: time.Now()}
	if a.link.do(about) != nil {
		return got, false // what asks for everything will meet it
	}
	before := a.calls
	if a.read(&got, about.Val()); !a.calls.same(before) || got.info["run_id"] != a.last.info["run_id"] {
		a.calls = before // these are of a configuration that is not read yet
		return got, false
	}
	got.config, got.serial = a.last.config, a.last.serial
	return got, true
}

// read takes in a reply of INFO. As long as the server is the same, only what
// changes while it runs is read.
func (a *asker) read(got *answer, text string) {
	figures := readFigures(text)
	got.counters, a.calls = figures.counters, figures.calls
	if id := a.last.info["run_id"]; id != "" && id == figures.runID && !a.partial {
		got.info = a.last.info
		return
	}
	got.info = parseInfo(text)
}

// configure takes in a reply of CONFIG GET *.
func (a *asker) configure(got *answer, config *redis.SliceCmd) {
	if a.partial {
		got.config = got.info.partialConfig()
		return
	}
	got.config, got.serial = pairs(config.Val()), a.last.serial
	dropAliases(got.config)
	if a.last.serial == 0 || !maps.Equal(got.config, a.last.config) {
		got.serial++
	}
}

const outputLimit = "client-output-buffer-limit"

// oneByOne asks for each known parameter by itself, on a new connection when
// there is none. It gives up with the error that led to it.
func (a *asker) oneByOne(why answer) answer {
	if a.partial {
		return why
	}
	if why.err != nil {
		a.drop()
		if a.connect() != nil {
			return why
		}
	}
	got := answer{sent: time.Now(), config: make(map[string]string, len(a.names))}
	for _, name := range a.names {
		reply, err := a.get(name)
		if err != nil {
			if why.err != nil {
				err = why.err
			}
			return answer{err: err}
		}
		if value, ok := reply[name]; ok {
			got.config[name] = value
		}
	}
	if a.small = got.config[outputLimit]; isUnlimited(a.small) {
		a.small = "" // then something else closed it, twice
	}
	return got
}

// isUnlimited says whether a client-output-buffer-limit lets ordinary clients
// have answers of any length.
func isUnlimited(limit string) bool {
	return limit == "" || strings.Contains(" "+limit+" ", " normal 0 0 ")
}

func (a *asker) get(name string) (map[string]string, error) {
	return a.link.config(name)
}

func (a *asker) infoArgs() []any {
	if a.blunt {
		return []any{"info", "all"} // a Sentinel does not know "everything"
	}
	args := []any{"info", "server", "memory", "stats", "commandstats", "errorstats", "keyspace"}
	if a.partial {
		args = append(args, "clients") // maxclients
	}
	return args
}
