package cloudfront

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	nethtml "golang.org/x/net/html"
)

// The page of an app that knows nothing of keys: every kind of link once, and
// what must not be signed.
const appPage = `<!doctype html>
<html><head>
<link rel="stylesheet" href="https://cdn.example.com/private/site.css">
<link rel="canonical" href="https://cdn.example.com/private/page.html">
<style>body { background: url(https://cdn.example.com/private/back.png) }</style>
</head><body>
<img src="https://cdn.example.com/private/a.jpg?w=1&amp;h=2" srcset="//cdn.example.com/private/a-2x.jpg 2x">
<a href="https://cdn.example.com/private/report.pdf#page=2">https://cdn.example.com/private/report.pdf</a>
<img src="https://cdn.example.com/public/logo.png">
<img src="https://other.example.net/private/a.jpg">
<script>load("https:\/\/cdn.example.com\/private\/data.json")</script>
</body></html>
`

// signedLinks are the links of appPage that are inside the resource, as a
// browser resolves them.
var signedLinks = []string{
	"https://cdn.example.com/private/site.css",
	"https://cdn.example.com/private/back.png",
	"https://cdn.example.com/private/a.jpg?w=1&h=2",
	"https://cdn.example.com/private/a-2x.jpg",
	"https://cdn.example.com/private/report.pdf",
	"https://cdn.example.com/private/data.json",
}

// app is a site behind a login by basic authentication, and its CDN.
type app struct {
	site, edge string // addresses
	public     *rsa.PublicKey
}

// startApp runs the app behind the module, and an edge that verifies.
func startApp(t *testing.T) app {
	t.Helper()
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch strings.TrimPrefix(r.URL.Path, "/members") {
		case "/redirect":
			http.Redirect(w, r, "https://cdn.example.com/private/moved.pdf", http.StatusFound)
		case "/broken":
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusInternalServerError)
			io.WriteString(w, appPage)
		default:
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("ETag", `"v1"`)
			w.Header().Set("Cache-Control", "public, max-age=60")
			io.WriteString(w, appPage)
		}
	}))
	t.Cleanup(upstream.Close)

	private, public := writeKey(t, rsaKey())
	a := app{site: freeAddr(t), edge: freeAddr(t), public: &rsaKey().PublicKey}
	startCaddy(t, fmt.Sprintf(`
	cloudfront {
		signer media {
			key_file %s
			key_pair_id K2JCJMDEHXQW5F
			resource https://cdn.example.com/private/*
			ttl 1h
		}
	}
	`, private), fmt.Sprintf(`
http://%s {
	@members path /members/*
	basic_auth @members {
		bob $2a$04$zZKYFNMl6IByrZ7bEYaLkOMK7Z/gSqNsQO1.AVXs4eSwAIIGnuhRu
	}
	encode
	cloudfront_links media
	cloudfront_cookies media {
		domain host
	}
	reverse_proxy %s
}
http://%s {
	cloudfront_verify {
		trusted_key K2JCJMDEHXQW5F %s
		scheme https
		host cdn.example.com
	}
	respond "the file"
}
`, a.site, strings.TrimPrefix(upstream.URL, "http://"), a.edge, public))
	return a
}

// get asks the site, as bob if there is a password.
func (a app) get(t *testing.T, client *http.Client, path, password string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, "http://"+a.site+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if password != "" {
		req.SetBasicAuth("bob", password)
	}
	resp, err := client.Do(req)
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

// plainClient follows no redirects, keeps no cookies and asks for no coding.
var plainClient = &http.Client{
	Transport:     &http.Transport{DisableCompression: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

const bobsPassword = "hiccup"

// An anonymous visitor gets no signature and no cookie anywhere.
func TestAnonymousGetsNothing(t *testing.T) {
	a := startApp(t)
	for _, path := range []string{"/", "/redirect", "/broken", "/members/"} {
		resp, body := a.get(t, plainClient, path, "")
		for name, values := range resp.Header {
			if all := strings.Join(values, " "); strings.Contains(all, "Signature") || strings.Contains(all, "CloudFront-") {
				t.Errorf("%s: %s: %s", path, name, all)
			}
		}
		if path != "/members/" && path != "/redirect" && body != appPage {
			t.Errorf("%s: the body differs: %s", path, body)
		}
		if strings.Contains(body, "Signature=") {
			t.Errorf("%s: something is signed: %s", path, body)
		}
	}
}

// A visitor who has logged in gets exactly the links inside the resource signed,
// and the edge accepts each of them.
func TestLinksEndToEnd(t *testing.T) {
	a := startApp(t)
	resp, body := a.get(t, plainClient, "/members/", bobsPassword)
	if resp.StatusCode != http.StatusOK {
		t.Fatal(resp.Status)
	}
	signed := findSigned(t, body)
	if got, want := slices.Sorted(maps.Keys(signed)), slices.Sorted(slices.Values(signedLinks)); !slices.Equal(got, want) {
		t.Errorf("signed are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for plain, link := range signed {
		a.judge(t, plain, link)
		if status, _ := a.askEdge(t, link); status != http.StatusOK {
			t.Errorf("the edge answers %d to %s", status, link)
		}
		if status, answer := a.askEdge(t, plain); status != http.StatusForbidden || !strings.Contains(answer, "<Code>MissingKey</Code>") {
			t.Errorf("the edge answers %d to %s: %s", status, plain, answer)
		}
	}
	if stripped := signatureRE.ReplaceAllString(body, ""); stripped != appPage {
		t.Errorf("without its signatures the page is\n%s", stripped)
	}
	if got := resp.Header.Get("Content-Length"); got != fmt.Sprint(len(body)) {
		t.Errorf("Content-Length is %s, the body has %d bytes", got, len(body))
	}
	if got := resp.Header.Get("Cache-Control"); strings.Contains(got, "public") || !strings.Contains(got, "private") {
		t.Errorf("Cache-Control is %q", got)
	}
	if got := resp.Header.Get("ETag"); got == `"v1"` || !strings.HasPrefix(got, `"v1`) {
		t.Errorf("ETag is %q", got)
	}

	_, again := a.get(t, plainClient, "/members/", bobsPassword)
	if again != body {
		t.Error("the page is not the same a moment later")
	}
}

func TestLocationIsSigned(t *testing.T) {
	a := startApp(t)
	resp, _ := a.get(t, plainClient, "/members/redirect", bobsPassword)
	a.judge(t, "https://cdn.example.com/private/moved.pdf", resp.Header.Get("Location"))
}

// Responses of the wrong kind carry no signature, whoever asks.
func TestErrorsAreNotSigned(t *testing.T) {
	a := startApp(t)
	resp, body := a.get(t, plainClient, "/members/broken", bobsPassword)
	if body != appPage || len(resp.Cookies()) > 0 {
		t.Errorf("a %s has cookies %v and the body %s", resp.Status, resp.Cookies(), body)
	}
}

// The cookies open the same files, and are not sent again while they are current.
func TestCookiesEndToEnd(t *testing.T) {
	a := startApp(t)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar, CheckRedirect: plainClient.CheckRedirect}
	// The cookies are secure: the jar keeps them for HTTPS only.
	resp, _ := a.get(t, plainClient, "/members/", bobsPassword)
	jar.SetCookies(&url.URL{Scheme: "https", Host: a.site, Path: "/"}, resp.Cookies())
	names := make(map[string]*http.Cookie)
	for _, c := range resp.Cookies() {
		names[c.Name] = c
	}
	req, err := http.NewRequest(http.MethodGet, "http://"+a.edge+"/private/a.jpg", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"CloudFront-Policy", "CloudFront-Signature", "CloudFront-Key-Pair-Id", "CloudFront-Hash-Algorithm"} {
		c := names[name]
		if c == nil {
			t.Fatalf("no %s in %v", name, resp.Header["Set-Cookie"])
		}
		if c.Path != "/private/" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Domain != "" {
			t.Errorf("%s has attributes %s", name, c.Raw)
		}
		req.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
	edge, err := plainClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	edge.Body.Close()
	if edge.StatusCode != http.StatusOK {
		t.Errorf("the edge answers %s", edge.Status)
	}

	req, err = http.NewRequest(http.MethodGet, "http://"+a.site+"/members/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth("bob", bobsPassword)
	for _, c := range jar.Cookies(&url.URL{Scheme: "https", Host: a.site, Path: "/members/"}) {
		req.AddCookie(c)
	}
	second, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	second.Body.Close()
	if got := second.Header["Set-Cookie"]; len(got) > 0 {
		t.Errorf("sent again: %v", got)
	}
}

// signatureRE matches what is added to a link: a separator and the parameters.
var signatureRE = regexp.MustCompile(`(\?|&amp;|&)Expires=\d+(&amp;|&)Signature=[\w~-]+(&amp;|&)Key-Pair-Id=\w+(&amp;|&)Hash-Algorithm=SHA256`)

// findSigned returns the signed links of a page by what they were before. It
// looks with a parser for attributes, and textually in styles and scripts.
func findSigned(t *testing.T, page string) map[string]string {
	t.Helper()
	found := make(map[string]string)
	add := func(link string) {
		if strings.HasPrefix(link, "//") {
			link = "https:" + link
		}
		plain, _, _ := strings.Cut(signatureRE.ReplaceAllString(link, ""), "#")
		link, _, _ = strings.Cut(link, "#")
		if plain != link {
			found[plain] = link
		}
	}
	loose := regexp.MustCompile(`https:(?://|\\/\\/)[^\s"')<>]+`)
	for z := nethtml.NewTokenizer(strings.NewReader(page)); ; {
		switch z.Next() {
		case nethtml.ErrorToken:
			return found
		case nethtml.TextToken:
			for _, link := range loose.FindAllString(string(z.Raw()), -1) {
				add(strings.ReplaceAll(link, `\/`, "/"))
			}
		case nethtml.StartTagToken:
			for _, attr := range z.Token().Attr {
				if strings.Contains(attr.Val, "//") {
					link, _, _ := strings.Cut(attr.Val, " ")
					add(link)
				}
			}
		}
	}
}

// judge verifies a canned signature with nothing of this module: the document
// is the one that AWS describes, for the URL without the signature.
func (a app) judge(t *testing.T, plain, signed string) {
	t.Helper()
	u, err := url.Parse(signed)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	document := fmt.Sprintf(`{"Statement":[{"Resource":"%s","Condition":{"DateLessThan":{"AWS:EpochTime":%s}}}]}`, plain, q.Get("Expires"))
	signature, err := base64.StdEncoding.DecodeString(strings.NewReplacer("-", "+", "_", "=", "~", "/").Replace(q.Get("Signature")))
	if err != nil {
		t.Fatalf("%s: %v", signed, err)
	}
	digest := sha256.Sum256([]byte(document))
	if err := rsa.VerifyPKCS1v15(a.public, crypto.SHA256, digest[:], signature); err != nil {
		t.Errorf("%s: %v", signed, err)
	}
}

// askEdge asks the edge for a link to the CDN.
func (a app) askEdge(t *testing.T, link string) (int, string) {
	t.Helper()
	resp, err := plainClient.Get(strings.Replace(link, "https://cdn.example.com", "http://"+a.edge, 1))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}
