// # Manifests
//
// HLS playlists and DASH manifests are read as what they are, because their
// references are relative: each is resolved as a player does it, from
// Options.Base on, in DASH through the BaseURL elements around it.
//
// What leads to a configured host as it stands gets the query and keeps its
// form, relative or not. What leads there only by a Map becomes the absolute URL
// of its new place. A BaseURL that is a directory never changes, so what can't be
// signed is still fetched from where it was; one that is a file is a link like
// others, but a Map moves it only if no other link stands below it. A reference
// that players resolve in several ways, such as a template that Representations
// with different BaseURLs inherit, is left alone. Of several BaseURLs in one
// element the first counts, if all lead to configured hosts.
//
// In the template of a segment each variable stands as '*' in Link.URL. Variables
// of a playlist (EXT-X-DEFINE) get their values, as far as the playlist says them.
package rewrite

import (
	"bytes"
	"unsafe"
)

// manifest is what the engines for HLS and DASH share. An engine appends what
// it is given to buf, reads on from pos, adds the references that it finds, and
// flushes.
type manifest struct {
	w    *Writer
	site string   // the document's own host, the one whose paths Config.Maps moves
	doc  location // the document's own URL; unknown without Options.Base

	buf   []byte      // not yet written
	pos   int         // how far buf has been read
	refs  []reference // found in buf, in order
	text  []byte      // the URLs of refs
	grown int         // bytes of memory that references have taken
	links []Link
	out   []byte
	value []byte
}

const (
	maxURL      = 4 << 10  // a longer reference is left alone
	maxText     = 1 << 20  // with more URLs in hand they are signed before the chunk ends
	maxOut      = 32 << 10 // size of the pieces written
	refSize     = 128      // about the size of a reference
	maxRetained = 1 << 18  // a larger buffer is not kept for the next body
)

// reference is a link in a manifest.
type reference struct {
	from, to int  // where it stands in buf
	query    int  // where its '?' stands in buf, or hash
	hash     int  // where its '#' stands in buf, or to
	form     form // how it is written
	template bool // it may hold DASH template variables

	state   state
	level   int  // the element at whose end it is settled
	mapped  bool // text takes its place
	pattern bool // url holds a '*' for each variable
	url     span // in manifest.text: for Link.URL
	text    span // in manifest.text: the absolute URL as the manifest would write it
}

type span struct{ from, to int }

// state of a reference.
type state uint8

const (
	dropped  state = iota // is left alone
	ready                 // is offered
	baseless              // waits for its base; only from, to, form, template and level are set
	doubtful              // waits for what else leads through it
)

// form is how a manifest writes a URL.
type form uint8

const (
	plain       form = iota // m3u8, CDATA
	escaped                 // XML attribute or text
	substituted             // m3u8 with variables; manifest.value holds their values in place
)

// begin prepares m for a body.
func (m *manifest) begin(w *Writer) {
	m.w = w
	m.site, m.doc = "", location{}
	if b := w.opts.Base; b != nil && b.Host != "" {
		url := *b
		url.User, url.Fragment, url.RawFragment = nil, "", ""
		if url.Path == "" {
			url.Path = "/"
		}
		var rel relation
		if m.value, rel = resolve(m.value[:0], location{}, []byte(url.String())); rel == absolute {
			m.doc = locate(bytes.Clone(m.value))
			m.site = string(m.doc.authority())
		}
	}
}

// end forgets the body and buffers that have grown large.
func (m *manifest) end() {
	m.w, m.doc = nil, location{}
	m.pos = 0
	m.buf, m.text, m.out, m.value = retain(m.buf), retain(m.text), retain(m.out), retain(m.value)
	m.refs = m.refs[:0]
	clear(m.links[:cap(m.links)]) // they hold on to text and queries
}

func retain(b []byte) []byte {
	if cap(b) > maxRetained {
		return nil
	}
	return b[:0]
}

func (m *manifest) leave(why Reason) { m.w.left[why]++ }

// decode undoes the escapes of a reference. It sets r.query and r.hash.
func (m *manifest) decode(r *reference) (value []byte, ok bool) {
	value = m.buf[r.from:r.to]
	if r.form != escaped || bytes.IndexByte(value, '&') < 0 {
		r.hash = r.to
		if i := bytes.IndexByte(value, '#'); i >= 0 {
			r.hash = r.from + i
		}
		r.query = r.hash
		if i := bytes.IndexByte(m.buf[r.from:r.hash], '?'); i >= 0 {
			r.query = r.from + i
		}
		if r.form == substituted {
			value = m.value
		}
		return value, true
	}
	m.value = m.value[:0]
	r.query, r.hash = -1, -1
	for raw := value; len(raw) > 0; {
		c, n := raw[0], 1
		if c == '&' {
			if c, n = entity(raw); n == 0 {
				return nil, false
			}
		}
		at := r.to - len(raw)
		if c == '#' && r.hash < 0 {
			r.hash = at
		}
		if c == '?' && r.hash < 0 && r.query < 0 {
			r.query = at
		}
		m.value = append(m.value, c)
		raw = raw[n:]
	}
	if r.hash < 0 {
		r.hash = r.to
	}
	if r.query < 0 {
		r.query = r.hash
	}
	return m.value, true
}

// settle finds where r leads from base, and makes it ready or drops it.
func (m *manifest) settle(r *reference, base location) {
	start := len(m.text)
	why, ours := m.lead(r, base)
	switch {
	case why == none && ours:
		r.state = ready
		m.grown += refSize + len(m.text) - start
		return
	case ours:
		m.leave(why)
	}
	r.state = dropped
	m.text = m.text[:start]
}

// none is no reason to leave a link alone.
const none = reasons

// lead appends the URL to which r leads from base to text. It reports why r must
// be left alone, and whether r leads, or might lead, to a configured host at all.
func (m *manifest) lead(r *reference, base location) (why Reason, ours bool) {
	value, ok := m.decode(r)
	if !ok {
		return LeftAmbiguous, true
	}
	if len(value) == 0 || value[0] == '#' {
		return none, false // the document itself
	}
	start := len(m.text)
	var rel relation
	if m.text, rel = resolve(m.text, base, value); rel == foreign {
		return none, false
	}
	if len(m.text) == start {
		return LeftAmbiguous, true // the base is not known
	}
	l := locate(m.text[start:])
	d, moved := m.w.rw.config.destination(l, m.site)
	if d == elsewhere {
		return none, false
	}
	if len(value) > maxURL {
		return LeftTooLong, true
	}
	if why := unclear(value); why != none {
		return why, true
	}
	r.mapped = d == mapped
	if r.mapped {
		end := len(m.text)
		m.text = append(m.text, moved.To...)
		m.text = append(m.text, m.text[start+l.path+len(moved.From):end]...)
		m.text = m.text[:start+copy(m.text[start:], m.text[end:])]
	}
	r.text = span{start, len(m.text)}
	r.url, r.pattern = r.text, false
	if i := bytes.IndexByte(value, '$'); i >= 0 && r.template && !m.expand(r, value[i:]) {
		return LeftTemplate, true
	}
	return none, true
}

// unclear returns the reason why a reference can't be read in one way only, or
// none. Spaces and non-ASCII bytes are fine: clients encode them alike.
func unclear(value []byte) Reason {
	for _, c := range value {
		if why := unclearBytes[c]; why != 0 {
			return why
		}
	}
	return none
}

// unclearBytes holds the reason to leave a reference with the byte, or 0.
var unclearBytes = func() (why [256]Reason) {
	for c := range ' ' {
		why[c] = LeftAmbiguous
	}
	for _, c := range "\"<>\\^`|\x7f" {
		why[c] = LeftAmbiguous
	}
	why['{'], why['}'] = LeftTemplate, LeftTemplate
	return why
}()

// flush signs the references in front of end and writes what is in front of it.
func (m *manifest) flush(end int) error {
	if end == 0 {
		return nil
	}
	n := 0
	m.links = m.links[:0]
	for n < len(m.refs) && m.refs[n].from < end {
		if r := &m.refs[n]; r.state == ready {
			m.links = append(m.links, Link{URL: alias(m.text[r.url.from:r.url.to]), Template: r.pattern})
		}
		n++
	}
	m.w.sign(m.links)

	at, next, out := 0, 0, m.out[:0]
	for i := range m.refs[:n] {
		r := &m.refs[i]
		if r.state != ready {
			continue
		}
		if link := &m.links[next]; link.Query != "" {
			out = append(out, m.buf[at:r.from]...)
			out = m.append(out, r, link)
			at = r.to
		}
		next++
		if len(out) >= maxOut {
			if err := m.w.emit(out); err != nil {
				return err
			}
			out = out[:0]
		}
	}
	m.out = out
	if err := m.w.emit(out); err != nil {
		return err
	}
	if err := m.w.emit(m.buf[at:end]); err != nil {
		return err
	}

	m.buf = append(m.buf[:0], m.buf[end:]...)
	m.pos -= end
	m.refs = append(m.refs[:0], m.refs[n:]...)
	kept := len(m.text)
	for i := range m.refs {
		if m.refs[i].state == ready || m.refs[i].state == doubtful {
			kept = min(kept, m.refs[i].text.from)
		}
	}
	m.text = append(m.text[:0], m.text[kept:]...)
	for i := range m.refs {
		m.refs[i].move(-end, -kept)
	}
	return nil
}

func (r *reference) move(buf, text int) {
	r.from, r.to, r.query, r.hash = r.from+buf, r.to+buf, r.query+buf, r.hash+buf
	r.url = span{r.url.from + text, r.url.to + text}
	r.text = span{r.text.from + text, r.text.to + text}
}

// alias gives b as a string without a copy.
func alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// append appends r with the query of its link to out.
func (m *manifest) append(out []byte, r *reference, link *Link) []byte {
	url := m.text[r.text.from:r.text.to]
	hash := len(url)
	if i := bytes.IndexByte(url, '#'); i >= 0 {
		hash = i
	}
	path, query := url[:hash], []byte(nil)
	if i := bytes.IndexByte(path, '?'); i >= 0 {
		path, query = url[:i], url[i:hash]
	}

	if r.mapped {
		out = r.form.append(out, path)
	} else {
		out = append(out, m.buf[r.from:r.query]...)
	}
	switch {
	case link.Strip:
		query = m.strip(query)
		out = r.form.append(out, query)
	case r.mapped:
		out = r.form.append(out, query)
	default:
		out = append(out, m.buf[r.query:r.hash]...)
	}
	switch {
	case len(query) == 0:
		out = append(out, '?')
	case len(query) > 1 && query[len(query)-1] != '&':
		out = appendAmp(out, "&", r.form == escaped)
	}
	out = appendAmp(out, link.Query, r.form == escaped)
	if r.mapped {
		return r.form.append(out, url[hash:])
	}
	return append(out, m.buf[r.hash:r.to]...)
}

// strip takes the parameters of a signature out of query, which begins with '?'
// or is empty. The separator in front of a signature stays.
func (m *manifest) strip(query []byte) []byte {
	m.value = m.value[:0]
	separated := false
	for len(query) > 0 {
		query = query[1:]
		end := bytes.IndexByte(query, '&')
		if end < 0 {
			end = len(query)
		}
		name := query[:end]
		if i := bytes.IndexByte(name, '='); i >= 0 {
			name = name[:i]
		}
		kept := !m.w.rw.config.isParam(name)
		switch {
		case separated:
		case len(m.value) > 0:
			m.value = append(m.value, '&')
		case kept:
			m.value = append(m.value, '?')
		}
		separated = !kept && len(m.value) > 0
		if kept {
			m.value = append(m.value, query[:end]...)
		}
		query = query[end:]
	}
	return m.value
}

func (c *Config) isParam(name []byte) bool {
	for _, p := range c.Params {
		if string(name) == p {
			return true
		}
	}
	return false
}
