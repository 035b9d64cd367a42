package cloudfront

import (
	"crypto"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"weak"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

// A new key takes over while the old one is still trusted: nothing that a
// visitor holds dies, and nothing new is made with the old key.
func TestKeyRotation(t *testing.T) {
	page := `<img src="` + cdnURL + `/private/a.png">`
	s := newStage(t, "@member header Session *\ntest_session @member\ncloudfront_links media\ncloudfront_cookies media\n")
	s.signer = private
	s.upstream = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, page)
	}
	s.start()
	linkOf := func(a answer) string {
		t.Helper()
		link := regexp.MustCompile(`src="([^"]*)"`).FindStringSubmatch(a.body)
		if link == nil {
			t.Fatalf("no link in %s", a.body)
		}
		return strings.ReplaceAll(link[1], "&amp;", "&")
	}
	bob, anonymous := s.visitor(), s.visitor()
	before := bob.get(appURL, member)
	oldLink := linkOf(before)
	if !before.hasCookies() || !anonymous.opens(oldLink) {
		t.Fatalf("before the rotation: cookies %v, link %s", before.hasCookies(), oldLink)
	}
	if bob.get(appURL, member).hasCookies() {
		t.Fatal("cookies are issued again before the rotation")
	}

	_, oldPublic := writeKey(t, ecKey())
	s.privateFile, _ = writeKey(t, rsaKey())
	s.keyPairID = "KNEW"
	s.signer = private + "\nprevious " + testKeyPairID + " " + oldPublic
	page = `<img src="` + oldLink + `">` // the app got it from a page of ours
	s.start()
	if !anonymous.opens(oldLink) {
		t.Error("a link under the old key died")
	}
	if !bob.opens(cdnURL + "/private/b.png") {
		t.Error("cookies under the old key died")
	}
	after := bob.get(appURL, member)
	newLink := linkOf(after)
	if plain := signatureRE.ReplaceAllString(newLink, ""); plain != cdnURL+"/private/a.png" || !strings.Contains(newLink, "Key-Pair-Id=KNEW") {
		t.Errorf("a link under the old key became %s", newLink)
	}
	if !after.hasCookies() {
		t.Error("the cookies are not renewed under the new key")
	}
	if bob.get(appURL, member).hasCookies() {
		t.Error("the cookies are renewed twice")
	}

	s.signer = private
	s.start()
	if anonymous.opens(oldLink) {
		t.Error("the old key is removed, and its link opens")
	}
	if !anonymous.opens(newLink) || !bob.opens(cdnURL+"/private/b.png") {
		t.Error("the new key's link or cookies died with the old key")
	}
}

// An edge trusts the keys of its present config and no others.
func TestEdgeReload(t *testing.T) {
	ec, ecPublic := edgeKey(t)
	_, rsaPublic := writeKey(t, rsaKey())
	other, err := signer.NewKey("KOTHER", rsaKey(), signer.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	addr := freeAddr(t)
	url := "http://" + addr + "/a"
	for _, tt := range []struct {
		name, trusted string
		ec, other     int
	}{
		{"one key", "trusted_key KEDGE " + ecPublic, 200, 403},
		{"a second joins", "trusted_key KEDGE " + ecPublic + "\ntrusted_key KOTHER " + rsaPublic, 200, 200},
		{"the first leaves", "trusted_key KOTHER " + rsaPublic, 403, 200},
		{"exchanged under one ID", "trusted_key KEDGE " + rsaPublic, 403, 403},
	} {
		startCaddy(t, "", "http://"+addr+" {\ncloudfront_verify {\n"+tt.trusted+"\n}\nrespond through\n}\n")
		for key, want := range map[*signer.Key]int{ec: tt.ec, other: tt.other} {
			if resp, _ := get(t, addr, signURL(t, key, url), "Connection: close"); resp.StatusCode != want {
				t.Errorf("%s: %s is answered %s, want %d", tt.name, key.ID(), resp.Status, want)
			}
		}
	}
}

// Nodes that share nothing but the key file make the same page of the same page,
// and so does one node after a restart.
func TestNodesSignAlike(t *testing.T) {
	for _, private := range []crypto.Signer{ecKey(), rsaKey()} {
		t.Run(fmt.Sprintf("%T", private), func(t *testing.T) {
			startClock(t)
			keyFile, _ := writeKey(t, private)
			var pages, tags []string
			for range 2 {
				s := newStage(t, "cloudfront_links media {\nrequire none\n}\n")
				s.privateFile = keyFile
				s.signer = "resource https://cdn.site.test/private/*"
				s.upstream = func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Type", "text/html")
					w.Header().Set("ETag", `"v1"`)
					io.WriteString(w, `<img src="`+cdnURL+`/private/a.png"><img src="`+cdnURL+`/private/b.png?c">`)
				}
				s.start()
				got := s.visitor().get(appURL)
				if count := strings.Count(got.body, "Signature="); count != 2 {
					t.Fatalf("%d links are signed in %s", count, got.body)
				}
				pages, tags = append(pages, got.body), append(tags, got.Header.Get("ETag"))
				cache := runningApp(t).cache
				if err := caddy.Stop(); err != nil {
					t.Fatal(err)
				}
				if got := cache.Stats(); got.Entries != 0 {
					t.Fatalf("the stopped node left signatures behind: %+v", got)
				}
			}
			if pages[0] != pages[1] || tags[0] != tags[1] {
				t.Errorf("two nodes differ:\n%s %s\n%s %s", tags[0], pages[0], tags[1], pages[1])
			}
		})
	}
}

// A reload keeps the signatures of keys that are still used, and lets go of
// those, and of the keys, that are not.
func TestReloadKeepsSignatures(t *testing.T) {
	private, _ := writeKey(t, ecKey())
	addr := freeAddr(t)
	start := func(ids ...string) *App {
		t.Helper()
		var site string
		for _, id := range ids {
			site += fmt.Sprintf("cloudfront_redirect /%s/* https://cdn.example.com{path} {\nkey_file %s\nkey_pair_id %s\nresource https://cdn.example.com/*\nrequire none\n}\n", id, private, id)
		}
		startCaddy(t, "", "http://"+addr+" {\n"+site+"}\n")
		return runningApp(t)
	}
	ask := func(id string) {
		t.Helper()
		if resp, _ := rawRequest(t, addr, "GET /"+id+"/a HTTP/1.1", "Connection: close"); resp.StatusCode != http.StatusFound {
			t.Fatal(resp.Status)
		}
	}

	users, _ := caches.References(cacheKey)
	app := start("KSTAYS", "KGOES")
	cache := app.cache
	before := cache.Stats()
	ask("KSTAYS")
	ask("KGOES")
	gone := weak.Make(keyNamed(t, app, "KGOES"))
	if got := cache.Stats(); got.Entries != 2 || got.Made-before.Made != 2 {
		t.Fatalf("%+v", got)
	}

	app = start("KSTAYS")
	if app.cache != cache {
		t.Fatal("the reload made another cache")
	}
	ask("KSTAYS")
	if got := cache.Stats(); got.Entries != 1 || got.Made-before.Made != 2 || got.Hits-before.Hits != 1 {
		t.Errorf("after the reload: %+v", got)
	}
	for range 5 {
		runtime.GC()
	}
	if gone.Value() != nil {
		t.Error("the key that no config uses is still held")
	}

	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	if got := cache.Stats(); got.Entries != 0 {
		t.Errorf("after the stop: %+v", got)
	}
	if got, _ := caches.References(cacheKey); got != users {
		t.Errorf("%d uses of the cache are left, were %d", got, users)
	}
}

// A config that only gets checked, or that fails, takes no signature away.
func TestFailedReloadKeepsSignatures(t *testing.T) {
	addr := freeAddr(t)
	site := "http://" + addr + " {\ncloudfront_redirect https://cdn.example.com{path} " +
		signerBlock(t, "resource https://cdn.example.com/*", "require none") + "\n}\n"
	startCaddy(t, "", site)
	rawRequest(t, addr, "GET /a HTTP/1.1")
	cache := runningApp(t).cache
	if err := validate(withGlobals(t, "", site)); err != nil {
		t.Fatal(err)
	}
	taken := freeAddr(t)
	config, err := adapt(withGlobals(t, "", site+"http://"+taken+" {\nrespond a\n}\nhttp://192.0.2.1:"+port(taken)+" {\nbind 192.0.2.1\nrespond a\n}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if err := caddy.Load(config, true); err == nil {
		t.Fatal("an address of nobody's was bound")
	}
	if got := cache.Stats(); got.Entries != 1 {
		t.Errorf("%+v", got)
	}
}

func runningApp(t *testing.T) *App {
	t.Helper()
	module, err := caddy.ActiveContext().App("cloudfront")
	if err != nil {
		t.Fatal(err)
	}
	return module.(*App)
}

// keyNamed returns a key of an app by its ID.
func keyNamed(t *testing.T, app *App, id string) *signer.Key {
	t.Helper()
	for _, configured := range app.all {
		if key, err := configured.get(); err == nil && key.ID() == id {
			return key
		}
	}
	t.Fatalf("no key %s", id)
	return nil
}
