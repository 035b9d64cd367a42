package rewrite

import (
	"strings"
	"testing"
)

// Abbreviations of manifestTest for MPDs.
var mpdTest = strings.NewReplacer(
	"<M>", "<?xml version=\"1.0\"?>\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\">", "</M>", "</MPD>",
	"<P>", "<Period id=\"1\">", "</P>", "</Period>",
	"<A>", "<AdaptationSet>", "</A>", "</AdaptationSet>",
	"<R>", "<Representation id=\"v\">", "</R>", "</Representation>",
	"<B>", "<BaseURL>", "</B>", "</BaseURL>",
	"<M ", "<MPD ", "<R ", "<Representation ", "<B ", "<BaseURL ", "<T ", "<SegmentTemplate ",
	"<B/>", "<BaseURL/>",
)

func TestDASH(t *testing.T) {
	for _, tt := range dashTests() {
		t.Run(tt.name, func(t *testing.T) { checkManifest(t, DASH, site, tt) })
	}
}

func dashTests() []manifestTest {
	const mapped, onCDN, elsewhere = mappedManifest, cdnManifest, otherManifest
	tests := []manifestTest{
		// Templates
		{base: mapped, name: "template", in: `<M><P><A><R><T media="$RepresentationID$/$Number%05d$.m4s" initialization='$RepresentationID$/i.mp4'/></R></A></P></M>`,
			want: `<M><P><A><R><T media="CDN/x/v/$RepresentationID$/$Number%05d$.m4s?SIG" initialization='CDN/x/v/$RepresentationID$/i.mp4?SIG'/></R></A></P></M>`,
			urls: []string{"*CDN/x/v/*/*.m4s", "*CDN/x/v/*/i.mp4"}},
		{base: onCDN, name: "template on the CDN", in: `<M><P><A><R><T media="$Time$_$Bandwidth$_$SubNumber%02d$.m4s?x=1&amp;y=$Number$"/></R></A></P></M>`,
			want: `<M><P><A><R><T media="$Time$_$Bandwidth$_$SubNumber%02d$.m4s?x=1&amp;y=$Number$&SIG"/></R></A></P></M>`,
			urls: []string{"*CDN/x/v/*_*_*.m4s?x=1&y=*"}},
		{base: onCDN, name: "every attribute of a template", in: `<M><P><A><R><T media="$Number$" index="$Number$.idx" initialization="i" bitstreamSwitching="b"/></R></A></P></M>`,
			want: `<M><P><A><R><T media="$Number$?SIG" index="$Number$.idx?SIG" initialization="i?SIG" bitstreamSwitching="b?SIG"/></R></A></P></M>`,
			urls: []string{"*CDN/x/v/*", "*CDN/x/v/*.idx", "CDN/x/v/i", "CDN/x/v/b"}},
		{base: onCDN, name: "$$ is a dollar", in: `<M><P><A><R><T media="a$$b/$Number$$$" initialization="a$$.mp4"/></R></A></P></M>`,
			want: `<M><P><A><R><T media="a$$b/$Number$$$?SIG" initialization="a$$.mp4?SIG"/></R></A></P></M>`,
			urls: []string{"*CDN/x/v/a$b/*$", "CDN/x/v/a$.mp4"}},
		{base: onCDN, name: "adjacent variables", in: `<M><P><A><R><T media="$RepresentationID$$Number$"/></R></A></P></M>`,
			want: `<M><P><A><R><T media="$RepresentationID$$Number$?SIG"/></R></A></P></M>`, urls: []string{"*CDN/x/v/**"}},
		{base: onCDN, name: "templates that can't be offered",
			in:   `<M><P><A><R><T media="$Number$*.m4s" index="$Foo$" initialization="$Number"/><T media="$RepresentationID%05d$" index="$Number%5d$" initialization="$Number$/../a"/><T media="$Number%0d$"/></R></A></P></M>`,
			want: "=", left: map[Reason]int{LeftTemplate: 7}},
		{base: "https://cdn.example.com/a*b/main.mpd", name: "asterisk in the base", in: `<M><P><A><R><T media="$Number$"/></R></A></P></M>`, want: "=", left: map[Reason]int{LeftTemplate: 1}},
		{base: "https://cdn.example.com/$a/main.mpd", name: "dollar in the base", in: `<M><P><A><R><T media="$Number$" initialization="i"/></R></A></P></M>`,
			want: `<M><P><A><R><T media="$Number$" initialization="i?SIG"/></R></A></P></M>`, left: map[Reason]int{LeftTemplate: 1}},
		{base: onCDN, name: "dot segments in front of variables", in: `<M><P><A><R><T media="../$Number$.m4s"/></R></A></P></M>`, want: `<M><P><A><R><T media="../$Number$.m4s?SIG"/></R></A></P></M>`, urls: []string{"*CDN/x/*.m4s"}},
		{base: elsewhere, name: "variable in the host", in: `<M><P><A><R><T media="https://$RepresentationID$.example.com/a"/></R></A></P></M>`, want: "="},
		{base: onCDN, name: "no variables outside of templates", in: `<M><P><A><R><SegmentList><SegmentURL media="$Number$"/></SegmentList></R></A></P></M>`,
			want: `<M><P><A><R><SegmentList><SegmentURL media="$Number$?SIG"/></SegmentList></R></A></P></M>`, urls: []string{"CDN/x/v/$Number$"}},

		// Elements and attributes
		{base: onCDN, name: "segment list", in: `<M><P><A><R><SegmentList><Initialization sourceURL="i"/><RepresentationIndex sourceURL='r'/><BitstreamSwitching sourceURL="b"/><SegmentURL media="m" index='x' mediaRange="0-1"/></SegmentList></R></A></P></M>`,
			want: `<M><P><A><R><SegmentList><Initialization sourceURL="i?SIG"/><RepresentationIndex sourceURL='r?SIG'/><BitstreamSwitching sourceURL="b?SIG"/><SegmentURL media="m?SIG" index='x?SIG' mediaRange="0-1"/></SegmentList></R></A></P></M>`},
		{base: onCDN, name: "other attributes", in: `<M><P><A><R media="a" sourceURL="b"><SegmentURL sourceURL="c" initialization="d"/><Initialization range="0-1" media="e"/><Event media="x"/></R></A></P></M>`, want: "="},
		{base: onCDN, name: "remote element", in: `<M><Period xlink:href="p.xml" xlink:actuate="onLoad"/><Period xlink:href="urn:mpeg:dash:resolve-to-zero:2013"/></M>`, want: `<M><Period xlink:href="p.xml?SIG" xlink:actuate="onLoad"/><Period xlink:href="urn:mpeg:dash:resolve-to-zero:2013"/></M>`},
		{base: onCDN, name: "namespace prefix", in: `<m:MPD xmlns:m="u"><m:Period><m:AdaptationSet><m:Representation><m:BaseURL>a.mp4</m:BaseURL></m:Representation></m:AdaptationSet></m:Period></m:MPD>`,
			want: `<m:MPD xmlns:m="u"><m:Period><m:AdaptationSet><m:Representation><m:BaseURL>a.mp4?SIG</m:BaseURL></m:Representation></m:AdaptationSet></m:Period></m:MPD>`},
		{base: mapped, name: "the manifest's own addresses", in: `<M><Location>main.mpd?t=1&amp;u=2</Location><PatchLocation ttl="60"> p.mpp </PatchLocation><ContentSteering defaultServiceLocation="a">CDN/steer</ContentSteering></M>`,
			want: `<M><Location>CDN/x/v/main.mpd?t=1&amp;u=2&SIG</Location><PatchLocation ttl="60"> CDN/x/v/p.mpp?SIG </PatchLocation><ContentSteering defaultServiceLocation="a">CDN/steer?SIG</ContentSteering></M>`},
		{base: onCDN, name: "addresses beside a BaseURL", in: `<M><B>/y/</B><Location>main.mpd</Location><Location>CDN/main.mpd</Location></M>`, want: `<M><B>/y/</B><Location>main.mpd</Location><Location>CDN/main.mpd?SIG</Location></M>`, left: map[Reason]int{LeftAmbiguous: 1}},
		{base: elsewhere, name: "foreign and other schemes", in: `<M><B>https://other.example.net/</B><P><A><R><T media="$Number$" initialization="data:,x"/></R></A></P></M>`, want: "="},

		// BaseURL
		{base: elsewhere, name: "directory", in: `<M><B>CDN/v/</B><P><A><R><T media="$Number$" initialization="i"/></R></A></P></M>`,
			want: `<M><B>CDN/v/</B><P><A><R><T media="$Number$?SIG" initialization="i?SIG"/></R></A></P></M>`, urls: []string{"*CDN/v/*", "CDN/v/i"}},
		{base: elsewhere, name: "file", in: `<M><P><A><R><B serviceLocation="a>b">CDN/v/a.mp4</B><SegmentBase indexRange="0-1"><Initialization range="0-1"/></SegmentBase></R></A></P></M>`,
			want: `<M><P><A><R><B serviceLocation="a>b">CDN/v/a.mp4?SIG</B><SegmentBase indexRange="0-1"><Initialization range="0-1"/></SegmentBase></R></A></P></M>`},
		{base: elsewhere, name: "chain", in: `<M><B>CDN/</B><P><B>p/</B><A><B>a/</B><R><B>r/</B><T media="$Number$"/></R><R><B>/q/</B><T media="$Number$"/></R><R><T media="$Time$"/></R></A></P><P><B>https://other.example.net/</B><A><R><T media="x"/></R></A></P></M>`,
			want: `<M><B>CDN/</B><P><B>p/</B><A><B>a/</B><R><B>r/</B><T media="$Number$?SIG"/></R><R><B>/q/</B><T media="$Number$?SIG"/></R><R><T media="$Time$?SIG"/></R></A></P><P><B>https://other.example.net/</B><A><R><T media="x"/></R></A></P></M>`,
			urls: []string{"*CDN/p/a/r/*", "*CDN/q/*", "*CDN/p/a/*"}},
		{base: elsewhere, name: "protocol-relative", in: `<M><B>//cdn.example.com/v/</B><P><A><R><T media="$Number$"/></R></A></P></M>`,
			want: `<M><B>//cdn.example.com/v/</B><P><A><R><T media="$Number$?SIG"/></R></A></P></M>`, urls: []string{"*//cdn.example.com/v/*"}},
		{base: mapped, name: "mapped directory stays", in: `<M><B>low/</B><P><A><R><T media="$Number$" initialization="public"/></R></A></P></M>`,
			want: `<M><B>low/</B><P><A><R><T media="CDN/x/v/low/$Number$?SIG" initialization="public"/></R></A></P></M>`},
		{base: mapped, name: "mapped file", in: `<M><P><A><R><B>a.mp4</B><SegmentBase><Initialization range="0-1"/></SegmentBase></R></A></P></M>`,
			want: `<M><P><A><R><B>CDN/x/v/a.mp4?SIG</B><SegmentBase><Initialization range="0-1"/></SegmentBase></R></A></P></M>`},
		{base: mapped, name: "mapped file with a URL below", in: `<M><P><A><R><B>a.mp4</B><SegmentList><Initialization sourceURL="i.mp4"/></SegmentList></R></A></P></M>`,
			want: `<M><P><A><R><B>a.mp4</B><SegmentList><Initialization sourceURL="CDN/x/v/i.mp4?SIG"/></SegmentList></R></A></P></M>`, left: map[Reason]int{LeftPrefix: 1}},
		{base: mapped, name: "mapped file of the MPD", in: `<M><B>v</B><P><A><R><SegmentBase indexRange="0-1"/></R></A></P></M>`,
			want: `<M><B>CDN/x/v/v?SIG</B><P><A><R><SegmentBase indexRange="0-1"/></R></A></P></M>`},
		{base: mapped, name: "climbs out of the map", in: `<M><B>../../</B><P><A><R><T media="$Number$" initialization="assets/i"/></R></A></P></M>`,
			want: `<M><B>../../</B><P><A><R><T media="$Number$" initialization="CDN/x/i?SIG"/></R></A></P></M>`},
		{base: elsewhere, name: "old signature", in: `<M><P><A><R><B>CDN/a.mp4?Policy=0&amp;x=1&#38;Signature=old&amp;Key-Pair-Id=O</B></R></A></P></M>`, want: `<M><P><A><R><B>CDN/a.mp4?x=1&SIG</B></R></A></P></M>`},
		{base: elsewhere, name: "directory with query", in: `<M><B>CDN/v/?x=1</B></M>`, want: "="},
		{base: elsewhere, name: "alternatives", in: `<M><B>CDN/a/</B><B>CDN/b/</B><P><A><R><T media="$Number$"/></R></A></P></M>`,
			want: `<M><B>CDN/a/</B><B>CDN/b/</B><P><A><R><T media="$Number$?SIG"/></R></A></P></M>`, urls: []string{"*CDN/a/*"}},
		{base: elsewhere, name: "alternatives elsewhere", in: `<M><B>CDN/a/</B><B>https://other.example.net/</B><P><A><R><T media="$Number$" initialization="CDN/i"/></R><R><B>CDN/c/</B><T media="$Number$"/></R></A></P></M>`,
			want: `<M><B>CDN/a/</B><B>https://other.example.net/</B><P><A><R><T media="$Number$" initialization="CDN/i?SIG"/></R><R><B>CDN/c/</B><T media="$Number$?SIG"/></R></A></P></M>`,
			left: map[Reason]int{LeftAmbiguous: 1}},
		{base: mapped, name: "alternative files", in: `<M><P><A><R><B>a.mp4</B><B>CDN/a.mp4</B></R></A></P></M>`, want: `<M><P><A><R><B>CDN/x/v/a.mp4?SIG</B><B>CDN/a.mp4?SIG</B></R></A></P></M>`},
		{base: onCDN, name: "empty BaseURL", in: `<M><B/><P><B></B><A><R><T media="$Number$"/></R></A></P></M>`, want: `<M><B/><P><B></B><A><R><T media="$Number$?SIG"/></R></A></P></M>`},

		// Inherited segment information
		{base: onCDN, name: "inherited template", in: `<M><P><A><T media="$RepresentationID$/$Number$"/><R></R><R></R></A></P></M>`,
			want: `<M><P><A><T media="$RepresentationID$/$Number$?SIG"/><R></R><R></R></A></P></M>`, urls: []string{"*CDN/x/v/*/*"}},
		{base: onCDN, name: "inherited by one with a base", in: `<M><P><A><T media="$Number$"/><R><B>r/</B></R></A></P></M>`,
			want: `<M><P><A><T media="$Number$?SIG"/><R><B>r/</B></R></A></P></M>`, urls: []string{"*CDN/x/v/r/*"}},
		{base: onCDN, name: "inherited by several with one base", in: `<M><P><A><T media="$Number$"/><R><B>r/</B></R><R><B>/x/v/r/</B></R></A></P></M>`,
			want: `<M><P><A><T media="$Number$?SIG"/><R><B>r/</B></R><R><B>/x/v/r/</B></R></A></P></M>`},
		{base: onCDN, name: "inherited by several with different bases", in: `<M><P><A><T media="$Number$" initialization="/i" index="CDN/$Number$"/><R><B>r/</B></R><R></R></A></P></M>`,
			want: `<M><P><A><T media="$Number$" initialization="/i" index="CDN/$Number$?SIG"/><R><B>r/</B></R><R></R></A></P></M>`, left: map[Reason]int{LeftAmbiguous: 2}},
		{base: onCDN, name: "inherited from the Period", in: `<M><P><SegmentList><SegmentURL media="m"/></SegmentList><A><R></R></A><A><B>/x/v/</B><R></R></A></P><P><T media="$Number$"/></P></M>`,
			want: `<M><P><SegmentList><SegmentURL media="m?SIG"/></SegmentList><A><R></R></A><A><B>/x/v/</B><R></R></A></P><P><T media="$Number$?SIG"/></P></M>`, urls: []string{"CDN/x/v/m", "*CDN/x/v/*"}},
		{base: onCDN, name: "query only, inherited", in: `<M><P><A><T media="?$Number$"/><R></R></A></P></M>`, want: "=", left: map[Reason]int{LeftAmbiguous: 1}},
		{base: mapped, name: "mapped files in a mapped directory", in: `<M><B>d/</B><P><A><R><B>a.mp4</B></R><R><B>b.mp4?x=1</B></R></A></P></M>`,
			want: `<M><B>d/</B><P><A><R><B>CDN/x/v/d/a.mp4?SIG</B></R><R><B>CDN/x/v/d/b.mp4?x=1&SIG</B></R></A></P></M>`},
		{base: mapped, name: "inherited and mapped", in: `<M><P><A><T media="$Number$"/><R><B>r/v.mp4</B></R></A></P></M>`,
			want: `<M><P><A><T media="CDN/x/v/r/$Number$?SIG"/><R><B>r/v.mp4</B></R></A></P></M>`, left: map[Reason]int{LeftPrefix: 1}},

		// XML
		{base: elsewhere, name: "CDATA", in: `<M><P><A><R><B> <![CDATA[CDN/a.mp4?x=1&y=2]]> </B></R></A></P></M>`, want: `<M><P><A><R><B> <![CDATA[CDN/a.mp4?x=1&y=2&CSIG]]> </B></R></A></P></M>`, urls: []string{"CDN/a.mp4?x=1&y=2"}},
		{base: mapped, name: "CDATA, mapped", in: `<M><P><A><R><B><![CDATA[a&b.mp4]]></B></R></A></P></M>`, want: `<M><P><A><R><B><![CDATA[CDN/x/v/a&b.mp4?CSIG]]></B></R></A></P></M>`},
		{base: mapped, name: "escapes, mapped", in: `<M><P><A><R><T media='a&amp;b&#39;&quot;&gt;&#x41;' initialization="a&apos;b&amp;&#x41;"/></R></A></P></M>`,
			want: `<M><P><A><R><T media='a&amp;b&#39;&quot;&gt;&#x41;' initialization="CDN/x/v/a&#39;b&amp;A?SIG"/></R></A></P></M>`, left: map[Reason]int{LeftAmbiguous: 1},
			urls: []string{"CDN/x/v/a'b&A"}},
		{base: onCDN, name: "escapes", in: `<M><P><A><R><T media='a?b=1&amp;c&#35;f' initialization="a&#63;b#f" index="a&amp;b&#x26;c"/></R></A></P></M>`,
			want: `<M><P><A><R><T media='a?b=1&amp;c&SIG&#35;f' initialization="a&#63;b&SIG#f" index="a&amp;b&#x26;c?SIG"/></R></A></P></M>`,
			urls: []string{"CDN/x/v/a?b=1&c#f", "CDN/x/v/a?b#f", "CDN/x/v/a&b&c"}},
		{base: onCDN, name: "unknown entity", in: `<M><P><A><R><T media="a&foo;b" index="a&b" initialization="&#x110000;"/></R></A></P></M>`, want: "=", left: map[Reason]int{LeftAmbiguous: 3}},
		{base: elsewhere, name: "comments", in: `<M><!-- <BaseURL>CDN/a.mp4</BaseURL> --><P><A><R><B><!-- x -->CDN/a.mp4</B><?x <BaseURL>CDN/a</BaseURL>?><T media="CDN/b"/></R></A></P></M>`,
			want: `<M><!-- <BaseURL>CDN/a.mp4</BaseURL> --><P><A><R><B><!-- x -->CDN/a.mp4</B><?x <BaseURL>CDN/a</BaseURL>?><T media="CDN/b?SIG"/></R></A></P></M>`, left: map[Reason]int{LeftAmbiguous: 1}},
		{base: elsewhere, name: "tags in attributes and CDATA", in: `<M a="<BaseURL>"><Event><![CDATA[<BaseURL>CDN/a.mp4</BaseURL>]]></Event></M>`, want: "="},
		{base: elsewhere, name: "document type", in: `<!DOCTYPE MPD><M><P><A><R><B>CDN/a.mp4</B></R></A></P></M>`, want: "=", left: map[Reason]int{LeftAmbiguous: 1}},
		{base: elsewhere, name: "unbalanced", in: `<M><P><A></P><R><B>CDN/a.mp4</B></R></M>`, want: "=", left: map[Reason]int{LeftAmbiguous: 1}},
		{base: onCDN, name: "truncated", in: `<M><P><A><T media="$Number$"/><R><T media="$Time$"/></R>`, want: `<M><P><A><T media="$Number$"/><R><T media="$Time$?SIG"/></R>`, left: map[Reason]int{LeftAmbiguous: 1}},
		{base: onCDN, name: "byte order mark", in: "\ufeff" + `<M><P><A><R><T media="a"/></R></A></P></M>`, want: "\ufeff" + `<M><P><A><R><T media="a?SIG"/></R></A></P></M>`},

		// Where the bases are not known
		{base: onCDN, name: "patch", in: `<Patch><add sel="/MPD/Period"><SegmentURL media="a"/><SegmentURL media="CDN/a"/></add></Patch>`, want: `<Patch><add sel="/MPD/Period"><SegmentURL media="a"/><SegmentURL media="CDN/a?SIG"/></add></Patch>`, left: map[Reason]int{LeftAmbiguous: 1}},
		{base: onCDN, name: "element out of place", in: `<M><A><T media="a"/></A><P><X><R><T media="b"/><B>CDN/c/</B></R></X><A><R><X><B>https://other.example.net/</B></X><T media="d"/></R></A></P></M>`, want: "=", left: map[Reason]int{LeftAmbiguous: 3}},
	}
	for i := range tests {
		tests[i].in, tests[i].want = mpdTest.Replace(tests[i].in), mpdTest.Replace(tests[i].want)
	}
	return tests
}
