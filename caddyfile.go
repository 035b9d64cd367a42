package cloudfront

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/dustin/go-humanize"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

// option is one line of a block. once is false where the line may be repeated.
type option struct {
	once  bool
	parse func(d *caddyfile.Dispenser) error
}

type options map[string]option

// parseBlock parses the lines of a block with the options that it may hold.
func parseBlock(d *caddyfile.Dispenser, what string, opts options) error {
	seen := make(map[string]bool)
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		name := d.Val()
		opt, ok := opts[name]
		if !ok {
			return d.Errf("%s has no option %q; it has %s", what, name, strings.Join(opts.names(), ", "))
		}
		if opt.once && seen[name] {
			return d.Errf("%s is given twice; remove one of the two lines", name)
		}
		seen[name] = true
		if err := opt.parse(d); err != nil {
			return err
		}
		if d.NextArg() {
			return d.Errf("%s: %q is one argument too many", name, d.Val())
		}
	}
	return nil
}

func (o options) names() []string {
	names := make([]string, 0, len(o))
	for name := range o {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// with returns both sets of options together.
func (o options) with(more options) options {
	for name, opt := range more {
		o[name] = opt
	}
	return o
}

// text is an option with one argument, checked by check if it holds no placeholder.
func text(target *string, check func(string) error) option {
	return option{once: true, parse: func(d *caddyfile.Dispenser) error {
		name := d.Val()
		if !d.NextArg() {
			return d.Errf("%s: a value is missing", name)
		}
		*target = d.Val()
		if check != nil && !strings.Contains(*target, "{") {
			if err := check(*target); err != nil {
				return d.WrapErr(err)
			}
		}
		return nil
	}}
}

// list is a repeatable option with at least one argument.
func list(target *[]string, check func(string) error) option {
	return option{parse: func(d *caddyfile.Dispenser) error {
		name := d.Val()
		if d.CountRemainingArgs() == 0 {
			return d.Errf("%s: a value is missing", name)
		}
		for d.NextArg() {
			if check != nil {
				if err := check(d.Val()); err != nil {
					return d.Errf("%s %s: %w", name, d.Val(), err)
				}
			}
			*target = append(*target, d.Val())
		}
		return nil
	}}
}

// duration is an option whose argument is a duration such as 90m or 7d.
func duration(check func(time.Duration) error, set func(caddy.Duration)) option {
	return option{once: true, parse: func(d *caddyfile.Dispenser) error {
		name := d.Val()
		if !d.NextArg() {
			return d.Errf("%s: a duration is missing; write one such as 90m, 12h or 7d", name)
		}
		value, err := caddy.ParseDuration(d.Val())
		if err != nil {
			return d.Errf("%s: %q is no duration; write one such as 90m, 12h or 7d", name, d.Val())
		}
		if err := check(value); err != nil {
			return d.WrapErr(err)
		}
		set(caddy.Duration(value))
		return nil
	}}
}

// flag is an option without arguments.
func flag(target *bool) option {
	return option{once: true, parse: func(*caddyfile.Dispenser) error {
		*target = true
		return nil
	}}
}

// off is an option whose only argument is "off".
func off(target **bool) option {
	return option{once: true, parse: func(d *caddyfile.Dispenser) error {
		name := d.Val()
		if !d.NextArg() || d.Val() != "off" {
			return d.Errf("%s: is on already; write %s off to turn it off", name, name)
		}
		*target = new(bool)
		return nil
	}}
}

// word is an option whose argument is one of several words.
func word[T ~string](target *T, words ...T) option {
	return option{once: true, parse: func(d *caddyfile.Dispenser) error {
		name := d.Val()
		if !d.NextArg() {
			return d.Errf("%s: a value is missing; write one of %s", name, join(words))
		}
		if !slices.Contains(words, T(d.Val())) {
			return d.Errf("%s: %q is not known; write one of %s", name, d.Val(), join(words))
		}
		*target = T(d.Val())
		return nil
	}}
}

func join[T ~string](words []T) string {
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = string(w)
	}
	return strings.Join(texts, ", ")
}

// signerOptions are the options that all handlers that sign share, and that a
// named signer may hold.
func signerOptions(c *SignerConfig) options {
	return options{
		"key_file": {once: true, parse: func(d *caddyfile.Dispenser) error {
			if !d.NextArg() {
				return d.Errf("key_file: the path of the private key is missing")
			}
			if strings.Contains(d.Val(), "-----BEGIN") {
				return d.Errf("key_file: takes the path of a file, not the key itself; a key must not stand in the config")
			}
			return setKey(d, c, "file", FileKey{Path: d.Val()})
		}},
		"key":         {once: true, parse: func(d *caddyfile.Dispenser) error { return parseKey(d, c) }},
		"key_pair_id": text(&c.KeyPairID, signer.CheckKeyPairID),
		"hash":        word(&c.Hash, "sha256", "sha1"),
		"previous": {parse: func(d *caddyfile.Dispenser) error {
			return parseTrustedKey(d, &c.Previous)
		}},
		"resource": list(&c.Resources, checkResource),
		"except":   list(&c.Except, checkExcept),
		"ttl":      duration(checkTTL, func(v caddy.Duration) { c.TTL = v }),
		"window":   duration(checkWindow, func(v caddy.Duration) { c.Window = &v }),
		"backdate": duration(checkBackdate, func(v caddy.Duration) { c.Backdate = v }),
		"ip": text(&c.IP, func(value string) error {
			_, _, err := parseIP(value)
			return err
		}),
		"require": {parse: func(d *caddyfile.Dispenser) error {
			req, err := parseRequire(d)
			if err != nil {
				return err
			}
			c.Require = append(c.Require, req)
			if _, err := parseRequirements(c.Require); err != nil {
				return d.WrapErr(err)
			}
			return nil
		}},
	}
}

// parseSignerBlock parses a block that holds signer options and others, and
// checks what only the whole block shows.
func parseSignerBlock(d *caddyfile.Dispenser, what string, c *SignerConfig, more options) error {
	opts := signerOptions(c).with(more)
	window, at := opts["window"], caddyfile.Dispenser{}
	opts["window"] = option{once: true, parse: func(d *caddyfile.Dispenser) error {
		at = *d
		return window.parse(d)
	}}
	if err := parseBlock(d, what, opts); err != nil {
		return err
	}
	if c.Window != nil && c.TTL != 0 {
		if _, err := parseWindow(c.TTL, c.Window, c.Backdate); err != nil {
			return at.WrapErr(err)
		}
	}
	return nil
}

// parseKey parses `key <source> …`, the source being a guest module.
func parseKey(d *caddyfile.Dispenser, c *SignerConfig) error {
	if !d.NextArg() {
		return d.Errf("key: the source is missing; write key pem {env.CF_KEY}, key internal, or key_file <path>")
	}
	if strings.Contains(d.Val(), "-----BEGIN") {
		return d.WrapErr(checkPEMPlaceholder(d.Val()))
	}
	source := d.Val()
	id := "cloudfront.keys." + source
	if _, err := caddy.GetModule(id); err != nil {
		return d.Errf("key: there is no source %q; write key pem {env.CF_KEY}, key internal, or key_file <path>", source)
	}
	module, err := caddyfile.UnmarshalModule(d, id)
	if err != nil {
		return err
	}
	return setKey(d, c, source, module)
}

func setKey(d *caddyfile.Dispenser, c *SignerConfig, source string, module any) error {
	if c.KeyRaw != nil {
		return d.Errf("a second private key; remove either key_file or key")
	}
	c.KeyRaw = caddyconfig.JSONModuleObject(module, "source", source, nil)
	return nil
}

// UnmarshalCaddyfile sets up the key source from Caddyfile tokens. Syntax:
//
//	key file <path>
func (k *FileKey) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // consume source name
	if !d.AllArgs(&k.Path) {
		return d.Errf("key file: takes one argument, the path of the private key")
	}
	return nil
}

// UnmarshalCaddyfile sets up the key source from Caddyfile tokens. Syntax:
//
//	key pem <placeholder>
func (k *PEMKey) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // consume source name
	if d.CountRemainingArgs() != 1 {
		return d.WrapErr(checkPEMPlaceholder(""))
	}
	d.NextArg()
	if err := checkPEMPlaceholder(d.Val()); err != nil {
		return d.WrapErr(err)
	}
	k.PEM = d.Val()
	return nil
}

// UnmarshalCaddyfile sets up the key source from Caddyfile tokens. Syntax:
//
//	key internal [<name>]
func (k *InternalKey) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // consume source name
	if d.NextArg() {
		k.Name = d.Val()
		if err := checkSignerName(k.Name); err != nil {
			return d.Errf("key internal: %w", err)
		}
	}
	return nil
}

// parseTrustedKey parses `<option> <key-pair-id> <public-key-file>`.
func parseTrustedKey(d *caddyfile.Dispenser, keys *[]TrustedKey) error {
	name := d.Val()
	var key TrustedKey
	if !d.Args(&key.KeyPairID, &key.PublicKeyFile) {
		return d.Errf("%s: takes a key-pair ID and the path of the public key", name)
	}
	if !strings.Contains(key.KeyPairID, "{") {
		if err := signer.CheckKeyPairID(key.KeyPairID); err != nil {
			return d.Errf("%s: %w", name, err)
		}
	}
	*keys = append(*keys, key)
	return nil
}

// checkResource checks a pattern, unless that needs the environment.
func checkResource(pattern string) error {
	if needsEnvironment(pattern) {
		return nil
	}
	_, err := parseResource(pattern)
	return err
}

// checkExcept checks an exception, unless that needs the environment.
func checkExcept(pattern string) error {
	if needsEnvironment(pattern) {
		return nil
	}
	_, err := parseExcept(pattern)
	return err
}

// checkPolicyResource checks a pattern that one signature opens as a whole.
func checkPolicyResource(pattern string) error {
	if needsEnvironment(pattern) {
		return nil
	}
	res, err := parseResource(pattern)
	if err != nil {
		return err
	}
	return res.static.CheckPolicy()
}

func parseRequire(d *caddyfile.Dispenser) (Requirement, error) {
	if !d.NextArg() {
		return Requirement{}, d.Errf("require: a value is missing; write auth, forward_auth <Field>, response_header <Field> [<value>], a placeholder such as {http.auth.user.id}, or none")
	}
	req := Requirement{Kind: d.Val()}
	args := d.RemainingArgs()
	if match := placeholderRE.FindStringSubmatch(req.Kind); match != nil {
		req = Requirement{Kind: requirePlaceholder, Name: match[1], Values: args}
	} else if len(args) > 0 {
		req.Name, req.Values = args[0], args[1:]
	}
	if _, err := req.check(); err != nil {
		return req, d.WrapErr(err)
	}
	return req, nil
}

// parseGlobalOption sets up the app. Syntax:
//
//	cloudfront {
//		signer <name> {
//			<options that the handlers share>
//		}
//		max_buffers <size>
//		cache_size  <size>
//	}
func parseGlobalOption(d *caddyfile.Dispenser, existing any) (any, error) {
	if existing != nil {
		return nil, d.Errf("the global option cloudfront is given twice; put everything into one block")
	}
	app := App{Signers: make(map[string]*SignerConfig)}
	d.Next() // consume option name
	// The short forms of placeholders, which Caddy expands in sites only.
	segment := d.NextSegment()
	httpcaddyfile.NewShorthandReplacer().ApplyToSegment(&segment)
	d = caddyfile.NewDispenser(segment)
	d.Next()
	if d.NextArg() {
		return nil, d.Errf("the global option cloudfront takes a block, not %q", d.Val())
	}
	err := parseBlock(d, "the global option cloudfront", options{
		"signer": {parse: func(d *caddyfile.Dispenser) error {
			if !d.NextArg() {
				return d.Errf("signer: a name is missing")
			}
			name := d.Val()
			if err := checkSignerName(name); err != nil {
				return d.WrapErr(err)
			}
			if app.Signers[name] != nil {
				return d.Errf("signer %s is given twice; choose another name", name)
			}
			app.Signers[name] = new(SignerConfig)
			return parseSignerBlock(d, "signer "+name, app.Signers[name], nil)
		}},
		"max_buffers": size(&app.MaxBuffers),
		"cache_size":  size(&app.CacheSize),
	})
	if err != nil {
		return nil, err
	}
	return httpcaddyfile.App{Name: "cloudfront", Value: caddyconfig.JSON(app, nil)}, nil
}

// size is an option whose argument is a number of bytes such as 64MiB.
func size(target *int64) option {
	return option{once: true, parse: func(d *caddyfile.Dispenser) error {
		name := d.Val()
		if !d.NextArg() {
			return d.Errf("%s: a size is missing; write one such as 64MiB", name)
		}
		bytes, err := humanize.ParseBytes(d.Val())
		if err != nil || bytes == 0 || bytes > math.MaxInt64 {
			return d.Errf("%s: %q is no size; write one such as 64MiB", name, d.Val())
		}
		*target = int64(bytes)
		return nil
	}}
}

// signerNames parses the names of signers after a directive.
func signerNames(d *caddyfile.Dispenser) ([]string, error) {
	names := d.RemainingArgs()
	for i, name := range names {
		if strings.Contains(name, "://") {
			return nil, d.Errf("%q is no signer's name; write it in the block: resource %s", name, name)
		}
		if err := checkSignerName(name); err != nil {
			return nil, d.WrapErr(err)
		}
		if slices.Contains(names[:i], name) {
			return nil, d.Errf("signer %s is named twice", name)
		}
	}
	return names, nil
}

// checkSigner checks what only a whole block shows: that a named signer gets
// no second key, and that one given here is complete and of a piece, as far as
// that needs neither the key nor the environment.
func checkSigner(d *caddyfile.Dispenser, names []string, c SignerConfig, scope signer.Scope) error {
	if len(names) > 0 {
		if c.hasKey() {
			return d.WrapErr(errSecondKey(names[0]))
		}
		return nil
	}
	if c.KeyRaw == nil {
		return d.WrapErr(errNoKey)
	}
	if slices.ContainsFunc(slices.Concat(c.Resources, c.Except, []string{c.IP}), needsEnvironment) {
		return nil
	}
	if _, err := c.siteSigner(inlineSigner, nil, scope, nil); err != nil {
		return d.WrapErr(err)
	}
	return nil
}

func parseLinks(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	l := new(Links)
	return l, l.UnmarshalCaddyfile(h.Dispenser)
}

// UnmarshalCaddyfile sets up the handler from Caddyfile tokens. Syntax:
//
//	cloudfront_links [<matcher>] [<signer>...] {
//		<options that the handlers share>
//		scope link|directory|resource
//		map   <path-prefix> <url-prefix>
//		mime  [+]<media-type>...
//	}
func (l *Links) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // consume directive name
	var err error
	if l.Signers, err = signerNames(d); err != nil {
		return err
	}
	err = parseSignerBlock(d, "cloudfront_links", &l.SignerConfig, options{
		"scope": word(&l.Scope, string(signer.ScopeLink), string(signer.ScopeDirectory), string(signer.ScopeResource)),
		"map": {parse: func(d *caddyfile.Dispenser) error {
			var m Mapping
			if !d.Args(&m.From, &m.To) {
				return d.Errf("map: takes a path prefix of this site and the URL prefix on the CDN, such as map /assets/ https://cdn.example.com/assets/")
			}
			if err := m.check(); err != nil {
				return d.WrapErr(err)
			}
			l.Map = append(l.Map, m)
			return nil
		}},
		"mime": list(&l.MIME, checkMIME),
	})
	if err != nil {
		return err
	}
	return checkSigner(d, l.Signers, l.SignerConfig, signer.Scope(l.Scope))
}

func parseCookies(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	c := new(Cookies)
	return c, c.UnmarshalCaddyfile(h.Dispenser)
}

// UnmarshalCaddyfile sets up the handler from Caddyfile tokens. Syntax:
//
//	cloudfront_cookies [<matcher>] [<signer>...] {
//		<options that the handlers share>
//		resource <pattern> path <cookie-path>
//		domain    <domain>|host
//		same_site lax|strict|none
//		secure    off
//		http_only off
//		persist
//		partitioned
//		logout    <path>...
//		clear
//	}
func (c *Cookies) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // consume directive name
	var err error
	if c.Signers, err = signerNames(d); err != nil {
		return err
	}
	var lines []caddyfile.Dispenser // of c.Resources
	err = parseSignerBlock(d, "cloudfront_cookies", &c.SignerConfig, options{
		"resource": {parse: func(d *caddyfile.Dispenser) error {
			line := *d
			err := c.parseResource(d)
			for len(lines) < len(c.Resources) {
				lines = append(lines, line)
			}
			return err
		}},
		"domain": text(&c.Domain, func(value string) error {
			_, err := parseCookieDomain(value)
			return err
		}),
		"same_site":   word(&c.SameSite, "lax", "strict", "none"),
		"secure":      off(&c.Secure),
		"http_only":   off(&c.HTTPOnly),
		"persist":     flag(&c.Persist),
		"partitioned": flag(&c.Partitioned),
		"logout":      list(&c.Logout, checkLogoutPath),
		"clear":       flag(&c.Clear),
	})
	if err != nil {
		return err
	}
	if err := c.checkScopes(lines); err != nil {
		return err
	}
	return checkSigner(d, c.Signers, c.SignerConfig, signer.ScopeResource)
}

// checkScopes checks the cookies' scopes as far as the text tells them.
func (c *Cookies) checkScopes(lines []caddyfile.Dispenser) (err error) {
	if strings.Contains(c.Domain, "{") {
		return nil
	}
	if c.Domain != "" {
		if c.domain, err = parseCookieDomain(c.Domain); err != nil {
			return err
		}
	}
	var sets []*cookieSet
	for i, configured := range c.Resources {
		if needsEnvironment(configured) {
			continue
		}
		r, err := parseResource(configured)
		if err != nil {
			return lines[i].WrapErr(err)
		}
		set := c.newSet(r)
		if err := c.checkSet(set, sets); err != nil {
			return lines[i].Errf("resource %s: %w", configured, err)
		}
		sets = append(sets, set)
	}
	return nil
}

// parseResource parses `resource <pattern>…` and `resource <pattern> path <cookie-path>`.
func (c *Cookies) parseResource(d *caddyfile.Dispenser) error {
	args := d.RemainingArgs()
	at := slices.Index(args, "path")
	switch {
	case len(args) == 0:
		return d.Errf("resource: a pattern is missing")
	case at >= 0 && (at != 1 || len(args) != 3):
		return d.Errf("resource: with path, write exactly one pattern and one cookie path, such as resource https://cdn.example.com/a/* path /a")
	case at == 1:
		if err := checkCookiePath(args[2]); err != nil {
			return d.Errf("resource %s path %s: %w", args[0], args[2], err)
		}
		if c.Paths == nil {
			c.Paths = make(map[string]string)
		}
		c.Paths[args[0]] = args[2]
		args = args[:1]
	}
	for _, pattern := range args {
		if err := checkPolicyResource(pattern); err != nil {
			return d.Errf("resource %s: %w", pattern, err)
		}
	}
	c.Resources = append(c.Resources, args...)
	return nil
}

func parseRedirect(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	r := new(Redirect)
	return r, r.UnmarshalCaddyfile(h.Dispenser)
}

// UnmarshalCaddyfile sets up the handler from Caddyfile tokens. Syntax:
//
//	cloudfront_redirect [<matcher>] [<signer>] <to> {
//		<options that the handlers share>
//		status     302|303|307
//		keep_query <name>...
//	}
func (r *Redirect) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // consume directive name
	var names []string
	switch args := d.RemainingArgs(); len(args) {
	case 1:
		r.To = args[0]
	case 2:
		if err := checkSignerName(args[0]); err != nil {
			return d.WrapErr(err)
		}
		names, r.Signer, r.To = args[:1], args[0], args[1]
	default:
		return d.Errf("cloudfront_redirect: takes the URL to redirect to, after the signer's name if there is one, such as cloudfront_redirect /downloads/* https://cdn.example.com{uri}")
	}
	if err := checkTo(r.To); err != nil {
		return d.WrapErr(err)
	}
	err := parseSignerBlock(d, "cloudfront_redirect", &r.SignerConfig, options{
		"status": {once: true, parse: func(d *caddyfile.Dispenser) error {
			if !d.NextArg() {
				return d.Errf("status: a value is missing; write 302, 303 or 307")
			}
			var err error
			if r.Status, err = strconv.Atoi(d.Val()); err != nil || !slices.Contains(redirectStatuses, r.Status) {
				return d.Errf("status: %q does not fit; write 302, 303 or 307", d.Val())
			}
			return nil
		}},
		"keep_query": list(&r.KeepQuery, checkKeepQuery),
	})
	if err != nil {
		return err
	}
	if err := requirements(r.Require).onEntry(); err != nil {
		return d.WrapErr(err)
	}
	return checkSigner(d, names, r.SignerConfig, signer.ScopeLink)
}

func parseVerify(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	v := new(Verify)
	return v, v.UnmarshalCaddyfile(h.Dispenser)
}

// UnmarshalCaddyfile sets up the handler from Caddyfile tokens. Syntax:
//
//	cloudfront_verify [<matcher>] [<signer>...] {
//		trusted_key <key-pair-id> <public-key-file>
//		scheme http|https
//		host   <host>
//		errors
//	}
func (v *Verify) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // consume directive name
	var err error
	if v.Signers, err = signerNames(d); err != nil {
		return err
	}
	err = parseBlock(d, "cloudfront_verify", options{
		"trusted_key": {parse: func(d *caddyfile.Dispenser) error {
			return parseTrustedKey(d, &v.TrustedKeys)
		}},
		"scheme": word(&v.Scheme, "http", "https"),
		"host":   text(&v.Host, checkHost),
		"errors": flag(&v.Errors),
	})
	if err == nil && len(v.Signers)+len(v.TrustedKeys) == 0 {
		err = d.WrapErr(errNoTrustedKey)
	}
	return err
}

// UnmarshalCaddyfile sets up the template functions from Caddyfile tokens. Syntax:
//
//	templates {
//		extensions {
//			cloudfront [<signer>...] {
//				<options that the handlers share>
//				scope link|directory|resource
//			}
//		}
//	}
func (t *TemplateFunctions) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // consume extension name
	var err error
	if t.Signers, err = signerNames(d); err != nil {
		return err
	}
	err = parseSignerBlock(d, "the templates extension cloudfront", &t.SignerConfig, options{
		"scope": word(&t.Scope, string(signer.ScopeLink), string(signer.ScopeDirectory), string(signer.ScopeResource)),
	})
	if err != nil {
		return err
	}
	return checkSigner(d, t.Signers, t.SignerConfig, signer.Scope(t.Scope))
}

// Interface guards
var (
	_ caddyfile.Unmarshaler = (*Links)(nil)
	_ caddyfile.Unmarshaler = (*Cookies)(nil)
	_ caddyfile.Unmarshaler = (*Redirect)(nil)
	_ caddyfile.Unmarshaler = (*Verify)(nil)
	_ caddyfile.Unmarshaler = (*TemplateFunctions)(nil)
	_ caddyfile.Unmarshaler = (*FileKey)(nil)
	_ caddyfile.Unmarshaler = (*PEMKey)(nil)
	_ caddyfile.Unmarshaler = (*InternalKey)(nil)
)
