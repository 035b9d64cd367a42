package cloudfront

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// domainHost is the value of the option `domain` for cookies without Domain.
const domainHost = "host"

// cookieScope says which requests a browser sends a cookie set with (RFC 6265,
// section 5.4). All cookies of a set have the same one.
type cookieScope struct {
	domain string // empty: only to the very host that set it
	path   string
}

// siteHost is the host that the visitor asked for, without the port, which
// cookies do not know.
func siteHost(r *http.Request) string { return hostname(strings.ToLower(r.Host)) }

func hostname(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		return host
	}
	return strings.Trim(hostport, "[]")
}

// cookieDomain derives the Domain for cookies that a site sets for a CDN host:
// none if it is the site's own, and otherwise the narrowest domain that covers
// both. It is false if the two share no registrable domain: then there is no
// Domain that a browser takes from the one and sends to the other.
func cookieDomain(site, cdn string) (domain string, ok bool) {
	if site == cdn {
		return "", true
	}
	if isIP(site) || isIP(cdn) {
		return "", false
	}
	registrable, err := publicsuffix.EffectiveTLDPlusOne(cdn)
	if err != nil || !domainMatches(site, registrable) {
		return "", false
	}
	domain = cdn
	for !domainMatches(site, domain) {
		_, domain, _ = strings.Cut(domain, ".")
	}
	return domain, true
}

// domainMatches tells whether cookies with this Domain are sent to the host
// (RFC 6265, section 5.1.3).
func domainMatches(host, domain string) bool {
	return host == domain || strings.HasSuffix(host, "."+domain) && !isIP(host)
}

// pathMatches tells whether cookies with this Path are sent with a request for
// a path (RFC 6265, section 5.1.4).
func pathMatches(request, cookie string) bool {
	rest, ok := strings.CutPrefix(request, cookie)
	return ok && (rest == "" || rest[0] == '/' || strings.HasSuffix(cookie, "/"))
}

func isIP(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

// sameSite tells whether cookies for one CDN host can come to the other as
// well. A site that can set cookies for both does so on a Domain that covers
// it, so one of the two Domains is part of the other.
func sameSite(cdn1, cdn2 string) bool {
	if cdn1 == cdn2 {
		return true
	}
	registrable1, err1 := publicsuffix.EffectiveTLDPlusOne(cdn1)
	registrable2, err2 := publicsuffix.EffectiveTLDPlusOne(cdn2)
	return err1 == nil && err2 == nil && registrable1 == registrable2 && !isIP(cdn1) && !isIP(cdn2)
}

// onCloudFrontNet tells whether the CDN host is a distribution's own, which
// has no parent domain that takes cookies: cloudfront.net is a public suffix.
func onCloudFrontNet(cdn string) bool {
	return domainMatches(cdn, "cloudfront.net")
}

// parseCookieDomain returns the option `domain` as it stands in a cookie, and
// refuses a domain that no browser takes.
func parseCookieDomain(option string) (string, error) {
	domain, err := idna.Lookup.ToASCII(strings.TrimPrefix(option, "."))
	if err != nil || domain == "" || strings.ContainsAny(domain, "/:;, ") {
		return "", fmt.Errorf("domain %s: is no domain; write one such as example.com, or host", option)
	}
	if domain == domainHost {
		return domainHost, nil
	}
	if isIP(domain) {
		return "", fmt.Errorf("domain %s: browsers take no cookies for the Domain of an IP address; write domain host", option)
	}
	if suffix, _ := publicsuffix.PublicSuffix(domain); suffix == domain {
		return "", fmt.Errorf("domain %s: is a public suffix, for which browsers take no cookies; write a domain below it, such as example.%s, or host", option, domain)
	}
	return domain, nil
}

// cookiePath is the directory that holds all URLs of a resource. It ends at
// the first placeholder: so the cookies of one visitor replace those of
// another in the same browser, and logout finds them whoever it was.
func (r resource) cookiePath() string {
	prefix, _ := r.literalPath()
	return prefix[:strings.LastIndexByte(prefix, '/')+1]
}

// literalPath is what all paths of a resource begin with, up to the first
// wildcard, placeholder or character that the Path of a cookie cannot hold.
// It is whole if there is none.
func (r resource) literalPath() (prefix string, whole bool) {
	url := r.static.String()
	if r.perVisitor() {
		url = strings.Join(r.segments, "/")
	}
	_, afterScheme, _ := strings.Cut(url, "://")
	_, path, _ := strings.Cut(afterScheme, "/")
	path = "/" + path
	if end := strings.IndexAny(path, "{*?;"); end >= 0 {
		return path[:end], false
	}
	return path, true
}

// reachedBy tells whether a browser sends cookies with this Path along with
// any URL of the resource.
func (r resource) reachedBy(cookiePath string) bool {
	prefix, whole := r.literalPath()
	return pathMatches(prefix, cookiePath) || !whole && strings.HasPrefix(cookiePath, prefix)
}

// checkCookiePath refuses what the Path of a cookie cannot hold.
func checkCookiePath(path string) error {
	unfit := func(c rune) bool { return c <= ' ' || c > '~' || strings.ContainsRune("*?#;,\\\"", c) }
	if !strings.HasPrefix(path, "/") || strings.ContainsFunc(path, unfit) {
		return fmt.Errorf("a cookie's path begins with '/' and has no wildcard: browsers match it as a prefix; write one such as /private")
	}
	return nil
}
