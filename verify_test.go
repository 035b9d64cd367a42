package cloudfront

import (
	"bufio"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

// edgeKey is a key that an edge under test trusts as KEDGE.
func edgeKey(t *testing.T) (key *signer.Key, publicFile string) {
	t.Helper()
	_, publicFile = writeKey(t, ecKey())
	key, err := signer.NewKey("KEDGE", ecKey(), signer.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return key, publicFile
}

// signURL signs a URL for the next hour with a canned policy.
func signURL(t *testing.T, key *signer.Key, url string) string {
	t.Helper()
	return signPolicy(t, key, url, signer.Policy{Resource: url, Expires: time.Now().Unix() + 3600})
}

func signPolicy(t *testing.T, key *signer.Key, url string, policy signer.Policy) string {
	t.Helper()
	query, err := key.Query(policy)
	if err != nil {
		t.Fatal(err)
	}
	return signer.Join(url, "", query)
}

// cookieHeader returns the cookies for a pattern as a browser sends them.
func cookieHeader(t *testing.T, key *signer.Key, pattern string) string {
	t.Helper()
	cookies, err := key.Cookies(signer.Policy{Resource: pattern, Expires: time.Now().Unix() + 3600})
	if err != nil {
		t.Fatal(err)
	}
	var pairs []string
	for _, c := range cookies {
		pairs = append(pairs, c.Name+"="+c.Value)
	}
	return strings.Join(pairs, "; ")
}

// rawRequest sends the request line and the header fields as they are.
func rawRequest(t *testing.T, addr, requestLine string, fields ...string) (*http.Response, string) {
	t.Helper()
	fields = slices.DeleteFunc(fields, func(f string) bool { return f == "Cookie: " })
	if !slices.ContainsFunc(fields, func(f string) bool { return strings.HasPrefix(f, "Host: ") }) {
		fields = append(fields, "Host: "+addr)
	}
	request := requestLine + "\r\n" + strings.Join(fields, "\r\n") + "\r\nConnection: close\r\n\r\n"
	received := exchangeRaw(t, addr, request)
	method, _, _ := strings.Cut(requestLine, " ")
	resp, err := http.ReadResponse(received, &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

// exchangeRaw sends a request and returns what comes back. The server of before a
// reload may take a last connection and close it, so it asks again where
// nothing comes, as clients do (RFC 9110, section 9.2.2).
func exchangeRaw(t *testing.T, addr, request string) *bufio.Reader {
	t.Helper()
	for attempt := 1; ; attempt++ {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
		received := bufio.NewReader(conn)
		if _, err := received.Peek(1); err == nil {
			return received
		} else if attempt == 5 {
			t.Fatal(err)
		}
	}
}

// get fetches the path and query of url, which is on addr.
func get(t *testing.T, addr, url string, fields ...string) (*http.Response, string) {
	t.Helper()
	return rawRequest(t, addr, "GET "+strings.TrimPrefix(url, "http://"+addr)+" HTTP/1.1", fields...)
}

func TestVerifyAnswersAsCloudFrontDoes(t *testing.T) {
	key, public := edgeKey(t)
	other, err := signer.NewKey("KOTHER", rsaKey(), signer.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	addr := freeAddr(t)
	startCaddy(t, "", fmt.Sprintf(`http://%s {
	cloudfront_verify {
		trusted_key KEDGE %s
	}
	respond "through {http.cloudfront.result} {http.cloudfront.code}|{http.cloudfront.key_pair_id} {http.cloudfront.resource}"
}`, addr, public))
	url := "http://" + addr + "/a.jpg"
	good := signURL(t, key, url)
	expired := signPolicy(t, key, url, signer.Policy{Resource: url, Expires: time.Now().Unix() - 1})

	for _, tc := range []struct {
		name, url, cookie string
		want              signer.Code
	}{
		{"signed", good, "", signer.Allowed},
		{"signed with a wildcard", signPolicy(t, key, url+"?v=1", signer.Policy{Resource: "http://" + addr + "/*", Expires: time.Now().Unix() + 3600}), "", signer.Allowed},
		{"with cookies", url, "a=b; " + cookieHeader(t, key, "http://"+addr+"/*"), signer.Allowed},
		{"not signed", url, "", signer.MissingKey},
		{"with cookies for elsewhere", url, cookieHeader(t, key, "http://"+addr+"/b/*"), signer.AccessDenied},
		{"with cookies and a stray parameter", url + "?Expires=1", cookieHeader(t, key, "http://"+addr+"/*"), signer.MissingKey},
		{"signed by a stranger", signURL(t, other, url), "", signer.InvalidKey},
		{"expired", expired, "", signer.AccessDenied},
		{"bad signature", strings.Replace(good, "Signature=", "Signature=!", 1), "", signer.MalformedSignature},
		{"bad expiry", strings.Replace(good, "Expires=", "Expires=x", 1), "", signer.MalformedPolicy},
		{"changed", strings.Replace(good, "a.jpg", "b.jpg", 1), "", signer.AccessDenied},
	} {
		t.Run(tc.name, func(t *testing.T) {
			resp, body := get(t, addr, tc.url, "Cookie: "+tc.cookie)
			if tc.want == signer.Allowed {
				if resp.StatusCode != 200 || !strings.HasPrefix(body, "through allowed |KEDGE http://"+addr+"/") {
					t.Errorf("%s: %s", resp.Status, body)
				}
				return
			}
			checkRefusal(t, resp, body, tc.want)

			head, body := rawRequest(t, addr, "HEAD "+strings.TrimPrefix(tc.url, "http://"+addr)+" HTTP/1.1", "Cookie: "+tc.cookie)
			if head.StatusCode != 403 || body != "" || head.ContentLength != int64(len(tc.want.XML())) {
				t.Errorf("HEAD: %s, %d bytes, %q", head.Status, head.ContentLength, body)
			}
		})
	}
	if resp, body := rawRequest(t, addr, "OPTIONS /a.jpg HTTP/1.1", "Origin: http://x"); resp.StatusCode != 403 {
		t.Errorf("OPTIONS: %s: %s", resp.Status, body)
	}
}

func checkRefusal(t *testing.T, resp *http.Response, body string, want signer.Code) {
	t.Helper()
	if resp.StatusCode != 403 || body != string(want.XML()) {
		t.Errorf("%s: %s, want %s", resp.Status, body, want)
	}
	for name, value := range map[string]string{
		"Server":         "CloudFront",
		"Content-Type":   "text/xml",
		"Content-Length": fmt.Sprint(len(want.XML())),
		"X-Cache":        "Error from cloudfront",
	} {
		if got := resp.Header.Values(name); len(got) != 1 || got[0] != value {
			t.Errorf("%s: %q, want %q", name, got, value)
		}
	}
}

// origin answers with what it was asked.
func origin(t *testing.T) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "uri=%s cookie=%q original=%s", r.RequestURI, r.Header["Cookie"], r.Header.Get("X-Original"))
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

func TestVerifyTakesCredentialsOff(t *testing.T) {
	key, public := edgeKey(t)
	addr, upstream := freeAddr(t), origin(t)
	proxy := fmt.Sprintf("reverse_proxy %s {\n\t\theader_up X-Original {http.request.orig_uri}\n\t}", upstream)
	startCaddy(t, "", fmt.Sprintf(`http://%s {
	cloudfront_verify {
		trusted_key KEDGE %[2]s
	}
	handle_path /files/* {
		cloudfront_verify {
			trusted_key KEDGE %[2]s
		}
		%[3]s
	}
	handle /old/* {
		rewrite /old/* /new?x=1&{query}
		%[3]s
	}
	handle /fail {
		error 502
	}
	handle {
		%[3]s
	}
	handle_errors {
		%[3]s
	}
}`, addr, public, proxy))
	site := "http://" + addr
	for _, tc := range []struct{ name, url, cookie, want string }{
		{"alone", signURL(t, key, site+"/a%20b"), "", "uri=/a%20b cookie=[] original=/a%20b"},
		{"beside the app's query", signURL(t, key, site+"/a?b=%7E&c"), "", "uri=/a?b=%7E&c cookie=[] original=/a?b=%7E&c"},
		{"cookies", site + "/a?b", cookieHeader(t, key, site+"/*"), "uri=/a?b cookie=[] original=/a?b"},
		{"cookies among others", site + "/a", "x=1;y=2; " + cookieHeader(t, key, site+"/*") + `; z="3"; CloudFront-Else=4`, `uri=/a cookie=["x=1; y=2; z=\"3\"; CloudFront-Else=4"] original=/a`},
		{"cookies that did not count", signURL(t, key, site+"/a"), "x=1; CloudFront-Signature=old", `uri=/a cookie=["x=1"] original=/a`},
		{"cookies left alone", signURL(t, key, site+"/a"), "x=1;y=2", `uri=/a cookie=["x=1;y=2"] original=/a`},
		{"handle_path, verified twice", signURL(t, key, site+"/files/a?b"), "", "uri=/a?b cookie=[] original=/files/a?b"},
		{"handle_path, cookies", site + "/files/a", cookieHeader(t, key, site+"/files/*"), "uri=/a cookie=[] original=/files/a"},
		{"rewrite", signURL(t, key, site+"/old/a?b"), "", "uri=/new?x=1&b cookie=[] original=/old/a?b"},
		{"error route", signURL(t, key, site+"/fail?b"), "x=1; CloudFront-Policy=old", `uri=/fail?b cookie=["x=1"] original=/fail?b`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			resp, body := get(t, addr, tc.url, "Cookie: "+tc.cookie)
			if resp.StatusCode != 200 || body != tc.want {
				t.Errorf("%s:\n got %s\nwant %s", resp.Status, body, tc.want)
			}
			for _, name := range signer.Params {
				if strings.Contains(body, name+"=") {
					t.Errorf("%s reached the origin: %s", name, body)
				}
			}
		})
	}
}

func TestVerifyInsideRewrites(t *testing.T) {
	key, public := edgeKey(t)
	addr := freeAddr(t)
	verify := "cloudfront_verify {\n\t\t\ttrusted_key KEDGE " + public + "\n\t\t}\n\t\trespond {http.request.uri}"
	startCaddy(t, "", fmt.Sprintf(`http://%s {
	handle_path /files/* {
		%[2]s
	}
	route /old/* {
		rewrite /new?x=1&{query}
		%[2]s
	}
}`, addr, verify))
	site := "http://" + addr
	for _, tc := range []struct {
		url, cookie, want string
	}{
		{signURL(t, key, site+"/files/a?b"), "", "/a?b"},
		{site + "/files/a", cookieHeader(t, key, site+"/files/*"), "/a"},
		{signURL(t, key, site+"/old/a?b"), "", "/new?x=1&b"},
		{strings.Replace(signURL(t, key, site+"/a"), "/a", "/files/a", 1), "", string(signer.AccessDenied.XML())},
		{strings.Replace(signURL(t, key, site+"/new"), "/new", "/old/a", 1), "", string(signer.AccessDenied.XML())},
	} {
		if resp, body := get(t, addr, tc.url, "Cookie: "+tc.cookie); body != tc.want {
			t.Errorf("%s: %s: %s, want %s", tc.url, resp.Status, body, tc.want)
		}
	}
}

func port(addr string) string { return addr[strings.LastIndexByte(addr, ':')+1:] }

func TestVerifyJudgesTheViewersURL(t *testing.T) {
	key, public := edgeKey(t)
	addr := freeAddr(t)
	root := t.TempDir()
	for name, text := range map[string]string{"public/a": "public", "private/b": "private"} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	startCaddy(t, "", fmt.Sprintf(`http://:%s {
	bind 127.0.0.1
	root %s
	cloudfront_verify {
		trusted_key KEDGE %s
	}
	rewrite /other/* /private/b
	file_server
}`, port(addr), root, public))
	site := "http://" + addr
	cookies := "Cookie: " + cookieHeader(t, key, site+"/public/*")
	for _, tc := range []struct {
		target string
		status int
	}{
		{"/public/a", 200},
		{site + "/public/a", 200}, // absolute-form
		{"/public/%61", 200},
		{"/public//a", 200},
		{"/private/b", 403},
		{"/other/x", 403},
		{"/public/../private/b", 403},
		{"/public/%2e%2e/private/b", 403},
		{"/public/..%2fprivate/b", 403},
		{"/public/%252e%252e/private/b", 403},
		{"/public/..%5cprivate/b", 403},
		{`/public/..\private/b`, 403},
		{"/public/a%00", 403},
		{"http://elsewhere/public/a", 403},
		{"//public/a", 403},
		{"*", 403},
	} {
		resp, body := rawRequest(t, addr, "GET "+tc.target+" HTTP/1.1", cookies)
		// net/http answers a target that it can't parse by itself.
		if resp.StatusCode != tc.status && !(tc.status == 403 && resp.StatusCode == 400) || strings.Contains(body, "private") {
			t.Errorf("%s: %s: %s", tc.target, resp.Status, body)
		}
	}
}

// A client may write what it likes into the fields by which proxies speak.
func TestVerifyBelievesNoForwardingHeader(t *testing.T) {
	key, public := edgeKey(t)
	plain, literal, behind := freeAddr(t), freeAddr(t), freeAddr(t)
	site := `http://:%s {
	bind 127.0.0.1
	cloudfront_verify {
		trusted_key KEDGE ` + public + `
		%s
	}
	respond through
}
`
	globals := fmt.Sprintf(`	servers %s {
		trusted_proxies static 127.0.0.0/8
	}`, behind)
	startCaddy(t, globals, fmt.Sprintf(site, port(plain), "")+fmt.Sprintf(site, port(literal), "scheme https\n\t\thost CDN.example.com")+fmt.Sprintf(site, port(behind), ""))

	from := func(addr, url, cidr string) string {
		signed := signPolicy(t, key, url, signer.Policy{Resource: url, Expires: time.Now().Unix() + 3600, IP: netip.MustParsePrefix(cidr)})
		_, target, _ := strings.Cut(strings.TrimPrefix(signed, "https://"), "/")
		return "http://" + addr + "/" + strings.TrimPrefix(target, "/"+addr+"/")
	}
	const cdn = "https://cdn.example.com/a"
	for _, tc := range []struct {
		name, addr, url string
		fields          []string
		status          int
	}{
		{"scheme and host", plain, from(plain, cdn, "127.0.0.1/32"), []string{"X-Forwarded-Proto: https", "X-Forwarded-Host: cdn.example.com", "Forwarded: proto=https;host=cdn.example.com"}, 403},
		{"literals", literal, from(literal, cdn, "127.0.0.1/32"), nil, 200},
		{"literals against the Host", literal, from(literal, "https://elsewhere/a", "127.0.0.1/32"), []string{"Host: elsewhere"}, 403},
		{"forged address", literal, from(literal, cdn, "192.0.2.0/24"), []string{"X-Forwarded-For: 192.0.2.1", "X-Real-IP: 192.0.2.1", "CloudFront-Viewer-Address: 192.0.2.1:1"}, 403},
		{"address from a trusted proxy", behind, signPolicy(t, key, "http://"+behind+"/a", signer.Policy{Resource: "http://" + behind + "/a", Expires: time.Now().Unix() + 60, IP: netip.MustParsePrefix("192.0.2.0/24")}), []string{"X-Forwarded-For: 192.0.2.1"}, 200},
		{"no address from a trusted proxy", behind, signPolicy(t, key, "http://"+behind+"/a", signer.Policy{Resource: "http://" + behind + "/a", Expires: time.Now().Unix() + 60, IP: netip.MustParsePrefix("192.0.2.0/24")}), nil, 403},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if resp, body := get(t, tc.addr, tc.url, tc.fields...); resp.StatusCode != tc.status {
				t.Errorf("%s: %s", resp.Status, body)
			}
		})
	}
}

func TestVerifyOverTLS(t *testing.T) {
	key, public := edgeKey(t)
	private, _ := writeKey(t, ecKey())
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, ecKey().Public(), ecKey())
	if err != nil {
		t.Fatal(err)
	}
	certificate := writeFile(t, "certificate.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	addr := "localhost:" + port(freeAddr(t))
	startCaddy(t, "", fmt.Sprintf(`https://%s {
	bind 127.0.0.1
	tls %s %s
	cloudfront_verify {
		trusted_key KEDGE %s
	}
	respond "{http.request.proto} {http.request.uri} {http.request.header.Cookie}"
}`, addr, certificate, private, public))

	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(readFile(t, certificate)))
	for _, proto := range []string{"HTTP/1.1", "HTTP/2.0"} {
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: proto == "HTTP/2.0"}
		defer transport.CloseIdleConnections()
		for _, tc := range []struct{ url, cookie, want string }{
			{signURL(t, key, "https://"+addr+"/a?b"), "", proto + " /a?b "},
			{"https://" + addr + "/a", "x=1; " + cookieHeader(t, key, "https://"+addr+"/*") + "; y=2", proto + " /a x=1; y=2"},
			{strings.Replace(signURL(t, key, "http://"+addr+"/a"), "http:", "https:", 1), "", string(signer.AccessDenied.XML())},
		} {
			req, _ := http.NewRequest(http.MethodGet, tc.url, nil)
			if tc.cookie != "" {
				req.Header.Set("Cookie", tc.cookie)
			}
			resp, err := transport.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			if string(body) != tc.want {
				t.Errorf("%s: %s: %q, want %q", proto, resp.Status, body, tc.want)
			}
		}
	}
}

func TestVerifyErrors(t *testing.T) {
	_, public := edgeKey(t)
	addr := freeAddr(t)
	startCaddy(t, "", fmt.Sprintf(`http://%s {
	cloudfront_verify /private/* {
		trusted_key KEDGE %s
		errors
	}
	respond open
	handle_errors 403 {
		respond "no: {http.cloudfront.result} {http.cloudfront.code}; {http.error.message}" 401
	}
}`, addr, public))
	resp, body := get(t, addr, "/private/a")
	if resp.StatusCode != 401 || !strings.HasPrefix(body, "no: denied MissingKey; MissingKey: the request is not signed") {
		t.Errorf("%s: %s", resp.Status, body)
	}
	if resp, body := get(t, addr, "/a"); body != "open" {
		t.Errorf("outside the matcher: %s: %s", resp.Status, body)
	}
}

func TestVerifyTrustsNamedSigners(t *testing.T) {
	private, _ := writeKey(t, rsaKey())
	key, public := edgeKey(t)
	t.Setenv("EDGE_PUBLIC_KEY", public)
	current, err := signer.NewKey("KCURRENT", rsaKey(), signer.SHA1)
	if err != nil {
		t.Fatal(err)
	}
	named, fromEnv := freeAddr(t), freeAddr(t)
	startCaddy(t, fmt.Sprintf(`	cloudfront {
		signer media {
			key_file %s
			key_pair_id KCURRENT
			hash sha1
			previous KEDGE %s
		}
		signer demo {
			key internal
		}
	}`, private, public), fmt.Sprintf(`http://%s {
	cloudfront_verify media demo
	respond through
}
http://%s {
	cloudfront_verify {
		trusted_key KENV {env.EDGE_PUBLIC_KEY}
	}
	respond through
}`, named, fromEnv))

	internal, err := runningApp(t).keys["demo"].get()
	if err != nil {
		t.Fatal(err)
	}
	for name, url := range map[string]string{
		"its own key":      signURL(t, current, "http://"+named+"/a"),
		"its previous key": signURL(t, key, "http://"+named+"/a"),
		"the internal key": signURL(t, internal, "http://"+named+"/a"),
	} {
		if resp, body := get(t, named, url); resp.StatusCode != 200 {
			t.Errorf("%s: %s: %s", name, resp.Status, body)
		}
	}
	url := strings.Replace(signURL(t, key, "http://"+fromEnv+"/a"), "KEDGE", "KENV", 1)
	if resp, body := get(t, fromEnv, url); resp.StatusCode != 200 {
		t.Errorf("key from the environment: %s: %s", resp.Status, body)
	}
	url = signURL(t, current, "http://"+fromEnv+"/a")
	if resp, body := get(t, fromEnv, url); body != string(signer.InvalidKey.XML()) {
		t.Errorf("a key that this site does not trust: %s: %s", resp.Status, body)
	}
}

func TestVerifyConfigMistakes(t *testing.T) {
	private, public := writeKey(t, rsaKey())
	_, other := writeKey(t, ecKey())
	for _, tc := range []struct{ name, block, want string }{
		{"no key", ``, "no key is trusted; name a signer, or write trusted_key"},
		{"unknown signer", `media`, `there is no signer "media"`},
		{"private key", "{\n\t\ttrusted_key KX " + private + "\n\t}", "private"},
		{"missing file", "{\n\t\ttrusted_key KX /nowhere/key.pem\n\t}", "/nowhere/key.pem"},
		{"one ID for two keys", "{\n\t\ttrusted_key KX " + public + "\n\t\ttrusted_key KX " + other + "\n\t}", "two different public keys have the key-pair ID KX"},
		{"scheme", "{\n\t\ttrusted_key KX " + public + "\n\t\tscheme ftp\n\t}", "ftp"},
		{"host", "{\n\t\ttrusted_key KX " + public + "\n\t\thost {http.request.host}\n\t}", "cdn.example.com"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := validate(withGlobals(t, "", "http://127.0.0.1:1 {\n\tcloudfront_verify "+tc.block+"\n}"))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want an error with %q", err, tc.want)
			}
		})
	}
	for _, bad := range []string{`"scheme":"ftp"`, `"host":"a/b"`} {
		config := fmt.Sprintf(`{"admin":{"disabled":true},"apps":{"http":{"servers":{"s":{"routes":[{"handle":[{"handler":"cloudfront_verify","trusted_keys":[{"key_pair_id":"KX","public_key_file":%q}],%s}]}]}}}}}`, public, bad)
		if err := validateJSON([]byte(config)); err == nil || !strings.Contains(err.Error(), "cloudfront_verify: ") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// exampleEdge runs an example, with addresses, files and keys of this machine.
func exampleEdge(t *testing.T, file string, replace ...string) {
	t.Helper()
	text := readFile(t, file)
	for i := 0; i < len(replace); i += 2 {
		if !strings.Contains(text, replace[i]) {
			t.Fatalf("%s holds no %q", file, replace[i])
		}
		text = strings.ReplaceAll(text, replace[i], replace[i+1])
	}
	startCaddy(t, "", text)
}

func TestEdgeExample(t *testing.T) {
	key, public := edgeKey(t)
	addr := freeAddr(t)
	root := filepath.Dir(writeFile(t, "a.txt", []byte("private")))
	accessLog := filepath.Join(t.TempDir(), "access.log")
	exampleEdge(t, "examples/edge.caddyfile",
		"cdn.example.com {", "http://"+addr+" {",
		"/srv/private", root,
		"K2JCJMDEHXQW5F /etc/caddy/cloudfront.pub.pem", "KEDGE "+public,
		"log {", "log {\n\t\toutput file "+accessLog)

	signed := signURL(t, key, "http://"+addr+"/a.txt")
	if resp, body := get(t, addr, signed, "Referer: "+signed); body != "private" {
		t.Errorf("signed: %s: %s", resp.Status, body)
	}
	resp, body := get(t, addr, "/a.txt")
	checkRefusal(t, resp, body, signer.MissingKey)
	logged := readFile(t, accessLog)
	if _, signature, _ := strings.Cut(signed, "Signature="); strings.Contains(logged, signature[:20]) || strings.Count(logged, "Signature=REDACTED") != 2 {
		t.Errorf("in the access log: %s", logged)
	}
}

func TestEdgeForTestsExample(t *testing.T) {
	key, public := edgeKey(t)
	addr := freeAddr(t)
	exampleEdge(t, "examples/edge-for-tests.caddyfile",
		"localhost:8082", addr,
		"K2JCJMDEHXQW5F /etc/caddy/cloudfront.pub.pem", "KEDGE "+public)

	const url = "https://cdn.example.com/private/a.jpg"
	target := strings.TrimPrefix(signURL(t, key, url), "https://cdn.example.com")
	resp, body := get(t, addr, target)
	if body != "private content" || resp.Header.Get("Edge-Resource") != url || resp.Header.Get("Edge-Expires") == "" {
		t.Errorf("signed: %s: %s %v", resp.Status, body, resp.Header)
	}
	resp, body = get(t, addr, signURL(t, key, "http://"+addr+"/private/a.jpg"))
	checkRefusal(t, resp, body, signer.AccessDenied)
}
