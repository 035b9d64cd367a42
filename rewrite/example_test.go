package rewrite_test

import (
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"github.com/caddy-cloudfront/caddy-cloudfront/rewrite"
)

func Example() {
	rw, err := rewrite.New(rewrite.Config{Hosts: []string{"cdn.example.com"}})
	if err != nil {
		panic(err)
	}
	w := rw.Writer(os.Stdout, rewrite.Options{
		Format: rewrite.HTML,
		Sign: func(links []rewrite.Link) {
			for i := range links {
				links[i].Query = "Signature=abc"
			}
		},
	})
	defer w.Release()
	io.WriteString(w, `<img src="https://cdn.example.com/a.jpg?w=64#top" srcset="//cdn.exam`)
	io.WriteString(w, `ple.com/b.jpg 2x"> see https://cdn.example.com/c.jpg`)
	if err := w.Close(); err != nil {
		panic(err)
	}
	fmt.Println()
	fmt.Println(w.Links(), "changed,", w.Left()[rewrite.LeftText], "left as", rewrite.LeftText)
	// Output:
	// <img src="https://cdn.example.com/a.jpg?w=64&Signature=abc#top" srcset="//cdn.example.com/b.jpg?Signature=abc 2x"> see https://cdn.example.com/c.jpg
	// 2 changed, 1 left as text
}

func Example_map() {
	rw, err := rewrite.New(rewrite.Config{
		Maps: []rewrite.Map{{From: "/assets/", To: "https://cdn.example.com/"}},
	})
	if err != nil {
		panic(err)
	}
	w := rw.Writer(os.Stdout, rewrite.Options{
		Format: rewrite.JSON,
		Base:   &url.URL{Scheme: "https", Host: "site.example", Path: "/api"},
		Sign: func(links []rewrite.Link) {
			for i := range links {
				if !strings.Contains(links[i].URL, "/public/") {
					links[i].Query = "Signature=abc"
				}
			}
		},
	})
	defer w.Release()
	io.WriteString(w, `["\/assets\/a.jpg", "https:\/\/site.example\/assets\/b.jpg", "\/assets\/public\/c.jpg"]`)
	w.Close()
	// Output:
	// ["https://cdn.example.com/a.jpg?Signature=abc", "https://cdn.example.com/b.jpg?Signature=abc", "\/assets\/public\/c.jpg"]
}

func ExampleRewriter_Header() {
	rw, err := rewrite.New(rewrite.Config{Hosts: []string{"cdn.example.com"}})
	if err != nil {
		panic(err)
	}
	fmt.Println(rw.Header("Link", "<https://cdn.example.com/a.css>; rel=preload, <https://cdn.example.com>; rel=preconnect", rewrite.Options{
		Sign: func(links []rewrite.Link) { links[0].Query = "Signature=abc" },
	}))
	// Output: <https://cdn.example.com/a.css?Signature=abc>; rel=preload, <https://cdn.example.com>; rel=preconnect
}
