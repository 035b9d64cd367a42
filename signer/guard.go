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
	return dotSegment(s)
}

// dotSegment reports whether s holds a dot segment, or may hold one since a
// "?" stands for any character.
func dotSegment[T string | []byte](s T) bool {
	for i := 0; i < len(s); i++ {
		if !separates(s[i]) {
			continue
		}
		rest := s[i+1:]
		if len(rest) >= 1 && rest[0] == '.' && ends(rest[1:]) ||
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
func ends[T string | []byte](rest T) bool {
	return len(rest) == 0 || separates(rest[0]) || rest[0] == ';'
}

// openEscape reports whether a wildcard may complete an escape: then what a
// pattern holds, decoded, is anybody's guess.
func openEscape[T string | []byte](pattern T) bool {
	for i := 0; i < len(pattern); i++ {
		if pattern[i] != '%' {
			continue
		}
		for j := i + 1; j < min(i+3, len(pattern)); j++ {
			if pattern[j] == '*' || pattern[j] == '?' {
				return true
			}
		}
	}
	return false
}

// maxChoices is how many "?" with several meanings a URL may have. An honest one
// has one at most, and the time that they take grows by a factor with each.
const maxChoices = 3

// choice is a "?" that, since it stands for any character in a policy, changes
// the meaning of its neighbours.
type choice struct {
	at    int
	chars string // what to try: itself, and "%" or "/"
}

// choices appends those of a link, or reports false if they are too many: a "?"
// that may begin an escape, and with slashes also one that may be a part of a run
// of "/". An escape of a control character is of no use, which leaves the
// numbers alone by which many URLs tell versions.
func (l link) choices(dst []choice, slashes bool) (_ []choice, few bool) {
	s := l.text
	for i := l.query; i < len(s); i++ {
		if s[i] != '?' {
			continue
		}
		c := choice{i, "?"}
		if i+2 < len(s) && digitLike(s[i+1]) && digitLike(s[i+2]) {
			hi, lo := unhex(s[i+1]), unhex(s[i+2])
			if v := hi<<4 | lo; hi > 15 || lo > 15 || v >= ' ' && v != 0x7f {
				c.chars = "?%"
			}
		}
		if slashes && (s[i-3] == '%' || slashLike(s[i-1]) || i+1 < len(s) && slashLike(s[i+1])) {
			c.chars += "/"
		}
		if c.chars == "?" {
			continue
		}
		if dst = append(dst, c); len(dst) > maxChoices {
			return nil, false
		}
	}
	return dst, true
}

// slashLike tells what is a slash, or may become one.
func slashLike(c byte) bool { return separates(c) || c == '%' }

// digitLike tells what is a hexadecimal digit, or may become one.
func digitLike(c byte) bool { return unhex(c) < 16 || c == '%' || c == '?' }

// excepted reports whether pattern holds a URL, given without its scheme, where
// a "?" may stand for any character, as it does in a policy, or for the end:
// what follows it may be a query that the origin ignores. Schemes are ignored:
// an origin serves the same under both.
func (p Pattern) excepted(text string) bool { return glob(p.text(), text, true) }

// exceptedPlain is excepted for a URL in plain form.
func (p Pattern) exceptedPlain(plain []byte) bool { return glob(p.plain, plain, true) }

// appendPlain appends s as an origin may see it: decoded until it is stable and
// with runs of "/" collapsed.
func appendPlain(dst []byte, s string) []byte {
	begin := len(dst)
	dst = append(dst, s...)
	for range maxDecodings {
		dst = appendDecoded(dst[:begin], dst[begin:])
	}
	return collapse(dst, begin)
}

// collapse makes one "/" of each run from begin on, backslashes among them.
func collapse(s []byte, begin int) []byte {
	end := begin
	for _, c := range s[begin:] {
		if c == '\\' {
			c = '/'
		}
		if c != '/' || end == begin || s[end-1] != '/' {
			s[end] = c
			end++
		}
	}
	return s[:end]
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
