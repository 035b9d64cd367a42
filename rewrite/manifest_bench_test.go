package rewrite

import (
	"fmt"
	"io"
	"strings"
	"testing"
)

// A query as long as that of a canned policy under an RSA key.
var benchQuery = "Expires=1767225600&Signature=" + strings.Repeat("a", 344) + "&Key-Pair-Id=K2JCJMDEHXQW5F"

func benchmarkManifest(b *testing.B, f Format, base, in string, links int) {
	rw := newTest(b, site)
	o := Options{Format: f, Base: parseURL(b, base), Sign: func(links []Link) {
		for i := range links {
			links[i].Query = benchQuery
		}
	}}
	body := []byte(in)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		w := rw.Writer(io.Discard, o)
		for rest := body; len(rest) > 0; {
			n := min(32<<10, len(rest))
			if _, err := w.Write(rest[:n]); err != nil {
				b.Fatal(err)
			}
			rest = rest[n:]
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
		if w.Links() != links {
			b.Fatalf("%d links, want %d", w.Links(), links)
		}
		w.Release()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*links), "ns/link")
}

func benchPlaylist(prefix string, segments int) string {
	var b strings.Builder
	b.WriteString("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:6\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-MAP:URI=\"" + prefix + "init.mp4\"\n")
	for i := range segments {
		fmt.Fprintf(&b, "#EXTINF:6.000000,\n%svideo/1080p/segment-%05d.m4s\n", prefix, i)
	}
	b.WriteString("#EXT-X-ENDLIST\n")
	return b.String()
}

func BenchmarkHLS(b *testing.B) {
	for _, segments := range []int{10, 200, 2000} {
		b.Run(fmt.Sprintf("absolute/%d", segments), func(b *testing.B) {
			benchmarkManifest(b, HLS, otherManifest, benchPlaylist("https://cdn.example.com/movies/one/", segments), segments+1)
		})
		b.Run(fmt.Sprintf("mapped/%d", segments), func(b *testing.B) {
			benchmarkManifest(b, HLS, mappedManifest, benchPlaylist("", segments), segments+1)
		})
	}
}

func BenchmarkDASH(b *testing.B) {
	const segments = 2000
	list := func(prefix string) string {
		var b strings.Builder
		b.WriteString("<?xml version=\"1.0\"?>\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\"><Period><AdaptationSet><Representation id=\"v\"><BaseURL>" + prefix + "</BaseURL><SegmentList duration=\"6\">\n")
		for i := range segments {
			fmt.Fprintf(&b, "        <SegmentURL media=\"video/1080p/segment-%05d.m4s\"/>\n", i)
		}
		b.WriteString("</SegmentList></Representation></AdaptationSet></Period></MPD>\n")
		return b.String()
	}
	b.Run("below a BaseURL", func(b *testing.B) {
		benchmarkManifest(b, DASH, otherManifest, list("https://cdn.example.com/movies/one/"), segments)
	})
	b.Run("mapped", func(b *testing.B) {
		benchmarkManifest(b, DASH, mappedManifest, list("one/"), segments)
	})
	b.Run("timeline", func(b *testing.B) {
		timeline := strings.Repeat("          <S t=\"123456\" d=\"540000\" r=\"3\"/>\n", 2000)
		in := `<MPD><Period><AdaptationSet><SegmentTemplate media="$RepresentationID$/$Time$.m4s"><SegmentTimeline>` + timeline + `</SegmentTimeline></SegmentTemplate><Representation id="v"/></AdaptationSet></Period></MPD>`
		benchmarkManifest(b, DASH, cdnManifest, in, 1)
	})
}
