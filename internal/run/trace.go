package run

import (
	"context"
	"errors"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"tracetest/internal/barrier"
	"tracetest/internal/record"
	"tracetest/internal/redact"
	"tracetest/internal/rediscmd"
	"tracetest/internal/redisconf"
	"tracetest/internal/snapshot"
)

// tracer takes in what the trace reports: it finds the servers that the tests use,
// and samples them when a write has had its effect.
type tracer struct {
	w        *watcher
	places   map[string]int             // index of the watched server at an address, or -1
	locals   map[string]bool            // addresses of the tests' own connections
	locked   map[string]*record.Contact // that ask for a login, by address
	vague    map[string]*record.Contact // of which it is not known whether a Redis is there, by address
	open     map[[2]int64]*record.Write // that a snapshot can show and that have no reply, by process and number
	code     *places
	expected map[int]map[string]int // by server: how many writes of a parameter may still be seen to change it
}

func newTracer(w *watcher) *tracer {
	return &tracer{w: w, places: map[string]int{}, locals: map[string]bool{}, locked: map[string]*record.Contact{}, vague: map[string]*record.Contact{}, open: map[[2]int64]*record.Write{}, code: newPlaces(w.p.root), expected: map[int]map[string]int{}}
}

// receive takes in what a synchronized process reports, or has noted at a time: of that, zero
// for what its process waits with.
func (t *tracer) receive(ctx context.Context, announced *barrier.Message, noted time.Time) {
	switch {
	case announced.Contact != nil:
		t.contact(ctx, announced.Contact, noted)
	case announced.Login != nil:
		t.login(ctx, announced.Login)
	case announced.Secret != nil:
		t.w.p.o.Secrets.AddMarks(announced.Secret...)
	case announced.Write != nil:
		t.write(ctx, announced.Write, noted)
	case announced.Reply != nil:
		t.reply(ctx, announced.Reply, noted)
	case announced.Asked != nil:
		q := announced.Asked
		q.Server = t.at(q.Address)
		t.relocate(&q.By)
		t.w.aloof.asked(ctx, q)
		t.w.append(record.Entry{Asked: q})
	case announced.Refused != nil:
		r := announced.Refused
		r.Server = t.at(r.Address)
		t.relocate(&r.By)
		t.w.append(record.Entry{Refused: r})
	}
}

func (t *tracer) at(address string) int {
	if i, known := t.places[address]; known {
		return i
	}
	return -1
}

func (t *tracer) write(ctx context.Context, write *record.Write, noted time.Time) {
	if c := t.vague[write.Address]; c != nil && len(write.Command) > 1 {
		// No other protocol has such a line. So who is there is asked before it goes out.
		delete(t.vague, write.Address)
		sure := *c
		sure.Vague = false
		t.again(ctx, &sure, snapshot.Target.Anonymous)
	}
	write.Server = t.at(write.Address)
	if write.Server >= 0 {
		write.Values = values(t.w.servers[write.Server], write.Command)
		snap := t.w.aloof.write(ctx, write)
		if rediscmd.Of(write.Command).Changes&rediscmd.Sampled != 0 {
			t.open[[2]int64{int64(write.Process), write.Number}] = write
			if snap { // what it finds must be known: that is what it is undone to
				write.Snapshots = t.w.snapshot(ctx, func(server int) bool { return server != write.Server })
			}
		}
		t.w.ledgers[write.Server].write(write)
	}
	t.hideUnknown(write)
	if len(write.Values) > 0 {
		write.Site = t.w.p.source.Site(write.By, write.Values)
	}
	t.relocate(&write.By)
	if rediscmd.Of(write.Command).Changes&(rediscmd.Config|rediscmd.Role) != 0 {
		t.code.add(write.By.Stack)
		for _, waiting := range write.By.Waiting {
			t.code.add(waiting.Stack)
		}
	}
	t.w.append(record.Entry{At: noted, Write: write})
	t.otherClients(ctx, write.Snapshots) // of what had changed before it
	for _, v := range write.Values {
		t.parameters(write.Server)[v.Parameter]++
	}
}

// hideUnknown hides the values of parameters that no watched server knows: a name
// that is mistyped can be that of a secret.
func (t *tracer) hideUnknown(write *record.Write) {
	if rediscmd.Of(write.Command).Name != rediscmd.ConfigSet {
		return
	}
	for i, set := range rediscmd.SettingsOf(write.Command) {
		known := func(s server) bool { return s.Knows(set.Parameter) }
		if slices.ContainsFunc(t.w.servers, known) {
			continue
		}
		write.Command[set.At] = redact.Hidden
		if i < len(write.Values) {
			write.Values[i].Value, write.Values[i].Secret = "", true
		}
	}
}

// relocate names files of the toolchain by where it is, and not by the link
// that it was run from.
func (t *tracer) relocate(by *record.By) {
	link, goroot := t.w.p.overlay.GOROOT, t.w.p.tools.GOROOT
	if link == goroot {
		return
	}
	for _, frames := range [][]record.Frame{by.Stack, by.Started} {
		for i, f := range frames {
			if rest, ok := strings.CutPrefix(f.File, link+"/"); ok {
				frames[i].File = goroot + "/" + rest
			}
		}
	}
	for i := range by.Waiting {
		t.relocate(&by.Waiting[i])
	}
}

func (t *tracer) parameters(server int) map[string]int {
	if t.expected[server] == nil {
		t.expected[server] = map[string]int{}
	}
	return t.expected[server]
}

// reply samples what a write has done, before whoever made it goes on. All
// servers are sampled: a failover changes two of them.
func (t *tracer) reply(ctx context.Context, reply *record.Reply, noted time.Time) {
	key := [2]int64{int64(reply.Process), reply.Number}
	write := t.open[key]
	delete(t.open, key)
	if write != nil {
		if write.Server >= 0 {
			t.w.ledgers[write.Server].reply(reply)
		}
		reply.Snapshots = t.w.snapshot(ctx, t.w.aloof.replied(write))
	}
	t.w.append(record.Entry{At: noted, Reply: reply})
	t.otherClients(ctx, reply.Snapshots)
	if write != nil {
		for _, v := range write.Values {
			if left := t.parameters(write.Server); left[v.Parameter] > 0 {
				left[v.Parameter]-- // it had no effect
			}
		}
	}
}

// values are what a command sets, as CONFIG GET will say it.
func values(s server, command []string) []record.Value {
	var all []record.Value
	for _, set := range rediscmd.SettingsOf(command) {
		v := record.Value{Parameter: s.Parameter(set.Parameter), Value: redisconf.Normalize(set.Parameter, set.Value)}
		if redisconf.IsSecret(v.Parameter) {
			v.Value, v.Secret = "", true
		}
		all = append(all, v)
	}
	return all
}

// otherClients asks who else is connected when a parameter has changed that no
// test binary was seen writing.
func (t *tracer) otherClients(ctx context.Context, snaps []record.Snapshot) {
	for _, snap := range snaps {
		var unknown []string
		written := t.parameters(snap.Server)
		for name := range snap.Config {
			if written[name] == 0 {
				unknown = append(unknown, name)
			}
		}
		if len(unknown) == 0 || snap.RunID != "" {
			continue
		}
		slices.Sort(unknown)
		c := record.Clients{Server: snap.Server, Parameter: unknown}
		list, err := t.w.servers[snap.Server].Clients(ctx)
		if err != nil {
			c.Error = err.Error()
		}
		t.w.catchUp(ctx) // connections of the tests can be among them
		for _, client := range list {
			if !t.locals[client.Address] {
				c.List = append(c.List, client)
			}
		}
		t.w.append(record.Entry{Clients: &c})
	}
}

// contact takes in that a test binary is about to speak to a Redis. One that is
// not watched is from now on, while the first command waits.
func (t *tracer) contact(ctx context.Context, c *record.Contact, noted time.Time) {
	t.locals[c.Local] = true
	if c.Network != "unix" && !strings.HasPrefix(c.Network, "tcp") {
		c.Inside = true // a net.Pipe, a bufconn: its other end is in the test binary
	}
	index, known := t.places[c.Address]
	if known && c.Inside && index >= len(t.w.p.begin) {
		delete(t.places, c.Address) // it was another server that the tests had started there, and a fake took its place
		known = false
	}
	if !known {
		if index, c.Problem = t.find(ctx, c, snapshot.Target.Anonymous); index >= 0 || !c.Inside && !c.Vague {
			t.places[c.Address] = index // else another time it may be a Redis
		}
	}
	if c.Vague && index < 0 && !c.Inside {
		t.vague[c.Address] = c
	}
	c.Server = index
	t.w.ahead.contact(c)
	t.w.append(record.Entry{At: noted, Contact: c})
}

// again looks once more for the server of a contact, of which more is known by now.
func (t *tracer) again(ctx context.Context, c *record.Contact, as func(snapshot.Target) snapshot.Target) {
	if c.Server, c.Problem = t.find(ctx, c, as); c.Server >= 0 || !c.Inside && !c.Vague {
		t.places[c.Address] = c.Server
	}
	t.w.ahead.contact(c)
	t.w.append(record.Entry{Contact: c})
}

// login takes in that a test is about to log in. Where the server asks us for a
// login too, and the test uses the one of a server that was named, it is ours as
// well: whoever listens there is about to be told it anyway.
func (t *tracer) login(ctx context.Context, l *barrier.Login) {
	secrets := t.w.p.o.Secrets
	secrets.AddMarks(l.Password...)
	c := t.locked[l.Address]
	if c == nil {
		return
	}
	for _, s := range t.w.servers {
		named := s.Target()
		if user, password, known := named.Marks(secrets.Mark); !known || user != l.User || password != l.Password[0] {
			continue
		}
		delete(t.locked, l.Address) // one try: a server may count them
		again := *c
		t.again(ctx, &again, func(at snapshot.Target) snapshot.Target { return at.As(named) })
		return
	}
}

// find returns the watched server at an address, and starts to watch it where
// there is none yet, with the login that as says.
func (t *tracer) find(ctx context.Context, c *record.Contact, as func(snapshot.Target) snapshot.Target) (index int, problem string) {
	for i, s := range t.w.servers {
		if c.Inside && i >= len(t.w.p.begin) {
			break // nobody named it, and this process listens where it was
		}
		if reaches(ctx, s.Target().Address(), c.Address) || listens(ctx, s, c) {
			return i, ""
		}
	}
	if c.Inside || c.Vague || c.Address == "" {
		return -1, "" // or no Redis at all, which it is not asked
	}
	if t.w.p.o.Discover == "off" {
		return -1, record.NotDiscovered
	}
	target := snapshot.At(c.Network, c.Address)
	if len(t.w.p.begin) > 0 {
		target = t.w.servers[0].Target().At(c.Network, c.Address)
	}
	if c.TLS != target.Secure() {
		i := slices.IndexFunc(t.w.servers, func(s server) bool { return s.Target().Secure() })
		switch {
		case !c.TLS:
			target = target.Plain()
		case i >= 0:
			target = t.w.servers[i].Target().At(c.Network, c.Address)
		default:
			secure, err := snapshot.At(c.Network, c.Address).Over(t.w.p.o.TLS)
			if err != nil || !secure.Secure() {
				return -1, "it speaks TLS; name it with --redis rediss://..., or say with --cacert what to trust"
			}
			target = secure
		}
	}
	found, begin, err := t.w.discover(ctx, as(target), t.w.runIDs)
	if err != nil {
		if errors.Is(err, snapshot.ErrPassword) {
			t.locked[c.Address] = c
		}
		// A Sentinel has no configuration that tests could leave changed.
		c.Foreign = errors.Is(err, snapshot.ErrForeign) || errors.Is(err, snapshot.ErrSentinel)
		return -1, err.Error()
	}
	if found == nil {
		return slices.Index(t.w.runIDs, begin.RunID), ""
	}
	t.w.meet(found, begin)
	t.w.append(record.Entry{Server: &begin})
	return begin.Index, ""
}

// listens reports whether a server that is watched at another port says that it
// listens at this one too, as those with TLS do.
func listens(ctx context.Context, s server, c *record.Contact) bool {
	host, _, err := net.SplitHostPort(s.Target().Address())
	_, port, ours := s.Ports()
	_, at, endErr := net.SplitHostPort(c.Address)
	if c.Network == "unix" {
		return ours != "" && reaches(ctx, ours, c.Address)
	}
	return err == nil && endErr == nil && c.TLS && at == port && reaches(ctx, net.JoinHostPort(host, port), c.Address)
}

// reaches reports whether an address, with the name of a host in it perhaps, is
// that of the other end of a connection.
func reaches(ctx context.Context, named, end string) bool {
	if named == end {
		return true
	}
	if strings.HasPrefix(named, "/") || strings.HasPrefix(end, "/") {
		a, errA := os.Stat(named)
		b, errB := os.Stat(end)
		return errA == nil && errB == nil && os.SameFile(a, b)
	}
	host, port, err := net.SplitHostPort(named)
	endHost, endPort, endErr := net.SplitHostPort(end)
	if err != nil || endErr != nil || port != endPort {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	ips, err := net.DefaultResolver.LookupHost(ctx, host)
	return err == nil && slices.ContainsFunc(ips, func(ip string) bool { return net.ParseIP(ip).Equal(net.ParseIP(endHost)) })
}
