package cloudfront

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

// Cookies issues CloudFront signed cookies to the visitors whom `require` lets
// in, renews them in time, and clears them at the end.
//
// Each resource gets a set of cookies of its own, told apart by their Path.
// A marker cookie, `cloudfront_issued_…`, goes with them and tells which ones
// the browser has: so a set is sent once per window, whichever node answers.
type Cookies struct {
	// Names of signers in the `cloudfront` app, instead of a key given here.
	Signers []string `json:"signers,omitempty"`

	SignerConfig

	// The cookies' Path for a resource, by the resource as configured.
	// Default: the directory that holds all of it, up to the first wildcard
	// or placeholder.
	Paths map[string]string `json:"paths,omitempty"`

	// The cookies' Domain; `host` for none, so that they go back to this very
	// host only. Default: none if the CDN host is this site's own; otherwise
	// the narrowest domain that covers both. Without one, no cookies are sent.
	Domain string `json:"domain,omitempty"`

	// The cookies' SameSite: `lax`, `strict` or `none`. Default: `lax`.
	SameSite string `json:"same_site,omitempty"`

	// Whether the cookies are sent over HTTPS only. Default: true.
	Secure *bool `json:"secure,omitempty"`

	// Whether the cookies are kept from scripts. Default: true.
	HTTPOnly *bool `json:"http_only,omitempty"`

	// Whether the browser keeps the cookies until their policy ends, instead
	// of until it is closed. Default: false.
	Persist bool `json:"persist,omitempty"`

	// Whether the cookies are partitioned by the top-level site (CHIPS), for
	// a site that is embedded in others. Default: false.
	Partitioned bool `json:"partitioned,omitempty"`

	// Paths at which the cookies are expired and never issued; matched as
	// Caddy's `path` matcher does.
	Logout []string `json:"logout,omitempty"`

	// Whether a visitor who carries the cookies and is no longer let in loses
	// them. Default: false, since on a site with public routes every visit to
	// one would.
	Clear bool `json:"clear,omitempty"`

	logger  *zap.Logger
	signers []*cookieSigner
	domain  string // Domain as it stands in a cookie
	logout  caddyhttp.MatchPath
}

// cookieSigner is a signer with one cookie set for each of its resources.
type cookieSigner struct {
	*siteSigner
	sets []*cookieSet
}

// cookieSet is what a resource becomes.
type cookieSet struct {
	resource resource
	cdn      string // the host that the cookies have to reach
	path     string
	lament   sync.Once
}

// CaddyModule returns the Caddy module information.
func (Cookies) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.cloudfront_cookies",
		New: func() caddy.Module { return new(Cookies) },
	}
}

// Provision loads the signers and checks the options.
func (c *Cookies) Provision(ctx caddy.Context) error {
	c.logger = ctx.Logger()
	if err := c.provision(ctx); err != nil {
		return fmt.Errorf("cloudfront_cookies: %w", err)
	}
	return registerMetrics(ctx)
}

func (c *Cookies) provision(ctx caddy.Context) error {
	if err := c.provisionAttributes(ctx); err != nil {
		return err
	}
	signers, err := siteSigners(ctx, c.Signers, c.SignerConfig, signer.ScopeResource)
	if err != nil {
		return err
	}
	var all []*cookieSet
	for _, s := range signers {
		cs := &cookieSigner{siteSigner: s}
		for _, r := range s.resources {
			set := c.newSet(r)
			if err := c.checkSet(set, all); err != nil {
				return fmt.Errorf("signer %s: resource %s: %w", s.name, r.configured, err)
			}
			c.warn(set)
			cs.sets = append(cs.sets, set)
			all = append(all, set)
		}
		c.signers = append(c.signers, cs)
	}
	for configured := range c.Paths {
		if !slices.ContainsFunc(all, func(set *cookieSet) bool { return set.resource.configured == configured }) {
			return fmt.Errorf("paths: %s is no resource here; write it as in resources", configured)
		}
	}
	return nil
}

func (c *Cookies) provisionAttributes(ctx caddy.Context) error {
	if c.Domain != "" {
		domain, err := expand(c.Domain)
		if err != nil {
			return fmt.Errorf("domain: %w", err)
		}
		if c.domain, err = parseCookieDomain(domain); err != nil {
			return err
		}
	}
	if _, ok := sameSiteModes[c.SameSite]; !ok {
		return fmt.Errorf("same_site %s: is not known; write lax, strict or none", c.SameSite)
	}
	if !c.secure() && c.SameSite == "none" {
		c.logger.Warn("browsers refuse cookies with same_site none unless they are secure; remove `secure off`")
	}
	if !c.secure() && c.Partitioned {
		c.logger.Warn("browsers refuse partitioned cookies unless they are secure; remove `secure off`")
	}
	for _, path := range c.Logout {
		if err := checkLogoutPath(path); err != nil {
			return fmt.Errorf("logout %s: %w", path, err)
		}
	}
	c.logout = caddyhttp.MatchPath(c.Logout)
	return c.logout.Provision(ctx)
}

func (c *Cookies) newSet(r resource) *cookieSet {
	set := &cookieSet{resource: r, cdn: hostname(r.static.Host()), path: r.cookiePath()}
	if path, ok := c.Paths[r.configured]; ok {
		set.path = path
	}
	return set
}

// checkSet refuses scopes that cannot work, whatever the site's host is.
func (c *Cookies) checkSet(set *cookieSet, others []*cookieSet) error {
	switch {
	case c.domain == domainHost:
	case onCloudFrontNet(set.cdn):
		return fmt.Errorf("browsers take cookies for %s from that very host only; give the distribution an alternate domain name beside this site's, or write domain host if visitors reach this site through the distribution", set.cdn)
	case c.domain != "" && !domainMatches(set.cdn, c.domain):
		return fmt.Errorf("domain %s does not cover %s, so browsers would never send the cookies there; write a domain that both that host and this site are in", c.Domain, set.cdn)
	}
	if err := checkCookiePath(set.path); err != nil {
		return fmt.Errorf("path %s: %w", set.path, err)
	}
	for _, other := range others {
		if (c.domain != "" || sameSite(set.cdn, other.cdn)) && (pathMatches(set.path, other.path) || pathMatches(other.path, set.path)) {
			return fmt.Errorf("its cookies (Path %s) would be sent together with those of resource %s (Path %s), and CloudFront reads only one set; give them paths that do not contain one another: resource <pattern> path <cookie-path>", set.path, other.resource.configured, other.path)
		}
	}
	return nil
}

// warn warns about what hardly works.
func (c *Cookies) warn(set *cookieSet) {
	if !set.resource.reachedBy(set.path) {
		c.logger.Warn("browsers send cookies with this path to no URL of the resource",
			zap.String("resource", set.resource.configured), zap.String("path", set.path), zap.String("use", set.resource.cookiePath()))
	}
	if c.secure() && set.resource.static.Scheme() == "http" && set.cdn != "localhost" {
		c.logger.Warn("browsers do not send secure cookies over plain HTTP; use https, or `secure off` for a test",
			zap.String("resource", set.resource.configured))
	}
}

func (c *Cookies) secure() bool   { return c.Secure == nil || *c.Secure }
func (c *Cookies) httpOnly() bool { return c.HTTPOnly == nil || *c.HTTPOnly }

var sameSiteModes = map[string]http.SameSite{
	"":       http.SameSiteLaxMode,
	"lax":    http.SameSiteLaxMode,
	"strict": http.SameSiteStrictMode,
	"none":   http.SameSiteNoneMode,
}

func checkLogoutPath(path string) error {
	if !strings.HasPrefix(path, "/") {
		return errors.New("a path begins with '/'; write one such as /logout")
	}
	return nil
}

func (c *Cookies) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	visit := c.enter(r)
	err := intercept(w, r, next, visit, 0)
	if err != nil {
		visit.takeBack(w.Header())
		for _, s := range c.signers {
			s.require.forget(r)
		}
	}
	return err
}

// Interface guards
var _ caddy.Provisioner = (*Cookies)(nil)
