package cloudfront

import (
	"io"
	"sync"
	"sync/atomic"
)

// chunk is a piece of a buffer: twice as long as what reverse_proxy copies at
// once, so that it mostly has room for that with its signatures.
type chunk struct {
	n    int
	data [64 << 10]byte
}

const chunkSize = int64(len(chunk{}.data))

var (
	chunks = sync.Pool{New: func() any { return new(chunk) }}

	// held is the size of all chunks that hold responses back.
	held atomic.Int64
)

// buffer holds a part of a body in pooled chunks.
type buffer struct {
	chunks  []*chunk
	size    int
	charged int64 // what it added to held
}

// hold adds p, if that takes held to no more than limit.
func (b *buffer) hold(p []byte, limit int64) bool {
	if missing := len(p) - b.room(); missing > 0 {
		n := (int64(missing) + chunkSize - 1) / chunkSize
		if held.Add(n*chunkSize) > limit {
			held.Add(-n * chunkSize)
			return false
		}
		b.charged += n * chunkSize
	}
	for len(p) > 0 {
		if b.room() == 0 {
			b.grow()
		}
		p = p[b.fill(p):]
	}
	return true
}

// fill adds what there is room for and returns its length. An empty buffer
// has room for one chunk.
func (b *buffer) fill(p []byte) int {
	if len(b.chunks) == 0 {
		b.grow()
	}
	last := b.chunks[len(b.chunks)-1]
	n := copy(last.data[last.n:], p)
	last.n += n
	b.size += n
	return n
}

func (b *buffer) room() int {
	if len(b.chunks) == 0 {
		return 0
	}
	last := b.chunks[len(b.chunks)-1]
	return len(last.data) - last.n
}

func (b *buffer) grow() {
	c := chunks.Get().(*chunk)
	c.n = 0
	b.chunks = append(b.chunks, c)
}

// writeTo writes everything to w and stops counting what is written. One chunk
// stays for what comes next.
func (b *buffer) writeTo(w io.Writer) error {
	for len(b.chunks) > 0 {
		c := b.chunks[0]
		if c.n > 0 {
			if _, err := w.Write(c.data[:c.n]); err != nil {
				return err
			}
		}
		b.size -= c.n
		c.n = 0
		if len(b.chunks) == 1 {
			break
		}
		chunks.Put(c)
		b.chunks = b.chunks[1:]
		b.discharge(min(chunkSize, b.charged))
	}
	b.discharge(b.charged)
	return nil
}

func (b *buffer) discharge(n int64) {
	held.Add(-n)
	b.charged -= n
}

// release gives all chunks back.
func (b *buffer) release() {
	b.discharge(b.charged)
	for _, c := range b.chunks {
		chunks.Put(c)
	}
	*b = buffer{}
}
