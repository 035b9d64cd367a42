package rewrite

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// Hosts with a rare letter and without one, and four at once that share little.
var benchHosts = []struct {
	name  string
	hosts []string
}{
	{"rare", []string{"cdn.example.com"}},
	{"common", []string{"static.site.com"}},
	{"four", []string{"cdn.example.com", "img.acme.org", "static.site.com", "assets.shop.io"}},
	{"family", []string{"d111111abcdef8.cloudfront.net", "d222222abcdef8.cloudfront.net", "d333333abcdef8.cloudfront.net", "d444444abcdef8.cloudfront.net"}},
}

// BenchmarkScan measures the rewriter, in Writes of 32 KB as a proxy makes them.
func BenchmarkScan(b *testing.B) {
	for _, f := range []struct {
		name string
		Format
	}{{"html", HTML}, {"css", CSS}, {"js", JavaScript}, {"json", JSON}, {"xml", XML}} {
		for _, h := range benchHosts {
			for _, links := range []int{0, 20, 200} {
				b.Run(fmt.Sprintf("%s/%s/%d", f.name, h.name, links), func(b *testing.B) {
					rw, err := New(Config{Hosts: h.hosts})
					if err != nil {
						b.Fatal(err)
					}
					body := []byte(corpus(f.Format, 100_000, links, h.hosts...))
					query := "Expires=1767225600&Signature=" + strings.Repeat("aB-c~d_9", 43) + "&Key-Pair-Id=K2JCJMDEHXQW5F"
					o := Options{Format: f.Format, Sign: func(links []Link) {
						for i := range links {
							links[i].Query = query
						}
					}}
					found := 0
					b.SetBytes(int64(len(body)))
					b.ReportAllocs()
					for b.Loop() {
						w := rw.Writer(io.Discard, o)
						for rest := body; len(rest) > 0; {
							n := min(len(rest), 32<<10)
							w.Write(rest[:n])
							rest = rest[n:]
						}
						w.Close()
						found = w.Links()
						w.Release()
					}
					b.ReportMetric(float64(found), "links")
				})
			}
		}
	}
}

// BenchmarkOthers measures what one would use instead, on the same pages.
func BenchmarkOthers(b *testing.B) {
	const host = "cdn.example.com"
	for _, links := range []int{0, 20, 200} {
		body := []byte(corpus(HTML, 100_000, links, host))
		run := func(name string, once func()) {
			b.Run(fmt.Sprintf("%s/%d", name, links), func(b *testing.B) {
				b.SetBytes(int64(len(body)))
				b.ReportAllocs()
				for b.Loop() {
					once()
				}
			})
		}
		run("xnethtml", func() { // the raw tokens, nothing looked at
			z := html.NewTokenizer(bytes.NewReader(body))
			for z.Next() != html.ErrorToken {
				io.Discard.Write(z.Raw())
			}
		})
		text := string(body)
		replacer := strings.NewReplacer(
			"https://"+host, "https://x", "http://"+host, "https://x", "//"+host, "//x",
			`https:\/\/`+host, `https:\/\/x`, `http:\/\/`+host, `http:\/\/x`, `\/\/`+host, `\/\/x`)
		run("Replacer", func() { replacer.WriteString(io.Discard, text) })
		link := regexp.MustCompile(`(?:https?:)?//cdn\.example\.com/[^\s"'<>)]*`)
		run("regexp", func() { io.Discard.Write(link.ReplaceAll(body, []byte("$0?Signature=x"))) })
	}
}

// BenchmarkHostile measures bodies made to slow the scanner down. The time for
// 1 MB must be that for 64 KB, times 16.
func BenchmarkHostile(b *testing.B) {
	rw := testRewriter(b)
	for name, unit := range hostile {
		for _, size := range []int{64 << 10, 1 << 20} {
			body := []byte(strings.Repeat(unit, size/len(unit)))
			b.Run(fmt.Sprintf("%s/%d", name, size), func(b *testing.B) {
				b.SetBytes(int64(len(body)))
				for b.Loop() {
					w := rw.Writer(io.Discard, Options{Format: HTML, Base: testBase, Sign: func([]Link) {}})
					w.Write(body)
					w.Close()
					w.Release()
				}
			})
		}
	}
}
