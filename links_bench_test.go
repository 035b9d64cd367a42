package cloudfront

import (
	"bytes"
	"context"
	"crypto"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

// benchPage is a page of about 95 KB with so many links.
func benchPage(n int) []byte {
	var b bytes.Buffer
	b.WriteString("<!doctype html><html><body>")
	filler := strings.Repeat("<p class=\"text\" title=\"a\">Lorem ipsum dolor sit amet.</p>\n", 1)
	for i := range max(n, 1) {
		if n > 0 {
			fmt.Fprintf(&b, "<img src=\"https://cdn.example.com/private/media/%06d.jpg\" alt=\"\">\n", i)
		}
		for part := 0; part < 95_000/max(n, 1); part += len(filler) {
			b.WriteString(filler)
		}
	}
	return b.Bytes()
}

// nowhere is a connection that takes everything.
type nowhere struct{ header http.Header }

func (w *nowhere) Header() http.Header         { return w.header }
func (w *nowhere) WriteHeader(int)             {}
func (w *nowhere) Write(p []byte) (int, error) { return len(p), nil }

// BenchmarkLinks measures one response through the handler, its signatures
// warm: no network and no proxy.
func BenchmarkLinks(b *testing.B) {
	for _, scope := range []string{"link", "directory", "resource"} {
		for _, n := range []int{0, 20, 100, 200} {
			b.Run(fmt.Sprintf("scope=%s/links=%d", scope, n), func(b *testing.B) { benchmarkLinks(b, scope, benchPage(n)) })
		}
	}
}

// BenchmarkLinksStreamed measures a body that is too long to be held.
func BenchmarkLinksStreamed(b *testing.B) {
	for _, n := range []int{0, 20, 200} {
		b.Run(fmt.Sprintf("links=%d", n), func(b *testing.B) { benchmarkLinks(b, "resource", bytes.Repeat(benchPage(n), 200)) })
	}
}

func benchmarkLinks(b *testing.B, scope string, page []byte) {
	links := benchHandler(b, signer.Scope(scope))
	next := caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		for rest := page; len(rest) > 0; {
			part := rest[:min(32<<10, len(rest))]
			if _, err := w.Write(part); err != nil {
				return err
			}
			rest = rest[len(part):]
		}
		return nil
	})
	r := httptest.NewRequest(http.MethodGet, "http://app.example.com/", nil)
	r = r.WithContext(context.WithValue(r.Context(), caddy.ReplacerCtxKey, caddyhttp.NewTestReplacer(r)))
	r = r.WithContext(context.WithValue(r.Context(), caddyhttp.VarsCtxKey, map[string]any{}))
	serve := func() {
		if err := links.ServeHTTP(&nowhere{make(http.Header)}, r, next); err != nil {
			b.Fatal(err)
		}
	}
	serve() // the first one signs
	b.SetBytes(int64(len(page)))
	b.ReportAllocs()
	for b.Loop() {
		serve()
	}
}

// benchHandler is a handler as Provision leaves it, for a key that is at hand.
func benchHandler(b *testing.B, scope signer.Scope) *Links {
	cache := signer.NewCache(defaultCacheSize)
	b.Cleanup(cache.Close)
	config := SignerConfig{Resources: []string{"https://cdn.example.com/private/*"}, Require: []Requirement{{Kind: requireNone}}}
	s, err := config.siteSigner(inlineSigner, newSigningKey(keyAtHand{}, "K2JCJMDEHXQW5F", signer.SHA256, nil), scope, cache)
	if err != nil {
		b.Fatal(err)
	}
	l := &Links{logger: zap.NewNop(), signers: []*siteSigner{s}, label: inlineSigner, maxBuffers: defaultMaxBuffers}
	if l.rewriter, err = l.newRewriter(); err != nil {
		b.Fatal(err)
	}
	l.fingerprint = l.newFingerprint()
	return l
}

type keyAtHand struct{}

func (keyAtHand) PrivateKey() (crypto.Signer, error) { return rsaKey(), nil }
func (keyAtHand) Deferred() bool                     { return false }
