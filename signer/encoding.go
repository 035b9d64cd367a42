package signer

import (
	"encoding/base64"
	"errors"
)

// alphabet is standard base64 with the three characters that are special in
// URLs and cookies replaced: "+" by "-", "/" by "~" and the padding "=" by "_".
// It is not the URL-safe alphabet of RFC 4648.
var alphabet = base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-~").
	WithPadding('_').Strict()

// Encode writes b in the base64 alphabet of CloudFront's parameters and
// cookies. The result needs no further escaping in either.
func Encode(b []byte) string { return alphabet.EncodeToString(b) }

// Decode undoes [Encode]. It is strict: a value without its padding, with line
// breaks or with characters of another base64 alphabet is an error.
func Decode(s string) ([]byte, error) {
	// The decoder of encoding/base64 skips line breaks, even a strict one.
	for i := 0; i < len(s); i++ {
		if s[i] == '\r' || s[i] == '\n' {
			return nil, errNotBase64
		}
	}
	b, err := alphabet.DecodeString(s)
	if err != nil {
		return nil, errNotBase64
	}
	return b, nil
}

var errNotBase64 = errors.New("not in CloudFront's base64 alphabet (A-Z a-z 0-9 - ~, padded with _)")
