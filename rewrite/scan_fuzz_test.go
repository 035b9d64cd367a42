package rewrite

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
)

var scanFormats = []Format{HTML, XHTML, CSS, JavaScript, JSON, XML, Text, VTT}

// FuzzScan holds the scanner to what must be true of any body: where it is cut
// changes nothing, only queries and prefixes are inserted, and a second pass
// changes nothing more.
func FuzzScan(f *testing.F) {
	for _, c := range scanCases {
		for i, format := range scanFormats {
			if c.format == format {
				f.Add(uint8(i), []byte(c.input()), uint64(len(c.in)))
			}
		}
	}
	rw := testRewriter(f)
	f.Fuzz(func(t *testing.T, format uint8, body []byte, seed uint64) {
		kind := scanFormats[int(format)%len(scanFormats)]
		out := rewriteChunks(t, rw, kind, string(body), len(body)+1)
		random := rand.New(rand.NewPCG(seed, 1))
		if cut := rewriteRandomly(t, rw, kind, body, random); cut != out {
			t.Fatalf("whole: %q\n  cut: %q", out, cut)
		}
		if again := rewriteChunks(t, rw, kind, out, len(out)+1); again != out {
			t.Fatalf(" once: %q\ntwice: %q", out, again)
		}
		for _, p := range scanParams {
			if bytes.Contains(body, []byte(p)) {
				return // a signature may have been taken off
			}
		}
		if !insertedOnly(string(body), out) {
			t.Fatalf("body: %q\n out: %q", body, out)
		}
	})
}

func rewriteRandomly(t testing.TB, rw *Rewriter, f Format, body []byte, random *rand.Rand) string {
	t.Helper()
	var out bytes.Buffer
	w := rw.Writer(&out, Options{Format: f, Base: testBase, Sign: signAll})
	defer w.Release()
	for len(body) > 0 {
		n := min(len(body), 1+random.IntN(1<<random.IntN(12)))
		if _, err := w.Write(body[:n]); err != nil {
			t.Fatal(err)
		}
		body = body[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// insertedOnly reports whether out is body but for inserted queries and the
// prefixes of mapped links.
func insertedOnly(body, out string) bool {
	type position struct{ body, out int }
	seen := map[position]bool{}
	open := []position{{0, 0}}
	for len(open) > 0 {
		p := open[len(open)-1]
		open = open[:len(open)-1]
		if seen[p] {
			continue
		}
		seen[p] = true
		rest, ahead := body[p.body:], out[p.out:]
		if rest == ahead {
			return true
		}
		if rest != "" && ahead != "" && rest[0] == ahead[0] {
			open = append(open, position{p.body + 1, p.out + 1})
		}
		for _, q := range insertions {
			if strings.HasPrefix(ahead, q) {
				open = append(open, position{p.body, p.out + len(q)})
			}
		}
		for to, froms := range mappings {
			for _, from := range froms {
				if end, ok := startsWith([]byte(rest), 0, from, true, true); ok && strings.HasPrefix(ahead, to) {
					open = append(open, position{p.body + end, p.out + len(to)})
				}
			}
		}
	}
	return false
}

var insertions = func() (all []string) {
	for _, q := range []string{scanQuery, strings.ReplaceAll(scanQuery, "&", "&amp;")} {
		all = append(all, q, "?"+q, "&"+q, "&amp;"+q)
	}
	return
}()

var mappings = map[string][]string{
	"https://cdn.example.com/m/": {"/assets/", "https://site.example/assets/", "http://site.example/assets/", "//site.example/assets/"},
	"https://cdn.example.com/i/": {"/assets/img/", "https://site.example/assets/img/", "http://site.example/assets/img/", "//site.example/assets/img/"},
}
