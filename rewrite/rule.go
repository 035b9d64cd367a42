package rewrite

import "bytes"

// A verdict says what is to be done about a hit.
type verdict uint8

const (
	notOurs   verdict = iota // no link of ours
	undecided                // more of the body is needed
	leave                    // a link to leave alone
	offer                    // a link to offer
)

// A candidate is a link of ours, so far as it is known.
type candidate struct {
	extent
	open    opener
	mapped  *Map // the Map that applies; nil if none does
	path    int  // the first byte of the path that is not part of an anchor
	escapes escapes
	xml     bool // '&' must be written "&amp;"

	reason Reason // of leave
}

func (c *candidate) leave(r Reason) verdict {
	c.reason = r
	return leave
}

// examine judges the anchor a found at hit, and describes the link in c.
func (s *scanner) examine(hit int, a *anchor, c *candidate) verdict {
	start, path, open, ok := linkStart(s.buf, hit, a, s.site)
	if !ok || start < s.floor {
		return notOurs
	}
	*c = candidate{extent: extent{start: start}, open: open}
	if v := s.target(c, path, a); v != offer {
		return v
	}
	switch s.format {
	case HTML, XHTML, XML:
		return s.inMarkup(c)
	}
	return s.inString(c, syntaxes[s.format], escapes{backslash: true, entity: s.format != JavaScript && s.format != CSS, nested: true}, 0)
}

func (s *scanner) inMarkup(c *candidate) verdict {
	p := s.markup.locate(s.buf, c.start)
	c.xml = s.format != HTML && !p.cdata
	esc := escapes{backslash: true, entity: c.xml}
	switch {
	case p.kind == inAttribute:
		return s.inAttribute(c, p.tag)
	case p.kind == inScript:
		return s.inString(c, scriptSyntax, esc, 0)
	case p.kind == inStyle:
		return s.inString(c, styleSyntax, esc, 0)
	case s.format == XML:
		return s.inContent(c, p)
	}
	return c.leave(LeftText)
}

func (s *scanner) inAttribute(c *candidate, t *tag) verdict {
	switch {
	case t.attr == humanAttr:
		return c.leave(LeftText)
	case t.attr == placeAttr, t.element == baseElement:
		return c.leave(LeftReference)
	}
	whole := c.start-t.value < maxEscape && len(bytes.TrimSpace(s.buf[t.value:c.start])) == 0
	refresh := false
	if t.element == linkElement || t.element == metaElement {
		full, known := s.markup.whole(s.buf, c.start, s.eof)
		switch {
		case !known:
			return undecided
		case full.state != tagClosed:
			return c.leave(LeftAmbiguous)
		case full.reference:
			return c.leave(LeftReference)
		}
		refresh = full.refresh
		if t.element == metaElement && !refresh && !(whole && full.media) {
			return c.leave(LeftText)
		}
	}
	switch {
	case refresh:
		return s.inRefresh(c, t)
	case t.attr == srcsetAttr:
		return s.inSrcset(c, t)
	case t.attr == styleAttr:
		return s.inString(c, styleSyntax, escapes{entity: true, nested: true}, t.quote)
	case t.attr == eventAttr:
		return s.inString(c, scriptSyntax, anyEscape, t.quote)
	case whole:
		return s.isValue(c, t)
	}
	return s.inString(c, dataSyntax, anyEscape, t.quote)
}

// isValue judges a link that begins an attribute's value, and mostly is the value.
func (s *scanner) isValue(c *candidate, t *tag) verdict {
	r := ending{escapes: escapes{entity: true}, stop: stopsSpace, quote: t.quote}
	if t.quote == 0 {
		r.stop = stopsValue
	}
	c.escapes = r.escapes
	if c.read(s.buf, c.path, &r, s.eof) {
		return s.wait(c)
	}
	if t.quote != 0 && isWhite(c.stop) && !c.tooLong() {
		isList, more := s.listFollows(c)
		if more {
			return undecided
		}
		if !isList {
			r.stop = stopsNever
			if c.read(s.buf, c.path, &r, s.eof) {
				return s.wait(c)
			}
			c.cut(s.buf, c.start+len(bytes.TrimRight(s.buf[c.start:c.end], " \t\r\n\f")))
		}
	}
	return c.value()
}

// value judges a link that is known to be a whole value, whatever it ends in.
func (c *candidate) value() verdict {
	switch {
	case c.tooLong():
		return c.leave(LeftTooLong)
	case c.hole, c.percent:
		return c.leave(LeftTemplate)
	}
	return offer
}

// listFollows reports whether the space behind a link separates it from what is
// no part of it: a descriptor, as in a srcset, or another link.
func (s *scanner) listFollows(c *candidate) (yes, more bool) {
	if yes, more = descriptorFollows(s.buf, c.end, s.eof); yes || more {
		return yes, more
	}
	i, _ := skipSpace(s.buf, c.end, s.eof)
	if yes, more = linkFollows(s.buf, i, s.eof); yes {
		for c.end > c.path && s.buf[c.end-1] == ',' {
			c.cut(s.buf, c.end-1)
		}
	}
	return yes, more
}

func (s *scanner) inSrcset(c *candidate, t *tag) verdict {
	r := ending{escapes: escapes{entity: true}, stop: stopsSpace, quote: t.quote, srcset: true}
	if t.quote == 0 {
		r.stop = stopsValue
	}
	c.escapes = r.escapes
	switch {
	case c.start != t.value && !isWhite(c.open.char) && c.open.char != ',':
		return c.leave(LeftAmbiguous)
	case c.read(s.buf, c.path, &r, s.eof):
		return s.wait(c)
	}
	end := c.end
	for end > c.path && s.buf[end-1] == ',' {
		end--
	}
	c.cut(s.buf, end)
	return c.value()
}

// inRefresh judges a link in the content of <meta http-equiv=refresh>, which
// ends where the value does, or at the quote that it began with.
func (s *scanner) inRefresh(c *candidate, t *tag) verdict {
	r := ending{escapes: escapes{entity: true}, stop: stopsSpace, quote: t.quote}
	if isQuote(c.open.char) && c.start != t.value {
		r.closer = s.buf[c.start-c.open.size : c.start]
	}
	if t.quote == 0 {
		r.stop = stopsValue
	}
	c.escapes = r.escapes
	if c.read(s.buf, c.path, &r, s.eof) {
		return s.wait(c)
	}
	return c.value()
}

// inContent judges a link in the text of an XML element: it must be all of the
// text, or lie in escaped HTML.
func (s *scanner) inContent(c *candidate, p spot) verdict {
	if p.tag.state == tagClosed && p.tag.element == nameElement {
		return c.leave(LeftReference)
	}
	at := c.start - c.open.size
	switch {
	case isQuote(c.open.char):
		attr, ok := attributeBefore(s.buf, at)
		if !ok || attr == humanAttr {
			return c.leave(LeftText)
		}
		return s.inString(c, dataSyntax, anyEscape, 0)
	case c.open.char == '(' && bytes.HasSuffix(s.buf[:at], []byte("url")), descriptorBefore(s.buf, c.start):
		return s.inString(c, styleSyntax, anyEscape, 0)
	}
	i := c.start
	for i > 0 && c.start-i < maxEscape && isWhite(rune(s.buf[i-1])) {
		i--
	}
	if p.cdata && !bytes.HasSuffix(s.buf[:i], []byte("<![CDATA[")) || !p.cdata && (p.tag.state != tagClosed || !bytes.HasSuffix(s.buf[:i], []byte(">"))) {
		return c.leave(LeftText)
	}
	r := ending{escapes: escapes{entity: !p.cdata}, stop: stopsString}
	if p.cdata {
		r.bracket = ']'
	}
	c.escapes = r.escapes
	if c.read(s.buf, c.path, &r, s.eof) {
		return s.wait(c)
	}
	i, known := skipSpace(s.buf, c.end, s.eof)
	switch {
	case c.tooLong():
		return c.leave(LeftTooLong)
	case !known:
		return undecided
	case i < len(s.buf) && s.buf[i] != '<' && !c.closed:
		return c.leave(LeftText)
	}
	return s.complete(c, dataSyntax)
}

// wait notes that the link reaches the end of what is known.
func (s *scanner) wait(c *candidate) verdict {
	s.idle = true
	return undecided
}
