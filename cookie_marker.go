package cloudfront

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"time"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

// cookieNames are the names of all cookies that a set may have.
var cookieNames = []string{"CloudFront-Policy", "CloudFront-Signature", "CloudFront-Key-Pair-Id", hashCookie}

const (
	// hashCookie is the one that sets signed with SHA-1 don't have.
	hashCookie = "CloudFront-Hash-Algorithm"

	// expired is the MaxAge that makes a browser delete a cookie.
	expired = -1
)

// cookie returns the Set-Cookie field for one cookie of a set. It is a session
// cookie if maxAge, in seconds, is 0.
func (c *Cookies) cookie(scope cookieScope, name, value string, maxAge int) string {
	cookie := http.Cookie{
		Name:        name,
		Value:       value,
		Domain:      scope.domain,
		Path:        scope.path,
		MaxAge:      maxAge,
		Secure:      c.secure(),
		HttpOnly:    c.httpOnly(),
		SameSite:    sameSiteModes[c.SameSite],
		Partitioned: c.Partitioned,
	}
	return cookie.String()
}

// markerCookie returns the Set-Cookie field for the cookie that tells which
// sets the browser has. Unlike theirs, its Path brings it back to the site. It
// grants nothing: who forges it only keeps cookies from himself.
func (c *Cookies) markerCookie(name, value string, maxAge int) string {
	cookie := http.Cookie{
		Name:        name,
		Value:       value,
		Path:        "/",
		MaxAge:      maxAge,
		Secure:      c.secure(),
		HttpOnly:    true,
		SameSite:    sameSiteModes[c.SameSite],
		Partitioned: c.Partitioned,
	}
	return cookie.String()
}

// marker is the name of the marker cookie: one for each way to sign and place
// these resources, so that handlers do not take one another's for their own.
func (s *cookieSigner) marker(sets []placedSet) string {
	h := sha256.New()
	id := s.name
	if id == inlineSigner {
		id = s.key.id
	}
	fmt.Fprintf(h, "%q", id)
	for _, set := range sets {
		fmt.Fprintf(h, "%q%q%q", s.sets[set.index].resource.configured, set.domain, set.path)
	}
	return fmt.Sprintf("cloudfront_issued_%x", h.Sum(nil)[:4])
}

// markerValue changes with whatever calls for new cookies: a policy (so with
// the window, the visitor and the address), the key, or an attribute.
func (c *Cookies) markerValue(is *signer.Issuer, sets []placedSet, at time.Time) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s %q %t %t %t %t", is.Key.Fingerprint(), c.SameSite, c.secure(), c.httpOnly(), c.Persist, c.Partitioned)
	for i, policy := range is.Policies(at) {
		fmt.Fprintf(h, "%q%q", sets[i].domain, sets[i].path)
		h.Write(policy.Append(nil))
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:16])
}
