package signer

import (
	"bytes"
	"fmt"
	"strings"
)

// Credentials is what a request carries to open a resource, read without
// judging by any key.
type Credentials struct {
	URL       string // the resource that the viewer asks for: the URL without the reserved parameters
	Source    string // FromURL or FromCookies
	KeyPairID string
	Hash      string // as given; empty means SHA1
	Signature []byte // nil if it can't be decoded
	Canned    bool
	Document  []byte // the policy as sent or, if canned, as the edge builds it; nil if there is none
	Policy    Policy // zero if the document can't be read

	// Odd says, in words, what is unusual or wrong. It may be wrong with the
	// wrong key, too, which only a Verifier finds.
	Odd []string
}

// Inspect reads the credentials of a request. It is false if there are none.
func Inspect(req ViewerRequest) (Credentials, bool) {
	var c Credentials
	odd := func(format string, args ...any) { c.Odd = append(c.Odd, fmt.Sprintf(format, args...)) }

	// Mistakes that make the parameters unreadable are undone first.
	for range len(mends) {
		mended, why := improve(req, mends, readable(req), func(_ mend, changed ViewerRequest) int { return readable(changed) })
		if why == "" {
			break
		}
		odd("%s", why)
		req = mended
	}
	given, appQuery, hasAppQuery, no := splitQuery(req.RawQuery, req.HasQuery)
	c.Source = FromURL
	if len(given) == 0 && no == nil {
		c.Source = FromCookies
		given, no = cookieCredentials(req.Cookies)
	}
	if len(given) == 0 && no == nil {
		return c, false
	}
	if no != nil {
		odd("%s", no.why)
	}
	c.URL = req.Scheme + "://" + strings.ToLower(req.Host) + req.RawPath
	if hasAppQuery {
		c.URL += "?" + appQuery
	}
	c.KeyPairID, c.Hash = given["Key-Pair-Id"], given["Hash-Algorithm"]
	if err := CheckKeyPairID(c.KeyPairID); err != nil {
		odd("%v", err)
	}
	if _, no := given.hash(); no != nil {
		odd("%s", no.why)
	}
	if signature, no := given.signature(c.Source); no != nil {
		odd("%s", no.why)
	} else {
		c.Signature = signature
		c.checkSignature(odd)
	}
	var res Result
	res.URL = c.URL
	document, no := given.document(&res)
	if no != nil {
		odd("%s", no.why)
		return c, true
	}
	c.Document, c.Canned = document, res.Canned
	policy, err := parsePolicy(document)
	if err != nil {
		odd("the policy can't be read: %v", err)
		return c, true
	}
	c.Policy = policy
	c.checkPolicy(req, odd)
	return c, true
}

// readable counts what can be read of a signature.
func readable(req ViewerRequest) int {
	given, _, _, no := splitQuery(req.RawQuery, req.HasQuery)
	source := FromURL
	if len(given) == 0 && no == nil {
		source = FromCookies
		given, no = cookieCredentials(req.Cookies)
	}
	if no != nil {
		return 0
	}
	n := len(given)
	if _, no := given.signature(source); no == nil {
		n++
	}
	if document, no := given.document(new(Result)); no == nil {
		n++
		if _, err := parsePolicy(document); err == nil {
			n++
		}
	}
	return n
}

// checkSignature tells the kind of key by the signature's form: ECDSA
// signatures are an ASN.1 sequence of some 70 bytes, RSA ones have 256 bytes.
func (c Credentials) checkSignature(odd func(string, ...any)) {
	n := len(c.Signature)
	ecdsa := c.Signature[0] == 0x30 && n <= 72
	switch {
	case !ecdsa && n == 128:
		odd("the signature has 128 bytes: it was made with RSA-1024, which CloudFront no longer takes for new keys")
	case !ecdsa && n == 64:
		odd("the signature has 64 bytes: an ECDSA signature has to be in ASN.1 DER, not the two numbers one after the other")
	case !ecdsa && n != 256:
		odd("the signature has %d bytes: RSA-2048 makes 256, ECDSA on P-256 some 70; was it cut short?", n)
	case ecdsa && c.Hash != string(SHA256):
		odd("an ECDSA signature without Hash-Algorithm=SHA256: CloudFront will check it with SHA-1, which hardly any signer uses with ECDSA")
	}
}

const year = 366 * 24 * 60 * 60

func (c Credentials) checkPolicy(req ViewerRequest, odd func(string, ...any)) {
	p, now := c.Policy, req.Now.Unix()
	switch {
	case p.Expires <= now:
		odd("it has expired")
	case p.Starts > now:
		odd("it is not valid yet")
	case p.Expires-now > year:
		odd("it is valid for more than a year, and nothing but removing the key ends it before")
	}
	if p.Starts != 0 && p.Starts >= p.Expires {
		odd("it ends before it starts")
	}
	if c.Canned {
		if strings.Contains(c.URL, "*") {
			odd("the URL holds a '*': whoever has it can send the same signature with a custom policy, in which '*' stands for anything")
		}
		return
	}
	if bytes.ContainsAny(c.Document, " \t\r\n") {
		odd("the policy holds white space, which makes the URL longer than it need be")
	}
	scheme, rest, ok := strings.Cut(p.Resource, "://")
	host, path := cutBefore(rest, '/')
	switch {
	case p.Resource == "*" || strings.ContainsAny(host, "*?"):
		odd("the resource %q opens whatever its key can sign, on any host that matches", p.Resource)
	case !ok || scheme != "http" && scheme != "https":
		odd("the resource %q does not begin with http:// or https://", p.Resource)
	case strings.HasSuffix(path, "*") && !strings.HasSuffix(path, "/*"):
		odd("the resource %q has no '/' before its '*': it opens everything that begins like that", p.Resource)
	}
	if strings.Contains(p.Resource, `\`) {
		odd("the resource %q holds a backslash; AWS now says to write a '?' plainly", p.Resource)
	}
	if req.Host == "" {
		return // cookies on their own
	}
	if flat, sections := matchFlat(p.Resource, c.URL), matchSections(p.Resource, c.URL); flat != sections {
		odd("whether the resource %q holds this URL depends on how its wildcards are read", p.Resource)
	} else if !flat {
		odd("the resource %q does not hold this URL", p.Resource)
	}
}
