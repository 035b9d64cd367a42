package rewrite

import "bytes"

// maxLink is how long a link may be, as it is written, in bytes.
const maxLink = 4096

// extent is how far a link reaches.
type extent struct {
	start, end int

	stop     rune // the character behind it; 0 at the end of the body
	closed   bool // it is the one that the opener asks for
	query    int  // where '?' stands; -1 if nowhere
	fragment int  // where '#' stands; -1 if nowhere

	escaped bool // some character is written as an escape
	amp     bool // some '&' is written as an entity
	star    bool
	percent bool // a '%' without two hex digits: a template of some printf
	hole    bool // '{' or '<'
}

// insert returns where a query is added.
func (x *extent) insert() int {
	if x.fragment >= 0 {
		return x.fragment
	}
	return x.end
}

// last returns the last character in front of the fragment.
func (x *extent) last(b []byte) rune {
	c, _ := before(b, x.insert())
	return c
}

func (x *extent) tooLong() bool { return x.end-x.start > maxLink }

// cut moves the end of the link forward.
func (x *extent) cut(b []byte, end int) {
	x.end = end
	if x.query >= end {
		x.query = -1
	}
	if x.fragment >= end {
		x.fragment = -1
	}
	x.star = bytes.IndexByte(b[x.start:end], '*') >= 0
}

// ending is a rule for where a link ends.
type ending struct {
	escapes escapes
	stop    func(c rune) bool
	closer  []byte // the opener's bytes, which end the link as well; nil if it is no quote
	bracket rune   // ends the link: ')' or ']'; 0 if nothing
	apos    bool   // a raw ' is part of the link, unless it closes
	quote   byte   // the quote around the attribute that the link is in; 0 if none
	srcset  bool   // a comma in front of another link is part of the link
}

// stopsString reports whether c ends a link in text of any kind.
func stopsString(c rune) bool {
	switch c {
	case '"', '\'', '`', '<', '>', '\\', '|', '^', '{', '}', 0x7f, 0xa0:
		return true
	}
	return c <= ' '
}

// stopsToken reports whether c ends a link in url(…) without quotes, in which
// '|' and '^' mean nothing (CSS Syntax Module Level 3, section 4.3.6).
func stopsToken(c rune) bool { return c != '|' && c != '^' && stopsString(c) }

// stopsValue reports whether c ends an unquoted attribute value.
func stopsValue(c rune) bool { return isWhite(c) || c == '>' }

func stopsSpace(c rune) bool { return isWhite(c) }

func stopsLine(c rune) bool { return c == '\n' || c == '\r' || c == '\t' }

func stopsNever(rune) bool { return false }

// plainBytes are the bytes that only take a link further.
var plainBytes = func() (t [256]bool) {
	for c := range t {
		t[c] = isAlnum(byte(c)) || c >= 0x80
	}
	for _, c := range "-._~/:@!$+=;" {
		t[c] = true
	}
	return
}()

// read reads b from i on to the end of the link that begins at x.start. It reports
// more if the end has not come yet; a link longer than maxLink is not read to
// its end.
func (x *extent) read(b []byte, i int, r *ending, eof bool) (more bool) {
	x.query, x.fragment = -1, -1
	depth := 0 // of parentheses inside the link
	for limit := x.start + maxLink; ; {
		for i < len(b) && plainBytes[b[i]] {
			i++
		}
		x.end = i
		if i > limit {
			return false
		}
		if i == len(b) {
			return !eof
		}
		c, n := r.escapes.char(b, i, eof)
		switch {
		case n == 0:
			return true
		case b[i] == r.quote && r.quote != 0:
			x.stop = c
			return false
		case r.closer != nil && isQuote(c):
			if string(b[i:i+n]) == string(r.closer) {
				x.stop, x.closed = c, true
				return false
			}
			if c != '\'' || !r.apos || n > 1 {
				x.stop = c
				return false
			}
		case c == r.bracket && c != 0:
			if depth == 0 || c == ']' {
				x.stop, x.closed = c, true
				return false
			}
			depth--
		case r.stop(c):
			x.stop = c
			return false
		case c == ',' && !r.srcset:
			starts, more := linkFollows(b, i+1, eof)
			if more {
				return true
			}
			if starts {
				x.stop = c
				return false
			}
		}
		if n > 1 {
			x.escaped = true
			x.amp = x.amp || c == '&' && b[i] == '&' && b[i+n-1] == ';'
		}
		switch c {
		case '(':
			depth++
		case '?':
			if x.query < 0 && x.fragment < 0 {
				x.query = i
			}
		case '#':
			if x.fragment < 0 {
				x.fragment = i
			}
		case '*':
			x.star = true
		case '{', '<':
			x.hole = true
		case '%':
			if i+2 >= len(b) && !eof {
				return true
			}
			if _, ok := hexDigits(b[i+1 : min(i+3, len(b))]); !ok || i+3 > len(b) {
				x.percent = true
			}
		}
		i += n
	}
}

func isQuote(c rune) bool { return c == '"' || c == '\'' || c == '`' }

// linkFollows reports whether b[i:] begins like an absolute link.
func linkFollows(b []byte, i int, eof bool) (yes, more bool) {
	for _, s := range [...]string{"//", "https://", "http://"} {
		end, ok := startsWith(b, i, s, true, eof)
		if ok {
			return true, false
		}
		more = more || end < 0 && !eof
	}
	return false, more
}

// skipSpace returns the first position from i on without white space; false if the
// body may go on with more of it.
func skipSpace(b []byte, i int, eof bool) (int, bool) {
	for limit := i + maxEscape; i < len(b) && i < limit && isWhite(rune(b[i])); {
		i++
	}
	return i, i < len(b) || eof
}

// descriptorFollows reports whether b[i:] begins with the descriptor of an image
// candidate, such as " 2x" or " 640w".
func descriptorFollows(b []byte, i int, eof bool) (yes, more bool) {
	i, known := skipSpace(b, i, eof)
	if !known {
		return false, true
	}
	digits := 0
	for i < len(b) && digits < 16 && (isDigit(b[i]) || b[i] == '.') {
		i++
		digits++
	}
	if i+1 >= len(b) && !eof {
		return false, true
	}
	if digits == 0 || i == len(b) || !isDescriptor(rune(b[i])) {
		return false, false
	}
	return i+1 == len(b) || !isAlnum(b[i+1]), false
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isDescriptor(c rune) bool { return c == 'x' || c == 'w' || c == 'h' }

// descriptorBefore reports whether b[:i] ends like an image candidate and its
// comma, such as " 2x, ".
func descriptorBefore(b []byte, i int) bool {
	low := max(0, i-maxEscape)
	for i > low && isWhite(rune(b[i-1])) {
		i--
	}
	if i == low || b[i-1] != ',' {
		return false
	}
	i--
	for i > low && isWhite(rune(b[i-1])) {
		i--
	}
	if i == low || !isDescriptor(rune(b[i-1])) {
		return false
	}
	i--
	digits := i
	for i > low && (isDigit(b[i-1]) || b[i-1] == '.') {
		i--
	}
	return i < digits && i > low && isWhite(rune(b[i-1]))
}
