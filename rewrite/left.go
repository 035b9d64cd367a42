package rewrite

import (
	"bytes"
	"strings"
)

// An opener is what stands directly in front of a link.
type opener struct {
	char rune // escapes undone; 0 at the beginning of the body
	size int  // in bytes
}

// linkStart returns where the link begins whose anchor is at b[hit:], where its
// path begins, and its opener. It reports false if no link of ours is there: the
// anchor is part of a longer name, of another URL's path or query, or of a regular
// expression.
func linkStart(b []byte, hit int, a *anchor, site string) (start, path int, open opener, ok bool) {
	i := hit
	path = hit + len(a.text)
	if a.onPath {
		if a.text == "/" { // the slash itself may be an escape
			_, n := before(b, hit+1)
			i = hit + 1 - n
		}
		if i, ok = endsIn(b, i, a.before); !ok {
			return 0, 0, opener{}, false
		}
		path = i
		if open, ok = openerAt(b, i); ok {
			return i, path, open, true
		}
		if i, ok = endsInFold(b, i, site); !ok {
			return 0, 0, opener{}, false
		}
	}
	if i, ok = endsIn(b, i, "//"); !ok {
		return 0, 0, opener{}, false
	}
	if c, n := before(b, i); c == ':' {
		j, ok := endsInFold(b, i-n, "https")
		if !ok {
			j, ok = endsInFold(b, i-n, "http")
		}
		if !ok {
			return 0, 0, opener{}, false
		}
		i = j
	}
	open, ok = openerAt(b, i)
	return i, path, open, ok
}

// openerAt returns the opener that ends at b[:i]; false if a link can't begin there.
func openerAt(b []byte, i int) (opener, bool) {
	c, n := before(b, i)
	switch {
	case n == 0, isWhite(c), c == '\u00a0':
	case strings.ContainsRune("\"'`([>,|;=", c):
	default:
		return opener{}, false
	}
	return opener{c, n}, true
}

// endsIn reports whether b[:i], its slashes in any escaping, ends in s, and where s
// begins.
func endsIn(b []byte, i int, s string) (int, bool) {
	for k := len(s) - 1; k >= 0; k-- {
		c, n := rune(0), 0
		if i > 0 {
			c, n = rune(b[i-1]), 1
		}
		if s[k] == '/' {
			c, n = before(b, i)
		}
		if n == 0 || c != rune(s[k]) {
			return 0, false
		}
		i -= n
	}
	return i, true
}

func endsInFold(b []byte, i int, s string) (int, bool) {
	if s == "" || i < len(s) || !foldEqual(b[i-len(s):i], s) {
		return 0, false
	}
	return i - len(s), true
}

// startsWith reports whether b[i:], its slashes in any escaping and, with fold, its
// letters in any case, starts with s, and where s ends. The end is -1 if more of the body is needed to tell.
func startsWith(b []byte, i int, s string, fold, eof bool) (int, bool) {
	for k := range len(s) {
		switch {
		case i == len(b):
			return -1, false
		case s[k] != '/':
			if b[i] != s[k] && !(fold && lower(b[i]) == lower(s[k])) {
				return 0, false
			}
			i++
		default:
			c, n := anyEscape.char(b, i, eof)
			if n == 0 {
				return -1, false
			}
			if c != '/' {
				return 0, false
			}
			i += n
		}
	}
	return i, true
}

// attributeBefore returns what attribute's value an opener at b[i] begins, by the name
// and '=' in front of it. It reports false if it looks like none.
func attributeBefore(b []byte, i int) (attrKind, bool) {
	c, n := before(b, i)
	if c != '=' {
		return otherAttr, false
	}
	i -= n
	end := i
	for i > 0 && end-i < maxEscape && (isAlnum(b[i-1]) || b[i-1] == '-' || b[i-1] == '_' || b[i-1] == ':') {
		i--
	}
	// The n of \n is no part of the name.
	if c, n := before(b, i+1); i < end && n > 1 && isWhite(c) {
		i++
	} else if c, _ := before(b, i); !isWhite(c) && c != '#' && c != '@' {
		return otherAttr, false
	}
	if i == end {
		return otherAttr, false
	}
	return attributeNamed(b[i:end]), true
}

// openTagBefore reports whether b[:i] looks like the inside of a tag.
func openTagBefore(b []byte, i int) bool {
	near := b[max(0, i-256):i]
	return bytes.LastIndexByte(near, '<') > bytes.LastIndexByte(near, '>')
}
