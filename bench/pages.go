package main

import (
	"bytes"
	"fmt"
)

// cdn is the host that links of generated pages lead to.
const cdn = "cdn.example.com"

// links returns how many links a page of so many bytes has at a density.
func links(size, per100KB int) int { return size * per100KB / 100_000 }

// page generates an HTML page, with a tag in about 23 bytes as the pages of
// Python's documentation have, of about size bytes with n distinct links to
// host, the way pages have them: in attributes, srcset, styles and scripts.
func page(size, n int, host string) []byte {
	var b bytes.Buffer
	b.WriteString("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Catalogue</title></head><body>\n")
	step := size
	if n > 0 {
		step = size / n
	}
	for i := 0; b.Len() < size || i < n; {
		if i < n && b.Len() >= i*step {
			writeLink(&b, i, host)
			i++
			continue
		}
		fmt.Fprintf(&b, "<article class=\"card\" id=\"item-%d\"><h2>Item %d</h2><p title=\"a note\">Lorem ipsum dolor sit amet, "+
			"consectetur &amp; adipiscing elit, sed do <em>eiusmod</em> tempor.</p><a href=\"/items/%d?ref=list&amp;pos=%d\">More</a></article>\n",
			b.Len(), b.Len(), b.Len(), i)
	}
	b.WriteString("</body></html>\n")
	return b.Bytes()
}

// writeLink writes the i-th link in one of the usual forms.
func writeLink(b *bytes.Buffer, i int, host string) {
	switch url := fmt.Sprintf("https://%s/private/media/%06d.jpg", host, i); i % 5 {
	case 0:
		fmt.Fprintf(b, "<img src=\"%s\" alt=\"\" loading=\"lazy\">\n", url)
	case 1:
		fmt.Fprintf(b, "<img srcset=\"%s?w=640 640w\" alt=\"\">\n", url)
	case 2:
		fmt.Fprintf(b, "<div style=\"background:url(%s)\"></div>\n", url)
	case 3:
		fmt.Fprintf(b, "<script>load(\"https:\\/\\/%s\\/private\\/media\\/%06d.json\")</script>\n", host, i)
	case 4:
		fmt.Fprintf(b, "<a href=\"%s?w=1&amp;h=2\">Open</a>\n", url)
	}
}

// playlist generates an HLS media playlist with absolute segment URLs.
func playlist(segments int) []byte {
	var b bytes.Buffer
	b.WriteString("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:6\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-MAP:URI=\"https://" + cdn + "/private/v/init.mp4\"\n")
	for i := range segments {
		fmt.Fprintf(&b, "#EXTINF:6.000,\nhttps://%s/private/v/segment_%05d.m4s\n", cdn, i)
	}
	b.WriteString("#EXT-X-ENDLIST\n")
	return b.Bytes()
}
