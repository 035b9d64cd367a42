package rewrite

import "bytes"

// A markup keeps account of where in HTML or XML a position lies. It follows
// lazily, from link to link, and over a body without links hardly ever.
//
// It hops from '<' to '<'. Whether one of them begins a tag, or is part of another
// tag's value, mostly the quotes in front of it tell (quotes.go). Where they do
// not, the tags are read from the last place on that is known to lie outside of
// any.
type markup struct {
	xml  bool
	pos  int         // accounted for up to here
	last int         // the last '<' that may begin a tag; -1 if none
	tag  tag         // the tag that a link was found in or behind, read as far as needed
	full tag         // the same, read ahead
	raw  elementKind // an element whose content is no markup, such as a script; else 0

	quotes  [2]quoteMark // of '"' and '\''
	sure    int          // tags are followed up to here
	outer   tag          // the last one followed
	checked int          // the '<' that was last looked at more closely
	within  bool         // it lies in a tag

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
	*m = markup{xml: xml, last: -1, checked: -1}
	m.tag.at, m.full.at = -1, -1
}

// drop accounts for b[:n], which is about to be taken off the front of the buffer,
// and for a little more, so that no mark is cut in two.
func (m *markup) drop(b []byte, n int) {
	end := n + reach
	m.advance(b, end)
	if m.raw == 0 && m.last >= m.sure && !m.inTag(b, m.last) {
		m.outer = newTag(b, m.last, m.xml)
	}
	m.follow(b, end)
	m.readTag(b, end)
	for i, c := range quoteBytes {
		m.quotes[i].look(b, c, end)
		m.quotes[i].seen -= n
	}
	for _, t := range [...]*tag{&m.tag, &m.full, &m.outer} {
		t.at -= n
		t.pos -= n
		t.value -= n
	}
	for _, p := range [...]*int{&m.pos, &m.last, &m.ends, &m.sure, &m.checked} {
		*p -= n
	}
}

// reach is how far ahead of its end advance looks.
const reach = len("</plaintext>")

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
	pos, last := m.pos, m.last
	for {
		n := bytes.IndexByte(b[pos:end], '<')
		if n < 0 {
			pos = end
			break
		}
		if pos += n; pos+2 >= len(b) {
			break
		}
		next := angles[b[pos+1]]
		if next>>(b[pos+2]&31)&1 != 0 {
			break
		}
		if next != 0 {
			last = pos
		}
		pos++
	}
	m.last = last
	return pos
}

// angles tells by the byte behind it what a '<' may begin: nothing, if 0; with one
// of the letters whose bits are set behind that, counted as ASCII counts them, more
// than a common tag.
var angles = func() (t [256]uint32) {
	const tag, any = 1 << 31, 1<<32 - 1
	for c := range t {
		if isAlpha(byte(c)) || c == '/' || c == '?' {
			t[c] = tag
		}
	}
	for _, name := range [...]string{"script", "style", "textarea", "title", "iframe", "noframes", "noembed", "xmp", "plaintext"} {
		second := uint32(1) << (name[1] & 31)
		t[name[0]] |= second
		t[name[0]&^0x20] |= second
	}
	t['!'] = any
	return
}()

// leaveSection looks for the end of the section in front of end.
func (m *markup) leaveSection(b []byte, end int) {
	mark := "-->"
	if m.section == cdata {
		mark = "]]>"
	}
	if m.ends > end {
		return
	}
	if i := bytes.Index(b[m.ends:end], []byte(mark)); i >= 0 {
		m.section = noSection
		m.outside(max(m.sure, m.ends+i))
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
		if c == '/' && m.raw != plaintextElement && elementNamed(rest[1:]) == m.raw {
			if m.follow(b, i); m.outer.open() {
				return // the raw element's own tag goes on
			}
			m.raw = 0
			m.outside(i)
			m.last = i
		}
	case isAlpha(c):
		if e := elementNamed(rest); isRaw(e) && !m.xml && m.section == noSection && !m.inTag(b, i) {
			m.raw = e
			m.outer = newTag(b, i, m.xml)
		}
		m.last = i
	case c == '/', c == '?':
		m.last = i
	case c == '!':
		if m.section == noSection && !m.inTag(b, i) {
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

// inTag reports whether the '<' at b[i], not in front of the one asked for before,
// lies in a tag that began in front of it: mostly in an attribute's value.
func (m *markup) inTag(b []byte, i int) bool {
	if i != m.checked {
		m.checked = i
		if m.outer.open() || m.mayBeInValue(b, i) {
			m.follow(b, i)
		} else {
			m.outside(i)
		}
		m.within = m.outer.open()
	}
	return m.within
}

// outside notes that no tag goes on at b[i].
func (m *markup) outside(i int) {
	m.sure, m.outer.state = i, noTag
}

// follow reads tag after tag up to b[end].
func (m *markup) follow(b []byte, end int) {
	for m.sure < end {
		if !m.outer.open() {
			i := -1
			if m.raw == 0 {
				i = bytes.IndexByte(b[m.sure:end], '<')
			}
			if i < 0 {
				m.sure = end
				return
			}
			m.outer = newTag(b, m.sure+i, m.xml)
		}
		m.outer.read(b, end)
		m.sure = m.outer.pos
	}
}

// readTag reads the tag at last up to end.
func (m *markup) readTag(b []byte, end int) {
	if m.last < 0 {
		return
	}
	if m.inTag(b, m.last) {
		m.follow(b, end)
		m.tag = m.outer
		return
	}
	if m.tag.at != m.last {
		m.tag = newTag(b, m.last, m.xml)
	}
	m.tag.read(b, end)
}

// locate returns where b[at] lies.
func (m *markup) locate(b []byte, at int) spot {
	m.advance(b, at)
	p := spot{cdata: m.section == cdata, tag: &m.tag}
	end := at + 1 // the link's first byte may begin a value
	element := m.raw
	switch {
	case m.raw != 0:
		if m.follow(b, end); m.outer.open() {
			m.tag, element = m.outer, otherElement
		}
	case p.cdata && (m.inside == scriptElement || m.inside == styleElement):
		element = m.inside
	default:
		m.readTag(b, end)
		if m.xml && !p.cdata && m.tag.state == tagClosed {
			element = m.tag.element
		}
	}
	switch {
	case element == scriptElement:
		p.kind = inScript
	case element == styleElement:
		p.kind = inStyle
	case m.tag.state == inValue && (m.raw == 0 || m.outer.open()):
		p.kind = inAttribute
	}
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

func isAlpha(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
