package rewrite

import "strings"

// target finds out whether the link c, whose path begins at path, leads to a
// configured host, and whether by way of a Map: the one with the longest From.
func (s *scanner) target(c *candidate, path int, a *anchor) verdict {
	if a.onPath || a.text == s.site {
		for i := range s.rw.config.Maps {
			m := &s.rw.config.Maps[i]
			if end, ok := startsWith(s.buf, c.start, m.To, false, s.eof); ok {
				return notOurs // mapped already
			} else if end < 0 && !s.eof {
				return undecided
			}
			end, ok := startsWith(s.buf, path, m.From, false, s.eof)
			if end < 0 && !s.eof {
				return undecided
			}
			if ok && (c.mapped == nil || len(m.From) > len(c.mapped.From)) {
				c.mapped, c.path = m, end
			}
		}
		if c.mapped != nil {
			next, n := anyEscape.char(s.buf, c.path, s.eof)
			switch {
			case c.mapped.From != "/" || path > c.start:
				return offer
			case n == 0 && !s.eof:
				return undecided
			case next == '/', next == '\\':
				return notOurs // the slashes in front of another host
			}
			return offer
		}
		if a.onPath {
			return notOurs
		}
	}
	end, ok := startsWith(s.buf, path, "/", false, s.eof)
	switch {
	case ok:
		c.path = end
		return offer
	case end < 0 && !s.eof:
		return undecided
	}
	return notOurs
}

// partialMap returns where a mapped link may begin that is cut off at the end of
// the buffer; len(buf) if nowhere. Its beginning must not be sent, since a Map
// replaces it.
func (s *scanner) partialMap() int {
	longest := 0
	for _, m := range s.rw.config.Maps {
		longest = max(longest, len(m.From)+maxEscape*strings.Count(m.From, "/"))
	}
	longest += len("https:") + 2*maxEscape + len(s.site)
	for i := max(s.sent, len(s.buf)-longest); i < len(s.buf); i++ {
		switch s.buf[i] {
		case '/', '\\', '&', 'h', 'H':
		default:
			continue
		}
		if _, ok := openerAt(s.buf, i); ok && s.partialAt(i) {
			return i
		}
	}
	return len(s.buf)
}

func (s *scanner) partialAt(i int) bool {
	for _, m := range s.rw.config.Maps {
		if s.partial(i, m.From) {
			return true
		}
		for _, scheme := range [...]string{"", "http:", "https:"} {
			if s.site != "" && s.partial(i, scheme, "//", s.site, m.From) {
				return true
			}
		}
	}
	return false
}

// partial reports whether the buffer ends, from i on, in a part of the parts.
func (s *scanner) partial(i int, parts ...string) bool {
	for _, part := range parts {
		end, ok := startsWith(s.buf, i, part, true, false)
		if !ok {
			return end < 0
		}
		i = end
	}
	return false
}
