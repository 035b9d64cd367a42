package rewrite

import "bytes"

// element is an open element.
type element struct {
	kind kind
	up   int // index of the innermost MPD, Period, AdaptationSet or Representation, this one included; -1 for none

	// of an MPD, Period, AdaptationSet or Representation:
	parent   int      // index of the one around it
	base     location // what references in it are resolved against
	own      []byte   // the text of base, if a BaseURL in it says so
	baseURLs int      // BaseURLs in it
	inside   bool     // all of them lead to configured hosts
	used     bool     // another URL stands below them
	inherits bool     // its Representations inherit references, from it or from around it
	waiting  int      // references that wait for its end
	below    location // the directory that is the base of the Representations in it
	text     []byte   // of below
	mixed    bool     // they have several
}

// endLevel settles what waits for the end of e, which is stack[index].
func (d *dash) endLevel(e *element, index int) {
	if e.kind == representation {
		for up := e.parent; up >= 0; up = d.stack[up].parent {
			d.stack[up].meet(e.base)
		}
	}
	base := e.base
	if e.below.known() {
		base = e.below
	}
	if e.mixed {
		base = location{}
	}
	for i := len(d.refs) - 1; e.waiting > 0; i-- {
		r := &d.refs[i]
		if !r.state.waits() || r.level != index {
			continue
		}
		switch {
		case r.state == baseless:
			d.settle(r, base)
		case e.used:
			r.state = dropped
			d.leave(LeftPrefix)
		default:
			r.state = ready
		}
		e.waiting--
		d.waiting--
	}
}

// meet takes note of the base of a Representation in e.
func (e *element) meet(base location) {
	switch {
	case e.mixed || base.known() && bytes.Equal(e.below.text, base.directory()):
	case !base.known() || e.below.known():
		e.mixed = true
	default:
		e.text = append(e.text[:0], base.directory()...)
		e.below = locate(e.text)
	}
}

// use notes that a URL stands below the BaseURLs of stack[level].
func (d *dash) use(level int) {
	for ; level >= 0; level = d.stack[level].parent {
		if d.stack[level].baseURLs > 0 {
			d.stack[level].used = true
			return
		}
	}
}

// add adds r, which is resolved against the bases of stack[level].
func (d *dash) add(r reference, level int) {
	if level < 0 {
		d.settle(&r, location{})
	} else {
		e := &d.stack[level]
		d.use(level)
		if e.kind == period || e.kind == adaptationSet {
			e.inherits = true
			value, ok := d.decode(&r)
			switch {
			case !ok || !isRelative(value):
				d.settle(&r, location{})
			case value[0] == '?': // the base's file name would count too
				d.leave(LeftAmbiguous)
			default:
				d.wait(r, baseless, level)
				return
			}
		} else {
			d.settle(&r, e.base)
		}
	}
	if r.state == ready {
		d.refs = append(d.refs, r)
	}
}

// wait adds r in state s, to be settled at the end of stack[level].
func (d *dash) wait(r reference, s state, level int) {
	if d.waiting == 0 {
		d.first = len(d.refs)
		d.grown = 0
	}
	d.grown += refSize
	d.waiting++
	d.stack[level].waiting++
	r.state, r.level = s, level
	d.refs = append(d.refs, r)
}

// addToDocument adds r, which is resolved against the MPD's own URL. Whether a
// BaseURL counts for it is read in both ways; so with one, r must be absolute.
func (d *dash) addToDocument(r reference, level int) {
	base := location{}
	if level >= 0 && d.stack[0].kind == mpd {
		base = d.doc
	}
	for ; level >= 0; level = d.stack[level].parent {
		if d.stack[level].baseURLs > 0 {
			base = location{}
		}
	}
	d.settle(&r, base)
	if r.state == ready {
		d.refs = append(d.refs, r)
	}
}

// urlText reads the text in front of the end tag at buf[at], in an element of
// kind k inside stack[level].
func (d *dash) urlText(k kind, level, at int) {
	c := d.content
	d.content = content{}
	r := reference{from: c.from, to: at, form: escaped}
	ok := c.active && !c.mixed && !c.long
	if ok && c.sections > 0 {
		before, after := d.buf[c.from:c.cdata.from-len("<![CDATA[")], d.buf[c.cdata.to+len("]]>"):at]
		ok = c.sections == 1 && len(bytes.TrimSpace(before)) == 0 && len(bytes.TrimSpace(after)) == 0
		r.from, r.to, r.form = c.cdata.from, c.cdata.to, plain
	}
	switch {
	case c.long:
		d.leave(LeftTooLong)
	case !ok:
		d.leave(LeftAmbiguous)
	default:
		r.from, r.to = trim(d.buf, r.from, r.to)
	}
	switch {
	case k == baseURL && level >= 0:
		d.baseURL(r, ok && level == d.depth-2, level)
	case ok:
		d.addToDocument(r, level)
	}
}

// baseURL reads a BaseURL of stack[level]. Several stand for the same files in
// several places; references below are taken to lead to the first, but only if
// all lead to configured hosts.
func (d *dash) baseURL(r reference, ok bool, level int) {
	e := &d.stack[level]
	around := location{}
	switch {
	case level == 0 && e.kind == mpd:
		around = d.doc
	case e.parent >= 0:
		around = d.stack[e.parent].base
	}
	d.use(e.parent)
	e.baseURLs++
	var l location
	if ok {
		l = d.resolveBase(e, r, around)
	}
	inside := false
	if l.known() {
		where, _ := d.w.rw.config.destination(l, d.site)
		inside = where != elsewhere
	}
	switch {
	case e.baseURLs == 1:
		e.base, e.inside = l, inside
	case !inside || !e.inside:
		e.base, e.inside = location{}, false
	}
	if !l.known() || l.text[l.query-1] == '/' {
		return
	}
	if d.settle(&r, around); r.state != ready {
		return
	}
	if r.mapped {
		d.wait(r, doubtful, level)
	} else {
		d.refs = append(d.refs, r)
	}
}

// resolveBase returns the URL of the BaseURL r in e, unknown if it is unclear.
func (d *dash) resolveBase(e *element, r reference, around location) (l location) {
	value, ok := d.decode(&r)
	if !ok || len(value) > maxURL || unclear(value) != none {
		return l
	}
	into := &e.own
	if e.baseURLs > 1 {
		into = &d.sibling
	}
	var rel relation
	*into, rel = resolve((*into)[:0], around, value)
	if rel != foreign && 0 < len(*into) && len(*into) <= 2*maxURL {
		l = locate(*into)
	}
	return l
}

func isRelative(ref []byte) bool {
	return len(ref) > 0 && schemeLen(ref) == 0 && !bytes.HasPrefix(ref, slashes)
}

// attributes adds the references in the attributes of a tag of kind k, which
// stands at buf[at]; tag[i] is behind its name.
func (d *dash) attributes(k kind, tag []byte, at, i int) {
	if d.deeper > 0 || !k.hasLinks() && !bytes.Contains(tag, xlink) {
		return
	}
	e := &d.stack[d.depth-1]
	for {
		a, next := nextAttribute(tag, i)
		if next < 0 {
			d.stop(LeftAmbiguous)
			return
		}
		if len(a.name) == 0 {
			return
		}
		i = next
		r := reference{form: escaped}
		r.from, r.to = trim(d.buf, at+a.from, at+a.to)
		link, template := k.link(a.name)
		switch {
		case link:
			r.template = template
			d.add(r, e.up)
		case bytes.Equal(a.name, xlink) && e.up == d.depth-1:
			d.addToDocument(r, e.parent)
		case bytes.Equal(a.name, xlink):
			d.addToDocument(r, e.up)
		}
	}
}

var xlink = []byte("xlink:href")
