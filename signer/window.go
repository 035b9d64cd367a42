package signer

import (
	"hash/fnv"
	"time"
)

// Window says how long signatures live, and rounds their ends up to a grid so
// that the same link has the same signature for a while, on every node of a
// fleet. The grid has whole seconds.
type Window struct {
	// TTL is the time for which a signature is valid at least. Fractions of a
	// second are rounded up.
	TTL time.Duration
	// Size is the distance of the grid's points, and so the time for which a
	// link keeps its signature. Zero means no grid: a signature then changes
	// with each second.
	Size time.Duration
	// Backdate gives signatures a start, which is so much before their window
	// began; zero means that they have none. It makes up for viewers' requests
	// that reach an edge with a slow clock.
	Backdate time.Duration
}

// Bounds returns the start and the end, in Unix seconds, of the signatures that
// are issued at the moment now; the start is 0 when there is none. They live for
// at least TTL, and for less than TTL and Size together.
//
// The grid is shifted by an amount that depends on offsetKey only, so that
// resources with different keys don't change their signatures all at once.
func (w Window) Bounds(offsetKey string, now time.Time) (starts, expires int64) {
	return w.grid(offsetKey).bounds(now)
}

func (w Window) grid(offsetKey string) grid {
	g := grid{ttl: ceilSeconds(w.TTL), size: max(int64(w.Size/time.Second), 1), backdate: ceilSeconds(w.Backdate)}
	if g.size > 1 {
		h := fnv.New64a()
		h.Write([]byte(offsetKey))
		g.offset = int64(h.Sum64() % uint64(g.size))
	}
	return g
}

// grid is a Window in whole seconds with its offset.
type grid struct{ ttl, size, offset, backdate int64 }

func (g grid) bounds(now time.Time) (starts, expires int64) {
	end := now.Unix() + g.ttl
	if now.Nanosecond() > 0 {
		end++
	}
	expires = end + mod(g.offset-end, g.size)
	return g.starts(expires), expires
}

// starts returns the start of the signatures that end at expires.
func (g grid) starts(expires int64) int64 {
	if g.backdate == 0 {
		return 0
	}
	return expires - g.ttl - g.size - g.backdate
}

func mod(a, b int64) int64 { return ((a % b) + b) % b }

func ceilSeconds(d time.Duration) int64 {
	return int64((d + time.Second - 1) / time.Second)
}
