package cloudfront

import (
	"fmt"
	"text/template"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/templates"
	"go.uber.org/zap"
)

// TemplateFunctions adds a function to Caddy's templates:
//
// ##### `cloudfrontURL`
//
// Returns a URL with its signature, if `require` lets the visitor in and a
// resource holds the URL; otherwise the URL as it is. Its first argument is the
// template's context, which is `.` at the top level of a template and `$`
// everywhere.
//
// ```
// {{cloudfrontURL . "https://cdn.example.com/private/a.jpg"}}
// ```
//
// The response is made private then, and is not kept for longer than the
// signature is good for.
type TemplateFunctions struct {
	// Names of signers in the `cloudfront` app, instead of a key given here.
	// A URL goes to the first signer whose resources hold it.
	Signers []string `json:"signers,omitempty"`

	SignerConfig

	// What one signature opens: `link`, `directory` or `resource`.
	// Default: `link`.
	Scope string `json:"scope,omitempty"`

	logger  *zap.Logger
	signers []*siteSigner
	label   string
}

// CaddyModule returns the Caddy module information.
func (TemplateFunctions) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.templates.functions.cloudfront",
		New: func() caddy.Module { return new(TemplateFunctions) },
	}
}

// Provision loads the signers and checks the options.
func (t *TemplateFunctions) Provision(ctx caddy.Context) error {
	t.logger = ctx.Logger()
	if err := t.provision(ctx); err != nil {
		return fmt.Errorf("templates: cloudfront: %w", err)
	}
	return registerMetrics(ctx)
}

func (t *TemplateFunctions) provision(ctx caddy.Context) error {
	scope, err := parseScope(t.Scope)
	if err != nil {
		return err
	}
	if t.signers, err = siteSigners(ctx, t.Signers, t.SignerConfig, scope); err != nil {
		return err
	}
	for _, s := range t.signers {
		if err := s.require.inTemplate(); err != nil {
			return err
		}
	}
	t.label = signersLabel(t.Signers)
	return nil
}

// inTemplate refuses requirements that can't be relied on while a template is
// executed: the response is not complete, and what an auth server said may have
// been replaced by what the app behind the template said.
func (reqs requirements) inTemplate() error {
	if err := reqs.onEntry(); err != nil {
		return err
	}
	if reqs.has(requireForwardAuth) {
		return fmt.Errorf("require forward_auth: when a template is executed, the app's answer may stand where the auth server's was; " +
			"keep that in a variable: route { forward_auth … ; vars member {http.request.header.Remote-User} ; … } and require {vars.member}")
	}
	return nil
}

// CustomTemplateFunctions returns the function.
func (t *TemplateFunctions) CustomTemplateFunctions() template.FuncMap {
	return template.FuncMap{"cloudfrontURL": t.url}
}

func (t *TemplateFunctions) url(ctx *templates.TemplateContext, url string) string {
	signed, why := t.sign(ctx, url)
	if why != reasonNone {
		linksTotal.WithLabelValues(t.label, string(why)).Inc()
		t.logger.Debug("not signed", zap.String("reason", string(why)))
		return url
	}
	linksTotal.WithLabelValues(t.label, resultSigned).Inc()
	return signed
}

func (t *TemplateFunctions) sign(ctx *templates.TemplateContext, url string) (string, reason) {
	if included(ctx.Req) {
		return "", reasonIncluded
	}
	issuers, why := admit(t.signers, ctx.Req, func(i int) reason {
		return t.signers[i].require.enter(ctx.Req).decide(nil)
	})
	if why != reasonNone {
		return "", why
	}
	at := now()
	signed, why := signedURL(issuers, url, at)
	if why == reasonNone {
		restrict(ctx.RespHeader.Header, issuers, at)
	}
	return signed, why
}

// Interface guards
var (
	_ caddy.Provisioner         = (*TemplateFunctions)(nil)
	_ templates.CustomFunctions = (*TemplateFunctions)(nil)
)
