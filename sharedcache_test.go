package cloudfront

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

// cache is a small cache of RFC 9111, private or shared, that keeps all it may
// for as long as it may.
type cache struct {
	shared  bool
	client  *http.Client
	entries map[string][]*cacheEntry // by URL
}

type cacheEntry struct {
	request http.Header // what the response was chosen by (section 4.1)
	header  http.Header
	body    string
	dated   time.Time
}

// get answers from what is stored, after asking the origin where it has to.
func (c *cache) get(t *testing.T, url string, request http.Header) reply {
	t.Helper()
	entry := c.find(url, request)
	if entry != nil && entry.fresh(c.shared) {
		return reply{Status: 200, Header: entry.header, Body: entry.body}
	}
	ask1 := request.Clone()
	if entry != nil { // section 4.3.1
		for field, condition := range map[string]string{"Etag": "If-None-Match", "Last-Modified": "If-Modified-Since"} {
			if value := entry.header.Get(field); value != "" {
				ask1.Set(condition, value)
			}
		}
	}
	got := ask(t, c.client, "GET", url, ask1)
	if got.Status == http.StatusNotModified && entry != nil { // section 4.3.4
		for name, values := range got.Header {
			entry.header[name] = values
		}
		entry.dated = now()
		if c.shared && directives(entry.header).has("private") { // section 3, which holds for what is updated
			delete(c.entries, url)
		}
		return reply{Status: 200, Header: entry.header, Body: entry.body}
	}
	if control := directives(got.Header); got.Status == 200 && !control.has("no-store") && !(c.shared && control.has("private")) { // section 3
		c.entries[url] = append([]*cacheEntry{{request, got.Header, got.Body, now()}}, c.entries[url]...)
	}
	return got
}

func (c *cache) find(url string, request http.Header) *cacheEntry {
	for _, e := range c.entries[url] {
		match := true
		for _, vary := range e.header["Vary"] {
			match = match && e.request.Get(vary) == request.Get(vary)
		}
		if match {
			return e
		}
	}
	return nil
}

// fresh implements sections 4.2.1 and 4.2.2, heuristics included.
func (e *cacheEntry) fresh(shared bool) bool {
	control := directives(e.header)
	if control.has("no-cache") {
		return false
	}
	age := now().Sub(e.dated)
	for _, name := range []string{"s-maxage", "max-age"} {
		if value, ok := control[name]; ok && (shared || name != "s-maxage") {
			seconds, err := strconv.Atoi(value)
			return err == nil && age < time.Duration(seconds)*time.Second
		}
	}
	if expires := e.header.Get("Expires"); expires != "" {
		end, err := http.ParseTime(expires)
		return err == nil && now().Before(end)
	}
	modified, err := http.ParseTime(e.header.Get("Last-Modified"))
	return err == nil && age < e.dated.Sub(modified)/10
}

type directiveSet map[string]string

func (d directiveSet) has(name string) bool { _, ok := d[name]; return ok }

func directives(h http.Header) directiveSet {
	d := make(directiveSet)
	for directive := range strings.SplitSeq(strings.Join(h["Cache-Control"], ","), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		d[strings.ToLower(name)] = value
	}
	return d
}

// visitors are told apart by a field of their requests; each may see one folder.
var visitors = []string{"", "alice", "bob"}

// sharedApp shows everybody the links of all and, if it is a careless one, lets
// shared caches keep the page.
func sharedApp(t *testing.T) *httptest.Server {
	t.Helper()
	page := `<img src="https://cdn.test/alice/a.jpg"><img src="https://cdn.test/bob/b.jpg">`
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Etag", `"v1"`)
		w.Header().Set("Cache-Control", r.URL.Query().Get("control"))
		if r.URL.Query().Has("vary") {
			w.Header().Set("Vary", "X-User")
		}
		modified := time.Date(2025, 11, 24, 8, 49, 37, 0, time.UTC)
		http.ServeContent(w, r, "", modified, strings.NewReader(page))
	}))
	t.Cleanup(app.Close)
	return app
}

// sharedSite is a site in which the visitor's name decides what is signed.
func sharedSite(t *testing.T) string {
	t.Helper()
	private, _ := writeKey(t, ecKey())
	addr := freeAddr(t)
	startCaddy(t, "", fmt.Sprintf(`http://%s {
	vars user {http.request.header.X-User}
	cloudfront_links {
		key_file %s
		key_pair_id KTEST
		resource https://cdn.test/{vars.user}/*
		require {vars.user}
		window 15m
	}
	reverse_proxy %s
}
`, addr, private, sharedApp(t).Listener.Addr()))
	return addr
}

var signedLink = regexp.MustCompile(`cdn\.test/(\w+)/[^"?]*\?Expires=(\d+)`)

// checkShown finds signatures that are another's, and those that are dead or
// soon will be.
func checkShown(t *testing.T, visitor, body string, life time.Duration) (signatures int) {
	t.Helper()
	for _, match := range signedLink.FindAllStringSubmatch(body, -1) {
		signatures++
		if match[1] != visitor {
			t.Errorf("%q is shown a signature of %s's", visitor, match[1])
		}
		expires, _ := strconv.ParseInt(match[2], 10, 64)
		if left := time.Unix(expires, 0).Sub(now()); left < life {
			t.Errorf("%q is shown a signature with %v to live", visitor, left)
		}
	}
	return signatures
}

var cacheControls = []string{"", "public, max-age=60", "public, max-age=86400, immutable, stale-while-revalidate=600", "s-maxage=600", "no-cache", "max-age=1200"}

// sharedCaches start a cache in front of origin and return a way to ask it.
var sharedCaches = []struct {
	name  string
	start func(t *testing.T, origin string) func(t *testing.T, path string, header http.Header) reply
}{
	{"RFC 9111", func(t *testing.T, origin string) func(*testing.T, string, http.Header) reply {
		c := &cache{shared: true, client: http1, entries: make(map[string][]*cacheEntry)}
		return func(t *testing.T, path string, header http.Header) reply {
			return c.get(t, "http://"+origin+path, header)
		}
	}},
	{"nginx", startNginx},
	{"varnish", startVarnish},
}

// TestSharedCache puts caches between the visitors and the site: one of our
// own, nginx and varnish. Nobody is shown another's signature, or a dead one,
// though the app says that all may keep the page.
func TestSharedCache(t *testing.T) {
	for _, peer := range sharedCaches {
		t.Run(peer.name, func(t *testing.T) {
			clock := startClock(t)
			origin := sharedSite(t)
			get := peer.start(t, origin)
			random := rand.New(rand.NewPCG(1, 2))
			signed := 0
			for i := range 300 {
				visitor := visitors[random.IntN(len(visitors))]
				path := fmt.Sprintf("/?control=%s", strings.ReplaceAll(cacheControls[random.IntN(len(cacheControls))], " ", "%20"))
				if random.IntN(2) == 0 {
					path += "&vary"
				}
				header := http.Header{}
				if visitor != "" {
					header.Set("X-User", visitor)
				}
				got := get(t, path, header)
				if got.Status != 200 || !strings.Contains(got.Body, "alice") {
					t.Fatalf("%d %q", got.Status, got.Body)
				}
				n := checkShown(t, visitor, got.Body, 45*time.Minute)
				if strings.Contains(path, "vary") && visitor != "" && n != 1 {
					t.Errorf("%s: %q is shown %d signatures", path, visitor, n)
				}
				signed += n
				if i%10 == 9 {
					clock.advance(time.Duration(random.IntN(600)) * time.Second)
				}
			}
			if signed == 0 {
				t.Error("nothing was ever signed")
			}
		})
	}
}

// TestSharedCacheAndCookies puts the same caches in front of a site that issues
// cookies. Nobody is given another's, though the app says that all may keep the
// page (RFC 9111, section 7.3).
func TestSharedCacheAndCookies(t *testing.T) {
	for _, peer := range sharedCaches {
		t.Run(peer.name, func(t *testing.T) {
			clock := startClock(t)
			private, _ := writeKey(t, ecKey())
			origin := freeAddr(t)
			startCaddy(t, "", fmt.Sprintf(`http://%s {
	vars user {http.request.header.X-User}
	cloudfront_cookies {
		key_file %s
		key_pair_id KTEST
		resource https://cdn.test/{vars.user}/*
		domain host
		require {vars.user}
		window 15m
	}
	reverse_proxy %s
}
`, origin, private, sharedApp(t).Listener.Addr()))
			get := peer.start(t, origin)
			random := rand.New(rand.NewPCG(5, 6))
			sets := 0
			for range 300 {
				visitor := visitors[random.IntN(len(visitors))]
				path := "/?vary&control=" + strings.ReplaceAll(cacheControls[random.IntN(len(cacheControls))], " ", "%20")
				got := get(t, strings.Replace(path, "vary&", []string{"", "vary&"}[random.IntN(2)], 1), http.Header{"X-User": {visitor}})
				for _, field := range got.Header["Set-Cookie"] {
					cookie, err := http.ParseSetCookie(field)
					if err != nil {
						t.Fatal(err)
					}
					if cookie.Name != "CloudFront-Policy" {
						continue
					}
					sets++
					policy, err := signer.Decode(cookie.Value)
					if err != nil || visitor == "" || !strings.Contains(string(policy), "https://cdn.test/"+visitor+"/*") {
						t.Errorf("%q is given %s, %v", visitor, policy, err)
					}
				}
				clock.advance(time.Duration(random.IntN(60)) * time.Second)
			}
			if sets == 0 {
				t.Error("no cookie was ever issued")
			}
		})
	}
}

// TestBrowserCache is the visitor's own cache, which may keep signatures: what
// it shows without asking has the ttl less one window to live, what it has
// asked about all of the ttl.
func TestBrowserCache(t *testing.T) {
	clock := startClock(t)
	origin := sharedSite(t)
	c := &cache{client: http1, entries: make(map[string][]*cacheEntry)}
	random := rand.New(rand.NewPCG(3, 4))
	for range 400 {
		control := cacheControls[random.IntN(len(cacheControls))]
		url := fmt.Sprintf("http://%s/?vary&control=%s", origin, strings.ReplaceAll(control, " ", "%20"))
		life := 45 * time.Minute
		if control == "" || control == "no-cache" || control == "s-maxage=600" {
			life = time.Hour
		}
		got := c.get(t, url, http.Header{"X-User": {"alice"}})
		if n := checkShown(t, "alice", got.Body, life); n != 1 {
			t.Fatalf("%s: %d signatures in %q", control, n, got.Body)
		}
		clock.advance(time.Duration(random.IntN(400)) * time.Second)
	}
}

// requirePeer skips a test that needs a program that is not there; where
// CLOUDFRONT_REQUIRE_PEERS=1, that is a failure.
func requirePeer(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err == nil {
		return path
	}
	if path = filepath.Join("/usr/sbin", program); fileExists(path) {
		return path
	}
	if os.Getenv("CLOUDFRONT_REQUIRE_PEERS") == "1" {
		t.Fatalf("%s is missing; install Debian's package", program)
	}
	t.Skipf("NOT TESTED with %s, which is missing; install Debian's package, or set CLOUDFRONT_REQUIRE_PEERS=1 to fail here", program)
	return ""
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func startNginx(t *testing.T, origin string) func(*testing.T, string, http.Header) reply {
	program := requirePeer(t, "nginx")
	dir, addr := t.TempDir(), freeAddr(t)
	config := fmt.Sprintf(`daemon off;
master_process off;
pid %[1]s/nginx.pid;
error_log stderr;
events {}
http {
	access_log off;
	client_body_temp_path %[1]s/body;
	proxy_temp_path %[1]s/proxy;
	fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi;
	scgi_temp_path %[1]s/scgi;
	proxy_cache_path %[1]s/cache keys_zone=pages:1m use_temp_path=off;
	server {
		listen %[2]s;
		location / {
			proxy_pass http://%[3]s;
			proxy_http_version 1.1;
			proxy_set_header Host %[3]s;
			proxy_cache pages;
			proxy_cache_revalidate on;
			proxy_cache_key $request_uri;
		}
	}
}
`, dir, addr, origin)
	return startPeer(t, addr, exec.Command(program, "-p", dir, "-c", writeFile(t, "nginx.conf", []byte(config))))
}

func startVarnish(t *testing.T, origin string) func(*testing.T, string, http.Header) reply {
	program := requirePeer(t, "varnishd")
	addr := freeAddr(t)
	dir, err := os.MkdirTemp("", "varnish") // a socket's path has to be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return startPeer(t, addr, exec.Command(program, "-j", "none", "-F", "-n", dir, "-a", addr, "-b", origin, "-s", "malloc,16m"))
}

// startPeer runs a cache until the test ends and waits until it answers.
func startPeer(t *testing.T, addr string, cmd *exec.Cmd) func(*testing.T, string, http.Header) reply {
	t.Helper()
	var output strings.Builder
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
		if t.Failed() {
			t.Log(output.String())
		}
	})
	for range 200 {
		if got, err := tryAsk(http1, "GET", "http://"+addr+"/?control=no-store", nil); err == nil && got.Status == 200 {
			return func(t *testing.T, path string, header http.Header) reply {
				return ask(t, http1, "GET", "http://"+addr+path, header)
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s does not answer", cmd.Path)
	return nil
}
