package signer_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

// newKey stands for reading a PEM file with [signer.ParsePrivateKey].
func newKey() *signer.Key {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	key, err := signer.NewKey("K2JCJMDEHXQW5F", private, signer.SHA256)
	if err != nil {
		panic(err)
	}
	return key
}

func parameters(query string) (names []string) {
	for pair := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(pair, "=")
		names = append(names, name)
	}
	return names
}

// A single URL, with a canned policy.
func ExampleKey_Query() {
	key := newKey()
	url, fragment, err := signer.Canonical("https://CDN.example.com/private/my photo.jpg?size=large#top")
	if err != nil {
		panic(err)
	}
	query, err := key.Query(signer.Policy{Resource: url, Expires: 1767290400})
	if err != nil {
		panic(err)
	}
	signed := signer.Join(url, fragment, query)
	fmt.Println(url)
	fmt.Println(parameters(query))
	fmt.Println(signed[:len(url)+len("&Expires=1767290400")] + "…" + fragment)
	// Output:
	// https://cdn.example.com/private/my%20photo.jpg?size=large
	// [Expires Signature Key-Pair-Id Hash-Algorithm]
	// https://cdn.example.com/private/my%20photo.jpg?size=large&Expires=1767290400…#top
}

// Cookies for a directory and viewers from one network.
func ExampleKey_Cookies() {
	cookies, err := newKey().Cookies(signer.Policy{
		Resource: "https://cdn.example.com/private/*",
		Expires:  1767290400,
		IP:       netip.MustParsePrefix("192.0.2.0/24"),
	})
	if err != nil {
		panic(err)
	}
	for _, c := range cookies {
		fmt.Println(c.Name)
	}
	policy, _ := signer.Decode(cookies[0].Value)
	fmt.Println(string(policy))
	// Output:
	// CloudFront-Policy
	// CloudFront-Signature
	// CloudFront-Key-Pair-Id
	// CloudFront-Hash-Algorithm
	// {"Statement":[{"Resource":"https://cdn.example.com/private/*","Condition":{"DateLessThan":{"AWS:EpochTime":1767290400},"IpAddress":{"AWS:SourceIp":"192.0.2.0/24"}}}]}
}

// The links of a page, signed at once; the second time nothing is signed.
func ExampleSign() {
	resource, err := signer.ParsePattern("https://cdn.example.com/private/*")
	if err != nil {
		panic(err)
	}
	cache := signer.NewCache(signer.DefaultCacheSize)
	defer cache.Close()
	issuer := &signer.Issuer{
		Key:       newKey(),
		Resources: []signer.Resource{{Pattern: resource}},
		Window:    signer.Window{TTL: time.Hour, Size: 15 * time.Minute},
		Cache:     cache,
	}
	if err := issuer.Check(); err != nil {
		panic(err)
	}
	links := []signer.Request{
		{URL: "https://cdn.example.com/private/a.jpg"},
		{URL: "//cdn.example.com/private/b.css?v=2"},
		{URL: "https://cdn.example.com/private/*"},
		{URL: "https://cdn.example.com/private/%252e%252e/secret"},
		{URL: "https://www.example.com/"},
	}
	now := time.Now()
	signer.Sign([]*signer.Issuer{issuer}, links, now)
	for _, l := range links {
		fmt.Printf("%s: signed %v, reason %q\n", l.URL, l.Query != "", l.Reason)
	}
	signer.Sign([]*signer.Issuer{issuer}, links, now)
	fmt.Println(cache.Stats().Made, "signatures")
	// Output:
	// https://cdn.example.com/private/a.jpg: signed true, reason ""
	// //cdn.example.com/private/b.css?v=2: signed true, reason ""
	// https://cdn.example.com/private/*: signed false, reason "asterisk"
	// https://cdn.example.com/private/%252e%252e/secret: signed false, reason "traversal"
	// https://www.example.com/: signed false, reason "outside"
	// 2 signatures
}

// A pattern with the name of a visitor in it.
func ExampleSegment() {
	for _, user := range []string{"Zoë B.", "..", "a/../b"} {
		segment, err := signer.Segment(user)
		if err != nil {
			fmt.Println(err)
			continue
		}
		pattern, err := signer.ParsePattern("https://cdn.example.com/users/" + segment + "/*")
		fmt.Println(pattern, err)
	}
	// Output:
	// https://cdn.example.com/users/Zo%C3%AB%20B./* <nil>
	// a value of dots can't be a path segment
	// a value that holds one of / \ % * ? # ; , " ' < > can't be a path segment
}

// The end of a signature is the same for all of a window.
func ExampleWindow_Bounds() {
	w := signer.Window{TTL: time.Hour, Size: 15 * time.Minute}
	for _, clock := range []string{"12:00:00", "12:03:00", "12:06:00", "12:21:00"} {
		now, _ := time.Parse(time.DateTime, "2026-01-01 "+clock)
		_, expires := w.Bounds("https://cdn.example.com/private/*", now)
		fmt.Println(clock, time.Unix(expires, 0).UTC().Format(time.TimeOnly))
	}
	// Output:
	// 12:00:00 13:12:35
	// 12:03:00 13:12:35
	// 12:06:00 13:12:35
	// 12:21:00 13:27:35
}

// What an edge makes of a signed URL.
func ExampleVerifier() {
	key := newKey()
	const resource = "https://cdn.example.com/private/a.jpg"
	query, err := key.Query(signer.Policy{Resource: resource, Expires: 1767290400})
	if err != nil {
		panic(err)
	}
	edge := signer.Verifier{Keys: map[string]crypto.PublicKey{key.ID(): key.Public()}}
	for _, at := range []int64{1767290399, 1767290400} {
		u, _ := url.Parse(resource + "?" + query)
		result := edge.Verify(signer.ViewerRequest{
			Scheme: u.Scheme, Host: u.Host, RawPath: u.EscapedPath(), RawQuery: u.RawQuery, HasQuery: true,
			Now: time.Unix(at, 0),
		})
		fmt.Println(strings.TrimSpace(fmt.Sprintf("%q %s", result.Code, result.Code.Message())))
	}
	// Output:
	// ""
	// "AccessDenied" Access denied
}
