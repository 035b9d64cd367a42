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

// TestLongBodies cuts bodies that are longer than what the scanner keeps.
func TestLongBodies(t *testing.T) {
	rw, err := New(Config{Hosts: []string{"cdn.example.com", "static.site.com"}, Params: scanParams})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []Format{HTML, CSS, JavaScript, JSON, XML} {
		for _, links := range []int{1, 40, 600} {
			body := corpus(f, 3*maxHistory, links, "cdn.example.com", "static.site.com")
			want := rewriteChunks(t, rw, f, body, len(body))
			if !insertedOnly(body, want) || strings.Count(want, "Signature=") < links {
				t.Errorf("format %d, %d links per 100 KB: %d signed in %d bytes", f, links, strings.Count(want, "Signature="), len(body))
			}
			for _, size := range []int{997, pieceSize + 1} {
				if got := rewriteChunks(t, rw, f, body, size); got != want {
					t.Errorf("format %d, %d links per 100 KB: Writes of %d bytes differ", f, links, size)
				}
			}
			if again := rewriteChunks(t, rw, f, want, len(want)); again != want {
				t.Errorf("format %d, %d links per 100 KB: a second time differs", f, links)
			}
		}
	}
}

// TestScriptFarAway has a script begin long before the only link in it.
func TestScriptFarAway(t *testing.T) {
	rw := testRewriter(t)
	filler := strings.Repeat(`{"a":"<b>"},`, 3*maxHistory/12)
	for _, c := range []struct{ open, close string }{
		{`<script>[` + filler, `]</script>`},
		{`<style>` + strings.Repeat("a{b:c}", maxHistory), `</style>`},
	} {
		body := c.open + `"https://cdn.example.com/a.js"` + c.close + `<p>"https://cdn.example.com/b.js"`
		want := c.open + `"https://cdn.example.com/a.js?` + scanQuery + `"` + c.close + `<p>"https://cdn.example.com/b.js"`
		for _, size := range []int{1000, len(body)} {
			if got := rewriteChunks(t, rw, HTML, body, size); got != want {
				t.Errorf("Writes of %d bytes: want the script's link signed, got …%q", size, got[len(c.open):])
			}
		}
	}
}

// TestMarksCutInTwo has the end of a comment and of CDATA fall on every place where
// the scanner may drop what it has read.
func TestMarksCutInTwo(t *testing.T) {
	rw := testRewriter(t)
	for _, c := range []struct {
		format      Format
		open, close string
	}{
		{HTML, "<!--", "--><script>a='https://cdn.example.com/a.js'"},
		{XML, "<![CDATA[", "]]><l>https://cdn.example.com/a?x=1</l>"},
		{HTML, "<script>", "</script><p>'https://cdn.example.com/a.js'"},
	} {
		rewritten := func(filler int) string {
			body := c.open + strings.Repeat(" ", filler) + c.close + strings.Repeat(" ", maxHistory+pieceSize)
			return strings.TrimSpace(rewriteChunks(t, rw, c.format, body, pieceSize)[len(c.open):])
		}
		want := rewritten(1)
		for shift := range 12 {
			if got := rewritten(maxHistory + shift); got != want {
				t.Errorf("%s with %d bytes more: %.90q, want %.90q", c.open, shift, got, want)
			}
		}
	}
}

func TestLeft(t *testing.T) {
	rw := testRewriter(t)
	for _, c := range []struct {
		format Format
		body   string
		want   Reason
	}{
		{HTML, `<img src="[H]/unsigned.jpg">`, LeftUnsigned},
		{HTML, `<p>[H]/a.jpg</p>`, LeftText},
		{HTML, `<input value="[H]/a.jpg">`, LeftText},
		{HTML, `<link rel=canonical href="[H]/a">`, LeftReference},
		{XML, `<guid>[H]/a</guid>`, LeftReference},
		{JavaScript, `a="[H]/a/"+b`, LeftPrefix},
		{JavaScript, "a=`[H]/a/${b}`", LeftTemplate},
		{JSON, `["[H]/a/*"]`, LeftTemplate},
		{JSON, `["[H]/a b"]`, LeftAmbiguous},
		{HTML, `<img src="[H]/` + strings.Repeat("a", maxLink) + `">`, LeftTooLong},
		{JSON, `["[H]/` + strings.Repeat("a", maxLink) + `"]`, LeftTooLong},
	} {
		body := abbreviations.Replace(c.body)
		for _, size := range []int{1, 10, len(body)} {
			var out bytes.Buffer
			w := rw.Writer(&out, Options{Format: c.format, Sign: func(links []Link) {
				for i := range links {
					if !strings.Contains(links[i].URL, "unsigned") {
						links[i].Query = scanQuery
					}
				}
			}})
			for rest := body; rest != ""; rest = rest[min(size, len(rest)):] {
				w.Write([]byte(rest[:min(size, len(rest))]))
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			var want Left
			want[c.want] = 1
			if w.Left() != want || w.Links() != 0 || out.String() != body {
				t.Errorf("%.60s in Writes of %d bytes: %d changed, left %v; want 1 left as %v", c.body, size, w.Links(), w.Left(), c.want)
			}
			w.Release()
		}
	}
}

// TestURLs holds what the callback is given to what a browser would make of it.
func TestURLs(t *testing.T) {
	rw := testRewriter(t)
	for _, c := range []struct {
		format     Format
		body, want string
	}{
		{HTML, `<img src="[H]/a.jpg?w=1&amp;h=2#f">`, "[H]/a.jpg?w=1&h=2#f"},
		{HTML, `<img src=" [H]/my photo.jpg ">`, "[H]/my photo.jpg"},
		{HTML, `<img src="//cdn.example.com/&uuml;&#39;.jpg">`, "//cdn.example.com/ü'.jpg"},
		{HTML, `<img src="/assets/a.jpg?x">`, "[M]a.jpg?x"},
		{JSON, `["https:\/\/cdn.example.com\/\u00fc\ud83d\ude00?a\u0026b"]`, "[H]/ü😀?a&b"},
		{JSON, `["https:\u002F\u002Fsite.example\u002fassets\u002fimg\/a"]`, "https://cdn.example.com/i/a"},
		{XML, `<d>&lt;img src="[H]/a?b&amp;amp;c"></d>`, "[H]/a?b&c"},
		{JavaScript, `a="[H]/a?b\x26c"`, "[H]/a?b&c"},
	} {
		var got []string
		w := rw.Writer(&bytes.Buffer{}, Options{Format: c.format, Base: testBase, Sign: func(links []Link) {
			for _, l := range links {
				got = append(got, strings.Clone(l.URL))
			}
		}})
		w.Write([]byte(abbreviations.Replace(c.body)))
		w.Close()
		w.Release()
		if want := abbreviations.Replace(c.want); len(got) != 1 || got[0] != want {
			t.Errorf("%s offers %q, want %q", c.body, got, want)
		}
	}
}

// TestBatch holds that one Write makes one call.
func TestBatch(t *testing.T) {
	rw := testRewriter(t)
	calls, links := 0, 0
	w := rw.Writer(&bytes.Buffer{}, Options{Format: HTML, Sign: func(l []Link) {
		calls, links = calls+1, links+len(l)
	}})
	defer w.Release()
	w.Write([]byte(strings.Repeat(`<img src="https://cdn.example.com/a.jpg">`, 100)))
	if calls != 1 || links != 100 {
		t.Errorf("%d calls with %d links, want 1 with 100", calls, links)
	}
}

// TestHoldBack tells what is sent with the Write that brought it.
func TestHoldBack(t *testing.T) {
	rw := testRewriter(t)
	for _, c := range []struct {
		format     Format
		body, sent string
	}{
		{JSON, "data: {\"u\":\"[H]/a\"}\n\n", "data: {\"u\":\"[H]/a?[S]\"}\n\n"},
		{JSON, "data: [H]/a\n\n", "data: [H]/a?[S]\n\n"},
		{JSON, "data: [H]/a", "data: "},
		{JSON, `{"u":"\/assets\/a"}` + "\n", `{"u":"[M]a?[S]"}` + "\n"},
		{JSON, `{"u":"\/ass`, `{"u":"`},
		{JSON, `{"u":"https:\/\/site.exa`, `{"u":"`},
		{JSON, `{"u":"https:\/\/site2`, `{"u":"https:\/\/site2`},
		{HTML, `<img src="/assets/a.jpg`, `<img src="`},
		{HTML, `<p>the /as`, `<p>the `},
		{HTML, `<p>the https://cdn.exampl`, `<p>the https://cdn.exampl`},
		{HTML, `<p>hello h`, `<p>hello `},
		{HTML, `<p>hello`, `<p>hello`},
	} {
		var out bytes.Buffer
		w := rw.Writer(&out, Options{Format: c.format, Base: testBase, Sign: signAll})
		w.Write([]byte(abbreviations.Replace(c.body)))
		if want := abbreviations.Replace(c.sent); out.String() != want {
			t.Errorf("%q: sent %q, want %q", c.body, out.String(), want)
		}
		w.Release()
	}
}

// TestBoundedMemory has a scanner read what it must not keep.
func TestBoundedMemory(t *testing.T) {
	rw := testRewriter(t)
	for name, unit := range hostile {
		for _, f := range scanFormats {
			w := rw.Writer(&bytes.Buffer{}, Options{Format: f, Base: testBase, Sign: signAll})
			piece := []byte(strings.Repeat(unit, 1+pieceSize/len(unit)))
			for range 6 {
				w.Write(piece)
			}
			if n := cap(w.engine.(*scanner).buf); n > 2*maxHistory+4*pieceSize {
				t.Errorf("%s as format %d: %d bytes kept", name, f, n)
			}
			w.Release()
		}
	}
}

// hostile are what repeated makes a scanner read again and again if it is naive.
var hostile = map[string]string{
	"host cut off":    "https://cdn.exampl",
	"host":            "cdn.example.com",
	"links in text":   "https://cdn.example.com/a ",
	"links in quotes": `"https://cdn.example.com/a" `,
	"links in tags":   `<a b="https://cdn.example.com/a"`,
	"links in a list": "//cdn.example.com/a,",
	"tags in quotes":  `<a b="//cdn.example.com/`,
	"map":             `"/assets/`,
	"ampersands":      "&&&&",
	"entities":        "&amp;",
	"backslashes":     `\`,
	"unicode":         `\u002f`,
	"quotes":          `"`,
	"apostrophes":     "'",
	"angles":          "<",
	"values":          `<a b="<img src='//cdn.example.com/a'>" `,
	"equals":          `b="<img src='//cdn.example.com/a'>`,
	"titles":          `<title>"//cdn.example.com/a"`,
	"raw in a value":  `<a b="<script><title>`,
	"spaces in a tag": "=" + strings.Repeat(" ", 500) + `"<style>`,
	"scripts":         "<script></script>",
	"comments":        "<!--",
	"sections":        "<![CDATA[",
	"brackets":        "(https://cdn.example.com/((",
	"meta":            `<meta content="https://cdn.example.com/a `,
	"punctuation":     "https://cdn.example.com/a" + strings.Repeat(")", 500),
	"spaces":          "https://cdn.example.com/a" + strings.Repeat(" ", 500),
}
