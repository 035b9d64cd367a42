package signer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"html"
	"strings"
	"testing"
)

func TestInspect(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := NewKey("K2JCJMDEHXQW5F", private, SHA256)
	if err != nil {
		t.Fatal(err)
	}
	const (
		image   = "https://cdn.example.com/img/a.jpg?v=1"
		expires = 1_800_003_600
	)
	sign := func(p Policy) string {
		if p.Resource == "" {
			p.Resource = image
		}
		if p.Expires == 0 {
			p.Expires = expires
		}
		query, err := key.Query(p)
		if err != nil {
			t.Fatal(err)
		}
		return Join(image, "", query)
	}
	document := func(doc string) string {
		return Join(image, "", "Policy="+Encode([]byte(doc))+"&Signature="+Encode(make([]byte, 256))+"&Key-Pair-Id=K1&Hash-Algorithm=SHA256")
	}
	canned := sign(Policy{})
	begin := strings.Index(canned, "Signature=") + len("Signature=")
	signature := canned[begin : begin+strings.IndexByte(canned[begin:], '&')]

	for _, tt := range []struct{ name, url, odd string }{
		{"canned", canned, ""},
		{"custom", sign(Policy{Resource: "https://cdn.example.com/img/*", Starts: 1_700_000_000}), ""},
		{"HTML-escaped", html.EscapeString(canned), "taken out of HTML"},
		{"JSON-escaped", strings.ReplaceAll(canned, "&", `\u0026`), "taken out of JSON"},
		{"second question mark", strings.Replace(canned, "&Expires", "?Expires", 1), "a second '?'"},
		{"signed twice", canned + strings.TrimPrefix(canned, image), "signed twice"},
		{"percent-encoded", strings.Replace(canned, signature, "%4D"+signature[1:], 1), "percent-encoded"},
		{"not decodable", strings.Replace(canned, signature, "!!!", 1), "base64 alphabet"},
		{"no hash", strings.Replace(canned, "&Hash-Algorithm=SHA256", "", 1), "without Hash-Algorithm=SHA256"},
		{"no key-pair ID", strings.Replace(canned, "&Key-Pair-Id=K2JCJMDEHXQW5F", "", 1), "key-pair ID is empty"},
		{"access key", strings.Replace(canned, "K2JCJMDEHXQW5F", "AKIAIOSFODNN7EXAMPLE", 1), "IAM access key"},
		{"short signature", strings.Replace(canned, signature, Encode(make([]byte, 100)), 1), "has 100 bytes"},
		{"raw numbers", strings.Replace(canned, signature, Encode(make([]byte, 64)), 1), "ASN.1 DER"},
		{"RSA-1024", strings.Replace(canned, signature, Encode(make([]byte, 128)), 1), "RSA-1024"},
		{"milliseconds", strings.Replace(canned, "Expires=1800003600", "Expires=1800003600000", 1), "write seconds, not milliseconds"},
		{"expired", sign(Policy{Expires: 1_799_999_999}), "it has expired"},
		{"not yet", sign(Policy{Starts: 1_800_000_001}), "not valid yet"},
		{"long", sign(Policy{Expires: 1_900_000_000}), "more than a year"},
		{"other resource", sign(Policy{Resource: "https://cdn.example.com/video/*"}), "does not hold this URL"},
		{"no slash", sign(Policy{Resource: "https://cdn.example.com/img*"}), "no '/' before its '*'"},
		{"any host", document(`{"Statement":[{"Resource":"https://*","Condition":{"DateLessThan":{"AWS:EpochTime":1800003600}}}]}`), "opens whatever its key can sign"},
		{"no resource", document(`{"Statement":[{"Condition":{"DateLessThan":{"AWS:EpochTime":1800003600}}}]}`), "has no Resource"},
		{"statement that is no list", document(`{"Statement":{"Resource":"https://cdn.example.com/*","Condition":{"DateLessThan":{"AWS:EpochTime":1800003600}}}}`), "Statement is not an array"},
		{"quoted time", document(`{"Statement":[{"Resource":"https://cdn.example.com/*","Condition":{"DateLessThan":{"AWS:EpochTime":"1800003600"}}}]}`), "not a bare number"},
		{"white space", document(`{"Statement": [{"Resource":"https://cdn.example.com/*","Condition":{"DateLessThan":{"AWS:EpochTime":1800003600}}}]}`), "white space"},
		{"backslash", document(`{"Statement":[{"Resource":"https://cdn.example.com/img/a.jpg\\?v=1","Condition":{"DateLessThan":{"AWS:EpochTime":1800003600}}}]}`), "holds a backslash"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, ok := Inspect(viewer(t, tt.url))
			if !ok {
				t.Fatal("nothing found")
			}
			if odd := strings.Join(c.Odd, "\n"); !strings.Contains(odd, tt.odd) || (odd == "") != (tt.odd == "") {
				t.Errorf("%s\nodd: %s\nwant … %s", tt.url, odd, tt.odd)
			}
			if c.URL != image {
				t.Errorf("URL %s", c.URL)
			}
		})
	}

	if c, ok := Inspect(viewer(t, image)); ok {
		t.Errorf("found %+v in a URL that is not signed", c)
	}
	if c, ok := Inspect(viewer(t, canned)); !ok || !c.Canned || c.KeyPairID != key.ID() || c.Hash != "SHA256" || c.Policy.Expires != expires ||
		string(c.Document) != string(Policy{Resource: image, Expires: expires}.Append(nil)) {
		t.Errorf("canned: %+v", c)
	}
	cookies, err := key.Cookies(Policy{Resource: "https://cdn.example.com/*", Expires: expires})
	if err != nil {
		t.Fatal(err)
	}
	req := viewer(t, image)
	req.Cookies = cookies
	if c, ok := Inspect(req); !ok || c.Source != FromCookies || c.Canned || c.Policy.Resource != "https://cdn.example.com/*" || len(c.Odd) != 0 {
		t.Errorf("cookies: %+v", c)
	}
}
