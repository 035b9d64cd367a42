package rewrite

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"sync"
)

// Config says which links to look for.
type Config struct {
	// Hosts whose links are offered, in lower case: "cdn.example.com". A port
	// is matched only if it is written: "localhost:8082".
	Hosts []string

	// Maps turn links to the site's own paths into links to another place.
	Maps []Map

	// Params are the names of the query parameters that make up a signature.
	// Link.Strip takes them off.
	Params []string
}

// Map replaces a path prefix of the site with a URL prefix: From "/assets/",
// To "https://cdn.example.com/x/". Both end in '/'.
type Map struct{ From, To string }

// Options belong to one body.
type Options struct {
	Format Format

	// Base is the URL of this document as the browser knows it. Relative
	// references in manifests are resolved against it, and its scheme and host
	// tell the site's own absolute links, for Config.Maps.
	Base *url.URL

	// Sign is called with all links found in one chunk, in their order. It
	// fills in Query and Strip. A link left without Query is not changed at all.
	Sign func(links []Link)
}

// Link is one link in a body.
type Link struct {
	// URL is what a browser makes of the link: escapes undone, mapped by
	// Config.Maps, absolute or protocol-relative, with its fragment. It is
	// valid only during the call.
	URL string

	// Template marks a manifest's segment template; each of its variables
	// stands as '*' in URL. Text that itself holds a '*' is never a template.
	Template bool

	// Query is the answer: what to add to the query, in front of the fragment.
	Query string

	// Strip is part of the answer: take Config.Params off the query first.
	Strip bool
}

// Rewriter holds what is known before a body comes. It is safe for concurrent use.
type Rewriter struct {
	config Config
	probes []probe
	pool   sync.Pool // of *Writer
}

// New checks c and prepares the search for its hosts and path prefixes.
func New(c Config) (*Rewriter, error) {
	for _, h := range c.Hosts {
		if h == "" || h != strings.ToLower(h) || strings.ContainsAny(h, "/\\?#@ \"'<>%*") {
			return nil, fmt.Errorf("host %q: write it in lower case, as in \"cdn.example.com\" or \"localhost:8082\"", h)
		}
	}
	for _, m := range c.Maps {
		if !strings.HasPrefix(m.From, "/") || !strings.HasSuffix(m.From, "/") {
			return nil, fmt.Errorf("map from %q: write a path that begins and ends in '/', as in \"/assets/\"", m.From)
		}
		to, err := url.Parse(m.To)
		if err != nil || to.Host == "" || to.RawQuery != "" || to.Fragment != "" || !strings.HasSuffix(m.To, "/") {
			return nil, fmt.Errorf("map to %q: write an absolute URL that ends in '/', as in \"https://cdn.example.com/x/\"", m.To)
		}
	}
	if len(c.Hosts) == 0 && len(c.Maps) == 0 {
		return nil, errors.New("nothing to look for: give a host or a map")
	}
	rw := &Rewriter{config: c}
	var anchors []anchor
	for _, h := range c.Hosts {
		anchors = append(anchors, anchor{text: h})
	}
	for _, m := range c.Maps {
		anchors = append(anchors, pathAnchor(m.From))
	}
	rw.probes = probes(anchors)
	return rw, nil
}

// engine rewrites one body. It sends its output to Writer.emit and its links to
// Writer.sign.
type engine interface {
	write(p []byte) error
	close() error
	release() // gives its buffers back; it isn't used after that
}

// Writer rewrites one body on its way to another writer. It is not safe for
// concurrent use.
type Writer struct {
	rw     *Rewriter
	dst    io.Writer
	opts   Options
	engine engine
	err    error
	links  int
	left   Left
}

// Writer returns a Writer that sends the rewritten body to dst. Nothing but a
// possible unfinished link is held back between calls of Write, so there is
// no need to flush. Close it to end the body, then Release it.
func (rw *Rewriter) Writer(dst io.Writer, o Options) *Writer {
	w, _ := rw.pool.Get().(*Writer)
	if w == nil {
		w = &Writer{rw: rw}
	}
	w.dst, w.opts = dst, o
	switch o.Format {
	case HLS:
		w.engine = newHLS(w)
	case DASH:
		w.engine = newDASH(w)
	default:
		w.engine = newScanner(w)
	}
	return w
}

// Write implements io.Writer.
func (w *Writer) Write(p []byte) (int, error) {
	if w.err == nil {
		w.err = w.engine.write(p)
	}
	if w.err != nil {
		return 0, w.err
	}
	return len(p), nil
}

// Close ends the body and writes what was held back. It does not close dst.
func (w *Writer) Close() error {
	if w.err != nil {
		return w.err
	}
	if err := w.engine.close(); err != nil {
		w.err = err
		return err
	}
	w.err = errClosed
	return nil
}

// Release lets the Writer's buffers be used again. The Writer must not be used
// after it. It may be called without Close, to give up.
func (w *Writer) Release() {
	w.engine.release()
	*w = Writer{rw: w.rw}
	w.rw.pool.Put(w)
}

// Links returns how many links were changed so far.
func (w *Writer) Links() int { return w.links }

// Left returns how many links were found and left alone so far, by reason.
func (w *Writer) Left() Left { return w.left }

// emit sends b to the destination.
func (w *Writer) emit(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	_, err := w.dst.Write(b)
	return err
}

// sign offers links to the callback and counts its answers.
func (w *Writer) sign(links []Link) {
	if len(links) == 0 {
		return
	}
	w.opts.Sign(links)
	for i := range links {
		if links[i].Query == "" {
			w.left[LeftUnsigned]++
		} else {
			w.links++
		}
	}
}

var errClosed = errors.New("rewrite: write after Close")
