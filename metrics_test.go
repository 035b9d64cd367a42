package cloudfront

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
)

// TestMetrics counts what is done to responses and their links, over a reload.
func TestMetrics(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/page":
			send(200, `<img src="`+link+`"><img src="https://cdn.test/private/*"><img src="https://cdn.test/other">`, typeHTML)(w, r)
		case "/hints":
			w.Header().Set("Link", "<"+link+">")
			w.WriteHeader(http.StatusEarlyHints)
			w.Header().Del("Link")
			send(200, emptyPage, typeHTML)(w, r)
		case "/coding":
			send(200, "?", typeHTML, "Content-Encoding: x-odd")(w, r)
		case "/error":
			send(500, linkedPage, typeHTML)(w, r)
		}
	}))
	defer app.Close()
	private, _ := writeKey(t, ecKey())
	base, metrics := "http://"+freeAddr(t), "http://"+freeAddr(t)
	sites := fmt.Sprintf("%s {\n%s\n\treverse_proxy %s\n}\n%s {\n\tmetrics\n}\n", base, fmt.Sprintf(linksBlock, private), app.Listener.Addr(), metrics)
	startCaddy(t, "", sites)

	before := scrape(t, metrics)
	for _, path := range []string{"/page", "/page", "/hints", "/coding", "/error", "/none"} {
		ask(t, http1, "GET", base+path, nil)
	}
	config, err := adapt(withGlobals(t, "", sites))
	if err != nil {
		t.Fatal(err)
	}
	if err := caddy.Load(config, true); err != nil {
		t.Fatal(err)
	}
	// The server of before may take a last connection, only to close it.
	for attempt := 1; ; attempt++ {
		http1.CloseIdleConnections()
		if _, err := tryAsk(http1, "GET", base+"/page", nil); err == nil {
			break
		} else if attempt == 5 {
			t.Fatal(err)
		}
	}
	after := scrape(t, metrics)
	for sample, want := range map[string]float64{
		`caddy_cloudfront_links_total{result="signed",signer="inline"}`:                          4,
		`caddy_cloudfront_links_total{result="outside",signer="inline"}`:                         3,
		`caddy_cloudfront_responses_total{handler="links",result="signed",signer="inline"}`:      3,
		`caddy_cloudfront_responses_total{handler="links",result="no_links",signer="inline"}`:    1,
		`caddy_cloudfront_responses_total{handler="links",result="coding",signer="inline"}`:      1,
		`caddy_cloudfront_responses_total{handler="links",result="status",signer="inline"}`:      1,
		`caddy_cloudfront_responses_total{handler="links",result="type",signer="inline"}`:        1,
		`caddy_cloudfront_responses_total{handler="links",result="no_auth",signer="inline"}`:     0,
		`caddy_cloudfront_responses_total{handler="links",result="anything",signer="elsewhere"}`: 0,
	} {
		if got := after[sample] - before[sample]; got != want {
			t.Errorf("%s: %v more, want %v", sample, got, want)
		}
	}
	if held := after["caddy_cloudfront_held_bytes"]; held != 0 {
		t.Errorf("%v bytes are held", held)
	}
}

var sampleLine = regexp.MustCompile(`(?m)^(caddy_cloudfront_\S+?(?:\{.*\})?) (\S+)$`)

// scrape returns our samples as Prometheus sees them.
func scrape(t *testing.T, base string) map[string]float64 {
	t.Helper()
	got := ask(t, http1, "GET", base+"/metrics", nil)
	samples := make(map[string]float64)
	for _, match := range sampleLine.FindAllStringSubmatch(got.Body, -1) {
		value, err := strconv.ParseFloat(match[2], 64)
		if err != nil {
			t.Fatal(err)
		}
		samples[match[1]] = value
	}
	if !strings.Contains(got.Body, "caddy_cloudfront_held_bytes") {
		t.Fatalf("no metrics of ours in %.500s", got.Body)
	}
	return samples
}
