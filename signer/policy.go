package signer

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// maxEpoch is the latest moment that CloudFront can represent: its documented
// limit, 11 April 2262, is a signed 64-bit count of nanoseconds.
const maxEpoch = 9223372036

// Policy says what a signature opens, and when and from where.
type Policy struct {
	// Resource is the URL, or the pattern with "*" and "?", that it opens.
	Resource string
	// Expires is the moment, in Unix seconds, from which it is no longer valid.
	Expires int64
	// Starts is the moment, in Unix seconds, after which it is valid; 0 means
	// that it has no start.
	Starts int64
	// IP is the IPv4 range that viewers must come from; the zero value means
	// any. CloudFront has no condition for IPv6 addresses.
	IP netip.Prefix
}

// Canned reports whether the policy can be written as a canned one: a policy
// for a single URL whose only condition is its end. A canned policy does not
// travel with the URL, which makes the URL shorter.
func (p Policy) Canned() bool {
	return p.Starts == 0 && !p.IP.IsValid() && strings.IndexByte(p.Resource, '*') < 0
}

// Append appends the policy document to dst: compact JSON, in the very bytes
// that CloudFront builds by itself when it checks a canned policy.
//
// The resource and the address range are checked by [Key.Query] and
// [Key.Cookies], not here.
func (p Policy) Append(dst []byte) []byte {
	dst = append(dst, `{"Statement":[{"Resource":"`...)
	dst = append(dst, p.Resource...)
	dst = append(dst, `","Condition":{"DateLessThan":{"AWS:EpochTime":`...)
	dst = strconv.AppendInt(dst, p.Expires, 10)
	dst = append(dst, '}')
	if p.Starts != 0 {
		dst = append(dst, `,"DateGreaterThan":{"AWS:EpochTime":`...)
		dst = strconv.AppendInt(dst, p.Starts, 10)
		dst = append(dst, '}')
	}
	if p.IP.IsValid() {
		dst = append(dst, `,"IpAddress":{"AWS:SourceIp":"`...)
		dst = p.IP.AppendTo(dst)
		dst = append(dst, `"}`...)
	}
	return append(dst, "}}]}"...)
}

// check refuses what CloudFront would, and whatever could change the meaning
// of the document by its text. A policy without a resource opens everything
// that its key can sign, so it is never made.
func (p Policy) check() error {
	if p.Resource == "" {
		return fmt.Errorf("a policy needs a resource")
	}
	for i := 0; i < len(p.Resource); i++ {
		if c := p.Resource[i]; c <= ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '#' {
			return fmt.Errorf("a policy's resource may not hold the byte %#02x at offset %d: percent-encode it as a browser does", c, i)
		}
	}
	if p.Expires <= 0 || p.Expires > maxEpoch {
		return fmt.Errorf("a policy's end must be in Unix seconds, from 1 to %d, not %d", maxEpoch, p.Expires)
	}
	if p.Starts < 0 || p.Starts >= p.Expires {
		return fmt.Errorf("a policy's start, %d, must be before its end, %d", p.Starts, p.Expires)
	}
	if p.IP.IsValid() && !p.IP.Addr().Is4() {
		return fmt.Errorf("a policy's address range must be IPv4, not %s", p.IP)
	}
	return nil
}

// Params are the names of the query parameters that CloudFront reserves for
// signed URLs. They are case-sensitive. A URL that holds any of them is treated
// as a signed URL, so an application behind CloudFront can't use them.
var Params = []string{"Expires", "Policy", "Signature", "Key-Pair-Id", "Hash-Algorithm"}

// Query signs p and returns what to add to the query of a URL: the parameters
// Expires, Signature and Key-Pair-Id for a canned policy, Policy, Signature and
// Key-Pair-Id for a custom one, and Hash-Algorithm when it isn't SHA-1.
func (k *Key) Query(p Policy) (string, error) {
	return k.query(p, p.Canned())
}

func (k *Key) query(p Policy, canned bool) (string, error) {
	if err := p.check(); err != nil {
		return "", err
	}
	document := p.Append(make([]byte, 0, 256))
	signature, err := k.Sign(document)
	if err != nil {
		return "", err
	}
	b := make([]byte, 0, len("Expires=&Signature=&Key-Pair-Id=&Hash-Algorithm=SHA256")+alphabet.EncodedLen(len(document))+len(signature)+len(k.id))
	if canned {
		b = append(b, "Expires="...)
		b = strconv.AppendInt(b, p.Expires, 10)
	} else {
		b = append(b, "Policy="...)
		b = alphabet.AppendEncode(b, document)
	}
	b = append(b, "&Signature="...)
	b = append(b, signature...)
	b = append(b, "&Key-Pair-Id="...)
	b = append(b, k.id...)
	if k.hash != SHA1 {
		b = append(b, "&Hash-Algorithm="...)
		b = append(b, k.hash...)
	}
	// The copy is as long as it needs to be: it will be kept for a while.
	return string(b), nil
}

// Cookie is the name and the value of a cookie. The attributes are the
// caller's: all cookies of a set need the same Domain and Path.
type Cookie struct{ Name, Value string }

// Cookies signs p and returns the cookies of a signed-cookie set, always in the
// form for custom policies: CloudFront-Policy, CloudFront-Signature,
// CloudFront-Key-Pair-Id, and CloudFront-Hash-Algorithm when it isn't SHA-1.
// The values need no escaping.
func (k *Key) Cookies(p Policy) ([]Cookie, error) {
	query, err := k.query(p, false)
	if err != nil {
		return nil, err
	}
	return cookies(query), nil
}

// cookies makes the cookie set of the query for a custom policy: the cookies
// carry the same values under the same names with a prefix.
func cookies(query string) []Cookie {
	set := make([]Cookie, 0, 4)
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		set = append(set, Cookie{"CloudFront-" + name, value})
	}
	return set
}
