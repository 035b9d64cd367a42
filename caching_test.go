package cloudfront

import (
	"net/http"
	"testing"
	"time"
)

// TestRestrictCaching states what becomes of a response's freshness (RFC 9111,
// sections 4.2 and 5.2.2) when it holds signatures that allow 15 minutes.
func TestRestrictCaching(t *testing.T) {
	now := time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)
	for _, test := range []struct{ name, control, expires, want string }{
		{"no freshness given", "", "", "private, no-cache"},
		{"shorter than the signatures", "max-age=60", "", "private, max-age=60"},
		{"longer than the signatures", "public, max-age=31536000, immutable", "", "private, max-age=900"},
		{"for shared caches only", "s-maxage=600", "", "private, no-cache"},
		{"stale answers would be dead ones", "max-age=60, stale-while-revalidate=86400, stale-if-error=86400", "", "private, max-age=60"},
		{"no-store stays", "no-store", "", "private, no-store"},
		{"no-cache stays", "no-cache", "", "private, no-cache"},
		{"no-cache stays beside max-age", "no-cache, max-age=60", "", "private, no-cache, max-age=60"},
		{"a no-cache about fields is not one about the response", `no-cache="X-A, X-B"`, "", `private, no-cache="X-A, X-B", no-cache`},
		{"a private about fields is one about all now", `private="X-A", max-age=5`, "", "private, max-age=5"},
		{"what asks for more care stays", "max-age=60, must-revalidate, no-transform", "", "private, must-revalidate, no-transform, max-age=60"},
		{"names in any case", "PUBLIC, Max-Age=60", "", "private, max-age=60"},
		{"quoted, by those who don't know better", `max-age="60"`, "", "private, max-age=60"},
		{"twice: the shorter", "max-age=600, max-age=60", "", "private, max-age=60"},
		{"no number is stale", "max-age=soon", "", "private, max-age=0"},
		{"a negative one is no number", "max-age=-1", "", "private, max-age=0"},
		{"beyond all numbers", "max-age=99999999999999999999", "", "private, max-age=900"},
		{"Expires", "", "Tue, 24 Nov 2026 08:01:00 GMT", "private, max-age=60"},
		{"Expires in the past", "", "Tue, 24 Nov 2026 07:00:00 GMT", "private, max-age=0"},
		{"Expires is no date", "", "0", "private, max-age=0"},
		{"max-age beats Expires", "max-age=30", "Tue, 24 Nov 2026 08:01:00 GMT", "private, max-age=30"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := http.Header{"Content-Type": {"text/html"}, "Vary": {"Cookie"}}
			if test.control != "" {
				h.Set("Cache-Control", test.control)
			}
			if test.expires != "" {
				h.Set("Expires", test.expires)
			}
			for _, name := range []string{"CDN-Cache-Control", "Cloudflare-CDN-Cache-Control", "Surrogate-Control", "X-Accel-Expires"} {
				h.Set(name, "max-age=600")
			}
			restrictCaching(h, 15*time.Minute, now)
			if got := h.Get("Cache-Control"); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if len(h) != 3 {
				t.Errorf("something else is left for caches: %v", h)
			}
		})
	}

	h := http.Header{"Cache-Control": {"public", "max-age=60"}, "Expires": {"Tue, 24 Nov 2026 08:05:00 GMT"}, "Date": {"Tue, 24 Nov 2026 08:00:00 GMT"}}
	restrictCaching(h, -time.Second, now)
	if got := h["Cache-Control"]; len(got) != 1 || got[0] != "private, max-age=0" {
		t.Errorf("several lines, no life left: got %q", got)
	}
}
