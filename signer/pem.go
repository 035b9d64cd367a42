package signer

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// ParsePrivateKey reads a private key from PEM: RSA with 2048 bits or ECDSA on
// P-256, in PKCS #1, PKCS #8 or SEC 1 form, the last also after a block of EC
// parameters. It understands PEM that an environment variable or a secret store
// has mangled: line breaks written as \n or lost, the whole text in quotes or in
// base64.
//
// Its errors say what was found and what to do, and never quote the data.
func ParsePrivateKey(data []byte) (crypto.Signer, error) {
	blocks, err := decodePEM(data)
	if err != nil {
		return nil, err
	}
	var private *pem.Block
	for _, b := range blocks {
		if !strings.HasSuffix(b.Type, "PRIVATE KEY") {
			continue
		}
		if private != nil {
			return nil, errors.New("holds more than one private key: leave only the one to sign with")
		}
		private = b
	}
	if private == nil {
		switch t := blocks[0].Type; t {
		case "PUBLIC KEY", "RSA PUBLIC KEY":
			return nil, errors.New("holds a public key: signing needs the private key that it belongs to")
		case "CERTIFICATE":
			return nil, errors.New("holds a certificate: signing needs the private key whose public half was uploaded to CloudFront")
		default:
			return nil, fmt.Errorf("holds no private key but a PEM block of type %.40q", t)
		}
	}
	if private.Type == "ENCRYPTED PRIVATE KEY" || private.Headers["DEK-Info"] != "" {
		return nil, errors.New("the private key is encrypted: decrypt it with `openssl pkey -in key.pem -out plain.pem` and protect the file by its permissions")
	}
	key, err := parsePrivateBlock(private)
	if err != nil {
		return nil, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("a key of type %T can't sign: CloudFront takes RSA with 2048 bits or ECDSA on P-256", key)
	}
	if err := checkPublic(signer.Public()); err != nil {
		return nil, err
	}
	return signer, nil
}

// parsePrivateBlock does not pass on the errors of crypto/x509 where they
// would only name another of its functions.
func parsePrivateBlock(b *pem.Block) (any, error) {
	switch b.Type {
	case "RSA PRIVATE KEY":
		if key, err := x509.ParsePKCS1PrivateKey(b.Bytes); err == nil {
			return key, nil
		}
	case "EC PRIVATE KEY":
		if key, err := x509.ParseECPrivateKey(b.Bytes); err == nil {
			return key, nil
		}
	case "PRIVATE KEY":
	case "OPENSSH PRIVATE KEY":
		return nil, errors.New("the private key is in OpenSSH's own format: convert it with `ssh-keygen -p -m PEM -f key.pem`")
	default:
		return nil, fmt.Errorf("a PEM block of type %.40q: CloudFront takes RSA with 2048 bits or ECDSA on P-256", b.Type)
	}
	// Some tools put PKCS #8 under the labels of the older formats.
	key, err := x509.ParsePKCS8PrivateKey(b.Bytes)
	if err != nil {
		return nil, fmt.Errorf("the PEM block %q is damaged or of an unknown kind: CloudFront takes RSA with 2048 bits or ECDSA on P-256", b.Type)
	}
	return key, nil
}

// ParsePublicKey reads a public key from PEM, as CloudFront takes it (PUBLIC
// KEY) or in PKCS #1 form (RSA PUBLIC KEY).
func ParsePublicKey(data []byte) (crypto.PublicKey, error) {
	blocks, err := decodePEM(data)
	if err != nil {
		return nil, err
	}
	var key crypto.PublicKey
	switch b := blocks[0]; {
	case strings.HasSuffix(b.Type, "PRIVATE KEY"):
		return nil, errors.New("holds a private key where a public key belongs: extract that with `openssl pkey -in key.pem -pubout`, and keep the private key out of here")
	case b.Type == "CERTIFICATE":
		return nil, errors.New("holds a certificate where a public key belongs: extract that with `openssl x509 -in cert.pem -noout -pubkey`")
	case b.Type == "PUBLIC KEY":
		key, err = x509.ParsePKIXPublicKey(b.Bytes)
	case b.Type == "RSA PUBLIC KEY":
		key, err = x509.ParsePKCS1PublicKey(b.Bytes)
	default:
		return nil, fmt.Errorf("holds no public key but a PEM block of type %.40q", b.Type)
	}
	if err != nil {
		return nil, fmt.Errorf("the PEM block %q is damaged or of an unknown kind: CloudFront takes RSA with 2048 bits or ECDSA on P-256", blocks[0].Type)
	}
	if err := checkPublic(key); err != nil {
		return nil, err
	}
	return key, nil
}

// MarshalPublicKey writes a public key in the form in which CloudFront takes
// it.
func MarshalPublicKey(pub crypto.PublicKey) ([]byte, error) {
	if err := checkPublic(pub); err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

// decodePEM returns the PEM blocks of data, at least one, without the
// parameters that OpenSSL writes before EC keys.
func decodePEM(data []byte) ([]*pem.Block, error) {
	text := unmangle(data)
	var blocks []*pem.Block
	for {
		var b *pem.Block
		if b, text = pem.Decode(text); b == nil {
			break
		}
		if b.Type != "EC PARAMETERS" {
			blocks = append(blocks, b)
		}
	}
	if len(blocks) > 0 {
		return blocks, nil
	}
	data = bytes.TrimSpace(data)
	const want = "a PEM file begins with a line like -----BEGIN PRIVATE KEY-----"
	switch {
	case len(data) == 0:
		return nil, errors.New("is empty: " + want)
	case bytes.Contains(data, []byte("-----BEGIN")):
		return nil, errors.New("is damaged or cut off PEM: copy the whole file again, from its first -----BEGIN to its last -----END")
	case bytes.HasPrefix(data, []byte("ssh-")) || bytes.HasPrefix(data, []byte("ecdsa-sha2-")):
		return nil, errors.New("is a public key for SSH, not PEM: convert it with `ssh-keygen -e -m PKCS8 -f key.pub`")
	case data[0] == '{' && data[len(data)-1] == '}' && !bytes.ContainsAny(data, "\": "):
		return nil, errors.New("is a placeholder that nothing has replaced: check its spelling, and that it is set")
	case data[0] == '{':
		return nil, errors.New("looks like JSON, not PEM: take the key out of it")
	case data[0] == 0x30:
		return nil, errors.New("looks like binary DER, not PEM: convert it with `openssl pkey -inform DER -in key.der -out key.pem`")
	}
	return nil, fmt.Errorf("is not PEM (%d bytes of something else): %s", len(data), want)
}

var pemBlock = regexp.MustCompile(`(?s)-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END [A-Z0-9 ]+-----`)

// unmangle gives PEM its line breaks back, after taking off quotes and base64
// around the whole text.
func unmangle(data []byte) []byte {
	text := strings.Trim(strings.TrimSpace(string(data)), `"'`)
	if !strings.Contains(text, "-----BEGIN") {
		packed := strings.Join(strings.Fields(text), "")
		if raw, err := base64.StdEncoding.DecodeString(packed); err == nil && bytes.Contains(raw, []byte("-----BEGIN")) {
			text = string(raw)
		}
	}
	text = strings.NewReplacer(`\r`, "", `\n`, "\n", "\r", "").Replace(text)
	return pemBlock.ReplaceAllFunc([]byte(text), func(block []byte) []byte {
		m := pemBlock.FindSubmatch(block)
		body := m[2]
		// The headers of encrypted keys need their lines as they are.
		if !bytes.Contains(body, []byte(":")) {
			body = bytes.Join(bytes.Fields(body), nil)
		}
		return fmt.Appendf(nil, "\n-----BEGIN %s-----\n%s\n-----END %s-----\n", m[1], bytes.TrimSpace(body), m[1])
	})
}
