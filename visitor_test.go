package cloudfront

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/caddyauth"
)

// The sites of these tests: an app, its CDN and one on another domain.
const (
	appURL     = "https://app.site.test"
	cdnURL     = "https://cdn.site.test"
	foreignURL = "https://cdn.elsewhere.test"
)

// visitor is a browser in so far as a cookie jar makes one: it trusts the
// Public Suffix List and sends cookies as RFC 6265 says. TLS ends in front of
// the Caddy that it talks to.
type visitor struct {
	t      *testing.T
	client http.Client
}

func (s *stage) visitor() *visitor {
	return &visitor{s.t, http.Client{
		Jar:           newJar(s.t),
		Transport:     terminator{s},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// terminator ends TLS for every host in front of the stage's Caddy.
type terminator struct{ *stage }

func (s terminator) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" {
		return nil, errors.New("the visitor speaks https")
	}
	r = r.Clone(r.Context())
	r.Host, r.URL.Scheme, r.URL.Host = r.URL.Host, "http", s.addr
	r.Close = true
	return http.DefaultTransport.RoundTrip(r)
}

// answer is a response with its body read.
type answer struct {
	*http.Response
	body string
}

// get sends a request; its header fields are given as "Name: value".
func (v *visitor) get(url string, fields ...string) answer {
	v.t.Helper()
	r, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	for _, field := range fields {
		name, value, _ := strings.Cut(field, ": ")
		if name == "Host" {
			r.Host = value
		}
		r.Header.Add(name, value)
	}
	r = r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
		Got1xxResponse: func(code int, header textproto.MIMEHeader) error {
			if header["Set-Cookie"] != nil {
				return fmt.Errorf("a %d sets %q", code, header["Set-Cookie"])
			}
			return nil
		},
	}))
	response, err := v.client.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return answer{response, string(body)}
}

// opens tells whether the edge lets the visitor have a URL.
func (v *visitor) opens(url string) bool {
	v.t.Helper()
	switch got := v.get(url); got.StatusCode {
	case http.StatusOK:
		return true
	case http.StatusForbidden:
		return false
	default:
		v.t.Fatalf("%s: the edge answered %s", url, got.Status)
		return false
	}
}

// issued lists the names of the CloudFront cookies that a response sets, and
// expired those that it deletes.
func (a answer) issued() (issued, expired []string) {
	for _, cookie := range a.Cookies() {
		switch {
		case !strings.HasPrefix(cookie.Name, "CloudFront-"):
		case cookie.MaxAge < 0:
			expired = append(expired, cookie.Name)
		default:
			issued = append(issued, cookie.Name)
		}
	}
	return issued, expired
}

func (a answer) hasCookies() bool {
	issued, _ := a.issued()
	return len(issued) > 0
}

// marker returns the marker cookie that a response sets.
func (a answer) marker() *http.Cookie {
	for _, cookie := range a.Cookies() {
		if strings.HasPrefix(cookie.Name, "cloudfront_issued_") {
			return cookie
		}
	}
	return nil
}

// stage is a Caddy with an app, its CDN's edge and a signer named media.
type stage struct {
	t           *testing.T
	globals     string // further global options
	signer      string // further options of the signer
	app         string // what stands in the app's site
	upstream    http.HandlerFunc
	privateFile string
	keyPairID   string
	addr        string // changes with each start
}

func newStage(t *testing.T, app string) *stage {
	private, _ := writeKey(t, ecKey())
	return &stage{t: t, app: app, privateFile: private, keyPairID: testKeyPairID, upstream: func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "page")
	}}
}

// start runs the Caddy, or reloads it with what has been changed.
func (s *stage) start() *stage {
	s.t.Helper()
	s.addr = freeAddr(s.t)
	upstream := httptest.NewServer(s.upstream)
	s.t.Cleanup(upstream.Close)
	globals, sites := s.config(upstream.Listener.Addr().String())
	startCaddy(s.t, globals, sites)
	return s
}

func (s *stage) validate() error {
	s.t.Helper()
	s.addr = "127.0.0.1:1"
	globals, sites := s.config(s.addr)
	return validate(withGlobals(s.t, globals, sites))
}

func (s *stage) config(upstream string) (globals, sites string) {
	_, port, _ := strings.Cut(s.addr, ":")
	globals = fmt.Sprintf("order test_session after basic_auth\norder test_late_error before reverse_proxy\n%s\ncloudfront {\nsigner media {\nkey_file %s\nkey_pair_id %s\n%s\n}\n}\n", s.globals, s.privateFile, s.keyPairID, s.signer)
	edge := "cloudfront_verify media {\nscheme https\n}\nrespond asset"
	sites = fmt.Sprintf("http://app.site.test:%[1]s {\n%[2]s\nreverse_proxy %[3]s\n}\nhttp://cdn.site.test:%[1]s, http://cdn.elsewhere.test:%[1]s {\n%[4]s\n}\nhttp://metrics.site.test:%[1]s {\nmetrics\n}\n", port, s.app, upstream, edge)
	return globals, sites
}

// clock is what the handlers' clock shows; it only moves when told to.
type clock struct{ nanos atomic.Int64 }

// startClock has to be called before Caddy starts.
func startClock(t *testing.T) *clock {
	c := new(clock)
	c.nanos.Store(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixNano())
	now = func() time.Time { return time.Unix(0, c.nanos.Load()) }
	t.Cleanup(func() { now = time.Now })
	return c
}

func (c *clock) advance(d time.Duration) { c.nanos.Add(int64(d)) }

// testSession stands for any module that authenticates: the visitor is whom the
// request field Session names, percent-encoded.
type testSession struct{}

func init() {
	caddy.RegisterModule(testSession{})
	httpcaddyfile.RegisterHandlerDirective("test_session", func(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
		return caddyauth.Authentication{ProvidersRaw: caddy.ModuleMap{"test_session": caddyconfig.JSON(testSession{}, nil)}}, nil
	})
}

func (testSession) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.authentication.providers.test_session",
		New: func() caddy.Module { return new(testSession) },
	}
}

func (testSession) Authenticate(_ http.ResponseWriter, r *http.Request) (caddyauth.User, bool, error) {
	sessions, ok := r.Header["Session"]
	if !ok {
		return caddyauth.User{}, false, nil
	}
	id, err := url.PathUnescape(sessions[0])
	return caddyauth.User{ID: id}, err == nil, err
}

// testLateError says 200, and then that there has been an error. In front of
// it, encode has not sent the header yet.
type testLateError struct{}

func init() {
	caddy.RegisterModule(testLateError{})
	httpcaddyfile.RegisterHandlerDirective("test_late_error", func(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
		h.Next()
		return testLateError{}, nil
	})
}

func (testLateError) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.test_late_error",
		New: func() caddy.Module { return new(testLateError) },
	}
}

func (testLateError) ServeHTTP(w http.ResponseWriter, _ *http.Request, _ caddyhttp.Handler) error {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(http.StatusOK)
	return caddyhttp.Error(http.StatusServiceUnavailable, nil)
}
