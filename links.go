package cloudfront

import (
	"fmt"
	"mime"
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

// Links signs the CloudFront links in the responses that pass through: in
// HTML, CSS, JavaScript, JSON, XML and feeds, WebVTT, HLS and DASH, and in the
// header fields Location, Link and Refresh.
type Links struct {
	// Names of signers in the `cloudfront` app, instead of a key given here.
	// A link goes to the first signer whose resources hold it.
	Signers []string `json:"signers,omitempty"`

	SignerConfig

	// What one signature opens: `link`, that URL only; `directory`, the URL's
	// directory and everything below; or `resource`, the whole pattern, which
	// takes one signature for all links. Default: `link`.
	Scope string `json:"scope,omitempty"`

	// Turns links to this site's own paths into links to the CDN.
	Map []Mapping `json:"map,omitempty"`

	// The media types that are rewritten. One with `+` in front is added to
	// the default, which is every format but plain text.
	MIME []string `json:"mime,omitempty"`

	logger  *zap.Logger
	signers []*siteSigner
}

// Mapping turns links to a path of this site into links to the CDN.
type Mapping struct {
	// A path prefix of this site. Begins and ends in `/`.
	From string `json:"from,omitempty"`

	// The URL prefix that takes its place. Ends in `/`.
	To string `json:"to,omitempty"`
}

// CaddyModule returns the Caddy module information.
func (Links) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.cloudfront_links",
		New: func() caddy.Module { return new(Links) },
	}
}

// Provision loads the signers and checks the options.
func (l *Links) Provision(ctx caddy.Context) error {
	l.logger = ctx.Logger()
	scope := signer.Scope(l.Scope)
	switch scope {
	case "":
		scope = signer.ScopeLink
	case signer.ScopeLink, signer.ScopeDirectory, signer.ScopeResource:
	default:
		return fmt.Errorf("cloudfront_links: scope %s: is not known; write link, directory or resource", l.Scope)
	}
	var err error
	if l.signers, err = siteSigners(ctx, l.Signers, l.SignerConfig, scope); err != nil {
		return fmt.Errorf("cloudfront_links: %w", err)
	}
	for _, m := range l.Map {
		if err := m.check(); err != nil {
			return fmt.Errorf("cloudfront_links: %w", err)
		}
	}
	for _, mediaType := range l.MIME {
		if err := checkMIME(mediaType); err != nil {
			return fmt.Errorf("cloudfront_links: mime %s: %w", mediaType, err)
		}
	}
	return nil
}

// check refuses prefixes that could match half a name.
func (m Mapping) check() error {
	if !strings.HasPrefix(m.From, "/") || !strings.HasSuffix(m.From, "/") {
		return fmt.Errorf("map: %s has to begin and end in '/', such as /assets/", m.From)
	}
	if !strings.HasSuffix(m.To, "/") {
		return fmt.Errorf("map: %s has to end in '/', such as https://cdn.example.com/assets/", m.To)
	}
	to, fragment, err := signer.Canonical(m.To)
	if err != nil || to != m.To || fragment != "" || strings.Contains(to, "?") {
		return fmt.Errorf("map: %s has to be an absolute URL without query, such as https://cdn.example.com/assets/", m.To)
	}
	return nil
}

func checkMIME(mediaType string) error {
	parsed, params, err := mime.ParseMediaType(strings.TrimPrefix(mediaType, "+"))
	if err != nil || len(params) > 0 || !strings.Contains(parsed, "/") {
		return fmt.Errorf("is no media type; write one such as text/html, or +text/plain to add to the default")
	}
	return nil
}

func (l *Links) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	return next.ServeHTTP(w, r)
}

// Interface guards
var _ caddy.Provisioner = (*Links)(nil)
