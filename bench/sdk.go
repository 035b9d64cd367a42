package main

import (
	"crypto"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	awssign "github.com/aws/aws-sdk-go-v2/feature/cloudfront/sign"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

// pageLinks is how many links the page of the comparison has.
const pageLinks = 100

// sdk compares signing the links of a page with what an app does that calls
// AWS's signer for each of them on each request.
func sdk(set settings) error {
	fmt.Printf("A page of %d links, each signed for itself (canned policies), on %d processors.\n\n", pageLinks, runtime.GOMAXPROCS(0))
	fmt.Println("| key | ours, warm | ours, cold | ours cold, processors used | AWS Go signer | AWS JavaScript signer | Go signer over ours warm | Go signer over ours cold |")
	fmt.Println("|---|---|---|---|---|---|---|---|")
	for _, kind := range []string{"rsa", "ec"} {
		key, err := newKey(kind)
		if err != nil {
			return err
		}
		js, err := javaScriptSigner(key)
		if err != nil {
			return err
		}
		var warm, cold, golang, script []time.Duration
		var used []float64
		for range set.rounds {
			w, c, processors, err := ours(key)
			if err != nil {
				return err
			}
			g, err := goSigner(key)
			if err != nil {
				return err
			}
			j, err := js()
			if err != nil {
				return err
			}
			warm, cold, used, golang, script = append(warm, w), append(cold, c), append(used, processors), append(golang, g), append(script, j)
		}
		w, c, g := median(warm), median(cold), median(golang)
		fmt.Printf("| %s | %v | %v | %.1f | %v | %v | %.0fx | %.1fx |\n", kind, w, c.Round(10*time.Microsecond), median(used),
			g.Round(10*time.Microsecond), median(script).Round(10*time.Microsecond), float64(g)/float64(w), float64(g)/float64(c))
	}
	return nil
}

// pageURLs returns the links of one page.
func pageURLs() []string {
	urls := make([]string, pageLinks)
	for i := range urls {
		urls[i] = fmt.Sprintf("https://%s/private/media/%06d.jpg", cdn, i)
	}
	return urls
}

// ours returns how long a page takes with and without its signatures cached,
// and how many processors the latter keeps busy.
func ours(private crypto.Signer) (warm, cold time.Duration, processors float64, err error) {
	key, err := signer.NewKey("K2JCJMDEHXQW5F", private, signer.SHA256)
	if err != nil {
		return 0, 0, 0, err
	}
	pattern, err := signer.ParsePattern("https://" + cdn + "/private/*")
	if err != nil {
		return 0, 0, 0, err
	}
	cache := signer.NewCache(64 << 20)
	defer cache.Close()
	issuers := []*signer.Issuer{{
		Key: key, Resources: []signer.Resource{{Pattern: pattern}},
		Window: signer.Window{TTL: time.Hour, Size: 15 * time.Minute}, Cache: cache,
	}}
	reqs := make([]signer.Request, pageLinks)
	page := func() {
		for i, url := range pageURLs() {
			reqs[i] = signer.Request{URL: url}
		}
		signer.Sign(issuers, reqs, time.Now())
	}

	before := processTime()
	start := time.Now()
	page()
	cold = time.Since(start)
	processors = float64(processTime()-before) / float64(cold)
	for _, req := range reqs {
		if req.Reason != signer.Signed {
			return 0, 0, 0, fmt.Errorf("%s was not signed: %s", req.URL, req.Reason)
		}
	}
	const pages = 1000
	start = time.Now()
	for range pages {
		page()
	}
	return time.Since(start) / pages, cold, processors, nil
}

// goSigner returns how long AWS's Go signer takes for a page.
func goSigner(private crypto.Signer) (time.Duration, error) {
	s := awssign.NewURLSigner("K2JCJMDEHXQW5F", private)
	start := time.Now()
	for _, url := range pageURLs() {
		if _, err := s.Sign(url, start.Add(time.Hour)); err != nil {
			return 0, err
		}
	}
	return time.Since(start), nil
}

// javaScriptSigner installs AWS's JavaScript signer and returns what measures
// how long it takes for a page. The script times itself, without node's start.
func javaScriptSigner(private crypto.Signer) (func() (time.Duration, error), error) {
	text, err := keyPEM(private)
	if err != nil {
		return nil, err
	}
	path, err := tempFile("sign.js", `
const { getSignedUrl } = require("@aws-sdk/cloudfront-signer");
const { privateKey, urls } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const dateLessThan = new Date(Date.now() + 3600e3).toISOString();
const start = process.hrtime.bigint();
for (const url of urls) getSignedUrl({ url, keyPairId: "K2JCJMDEHXQW5F", privateKey, dateLessThan });
console.log(String(process.hrtime.bigint() - start));
`)
	if err != nil {
		return nil, err
	}
	install := exec.Command("npm", "install", "--no-audit", "--no-fund", "--silent", "@aws-sdk/cloudfront-signer@3.1166.0")
	install.Dir = filepath.Dir(path)
	if out, err := install.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("npm install: %v: %s", err, out)
	}
	input, err := json.Marshal(map[string]any{"privateKey": text, "urls": pageURLs()})
	if err != nil {
		return nil, err
	}
	return func() (time.Duration, error) {
		cmd := exec.Command("node", path)
		cmd.Stdin = strings.NewReader(string(input))
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			return 0, err
		}
		ns, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
		return time.Duration(ns), err
	}, nil
}
