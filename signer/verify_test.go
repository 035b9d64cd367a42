package signer

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The verifier's tests sign with their own few lines, so that a mistake in the
// package's signing code can't hide one in its verifier.

var edgeKeys = sync.OnceValue(func() map[string]crypto.Signer {
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	// A key of its own for every run would make fuzzing start from nothing.
	e, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), bytes.Repeat([]byte{7}, 32))
	if err != nil {
		panic(err)
	}
	return map[string]crypto.Signer{"KRSA": r, "KEC": e}
})

func edge() *Verifier {
	v := &Verifier{Keys: make(map[string]crypto.PublicKey)}
	for id, key := range edgeKeys() {
		v.Keys[id] = key.Public()
	}
	return v
}

func edgeEncode(b []byte) string {
	return strings.NewReplacer("+", "-", "=", "_", "/", "~").Replace(base64.StdEncoding.EncodeToString(b))
}

func edgeSign(id, doc string, hash crypto.Hash) string {
	h := hash.New()
	h.Write([]byte(doc))
	signature, err := edgeKeys()[id].Sign(nil, h.Sum(nil), hash) // nil: the same each time
	if err != nil {
		panic(err)
	}
	return edgeEncode(signature)
}

const (
	testNow     = 1767225600 // 2026-01-01 00:00:00 UTC
	testExpires = testNow + 3600
)

func cannedDoc(url string, expires any) string {
	return fmt.Sprintf(`{"Statement":[{"Resource":"%s","Condition":{"DateLessThan":{"AWS:EpochTime":%v}}}]}`, url, expires)
}

func customDoc(resource, conditions string) string {
	return fmt.Sprintf(`{"Statement":[{"Resource":"%s","Condition":{"DateLessThan":{"AWS:EpochTime":%d}%s}}]}`, resource, testExpires, conditions)
}

// request builds what the edge sees of a GET of rawURL at testNow.
func request(rawURL string, cookies ...Cookie) ViewerRequest {
	scheme, rest, _ := strings.Cut(rawURL, "://")
	host, target, _ := strings.Cut(rest, "/")
	path, query, hasQuery := strings.Cut("/"+target, "?")
	return ViewerRequest{
		Scheme: scheme, Host: host, RawPath: path, RawQuery: query, HasQuery: hasQuery,
		Cookies: cookies, IP: netip.MustParseAddr("192.0.2.7"), Now: time.Unix(testNow, 0),
	}
}

// cannedURL appends a canned signature made with SHA-256.
func cannedURL(id, url string, expires any) string {
	return appendQuery(url, fmt.Sprintf("Expires=%v&Signature=%s&Key-Pair-Id=%s&Hash-Algorithm=SHA256",
		expires, edgeSign(id, cannedDoc(url, expires), crypto.SHA256), id))
}

// customURL appends a custom policy signed with SHA-256.
func customURL(id, url, doc string) string {
	return appendQuery(url, fmt.Sprintf("Policy=%s&Signature=%s&Key-Pair-Id=%s&Hash-Algorithm=SHA256",
		edgeEncode([]byte(doc)), edgeSign(id, doc, crypto.SHA256), id))
}

func appendQuery(url, query string) string {
	if strings.Contains(url, "?") {
		return url + "&" + query
	}
	return url + "?" + query
}

// cookiesOf turns a query into the cookies of the same meaning.
func cookiesOf(query string) (cookies []Cookie) {
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		cookies = append(cookies, Cookie{Name: "CloudFront-" + name, Value: value})
	}
	return cookies
}

func customCookies(id, doc string) []Cookie {
	_, query, _ := strings.Cut(customURL(id, "", doc), "?")
	return cookiesOf(query)
}

func checkResult(t *testing.T, res Result, want Code, why string) {
	t.Helper()
	if res.Code != want {
		t.Errorf("code %q, want %q (%s)", res.Code, want, res.Why)
	}
	if want == Allowed && res.Why != "" || want != Allowed && !strings.Contains(res.Why, why) {
		t.Errorf("reason %q, want one with %q", res.Why, why)
	}
}

func TestBodies(t *testing.T) {
	for code, size := range map[Code]int{MissingKey: 146, InvalidKey: 106, MalformedSignature: 131, MalformedPolicy: 116, AccessDenied: 110} {
		if got := len(code.XML()); got != size {
			t.Errorf("%s: %d bytes, want %d", code, got, size)
		}
	}
	const captured = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>MissingKey</Code><Message>Missing Key-Pair-Id query parameter or cookie value</Message></Error>`
	if got := string(MissingKey.XML()); got != captured {
		t.Errorf("MissingKey: %s", got)
	}
}

func TestAllowed(t *testing.T) {
	const url = "https://cdn.example.com/a/b.jpg"
	for _, id := range []string{"KRSA", "KEC"} {
		for _, hash := range []crypto.Hash{crypto.SHA1, crypto.SHA256} {
			for _, withQuery := range []string{"", "?v=1&w=%20+~'%2A"} {
				url := url + withQuery
				marker := ""
				if hash == crypto.SHA256 {
					marker = "&Hash-Algorithm=SHA256"
				}
				canned := fmt.Sprintf("Expires=%d&Signature=%s&Key-Pair-Id=%s%s", testExpires, edgeSign(id, cannedDoc(url, testExpires), hash), id, marker)
				doc := customDoc("https://cdn.example.com/a/*", `,"DateGreaterThan":{"AWS:EpochTime":1767225599},"IpAddress":{"AWS:SourceIp":"192.0.2.0/24"}`)
				custom := fmt.Sprintf("Policy=%s&Signature=%s&Key-Pair-Id=%s%s", edgeEncode([]byte(doc)), edgeSign(id, doc, hash), id, marker)

				for query, want := range map[string]Result{
					canned: {KeyPairID: id, Canned: true, Policy: Policy{Resource: url, Expires: testExpires}},
					custom: {KeyPairID: id, Policy: Policy{Resource: "https://cdn.example.com/a/*", Expires: testExpires, Starts: testNow - 1, IP: netip.MustParsePrefix("192.0.2.0/24")}},
				} {
					want.URL, want.AppQuery = url, strings.TrimPrefix(withQuery, "?")
					want.Source = FromURL
					if got := edge().Verify(request(appendQuery(url, query))); got != want {
						t.Errorf("%s %v, in the URL:\n got %+v\nwant %+v", id, hash, got, want)
					}
					want.Source = FromCookies
					if got := edge().Verify(request(url, cookiesOf(query)...)); got != want {
						t.Errorf("%s %v, in cookies:\n got %+v\nwant %+v", id, hash, got, want)
					}
				}
			}
		}
	}
}

func TestQuery(t *testing.T) {
	const base = "https://h/p"
	signed := func(url string) string { // the signing parameters for url
		return strings.TrimLeft(strings.TrimPrefix(cannedURL("KEC", url, testExpires), url), "?&")
	}
	plain := signed(base)
	pairs := strings.Split(plain, "&")
	slices.Reverse(pairs)
	for _, tc := range []struct {
		name, url string
		want      Code
		why       string
	}{
		{"any order", base + "?" + strings.Join(pairs, "&"), Allowed, ""},
		{"around the app's query", base + "?" + strings.Replace(signed(base+"?a=1&b=2"), "&Sig", "&a=1&Sig", 1) + "&b=2", Allowed, ""},
		{"the app's parameters swapped", base + "?b=2&a=1&" + signed(base+"?a=1&b=2"), AccessDenied, "changed after signing"},
		{"a parameter added", base + "?" + plain + "&a=1", AccessDenied, "changed after signing"},
		{"a parameter removed", base + "?" + signed(base+"?a=1"), AccessDenied, "changed after signing"},
		{"+ for %20", base + "?a=1+2&" + signed(base+"?a=1%202"), AccessDenied, "changed after signing"},
		{"escape decoded", base + "?a=~&" + signed(base+"?a=%7E"), AccessDenied, "changed after signing"},
		{"hex in the other case", "https://h/%2f?" + signed("https://h/%2F"), AccessDenied, "changed after signing"},
		{"empty query signed", base + "?&" + signed(base+"?"), Allowed, ""},
		{"empty pair signed", base + "?a=1&&" + signed(base+"?a=1&"), Allowed, ""},
		{"empty pair added", base + "?" + plain + "&", AccessDenied, "changed after signing"},
		{"other case is the app's", base + "?expires=1&" + signed(base+"?expires=1"), Allowed, ""},
		{"path in the other case", "https://h/P?" + plain, AccessDenied, "changed after signing"},
		{"http for https", "http://h/p?" + plain, AccessDenied, "changed after signing"},
		{"host in the other case", "https://H/p?" + plain, Allowed, ""},
		{"another host", "https://g/p?" + plain, AccessDenied, "changed after signing"},
		{"a port", "https://h:443/p?" + plain, AccessDenied, "changed after signing"},
		{"a trailing dot", "https://h./p?" + plain, AccessDenied, "changed after signing"},
		{"a signed port", "http://localhost:8082/p?" + signed("http://localhost:8082/p"), Allowed, ""},

		{"Expires twice", base + "?" + plain + "&Expires=1", AccessDenied, "Expires is given twice"},
		{"Signature twice, alike", base + "?" + plain + "&" + pairs[2], AccessDenied, "Signature is given twice"},
		{"Key-Pair-Id twice", base + "?Key-Pair-Id=KRSA&" + plain, AccessDenied, "Key-Pair-Id is given twice"},
		{"encoded name beside", base + "?%45xpires=1&" + signed(base+"?%45xpires=1"), AccessDenied, "without percent-encoding"},
		{"encoded name instead", base + "?" + strings.Replace(plain, "Expires", "Expire%73", 1), AccessDenied, "without percent-encoding"},
		{"encoded name alone", base + "?Key%2DPair-Id=KEC", AccessDenied, "without percent-encoding"},
		{"Policy and Expires", base + "?" + plain + "&Policy=" + edgeEncode([]byte(cannedDoc(base, testExpires))), MalformedPolicy, "both Policy and Expires"},

		{"nothing", base, MissingKey, "not signed"},
		{"no key-pair ID", base + "?" + strings.Replace(plain, "&Key-Pair-Id=KEC", "", 1), MissingKey, "Key-Pair-Id is missing"},
		{"empty key-pair ID", base + "?" + strings.Replace(plain, "=KEC", "=", 1), MissingKey, "letters and digits"},
		{"key-pair ID without =", base + "?" + strings.Replace(plain, "=KEC", "", 1), MissingKey, "letters and digits"},
		{"PEM as key-pair ID", base + "?" + strings.Replace(plain, "KEC", "-----BEGIN", 1), MissingKey, "letters and digits"},
		{"encoded key-pair ID", base + "?" + strings.Replace(plain, "KEC", "%4BEC", 1), MissingKey, "letters and digits"},
		{"unknown key-pair ID", base + "?" + strings.Replace(plain, "KEC", "KXX", 1), InvalidKey, "KXX is not among"},
		{"key-pair ID in the other case", base + "?" + strings.Replace(plain, "KEC", "kec", 1), InvalidKey, "kec is not among"},
		{"another trusted key", base + "?" + strings.Replace(plain, "KEC", "KRSA", 1), AccessDenied, "another key signed"},

		{"no signature", base + "?Expires=1&Key-Pair-Id=KEC", MalformedSignature, "Signature is missing"},
		{"empty signature", base + "?Expires=1&Signature=&Key-Pair-Id=KEC", MalformedSignature, "alphabet"},
		{"URL-safe base64", base + "?Expires=1&Signature=ab-_&Key-Pair-Id=KEC", MalformedSignature, "alphabet"},
		{"plain base64", base + "?Expires=1&Signature=ab+/&Key-Pair-Id=KEC", MalformedSignature, "alphabet"},
		{"signature with %7E", base + "?Expires=1&Signature=ab%7Ea&Key-Pair-Id=KEC", MalformedSignature, "alphabet"},
		{"signature unpadded", base + "?Expires=1&Signature=abcde&Key-Pair-Id=KEC", MalformedSignature, "alphabet"},
		{"signature with spare bits", base + "?Expires=1&Signature=ab__&Key-Pair-Id=KEC", MalformedSignature, "alphabet"},
		{"endless signature", base + "?Expires=1&Signature=" + strings.Repeat("a", 1028) + "&Key-Pair-Id=KEC", MalformedSignature, "1028 characters"},
		{"a wrong signature", base + "?Expires=1&Signature=abcd&Key-Pair-Id=KEC", AccessDenied, "did not sign"},

		{"hash not named", base + "?" + strings.Replace(plain, "&Hash-Algorithm=SHA256", "", 1), AccessDenied, "needs Hash-Algorithm=SHA256"},
		{"hash named wrongly", base + "?" + strings.Replace(plain, "SHA256", "SHA1", 1), AccessDenied, "needs Hash-Algorithm=SHA256"},
		{"hash in lower case", base + "?" + strings.Replace(plain, "SHA256", "sha256", 1), AccessDenied, "neither SHA1 nor SHA256"},
		{"an empty hash", base + "?" + strings.Replace(plain, "SHA256", "", 1), AccessDenied, "neither SHA1 nor SHA256"},
		{"SHA1 said aloud", fmt.Sprintf("%s?Expires=%d&Signature=%s&Key-Pair-Id=KRSA&Hash-Algorithm=SHA1", base, testExpires, edgeSign("KRSA", cannedDoc(base, testExpires), crypto.SHA1)), Allowed, ""},

		{"neither Expires nor Policy", base + "?Signature=abcd&Key-Pair-Id=KEC", MalformedPolicy, "neither a Policy nor an Expires"},
		{"Policy not in the alphabet", base + "?Policy=a%7Eb&Signature=abcd&Key-Pair-Id=KEC", MalformedPolicy, "alphabet"},
		{"an empty Policy", base + "?Policy=&Signature=abcd&Key-Pair-Id=KEC", MalformedPolicy, "alphabet"},
		{"a Policy that nobody signed", base + "?Policy=e30_&Signature=abcd&Key-Pair-Id=KEC", AccessDenied, "did not sign this policy"},
		{"too long a URL", base + "?" + strings.Repeat("a", 8192) + "&" + plain, AccessDenied, "8192 at most"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			res := edge().Verify(request(tc.url))
			checkResult(t, res, tc.want, tc.why)
			for _, name := range Params {
				if strings.Contains("&"+res.AppQuery, "&"+name+"=") {
					t.Errorf("%s is left in %q", name, res.AppQuery)
				}
			}
		})
	}
}

func TestExpires(t *testing.T) {
	const url = "https://h/p"
	for _, tc := range []struct {
		expires string
		want    Code
		why     string
	}{
		{"1767225601", Allowed, ""},
		{"1767225600", AccessDenied, "expired 0s ago"},
		{"1767225599", AccessDenied, "expired 1s ago, at 2025-12-31 23:59:59 UTC"},
		{"0", AccessDenied, "expired"},
		{"9223372036", Allowed, ""},
		{"9223372037", MalformedPolicy, "milliseconds"},
		{"1767229200000", MalformedPolicy, "milliseconds"},
		{"99999999999999999999", MalformedPolicy, "milliseconds"},
		{"01767229200", MalformedPolicy, "leading zero"},
		{"+1767229200", MalformedPolicy, "whole number"},
		{"-1", MalformedPolicy, "whole number"},
		{"1767229200.0", MalformedPolicy, "whole number"},
		{"1e10", MalformedPolicy, "whole number"},
		{"", MalformedPolicy, "empty"},
	} {
		t.Run(tc.expires, func(t *testing.T) {
			checkResult(t, edge().Verify(request(cannedURL("KEC", url, tc.expires))), tc.want, tc.why)
		})
	}

	late := request(cannedURL("KEC", url, testNow+1))
	late.Now = time.Unix(testNow, 999_999_999)
	checkResult(t, edge().Verify(late), Allowed, "")
}

func TestConditions(t *testing.T) {
	start := func(n int) string { return fmt.Sprintf(`,"DateGreaterThan":{"AWS:EpochTime":%d}`, n) }
	from := func(cidr string) string { return `,"IpAddress":{"AWS:SourceIp":"` + cidr + `"}` }
	for _, tc := range []struct {
		name, conditions, viewer string
		want                     Code
		why                      string
	}{
		{"started", start(testNow - 1), "192.0.2.7", Allowed, ""},
		{"starts this second", start(testNow), "192.0.2.7", AccessDenied, "valid only after"},
		{"starts later", start(testNow + 60), "192.0.2.7", AccessDenied, "in 1m0s"},
		{"start in milliseconds", start(testNow * 1000), "192.0.2.7", MalformedPolicy, "milliseconds"},
		{"single address", from("192.0.2.7/32"), "192.0.2.7", Allowed, ""},
		{"last of a range", from("192.0.2.0/29"), "192.0.2.7", Allowed, ""},
		{"after a range", from("192.0.2.0/29"), "192.0.2.8", AccessDenied, "this one comes from 192.0.2.8"},
		{"range by one of its hosts", from("192.0.2.4/29"), "192.0.2.1", Allowed, ""},
		{"anyone", from("0.0.0.0/0"), "203.0.113.1", Allowed, ""},
		{"anyone is not IPv6", from("0.0.0.0/0"), "2001:db8::1", AccessDenied, "2001:db8::1"},
		{"IPv4 in IPv6's clothes", from("192.0.2.0/24"), "::ffff:192.0.2.7", Allowed, ""},
		{"no address known", from("0.0.0.0/0"), "", AccessDenied, "invalid IP"},
		{"bare address", from("192.0.2.7"), "192.0.2.7", MalformedPolicy, "192.0.2.1/32"},
		{"IPv6 range", from("2001:db8::/32"), "2001:db8::1", MalformedPolicy, "IPv4 range"},
		{"two ranges", from("192.0.2.0/24,203.0.113.0/24"), "192.0.2.7", MalformedPolicy, "IPv4 range"},
		{"prefix too long", from("192.0.2.0/33"), "192.0.2.7", MalformedPolicy, "IPv4 range"},
		{"zero-padded octets", from("192.000.002.0/24"), "192.0.2.7", MalformedPolicy, "IPv4 range"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			req := request(customURL("KEC", "https://h/p", customDoc("https://h/*", tc.conditions)))
			req.IP, _ = netip.ParseAddr(tc.viewer)
			checkResult(t, edge().Verify(req), tc.want, tc.why)
		})
	}
}

func TestResource(t *testing.T) {
	for _, tc := range []struct {
		resource, url string
		url_, cookie  Code
		why           string
	}{
		{"https://h/private/*", "https://h/private/a?b", Allowed, Allowed, ""},
		{"https://h/private/*", "https://h/public/a", AccessDenied, AccessDenied, "does not hold"},
		{"https://h/private/*", "http://h/private/a", AccessDenied, AccessDenied, "does not hold"},
		{"https://d111.cloudfront.net/*", "https://cdn.example.com/a", AccessDenied, AccessDenied, "does not hold"},
		{"https://h/p?a=1&b=2", "https://h/p?a=1&b=2", Allowed, Allowed, ""},
		{"*", "https://h/p", Allowed, AccessDenied, "must begin with http:// or https://"},
		{"*://h/*", "https://h/p", Allowed, AccessDenied, "must begin with http:// or https://"},
		{"https://*", "https://h/p", Allowed, Allowed, ""},
		{"http*://h/*", "https://h/p", AccessDenied, AccessDenied, ""},
		{"h/*", "https://h/p", AccessDenied, AccessDenied, ""},
		{"/p", "https://h/p", AccessDenied, AccessDenied, ""},
		{"https://h/a*z", "https://h/a?z", AccessDenied, AccessDenied, "ambiguous"},
		{"https://h/p?", "https://h/p1", AccessDenied, AccessDenied, "ambiguous"},
		{`https://h/p\\?a=1`, "https://h/p?a=1", AccessDenied, AccessDenied, "ambiguous"},
		{"", "https://h/p", AccessDenied, AccessDenied, ""},
	} {
		t.Run(tc.resource, func(t *testing.T) {
			doc := customDoc(tc.resource, "")
			checkResult(t, edge().Verify(request(customURL("KEC", tc.url, doc))), tc.url_, tc.why)
			checkResult(t, edge().Verify(request(tc.url, customCookies("KEC", doc)...)), tc.cookie, tc.why)
		})
	}
}

func TestCookies(t *testing.T) {
	const url = "https://h/p"
	good := customCookies("KEC", customDoc("https://h/*", ""))
	other := customCookies("KRSA", customDoc("https://h/*", ""))
	without := func(name string) []Cookie {
		return slices.DeleteFunc(slices.Clone(good), func(c Cookie) bool { return c.Name == name })
	}
	for _, tc := range []struct {
		name, url string
		cookies   []Cookie
		want      Code
		why       string
	}{
		{"among others", url, append([]Cookie{{"a", "b"}, {"Policy", "x"}, {"CloudFront-Other", "x"}, {"cloudfront-policy", "x"}}, good...), Allowed, ""},
		{"with the app's query", url + "?a=1", good, Allowed, ""},
		{"no key-pair ID", url, without("CloudFront-Key-Pair-Id"), MissingKey, "Key-Pair-Id is missing"},
		{"no signature", url, without("CloudFront-Signature"), MalformedSignature, "CloudFront-Signature is missing"},
		{"no policy", url, without("CloudFront-Policy"), MalformedPolicy, "neither a Policy nor an Expires"},
		{"no hash", url, without("CloudFront-Hash-Algorithm"), AccessDenied, "needs Hash-Algorithm=SHA256"},
		{"two sets", url, append(slices.Clone(good), other...), AccessDenied, "the cookie CloudFront-Policy is given twice"},
		{"quoted", url, append(without("CloudFront-Key-Pair-Id"), Cookie{"CloudFront-Key-Pair-Id", `"KEC"`}), MissingKey, "letters and digits"},

		// One reserved parameter in the URL, and cookies are not looked at.
		{"good cookies, stray Expires", url + "?Expires=1", good, MissingKey, "Key-Pair-Id is missing"},
		{"good cookies, stray Policy", url + "?Policy", good, MissingKey, "Key-Pair-Id is missing"},
		{"good cookies, stray Hash-Algorithm", url + "?Hash-Algorithm=SHA256", good, MissingKey, "Key-Pair-Id is missing"},
		{"good cookies, bad URL", cannedURL("KEC", url, testNow-1), good, AccessDenied, "expired"},
		{"good URL, bad cookies", cannedURL("KEC", url, testExpires), without("CloudFront-Signature"), Allowed, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			checkResult(t, edge().Verify(request(tc.url, tc.cookies...)), tc.want, tc.why)
		})
	}
}

func TestKeys(t *testing.T) {
	signed := cannedURL("KRSA", "https://h/p", testExpires)
	checkResult(t, new(Verifier).Verify(request(signed)), InvalidKey, "KRSA is not among")

	p384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	ed, _, _ := ed25519.GenerateKey(rand.Reader)
	for _, key := range []crypto.PublicKey{p384.Public(), ed, nil, "key"} {
		v := &Verifier{Keys: map[string]crypto.PublicKey{"KRSA": key}}
		checkResult(t, v.Verify(request(signed)), AccessDenied, "did not sign")
	}

	doc := []byte(cannedDoc("https://h/p", testExpires))
	h := crypto.SHA256.New()
	h.Write(doc)
	signature, _ := p384.Sign(rand.Reader, h.Sum(nil), crypto.SHA256)
	v := &Verifier{Keys: map[string]crypto.PublicKey{"KP384": p384.Public()}}
	checkResult(t, v.Verify(request(fmt.Sprintf("https://h/p?Expires=%d&Signature=%s&Key-Pair-Id=KP384&Hash-Algorithm=SHA256",
		testExpires, edgeEncode(signature)))), AccessDenied, "did not sign")

	pss, _ := rsa.SignPSS(rand.Reader, edgeKeys()["KRSA"].(*rsa.PrivateKey), crypto.SHA256, h.Sum(nil), nil)
	checkResult(t, edge().Verify(request(fmt.Sprintf("https://h/p?Expires=%d&Signature=%s&Key-Pair-Id=KRSA&Hash-Algorithm=SHA256",
		testExpires, edgeEncode(pss)))), AccessDenied, "did not sign")
}
