package cloudfront

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

// Cookies issues CloudFront signed cookies to the visitors whom `require` lets
// in, renews them in time, and clears them at the end.
type Cookies struct {
	// Names of signers in the `cloudfront` app, instead of a key given here.
	Signers []string `json:"signers,omitempty"`

	SignerConfig

	// The cookies' Path for a resource, by the resource as configured.
	// Default: the directory of the resource's path.
	Paths map[string]string `json:"paths,omitempty"`

	// The cookies' Domain; `host` for none, so that they go back to this very
	// host only. Default: none if the CDN host is this site's own, an IP
	// address or `localhost`; otherwise the narrowest domain that covers both.
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

	// Paths at which the cookies are expired and never issued.
	Logout []string `json:"logout,omitempty"`

	// Whether a visitor who carries the cookies and is no longer let in loses
	// them. Default: false, since on a site with public routes every visit to
	// one would.
	Clear bool `json:"clear,omitempty"`

	logger  *zap.Logger
	signers []*siteSigner
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
	var err error
	if c.signers, err = siteSigners(ctx, c.Signers, c.SignerConfig, signer.ScopeResource); err != nil {
		return fmt.Errorf("cloudfront_cookies: %w", err)
	}
	return nil
}

func checkCookieDomain(domain string) error {
	if strings.ContainsAny(domain, "/:; ") {
		return fmt.Errorf("domain %s: is no domain; write one such as example.com, or host", domain)
	}
	return nil
}

func checkCookiePath(path string) error {
	if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, "*?;, ") {
		return fmt.Errorf("a cookie's path begins with '/' and has no wildcard: browsers match it as a prefix; write one such as /private")
	}
	return nil
}

func checkLogoutPath(path string) error {
	if !strings.HasPrefix(path, "/") {
		return fmt.Errorf("a path begins with '/'; write one such as /logout")
	}
	return nil
}

func (c *Cookies) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	return next.ServeHTTP(w, r)
}

// Interface guards
var _ caddy.Provisioner = (*Cookies)(nil)
