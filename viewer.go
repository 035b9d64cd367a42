package cloudfront

import (
	"context"
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

// viewer is what a visitor sent, as far as the edge looks at it.
type viewer struct {
	target  string // path and query, as in the request line
	cookies []signer.Cookie
}

type viewerCtxKey struct{}

// viewerOf reads what the visitor sent, before any rewriting. Once a request
// was verified its credentials are gone from it, so a second cloudfront_verify
// finds them in the context.
func viewerOf(r *http.Request) viewer {
	if seen, ok := r.Context().Value(viewerCtxKey{}).(viewer); ok {
		return seen
	}
	// Without Caddy's copy of the original request there is no target, and
	// nothing is allowed.
	original, _ := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request)
	seen := viewer{target: originForm(original.RequestURI)}
	for _, field := range r.Header["Cookie"] {
		for pair := range strings.SplitSeq(field, ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
			if _, ok := signer.CookieParam(name); ok {
				seen.cookies = append(seen.cookies, signer.Cookie{Name: name, Value: value})
			}
		}
	}
	return seen
}

// takeOff takes the credentials off the request: off its URL, its cookies, and
// the original URL, which goes to origins by `{http.request.orig_uri}`, by
// php_fastcgi and by error routes.
func (seen viewer) takeOff(r *http.Request) {
	ctx := context.WithValue(r.Context(), viewerCtxKey{}, seen)
	if original, ok := ctx.Value(caddyhttp.OriginalRequestCtxKey).(http.Request); ok {
		url := *original.URL
		url.RawQuery = signer.AppQuery(url.RawQuery)
		original.URL, original.RequestURI = &url, url.RequestURI()
		ctx = context.WithValue(ctx, caddyhttp.OriginalRequestCtxKey, original)
	}
	// In place: placeholders such as {header.*} read from this very request.
	*r = *r.WithContext(ctx)

	r.URL.RawQuery = signer.AppQuery(r.URL.RawQuery)
	r.RequestURI = r.URL.RequestURI()

	if len(seen.cookies) > 0 {
		if kept := withoutCredentials(r.Header["Cookie"]); kept != nil {
			r.Header["Cookie"] = kept
		} else {
			r.Header.Del("Cookie")
		}
	}
}

// withoutCredentials takes CloudFront's cookies out of Cookie fields.
func withoutCredentials(fields []string) (kept []string) {
	for _, field := range fields {
		var pairs []string
		for pair := range strings.SplitSeq(field, ";") {
			name, _, _ := strings.Cut(strings.TrimSpace(pair), "=")
			if _, ok := signer.CookieParam(name); !ok {
				pairs = append(pairs, strings.TrimSpace(pair))
			}
		}
		if pairs != nil {
			kept = append(kept, strings.Join(pairs, "; "))
		}
	}
	return kept
}

// originForm takes scheme and host off a request target in absolute form
// (RFC 9112, section 3.2.2); the host is that of the Host field then too.
func originForm(target string) string {
	_, rest, absolute := strings.Cut(target, "://")
	if strings.HasPrefix(target, "/") || !absolute {
		return target
	}
	i := strings.IndexAny(rest, "/?")
	switch {
	case i < 0:
		return "/"
	case rest[i] == '?':
		return "/" + rest[i:]
	}
	return rest[i:]
}
