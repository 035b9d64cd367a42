package cloudfront

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

// Redirect answers GET and HEAD with a redirect to a signed URL. It ends the
// chain of handlers, so what `require` asks for has to be there when the
// request arrives; a visitor who is not let in gets the error 403, and a URL
// that must not be signed is the error 400.
type Redirect struct {
	// The name of a signer in the `cloudfront` app, instead of a key given here.
	Signer string `json:"signer,omitempty"`

	SignerConfig

	// The URL to redirect to. In it, `{http.request.uri}` and
	// `{http.request.uri.path}`, and the same with `orig_uri`, are the escaped
	// path without the query; `{http.reverse_proxy.header.*}` is a path, which
	// may be escaped already; any other placeholder is percent-encoded as one
	// segment. The query of the request is dropped.
	To string `json:"to,omitempty"`

	// The status: 302, 303 or 307. Default: 302.
	Status int `json:"status,omitempty"`

	// Names of query parameters of the request to keep, byte for byte.
	KeepQuery []string `json:"keep_query,omitempty"`

	logger *zap.Logger
	signer *siteSigner
	target target
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
	if err := re.provision(ctx); err != nil {
		return fmt.Errorf("cloudfront_redirect: %w", err)
	}
	return nil
}

func (re *Redirect) provision(ctx caddy.Context) error {
	var names []string
	if re.Signer != "" {
		names = []string{re.Signer}
	}
	signers, err := siteSigners(ctx, names, re.SignerConfig, signer.ScopeLink)
	if err != nil {
		return err
	}
	re.signer = signers[0]
	if err := re.signer.require.onEntry(); err != nil {
		return err
	}
	if re.Status == 0 {
		re.Status = http.StatusFound
	}
	if !slices.Contains(redirectStatuses, re.Status) {
		return fmt.Errorf("status: %d does not fit; write 302, 303 or 307", re.Status)
	}
	for _, name := range re.KeepQuery {
		if err := checkKeepQuery(name); err != nil {
			return fmt.Errorf("keep_query %s: %w", name, err)
		}
	}
	if re.target, err = parseTarget(re.To); err != nil {
		return err
	}
	if err := re.target.checkResources(re.signer.resources); err != nil {
		return err
	}
	return registerMetrics(ctx)
}

// onEntry refuses requirements that only the app's response can satisfy, for
// handlers that sign before there is one.
func (reqs requirements) onEntry() error {
	if reqs.has(requireResponseHeader) {
		return errors.New("require response_header: there is no response yet when this decides; write require auth, require forward_auth <Field>, or a placeholder")
	}
	return nil
}

// checkKeepQuery refuses what is no name as it stands in a query, and names
// that would turn the redirect into somebody else's signature.
func checkKeepQuery(name string) error {
	if slices.Contains(signer.Params, name) {
		return errors.New("CloudFront reserves this name for signatures; remove it")
	}
	if name == "" || strings.Trim(name, unreserved+"[]%+") != "" {
		return errors.New("is no query parameter's name; write one as it stands in the URL, such as v")
	}
	return nil
}

func (re *Redirect) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		return caddyhttp.Error(http.StatusMethodNotAllowed, fmt.Errorf("cloudfront_redirect answers GET and HEAD, not %s", r.Method))
	}
	if no := re.signer.require.enter(r).decide(nil); no != reasonNone {
		return re.refuse(http.StatusForbidden, no)
	}
	issuer, no := re.signer.issuer(r)
	switch no {
	case reasonNone:
	case reasonError:
		return re.refuse(http.StatusInternalServerError, no)
	default:
		return re.refuse(http.StatusForbidden, no)
	}
	url, ok := re.target.url(r)
	if !ok {
		return re.refuse(http.StatusBadRequest, reason(signer.Unsafe))
	}
	url = signer.Join(url, "", keepQuery(r.URL.RawQuery, re.KeepQuery))
	at := now()
	signed, no := signedURL([]*signer.Issuer{issuer}, url, at)
	switch no {
	case reasonNone:
	case reasonError:
		return re.refuse(http.StatusInternalServerError, no)
	default:
		return re.refuse(http.StatusBadRequest, no)
	}
	h := w.Header()
	h.Set("Location", signed)
	life := spareLife([]*signer.Issuer{issuer}, at, at)
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "max-age="+strconv.FormatInt(int64(life/time.Second), 10))
	}
	restrictCaching(h, life, at)
	w.WriteHeader(re.Status)
	re.count(resultSigned)
	return nil
}

func (re *Redirect) refuse(status int, why reason) error {
	re.count(string(why))
	re.logger.Debug("not signed", zap.String("reason", string(why)))
	return caddyhttp.Error(status, fmt.Errorf("cloudfront_redirect: not signed: %s", why))
}

func (re *Redirect) count(result string) {
	responsesTotal.WithLabelValues("redirect", re.signer.name, result).Inc()
}

// signedURL returns a URL with its signature, by the first issuer whose
// resources hold it.
func signedURL(issuers []*signer.Issuer, raw string, at time.Time) (string, reason) {
	url, fragment, err := signer.Canonical(raw)
	if err != nil {
		return "", reason(signer.Unsafe)
	}
	requests := []signer.Request{{URL: url}}
	signer.Sign(issuers, requests, at)
	answer := requests[0]
	if answer.Reason != signer.Signed {
		return "", reason(answer.Reason)
	}
	if answer.Strip {
		path, query, _ := strings.Cut(url, "?")
		url = signer.Join(path, "", signer.AppQuery(query))
	}
	return signer.Join(url, fragment, answer.Query), reasonNone
}

// keepQuery returns the pairs of a raw query whose names are to be kept.
func keepQuery(raw string, names []string) string {
	var kept []string
	for pair := range strings.SplitSeq(raw, "&") {
		name, _, _ := strings.Cut(pair, "=")
		if slices.Contains(names, name) {
			kept = append(kept, pair)
		}
	}
	return strings.Join(kept, "&")
}

// Interface guards
var _ caddy.Provisioner = (*Redirect)(nil)
