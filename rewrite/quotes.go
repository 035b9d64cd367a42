package rewrite

import "bytes"

var quoteBytes = [...]byte{'"', '\''}

// A quoteMark tells of the last quote of its kind in what was seen.
type quoteMark struct {
	opens bool // a '=' stands in front of it
	seen  int
}

// maxNear is how far back is looked for what mostly stands near.
const maxNear = 256

// look looks for the quote c up to b[end].
func (q *quoteMark) look(b []byte, c byte, end int) {
	if end <= q.seen {
		return
	}
	// Forward is fast where there are few quotes, backward where there are many.
	at, rest, few := -1, b[q.seen:end], 4
	for ; few > 0; few-- {
		n := bytes.IndexByte(rest, c)
		if n < 0 {
			break
		}
		rest = rest[n+1:]
		at = end - len(rest) - 1
	}
	if few == 0 {
		if n := bytes.LastIndexByte(rest, c); n >= 0 {
			at = end - len(rest) + n
		}
	}
	q.seen = end
	if at >= 0 {
		q.opens = behindEquals(b, at)
	}
}

// behindEquals reports whether a '=' stands in front of b[i], white space between
// them aside, or may stand there.
func behindEquals(b []byte, i int) bool {
	low := max(0, i-maxNear)
	for i > low && isWhite(rune(b[i-1])) {
		i--
	}
	return i > 0 && (i == low || b[i-1] == '=')
}

// mayBeInValue reports whether b[i] may lie in an attribute's value. It does not if
// neither the last '"' nor the last '\” in front of it could begin a value, and
// no '=' could begin one without quotes.
func (m *markup) mayBeInValue(b []byte, i int) bool {
	for k, c := range quoteBytes {
		if m.quotes[k].look(b, c, i); m.quotes[k].opens {
			return true
		}
	}
	low := max(0, i-maxNear)
	for ; i > low && b[i-1] != '>'; i-- {
		switch {
		case isWhite(rune(b[i-1])):
			return behindEquals(b, i)
		case b[i-1] == '=':
			return true
		}
	}
	return i > 0 && i == low
}
