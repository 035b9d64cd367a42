package rewrite

import "bytes"

// location is an absolute or protocol-relative http(s) URL without fragment,
// taken apart: text[:host] is its scheme with the slashes, text[host:path] its
// host and port, text[path:query] its path without dot segments.
type location struct {
	text              []byte
	host, path, query int
}

// known tells whether there is a URL at all.
func (l location) known() bool { return l.text != nil }

// directory returns l up to the last '/' of its path: all that counts when it is
// the base of a relative path.
func (l location) directory() []byte {
	return l.text[:bytes.LastIndexByte(l.text[:l.query], '/')+1]
}

func (l location) authority() []byte { return l.text[l.host:l.path] }

// locate takes url apart, which resolve has written.
func locate(url []byte) location {
	if i := bytes.IndexByte(url, '#'); i >= 0 {
		url = url[:i]
	}
	l := location{text: url}
	l.host = bytes.Index(url, slashes) + len(slashes)
	l.path = l.host + bytes.IndexByte(url[l.host:], '/')
	l.query = len(url)
	if i := bytes.IndexByte(url[l.path:], '?'); i >= 0 {
		l.query = l.path + i
	}
	return l
}

var slashes = []byte("//")

// relation tells how a reference depends on the base it is resolved against.
type relation uint8

const (
	foreign  relation = iota // no http(s) link, or one that clients read in different ways
	absolute                 // brings its own host
	relative                 // takes its host from the base
)

// resolve appends to dst the URL to which ref leads from base, as a browser
// finds it, its host in lower case: RFC 3986, section 5.2, with the dot segments of the URL standard
// ("%2e" is a dot). The scheme stays away if ref or base has none. A base that
// is not known leaves a relative ref without result: dst comes back as it was.
func resolve(dst []byte, base location, ref []byte) ([]byte, relation) {
	path, rel := ref, relative
	start := len(dst)
	switch scheme := schemeLen(ref); {
	case scheme > 0:
		switch {
		case foldEqual(ref[:scheme], "https:"):
			dst = append(dst, "https:"...)
		case foldEqual(ref[:scheme], "http:"):
			dst = append(dst, "http:"...)
		default:
			return dst, foreign
		}
		path, rel = ref[scheme:], absolute
		if !bytes.HasPrefix(path, slashes) {
			return dst[:start], foreign
		}
	case bytes.HasPrefix(ref, slashes):
		rel = absolute
	case !base.known():
		return dst, relative
	}
	if rel == absolute {
		n := bytes.IndexByte(path[len(slashes):], '/') + len(slashes)
		if n <= len(slashes) {
			return dst[:start], foreign
		}
		for _, c := range path[:n] {
			if c == '?' || c == '#' {
				return dst[:start], foreign
			}
			dst = append(dst, lower(c))
		}
		path = path[n:]
	} else {
		dst = append(dst, base.text[:base.path]...)
	}

	path, tail := cutPath(path)
	from := len(dst)
	switch {
	case len(path) == 0 && (len(tail) == 0 || tail[0] == '#'):
		dst = append(dst, base.text[base.path:]...)
	case len(path) == 0:
		dst = append(dst, base.text[base.path:base.query]...)
	case path[0] == '/':
		dst = append(dst, path...)
	default:
		dst = append(append(dst, base.directory()[base.path:]...), path...)
	}
	if hasDots(path) {
		dst = dst[:from+removeDots(dst[from:])]
	}
	return append(dst, tail...), rel
}

// cutPath cuts url in front of its query or fragment.
func cutPath(url []byte) (path, tail []byte) {
	n := len(url)
	if i := bytes.IndexByte(url, '#'); i >= 0 {
		n = i
	}
	if i := bytes.IndexByte(url[:n], '?'); i >= 0 {
		n = i
	}
	return url[:n], url[n:]
}

// schemeLen returns the length of the scheme at the beginning of ref, with its
// colon, or 0 (RFC 3986, section 3.1: "1:2.ts" and "a_b:c.ts" have none).
func schemeLen(ref []byte) int {
	for i, c := range ref {
		switch {
		case 'a' <= c|0x20 && c|0x20 <= 'z':
		case i > 0 && ('0' <= c && c <= '9' || c == '+' || c == '-' || c == '.'):
		case i > 0 && c == ':':
			return i + 1
		default:
			return 0
		}
	}
	return 0
}

// hasDots tells whether path may have a dot segment.
func hasDots(path []byte) bool {
	for i := 0; ; {
		if i < len(path) && (path[i] == '.' || path[i] == '%') {
			return true
		}
		n := bytes.IndexByte(path[i:], '/')
		if n < 0 {
			return false
		}
		i += n + 1
	}
}

// removeDots takes the dot segments out of path, which begins with '/', in
// place, and returns its new length.
func removeDots(path []byte) int {
	w := 1
	for r := 1; ; {
		end, last := len(path), true
		if n := bytes.IndexByte(path[r:], '/'); n >= 0 {
			end, last = r+n+1, false
		}
		segment := path[r:end]
		if !last {
			segment = segment[:len(segment)-1]
		}
		switch dots(segment) {
		case 0:
			w += copy(path[w:], path[r:end])
		case 2:
			w = bytes.LastIndexByte(path[:max(w-1, 1)], '/') + 1
		}
		if last {
			return w
		}
		r = end
	}
}

// dots returns 1 for ".", 2 for "..", in any percent-encoding, else 0.
func dots(segment []byte) int {
	n := 0
	for ; len(segment) > 0 && n < 3; n++ {
		switch {
		case segment[0] == '.':
			segment = segment[1:]
		case len(segment) >= 3 && foldEqual(segment[:3], "%2e"):
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

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c | 0x20
	}
	return c
}

// foldEqual tells whether b is want, which is in lower case ASCII, in any case.
func foldEqual(b []byte, want string) bool {
	if len(b) != len(want) {
		return false
	}
	for i, c := range b {
		if lower(c) != want[i] {
			return false
		}
	}
	return true
}

// hasPrefix is bytes.HasPrefix without a conversion.
func hasPrefix(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && string(b[:len(prefix)]) == prefix
}

// destination is where an absolute URL leads.
type destination uint8

const (
	elsewhere destination = iota
	configured
	mapped // to a configured place by way of a Map
)

// destination finds where l leads. For mapped, m is the map that applies: the one
// with the longest From. The site is the host of the document itself, the only one
// whose paths are mapped.
func (c *Config) destination(l location, site string) (d destination, m *Map) {
	authority := l.authority()
	if string(authority) == site {
		path := l.text[l.path:l.query]
		for i := range c.Maps {
			candidate := &c.Maps[i]
			if hasPrefix(l.text, candidate.To) {
				return configured, nil
			}
			if (m == nil || len(candidate.From) > len(m.From)) && hasPrefix(path, candidate.From) {
				m = candidate
			}
		}
		if m != nil {
			return mapped, m
		}
	}
	for _, h := range c.Hosts {
		if string(authority) == h {
			return configured, nil
		}
	}
	return elsewhere, nil
}
