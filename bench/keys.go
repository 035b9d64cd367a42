package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
)

// newKey makes an RSA-2048 ("rsa") or ECDSA P-256 ("ec") key.
func newKey(kind string) (crypto.Signer, error) {
	if kind == "rsa" {
		return rsa.GenerateKey(rand.Reader, 2048)
	}
	return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
}

func keyPEM(key crypto.Signer) (string, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), err
}

// keyFile makes a key and returns the path of its file.
func keyFile(kind string) (string, error) {
	key, err := newKey(kind)
	if err != nil {
		return "", err
	}
	text, err := keyPEM(key)
	if err != nil {
		return "", err
	}
	return tempFile("key.pem", text)
}
