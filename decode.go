package cloudfront

import (
	"errors"
	"io"
	"iter"
	"net/http"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// contentCoding returns the coding of a response's body, in lower case, and ""
// for none. Several come with commas between them (RFC 9110, section 8.4).
func contentCoding(h http.Header) string {
	coding := strings.ToLower(strings.TrimSpace(strings.Join(h["Content-Encoding"], ",")))
	if coding == "identity" {
		return ""
	}
	return coding
}

// decodable reports whether a single coding can be undone.
func decodable(coding string) bool { return codings[coding] != nil }

// decompressor is what the libraries have in common.
type decompressor interface {
	io.Reader
	Reset(io.Reader) error
}

// maxZstdWindow is the window a zstd body may ask for (RFC 9659, section 3).
const maxZstdWindow = 8 << 20

var codings = map[string]*sync.Pool{
	"gzip":   gzipReaders,
	"x-gzip": gzipReaders, // RFC 9110, section 8.4.1.3
	"br":     {New: func() any { return brotli.NewReader(nil) }},
	"zstd": {New: func() any {
		r, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxZstdWindow), zstd.WithDecoderLowmem(true))
		if err != nil {
			panic(err) // the options are constant
		}
		return r
	}},
}

var gzipReaders = &sync.Pool{New: func() any { return new(gzip.Reader) }}

// decoder writes to next what is written to it compressed.
//
// The libraries read, while a response is written. So the reading end runs as
// a coroutine, which is resumed by each Write and goes to sleep when it has
// used up the bytes: in lockstep, without a goroutine of its own.
type decoder struct {
	next   io.WriteCloser
	coding string
	resume func() (struct{}, bool)
	stop   func()
	yield  func(struct{}) bool

	in    []byte // what has been written and not yet read
	began bool
	ended bool  // nothing more will be written
	done  bool  // the coroutine has returned
	err   error // of the coroutine
}

func newDecoder(coding string, next io.WriteCloser) *decoder {
	d := &decoder{next: next, coding: coding}
	d.resume, d.stop = iter.Pull(d.run)
	return d
}

// decodeError says that a body is not what its coding says.
type decodeError struct {
	coding string
	err    error
}

func (e *decodeError) Error() string {
	return "decoding the body from " + e.coding + ": " + e.err.Error()
}
func (e *decodeError) Unwrap() error { return e.err }

var errTrailingData = errors.New("there is data after its end")

// run is the coroutine.
func (d *decoder) run(yield func(struct{}) bool) {
	d.yield = yield
	pool := codings[d.coding]
	r := pool.Get().(decompressor)
	if err := r.Reset(d); err != nil {
		d.err = &decodeError{d.coding, err}
	} else {
		d.err = d.copy(r)
	}
	d.done = true
	if d.err == nil {
		pool.Put(r)
	}
}

func (d *decoder) copy(r io.Reader) error {
	c := chunks.Get().(*chunk)
	defer chunks.Put(c)
	for {
		n, err := r.Read(c.data[:])
		if n > 0 {
			if _, err := d.next.Write(c.data[:n]); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		} else if err != nil {
			return &decodeError{d.coding, err}
		}
	}
}

// Read gives the coroutine what has been written.
func (d *decoder) Read(p []byte) (int, error) {
	if err := d.wait(); err != nil {
		return 0, err
	}
	n := copy(p, d.in)
	d.in = d.in[n:]
	return n, nil
}

// ReadByte saves gzip from reading ahead.
func (d *decoder) ReadByte() (byte, error) {
	if err := d.wait(); err != nil {
		return 0, err
	}
	b := d.in[0]
	d.in = d.in[1:]
	return b, nil
}

// wait sleeps until there is something to read.
func (d *decoder) wait() error {
	for len(d.in) == 0 {
		if d.ended {
			return io.EOF
		}
		if !d.yield(struct{}{}) {
			return io.ErrClosedPipe
		}
	}
	return nil
}

// Write implements io.Writer.
func (d *decoder) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	d.began = true
	d.in = p
	if !d.done {
		d.resume()
	}
	switch {
	case d.err != nil:
		return 0, d.err
	case len(d.in) > 0:
		return 0, &decodeError{d.coding, errTrailingData}
	}
	return len(p), nil
}

// Close fails if the compressed body is not complete.
func (d *decoder) Close() error {
	d.ended = true
	if d.began && !d.done { // an empty body is empty in every coding
		d.resume()
	}
	if d.err != nil {
		return d.err
	}
	return d.next.Close()
}

// release ends the coroutine, wherever it is.
func (d *decoder) release() { d.stop() }
