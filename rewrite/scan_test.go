package rewrite

import (
	"bytes"
	"net/url"
	"strings"
	"testing"
)

// Cases are written with these abbreviations.
var abbreviations = strings.NewReplacer(
	"[H]", "https://cdn.example.com", // a configured host
	"[J]", `https:\/\/cdn.example.com`, // the same in JSON
	"[S]", scanQuery, // what the callback answers
	"[A]", strings.ReplaceAll(scanQuery, "&", "&amp;"), // the same in XML
	"[M]", "https://cdn.example.com/m/", // where /assets/ is mapped to
)

const scanQuery = "Expires=1767225600&Signature=aB-c~d_&Key-Pair-Id=K2JCJMDEHXQW5F"

var scanParams = []string{"Expires", "Policy", "Signature", "Key-Pair-Id", "Hash-Algorithm"}

// same stands for "the body is not changed".
const same = "="

type scanCase struct {
	name, in, want string
	format         Format
}

func (c scanCase) input() string { return abbreviations.Replace(c.in) }

func (c scanCase) output() string {
	if c.want == same {
		return c.input()
	}
	return abbreviations.Replace(c.want)
}

func testRewriter(t testing.TB) *Rewriter {
	t.Helper()
	rw, err := New(Config{
		Hosts:  []string{"cdn.example.com", "localhost:8082"},
		Maps:   []Map{{"/assets/", "https://cdn.example.com/m/"}, {"/assets/img/", "https://cdn.example.com/i/"}},
		Params: scanParams,
	})
	if err != nil {
		t.Fatal(err)
	}
	return rw
}

// signAll answers every link alike.
func signAll(links []Link) {
	for i := range links {
		links[i].Query, links[i].Strip = scanQuery, true
	}
}

var testBase = &url.URL{Scheme: "https", Host: "site.example", Path: "/dir/page.html"}

// rewriteChunks rewrites body in Writes of size bytes.
func rewriteChunks(t testing.TB, rw *Rewriter, f Format, body string, size int) string {
	t.Helper()
	var out bytes.Buffer
	w := rw.Writer(&out, Options{Format: f, Base: testBase, Sign: signAll})
	defer w.Release()
	for len(body) > 0 {
		n := min(size, len(body))
		if _, err := w.Write([]byte(body[:n])); err != nil {
			t.Fatal(err)
		}
		body = body[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestCases(t *testing.T) {
	rw := testRewriter(t)
	for _, c := range scanCases {
		t.Run(c.name, func(t *testing.T) {
			in, want := c.input(), c.output()
			for size := len(in); size > 0; size-- {
				if got := rewriteChunks(t, rw, c.format, in, size); got != want {
					t.Fatalf("in Writes of %d bytes\n  body %s\n   got %s\n  want %s", size, in, got, want)
				}
			}
			if again := rewriteChunks(t, rw, c.format, want, len(want)); again != want {
				t.Errorf("a second time\n  body %s\n   got %s", want, again)
			}
		})
	}
}
