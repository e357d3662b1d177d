package rerun

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tracetest/internal/rediscli"
	"tracetest/internal/redisconf"
)

// Since says in which parameters the servers differ from what they were at some
// earlier time, by address, with the command that restores that. It is nil
// where they do not. Where there is just one server, then and now, it may have another address.
func (r *Runner) Since(was map[string]map[string]string) error {
	if r.site == nil {
		return nil
	}
	for _, h := range r.site.servers {
		before, known := was[h.Target().Address()]
		if !known && len(was) == 1 && len(r.site.servers) == 1 {
			for _, before = range was {
			}
		}
		if err := h.since(before); err != nil {
			return err
		}
	}
	return nil
}

// since compares a server with what it was. Secrets are not compared, nor what two servers
// that are alike differ in: where they keep their files, listen and log.
func (h *held) since(before map[string]string) error {
	now := h.Shown()
	values := map[string]string{}
	var differ, fixed []string
	for _, name := range slices.Sorted(maps.Keys(before)) {
		value, there := now[name]
		if redisconf.IsRole(name) && there && value != before[name] {
			return fmt.Errorf("%s has another master than when the suite of the record began: leave --from away", h.Target().Address())
		}
		if !there || value == before[name] || redisconf.Of(name).Place || strings.HasPrefix(value, "(hidden") || strings.HasPrefix(before[name], "(hidden") {
			continue
		}
		differ = append(differ, fmt.Sprintf("%s is %q and was %q", name, value, before[name]))
		if redisconf.Of(name).Fixed {
			fixed = append(fixed, name+" "+before[name])
		} else {
			values[name] = before[name]
		}
	}
	if len(differ) == 0 {
		return nil
	}
	cure := "Restore that first"
	if len(fixed) > 0 {
		cure = "Start it with " + strings.Join(fixed, ", ")
		if len(values) > 0 {
			cure += " and restore the rest"
		}
	}
	text := fmt.Sprintf("%s is not as it was when the suite of the record began: %s. %s, or leave --from away", h.Target().Address(), strings.Join(differ, ", "), cure)
	if len(values) > 0 {
		text += ":\n  " + rediscli.Restore(h.Target().CLI(), values, false)
	}
	return errors.New(text)
}
