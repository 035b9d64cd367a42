package cloudfront

import (
	"errors"
	"fmt"
	"strings"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

// parseViewer reads a URL, or the value of a Cookie header, as what a viewer
// sends. Remarks are what a viewer would not send.
func parseViewer(text string) (req signer.ViewerRequest, remarks []string, err error) {
	if cookies := cloudfrontCookies(text); len(cookies) > 0 {
		req.Cookies = cookies
		return req, nil, nil
	}
	return viewerURL(text)
}

// cloudfrontCookies reads the CloudFront cookies out of one or several Cookie
// or Set-Cookie headers, or their values.
func cloudfrontCookies(text string) []signer.Cookie {
	var cookies []signer.Cookie
	for _, pair := range strings.FieldsFunc(text, func(r rune) bool { return r == ';' || r == '\n' || r == '\r' }) {
		pair = strings.TrimSpace(pair)
		for _, field := range []string{"cookie:", "set-cookie:"} {
			if len(pair) > len(field) && strings.EqualFold(pair[:len(field)], field) {
				pair = strings.TrimSpace(pair[len(field):])
			}
		}
		name, value, ok := strings.Cut(pair, "=")
		if ok && strings.HasPrefix(name, "CloudFront-") {
			cookies = append(cookies, signer.Cookie{Name: name, Value: value})
		}
	}
	return cookies
}

var errNoURL = errors.New("is neither an absolute URL, such as https://cdn.example.com/private/a.jpg, nor a Cookie header with CloudFront's cookies")

// viewerURL takes a URL apart without changing a byte of it.
func viewerURL(raw string) (req signer.ViewerRequest, remarks []string, err error) {
	scheme, rest, ok := strings.Cut(strings.TrimSpace(raw), "://")
	scheme = strings.ToLower(scheme)
	if !ok || scheme != "http" && scheme != "https" {
		return req, nil, fmt.Errorf("%.40q %w", raw, errNoURL)
	}
	rest, fragment, _ := strings.Cut(rest, "#")
	if begin := indexAny(fragment, signer.Params); begin >= 0 {
		remarks = append(remarks, "the signature stands behind a '#', and browsers do not send what is there: put it in front of the fragment")
		rest = signer.Join(rest, "", fragment[begin:])
	}
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	req.Scheme, req.Host = scheme, rest[:end]
	req.RawPath, req.RawQuery, req.HasQuery = strings.Cut(rest[end:], "?")
	if req.RawPath == "" {
		req.RawPath = "/"
	}
	return req, remarks, nil
}

// indexAny returns where the first parameter with one of the names begins.
func indexAny(text string, names []string) int {
	first := -1
	for _, name := range names {
		if i := strings.Index(text, name+"="); i >= 0 && (first < 0 || i < first) {
			first = i
		}
	}
	return first
}
