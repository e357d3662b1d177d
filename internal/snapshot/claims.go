package snapshot

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tracetest/internal/record"
	"tracetest/internal/rediscli"
	"tracetest/internal/redisconf"
)

// Claims say what may be written back to a server, by parameter. They are all that gives
// tracetest the right to write to one.
type Claims map[string]Claim

// A Claim says of one parameter from whom it is known that it may be written back.
type Claim struct {
	Set Mark       // has what it was set to: if it is anything else by now, somebody else has set it
	To  Mark       // has what it goes back to
	Why record.Why // why it is to be left alone all the same; empty: it is not
}

// Between claims everything in which two marks differ: it was set to what the one says, and goes back
// to the other. A parameter that only one of them has belongs to another version of the server.
func Between(to, set Mark) Claims {
	claims := Claims{}
	for name, value := range set.values() {
		if was, known := to.values()[name]; known && was != value {
			claims[name] = Claim{Set: set, To: to}
		}
	}
	return claims
}

// Untraced claims that a server is to be as a mark says, and that nothing of it is known to be
// anybody's: each difference is left alone.
func Untraced(to Mark) Claims {
	claims := Claims{}
	for name := range to.values() {
		claims[name] = Claim{To: to, Why: record.WhyUntraced}
	}
	return claims
}

// Asked claims values that somebody asks for, of a server as it is now. It leaves out what the
// server does not know, and takes of each parameter the name that the server gives it.
func (s *Server) Asked(values map[string]string) Claims {
	now := s.Mark()
	config := maps.Clone(now.values())
	for parameter, value := range values {
		name := reported(config, strings.TrimSpace(parameter))
		config[name] = redisconf.Normalize(name, value)
	}
	return Between(NewMark(config, now.runID), now)
}

// Allowed says what of these may be written to a server as it is now, and why the rest of what is not
// as it should be may not: a role is never written, nothing of another run of the server, and
// nothing over what somebody else has set since.
func (c Claims) Allowed(now Mark) (names []string, left map[string]record.Why) {
	left = map[string]record.Why{}
	for _, name := range slices.Sorted(maps.Keys(c)) {
		claim := c[name]
		to, known := claim.To.values()[name]
		value, there := now.values()[name]
		switch set := claim.Set.values(); {
		case !known || !there || value == to:
		case redisconf.IsRole(name):
			left[name] = record.WhyRole
		case claim.To.runID != now.runID:
			left[name] = record.WhyRestarted
		case claim.Why != "":
			left[name] = claim.Why
		case claim.Set.runID != now.runID || set[name] != value:
			left[name] = record.WhyOthers
		default:
			names = append(names, name)
		}
	}
	return names, left
}

// Restored is what came of a restore.
type Restored struct {
	// Wrote is what was written and whether it reads back; nil where nothing was to be.
	Wrote *record.Restore
	// Left are parameters that are not as claimed and were not to be written, and why.
	Left    map[string]record.Why
	address string
	command string // restores what is left, by hand
}

// restored says, as of the last snapshot, what came of claims.
func (s *Server) restored(claims Claims, wrote *record.Restore) Restored {
	s.mu.Lock()
	defer s.mu.Unlock()
	done := Restored{Wrote: wrote, address: s.target.address}
	_, done.Left = claims.Allowed(s.mark())
	values := map[string]string{}
	for name := range done.Left {
		if !redisconf.IsRole(name) && !redisconf.Of(name).Fixed {
			values[name] = claims[name].To.values()[name]
		}
	}
	if len(values) > 0 {
		done.command = rediscli.Restore(s.target.CLI(), s.hideAll(values), s.together)
	}
	return done
}

// ErrAnother says that a server is not the one that is meant: it restarted, or another one
// has its address by now.
var ErrAnother = errors.New("it restarted, or another server has its address by now")

// Err says what is not as claimed, with the command that restores it; nil where all is. A role has no
// such command.
func (r Restored) Err() error {
	if r.Wrote != nil && r.Wrote.Error != "" {
		return fmt.Errorf("restoring what was changed on %s: %s", r.address, r.Wrote.Error)
	}
	var names []string
	another := false
	for _, name := range slices.Sorted(maps.Keys(r.Left)) {
		if why := r.Left[name]; why != record.WhyRole {
			names = append(names, name)
			another = another || why == record.WhyRestarted
		}
	}
	switch all := strings.Join(names, ", "); {
	case len(r.Left) == 0:
		return nil
	case len(names) == 0:
		return fmt.Errorf("%s: %w", r.address, ErrRole)
	case another:
		return fmt.Errorf("%s: %w, and is not as before: %s", r.address, ErrAnother, all)
	case r.command == "":
		return fmt.Errorf("%s is not as before: %s; no test was seen setting that, so tracetest leaves it alone", r.address, all)
	default:
		return fmt.Errorf("%s is not as before: %s; no test was seen setting that, so tracetest leaves it alone. Restore it first:\n  %s", r.address, all, r.command)
	}
}
