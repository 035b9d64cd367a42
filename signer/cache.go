package signer

import (
	"fmt"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
)

// Cache keeps signatures, so that each is made once in its window. It is
// bounded in bytes and safe for concurrent use by any number of issuers.
//
// What it keeps depends on keys and policies only, never on which values of
// [Key] or [Issuer] asked for it: it may outlive them, and whoever signs the
// same with the same key finds it. It holds on to the key for as long; a key
// that is not to be used any more has to be forgotten.
//
// Links that were signed in a window are signed for the next one in the
// background before that begins, so that no request has to wait when it does.
// That work is spread over the second half of the window, or over more of it if
// there is much to do, and takes at most half of one processor. Signatures whose
// window is over leave within a minute.
type Cache struct {
	entries *otter.Cache[uint64, *entry]

	mu      sync.Mutex
	flights map[flight]*job // signatures being made
	turns   map[grid]*turn
	effort  time.Duration // that a signature in advance takes, on the average
	keeper  chan struct{} // wakes the goroutine in the background; nil when there is none
	closed  chan struct{}
	ended   sync.WaitGroup

	maxBytes                 atomic.Int64
	hits, misses, made, kept atomic.Uint64
}

// entry is the signatures of one text for one spec, of the current window and
// of the next or the last. They share an entry so that what is popular stays
// so, for the cache's choice of what to evict, when the window turns.
type entry struct {
	spec
	key  *Key
	text string
	wild bool
	used atomic.Int64 // the end of the signature that was asked for last
	slot [2]atomic.Pointer[signature]
}

type signature struct {
	expires int64
	query   string
}

type flight struct {
	hash    uint64
	expires int64
}

// DefaultCacheSize is a size, in bytes, that holds some 50,000 signatures of an
// RSA key.
const DefaultCacheSize = 64 << 20

// NewCache returns a cache that takes up at most about maxBytes of memory. Not
// more than that, but somewhat less than it may, since each entry is counted
// with room for the signatures of two windows.
func NewCache(maxBytes int64) *Cache {
	c := &Cache{
		entries: otter.Must(&otter.Options[uint64, *entry]{
			MaximumWeight: uint64(max(maxBytes, 1)),
			Weigher:       func(_ uint64, e *entry) uint32 { return e.cost() },
		}),
		flights: make(map[flight]*job),
		turns:   make(map[grid]*turn),
		effort:  2 * time.Millisecond, // an RSA key's, until it is measured
		closed:  make(chan struct{}),
	}
	c.maxBytes.Store(maxBytes)
	return c
}

// Resize changes the memory that the cache may take up.
func (c *Cache) Resize(maxBytes int64) {
	c.maxBytes.Store(maxBytes)
	c.entries.SetMaximum(uint64(max(maxBytes, 1)))
}

// Close ends the work in the background and waits for its end. A closed cache
// still answers, but signs nothing in advance.
func (c *Cache) Close() {
	c.mu.Lock()
	select {
	case <-c.closed:
	default:
		close(c.closed)
	}
	c.mu.Unlock()
	c.ended.Wait()
}

// Forget removes all signatures of a key, and those of equal ones, so that the
// cache neither returns nor renews them and lets go of the private key.
// Signatures that are being made at that moment are not kept.
func (c *Cache) Forget(key *Key) {
	c.mu.Lock()
	for _, j := range c.flights {
		if j.fingerprint == key.fingerprint {
			j.forgotten = true
		}
	}
	c.mu.Unlock()
	for hash, e := range c.entries.All() {
		if e.fingerprint == key.fingerprint {
			c.entries.Invalidate(hash)
		}
	}
	c.entries.CleanUp()
}

// CacheStats are figures of a cache, the counts since it was made.
type CacheStats struct {
	Entries int    // links, policies and cookies that it holds
	Bytes   uint64 // memory that they are counted with
	Hits    uint64 // signatures that it held when they were asked for
	Misses  uint64 // signatures that had to be made, or were being made already
	Made    uint64 // signatures made because they were asked for
	Kept    uint64 // signatures made in advance, for the next window
}

// Stats returns the figures of the moment.
func (c *Cache) Stats() CacheStats {
	return CacheStats{
		Entries: c.entries.EstimatedSize(),
		Bytes:   c.entries.WeightedSize(),
		Hits:    c.hits.Load(),
		Misses:  c.misses.Load(),
		Made:    c.made.Load(),
		Kept:    c.kept.Load(),
	}
}

// entryOverhead is what an entry needs beside its text and its signatures: the
// struct, the library's node and its share of the hash table and of the sketch.
// TestCacheMemory measures it.
const entryOverhead = 384

func (e *entry) cost() uint32 {
	query := 0
	for i := range e.slot {
		if s := e.slot[i].Load(); s != nil {
			query = max(query, len(s.query))
		}
	}
	return uint32(entryOverhead + len(e.text) + 2*query)
}

// sumText is the key of a text signed by plan.
func (p *plan) sumText(text string, wild bool) uint64 {
	h := maphash.String(seed, text) ^ p.hash
	if wild {
		h = ^h
	}
	return h
}

func (e *entry) is(s *spec, text string, wild bool) bool {
	return e.text == text && e.wild == wild && e.spec == *s
}

// at returns the signature that ends at expires.
func (e *entry) at(expires int64) (string, bool) {
	for i := range e.slot {
		if s := e.slot[i].Load(); s != nil && s.expires == expires {
			return s.query, true
		}
	}
	return "", false
}

// get returns a signature that the cache holds.
func (c *Cache) get(p *plan, text string, wild bool) (string, bool) {
	if c == nil {
		return "", false
	}
	hash := p.sumText(text, wild)
	e, ok := c.entries.GetIfPresent(hash)
	if !ok || !e.is(&p.spec, text, wild) {
		return "", false
	}
	query, ok := e.at(p.expires)
	if ok && e.used.Load() < p.expires {
		c.use(e, hash, p.expires)
	}
	return query, ok
}

// job is a signature to be made.
type job struct {
	spec
	cache    *Cache // to keep it in; may be nil
	key      *Key
	hash     uint64
	text     string
	wild     bool
	expires  int64
	ahead    bool // nobody asked for it yet
	inFlight bool // others may find it in cache.flights
	taken    bool // guarded by the gate
	done     chan struct{}

	forgotten bool // not to be kept; guarded by the cache's lock

	// The results, once done is closed.
	query string
	err   error
}

// job returns the job for a text, which it keeps.
func (p *plan) job(c *Cache, text string, wild bool) *job {
	return &job{
		spec: p.spec, cache: c, key: p.key, hash: p.sumText(text, wild),
		text: text, wild: wild, expires: p.expires, done: make(chan struct{}),
	}
}

func (j *job) policy() Policy {
	p := Policy{Resource: "http:" + j.text, Expires: j.expires, Starts: j.grid.starts(j.expires), IP: j.ip}
	if j.https {
		p.Resource = "https:" + j.text
	}
	if j.wild {
		p.Resource += "*"
	}
	return p
}

// board returns the job that j has become: itself, or another for the same
// signature that is on its way or just done.
func (c *Cache) board(j *job) *job {
	if c == nil {
		return j
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	at := flight{j.hash, j.expires}
	if other, ok := c.flights[at]; ok {
		if other.text == j.text && other.wild == j.wild && other.spec == j.spec {
			return other
		}
		return j
	}
	if e, ok := c.entries.GetIfPresent(j.hash); ok && e.is(&j.spec, j.text, j.wild) {
		if query, ok := e.at(j.expires); ok {
			j.query, j.taken = query, true
			close(j.done)
			return j
		}
	}
	c.flights[at] = j
	j.inFlight = true
	return j
}

// run makes the signature of a job that the gate has given out.
func (j *job) run() {
	defer close(j.done)
	j.query, j.err = j.sign()
	if c := j.cache; c != nil {
		c.land(j)
	}
}

func (j *job) sign() (query string, err error) {
	// A private key may be a module of somebody else's. On a goroutine of ours
	// its panic would end the process, not only the request.
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("signing with key %s: panic: %v", j.key.id, r)
		}
	}()
	p := j.policy()
	return j.key.query(p, p.Canned() && !j.custom)
}

// land keeps the result of a job.
func (c *Cache) land(j *job) {
	c.mu.Lock()
	if j.inFlight {
		delete(c.flights, flight{j.hash, j.expires})
	}
	var e *entry
	if j.err == nil && !j.forgotten {
		s := &signature{j.expires, j.query}
		var ok bool
		if e, ok = c.entries.GetIfPresent(j.hash); ok && e.is(&j.spec, j.text, j.wild) {
			e.put(s)
		} else {
			e = &entry{spec: j.spec, key: j.key, text: j.text, wild: j.wild}
			e.put(s)
			c.entries.Set(j.hash, e)
		}
	}
	c.wake()
	c.mu.Unlock()
	switch {
	case e == nil:
	case j.ahead:
		c.kept.Add(1)
	default:
		c.made.Add(1)
		c.use(e, j.hash, j.expires)
	}
}

// put takes the place of the older signature. Callers hold the cache's lock.
func (e *entry) put(s *signature) {
	a, b := e.slot[0].Load(), e.slot[1].Load()
	if a == nil || b != nil && a.expires < b.expires {
		e.slot[0].Store(s)
	} else {
		e.slot[1].Store(s)
	}
}

// sweep removes the entries whose last window is over.
func (c *Cache) sweep(now time.Time) {
	for hash, e := range c.entries.All() {
		newest := int64(0)
		for i := range e.slot {
			if s := e.slot[i].Load(); s != nil {
				newest = max(newest, s.expires)
			}
		}
		if newest-e.grid.ttl < now.Unix() {
			c.entries.Invalidate(hash)
		}
	}
}
