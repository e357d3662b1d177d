package run

import (
	"context"
	"slices"
	"sync"
	"time"

	"tracetest/internal/record"
	"tracetest/internal/rediscmd"
)

// snapshot samples all servers at once, but for those that it must stay out of, and takes in
// what that shows.
func (w *watcher) snapshot(ctx context.Context, stays func(server int) bool) []record.Snapshot {
	snaps := w.sample(ctx, stays)
	w.seen(ctx, snaps)
	return snaps
}

// sample asks all servers at once, but for those that it must stay out of. Where the answers are
// as before, who waits may go on while they are taken in.
func (w *watcher) sample(ctx context.Context, stays func(server int) bool) []record.Snapshot {
	snaps := make([]record.Snapshot, 0, len(w.servers))
	for i := range w.servers {
		if !stays(i) {
			snaps = append(snaps, record.Snapshot{Server: i})
			delete(w.aloof.away, i)
		}
	}
	var all sync.WaitGroup
	for i := range snaps {
		if ask := func() { snaps[i] = w.servers[snaps[i].Server].Sample(ctx) }; len(snaps) > 1 {
			all.Go(ask)
		} else {
			ask()
		}
	}
	all.Wait()
	w.look()
	for _, snap := range snaps {
		w.ahead.seen(snap, w.counted[snap.Server])
	}
	return snaps
}

// seen takes snapshots into the ledgers of their servers, when it is known who was open.
func (w *watcher) seen(ctx context.Context, snaps []record.Snapshot) {
	if len(snaps) == 0 {
		return
	}
	w.passed(ctx)
	for _, snap := range snaps {
		i := snap.Server
		mark := w.servers[i].Mark()
		if snap.RunID != "" {
			w.runIDs[i], w.initial[i] = snap.RunID, mark
		}
		if snap.Counters != nil {
			w.counted[i] = snap.Counters
		}
		w.ledgers[i].snap(snap, mark, w.witness(ctx, i))
	}
}

// witness says what is known of the snapshot that was just taken.
func (w *watcher) witness(ctx context.Context, i int) witness {
	active := w.open.Active()
	traced, _ := w.p.Trace()
	return witness{
		owned: w.p.o.Owned && i < len(w.p.o.Targets), traced: traced, present: w.open.Present,
		held:  w.p.barrier != nil && len(active) > 0 && !slices.ContainsFunc(active, func(r record.Ref) bool { return r.Process == 0 }),
		other: func() bool { return w.other(ctx, i) },
	}
}

// other reports whether a client of a server may have set a parameter since the last snapshot that
// is none of the tests': it was there before them. Where nobody can say, it may.
func (w *watcher) other(ctx context.Context, i int) bool {
	list, err := w.servers[i].Clients(ctx)
	return err != nil || slices.ContainsFunc(list, func(c record.Client) bool {
		sets := c.Command == "" || rediscmd.Named(c.Command).Changes&rediscmd.Config != 0
		return sets && time.Duration(c.Age)*time.Second > time.Since(w.greeted)+time.Second &&
			time.Duration(c.Idle)*time.Second <= time.Since(w.ledgers[i].seen)+time.Second
	})
}
