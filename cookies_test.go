package cloudfront

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

const (
	member = "Session: bob"

	private = "resource https://cdn.site.test/private/*"
)

// cookiesBlock is an app's site for members, with options for the handler.
func cookiesBlock(options string) string {
	return "@member header Session *\ntest_session @member\ncloudfront_cookies media {\n" + options + "\n}\n"
}

// allCookies are the names in a set with SHA-256.
var allCookies = []string{"CloudFront-Policy", "CloudFront-Signature", "CloudFront-Key-Pair-Id", "CloudFront-Hash-Algorithm"}

func TestCookiesOpenTheCDN(t *testing.T) {
	s := newStage(t, cookiesBlock(private)).start()
	bob, anonymous := s.visitor(), s.visitor()

	if got := anonymous.get(appURL); got.StatusCode != http.StatusOK || len(got.Header["Set-Cookie"]) > 0 {
		t.Errorf("an anonymous visitor got %s with %q", got.Status, got.Header["Set-Cookie"])
	}
	if bob.opens(cdnURL + "/private/a.png") {
		t.Error("the CDN is open before login")
	}
	got := bob.get(appURL, member)
	if issued, expired := got.issued(); !slices.Equal(issued, allCookies) || len(expired) > 0 {
		t.Fatalf("issued %q and expired %q; want %q", issued, expired, allCookies)
	}
	for path, want := range map[string]bool{
		"/private/":         true,
		"/private/a.png":    true,
		"/private/b/c?d=e":  true,
		"/private":          false,
		"/private-not/a":    false,
		"/public/a.png":     false,
		"/":                 false,
		"/private/../other": false,
	} {
		if got := bob.opens(cdnURL + path); got != want {
			t.Errorf("%s: opens is %v, want %v", path, got, want)
		}
		if anonymous.opens(cdnURL + path) {
			t.Errorf("%s is open to an anonymous visitor", path)
		}
	}
}

// A set is issued on the first answer, in each new window, and when the marker
// does not vouch for it.
func TestCookiesAreIssuedOncePerWindow(t *testing.T) {
	clock := startClock(t)
	s := newStage(t, cookiesBlock(private+"\nttl 1h\nwindow 15m")).start()
	bob := s.visitor()
	get := func(step string, want bool) answer {
		t.Helper()
		got := bob.get(appURL, member)
		if got.hasCookies() != want {
			t.Errorf("%s: issued is %v, want %v", step, !want, want)
		}
		if !bob.opens(cdnURL + "/private/a") {
			t.Errorf("%s: the CDN is closed", step)
		}
		return got
	}

	marker := get("first answer", true).marker()
	get("second answer", false)
	issues := 0
	for range 12 { // three hours
		clock.advance(15 * time.Minute)
		get("a window later", true)
		get("and again", false)
	}
	for range 60 {
		clock.advance(time.Minute)
		if bob.get(appURL, member).hasCookies() {
			issues++
		}
		if !bob.opens(cdnURL + "/private/a") {
			t.Error("the CDN is closed between two windows")
		}
	}
	if issues != 4 {
		t.Errorf("%d issues in one hour of windows of 15 minutes, want 4", issues)
	}

	setMarker := func(value string, maxAge int) {
		u, _ := url.Parse(appURL)
		bob.client.Jar.SetCookies(u, []*http.Cookie{{Name: marker.Name, Value: value, Path: "/", Secure: true, MaxAge: maxAge}})
	}
	setMarker("", -1)
	get("no marker", true)
	setMarker(marker.Value, 0)
	get("a marker of an old window", true)
	setMarker("x", 0)
	get("a malformed marker", true)
	setMarker("", 0)
	get("an empty marker", true)
	get("all is well again", false)

	other := s.visitor().get(appURL, "Session: alice").marker()
	if other.Name != marker.Name {
		t.Errorf("the marker's name depends on the visitor: %s and %s", marker.Name, other.Name)
	}

	s.start()
	get("another node, or the same after a reload", false)

	s.privateFile, _ = writeKey(t, rsaKey())
	s.start()
	get("another key", true)
	get("the same key", false)

	for _, options := range []string{"same_site strict", "http_only off", "partitioned", "persist", "domain site.test\npersist\nsame_site none", "ttl 2h"} {
		s.app = cookiesBlock(private + "\n" + options)
		s.start()
		get("with "+options, true)
		get("with "+options+", again", false)
	}
}

// Cookies go on final answers that succeed or redirect, and leave nothing
// behind on others, not even if the header has seemed to be final; the app's own
// are kept.
func TestCookiesByStatus(t *testing.T) {
	s := newStage(t, `
		@member header Session *
		test_session @member
		handle_errors {
			respond "sorry" {err.status_code}
		}
		cloudfront_cookies media {
			`+private+`
		}
		error /error 503
		test_late_error /late-error
		respond /respond/404 404
		encode
	`)
	s.upstream = func(w http.ResponseWriter, r *http.Request) {
		status := 0
		fmt.Sscanf(r.URL.Path, "/%d", &status)
		if r.URL.Path == "/hints" {
			w.Header().Set("Link", "</a.css>; rel=preload")
			w.WriteHeader(http.StatusEarlyHints)
			status = http.StatusOK
		}
		w.Header().Add("Set-Cookie", "app=1; Path=/")
		w.WriteHeader(status)
	}
	s.start()
	for path, want := range map[string]bool{
		"/200": true, "/204": true, "/206": true, "/302": true, "/303": true, "/304": true, "/hints": true,
		"/400": false, "/401": false, "/403": false, "/404": false, "/500": false, "/503": false,
		"/respond/404": false, "/error": false, "/late-error": false,
	} {
		got := s.visitor().get(appURL+path, member)
		if got.hasCookies() != want || (got.marker() != nil) != want {
			t.Errorf("%s: %s has %q; issued has to be %v", path, got.Status, got.Header["Set-Cookie"], want)
		}
		if app := got.Header["Set-Cookie"]; path[1] < '9' && path[1] > '0' && (len(app) == 0 || app[0] != "app=1; Path=/") {
			t.Errorf("%s: the app's own cookie is gone: %q", path, app)
		}
	}
}

// A response with our cookies is for one visitor, a 304 too.
func TestCookiesArePrivate(t *testing.T) {
	s := newStage(t, cookiesBlock(private+"\nttl 1h\nwindow 15m"))
	s.upstream = func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", r.URL.Query().Get("cc"))
		w.Header().Set("CDN-Cache-Control", "max-age=600")
		if r.URL.Path == "/304" {
			w.WriteHeader(http.StatusNotModified)
		}
	}
	s.start()
	bob := s.visitor()
	for _, path := range []string{"/", "/304"} {
		for sent, want := range map[string]string{
			"":                            "private, no-cache",
			"no-store":                    "private, no-store",
			"public, max-age=60":          "private, max-age=60",
			"public, s-maxage=999":        "private, no-cache",
			"max-age=60, must-revalidate": "private, must-revalidate, max-age=60",
		} {
			got := s.visitor().get(appURL+path+"?cc="+url.QueryEscape(sent), member)
			if cc := got.Header.Get("Cache-Control"); !got.hasCookies() || cc != want || got.Header.Get("CDN-Cache-Control") != "" {
				t.Errorf("%s with %q: Cache-Control is %q, want %q", path, sent, cc, want)
			}
		}
	}
	bob.get(appURL, member)
	if got := bob.get(appURL+"?cc=public", member).Header; got.Get("Cache-Control") != "public" || got.Get("CDN-Cache-Control") == "" {
		t.Errorf("a response without our cookies was changed: %q", got)
	}
}

func TestLogout(t *testing.T) {
	s := newStage(t, cookiesBlock(private+"\nresource https://cdn.site.test/users/{http.auth.user.id}/*\nlogout /logout /account/logout*"))
	s.upstream = func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Query().Has("fail"):
			w.WriteHeader(http.StatusForbidden)
		case r.URL.Path == "/logout":
			w.Header().Set("Cache-Control", "public, max-age=60")
			http.Redirect(w, r, "/", http.StatusSeeOther)
		}
	}
	s.start()
	for _, test := range []struct {
		path, session string
		out           bool
	}{
		{"/logout", member, true},
		{"/logout", "X: signed out by now", true},
		{"/LOGOUT", member, true},
		{"/account/logout-everywhere", member, true},
		{"/logout?fail", member, false},
		{"/logouts", member, false},
		{"/", member, false},
	} {
		bob := s.visitor()
		bob.get(appURL, member)
		if !bob.opens(cdnURL+"/private/a") || !bob.opens(cdnURL+"/users/bob/a") {
			t.Fatal("the CDN is closed after login")
		}
		got := bob.get(appURL+test.path, test.session)
		if bob.opens(cdnURL+"/private/a") == test.out || bob.opens(cdnURL+"/users/bob/a") == test.out {
			t.Errorf("%s: logged out has to be %v; Set-Cookie is %q", test.path, test.out, got.Header["Set-Cookie"])
		}
		if got.hasCookies() {
			t.Errorf("%s: cookies were issued", test.path)
		}
		if test.out {
			u, _ := url.Parse(appURL)
			if left := bob.client.Jar.Cookies(u); len(left) > 0 {
				t.Errorf("%s: %v is left", test.path, left)
			}
			if cc := got.Header.Get("Cache-Control"); !strings.Contains(cc, "private") {
				t.Errorf("%s: a shared cache may log others out: %q", test.path, cc)
			}
			if !bob.get(appURL, member).hasCookies() || !bob.opens(cdnURL+"/private/a") {
				t.Errorf("%s: the next login gets no cookies", test.path)
			}
		}
	}
}

// A visitor who is no longer let in loses the cookies only if `clear` is set.
func TestClear(t *testing.T) {
	for _, clear := range []bool{false, true} {
		s := newStage(t, cookiesBlock(private+strings.Repeat("\nclear", map[bool]int{true: 1}[clear])))
		s.upstream = func(w http.ResponseWriter, r *http.Request) {
			status := http.StatusOK
			fmt.Sscanf(r.URL.Path, "/%d", &status)
			w.WriteHeader(status)
		}
		s.start()
		bob := s.visitor()
		bob.get(appURL, member)
		for _, path := range []string{"/304", "/404", "/500"} {
			if got := bob.get(appURL + path); len(got.Header["Set-Cookie"]) > 0 {
				t.Errorf("clear %v: a %s set %q", clear, got.Status, got.Header["Set-Cookie"])
			}
		}
		_, expired := bob.get(appURL).issued()
		if (len(expired) == 4) != clear || bob.opens(cdnURL+"/private/a") == clear {
			t.Errorf("clear %v: expired %q", clear, expired)
		}
		if got := bob.get(appURL); clear && len(got.Header["Set-Cookie"]) > 0 {
			t.Errorf("expired once more: %q", got.Header["Set-Cookie"])
		}
		if got := s.visitor().get(appURL); len(got.Header["Set-Cookie"]) > 0 {
			t.Errorf("clear %v: a visitor without cookies got %q", clear, got.Header["Set-Cookie"])
		}
	}
}

// Each resource has a set of its own, by its Path.
func TestSeveralResources(t *testing.T) {
	s := newStage(t, cookiesBlock(`
		resource https://cdn.site.test/a/* https://cdn.site.test/b/c/*
		resource https://cdn.site.test/d/e-* path /d
		resource https://cdn.site.test/users/{http.auth.user.id}/*
		resource https://cdn.elsewhere.test/*
	`)).start()
	bob := s.visitor()
	got := bob.get(appURL, member)
	if issued, _ := got.issued(); len(issued) != 16 {
		t.Errorf("%d cookies, want 16: %q", len(issued), got.Header["Set-Cookie"])
	}
	for url, want := range map[string]bool{
		cdnURL + "/a/1": true, cdnURL + "/b/c/1": true, cdnURL + "/d/e-1": true, cdnURL + "/users/bob/1": true,
		cdnURL + "/b/1": false, cdnURL + "/d/f": false, cdnURL + "/users/alice/1": false, cdnURL + "/": false,
		foreignURL + "/": false,
	} {
		if got := bob.opens(url); got != want {
			t.Errorf("%s: opens is %v, want %v", url, got, want)
		}
	}
	if bob.get(appURL, member).hasCookies() {
		t.Error("the sets were issued twice")
	}
}

// Each of several signers has its own marker and its own `require`.
func TestSeveralSignersOfCookies(t *testing.T) {
	s := newStage(t, "@member header Session *\ntest_session @member\ncloudfront_cookies media extra {\n}")
	s.signer = "resource https://cdn.site.test/private/*\n}\nsigner extra {\nkey internal\nresource https://cdn.site.test/extra/*\nrequire {http.auth.user.id} bob"
	s.start()
	for user, want := range map[string]int{"bob": 8, "alice": 4} {
		got := s.visitor().get(appURL, "Session: "+user)
		if issued, _ := got.issued(); len(issued) != want {
			t.Errorf("%s got %q", user, issued)
		}
	}
}

// A set that no longer has CloudFront-Hash-Algorithm deletes an old one, which
// would spoil it.
func TestHashSwitch(t *testing.T) {
	s := newStage(t, cookiesBlock(private))
	s.privateFile, _ = writeKey(t, rsaKey())
	s.start()
	bob := s.visitor()
	for _, hash := range []string{"sha256", "sha1", "sha256", "sha1"} {
		s.signer = "hash " + hash
		s.start()
		issued, expired := bob.get(appURL, member).issued()
		if hash == "sha1" && (len(issued) != 3 || !slices.Equal(expired, []string{"CloudFront-Hash-Algorithm"})) || hash == "sha256" && len(issued) != 4 {
			t.Errorf("%s: issued %q, expired %q", hash, issued, expired)
		}
		if !bob.opens(cdnURL + "/private/a") {
			t.Errorf("%s: the CDN is closed", hash)
		}
	}
}

func decodePolicy(t *testing.T, value string) string {
	t.Helper()
	policy, err := signer.Decode(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(policy)
}
