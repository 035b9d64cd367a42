package signer

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	_ "crypto/sha1" // links crypto.SHA1
	_ "crypto/sha256"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// Limits beside maxURL, so that hostile input costs no more than honest input.
const (
	maxPolicy    = 8192 // more than fits a URL; browsers keep about 4 KB in a cookie
	maxSignature = 1024 // base64 of RSA-4096 takes 684
)

// Verifier checks signed URLs and signed cookies as the CloudFront edge does.
// Where AWS's documentation leaves open what the edge makes of a request, the
// Verifier refuses it.
type Verifier struct {
	// Keys are the trusted public keys by key-pair ID: RSA, or ECDSA on P-256.
	// Without any, every request is refused.
	Keys map[string]crypto.PublicKey
}

// ViewerRequest is what the edge sees of a request.
type ViewerRequest struct {
	Scheme string // "http" or "https"
	Host   string // as in the Host header, with a port if there is one; case does not count

	RawPath  string // from the request line, undecoded; begins with '/'
	RawQuery string // from the request line, undecoded, without the '?'
	HasQuery bool   // whether there was a '?', which may stand before an empty query

	Cookies []Cookie   // in the order received
	IP      netip.Addr // the viewer's address; only a policy with IpAddress looks at it
	Now     time.Time
}

// Result is the edge's judgement on one request.
type Result struct {
	Code Code   // Allowed, or the code of the refusal
	Why  string // for a human: what is wrong, and what to do; empty if allowed; holds no signature

	URL       string // the resource that the viewer asked for: the URL without the reserved parameters
	AppQuery  string // the query without the reserved parameters
	Source    string // FromURL or FromCookies: where the credentials were looked for
	KeyPairID string // as the request gives it, if it is well formed; may be unknown

	// Policy is set once the signature has proved valid.
	Policy Policy
	Canned bool // whether the policy is the canned one, which the edge rebuilds
}

// refusal is a code with its reason.
type refusal struct {
	code Code
	why  string
}

func refuse(code Code, format string, args ...any) *refusal {
	return &refusal{code, fmt.Sprintf(format, args...)}
}

// Verify judges a request. It is safe for concurrent use.
func (v *Verifier) Verify(req ViewerRequest) Result {
	var res Result
	if no := v.verify(&req, &res); no != nil {
		res.Code, res.Why = no.code, no.why
	}
	return res
}

// verify fills res as far as it gets.
func (v *Verifier) verify(req *ViewerRequest, res *Result) *refusal {
	// The documented order: where the credentials are, the key, the signature,
	// and then the conditions of the policy.
	if n := len(req.Scheme) + len("://") + len(req.Host) + len(req.RawPath) + len("?") + len(req.RawQuery); n > maxURL {
		return refuse(AccessDenied, "the URL has %d bytes; CloudFront takes %d at most", n, maxURL)
	}
	c, appQuery, hasAppQuery, no := splitQuery(req.RawQuery, req.HasQuery)
	res.AppQuery = appQuery
	res.URL = req.Scheme + "://" + strings.ToLower(req.Host) + req.RawPath
	if hasAppQuery {
		res.URL += "?" + appQuery
	}
	if no != nil {
		res.Source = FromURL
		return no
	}
	// One reserved parameter makes a signed URL, and cookies no longer count.
	if res.Source = FromURL; len(c) == 0 {
		res.Source = FromCookies
		if c, no = cookieCredentials(req.Cookies); no != nil {
			return no
		}
		if len(c) == 0 {
			return refuse(MissingKey, "the request is not signed: it has neither signing parameters nor CloudFront cookies")
		}
	}

	key, no := v.key(c, res)
	if no != nil {
		return no
	}
	signature, no := c.signature(res.Source)
	if no != nil {
		return no
	}
	hash, no := c.hash()
	if no != nil {
		return no
	}
	doc, no := c.document(res)
	if no != nil {
		return no
	}
	if no := checkURL(req, appQuery); no != nil {
		return no
	}
	if !signatureHolds(key, hash, doc, signature) {
		return badSignature(key, hash, doc, signature, res)
	}
	// The canned document is read like any other: then nothing that a URL may
	// hold can make it say what this code did not mean.
	policy, err := parsePolicy(doc)
	if err != nil {
		return refuse(MalformedPolicy, "the policy can't be read: %v", err)
	}
	res.Policy = policy
	return conditions(req, res)
}

// key looks the public key up.
func (v *Verifier) key(c presented, res *Result) (crypto.PublicKey, *refusal) {
	id, ok := c["Key-Pair-Id"]
	switch {
	case !ok:
		return nil, refuse(MissingKey, "the request is signed, but its Key-Pair-Id is missing")
	case !isAlphanumeric(id):
		return nil, refuse(MissingKey, "the Key-Pair-Id is not made of letters and digits; give the ID of the public key, such as K2JCJMDEHXQW5F")
	}
	res.KeyPairID = id
	key, ok := v.Keys[id]
	if !ok {
		return nil, refuse(InvalidKey, "the key-pair ID %s is not among the trusted keys; it must be the ID of a public key, not of a key group, a distribution or an access key", clip(id))
	}
	return key, nil
}

func isAlphanumeric(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		default:
			return false
		}
	}
	return s != ""
}

// signature decodes the signature's bytes.
func (c presented) signature(source string) ([]byte, *refusal) {
	s, ok := c["Signature"]
	switch {
	case !ok && source == FromCookies:
		return nil, refuse(MalformedSignature, "the cookie CloudFront-Signature is missing")
	case !ok:
		return nil, refuse(MalformedSignature, "the parameter Signature is missing")
	case len(s) > maxSignature:
		return nil, refuse(MalformedSignature, "the signature has %d characters, far more than any key makes", len(s))
	}
	b, err := Decode(s)
	if err != nil || len(b) == 0 {
		return nil, refuse(MalformedSignature, "the signature is not in CloudFront's base64 alphabet ('-', '_', '~' for '+', '=', '/'), or was cut short")
	}
	return b, nil
}

// hash returns the hash that the request names; CloudFront's default is SHA-1.
func (c presented) hash() (crypto.Hash, *refusal) {
	name, ok := c["Hash-Algorithm"]
	switch {
	case !ok || name == string(SHA1):
		return crypto.SHA1, nil
	case name == string(SHA256):
		return crypto.SHA256, nil
	}
	return 0, refuse(AccessDenied, "the Hash-Algorithm %q is neither SHA1 nor SHA256", clip(name))
}

// document returns the bytes that must have been signed: the custom policy as
// sent, or the canned one built from the URL.
func (c presented) document(res *Result) ([]byte, *refusal) {
	policy, hasPolicy := c["Policy"]
	expires, hasExpires := c["Expires"]
	switch {
	case hasPolicy && hasExpires:
		return nil, refuse(MalformedPolicy, "both Policy and Expires are given; send Policy alone for a custom policy, Expires alone for a canned one")
	case hasPolicy:
		if len(policy) > maxPolicy {
			return nil, refuse(MalformedPolicy, "the policy has %d characters; %d are read at most", len(policy), maxPolicy)
		}
		doc, err := Decode(policy)
		if err != nil || len(doc) == 0 {
			return nil, refuse(MalformedPolicy, "the policy is not in CloudFront's base64 alphabet ('-', '_', '~' for '+', '=', '/'), or was cut short")
		}
		return doc, nil
	case hasExpires:
		if _, err := parseEpoch(expires); err != nil {
			return nil, refuse(MalformedPolicy, "Expires can't be read: %v", err)
		}
		res.Canned = true
		return cannedDocument(res.URL, expires), nil
	}
	return nil, refuse(MalformedPolicy, "there is neither a Policy nor an Expires beside the signature")
}

// cannedDocument is the policy that the edge builds by itself.
func cannedDocument(url, expires string) []byte {
	return []byte(`{"Statement":[{"Resource":"` + url + `","Condition":{"DateLessThan":{"AWS:EpochTime":` + expires + `}}}]}`)
}

// signatureHolds reports whether key signed doc: PKCS #1 v1.5 for RSA, ASN.1
// DER for ECDSA.
func signatureHolds(key crypto.PublicKey, hash crypto.Hash, doc, signature []byte) bool {
	h := hash.New()
	h.Write(doc)
	digest := h.Sum(nil)
	switch key := key.(type) {
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(key, hash, digest, signature) == nil
	case *ecdsa.PublicKey:
		return key.Curve == elliptic.P256() && ecdsa.VerifyASN1(key, digest, signature)
	}
	return false
}

// badSignature finds words for a signature that does not hold.
func badSignature(key crypto.PublicKey, hash crypto.Hash, doc, signature []byte, res *Result) *refusal {
	for other, name := range map[crypto.Hash]Hash{crypto.SHA1: SHA1, crypto.SHA256: SHA256} {
		if other != hash && signatureHolds(key, other, doc, signature) {
			return refuse(AccessDenied, "the signature was made with %s, but the request does not say so; it needs Hash-Algorithm=%s", name, name)
		}
	}
	if res.Canned {
		return refuse(AccessDenied, "key %s did not sign %s with this expiry: the URL or Expires was changed after signing, or another key signed it",
			clip(res.KeyPairID), res.URL)
	}
	return refuse(AccessDenied, "key %s did not sign this policy: the policy or the signature was changed after signing, or another key signed it", clip(res.KeyPairID))
}

// conditions checks what the policy asks for.
func conditions(req *ViewerRequest, res *Result) *refusal {
	p, now := res.Policy, req.Now.Unix()
	switch {
	case now >= p.Expires:
		return refuse(AccessDenied, "the signature expired %s ago, at %s", since(now, p.Expires), utc(p.Expires))
	case p.Starts != 0 && now <= p.Starts:
		return refuse(AccessDenied, "the signature is valid only after %s, in %s", utc(p.Starts), since(p.Starts, now))
	case p.IP.IsValid() && !p.IP.Contains(req.IP.Unmap()):
		return refuse(AccessDenied, "the signature is for viewers in %s, and this one comes from %s", p.IP, req.IP)
	case res.Canned:
		return nil // its resource is the URL itself
	}
	if res.Source == FromCookies && !strings.HasPrefix(p.Resource, "http://") && !strings.HasPrefix(p.Resource, "https://") {
		return refuse(AccessDenied, "the resource %q of a cookie's policy must begin with http:// or https://", p.Resource)
	}
	flat, sections := matchFlat(p.Resource, res.URL), matchSections(p.Resource, res.URL)
	switch {
	case flat != sections:
		return refuse(AccessDenied, "the resource %q is ambiguous: whether it holds %s depends on whether a wildcard may cross from one part of a URL into the next, which AWS does not say", p.Resource, res.URL)
	case !flat:
		return refuse(AccessDenied, "the policy is for %q, and that does not hold %s", p.Resource, res.URL)
	}
	return nil
}

func utc(epoch int64) string { return time.Unix(epoch, 0).UTC().Format("2006-01-02 15:04:05 UTC") }

func since(later, earlier int64) time.Duration {
	return time.Duration(later-earlier) * time.Second
}
