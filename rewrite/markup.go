package rewrite

import "bytes"

// A markup keeps account of where in HTML or XML a position lies. It follows
// lazily, from link to link, and over a body without links hardly ever.
//
// It hops from '<' to '<'. What stands between is looked at only in front of a
// link, from the last '<' on.
type markup struct {
	xml  bool
	pos  int         // accounted for up to here
	last int         // the last '<' that may begin a tag; -1 if none
	tag  tag         // the tag at last, read as far as needed
	full tag         // the same, read ahead
	text int         // the last '<' behind which text was found to stand
	raw  elementKind // script, style or textarea: its content is no markup; else 0

	textarea bool // the word was seen
	seen     int  // it was looked for up to here

	section section
	ends    int         // no end of the section in front of here
	inside  elementKind // the element that the CDATA section stands in
}

type section uint8

const (
	noSection section = iota
	cdata
	comment
)

// A spot is where in markup a link stands.
type spot struct {
	kind  spotKind
	cdata bool
	tag   *tag // of an attribute, or the last one in front of text
}

type spotKind uint8

const (
	inText spotKind = iota
	inAttribute
	inScript
	inStyle
)

func (m *markup) reset(xml bool) {
	*m = markup{xml: xml, last: -1, text: -1}
	m.tag.at, m.full.at = -1, -1
}

// drop accounts for b[:n], which is about to be taken off the front of the buffer,
// and for a little more, so that no mark is cut in two.
func (m *markup) drop(b []byte, n int) {
	m.advance(b, n+reach)
	m.readTag(b, n+reach)
	m.mentionsTextarea(b, n+reach)
	for _, p := range [...]*int{&m.pos, &m.last, &m.text, &m.ends, &m.seen, &m.tag.at, &m.tag.pos, &m.tag.value, &m.full.at, &m.full.pos, &m.full.value} {
		*p -= n
	}
}

// reach is how far ahead of its end advance looks.
const reach = len("</textarea>")

// advance accounts for b[:end]. The reach bytes behind, as far as the body
// goes, must be known.
func (m *markup) advance(b []byte, end int) {
	for m.pos < end {
		i := end
		if m.raw == 0 && m.section == noSection {
			i = m.skip(b, end)
		} else if n := bytes.IndexByte(b[m.pos:end], '<'); n >= 0 {
			i = m.pos + n
		}
		m.pos = min(i+1, end)
		if m.section != noSection {
			m.leaveSection(b, i)
		}
		if i < end {
			m.angle(b, i)
		}
	}
}

// skip returns the first '<' up to end that changes more than last; end if there
// is none. Nearly all of a page passes here.
func (m *markup) skip(b []byte, end int) int {
	pos := m.pos
	for {
		n := bytes.IndexByte(b[pos:end], '<')
		if n < 0 {
			return end
		}
		if pos += n; pos+3 >= len(b) {
			return pos
		}
		switch c := b[pos+1]; angles[c] {
		case tagAngle:
			m.last = pos
		case rawAngle: // <script, <style, <textarea
			m.last = pos
			if d := b[pos+2] | 0x20; d == 'c' && c|0x20 == 's' || d == 't' && b[pos+3]|0x20 == 'y' || d == 'e' && b[pos+3]|0x20 == 'x' {
				return pos
			}
		case sectionAngle:
			return pos
		}
		pos++
	}
}

// angles tells by the byte behind it what a '<' may begin.
var angles = func() (t [256]uint8) {
	for c := range t {
		if isAlpha(byte(c)) || c == '/' || c == '?' {
			t[c] = tagAngle
		}
	}
	for _, c := range "sStT" {
		t[c] = rawAngle
	}
	t['!'] = sectionAngle
	return
}()

const (
	tagAngle = iota + 1
	rawAngle
	sectionAngle
)

// leaveSection looks for the end of the section in front of end.
func (m *markup) leaveSection(b []byte, end int) {
	mark := "-->"
	if m.section == cdata {
		mark = "]]>"
	}
	if m.ends > end {
		return
	}
	if bytes.Contains(b[m.ends:end], []byte(mark)) {
		m.section = noSection
	} else {
		m.ends = max(m.ends, end-len(mark)+1)
	}
}

// angle accounts for the '<' at b[i].
func (m *markup) angle(b []byte, i int) {
	rest := b[i+1:]
	if len(rest) == 0 {
		return
	}
	c := rest[0]
	switch {
	case m.raw != 0:
		if c == '/' && elementNamed(rest[1:]) == m.raw {
			m.raw = 0
			m.last = i
		}
	case isAlpha(c):
		m.last = i
		if !m.xml && m.section == noSection && (c|0x20 == 's' || c|0x20 == 't') {
			if e := elementNamed(rest); e == scriptElement || e == styleElement || e == textareaElement {
				m.raw = e
			}
		}
	case c == '/', c == '?':
		m.last = i
	case c == '!':
		if m.section == noSection {
			m.enterSection(b, i)
		}
		m.last = i
	}
}

func (m *markup) enterSection(b []byte, i int) {
	rest := b[i+1:]
	switch {
	case m.xml && bytes.HasPrefix(rest, []byte("![CDATA[")):
		m.section, m.ends = cdata, i
		m.inside = otherElement
		if m.last >= 0 && i-m.last < 256 {
			m.inside = elementNamed(b[m.last+1:])
		}
	case bytes.HasPrefix(rest, []byte("!-->")), bytes.HasPrefix(rest, []byte("!--->")):
	case bytes.HasPrefix(rest, []byte("!--[")), bytes.HasPrefix(rest, []byte("!--<!")):
		// A conditional comment is markup for some.
	case bytes.HasPrefix(rest, []byte("!--")):
		m.section, m.ends = comment, i+len("<!--")
	}
}

// readTag reads the tag at last up to end.
func (m *markup) readTag(b []byte, end int) {
	if m.tag.at != m.last {
		if m.last < 0 {
			return
		}
		m.tag = newTag(b, m.last, m.xml)
	}
	m.tag.read(b, end)
}

// How far in front of a link, and over how many '<', its tag is looked for if
// the last '<' did not begin it: attribute values may hold tags.
const (
	maxTagLookBack = 2048
	maxTags        = 16
)

// locate returns where b[at] lies.
func (m *markup) locate(b []byte, at int) spot {
	m.advance(b, at)
	p := spot{cdata: m.section == cdata, tag: &m.tag}
	switch {
	case m.raw == scriptElement, p.cdata && m.inside == scriptElement:
		p.kind = inScript
		return p
	case m.raw == styleElement, p.cdata && m.inside == styleElement:
		p.kind = inStyle
		return p
	case m.raw == textareaElement:
		return p
	}
	m.readTag(b, at+1) // the link's first byte may begin a value
	if m.tag.state == inValue {
		p.kind = inAttribute
		return p
	}
	if m.xml && !p.cdata {
		switch {
		case m.tag.state == tagClosed && m.tag.element == scriptElement:
			p.kind = inScript
		case m.tag.state == tagClosed && m.tag.element == styleElement:
			p.kind = inStyle
		}
		return p
	}
	if m.text == m.last {
		return p
	}
	low := max(0, at-maxTagLookBack)
	for i, n := m.last, 0; n < maxTags && i > low; n++ {
		if i = low + bytes.LastIndexByte(b[low:i], '<'); i < low {
			break
		}
		t := newTag(b, i, m.xml)
		t.read(b, at+1)
		if t.state == inValue {
			m.last, m.tag = i, t
			p.kind = inAttribute
			return p
		}
	}
	m.text = m.last
	return p
}

// whole returns the tag that b[at], in one of its values, lies in, read up to its
// end. It reports false if more of the body is needed for that. A tag that does
// not end soon is returned without its end.
func (m *markup) whole(b []byte, at int, eof bool) (*tag, bool) {
	if m.full.at != m.tag.at {
		m.full = m.tag
	}
	limit := at + maxLink
	m.full.read(b, min(len(b), limit))
	return &m.full, m.full.state == tagClosed || eof || len(b) >= limit
}

// nearTag returns the tag that the last '<' in front of b[at] begins, read up to
// there; none if it is not near.
func nearTag(b []byte, at int) tag {
	low := max(0, at-maxTagLookBack/4)
	i := bytes.LastIndexByte(b[low:at], '<')
	if i < 0 {
		return tag{}
	}
	t := newTag(b, low+i, false)
	t.read(b, at+1)
	return t
}

func isAlpha(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// mentionsTextarea reports whether the word "textarea" stands in b[:end], or
// stood there before that was dropped.
func (m *markup) mentionsTextarea(b []byte, end int) bool {
	const word, rare = "textarea", 2 // the offset of its rare letter
	for _, c := range [...]byte{'x', 'X'} {
		for i := m.seen; i < end && !m.textarea; i++ {
			n := bytes.IndexByte(b[i:end], c)
			if n < 0 {
				break
			}
			i += n
			m.textarea = i >= rare && foldEqual(b[i-rare:min(i-rare+len(word), len(b))], word)
		}
	}
	m.seen = max(m.seen, end)
	return m.textarea
}
