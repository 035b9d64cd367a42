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

func TestCookieAttributes(t *testing.T) {
	clock := startClock(t)
	for _, test := range []struct{ options, set, marker string }{
		{"", "Path=/private/; Domain=site.test; HttpOnly; Secure; SameSite=Lax", "Path=/; HttpOnly; Secure; SameSite=Lax"},
		{"same_site strict", "Path=/private/; Domain=site.test; HttpOnly; Secure; SameSite=Strict", "Path=/; HttpOnly; Secure; SameSite=Strict"},
		{"same_site none", "Path=/private/; Domain=site.test; HttpOnly; Secure; SameSite=None", "Path=/; HttpOnly; Secure; SameSite=None"},
		{"secure off", "Path=/private/; Domain=site.test; HttpOnly; SameSite=Lax", "Path=/; HttpOnly; SameSite=Lax"},
		{"http_only off", "Path=/private/; Domain=site.test; Secure; SameSite=Lax", "Path=/; HttpOnly; Secure; SameSite=Lax"},
		{"partitioned", "Path=/private/; Domain=site.test; HttpOnly; Secure; SameSite=Lax; Partitioned", "Path=/; HttpOnly; Secure; SameSite=Lax; Partitioned"},
		{"domain host", "Path=/private/; HttpOnly; Secure; SameSite=Lax", "Path=/; HttpOnly; Secure; SameSite=Lax"},
		{"domain cdn.site.test", "Path=/private/; Domain=cdn.site.test; HttpOnly; Secure; SameSite=Lax", "Path=/; HttpOnly; Secure; SameSite=Lax"},
		{"domain .SITE.test", "Path=/private/; Domain=site.test; HttpOnly; Secure; SameSite=Lax", "Path=/; HttpOnly; Secure; SameSite=Lax"},
		{"resource https://cdn.site.test/* path /a", "Path=/a; Domain=site.test; HttpOnly; Secure; SameSite=Lax", "Path=/; HttpOnly; Secure; SameSite=Lax"},
		{"persist\nttl 1h\nwindow 0", "Path=/private/; Domain=site.test; Max-Age=3600; HttpOnly; Secure; SameSite=Lax", "Path=/; Max-Age=3600; HttpOnly; Secure; SameSite=Lax"},
	} {
		t.Run(test.options, func(t *testing.T) {
			if !strings.Contains(test.options, "resource") {
				test.options += "\n" + private
			}
			s := newStage(t, cookiesBlock(test.options+"\nlogout /logout")).start()
			check := func(fields []string, issued bool) {
				t.Helper()
				if len(fields) != 5 {
					t.Fatalf("%q; want four cookies and the marker", fields)
				}
				for i, field := range fields {
					pair, attributes, _ := strings.Cut(field, "; ")
					name, value, _ := strings.Cut(pair, "=")
					want := test.set
					if i == 4 {
						want = test.marker
					}
					if !issued {
						want = strings.Replace(want, "Max-Age=3600; ", "", 1)
						before, after, _ := strings.Cut(want+" ", "HttpOnly; ")
						if !strings.Contains(want, "HttpOnly") {
							before, after, _ = strings.Cut(want+" ", "Secure; ")
							after = "Secure; " + after
						} else {
							after = "HttpOnly; " + after
						}
						want = strings.TrimSpace(before + "Max-Age=0; " + after)
					}
					if attributes != want || (value != "") != issued {
						t.Errorf("%s has %q, want %q", name, attributes, want)
					}
				}
			}
			bob := s.visitor()
			check(bob.get(appURL, member).Header["Set-Cookie"], true)
			check(bob.get(appURL+"/logout", member).Header["Set-Cookie"], false)
		})
	}
	_ = clock
}

// The Max-Age of persistent cookies ends with their policy.
func TestPersistentCookies(t *testing.T) {
	clock := startClock(t)
	s := newStage(t, cookiesBlock(private+"\npersist\nttl 1h\nwindow 15m")).start()
	for range 20 {
		clock.advance(77 * time.Second)
		for _, cookie := range s.visitor().get(appURL, member).Cookies() {
			end := now().Add(time.Duration(cookie.MaxAge) * time.Second)
			if cookie.MaxAge < 3600 || cookie.MaxAge >= 3600+900 {
				t.Errorf("%s lives for %ds", cookie.Name, cookie.MaxAge)
			}
			if cookie.Name == "CloudFront-Policy" && !strings.Contains(decodePolicy(t, cookie.Value), fmt.Sprintf(`"AWS:EpochTime":%d}`, end.Unix())) {
				t.Errorf("Max-Age ends at %v, the policy is %s", end, decodePolicy(t, cookie.Value))
			}
		}
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

// The cookies of one visitor replace those of another in the same browser.
func TestAnotherVisitorInTheSameBrowser(t *testing.T) {
	s := newStage(t, cookiesBlock("resource https://cdn.site.test/users/{http.auth.user.id}/*")).start()
	browser := s.visitor()
	for _, test := range []struct{ user, other string }{{"bob", "alice"}, {"alice", "bob"}} {
		if !browser.get(appURL, "Session: "+test.user).hasCookies() {
			t.Errorf("%s got no cookies", test.user)
		}
		if !browser.opens(cdnURL+"/users/"+test.user+"/a") || browser.opens(cdnURL+"/users/"+test.other+"/a") {
			t.Errorf("%s does not open his own directory only", test.user)
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

// A value that could widen or move a policy gets nothing.
func TestHostileNames(t *testing.T) {
	const users = "resource https://cdn.site.test/users/{http.auth.user.id}/*"
	s := newStage(t, cookiesBlock(users)+"cloudfront_links media {\n"+users+"\n}\n")
	s.upstream = func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		for _, path := range []string{r.URL.RawQuery + "/a", "a", "/a", "*/a", "?/a", "%2e%2e/a", "a/b/a", "other/a"} {
			fmt.Fprintf(w, "<a href=\"https://cdn.site.test/users/%s\">", path)
		}
	}
	s.start()
	for name, segment := range map[string]string{
		"bob":           "bob",
		"bob smith":     "bob%20smith",
		"ü":             "%C3%BC",
		"b.o_b-1@x":     "b.o_b-1@x",
		"":              "",
		"*":             "",
		"?":             "",
		"b*":            "",
		"b?b":           "",
		".":             "",
		"..":            "",
		"../x":          "",
		"a/b":           "",
		"/":             "",
		`a\b`:           "",
		"%2e%2e":        "",
		"%2E":           "",
		"100%":          "",
		"x;Domain=evil": "",
		"x,y":           "",
		`"`:             "",
		"'":             "",
		"<b>":           "",
		"a#b":           "",
		"a\nb":          "",
		"a\x00b":        "",
		"\xff":          "",
	} {
		visitor := s.visitor()
		got := visitor.get(appURL+"?"+segment, "Session: "+url.PathEscape(name))
		if got.StatusCode != http.StatusOK {
			t.Fatalf("%q: %s", name, got.Status)
		}
		if segment == "" {
			if len(got.Header["Set-Cookie"]) > 0 {
				t.Errorf("%q got %q", name, got.Header["Set-Cookie"])
			}
			if strings.Contains(got.body, "Signature=") {
				t.Errorf("%q got %s", name, got.body)
			}
			continue
		}
		policy := ""
		for _, cookie := range got.Cookies() {
			if cookie.Name == "CloudFront-Policy" {
				policy = decodePolicy(t, cookie.Value)
			}
		}
		if want := `"https://cdn.site.test/users/` + segment + `/*"`; !strings.Contains(policy, want) {
			t.Errorf("%q got the policy %s, want %s", name, policy, want)
		}
		if !visitor.opens(cdnURL+"/users/"+segment+"/a") || visitor.opens(cdnURL+"/users/other/a") {
			t.Errorf("%q does not open its own directory only", name)
		}
		if strings.Count(got.body, "Signature=") != 1 || !strings.Contains(got.body, "https://cdn.site.test/users/"+segment+"/a?") {
			t.Errorf("%q got other links than its own: %s", name, got.body)
		}
	}
}

// With `ip client` the policy holds the visitor's IPv4 address as Caddy's rules
// for trusted proxies see it.
func TestCookiesForClientIP(t *testing.T) {
	s := newStage(t, cookiesBlock(private+"\nip client"))
	s.globals = "servers {\ntrusted_proxies static 127.0.0.1/32\n}"
	s.start()
	for forwarded, want := range map[string]string{
		"":                        "127.0.0.1/32",
		"192.0.2.7":               "192.0.2.7/32",
		"192.0.2.7, 192.0.2.8":    "192.0.2.7/32",
		"::ffff:192.0.2.9":        "192.0.2.9/32",
		"2001:db8::1":             "",
		"192.0.2.7\", \"Resource": "127.0.0.1/32",
	} {
		got := s.visitor().get(appURL, member, "X-Forwarded-For: "+forwarded)
		policy := ""
		for _, cookie := range got.Cookies() {
			if cookie.Name == "CloudFront-Policy" {
				policy = decodePolicy(t, cookie.Value)
			}
		}
		if want == "" && policy != "" || !strings.Contains(policy, want) {
			t.Errorf("X-Forwarded-For %q: the policy is %s, want %s", forwarded, policy, want)
		}
	}

	bob := s.visitor()
	for _, ip := range []string{"192.0.2.7", "192.0.2.8"} {
		if !bob.get(appURL, member, "X-Forwarded-For: "+ip).hasCookies() || bob.get(appURL, member, "X-Forwarded-For: "+ip).hasCookies() {
			t.Errorf("%s: cookies have to be issued once for each address", ip)
		}
	}

	s.globals = ""
	s.start()
	got := s.visitor().get(appURL, member, "X-Forwarded-For: 192.0.2.7")
	for _, cookie := range got.Cookies() {
		if cookie.Name == "CloudFront-Policy" && !strings.Contains(decodePolicy(t, cookie.Value), "127.0.0.1/32") {
			t.Errorf("an untrusted proxy was believed: %s", decodePolicy(t, cookie.Value))
		}
	}
}

// A cookie that browsers would ignore for its length is not sent.
func TestLongCookies(t *testing.T) {
	s := newStage(t, cookiesBlock("resource https://cdn.site.test/users/{http.auth.user.id}/*")).start()
	if got := s.visitor().get(appURL, "Session: "+strings.Repeat("b", 3500)); len(got.Header["Set-Cookie"]) > 0 {
		t.Errorf("%d bytes of cookies", len(fmt.Sprint(got.Header["Set-Cookie"])))
	}
	if got := s.visitor().get(appURL, "Session: "+strings.Repeat("b", 2000)); !got.hasCookies() {
		t.Error("no cookies for a long name")
	}
}

// Where no browser would take the cookies, none are sent: that is logged once,
// and counted each time.
func TestNoCookieCanWork(t *testing.T) {
	log := t.TempDir() + "/log"
	s := newStage(t, cookiesBlock("resource https://cdn.elsewhere.test/*"))
	s.globals = "log cookies {\noutput file " + log + "\ninclude http.handlers.cloudfront_cookies\n}\n"
	s.start()
	before := counted(t, s, "cookie_domain")
	for range 3 {
		if got := s.visitor().get(appURL, member); len(got.Header["Set-Cookie"]) > 0 {
			t.Errorf("got %q", got.Header["Set-Cookie"])
		}
	}
	if text := readFile(t, log); strings.Count(text, "no cookies are sent") != 1 || !strings.Contains(text, `"site":"app.site.test"`) || !strings.Contains(text, `"cdn":"cdn.elsewhere.test"`) {
		t.Errorf("the log says %s", text)
	}
	if got := counted(t, s, "cookie_domain") - before; got != 3 {
		t.Errorf("counted %d times, want 3", got)
	}
}

// Why nothing was issued is counted, and logged for debugging without anything
// secret.
func TestCookieReasons(t *testing.T) {
	log := t.TempDir() + "/log"
	s := newStage(t, cookiesBlock(private+"\nlogout /logout")+"respond /404 404\n")
	s.globals = "log cookies {\noutput file " + log + "\nlevel DEBUG\ninclude http.handlers.cloudfront_cookies\n}\n"
	s.start()
	bob := s.visitor()
	for _, test := range []struct{ path, session, result string }{
		{"/", member, "issued"},
		{"/", member, "current"},
		{"/", "X: y", "no_auth"},
		{"/404", member, "status"},
		{"/logout", member, "logout"},
	} {
		before := counted(t, s, test.result)
		bob.get(appURL+test.path, test.session)
		if got := counted(t, s, test.result) - before; got != 1 {
			t.Errorf("%s, %s: %s was counted %d times, want 1", test.path, test.session, test.result, got)
		}
		if text := readFile(t, log); !strings.Contains(text, `"result":"`+test.result+`"`) || strings.Contains(text, "CloudFront-") {
			t.Errorf("%s: the log says %s", test.result, text)
		}
	}
}

// counted reads a counter from the metrics that Caddy serves.
func counted(t *testing.T, s *stage, result string) (n int) {
	t.Helper()
	prefix := `caddy_cloudfront_responses_total{handler="cookies",result="` + result + `",signer="media"} `
	for line := range strings.Lines(s.visitor().get("https://metrics.site.test/").body) {
		if value, ok := strings.CutPrefix(line, prefix); ok {
			fmt.Sscan(value, &n)
		}
	}
	return n
}

// Mistakes that no site could live with are answered by `caddy validate`.
func TestCookieConfigErrors(t *testing.T) {
	for _, test := range []struct{ name, options, want string }{
		{"public suffix", private + "\ndomain co.uk", "is a public suffix"},
		{"not covered", private + "\ndomain example.com", "domain example.com does not cover cdn.site.test"},
		{"unset domain", private + "\ndomain {env.NO_SUCH_DOMAIN}", "domain: "},
		{"IP address", private + "\ndomain 127.0.0.1", "write domain host"},
		{"cloudfront.net", "resource https://d111.cloudfront.net/*", "write domain host"},
		{"overlap", "resource https://cdn.site.test/a/* https://cdn.site.test/a/b/*", "would be sent together with those of resource https://cdn.site.test/a/*"},
		{"overlap by default paths", "resource https://cdn.site.test/a/x-* https://cdn.site.test/a/y-*", "would be sent together"},
		{"overlap by hand", "resource https://cdn.site.test/a/* path /\n" + private, "would be sent together"},
		{"overlap of visitors", "resource https://cdn.site.test/{http.auth.user.id}/a/* https://cdn.site.test/{http.auth.user.id}/b/*", "would be sent together"},
		{"overlap on hosts with one domain", "resource https://cdn.site.test/* https://static.site.test/*", "would be sent together"},
		{"overlap on the site itself", "domain host\nresource https://a.test/* https://b.test/*", "would be sent together"},
		{"path of a cookie", "resource https://cdn.site.test/* path /a*", "has no wildcard"},
		{"logout path", private + "\nlogout logout", "a path begins with '/'"},
		{"except", private + "\nexcept https://cdn.site.test/private/secret/*", "except"},
	} {
		s := newStage(t, cookiesBlock(test.options))
		err := s.validate()
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want an error with %q", test.name, err, test.want)
		}
		if inText := test.name != "unset domain" && test.name != "except"; inText && !strings.Contains(fmt.Sprint(err), "Caddyfile:") {
			t.Errorf("%s: %v tells no line", test.name, err)
		}
	}
	s := newStage(t, "cloudfront_cookies media")
	s.signer = "resource https://cdn.site.test/a/* https://cdn.site.test/a/b/*"
	if err := s.validate(); err == nil || !strings.Contains(err.Error(), "signer media: resource https://cdn.site.test/a/b/*: its cookies") {
		t.Errorf("a named signer: %v", err)
	}
	if err := validateJSON([]byte(`{"apps":{"http":{"servers":{"s":{"listen":["127.0.0.1:0"],"routes":[{"handle":[{
		"handler":"cloudfront_cookies","key":{"source":"internal"},"resources":["https://cdn.site.test/a/*"],"paths":{"https://cdn.site.test/b/*":"/b"}
	}]}]}}}}}`)); err == nil || !strings.Contains(err.Error(), "paths: https://cdn.site.test/b/* is no resource here") {
		t.Errorf("JSON with a path of no resource: %v", err)
	}
	t.Setenv("COOKIE_DOMAIN", "site.test")
	for _, options := range []string{
		"resource https://d111.cloudfront.net/*\ndomain host",
		"resource https://cdn.site.test/* https://cdn.elsewhere.test/*",
		"resource https://a.co.uk/* https://b.co.uk/*",
		"resource https://127.0.0.1:8443/*",
		private + "\ndomain {env.COOKIE_DOMAIN}",
	} {
		s := newStage(t, cookiesBlock(options))
		if err := s.validate(); err != nil {
			t.Errorf("%s: %v", options, err)
		}
	}
}

// What hardly works is warned about when the config is loaded.
func TestCookieWarnings(t *testing.T) {
	for _, test := range []struct{ options, want string }{
		{private, ""},
		{private + "\nsame_site none", ""},
		{private + "\nsame_site none\nsecure off", "refuse cookies with same_site none"},
		{private + "\npartitioned\nsecure off", "refuse partitioned cookies"},
		{"resource https://cdn.site.test/a/* path /b", "to no URL of the resource"},
		{"resource http://cdn.site.test/*", "secure cookies over plain HTTP"},
		{"resource http://localhost:8082/*", ""},
		{"resource http://cdn.site.test/*\nsecure off", ""},
	} {
		log := t.TempDir() + "/log"
		s := newStage(t, cookiesBlock(test.options))
		s.globals = "log cookies {\noutput file " + log + "\nlevel WARN\ninclude http.handlers.cloudfront_cookies\n}\n"
		s.start()
		text := readFile(t, log)
		if !strings.Contains(text, test.want) || (test.want == "") != (text == "") {
			t.Errorf("%s: the log says %q, want %q", test.options, text, test.want)
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
