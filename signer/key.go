package signer

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1" // SHA-1 is one of CloudFront's two hash algorithms.
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
)

// Hash is the hash algorithm of a signature, named as in the parameter
// Hash-Algorithm.
type Hash string

// The hash algorithms that CloudFront knows. It takes a signature for SHA1
// where it doesn't say otherwise.
const (
	SHA1   Hash = "SHA1"
	SHA256 Hash = "SHA256"
)

// Key signs policies with a private key that CloudFront knows by an ID. It is
// immutable and safe for concurrent use.
type Key struct {
	id          string
	private     crypto.Signer
	hash        Hash
	fingerprint [sha256.Size]byte
}

// NewKey makes a Key of a private key, RSA with 2048 bits or ECDSA on P-256,
// and the ID that CloudFront gave to its public key. An empty hash is SHA256.
// ECDSA keys refuse SHA1: it needs no more than SHA256 and AWS's own tools don't
// make such signatures.
func NewKey(id string, private crypto.Signer, hash Hash) (*Key, error) {
	if err := CheckKeyPairID(id); err != nil {
		return nil, err
	}
	if private == nil {
		return nil, errors.New("a private key is missing")
	}
	if err := checkPublic(private.Public()); err != nil {
		return nil, err
	}
	switch hash {
	case "":
		hash = SHA256
	case SHA256:
	case SHA1:
		if _, ec := private.Public().(*ecdsa.PublicKey); ec {
			return nil, errors.New("hash sha1 is for RSA keys only: an ECDSA key needs sha256")
		}
	default:
		return nil, fmt.Errorf("unknown hash %q: CloudFront knows SHA1 and SHA256", hash)
	}
	der, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		return nil, err
	}
	k := &Key{id: id, private: private, hash: hash}
	k.fingerprint = sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s", id, hash, der))
	return k, nil
}

// ID returns the key-pair ID.
func (k *Key) ID() string { return k.id }

// Hash returns the hash algorithm of the signatures.
func (k *Key) Hash() Hash { return k.hash }

// Public returns the public key.
func (k *Key) Public() crypto.PublicKey { return k.private.Public() }

// Fingerprint returns 64 hexadecimal digits that depend on the public key, the
// key-pair ID and the hash, and on nothing else: equal fingerprints mean equal
// signatures.
func (k *Key) Fingerprint() string { return hex.EncodeToString(k.fingerprint[:]) }

// Sign signs the bytes of a policy and returns the signature in CloudFront's
// alphabet. The same bytes always give the same signature: RSA signatures
// (PKCS #1 v1.5) are deterministic, and ECDSA ones are made so as RFC 6979
// describes. Only a private key that is held elsewhere, behind another
// crypto.Signer, may do otherwise.
func (k *Key) Sign(policy []byte) (string, error) {
	h := crypto.SHA256
	if k.hash == SHA1 {
		h = crypto.SHA1
	}
	digest := h.New()
	digest.Write(policy)
	random := rand.Reader
	if _, ok := k.private.(*ecdsa.PrivateKey); ok {
		random = nil // asks for the deterministic form
	}
	signature, err := k.private.Sign(random, digest.Sum(nil), h)
	if err != nil {
		return "", fmt.Errorf("signing with key %s: %w", k.id, err)
	}
	return Encode(signature), nil
}

// checkPublic refuses the keys that CloudFront doesn't take.
func checkPublic(pub crypto.PublicKey) error {
	switch pub := pub.(type) {
	case *rsa.PublicKey:
		if bits := pub.N.BitLen(); bits != 2048 {
			return fmt.Errorf("an RSA key of %d bits: CloudFront takes 2048 only; make one with `openssl genrsa -out key.pem 2048`", bits)
		}
		return nil
	case *ecdsa.PublicKey:
		if pub.Curve != elliptic.P256() {
			return fmt.Errorf("an ECDSA key on %s: CloudFront takes P-256 only; make one with `openssl ecparam -name prime256v1 -genkey -noout -out key.pem`", pub.Curve.Params().Name)
		}
		return nil
	}
	return fmt.Errorf("a key of type %T: CloudFront takes RSA with 2048 bits or ECDSA on P-256", pub)
}
