package main

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tdewolff/parse/v2"
	tdhtml "github.com/tdewolff/parse/v2/html"
	"golang.org/x/net/html"

	"github.com/caddy-cloudfront/caddy-cloudfront/rewrite"
)

// suffix is as long as the parameters of an RSA key's custom policy.
var suffix = strings.Repeat("x", 560)

// scanner compares the link scanner with other ways to find links in a page.
// They only find links, or replace a prefix; the scanner inserts signatures.
func scanner(set settings) error {
	rare := []string{cdn}
	common := []string{"static.site.com"}
	four := []string{cdn, "img.acme.org", "static.site.com", "assets.shop.io"}

	fmt.Println("Throughput of our scanner, and how many times that of the others, in pages of 100 KB and of 1 MB of HTML, in 32 KiB pieces.")
	fmt.Println()
	fmt.Println("| page | links per 100 KB | hosts | ours, MB/s | allocations | x/net/html tokenizer | tdewolff/parse lexer | strings.Replacer | regexp |")
	fmt.Println("|---|---|---|---|---|---|---|---|---|")
	for _, hosts := range [][]string{rare, common, four} {
		rw, err := rewrite.New(rewrite.Config{Hosts: hosts})
		if err != nil {
			return err
		}
		for _, size := range []int{100_000, 1_000_000} {
			for _, density := range []int{0, 20, 200} {
				body := page(size, links(size, density), hosts[0])
				peers := []func() error{
					func() error { return tokenize(body) },
					func() error { return lex(body) },
					replacer(hosts, body),
					expression(hosts, body),
				}
				ours := func() error { return scan(rw, body) }
				var rate []float64
				ratios := make([][]float64, len(peers))
				for range set.rounds {
					own, err := speed(ours, len(body), set.each/10)
					if err != nil {
						return err
					}
					rate = append(rate, own)
					for i, peer := range peers {
						other, err := speed(peer, len(body), set.each/10)
						if err != nil {
							return err
						}
						ratios[i] = append(ratios[i], own/other)
					}
				}
				fmt.Printf("| %d KB | %d | %s | %.0f | %.0f", size/1000, density, strings.Join(hosts, ", "), median(rate), testing.AllocsPerRun(5, func() { _ = ours() }))
				for _, r := range ratios {
					fmt.Printf(" | %.1fx", median(r))
				}
				fmt.Println(" |")
			}
		}
	}
	return nil
}

// speed runs f for a while and returns megabytes per second of processor time.
func speed(f func() error, size int, each time.Duration) (float64, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	start, n := threadTime(), 0
	for ; n == 0 || threadTime()-start < each; n++ {
		if err := f(); err != nil {
			return 0, err
		}
	}
	return float64(n*size) / (threadTime() - start).Seconds() / 1e6, nil
}

// scan is ours: every link gets a suffix, as it would a signature.
func scan(rw *rewrite.Rewriter, body []byte) error {
	w := rw.Writer(discard{}, rewrite.Options{Format: rewrite.HTML, Sign: addSuffix})
	defer w.Release()
	for part := range chunks(body) {
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return w.Close()
}

func addSuffix(links []rewrite.Link) {
	for i := range links {
		links[i].Query = suffix
	}
}

// discard is a destination that, as a connection does, takes each byte.
type discard struct{}

var sink [64 << 10]byte

func (discard) Write(p []byte) (int, error) {
	for part := range slices.Chunk(p, len(sink)) {
		copy(sink[:], part)
	}
	return len(p), nil
}

// tokenize is x/net/html's tokenizer, passing the page through.
func tokenize(body []byte) error {
	for z := html.NewTokenizer(bytes.NewReader(body)); ; {
		if z.Next() == html.ErrorToken {
			if z.Err() == io.EOF {
				return nil
			}
			return z.Err()
		}
		_, _ = discard{}.Write(z.Raw())
	}
}

// lex is tdewolff/parse's lexer, passing the page through.
func lex(body []byte) error {
	for l := tdhtml.NewLexer(parse.NewInputBytes(slices.Clip(slices.Clone(body)))); ; {
		kind, data := l.Next()
		if kind == tdhtml.ErrorToken {
			if l.Err() == io.EOF {
				return nil
			}
			return l.Err()
		}
		_, _ = discard{}.Write(data)
	}
}

// forms are the spellings of an absolute URL's start in pages.
func forms(hosts []string) []string {
	var all []string
	for _, host := range hosts {
		all = append(all, "https://"+host, "http://"+host, `https:\/\/`+host, `http:\/\/`+host, `="//`+host, `'//`+host)
	}
	return all
}

// replacer puts another prefix in place of each form.
func replacer(hosts []string, body []byte) func() error {
	var pairs []string
	for _, form := range forms(hosts) {
		pairs = append(pairs, form, form+"/signed")
	}
	r := strings.NewReplacer(pairs...)
	text := string(body)
	return func() error {
		_, err := r.WriteString(discard{}, text)
		return err
	}
}

// expression finds whole links with a regular expression.
func expression(hosts []string, body []byte) func() error {
	quoted := make([]string, len(hosts))
	for i, host := range hosts {
		quoted[i] = regexp.QuoteMeta(host)
	}
	re := regexp.MustCompile(`(https?:)?(//|\\/\\/)(` + strings.Join(quoted, "|") + `)[^\s"'<>)]*`)
	return func() error {
		_, err := discard{}.Write(re.ReplaceAllFunc(body, func(link []byte) []byte { return append(bytes.Clone(link), suffix...) }))
		return err
	}
}
