package rewrite

import (
	"bytes"
	"html"
	"unicode/utf16"
	"unicode/utf8"
)

// escapes says how characters may be written in a place.
type escapes struct {
	backslash bool // \/, \u002f, \x2f, \", each with any number of backslashes: JSON may lie in JSON
	entity    bool // &amp;, &#38;, &#x26;
	nested    bool // &amp;quot; is a quote: markup in markup
}

var anyEscape = escapes{backslash: true, entity: true, nested: true}

// The longest escape that is understood, in bytes. It bounds how far is read in
// either direction for one character.
const maxEscape = 64

// char returns the character that b[i:] begins with and how many bytes it takes.
// It takes 0 bytes if more of the body is needed to tell, or b ends there. A lone backslash, '&'
// or byte outside of ASCII stands for itself.
func (e escapes) char(b []byte, i int, eof bool) (rune, int) {
	if i == len(b) {
		return 0, 0
	}
	switch c := b[i]; {
	case c == '\\' && e.backslash:
		return backslashed(b, i, eof)
	case c == '&' && e.entity:
		return entityAt(b, i, e.nested, eof)
	default:
		return rune(c), 1
	}
}

func backslashed(b []byte, i int, eof bool) (rune, int) {
	j := i
	for j < len(b) && b[j] == '\\' && j-i < maxEscape/4 {
		j++
	}
	digits := 0
	switch {
	case j == len(b) && !eof:
		return 0, 0
	case j == len(b):
		return '\\', 1
	case b[j] == 'u':
		digits = 4
	case b[j] == 'x':
		digits = 2
	case b[j] == 'n':
		return '\n', j + 1 - i
	case b[j] == 'r':
		return '\r', j + 1 - i
	case b[j] == 't':
		return '\t', j + 1 - i
	case bytes.IndexByte([]byte("/\"'`"), b[j]) >= 0:
		return rune(b[j]), j + 1 - i
	}
	if digits == 0 {
		return '\\', 1
	}
	j++
	if len(b) < j+digits && !eof {
		return 0, 0
	}
	r, ok := hexDigits(b[j:min(j+digits, len(b))])
	if !ok || len(b) < j+digits {
		return '\\', 1
	}
	j += digits
	if utf16.IsSurrogate(r) {
		// The other half is written in the same way.
		escape := b[i : j-digits]
		if len(b) < j+len(escape)+digits && !eof {
			return 0, 0
		}
		if rest, found := bytes.CutPrefix(b[j:], escape); found && len(rest) >= digits {
			if low, ok := hexDigits(rest[:digits]); ok {
				return utf16.DecodeRune(r, low), j + len(escape) + digits - i
			}
		}
		return utf8.RuneError, j - i
	}
	return r, j - i
}

func hexDigits(digits []byte) (rune, bool) {
	var r rune
	for _, c := range digits {
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, len(digits) > 0
}

// entityAt reads a character reference that ends in ';'. References without it
// are not understood: they need a parse error and a list.
func entityAt(b []byte, i int, nested, eof bool) (rune, int) {
	j := i + 1
	if nested {
		for j-i < maxEscape/2 && bytes.HasPrefix(b[j:], []byte("amp;")) {
			j += len("amp;")
		}
	}
	amps := j - i // "&amp;" any number of times is an '&' at least
	name := j
	for ; ; j++ {
		switch {
		case j == len(b) && !eof:
			return 0, 0
		case j == len(b):
			return '&', amps
		case j-i > maxEscape:
			return '&', 1
		case b[j] == ';':
			if r, ok := entityNamed(b[name:j]); ok {
				return r, j + 1 - i
			}
			return '&', amps
		case isAlnum(b[j]) || b[j] == '#' && j == name:
		default:
			return '&', amps
		}
	}
}

// entityNamed decodes the middle of a character reference, as in "amp", "#38", "#x26".
func entityNamed(name []byte) (rune, bool) {
	switch string(name) {
	case "amp":
		return '&', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "":
		return 0, false
	}
	if name[0] == '#' {
		if len(name) > 8 {
			return 0, false
		}
		if len(name) > 1 && name[1]|0x20 == 'x' {
			return hexDigits(name[2:])
		}
		var r rune
		for _, c := range name[1:] {
			if c < '0' || '9' < c {
				return 0, false
			}
			r = r*10 + rune(c-'0')
		}
		return r, len(name) > 1
	}
	// The long list of HTML names is the standard library's.
	s := html.UnescapeString("&" + string(name) + ";")
	r, n := utf8.DecodeRuneInString(s)
	return r, n == len(s)
}

func isAlnum(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

func isWhite(c rune) bool {
	return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f'
}

// before returns the character that ends at b[:i], escapes undone, and how many
// bytes it takes; 0 bytes at the beginning of b.
func before(b []byte, i int) (rune, int) {
	if i == 0 {
		return 0, 0
	}
	start := max(0, i-maxEscape)
	// An escape that ends here begins at one of its own first characters, so
	// each of them in reach is tried, the longest way back first.
	switch c := b[i-1]; {
	case c == ';':
		for j := i - 2; j >= start && (isAlnum(b[j]) || b[j] == '#' || b[j] == ';' || b[j] == '&'); j-- {
			if b[j] != '&' {
				continue
			}
			if r, n := entityAt(b[:i], j, true, true); n == i-j {
				return r, n
			}
		}
	case bytes.IndexByte([]byte("/\"'`nrt"), c) >= 0:
		if n := backslashesBefore(b, i-1); n > 0 {
			r, _ := backslashed(b[:i], i-1-n, true)
			return r, n + 1
		}
	case isAlnum(c):
		for _, n := range [...]int{3, 5} { // x2f, u002f
			if j := i - n; j > 0 && (b[j] == 'u' && n == 5 || b[j] == 'x' && n == 3) {
				if k := backslashesBefore(b, j); k > 0 {
					if r, m := backslashed(b[:i], j-k, true); m == n+k {
						return r, m
					}
				}
			}
		}
	}
	return rune(b[i-1]), 1
}

func backslashesBefore(b []byte, i int) int {
	n := 0
	for n < i && n < maxEscape/4 && b[i-1-n] == '\\' {
		n++
	}
	return n
}
