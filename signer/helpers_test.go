package signer

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"net/netip"
	"testing"
	"time"
)

// Keys are made anew for each run: nothing may depend on a particular one.
var (
	rsaKey = must(rsa.GenerateKey(rand.Reader, 2048))
	ecKey  = must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func testKey(t testing.TB, private crypto.Signer, hash Hash) *Key {
	t.Helper()
	key, err := NewKey("K2JCJMDEHXQW5F", private, hash)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func testIssuer(t testing.TB, private crypto.Signer, resources ...string) *Issuer {
	t.Helper()
	is := &Issuer{
		Key:    testKey(t, private, SHA256),
		Window: Window{TTL: time.Hour, Size: 15 * time.Minute},
	}
	for _, r := range resources {
		is.Resources = append(is.Resources, Resource{Pattern: pattern(t, r)})
	}
	return is
}

func pattern(t testing.TB, s string) Pattern {
	t.Helper()
	p, err := ParsePattern(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }
