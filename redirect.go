package cloudfront

import (
	"fmt"
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
	"golang.org/x/net/http/httpguts"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

// Redirect answers with a redirect to a signed URL.
type Redirect struct {
	// The name of a signer in the `cloudfront` app, instead of a key given here.
	Signer string `json:"signer,omitempty"`

	SignerConfig

	// The URL to redirect to. `{http.request.uri}` and
	// `{http.request.uri.path}` mean the escaped path without the query; any
	// other placeholder is percent-encoded as one segment.
	To string `json:"to,omitempty"`

	// 302, 303 or 307. Default: 302.
	Status int `json:"status,omitempty"`

	// Names of query parameters of the request to keep.
	KeepQuery []string `json:"keep_query,omitempty"`

	logger *zap.Logger
	signer *siteSigner
}

var redirectStatuses = []int{http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect}

// CaddyModule returns the Caddy module information.
func (Redirect) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.cloudfront_redirect",
		New: func() caddy.Module { return new(Redirect) },
	}
}

// Provision loads the signer and checks the options.
func (re *Redirect) Provision(ctx caddy.Context) error {
	re.logger = ctx.Logger()
	var names []string
	if re.Signer != "" {
		names = []string{re.Signer}
	}
	signers, err := siteSigners(ctx, names, re.SignerConfig, signer.ScopeLink)
	if err != nil {
		return fmt.Errorf("cloudfront_redirect: %w", err)
	}
	re.signer = signers[0]
	return nil
}

func checkKeepQuery(name string) error {
	if !httpguts.ValidHeaderFieldName(name) {
		return fmt.Errorf("is no query parameter's name; write one such as v")
	}
	return nil
}

func (re *Redirect) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	return next.ServeHTTP(w, r)
}

// Interface guards
var _ caddy.Provisioner = (*Redirect)(nil)
