package rewrite

import (
	"io"
	"strings"
	"testing"
	"time"
)

// TestAllocations writes page after page through warm Writers.
func TestAllocations(t *testing.T) {
	rw, err := New(Config{Hosts: []string{"cdn.example.com"}, Params: scanParams})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []Format{HTML, CSS, JavaScript, JSON, XML} {
		for _, links := range []int{0, 200} {
			body := []byte(corpus(f, 3*maxHistory, links, "cdn.example.com"))
			w := rw.Writer(io.Discard, Options{Format: f, Sign: signAll})
			write := func() {
				for rest := body; len(rest) > 0; rest = rest[min(pieceSize, len(rest)):] {
					w.Write(rest[:min(pieceSize, len(rest))])
				}
			}
			write()
			if n := testing.AllocsPerRun(3, write); n != 0 {
				t.Errorf("format %d, %d links per 100 KB: %v allocations per body", f, links, n)
			}
			w.Release()
		}
	}
}

// TestLinear holds that four times the body is about four times the work. A scanner
// that reads again what it has read needs sixteen times as much; the best of
// several runs tells these apart on a busy machine too.
func TestLinear(t *testing.T) {
	if testing.Short() {
		t.Skip("rewrites some 100 MB")
	}
	type body struct {
		format Format
		unit   string
		size   int
	}
	bodies := map[string]body{
		"one line of HTML": {HTML, strings.ReplaceAll(corpus(HTML, 100_000, 20, "cdn.example.com"), "\n", " "), 20 << 20},
		"one line of JSON": {JSON, corpus(JSON, 100_000, 20, "cdn.example.com"), 20 << 20},
		"one line of CSS":  {CSS, strings.ReplaceAll(corpus(CSS, 100_000, 20, "cdn.example.com"), "\n", " "), 20 << 20},
		"unclosed meta":    {HTML, "<meta ", 20 << 20},
	}
	for name, unit := range hostile {
		bodies[name] = body{HTML, unit, 2 << 20}
	}
	rw := testRewriter(t)
	for name, b := range bodies {
		t.Run(name, func(t *testing.T) {
			text := []byte(strings.Repeat(b.unit, b.size/len(b.unit)))
			rewriting := func(text []byte) time.Duration {
				start := time.Now()
				w := rw.Writer(io.Discard, Options{Format: b.format, Base: testBase, Sign: signAll})
				defer w.Release()
				w.Write(text)
				w.Close()
				return time.Since(start)
			}
			part, whole := time.Hour, time.Hour
			for range 10 {
				part, whole = min(part, rewriting(text[:len(text)/4])), min(whole, rewriting(text))
				if whole < 10*part {
					return
				}
			}
			t.Errorf("%v for a quarter of the body, %v for all of it", part, whole)
		})
	}
}
