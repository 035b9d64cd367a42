package signer

import (
	"net/netip"
	"slices"
	"strings"
)

// maxDecodings is how often an origin is assumed to undo percent-encoding. A
// text that isn't stable after that has no honest meaning.
const maxDecodings = 3

// traversal reports whether what follows the host of a URL, decoded as often
// as an origin may do, holds a dot segment, or a backslash or control character
// in its path.
//
// The query is looked at too, for dot segments: the bytes of a canned policy
// are also those of a custom one, in which "?" stands for any character and so
// for "/" or ".", and all that follows may belong to a path.
func traversal(s string) bool {
	if unsafePath(s) {
		return true
	}
	if !disguised(s) {
		return false
	}
	path, query, hasQuery := strings.Cut(s, "?")
	for range maxDecodings {
		path, query = decode(path), decode(query)
		// A "?" that was encoded doesn't end the path.
		text := strings.ReplaceAll(path, "?", "_")
		if hasQuery {
			text += "?" + query
		}
		if unsafePath(text) {
			return true
		}
	}
	return decode(path) != path || decode(query) != query
}

// disguised reports whether s holds an escape that matters to traversal: of a
// character that it looks for, of one that leads to more escapes, or a
// malformed one, which may become whole when those after it are decoded.
func disguised(s string) bool {
	for {
		i := strings.IndexByte(s, '%')
		if i < 0 {
			return false
		}
		if s = s[i+1:]; len(s) < 2 {
			return true
		}
		hi, lo := unhex(s[0]), unhex(s[1])
		if hi > 15 || lo > 15 {
			return true
		}
		switch c := hi<<4 | lo; {
		case c < ' ', c == 0x7f, c == '.', c == '/', c == '\\', c == '%', c == ';':
			return true
		}
	}
}

// unsafePath reports whether s as it stands holds what traversal looks for.
func unsafePath(s string) bool {
	path, _, _ := strings.Cut(s, "?")
	for i := 0; i < len(path); i++ {
		if c := path[i]; c < ' ' || c == 0x7f || c == '\\' {
			return true
		}
	}
	for i := 0; i < len(s); i++ {
		if !separates(s[i]) {
			continue
		}
		rest := s[i+1:]
		if strings.HasPrefix(rest, ".") && ends(rest[1:]) ||
			len(rest) >= 2 && dotLike(rest[0]) && dotLike(rest[1]) && ends(rest[2:]) {
			return true
		}
	}
	return false
}

func separates(c byte) bool { return c == '/' || c == '\\' || c == '?' }

func dotLike(c byte) bool { return c == '.' || c == '?' }

// ends reports whether a segment ends before rest. What follows a ";" are
// parameters that some servers drop before they resolve dot segments.
func ends(rest string) bool { return rest == "" || separates(rest[0]) || rest[0] == ';' }

// openEscape reports whether a wildcard may complete an escape: then what a
// pattern holds, decoded, is anybody's guess.
func openEscape(pattern string) bool {
	for i := 0; i < len(pattern); i++ {
		if pattern[i] == '%' && strings.ContainsAny(pattern[i+1:min(i+3, len(pattern))], "*?") {
			return true
		}
	}
	return false
}

// excepted reports whether pattern holds a URL, given without its scheme: as it
// is, where a "?" may stand for any character, as it does in a policy, or in its
// plain form. Schemes are ignored: an origin serves the same under both.
func (p Pattern) excepted(text string, plain []byte) bool {
	return glob(p.text(), text, true) || len(plain) > 0 && glob(p.text(), plain, true)
}

// appendPlain appends a URL without its scheme, its path as an origin may see
// it, unless that is no different: decoded until it is stable and with runs of
// "/" collapsed.
func (l link) appendPlain(dst []byte) []byte {
	path := l.text[l.path:l.query]
	if !strings.Contains(path, "%") && !strings.Contains(path, "//") {
		return dst
	}
	dst = append(dst, l.text[:l.path]...)
	dst = appendPlainPath(dst, path)
	return append(dst, l.text[l.query:]...)
}

func appendPlainPath(dst []byte, path string) []byte {
	begin := len(dst)
	dst = append(dst, path...)
	for range maxDecodings {
		dst = appendDecoded(dst[:begin], dst[begin:])
	}
	end := begin
	for _, c := range dst[begin:] {
		if c != '/' || end == begin || dst[end-1] != '/' {
			dst[end] = c
			end++
		}
	}
	return dst[:end]
}

// replaceable reports whether a link's signature is complete, under one of the
// key-pair IDs, and has no condition that one with the given start and address
// range lacks: whether such a one may take its place.
func replaceable(c presented, ids []string, starts int64, ip netip.Prefix) bool {
	if !slices.Contains(ids, c["Key-Pair-Id"]) {
		return false
	}
	if _, canned := c["Expires"]; canned {
		return true // with no condition but its end
	}
	document, err := Decode(c["Policy"])
	if err != nil {
		return false
	}
	theirs, err := parsePolicy(document)
	if err != nil || theirs.Starts > starts {
		return false
	}
	return !theirs.IP.IsValid() ||
		ip.IsValid() && theirs.IP.Bits() <= ip.Bits() && theirs.IP.Contains(ip.Addr())
}

// reserved reports whether a query holds a parameter that CloudFront reserves,
// by its name as it stands or as it would be decoded.
func reserved(query string) bool {
	for more := true; more; {
		var pair string
		pair, query, more = strings.Cut(query, "&")
		name, _, _ := strings.Cut(pair, "=")
		if slices.Contains(Params, decode(name)) {
			return true
		}
	}
	return false
}
