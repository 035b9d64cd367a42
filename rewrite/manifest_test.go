package rewrite

import (
	"bytes"
	"net/url"
	"strings"
	"testing"
)

// A signature as CloudFront has it; both '&' need care in XML.
const testQuery = "Expires=1&Signature=a-b_c~&Key-Pair-Id=K"

var testParams = []string{"Expires", "Policy", "Signature", "Key-Pair-Id", "Hash-Algorithm"}

// signTest signs every link but those that say they are public, and those that
// are signed.
func signTest(links []Link) {
	for i := range links {
		l := &links[i]
		switch {
		case strings.Contains(l.URL, "public"):
		case strings.Contains(l.URL, testQuery):
		case strings.Contains(l.URL, "Signature=old"):
			l.Strip, l.Query = true, testQuery
		default:
			l.Query = testQuery
		}
	}
}

func newTest(t testing.TB, c Config) *Rewriter {
	t.Helper()
	c.Params = testParams
	rw, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return rw
}

// manifestTest is a manifest and what becomes of it.
type manifestTest struct {
	base, name string
	in, want   string         // "=" for the same
	urls       []string       // as offered; "*" in front of a template
	left       map[Reason]int // but for the unsigned
}

// In tests SIG stands for the signature, CDN for the CDN.
var expandTest = strings.NewReplacer("&SIG", "&"+testQuery, "?SIG", "?"+testQuery, "CDN", "https://cdn.example.com")

// site is an app whose /assets/ are moved to the CDN.
var site = Config{
	Hosts: []string{"cdn.example.com"},
	Maps: []Map{
		{From: "/assets/", To: "https://cdn.example.com/x/"},
		{From: "/assets/deep/er/", To: "https://cdn.example.com/y/"},
	},
}

func parseURL(t testing.TB, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

type manifestRun struct {
	out  string
	urls []string
	left Left
}

func runManifest(t testing.TB, rw *Rewriter, f Format, base, in string, chunk int) (r manifestRun) {
	t.Helper()
	var out bytes.Buffer
	w := rw.Writer(&out, Options{Format: f, Base: parseURL(t, base), Sign: func(links []Link) {
		for _, l := range links {
			url := strings.Clone(l.URL)
			if l.Template {
				url = "*" + url
			}
			r.urls = append(r.urls, url)
		}
		signTest(links)
	}})
	for rest := in; len(rest) > 0; {
		n := min(chunk, len(rest))
		if _, err := w.Write([]byte(rest[:n])); err != nil {
			t.Fatal(err)
		}
		rest = rest[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r.left = w.Left()
	if n := strings.Count(out.String(), "Signature="); !strings.Contains(in, "Signature=") && n != w.Links() {
		t.Errorf("chunks of %d: Links() = %d, %d in the output", chunk, w.Links(), n)
	}
	w.Release()
	r.out = out.String()
	return r
}

// checkManifest runs the test with every chunk size, and twice.
func checkManifest(t *testing.T, f Format, c Config, tt manifestTest) {
	t.Helper()
	rw := newTest(t, c)
	in, want := expandTest.Replace(tt.in), expandTest.Replace(tt.want)
	if f == DASH {
		sig := strings.ReplaceAll(testQuery, "&", "&amp;")
		want = strings.NewReplacer("?"+testQuery, "?"+sig, "&"+testQuery, "&amp;"+sig, "?CSIG", "?"+testQuery, "&CSIG", "&"+testQuery).Replace(want)
	}
	if tt.want == "=" {
		want = in
	}
	for chunk := len(in); chunk > 0; chunk-- {
		got := runManifest(t, rw, f, tt.base, in, chunk)
		if got.out != want {
			t.Fatalf("chunks of %d:\n got %q\nwant %q", chunk, got.out, want)
		}
		if tt.urls != nil && strings.Join(got.urls, " ") != expandTest.Replace(strings.Join(tt.urls, " ")) {
			t.Fatalf("chunks of %d: offered %q, want %q", chunk, got.urls, tt.urls)
		}
		for why := LeftUnsigned + 1; why < reasons; why++ {
			if got.left[why] != tt.left[why] {
				t.Fatalf("chunks of %d: %d left as %v, want %d", chunk, got.left[why], why, tt.left[why])
			}
		}
	}
	if again := runManifest(t, rw, f, tt.base, want, len(want)); again.out != want {
		t.Errorf("second pass:\n got %q\nwant %q", again.out, want)
	}
}
