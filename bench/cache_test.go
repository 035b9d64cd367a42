package main

import (
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/Yiling-J/theine-go"
	"github.com/dgraph-io/ristretto/v2"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/maypok86/otter/v2"
)

// entry stands for a cached RSA signature: about 700 bytes.
type entry [700]byte

const cost = 1000

// cache is what the signer asks of a library.
type cache struct {
	name string
	get  func(uint64) (*entry, bool)
	set  func(uint64, *entry)
	wait func()
}

func caches(entries int) []cache {
	o := otter.Must(&otter.Options[uint64, *entry]{
		MaximumWeight: uint64(entries * cost),
		Weigher:       func(uint64, *entry) uint32 { return cost },
	})
	r, err := ristretto.NewCache(&ristretto.Config[uint64, *entry]{
		NumCounters: int64(entries) * 10, MaxCost: int64(entries * cost), BufferItems: 64, IgnoreInternalCost: true,
	})
	if err != nil {
		panic(err)
	}
	l, err := lru.New[uint64, *entry](entries)
	if err != nil {
		panic(err)
	}
	t, err := theine.NewBuilder[uint64, *entry](int64(entries * cost)).Build()
	if err != nil {
		panic(err)
	}
	return []cache{
		{"otter", o.GetIfPresent, func(k uint64, e *entry) { o.Set(k, e) }, o.CleanUp},
		{"ristretto", r.Get, func(k uint64, e *entry) { r.Set(k, e, cost) }, r.Wait},
		{"theine", t.Get, func(k uint64, e *entry) { t.Set(k, e, cost) }, t.Wait},
		{"golang-lru", l.Get, func(k uint64, e *entry) { l.Add(k, e) }, func() {}},
	}
}

// BenchmarkHit reads 10,000 hot signatures, one core after the other and all at
// once.
func BenchmarkHit(b *testing.B) {
	const hot = 10_000
	for _, c := range caches(2 * hot) {
		for k := range uint64(hot) {
			c.set(k, &entry{})
			if k%100 == 0 {
				c.wait()
			}
		}
		c.wait()
		b.Run(c.name+"/serial", func(b *testing.B) {
			b.ReportAllocs()
			k := uint64(0)
			for b.Loop() {
				k = (k + 7919) % hot
				c.get(k)
			}
		})
		b.Run(c.name+"/parallel", func(b *testing.B) {
			b.ReportAllocs()
			b.SetParallelism(8)
			b.RunParallel(func(pb *testing.PB) {
				k := rand.Uint64N(hot)
				for pb.Next() {
					k = (k + 7919) % hot
					c.get(k)
				}
			})
		})
	}
}

// BenchmarkRatio reports how many reads hit when a tenth of the distinct links
// fit, with a Zipf distribution and with a flood of links seen only once beside
// it, as a visitor could cause.
func BenchmarkRatio(b *testing.B) {
	const fit = 5_000
	for _, flood := range []bool{false, true} {
		for _, c := range caches(fit) {
			name := c.name + "/zipf"
			if flood {
				name = c.name + "/flooded"
			}
			b.Run(name, func(b *testing.B) {
				z := rand.NewZipf(rand.New(rand.NewPCG(1, 2)), 1.1, 10, 10*fit)
				var hits, reads int64
				var once atomic.Uint64
				once.Store(1 << 40)
				for b.Loop() {
					k := z.Uint64()
					reads++
					if _, ok := c.get(k); ok {
						hits++
					} else {
						c.set(k, &entry{})
					}
					if flood {
						c.set(once.Add(1), &entry{})
					}
				}
				b.ReportMetric(100*float64(hits)/float64(reads), "%hits")
			})
		}
	}
}
