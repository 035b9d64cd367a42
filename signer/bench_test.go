package signer

import (
	"crypto"
	"fmt"
	"testing"
	"time"
)

// hotLinks returns an issuer and requests for links that it may sign.
func hotLinks(b *testing.B, private crypto.Signer, links int, cache *Cache) ([]*Issuer, []Request) {
	is := testIssuer(b, private, "https://cdn.example.com/private/*")
	is.Cache = cache
	reqs := make([]Request, links)
	for i := range reqs {
		reqs[i].URL = fmt.Sprintf("https://cdn.example.com/private/images/2026/picture-%06d.jpg?v=%d", i, i%7)
	}
	return []*Issuer{is}, reqs
}

// BenchmarkWarmPage signs the 100 links of a page whose signatures are cached.
func BenchmarkWarmPage(b *testing.B) {
	for _, scope := range []Scope{ScopeLink, ScopeDirectory, ScopeResource} {
		b.Run(string(scope), func(b *testing.B) {
			cache := NewCache(DefaultCacheSize)
			defer cache.Close()
			issuers, reqs := hotLinks(b, ecKey, 100, cache)
			issuers[0].Scope = scope
			now := time.Now()
			Sign(issuers, reqs, now)
			b.ReportAllocs()
			for b.Loop() {
				Sign(issuers, reqs, now)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100, "ns/link")
		})
	}
}

func BenchmarkWarmPageParallel(b *testing.B) {
	cache := NewCache(DefaultCacheSize)
	defer cache.Close()
	issuers, reqs := hotLinks(b, ecKey, 100, cache)
	now := time.Now()
	Sign(issuers, reqs, now)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		_, reqs := hotLinks(b, ecKey, 100, nil)
		for pb.Next() {
			Sign(issuers, reqs, now)
		}
	})
}

// BenchmarkColdPage signs the 100 links of a page that nobody has seen.
func BenchmarkColdPage(b *testing.B) {
	for name, private := range map[string]crypto.Signer{"RSA": rsaKey, "EC": ecKey} {
		b.Run(name, func(b *testing.B) {
			issuers, reqs := hotLinks(b, private, 100, nil)
			now := time.Now()
			for b.Loop() {
				Sign(issuers, reqs, now)
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/100, "µs/link")
		})
	}
}

func BenchmarkKeySign(b *testing.B) {
	for name, private := range map[string]crypto.Signer{"RSA": rsaKey, "EC": ecKey} {
		b.Run(name, func(b *testing.B) {
			key := testKey(b, private, SHA256)
			policy := Policy{Resource: "https://cdn.example.com/private/a.jpg", Expires: 1767290400}.Append(nil)
			for b.Loop() {
				if _, err := key.Sign(policy); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCanonical(b *testing.B) {
	for name, url := range map[string]string{
		"canonical": "https://cdn.example.com/private/images/2026/picture-000017.jpg?v=3",
		"encoded":   "https://cdn.example.com/private/images/2026/picture ü.jpg?v=3",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := Canonical(url); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
