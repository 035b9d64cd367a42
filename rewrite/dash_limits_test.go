package rewrite

import (
	"io"
	"strings"
	"testing"
)

func TestDASHLimits(t *testing.T) {
	rw := newTest(t, site)
	const head, tail = `<MPD><Period><AdaptationSet>`, `</AdaptationSet></Period></MPD>`
	const representation = `<Representation><SegmentTemplate media="late"/></Representation>`
	for _, tt := range []struct {
		name, in     string
		signed, left int
		why          Reason
	}{
		{"tag", head + `<Label x="` + strings.Repeat("x", maxTag-100) + `"/>` + representation + tail, 1, 0, LeftTooLong},
		{"longer tag", head + `<Label x="` + strings.Repeat("x", maxTag) + `"/>` + representation + tail, 0, 1, LeftTooLong},
		{"text", head + strings.Repeat("x", 2*maxTag) + representation + tail, 1, 0, LeftTooLong},
		{"comment", head + `<!-- ` + strings.Repeat("- ->", maxTag) + ` -->` + representation + tail, 1, 0, LeftTooLong},
		{"white space around a URL", head + `<BaseURL>` + strings.Repeat(" ", maxContent-100) + `/v.mp4</BaseURL>` + representation + tail, 2, 0, LeftTooLong},
		{"more white space", head + `<BaseURL>` + strings.Repeat(" ", maxContent) + `/v.mp4</BaseURL>` + representation + tail, 0, 1, LeftTooLong},
		{"longest URL", head + `<SegmentTemplate media="https://cdn.example.com/` + strings.Repeat("x", maxURL-24) + `"/>` + tail, 1, 0, LeftTooLong},
		{"longer URL", head + `<SegmentTemplate media="https://cdn.example.com/` + strings.Repeat("x", maxURL-23) + `"/>` + tail, 0, 1, LeftTooLong},
		{"held for inherited URLs", head + `<SegmentTemplate media="early"/>` + strings.Repeat("x", maxHeld-1000) + representation + tail, 2, 0, LeftTooLong},
		{"not held longer", head + `<SegmentTemplate media="early"/>` + strings.Repeat("x", maxHeld) + representation + tail, 1, 1, LeftTooLong},
		{"deep", head + strings.Repeat("<x>", 1000) + `<SegmentTemplate media="deep"/>` + strings.Repeat("</x>", 1000) + representation + tail, 1, 0, LeftTooLong},
	} {
		for _, chunk := range []int{len(tt.in), 1000, 13} {
			got := runManifest(t, rw, DASH, cdnManifest, tt.in, chunk)
			if n := strings.Count(got.out, "Signature="); n != tt.signed || got.left[tt.why] != tt.left {
				t.Errorf("%s, chunks of %d: %d signed, want %d; left %v, want %d as %v", tt.name, chunk, n, tt.signed, got.left, tt.left, tt.why)
			}
		}
	}
}

// TestManifestMemory rewrites manifests that never end.
func TestManifestMemory(t *testing.T) {
	rw := newTest(t, site)
	for name, tt := range map[string]struct {
		format       Format
		begin, again string
	}{
		"playlist":                 {HLS, "#EXTM3U\n", "segment.ts\n"},
		"line":                     {HLS, "#EXTM3U\n", "segment.ts"},
		"segment list":             {DASH, "<MPD><Period><AdaptationSet><Representation><SegmentList>", `<SegmentURL media="a"/>`},
		"inherited segment list":   {DASH, "<MPD><Period><AdaptationSet><SegmentList>", `<SegmentURL media="a"/>`},
		"attribute":                {DASH, `<MPD x="`, "<BaseURL>"},
		"text":                     {DASH, `<MPD><BaseURL>`, "a"},
		"CDATA":                    {DASH, `<MPD><BaseURL><![CDATA[`, "]]"},
		"comment":                  {DASH, `<MPD><!--`, "--"},
		"elements":                 {DASH, `<MPD>`, "<x>"},
		"BaseURLs":                 {DASH, `<MPD><Period><AdaptationSet><Representation>`, "<BaseURL>a</BaseURL>"},
		"Representations":          {DASH, `<MPD><Period><AdaptationSet><SegmentTemplate media="a"/>`, "<Representation><BaseURL>r.mp4</BaseURL></Representation>"},
		"Adaptation Sets":          {DASH, `<MPD><Period>`, `<AdaptationSet><SegmentTemplate media="a"/></AdaptationSet>`},
		"Periods with a long base": {DASH, `<MPD><BaseURL>/` + strings.Repeat("x", maxURL-10) + "/</BaseURL>", `<Period><BaseURL>a</BaseURL></Period>`},
	} {
		for _, base := range []string{mappedManifest, cdnManifest} {
			w := rw.Writer(io.Discard, Options{Format: tt.format, Base: parseURL(t, base), Sign: signTest})
			write := func(s string) {
				t.Helper()
				if _, err := w.Write([]byte(s)); err != nil {
					t.Fatal(err)
				}
			}
			write(tt.begin)
			chunk := strings.Repeat(tt.again, 32<<10/len(tt.again))
			for range 2 << 20 / len(chunk) {
				write(chunk)
				if n := held(w); n > 6<<20 {
					t.Errorf("%s at %s: %d bytes held", name, base, n)
					break
				}
			}
			w.Release()
		}
	}
}

// held returns how much memory a body has taken.
func held(w *Writer) int {
	m := new(manifest)
	switch e := w.engine.(type) {
	case *hls:
		m = &e.manifest
	case *dash:
		m = &e.manifest
	}
	return cap(m.buf) + cap(m.text) + cap(m.out) + cap(m.value) + refSize*cap(m.refs) + 64*cap(m.links)
}
