package cloudfront

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

// target is the URL of a redirect, with placeholders about the request.
type target struct {
	literals []string // one more than placeholders, around them
	values   []placeholder
}

// placeholder is the name of a placeholder, without braces.
type placeholder string

// parseTarget expands what is known when the config is loaded and checks that
// the URL is one whatever the placeholders' values are.
func parseTarget(configured string) (target, error) {
	expanded, err := expandStatic(configured)
	if err != nil {
		return target{}, fmt.Errorf("%s: %w", configured, err)
	}
	t := target{literals: anyPlaceholderRE.Split(expanded, -1)}
	for _, match := range anyPlaceholderRE.FindAllStringSubmatch(expanded, -1) {
		t.values = append(t.values, placeholder(match[1]))
	}
	url, ok := t.join(func(p placeholder) (string, bool) { return p.sample(), true })
	if !ok {
		return target{}, fmt.Errorf("%s: the URL to redirect to has to be absolute, and its path without dot segments or backslashes; write one such as https://cdn.example.com{uri}", configured)
	}
	canonical, fragment, err := signer.Canonical(url)
	switch {
	case err != nil:
		return target{}, fmt.Errorf("%s: %w; write a URL such as https://cdn.example.com{uri}", configured, err)
	case fragment != "":
		return target{}, fmt.Errorf("%s: CloudFront never sees what follows a '#'; remove it", configured)
	case canonical != url:
		return target{}, fmt.Errorf("%s: browsers write this URL otherwise; write %s where it now has %s", configured, canonical, url)
	}
	for i, p := range t.values {
		if p.isPath() && strings.HasSuffix(t.literals[i], "/") {
			return target{}, fmt.Errorf("%s: the value of {%s} begins with '/'; remove the '/' before it", configured, p)
		}
	}
	return t, nil
}

// checkTo checks the URL unless that needs the environment.
func checkTo(configured string) error {
	if needsEnvironment(configured) {
		return nil
	}
	_, err := parseTarget(configured)
	return err
}

// checkResources refuses a URL that no resource can hold.
func (t target) checkResources(resources []resource) error {
	origin := t.literals[0] // up to the path, if no placeholder comes before it
	begin := strings.Index(origin, "://") + len("://")
	if end := strings.IndexAny(origin[begin:], "/?"); end >= 0 {
		origin = origin[:begin+end]
	} else if len(t.values) > 0 && !t.values[0].isPath() {
		return nil
	}
	for _, r := range resources {
		if r.static.Scheme()+"://"+r.static.Host() == origin {
			return nil
		}
	}
	return fmt.Errorf("%s is in no resource, so nothing there would be signed; write resource %s/*", origin, origin)
}

// url fills in the values of one request. It is false if a value is empty or
// makes another URL of it than the config means.
func (t target) url(r *http.Request) (string, bool) {
	return t.join(func(p placeholder) (string, bool) { return p.value(r) })
}

func (t target) join(value func(placeholder) (string, bool)) (string, bool) {
	var b strings.Builder
	b.WriteString(t.literals[0])
	for i, p := range t.values {
		v, ok := value(p)
		if !ok {
			return "", false
		}
		b.WriteString(v)
		b.WriteString(t.literals[i+1])
	}
	url := b.String()
	scheme, rest, _ := strings.Cut(url, "://")
	if scheme != "http" && scheme != "https" || strings.ContainsRune(rest, '\\') {
		return "", false
	}
	path, _, _ := strings.Cut(rest, "?")
	return url, !slices.ContainsFunc(strings.Split(path, "/"), isDotSegment)
}

// isDotSegment finds the segments that a browser resolves, which may write a
// dot as %2e. https://url.spec.whatwg.org/#single-dot-path-segment
func isDotSegment(segment string) bool {
	switch strings.ReplaceAll(strings.ToLower(segment), "%2e", ".") {
	case ".", "..":
		return true
	}
	return false
}

// isPath tells whether the value is a path, of several segments.
func (p placeholder) isPath() bool {
	switch p {
	case "http.request.uri", "http.request.uri.path", "http.request.orig_uri", "http.request.orig_uri.path":
		return true
	}
	return strings.HasPrefix(string(p), "http.reverse_proxy.header.")
}

// sample is a value that the placeholder may have.
func (p placeholder) sample() string {
	if p.isPath() {
		return "/value"
	}
	return "value"
}

// value returns the value for one request, escaped.
func (p placeholder) value(r *http.Request) (string, bool) {
	switch p {
	case "http.request.uri", "http.request.uri.path":
		return pathValue(r.URL.EscapedPath())
	case "http.request.orig_uri", "http.request.orig_uri.path":
		original, ok := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request)
		if !ok {
			return "", false
		}
		return pathValue(original.URL.EscapedPath())
	}
	repl := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	value, _ := repl.GetString(string(p))
	if p.isPath() {
		return pathValue(percentEncode(value, pathBytes))
	}
	return percentEncode(value, unreserved), value != ""
}

// pathValue refuses a path that could be taken for another host: one that does
// not begin with a single slash, or whose first segment begins with user
// information.
func pathValue(path string) (string, bool) {
	first, ok := strings.CutPrefix(path, "/")
	return path, ok && !strings.HasPrefix(first, "/") && !strings.HasPrefix(first, "@")
}

// Bytes that stay as they are in a segment and in a path. A '*' would be a
// wildcard in a policy. https://www.rfc-editor.org/rfc/rfc3986#section-3.3
const (
	unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
	pathBytes  = unreserved + "/!$&'()+,;=:@%"
)

// percentEncode encodes the bytes of value that are not in keep. If keep holds
// '%', escapes that are there already stay.
func percentEncode(value, keep string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(value) {
		c := value[i]
		if strings.IndexByte(keep, c) >= 0 && (c != '%' || isEscape(value[i:])) {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', hex[c>>4], hex[c&15]})
	}
	return b.String()
}

func isEscape(s string) bool {
	return len(s) >= 3 && strings.Trim(s[1:3], "0123456789ABCDEFabcdef") == ""
}
