package signer

import (
	"crypto"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// guarded is an issuer for /private/ with exceptions of several kinds.
func guarded(t testing.TB) *Issuer {
	is := testIssuer(t, ecKey, "https://cdn.example.com/private/*", "https://cdn.example.com/dl?file=*", "http://localhost:8082/*")
	for _, e := range []string{"https://cdn.example.com/private/secret/*", "https://cdn.example.com/private/*.key", "https://cdn.example.com/private/a?b", "https://cdn.example.com/private/%C3%A9t%C3%A9/*", "http://localhost:8082/no"} {
		is.Except = append(is.Except, pattern(t, e))
	}
	return is
}

// What is never signed.
func TestGuard(t *testing.T) {
	const p = "https://cdn.example.com/private/"
	for _, test := range []struct {
		url    string
		reason Reason
	}{
		// What is.
		{p + "a.jpg", Signed},
		{p + "a.jpg#top", Signed},
		{p + "a b.jpg?x=1&y=2", Signed},
		{p, Signed},
		{p + "%2A", Signed},
		{p + "a%20b/%C3%BC.jpg?q=%26", Signed},
		{p + "a/..b/c../...", Signed},
		{p + "100%25", Signed},
		{p + "?x", Signed},
		{p + "x?y=.", Signed},
		{p + "x?y=../z", Signed},
		{"//cdn.example.com/private/a.jpg", Signed},
		{"https://cdn.example.com/dl?file=a", Signed},
		{"http://localhost:8082/", Signed},
		{"//localhost:8082/x", Signed},
		{"HTTPS://CDN.EXAMPLE.COM:443/x/../private/a.jpg", Signed},

		// Outside of the resources.
		{"https://cdn.example.com/", Outside},
		{"https://cdn.example.com/private", Outside},
		{"https://cdn.example.com/privatee/a", Outside},
		{"https://cdn.example.com/PRIVATE/a", Outside},
		{"http://cdn.example.com/private/a", Outside},
		{"https://cdn.example.com:8443/private/a", Outside},
		{"https://cdn.example.com.evil.example/private/a", Outside},
		{"https://evil.example/https://cdn.example.com/private/a", Outside},
		{"//evil.example/private/a", Outside},
		{"https://cdn.example.com./private/a", Outside},
		{p + "../a", Outside},
		{p + "%2e%2E/a", Outside},
		{p + `..\a`, Outside},
		{"https://cdn.example.com/dl/a?file=a", Outside},
		{"/private/a.jpg", Outside},
		{"", Outside},
		{"mailto:private@cdn.example.com", Outside},
		{"data:text/plain,https://cdn.example.com/private/a", Outside},

		// URLs on which parsers disagree.
		{"https://user@cdn.example.com/private/a", Unsafe},
		{"https://evil.example@cdn.example.com/private/a", Unsafe},
		{"https://cdn.example.com:x/private/a", Unsafe},
		{p + "a\xff", Unsafe},
		{p + `a?x=\`, Unsafe},

		// Within an exception, as it is.
		{p + "secret/a.jpg", Excepted},
		{p + "x.key", Excepted},
		{p + "secret/", Excepted},
		{"//cdn.example.com/private/secret/a", Excepted},
		{"http://localhost:8082/no", Excepted},
		// By what origins make of it.
		{p + "%73ecret/a.jpg", Excepted},
		{p + "%2573ecret/a.jpg", Excepted},
		{p + "%252573ecret/a.jpg", Excepted},
		{p + "/secret/a.jpg", Excepted},
		{p + "//secret/a.jpg", Excepted},
		{p + "y%2ekey", Excepted},
		{p + "%c3%a9t%c3%a9/a.jpg", Excepted},
		{p + "%C3%A9t%25C3%25A9/a.jpg", Excepted},
		{p + "%C3%A9t%C3%A9s/a.jpg", Signed},
		// With a query that an origin may ignore.
		{p + "x.key?y", Excepted},
		{p + "x%2Ekey?y", Excepted},
		{p + "x.key?y?z", Excepted},
		{p + "x?key?y", Excepted},
		{"http://localhost:8082/no?", Excepted},
		{"http://localhost:8082/no?x#y", Excepted},
		{"http://localhost:8082/now?x", Signed},
		// By a "?" that stands for any character in a policy.
		{p + "secret?a.jpg", Excepted},
		{p + "secre?/a.jpg", Excepted},
		{p + "s?/a.jpg", Signed}, // two characters short
		{p + "x?key", Excepted},
		{p + "a?b", Excepted},
		{p + "acb", Excepted},
		{p + "a?c", Signed},
		// By a "?" that stands for the "%" of an escape there, or ends one.
		{p + "?73ecret/a.jpg", Excepted},
		{p + "?2573ecret/a.jpg", Excepted},
		{p + "?%373ecret/a.jpg", Excepted},
		{p + "?%73ecret/a.jpg", Excepted}, // as //secret/a.jpg
		{p + "?/%73ecret/a.jpg", Excepted},
		{p + "?5csecret/a.jpg", Excepted},
		{p + "?c3?a9t?c3?a9/a.jpg", Traversal}, // so many that not every reading is looked at,
		{p + "x?2ekey", Excepted},
		{p + "%2F?%73ecret/a.jpg", Excepted},
		{p + "??ecret/a%20b.jpg", Traversal},
		{p + "?74ecret/a.jpg", Signed},
		{p + "?x=1", Signed},
		{p + "a.jpg?20260301", Signed},
		{p + "a.jpg?1772323200", Signed},
		{p + "a.jpg?2e73f00d", Signed},
		{p + "a.jpg?date=1?face=2?add", Signed},

		// A raw "*".
		{p + "*", Asterisk},
		{p + "a*.jpg", Asterisk},
		{p + "a.jpg?x=*", Asterisk},
		{p + "secret*", Asterisk},

		// Dot segments in disguise, a backslash, control characters.
		{p + "%252e%252e/a", Traversal},
		{p + "%25252e%25252e/a", Traversal},
		{p + "a/%252e/b", Traversal},
		{p + "a%2f..%2fb", Traversal},
		{p + "a%252f..%252fb", Traversal},
		{p + "..%2fa", Traversal},
		{p + "a/..;x=1/b", Traversal},
		{p + "a/..%3Bx/b", Traversal},
		{p + "%2%65%2%65/a", Traversal},
		{p + "%25%32%65%25%32%65/a", Traversal},
		{p + "%2525252525", Traversal},
		{p + "a%5Cb", Traversal},
		{p + "a%255Cb", Traversal},
		{p + "a%00b", Traversal},
		{p + "a%250Ab", Traversal},
		{p + "a%7Fb", Traversal},
		{p + "a\x00b", Traversal},
		// Dot segments in what a policy takes for the path.
		{p + "a?/../b", Traversal},
		{p + "a?%2F..%2Fb", Traversal},
		{p + "a/?./b", Traversal},
		{p + "c/.?/b", Signed},      // browsers drop the dot
		{p + "a/x?.?/b", Traversal}, // as /a/x/../b
		{p + "a/??/b", Traversal},
		{p + "a?..?b", Traversal},
		{p + "?2e?2e/a", Traversal},
		{p + "?2E.", Traversal},
		{p + "a?.?2e?2fb", Traversal},
		{p + "?2e?2e?2eb", Traversal}, // as %2e%2e/2eb
		{p + "?252e?252e/a", Traversal},
		{p + "?%32e?%32e/a", Traversal},
		{p + "a?5c..?5cb", Traversal},
		{p + "%?e%?e/a", Traversal},
		{p + "%2?%2?/a", Traversal},
		{p + "%25?e%25?e/a", Traversal},
		{p + "??E??E/a", Traversal},
		{p + "x/?2??2?/a", Traversal},
		{p + "?2525252573", Traversal},

		// Reserved parameters, but no signature.
		{p + "a?Expires=1", Reserved},
		{p + "a?x&Policy=1&y", Reserved},
		{p + "a?Signature", Reserved},
		{p + "a?Hash-Algorithm=SHA256", Reserved},
		{p + "a?Signature=x&Key-Pair-Id=K2JCJMDEHXQW5F", Reserved},
		{p + "a?Expires=1&Policy=x&Signature=x&Key-Pair-Id=K2JCJMDEHXQW5F", Reserved},
		{p + "a?%45xpires=1", Reserved},
		{p + "a?Expires=1&Expires=2&Signature=x&Key-Pair-Id=K2JCJMDEHXQW5F", Reserved},
		{p + "a?expires=1&key-pair-id=x&signature=x", Signed}, // other names
		// Somebody else's signature.
		{p + "a?Expires=1&Signature=x&Key-Pair-Id=KOTHER", ForeignSignature},
		{p + "a?Policy=x&Signature=x&Key-Pair-Id=KOTHER", ForeignSignature},
		{p + "a?Expires=1&Signature=x&Key-Pair-Id=K2JCJMDEHXQW5F", Signed},

		{p + strings.Repeat("a", maxURL), TooLong},
		{p + strings.Repeat("a", maxURL-len(p)-100), TooLong},
	} {
		query, strip, reason := guarded(t).Query(test.url, time.Now())
		if reason != test.reason || (reason == Signed) != (query != "") || strip && reason != Signed {
			t.Errorf("%.200q: got reason %q, strip %v, want %q", test.url, reason, strip, test.reason)
		}
	}
}

// Whatever a "?" stands for in a policy, an origin finds neither an exception nor
// a dot segment in what the signature of a link opens.
func TestQueriesOpenNothingElse(t *testing.T) {
	is := testIssuer(t, ecKey, "https://h/p/*")
	is.Except = []Pattern{pattern(t, "https://h/p/s/*"), pattern(t, "https://h/p/*.k")}
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(from []string) string { return from[random.IntN(len(from))] }
	parts := strings.Fields("? ? % 2 e 5 f c / . s 7 3 k b 6 x %73 %2e %2f ?2e ?73 ?5c")
	meanings := strings.Split("/.%sek2573fc?", "")

	for signed := 0; signed < 2000; {
		link := "https://h/p/"
		for range 1 + random.IntN(8) {
			link += pick(parts)
		}
		url, _, err := Canonical(link)
		if err != nil || !strings.Contains(url, "?") {
			continue
		}
		requests := []Request{{URL: url}}
		if Sign([]*Issuer{is}, requests, time.Now()); requests[0].Reason != Signed {
			continue
		}
		signed++
		for range 100 {
			opened := ""
			for _, c := range strings.Split(strings.TrimSuffix(url, "?"), "") {
				if c == "?" {
					c = pick(meanings)
				}
				opened += c
			}
			path, _, _ := strings.Cut(strings.TrimPrefix(opened, "https:"), "?")
			for range maxDecodings + 1 {
				if slices.Contains(strings.FieldsFunc(path, func(c rune) bool { return c == '/' || c == '\\' }), "..") {
					t.Fatalf("%s is signed, which opens %s", link, opened)
				}
				path = decode(path)
			}
			path = string(collapse([]byte(path), 2))
			for _, e := range is.Except {
				if matchFlat(e.text(), path) {
					t.Fatalf("%s is signed, which opens %s, in %s", link, opened, e)
				}
			}
		}
	}
}

// All that is signed is what a browser sends and CloudFront accepts.
func TestSignedLinksAreAccepted(t *testing.T) {
	now := time.Now()
	for _, test := range []struct{ link, sent string }{
		{"https://cdn.example.com/private/a.jpg", "https://cdn.example.com/private/a.jpg"},
		{"//cdn.example.com/private/a.jpg", "https://cdn.example.com/private/a.jpg"},
		{"https://cdn.example.com/private/a.jpg#top", "https://cdn.example.com/private/a.jpg"},
		{"https://cdn.example.com/private/a.jpg?", "https://cdn.example.com/private/a.jpg?"},
		{"https://cdn.example.com/private/a.jpg?x&", "https://cdn.example.com/private/a.jpg?x&"},
		{"https://cdn.example.com/private/ü b.jpg?q='ü'", "https://cdn.example.com/private/%C3%BC%20b.jpg?q=%27%C3%BC%27"},
		{"https://cdn.example.com/private/%c3%bc+.jpg?a=%2f+b", "https://cdn.example.com/private/%c3%bc+.jpg?a=%2f+b"},
		{`https:\\CDN.example.com\x\..\private\a.jpg`, "https://cdn.example.com/private/a.jpg"},
		{"https://cdn.example.com/dl?file=a?b", "https://cdn.example.com/dl?file=a?b"},
		{"http://localhost:8082/a", "http://localhost:8082/a"},
	} {
		for _, private := range []crypto.Signer{rsaKey, ecKey} {
			for _, hash := range []Hash{SHA1, SHA256} {
				if private == ecKey && hash == SHA1 {
					continue
				}
				for _, condition := range []func(*Issuer){
					func(*Issuer) {},
					func(is *Issuer) { is.IP = prefix("192.0.2.0/24") },
					func(is *Issuer) { is.Window.Backdate = time.Minute },
					func(is *Issuer) { is.Scope = ScopeDirectory; is.Except = nil },
					func(is *Issuer) {
						is.Scope = ScopeResource
						is.Except = nil
						is.Resources[1].Pattern = pattern(t, "https://cdn.example.com/dl*")
					},
				} {
					is := guarded(t)
					is.Key = testKey(t, private, hash)
					condition(is)
					query, strip, reason := is.Query(test.link, now)
					if reason != Signed || strip {
						t.Fatalf("%s: reason %q, strip %v", test.link, reason, strip)
					}
					accepted(t, is.Key, Join(test.sent, "", query), now, "")
				}
			}
		}
	}
}

// accepted checks a signed URL as the edge does.
func accepted(t *testing.T, key *Key, signed string, now time.Time, want Code) {
	t.Helper()
	u, err := url.Parse(signed)
	if err != nil {
		t.Fatal(err)
	}
	edge := Verifier{Keys: map[string]crypto.PublicKey{key.ID(): key.Public()}}
	result := edge.Verify(ViewerRequest{
		Scheme: u.Scheme, Host: u.Host, RawPath: u.EscapedPath(), RawQuery: u.RawQuery, HasQuery: true,
		IP: netip.MustParseAddr("192.0.2.7"), Now: now,
	})
	if result.Code != want {
		t.Errorf("%s: the edge says %q: %s", signed, result.Code, result.Why)
	}
}

// A signature of our own, current or previous, is replaced unless it has a
// condition that ours lacks.
func TestSigningAnew(t *testing.T) {
	const link = "https://cdn.example.com/private/a.jpg?x=1"
	now := time.Now()
	for _, test := range []struct {
		name   string
		old    Policy
		id     string
		ours   func(*Issuer)
		reason Reason
	}{
		{"current", Policy{}, "K2JCJMDEHXQW5F", nil, Signed},
		{"previous", Policy{}, "KPREVIOUS", nil, Signed},
		{"foreign", Policy{}, "KFOREIGN", nil, ForeignSignature},
		{"wildcard", Policy{Resource: "https://cdn.example.com/*"}, "KPREVIOUS", nil, Signed},
		{"with a start", Policy{Starts: now.Unix() - 7200}, "KPREVIOUS", nil, ForeignSignature},
		{"with a start, like ours", Policy{Starts: now.Unix() - 7200}, "KPREVIOUS", func(is *Issuer) { is.Window.Backdate = time.Minute }, Signed},
		{"with a start that is yet to come", Policy{Starts: now.Unix() + 60}, "KPREVIOUS", func(is *Issuer) { is.Window.Backdate = time.Minute }, ForeignSignature},
		{"for an address", Policy{IP: prefix("192.0.2.7/32")}, "KPREVIOUS", nil, ForeignSignature},
		{"for an address, like ours", Policy{IP: prefix("192.0.2.7/32")}, "KPREVIOUS", func(is *Issuer) { is.IP = prefix("192.0.2.7/32") }, Signed},
		{"for a range that holds ours", Policy{IP: prefix("192.0.0.0/16")}, "KPREVIOUS", func(is *Issuer) { is.IP = prefix("192.0.2.7/32") }, Signed},
		{"for a range within ours", Policy{IP: prefix("192.0.2.7/32")}, "KPREVIOUS", func(is *Issuer) { is.IP = prefix("192.0.0.0/16") }, ForeignSignature},
		{"for another address", Policy{IP: prefix("192.0.2.8/32")}, "KPREVIOUS", func(is *Issuer) { is.IP = prefix("192.0.2.7/32") }, ForeignSignature},
	} {
		is := testIssuer(t, ecKey, "https://cdn.example.com/private/*")
		is.Previous = []string{"KOLDER", "KPREVIOUS"}
		if test.ours != nil {
			test.ours(is)
		}
		if test.old.Resource == "" {
			test.old.Resource = link
		}
		test.old.Expires = now.Unix() + 10_000
		old := must(must(NewKey(test.id, rsaKey, SHA1)).Query(test.old))
		query, strip, reason := is.Query(link+"&"+old, now)
		if reason != test.reason || strip != (reason == Signed) {
			t.Errorf("%s: reason %q, strip %v, want %q", test.name, reason, strip, test.reason)
		}
		if reason == Signed {
			if fresh, _, _ := is.Query(link, now); fresh != query {
				t.Errorf("%s: not the signature of the plain link", test.name)
			}
			accepted(t, is.Key, Join(link, "", query), now, "")
		}
	}
}

func TestScopes(t *testing.T) {
	const p = "https://cdn.example.com/private/"
	for _, test := range []struct {
		scope    Scope
		link     string
		resource string // of the policy, when it isn't canned
		reason   Reason
	}{
		{"", p + "a/b.jpg", "", Signed},
		{ScopeLink, p + "a/b.jpg", "", Signed},
		{ScopeDirectory, p + "a/b.jpg", p + "a/*", Signed},
		{ScopeDirectory, p + "a/?x=/y/", p + "a/*", Signed},
		{ScopeDirectory, p + "open/b.jpg", p + "open/*", Signed},
		// The directory holds an exception, or more than the resource.
		{ScopeDirectory, p + "b.jpg", "", Signed},
		{ScopeDirectory, "https://cdn.example.com/stat-b.jpg", "", Signed},
		{ScopeDirectory, "https://cdn.example.com/stat/b.jpg", "https://cdn.example.com/stat/*", Signed},
		{ScopeResource, "https://cdn.example.com/stat/b.jpg", "https://cdn.example.com/stat*", Signed},
		{ScopeResource, p + "open/b.jpg", "", Wildcard},
	} {
		is := testIssuer(t, ecKey, p+"*", "https://cdn.example.com/stat*")
		is.Except = []Pattern{pattern(t, p+"secret/*")}
		is.Scope = test.scope
		query, _, reason := is.Query(test.link, time.Now())
		if reason != test.reason {
			t.Errorf("%s of %s: reason %q, want %q", test.scope, test.link, reason, test.reason)
			continue
		}
		if resource := policyOf(t, query).Resource; resource != test.resource {
			t.Errorf("%s of %s: opens %q, want %q", test.scope, test.link, resource, test.resource)
		}
	}
}

// policyOf returns the custom policy of a query, or an empty one.
func policyOf(t *testing.T, query string) Policy {
	t.Helper()
	old, _, _, odd := splitQuery(query, true)
	if odd != nil || old["Policy"] == "" {
		return Policy{}
	}
	p, err := parsePolicy(must(Decode(old["Policy"])))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTemplates(t *testing.T) {
	const p = "https://cdn.example.com/private/"
	for _, test := range []struct {
		scope    Scope
		except   string
		link     string
		resource string
		reason   Reason
	}{
		{ScopeLink, "", p + "v/seg-*.m4s", p + "v/seg-*.m4s", Signed},
		{ScopeLink, "", p + "*", p + "*", Signed},
		{ScopeLink, "", "//cdn.example.com/private/v/*/seg-*.m4s?x=*", p + "v/*/seg-*.m4s?x=*", Signed},
		{ScopeLink, p + "secret/*", p + "v/*/seg-*.m4s?x=*", p + "v/*/seg-*.m4s?x=*", Signed},
		{ScopeDirectory, p + "secret/*", p + "v/seg-*.m4s", p + "v/*", Signed},
		{ScopeDirectory, "", p + "v/*/seg-*.m4s", p + "v/*/seg-*.m4s", Signed},
		{ScopeDirectory, p + "v/*.key", p + "v/seg-*.m4s", p + "v/seg-*.m4s", Signed},
		{ScopeResource, "", p + "v/seg-*.m4s", p + "*", Signed},
		// What the variables may stand for is excepted,
		{ScopeLink, p + "secret/*", p + "*", "", Template},
		{ScopeLink, p + "secret/*", p + "*/a.m4s", "", Template},
		{ScopeLink, p + "secret/*", p + "sec*/a.m4s", "", Template},
		{ScopeLink, p + "*.key", p + "v*.key", "", Template},
		{ScopeLink, p + "*.key", p + "v*.m4s?x=*", "", Template},
		// or as an origin may see it,
		{ScopeLink, p + "secret/*", p + "%73ecret/seg-*.m4s", "", Template},
		{ScopeLink, p + "seg-1", p + "*/seg-1", "", Template},
		// also with a query that it ignores, or that belongs to the path,
		{ScopeLink, p + "*.key", p + "v*/a.key?x=*.m4s", "", Template},
		{ScopeLink, p + "v/seg-*.key", p + "v/seg-1*?x", "", Template},
		{ScopeLink, p + "v/secret/*", p + "v/*/a?%73ecret/b", "", Template},
		{ScopeLink, p + "%C3%A9/*", p + "%c3%a9/seg-*.m4s", "", Template},
		// or completes an escape,
		{ScopeLink, "", p + "v/%2*/seg.m4s", "", Template},
		{ScopeLink, "", p + "v/%*/seg.m4s", "", Template},
		// or is more than the resource.
		{ScopeLink, "", "https://cdn.example.com/pri*", "", Template},
		{ScopeLink, "", "https://cdn.example.com/*/a", "", Template},
		{ScopeLink, "", p + "v/%252e%252e/*", "", Traversal},
		{ScopeLink, "", "https://cdn.example.com/public/*", "", Outside},
		{ScopeLink, "", "https://*/private/a", "", Unsafe},
	} {
		is := testIssuer(t, ecKey, p+"*")
		if test.except != "" {
			is.Except = []Pattern{pattern(t, test.except)}
		}
		is.Scope = test.scope
		reqs := []Request{{URL: test.link, Template: true}}
		Sign([]*Issuer{is}, reqs, time.Now())
		if reqs[0].Reason != test.reason {
			t.Errorf("%s of %s, except %s: reason %q, want %q", test.scope, test.link, test.except, reqs[0].Reason, test.reason)
			continue
		}
		if resource := policyOf(t, reqs[0].Query).Resource; resource != test.resource {
			t.Errorf("%s of %s: opens %q, want %q", test.scope, test.link, resource, test.resource)
		}
	}
}

// A link goes to the first issuer whose resource holds it.
func TestSignWithSeveralIssuers(t *testing.T) {
	first := testIssuer(t, ecKey, "https://cdn.example.com/a/*")
	first.Key = must(NewKey("KFIRST", ecKey, SHA256))
	first.Except = []Pattern{pattern(t, "https://cdn.example.com/a/no/*")}
	second := testIssuer(t, ecKey, "https://cdn.example.com/*")
	second.Key = must(NewKey("KSECOND", ecKey, SHA256))
	second.Cache = NewCache(1 << 20)
	defer second.Cache.Close()
	reqs := []Request{
		{URL: "https://cdn.example.com/a/1"},
		{URL: "https://cdn.example.com/b/1"},
		{URL: "https://cdn.example.com/a/no/1"},
		{URL: "https://other.example.com/"},
		{URL: "https://cdn.example.com/a/1#again"},
	}
	for range 2 { // the requests are reused: no answer of the last time may stay
		Sign([]*Issuer{first, second}, reqs, time.Now())
		for i, want := range []struct {
			id     string
			reason Reason
		}{{"KFIRST", Signed}, {"KSECOND", Signed}, {"", Excepted}, {"", Outside}, {"KFIRST", Signed}} {
			if r := reqs[i]; r.Reason != want.reason || !strings.Contains(r.Query, "Key-Pair-Id="+want.id) && want.id != "" {
				t.Errorf("%s: %+v, want key %s, reason %q", r.URL, r, want.id, want.reason)
			}
		}
	}
}

func TestCookieSets(t *testing.T) {
	cache := NewCache(1 << 20)
	defer cache.Close()
	for _, private := range []crypto.Signer{rsaKey, ecKey} {
		is := testIssuer(t, private, "https://cdn.example.com/private/*", "https://cdn.example.com/a.jpg")
		is.Cache = cache
		now := time.Now()
		sets, err := is.CookieSets(now)
		if err != nil || len(sets) != 2 {
			t.Fatal(sets, err)
		}
		again, _ := is.CookieSets(now)
		if fmt.Sprint(sets) != fmt.Sprint(again) {
			t.Error("other cookies the second time")
		}
		for i, set := range sets {
			if set.Resource.Pattern != is.Resources[i].Pattern || set.Policy.Resource != is.Resources[i].Pattern.String() {
				t.Errorf("set %d is for %s", i, set.Policy.Resource)
			}
			if _, expires := is.Window.Bounds(set.Resource.Pattern.String(), now); set.Policy.Expires != expires {
				t.Errorf("set %d ends at %d, not %d", i, set.Policy.Expires, expires)
			}
			want := must(is.Key.Cookies(set.Policy))
			if fmt.Sprint(set.Cookies) != fmt.Sprint(want) {
				t.Errorf("set %d: %v, want %v", i, set.Cookies, want)
			}
			for j, name := range []string{"CloudFront-Policy", "CloudFront-Signature", "CloudFront-Key-Pair-Id", "CloudFront-Hash-Algorithm"} {
				if set.Cookies[j].Name != name {
					t.Errorf("cookie %d is %s", j, set.Cookies[j].Name)
				}
			}
			edge := Verifier{Keys: map[string]crypto.PublicKey{is.Key.ID(): is.Key.Public()}}
			path := []string{"/private/x/y.jpg", "/a.jpg"}[i]
			if r := edge.Verify(ViewerRequest{Scheme: "https", Host: "cdn.example.com", RawPath: path, Cookies: set.Cookies, Now: now}); r.Code != "" {
				t.Errorf("%s: the edge says %q: %s", path, r.Code, r.Why)
			}
		}
		for _, bad := range []func(){
			func() { is.Except = []Pattern{pattern(t, "https://cdn.example.com/private/no/*")} },
			func() { is.Except, is.Resources[0].Pattern = nil, pattern(t, "https://cdn.example.com/*/a") },
		} {
			bad()
			if sets, err := is.CookieSets(now); err == nil {
				t.Errorf("cookies: %v", sets)
			}
		}
	}
}

func TestIssuerCheck(t *testing.T) {
	for _, test := range []struct {
		change  func(*Issuer)
		problem string
	}{
		{func(*Issuer) {}, ""},
		{func(is *Issuer) { is.Scope = ScopeResource }, ""},
		{func(is *Issuer) { is.Window.Size = is.Window.TTL / 2 }, ""},
		{func(is *Issuer) { is.Key = nil }, "key"},
		{func(is *Issuer) { is.Resources = nil }, "resource"},
		{func(is *Issuer) { is.Window.TTL = 0 }, "ttl"},
		{func(is *Issuer) { is.Window.Size = is.Window.TTL/2 + 1 }, "half of the ttl"},
		{func(is *Issuer) { is.Window.Backdate = -1 }, "backdate"},
		{func(is *Issuer) { is.IP = prefix("2001:db8::/32") }, "IPv4"},
		{func(is *Issuer) { is.Scope = "site" }, "link, directory or resource"},
		{func(is *Issuer) {
			is.Scope = ScopeResource
			is.Except = []Pattern{pattern(t, "https://cdn.example.com/private/no/*")}
		}, "out of https://cdn.example.com/private/*"},
		{func(is *Issuer) {
			is.Scope = ScopeResource
			is.Resources[0].Pattern = pattern(t, "https://cdn.example.com/*.jpg")
		}, `only one "*"`},
	} {
		is := testIssuer(t, ecKey, "https://cdn.example.com/private/*")
		test.change(is)
		err := is.Check()
		if (err == nil) != (test.problem == "") || err != nil && !strings.Contains(err.Error(), test.problem) {
			t.Errorf("got %v, want %q", err, test.problem)
		}
	}
}

func TestIssuerExpires(t *testing.T) {
	is := testIssuer(t, ecKey, "https://cdn.example.com/a/*", "https://cdn.example.com/b/*", "https://cdn.example.com/c/*")
	now := time.Now()
	earliest := is.Expires(now)
	found := false
	for _, r := range is.Resources {
		_, expires := is.Window.Bounds(r.Pattern.String(), now)
		found = found || expires == earliest
		if expires < earliest {
			t.Errorf("%s ends at %d, before %d", r.Pattern, expires, earliest)
		}
	}
	if !found {
		t.Errorf("nothing ends at %d", earliest)
	}
}
