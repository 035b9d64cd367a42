package cloudfront

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/certmagic"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

// KeySource is a guest module in the namespace `cloudfront.keys`: a place
// that a signer's private key comes from.
type KeySource interface {
	// PrivateKey returns an RSA-2048 or ECDSA P-256 key.
	PrivateKey() (crypto.Signer, error)

	// Deferred says that PrivateKey may create something or wait for others,
	// and so has to be called when the config starts, not when it is checked.
	Deferred() bool
}

// FileKey reads the private key from a PEM file: PKCS#1, PKCS#8 or SEC1,
// not encrypted.
type FileKey struct {
	// The path of the file. Placeholders such as `{env.CF_KEY_FILE}` work.
	Path string `json:"path,omitempty"`
}

// CaddyModule returns the Caddy module information.
func (FileKey) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "cloudfront.keys.file",
		New: func() caddy.Module { return new(FileKey) },
	}
}

// PrivateKey reads the file.
func (k FileKey) PrivateKey() (crypto.Signer, error) {
	data, err := readKeyFile(k.Path)
	if err != nil {
		return nil, fmt.Errorf("key_file %w; check the path and that the user Caddy runs as may read it", err)
	}
	key, err := signer.ParsePrivateKey(data)
	if err != nil {
		return nil, fmt.Errorf("key_file %s: %w", k.Path, err)
	}
	return key, nil
}

// readKeyFile reads a file whose path may hold placeholders. Its errors name the
// path as it is configured, and not at all if it is no path: where somebody
// took the key itself for what to write, it must not be shown.
func readKeyFile(configured string) ([]byte, error) {
	if strings.Contains(configured, "-----BEGIN") || strings.ContainsAny(configured, "\r\n") {
		return nil, errors.New("takes the path of a file, not the key itself; a key must not stand in the config")
	}
	path, err := expand(configured)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", configured, err)
	}
	data, err := os.ReadFile(path)
	if pathError := (*fs.PathError)(nil); errors.As(err, &pathError) {
		err = fmt.Errorf("%s: %w", configured, pathError.Err)
	}
	return data, err
}

// Deferred is false: the file is read when the config is checked.
func (FileKey) Deferred() bool { return false }

// PEMKey takes the private key from a placeholder, so that the key itself is
// neither in the config nor in `GET /config/`.
type PEMKey struct {
	// A placeholder such as `{env.CF_KEY}` or `{file./run/secrets/cf_key}`,
	// never the PEM itself. A value in which line ends became `\n`, or that is
	// base64 of the PEM, is understood.
	PEM string `json:"pem,omitempty"`
}

// CaddyModule returns the Caddy module information.
func (PEMKey) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "cloudfront.keys.pem",
		New: func() caddy.Module { return new(PEMKey) },
	}
}

// PrivateKey expands the placeholder and parses its value. Errors name the
// placeholder, never its value.
func (k PEMKey) PrivateKey() (crypto.Signer, error) {
	if err := checkPEMPlaceholder(k.PEM); err != nil {
		return nil, err
	}
	value, err := expand(k.PEM)
	if err != nil {
		return nil, fmt.Errorf("key pem: %w", err)
	}
	key, err := signer.ParsePrivateKey([]byte(value))
	if err != nil {
		return nil, fmt.Errorf("key pem %s: %w", k.PEM, err)
	}
	return key, nil
}

// Deferred is false: the placeholder is read when the config is checked.
func (PEMKey) Deferred() bool { return false }

// checkPEMPlaceholder refuses a literal key without repeating any of it.
func checkPEMPlaceholder(value string) error {
	if strings.HasPrefix(value, "{") && strings.HasSuffix(value, "}") && strings.Count(value, "{") == 1 {
		return nil
	}
	return errors.New("key pem: a key must not stand in the config, where GET /config/ shows it; " +
		"write a placeholder such as {env.CF_KEY} or {file./run/secrets/cf_key}, or use key_file <path>")
}

// InternalKey makes an ECDSA P-256 key when the config first starts and keeps
// it in Caddy's storage, for demos and tests. CloudFront knows the key only
// if its public half is uploaded there.
type InternalKey struct {
	// The key's name in storage. Default: `default`.
	Name string `json:"name,omitempty"`

	ctx     context.Context
	storage certmagic.Storage
}

// CaddyModule returns the Caddy module information.
func (InternalKey) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "cloudfront.keys.internal",
		New: func() caddy.Module { return new(InternalKey) },
	}
}

// Provision notes the storage and touches nothing in it.
func (k *InternalKey) Provision(ctx caddy.Context) error {
	if k.Name == "" {
		k.Name = "default"
	}
	if err := checkSignerName(k.Name); err != nil {
		return fmt.Errorf("key internal: %w", err)
	}
	k.ctx, k.storage = ctx, ctx.Storage()
	return nil
}

// PrivateKey loads the key from storage, or makes and stores it. Nodes that
// share a storage agree on one key through its lock.
func (k *InternalKey) PrivateKey() (crypto.Signer, error) {
	path := "cloudfront/keys/" + k.Name + ".pem"
	if err := k.storage.Lock(k.ctx, path); err != nil {
		return nil, fmt.Errorf("key internal %s: locking the storage: %w", k.Name, err)
	}
	defer func() { _ = k.storage.Unlock(k.ctx, path) }()

	data, err := k.storage.Load(k.ctx, path)
	if err == nil {
		return signer.ParsePrivateKey(data)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("key internal %s: reading from storage: %w", k.Name, err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	data = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err := k.storage.Store(k.ctx, path, data); err != nil {
		return nil, fmt.Errorf("key internal %s: writing to storage: %w", k.Name, err)
	}
	return key, nil
}

// Deferred is true: the storage is written to, which checking a config must not do.
func (*InternalKey) Deferred() bool { return true }

// internalKeyPairID is what stands for a key-pair ID where `key internal` is
// used without one.
const internalKeyPairID = "INTERNAL"

// signingKey is a signer's key pair, loaded at most once.
type signingKey struct {
	id       string
	previous map[string]crypto.PublicKey // by key-pair ID
	source   KeySource
	get      func() (*signer.Key, error) // loads the key on the first call
}

func newSigningKey(source KeySource, id string, hash signer.Hash, previous map[string]crypto.PublicKey) *signingKey {
	return &signingKey{
		id:       id,
		previous: previous,
		source:   source,
		get: sync.OnceValues(func() (*signer.Key, error) {
			private, err := source.PrivateKey()
			if err != nil {
				return nil, err
			}
			return signer.NewKey(id, private, hash)
		}),
	}
}

// expand replaces placeholders that are known when a config is loaded, such
// as {env.*} and {file.*}. An unknown or empty one is an error.
func expand(value string) (string, error) {
	return caddy.NewReplacer().ReplaceOrErr(value, true, true)
}

// Interface guards
var (
	_ KeySource         = (*FileKey)(nil)
	_ KeySource         = (*PEMKey)(nil)
	_ KeySource         = (*InternalKey)(nil)
	_ caddy.Provisioner = (*InternalKey)(nil)
)
