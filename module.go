// Package cloudfront gives the authenticated visitors of a Caddy site access
// to private Amazon CloudFront content: it signs the CloudFront links in
// responses that pass through, issues CloudFront signed cookies, redirects to
// signed URLs, and verifies signed requests as the CloudFront edge does.
package cloudfront

import (
	"fmt"
	"maps"
	"slices"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

func init() {
	caddy.RegisterModule(App{})
	caddy.RegisterModule(Links{})
	caddy.RegisterModule(Cookies{})
	caddy.RegisterModule(Redirect{})
	caddy.RegisterModule(Verify{})
	caddy.RegisterModule(TemplateFunctions{})
	caddy.RegisterModule(FileKey{})
	caddy.RegisterModule(PEMKey{})
	caddy.RegisterModule(InternalKey{})
	caddy.RegisterModule(adminSigners{})

	httpcaddyfile.RegisterGlobalOption("cloudfront", parseGlobalOption)
	httpcaddyfile.RegisterHandlerDirective("cloudfront_links", parseLinks)
	httpcaddyfile.RegisterHandlerDirective("cloudfront_cookies", parseCookies)
	httpcaddyfile.RegisterHandlerDirective("cloudfront_redirect", parseRedirect)
	httpcaddyfile.RegisterHandlerDirective("cloudfront_verify", parseVerify)

	// Nothing may answer or rewrite before the edge has verified.
	httpcaddyfile.RegisterDirectiveOrder("cloudfront_verify", httpcaddyfile.Before, "redir")
	// Each lands directly after encode, so the last one registered is the
	// outermost: encode, redirect, cookies, links.
	httpcaddyfile.RegisterDirectiveOrder("cloudfront_links", httpcaddyfile.After, "encode")
	httpcaddyfile.RegisterDirectiveOrder("cloudfront_cookies", httpcaddyfile.After, "encode")
	httpcaddyfile.RegisterDirectiveOrder("cloudfront_redirect", httpcaddyfile.After, "encode")
}

const (
	defaultMaxBuffers = 256 << 20
	defaultCacheSize  = 64 << 20
)

// App holds what the CloudFront handlers of all sites share: named signers
// and limits on memory. It is optional; a handler may carry its own key.
type App struct {
	// Signers that handlers refer to by name. A name consists of lower-case
	// letters, digits, `_` and `-`. A signer may hold any option that the
	// handlers share; one that is given in a handler replaces it there.
	//
	// (Not to be confused with CloudFront's "trusted signer", which is an AWS
	// account.)
	Signers map[string]*SignerConfig `json:"signers,omitempty"`

	// The most bytes that all responses together may hold back while it is
	// not yet known whether and how they end. Past it, responses stream.
	// Default: 268435456 (256 MiB).
	MaxBuffers int64 `json:"max_buffers,omitempty"`

	// The most bytes of memory that cached signatures may take.
	// Default: 67108864 (64 MiB).
	CacheSize int64 `json:"cache_size,omitempty"`

	ctx   caddy.Context
	cache *signer.Cache
	keys  map[string]*signingKey // by signer name
	all   []*signingKey          // and those of the handlers
	inUse []string               // fingerprints that are counted in usedKeys
}

// CaddyModule returns the Caddy module information.
func (App) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "cloudfront",
		New: func() caddy.Module { return new(App) },
	}
}

// caches holds the signature cache of the process, so that a reload keeps the
// signatures, and the last config that goes takes it along.
var caches = caddy.NewUsagePool()

const cacheKey = "signatures"

// usedKeys counts the running uses of each key, by its fingerprint, so that
// with the last one its signatures go.
var usedKeys = caddy.NewUsagePool()

// Provision loads the named signers' keys and sets the limits.
func (app *App) Provision(ctx caddy.Context) error {
	app.ctx = ctx
	if app.MaxBuffers < 0 {
		return fmt.Errorf("max_buffers: %d is negative; give a size such as 256MiB", app.MaxBuffers)
	}
	if app.CacheSize < 0 {
		return fmt.Errorf("cache_size: %d is negative; give a size such as 64MiB", app.CacheSize)
	}
	if app.MaxBuffers == 0 {
		app.MaxBuffers = defaultMaxBuffers
	}
	if app.CacheSize == 0 {
		app.CacheSize = defaultCacheSize
	}
	cache, _, err := caches.LoadOrNew(cacheKey, func() (caddy.Destructor, error) {
		return sharedCache{signer.NewCache(app.CacheSize)}, nil
	})
	if err != nil {
		return err
	}
	app.cache = cache.(sharedCache).Cache

	app.keys = make(map[string]*signingKey, len(app.Signers))
	for _, name := range slices.Sorted(maps.Keys(app.Signers)) {
		if err := checkSignerName(name); err != nil {
			return err
		}
		config := app.Signers[name]
		key, err := app.provisionKey(config)
		if err != nil {
			return fmt.Errorf("signer %s: %w", name, err)
		}
		app.keys[name] = key
	}
	return nil
}

// Start makes or loads the keys that come from Caddy's storage. A config that
// is only checked does not get here.
func (app *App) Start() error {
	for _, configured := range app.all {
		key, err := configured.get()
		if err != nil {
			return err
		}
		fingerprint := key.Fingerprint()
		usedKeys.LoadOrStore(fingerprint, usedKey{key, app.cache})
		app.inUse = append(app.inUse, fingerprint)
	}
	app.cache.Resize(app.CacheSize)
	return nil
}

// Stop does nothing: what is shared goes in Cleanup.
func (app *App) Stop() error { return nil }

// Cleanup gives keys and the signature cache back, which go when no other
// config uses them.
func (app *App) Cleanup() error {
	if app.cache == nil {
		return nil
	}
	for _, fingerprint := range app.inUse {
		if _, err := usedKeys.Delete(fingerprint); err != nil {
			return err
		}
	}
	_, err := caches.Delete(cacheKey)
	return err
}

// sharedCache lets a UsagePool close the cache with its last user.
type sharedCache struct{ *signer.Cache }

func (c sharedCache) Destruct() error {
	c.Close()
	return nil
}

// usedKey lets a UsagePool remove what a key has signed with its last use.
type usedKey struct {
	key   *signer.Key
	cache *signer.Cache
}

func (u usedKey) Destruct() error {
	u.cache.Forget(u.key)
	return nil
}

// provisionKey reads the key options of a signer. A key that lives in Caddy's
// storage is left for Start, so that `caddy validate` creates nothing.
func (app *App) provisionKey(config *SignerConfig) (*signingKey, error) {
	key, err := config.provisionKey(app.ctx)
	if err != nil {
		return nil, err
	}
	app.all = append(app.all, key)
	if !key.source.Deferred() {
		_, err = key.get()
	}
	return key, err
}

// namedKey returns the key of a signer that a handler refers to.
func (app *App) namedKey(name string) (*signingKey, error) {
	key, ok := app.keys[name]
	if !ok {
		return nil, fmt.Errorf("there is no signer %q; define it in the global options: cloudfront { signer %s { … } }", name, name)
	}
	return key, nil
}

func checkSignerName(name string) error {
	for _, c := range name {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return fmt.Errorf("signer name %q holds %q; use lower-case letters, digits, '_' and '-'", name, c)
		}
	}
	if name == "" {
		return fmt.Errorf("a signer's name is empty; use lower-case letters, digits, '_' and '-'")
	}
	return nil
}

// Interface guards
var (
	_ caddy.App          = (*App)(nil)
	_ caddy.Provisioner  = (*App)(nil)
	_ caddy.CleanerUpper = (*App)(nil)

	_ caddyhttp.MiddlewareHandler = (*Links)(nil)
	_ caddyhttp.MiddlewareHandler = (*Cookies)(nil)
	_ caddyhttp.MiddlewareHandler = (*Redirect)(nil)
	_ caddyhttp.MiddlewareHandler = (*Verify)(nil)
)
