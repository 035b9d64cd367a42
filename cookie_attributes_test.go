package cloudfront

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// All cookies of a set have one scope, and logout expires them in that scope. The
// marker differs in it: it is the site's own.
func TestCookieAttributes(t *testing.T) {
	startClock(t)
	const onSite, usual = "Path=/private/; Domain=site.test; ", "HttpOnly; Secure; SameSite=Lax"
	for _, test := range []struct{ options, scope, lifetime, rest, marker string }{
		{"", onSite, "", usual, usual},
		{"same_site strict", onSite, "", "HttpOnly; Secure; SameSite=Strict", "HttpOnly; Secure; SameSite=Strict"},
		{"same_site none", onSite, "", "HttpOnly; Secure; SameSite=None", "HttpOnly; Secure; SameSite=None"},
		{"secure off", onSite, "", "HttpOnly; SameSite=Lax", "HttpOnly; SameSite=Lax"},
		{"http_only off", onSite, "", "Secure; SameSite=Lax", usual},
		{"partitioned", onSite, "", usual + "; Partitioned", usual + "; Partitioned"},
		{"persist\nttl 1h\nwindow 0", onSite, "Max-Age=3600; ", usual, usual},
		{"domain host", "Path=/private/; ", "", usual, usual},
		{"domain cdn.site.test", "Path=/private/; Domain=cdn.site.test; ", "", usual, usual},
		{"domain .SITE.test", onSite, "", usual, usual},
		{"resource https://cdn.site.test/* path /a", "Path=/a; Domain=site.test; ", "", usual, usual},
	} {
		t.Run(test.options, func(t *testing.T) {
			options := test.options + "\nlogout /logout\n"
			if !strings.Contains(options, "resource") {
				options += private
			}
			s := newStage(t, cookiesBlock(options)).start()
			check := func(got answer, lifetime string) {
				t.Helper()
				fields := got.Header["Set-Cookie"]
				if len(fields) != 5 {
					t.Fatalf("%q; want four cookies and the marker", fields)
				}
				for i, field := range fields {
					pair, attributes, _ := strings.Cut(field, "; ")
					want := test.scope + lifetime + test.rest
					if i == 4 {
						want = "Path=/; " + lifetime + test.marker
					}
					if empty := strings.HasSuffix(pair, "="); attributes != want || empty != (lifetime == "Max-Age=0; ") {
						t.Errorf("%s, want %s", field, want)
					}
				}
			}
			check(s.visitor().get(appURL, member), test.lifetime)
			check(s.visitor().get(appURL+"/logout", member), "Max-Age=0; ")
		})
	}
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
