package signer

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// The vectors of the AWS SDK for Ruby (Apache-2.0: specs of the gem
// aws-sdk-cloudfront). Their private key was not published with them; the
// modulus follows from two of the signatures. RSA-1024 serves tests only.
const vectorKey = `-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC9V3AbaAks3cqqpghX4dF3i4rg
rZROm11G7HAG5ewFCEs20DSs4DtRcEQQzHXX2MjkP9pwz8y4YACthCr/nRIuP2BH
S4NnGzmsY34Up+snMDPgudNi7PwrcRyAnKrOHELOwU5RX5N9oMuzqpC0207bSBjF
mrAQEBy4WyWbLQ6drwIDAQAB
-----END PUBLIC KEY-----
`

func vectorPublicKey(t testing.TB) crypto.PublicKey {
	block, _ := pem.Decode([]byte(vectorKey))
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

const (
	vectorSite    = "https://d111111abcdef8.cloudfront.net"
	vectorExpires = `"DateLessThan":{"AWS:EpochTime":1767290400}`
)

var vectors = []struct {
	resource   string // below vectorSite
	conditions string // after vectorExpires
	hash       Hash
	signature  string
}{
	{"/image.jpg", "", SHA1, "iONoMLnhiCy9q1~WB9GkR2DiHz18I85i3o6kZ64REf-fCSOg-AyXEZiq7fJuS~DT-kbZXjVpgIQqI4sCTcBW9XpO6dyJ5sh8Igk3V~OVncS9acGVnI~ZhHBWiGhU8GmkEMAhn6R2RGO-wKGClrXdJGEUE26XoALdHUzHbmU6AGI_"},
	{"/image.jpg", "", SHA256, "LiC~LakvNvZtR~AsTcirQ0CAsy-YIZmpHmI9uImK4xJmrhVdJULhWmRt3bXO7qqw2gJDECZN-xC~bKWEKcJ9Vgs1IgpRdMkY6XGDKZ1XHBdNbd~0v5UiRf4zXwVMRqoynkQPQcihkze7RkDBsOoYHh9jDdtO1iDm0QZ1Qp~cxro_"},
	{"/image.jpg?size=large", "", SHA1, "kx5dxV5cSW50EuCMtYi9JI0D5H97if~zNqwKxZtS7FPc3NV5oi~zCb45ti8ve-YDYw45hzN4lceF6zhW~STVWa7r7fC9wi5XBG1T6ZT2b9R0wMWmGxsy9uVGXFn6JqcjQMsq09MnWrPezK0qFQ2X6pV1nGQqLQZ2sgO~FSlEoCo_"},
	{"/image.jpg?size=large", "", SHA256, "g8vzqbTu5PxBzAXD3zowGFNHNlyaGZn7thMiCk27sTfvdy5CMAbECVz-aucgqrKYmqsz1xY7ZoxoMxOizzXWzfzTyJ6k38YwW6QMyJWT7B8pHStQrq0DGFSCnXqgRDXUDzkpIe8mHqyRWtgnFbdFQlbPweykfl7Eo4RJadveryQ_"},
	{"/video.mp4", `,"DateGreaterThan":{"AWS:EpochTime":1767200000}`, SHA1, "aF0WSOV6dkNn-D0HJ~-EwLG69-4QZZ9dv1PgAZEsER~WXkaNa1pBM2aTVXrskBWVHUU6hc1nD6ZKYgBS5Sb9JluFVT0MbQWR~DrtUGu8ugCsnfzUe6ov38nFPBwQICY~jnoQZEXxO2ZkQrluOO4~jWOpqAGrCw5tkdHAnb9gHYQ_"},
	{"/video.mp4", `,"DateGreaterThan":{"AWS:EpochTime":1767200000}`, SHA256, "RKoXpBb3IFyONXBnGGPj6021LmYyaphTYom0DsDID20xlCaK8gvNpcbYw493LloPhtDdGTdyadyuR59ok8eSPpJReRGbHbw8FDjGSXE9JWsVayzI7t7ZPGfPtKgK~ij0AekXDNQNFNUdwuSE0aR5nQmuPhw7CfDHCMpTWmoKPgE_"},
	{"/document.pdf", `,"IpAddress":{"AWS:SourceIp":"192.168.0.0/24"}`, SHA1, "fq~vePR~kmc5kWDveZOJ3j6PSYRsHSSanN1shBBpj2rQwvVQPU8e9MRwUDizOYHLnuAXQG89Xm7kXL03HIX0uzELcY2Q6Bw68BcGQHq-nyC2U6h0Uv277pg~FIwatR84y1FZiswIVmZwfPmpkvR0X~1skuooCPGiztAXREe-hsg_"},
	{"/document.pdf", `,"IpAddress":{"AWS:SourceIp":"192.168.0.0/24"}`, SHA256, "aKDzeIIfHviQRbCu9jxlFpOenTNQHMnt8HL2V2cqYP0vqc-KpRBuez2k4LZAzmfH0sIiQuDMZZc1D149XYRVAjEZoqr3vzGzWmrpzZJV-CSHs-Scau1cCNdVXqswj~QX8SzOZtGsRSKb4bomqOWxSIUu~Sybjf5b12GXBcYRCH4_"},
	{"/images/*", "", SHA1, "nP~GtuBVUSEUDMXW1ZTGTx~BUQfjl7FsWBQBKwnTNhHlBAeYlzdbMGMphViPQbjawdYt1Z~iBHDr0ctooQyhEdsXwZPQKmRJQm3yIxmbvnuCzB2qdMDVGRKH8l3PnfAJErrgUVIzb6m3KUdtIDvSkLV~Mb0tyQJwZ6QE4BdlEmQ_"},
	{"/images/*", "", SHA256, "FoaoRDqA7H91xD8CL2zk2Ztm6WVx3kIunCdqvzwMCUdsduwVWEH8elbBZc2qqWy3ZixDBBEHegeJnZbgp~nHTsYtr~jv6R-8~BnmmvH3KNyjH7wgyKKtzKpteNXYacWgHYabkoreyHC4ek~JMjGo1o0gTiIeL8YCV3ueKK3Lqtk_"},
	{"/*", `,"IpAddress":{"AWS:SourceIp":"10.0.0.0/8"}`, SHA1, "r28Jnd0t9aq7cu0k9jGWl4L0YsRxgueZtGRw5oEEspU9-eIPGM~ZGMQh36~5HpKC5c67cZjDgJcsqrCacmTHMZZx613gbeYAsx2-hEatU8URiuNHnVp4hPV3HqtbuZ6Din9iEZUpOBYVg6DWGEFJRCQ7SPouBhhJdYDZZOPHGpA_"},
	{"/*", `,"IpAddress":{"AWS:SourceIp":"10.0.0.0/8"}`, SHA256, "OzeonPh-NS8g3trdsFAo5LrMBEx1ef05GvdmWuLai6AaBLP63PVJRUGySYmGfQ-NqQ02geWzo7aZS7XFtkr4X1z9VTbQMfmzZftbuRXoP5ZDhFzVnSX3DeoEW8jP3BrOLHJsKwFCY5alIR4zO6LpqFmR5vVmqMYpRcbafg3~X18_"},
}

func TestVectors(t *testing.T) {
	v := &Verifier{Keys: map[string]crypto.PublicKey{"K1TESTKEY": vectorPublicKey(t)}}
	for _, vector := range vectors {
		resource := vectorSite + vector.resource
		common := "&Signature=" + vector.signature + "&Key-Pair-Id=K1TESTKEY"
		if vector.hash == SHA256 {
			common += "&Hash-Algorithm=SHA256"
		}
		doc := `{"Statement":[{"Resource":"` + resource + `","Condition":{` + vectorExpires + vector.conditions + `}}]}`
		queries := []string{"Policy=" + edgeEncode([]byte(doc)) + common}
		if vector.conditions == "" && !strings.Contains(resource, "*") {
			queries = append(queries, "Expires=1767290400"+common)
		}
		url := strings.Replace(resource, "*", "images/photo.jpg", 1)
		for _, query := range queries {
			for _, req := range []ViewerRequest{request(appendQuery(url, query)), request(url, cookiesOf(query)...)} {
				req.Now = time.Unix(1767290399, 0)
				req.IP = netip.MustParseAddr("192.168.0.255")
				if strings.Contains(doc, "10.0.0.0/8") {
					req.IP = netip.MustParseAddr("10.255.255.255")
				}
				checkResult(t, v.Verify(req), Allowed, "")

				expired := req
				expired.Now = time.Unix(1767290400, 0)
				checkResult(t, v.Verify(expired), AccessDenied, "expired")

				elsewhere := req
				elsewhere.RawPath += "x"
				if !strings.Contains(resource, "*") {
					checkResult(t, v.Verify(elsewhere), AccessDenied, "")
				}
			}
		}
	}
}
