package cloudfront

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

// exampleApp stands for the app behind the examples. It knows nothing of keys,
// but for one that says who is a member.
func exampleApp(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Session") != "" {
		w.Header().Set("X-Member", "yes")
	}
	switch r.URL.Path {
	case "/media/film/index.m3u8":
		w.Header().Set("Content-Type", "application/vnd.apple.mpegurl")
		io.WriteString(w, "#EXTM3U\n#EXTINF:6,\nsegment1.ts\n")
	default:
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, `<img src="https://cdn.example.com/private/a.jpg"><img src="https://images.example.com/a.jpg">`+
			`<img src="https://images.example.com/public/a.jpg"><a href="https://reports.example.com/r.pdf">`)
	}
}

// exampleAuth stands for the auth server: it lets members of the session in and
// names their groups.
func exampleAuth(w http.ResponseWriter, r *http.Request) {
	session := r.Header.Get("Session")
	if session == "" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	w.Header().Set("Remote-User", "bob")
	w.Header().Set("Remote-Groups", session)
}

// runExample runs a file as it is but for addresses, keys, and the time that it
// takes to check a password, and returns the address of its site.
func runExample(t *testing.T, name string, pairs ...string) string {
	t.Helper()
	app, auth := httptest.NewServer(http.HandlerFunc(exampleApp)), httptest.NewServer(http.HandlerFunc(exampleAuth))
	t.Cleanup(app.Close)
	t.Cleanup(auth.Close)
	addr := freeAddr(t)
	text := replaceAll(t, readFile(t, filepath.Join("examples", name+".caddyfile")), pairs...)
	text = withKeys(t, strings.NewReplacer(
		"$2a$14$Zkx19XLiW6VYouLHR5NmfOFU0z2GTNmpkT/5qqR7hx4IjWJPDhjvG", "$2a$04$zZKYFNMl6IByrZ7bEYaLkOMK7Z/gSqNsQO1.AVXs4eSwAIIGnuhRu",
		"\napp.example.com {", "\nhttp://app.example.com:"+port(addr)+" {",
		"\nwww.example.com {", "\nhttp://app.example.com:"+port(addr)+" {",
		"localhost:3000", app.Listener.Addr().String(),
		"authelia:9091", auth.Listener.Addr().String(),
	).Replace(text))
	globals := ""
	if before, rest, found := strings.Cut(text, "{\n"); found && onlyComments(before) {
		globals, text, _ = strings.Cut(rest, "\n}\n")
	}
	startCaddy(t, globals, text)
	return addr
}

// TestExamplesRun runs the examples that have an app behind them, and asks each
// as a visitor whom it is meant for and as others.
func TestExamplesRun(t *testing.T) {
	const (
		bob     = "Authorization: Basic Ym9iOmhpY2N1cA==" // bob:hiccup
		session = "Session: members"
		page    = "https://cdn.example.com/private/a.jpg"
	)
	root := t.TempDir()
	if err := os.CopyFS(filepath.Join(root, "members"), os.DirFS(templateSite(t, map[string]string{"a.html": `{{cloudfrontURL . "` + page + `"}}`}))); err != nil {
		t.Fatal(err)
	}
	_, oldReports := writeKey(t, ecKey())

	for _, tt := range []struct {
		name    string
		pairs   []string // further replacements
		path    string
		visitor string   // a header field
		want    []string // parts of the answer to the visitor, header and body
		without []string // what it must not hold
		other   string   // a header field of somebody who is not let in; may be empty
		status  int      // of the answer to the other
	}{
		{name: "app-decides", path: "/", visitor: session, want: []string{page + "?Expires="}, without: []string{"X-Member"}, status: 200},
		{name: "basic-auth", path: "/", visitor: bob, want: []string{page + "?Expires="}, status: 401},
		{name: "downloads", path: "/downloads/a%20b.pdf?v=1&response-content-disposition=x", visitor: bob, status: 401,
			want: []string{"302 Found", "Location: https://cdn.example.com/downloads/a%20b.pdf?response-content-disposition=x&Expires="}},
		{name: "forward-auth", path: "/", visitor: session, want: []string{page + "?Expires="}, status: 401},
		{name: "group-members", path: "/", visitor: session, want: []string{page + "?Expires="}, other: "Session: guests", status: 200},
		{name: "group-members", path: "/", visitor: session, want: []string{page + "?Expires="}, other: "Remote-Groups: members", status: 401},
		{name: "hls-cookies", path: "/", visitor: session, status: 401,
			want: []string{"Set-Cookie: CloudFront-Policy=", "Domain=example.com", "Path=/video/", page + `"`}},
		{name: "hls-links", path: "/media/film/index.m3u8", visitor: bob, status: 401,
			want: []string{"\nhttps://cdn.example.com/video/film/segment1.ts?Policy="}},
		{name: "per-visitor", path: "/", visitor: bob, status: 401,
			want: []string{"CloudFront-Policy=" + signer.Encode([]byte(`{"Statement":[{"Resource":"https://cdn.example.com/users/bob`)), page + `"`}},
		{name: "several-signers", path: "/", visitor: bob, status: 401,
			pairs: []string{"/etc/caddy/cloudfront-reports-2025.pub.pem", oldReports},
			want: []string{`"https://images.example.com/a.jpg?Expires=`, `"https://images.example.com/public/a.jpg"`, `"https://reports.example.com/r.pdf?Policy=`,
				"Key-Pair-Id=K2JCJMDEHXQW5F", "Key-Pair-Id=K36X4X2EO997HM", page + `"`}},
		{name: "templates", path: "/members/a.html", visitor: bob, status: 401, pairs: []string{"/srv/www", root}, want: []string{page + "?Expires="}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			addr := runExample(t, tt.name, tt.pairs...)
			ask := func(field string) (int, string) {
				fields := []string{"Host: app.example.com:" + port(addr)}
				if field != "" {
					fields = append(fields, field)
				}
				resp, body := rawRequest(t, addr, "GET "+tt.path+" HTTP/1.1", fields...)
				return resp.StatusCode, resp.Status + "\n" + headerLines(resp.Header) + "\n" + body
			}
			_, got := ask(tt.visitor)
			for _, part := range tt.want {
				if !strings.Contains(got, part) {
					t.Errorf("the visitor's answer holds no %q:\n%s", part, got)
				}
			}
			for _, part := range tt.without {
				if strings.Contains(got, part) {
					t.Errorf("the visitor's answer holds %q:\n%s", part, got)
				}
			}
			status, got := ask(tt.other)
			if status != tt.status || strings.Contains(got, "Signature") {
				t.Errorf("somebody else is answered %d, want %d:\n%s", status, tt.status, got)
			}
		})
	}
}

func TestClientCertificateExample(t *testing.T) {
	authority := certificateAuthority(t)
	cert, key, _ := selfSigned(t)
	addr := freeAddr(t)
	runExample(t, "client-certificate",
		"app.example.com {", "https://app.example.com:"+port(addr)+" {",
		"tls {", "tls "+cert+" "+key+" {",
		"/etc/caddy/company-ca.crt", writeFile(t, "ca.pem", authority))
	get := func(certificates ...tls.Certificate) (string, error) {
		client := http.Client{Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, addr)
			},
			TLSClientConfig:   &tls.Config{InsecureSkipVerify: true, Certificates: certificates}, // the test is about the client's
			DisableKeepAlives: true,
		}}
		resp, err := client.Get("https://app.example.com:" + port(addr) + "/")
		if err != nil {
			return "", err
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		return string(body), err
	}
	body, err := get(clientCertificate(t, authority, ecKey()))
	if err != nil || !strings.Contains(body, "https://cdn.example.com/private/a.jpg?Expires=") {
		t.Errorf("with a certificate: %v\n%s", err, body)
	}
	if body, err := get(); err == nil {
		t.Errorf("without a certificate: %s", body)
	}
}
