package rerun

import (
	"context"
	"errors"
	"fmt"

	"tracetest/internal/record"
	"tracetest/internal/run"
	"tracetest/internal/snapshot"
	"tracetest/internal/spawn"
)

// site is the servers of a trial, and what they are brought back to.
type site struct {
	options run.Options // with the targets
	servers []*snapshot.Server
	marks   []snapshot.Mark
	written []map[string]snapshot.Mark // what tests of trials have set since
	began   []snapshot.Contents        // users and functions, where they may be restored
	private *spawn.Server              // nil: the user's own
}

// open connects to the servers.
func open(ctx context.Context, o run.Options, contents bool) (*site, error) {
	s := &site{options: o}
	for i, target := range o.Targets {
		server, _, err := snapshot.Open(ctx, target, i, snapshot.Options{AllowPartial: o.AllowPartial, Timeout: o.Timeout, Expect: o.Expect, Secrets: o.Secrets})
		if err != nil {
			return nil, errors.Join(err, s.close())
		}
		s.servers, s.marks, s.written = append(s.servers, server), append(s.marks, server.Mark()), append(s.written, map[string]snapshot.Mark{})
		if contents {
			c, err := server.Contents(ctx, false, true)
			if err != nil {
				return nil, errors.Join(fmt.Errorf("reading the users and functions of %s: %w", target.Address(), err), s.close())
			}
			s.began = append(s.began, c)
		}
	}
	return s, nil
}

// close puts back what is not as it was, and ends the connections.
func (s *site) close() error {
	var errs []error
	if s.private == nil {
		errs = append(errs, s.putBack(context.Background(), nil, nil), s.contents(context.Background(), s.began, nil, nil))
	}
	for _, server := range s.servers {
		errs = append(errs, server.Close())
	}
	if s.private != nil {
		errs = append(errs, s.private.Close())
	}
	return errors.Join(errs...)
}

// wrote takes in what tests of a trial have set.
func (s *site) wrote(all []run.Written) {
	for i, w := range all {
		for _, name := range w.Names {
			if i < len(s.marks) {
				s.written[i][name] = w.At
			}
		}
	}
}

// putBack brings the configuration to what it was, but for these parameters, and
// tells which were not. What no test of a trial was seen setting is an error: it is not
// tracetest's to write, and without it a trial says nothing. A server of our own is
// put back whole.
func (s *site) putBack(ctx context.Context, keep []string, touched func(snapshot.Thing)) error {
	var errs []error
	for i, server := range s.servers {
		if snap := server.Sample(ctx); snap.Error != "" {
			errs = append(errs, fmt.Errorf("looking at %s: %s", server.Target().Address(), snap.Error))
			continue
		}
		done := server.Restore(ctx, s.claims(i, keep))
		if done.Wrote != nil && touched != nil {
			for name := range done.Wrote.Values {
				touched(snapshot.Thing{What: "parameter", Name: name})
			}
		}
		if err := done.Err(); err != nil {
			errs = append(errs, err)
		} else if now := server.Mark(); now.RunID() != s.marks[i].RunID() {
			errs = append(errs, s.restarted(ctx, i, now)) // with the same configuration
		}
	}
	return errors.Join(errs...)
}

// claims are what may be restored of a server: on one of our own everything, else what tests of trials
// have set.
func (s *site) claims(i int, keep []string) snapshot.Claims {
	claims := snapshot.Untraced(s.marks[i])
	for name, at := range s.written[i] {
		claims[name] = snapshot.Claim{Set: at, To: s.marks[i]}
	}
	if s.private != nil {
		claims = snapshot.Between(s.marks[i], s.servers[i].Mark())
	}
	for _, name := range keep {
		delete(claims, name)
	}
	return claims
}

// restarted takes in that a server restarted and is as before: from now on that run is meant.
func (s *site) restarted(ctx context.Context, i int, now snapshot.Mark) (err error) {
	s.marks[i], s.written[i] = now, map[string]snapshot.Mark{}
	if i < len(s.began) {
		if s.began[i], err = s.servers[i].Contents(ctx, false, true); err != nil {
			err = fmt.Errorf("reading the users and functions of %s: %w", s.servers[i].Target().Address(), err)
		}
	}
	return err
}

// contents brings what is no configuration back to what it was, and tells what
// had changed.
func (s *site) contents(ctx context.Context, before []snapshot.Contents, keep []string, touched func(snapshot.Thing)) error {
	var errs []error
	for i, c := range before {
		things, err := s.servers[i].PutBack(ctx, c, keep)
		if err != nil {
			errs = append(errs, fmt.Errorf("restoring what was changed on %s: %w", s.servers[i].Target().Address(), err))
		}
		for _, t := range things {
			if touched != nil {
				touched(t)
			}
		}
	}
	return errors.Join(errs...)
}

// ready brings the servers back to what they were.
func (s *site) ready(ctx context.Context, flush bool) error {
	if s.private != nil {
		return nil
	}
	err := s.putBack(ctx, nil, nil)
	if !flush || err != nil {
		return err
	}
	for i, server := range s.servers {
		if bad := server.Forget(ctx, s.marks[i]); bad != nil {
			err = errors.Join(err, fmt.Errorf("flushing %s: %w", server.Target().Address(), bad))
		}
	}
	return errors.Join(err, s.contents(ctx, s.began, nil, nil))
}

// keys counts what the servers hold.
func (s *site) keys(ctx context.Context) (all int64) {
	for _, server := range s.servers {
		if snap := server.Sample(ctx); snap.Counters != nil {
			for _, n := range snap.Counters.Keys {
				all += n
			}
		}
	}
	return all
}

// cutter puts back data, users and functions between the units of a trial.
type cutter struct {
	site   *site
	cut    Cut
	before []snapshot.Contents
	seen   *Outcomes
	out    *Outcome
	err    error
}

func (c *cutter) capture(ctx context.Context) {
	c.before = nil
	for _, s := range c.site.servers {
		contents, err := s.Contents(ctx, c.cut.Data, c.cut.Server)
		if err != nil {
			c.err = errors.Join(c.err, fmt.Errorf("reading what %s holds: %w", s.Target().Address(), err))
			c.before = nil
			return
		}
		c.before = append(c.before, contents)
	}
}

func (c *cutter) putBack(ctx context.Context, after record.Name) {
	err := c.site.contents(ctx, c.before, c.cut.Keep, func(t snapshot.Thing) {
		c.out.Touched = append(c.out.Touched, Touch{What: t.What, Name: t.Name, After: after})
	})
	c.err = errors.Join(c.err, err)
}

// units is run.Options.Units.
func (c *cutter) units(ctx context.Context, ended *record.Ref) {
	if ended == nil {
		c.capture(ctx)
		return
	}
	name, known := c.seen.owners[ended.Owner]
	if !known {
		name = record.Name{Package: ended.Package}
	}
	c.putBack(ctx, name)
}
