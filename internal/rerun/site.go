package rerun

import (
	"context"
	"errors"
	"fmt"

	"tracetest/internal/run"
	"tracetest/internal/snapshot"
)

// site is where a trial runs: its servers.
type site struct {
	servers []*held
	targets []snapshot.Target
	env     []string // of the tests
	private *private // nil: the servers are the user's own
	lent    bool     // the connections are those of a run
}

// held is a server, and what it is brought back to.
type held struct {
	server
	mark    snapshot.Mark
	first   string                   // the run of the server that it was at first
	written map[string]snapshot.Mark // what tests of trials have set since
	began   *snapshot.Contents       // users and functions; nil: they are not restored
}

// open connects to the servers that options name.
func open(ctx context.Context, w world, o run.Options, contents bool) (*site, error) {
	s := &site{targets: o.Targets, env: o.Env}
	for i := range o.Targets {
		opened, err := w.connect(ctx, o, i)
		if err != nil {
			return nil, errors.Join(err, s.close())
		}
		h := s.hold(opened, opened.Mark())
		if contents {
			if err := h.begin(ctx); err != nil {
				return nil, errors.Join(err, s.close())
			}
		}
	}
	return s, nil
}

// hold adds a server that is to be as a mark says.
func (s *site) hold(opened server, mark snapshot.Mark) *held {
	h := &held{server: opened, mark: mark, first: mark.RunID(), written: map[string]snapshot.Mark{}}
	s.servers = append(s.servers, h)
	return h
}

// begin reads the users and functions that the server is brought back to.
func (h *held) begin(ctx context.Context) error {
	c, err := h.Contents(ctx, false, true)
	if err != nil {
		return fmt.Errorf("reading the users and functions of %s: %w", h.Target().Address(), err)
	}
	h.began = &c
	return nil
}

// close restores what is not as it was, and ends the connections.
func (s *site) close() error {
	var errs []error
	if s.private == nil {
		errs = append(errs, s.restore(context.Background(), nil, nil), s.began(context.Background()))
	}
	for _, h := range s.servers {
		if !s.lent {
			errs = append(errs, h.Close())
		}
	}
	if s.private != nil {
		errs = append(errs, s.private.close())
	}
	return errors.Join(errs...)
}

// wrote takes in what tests of a trial have set.
func (s *site) wrote(all []run.Written) {
	for i, w := range all {
		for _, name := range w.Names {
			if i < len(s.servers) {
				s.servers[i].written[name] = w.At
			}
		}
	}
}

// restore brings the configuration to what it was, but for these parameters, and
// tells which were not. What no test of a trial was seen setting is an error: it is not
// tracetest's to write, and without it a trial says nothing. A server of our own is
// restored whole.
func (s *site) restore(ctx context.Context, keep []string, touched func(snapshot.Thing)) error {
	var errs []error
	for _, h := range s.servers {
		errs = append(errs, h.restore(ctx, s.private != nil, keep, touched))
	}
	return errors.Join(errs...)
}

func (h *held) restore(ctx context.Context, own bool, keep []string, touched func(snapshot.Thing)) error {
	if snap := h.Sample(ctx); snap.Error != "" {
		return fmt.Errorf("looking at %s: %s", h.Target().Address(), snap.Error)
	}
	done := h.Restore(ctx, h.claims(own, keep))
	if done.Wrote != nil && touched != nil {
		for name := range done.Wrote.Values {
			touched(snapshot.Thing{What: "parameter", Name: name})
		}
	}
	if err := done.Err(); err != nil {
		return err
	}
	if now := h.Mark(); now.RunID() != h.mark.RunID() {
		return h.restarted(ctx, now)
	}
	return nil
}

// claims are what may be restored of a server: on one of our own everything, else what tests of trials
// have set.
func (h *held) claims(own bool, keep []string) snapshot.Claims {
	claims := snapshot.Untraced(h.mark)
	for name, at := range h.written {
		claims[name] = snapshot.Claim{Set: at, To: h.mark}
	}
	if own {
		claims = snapshot.Between(h.mark, h.Mark())
	}
	for _, name := range keep {
		delete(claims, name)
	}
	return claims
}

// restarted takes in that a server restarted and is as before: from now on that run is meant.
func (h *held) restarted(ctx context.Context, now snapshot.Mark) error {
	h.mark, h.written = now, map[string]snapshot.Mark{}
	if h.began == nil {
		return nil
	}
	return h.begin(ctx)
}

// began brings users and functions back to what they were.
func (s *site) began(ctx context.Context) error {
	var errs []error
	for _, h := range s.servers {
		if h.began != nil {
			errs = append(errs, h.putBack(ctx, *h.began, nil, nil))
		}
	}
	return errors.Join(errs...)
}

// putBack brings what is no configuration back to what it was, and tells what had changed.
func (h *held) putBack(ctx context.Context, to snapshot.Contents, keep []string, touched func(snapshot.Thing)) error {
	things, err := h.PutBack(ctx, to, keep)
	for _, t := range things {
		if touched != nil {
			touched(t)
		}
	}
	if err != nil {
		return fmt.Errorf("restoring what was changed on %s: %w", h.Target().Address(), err)
	}
	return nil
}

// errRestarted says why a server of a run is not emptied behind it.
var errRestarted = errors.New("it restarted since the tests ran, or another server has its address by now, and its data may be somebody else's")

// ready brings the servers back to what they were. One of our own is new.
func (s *site) ready(ctx context.Context, flush bool) error {
	if s.private != nil {
		return nil
	}
	err := s.restore(ctx, nil, nil)
	if !flush || err != nil {
		return err
	}
	for _, h := range s.servers {
		bad := errRestarted
		if !s.lent || h.mark.RunID() == h.first {
			bad = h.Forget(ctx, h.mark)
		}
		if bad != nil {
			err = errors.Join(err, fmt.Errorf("flushing %s: %w", h.Target().Address(), bad))
		}
	}
	return errors.Join(err, s.began(ctx))
}

// keys counts what the servers hold.
func (s *site) keys(ctx context.Context) (all int64) {
	for _, h := range s.servers {
		if snap := h.Sample(ctx); snap.Counters != nil {
			for _, n := range snap.Counters.Keys {
				all += n
			}
		}
	}
	return all
}
