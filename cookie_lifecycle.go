package cloudfront

import (
	"net/http"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

// maxCookie is the most bytes that the name and the value of a cookie may
// have together; browsers ignore longer ones (RFC 6265bis, section 5.6).
const maxCookie = 4096

// cookieVisit is one request on its way through the handler. It decides about
// the cookies of the response from the request alone, so that any node of a
// fleet can.
type cookieVisit struct {
	*Cookies
	request    *http.Request
	site       string
	carried    []string // the fields that the request's cookies are in
	loggingOut bool
	admissions []admission   // one for each signer
	added      []string      // our Set-Cookie fields
	fresh      time.Duration // how long a response with them may be shown again
}

func (c *Cookies) enter(r *http.Request) *cookieVisit {
	v := &cookieVisit{
		Cookies:    c,
		request:    r,
		site:       siteHost(r),
		carried:    r.Header["Cookie"],
		loggingOut: len(c.logout) > 0 && c.logout.Match(r),
		admissions: make([]admission, len(c.signers)),
	}
	for i, s := range c.signers {
		v.admissions[i] = s.require.enter(r)
	}
	return v
}

func (v *cookieVisit) rewrites() bool { return false }

func (v *cookieVisit) interim(_ int, h http.Header) { v.strip(h) }

func (v *cookieVisit) trailer(h http.Header) { v.strip(h) }

func (v *cookieVisit) strip(h http.Header) {
	for _, s := range v.signers {
		s.require.strip(h)
	}
}

func (v *cookieVisit) header(status int, h http.Header) rewriting {
	for i, s := range v.signers {
		refusal := v.admissions[i].decide(h)
		result := v.answer(s, status, refusal)
		responsesTotal.WithLabelValues("cookies", s.name, string(result)).Inc()
		v.logger.Debug("cookies", zap.String("signer", s.name), zap.String("result", string(result)))
	}
	if len(v.added) > 0 {
		h["Set-Cookie"] = append(h["Set-Cookie"], v.added...)
		restrictCaching(h, v.fresh, now())
	}
	return nil
}

// takeBack takes our cookies off a response that ended in an error.
func (v *cookieVisit) takeBack(h http.Header) {
	ours := func(field string) bool { return slices.Contains(v.added, field) }
	if h["Set-Cookie"] = slices.DeleteFunc(h["Set-Cookie"], ours); len(h["Set-Cookie"]) == 0 {
		h.Del("Set-Cookie")
	}
}

// The results for visitors whose cookies are in order; any other is the reason
// why none were issued.
const (
	resultIssued  reason = "issued"
	resultCurrent reason = "current" // the visitor has them already
)

// answer issues or expires the cookies of one signer.
func (v *cookieVisit) answer(s *cookieSigner, status int, refusal reason) reason {
	switch {
	case status < 200 || status > 399:
		return reasonStatus
	case v.loggingOut:
		v.expire(s)
		return reasonLogout
	case refusal == reasonNone:
		return v.issue(s)
	}
	// An app may leave its own fields out of a 304 (RFC 9110, section 15.4.5),
	// so their absence there proves nothing.
	if v.Clear && status != http.StatusNotModified && len(v.values(s.marker(v.placed(s)))) > 0 {
		v.expire(s)
	}
	return refusal
}

// issue adds all cookie sets of a signer unless the visitor's are current.
func (v *cookieVisit) issue(s *cookieSigner) reason {
	all, refusal := s.issuer(v.request)
	if refusal != reasonNone {
		return refusal
	}
	sets := v.placed(s)
	if len(sets) < len(s.sets) {
		v.lament(s)
	}
	if len(sets) == 0 {
		return reasonCookieDomain
	}
	is := *all
	is.Resources = make([]signer.Resource, len(sets))
	for i, set := range sets {
		is.Resources[i] = all.Resources[set.index]
	}

	at := now()
	name, value := s.marker(sets), v.markerValue(&is, sets, at)
	if slices.Contains(v.values(name), value) {
		return resultCurrent
	}
	signed, err := is.CookieSets(at)
	if err != nil {
		v.logger.Error("cookies could not be signed", zap.String("signer", s.name), zap.Error(err))
		return reasonError
	}
	var fields []string
	end := is.Expires(at)
	for i, set := range signed {
		scope := sets[i].cookieScope
		for _, cookie := range set.Cookies {
			if len(cookie.Name)+len(cookie.Value) > maxCookie {
				return reasonCookieLength
			}
			fields = append(fields, v.cookie(scope, cookie.Name, cookie.Value, v.maxAge(set.Policy.Expires, at)))
		}
		if is.Key.Hash() == signer.SHA1 {
			// One from before the hash was changed would spoil the set.
			fields = append(fields, v.cookie(scope, hashCookie, "", expired))
		}
	}
	v.add(time.Unix(end, 0).Sub(at)-s.window.TTL+s.window.Size, append(fields, v.markerCookie(name, value, v.maxAge(end, at)))...)
	return resultIssued
}

// add adds Set-Cookie fields to a response that may be shown again for so long.
func (v *cookieVisit) add(fresh time.Duration, fields ...string) {
	if len(v.added) == 0 || fresh < v.fresh {
		v.fresh = fresh
	}
	v.added = append(v.added, fields...)
}

// expire takes all cookies of a signer from the browser, which identifies
// them by name, Domain and Path.
func (v *cookieVisit) expire(s *cookieSigner) {
	sets := v.placed(s)
	for _, set := range sets {
		for _, name := range cookieNames {
			v.add(0, v.cookie(set.cookieScope, name, "", expired))
		}
	}
	v.add(0, v.markerCookie(s.marker(sets), "", expired))
}

// placedSet is a cookie set with its scope for visitors of one site host.
type placedSet struct {
	cookieScope
	index int // among the signer's sets
}

// placed returns the sets of a signer that a browser takes from this site and
// sends to the CDN.
func (v *cookieVisit) placed(s *cookieSigner) []placedSet {
	placed := make([]placedSet, 0, len(s.sets))
	for i, set := range s.sets {
		if domain, ok := v.domainFor(set); ok {
			placed = append(placed, placedSet{cookieScope{domain, set.path}, i})
		}
	}
	return placed
}

// lament logs, once in the life of a config, that visitors who are let in
// cannot have the cookies for a CDN host.
func (v *cookieVisit) lament(s *cookieSigner) {
	for _, set := range s.sets {
		if _, ok := v.domainFor(set); ok {
			continue
		}
		set.lament.Do(func() {
			v.logger.Error("no cookies are sent: browsers take none from this site for the CDN host; bring both under one domain, or use cloudfront_links",
				zap.String("signer", s.name), zap.String("site", v.site), zap.String("cdn", set.cdn))
		})
	}
}

func (v *cookieVisit) domainFor(set *cookieSet) (domain string, ok bool) {
	switch v.domain {
	case "":
		return cookieDomain(v.site, set.cdn)
	case domainHost:
		return "", true
	}
	return v.domain, true
}

// maxAge is the Max-Age in seconds that ends with a policy; 0 is none.
func (v *cookieVisit) maxAge(expires int64, at time.Time) int {
	if !v.Persist {
		return 0
	}
	return int(expires - at.Unix())
}

// values returns the values of the request's cookies of this name.
func (v *cookieVisit) values(name string) []string {
	r := http.Request{Header: http.Header{"Cookie": v.carried}}
	var values []string
	for _, cookie := range r.CookiesNamed(name) {
		values = append(values, cookie.Value)
	}
	return values
}
