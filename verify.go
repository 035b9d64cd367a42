package cloudfront

import (
	"crypto"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

// Verify checks signed URLs and signed cookies as the CloudFront edge does:
// a self-hosted edge, or a stand-in for CloudFront in tests. Where AWS's
// documentation leaves open what the edge makes of a request, it is refused.
//
// It judges the URL that the viewer asked for, whatever has been rewritten
// since, and hands an allowed request on without the signature: without its
// query parameters and its cookies.
//
// It answers a refusal with status 403 and CloudFront's XML, to the byte.
//
// It sets these placeholders:
//
// Placeholder | Description
// ------------|-------------
// `{http.cloudfront.result}` | `allowed` or `denied`
// `{http.cloudfront.code}` | CloudFront's error code, such as `MissingKey`; empty if allowed
// `{http.cloudfront.key_pair_id}` | The key-pair ID that the request names; one that is denied may name any
// `{http.cloudfront.expires}` | When the policy ends, in Unix seconds; empty unless its signature is valid
// `{http.cloudfront.resource}` | What the policy opens; empty unless its signature is valid
type Verify struct {
	// Names of signers in the `cloudfront` app whose keys are trusted, their
	// previous ones too.
	Signers []string `json:"signers,omitempty"`

	// Further public keys that are trusted: the key group.
	TrustedKeys []TrustedKey `json:"trusted_keys,omitempty"`

	// The scheme that the viewer used, if another proxy stands in front:
	// `http` or `https`. Default: the request's own.
	Scheme string `json:"scheme,omitempty"`

	// The host that the viewer asked for, if another proxy stands in front.
	// Default: the request's own.
	Host string `json:"host,omitempty"`

	// Whether a refusal is an error 403 for `handle_errors` to answer,
	// instead of CloudFront's XML. Default: false.
	Errors bool `json:"errors,omitempty"`

	logger   *zap.Logger
	label    string // of the signers, in metrics
	verifier func() (*signer.Verifier, error)
}

// CaddyModule returns the Caddy module information.
func (Verify) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.cloudfront_verify",
		New: func() caddy.Module { return new(Verify) },
	}
}

var errNoTrustedKey = errors.New("no key is trusted; name a signer, or write trusted_key <key-pair-id> <public-key-file>")

// Provision collects the public keys.
func (v *Verify) Provision(ctx caddy.Context) error {
	v.logger = ctx.Logger()
	v.label = signersLabel(v.Signers)
	if err := v.provisionKeys(ctx); err != nil {
		return fmt.Errorf("cloudfront_verify: %w", err)
	}
	return registerMetrics(ctx)
}

func (v *Verify) provisionKeys(ctx caddy.Context) error {
	app, err := ctx.App("cloudfront")
	if err != nil {
		return err
	}
	keys := make(keyGroup)
	var deferred []*signingKey
	for _, name := range v.Signers {
		key, err := app.(*App).namedKey(name)
		if err != nil {
			return err
		}
		if key.source.Deferred() {
			deferred = append(deferred, key)
		} else if err := keys.addSigner(key); err != nil {
			return err
		}
	}
	for _, trusted := range v.TrustedKeys {
		id, key, err := trusted.read("trusted_key")
		if err != nil {
			return err
		}
		if err := keys.add(id, key); err != nil {
			return err
		}
	}
	if len(keys)+len(deferred) == 0 {
		return errNoTrustedKey
	}
	// A key that Caddy makes is there when the config has started, not yet now.
	v.verifier = sync.OnceValues(func() (*signer.Verifier, error) {
		for _, key := range deferred {
			if err := keys.addSigner(key); err != nil {
				return nil, err
			}
		}
		return &signer.Verifier{Keys: keys}, nil
	})
	return nil
}

// keyGroup is the trusted public keys by key-pair ID.
type keyGroup map[string]crypto.PublicKey

// addSigner adds a signer's own key and those that it used before.
func (g keyGroup) addSigner(k *signingKey) error {
	key, err := k.get()
	if err != nil {
		return err
	}
	if err := g.add(key.ID(), key.Public()); err != nil {
		return err
	}
	for id, previous := range k.previous {
		if err := g.add(id, previous); err != nil {
			return err
		}
	}
	return nil
}

func (g keyGroup) add(id string, key crypto.PublicKey) error {
	if other, ok := g[id]; ok && !other.(interface{ Equal(crypto.PublicKey) bool }).Equal(key) {
		return fmt.Errorf("two different public keys have the key-pair ID %s; give each the ID that CloudFront has for it", id)
	}
	g[id] = key
	return nil
}

// Validate checks the literals, which a JSON config may hold unchecked.
func (v *Verify) Validate() error {
	if v.Scheme != "" && v.Scheme != "http" && v.Scheme != "https" {
		return fmt.Errorf("cloudfront_verify: scheme %s: is neither http nor https", v.Scheme)
	}
	if v.Host != "" {
		if err := checkHost(v.Host); err != nil {
			return fmt.Errorf("cloudfront_verify: %w", err)
		}
	}
	return nil
}

func checkHost(host string) error {
	if host == "" || strings.ContainsAny(host, "/ @?#*{}") {
		return fmt.Errorf("host %s: is no host; write one such as cdn.example.com", host)
	}
	return nil
}

func (v *Verify) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	verifier, err := v.verifier()
	if err != nil {
		return fmt.Errorf("cloudfront_verify: %w", err)
	}
	seen := viewerOf(r)
	res := verifier.Verify(v.request(r, seen))
	setVerifyPlaceholders(r, res)
	if res.Code == signer.Allowed {
		responsesTotal.WithLabelValues("verify", v.label, "allowed").Inc()
		seen.takeOff(r)
		return next.ServeHTTP(w, r)
	}
	responsesTotal.WithLabelValues("verify", v.label, string(res.Code)).Inc()
	if c := v.logger.Check(zapcore.DebugLevel, "request refused"); c != nil {
		c.Write(
			zap.String("code", string(res.Code)),
			zap.String("reason", res.Why),
			zap.String("credentials", res.Source),
			zap.String("key_pair_id", res.KeyPairID),
			zap.String("url", res.URL),
		)
	}
	if v.Errors {
		return caddyhttp.Error(http.StatusForbidden, fmt.Errorf("%s: %s", res.Code, res.Why))
	}
	return writeRefusal(w, res.Code)
}

// request is what the edge sees. Scheme and host are the connection's own or
// the config's: a client may write what it likes into X-Forwarded-*.
func (v *Verify) request(r *http.Request, seen viewer) signer.ViewerRequest {
	req := signer.ViewerRequest{
		Scheme:  v.Scheme,
		Host:    v.Host,
		Cookies: seen.cookies,
		Now:     now(),
	}
	if req.Scheme == "" {
		req.Scheme = "http"
		if r.TLS != nil {
			req.Scheme = "https"
		}
	}
	if req.Host == "" {
		req.Host = r.Host
	}
	req.RawPath, req.RawQuery, req.HasQuery = strings.Cut(seen.target, "?")
	// An address that can't be parsed stays invalid, and is in no range.
	clientIP, _ := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string)
	req.IP, _ = netip.ParseAddr(clientIP)
	return req
}

func setVerifyPlaceholders(r *http.Request, res signer.Result) {
	result, expires := "denied", ""
	if res.Code == signer.Allowed {
		result = "allowed"
	}
	if res.Policy.Expires != 0 {
		expires = strconv.FormatInt(res.Policy.Expires, 10)
	}
	repl := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	repl.Set("http.cloudfront.result", result)
	repl.Set("http.cloudfront.code", string(res.Code))
	repl.Set("http.cloudfront.key_pair_id", res.KeyPairID)
	repl.Set("http.cloudfront.expires", expires)
	repl.Set("http.cloudfront.resource", res.Policy.Resource)
}

// writeRefusal answers as the edge does.
func writeRefusal(w http.ResponseWriter, code signer.Code) error {
	body := code.XML()
	h := w.Header()
	h.Set("Server", "CloudFront")
	h.Set("Content-Type", "text/xml")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("X-Cache", "Error from cloudfront")
	w.WriteHeader(http.StatusForbidden)
	_, err := w.Write(body) // to HEAD net/http sends no body
	return err
}

// Interface guards
var (
	_ caddy.Provisioner = (*Verify)(nil)
	_ caddy.Validator   = (*Verify)(nil)
)
