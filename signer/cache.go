package signer

import (
	"hash/maphash"
	"sync/atomic"
	"unsafe"

	"github.com/maypok86/otter/v2"
)

// Cache keeps signatures, so that each is made once in its window. It is
// bounded in bytes and safe for concurrent use by any number of issuers. What
// it keeps depends on the keys and policies only, never on which values of
// [Issuer] or [Key] were used: it may outlive them.
type Cache struct {
	entries *otter.Cache[uint64, *entry]
}

// entry is the signatures of one text for one spec.
type entry struct {
	spec
	text string
	wild bool
	slot atomic.Pointer[signature]
}

type signature struct {
	expires int64
	query   string
}

// NewCache returns a cache that takes up at most maxBytes of memory, or about
// so: what the entries need is counted, the bookkeeping is estimated.
func NewCache(maxBytes int64) *Cache {
	return &Cache{entries: otter.Must(&otter.Options[uint64, *entry]{
		MaximumWeight: uint64(max(maxBytes, 0)),
		Weigher:       func(_ uint64, e *entry) uint32 { return e.cost() },
	})}
}

// Close ends the work in the background.
func (c *Cache) Close() {}

func (e *entry) cost() uint32 {
	return uint32(int(unsafe.Sizeof(entry{})+unsafe.Sizeof(signature{})) + len(e.text) + len(e.slot.Load().query) + 128)
}

func (p *plan) sumText(text string, wild bool) uint64 {
	h := maphash.String(seed, text) ^ p.hash
	if wild {
		h = ^h
	}
	return h
}

func (c *Cache) get(p *plan, text string, wild bool) (string, bool) {
	if c == nil {
		return "", false
	}
	e, ok := c.entries.GetIfPresent(p.sumText(text, wild))
	if !ok || e.text != text || e.wild != wild || e.spec != p.spec {
		return "", false
	}
	s := e.slot.Load()
	return s.query, s.expires == p.expires
}

// job is a signature to be made.
type job struct {
	spec
	key     *Key
	hash    uint64
	text    string
	wild    bool
	expires int64
	query   string
	err     error
	done    chan struct{}
}

func (p *plan) job(text string, wild bool) *job {
	return &job{spec: p.spec, key: p.key, hash: p.sumText(text, wild), text: text, wild: wild, expires: p.expires, done: make(chan struct{})}
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

func (c *Cache) sign(jobs []*job) {
	for _, j := range jobs {
		p := j.policy()
		if j.query, j.err = j.key.query(p, p.Canned() && !j.custom); j.err != nil || c == nil {
			continue
		}
		e := &entry{spec: j.spec, text: j.text, wild: j.wild}
		e.slot.Store(&signature{j.expires, j.query})
		c.entries.Set(j.hash, e)
	}
}
