package rewrite_test

import (
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"github.com/caddy-cloudfront/caddy-cloudfront/rewrite"
)

// A playlist of the app, whose segments are on the CDN.
func ExampleRewriter_Writer_playlist() {
	rw, err := rewrite.New(rewrite.Config{
		Hosts: []string{"cdn.example.com"},
		Maps:  []rewrite.Map{{From: "/videos/", To: "https://cdn.example.com/private/"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	base, err := url.Parse("https://app.example.com/videos/one/main.m3u8")
	if err != nil {
		fmt.Println(err)
		return
	}
	w := rw.Writer(os.Stdout, rewrite.Options{
		Format: rewrite.HLS,
		Base:   base,
		Sign: func(links []rewrite.Link) {
			for i := range links {
				links[i].Query = "Signature=s"
			}
		},
	})
	defer w.Release()
	playlist := `#EXTM3U
#EXT-X-KEY:METHOD=AES-128,URI="/key?id=1"
#EXT-X-MAP:URI="init.mp4"
#EXTINF:6,
1.m4s?v=2
#EXTINF:6,
https://cdn.example.com/private/ads/1.m4s
`
	if _, err := io.Copy(w, strings.NewReader(playlist)); err != nil {
		fmt.Println(err)
		return
	}
	if err := w.Close(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// #EXTM3U
	// #EXT-X-KEY:METHOD=AES-128,URI="/key?id=1"
	// #EXT-X-MAP:URI="https://cdn.example.com/private/one/init.mp4?Signature=s"
	// #EXTINF:6,
	// https://cdn.example.com/private/one/1.m4s?v=2&Signature=s
	// #EXTINF:6,
	// https://cdn.example.com/private/ads/1.m4s?Signature=s
}
