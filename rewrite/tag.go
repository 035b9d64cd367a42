package rewrite

import (
	"bytes"
	"strings"
)

// A tag is a start tag (in XML also a processing instruction), read as far as
// needed. It reads on where it stopped, and keeps no part of the text.
type tag struct {
	at, pos int // where it begins, and up to where it is read
	state   tagState
	quote   byte // around the value; 0 if none
	value   int  // where the value begins

	element elementKind
	attr    attrKind
	word    word // the name or value that is being read

	reference bool // a link whose rel, or a meta whose http-equiv, names a place or a policy
	refresh   bool // <meta http-equiv=refresh>
	media     bool // a meta whose content is a link, by its name
}

type tagState uint8

const (
	noTag tagState = iota
	inTagName
	beforeAttr
	inAttrName
	afterAttrName
	beforeValue
	inValue
	tagClosed
)

// elementKind is an element that has rules of its own.
type elementKind uint8

const (
	otherElement elementKind = iota
	scriptElement
	styleElement
	textareaElement
	titleElement
	iframeElement
	noframesElement
	noembedElement
	xmpElement
	plaintextElement
	baseElement
	linkElement
	metaElement
	nameElement // guid in RSS, id in Atom: no link, even if it looks like one
)

// attrKind is a kind of attribute.
type attrKind uint8

const (
	otherAttr attrKind = iota
	humanAttr          // is read or typed by people
	placeAttr          // names a place, a type or a namespace
	srcsetAttr
	styleAttr
	eventAttr
	relAttr
	httpEquivAttr
	nameAttr // name, property, itemprop
)

// word keeps the beginning of a name or a value, in lower case.
type word struct {
	b [48]byte
	n int
}

func (w *word) add(c byte) {
	if w.n < len(w.b) {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		w.b[w.n] = c
		w.n++
	}
}

func (w *word) bytes() []byte { return w.b[:w.n] }

func newTag(b []byte, i int, xml bool) tag {
	t := tag{at: i, pos: i + 1}
	if i+1 < len(b) && (isAlpha(b[i+1]) || xml && (b[i+1] == '_' || b[i+1] == '?')) {
		t.state = inTagName
	}
	return t
}

// open reports whether the tag is not at its end.
func (t *tag) open() bool { return t.state != noTag && t.state != tagClosed }

// read reads on up to b[end], or to the end of the tag.
func (t *tag) read(b []byte, end int) {
	for ; t.pos < end && t.open(); t.pos++ {
		c := b[t.pos]
		space := isWhite(rune(c))
		if c == '>' && (t.state != inValue || t.quote == 0) {
			t.endWord()
			t.state = tagClosed
			continue
		}
		switch t.state {
		case inTagName:
			if space || c == '/' {
				t.endWord()
				t.state = beforeAttr
			} else {
				t.word.add(c)
			}
		case beforeAttr:
			if !space && c != '/' {
				t.word.n = 0
				t.word.add(c)
				t.state = inAttrName
			}
		case inAttrName, afterAttrName:
			switch {
			case c == '=':
				t.endWord()
				t.state = beforeValue
			case space:
				t.state = afterAttrName
			case c == '/':
				t.state = beforeAttr
			case t.state == afterAttrName:
				t.word.n = 0
				t.word.add(c)
				t.state = inAttrName
			default:
				t.word.add(c)
			}
		case beforeValue:
			if space {
				continue
			}
			t.state, t.word.n = inValue, 0
			if c == '"' || c == '\'' {
				t.quote, t.value = c, t.pos+1
			} else {
				t.quote, t.value = 0, t.pos
				t.word.add(c)
			}
		case inValue:
			if t.quote == c || t.quote == 0 && space {
				t.endWord()
				t.state = beforeAttr
				continue
			}
			if t.attr == relAttr || t.attr == httpEquivAttr || t.attr == nameAttr {
				t.word.add(c)
				continue
			}
			if t.quote != 0 {
				n := bytes.IndexByte(b[t.pos:end], t.quote)
				if n < 0 {
					n = end - t.pos
				}
				t.pos += n - 1
			}
		}
	}
}

// endWord accounts for the name or value that was read.
func (t *tag) endWord() {
	w := t.word.bytes()
	switch t.state {
	case inTagName:
		t.element = elementNamed(w)
	case inAttrName, afterAttrName:
		t.attr = attributeNamed(w)
	case inValue:
		switch {
		case t.attr == relAttr && t.element == linkElement:
			t.reference = referenceRel(string(w))
		case t.attr == httpEquivAttr && t.element == metaElement:
			t.refresh = string(w) == "refresh"
			t.reference = strings.HasPrefix(string(w), "content-security-policy")
		case t.attr == nameAttr && t.element == metaElement:
			t.media = t.media || mediaName(w)
		}
	}
	t.word.n = 0
}

// referenceRel reports whether a link with these relations is not fetched for
// the page, or not by its whole URL.
func referenceRel(rel string) bool {
	relations := 0
	for relation := range strings.FieldsSeq(rel) {
		switch relation {
		case "canonical", "preconnect", "dns-prefetch", "alternate":
			relations++
		default:
			return false
		}
	}
	return relations > 0
}

// mediaName reports whether the content of a meta of this name is a link, as that of
// og:image, twitter:player:stream or thumbnailUrl is. That of any other, such as
// og:title, twitter:description or og:image:alt, is text.
func mediaName(name []byte) bool {
	for _, text := range [...]string{"alt", "title", "description", "caption", "text"} {
		if bytes.HasSuffix(name, []byte(text)) {
			return false
		}
	}
	for _, media := range [...]string{"image", "video", "audio", "url", "player", "thumbnail", "logo", "icon"} {
		if bytes.Contains(name, []byte(media)) {
			return true
		}
	}
	return false
}

// isRaw reports whether the content of an element is no markup in HTML.
func isRaw(e elementKind) bool { return scriptElement <= e && e <= plaintextElement }

const longestName = len("plaintext")

// elementNamed returns the element whose name b begins with.
func elementNamed(b []byte) elementKind {
	n := 0
	for n < len(b) && n < longestName+1 && !isWhite(rune(b[n])) && b[n] != '>' && b[n] != '/' {
		n++
	}
	var lower [longestName + 1]byte
	for i, c := range b[:n] {
		lower[i] = c | 0x20
	}
	switch string(lower[:n]) {
	case "script":
		return scriptElement
	case "style":
		return styleElement
	case "textarea":
		return textareaElement
	case "title":
		return titleElement
	case "iframe":
		return iframeElement
	case "noframes":
		return noframesElement
	case "noembed":
		return noembedElement
	case "xmp":
		return xmpElement
	case "plaintext":
		return plaintextElement
	case "base":
		return baseElement
	case "link":
		return linkElement
	case "meta":
		return metaElement
	case "guid", "id":
		return nameElement
	}
	return otherElement
}

func attributeNamed(b []byte) attrKind {
	switch string(b) {
	case "value", "title", "alt", "placeholder", "label", "summary":
		return humanAttr
	case "style":
		return styleAttr
	case "rel":
		return relAttr
	case "http-equiv":
		return httpEquivAttr
	case "name", "property", "itemprop":
		return nameAttr
	case "xmlns", "xml:base", "prefix", "vocab", "typeof", "itemtype", "itemid":
		return placeAttr
	}
	switch {
	case bytes.HasPrefix(b, []byte("aria-")):
		return humanAttr
	case bytes.HasPrefix(b, []byte("xmlns:")), bytes.HasSuffix(b, []byte(":schemalocation")):
		return placeAttr
	case bytes.HasPrefix(b, []byte("on")):
		return eventAttr
	case bytes.HasSuffix(b, []byte("srcset")):
		return srcsetAttr
	}
	return otherAttr
}
