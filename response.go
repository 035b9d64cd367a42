package cloudfront

import (
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// hooks is what a handler decides about one response. The mechanics around
// the decisions are intercept's.
type hooks interface {
	// rewrites tells whether header returns a rewriting for any response. If so, it
	// has to know the type of the body.
	rewrites() bool

	// interim may change the header of an informational response (RFC 9110,
	// section 15.2). The changes don't reach the final header.
	interim(status int, h http.Header)

	// header is called once, with the final status. It returns how to rewrite
	// the body, or nil to let the body pass as it is. The header is sent at
	// once in the latter case; otherwise it is to be left alone until commit,
	// because the response may yet turn into an error's.
	header(status int, h http.Header) rewriting

	// trailer is called after the body and may take fields off the trailer
	// section, which has come into the same map by then.
	trailer(h http.Header)
}

// rewriting makes a new body out of a plain one: its coding has been undone.
type rewriting interface {
	// to returns the writer for the body as it comes; what it makes of it goes
	// to dst. Closing it ends the body.
	to(dst io.Writer) io.WriteCloser

	// commit is called once, directly before the header is sent, to change it.
	// It reports whether the body changes too; then the length and coding of
	// the old body go. It has to assume so while the body is still running.
	commit(h http.Header, body bodyState) (changed bool)

	// release is called last, with or without a Close before it, and with what
	// broke the response, if anything did.
	release(err error)
}

// bodyState is how far the body has come when the header is sent.
type bodyState uint8

const (
	bodyEnded   bodyState = iota // all of it is there
	bodyRunning                  // more may come
	bodyAborted                  // incomplete, and no more will come
)

const (
	// maxHeld is how much of one response is held back.
	maxHeld = 1 << 20

	// patience is how long after the first Write another one finds the body
	// still held back.
	patience = 50 * time.Millisecond
)

// intercept calls the next handler and lets hooks change its response.
//
// A body that is rewritten is held back until it ends, is flushed, reaches
// maxHeld or takes longer than patience: so most responses get a header that
// knows the whole body. All held bodies of the process together take no more
// than limit bytes; one that finds no room streams.
func intercept(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler, hooks hooks, limit int64) error {
	rw := &response{
		ResponseWriterWrapper: caddyhttp.ResponseWriterWrapper{ResponseWriter: w},
		hooks:                 hooks,
		head:                  r.Method == http.MethodHead,
		limit:                 limit,
	}
	defer rw.release()

	err := next.ServeHTTP(rw, r)
	rw.returned = true
	hooks.trailer(rw.Header())
	if err != nil {
		rw.drop()
		return err
	}
	rw.finish()
	return nil
}

// response is the response writer that the next handler sees.
type response struct {
	caddyhttp.ResponseWriterWrapper
	hooks hooks
	head  bool // the answer to a HEAD request
	limit int64

	status   int  // the final one, once it is known
	decided  bool // hooks have seen the header
	returned bool // next has returned; it hasn't if it panicked

	// The rest is set only if the body is rewritten.
	rewriting rewriting
	body      io.WriteCloser // takes the body as it comes
	decoder   *decoder       // is body, if it comes compressed
	first     time.Time      // when the body began
	committed bool           // the header is sent
	err       error          // sticky: the response is broken
	out       buffer         // the new body
	original  buffer         // the body as it came, if it comes compressed
}

// WriteHeader implements http.ResponseWriter.
func (rw *response) WriteHeader(status int) {
	switch {
	case status >= 100 && status <= 199:
		rw.writeInterim(status)
	case rw.status == 0:
		rw.status = status
		if !rw.sniffed() {
			rw.decide()
		}
	case rw.decided && rw.rewriting == nil:
		rw.ResponseWriter.WriteHeader(status) // superfluous, and reported there
	}
}

// writeInterim sends an informational response. The header map is the one that
// the final response will use, so it is left as it was found.
func (rw *response) writeInterim(status int) {
	h := rw.Header()
	before := make(http.Header, len(h))
	for name, values := range h {
		before[name] = slices.Clone(values)
	}
	rw.hooks.interim(status, h)
	rw.ResponseWriter.WriteHeader(status)
	clear(h)
	for name, values := range before {
		h[name] = values
	}
}

// sniffed reports whether net/http will tell the type of the content by its
// first bytes. Then hooks that rewrite have to wait for them as well.
func (rw *response) sniffed() bool {
	h := rw.Header()
	_, typed := h["Content-Type"]
	return rw.hooks.rewrites() && !typed && !rw.head && bodyAllowed(rw.status) && h.Get("Content-Encoding") == "" && h.Get("Transfer-Encoding") == ""
}

// bodyAllowed tells whether a final response to GET may have a body (RFC 9110,
// section 6.4.1).
func bodyAllowed(status int) bool {
	return status != http.StatusNoContent && status != http.StatusNotModified
}

// decide shows the header to the hooks and sends it, unless the body is held.
func (rw *response) decide() {
	rw.decided = true
	h := rw.Header()
	rw.rewriting = rw.hooks.header(rw.status, h)
	switch {
	case rw.rewriting == nil:
		rw.ResponseWriter.WriteHeader(rw.status)
		return
	case rw.head:
		rw.commit(bodyRunning)
		return
	}
	rw.body = rw.rewriting.to((*output)(rw))
	if coding := contentCoding(h); coding != "" {
		rw.decoder = newDecoder(coding, rw.body)
		rw.body = rw.decoder
	}
	if h.Get("Trailer") != "" || incremental(h) {
		// Later fields of this map are trailers only if the header is sent.
		rw.commit(bodyRunning)
	}
}

// incremental tells whether the app asks that nobody holds the body back (draft-
// ietf-httpbis-incremental).
func incremental(h http.Header) bool {
	item, _, _ := strings.Cut(h.Get("Incremental"), ";")
	return strings.TrimSpace(item) == "?1"
}

// decideBy decides by the first bytes of the body.
func (rw *response) decideBy(p []byte) {
	if rw.status == 0 {
		rw.status = http.StatusOK
	}
	if !rw.sniffed() {
		rw.decide()
		return
	}
	h := rw.Header()
	h.Set("Content-Type", http.DetectContentType(p))
	rw.decide()
}

// Write implements io.Writer.
func (rw *response) Write(p []byte) (int, error) {
	if !rw.decided {
		rw.decideBy(p)
	}
	switch {
	case rw.rewriting == nil:
		return rw.ResponseWriter.Write(p)
	case rw.head:
		return len(p), nil // net/http would take its length for the body's
	case rw.err != nil:
		return 0, rw.err
	}

	if rw.first.IsZero() {
		rw.first = now()
	} else if !rw.committed && now().Sub(rw.first) > patience {
		rw.commit(bodyRunning)
	}
	if rw.decoder != nil && !rw.committed && !rw.hold(&rw.original, p) {
		rw.commit(bodyRunning)
	}
	if _, err := rw.body.Write(p); err != nil {
		return 0, rw.fail(err)
	}
	if rw.committed {
		rw.send()
	}
	if rw.err != nil {
		return 0, rw.err
	}
	return len(p), nil
}

// output takes the new body.
type output response

func (o *output) Write(p []byte) (int, error) {
	rw := (*response)(o)
	if !rw.committed {
		if rw.hold(&rw.out, p) {
			return len(p), nil
		}
		rw.commit(bodyRunning)
	}
	for rest := p; len(rest) > 0 && rw.err == nil; {
		n := rw.out.fill(rest)
		if rest = rest[n:]; len(rest) > 0 {
			rw.send()
		}
	}
	return len(p), rw.err
}

// hold keeps p back in b, or reports false if there is no room for it.
func (rw *response) hold(b *buffer, p []byte) bool {
	return rw.out.size+rw.original.size+len(p) <= maxHeld && b.hold(p, rw.limit)
}

// ReadFrom implements io.ReaderFrom. A body that passes as it is keeps the way
// to sendfile.
func (rw *response) ReadFrom(r io.Reader) (int64, error) {
	if rw.decided && rw.rewriting == nil {
		return rw.ResponseWriterWrapper.ReadFrom(r)
	}
	c := chunks.Get().(*chunk)
	defer chunks.Put(c)
	return io.CopyBuffer(struct{ io.Writer }{rw}, r, c.data[:])
}

// FlushError implements what http.ResponseController looks for.
func (rw *response) FlushError() error {
	if rw.status == 0 {
		rw.WriteHeader(http.StatusOK)
	}
	if !rw.decided {
		return nil // without a body the header can't be known
	}
	if rw.body != nil {
		if !rw.committed {
			rw.commit(bodyRunning)
		}
		if rw.send(); rw.err != nil {
			return rw.err
		}
	}
	return http.NewResponseController(rw.ResponseWriter).Flush()
}

// Flush implements http.Flusher, for handlers that look for nothing else.
func (rw *response) Flush() { _ = rw.FlushError() }

// finish ends a response that next has ended without an error.
func (rw *response) finish() {
	if rw.status != 0 && !rw.decided {
		rw.decide()
	}
	if rw.body == nil {
		return
	}
	if rw.err == nil {
		if err := rw.body.Close(); err != nil {
			rw.fail(err)
		}
	}
	if rw.err == nil {
		if !rw.committed {
			rw.commit(bodyEnded)
		}
		rw.send()
	}
	if rw.err != nil {
		panic(http.ErrAbortHandler) // nobody may take this for a complete response
	}
}

// drop forgets a held response that next has ended with an error. What
// describes its body must not describe the error's.
func (rw *response) drop() {
	if rw.body == nil || rw.committed {
		return
	}
	for _, name := range []string{"Content-Type", "Content-Length", "Content-Encoding", "Accept-Ranges", "Etag", "Last-Modified"} {
		rw.Header().Del(name)
	}
}

// release gives the buffers back. If next has panicked, because the upstream
// broke off, the client gets what is there, as it would without us.
func (rw *response) release() {
	if rw.body == nil {
		return
	}
	if !rw.returned && rw.err == nil {
		if !rw.committed {
			rw.commit(bodyAborted)
		}
		rw.send()
	}
	if rw.decoder != nil {
		rw.decoder.release()
	}
	rw.rewriting.release(rw.err)
	rw.out.release()
	rw.original.release()
}

// commit decides the header and sends it.
func (rw *response) commit(state bodyState) {
	rw.committed = true
	h := rw.Header()
	if rw.rewriting.commit(h, state) {
		if contentCoding(h) != "" {
			h.Del("Content-Encoding")
		}
		switch {
		case rw.head:
			h["Content-Length"] = nil // else quic-go counts the bytes of the body that isn't sent
		case state == bodyEnded && !hasTrailers(h):
			h["Content-Length"] = []string{strconv.Itoa(rw.out.size)}
		default:
			delete(h, "Content-Length")
		}
	} else if rw.decoder != nil {
		rw.out, rw.original = rw.original, rw.out
	}
	rw.original.release()
	rw.ResponseWriter.WriteHeader(rw.status)
}

// hasTrailers reports whether trailers have been announced, or are there in
// net/http's own way: a body with Content-Length can't have any in HTTP/1.1
// (RFC 9112, section 7.1.2).
func hasTrailers(h http.Header) bool {
	if h.Get("Trailer") != "" {
		return true
	}
	for name := range h {
		if strings.HasPrefix(name, http.TrailerPrefix) {
			return true
		}
	}
	return false
}

// send sends what is there of the new body.
func (rw *response) send() {
	if rw.err == nil {
		rw.err = rw.out.writeTo(rw.ResponseWriter)
	}
}

func (rw *response) fail(err error) error {
	if rw.err == nil {
		rw.err = err
	}
	return rw.err
}
