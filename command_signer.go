package cloudfront

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/spf13/cobra"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

// signerFlags say who signs and with what options: a key file, or a signer of
// a Caddy config with options replaced.
type signerFlags struct {
	keyFile, keyPairID, hash string
	config, adapter, signer  string
	resources                []string
	ttl, backdate, ip        string
}

func (f *signerFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.keyFile, "key-file", "", "the private key in PEM")
	flags.StringVar(&f.keyPairID, "key-pair-id", "", "CloudFront's ID of the public key")
	flags.StringVar(&f.hash, "hash", "", "the hash that is signed: sha256, or sha1 with an RSA key (default: sha256)")
	f.addConfig(cmd)
	flags.StringVar(&f.ttl, "ttl", "", "how long what is signed is valid, such as 90m or 7d (default: the signer's, or 1h)")
	flags.StringVar(&f.backdate, "backdate", "", "make it valid from so long ago on (default: no start)")
	flags.StringVar(&f.ip, "ip", "", "the IPv4 network that viewers have to be in, such as 192.0.2.0/24")
}

func (f *signerFlags) addConfig(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVarP(&f.config, "config", "c", "", "a Caddy config whose signer to use, instead of a key file")
	flags.StringVarP(&f.adapter, "adapter", "a", "", "the config's adapter (default: caddyfile, unless the file ends in .json)")
	flags.StringVar(&f.signer, "signer", "", "the signer's name in the config, if it has more than one")
}

// signers returns the signers that the flags describe; the key is not loaded
// yet where it comes from Caddy's storage.
func (f *signerFlags) load() (*siteKey, error) {
	var configs map[string]*SignerConfig
	var storage json.RawMessage
	var err error
	name := inlineSigner
	switch {
	case f.config != "" && (f.keyFile != "" || f.keyPairID != ""):
		return nil, errors.New("write either --config, or --key-file and --key-pair-id")
	case f.config != "":
		if configs, storage, err = readSigners(f.config, f.adapter); err != nil {
			return nil, err
		}
		if name, err = f.choose(slices.Sorted(maps.Keys(configs))); err != nil {
			return nil, err
		}
	case f.keyFile == "":
		return nil, errors.New("the key is missing; write --key-file and --key-pair-id, or --config")
	default:
		key := caddyconfig.JSONModuleObject(FileKey{Path: f.keyFile}, "source", "file", nil)
		configs = map[string]*SignerConfig{name: {KeyRaw: key, KeyPairID: f.keyPairID, Window: new(caddy.Duration)}}
	}
	config := configs[name]
	if f.hash != "" {
		config.Hash = f.hash
	}

	app := App{Signers: map[string]*SignerConfig{name: config}}
	ctx, err := caddy.ProvisionContext(&caddy.Config{
		StorageRaw: storage,
		AppsRaw:    caddy.ModuleMap{"cloudfront": caddyconfig.JSON(app, nil)},
	})
	if err != nil {
		return nil, err
	}
	module, err := ctx.App("cloudfront")
	if err != nil {
		return nil, err
	}
	key, err := module.(*App).namedKey(name)
	if err != nil {
		return nil, err
	}
	return &siteKey{name, *config, key}, nil
}

// siteKey is a signer of a config with its key.
type siteKey struct {
	name   string
	config SignerConfig
	key    *signingKey
}

// choose picks a signer by its name, or the only one.
func (f *signerFlags) choose(names []string) (string, error) {
	switch {
	case len(names) == 0:
		return "", fmt.Errorf("%s has no CloudFront signer", f.config)
	case f.signer != "" && !slices.Contains(names, f.signer):
		return "", fmt.Errorf("%s has no signer %q; it has %s", f.config, f.signer, strings.Join(names, ", "))
	case f.signer != "":
		return f.signer, nil
	case len(names) > 1:
		return "", fmt.Errorf("%s has several signers; choose with --signer one of %s", f.config, strings.Join(names, ", "))
	}
	return names[0], nil
}

// issuer returns what signs, for the scope and for these URLs if no resource
// is given or configured: then their hosts are all that may be signed.
func (f *signerFlags) issuer(scope signer.Scope, urls []string) (*signer.Issuer, error) {
	site, err := f.load()
	if err != nil {
		return nil, err
	}
	own := SignerConfig{Resources: f.resources, IP: f.ip}
	if f.ttl != "" {
		ttl, err := caddy.ParseDuration(f.ttl)
		if err != nil {
			return nil, fmt.Errorf("--ttl %s: write a duration such as 90m, 12h or 7d", f.ttl)
		}
		// Who gives a ttl means this one exactly.
		own.TTL, own.Window = caddy.Duration(ttl), new(caddy.Duration)
	}
	if f.backdate != "" {
		backdate, err := caddy.ParseDuration(f.backdate)
		if err != nil {
			return nil, fmt.Errorf("--backdate %s: write a duration such as 1h", f.backdate)
		}
		own.Backdate = caddy.Duration(backdate)
	}
	config := site.config.override(own)
	if config.Resources == nil {
		config.Resources = origins(urls)
	}
	s, err := config.siteSigner(site.name, site.key, scope, nil)
	if err != nil {
		return nil, err
	}
	if s.ipClient {
		return nil, errors.New("the signer says ip client; write the viewer's address as --ip 192.0.2.1/32")
	}
	for _, r := range s.resources {
		if r.perVisitor() {
			return nil, fmt.Errorf("resource %s differs from visitor to visitor; write the one that is meant as --resource", r.configured)
		}
	}
	return s.base()
}

// origins returns resources that hold everything on the URLs' hosts.
func origins(urls []string) []string {
	var resources []string
	for _, raw := range urls {
		url, _, err := signer.Canonical(raw)
		if err != nil {
			continue // and said so when it is signed
		}
		scheme, rest, _ := strings.Cut(url, "://")
		host, _, _ := strings.Cut(rest, "/")
		if resource := scheme + "://" + host + "/*"; !slices.Contains(resources, resource) {
			resources = append(resources, resource)
		}
	}
	return resources
}

// readSigners finds the signers in a Caddy config: the named ones by their
// names, and those that are given in handlers, as inline, inline-2 and so on.
func readSigners(path, adapter string) (map[string]*SignerConfig, json.RawMessage, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	if adapter == "" && filepath.Ext(path) != ".json" {
		adapter = "caddyfile"
	}
	if adapter != "" && adapter != "json" {
		a := caddyconfig.GetAdapter(adapter)
		if a == nil {
			return nil, nil, fmt.Errorf("--adapter %s: is not known", adapter)
		}
		if data, _, err = a.Adapt(data, map[string]any{"filename": path}); err != nil {
			return nil, nil, err
		}
	}
	var config struct {
		Storage json.RawMessage `json:"storage"`
		Apps    struct {
			CloudFront App `json:"cloudfront"`
			HTTP       any `json:"http"`
		} `json:"apps"`
	}
	if err := json.Unmarshal(data, &config); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	signers := config.Apps.CloudFront.Signers
	if signers == nil {
		signers = make(map[string]*SignerConfig)
	}
	inline := 0
	for found := range inlineSigners(config.Apps.HTTP) {
		name := inlineSigner
		if inline++; inline > 1 {
			name = fmt.Sprintf("%s-%d", inlineSigner, inline)
		}
		signers[name] = found
	}
	return signers, config.Storage, nil
}

// inlineSigners yields the signers that are given in handlers, by the form of
// their key options.
func inlineSigners(config any) func(yield func(*SignerConfig) bool) {
	return func(yield func(*SignerConfig) bool) { walkSigners(config, yield) }
}

func walkSigners(config any, yield func(*SignerConfig) bool) bool {
	switch node := config.(type) {
	case []any:
		for _, child := range node {
			if !walkSigners(child, yield) {
				return false
			}
		}
	case map[string]any:
		if key, ok := node["key"].(map[string]any); ok && key["source"] != nil {
			found := new(SignerConfig)
			if json.Unmarshal(caddyconfig.JSON(node, nil), found) == nil {
				return yield(found)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(node)) {
			if !walkSigners(node[name], yield) {
				return false
			}
		}
	}
	return true
}
