package cloudfront

import (
	"crypto"
	"fmt"
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
)

// Verify checks signed URLs and signed cookies as the CloudFront edge does.
type Verify struct {
	// Names of signers in the `cloudfront` app whose keys are trusted, their
	// previous ones too.
	Signers []string `json:"signers,omitempty"`

	// Further public keys that are trusted: the key group.
	TrustedKeys []TrustedKey `json:"trusted_keys,omitempty"`

	// The scheme that the viewer used, if another proxy stands in front.
	// Default: the request's own.
	Scheme string `json:"scheme,omitempty"`

	// The host that the viewer asked for, if another proxy stands in front.
	// Default: the request's own.
	Host string `json:"host,omitempty"`

	// Whether a refusal is an error 403 for `handle_errors` to answer,
	// instead of CloudFront's XML. Default: false.
	Errors bool `json:"errors,omitempty"`

	logger *zap.Logger
	keys   map[string]crypto.PublicKey
	named  []*signingKey
}

// CaddyModule returns the Caddy module information.
func (Verify) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.cloudfront_verify",
		New: func() caddy.Module { return new(Verify) },
	}
}

// Provision reads the public keys.
func (v *Verify) Provision(ctx caddy.Context) error {
	v.logger = ctx.Logger()
	app, err := ctx.App("cloudfront")
	if err != nil {
		return err
	}
	for _, name := range v.Signers {
		key, err := app.(*App).namedKey(name)
		if err != nil {
			return fmt.Errorf("cloudfront_verify: %w", err)
		}
		v.named = append(v.named, key)
	}
	v.keys = make(map[string]crypto.PublicKey)
	for _, trusted := range v.TrustedKeys {
		id, key, err := trusted.read("trusted_key")
		if err != nil {
			return fmt.Errorf("cloudfront_verify: %w", err)
		}
		v.keys[id] = key
	}
	if len(v.named)+len(v.keys) == 0 {
		return fmt.Errorf("cloudfront_verify: no key is trusted; name a signer, or write trusted_key <key-pair-id> <public-key-file>")
	}
	return nil
}

func checkHost(host string) error {
	if host == "" || strings.ContainsAny(host, "/ @?#*") {
		return fmt.Errorf("host %s: is no host; write one such as cdn.example.com", host)
	}
	return nil
}

func (v *Verify) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	return next.ServeHTTP(w, r)
}

// Interface guards
var _ caddy.Provisioner = (*Verify)(nil)
