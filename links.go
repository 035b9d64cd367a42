package cloudfront

import (
	"fmt"
	"maps"
	"mime"
	"slices"
	"strings"
	"sync"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/caddy-cloudfront/caddy-cloudfront/rewrite"
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

	logger      *zap.Logger
	signers     []*siteSigner
	label       string // of the signers, in metrics
	rewriter    *rewrite.Rewriter
	types       mediaTypes
	fingerprint string // of all that links depend on
	plainTag    tag
	maxBuffers  int64

	lamentCoding *sync.Once
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
	if err := l.provision(ctx); err != nil {
		return fmt.Errorf("cloudfront_links: %w", err)
	}
	return registerMetrics(ctx)
}

func (l *Links) provision(ctx caddy.Context) error {
	scope, err := parseScope(l.Scope)
	if err != nil {
		return err
	}
	if l.signers, err = siteSigners(ctx, l.Signers, l.SignerConfig, scope); err != nil {
		return err
	}
	for _, m := range l.Map {
		if err := m.check(); err != nil {
			return err
		}
		if err := m.checkResources(l.signers); err != nil {
			return err
		}
	}
	if l.types, err = parseMediaTypes(l.MIME); err != nil {
		return err
	}
	if l.rewriter, err = l.newRewriter(); err != nil {
		return err
	}
	app, err := ctx.App("cloudfront")
	if err != nil {
		return err
	}
	l.maxBuffers = app.(*App).MaxBuffers
	l.lamentCoding = new(sync.Once)
	l.label = signersLabel(l.Signers)
	l.fingerprint = l.newFingerprint()
	l.plainTag = plainTag(l.fingerprint)
	return nil
}

// newRewriter looks for the hosts of all resources.
func (l *Links) newRewriter() (*rewrite.Rewriter, error) {
	config := rewrite.Config{Params: signer.Params}
	for _, s := range l.signers {
		for _, res := range s.resources {
			if host := res.static.Host(); !slices.Contains(config.Hosts, host) {
				config.Hosts = append(config.Hosts, host)
			}
		}
	}
	for _, m := range l.Map {
		config.Maps = append(config.Maps, rewrite.Map(m))
	}
	return rewrite.New(config)
}

// newFingerprint holds every option that decides which links are signed and
// how, for the tags of entity tags.
func (l *Links) newFingerprint() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%q %q %q", l.Scope, l.Map, l.MIME)
	for _, s := range l.signers {
		previous := slices.Sorted(maps.Keys(s.key.previous))
		fmt.Fprintf(&b, "\n%q %q %+v %v %v %q", s.key.id, previous, s.window, s.ip, s.ipClient, s.except)
		for _, res := range s.resources {
			fmt.Fprintf(&b, " %q %q", res.configured, res.static)
		}
	}
	return b.String()
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

// checkResources refuses a target whose links could never be signed.
func (m Mapping) checkResources(signers []*siteSigner) error {
	to, err := signer.ParsePattern(m.To + "*")
	if err != nil {
		return fmt.Errorf("map: %s: %w", m.To, err)
	}
	for _, s := range signers {
		for _, res := range s.resources {
			if to.Intersects(res.widest) {
				return nil
			}
		}
	}
	return fmt.Errorf("map: %s lies outside of every resource, so that its links are never signed; add resource %s*, or correct the target", m.To, m.To)
}

// mediaTypes are those whose bodies are rewritten.
type mediaTypes struct {
	only  []string // instead of the default
	added []string
}

func parseMediaTypes(configured []string) (t mediaTypes, err error) {
	for _, item := range configured {
		if err := checkMIME(item); err != nil {
			return t, fmt.Errorf("mime %s: %w", item, err)
		}
		if name, added := strings.CutPrefix(strings.ToLower(item), "+"); added {
			t.added = append(t.added, name)
		} else {
			t.only = append(t.only, name)
		}
	}
	return t, nil
}

func checkMIME(item string) error {
	name, params, err := mime.ParseMediaType(strings.TrimPrefix(item, "+"))
	if err != nil || len(params) > 0 || !strings.Contains(name, "/") {
		return fmt.Errorf("is no media type; write one such as text/html, or +text/plain to add to the default")
	}
	return nil
}

// formatOf returns the format of a body, and false if it is not to be
// rewritten. What is configured and has no format of its own is plain text.
func (t mediaTypes) formatOf(contentType, path string) (rewrite.Format, bool) {
	format, known := rewrite.FormatOf(contentType, path)
	name, params, _ := strings.Cut(contentType, ";")
	name = strings.ToLower(strings.TrimSpace(name))
	switch {
	case slices.Contains(t.added, name), slices.Contains(t.only, name):
		if !known {
			return rewrite.FormatOf("text/plain;"+params, "")
		}
		return format, true
	case t.only != nil, format == rewrite.Text, name == "text/event-stream":
		return 0, false
	}
	return format, known
}

// Interface guards
var _ caddy.Provisioner = (*Links)(nil)
