package rewrite

import (
	"strings"
	"testing"
)

// Where the manifests of the tests stand.
const (
	mappedManifest = "https://app.example.com/assets/v/main"
	cdnManifest    = "https://cdn.example.com/x/v/main"
	otherManifest  = "https://app.example.com/live/main"
)

func TestHLS(t *testing.T) {
	for _, tt := range hlsTests() {
		t.Run(tt.name, func(t *testing.T) { checkManifest(t, HLS, site, tt) })
	}
}

func hlsTests() []manifestTest {
	const mapped, onCDN, elsewhere = mappedManifest + "?t=1", cdnManifest, otherManifest
	tests := []manifestTest{
		{base: mapped, name: "relative", in: "#EXTM3U\n#EXTINF:4,\nseg1.ts\n", want: "#EXTM3U\n#EXTINF:4,\nCDN/x/v/seg1.ts?SIG\n",
			urls: []string{"CDN/x/v/seg1.ts"}},
		{base: mapped, name: "relative with query", in: "seg1.ts?x=1\n", want: "CDN/x/v/seg1.ts?x=1&SIG\n"},
		{base: mapped, name: "empty query", in: "a.ts?\nb.ts?x&\n", want: "CDN/x/v/a.ts?SIG\nCDN/x/v/b.ts?x&SIG\n"},
		{base: mapped, name: "fragment", in: "seg.ts#f\nseg.ts?x#f?g\n", want: "CDN/x/v/seg.ts?SIG#f\nCDN/x/v/seg.ts?x&SIG#f?g\n",
			urls: []string{"CDN/x/v/seg.ts#f", "CDN/x/v/seg.ts?x#f?g"}},
		{base: mapped, name: "last line without newline", in: "#EXTM3U\nseg.ts", want: "#EXTM3U\nCDN/x/v/seg.ts?SIG"},
		{base: mapped, name: "CRLF", in: "#EXTM3U\r\nseg.ts\r\n\r\n#EXT-X-MAP:URI=\"i.mp4\"\r\n", want: "#EXTM3U\r\nCDN/x/v/seg.ts?SIG\r\n\r\n#EXT-X-MAP:URI=\"CDN/x/v/i.mp4?SIG\"\r\n"},
		{base: mapped, name: "white space around", in: " \tseg.ts \n  \n", want: " \tCDN/x/v/seg.ts?SIG \n  \n"},
		{base: mapped, name: "white space inside", in: "my seg.ts\n", want: "CDN/x/v/my seg.ts?SIG\n", urls: []string{"CDN/x/v/my seg.ts"}},
		{base: mapped, name: "byte order mark", in: "\ufeff#EXTM3U\na.ts\n\ufeffb.ts\n", want: "\ufeff#EXTM3U\nCDN/x/v/a.ts?SIG\nCDN/x/v/\ufeffb.ts?SIG\n"},
		{base: mapped, name: "parent", in: "../a.ts\n", want: "CDN/x/a.ts?SIG\n"},
		{base: mapped, name: "climbs out of the map", in: "../../k.key\n/assets/../k\n..%2f..%2fk\n%2e%2e/%2E./k\n", want: "../../k.key\n/assets/../k\nCDN/x/v/..%2f..%2fk?SIG\n%2e%2e/%2E./k\n"},
		{base: mapped, name: "climbs above the root", in: "../../../../assets/a.ts\n", want: "CDN/x/a.ts?SIG\n"},
		{base: mapped, name: "dot segments", in: "./a/./b/../c.ts\n", want: "CDN/x/v/a/c.ts?SIG\n"},
		{base: mapped, name: "longest map", in: "/assets/deep/er/a.ts\n/assets/deep/a.ts\n", want: "CDN/y/a.ts?SIG\nCDN/x/deep/a.ts?SIG\n"},
		{base: mapped, name: "own host", in: "https://app.example.com/assets/a.ts\nHTTP://App.Example.com/assets/a.ts\n//app.example.com/assets/a.ts\n", want: "CDN/x/a.ts?SIG\nCDN/x/a.ts?SIG\nCDN/x/a.ts?SIG\n"},
		{base: mapped, name: "own host outside the map", in: "https://app.example.com/a.ts\n/a.ts\n", want: "="},
		{base: mapped, name: "colon is no scheme", in: "1:2.ts\na_b:c.ts\n./a:b.ts\n", want: "CDN/x/v/1:2.ts?SIG\nCDN/x/v/a_b:c.ts?SIG\nCDN/x/v/a:b.ts?SIG\n"},
		{base: mapped, name: "other schemes", in: "data:video/mp2t;base64,AA==\nblob:x\na:b.ts\nhttps:a.ts\nhttps:/a.ts\nskd://cdn.example.com/a\n", want: "="},
		{base: mapped, name: "unsigned stays where it is", in: "public.ts\n#EXT-X-MAP:URI=\"public.mp4\"\n", want: "="},
		{base: mapped, name: "not text", in: "a\x00b.ts\n<html>\na\\b.ts\n", want: "=", left: map[Reason]int{LeftAmbiguous: 3}},

		{base: elsewhere, name: "absolute", in: "CDN/a.ts\n//cdn.example.com/s.ts?x=1\nhttp://cdn.example.com/a.ts\n", want: "CDN/a.ts?SIG\n//cdn.example.com/s.ts?x=1&SIG\nhttp://cdn.example.com/a.ts?SIG\n",
			urls: []string{"CDN/a.ts", "//cdn.example.com/s.ts?x=1", "http://cdn.example.com/a.ts"}},
		{base: elsewhere, name: "absolute with dot segments", in: "CDN/b/../a.ts\n", want: "CDN/b/../a.ts?SIG\n", urls: []string{"CDN/a.ts"}},
		{base: elsewhere, name: "upper case", in: "HTTPS://Cdn.Example.COM/A.ts\n", want: "HTTPS://Cdn.Example.COM/A.ts?SIG\n", urls: []string{"CDN/A.ts"}},
		{base: elsewhere, name: "foreign host", in: "https://other.example.net/seg4.ts\n//other.example.net/a\nhttps://cdn.example.com.evil.com/a\nhttps://cdn.example.com@evil.com/a\nhttps://evil.com/CDN/a\nhttps://cdn.example.com:8443/a\nhttps://cdn.example.com\\@evil.com/a\nhttps://cdn.example.com\n", want: "="},
		{base: elsewhere, name: "relative outside the map", in: "seg.ts\n#EXT-X-KEY:METHOD=AES-128,URI=\"/key?id=1\"\n", want: "="},
		{base: elsewhere, name: "signed", in: "CDN/a.ts?SIG\nCDN/a.ts?x=1&SIG\n", want: "="},
		{base: elsewhere, name: "signed with an old signature", in: "CDN/a.ts?Expires=0&Signature=old&Key-Pair-Id=O\nCDN/a.ts?x=1&Policy=0&Signature=old&y&Key-Pair-Id=O#f\n", want: "CDN/a.ts?SIG\nCDN/a.ts?x=1&y&SIG#f\n"},
		{base: elsewhere, name: "comments", in: "# CDN/a.ts\n#CDN/a.ts\n#EXTINF:4,title=\"x\",URI=\"CDN/a.ts\"\n#EXTM3U url-tvg=\"CDN/a.xml\"\n", want: "="},

		{base: onCDN, name: "on the CDN", in: "seg1.ts\n../b.ts?x#f\n/c.ts\n//cdn.example.com/d.ts\n", want: "seg1.ts?SIG\n../b.ts?x&SIG#f\n/c.ts?SIG\n//cdn.example.com/d.ts?SIG\n",
			urls: []string{"CDN/x/v/seg1.ts", "CDN/x/b.ts?x#f", "CDN/c.ts", "//cdn.example.com/d.ts"}},
		{base: onCDN, name: "the playlist itself", in: "#EXT-X-RENDITION-REPORT:URI=\"\"\n#EXT-X-MAP:URI=\"#x\"\n", want: "="},
		{base: onCDN, name: "query only", in: "?a=1\n", want: "?a=1&SIG\n", urls: []string{"CDN/x/v/main?a=1"}},
		{base: onCDN, name: "on the CDN, old signature", in: "a.ts?Signature=old&x=1\n", want: "a.ts?x=1&SIG\n"},

		{base: elsewhere, name: "variables", in: "#EXT-X-DEFINE:NAME=\"h\",VALUE=\"CDN\"\n#EXT-X-DEFINE:VALUE=\"a/b\",NAME=\"p-1\"\n{$h}/{$p-1}/a.ts?t=1#f\n#EXT-X-MAP:URI=\"{$h}/{$p-1}.mp4\"\n",
			want: "#EXT-X-DEFINE:NAME=\"h\",VALUE=\"CDN\"\n#EXT-X-DEFINE:VALUE=\"a/b\",NAME=\"p-1\"\n{$h}/{$p-1}/a.ts?t=1&SIG#f\n#EXT-X-MAP:URI=\"{$h}/{$p-1}.mp4?SIG\"\n",
			urls: []string{"CDN/a/b/a.ts?t=1#f", "CDN/a/b.mp4"}},
		{base: mapped, name: "variables, mapped", in: "#EXT-X-DEFINE:NAME=\"p\",VALUE=\"..\"\n{$p}/a.ts\n{$p}/{$p}/a.ts\n", want: "#EXT-X-DEFINE:NAME=\"p\",VALUE=\"..\"\nCDN/x/a.ts?SIG\n{$p}/{$p}/a.ts\n"},
		{base: onCDN, name: "variables in the query", in: "#EXT-X-DEFINE:NAME=\"q\",VALUE=\"a=1&b\"\na.ts?{$q}\n", want: "#EXT-X-DEFINE:NAME=\"q\",VALUE=\"a=1&b\"\na.ts?{$q}&SIG\n", urls: []string{"CDN/x/v/a.ts?a=1&b"}},
		{base: onCDN, name: "variables that only the client knows",
			in:   "{$p}/a\n#EXT-X-DEFINE:NAME=\"p\",VALUE=\"a\"\n#EXT-X-DEFINE:IMPORT=\"i\"\n#EXT-X-DEFINE:QUERYPARAM=\"q\"\n{$i}/a\n{$q}/a\n{$p/a\n{p}/a\n#EXT-X-DEFINE:NAME=\"p\",VALUE=\"b\"\n{$p}/a\n",
			want: "=", left: map[Reason]int{LeftTemplate: 6}},
		{base: onCDN, name: "variables with a separator", in: "#EXT-X-DEFINE:NAME=\"p\",VALUE=\"a?b\"\n{$p}\n#EXT-X-DEFINE:NAME=\"r\",VALUE=\"{$p}\"\n{$r}\n", want: "=", left: map[Reason]int{LeftTemplate: 2}},
		{base: onCDN, name: "variables that grow", in: "#EXT-X-DEFINE:NAME=\"p\",VALUE=\"" + strings.Repeat("x", 4000) + "\"\n{$p}{$p}{$p}\n", want: "=", left: map[Reason]int{LeftTemplate: 1}},
		{base: elsewhere, name: "variables that lead elsewhere", in: "#EXT-X-DEFINE:NAME=\"h\",VALUE=\"https://other.example.net\"\n{$h}/a.ts\nCDN{$h}/a\n", want: "="},
		{base: onCDN, name: "unclosed quote", in: "#EXT-X-MAP:URI=\"a.mp4\n", want: "="},
		{base: onCDN, name: "no quotes", in: "#EXT-X-MAP:URI=a.mp4\n", want: "="},
		{base: onCDN, name: "URI inside another value", in: "#EXT-X-MEDIA:NAME=\"URI=x\",LANGUAGE=\"a,URI=b\",TYPE=AUDIO,URI=\"c.m3u8\",X=\",URI=\"\n", want: "#EXT-X-MEDIA:NAME=\"URI=x\",LANGUAGE=\"a,URI=b\",TYPE=AUDIO,URI=\"c.m3u8?SIG\",X=\",URI=\"\n"},
		{base: onCDN, name: "name that does not end in URI", in: "#EXT-X-MEDIA:URIS=\"a\",URL=\"b\",uri=\"c\"\n", want: "="},
		{base: onCDN, name: "white space in attributes", in: "#EXT-X-MEDIA: TYPE=AUDIO, URI = \"c.m3u8\" ,A=b\n", want: "#EXT-X-MEDIA: TYPE=AUDIO, URI = \"c.m3u8?SIG\" ,A=b\n"},
		{base: onCDN, name: "keys that are no links", in: "#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"skd://abc\"\n#EXT-X-SESSION-KEY:METHOD=AES-128,URI=\"data:text/plain;base64,AA==\",KEYFORMAT=\"urn:uuid:x\"\n", want: "="},
	}
	for _, tag := range []string{
		"#EXT-X-KEY:METHOD=AES-128,URI=@", "#EXT-X-SESSION-KEY:METHOD=AES-128,URI=@,IV=0x1", "#EXT-X-MAP:URI=@,BYTERANGE=\"10@0\"",
		"#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"b\",URI=@", "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,CODECS=\"a,b\",URI=@",
		"#EXT-X-IMAGE-STREAM-INF:BANDWIDTH=1,URI=@", "#EXT-X-PART:DURATION=0.2,INDEPENDENT=YES,URI=@", "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=@,BYTERANGE-START=0",
		"#EXT-X-RENDITION-REPORT:URI=@,LAST-MSN=1", "#EXT-X-SESSION-DATA:DATA-ID=\"a\",URI=@", "#EXT-X-CONTENT-STEERING:SERVER-URI=@,PATHWAY-ID=\"A\"",
		"#EXT-X-DATERANGE:ID=\"a\",X-ASSET-URI=@,X-RESUME-OFFSET=0", "#EXT-X-DATERANGE:ID=\"a\",X-ASSET-LIST=@",
	} {
		line := strings.Replace(tag, "@", `"a/b.x?c=d"`, 1) + "\n"
		tests = append(tests,
			manifestTest{base: onCDN, name: tag, in: line, want: strings.Replace(line, "c=d", "c=d&SIG", 1)},
			manifestTest{base: mapped, name: "mapped " + tag, in: line, want: strings.Replace(line, "a/b.x?c=d", "CDN/x/v/a/b.x?c=d&SIG", 1)})
	}
	return tests
}

func TestHLSLongLines(t *testing.T) {
	rw := newTest(t, site)
	const base = "https://cdn.example.com/main.m3u8"
	for _, tt := range []struct {
		name, line string
		signed     bool
		left       Left
	}{
		{"longest link", strings.Repeat("a", maxURL), true, Left{}},
		{"longer link", strings.Repeat("a", maxURL+1), false, Left{LeftTooLong: 1}},
		{"longest line", "#EXT-X-KEY:" + strings.Repeat("A=b,", maxLine/4-8) + "URI=\"a\"", true, Left{}},
		{"longer line", "#EXT-X-KEY:" + strings.Repeat("A=b,", maxLine/4) + "URI=\"a\"", false, Left{LeftTooLong: 1}},
	} {
		in := "#EXTM3U\n" + tt.line + "\nb.ts\n"
		want := "b.ts?" + testQuery + "\n"
		if tt.signed {
			want = strings.Replace(tt.line, "\"a\"", "\"a?"+testQuery+"\"", 1) + "\n" + want
			if strings.HasPrefix(tt.line, "a") {
				want = tt.line + "?" + testQuery + "\nb.ts?" + testQuery + "\n"
			}
		} else {
			want = tt.line + "\n" + want
		}
		for _, chunk := range []int{1, 7, 1000, maxLine, maxLine + 1, len(in)} {
			got := runManifest(t, rw, HLS, base, in, chunk)
			if got.out != "#EXTM3U\n"+want {
				t.Errorf("%s, chunks of %d: not as expected", tt.name, chunk)
			}
			if got.left != tt.left {
				t.Errorf("%s, chunks of %d: left %v, want %v", tt.name, chunk, got.left, tt.left)
			}
		}
	}
}

func TestHLSWithoutBase(t *testing.T) {
	rw := newTest(t, site)
	var out strings.Builder
	w := rw.Writer(&out, Options{Format: HLS, Sign: signTest})
	if _, err := w.Write([]byte("a.ts\n/assets/a.ts\nhttps://cdn.example.com/a.ts\n")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	defer w.Release()
	if want := "a.ts\n/assets/a.ts\nhttps://cdn.example.com/a.ts?" + testQuery + "\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
	if n := w.Left()[LeftAmbiguous]; n != 2 {
		t.Errorf("%d left as ambiguous, want 2", n)
	}
}
