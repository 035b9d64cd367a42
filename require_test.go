package cloudfront

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"testing"
	"time"
)

// handlersOfLinksAndCookies are the two that decide at the final header, as
// they stand in a site; %s is replaced with options.
var handlersOfLinksAndCookies = map[string]string{
	"links":   "cloudfront_links media {\nOPTIONS\n}",
	"cookies": "cloudfront_cookies media {\nOPTIONS\n}",
}

// signs tells whether a response holds signatures.
func (a answer) signs() bool {
	return a.hasCookies() || strings.Contains(a.body, "Signature=") || strings.Contains(a.Header.Get("Location"), "Signature=")
}

// memberApp says who is a member in the response field X-Member.
func memberApp(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/html")
	switch r.URL.Path {
	case "/yes":
		h.Set("X-Member", "yes")
	case "/no":
		h.Set("X-Member", "no")
	case "/empty":
		h.Set("X-Member", "")
	case "/twice":
		h["X-Member"] = []string{"no", "yes"}
	case "/failing":
		h.Set("X-Member", "yes")
		w.WriteHeader(http.StatusInternalServerError)
	case "/redirect":
		h.Set("X-Member", "yes")
		h.Set("Location", "https://cdn.site.test/private/a")
		w.WriteHeader(http.StatusFound)
		return
	case "/interim":
		h.Set("X-Member", "yes")
		w.WriteHeader(http.StatusEarlyHints)
		h.Del("X-Member")
	case "/trailer":
		h.Set("Trailer", "X-Member")
		defer h.Set("X-Member", "yes")
	case "/late-trailer":
		defer h.Set(http.TrailerPrefix+"X-Member", "yes")
	case "/user":
		h.Set("Remote-User", "mallory")
	}
	io.WriteString(w, `<img src="https://cdn.site.test/private/a.png">`)
}

// authServer answers as the request field Auth says: a user, 2xx without a
// user, or a refusal that names one all the same.
func authServer(w http.ResponseWriter, r *http.Request) {
	switch auth := r.Header.Get("Auth"); auth {
	case "":
		w.Header().Set("Remote-User", "nobody")
		w.WriteHeader(http.StatusUnauthorized)
	case "anonymous":
	default:
		w.Header().Set("Remote-User", auth)
	}
}

// visit is a request: a path, header fields after it; and whether the answer is signed.
type visit struct {
	line string
	want bool
}

func TestRequire(t *testing.T) {
	auth := httptest.NewServer(http.HandlerFunc(authServer))
	defer auth.Close()

	// Base64 of bob:secret and bob:wrong; the hash is bcrypt's of "secret".
	const basicAuth = "basic_auth PATHS {\nbob $2a$04$ujtlLetSlqwkmsnl4OAqa.OTNkwiIAgj3GTkeHgndltQ7CiKB0qhq\n}"
	const good, bad = "|Authorization: Basic Ym9iOnNlY3JldA==", "|Authorization: Basic Ym9iOndyb25n"
	const session = "@session header Session *\ntest_session @session\n"
	forwardAuth := "forward_auth PATHS " + auth.Listener.Addr().String() + " {\nuri /\ncopy_headers Remote-User\n}"

	for _, test := range []struct {
		name, site, options string
		requests            []visit
	}{
		{"auth is the default", strings.Replace(basicAuth, "PATHS", "/members/*", 1) + "\nHANDLER", "", []visit{
			{"/members/" + good, true},
			{"/members/" + bad, false},
			{"/members/", false},
			{"/", false},
			{"/" + good, false}, // the password is not asked for here, and not looked at
			{"/|Remote-User: bob|X-Member: yes", false},
		}},
		{"auth by any module", session + "HANDLER", "require auth", []visit{
			{"/|Session: bob", true},
			{"/|Session: ", false}, // a module that lets in someone without an ID
			{"/", false},
		}},
		{"auth in a nested handle", "HANDLER\nhandle /members/* {\n" + strings.Replace(basicAuth, "PATHS", "", 1) + "\nreverse_proxy UPSTREAM\n}", "", []visit{
			{"/members/" + good, true},
			{"/members/", false},
			{"/" + good, false},
		}},
		{"auth after the handler", "route {\nHANDLER\n" + strings.Replace(basicAuth, "PATHS", "/members/*", 1) + "\n}", "", []visit{
			{"/members/" + good, true},
			{"/members/", false},
			{"/", false},
		}},

		{"forward_auth", strings.Replace(forwardAuth, "PATHS", "/members/*", 1) + "\nHANDLER", "require forward_auth Remote-User", []visit{
			{"/members/|Auth: bob", true},
			{"/members/", false},
			{"/members/|Auth: anonymous", false},
			{"/members/|Auth: anonymous|Remote-User: bob", false},
			{"/|Auth: bob", false},
			{"/|Remote-User: bob", false},
			{"/user", false}, // the app's answer is not the auth server's
			{"/", false},
		}},
		{"forward_auth after the handler", "route {\nHANDLER\n" + strings.Replace(forwardAuth, "PATHS", "", 1) + "\n}", "require forward_auth Remote-User", []visit{
			{"/|Auth: bob", false},
			{"/|Remote-User: bob", false},
			{"/user|Auth: anonymous", false},
		}},
		{"forward_auth sets no user", strings.Replace(forwardAuth, "PATHS", "", 1) + "\nHANDLER", "require auth", []visit{
			{"/|Auth: bob", false},
		}},

		{"response_header", "HANDLER", "require response_header X-Member", []visit{
			{"/yes", true},
			{"/no", true}, // any value
			{"/redirect", true},
			{"/empty", false},
			{"/failing", false},
			{"/interim", false},
			{"/trailer", false},
			{"/late-trailer", false},
			{"/", false},
			{"/|X-Member: yes", false},
		}},
		{"response_header with a value", "HANDLER", "require response_header x-member yes", []visit{
			{"/yes", true},
			{"/no", false},
			{"/twice", false},
			{"/", false},
			{"/|X-Member: yes", false},
		}},

		{"a placeholder", session + "HANDLER", "require {http.auth.user.id} bob alice", []visit{
			{"/|Session: bob", true},
			{"/|Session: alice", true},
			{"/|Session: Bob", false},
			{"/|Session: bob alice", false},
			{"/", false},
		}},
		{"a variable behind forward_auth", "route {\n" + strings.Replace(forwardAuth, "PATHS", "/members/*", 1) + "\nvars /members/* member {header.Remote-User}\nHANDLER\n}", "require {vars.member}", []visit{
			{"/members/|Auth: bob", true},
			{"/members/", false},
			{"/members/|Auth: anonymous", false},
			{"/members/|Auth: anonymous|Remote-User: mallory", false},
			{"/|Remote-User: mallory", false},
			{"/|Member: mallory", false},
		}},
		{"a variable that is never set", "HANDLER", "require {vars.member}", []visit{
			{"/|Member: bob", false},
			{"/?member=bob", false},
		}},
		{"a client certificate without TLS", "HANDLER", "require {http.request.tls.client.subject}", []visit{
			{"/", false},
		}},

		{"several", session + "HANDLER", "require auth\nrequire response_header X-Member yes", []visit{
			{"/yes|Session: bob", true},
			{"/no|Session: bob", false},
			{"/yes", false},
			{"/", false},
		}},
		{"none", "HANDLER", "require none", []visit{
			{"/", true},
			{"/failing", false},
		}},
	} {
		for name, handler := range handlersOfLinksAndCookies {
			t.Run(test.name+"/"+name, func(t *testing.T) {
				handler := strings.Replace(handler, "OPTIONS", test.options, 1)
				app := httptest.NewServer(http.HandlerFunc(memberApp))
				defer app.Close()
				site := strings.NewReplacer("HANDLER", handler, "UPSTREAM", app.Listener.Addr().String(), "PATHS", "").Replace(test.site)
				s := newStage(t, site)
				s.signer = private
				s.upstream = memberApp
				s.start()
				for _, request := range test.requests {
					path, fields, _ := strings.Cut(request.line, "|")
					got := s.visitor().get(appURL+path, strings.FieldsFunc(fields, func(r rune) bool { return r == '|' })...)
					if got.signs() != request.want {
						t.Errorf("%s: %s, signed is %v, want %v", request.line, got.Status, !request.want, request.want)
					}
				}
			})
		}
	}
}

// What the app says to us reaches nobody, whatever comes of it.
func TestResponseHeaderIsTakenOff(t *testing.T) {
	both := handlersOfLinksAndCookies["cookies"] + "\n" + handlersOfLinksAndCookies["links"]
	for name, handlers := range map[string]string{
		"links":   handlersOfLinksAndCookies["links"],
		"cookies": handlersOfLinksAndCookies["cookies"],
		"both":    both,
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, strings.ReplaceAll(handlers, "OPTIONS", "require response_header X-Member")+`
				route /error {
					header X-Member yes
					error 403
				}
				route /handled {
					header X-Member yes
					respond "" 403
				}`)
			s.signer = private
			s.upstream = memberApp
			s.start()
			for _, path := range []string{"/yes", "/no", "/empty", "/twice", "/failing", "/redirect", "/interim", "/trailer", "/late-trailer", "/error", "/handled"} {
				r, err := http.NewRequest(http.MethodGet, appURL+path, nil)
				if err != nil {
					t.Fatal(err)
				}
				r = r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
					Got1xxResponse: func(code int, header textproto.MIMEHeader) error {
						if header["X-Member"] != nil {
							return errors.New("a 1xx response holds X-Member")
						}
						return nil
					},
				}))
				got, err := s.visitor().client.Do(r)
				if err != nil {
					t.Errorf("%s: %v", path, err)
					continue
				}
				io.Copy(io.Discard, got.Body)
				got.Body.Close()
				if got.Header["X-Member"] != nil || got.Trailer["X-Member"] != nil {
					t.Errorf("%s: X-Member in the header is %q, in the trailer %q", path, got.Header["X-Member"], got.Trailer["X-Member"])
				}
			}
			if name == "both" && !strings.Contains(s.visitor().get(appURL+"/yes").body, "Signature=") || name != "links" && !s.visitor().get(appURL+"/yes").hasCookies() {
				t.Error("a handler did not see what the other had taken off")
			}
		})
	}
}

// What an app said in a response that turned into an error's does not open the
// page that comes instead.
func TestRequireResponseHeaderIsForgottenWithTheResponse(t *testing.T) {
	for name, handler := range handlersOfLinksAndCookies {
		handler := strings.Replace(handler, "OPTIONS", "require response_header X-Member", 1)
		s := newStage(t, `
			handle_errors {
				`+handler+`
				header Content-Type text/html
				respond "<img src=https://cdn.site.test/private/a.png>" 200
			}
			route {
				encode
				`+handlersOfLinksAndCookies["cookies"]+`
				`+handler+`
				header X-Member yes
				test_late_error
			}`)
		s.app = strings.ReplaceAll(s.app, "OPTIONS", "require response_header X-Member")
		s.signer = private
		s.start()
		if got := s.visitor().get(appURL); got.StatusCode != http.StatusOK || got.signs() {
			t.Errorf("%s: %s, signed is %v, want an error page without signatures", name, got.Status, got.signs())
		}
	}
}

// Nobody but the visitor's own certificate, checked by Caddy, can say who he is
// where a placeholder is required.
func TestRequireRefusesPlaceholdersOfClients(t *testing.T) {
	for placeholder, ok := range map[string]bool{
		"{http.auth.user.id}":                       true,
		"{http.auth.user.groups}":                   true,
		"{vars.member}":                             true,
		"{http.vars.member}":                        true,
		"{http.request.tls.client.subject}":         true,
		"{http.request.tls.client.certificate_pem}": true,

		"{http.vars.client_ip}":                   false,
		"{vars.client_ip}":                        false,
		"{client_ip}":                             false,
		"{http.vars.root}":                        false,
		"{http.vars.trusted_proxy}":               false,
		"{vars.uuid}":                             false,
		"{http.vars.trace_id}":                    false,
		"{http.vars.start_time}":                  false,
		"{header.Remote-User}":                    false,
		"{http.request.header.Remote-User}":       false,
		"{http.request.cookie.session}":           false,
		"{cookie.session}":                        false,
		"{query.user}":                            false,
		"{path.0}":                                false,
		"{host}":                                  false,
		"{remote_host}":                           false,
		"{method}":                                false,
		"{http.request.tls.server_name}":          false,
		"{http.reverse_proxy.header.Remote-User}": false,
		"{rp.header.Remote-User}":                 false,
		"{env.HOME}":                              false,
		"{http.request.tls.client.subject}{header.Role}": false,
		"": false,
	} {
		for _, handler := range handlersOfLinksAndCookies {
			s := newStage(t, strings.Replace(handler, "OPTIONS", "require "+placeholder, 1))
			s.signer = private
			err := s.validate()
			if (err == nil) != ok {
				t.Errorf("require %s: %v", placeholder, err)
			}
		}
	}
}

// A client's certificate says who it is only if Caddy asks for one and checks
// it: in the mode "request", it is the client's own word.
func TestRequireClientCertificate(t *testing.T) {
	authority := certificateAuthority(t)
	known := clientCertificate(t, authority, ecKey())
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	unknown := clientCertificate(t, authority, stranger) // claims the issuer, and does not have its key

	app := httptest.NewServer(http.HandlerFunc(memberApp))
	defer app.Close()
	key, _ := writeKey(t, rsaKey())
	addr := freeAddr(t)
	startCaddy(t, fmt.Sprintf(`
		auto_https disable_redirects
		skip_install_trust
		local_certs
		https_port %s
		cloudfront {
			signer media {
				key_file %s
				key_pair_id K2JCJMDEHXQW5F
				resource https://cdn.site.test/private/*
				require {http.request.tls.client.subject} CN=bob
			}
		}
	`, portOf(addr), key), fmt.Sprintf(`
		https://app.site.test:%s {
			tls internal {
				client_auth {
					mode require_and_verify
					trust_pool file %s
				}
			}
			cloudfront_cookies media
			cloudfront_links media
			reverse_proxy %s
		}
	`, portOf(addr), writeFile(t, "ca.crt", authority), app.Listener.Addr()))
	issuerPin(t, addr, "app.site.test") // waits for the site's own certificate

	get := func(certificates ...tls.Certificate) (answer, error) {
		client := http.Client{Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, addr)
			},
			TLSClientConfig:   &tls.Config{InsecureSkipVerify: true, GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &certificates[0], nil }},
			DisableKeepAlives: true,
		}}
		response, err := client.Get(appURL)
		if err != nil {
			return answer{}, err
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		return answer{response, string(body)}, err
	}
	if got, err := get(known); err != nil || !got.hasCookies() || !strings.Contains(got.body, "Signature=") {
		t.Errorf("with a certificate: %v", err)
	}
	if got, err := get(unknown); err == nil {
		t.Errorf("with a forged certificate: %s", got.Status)
	}
	if got, err := get(tls.Certificate{}); err == nil {
		t.Errorf("without a certificate: %s", got.Status)
	}
}

// clientCertificate makes one for bob, signed with a key.
func clientCertificate(t *testing.T, authority []byte, issuer *ecdsa.PrivateKey) tls.Certificate {
	t.Helper()
	block, _ := pem.Decode(authority)
	parent, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	parent.PublicKey = issuer.Public()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(2),
		Subject:      pkix.Name{CommonName: "bob"},
		NotAfter:     time.Now().Add(time.Hour),
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, parent, key.Public(), issuer)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
