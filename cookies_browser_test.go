package cloudfront

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"html/template"
	"image"
	"image/color"
	"image/png"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What a browser loads from the CDN with cookies, and what it can't: fonts that
// a style sheet names are fetched without credentials if they come from another
// origin (CSS Fonts Level 4, section 4.9), whatever the cookies' scope.
var (
	loadedWithCookies = map[string]bool{
		"image": true, "style": true, "script": true, "fetch": true, "fetchedFont": true,
		"imageCORS": true, "styleCORS": true, "scriptCORS": true, "moduleCORS": true,
		"plainFetch": false, "styledFont": false, "imageAnonymous": false, "module": false,
	}
	loadedWithout = func() map[string]bool {
		nothing := maps.Clone(loadedWithCookies)
		for what := range nothing {
			nothing[what] = false
		}
		return nothing
	}()
)

// A login, pages over window changes, and a logout in Chromium.
func TestCookiesInBrowser(t *testing.T) {
	clock := startClock(t)
	port := portOf(freeAddr(t))
	app, cdn := "https://app.site.test:"+port, "https://cdn.site.test:"+port
	upstream := httptest.NewServer(browserApp(cdn))
	t.Cleanup(upstream.Close)
	key, _ := writeKey(t, rsaKey())
	startCaddy(t, fmt.Sprintf(`
		auto_https disable_redirects
		skip_install_trust
		local_certs
		https_port %[1]s
		cloudfront {
			signer media {
				key_file %[2]s
				key_pair_id K2JCJMDEHXQW5F
			}
		}
	`, port, key), fmt.Sprintf(`
		%[1]s {
			cloudfront_cookies media {
				require response_header X-Member
				resource %[2]s/private/*
				ttl 1h
				window 15m
				logout /logout
			}
			reverse_proxy %[3]s
		}
		%[2]s {
			header Access-Control-Allow-Origin %[1]s
			header Access-Control-Allow-Credentials true
			header Cache-Control no-store
			cloudfront_verify media
			root %[4]s
			file_server
		}
	`, app, cdn, upstream.Listener.Addr(), browserAssets(t)))

	chromium := startBrowser(t,
		"--host-resolver-rules=MAP *.site.test 127.0.0.1",
		"--ignore-certificate-errors-spki-list="+issuerPin(t, "127.0.0.1:"+port, "app.site.test"),
	)
	bob := chromium.newTab()
	expect := func(p *tab, when string, want map[string]bool) {
		t.Helper()
		var got map[string]bool
		if err := p.eval("report()", &got); err != nil {
			t.Fatal(err)
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s: loaded %v, want %v", when, got, want)
		}
	}
	policy := func() string {
		t.Helper()
		for _, cookie := range bob.cookies(cdn + "/private/image.png") {
			if cookie.Name == "CloudFront-Policy" {
				return cookie.Value
			}
		}
		return ""
	}

	bob.open(app)
	expect(bob, "before login", loadedWithout)
	if cookies := bob.cookies(app, cdn+"/private/"); len(cookies) > 0 {
		t.Errorf("cookies before login: %+v", cookies)
	}

	bob.submit("login")
	expect(bob, "after login", loadedWithCookies)
	cookies := bob.cookies(cdn + "/private/image.png")
	if len(cookies) != 4 {
		t.Errorf("%d cookies for the CDN, want 4: %+v", len(cookies), cookies)
	}
	for _, cookie := range cookies {
		cookie.Name, cookie.Value = "", ""
		if want := (browserCookie{Domain: ".site.test", Path: "/private/", HTTPOnly: true, Secure: true, Session: true, SameSite: "Lax"}); cookie != want {
			t.Errorf("got %+v, want %+v", cookie, want)
		}
	}
	bob.screenshot("after-login.png")

	first := policy()
	bob.open(app)
	if policy() != first {
		t.Error("the cookies changed within a window")
	}
	for range 6 { // an hour and a half: the first cookies have ended
		clock.advance(15 * time.Minute)
		bob.open(app)
		expect(bob, "in a later window", loadedWithCookies)
	}
	if policy() == first {
		t.Error("the cookies are still the first ones")
	}

	stranger := chromium.newTab()
	stranger.open(app)
	expect(stranger, "in an anonymous profile", loadedWithout)
	stranger.screenshot("anonymous.png")

	clock.advance(2 * time.Hour)
	expect(bob, "when all cookies have ended", loadedWithout)
	bob.open(app)
	expect(bob, "on the next page", loadedWithCookies)

	bob.submit("logout")
	expect(bob, "after logout", loadedWithout)
	if cookies := bob.cookies(app, cdn+"/private/"); len(cookies) > 0 {
		t.Errorf("cookies after logout: %+v", cookies)
	}
	bob.screenshot("after-logout.png")
}

// submit sends the form with this ID and waits for the page after it.
func (p *tab) submit(form string) {
	p.t.Helper()
	var ok bool
	p.must(p.eval(fmt.Sprintf(`document.body.id = "before", document.forms[%q].submit(), true`, form), &ok))
	p.waitFor(`document.readyState === "complete" && document.body.id === ""`)
}

// browserApp is an app with sessions. It knows of CloudFront only where its
// assets are.
func browserApp(cdn string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "bob", Path: "/", Secure: true, HttpOnly: true})
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	mux.HandleFunc("POST /logout", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "session", Path: "/", MaxAge: -1, Secure: true, HttpOnly: true})
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		user := ""
		if session, err := r.Cookie("session"); err == nil {
			user = session.Value
			w.Header().Set("X-Member", user)
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		browserPage.Execute(w, map[string]string{"User": user, "Private": cdn + "/private"})
	})
	return mux
}

// browserAssets are the CDN's files.
func browserAssets(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	picture := image.NewRGBA(image.Rect(0, 0, 300, 100))
	for x := range 300 {
		for y := range 100 {
			picture.Set(x, y, color.RGBA{uint8(x * 255 / 300), 120, uint8(y * 255 / 100), 255})
		}
	}
	var encoded bytes.Buffer
	if err := png.Encode(&encoded, picture); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"image.png":   encoded.Bytes(),
		"style.css":   []byte(`#style { color: rgb(0, 128, 0) }`),
		"cors.css":    []byte(`#style { background: rgb(230, 255, 230) }`),
		"script.js":   []byte(`document.getElementById("script").textContent = "ran"`),
		"cors.js":     []byte(`document.getElementById("scriptCORS").textContent = "ran"`),
		"module.js":   []byte(`export const module = true`),
		"data.json":   []byte(`{"fetched": true}`),
		"square.ttf":  squareFont(t),
		"fetched.ttf": squareFont(t),
	} {
		path := filepath.Join(root, "private", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// issuerPin is the pin of the key that signed the site's certificate, made by
// Caddy's internal CA.
func issuerPin(t *testing.T, addr, host string) string {
	t.Helper()
	var chain [][]byte
	for deadline := time.Now().Add(browserPatience); ; time.Sleep(20 * time.Millisecond) {
		connection, err := tls.Dial("tcp", addr, &tls.Config{ServerName: host, InsecureSkipVerify: true})
		if err == nil {
			for _, certificate := range connection.ConnectionState().PeerCertificates {
				chain = append(chain, certificate.RawSubjectPublicKeyInfo)
			}
			connection.Close()
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	pin := sha256.Sum256(chain[len(chain)-1])
	return base64.StdEncoding.EncodeToString(pin[:])
}

func portOf(addr string) string {
	_, port, _ := net.SplitHostPort(addr)
	return port
}

var browserPage = template.Must(template.New("").Parse(strings.TrimSpace(`
<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>{{if .User}}Hello {{.User}}{{else}}Please log in{{end}}</title>
<style>
	body { font: 16px sans-serif; margin: 2em }
	@font-face { font-family: Styled; src: url({{.Private}}/square.ttf) }
	td { border: 1px solid gray; padding: .4em }
	.font { font-size: 24px }
</style>
<link rel="stylesheet" href="{{.Private}}/style.css">
<link rel="stylesheet" href="{{.Private}}/cors.css" crossorigin="use-credentials">
<h1>{{if .User}}Hello {{.User}}{{else}}Please log in{{end}}</h1>
{{if .User}}<form id="logout" method="post" action="/logout"><button>Log out</button></form>
{{else}}<form id="login" method="post" action="/login"><button>Log in</button></form>{{end}}
<p><img id="image" src="{{.Private}}/image.png" alt="image">
<img id="imageCORS" src="{{.Private}}/image.png?cors" crossorigin="use-credentials" alt="image with credentials">
<img id="imageAnonymous" src="{{.Private}}/image.png?anonymous" crossorigin alt="image with crossorigin only">
<p id="style">Green on light green if both style sheets came
<p>Script: <b id="script">no</b>, with credentials: <b id="scriptCORS">no</b>
<p class="font">Font of a style sheet: <span style="font-family: Styled">A</span>, fetched: <span style="font-family: Fetched">A</span>
<p>Fetch: <b id="fetch">no</b>
<script src="{{.Private}}/script.js"></script>
<script src="{{.Private}}/cors.js" crossorigin="use-credentials"></script>
<script>
	const byID = id => document.getElementById(id)
	const style = () => getComputedStyle(byID("style"))
	// Each report loads everything that can be loaded anew.
	async function report() {
		const url = path => "{{.Private}}/" + path
		const load = (id, source) => new Promise(done => {
			const picture = byID(id)
			picture.onload = () => done(true)
			picture.onerror = () => done(false)
			picture.src = source + Math.random() // a document keeps its images
		})
		const loadScript = (attributes) => new Promise(done => {
			const script = Object.assign(document.createElement("script"), attributes)
			script.onload = () => done(true)
			script.onerror = () => done(false)
			document.body.append(script)
		})
		const loadStyle = (attributes) => new Promise(done => {
			const link = Object.assign(document.createElement("link"), {rel: "stylesheet"}, attributes)
			link.onload = () => done(true)
			link.onerror = () => done(false)
			document.head.append(link)
		})
		const get = async (path, options) => {
			try {
				const response = await fetch(url(path), options)
				return response.ok ? response : null
			} catch {
				return null
			}
		}
		const face = async source => {
			try {
				document.fonts.add(await new FontFace("Fetched", source).load())
				return true
			} catch {
				return false
			}
		}
		const withCredentials = {credentials: "include"}
		const font = await get("fetched.ttf", withCredentials)
		const data = await get("data.json", withCredentials)
		byID("fetch").textContent = data ? "came" : "no"
		return {
			image: await load("image", url("image.png?")),
			imageCORS: await load("imageCORS", url("image.png?cors=")),
			imageAnonymous: await load("imageAnonymous", url("image.png?anonymous=")),
			style: await loadStyle({href: url("style.css")}),
			styleCORS: await loadStyle({href: url("cors.css"), crossOrigin: "use-credentials"}),
			script: await loadScript({src: url("script.js")}),
			scriptCORS: await loadScript({src: url("cors.js"), crossOrigin: "use-credentials"}),
			module: await loadScript({type: "module", src: url("module.js?anonymous=" + Math.random())}),
			moduleCORS: await loadScript({type: "module", src: url("module.js?" + Math.random()), crossOrigin: "use-credentials"}),
			fetch: data !== null && (await data.json()).fetched,
			plainFetch: await get("data.json", {}) !== null,
			fetchedFont: font !== null && await face(await font.arrayBuffer()),
			styledFont: await face("url(" + url("square.ttf") + ")"),
		}
	}
</script>
`)))
