package cloudfront

import (
	"crypto"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

// templateSite writes the pages of a site and returns its folder.
func templateSite(t *testing.T, pages map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range pages {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestTemplates(t *testing.T) {
	const (
		image = "https://cdn.example.com/private/a.jpg"
		call  = `{{cloudfrontURL . "` + image + `"}}`
	)
	root := templateSite(t, map[string]string{
		"a.html":        call,
		"plain.html":    "no link",
		"twice.html":    call + "\n" + `{{range list "x"}}{{cloudfrontURL $ "https://cdn.example.com/private/b.jpg?v=1#top"}}{{end}}`,
		"outside.html":  `{{cloudfrontURL . "https://cdn.example.com/public/a.jpg"}}`,
		"except.html":   `{{cloudfrontURL . "https://cdn.example.com/private/x/a.jpg"}}`,
		"asterisk.html": `{{cloudfrontURL . "https://cdn.example.com/private/*"}}`,
		"relative.html": `{{cloudfrontURL . "/a.jpg"}}`,
		"part.html":     "part " + call,
		"include.html":  `{{include "/part.html"}}`,
		"http.html":     `{{httpInclude "/part.html"}}`,
	})
	addr := freeAddr(t)
	site := func(options string) string {
		return "http://" + addr + ` {
			root ` + root + `
			header /stored/* Cache-Control "public, max-age=60, s-maxage=3600"
			header /long/* Cache-Control "public, max-age=31536000, immutable"
			header /never/* Cache-Control no-store
			header Digest x
			uri strip_prefix /stored
			uri strip_prefix /long
			uri strip_prefix /never
			templates {
				extensions {
					cloudfront ` + options + `
				}
			}
			file_server
		}`
	}
	shared := []string{"resource https://cdn.example.com/private/*", "except https://cdn.example.com/private/x/*"}
	open := signerBlock(t, append(shared, "require none")...)

	t.Run("signed", func(t *testing.T) {
		startCaddy(t, "", site(open))
		for _, tt := range []struct{ path, body, caching string }{
			{"/a.html", "signed", "private, no-cache"},
			{"/never/a.html", "signed", "no-store, private"},
			{"/stored/a.html", "signed", "private, max-age=60"},
			{"/include.html", "part signed", "private, no-cache"},
			{"/plain.html", "no link", ""},
			{"/outside.html", "https://cdn.example.com/public/a.jpg", ""},
			{"/except.html", "https://cdn.example.com/private/x/a.jpg", ""},
			{"/asterisk.html", "https://cdn.example.com/private/*", ""},
			{"/relative.html", "/a.jpg", ""},
			{"/http.html", "part " + image, ""},
		} {
			res, body := rawRequest(t, addr, "GET "+tt.path+" HTTP/1.1")
			if rest, ok := strings.CutPrefix(body, strings.TrimSuffix(tt.body, "signed")); ok && strings.HasSuffix(tt.body, "signed") {
				checkSigned(t, rest, image, testKey(t), time.Hour)
			} else if body != tt.body {
				t.Errorf("%s: body %s, want %s", tt.path, body, tt.body)
			}
			if got := sorted(res.Header.Get("Cache-Control")); got != sorted(tt.caching) {
				t.Errorf("%s: Cache-Control %q, want %q", tt.path, got, tt.caching)
			}
			if signed := strings.HasSuffix(tt.body, "signed"); signed == (res.Header.Get("Digest") != "") {
				t.Errorf("%s: Digest %q", tt.path, res.Header.Get("Digest"))
			}
		}

		res, body := rawRequest(t, addr, "GET /twice.html HTTP/1.1")
		first, second, _ := strings.Cut(body, "\n")
		checkSigned(t, first, image, testKey(t), time.Hour)
		second, ok := strings.CutSuffix(second, "#top")
		if !ok {
			t.Errorf("the fragment is lost: %s", body)
		}
		checkSigned(t, second, "https://cdn.example.com/private/b.jpg?v=1", testKey(t), time.Hour)
		if cc := res.Header.Get("Cache-Control"); cc != "private, no-cache" {
			t.Errorf("twice: Cache-Control %q", cc)
		}

		res, _ = rawRequest(t, addr, "GET /long/a.html HTTP/1.1")
		cc := res.Header.Get("Cache-Control")
		if age, ok := strings.CutPrefix(cc, "private, max-age="); !ok || len(age) != len("1800") && len(age) != len("900") {
			t.Errorf("long: Cache-Control %q, want no more than the life of the signature", cc)
		}
	})

	t.Run("directory", func(t *testing.T) {
		startCaddy(t, "", site(signerBlock(t, "resource https://cdn.example.com/*", "require none", "scope directory")))
		_, body := rawRequest(t, addr, "GET /a.html HTTP/1.1")
		url, query, _ := strings.Cut(body, "?")
		req := signer.ViewerRequest{Scheme: "https", Host: "cdn.example.com", RawPath: "/private/other.jpg", RawQuery: query, HasQuery: true, Now: time.Now()}
		if res := edge(t).Verify(req); url != image || res.Code != signer.Allowed {
			t.Errorf("%s does not open its directory: %s", body, res.Why)
		}
	})

	t.Run("several signers", func(t *testing.T) {
		private, _ := writeKey(t, ecKey())
		named := func(name, resource, require string) string {
			return "signer " + name + " {\nkey_file " + private + "\nkey_pair_id " + testKeyPairID + "\nresource " + resource + "\nrequire " + require + "\n}\n"
		}
		startCaddy(t, "cloudfront {\n"+named("closed", "https://img.example.com/*", "auth")+named("open", "https://cdn.example.com/*", "none")+"}", site("closed open"))
		_, body := rawRequest(t, addr, "GET /a.html HTTP/1.1")
		checkSigned(t, body, image, testKey(t), time.Hour)
	})

	for _, tt := range []struct {
		name, require, auth string
		fields              []string
		signed              bool
	}{
		{"nobody", "auth", "", nil, false},
		{"somebody", "auth", "basic_auth {\nbob $2a$04$ujtlLetSlqwkmsnl4OAqa.OTNkwiIAgj3GTkeHgndltQ7CiKB0qhq\n}", []string{"Authorization: Basic Ym9iOnNlY3JldA=="}, true},
		{"variable", "{vars.member} yes", "vars member yes", nil, true},
		{"another variable", "{vars.member} yes", "vars member no", nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			config := strings.Replace(site(signerBlock(t, append(shared, "require "+tt.require)...)), "templates {", tt.auth+"\ntemplates {", 1)
			startCaddy(t, "", config)
			res, body := rawRequest(t, addr, "GET /a.html HTTP/1.1", tt.fields...)
			if got := strings.Contains(body, "Signature="); got != tt.signed {
				t.Errorf("signed: %v, want %v: %s", got, tt.signed, body)
			}
			if private := strings.Contains(res.Header.Get("Cache-Control"), "private"); private != tt.signed {
				t.Errorf("Cache-Control %q", res.Header.Get("Cache-Control"))
			}
		})
	}
}

// edge trusts the key of signerBlock.
func edge(t *testing.T) *signer.Verifier {
	t.Helper()
	return &signer.Verifier{Keys: map[string]crypto.PublicKey{testKeyPairID: testKey(t).Public()}}
}

// sorted writes the directives of a Cache-Control in the order of the alphabet.
func sorted(cacheControl string) string {
	directives := strings.Split(cacheControl, ", ")
	slices.Sort(directives)
	return strings.Join(directives, ", ")
}

func TestTemplatesMistakes(t *testing.T) {
	private, _ := writeKey(t, ecKey())
	key := "key_file " + private + "\nkey_pair_id K1\n"
	for _, tt := range []struct{ name, options, want string }{
		{"unknown option", "{\nresources x\n}", `the templates extension cloudfront has no option "resources"`},
		{"no such signer", "media", `there is no signer "media"`},
		{"name and key", "media {\n" + key + "}", "a key is given as well"},
		{"bad scope", "{\nscope page\n}", "write one of link, directory, resource"},
		{"no resource", "{\n" + key + "}", "no resource"},
		{"response_header", "{\n" + key + "resource https://cdn.example.com/*\nrequire response_header X-Member\n}", "there is no response yet"},
		{"forward_auth", "{\n" + key + "resource https://cdn.example.com/*\nrequire forward_auth Remote-User\n}", "require {vars.member}"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := validate(withGlobals(t, "", ":9999\ntemplates {\nextensions {\ncloudfront "+tt.options+"\n}\n}\n"))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v\nwant … %s", err, tt.want)
			}
		})
	}
}

// A page that httpInclude takes into another one brings no signatures along:
// the other one may be in shared caches. It has its own signed where it is.
func TestIncludedPages(t *testing.T) {
	outer := `
		header Content-Type text/html
		header Cache-Control "public, max-age=3600"
		templates
		respond "{{httpInclude ` + "`/part`" + `}}"
	`
	s := newStage(t, `
		test_session
		handle /part {
			cloudfront_links media
			header Content-Type text/html
			respond "<img src=https://cdn.site.test/private/a.png>"
		}
		handle /public {`+outer+`}
		handle /signed {
			cloudfront_links media`+outer+`
		}
	`)
	s.signer = private
	s.start()
	for path, signed := range map[string]bool{"/part": true, "/public": false, "/signed": true} {
		got := s.visitor().get(appURL+path, "Session: bob")
		if got.signs() != signed || !strings.Contains(got.body, "a.png") || signed != strings.HasPrefix(got.Header.Get("Cache-Control"), "private") {
			t.Errorf("%s: signed is %v, want %v; Cache-Control %q; %s", path, got.signs(), signed, got.Header.Get("Cache-Control"), got.body)
		}
	}
}
