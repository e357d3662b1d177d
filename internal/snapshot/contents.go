package snapshot

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Contents are what a server holds beside its configuration, as far as it was
// asked for. They hold real values and print none.
type Contents struct{ at func() contents }

type contents struct {
	of        Mark
	keys      map[key]value // nil: not asked for
	users     map[string]string
	functions string
	server    bool // users and functions were asked for
}

type key struct {
	db   int
	name string
}

type value struct {
	dump string
	left time.Duration // until it expires; zero: never
}

func (c Contents) String() string                { return "snapshot.Contents" }
func (c Contents) GoString() string              { return c.String() }
func (c Contents) Format(f fmt.State, verb rune) { format(f, verb, c.String()) }

// maxKeys bounds how many keys are kept in memory. It is for suites of tests,
// whose servers hold little.
const maxKeys = 20000

// Contents reads the keys of all databases, or the users and functions, or both.
func (s *Server) Contents(ctx context.Context, keys, server bool) (Contents, error) {
	var c contents
	of := s.Mark()
	err := s.speak(ctx, func(l *link) (err error) {
		c = contents{of: of, server: server}
		if keys {
			if c.keys, err = readKeys(l); err != nil {
				return err
			}
		}
		if server {
			c.users, c.functions, err = readServer(l)
		}
		return err
	})
	return Contents{func() contents { return c }}, err
}

// speak has a talk on the connection of the server.
func (s *Server) speak(ctx context.Context, talk func(*link) error) error {
	start := time.Now()
	if err := s.take(ctx, start); err != nil {
		return errors.New(s.trouble(err))
	}
	defer s.give()
	got := s.exchange(ctx, start, func(until time.Time) answer {
		return answer{err: s.asker.persist(until, func() error { return talk(s.asker.link) })}
	})
	if got.err != nil {
		return errors.New(s.scrub(s.trouble(got.err)))
	}
	return nil
}

func readKeys(l *link) (map[key]value, error) {
	ctx := context.Background()
	about := redis.NewStringCmd(ctx, "info", "keyspace")
	if err := l.do(about); err != nil {
		return nil, err
	}
	all := map[key]value{}
	for field := range parseInfo(about.Val()) {
		db, is := strings.CutPrefix(field, "db")
		number, err := strconv.Atoi(db)
		if !is || err != nil {
			continue
		}
		if err := readDatabase(l, number, all); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// readDatabase reads the keys of one database, and leaves the connection at the
// first.
func readDatabase(l *link, db int, all map[key]value) (err error) {
	ctx := context.Background()
	if db != 0 {
		if err := l.do(redis.NewStatusCmd(ctx, "select", db)); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, l.do(redis.NewStatusCmd(ctx, "select", 0))) }()
	}
	for cursor := uint64(0); ; {
		scan := redis.NewScanCmd(ctx, nil, "scan", cursor, "count", 1000)
		if err := l.do(scan); err != nil {
			return err
		}
		names, next := scan.Val()
		var cmds []redis.Cmder
		for _, name := range names {
			cmds = append(cmds, redis.NewStringCmd(ctx, "dump", name), redis.NewIntCmd(ctx, "pttl", name))
		}
		if len(cmds) > 0 {
			if err := l.do(cmds...); err != nil && !errors.Is(err, redis.Nil) {
				return err
			}
		}
		for i, name := range names {
			dump, left := cmds[2*i].(*redis.StringCmd), cmds[2*i+1].(*redis.IntCmd)
			if dump.Err() != nil {
				continue // it has expired
			}
			all[key{db, name}] = value{dump.Val(), time.Duration(max(left.Val(), 0)) * time.Millisecond}
		}
		if len(all) > maxKeys {
			return fmt.Errorf("it holds more than %d keys, more than tracetest restores", maxKeys)
		}
		if cursor = next; cursor == 0 {
			return nil
		}
	}
}

// readServer reads users and functions. A server that has none of these
// commands, or a user who may not use them, has nothing to put back.
func readServer(l *link) (users map[string]string, functions string, err error) {
	ctx := context.Background()
	list := redis.NewStringSliceCmd(ctx, "acl", "list")
	if err := l.do(list); err != nil && !isReply(err) {
		return nil, "", err
	}
	users = map[string]string{}
	for _, line := range list.Val() { // "user NAME rules..."
		name, rules, _ := strings.Cut(strings.TrimPrefix(line, "user "), " ")
		// sanitize-payload is the default, and shown only after a reset.
		users[name] = strings.Join(slices.DeleteFunc(strings.Fields(rules), func(rule string) bool { return rule == "sanitize-payload" }), " ")
	}
	dump := redis.NewStringCmd(ctx, "function", "dump")
	if err := l.do(dump); err != nil && !isReply(err) {
		return nil, "", err
	}
	return users, dump.Val(), nil
}

// PutBack brings the contents back to what they were, but for the keys and users
// of these names, and returns the names of what had changed. A key of another
// database than the first has it before its name, as in "db1 name".
func (s *Server) PutBack(ctx context.Context, before Contents, keep []string) (touched []Thing, err error) {
	was := before.at()
	err = s.speak(ctx, func(l *link) error {
		touched = nil
		if err := is(l, was.of); err != nil {
			return err
		}
		if was.keys != nil {
			names, err := putBackKeys(l, was.keys, keep)
			if err != nil {
				return err
			}
			touched = append(touched, names...)
		}
		if was.server {
			names, err := putBackServer(l, was, keep)
			if err != nil {
				return err
			}
			touched = append(touched, names...)
		}
		return nil
	})
	return touched, err
}

// Thing is something of a server that is restored: a key, a user, or all
// functions.
type Thing struct{ What, Name string }

func (k key) label() string {
	name := k.name
	if strings.ContainsFunc(name, func(r rune) bool { return !strconv.IsPrint(r) }) || strings.ToValidUTF8(name, "") != name {
		name = strconv.Quote(name)
	}
	if k.db != 0 {
		name = fmt.Sprintf("db%d %s", k.db, name)
	}
	return name
}

func putBackKeys(l *link, was map[key]value, keep []string) (touched []Thing, err error) {
	ctx := context.Background()
	now, err := readKeys(l)
	if err != nil {
		return nil, err
	}
	differ := map[key]bool{}
	for k, v := range now {
		differ[k] = was[k].dump != v.dump || (was[k].left == 0) != (v.left == 0)
	}
	for k := range was {
		if _, there := now[k]; !there {
			differ[k] = true
		}
	}
	byDB := map[int][]redis.Cmder{}
	for k, is := range differ {
		if !is {
			continue
		}
		touched = append(touched, Thing{"key", k.label()})
		if slices.Contains(keep, k.label()) {
			continue
		}
		if old, had := was[k]; had {
			byDB[k.db] = append(byDB[k.db], redis.NewStatusCmd(ctx, "restore", k.name, old.left.Milliseconds(), old.dump, "replace"))
		} else {
			byDB[k.db] = append(byDB[k.db], redis.NewIntCmd(ctx, "del", k.name))
		}
	}
	for _, db := range slices.Sorted(maps.Keys(byDB)) {
		cmds := slices.Concat([]redis.Cmder{redis.NewStatusCmd(ctx, "select", db)}, byDB[db], []redis.Cmder{redis.NewStatusCmd(ctx, "select", 0)})
		if db == 0 { // where a cluster knows no other
			cmds = byDB[0]
		}
		if err := l.do(cmds...); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(touched, func(a, b Thing) int { return strings.Compare(a.Name, b.Name) })
	return touched, nil
}

func putBackServer(l *link, was contents, keep []string) (touched []Thing, err error) {
	ctx := context.Background()
	users, functions, err := readServer(l)
	if err != nil {
		return nil, err
	}
	var cmds []redis.Cmder
	for _, name := range slices.Sorted(maps.Keys(users)) {
		if _, had := was.users[name]; !had {
			touched = append(touched, Thing{"user", name})
			if !slices.Contains(keep, name) {
				cmds = append(cmds, redis.NewIntCmd(ctx, "acl", "deluser", name))
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(was.users)) {
		if rules, there := users[name]; there && rules == was.users[name] {
			continue
		}
		touched = append(touched, Thing{"user", name})
		if slices.Contains(keep, name) {
			continue
		}
		args := []any{"acl", "setuser", name, "reset"}
		for rule := range strings.FieldsSeq(was.users[name]) {
			args = append(args, rule)
		}
		cmds = append(cmds, redis.NewStatusCmd(ctx, args...))
	}
	if functions != was.functions && was.functions != "" {
		touched = append(touched, Thing{"functions", "functions"})
		if !slices.Contains(keep, "functions") {
			cmds = append(cmds, redis.NewStatusCmd(ctx, "function", "restore", was.functions, "flush"))
		}
	}
	for _, cmd := range cmds {
		if err := l.do(cmd); err != nil {
			return nil, err
		}
	}
	return touched, nil
}

// Forget empties the server that a mark is of: every key, and the scripts that it has cached.
func (s *Server) Forget(ctx context.Context, of Mark) error {
	return s.speak(ctx, func(l *link) error {
		if err := is(l, of); err != nil {
			return err
		}
		err := l.do(redis.NewStatusCmd(context.Background(), "flushall"))
		if bad := l.do(redis.NewStatusCmd(context.Background(), "script", "flush")); bad != nil && !isReply(bad) {
			err = errors.Join(err, bad)
		}
		return err
	})
}
