package cloudfront

import (
	"compress/gzip"
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
	"net/http/httptrace"
	"net/textproto"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/quic-go/quic-go/http3"
)

// link is one to be signed in all rows.
const link = "https://cdn.test/private/a.jpg"

// linksBlock is the handler's config in all rows.
const linksBlock = `
	cloudfront_links {
		key_file %s
		key_pair_id KTEST
		resource https://cdn.test/private/*
		require none
		ttl 1h
		window 15m
	}`

// siteKind is a way to set a site up.
type siteKind struct{ encode, log bool }

func (k siteKind) String() string { return fmt.Sprintf("encode=%v log=%v", k.encode, k.log) }

var siteKinds = []siteKind{{}, {encode: true}, {log: true}, {true, true}}

// sites is one Caddy with a site of each kind: with our handler and a visitor
// who is let in, with it and one who isn't, and without it. All stand in front
// of one app that acts a row when asked by the query.
type sites struct {
	app     *httptest.Server
	with    map[siteKind]string // base URLs
	closed  map[siteKind]string
	without map[siteKind]string
	plain   string // of a site without TLS, with our handler
	bare    string // the same without it
	clients map[string]*http.Client
}

func newSites(t *testing.T, rows []row) *sites {
	t.Helper()
	startClock(t) // so that no machine is too slow for patience
	s := &sites{with: make(map[siteKind]string), closed: make(map[siteKind]string), without: make(map[siteKind]string)}
	s.app = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i, err := strconv.Atoi(r.URL.Query().Get("row"))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		rows[i].app(w, r)
	}))
	t.Cleanup(s.app.Close)

	certFile, keyFile, pool := selfSigned(t)
	private, _ := writeKey(t, ecKey())
	block := fmt.Sprintf(linksBlock, private)
	var config strings.Builder
	site := func(scheme string, kind siteKind, block string) string {
		base := scheme + "://" + freeAddr(t)
		fmt.Fprintf(&config, "%s {\n", base)
		if scheme == "https" {
			fmt.Fprintf(&config, "\ttls %s %s\n", certFile, keyFile)
		}
		if kind.log {
			config.WriteString("\tlog {\n\t\toutput discard\n\t}\n")
		}
		if kind.encode {
			config.WriteString("\tencode gzip\n")
		}
		fmt.Fprintf(&config, "%s\n\treverse_proxy %s\n}\n", block, s.app.Listener.Addr())
		return base
	}
	for _, kind := range siteKinds {
		s.with[kind] = site("https", kind, block)
		s.closed[kind] = site("https", kind, strings.Replace(block, "require none", "require auth", 1))
		s.without[kind] = site("https", kind, "")
	}
	s.plain = site("http", siteKind{}, block)
	s.bare = site("http", siteKind{}, "")
	startCaddy(t, "", config.String())

	tlsConfig := &tls.Config{RootCAs: pool}
	h1 := &http.Transport{TLSClientConfig: tlsConfig.Clone(), DisableCompression: true, TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{}}
	h2 := http2Transport(pool)
	h3 := &http3.Transport{TLSClientConfig: tlsConfig.Clone(), DisableCompression: true}
	noRedirect := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	s.clients = make(map[string]*http.Client)
	for name, transport := range map[string]http.RoundTripper{"HTTP/1.1": h1, "HTTP/2.0": h2, "HTTP/3.0": h3} {
		s.clients[name] = &http.Client{Transport: transport, CheckRedirect: noRedirect, Timeout: time.Minute}
	}
	t.Cleanup(func() { h1.CloseIdleConnections(); h2.CloseIdleConnections(); h3.Close() })
	return s
}

func http2Transport(roots *x509.CertPool) *http.Transport {
	return &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableCompression: true, ForceAttemptHTTP2: true}
}

// selfSigned returns the files of a certificate for 127.0.0.1, and the pool to
// trust it. It is one for all tests, as Caddy may still have the last one.
func selfSigned(t *testing.T) (certFile, keyFile string, pool *x509.CertPool) {
	t.Helper()
	der := localCertificate()
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool = x509.NewCertPool()
	pool.AddCert(cert)
	keyFile, _ = writeKey(t, ecKey())
	return writeFile(t, "cert.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), keyFile, pool
}

var localCertificate = sync.OnceValue(func() []byte {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, ecKey().Public(), ecKey())
	if err != nil {
		panic(err)
	}
	return der
})

// reply is all that a client sees of a response.
type reply struct {
	Interim []string // status and Link of informational responses
	Status  int
	Proto   string
	Header  http.Header
	Length  int64
	Body    string
	Trailer http.Header
	Err     bool // the body ended too early
}

// ask sends a request and reads the whole response.
func ask(t *testing.T, client *http.Client, method, url string, header http.Header) reply {
	t.Helper()
	a, err := tryAsk(client, method, url, header)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func tryAsk(client *http.Client, method, url string, header http.Header) (a reply, err error) {
	req, err := http.NewRequest(method, url, nil)
	if err != nil {
		return a, err
	}
	for name, values := range header {
		req.Header[name] = values
	}
	trace := &httptrace.ClientTrace{Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
		a.Interim = append(a.Interim, fmt.Sprint(code, h["Link"]))
		return nil
	}}
	resp, err := client.Do(req.WithContext(httptrace.WithClientTrace(req.Context(), trace)))
	if err != nil {
		return a, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	a.Err = err != nil
	a.Status, a.Proto, a.Length, a.Body = resp.StatusCode, resp.Proto, resp.ContentLength, string(body)
	a.Header, a.Trailer = resp.Header, resp.Trailer
	for _, name := range []string{"Date", "Alt-Svc"} {
		delete(a.Header, name)
	}
	return a, nil
}

// encoded undoes what encode did on the way to the client.
func (a *reply) encoded() {
	if etag := a.Header.Get("Etag"); etag != "" {
		a.Header.Set("Etag", uncoded(etag))
	}
	if a.Header.Get("Content-Encoding") != "gzip" || a.Err {
		return
	}
	r, err := gzip.NewReader(strings.NewReader(a.Body))
	if err != nil {
		return // HEAD
	}
	body, err := io.ReadAll(r)
	if err == nil {
		a.Body = string(body)
	}
}

var signature = regexp.MustCompile(`(\?|&|&amp;)Expires=\d+(&|&amp;)Signature=[A-Za-z0-9~_-]+(&|&amp;)Key-Pair-Id=KTEST(&|&amp;)Hash-Algorithm=SHA256`)

// unsigned takes the signatures out of a text and counts them.
func unsigned(text string) (string, int) {
	n := len(signature.FindAllString(text, -1))
	return signature.ReplaceAllString(text, ""), n
}

var ourTag = regexp.MustCompile(`[-~][A-Za-z0-9_-]{12}"$`)

// tagged replaces our tag in an entity tag by its mark and TAG.
func tagged(etag string) string {
	return ourTag.ReplaceAllStringFunc(etag, func(s string) string { return s[:1] + `TAG"` })
}

// uncoded takes off the entity tag what encode has added.
func uncoded(etag string) string {
	bare, ok := strings.CutSuffix(etag, `-gzip"`)
	switch {
	case !ok:
		return etag
	case isEntityTag(bare + `"`):
		return bare + `"`
	}
	return bare // encode adds a quote to what has none
}

func headerLines(h http.Header) string {
	var lines []string
	for name, values := range h {
		for _, value := range values {
			lines = append(lines, "\t"+name+": "+value)
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
