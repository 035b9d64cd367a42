package signer

import "testing"

func TestPathsThatOriginsResolveOtherwise(t *testing.T) {
	doc := customDoc("https://h/public/*", "")
	for _, tc := range []struct {
		path string
		want Code
	}{
		{"/public/a", Allowed},
		{"/public/a..b/...", Allowed},
		{"/public//a", Allowed},
		{"/public/%41%20%C3%A4%2F", Allowed},
		{"/public/100%25", Allowed},
		{"/public/%2525", Allowed},
		{"/public/%zz%", Allowed},
		{"/public/../private", AccessDenied},
		{"/public/./a", AccessDenied},
		{"/public/..", AccessDenied},
		{"/public/%2e%2e/private", AccessDenied},
		{"/public/.%2E/private", AccessDenied},
		{"/public/..%2fprivate", AccessDenied},
		{"/public/a%2F..%2F..%2Fprivate", AccessDenied},
		{"/public/%252e%252e/private", AccessDenied},
		{"/public/%25252e%25252e/private", AccessDenied},
		{"/public/%25%32%65./private", AccessDenied},
		{"/public/%2525252e%2525252e/private", AccessDenied},
		{"/public/..;/private", AccessDenied},
		{"/public/..%3ba=b/private", AccessDenied},
		{`/public/..\private`, AccessDenied},
		{"/public/..%5cprivate", AccessDenied},
		{"/public/a%5Cb", AccessDenied},
		{"/public/a%255Cb", AccessDenied},
		{"/public/a%00.jpg", AccessDenied},
		{"/public/a%0d%0ab", AccessDenied},
		{"/public/a%7f", AccessDenied},
		{"/public/a\x00", AccessDenied},
		{"/public/a b", AccessDenied},
		{`/public/"`, AccessDenied},
		{"/public/ä", AccessDenied},
		{"/public/a#b", AccessDenied},
	} {
		t.Run(tc.path, func(t *testing.T) {
			req := request("https://h/", customCookies("KEC", doc)...)
			req.RawPath = tc.path
			if res := edge().Verify(req); res.Code != tc.want {
				t.Errorf("in a custom policy: %q (%s)", res.Code, res.Why)
			}
			req = request(cannedURL("KEC", "https://h"+tc.path, testExpires))
			if res := edge().Verify(req); res.Code != tc.want {
				t.Errorf("in a canned policy: %q (%s)", res.Code, res.Why)
			}
		})
	}
}

func TestRequestsThatAreNone(t *testing.T) {
	good := request(cannedURL("KEC", "https://h/p", testExpires))
	for name, change := range map[string]func(*ViewerRequest){
		"no scheme":         func(r *ViewerRequest) { r.Scheme = "" },
		"another scheme":    func(r *ViewerRequest) { r.Scheme = "ftp" },
		"no host":           func(r *ViewerRequest) { r.Host = "" },
		"host with a path":  func(r *ViewerRequest) { r.Host = "h/p" },
		"host with a quote": func(r *ViewerRequest) { r.Host = `h"` },
		"no path":           func(r *ViewerRequest) { r.RawPath = "" },
		"asterisk-form":     func(r *ViewerRequest) { r.RawPath = "*" },
		"query in the path": func(r *ViewerRequest) { r.RawPath = "/p?x" },
	} {
		req := good
		change(&req)
		if res := edge().Verify(req); res.Code != AccessDenied {
			t.Errorf("%s: %q (%s)", name, res.Code, res.Why)
		}
	}
}
