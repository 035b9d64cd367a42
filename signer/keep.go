package signer

import (
	"slices"
	"time"
)

// turn is what is known of the current window of a grid.
type turn struct {
	expires int64    // the end of its signatures
	keys    []uint64 // the entries used in it, and not yet signed for the next
}

// over is the last moment of the window.
func (t *turn) over(g grid) time.Time { return time.Unix(t.expires-g.ttl, 0) }

// sweepInterval is how often the cache is searched for what is over.
const sweepInterval = time.Minute

// use notes that an entry is used in the window whose signatures end at
// expires, so that it will be signed for the next.
func (c *Cache) use(e *entry, hash uint64, expires int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.used.Load() >= expires {
		return
	}
	e.used.Store(expires)
	if e.grid.size <= 1 {
		return // there are no windows
	}
	t := c.turns[e.grid]
	if t == nil {
		t = &turn{expires: expires}
		c.turns[e.grid] = t
	}
	if t.expires < expires {
		t.expires, t.keys = expires, nil
	}
	// More keys than fit into the cache say that it is too small for what is
	// used: most of their entries are gone already.
	if t.expires == expires && int64(len(t.keys)) < c.maxBytes.Load()/entryOverhead {
		t.keys = append(t.keys, hash)
	}
	c.wake()
}

// wake makes the goroutine in the background look at what there is to do. The
// caller holds the lock.
func (c *Cache) wake() {
	select {
	case <-c.closed:
		return
	default:
	}
	if c.keeper == nil {
		c.keeper = make(chan struct{}, 1)
		c.ended.Go(func() { c.keep(c.keeper) })
		return
	}
	select {
	case c.keeper <- struct{}{}:
	default:
	}
}

// keep works in the background until the cache is closed, or has nothing left
// to look after.
func (c *Cache) keep(woken <-chan struct{}) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	swept := time.Now()
	for {
		now := time.Now()
		if now.Sub(swept) >= sweepInterval {
			c.sweep(now)
			swept = now
		}
		d := c.due(now)
		busy := d.hash != 0
		switch {
		case !busy && c.idle():
			return
		case busy && c.renew(d):
			took := time.Since(now)
			c.took(took)
			// Never more than half of a processor.
			d.pause = max(d.pause-took, took)
		case busy:
			d.pause = 0
		default:
			d.pause = min(d.pause, swept.Add(sweepInterval).Sub(now))
		}
		timer.Reset(d.pause)
		wake := woken
		if busy {
			wake = nil // the pause is the pace
		}
		select {
		case <-timer.C:
		case <-wake:
		case <-c.closed:
			return
		}
	}
}

// idle ends the work in the background if there is nothing to look after.
func (c *Cache) idle() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.turns) > 0 || c.entries.EstimatedSize() > 0 {
		return false
	}
	c.keeper = nil
	return true
}

// task is an entry to be signed for its coming window.
type task struct {
	hash    uint64 // 0 when nothing is due
	grid    grid
	expires int64         // the end of the signature to be made
	pause   time.Duration // before the next task
}

// took notes how long a signature took, for when to begin.
func (c *Cache) took(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.effort += (d - c.effort) / 8
}

// due returns the next task: of the window that turns first, with a pause after
// which all tasks that are known by now will be done in time. The work of a
// window begins at its middle, or sooner if that is too late for half of a
// processor.
func (c *Cache) due(now time.Time) task {
	c.mu.Lock()
	defer c.mu.Unlock()
	wait := sweepInterval
	var grids []grid
	for g, t := range c.turns {
		left := t.over(g).Sub(now)
		begins := left - max(time.Duration(g.size)*time.Second/2, 5*c.effort*time.Duration(len(t.keys))/2)
		switch {
		case left <= 0:
			delete(c.turns, g)
		case begins > 0:
			wait = min(wait, begins)
		case len(t.keys) == 0:
			wait = min(wait, left)
		default:
			grids = append(grids, g)
		}
	}
	if len(grids) == 0 {
		return task{pause: wait}
	}
	slices.SortFunc(grids, func(a, b grid) int {
		return c.turns[a].over(a).Compare(c.turns[b].over(b))
	})
	first := c.turns[grids[0]]
	d := task{hash: first.keys[0], grid: grids[0], expires: first.expires + grids[0].size, pause: time.Second}
	tasks := 0
	for _, g := range grids {
		t := c.turns[g]
		tasks += len(t.keys)
		// A fifth of the time is left for what is yet to be asked for.
		d.pause = min(d.pause, t.over(g).Sub(now)*4/5/time.Duration(tasks))
	}
	first.keys = first.keys[1:]
	return d
}

// renew signs an entry for its coming window, and reports whether there was
// anything to do.
func (c *Cache) renew(d task) bool {
	found, ok := c.entries.GetEntryQuietly(d.hash)
	if !ok || found.Value.grid != d.grid {
		return false
	}
	e := found.Value
	j := c.board(&job{
		spec: e.spec, cache: c, key: e.key, hash: d.hash,
		text: e.text, wild: e.wild, expires: d.expires, ahead: true, done: make(chan struct{}),
	})
	if !signing.take(j) {
		return false
	}
	j.run()
	return true
}
