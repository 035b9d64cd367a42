package rewrite

import (
	"strings"
	"sync"
)

// A scanner is the engine of every format but manifests.
//
// Its buffer holds the part of the body that is not sent yet and, in front of it,
// what may be looked back at.
type scanner struct {
	w      *Writer
	rw     *Rewriter
	format Format
	site   string // the host of the document, in lower case
	buf    []byte
	eof    bool
	text   text

	sent  int  // buf up to here is sent
	pos   int  // links up to here are found
	floor int  // the end of the last link found
	held  int  // buf from here on must wait for more; len(buf) if nothing must
	idle  bool // what waits can't end before a byte that ends a link
	next  []int

	markup  markup
	links   []Link
	edits   []edit
	out     []byte
	decoded []byte // the links that had to be decoded or mapped
}

const (
	// pieceSize is how much of a Write is handled at once.
	pieceSize = 32 << 10

	// lookBack is how much in front of what is not sent yet is kept: more than
	// any rule looks back.
	lookBack = 4 << 10

	// maxHistory is how much may lie in front of a piece before what is no longer
	// needed is dropped. Over this much of a page without links no markup is read.
	maxHistory = 128 << 10
)

var scannerPool = sync.Pool{New: func() any { return new(scanner) }}

func newScanner(w *Writer) *scanner {
	s := scannerPool.Get().(*scanner)
	*s = scanner{
		w: w, rw: w.rw, format: w.opts.Format,
		buf: s.buf[:0], next: s.next[:0], links: s.links, edits: s.edits, out: s.out, decoded: s.decoded,
	}
	if b := w.opts.Base; b != nil {
		s.site = strings.ToLower(b.Host)
	}
	for range w.rw.probes {
		s.next = append(s.next, 0)
	}
	s.markup.reset(s.format != HTML)
	return s
}

func (s *scanner) release() {
	s.w = nil
	s.buf, s.out, s.decoded = retain(s.buf), retain(s.out), retain(s.decoded)
	scannerPool.Put(s)
}

func (s *scanner) write(p []byte) error {
	for len(p) > 0 {
		piece := p[:min(len(p), pieceSize)]
		p = p[len(piece):]
		s.drop()
		s.buf = append(s.buf, piece...)
		if s.idle && !endsLink(piece) && len(s.buf)-s.held <= maxLink {
			continue
		}
		if err := s.scan(); err != nil {
			return err
		}
	}
	return nil
}

func (s *scanner) close() error {
	s.eof = true
	return s.scan()
}

// endsLink reports whether a byte of b may end a link.
func endsLink(b []byte) bool {
	for _, c := range b {
		if !plainBytes[c] {
			return true
		}
	}
	return false
}

// scan finds the links of the buffer, has them signed, and sends what need not
// wait.
func (s *scanner) scan() error {
	s.find()
	s.w.sign(s.links)
	return s.send()
}

// find looks for links from pos on.
func (s *scanner) find() {
	s.links, s.edits, s.decoded = s.links[:0], s.edits[:0], s.decoded[:0]
	s.held, s.idle = len(s.buf), false
	if s.byteOrderMark() {
		return
	}
	for {
		at, p := find(s.buf, s.pos, s.rw.probes, s.next)
		s.pos = at
		if p == nil {
			break
		}
		if !s.hit(at, p) {
			break
		}
		s.pos = max(s.pos, at+1)
	}
	if !s.eof && len(s.rw.config.Maps) > 0 {
		s.held = min(s.held, s.partialMap())
	}
}

type text uint8

const (
	unknownText text = iota
	byteText         // ASCII bytes mean ASCII
	wideText         // UTF-16
)

// byteOrderMark reports whether the body is UTF-16 by its first two bytes, or
// may still be.
func (s *scanner) byteOrderMark() bool {
	if s.text == unknownText {
		switch {
		case len(s.buf) >= 2 && (string(s.buf[:2]) == "\xfe\xff" || string(s.buf[:2]) == "\xff\xfe"):
			s.text = wideText
		case len(s.buf) == 1 && s.buf[0] >= 0xfe && !s.eof:
			s.held = 0
			return true
		case len(s.buf) > 0:
			s.text = byteText
		}
	}
	if s.text == wideText {
		s.pos = len(s.buf)
	}
	return s.text == wideText
}

// hit judges the anchors that p's byte at b[at] may be part of. It reports false
// if more of the body is needed.
func (s *scanner) hit(at int, p *probe) bool {
	for i := range p.needles {
		n := &p.needles[i]
		hit := at - n.offset
		if hit < 0 {
			continue
		}
		rest := s.buf[hit:]
		if len(rest) < len(n.text) {
			if !s.eof && string(rest) == n.text[:len(rest)] {
				return false
			}
			continue
		}
		if string(rest[:len(n.text)]) != n.text {
			continue
		}
		var c candidate
		switch s.examine(hit, &n.anchor, &c) {
		case undecided:
			s.held = max(c.start, s.sent)
			return false
		case leave:
			s.w.left[c.reason]++
			s.pos = hit + len(n.text)
			return true
		case offer:
			if s.add(&c) {
				s.pos, s.floor = c.end, c.end
				return true
			}
		}
	}
	return true
}

// drop makes room in the buffer.
func (s *scanner) drop() {
	if len(s.buf) < maxHistory {
		return
	}
	n := min(s.sent, s.pos) - lookBack
	if n <= 0 {
		return
	}
	if s.format == HTML || s.format == XHTML || s.format == XML {
		s.markup.drop(s.buf, n)
	}
	s.buf = s.buf[:copy(s.buf, s.buf[n:])]
	s.sent -= n
	s.pos -= n
	s.floor -= n
	s.held -= n
	for i := range s.next {
		s.next[i] -= n
	}
}
