package signer

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// What Key makes, compared with what AWS's JavaScript signer makes of the same:
// byte for byte with RSA keys; with ECDSA keys, whose signatures AWS draws at
// random, all but the signature, which the edge judges.
func TestSameAsJavaScriptSigner(t *testing.T) {
	if _, err := os.Stat("testdata/js/node_modules"); err != nil {
		missing(t, "run npm ci in signer/testdata/js")
	}
	files := peerKeyFiles(t)
	const expires = 1767290400
	var cases []peerCase
	var keys []*Key
	for id, private := range edgeKeys() {
		for _, hash := range []Hash{SHA1, SHA256} {
			key, err := NewKey(id, private, hash)
			if err != nil {
				continue // ours makes fewer kinds than the edge accepts
			}
			for _, link := range []string{
				"https://d111111abcdef8.cloudfront.net/image.jpg",
				"https://cdn.example.com/",
				"https://cdn.example.com/a/b.jpg?size=large&w=1%2F2&x=a+b",
				"https://cdn.example.com/a b/ü.jpg",
				"https://cdn.example.com/a.jpg?q=ü b",
				"https://cdn.example.com/%c3%bc/%C3%BC.jpg?a=%2f",
				"https://cdn.example.com/it's(1)!;,=@:$&~.jpg",
				"https://cdn.example.com/a//b/",
				"https://xn--bcher-kva.example/a.jpg",
				"http://localhost:8082/a.jpg?",
			} {
				for _, starts := range []int64{0, expires - 7200} {
					for _, ip := range []string{"", "192.0.2.7/32", "10.0.0.0/8"} {
						for _, cookies := range []bool{false, true} {
							cases = append(cases, peerCase{
								Key: files[id], KeyPairID: id, Hash: string(hash), URL: link,
								Expires: expires, Starts: starts, IP: ip, Cookies: cookies,
							})
							keys = append(keys, key)
						}
					}
				}
			}
		}
	}
	t.Logf("%d cases", len(cases))
	for i, theirs := range runPeer(t, exec.Command("node", "testdata/js/edge.mjs"), cases) {
		c, key := cases[i], keys[i]
		// Theirs encodes more than browsers do, and returns what it has signed;
		// for cookies it encodes nothing.
		resource := c.URL
		if !c.Cookies {
			base, query, _ := strings.Cut(theirs.URL, "?")
			resource = base
			if _, rest, hasRest, _ := splitQuery(query, true); hasRest {
				resource += "?" + rest
			}
		}
		if canonical, _, err := Canonical(resource); err != nil || canonical != resource {
			if c.Cookies {
				continue // we would not sign that
			}
			t.Errorf("%v: they sign %s, browsers send %s (%v)", c, resource, canonical, err)
		}
		p := Policy{Resource: resource, Expires: c.Expires, Starts: c.Starts}
		if c.IP != "" {
			p.IP = prefix(c.IP)
		}
		if c.Cookies && p.Canned() {
			// Theirs are cookies for a canned policy, which open one URL; ours
			// never are. But the document that is signed is the same.
			compareSignatures(t, c, key, p, must(key.Sign(p.Append(nil))), theirs.Cookies["CloudFront-Signature"].(string))
			continue
		}
		ours := make(map[string]string)
		others := make(map[string]string)
		if c.Cookies {
			for _, cookie := range must(key.Cookies(p)) {
				ours[strings.TrimPrefix(cookie.Name, cookiePrefix)] = cookie.Value
			}
			for name, value := range theirs.Cookies {
				others[strings.TrimPrefix(name, cookiePrefix)] = value.(string)
			}
		} else {
			u, err := url.Parse(theirs.URL)
			if err != nil {
				t.Fatal(err)
			}
			for name, values := range must(url.ParseQuery(must(key.Query(p)))) {
				ours[name] = values[0]
			}
			for name, values := range u.Query() {
				if slices.Contains(Params, name) {
					others[name] = values[0]
				}
			}
			accepted(t, key, theirs.URL, time.Unix(c.Expires-1, 0), wantFor(c))
			accepted(t, key, Join(resource, "", must(key.Query(p))), time.Unix(c.Expires-1, 0), wantFor(c))
		}
		compareSignatures(t, c, key, p, ours["Signature"], others["Signature"])
		delete(ours, "Signature")
		delete(others, "Signature")
		for name := range others {
			if ours[name] != others[name] {
				t.Errorf("%v: %s is %q, theirs %q", c, name, ours[name], others[name])
			}
		}
		if len(ours) != len(others) {
			t.Errorf("%v: we have %v, they %v", c, ours, others)
		}
	}
}

// wantFor is what the edge says to accepted's viewer.
func wantFor(c peerCase) Code {
	if c.IP == "10.0.0.0/8" {
		return AccessDenied
	}
	return Allowed
}

// compareSignatures wants equal RSA signatures, and of ECDSA signatures that
// both are valid for the same bytes.
func compareSignatures(t *testing.T, c peerCase, key *Key, p Policy, ours, theirs string) {
	t.Helper()
	public, ec := key.Public().(*ecdsa.PublicKey)
	if !ec {
		if ours != theirs {
			t.Errorf("%v: signature %s, theirs %s", c, ours, theirs)
		}
		return
	}
	digest := sha256.Sum256(p.Append(nil))
	for _, signature := range []string{ours, theirs} {
		if !ecdsa.VerifyASN1(public, digest[:], must(Decode(signature))) {
			t.Errorf("%v: %s does not sign %s", c, signature, p.Append(nil))
		}
	}
}
