package cloudfront

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

// testWindow is that of linksBlock.
var testWindow = signer.Window{TTL: time.Hour, Size: 15 * time.Minute}

func testExpires(at time.Time) int64 {
	_, expires := testWindow.Bounds("https://cdn.test/private/*", at)
	return expires
}

// begin moves the clock to just after a window has begun.
func (c *clock) begin() {
	for testExpires(now()) == testExpires(now().Add(-time.Second)) {
		c.advance(time.Second)
	}
}

// fileApp is an app that answers conditions as net/http's file server does. The
// path says what it has: "/page", "/empty" (no links), "/logo" (a picture),
// with "?" and any of "etag", "weak", "date" for its validators.
func fileApp(t *testing.T) *httptest.Server {
	t.Helper()
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := map[string]string{"/page": linkedPage, "/empty": emptyPage, "/logo": "0123456789", "/logo.png": "0123456789", "/page.png": linkedPage}[r.URL.Path]
		w.Header().Set("Content-Type", "text/html")
		if strings.HasPrefix(r.URL.Path, "/logo") {
			w.Header().Set("Content-Type", "image/png")
		}
		w.Header().Set("Cache-Control", "max-age=60")
		w.Header().Set("Seen-Encoding", r.Header.Get("Accept-Encoding"))
		if r.URL.Query().Has("etag") {
			w.Header().Set("Etag", `"v1"`)
		}
		if r.URL.Query().Has("weak") {
			w.Header().Set("Etag", `W/"v1"`)
		}
		var modified time.Time
		if r.URL.Query().Has("date") {
			modified = time.Date(2025, 11, 24, 8, 49, 37, 0, time.UTC)
		}
		http.ServeContent(w, r, "", modified, strings.NewReader(body))
	}))
	t.Cleanup(app.Close)
	return app
}

// fileSites starts Caddy in front of app, with and without encode, and returns
// the base URLs.
func fileSites(t *testing.T, app *httptest.Server, window string) (bases []string) {
	t.Helper()
	private, _ := writeKey(t, ecKey())
	var config strings.Builder
	for _, encode := range []string{"", "encode gzip"} {
		base := "http://" + freeAddr(t)
		bases = append(bases, base)
		block := strings.Replace(fmt.Sprintf(linksBlock, private), "window 15m", "window "+window, 1)
		fmt.Fprintf(&config, "%s {\n\t%s\n%s\n\treverse_proxy %s\n}\n", base, encode, block, app.Listener.Addr())
	}
	startCaddy(t, "", config.String())
	return bases
}

var http1 = &http.Client{
	Transport:     &http.Transport{DisableCompression: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	Timeout:       time.Minute,
}

// TestRevalidation fetches a page as a browser does and asks again with what it
// was given (RFC 9110, section 13; RFC 9111, section 4.3).
func TestRevalidation(t *testing.T) {
	clock := startClock(t)
	clock.begin()
	bases := fileSites(t, fileApp(t), "15m")
	for _, test := range []struct {
		name   string
		path   string
		later  time.Duration
		change func(h http.Header, etag string)
		status int
		part   string // of the body
	}{
		{name: "within the window", path: "/page?etag", status: 304},
		{name: "within the window, by a date only", path: "/page?date", status: 304},
		{name: "within the window, both", path: "/page?etag&date", status: 304},
		{name: "within the window, weak", path: "/page?weak", status: 304},
		{name: "in the next window", path: "/page?etag", later: 15 * time.Minute, status: 200},
		{name: "in the next window, by a date only", path: "/page?date", later: 15 * time.Minute, status: 200},
		{name: "in the next window, both", path: "/page?etag&date", later: 15 * time.Minute, status: 200},
		{name: "without links, in any window", path: "/empty?etag", later: 48 * time.Hour, status: 304},
		{name: "without links, by a date only", path: "/empty?date", later: 48 * time.Hour, status: 304},
		{name: "a picture, in any window", path: "/logo?etag", later: 48 * time.Hour, status: 304},
		{name: "a picture, by a date only", path: "/logo?date", later: 48 * time.Hour, status: 304},
		{name: "a picture by its name", path: "/logo.png?etag&date", later: 48 * time.Hour, status: 304},
		{name: "a page with the name of a picture", path: "/page.png?etag", status: 304},
		{name: "a page with the name of a picture, in the next window", path: "/page.png?etag", later: 15 * time.Minute, status: 200},
		{name: "a page with the name of a picture, by the app's own tag", path: "/page.png?etag", status: 200,
			change: func(h http.Header, etag string) { h.Set("If-None-Match", `"v1"`) }},
		{name: "a page with the name of a picture, by the app's own date", path: "/page.png?date", status: 200,
			change: func(h http.Header, etag string) {
				h.Del("If-None-Match")
				h.Set("If-Modified-Since", "Mon, 24 Nov 2025 08:49:37 GMT")
			}},
		{name: "the app's own tag, from before we stood here", path: "/page?etag", status: 200,
			change: func(h http.Header, etag string) { h.Set("If-None-Match", `"v1"`) }},
		{name: "the app's own date, from before we stood here", path: "/page?date", status: 200,
			change: func(h http.Header, etag string) {
				h.Del("If-None-Match")
				h.Set("If-Modified-Since", "Mon, 24 Nov 2025 08:49:37 GMT")
			}},
		{name: "a tag of another config", path: "/page?etag", status: 200,
			change: func(h http.Header, etag string) { h.Set("If-None-Match", `"v1-AAAAAAAAAAAA"`) }},
		{name: "the tag of another version", path: "/page?etag", status: 200,
			change: func(h http.Header, etag string) {
				h.Set("If-None-Match", strings.Replace(etag, "v1", "v0", 1))
			}},
		{name: "a list", path: "/page?etag", status: 304,
			change: func(h http.Header, etag string) { h.Set("If-None-Match", `"v0", `+etag+`, W/"x"`) }},
		{name: "an asterisk", path: "/page?etag", status: 304,
			change: func(h http.Header, etag string) { h.Set("If-None-Match", "*") }},
		{name: "If-Match with our tag", path: "/page?etag", status: 200,
			change: func(h http.Header, etag string) { h.Del("If-None-Match"); h.Set("If-Match", etag) }},
		{name: "If-Match with another", path: "/page?etag", status: 412,
			change: func(h http.Header, etag string) { h.Del("If-None-Match"); h.Set("If-Match", `"v0"`) }},
		{name: "the rest of a signed page: the whole of it", path: "/page?etag", status: 200,
			change: func(h http.Header, etag string) {
				h.Del("If-None-Match")
				h.Set("If-Range", etag)
				h.Set("Range", "bytes=100-")
			}},
		{name: "the rest of a page without links", path: "/empty?etag", status: 206, part: emptyPage[100:],
			change: func(h http.Header, etag string) {
				h.Del("If-None-Match")
				h.Set("If-Range", uncoded(etag))
				h.Set("Range", "bytes=100-")
			}},
		{name: "the rest of a picture", path: "/logo?etag", status: 206, part: "3456789",
			change: func(h http.Header, etag string) {
				h.Del("If-None-Match")
				h.Set("If-Range", etag)
				h.Set("Range", "bytes=3-")
			}},
		{name: "the rest of a picture, begun before we stood here", path: "/logo?etag", status: 206, part: "3456789",
			change: func(h http.Header, etag string) {
				h.Del("If-None-Match")
				h.Set("If-Range", `"v1"`)
				h.Set("Range", "bytes=3-")
			}},
		{name: "a part of a signed page, unconditionally: of the app's bytes", path: "/page?etag", status: 206, part: linkedPage[100:],
			change: func(h http.Header, etag string) { h.Del("If-None-Match"); h.Set("Range", "bytes=100-") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			for i, base := range bases {
				accept := http.Header{"Accept-Encoding": {"gzip"}}
				first := ask(t, http1, "GET", base+test.path, accept)
				etag := first.Header.Get("Etag")
				if first.Status != 200 || etag == "" {
					t.Fatalf("first: %d, entity tag %q", first.Status, etag)
				}
				again := accept.Clone()
				again.Set("If-None-Match", etag)
				if date := first.Header.Get("Last-Modified"); date != "" {
					again.Set("If-Modified-Since", date)
				}
				if test.change != nil {
					test.change(again, etag)
				}
				clock.advance(test.later)
				second := ask(t, http1, "GET", base+test.path, again)
				clock.advance(-test.later)
				if second.Status != test.status {
					t.Errorf("site %d: %d, want %d\nsent:\n%s\nfirst:\n%s\nthen:\n%s", i, second.Status, test.status, headerLines(again), headerLines(first.Header), headerLines(second.Header))
				}
				if second.Status == 304 && uncoded(etag) != uncoded(second.Header.Get("Etag")) && again.Get("If-None-Match") != "*" {
					t.Errorf("site %d: the 304 is about %s, not %s", i, second.Header.Get("Etag"), etag)
				}
				if second.encoded(); test.part != "" && second.Body != test.part {
					t.Errorf("site %d: got %q, want %q", i, second.Body, test.part)
				}
			}
		})
	}
}

// TestNotModifiedCaching is about the 304 of an aged page: what it says about
// freshness is counted from now (RFC 9111, section 4.3.4).
func TestNotModifiedCaching(t *testing.T) {
	clock := startClock(t)
	clock.begin()
	base := fileSites(t, fileApp(t), "15m")[0]
	first := ask(t, http1, "GET", base+"/page?etag", nil)
	if got := first.Header.Get("Cache-Control"); got != "private, max-age=60" {
		t.Errorf("first: %q", got)
	}
	// The signature ends a little less than ttl + window after its window has
	// begun, so that one window is left at its end.
	clock.advance(14*time.Minute + 45*time.Second)
	second := ask(t, http1, "GET", base+"/page?etag", http.Header{"If-None-Match": {first.Header.Get("Etag")}})
	if second.Status != 304 || second.Header.Get("Cache-Control") != "private, max-age=60" || second.Header.Get("Last-Modified") != "" {
		t.Errorf("%d\n%s", second.Status, headerLines(second.Header))
	}
}

// TestLinksStayAlive reads the links of pages that a browser shows after a 304
// at any moment of a window: each has at least the ttl to live.
func TestLinksStayAlive(t *testing.T) {
	clock := startClock(t)
	base := fileSites(t, fileApp(t), "15m")[0]
	shown := ask(t, http1, "GET", base+"/page?etag&date", nil)
	for range 40 {
		clock.advance(97 * time.Second)
		again := ask(t, http1, "GET", base+"/page?etag&date", http.Header{"If-None-Match": {shown.Header.Get("Etag")}})
		if again.Status == 200 {
			shown = again
		}
		var expires int64
		if _, err := fmt.Sscanf(shown.Body[strings.Index(shown.Body, "Expires="):], "Expires=%d", &expires); err != nil {
			t.Fatal(err)
		}
		if left := time.Unix(expires, 0).Sub(now()); left < testWindow.TTL {
			t.Fatalf("after a %d a link with %v to live is shown", again.Status, left)
		}
	}
}

// TestSlowNotModified lets an app think about a 304 while the window ends. One that
// takes answerTime finds that it isn't asked for it. What a slower one vouches for
// is shown without asking no longer than any page (RFC 9111, section 4.3.4).
func TestSlowNotModified(t *testing.T) {
	clock := startClock(t)
	for _, test := range []struct {
		left, takes time.Duration // of the window, on entry; the app
		status      int
		control     string
	}{
		{left: 11 * time.Second, takes: answerTime, status: 304, control: "private, max-age=900"},
		{left: 9 * time.Second, takes: 8 * time.Second, status: 200, control: "private, max-age=900"},
		{left: 11 * time.Second, takes: 10 * time.Minute, status: 304, control: "private, max-age=310"},
		{left: 11 * time.Second, takes: time.Hour, status: 304, control: "private, max-age=0"},
	} {
		takes := time.Duration(0)
		app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			clock.advance(takes)
			w.Header().Set("Content-Type", "text/html")
			w.Header().Set("Etag", `"v1"`)
			w.Header().Set("Cache-Control", "max-age=86400")
			http.ServeContent(w, r, "", time.Time{}, strings.NewReader(linkedPage))
		}))
		t.Cleanup(app.Close)
		url := fileSites(t, app, "15m")[0] + "/"
		clock.begin()
		first := ask(t, http1, "GET", url, nil)
		clock.advance(15*time.Minute - test.left)
		takes = test.takes
		second := ask(t, http1, "GET", url, http.Header{"If-None-Match": {first.Header.Get("Etag")}})
		if got := second.Header.Get("Cache-Control"); second.Status != test.status || got != test.control {
			t.Errorf("%v before the end, after %v: %d, %q, want %d, %q", test.left, test.takes, second.Status, got, test.status, test.control)
		}
	}
}

// TestWithoutWindow: no two signed responses are the same, so none has an
// entity tag.
func TestWithoutWindow(t *testing.T) {
	base := fileSites(t, fileApp(t), "0")[0]
	signed := ask(t, http1, "GET", base+"/page?etag&date", nil)
	if signed.Header.Get("Etag") != "" || signed.Header.Get("Last-Modified") != "" {
		t.Errorf("a signed page has a validator:\n%s", headerLines(signed.Header))
	}
	if got := signed.Header.Get("Cache-Control"); got != "private, max-age=0" {
		t.Errorf("Cache-Control %q", got)
	}
	plain := ask(t, http1, "GET", base+"/empty?etag", nil)
	if again := ask(t, http1, "GET", base+"/empty?etag", http.Header{"If-None-Match": {plain.Header.Get("Etag")}}); again.Status != 304 {
		t.Errorf("a page without links: %d", again.Status)
	}
}

// TestRequestHeader: all the app is asked for is identity, and around us the
// request is again what the client sent. The placeholders are set by then.
func TestRequestHeader(t *testing.T) {
	app := fileApp(t)
	private, _ := writeKey(t, ecKey())
	base := "http://" + freeAddr(t)
	logFile := filepath.Join(t.TempDir(), "access.log")
	startCaddy(t, "", fmt.Sprintf(`%s {
	log {
		output file %s
	}
	log_append accept {http.request.header.Accept-Encoding}
	log_append condition {http.request.header.If-None-Match}
	log_append signed {http.cloudfront.links.signed}
	log_append reason {http.cloudfront.links.reason}
	%s
	reverse_proxy %s
}
`, base, logFile, fmt.Sprintf(linksBlock, private), app.Listener.Addr()))
	for _, test := range []struct {
		path   string
		signed int
		reason string
	}{
		{"/empty?etag", 0, "no_links"},
		{"/page?etag", 1, ""},
		{"/logo?etag", 0, "type"},
	} {
		got := ask(t, http1, "GET", base+test.path, http.Header{"Accept-Encoding": {"br"}, "If-None-Match": {"x"}})
		if seen := got.Header.Get("Seen-Encoding"); seen != "identity" {
			t.Errorf("%s: the app was asked for %q", test.path, seen)
		}
		lines := strings.Split(strings.TrimSpace(readFile(t, logFile)), "\n")
		var logged struct {
			Accept, Condition, Reason string
			Signed                    int
		}
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &logged); err != nil {
			t.Fatal(err)
		}
		if logged.Signed != test.signed || logged.Reason != test.reason {
			t.Errorf("%s: logged %+v, want %+v", test.path, logged, test)
		}
		if logged.Accept != "br" || logged.Condition != "x" {
			t.Errorf("%s: not put back: %+v", test.path, logged)
		}
	}
}

// TestRevalidationByVisitor: what a visitor is vouched for depends on whether,
// and for whom, it would be signed.
func TestRevalidationByVisitor(t *testing.T) {
	clock := startClock(t)
	clock.begin()
	app := fileApp(t)
	private, _ := writeKey(t, ecKey())
	block := strings.Replace(fmt.Sprintf(linksBlock, private), "require none", "require auth", 1)
	perVisitor := strings.Replace(block, "private/*", "{http.auth.user.id}/*", 1)
	outside, inside, own := "http://"+freeAddr(t), "http://"+freeAddr(t), "http://"+freeAddr(t)
	startCaddy(t, "\torder test_session after basic_auth", fmt.Sprintf(`%[1]s {
	@known header Session *
	test_session @known
	%[4]s
	reverse_proxy %[6]s
}
%[2]s {
	route {
		%[4]s
		@known header Session *
		test_session @known
		reverse_proxy %[6]s
	}
}
%[3]s {
	test_session
	%[5]s
	reverse_proxy %[6]s
}
`, outside, inside, own, block, perVisitor, app.Listener.Addr()))

	request := func(session string, conditions ...string) http.Header {
		h := http.Header{"Accept-Encoding": {"identity"}}
		if session != "" {
			h.Set("Session", session)
		}
		for i := 0; i < len(conditions); i += 2 {
			h.Set(conditions[i], conditions[i+1])
		}
		return h
	}
	get := func(url string, header http.Header, status, signed int) (etag string) {
		t.Helper()
		got := ask(t, http1, "GET", url, header)
		if _, n := unsigned(got.Body); got.Status != status || n != signed {
			t.Errorf("%s: %d with %d signatures, want %d with %d\n%s", url, got.Status, n, status, signed, headerLines(header))
		}
		return got.Header.Get("Etag")
	}

	for _, base := range []string{outside, inside} {
		page := base + "/page?etag"
		const date = "Mon, 24 Nov 2025 08:49:37 GMT"
		stranger := get(page, request(""), 200, 0)
		if stranger != `"v1"` {
			t.Errorf("a stranger's page has the entity tag %s", stranger)
		}
		// The first request that a node ever sees. Who is behind it may come out inside.
		get(page, request("alice", "If-None-Match", stranger), 200, 1)
		get(page, request("", "If-None-Match", stranger), 200, 0)
		get(base+"/page?date", request("", "If-Modified-Since", date), 200, 0)
		get(page, request("alice"), 200, 1)
		alice := get(page, request("alice", "If-None-Match", stranger), 200, 1)
		get(base+"/page?date", request("alice", "If-Modified-Since", date), 200, 1)
		get(page, request("", "If-None-Match", alice), 200, 0)
		plain := get(base+"/empty?etag", request("alice"), 200, 0)
		get(base+"/empty?etag", request("", "If-None-Match", plain), 304, 0)
		get(base+"/empty?etag", request("alice", "If-None-Match", plain), 304, 0)
		if base == outside {
			get(page, request("alice", "If-None-Match", alice), 304, 0)
		}
	}

	page := own + "/page?etag"
	first := get(page, request("private"), 200, 1)
	get(page, request("private", "If-None-Match", first), 304, 0)
	get(page, request("somebody", "If-None-Match", first), 200, 0)
}

// TestHandlersTogether: links inside cookies, and one handler of links inside
// another, each with an entity tag's end of its own.
func TestHandlersTogether(t *testing.T) {
	clock := startClock(t)
	clock.begin()
	private, _ := writeKey(t, ecKey())
	base := "http://" + freeAddr(t)
	startCaddy(t, "", fmt.Sprintf(`%[1]s {
	encode gzip
	cloudfront_cookies {
		key_file %[2]s
		key_pair_id KTEST
		resource https://cdn.127.0.0.1.test/*
		domain host
		require none
	}
	route {
		%[3]s
		cloudfront_links {
			key_file %[2]s
			key_pair_id KTEST
			resource https://other.test/*
			require none
		}
		reverse_proxy %[4]s
	}
}
`, base, private, fmt.Sprintf(linksBlock, private), fileApp(t).Listener.Addr()))
	accept := http.Header{"Accept-Encoding": {"gzip"}}
	first := ask(t, http1, "GET", base+"/page?etag", accept)
	if first.encoded(); first.Status != 200 || len(first.Header["Set-Cookie"]) == 0 {
		t.Errorf("%d\n%s", first.Status, headerLines(first.Header))
	}
	if _, n := unsigned(first.Body); n != 1 {
		t.Errorf("%d signatures", n)
	}
	again := accept.Clone()
	again.Set("If-None-Match", first.Header.Get("Etag"))
	if second := ask(t, http1, "GET", base+"/page?etag", again); second.Status != 304 || second.Header.Get("Cache-Control") == "" {
		t.Errorf("%d for %s\n%s", second.Status, first.Header.Get("Etag"), headerLines(second.Header))
	}
	clock.advance(15 * time.Minute)
	if third := ask(t, http1, "GET", base+"/page?etag", again); third.Status != 200 {
		t.Errorf("in the next window: %d", third.Status)
	}
}

// TestBodyAcrossWindows holds a body up until the next window has begun. If an
// entity tag names it, all its links are of the window that the tag is of (RFC
// 9110, section 8.8.1); if none does, links keep their time to live.
func TestBodyAcrossWindows(t *testing.T) {
	clock := startClock(t)
	clock.begin()
	resume := make(chan struct{})
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-ndjson")
		if name, value, ok := strings.Cut(r.URL.RawQuery, "="); ok {
			w.Header().Set(name, strings.ReplaceAll(value, "_", " "))
		}
		fmt.Fprintf(w, "%q\n", link)
		http.NewResponseController(w).Flush()
		<-resume
		fmt.Fprintf(w, "%q\n", link)
	}))
	t.Cleanup(app.Close)
	base := fileSites(t, app, "15m")[0]
	for _, test := range []struct {
		name, validator string
		same            bool
	}{
		{"strong entity tag", `ETag="v1"`, true},
		{"weak entity tag", `ETag=W/"v1"`, true},
		{"date", "Last-Modified=Mon,_24_Nov_2025_08:49:37_GMT", true},
		{"nothing", "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			resp, err := http1.Get(base + "/?" + test.validator)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body := bufio.NewReader(resp.Body)
			first, _ := body.ReadString('\n')
			clock.advance(16 * time.Minute)
			resume <- struct{}{}
			second, _ := body.ReadString('\n')
			if tagged := resp.Header.Get("Etag") != ""; tagged != test.same {
				t.Errorf("entity tag %q", resp.Header.Get("Etag"))
			}
			if _, n := unsigned(first + second); n != 2 || (first == second) != test.same {
				t.Errorf("%d links are signed:\n%s%s", n, first, second)
			}
		})
	}
}
