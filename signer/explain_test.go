package signer

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"html"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

// viewer makes the request for a URL, which may be malformed in any way.
func viewer(t *testing.T, raw string) ViewerRequest {
	t.Helper()
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok {
		t.Fatalf("%s is not absolute", raw)
	}
	host, rest := cutBefore(rest, '/')
	path, query, hasQuery := strings.Cut(rest, "?")
	return ViewerRequest{
		Scheme: scheme, Host: host, RawPath: path, RawQuery: query, HasQuery: hasQuery,
		IP: netip.MustParseAddr("192.0.2.7"), Now: time.Unix(1_800_000_000, 0),
	}
}

// TestExplain signs a URL and breaks it in one way at a time.
func TestExplain(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaPrivate, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for _, private := range []crypto.Signer{ec, rsaPrivate} {
		key, err := NewKey("K2JCJMDEHXQW5F", private, SHA256)
		if err != nil {
			t.Fatal(err)
		}
		testExplain(t, key)
	}
}

func testExplain(t *testing.T, key *Key) {
	const (
		expires = 1_800_003_600
		image   = "https://cdn.example.com/img/a.jpg"
		report  = "https://cdn.example.com/a%20b's/report.pdf?name=it%27s+%28new%29%2c%20yes&v=1&w=2"
	)
	v := Verifier{Keys: map[string]crypto.PublicKey{"K2JCJMDEHXQW5F": key.Public()}}
	canned := func(resource string) string {
		query, err := key.Query(Policy{Resource: resource, Expires: expires})
		if err != nil {
			t.Fatal(err)
		}
		return query
	}
	custom := func(resource string) string {
		query, err := key.Query(Policy{Resource: resource, Expires: expires, Starts: 1_799_990_000})
		if err != nil {
			t.Fatal(err)
		}
		return query
	}
	// document signs a policy that the package would not make.
	document := func(doc string) string {
		signature, err := key.Sign([]byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		return "Signature=" + signature + "&Key-Pair-Id=" + key.ID() + "&Hash-Algorithm=SHA256"
	}
	cannedAs := func(resource string) string {
		return "Expires=" + strconv.Itoa(expires) + "&" + document(string(cannedDocument(resource, strconv.Itoa(expires))))
	}
	replace := func(old, new string) string { // in the signed image's URL
		signed := Join(image, "", canned(image))
		if !strings.Contains(signed, old) {
			t.Fatalf("%s does not hold %s", signed, old)
		}
		return strings.ReplaceAll(signed, old, new)
	}
	inSignature := func(change func(string) string) string {
		// Of many signatures one has all the characters that matter.
		for n := 0; ; n++ {
			u := image + "?n=" + strconv.Itoa(n)
			signed := Join(u, "", canned(u))
			begin := strings.Index(signed, "Signature=") + len("Signature=")
			end := begin + strings.IndexByte(signed[begin:], '&')
			if s := signed[begin:end]; strings.Contains(s, "-") && strings.Contains(s[:len(s)-2], "~") && strings.HasSuffix(s, "_") {
				return signed[:begin] + change(s) + signed[end:]
			}
		}
	}

	for _, tt := range []struct {
		name, url string
		hosts     []string
		why, then string // parts of the verdict and of the explanation
	}{
		{name: "right", url: Join(image, "", canned(image))},
		{name: "right, custom", url: Join(image, "", custom("https://cdn.example.com/img/*"))},
		{name: "not signed", url: image, why: "the request is not signed"},

		{name: "http for https", url: "http" + strings.TrimPrefix(Join(image, "", canned(image)), "https"),
			why: "did not sign http://cdn", then: "signed for https and is asked for with http"},
		{name: "http for https, custom", url: "http" + strings.TrimPrefix(Join(image, "", custom("https://cdn.example.com/img/*")), "https"),
			why: "does not hold http://cdn", then: "signed for https and is asked for with http"},
		{name: "https for http", url: "https" + strings.TrimPrefix(Join("http://cdn.example.com/a", "", canned("http://cdn.example.com/a")), "http"),
			why: "did not sign", then: "signed for http and is asked for with https"},
		{name: "the distribution, not the alias", url: "https://cdn.example.com/a.jpg?" + canned("https://d111111abcdef8.cloudfront.net/a.jpg"),
			hosts: []string{"d111111abcdef8.cloudfront.net"},
			why:   "did not sign", then: "signed for the host d111111abcdef8.cloudfront.net and is asked for at cdn.example.com"},
		{name: "the distribution, custom", url: "https://cdn.example.com/a.jpg?" + custom("https://d111111abcdef8.cloudfront.net/*"),
			why: "does not hold", then: "signed for the host d111111abcdef8.cloudfront.net and is asked for at cdn.example.com"},

		{name: "parameter added", url: Join(image+"?w=100", "", canned(image)), why: "did not sign", then: "w=100 was added"},
		{name: "parameter added to others", url: Join(image+"?v=1&utm_source=mail&w=2", "", canned(image+"?v=1&w=2")),
			why: "did not sign", then: "utm_source=mail was added"},
		{name: "parameter added, custom", url: Join(image+"?v=1&w=2", "", custom(image+"?v=1")), why: "does not hold", then: "w=2 was added"},
		{name: "parameters reordered", url: Join(image+"?b=2&a=1", "", canned(image+"?a=1&b=2")), why: "did not sign", then: "reordered after signing"},
		{name: "empty query added", url: image + "?&" + canned(image), why: "did not sign", then: "an empty query"},
		{name: "+ for %20", url: Join(strings.ReplaceAll(image+"?q=a%20b", "%20", "+"), "", canned(image+"?q=a%20b")),
			why: "did not sign", then: "signed was https://cdn.example.com/img/a.jpg?q=a%20b, asked for is https://cdn.example.com/img/a.jpg?q=a+b"},
		{name: "%20 for +", url: Join(image+"?q=a%20b", "", canned(image+"?q=a+b")), why: "did not sign", then: "a space is '+' in one and %20 in the other"},
		{name: "signed with a raw space", url: "https://cdn.example.com/a%20b.jpg?" + cannedAs("https://cdn.example.com/a b.jpg"),
			why: "did not sign", then: "signed without percent-encoding"},
		{name: "hexadecimal digits", url: Join(strings.ReplaceAll(report, "%2c", "%2C"), "", canned(report)), why: "did not sign", then: "hexadecimal digits"},
		{name: "a quote in the query", url: Join(strings.ReplaceAll(report, "%27", "'"), "", cannedAs(report)), why: "did not sign", then: "a quote is ' in one and %27 in the other"},
		{name: "an encoder's set of characters", url: Join(image+"?q=%28a%29", "", canned(image+"?q=(a)")), why: "did not sign", then: "signed was https://cdn.example.com/img/a.jpg?q=(a), asked for"},
		{name: "query encoded anew", url: Join(image+"?q="+url.QueryEscape("a b/c:d"), "", canned(image+"?q=a%20b/c:d")), why: "did not sign", then: "sign exactly what will be requested"},
		{name: "HTML-escaped before signing", url: Join(image+"?a=1&b=2", "", canned(image+"?a=1&amp;b=2")), why: "did not sign", then: "HTML-escaped to &amp; before signing"},
		{name: "JSON-escaped in the policy", url: Join(image+"?a=1&b=2", "", cannedAs(image+`?a=1\u0026b=2`)), why: "did not sign", then: `written \u0026 in the policy`},
		{name: "slash added", url: Join("https://cdn.example.com/a/", "", canned("https://cdn.example.com/a")), why: "did not sign", then: "a '/' was added"},

		{name: "HTML-escaped", url: html.EscapeString(Join(image+"?a=1", "", canned(image+"?a=1"))), why: "the request is not signed", then: "taken out of HTML"},
		{name: "HTML-escaped without a query", url: html.EscapeString(Join(image, "", canned(image))), why: "its Key-Pair-Id is missing", then: "taken out of HTML"},
		{name: "JSON-escaped", url: replace("&", `\u0026`), why: "its Key-Pair-Id is missing", then: "taken out of JSON"},
		{name: "second question mark", url: image + "?a=1?" + canned(image+"?a=1"), why: "neither a Policy nor an Expires", then: "a second '?'"},
		{name: "names in lower case", url: replace("Key-Pair-Id", "key-pair-id"), why: "its Key-Pair-Id is missing", then: "case-sensitive"},
		{name: "percent-encoded tilde", url: inSignature(func(s string) string { return strings.ReplaceAll(s, "~", "%7E") }),
			why: "not in CloudFront's base64 alphabet", then: "percent-encoded: they need no encoding"},
		{name: "standard base64", url: inSignature(strings.NewReplacer("-", "%2B", "_", "%3D", "~", "%2F").Replace),
			why: "not in CloudFront's base64 alphabet", then: "standard base64"},
		{name: "URL-safe base64", url: inSignature(func(s string) string {
			return strings.ReplaceAll(strings.TrimRight(s, "_"), "~", "_")
		}), why: "not in CloudFront's base64 alphabet", then: "URL-safe base64"},
		{name: "padding cut off", url: inSignature(func(s string) string { return strings.TrimRight(s, "_") }),
			why: "not in CloudFront's base64 alphabet", then: "which are its padding"},
		{name: "line break", url: inSignature(func(s string) string { return s[:20] + "%0A" + s[20:] }),
			why: "not in CloudFront's base64 alphabet", then: "white space in the signature"},

		{name: "missing Hash-Algorithm", url: replace("&Hash-Algorithm=SHA256", ""), why: "it needs Hash-Algorithm=SHA256"},
		{name: "missing Hash-Algorithm, with a query", url: strings.ReplaceAll(Join(report, "", canned(report)), "&Hash-Algorithm=SHA256", ""),
			why: "it needs Hash-Algorithm=SHA256"},
		{name: "missing Hash-Algorithm, one parameter", url: strings.ReplaceAll(Join(image+"?v=1", "", canned(image+"?v=1")), "&Hash-Algorithm=SHA256", ""),
			why: "it needs Hash-Algorithm=SHA256"},
		{name: "missing Hash-Algorithm, a parameter twice", url: strings.ReplaceAll(Join(image+"?v=1&v=1", "", canned(image+"?v=1&v=1")), "&Hash-Algorithm=SHA256", ""),
			why: "it needs Hash-Algorithm=SHA256"},
		{name: "hash misspelt", url: replace("SHA256", "sha-256"), why: `the Hash-Algorithm "sha-256"`, then: "has to be written SHA1 or SHA256"},
		{name: "wrong key-pair ID", url: replace(key.ID(), "K0123456789ABC"), why: "K0123456789ABC is not among the trusted keys", then: "set the signer's key-pair ID to K2JCJMDEHXQW5F"},
		{name: "wrong key-pair ID and scheme", url: "http" + strings.TrimPrefix(replace(key.ID(), "K0123456789ABC"), "https"),
			why: "K0123456789ABC is not among the trusted keys", then: "set the signer's key-pair ID to K2JCJMDEHXQW5F\nit was signed for https"},
		{name: "signed twice", url: Join(image, "", canned(image)) + "&" + canned(Join(image, "", canned(image))),
			why: "given twice", then: "signed twice"},
		{name: "canned and custom", url: Join(image, "", canned(image)) + "&Policy=" + Encode([]byte("{}")), why: "both Policy and Expires", then: "leave Policy out"},
		{name: "custom and canned", url: Join(image, "", custom(image)) + "&Expires=1800003600", why: "both Policy and Expires", then: "Expires does not belong"},

		{name: "milliseconds", url: image + "?Expires=1800003600000&" + document(string(cannedDocument(image, "1800003600000"))), why: "write seconds, not milliseconds"},
		{name: "milliseconds, custom", url: image + "?Policy=" + Encode(cannedDocument(image, "1800003600000")) + "&" + document(string(cannedDocument(image, "1800003600000"))),
			why: "write seconds, not milliseconds"},
		{name: "expired", url: Join(image, "", func() string {
			q, _ := key.Query(Policy{Resource: image, Expires: 1_799_990_000})
			return q
		}()), why: "expired 2h46m40s ago"},
		{name: "not yet", url: Join(image, "", func() string {
			q, _ := key.Query(Policy{Resource: image, Expires: expires, Starts: 1_800_000_060})
			return q
		}()), why: "in 1m0s"},
		{name: "another address", url: Join(image, "", func() string {
			q, _ := key.Query(Policy{Resource: image, Expires: expires, IP: netip.MustParsePrefix("198.51.100.0/24")})
			return q
		}()), why: "for viewers in 198.51.100.0/24, and this one comes from 192.0.2.7"},
		{name: "another directory", url: Join("https://cdn.example.com/other/a.jpg", "", custom("https://cdn.example.com/img/*")),
			why: `the policy is for "https://cdn.example.com/img/*"`},
		{name: "HTML-escaped and for another scheme", url: html.EscapeString("http" + strings.TrimPrefix(Join(image, "", canned(image)), "https")),
			why: "its Key-Pair-Id is missing", then: "taken out of HTML"},
		{name: "something else", url: Join("https://cdn.example.com/b.jpg", "", canned(image)), why: "changed after signing, or another key signed it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			req := viewer(t, tt.url)
			res := v.Verify(req)
			findings := strings.Join(v.Explain(req, tt.hosts...), "\n")
			if !strings.Contains(res.Why, tt.why) || (res.Why == "") != (tt.why == "") {
				t.Errorf("%s\nverdict: %s %s\nwant … %s", tt.url, res.Code, res.Why, tt.why)
			}
			if !strings.Contains(findings, tt.then) || (findings == "") != (tt.then == "") {
				t.Errorf("%s\nfindings: %s\nwant … %s", tt.url, findings, tt.then)
			}
		})
	}
}

// FuzzExplain feeds anything to what takes a refused request apart. It may find
// nothing; it must not crash, and must not find what Verify does not.
func FuzzExplain(f *testing.F) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	v := Verifier{Keys: map[string]crypto.PublicKey{"K1": private.Public()}}
	f.Add("/a", "Expires=1800003600&Signature=MEUC&Key-Pair-Id=K1&Hash-Algorithm=SHA256", "CloudFront-Policy=e30_")
	f.Add("/a%20b", "x=1&amp;Policy=e30_&Signature=%7E&Key-Pair-Id=K2", "")
	f.Add("/", "a?Expires=1&expires=1&b=+&&=", "CloudFront-Signature=__")
	f.Fuzz(func(t *testing.T, path, query, cookies string) {
		req := ViewerRequest{Scheme: "https", Host: "cdn.example.com", RawPath: path, RawQuery: query, HasQuery: query != "", Now: time.Unix(1_800_000_000, 0)}
		for pair := range strings.SplitSeq(cookies, ";") {
			name, value, _ := strings.Cut(pair, "=")
			req.Cookies = append(req.Cookies, Cookie{name, value})
		}
		for _, why := range v.Explain(req, "d111111abcdef8.cloudfront.net") {
			if why == "" || strings.HasPrefix(why, "it was signed for") {
				t.Errorf("found %q, but nobody has signed anything", why)
			}
		}
		if c, ok := Inspect(req); ok && c.Source == "" {
			t.Errorf("inspected %+v", c)
		}
	})
}
