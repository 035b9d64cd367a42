package rewrite

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// An edit is how a link in the buffer is changed, once its Query is known.
type edit struct {
	start, path int    // what stands between is replaced by prefix, if that is not empty
	prefix      string // where a Map leads
	query       int    // where '?' stands; -1 if nowhere
	insert      int    // where the query is added
	amp         bool   // "&amp;" is written for '&'
	ampPrefix   bool   // in prefix as well
	escapes     escapes
}

// add notes a link to be offered. It reports false if the link is none of ours
// after all: its path climbs out of the Map.
func (s *scanner) add(c *candidate) bool {
	e := edit{
		start: c.start, path: c.path, query: c.query, insert: c.insert(),
		amp: c.amp || c.xml, ampPrefix: c.xml, escapes: c.escapes,
	}
	raw := s.buf[c.start:c.end]
	escaped := c.escaped || bytes.IndexByte(raw[:c.path-c.start], '\\') >= 0 || bytes.IndexByte(raw[:c.path-c.start], '&') >= 0
	if escaped || c.mapped != nil {
		from := len(s.decoded)
		if c.mapped != nil {
			e.prefix = c.mapped.To
			s.decoded = append(s.decoded, e.prefix...)
			rest := len(s.decoded)
			s.decoded = c.escapes.decode(s.decoded, s.buf[c.path:c.end])
			if climbs(s.decoded[rest:]) {
				return false
			}
		} else {
			s.decoded = c.escapes.decode(s.decoded, raw)
		}
		raw = s.decoded[from:]
	}
	s.links = append(s.links, Link{URL: alias(raw)})
	s.edits = append(s.edits, e)
	return true
}

// decode appends b with its escapes undone.
func (e escapes) decode(dst, b []byte) []byte {
	for i := 0; i < len(b); {
		c, n := e.char(b, i, true)
		if n > 1 {
			dst = utf8.AppendRune(dst, c)
		} else {
			dst = append(dst, b[i])
		}
		i += n
	}
	return dst
}

// climbs reports whether dot segments lead out of the directory that path is
// relative to.
func climbs(path []byte) bool {
	if i := bytes.IndexAny(path, "?#"); i >= 0 {
		path = path[:i]
	}
	depth := 0
	for len(path) > 0 {
		segment := path
		if i := bytes.IndexAny(path, "/\\"); i >= 0 {
			segment, path = path[:i], path[i+1:]
		} else {
			path = nil
		}
		switch dots(segment) {
		case 1:
		case 2:
			if depth--; depth < 0 {
				return true
			}
		default:
			depth++
		}
	}
	return false
}

// send sends the buffer up to what must wait, with the links changed.
func (s *scanner) send() error {
	s.out = s.out[:0]
	for i := range s.links {
		link, e := &s.links[i], &s.edits[i]
		if link.Query == "" {
			continue
		}
		if e.prefix != "" {
			s.copy(e.start)
			s.out = appendAmp(s.out, e.prefix, e.ampPrefix)
			s.sent = e.path
		}
		separator, bare := byte('?'), false
		if e.query >= 0 {
			separator = '&'
			s.copy(e.query)
			if link.Strip {
				separator, bare = s.strip(e)
			} else {
				last, _ := before(s.buf, e.insert)
				bare = last == '?' || last == '&'
			}
		}
		s.copy(e.insert)
		if !bare {
			s.out = appendAmp(s.out, string(rune(separator)), e.amp)
		}
		s.out = appendAmp(s.out, link.Query, e.amp)
		if len(s.out) >= pieceSize {
			if err := s.flush(); err != nil {
				return err
			}
		}
	}
	clear(s.links)
	if len(s.out) > 0 {
		s.copy(s.held)
		return s.flush()
	}
	from := s.sent
	s.sent = max(s.sent, s.held)
	return s.w.emit(s.buf[from:s.sent])
}

// copy puts the buffer from sent to end out.
func (s *scanner) copy(end int) {
	if end > s.sent {
		s.out = append(s.out, s.buf[s.sent:end]...)
		s.sent = end
	}
}

func (s *scanner) flush() error {
	err := s.w.emit(s.out)
	s.out = s.out[:0]
	return err
}

// strip puts the query out without Config.Params. It returns what separates the
// next parameter, and whether even that is there already: the separator in front of
// a signature stays as it is written.
func (s *scanner) strip(e *edit) (separator byte, bare bool) {
	separator = '?'
	separated := false // a separator is put out, and the next parameter needs none
	for i := e.query; i < e.insert; {
		_, n := e.escapes.char(s.buf, i, true)
		name, equals, next := i+n, -1, i+n
		for next < e.insert {
			c, n := e.escapes.char(s.buf, next, true)
			if c == '&' {
				break
			}
			if c == '=' && equals < 0 {
				equals = next
			}
			next += n
		}
		end := next
		if equals >= 0 {
			end = equals
		}
		if s.rw.config.isParam(s.buf[name:end]) {
			if separator == '&' && !separated {
				s.copy(name)
				separated, bare = true, true
			}
			s.sent = next
		} else {
			switch {
			case separated:
				s.sent = name
			case separator == '?' && i > e.query:
				s.out = append(s.out, '?')
				s.sent = name
			}
			s.copy(next)
			separator, separated, bare = '&', false, name == next
		}
		i = next
	}
	return separator, bare
}

// appendAmp appends s, with "&amp;" for '&' if amp is set.
func appendAmp(dst []byte, s string, amp bool) []byte {
	for amp {
		i := strings.IndexByte(s, '&')
		if i < 0 {
			break
		}
		dst = append(append(dst, s[:i]...), "&amp;"...)
		s = s[i+1:]
	}
	return append(dst, s...)
}
