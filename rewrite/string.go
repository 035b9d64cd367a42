package rewrite

import "bytes"

// syntax is a kind of text that holds links in strings and the like.
type syntax uint8

const (
	dataSyntax syntax = iota // JSON, and what attributes hold
	scriptSyntax
	styleSyntax
	textSyntax
	cueSyntax // WebVTT
)

var syntaxes = [...]syntax{CSS: styleSyntax, JavaScript: scriptSyntax, JSON: dataSyntax, Text: textSyntax, VTT: cueSyntax}

// inString judges a link in a string of a script or of data, in a style or in
// plain text. quote is the one around the attribute it lies in, or 0.
func (s *scanner) inString(c *candidate, in syntax, esc escapes, quote byte) verdict {
	r := ending{escapes: esc, stop: stopsString, quote: quote}
	at := c.start - c.open.size
	rooted := c.mapped != nil && s.buf[c.start] != 'h' && s.buf[c.start] != 'H' // the path alone
	switch open := c.open.char; {
	case isQuote(open):
		return s.quoted(c, in, r, quote)
	case open == '(':
		return s.bracketed(c, in, r, ')')
	case open == '[':
		return s.bracketed(c, in, r, ']')
	case isWhite(open) && s.afterParenthesis(at):
		return s.bracketed(c, in, r, ')')
	case descriptorBefore(s.buf, c.start):
	case open == ',', open == '|':
		if rooted {
			return notOurs
		}
	case open == '=':
		switch attr, ok := attributeBefore(s.buf, c.start); {
		case !ok:
			return notOurs
		case attr == humanAttr && in == dataSyntax:
			return c.leave(LeftText)
		}
	case open == ';':
		return notOurs
	case rooted && in != cueSyntax:
		return notOurs
	case in == cueSyntax:
		return s.isLine(c)
	case in == textSyntax, in == dataSyntax && open != '>':
	default:
		return c.leave(LeftText)
	}
	return s.word(c, in, r)
}

func (s *scanner) afterParenthesis(i int) bool {
	for low := max(0, i-maxEscape); i > low && isWhite(rune(s.buf[i-1])); {
		i--
	}
	return i > 0 && s.buf[i-1] == '('
}

// quoted judges a link that begins a string.
func (s *scanner) quoted(c *candidate, in syntax, r ending, quote byte) verdict {
	at := c.start - c.open.size
	r.closer = s.buf[at:c.start]
	r.apos = in != scriptSyntax
	if in == styleSyntax {
		r.stop = stopsToken
	}
	attr, isAttr := attributeBefore(s.buf, at)
	if isAttr && attr == placeAttr {
		return c.leave(LeftReference) // a namespace, as in SVG in a data: URL
	}
	if isAttr && (in != scriptSyntax || openTagBefore(s.buf, at)) {
		// Markup in a string, unless it is an assignment in a script.
		r.escapes.entity, r.escapes.nested = true, true
		if attr == humanAttr && in == dataSyntax {
			return c.leave(LeftText)
		}
	}
	c.escapes = r.escapes
	if c.read(s.buf, c.path, &r, s.eof) {
		return s.wait(c)
	}
	switch {
	case c.tooLong():
		return c.leave(LeftTooLong)
	case c.closed, c.stop == 0, in == textSyntax, c.stop == ',':
	case isWhite(c.stop):
		isList, more := s.listFollows(c)
		if more {
			return undecided
		}
		if !isList {
			return c.leave(LeftAmbiguous)
		}
	case c.stop == '{', c.stop == '}':
		return c.leave(LeftTemplate)
	case isQuote(c.stop) && in == scriptSyntax:
		return c.leave(LeftPrefix)
	default:
		return c.leave(LeftAmbiguous)
	}
	if c.closed && c.fragment < 0 && (in == scriptSyntax || quote != 0) {
		i, known := skipSpace(s.buf, c.end+len(r.closer), s.eof)
		if !known {
			return undecided
		}
		if i < len(s.buf) && s.buf[i] == '+' {
			return c.leave(LeftPrefix)
		}
	}
	if isAttr && in == dataSyntax && c.closed && !c.star && !c.percent && !c.hole {
		return offer // a whole attribute value, which may end in '/'
	}
	return s.complete(c, in)
}

// bracketed judges a link in parentheses or brackets, such as url(…).
func (s *scanner) bracketed(c *candidate, in syntax, r ending, bracket rune) verdict {
	r.bracket = bracket
	if in == styleSyntax && bracket == ')' {
		r.stop = stopsToken
	}
	c.escapes = r.escapes
	if c.read(s.buf, c.path, &r, s.eof) {
		return s.wait(c)
	}
	switch {
	case c.tooLong():
		return c.leave(LeftTooLong)
	case c.closed, c.stop == 0, c.stop == ',':
	case c.stop == '{', c.stop == '}':
		return c.leave(LeftTemplate)
	case isWhite(c.stop):
		i, known := skipSpace(s.buf, c.end, s.eof)
		if !known {
			return undecided
		}
		if (in == styleSyntax || in == scriptSyntax) && i < len(s.buf) && rune(s.buf[i]) != bracket {
			return c.leave(LeftAmbiguous)
		}
	default:
		return c.leave(LeftAmbiguous)
	}
	return s.complete(c, in)
}

// word judges a link among words.
func (s *scanner) word(c *candidate, in syntax, r ending) verdict {
	c.escapes = r.escapes
	if c.read(s.buf, c.path, &r, s.eof) {
		return s.wait(c)
	}
	if c.tooLong() {
		return c.leave(LeftTooLong)
	}
	if c.stop == '{' || c.stop == '}' {
		return c.leave(LeftTemplate)
	}
	end := c.end
	if c.open.char == '=' {
		if text := s.buf[c.path:end]; bytes.HasSuffix(text, []byte("*/")) {
			end -= len("*/")
		}
	} else {
		end = c.path + len(trimPunctuation(s.buf[c.path:end]))
	}
	c.cut(s.buf, end)
	return s.complete(c, in)
}

// trimPunctuation takes off what ends a sentence or a parenthesis around it.
func trimPunctuation(b []byte) []byte {
	for len(b) > 0 {
		last := b[len(b)-1]
		switch {
		case bytes.IndexByte([]byte(".,;:!?]*"), last) >= 0:
		case last == ')' && bytes.Count(b, []byte("(")) < bytes.Count(b, []byte(")")):
		default:
			return b
		}
		b = b[:len(b)-1]
	}
	return b
}

// isLine judges a link in a WebVTT file: it must be all of a line.
func (s *scanner) isLine(c *candidate) verdict {
	if c.open.char != '\n' && c.open.char != 0 {
		return c.leave(LeftText)
	}
	r := ending{stop: stopsLine}
	if c.read(s.buf, c.path, &r, s.eof) {
		return s.wait(c)
	}
	line := s.buf[c.path:c.end]
	switch {
	case c.tooLong():
		return c.leave(LeftTooLong)
	case bytes.IndexByte(line, ' ') >= 0, bytes.IndexByte(line, '<') >= 0:
		return c.leave(LeftText)
	}
	return s.complete(c, cueSyntax)
}

// complete judges a link whose end is known: it may still be the beginning of
// another one, or a pattern.
func (s *scanner) complete(c *candidate, in syntax) verdict {
	switch {
	case c.star, c.percent, c.hole:
		return c.leave(LeftTemplate)
	case c.fragment >= 0:
		return offer
	}
	switch c.last(s.buf) {
	case '/', '=':
		return c.leave(LeftPrefix)
	case '?', '&':
		if in != styleSyntax {
			return c.leave(LeftPrefix)
		}
	}
	return offer
}
