package cloudfront

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/publicsuffix"
)

// The Domain follows from the site's host and the CDN's. Go's cookie jar, which
// knows the Public Suffix List, has to agree: it takes the cookie from the site
// and sends it to the CDN if we say that there is a Domain, and under none of
// the parent domains if we say that there is not.
func TestCookieDomain(t *testing.T) {
	for _, test := range []struct {
		site, cdn string
		domain    string
		ok        bool
	}{
		// The CDN host is the site's own.
		{"cdn.example.com", "cdn.example.com", "", true},
		{"localhost", "localhost", "", true},
		{"127.0.0.1", "127.0.0.1", "", true},
		{"::1", "::1", "", true},
		{"d111.cloudfront.net", "d111.cloudfront.net", "", true},

		// The narrowest domain that covers both.
		{"app.example.com", "cdn.example.com", "example.com", true},
		{"example.com", "cdn.example.com", "example.com", true},
		{"app.example.com", "example.com", "example.com", true},
		{"app.eu.example.com", "cdn.eu.example.com", "eu.example.com", true},
		{"app.eu.example.com", "cdn.us.example.com", "example.com", true},
		{"app.cdn.example.com", "cdn.example.com", "cdn.example.com", true},
		{"a.notexample.com", "b.a.notexample.com", "a.notexample.com", true},
		{"app.example.co.uk", "cdn.example.co.uk", "example.co.uk", true},
		{"app.xn--bcher-kva.example", "cdn.xn--bcher-kva.example", "xn--bcher-kva.example", true},
		{"app.site.test", "cdn.site.test", "site.test", true},

		// No registrable domain in common.
		{"app.example.com", "cdn.example.net", "", false},
		{"app.example.com", "cdn.notexample.com", "", false},
		{"app.notexample.com", "cdn.example.com", "", false},
		{"app.co.uk", "cdn.co.uk", "", false},
		{"alice.github.io", "bob.github.io", "", false},
		{"d222.cloudfront.net", "d111.cloudfront.net", "", false},
		{"app.localhost", "cdn.localhost", "", false},
		{"localhost", "cdn.localhost", "", false},
		{"app.test", "cdn.test", "", false},
		{"127.0.0.1", "127.0.0.2", "", false},
		{"app.example.com", "192.0.2.1", "", false},
		{"2.1", "192.0.2.1", "", false},
		{"", "cdn.example.com", "", false},
	} {
		domain, ok := cookieDomain(test.site, test.cdn)
		if domain != test.domain || ok != test.ok {
			t.Errorf("site %s, cdn %s: got %q, %v; want %q, %v", test.site, test.cdn, domain, ok, test.domain, test.ok)
			continue
		}
		if test.site == "" {
			continue
		}
		if ok {
			if !jarSends(t, test.site, test.cdn, domain) {
				t.Errorf("site %s, cdn %s: the jar sends no cookie with Domain %q", test.site, test.cdn, domain)
			}
			continue
		}
		for domain := test.cdn; domain != ""; _, domain, _ = strings.Cut(domain, ".") {
			if jarSends(t, test.site, test.cdn, domain) {
				t.Errorf("site %s, cdn %s: the jar sends a cookie with Domain %q", test.site, test.cdn, domain)
			}
		}
	}
}

// jarSends tells whether a cookie jar takes a cookie from the site and sends it
// to the CDN.
func jarSends(t *testing.T, site, cdn, domain string) bool {
	t.Helper()
	jar := newJar(t)
	jar.SetCookies(hostURL(site), []*http.Cookie{{Name: "a", Value: "b", Domain: domain, Path: "/", Secure: true}})
	return len(jar.Cookies(hostURL(cdn))) > 0
}

func newJar(t *testing.T) *cookiejar.Jar {
	t.Helper()
	jar, err := cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List})
	if err != nil {
		t.Fatal(err)
	}
	return jar
}

func hostURL(host string) *url.URL {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return &url.URL{Scheme: "https", Host: host, Path: "/"}
}

func TestSiteHost(t *testing.T) {
	for host, want := range map[string]string{
		"app.example.com":       "app.example.com",
		"App.Example.COM:8443":  "app.example.com",
		"127.0.0.1:8080":        "127.0.0.1",
		"[::1]:8080":            "::1",
		"[::1]":                 "::1",
		"app.xn--bcher-kva.org": "app.xn--bcher-kva.org",
	} {
		if got := siteHost(&http.Request{Host: host}); got != want {
			t.Errorf("%s: got %s, want %s", host, got, want)
		}
	}
}

func TestParseCookieDomain(t *testing.T) {
	for option, want := range map[string]string{
		"host":           "host",
		"example.com":    "example.com",
		".example.com":   "example.com",
		"Example.COM":    "example.com",
		"bücher.example": "xn--bcher-kva.example",
		"a.github.io":    "a.github.io",
	} {
		if got, err := parseCookieDomain(option); got != want || err != nil {
			t.Errorf("%s: got %q, %v; want %q", option, got, err, want)
		}
	}
	for option, cause := range map[string]string{
		"com":                 "public suffix",
		"co.uk":               "public suffix",
		"github.io":           "public suffix",
		"cloudfront.net":      "public suffix",
		"localhost":           "public suffix",
		"test":                "public suffix",
		"127.0.0.1":           "IP address",
		"example.com:443":     "is no domain",
		"https://example.com": "is no domain",
		"*.example.com":       "is no domain",
		"example.com; Path=/": "is no domain",
		"a b.com":             "is no domain",
	} {
		if got, err := parseCookieDomain(option); err == nil || !strings.Contains(err.Error(), cause) {
			t.Errorf("%s: got %q, %v; want an error with %q", option, got, err, cause)
		}
	}
}

// The Path is the directory that holds all URLs of the resource.
func TestCookiePath(t *testing.T) {
	for _, test := range []struct{ resource, path, reached, missed string }{
		{"https://cdn.example.com/*", "/", "/ /other", ""},
		{"https://cdn.example.com/private/*", "/private/", "/private /private/a /", "/privat /private- /other"},
		{"https://cdn.example.com/a/b/c/*", "/a/b/c/", "/a /a/b /a/b/c/d", "/a/x"},
		{"https://cdn.example.com/images/logo-*", "/images/", "/images /images/logo-1", "/images/logo /images/a"},
		{"https://cdn.example.com/video/a.mp4", "/video/", "/video /video/a.mp4", "/video/a.mp4/x /video/b.mp4"},
		{"https://cdn.example.com/a%20b/*", "/a%20b/", "/a%20b", "/a"},
		{"https://cdn.example.com/a;b/c/*", "/", "/", "/b"},
		{"https://cdn.example.com/users/{http.auth.user.id}/*", "/users/", "/users /users/bob", "/teams"},
		{"https://cdn.example.com/{http.vars.tenant}/a/*", "/", "/ /x", ""},
	} {
		r, err := parseResource(test.resource)
		if err != nil {
			t.Errorf("%s: %v", test.resource, err)
			continue
		}
		if got := r.cookiePath(); got != test.path {
			t.Errorf("%s: got path %s, want %s", test.resource, got, test.path)
		}
		for path := range strings.FieldsSeq(test.reached) {
			if !r.reachedBy(path) {
				t.Errorf("%s: path %s was found to reach none of it", test.resource, path)
			}
		}
		for path := range strings.FieldsSeq(test.missed) {
			if r.reachedBy(path) {
				t.Errorf("%s: path %s was found to reach some of it", test.resource, path)
			}
		}
	}
}

// What pathMatches says is what the cookie jar does.
func TestPathMatches(t *testing.T) {
	paths := []string{"/", "/a", "/a/", "/a/b", "/ab", "/a/b/", "/b"}
	for _, cookie := range paths {
		for _, request := range paths {
			jar := newJar(t)
			at := &url.URL{Scheme: "https", Host: "example.com", Path: request}
			jar.SetCookies(at, []*http.Cookie{{Name: "a", Value: "b", Path: cookie}})
			if got, want := pathMatches(request, cookie), len(jar.Cookies(at)) > 0; got != want {
				t.Errorf("Path %s, request for %s: got %v, the jar says %v", cookie, request, got, want)
			}
		}
	}
}

func TestCheckCookiePath(t *testing.T) {
	for _, path := range []string{"/", "/a", "/a/b/", "/a%20b"} {
		if err := checkCookiePath(path); err != nil {
			t.Error(err)
		}
	}
	for _, path := range []string{"", "a", "/*", "/a?", "/a;Domain=evil.test", "/a b", "/ü", "/a\n", `/"`} {
		if checkCookiePath(path) == nil {
			t.Errorf("%q was taken", path)
		}
	}
}
