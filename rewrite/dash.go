package rewrite

import (
	"bytes"
	"sync"
)

// dash rewrites MPDs (ISO/IEC 23009-1). It follows the BaseURL elements of the
// MPD, its Periods, Adaptation Sets and Representations, in the schema's order:
// BaseURL before what it applies to.
//
// Two kinds of reference can't be settled where they stand. Segment information
// of a Period or an Adaptation Set is inherited by Representations that may have
// BaseURLs of their own; it waits for the end of its element and is left alone
// unless it leads to one place from all of them. And a BaseURL that a Map would
// move waits for whether another URL stands below it. The bytes from such a
// reference on are held, up to maxHeld.
type dash struct {
	manifest
	seek    int    // how far the tag at pos has been searched for its end
	quote   byte   // the quote that is open there
	until   string // the end of the comment, CDATA section or instruction that pos is in
	content content
	sibling []byte // the text of a BaseURL that isn't the first in its element
	off     bool   // the rest passes as it is

	stack  [maxDepth]element
	depth  int
	deeper int // elements open below the stack

	waiting int // references that are baseless or doubtful
	first   int // index of the first of them
}

const (
	maxDepth   = 16       // an MPD needs 7
	maxTag     = 64 << 10 // a longer tag ends the rewriting
	maxContent = 8 << 10  // longer text is no URL
	maxHeld    = 1 << 20  // bytes of input and of references held for those that wait
)

// content is the text of an element that holds a URL.
type content struct {
	active   bool
	from     int // in buf
	cdata    span
	sections int
	mixed    bool // holds elements, comments or instructions
	long     bool
}

var dashPool = sync.Pool{New: func() any { return new(dash) }}

func newDASH(w *Writer) *dash {
	d := dashPool.Get().(*dash)
	*d = dash{manifest: d.manifest, stack: d.stack, sibling: d.sibling}
	d.begin(w)
	return d
}

func (d *dash) release() {
	d.end()
	dashPool.Put(d)
}

func (d *dash) write(p []byte) error {
	if d.off {
		return d.w.emit(p)
	}
	d.buf = append(d.buf, p...)
	for more := true; more && !d.off; {
		more = d.next()
		if d.waiting > 0 && d.pos-d.refs[d.first].from+d.grown > maxHeld {
			d.giveUp(LeftTooLong)
		}
		if d.waiting == 0 && len(d.text) > maxText {
			if err := d.send(); err != nil {
				return err
			}
		}
	}
	if d.off {
		return d.flush(len(d.buf))
	}
	return d.send()
}

func (d *dash) close() error {
	d.giveUp(LeftAmbiguous)
	return d.flush(len(d.buf))
}

// send writes what can no longer change.
func (d *dash) send() error {
	end := d.pos
	if c := &d.content; c.active && !c.mixed && !c.long {
		end = min(end, d.content.from)
	}
	if d.waiting > 0 {
		end = min(end, d.refs[d.first].from)
		d.first = 0
	}
	d.content.from -= end
	d.content.cdata.from -= end
	d.content.cdata.to -= end
	return d.flush(end)
}

// stop leaves everything from here on as it is.
func (d *dash) stop(why Reason) {
	d.giveUp(why)
	d.leave(why)
	d.off = true
}

// giveUp leaves the references that wait.
func (d *dash) giveUp(why Reason) {
	for i := d.first; d.waiting > 0; i++ {
		if r := &d.refs[i]; r.state.waits() {
			r.state = dropped
			d.waiting--
			d.leave(why)
		}
	}
	for i := range d.stack[:d.depth] {
		d.stack[i].waiting = 0
	}
}

func (s state) waits() bool { return s == baseless || s == doubtful }

// next reads on from pos to the end of a piece of text or markup. It reports
// false when it needs more input.
func (d *dash) next() bool {
	if d.until != "" {
		return d.skip()
	}
	b := d.buf[d.pos:]
	i := bytes.IndexByte(b, '<')
	if i != 0 {
		if i < 0 {
			i = len(b)
		}
		d.pos += i
		if d.content.active && d.pos-d.content.from > maxContent {
			d.content.long = true
		}
		return i < len(b)
	}
	switch {
	case len(b) > 1 && b[1] != '!' && b[1] != '?':
		n := tagEnd(b, &d.seek, &d.quote)
		switch {
		case n < 0:
			d.stop(LeftAmbiguous)
		case max(n, d.seek) > maxTag:
			d.stop(LeftTooLong)
		case n > 0:
			d.pos += n
			d.tag(b[:n], d.pos-n)
		}
		return n > 0
	case bytes.HasPrefix(b, []byte("<?")):
		d.enter("?>", 2)
	case bytes.HasPrefix(b, []byte("<!--")):
		d.enter("-->", 4)
	case bytes.HasPrefix(b, []byte("<![CDATA[")):
		d.enter("]]>", 9)
	case len(b) < 4 || len(b) < 9 && b[2] == '[':
		return false
	default: // a document type, which could declare entities
		d.stop(LeftAmbiguous)
		return false
	}
	return true
}

// enter begins a comment, CDATA section or instruction, behind its n first bytes.
func (d *dash) enter(until string, n int) {
	d.pos += n
	d.until = until
	if until == "]]>" {
		d.content.sections++
		d.content.cdata.from = d.pos
	} else {
		d.content.mixed = true
	}
}

// skip reads to the end of what enter began.
func (d *dash) skip() bool {
	i := bytes.Index(d.buf[d.pos:], []byte(d.until))
	if i < 0 {
		d.pos = max(d.pos, len(d.buf)-len(d.until)+1)
	} else {
		if d.until == "]]>" {
			d.content.cdata.to = d.pos + i
		}
		d.pos += i + len(d.until)
		d.until = ""
	}
	if d.content.active && d.pos-d.content.from > maxContent {
		d.content.long = true
	}
	return i >= 0
}

// tag reads a tag, which stands at buf[at].
func (d *dash) tag(tag []byte, at int) {
	if tag[1] == '/' {
		name := tag[2 : 2+nameLen(tag[2:])]
		d.endTag(kinds[string(local(name))], at)
		return
	}
	name := tag[1 : 1+nameLen(tag[1:])]
	if len(name) == 0 {
		d.stop(LeftAmbiguous)
		return
	}
	k := kinds[string(local(name))]
	d.content.mixed = true
	d.push(k)
	d.attributes(k, tag, at, 1+len(name))
	if d.off {
		return
	}
	if k.holdsURL() && d.deeper == 0 {
		d.content = content{active: true, from: d.pos}
	}
	if tag[len(tag)-2] == '/' {
		d.endTag(k, d.pos)
	}
}

// push opens an element.
func (d *dash) push(k kind) {
	if d.depth == maxDepth {
		d.deeper++
		return
	}
	e := &d.stack[d.depth]
	own, text := e.own, e.text
	*e = element{kind: k, up: -1, parent: -1, own: own[:0], text: text[:0]}
	around := other
	if d.depth > 0 {
		around = d.stack[d.depth-1].kind
		e.up = d.stack[d.depth-1].up
	}
	switch k {
	case mpd, period, adaptationSet, representation:
		e.parent, e.up = e.up, d.depth
		switch {
		case k == mpd && d.depth == 0:
			e.base = d.doc
		case k > mpd && around == k-1:
			p := &d.stack[e.parent]
			e.base, e.inherits = p.base, p.inherits
			e.used = p.inherits
		}
	}
	d.depth++
}

// endTag closes the innermost element with the end tag at buf[at], which is of kind k.
func (d *dash) endTag(k kind, at int) {
	if d.deeper > 0 {
		d.deeper--
		return
	}
	if d.depth == 0 || d.stack[d.depth-1].kind != k {
		d.stop(LeftAmbiguous)
		return
	}
	e := &d.stack[d.depth-1]
	if k.holdsURL() {
		d.urlText(k, e.up, at)
	}
	if e.up == d.depth-1 {
		d.endLevel(e, d.depth-1)
	}
	d.depth--
}
