package signer

import (
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// Scope says what the signature of a link opens.
type Scope string

// The scopes. The empty scope is ScopeLink.
const (
	// ScopeLink opens the URL itself.
	ScopeLink Scope = "link"
	// ScopeDirectory opens the directory of the URL and all below. A link
	// whose directory is not within one resource and outside all exceptions is
	// signed as with ScopeLink.
	ScopeDirectory Scope = "directory"
	// ScopeResource opens the whole resource that holds the URL: one signature
	// for all links.
	ScopeResource Scope = "resource"
)

// Resource is a pattern of URLs that may be signed.
type Resource struct {
	Pattern Pattern
	// Configured is the pattern as the configuration has it, before
	// placeholders are replaced; it sets the offset on the grid of windows.
	// Empty means the text of Pattern.
	Configured string
}

func (r Resource) offsetKey() string {
	if r.Configured == "" {
		return r.Pattern.String()
	}
	return r.Configured
}

// Issuer issues signatures with one key for the URLs within its resources. It
// holds plain values: copy it to change some of them for one request. A value
// that is no longer changed is safe for concurrent use.
type Issuer struct {
	Key *Key
	// Previous are the key-pair IDs of earlier keys, whose signatures are
	// replaced by ours.
	Previous []string
	// Resources are the only URLs that are ever signed, but for those within
	// Except.
	Resources []Resource
	Except    []Pattern
	Window    Window
	Scope     Scope
	// IP is the range of viewers' IPv4 addresses; the zero value means any.
	IP netip.Prefix
	// Cache keeps signatures for their window; nil means that each is made
	// when it is asked for.
	Cache *Cache
}

// Check returns what is wrong with the settings: a missing key or resource, a
// window that is more than half of the TTL, and, with ScopeResource, whatever
// [Issuer.CheckPolicies] finds.
func (is *Issuer) Check() error {
	switch {
	case is.Key == nil:
		return errors.New("a key is missing")
	case len(is.Resources) == 0:
		return errors.New("a resource is missing: nothing outside of the resources is ever signed")
	case is.Window.TTL < time.Second:
		return fmt.Errorf("the ttl, %s, must be at least 1s", is.Window.TTL)
	case is.Window.Size < 0 || is.Window.Size > is.Window.TTL/2:
		return fmt.Errorf("the window, %s, must be from 0 to half of the ttl, %s", is.Window.Size, is.Window.TTL/2)
	case is.Window.Backdate < 0:
		return fmt.Errorf("backdate, %s, must not be negative", is.Window.Backdate)
	case is.IP.IsValid() && !is.IP.Addr().Is4():
		return fmt.Errorf("the address range must be IPv4, not %s: CloudFront has no condition for IPv6", is.IP)
	}
	switch is.Scope {
	case "", ScopeLink, ScopeDirectory:
	case ScopeResource:
		return is.CheckPolicies()
	default:
		return fmt.Errorf("unknown scope %q: use link, directory or resource", is.Scope)
	}
	return nil
}

// CheckPolicies returns an error when some resource can't be the resource of a
// policy, as cookies and ScopeResource need: its wildcards are ambiguous, or it
// opens what an exception takes out.
func (is *Issuer) CheckPolicies() error {
	for _, r := range is.Resources {
		if err := is.checkPolicy(r.Pattern); err != nil {
			return err
		}
	}
	return nil
}

func (is *Issuer) checkPolicy(p Pattern) error {
	if err := p.CheckPolicy(); err != nil {
		return fmt.Errorf("%s %w", p, err)
	}
	for _, e := range is.Except {
		if e.Intersects(p) {
			return fmt.Errorf("%s takes URLs out of %s, which one signature for all of that would open again: sign single links, or choose resources that leave them out", e, p)
		}
	}
	return nil
}

// Expires returns the earliest end, in Unix seconds, of the signatures issued
// at the moment now; 0 when there are no resources.
func (is *Issuer) Expires(now time.Time) (earliest int64) {
	for _, r := range is.Resources {
		if _, expires := is.Window.Bounds(r.offsetKey(), now); earliest == 0 || expires < earliest {
			earliest = expires
		}
	}
	return earliest
}

// Query returns the parameters that sign a URL. The URL may have a fragment,
// which is ignored, and it may be protocol-relative: then the scheme of the
// resource that holds it is signed. With strip, the reserved parameters that the
// URL has already must be taken off first, by dropping them from the text
// between "?" and "#" where it is split at "&".
func (is *Issuer) Query(url string, now time.Time) (query string, strip bool, reason Reason) {
	requests := [1]Request{{URL: url}}
	issuers := [1]*Issuer{is}
	Sign(issuers[:], requests[:], now)
	return requests[0].Query, requests[0].Strip, requests[0].Reason
}

// Policies returns the policies of the cookie sets that are issued at the moment
// now, one for each resource, without signing them.
func (is *Issuer) Policies(now time.Time) []Policy {
	policies := make([]Policy, len(is.Resources))
	for i, r := range is.Resources {
		starts, expires := is.Window.Bounds(r.offsetKey(), now)
		policies[i] = Policy{Resource: r.Pattern.String(), Expires: expires, Starts: starts, IP: is.IP}
	}
	return policies
}

// CookieSet is the cookies that open one resource.
type CookieSet struct {
	Resource Resource
	Policy   Policy
	Cookies  []Cookie
}

// CookieSets returns the cookies for each resource. CloudFront takes one
// resource per policy, so that several resources need several sets, told apart
// by the Path of their cookies.
func (is *Issuer) CookieSets(now time.Time) ([]CookieSet, error) {
	sets := make([]CookieSet, 0, len(is.Resources))
	for _, r := range is.Resources {
		if err := is.checkPolicy(r.Pattern); err != nil {
			return nil, err
		}
		p := is.plan(&r, now)
		p.custom = true
		p.hash = p.sum()
		j := p.job(is.Cache, r.Pattern.text(), false)
		query, ok := is.Cache.get(&p, j.text, false)
		if !ok {
			jobs := []*job{is.Cache.board(j)}
			signing.do(jobs)
			if jobs[0].err != nil {
				return nil, jobs[0].err
			}
			query = jobs[0].query
		}
		sets = append(sets, CookieSet{Resource: r, Policy: j.policy(), Cookies: cookies(query)})
	}
	return sets, nil
}
