package signer

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// The percent-encode sets of the URL Standard (https://url.spec.whatwg.org/),
// as the characters that stand for themselves. The plain ones among them mean
// nothing to scan either.
const (
	inPath = 1 << iota
	inQuery
	inFragment
	inHost
	plainInPath
	plainInQuery
)

var allowed = func() (t [256]uint8) {
	for c := 0x21; c <= 0x7e; c++ {
		t[c] = inPath | plainInPath | inQuery | plainInQuery | inFragment
	}
	exclude := func(set uint8, chars string) {
		for _, c := range chars {
			t[c] &^= set
		}
	}
	exclude(inPath|plainInPath, "\"#<>?^`{}")
	exclude(inQuery|plainInQuery, "\"#<>'")
	exclude(inFragment, "\"<>`")
	exclude(plainInPath, "%.*\\")
	exclude(plainInQuery, "%*/?\\")
	for _, c := range "abcdefghijklmnopqrstuvwxyz0123456789.-_" {
		t[c] |= inHost
	}
	return t
}()

// link is a URL in the form in which a browser sends it, taken apart.
type link struct {
	scheme string // "http", "https", or "" when the URL is protocol-relative
	text   string // from "//" on, without the fragment
	path   int    // where the path begins in text
	query  int    // where the "?" of the query is in text, or len(text)

	asterisk  bool // the path or the query holds a "*"
	backslash bool // the query holds a "\\"
	suspect   bool // traversal must look at the path and the query
}

// Canonical returns an absolute http or https URL as the URL Standard
// serializes it, which is what a browser sends and CloudFront compares: scheme
// and host in lower case, an international host in Punycode, no default port, no
// dot segments, and the rest percent-encoded where it must be, but not
// re-encoded where it already is. The fragment, which is never sent, is returned
// apart, with its "#". When raw is in that form already nothing is allocated.
//
// Stricter than browsers, it refuses user names, IPv4 addresses in unusual
// notations, host names that DNS could not hold, and text that is not UTF-8.
// The errors don't quote the URL.
func Canonical(raw string) (url, fragment string, err error) {
	if l, ok := scan(raw, plainHost); ok && l.scheme != "" {
		end := len(l.scheme) + 1 + len(l.text)
		return raw[:end], raw[end:], nil
	}
	return serialize(raw)
}

// scan takes apart a URL that is in canonical form, and reports whether it is.
// It accepts protocol-relative URLs too. Of the host it only looks at the
// characters, and asks validHost for the rest.
func scan(raw string, validHost func(string) bool) (l link, ok bool) {
	s := raw
	switch {
	case strings.HasPrefix(s, "https://"):
		l.scheme, s = s[:5], s[6:]
	case strings.HasPrefix(s, "//"):
	case strings.HasPrefix(s, "http://"):
		l.scheme, s = s[:4], s[5:]
	default:
		return l, false
	}
	i := 2
	if strings.HasPrefix(s[i:], "[") {
		i += strings.IndexByte(s[i:], ']') + 1
	} else {
		for i < len(s) && allowed[s[i]]&inHost != 0 {
			i++
		}
	}
	if i == 2 || !validHost(s[2:i]) {
		return l, false
	}
	if i < len(s) && s[i] == ':' {
		begin := i + 1
		for i++; i < len(s) && '0' <= s[i] && s[i] <= '9'; i++ {
		}
		if !plainPort(l.scheme, s[begin:i]) {
			return l, false
		}
	}
	if i == len(s) || s[i] != '/' {
		return l, false
	}
	l.path = i
	for {
		for i < len(s) && allowed[s[i]]&plainInPath != 0 {
			i++
		}
		if i == len(s) || allowed[s[i]]&inPath == 0 {
			break
		}
		switch s[i] {
		case '%', '.':
			begins := s[i-1] == '/'
			if begins && dots(firstSegment(s[i:])) > 0 {
				return l, false
			}
			l.suspect = l.suspect || begins || s[i] == '%'
		case '*':
			l.asterisk = true
		case '\\':
			return l, false
		}
		i++
	}
	l.query = i
	if i < len(s) && s[i] == '?' {
		i++
		l.suspect = l.suspect || i < len(s) && s[i] == '.'
		for {
			for i < len(s) && allowed[s[i]]&plainInQuery != 0 {
				i++
			}
			if i == len(s) || allowed[s[i]]&inQuery == 0 {
				break
			}
			switch s[i] {
			case '*':
				l.asterisk = true
			case '\\':
				l.backslash = true
			default:
				l.suspect = true
			}
			i++
		}
	}
	if i < len(s) && s[i] != '#' {
		return l, false
	}
	for j := i + 1; j < len(s); j++ {
		if allowed[s[j]]&inFragment == 0 {
			return l, false
		}
	}
	l.text = s[:i]
	return l, true
}

// plainHost reports whether a host of lower-case letters, digits and ".-_" is
// in its final form, without the Punycode whose validity is to be checked.
func plainHost(host string) bool {
	return host[0] != '[' && !strings.HasPrefix(host, "xn--") && !strings.Contains(host, ".xn--") && plainNumber(host)
}

// plainNumber reports whether a host that a browser takes for an IPv4 address,
// since its last label is a number, is written as one.
func plainNumber(host string) bool {
	last := strings.TrimSuffix(host, ".")
	last = last[strings.LastIndexByte(last, '.')+1:]
	if last == "" {
		return false
	}
	if last[0] < '0' || last[0] > '9' {
		return true
	}
	if strings.HasPrefix(last, "0x") || strings.Trim(last, "0123456789") == "" {
		ip, err := netip.ParseAddr(host)
		return err == nil && ip.Is4()
	}
	return true
}

// plainPort reports whether a port is as a browser would write it. The default
// port of a protocol-relative URL depends on the page, so both are suspect.
func plainPort(scheme, port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && (port[0] != '0' || port == "0") &&
		(n != 80 || scheme == "https") && (n != 443 || scheme == "http")
}

func firstSegment(path string) string {
	for i := 0; i < len(path); i++ {
		if path[i] == '/' || path[i] == '?' || path[i] == '#' {
			return path[:i]
		}
	}
	return path
}

// dots returns 1 for a single-dot segment, 2 for a double-dot one and 0 for any
// other. A dot may be written as %2e.
func dots(segment string) int {
	n := 0
	for ; n < 3 && segment != ""; n++ {
		switch {
		case segment[0] == '.':
			segment = segment[1:]
		case len(segment) >= 3 && segment[0] == '%' && segment[1] == '2' && segment[2]|0x20 == 'e':
			segment = segment[3:]
		default:
			return 0
		}
	}
	if n > 2 {
		return 0
	}
	return n
}

var (
	errNotAbsolute = errors.New("not an absolute http or https URL")
	errUserinfo    = errors.New("the URL holds a user name")
	errNotUTF8     = errors.New("the URL is not valid UTF-8")
	errHost        = errors.New("the URL's host is not a host name or address that a browser would accept")
	errPort        = errors.New("the URL's port is not a number from 0 to 65535")
)

// serialize is the basic URL parser of the URL Standard, for absolute http and
// https URLs, and its serializer.
func serialize(raw string) (url, fragment string, err error) {
	if !utf8.ValidString(raw) {
		return "", "", errNotUTF8
	}
	s := strings.TrimFunc(raw, func(r rune) bool { return r <= ' ' })
	if strings.ContainsAny(s, "\t\n\r") {
		s = strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(s)
	}
	scheme, rest, ok := strings.Cut(s, ":")
	scheme = strings.ToLower(scheme)
	if !ok || scheme != "http" && scheme != "https" {
		return "", "", errNotAbsolute
	}
	// Two slashes of either kind, or more, begin the authority; fewer make a
	// URL relative where the page has the same scheme.
	authority := strings.TrimLeft(rest, `/\`)
	if len(rest)-len(authority) < 2 {
		return "", "", errNotAbsolute
	}
	s = authority
	end := strings.IndexAny(s, `/\?#`)
	if end < 0 {
		end = len(s)
	}
	authority, s = s[:end], s[end:]
	if strings.Contains(authority, "@") {
		return "", "", errUserinfo
	}

	var b strings.Builder
	b.Grow(len(raw) + 16)
	b.WriteString(scheme)
	b.WriteString("://")
	if err := writeAuthority(&b, scheme, authority); err != nil {
		return "", "", err
	}
	path, tail := s, ""
	if i := strings.IndexAny(s, "?#"); i >= 0 {
		path, tail = s[:i], s[i:]
	}
	writePath(&b, path)
	query, fragment := tail, ""
	if i := strings.IndexByte(tail, '#'); i >= 0 {
		query, fragment = tail[:i], tail[i:]
	}
	writeEncoded(&b, query, inQuery)
	url = b.String()
	if fragment != "" {
		b.Reset()
		writeEncoded(&b, fragment, inFragment)
		fragment = b.String()
	}
	return url, fragment, nil
}

func writeAuthority(b *strings.Builder, scheme, authority string) error {
	host, port := authority, ""
	if i := strings.LastIndexByte(authority, ':'); i >= 0 && i > strings.LastIndexByte(authority, ']') {
		host, port = authority[:i], authority[i+1:]
	}
	host, err := canonicalHost(host)
	if err != nil {
		return err
	}
	b.WriteString(host)
	if port == "" {
		return nil
	}
	if strings.Trim(port, "0123456789") != "" {
		return errPort
	}
	n, err := strconv.ParseUint(strings.TrimLeft(port[:len(port)-1], "0")+port[len(port)-1:], 10, 16)
	if err != nil {
		return errPort
	}
	if n == 80 && scheme == "http" || n == 443 && scheme == "https" {
		return nil
	}
	fmt.Fprintf(b, ":%d", n)
	return nil
}

// hostProfile is the URL Standard's "domain to ASCII".
var hostProfile = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false), idna.CheckHyphens(false), idna.VerifyDNSLength(false))

func canonicalHost(host string) (string, error) {
	if v6, ok := strings.CutPrefix(host, "["); ok {
		v6, ok = strings.CutSuffix(v6, "]")
		ip, err := netip.ParseAddr(v6)
		if !ok || err != nil || !ip.Is6() || ip.Is4In6() || ip.Zone() != "" {
			return "", errHost
		}
		return "[" + ip.String() + "]", nil
	}
	// Punycode takes time that grows with the square of the length. DNS allows
	// 253 characters, each of which may take up to 12 bytes here.
	if len(host) > 12*253 {
		return "", errHost
	}
	if host = decode(host); !utf8.ValidString(host) {
		return "", errHost
	}
	host, err := hostProfile.ToASCII(host)
	if err != nil || host == "" {
		return "", errHost
	}
	for i := 0; i < len(host); i++ {
		if allowed[host[i]]&inHost == 0 {
			return "", errHost
		}
	}
	if !plainNumber(host) {
		return "", errHost
	}
	return host, nil
}

// writePath writes a path that ends where the query or the fragment begins.
func writePath(b *strings.Builder, path string) {
	if path == "" {
		b.WriteByte('/')
		return
	}
	var segments []string
	for begin := 1; ; {
		end := strings.IndexAny(path[begin:], `/\`)
		last := end < 0
		segment := path[begin:]
		if !last {
			segment = path[begin : begin+end]
		}
		switch dots(segment) {
		case 0:
			segments = append(segments, segment)
		case 2:
			if len(segments) > 0 {
				segments = segments[:len(segments)-1]
			}
			fallthrough
		case 1:
			if last {
				segments = append(segments, "")
			}
		}
		if last {
			break
		}
		begin += end + 1
	}
	for _, segment := range segments {
		b.WriteByte('/')
		writeEncoded(b, segment, inPath)
	}
}

func writeEncoded(b *strings.Builder, s string, set uint8) {
	const hex = "0123456789ABCDEF"
	for i := 0; i < len(s); i++ {
		c := s[i]
		// A delimiter begins the query and the fragment.
		if allowed[c]&set != 0 || i == 0 && (c == '?' && set == inQuery || c == '#' && set == inFragment) {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
}

// decode undoes percent-encoding once. What is no valid escape stays as it is.
func decode(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	return string(appendDecoded(make([]byte, 0, len(s)), s))
}

// appendDecoded appends s decoded. The result may take the place of s.
func appendDecoded[T string | []byte](dst []byte, s T) []byte {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '%' && i+2 < len(s) {
			if hi, lo := unhex(s[i+1]), unhex(s[i+2]); hi < 16 && lo < 16 {
				c = hi<<4 | lo
				i += 2
			}
		}
		dst = append(dst, c)
	}
	return dst
}

func unhex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 0xff
}

// Join adds parameters to the query of url and puts the fragment back: the
// reverse of [Canonical], with a signature in between.
func Join(url, fragment, query string) string {
	if query == "" {
		return url + fragment
	}
	separator := "?"
	if strings.Contains(url, "?") {
		separator = "&"
		if last := url[len(url)-1]; last == '?' || last == '&' {
			separator = ""
		}
	}
	return url + separator + query + fragment
}
