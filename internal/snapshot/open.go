package snapshot

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tracetest/internal/nearest"
	"tracetest/internal/record"
	"tracetest/internal/redact"
	"tracetest/internal/redisconf"
)

// Options say how a server is watched.
type Options struct {
	// AllowPartial lets a server be watched that does not answer CONFIG GET:
	// only what INFO knows is seen then.
	AllowPartial bool
	// Timeout of one snapshot. Zero means 5 s.
	Timeout time.Duration
	// Expect is what --expect says, by parameter. It is not checked here: what of
	// it is secret is hidden from then on.
	Expect map[string]string
	// Secrets learns those of the server. Nil: nobody else is to know them.
	Secrets *redact.Redactor
}

// Open connects to a server and takes the first snapshot of it. An error names
// the server and the cure.
func Open(ctx context.Context, target Target, index int, options Options) (*Server, record.Server, error) {
	timeout := options.Timeout
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	if target.login == nil {
		return nil, record.Server{}, errors.New("opening a Redis: it has no address")
	}
	s := &Server{
		target: target, index: index, timeout: timeout, patience: timeout,
		turn:    make(chan struct{}, 1),
		secrets: options.Secrets,
		asker:   &asker{target: target, timeout: timeout},
	}
	if s.secrets == nil {
		s.secrets = redact.New()
	}
	s.secrets.Add(target.login().password)
	s.give()
	first, partial, err := s.first(ctx, options.AllowPartial)
	if err != nil {
		return nil, record.Server{}, errors.Join(err, s.Close())
	}
	return s, s.describe(first, partial, options.Expect), nil
}

// CheckNames refuses a parameter that none of these servers knows, with the name
// that may be meant. Of a server that does not answer CONFIG GET nothing is known.
func CheckNames(servers []*Server, expect map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(expect)) {
		var all []string
		known := false
		for _, s := range servers {
			s.mu.Lock()
			config, partial := s.last.config(), s.asker.partial
			s.mu.Unlock()
			_, has := config[reported(config, strings.TrimSpace(name))]
			known = known || has || partial
			all = slices.AppendSeq(all, maps.Keys(config))
		}
		if known || len(servers) == 0 {
			continue
		}
		like := nearest.Name(strings.TrimSpace(name), all)
		if like != "" {
			like = "; did you mean " + like + "?"
		}
		return fmt.Errorf("--expect %s: %s has no such parameter%s", name, servers[0].target.address, like)
	}
	return nil
}

// first is the snapshot that decides whether and how the server can be watched.
func (s *Server) first(ctx context.Context, allowPartial bool) (answer, string, error) {
	start := time.Now()
	if err := s.take(ctx, start); err != nil {
		return answer{}, "", s.refuse(ctx, err)
	}
	defer s.give()
	got := s.exchange(ctx, start, s.asker.ask)
	lacking := &denied{}
	if says(got.err, "NOPERM") || isUnknownCommand(got.err) {
		// Also to tell a Sentinel, which has no CONFIG either.
		lacking.config = got.err
		s.asker.partial = true
		if got = s.exchange(ctx, start, s.asker.ask); isReply(got.err) {
			lacking.info = got.err
			return answer{}, "", s.refuse(ctx, lacking)
		}
		if got.info.mode() == "sentinel" {
			return answer{}, "", s.refuse(ctx, ErrSentinel)
		}
	}
	if got.err != nil {
		return answer{}, "", s.refuse(ctx, got.err)
	}
	switch lacking.info = got.noInfo; {
	case *lacking == denied{}:
		return got, "", nil
	case !allowPartial:
		return answer{}, "", s.refuse(ctx, lacking)
	}
	return got, lacking.partial(), nil
}

// describe takes the first answer as the baseline.
func (s *Server) describe(first answer, partial string, expect map[string]string) record.Server {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = newMoment(first.config, 1)
	d := record.Server{
		Index: s.index, Address: s.target.address, TLS: s.target.tls != nil, TLSFiles: s.target.tlsFiles(),
		Partial: partial, Flavor: "redis",
		Config:  s.hideAll(first.config),
		Cluster: first.config["cluster-enabled"] == "yes",
	}
	for _, parameter := range slices.Sorted(maps.Keys(expect)) {
		name := reported(first.config, strings.TrimSpace(parameter))
		s.hide(name, redisconf.Normalize(name, expect[parameter]))
	}
	s.facts = first.info
	if first.info != nil {
		s.runID, s.together = first.info["run_id"], first.info.several()
		d.RunID = s.runID
		d.Flavor, d.Version = first.info.flavor()
		d.Cluster = d.Cluster || first.info.mode() == "cluster"
		d.Counters = first.counters
	}
	return d
}

// refuse is the error of Open: what is wrong, where, and what to do about it.
func (s *Server) refuse(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("connecting to Redis at %q: %w", s.target.address, ctx.Err())
	}
	what, cure := s.diagnose(ctx, err)
	var kind error
	switch {
	case says(err, "NOAUTH"):
		kind = ErrPassword
	case errors.Is(err, ErrSentinel):
		kind = ErrSentinel
	case what == ErrForeign.Error():
		kind = ErrForeign
	case isAbsent(err):
		kind = ErrAbsent
	}
	what = s.scrub(what)
	r := &refusal{fmt.Sprintf("connecting to Redis at %q: %s", s.target.address, what), fmt.Sprintf("%q: %s", s.target.address, what), kind}
	if cure != "" {
		r.text += "; " + cure
	}
	return r
}
