package signer

import (
	"bytes"
	"crypto"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

func TestPolicyBytes(t *testing.T) {
	for _, test := range []struct {
		policy Policy
		canned bool
		want   string
	}{
		{Policy{Resource: "https://h/a.jpg", Expires: 1767290400}, true,
			`{"Statement":[{"Resource":"https://h/a.jpg","Condition":{"DateLessThan":{"AWS:EpochTime":1767290400}}}]}`},
		{Policy{Resource: "https://h/a?b=1&c=<2>", Expires: 1}, true, // not escaped for HTML
			`{"Statement":[{"Resource":"https://h/a?b=1&c=<2>","Condition":{"DateLessThan":{"AWS:EpochTime":1}}}]}`},
		{Policy{Resource: "https://h/*", Expires: 9223372036}, false,
			`{"Statement":[{"Resource":"https://h/*","Condition":{"DateLessThan":{"AWS:EpochTime":9223372036}}}]}`},
		{Policy{Resource: "https://h/a", Expires: 2, Starts: 1}, false,
			`{"Statement":[{"Resource":"https://h/a","Condition":{"DateLessThan":{"AWS:EpochTime":2},"DateGreaterThan":{"AWS:EpochTime":1}}}]}`},
		{Policy{Resource: "https://h/a", Expires: 2, IP: prefix("192.0.2.0/24")}, false,
			`{"Statement":[{"Resource":"https://h/a","Condition":{"DateLessThan":{"AWS:EpochTime":2},"IpAddress":{"AWS:SourceIp":"192.0.2.0/24"}}}]}`},
		{Policy{Resource: "https://h/a", Expires: 2, Starts: 1, IP: prefix("192.0.2.1/32")}, false,
			`{"Statement":[{"Resource":"https://h/a","Condition":{"DateLessThan":{"AWS:EpochTime":2},"DateGreaterThan":{"AWS:EpochTime":1},"IpAddress":{"AWS:SourceIp":"192.0.2.1/32"}}}]}`},
	} {
		if got := string(test.policy.Append(nil)); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
		if test.policy.Canned() != test.canned {
			t.Errorf("%s is canned: %v", test.want, !test.canned)
		}
	}
}

// The vectors' signatures are over the bytes that Append makes.
func TestPolicyBytesOfVectors(t *testing.T) {
	for i, v := range vectors {
		p := Policy{Resource: vectorSite + v.resource, Expires: 1767290400}
		switch {
		case strings.Contains(v.conditions, "DateGreaterThan"):
			p.Starts = 1767200000
		case strings.Contains(v.conditions, "192.168"):
			p.IP = prefix("192.168.0.0/24")
		case strings.Contains(v.conditions, "10.0"):
			p.IP = prefix("10.0.0.0/8")
		}
		want := `{"Statement":[{"Resource":"` + p.Resource + `","Condition":{` + vectorExpires + v.conditions + `}}]}`
		if got := string(p.Append(nil)); got != want {
			t.Errorf("vector %d: got %s, want %s", i+1, got, want)
		}
	}
	// Printed in the specifications of the AWS SDKs for Ruby and for Go.
	for _, test := range []struct {
		policy Policy
		want   string
	}{
		{Policy{Resource: vectorSite + "/*", Expires: 1767290400, IP: prefix("10.0.0.0/8")},
			"eyJTdGF0ZW1lbnQiOlt7IlJlc291cmNlIjoiaHR0cHM6Ly9kMTExMTExYWJjZGVmOC5jbG91ZGZyb250Lm5ldC8qIiwiQ29uZGl0aW9uIjp7IkRhdGVMZXNzVGhhbiI6eyJBV1M6RXBvY2hUaW1lIjoxNzY3MjkwNDAwfSwiSXBBZGRyZXNzIjp7IkFXUzpTb3VyY2VJcCI6IjEwLjAuMC4wLzgifX19XX0_"},
		{Policy{Resource: "https://example.com/a", Expires: 1257894000},
			"eyJTdGF0ZW1lbnQiOlt7IlJlc291cmNlIjoiaHR0cHM6Ly9leGFtcGxlLmNvbS9hIiwiQ29uZGl0aW9uIjp7IkRhdGVMZXNzVGhhbiI6eyJBV1M6RXBvY2hUaW1lIjoxMjU3ODk0MDAwfX19XX0_"},
	} {
		if got := Encode(test.policy.Append(nil)); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}

func TestQueryAndCookies(t *testing.T) {
	canned := Policy{Resource: "https://h/a.jpg", Expires: 1767290400}
	custom := Policy{Resource: "https://h/*", Expires: 1767290400}
	for _, private := range []crypto.Signer{rsaKey, ecKey} {
		for _, hash := range []Hash{SHA1, SHA256} {
			if private == ecKey && hash == SHA1 {
				continue
			}
			key := testKey(t, private, hash)
			common, last := "&Key-Pair-Id=K2JCJMDEHXQW5F", ""
			if hash == SHA256 {
				common += "&Hash-Algorithm=SHA256"
				last = " {CloudFront-Hash-Algorithm SHA256}"
			}
			sign := func(p Policy) string { return must(key.Sign(p.Append(nil))) }
			encoded := func(p Policy) string { return Encode(p.Append(nil)) }
			if got, want := must(key.Query(canned)), "Expires=1767290400&Signature="+sign(canned)+common; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			if got, want := must(key.Query(custom)), "Policy="+encoded(custom)+"&Signature="+sign(custom)+common; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			for _, p := range []Policy{canned, custom} {
				want := "[{CloudFront-Policy " + encoded(p) + "} {CloudFront-Signature " + sign(p) + "} {CloudFront-Key-Pair-Id K2JCJMDEHXQW5F}" + last + "]"
				if got := fmt.Sprint(must(key.Cookies(p))); got != want {
					t.Errorf("got %s, want %s", got, want)
				}
			}
		}
	}
}

func TestPoliciesThatAreRefused(t *testing.T) {
	key := testKey(t, ecKey, SHA256)
	good := Policy{Resource: "https://h/a", Expires: 2}
	for _, test := range []struct {
		change  func(*Policy)
		problem string
	}{
		{func(p *Policy) { p.Resource = "" }, "needs a resource"},
		{func(p *Policy) { p.Resource = `https://h/"},{"` }, "byte 0x22"},
		{func(p *Policy) { p.Resource = `https://h/\` }, "byte 0x5c"},
		{func(p *Policy) { p.Resource = "https://h/ü" }, "byte 0xc3"},
		{func(p *Policy) { p.Resource = "https://h/a b" }, "byte 0x20"},
		{func(p *Policy) { p.Resource = "https://h/\n" }, "byte 0x0a"},
		{func(p *Policy) { p.Resource = "https://h/#a" }, "byte 0x23"},
		{func(p *Policy) { p.Expires = 0 }, "Unix seconds"},
		{func(p *Policy) { p.Expires = -1 }, "Unix seconds"},
		{func(p *Policy) { p.Expires = 1767290400000 }, "Unix seconds"}, // milliseconds
		{func(p *Policy) { p.Starts = 2 }, "before its end"},
		{func(p *Policy) { p.Starts = -1 }, "before its end"},
		{func(p *Policy) { p.IP = prefix("2001:db8::/32") }, "IPv4"},
		{func(p *Policy) { p.IP = prefix("::ffff:192.0.2.1/128") }, "IPv4"},
	} {
		p := good
		test.change(&p)
		query, err := key.Query(p)
		if err == nil || !strings.Contains(err.Error(), test.problem) {
			t.Errorf("%+v: got %q, %v, want %q", p, query, err, test.problem)
		}
		if cookies, err := key.Cookies(p); err == nil {
			t.Errorf("%+v: got %v", p, cookies)
		}
	}
}

// Whatever is accepted comes out of a JSON parser as it went in.
func FuzzPolicy(f *testing.F) {
	f.Add("https://h/a?b=1&c=2", int64(1767290400), int64(0), uint32(0), 0)
	f.Add("https://h/*", int64(2), int64(1), uint32(0xc0000200), 24)
	f.Add(`https://h/"}]`, int64(2), int64(1), uint32(1), 32)
	f.Add("https://h/\u2028é\x00", int64(2), int64(0), uint32(1), 33)
	f.Add("https://h/*", int64(2), int64(1), uint32(0xc0000200), -1)
	f.Fuzz(func(t *testing.T, resource string, expires, starts int64, ip uint32, bits int) {
		p := Policy{Resource: resource, Expires: expires, Starts: starts}
		if ip != 0 {
			p.IP = netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(ip >> 24), byte(ip >> 16), byte(ip >> 8), byte(ip)}), bits)
		}
		if p.check() != nil {
			return
		}
		document := p.Append(nil)
		var compact bytes.Buffer
		if err := json.Compact(&compact, document); err != nil || compact.String() != string(document) {
			t.Fatalf("%s: %v", document, err)
		}
		if !p.IP.IsValid() {
			p.IP = netip.Prefix{} // every invalid prefix means none
		}
		back, err := parsePolicy(document)
		if err != nil || back != p {
			t.Fatalf("%+v became %s, which is %+v (%v)", p, document, back, err)
		}
	})
}

func TestEncode(t *testing.T) {
	for _, test := range []struct{ raw, want string }{
		{"", ""},
		{"f", "Zg__"},
		{"fo", "Zm8_"},
		{"foo", "Zm9v"},
		{"\xfb\xff\xbf", "-~-~"},
		{"\xff\xff\xff", "~~~~"},
	} {
		if got := Encode([]byte(test.raw)); got != test.want {
			t.Errorf("%q: got %s, want %s", test.raw, got, test.want)
		}
		if got, err := Decode(test.want); err != nil || string(got) != test.raw {
			t.Errorf("%s: got %q, %v", test.want, got, err)
		}
	}
	for _, s := range []string{"Zg", "Zg_", "Zg==", "Zg__\n", "Z\ng__", "+/+/", "Zh__", "Zg__Zg__", "Z g__", "é"} {
		if got, err := Decode(s); err == nil {
			t.Errorf("%q: got %q", s, got)
		}
	}
}
