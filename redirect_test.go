package cloudfront

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

const testKeyPairID = "K2JCJMDEHXQW5F"

// checkSigned checks that a URL is want with a canned signature that lives
// for at least ttl, and returns when it ends.
func checkSigned(t *testing.T, signed, want string, key *signer.Key, ttl time.Duration) int64 {
	t.Helper()
	_, rest, _ := strings.Cut(signed, "Expires=")
	text, _, _ := strings.Cut(rest, "&")
	expires, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatalf("%s has no Expires", signed)
	}
	query, err := key.Query(signer.Policy{Resource: want, Expires: expires})
	if err != nil {
		t.Fatal(err)
	}
	if full := signer.Join(want, "", query); signed != full {
		t.Errorf("signed\n%s, want\n%s", signed, full)
	}
	if left := time.Until(time.Unix(expires, 0)); left < ttl-2*time.Second {
		t.Errorf("the signature lives for %v", left)
	}
	return expires
}

func testKey(t *testing.T) *signer.Key {
	t.Helper()
	key, err := signer.NewKey(testKeyPairID, ecKey(), signer.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// signerBlock holds the options of a signer that every test needs.
func signerBlock(t *testing.T, more ...string) string {
	t.Helper()
	private, _ := writeKey(t, ecKey())
	lines := append([]string{"key_file " + private, "key_pair_id " + testKeyPairID, "ttl 1h"}, more...)
	return "{\n\t" + strings.Join(lines, "\n\t") + "\n}"
}

func TestRedirectTargets(t *testing.T) {
	addr := freeAddr(t)
	open := signerBlock(t, "resource https://cdn.example.com/*", "except https://cdn.example.com/secret/*", "keep_query v name[]", "require none")
	startCaddy(t, "", "http://"+addr+` {
		handle_path /app/* {
			rewrite * /files{uri}
			cloudfront_redirect https://cdn.example.com{http.request.orig_uri.path} `+open+`
		}
		handle_path /inside/* {
			cloudfront_redirect https://cdn.example.com{path} `+open+`
		}
		handle /query {
			cloudfront_redirect https://cdn.example.com/a.pdf?as={query.as}&x=1 `+open+`
		}
		handle /segment {
			cloudfront_redirect https://cdn.example.com/users/{query.user}/a.pdf `+open+`
		}
		handle /host {
			vars host {query.host}
			cloudfront_redirect https://{vars.host}/a.pdf `+open+`
		}
		handle {
			cloudfront_redirect https://cdn.example.com{uri} `+open+`
		}
	}`)

	const cdn = "https://cdn.example.com"
	signed, refused := redirects(t, true), redirects(t, false)
	for _, tt := range []struct {
		name, target string
		want         string // the URL that is signed; empty for 400
	}{
		{"plain", "/a/b.jpg", cdn + "/a/b.jpg"},
		{"the query is dropped", "/a.jpg?w=1", cdn + "/a.jpg"},
		{"but for what is kept", "/a.jpg?w=1&v=%2f+x&name[]=%27&V=2", cdn + "/a.jpg?v=%2f+x&name[]=%27"},
		{"escapes stay as they are", "/a%20b%2fc/%C3%A9%c3%a9.jpg", cdn + "/a%20b%2fc/%C3%A9%c3%a9.jpg"},
		{"an @ within a name", "/img/photo@2x.png", cdn + "/img/photo@2x.png"},
		{"signature in the request", "/a.jpg?Expires=1&Signature=x&Key-Pair-Id=K1", cdn + "/a.jpg"},
		{"the original path", "/app/x%20y", cdn + "/app/x%20y"},
		{"the path within handle_path", "/inside/x%20y", cdn + "/x%20y"},
		{"a literal query", "/query?as=a%26b=c", cdn + "/a.pdf?as=a%26b%3Dc&x=1"},
		{"a value as one segment", "/segment?user=b/o%20b%3f%2a", cdn + "/users/b%2Fo%20b%3F%2A/a.pdf"},
		{"a value as the host", "/host?host=cdn.example.com", cdn + "/a.pdf"},

		{"climbs out", "/a/../../b", ""},
		{"climbs out within", "/a/../b", ""},
		{"ends in dots", "/a/..", ""},
		{"a dot", "/a/./b", ""},
		{"escaped dots", "/a/%2e%2e/b", ""},
		{"half escaped dots", "/a/.%2E/b", ""},
		{"escaped twice", "/a/%252e%252e/b", ""},
		{"escaped slash after dots", "/a/..%2fb", ""},
		{"dots with a parameter", "/a/..;x=1/b", ""},
		{"asterisk", "/a*", ""},
		{"asterisk in what is kept", "/a?v=*", ""},
		{"another host", "//evil.example.net/a", ""},
		{"user information", "/@evil.example.net/a", ""},
		{"backslash", `/a\b`, ""},
		{"backslashes for slashes", `/\evil.example.net/a`, ""},
		{"escaped backslash", "/a%5cb", ""},
		{"line break", "/a%0d%0aSet-Cookie:x", ""},
		{"escaped line break", "/a%250d%250a", ""},
		{"NUL", "/a%00", ""},
		{"excepted", "/secret/a", ""},
		{"excepted, escaped", "/s%65cret/a", ""},
		{"excepted, behind slashes", "/a//../secret/a", ""},
		{"dots as a segment", "/segment?user=..", ""},
		{"nothing as a segment", "/segment?user=", ""},
		{"backslash as a segment", "/segment?user=%5c", ""},
		{"line break as a segment", "/segment?user=%0d%0a", ""},
		{"a host outside", "/host?host=evil.example.net", ""},
		{"user information in the host", "/host?host=cdn.example.com@evil.example.net", ""},
		{"a path in the host", "/host?host=evil.example.net/cdn.example.com", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			res, _ := rawRequest(t, addr, "GET "+tt.target+" HTTP/1.1")
			location := res.Header.Get("Location")
			if tt.want == "" {
				if res.StatusCode != http.StatusBadRequest || location != "" {
					t.Errorf("status %d, Location %q; want 400 and none", res.StatusCode, location)
				}
				return
			}
			if res.StatusCode != http.StatusFound {
				t.Fatalf("status %d, want 302", res.StatusCode)
			}
			checkSigned(t, location, tt.want, testKey(t), time.Hour)
		})
	}
	if now := redirects(t, true); now <= signed {
		t.Errorf("signed redirects were counted from %v to %v", signed, now)
	}
	if now := redirects(t, false); now <= refused {
		t.Errorf("refusals were counted from %v to %v", refused, now)
	}
}

// redirects reads how many redirects were counted as signed, or as anything else.
func redirects(t *testing.T, signed bool) (total float64) {
	t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(responsesTotal)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, metric := range family.Metric {
			labels := make(map[string]string)
			for _, label := range metric.Label {
				labels[label.GetName()] = label.GetValue()
			}
			if labels["handler"] == "redirect" && (labels["result"] == resultSigned) == signed {
				total += metric.Counter.GetValue()
			}
		}
	}
	return total
}

func TestRedirectResponse(t *testing.T) {
	addr := freeAddr(t)
	block := func(more ...string) string {
		return signerBlock(t, append(more, "resource https://cdn.example.com/*", "require none")...)
	}
	site := "http://" + addr + " {\nheader /nostore Cache-Control no-store\n"
	for _, route := range []struct{ path, options string }{
		{"/302", block()},
		{"/303", block("status 303")},
		{"/307", block("status 307")},
		{"/nowindow", block("window 0")},
		{"/window", block("window 10m")},
		{"/nostore", block()},
	} {
		site += fmt.Sprintf("cloudfront_redirect %s https://cdn.example.com{uri} %s\n", route.path, route.options)
	}
	startCaddy(t, "", site+"respond /302 reached\n}")

	for _, tt := range []struct {
		method, path     string
		status           int
		minimum, maximum int64 // of max-age
	}{
		{"GET", "/302", 302, 15 * 60, 30*60 - 1},
		{"HEAD", "/302", 302, 15 * 60, 30*60 - 1},
		{"GET", "/303", 303, 15 * 60, 30*60 - 1},
		{"GET", "/307", 307, 15 * 60, 30*60 - 1},
		{"GET", "/nowindow", 302, 0, 1},
		{"GET", "/window", 302, 10 * 60, 20*60 - 1},
	} {
		t.Run(tt.method+tt.path, func(t *testing.T) {
			res, body := rawRequest(t, addr, tt.method+" "+tt.path+" HTTP/1.1")
			if res.StatusCode != tt.status {
				t.Fatalf("status %d, want %d", res.StatusCode, tt.status)
			}
			expires := checkSigned(t, res.Header.Get("Location"), "https://cdn.example.com"+tt.path, testKey(t), time.Hour)

			cc, ok := strings.CutPrefix(res.Header.Get("Cache-Control"), "private, max-age=")
			maxAge, err := strconv.ParseInt(cc, 10, 64)
			if !ok || err != nil || maxAge < tt.minimum || maxAge > tt.maximum {
				t.Errorf("Cache-Control %q, want private and a max-age from %d to %d", res.Header.Get("Cache-Control"), tt.minimum, tt.maximum)
			}
			if maxAge >= expires-time.Now().Unix() {
				t.Errorf("may be kept for %d s, longer than the signature lives", maxAge)
			}
			if body != "" {
				t.Errorf("body %q", body)
			}
		})
	}

	t.Run("no-store stays", func(t *testing.T) {
		res, _ := rawRequest(t, addr, "GET /nostore HTTP/1.1")
		if cc := res.Header.Get("Cache-Control"); res.StatusCode != 302 || cc != "private, no-store" {
			t.Errorf("status %d, Cache-Control %q", res.StatusCode, cc)
		}
	})

	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "PROPFIND"} {
		t.Run(method, func(t *testing.T) {
			res, _ := rawRequest(t, addr, method+" /302 HTTP/1.1")
			if res.StatusCode != http.StatusMethodNotAllowed || res.Header.Get("Allow") != "GET, HEAD" || res.Header.Get("Location") != "" {
				t.Errorf("status %d, %v", res.StatusCode, res.Header)
			}
		})
	}
}

func TestRedirectAdmission(t *testing.T) {
	addr := freeAddr(t)
	const to = " https://cdn.example.com{uri} "
	resource := "resource https://cdn.example.com/*"
	startCaddy(t, "servers {\n trusted_proxies static 127.0.0.1/32\n }", "http://"+addr+` {
		handle_errors {
			respond "error {err.status_code}"
		}
		vars /vip/* member yes
		vars /slash/* name a/b
		vars /bob/* name bob
		cloudfront_redirect /auth/*`+to+signerBlock(t, resource)+`
		cloudfront_redirect /vip/*`+to+signerBlock(t, resource, "require {vars.member} yes")+`
		cloudfront_redirect /novip/*`+to+signerBlock(t, resource, "require {vars.member} yes")+`
		cloudfront_redirect /ip/*`+to+signerBlock(t, resource, "require none", "ip client")+`
		cloudfront_redirect /bob/*`+to+signerBlock(t, "resource https://cdn.example.com/{vars.name}/*", "require none")+`
		cloudfront_redirect /slash/*`+to+signerBlock(t, "resource https://cdn.example.com/{vars.name}/*", "require none")+`
	}`)
	for _, tt := range []struct {
		name, path string
		fields     []string
		status     int
	}{
		{"not authenticated", "/auth/a", nil, 403},
		{"the header of an auth server, from the client", "/auth/a", []string{"Remote-User: bob"}, 403},
		{"not admitted comes before a bad URL", "/auth/*", nil, 403},
		{"variable", "/vip/a", nil, 302},
		{"no variable", "/novip/a", nil, 403},
		{"IPv4", "/ip/a", []string{"X-Forwarded-For: 192.0.2.7"}, 302},
		{"IPv6", "/ip/a", []string{"X-Forwarded-For: 2001:db8::1"}, 403},
		{"the visitor's own segment", "/bob/a", nil, 302},
		{"a segment that is none", "/slash/a", nil, 403},
	} {
		t.Run(tt.name, func(t *testing.T) {
			res, body := rawRequest(t, addr, "GET "+tt.path+" HTTP/1.1", tt.fields...)
			if res.StatusCode != tt.status {
				t.Fatalf("status %d, want %d", res.StatusCode, tt.status)
			}
			if (res.Header.Get("Location") != "") != (tt.status == 302) {
				t.Errorf("Location %q", res.Header.Get("Location"))
			}
			if tt.status == 403 && body != "error 403" {
				t.Errorf("handle_errors did not answer: %q", body)
			}
		})
	}
}

func TestRedirectMistakes(t *testing.T) {
	for _, tt := range []struct{ name, to, option, want string }{
		{"response_header", "https://cdn.example.com{uri}", "require response_header X-Member", "there is no response yet when this decides"},
		{"relative", "{uri}", "hash sha256", "has to be absolute"},
		{"no path", "https://cdn.example.com", "hash sha256", "write https://cdn.example.com/ where it now has https://cdn.example.com"},
		{"upper case", "https://CDN.example.com{uri}", "hash sha256", "write https://cdn.example.com/value"},
		{"dot segments", "https://cdn.example.com/a/..{uri}", "hash sha256", "without dot segments"},
		{"fragment", "https://cdn.example.com{uri}#top", "hash sha256", "never sees what follows a '#'"},
		{"a slash too many", "https://cdn.example.com/{uri}", "hash sha256", "remove the '/' before it"},
		{"another host", "https://img.example.com{uri}", "hash sha256", "https://img.example.com is in no resource"},
		{"another scheme", "http://cdn.example.com{uri}", "hash sha256", "http://cdn.example.com is in no resource"},
		{"reserved name", "https://cdn.example.com{uri}", "keep_query Signature", "CloudFront reserves this name"},
		{"no name", "https://cdn.example.com{uri}", "keep_query a=b", "is no query parameter's name"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := validate(withGlobals(t, "", ":9999\ncloudfront_redirect "+tt.to+" "+signerBlock(t, "resource https://cdn.example.com/*", tt.option)))
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "cloudfront_redirect") {
				t.Errorf("got %v\nwant … %s", err, tt.want)
			}
			// What the text shows is answered with file and line.
			if tt.option == "hash sha256" && !strings.Contains(tt.want, "is in no resource") && !strings.Contains(err.Error(), "Caddyfile:") {
				t.Errorf("no file and line: %v", err)
			}
		})
	}
}

// TestRedirectAccel runs examples/accel-redirect.caddyfile in front of an app that
// answers as it would to nginx.
func TestRedirectAccel(t *testing.T) {
	app, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" {
			http.Error(w, "log in first", http.StatusUnauthorized)
			return
		}
		w.Header().Set("X-Accel-Redirect", r.URL.Query().Get("file"))
		io.WriteString(w, "not for the visitor")
	})}
	go server.Serve(app)
	t.Cleanup(func() { server.Close() })

	addr := freeAddr(t)
	private, _ := writeKey(t, ecKey())
	example, err := os.ReadFile(filepath.Join("examples", "accel-redirect.caddyfile"))
	if err != nil {
		t.Fatal(err)
	}
	startCaddy(t, "", replaceAll(t, string(example),
		"app.example.com", "http://"+addr,
		"localhost:3000", app.Addr().String(),
		"/etc/caddy/cloudfront.pem", private,
	))

	for _, tt := range []struct {
		name, auth, file string
		status           int
		want             string
	}{
		{"no", "", "/private/a.pdf", 401, ""},
		{"yes", "bob", "/private/a.pdf", 302, "/private/a.pdf"},
		{"escaped by the app", "bob", "/private/a%20b.pdf", 302, "/private/a%20b.pdf"},
		{"not escaped by the app", "bob", "/private/ä b?*.pdf", 302, "/private/%C3%A4%20b%3F%2A.pdf"},
		{"a percent sign", "bob", "/private/100%.pdf", 302, "/private/100%25.pdf"},
		{"outside", "bob", "/public/a.pdf", 400, ""},
		{"climbs out", "bob", "/private/../a.pdf", 400, ""},
		{"no path", "bob", "@evil.example.net/private/", 400, ""},
		{"another host", "bob", "//evil.example.net/private/", 400, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			res, _ := rawRequest(t, addr, "GET /download?file="+url.QueryEscape(tt.file)+" HTTP/1.1", "Authorization: "+tt.auth)
			if res.StatusCode != tt.status {
				t.Fatalf("status %d, want %d", res.StatusCode, tt.status)
			}
			if res.Header.Get("X-Accel-Redirect") != "" {
				t.Error("the visitor sees X-Accel-Redirect")
			}
			if tt.want != "" {
				checkSigned(t, res.Header.Get("Location"), "https://cdn.example.com"+tt.want, testKey(t), 15*time.Minute)
			} else if location := res.Header.Get("Location"); location != "" {
				t.Errorf("Location %q", location)
			}
		})
	}
}

// replaceAll replaces each of the old texts by the one after it; all have to
// be there.
func replaceAll(t *testing.T, text string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("there is no %q in:\n%s", pairs[i], text)
		}
		text = strings.ReplaceAll(text, pairs[i], pairs[i+1])
	}
	return text
}

// Redirects and templates sign for the window of the handlers' clock: the same
// URL until it turns, and another one then.
func TestSignedURLsOverAWindow(t *testing.T) {
	clock := startClock(t)
	addr := freeAddr(t)
	options := []string{"resource https://cdn.example.com/*", "require none", "window 15m"}
	root := templateSite(t, map[string]string{"a.html": `{{cloudfrontURL . "https://cdn.example.com/a.html"}}`})
	startCaddy(t, "", "http://"+addr+" {\n\troot "+root+"\n\tcloudfront_redirect /to/* https://cdn.example.com/a.html "+signerBlock(t, options...)+
		"\n\ttemplates {\n\t\textensions {\n\t\t\tcloudfront "+signerBlock(t, options...)+"\n\t\t}\n\t}\n\tfile_server\n}")
	both := func() (expires int64, signed string) {
		t.Helper()
		res, _ := rawRequest(t, addr, "GET /to/a HTTP/1.1")
		_, body := rawRequest(t, addr, "GET /a.html HTTP/1.1")
		location := res.Header.Get("Location")
		if location != body || !strings.HasPrefix(location, "https://cdn.example.com/a.html?Expires=") {
			t.Fatalf("the redirect goes to %q, the template wrote %q", location, body)
		}
		u, err := url.Parse(location)
		if err != nil {
			t.Fatal(err)
		}
		expires, err = strconv.ParseInt(u.Query().Get("Expires"), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return expires, location
	}

	expires, first := both()
	turn := time.Unix(expires, 0).Add(-time.Hour)
	if left := turn.Sub(now()); left < 0 || left > 15*time.Minute {
		t.Fatalf("the window turns in %v", left)
	}
	clock.advance(turn.Sub(now()))
	if _, signed := both(); signed != first {
		t.Errorf("in the last second of the window:\n%s\nhas become\n%s", first, signed)
	}
	clock.advance(time.Second)
	if next, _ := both(); next != expires+15*60 {
		t.Errorf("when the window turns, Expires is %d, %d seconds after the last", next, next-expires)
	}
}
