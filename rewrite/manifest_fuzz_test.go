package rewrite

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// FuzzHLS and FuzzDASH hold any input against what must always be true.
func FuzzHLS(f *testing.F)  { fuzzManifest(f, HLS, hlsTests()) }
func FuzzDASH(f *testing.F) { fuzzManifest(f, DASH, dashTests()) }

func fuzzManifest(f *testing.F, format Format, seeds []manifestTest) {
	for i, tt := range seeds {
		f.Add(expandTest.Replace(tt.in), uint64(i))
	}
	f.Fuzz(func(t *testing.T, in string, seed uint64) {
		checkAlways(t, format, in, rand.New(rand.NewPCG(seed, 0)))
	})
}

// TestRandomManifests does the same with manifests that make more sense.
func TestRandomManifests(t *testing.T) {
	for seed := range uint64(2000) {
		random := rand.New(rand.NewPCG(seed, 1))
		checkAlways(t, HLS, randomPlaylist(random), random)
		checkAlways(t, DASH, randomMPD(random), random)
		if t.Failed() {
			return
		}
	}
}

func checkAlways(t *testing.T, format Format, in string, random *rand.Rand) {
	t.Helper()
	rw := newTest(t, site)
	for _, base := range []string{mappedManifest, cdnManifest, otherManifest} {
		once := runManifest(t, rw, format, base, in, max(len(in), 1))
		chunk := 1 + random.IntN(len(in)+1)
		if got := runManifest(t, rw, format, base, in, chunk); got.out != once.out || got.left != once.left {
			t.Fatalf("%s, chunks of %d:\n got %q, left %v\nwant %q, left %v", base, chunk, got.out, got.left, once.out, once.left)
		}
		for _, url := range once.urls {
			if !strings.HasPrefix(strings.TrimLeft(url, "*htps:"), "//cdn.example.com/") {
				t.Fatalf("%s: offered %q", base, url)
			}
			if strings.HasPrefix(url, "*") && strings.Contains(url, "$") && !strings.Contains(in, "$$") {
				t.Fatalf("%s: offered %q", base, url)
			}
		}
		if twice := runManifest(t, rw, format, base, once.out, len(once.out)+1); twice.out != once.out {
			t.Fatalf("%s, second pass:\n got %q\nwant %q\n  in %q", base, twice.out, once.out, in)
		}
		checkInserted(t, newTest(t, Config{Hosts: site.Hosts}), format, base, in)
	}
}

func pick(random *rand.Rand, from ...string) string { return from[random.IntN(len(from))] }

func randomReference(random *rand.Rand) string {
	return pick(random, "", "", "", "https://cdn.example.com/", "//cdn.example.com/", "https://other.example.net/", "https://app.example.com/", "/assets/", "../", "../../", "./", "/") +
		pick(random, "", "a/", "a/../", "public/", "b.mp4", "c", "..", "%2e%2e/", "a:b/", ".") +
		pick(random, "", "", "x", "y/", "z.m4s", "*") +
		pick(random, "", "", "?q", "?q=1&", "?", "?Signature=old", "?a=1&Policy=0&Signature=old&b=2") +
		pick(random, "", "", "#f", "#t=1?2")
}

func randomPlaylist(random *rand.Rand) string {
	var b strings.Builder
	for range random.IntN(8) {
		b.WriteString(pick(random, "", "#EXT-X-KEY:METHOD=AES-128,URI=\"", "#EXT-X-MEDIA:NAME=\"a,URI=\",URI=\"", "#EXTINF:4,\n", " ", "#EXT-X-DATERANGE:X-ASSET-LIST=\"",
			"#EXT-X-DEFINE:NAME=\"p\",VALUE=\"", "{$p}", "{$p}/"))
		b.WriteString(randomReference(random))
		b.WriteString(pick(random, "\n", "\r\n", "\"\n", "\",URI=\"a\"\n", " \n"))
	}
	return b.String()
}

func randomMPD(random *rand.Rand) string {
	var b strings.Builder
	reference := func() string {
		return pick(random, "", "", "", "$Number$", "$RepresentationID$/", "$$") + strings.ReplaceAll(randomReference(random), "&", "&amp;")
	}
	var level func(depth int)
	level = func(depth int) {
		name := []string{"MPD", "Period", "AdaptationSet", "Representation"}[depth]
		b.WriteString("<" + name + ">")
		for range max(0, random.IntN(5)-2) {
			switch random.IntN(5) {
			case 0:
				b.WriteString("<BaseURL> <![CDATA[" + randomReference(random) + "]]></BaseURL>")
			default:
				b.WriteString("<BaseURL>" + reference() + pick(random, "", "/") + "</BaseURL>")
			}
		}
		if depth == 0 && random.IntN(3) == 0 {
			b.WriteString("<Location>" + reference() + "</Location>")
		}
		for range max(0, random.IntN(4)-1) {
			switch random.IntN(4) {
			case 0:
				b.WriteString("<SegmentTemplate media='" + reference() + "' initialization=\"" + reference() + "\"/>")
			case 1:
				b.WriteString("<SegmentList><Initialization sourceURL=\"" + reference() + "\"/><SegmentURL media=\"" + reference() + "\"/></SegmentList>")
			case 2:
				b.WriteString("<SegmentBase><Initialization range='0-1'/></SegmentBase>")
			}
		}
		if depth < 3 {
			for range random.IntN(3) {
				level(depth + 1)
			}
		}
		b.WriteString("</" + name + ">")
	}
	level(0)
	return b.String()
}

// checkInserted checks that the input comes back when what was inserted is taken
// out. The mark tells which separator stands in front of it.
func checkInserted(t *testing.T, rw *Rewriter, format Format, base, in string) {
	if strings.Contains(in, "~~") {
		return
	}
	out := rewriteMarked(t, rw, format, base, in)
	if got := strings.NewReplacer("?~~new~~", "", "&amp;~~more~~", "", "&~~more~~", "", "~~bare~~", "").Replace(out); got != in {
		t.Fatalf("%s, taken out again:\n got %q\nwant %q\n out %q", base, got, in, out)
	}
}

func rewriteMarked(t *testing.T, rw *Rewriter, format Format, base, in string) string {
	t.Helper()
	var out strings.Builder
	w := rw.Writer(&out, Options{Format: format, Base: parseURL(t, base), Sign: func(links []Link) {
		for i := range links {
			url, _, _ := strings.Cut(links[i].URL, "#")
			_, query, found := strings.Cut(url, "?")
			switch {
			case !found:
				links[i].Query = "~~new~~"
			case query == "" || strings.HasSuffix(query, "&"):
				links[i].Query = "~~bare~~"
			default:
				links[i].Query = "~~more~~"
			}
		}
	}})
	defer w.Release()
	if _, err := w.Write([]byte(in)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
