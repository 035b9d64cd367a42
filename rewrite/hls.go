package rewrite

import (
	"bytes"
	"sync"
)

// hls rewrites playlists (RFC 8216 and its second edition): the lines that are
// URIs, and the quoted attributes of tags that hold one.
type hls struct {
	manifest
	started  bool // the first line is behind
	skipping bool // inside a line that is too long
	variables
}

// maxLine is the longest line that is held back to be read. Key URIs with data
// in them can be long.
const maxLine = 64 << 10

var hlsPool = sync.Pool{New: func() any { return new(hls) }}

func newHLS(w *Writer) *hls {
	h := hlsPool.Get().(*hls)
	*h = hls{manifest: h.manifest, variables: h.variables}
	h.variables.reset()
	h.begin(w)
	return h
}

func (h *hls) release() {
	h.end()
	hlsPool.Put(h)
}

func (h *hls) write(p []byte) error {
	if h.skipping {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			return h.w.emit(p)
		}
		h.skipping = false
		if err := h.w.emit(p[:i+1]); err != nil {
			return err
		}
		p = p[i+1:]
	}
	seen := len(h.buf)
	h.buf = append(h.buf, p...)
	for {
		i := bytes.IndexByte(h.buf[max(h.pos, seen):], '\n')
		if i < 0 {
			break
		}
		end := max(h.pos, seen) + i
		h.line(h.pos, end)
		h.pos = end + 1
		if len(h.text) > maxText {
			if err := h.flush(h.pos); err != nil {
				return err
			}
			seen = 0
		}
	}
	if len(h.buf)-h.pos > maxLine {
		h.line(h.pos, len(h.buf))
		h.pos, h.skipping = len(h.buf), true
	}
	return h.flush(h.pos)
}

func (h *hls) close() error {
	if h.pos < len(h.buf) {
		h.line(h.pos, len(h.buf))
	}
	return h.flush(len(h.buf))
}

// line reads one line, without its newline.
func (h *hls) line(from, to int) {
	if to-from > maxLine {
		h.started = true
		h.leave(LeftTooLong)
		return
	}
	if !h.started {
		h.started = true
		if bytes.HasPrefix(h.buf[from:to], bom) {
			from += len(bom)
		}
	}
	from, to = trim(h.buf, from, to)
	line := h.buf[from:to]
	switch {
	case len(line) == 0:
	case line[0] != '#':
		h.add(from, to)
	case bytes.HasPrefix(line, tagPrefix) && !bytes.HasPrefix(line, extinf):
		if i := bytes.IndexByte(line, ':'); i >= 0 {
			h.attributes(line[:i], from+i+1, to)
		}
	}
}

var (
	bom       = []byte("\xef\xbb\xbf")
	tagPrefix = []byte("#EXT")
	extinf    = []byte("#EXTINF")
	define    = []byte("#EXT-X-DEFINE")
)

// attributes reads the attribute list of a tag: NAME=value or NAME="value", with
// commas between.
func (h *hls) attributes(tag []byte, from, to int) {
	var name, value []byte // of a variable
	for from < to {
		list := h.buf[from:to]
		eq := bytes.IndexByte(list, '=')
		if eq < 0 {
			break
		}
		attribute := bytes.TrimSpace(list[bytes.LastIndexByte(list[:eq], ',')+1 : eq])
		from, _ = trim(h.buf, from+eq+1, to)
		if from < to && h.buf[from] == '"' {
			from++
			n := bytes.IndexByte(h.buf[from:to], '"')
			if n < 0 {
				return
			}
			switch {
			case bytes.HasSuffix(attribute, []byte("URI")), string(attribute) == "X-ASSET-LIST":
				h.add(trim(h.buf, from, from+n))
			case string(attribute) == "NAME":
				name = h.buf[from : from+n]
			case string(attribute) == "VALUE":
				value = h.buf[from : from+n]
			}
			from += n + 1
		}
		n := bytes.IndexByte(h.buf[from:to], ',')
		if n < 0 {
			break
		}
		from += n + 1
	}
	if bytes.Equal(tag, define) && name != nil && value != nil {
		h.define(name, value)
	}
}

// add offers the reference at buf[from:to].
func (h *hls) add(from, to int) {
	r := reference{from: from, to: to}
	if ref := h.buf[from:to]; bytes.Contains(ref, variableStart) {
		if len(ref) > maxURL || !h.substitute(ref) {
			h.leave(LeftTemplate)
			return
		}
		r.form = substituted
	}
	h.settle(&r, h.doc)
	if r.state == ready {
		h.refs = append(h.refs, r)
	}
}

// trim moves from and to past the white space at both ends of b[from:to].
func trim(b []byte, from, to int) (int, int) {
	for from < to && isSpace(b[from]) {
		from++
	}
	for from < to && isSpace(b[to-1]) {
		to--
	}
	return from, to
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }
