package cloudfront

import (
	"fmt"
	"strings"
	"testing"
)

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
