package cloudfront

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// compress encodes text in a content coding.
func compress(coding, text string) string {
	var b bytes.Buffer
	w := encoder(coding, &b)
	io.WriteString(w, text)
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.String()
}

func encoder(coding string, dst io.Writer) io.WriteCloser {
	switch coding {
	case "gzip", "x-gzip":
		return gzip.NewWriter(dst)
	case "br":
		return brotli.NewWriter(dst)
	case "zstd":
		w, err := zstd.NewWriter(dst)
		if err != nil {
			panic(err)
		}
		return w
	}
	panic("no encoder for " + coding)
}

// sink keeps what it is given and remembers being closed.
type sink struct {
	bytes.Buffer
	closed bool
}

func (s *sink) Close() error { s.closed = true; return nil }

// decode writes body to a decoder in pieces.
func decode(coding, body string, piece int) (*sink, error) {
	s := new(sink)
	d := newDecoder(coding, s)
	defer d.release()
	for rest := body; len(rest) > 0; {
		n := min(piece, len(rest))
		if _, err := io.WriteString(d, rest[:n]); err != nil {
			return s, err
		}
		rest = rest[n:]
	}
	return s, d.Close()
}

var codingNames = []string{"gzip", "x-gzip", "br", "zstd"}

func TestDecoder(t *testing.T) {
	text := strings.Repeat("all work and no play makes jack a dull boy\n", 500)
	random := make([]byte, 100_000)
	rand.NewChaCha8([32]byte{}).Read(random)
	for _, coding := range codingNames {
		t.Run(coding, func(t *testing.T) {
			for name, body := range map[string]string{"text": text, "random": string(random), "one byte": "x", "empty": ""} {
				encoded := compress(coding, body)
				for _, piece := range []int{1, 7, 4096, len(encoded)} {
					got, err := decode(coding, encoded, piece)
					if err != nil || got.String() != body || !got.closed {
						t.Fatalf("%s in pieces of %d: %d bytes of %d, %v", name, piece, got.Len(), len(body), err)
					}
				}
			}

			encoded := compress(coding, text)
			for cut := 1; cut < len(encoded); cut++ {
				if got, err := decode(coding, encoded[:cut], 13); err == nil || got.closed {
					t.Fatalf("cut off after %d of %d bytes: taken for complete", cut, len(encoded))
				}
			}
			if _, err := decode(coding, "this is not compressed at all, whatever it says", 13); err == nil {
				t.Error("plain text is taken for compressed")
			}
			if got, err := decode(coding, "", 1); err != nil || got.Len() > 0 {
				t.Errorf("no bytes at all: %q, %v", got, err)
			}
		})
	}
}

// TestDecoderMembers decodes several members and frames in a row (RFC 1952,
// section 2.2; RFC 8878, section 3.1).
func TestDecoderMembers(t *testing.T) {
	for _, coding := range []string{"gzip", "zstd"} {
		two := compress(coding, "one ") + compress(coding, "two")
		if got, err := decode(coding, two, 5); err != nil || got.String() != "one two" {
			t.Errorf("%s: got %q, %v", coding, got, err)
		}
	}
}

// TestDecoderFlush decodes at once what the sender has flushed.
func TestDecoderFlush(t *testing.T) {
	for _, coding := range codingNames {
		var b bytes.Buffer
		w := encoder(coding, &b)
		s := new(sink)
		d := newDecoder(coding, s)
		for _, part := range []string{"first ", "second ", "third"} {
			io.WriteString(w, part)
			if err := w.(interface{ Flush() error }).Flush(); err != nil {
				t.Fatal(err)
			}
			if _, err := d.Write(b.Bytes()); err != nil {
				t.Fatal(err)
			}
			b.Reset()
			if got := s.String(); !strings.HasSuffix(got, part) {
				t.Errorf("%s: got %q, not yet %q", coding, got, part)
			}
		}
		d.release()
	}
}

func TestDecoderPassesErrorsOn(t *testing.T) {
	full := errors.New("disk full")
	d := newDecoder("gzip", failing{full})
	defer d.release()
	io.WriteString(d, compress("gzip", "text")) // may wait for another member
	if err := d.Close(); !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
func (f failing) Close() error              { return f.err }

// TestDecoderBomb decodes far more than it may keep.
func TestDecoderBomb(t *testing.T) {
	const size = 64 << 20
	for _, coding := range []string{"gzip", "br", "zstd"} {
		var b bytes.Buffer
		w := encoder(coding, &b)
		zeros := make([]byte, 1<<20)
		for range size / len(zeros) {
			w.Write(zeros)
		}
		w.Close()
		if b.Len() > size/300 {
			t.Fatalf("%s: %d bytes are no bomb", coding, b.Len())
		}

		var before, during runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		counter := &counting{}
		d := newDecoder(coding, counter)
		if _, err := d.Write(b.Bytes()); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&during)
		if err := d.Close(); err != nil || counter.n != size {
			t.Errorf("%s: %d bytes, %v", coding, counter.n, err)
		}
		d.release()
		if grown := during.TotalAlloc - before.TotalAlloc; grown > size/4 {
			t.Errorf("%s: decoding %d MiB allocated %d MiB", coding, size>>20, grown>>20)
		}
	}
}

type counting struct{ n int }

func (c *counting) Write(p []byte) (int, error) { c.n += len(p); return len(p), nil }
func (c *counting) Close() error                { return nil }

func TestContentCoding(t *testing.T) {
	for _, test := range []struct {
		fields    []string
		want      string
		decodable bool
	}{
		{nil, "", false},
		{[]string{"identity"}, "", false},
		{[]string{"GZIP"}, "gzip", true},
		{[]string{"br"}, "br", true},
		{[]string{"zstd"}, "zstd", true},
		{[]string{"x-gzip"}, "x-gzip", true},
		{[]string{"deflate"}, "deflate", false},
		{[]string{"gzip, br"}, "gzip, br", false},
		{[]string{"gzip", "br"}, "gzip,br", false},
	} {
		got := contentCoding(map[string][]string{"Content-Encoding": test.fields})
		if got != test.want || decodable(got) != test.decodable {
			t.Errorf("%q: got %q, decodable %v", test.fields, got, decodable(got))
		}
	}
}
