package cloudfront

import (
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

const (
	defaultTTL = time.Hour
	maxTTL     = 10 * 365 * 24 * time.Hour
)

// now is the clock of the handlers; tests replace it.
var now = time.Now

// SignerConfig holds the options that all handlers that sign share. It
// stands in a handler, or under a name in the `cloudfront` app.
type SignerConfig struct {
	// Where the private key comes from: a module in `cloudfront.keys`.
	KeyRaw json.RawMessage `json:"key,omitempty" caddy:"namespace=cloudfront.keys inline_key=source"`

	// CloudFront's ID of the public key, such as `K2JCJMDEHXQW5F`.
	// Placeholders such as `{env.CF_KEY_PAIR_ID}` work. Default for
	// `key internal`: `INTERNAL`; otherwise required.
	KeyPairID string `json:"key_pair_id,omitempty"`

	// The hash that is signed: `sha256` or, for RSA keys only, `sha1`.
	// Default: `sha256`.
	Hash string `json:"hash,omitempty"`

	// Keys that were used before: cloudfront_verify still trusts them, and
	// links signed with them are signed anew.
	Previous []TrustedKey `json:"previous,omitempty"`

	// What may be signed, in CloudFront's wildcard syntax; nothing outside is
	// ever signed. A placeholder may stand in the path as a whole segment
	// followed by `/`: `https://cdn.example.com/users/{http.auth.user.id}/*`.
	Resources []string `json:"resources,omitempty"`

	// What is taken out of the resources: URLs with any query, unless the
	// pattern has one, in any percent-encoding.
	Except []string `json:"except,omitempty"`

	// How long every signature that is issued is valid, at the least.
	// Default: `1h`.
	TTL caddy.Duration `json:"ttl,omitempty"`

	// The grid that the end of a signature is rounded up to, so that URLs and
	// cookies stay byte-identical for that long, on every node of a fleet.
	// At most half of the ttl; 0 turns it off. Default: a quarter of the ttl.
	Window *caddy.Duration `json:"window,omitempty"`

	// An IPv4 network in CIDR notation that viewers have to be in, or `client`
	// for the visitor's own address; IPv6 visitors then get nothing signed.
	// Default: none.
	IP string `json:"ip,omitempty"`

	// Makes signatures valid from this long before the window began on, and
	// not before. Default: no start.
	Backdate caddy.Duration `json:"backdate,omitempty"`

	// Who gets signatures; all must hold. Default: `auth`.
	Require []Requirement `json:"require,omitempty"`
}

// TrustedKey is a public key under CloudFront's ID for it.
type TrustedKey struct {
	// CloudFront's ID of the public key.
	KeyPairID string `json:"key_pair_id,omitempty"`

	// The path of the public key, in PEM. Placeholders such as `{env.X}` work.
	PublicKeyFile string `json:"public_key_file,omitempty"`
}

// read loads the public key; option is the config's name for it, for errors.
func (k TrustedKey) read(option string) (id string, key crypto.PublicKey, err error) {
	if id, err = expand(k.KeyPairID); err != nil {
		return "", nil, fmt.Errorf("%s: %w", option, err)
	}
	if err := signer.CheckKeyPairID(id); err != nil {
		return "", nil, fmt.Errorf("%s: %w", option, err)
	}
	data, err := readKeyFile(k.PublicKeyFile)
	if err != nil {
		return "", nil, fmt.Errorf("%s %s %w; give the path of the public key in PEM", option, id, err)
	}
	if key, err = signer.ParsePublicKey(data); err != nil {
		return "", nil, fmt.Errorf("%s %s %s: %w", option, id, k.PublicKeyFile, err)
	}
	return id, key, nil
}

// hasKey tells whether any option of the key itself is set.
func (c SignerConfig) hasKey() bool {
	return c.KeyRaw != nil || c.KeyPairID != "" || c.Hash != "" || c.Previous != nil
}

// errSecondKey refuses a key beside a named signer's own.
func errSecondKey(name string) error {
	return fmt.Errorf("signer %s is named and a key is given as well; remove the name, or key, key_file, key_pair_id, hash and previous", name)
}

var errNoKey = errors.New("no private key; write key_file <path>, key pem {env.CF_KEY} or key internal, or name a signer")

// provisionKey loads the key source and checks the key's options.
func (c *SignerConfig) provisionKey(ctx caddy.Context) (*signingKey, error) {
	if c.KeyRaw == nil {
		return nil, errNoKey
	}
	module, err := ctx.LoadModule(c, "KeyRaw")
	if err != nil {
		return nil, err
	}
	source, ok := module.(KeySource)
	if !ok {
		return nil, fmt.Errorf("key: %T is no source of private keys", module)
	}

	id := c.KeyPairID
	if _, internal := source.(*InternalKey); internal && id == "" {
		id = internalKeyPairID
	}
	if id == "" {
		return nil, errors.New("no key_pair_id; write key_pair_id followed by CloudFront's ID of the public key, such as K2JCJMDEHXQW5F")
	}
	if id, err = expand(id); err != nil {
		return nil, fmt.Errorf("key_pair_id: %w", err)
	}
	if err := signer.CheckKeyPairID(id); err != nil {
		return nil, fmt.Errorf("key_pair_id: %w", err)
	}
	hash, err := parseHash(c.Hash)
	if err != nil {
		return nil, err
	}
	previous := make(map[string]crypto.PublicKey, len(c.Previous))
	for _, trusted := range c.Previous {
		trustedID, key, err := trusted.read("previous")
		if err != nil {
			return nil, err
		}
		if trustedID == id {
			return nil, fmt.Errorf("previous %s: is the key_pair_id in use; write the ID of the key that was used before, or remove the line", id)
		}
		previous[trustedID] = key
	}
	return newSigningKey(source, id, hash, previous), nil
}

func parseHash(name string) (signer.Hash, error) {
	switch name {
	case "", "sha256":
		return signer.SHA256, nil
	case "sha1":
		return signer.SHA1, nil
	}
	return "", fmt.Errorf("hash: %q is not known; write sha256 or sha1", name)
}

// override returns the config with every option that is set in o replaced.
func (c SignerConfig) override(o SignerConfig) SignerConfig {
	if o.Resources != nil {
		c.Resources = o.Resources
	}
	if o.Except != nil {
		c.Except = o.Except
	}
	if o.TTL != 0 {
		c.TTL = o.TTL
	}
	if o.Window != nil {
		c.Window = o.Window
	}
	if o.IP != "" {
		c.IP = o.IP
	}
	if o.Backdate != 0 {
		c.Backdate = o.Backdate
	}
	if o.Require != nil {
		c.Require = o.Require
	}
	return c
}

// siteSigner is one signer as one handler uses it: its options merged with
// the handler's own, and everything that can be parsed beforehand parsed.
type siteSigner struct {
	name      string // from the config, or "inline"; a metric's label
	key       *signingKey
	resources []resource
	except    []signer.Pattern
	window    signer.Window
	scope     signer.Scope
	ip        netip.Prefix
	ipClient  bool
	require   requirements
	cache     *signer.Cache
	base      func() (*signer.Issuer, error) // built once
}

// inlineSigner is the name of a signer that is given in the handler itself.
const inlineSigner = "inline"

// siteSigners provisions the signers of a handler: those it names, or the one
// that its own options make up.
func siteSigners(ctx caddy.Context, names []string, own SignerConfig, scope signer.Scope) ([]*siteSigner, error) {
	module, err := ctx.App("cloudfront")
	if err != nil {
		return nil, err
	}
	app := module.(*App)

	if len(names) == 0 {
		key, err := app.provisionKey(&own)
		if err != nil {
			return nil, err
		}
		s, err := own.siteSigner(inlineSigner, key, scope, app.cache)
		if err != nil {
			return nil, err
		}
		return []*siteSigner{s}, nil
	}

	if own.hasKey() {
		return nil, errSecondKey(names[0])
	}
	var all []*siteSigner
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			return nil, fmt.Errorf("signer %s is named twice", name)
		}
		key, err := app.namedKey(name)
		if err != nil {
			return nil, err
		}
		s, err := app.Signers[name].override(own).siteSigner(name, key, scope, app.cache)
		if err != nil {
			return nil, fmt.Errorf("signer %s: %w", name, err)
		}
		all = append(all, s)
	}
	return all, nil
}

// siteSigner parses and checks the options.
func (c SignerConfig) siteSigner(name string, key *signingKey, scope signer.Scope, cache *signer.Cache) (*siteSigner, error) {
	s := &siteSigner{name: name, key: key, scope: scope, cache: cache}
	if len(c.Resources) == 0 {
		return nil, errors.New("no resource; write resource followed by what may be signed, such as https://cdn.example.com/private/*")
	}
	for _, configured := range c.Resources {
		r, err := parseResource(configured)
		if err != nil {
			return nil, fmt.Errorf("resource %s: %w", configured, err)
		}
		s.resources = append(s.resources, r)
	}
	for _, configured := range c.Except {
		pattern, err := parseExcept(configured)
		if err != nil {
			return nil, fmt.Errorf("except %s: %w", configured, err)
		}
		s.except = append(s.except, pattern)
	}
	if err := s.checkPolicies(c.Except); err != nil {
		return nil, err
	}
	var err error
	if s.window, err = parseWindow(c.TTL, c.Window, c.Backdate); err != nil {
		return nil, err
	}
	if s.ip, s.ipClient, err = parseIP(c.IP); err != nil {
		return nil, err
	}
	if s.require, err = parseRequirements(c.Require); err != nil {
		return nil, err
	}
	s.base = sync.OnceValues(s.newBase)
	return s, nil
}

// checkPolicies refuses resources that can't stand in a policy, if there one
// signature opens a whole resource: with wildcards that can be read in two
// ways, or with an exception inside that would be open all the same.
func (s *siteSigner) checkPolicies(except []string) error {
	if s.scope != signer.ScopeResource {
		return nil
	}
	for _, res := range s.resources {
		if err := res.static.CheckPolicy(); err != nil {
			return fmt.Errorf("resource %s: %w", res.configured, err)
		}
		for i, pattern := range s.except {
			if pattern.Intersects(res.widest) {
				return fmt.Errorf("except %s: lies inside resource %s, and a signature for the whole resource opens it too; "+
					"write resources that leave it out, or use cloudfront_links with scope link", except[i], res.configured)
			}
		}
	}
	return nil
}

// parseScope applies the default.
func parseScope(name string) (signer.Scope, error) {
	switch scope := signer.Scope(name); scope {
	case "":
		return signer.ScopeLink, nil
	case signer.ScopeLink, signer.ScopeDirectory, signer.ScopeResource:
		return scope, nil
	}
	return "", fmt.Errorf("scope %s: is not known; write link, directory or resource", name)
}

// parseWindow applies the defaults and checks the three durations together.
func parseWindow(ttl caddy.Duration, window *caddy.Duration, backdate caddy.Duration) (signer.Window, error) {
	w := signer.Window{TTL: time.Duration(ttl), Backdate: time.Duration(backdate)}
	if w.TTL == 0 {
		w.TTL = defaultTTL
	}
	if err := checkTTL(w.TTL); err != nil {
		return w, err
	}
	if err := checkBackdate(w.Backdate); err != nil {
		return w, err
	}
	if window == nil {
		w.Size = (w.TTL / 4).Truncate(time.Second)
		return w, nil
	}
	w.Size = time.Duration(*window)
	if err := checkWindow(w.Size); err != nil {
		return w, err
	}
	if w.Size > w.TTL/2 {
		return w, fmt.Errorf("window %v: has to be at most half of the ttl, %v; write a shorter window or a longer ttl", w.Size, w.TTL/2)
	}
	return w, nil
}

func checkTTL(ttl time.Duration) error {
	if ttl < time.Second || ttl > maxTTL {
		return fmt.Errorf("ttl %v: has to lie between 1s and %v", ttl, maxTTL)
	}
	return nil
}

func checkWindow(window time.Duration) error {
	if window < 0 {
		return fmt.Errorf("window %v: is negative; write 0 to turn it off", window)
	}
	if window%time.Second != 0 {
		return fmt.Errorf("window %v: CloudFront counts whole seconds; write %v", window, window.Truncate(time.Second)+time.Second)
	}
	return nil
}

func checkBackdate(backdate time.Duration) error {
	if backdate < 0 || backdate > maxTTL {
		return fmt.Errorf("backdate %v: has to lie between 0 and %v", backdate, maxTTL)
	}
	return nil
}

// parseIP parses the value of the option `ip`.
func parseIP(value string) (fixed netip.Prefix, client bool, err error) {
	switch value {
	case "":
		return netip.Prefix{}, false, nil
	case "client":
		return netip.Prefix{}, true, nil
	}
	expanded, err := expand(value)
	if err != nil {
		return netip.Prefix{}, false, fmt.Errorf("ip: %w", err)
	}
	if addr, err := netip.ParseAddr(expanded); err == nil && addr.Is4() {
		return netip.Prefix{}, false, fmt.Errorf("ip %s: a network is needed; write %s/32", expanded, addr)
	}
	fixed, err = netip.ParsePrefix(expanded)
	switch {
	case err != nil:
		return netip.Prefix{}, false, fmt.Errorf("ip %s: is no network; write one such as 192.0.2.0/24, or client", expanded)
	case !fixed.Addr().Is4():
		return netip.Prefix{}, false, fmt.Errorf("ip %s: CloudFront's policies know IPv4 only; write a network such as 192.0.2.0/24, or client", expanded)
	case fixed != fixed.Masked():
		return netip.Prefix{}, false, fmt.Errorf("ip %s: has bits set beyond its prefix length; write %s", expanded, fixed.Masked())
	}
	return fixed, false, nil
}

// issuer returns what signs for the visitor of this request. The reason is
// empty, or says why nothing can be signed for this visitor.
func (s *siteSigner) issuer(r *http.Request) (*signer.Issuer, reason) {
	base, err := s.base()
	if err != nil {
		return nil, reasonError
	}
	if !s.perVisitor() {
		return base, reasonNone
	}
	is := *base
	if s.ipClient {
		addr, ok := clientIPv4(r)
		if !ok {
			return nil, reasonIPv6
		}
		is.IP = netip.PrefixFrom(addr, 32)
	}
	repl := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	is.Resources = make([]signer.Resource, len(s.resources))
	for i, res := range s.resources {
		pattern, ok := res.resolve(repl)
		if !ok {
			return nil, reasonPlaceholder
		}
		is.Resources[i] = signer.Resource{Pattern: pattern, Configured: res.configured}
	}
	return &is, reasonNone
}

// admit collects what signs for the visitor of a request. decide is asked for
// each signer, by its index. The reason is that of the first one that does not
// sign, if none does.
func admit(signers []*siteSigner, r *http.Request, decide func(i int) reason) (issuers []*signer.Issuer, first reason) {
	for i, s := range signers {
		why := decide(i)
		if why == reasonNone {
			var is *signer.Issuer
			if is, why = s.issuer(r); why == reasonNone {
				issuers = append(issuers, is)
				continue
			}
		}
		if first == reasonNone {
			first = why
		}
	}
	if len(issuers) > 0 {
		return issuers, reasonNone
	}
	return nil, first
}

// newBase returns what signs for every visitor, but for what differs from
// visitor to visitor. It needs the key, which may not be there before Start.
func (s *siteSigner) newBase() (*signer.Issuer, error) {
	key, err := s.key.get()
	if err != nil {
		return nil, err
	}
	is := &signer.Issuer{
		Key:      key,
		Previous: slices.Sorted(maps.Keys(s.key.previous)),
		Except:   s.except,
		Window:   s.window,
		Scope:    s.scope,
		IP:       s.ip,
		Cache:    s.cache,
	}
	for _, res := range s.resources {
		is.Resources = append(is.Resources, signer.Resource{Pattern: res.static, Configured: res.configured})
	}
	return is, nil
}

// perVisitor tells whether signatures differ from visitor to visitor.
func (s *siteSigner) perVisitor() bool {
	return s.ipClient || slices.ContainsFunc(s.resources, func(r resource) bool { return r.perVisitor() })
}

// clientIPv4 is the visitor's address by Caddy's rules for trusted proxies.
func clientIPv4(r *http.Request) (netip.Addr, bool) {
	value, _ := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string)
	addr, err := netip.ParseAddr(value)
	if err != nil {
		return netip.Addr{}, false
	}
	addr = addr.Unmap()
	return addr, addr.Is4()
}
