package signer

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"
)

func TestSignaturesVerify(t *testing.T) {
	policy := []byte("a policy")
	for _, test := range []struct {
		private crypto.Signer
		hash    Hash
		length  int
	}{
		{rsaKey, SHA1, 344}, {rsaKey, SHA256, 344}, {ecKey, SHA256, 96},
	} {
		key := testKey(t, test.private, test.hash)
		signature := must(key.Sign(policy))
		if again := must(key.Sign(policy)); again != signature {
			t.Errorf("%T, %s: another signature the second time", test.private, test.hash)
		}
		if len(signature) > test.length || len(signature) < test.length-4 {
			t.Errorf("%T, %s: %d characters", test.private, test.hash, len(signature))
		}
		raw := must(Decode(signature))
		sum1, sum256 := sha1.Sum(policy), sha256.Sum256(policy)
		ok := false
		switch public := key.Public().(type) {
		case *rsa.PublicKey:
			if test.hash == SHA1 {
				ok = rsa.VerifyPKCS1v15(public, crypto.SHA1, sum1[:], raw) == nil
			} else {
				ok = rsa.VerifyPKCS1v15(public, crypto.SHA256, sum256[:], raw) == nil
			}
		case *ecdsa.PublicKey:
			ok = ecdsa.VerifyASN1(public, sum256[:], raw)
		}
		if !ok {
			t.Errorf("%T, %s: the signature is not valid", test.private, test.hash)
		}
	}
}

// RFC 6979, appendix A.2.5: P-256 with SHA-256, message "sample".
func TestECDSAIsDeterministic(t *testing.T) {
	number := func(hex string) *big.Int {
		n, _ := new(big.Int).SetString(hex, 16)
		return n
	}
	private := must(ecdsa.ParseRawPrivateKey(elliptic.P256(),
		number("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721").Bytes()))
	want := must(asn1.Marshal([]*big.Int{
		number("EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"),
		number("F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"),
	}))
	if got := must(testKey(t, private, "").Sign([]byte("sample"))); got != Encode(want) {
		t.Errorf("got %s, want %s", got, Encode(want))
	}
}

func TestNewKey(t *testing.T) {
	small := must(rsa.GenerateKey(rand.Reader, 1024))
	p384 := must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	_, edwards, _ := ed25519.GenerateKey(rand.Reader)
	for _, test := range []struct {
		id      string
		private crypto.Signer
		hash    Hash
		problem string
	}{
		{"K1", rsaKey, "", ""}, {"K1", rsaKey, SHA1, ""}, {"K1", rsaKey, SHA256, ""}, {"K1", ecKey, "", ""},
		{"", rsaKey, "", "empty"},
		{"K1", nil, "", "missing"},
		{"K1", ecKey, SHA1, "RSA keys only"},
		{"K1", rsaKey, "MD5", "unknown hash"},
		{"K1", rsaKey, "sha256", "unknown hash"},
		{"K1", small, "", "1024 bits: CloudFront takes 2048 only"},
		{"K1", p384, "", "P-384: CloudFront takes P-256 only"},
		{"K1", edwards, "", "RSA with 2048 bits or ECDSA on P-256"},
	} {
		key, err := NewKey(test.id, test.private, test.hash)
		if (err == nil) != (test.problem == "") || err != nil && !strings.Contains(err.Error(), test.problem) {
			t.Errorf("%s, %T, %s: got %v, want %q", test.id, test.private, test.hash, err, test.problem)
		}
		if err == nil && (key.ID() != test.id || key.Hash() == "" || !rsaKey.PublicKey.Equal(key.Public()) && !ecKey.PublicKey.Equal(key.Public())) {
			t.Errorf("got ID %s, hash %s", key.ID(), key.Hash())
		}
	}
}

func TestFingerprint(t *testing.T) {
	base := testKey(t, rsaKey, SHA256)
	if same := testKey(t, rsaKey, ""); same.Fingerprint() != base.Fingerprint() {
		t.Error("equal keys have different fingerprints")
	}
	for _, other := range []*Key{testKey(t, rsaKey, SHA1), testKey(t, ecKey, SHA256), must(NewKey("K1", rsaKey, SHA256))} {
		if other.Fingerprint() == base.Fingerprint() {
			t.Error("different keys have equal fingerprints")
		}
	}
}

func TestCheckKeyPairID(t *testing.T) {
	for _, id := range []string{"K2JCJMDEHXQW5F", "APKAJXPVTLKRWZ5PDQFA", "K1TESTKEY", "abc123", "INTERNAL"} {
		if err := CheckKeyPairID(id); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	for id, problem := range map[string]string{
		"":                                     "empty",
		"-----BEGIN PUBLIC KEY-----\nMIIB":     "PEM",
		"arn:aws:kms:eu-west-1:1:key/x":        "ARN",
		"5dab4b2a-5a2e-4d7c-9d3d-0f1a3d0f2f5e": "key group",
		"AKIAIOSFODNN7EXAMPLE":                 "IAM access key",
		"K2JCJMDEHXQW5F ":                      "letters and digits",
		"/etc/caddy/key.pem":                   "letters and digits",
		"K2-JC":                                "letters and digits",
		"Kü":                                   "letters and digits",
		"K1&Policy=x":                          "letters and digits",
		strings.Repeat("K", 200):               "200 characters",
	} {
		err := CheckKeyPairID(id)
		if err == nil || !strings.Contains(err.Error(), problem) || !strings.Contains(err.Error(), "K2JCJMDEHXQW5F") {
			t.Errorf("%q: got %v, want %q and the cure", id, err, problem)
		}
		if err != nil && strings.Contains(err.Error(), "MIIB") {
			t.Errorf("quoted: %v", err)
		}
	}
}

func block(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func pkcs8(key any) []byte { return must(x509.MarshalPKCS8PrivateKey(key)) }

func TestParsePrivateKey(t *testing.T) {
	sec1 := must(x509.MarshalECPrivateKey(ecKey))
	pkcs1 := block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey))
	parameters := block("EC PARAMETERS", []byte{6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7})
	public := must(MarshalPublicKey(&rsaKey.PublicKey))
	oneLine := strings.ReplaceAll(strings.TrimSpace(pkcs1), "\n", " ")
	for name, test := range map[string]struct {
		data string
		want crypto.PublicKey
	}{
		"PKCS #1":                  {pkcs1, rsaKey.Public()},
		"PKCS #8 RSA":              {block("PRIVATE KEY", pkcs8(rsaKey)), rsaKey.Public()},
		"PKCS #8 EC":               {block("PRIVATE KEY", pkcs8(ecKey)), ecKey.Public()},
		"SEC 1":                    {block("EC PRIVATE KEY", sec1), ecKey.Public()},
		"SEC 1 after parameters":   {parameters + block("EC PRIVATE KEY", sec1), ecKey.Public()},
		"PKCS #8 labelled PKCS #1": {block("RSA PRIVATE KEY", pkcs8(rsaKey)), rsaKey.Public()},
		"text around":              {"Bag Attributes\n" + pkcs1 + "\n\n", rsaKey.Public()},
		"Windows line breaks":      {strings.ReplaceAll(pkcs1, "\n", "\r\n"), rsaKey.Public()},
		"escaped line breaks":      {strings.ReplaceAll(pkcs1, "\n", `\n`), rsaKey.Public()},
		"escaped Windows breaks":   {strings.ReplaceAll(pkcs1, "\n", `\r\n`), rsaKey.Public()},
		"quoted":                   {`"` + strings.ReplaceAll(pkcs1, "\n", `\n`) + `"`, rsaKey.Public()},
		"no line breaks":           {strings.ReplaceAll(pkcs1, "\n", ""), rsaKey.Public()},
		"spaces for line breaks":   {oneLine, rsaKey.Public()},
		"indented":                 {"  " + strings.ReplaceAll(pkcs1, "\n", "\n  "), rsaKey.Public()},
		"in base64":                {base64.StdEncoding.EncodeToString([]byte(pkcs1)), rsaKey.Public()},
		"in broken base64":         {string(bytes.ReplaceAll([]byte(base64.StdEncoding.EncodeToString([]byte(pkcs1))), []byte("L"), []byte("L\n"))), rsaKey.Public()},
		"with its public key":      {string(public) + pkcs1, rsaKey.Public()},
	} {
		key, err := ParsePrivateKey([]byte(test.data))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !key.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(test.want) {
			t.Errorf("%s: another key", name)
		}
	}
}

func TestParsePrivateKeyRefuses(t *testing.T) {
	small := must(rsa.GenerateKey(rand.Reader, 1024))
	p384 := must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	_, edwards, _ := ed25519.GenerateKey(rand.Reader)
	pkcs1 := block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey))
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now()}
	certificate := must(x509.CreateCertificate(rand.Reader, template, template, rsaKey.Public(), rsaKey))
	for name, test := range map[string]struct{ data, problem, cure string }{
		"empty":        {" \n", "empty", "-----BEGIN PRIVATE KEY-----"},
		"a path":       {"/etc/caddy/cloudfront.pem", "is not PEM (25 bytes", "-----BEGIN"},
		"placeholder":  {"{env.CF_KEY}", "placeholder", "that it is set"},
		"JSON":         {`{"privateKey":"SECRET"}`, "looks like JSON", "take the key out"},
		"DER":          {string(pkcs8(rsaKey)), "binary DER", "openssl pkey -inform DER"},
		"cut off":      {pkcs1[:500], "cut off", "copy the whole file"},
		"damaged":      {block("RSA PRIVATE KEY", []byte("SECRET")), "damaged", "RSA with 2048 bits or ECDSA on P-256"},
		"SSH public":   {"ssh-rsa AAAA me@host", "SSH", "ssh-keygen -e -m PKCS8"},
		"OpenSSH":      {block("OPENSSH PRIVATE KEY", []byte("SECRET")), "OpenSSH", "ssh-keygen -p -m PEM"},
		"encrypted 8":  {block("ENCRYPTED PRIVATE KEY", []byte("SECRET")), "encrypted", "openssl pkey"},
		"encrypted 1":  {"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nU0VDUkVU\n-----END RSA PRIVATE KEY-----\n", "encrypted", "openssl pkey"},
		"public":       {string(must(MarshalPublicKey(rsaKey.Public()))), "public key", "the private key that it belongs to"},
		"certificate":  {block("CERTIFICATE", certificate), "certificate", "the private key whose public half"},
		"request":      {block("CERTIFICATE REQUEST", nil), "CERTIFICATE REQUEST", ""},
		"two keys":     {pkcs1 + pkcs1, "more than one private key", "leave only"},
		"1024 bits":    {block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(small)), "1024 bits", "openssl genrsa"},
		"P-384":        {block("PRIVATE KEY", pkcs8(p384)), "P-384", "openssl ecparam -name prime256v1"},
		"Ed25519":      {block("PRIVATE KEY", pkcs8(edwards)), "ed25519", "RSA with 2048 bits or ECDSA on P-256"},
		"DSA":          {block("DSA PRIVATE KEY", []byte("SECRET")), "DSA", "RSA with 2048 bits or ECDSA on P-256"},
		"other base64": {base64.StdEncoding.EncodeToString([]byte("SECRET")), "is not PEM", "-----BEGIN"},
	} {
		key, err := ParsePrivateKey([]byte(test.data))
		if err == nil {
			t.Errorf("%s: got %v", name, key.Public())
			continue
		}
		if !strings.Contains(err.Error(), test.problem) || !strings.Contains(err.Error(), test.cure) {
			t.Errorf("%s: got %q, want %q and %q", name, err, test.problem, test.cure)
		}
		if strings.Contains(err.Error(), "SECRET") || strings.Contains(err.Error(), "U0VDUkVU") {
			t.Errorf("%s: quoted: %v", name, err)
		}
	}
}

func TestParsePublicKey(t *testing.T) {
	for _, public := range []crypto.PublicKey{rsaKey.Public(), ecKey.Public()} {
		data := must(MarshalPublicKey(public))
		if !strings.HasPrefix(string(data), "-----BEGIN PUBLIC KEY-----\n") {
			t.Errorf("got %s", data)
		}
		got, err := ParsePublicKey(data)
		if err != nil || !got.(interface{ Equal(crypto.PublicKey) bool }).Equal(public) {
			t.Errorf("%T: got %v, %v", public, got, err)
		}
	}
	if got, err := ParsePublicKey([]byte(block("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&rsaKey.PublicKey)))); err != nil || !rsaKey.PublicKey.Equal(got) {
		t.Errorf("PKCS #1: %v", err)
	}
	for name, test := range map[string]struct{ data, problem string }{
		"private": {block("PRIVATE KEY", pkcs8(ecKey)), "holds a private key"},
		"cert":    {block("CERTIFICATE", nil), "holds a certificate"},
		"damaged": {block("PUBLIC KEY", []byte("x")), "damaged"},
		"small":   {block("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&must(rsa.GenerateKey(rand.Reader, 1024)).PublicKey)), "1024 bits"},
		"other":   {block("DH PARAMETERS", nil), "DH PARAMETERS"},
		"empty":   {"", "empty"},
	} {
		if got, err := ParsePublicKey([]byte(test.data)); err == nil || !strings.Contains(err.Error(), test.problem) {
			t.Errorf("%s: got %v, %v, want %q", name, got, err, test.problem)
		}
	}
	if data, err := MarshalPublicKey(must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader)).Public()); err == nil {
		t.Errorf("P-384: %s", data)
	}
}
