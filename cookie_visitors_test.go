package cloudfront

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

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
