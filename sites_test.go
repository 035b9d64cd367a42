package cloudfront

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/fcgi"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// siteTest asks one URL of a site and says what is to come.
type siteTest struct {
	path    string
	request map[string]string
	status  int // 200 if 0
	signed  int
	body    string            // contained, without signatures
	header  map[string]string // wanted
}

// TestSites runs sites in which other handlers of Caddy than a plain
// reverse_proxy reply, and compares with the same sites without us. %[1]s is
// our block, %[2]s the app, %[3]s a folder, %[4]s a FastCGI app.
func TestSites(t *testing.T) {
	startClock(t) // so that no machine is too slow for patience
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/page":
			send(200, linkedPage, typeHTML, `ETag: "v1"`)(w, r)
		case "/accel":
			send(200, "", "X-Accel-Redirect: /page.html")(w, r)
		case "/missing":
			send(404, linkedPage, typeHTML)(w, r)
		case "/abort":
			panic(http.ErrAbortHandler)
		case "/slow":
			select {
			case <-r.Context().Done():
			case <-time.After(10 * time.Second):
			}
		}
	}))
	defer app.Close()
	fastcgi, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer fastcgi.Close()
	go fcgi.Serve(fastcgi, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Encoding", r.Header.Get("Accept-Encoding"))
		w.Header().Set("Content-Type", "text/html")
		if r.URL.Path == "/empty.php" {
			io.WriteString(w, emptyPage)
		} else {
			w.WriteHeader(http.StatusCreated)
			io.WriteString(w, linkedPage)
		}
	}))

	folder := t.TempDir()
	write := func(name, body string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("index.php", "")
	write("page.html", linkedPage)
	write("empty.html", emptyPage)
	write("style.css", "a{background:url("+link+")}")
	write("style.css.gz", compress("gzip", "a{background:url("+link+")}"))
	write("data.bin", strings.Repeat("0123456789", 100_000))
	write("data.bin.gz", compress("gzip", strings.Repeat("0123456789", 100_000)))
	write("tmpl.html", `<img src="{{env "NOTHING"}}`+link+`">{{.Req.Host}}`)

	for _, site := range []struct {
		name  string
		block string
		tests []siteTest
	}{
		{
			name:  "file_server",
			block: "%[1]s\n\troot %[3]s\n\tfile_server",
			tests: []siteTest{
				{path: "/page.html", signed: 1, body: linkedPage, header: map[string]string{"Last-Modified": "", "Accept-Ranges": ""}},
				{path: "/style.css", signed: 1},
				{path: "/empty.html", body: emptyPage},
				{path: "/data.bin", body: strings.Repeat("0123456789", 100_000)},
				{path: "/data.bin", request: map[string]string{"Range": "bytes=999995-"}, status: 206, body: "56789"},
				{path: "/data.bin", request: map[string]string{"Range": "bytes=1000000-"}, status: 416},
				{path: "/page.html", request: map[string]string{"Range": "bytes=5-9"}, status: 206, body: linkedPage[5:10]},
				{path: "/nothing", status: 404},
			},
		}, {
			name:  "file_server with precompressed files",
			block: "%[1]s\n\troot %[3]s\n\tfile_server {\n\t\tprecompressed gzip\n\t}",
			tests: []siteTest{
				{path: "/style.css", request: map[string]string{"Accept-Encoding": "gzip"}, signed: 1, header: map[string]string{"Content-Encoding": ""}},
			},
		}, {
			name:  "file_server behind encode",
			block: "encode gzip\n\t%[1]s\n\troot %[3]s\n\tfile_server",
			tests: []siteTest{
				{path: "/page.html", request: map[string]string{"Accept-Encoding": "gzip"}, signed: 1, body: linkedPage, header: map[string]string{"Content-Encoding": "gzip"}},
			},
		}, {
			name:  "respond",
			block: "%[1]s\n\trespond /page `" + `<img src="` + link + `">` + "` 200\n\trespond /close 403 {\n\t\tclose\n\t}\n\trespond /empty 204\n\trespond hello",
			tests: []siteTest{
				{path: "/page", body: link}, // text/plain
				{path: "/close", status: 403},
				{path: "/empty", status: 204},
				{path: "/", body: "hello"},
			},
		}, {
			name:  "respond with a type",
			block: "%[1]s\n\troute {\n\t\theader Content-Type text/html\n\t\trespond `" + `<img src="` + link + `">` + "`\n\t}",
			tests: []siteTest{{path: "/", signed: 1}},
		}, {
			name:  "templates",
			block: "%[1]s\n\troot %[3]s\n\ttemplates\n\tfile_server",
			tests: []siteTest{
				{path: "/tmpl.html", signed: 1, body: "127.0.0.1"},
				{path: "/nothing", status: 404},
			},
		}, {
			name:  "intercept",
			block: "%[1]s\n\tintercept {\n\t\t@missing status 404\n\t\thandle_response @missing {\n\t\t\troot %[3]s\n\t\t\trewrite /page.html\n\t\t\tfile_server {\n\t\t\t\tstatus 410\n\t\t\t}\n\t\t}\n\t}\n\treverse_proxy %[2]s",
			tests: []siteTest{
				{path: "/page", signed: 1},
				{path: "/missing", status: 410, signed: 1, body: linkedPage},
			},
		}, {
			name:  "handle_response",
			block: "%[1]s\n\treverse_proxy %[2]s {\n\t\t@accel header X-Accel-Redirect *\n\t\thandle_response @accel {\n\t\t\troot %[3]s\n\t\t\trewrite {rp.header.X-Accel-Redirect}\n\t\t\tfile_server\n\t\t}\n\t\t@missing status 404\n\t\thandle_response @missing {\n\t\t\tcopy_response 404\n\t\t}\n\t}",
			tests: []siteTest{
				{path: "/accel", signed: 1, body: linkedPage},
				{path: "/missing", status: 404, signed: 1, body: linkedPage},
			},
		}, {
			name:  "handle_errors",
			block: "%[1]s\n\terror /teapot \"no coffee\" 418\n\treverse_proxy %[2]s\n\thandle_errors {\n\t\theader Content-Type text/html\n\t\trespond `{err.status_code} <img src=\"" + link + "\">`\n\t}",
			tests: []siteTest{
				{path: "/teapot", status: 418, body: "418 <img src=\"" + link + `">`},
				{path: "/abort", status: 502, body: "502 <img"},
				{path: "/page", signed: 1},
			},
		}, {
			name:  "a timeout of the app",
			block: "%[1]s\n\treverse_proxy %[2]s {\n\t\ttransport http {\n\t\t\tresponse_header_timeout 50ms\n\t\t}\n\t}",
			tests: []siteTest{{path: "/slow", status: 504}},
		}, {
			name:  "no app",
			block: "%[1]s\n\treverse_proxy 127.0.0.1:1",
			tests: []siteTest{{path: "/", status: 502}},
		}, {
			name:  "FastCGI",
			block: "%[1]s\n\troot %[3]s\n\treverse_proxy %[4]s {\n\t\ttransport fastcgi {\n\t\t\tsplit .php\n\t\t}\n\t}",
			tests: []siteTest{
				{path: "/page.php", status: 201, signed: 1, body: linkedPage, header: map[string]string{"X-Encoding": "identity"}},
			},
		}, {
			name:  "php_fastcgi",
			block: "%[1]s\n\troot %[3]s\n\tphp_fastcgi %[4]s\n\tfile_server",
			tests: []siteTest{
				{path: "/", status: 201, signed: 1, body: linkedPage, header: map[string]string{"X-Encoding": "identity"}},
				{path: "/a/route?of=the+app", status: 201, signed: 1, body: linkedPage},
				{path: "/style.css", signed: 1},
			},
		}, {
			name:  "a body that the proxy flushes, and one it buffers",
			block: "%[1]s\n\treverse_proxy %[2]s {\n\t\tflush_interval -1\n\t\tresponse_buffers 64KiB\n\t}",
			tests: []siteTest{{path: "/page", signed: 1, body: linkedPage}},
		}, {
			name:  "a path that is rewritten and one that is stripped",
			block: "%[1]s\n\thandle_path /strip/* {\n\t\treverse_proxy %[2]s\n\t}\n\thandle /old {\n\t\trewrite /page\n\t\treverse_proxy %[2]s\n\t}",
			tests: []siteTest{{path: "/strip/page", signed: 1}, {path: "/old", signed: 1}},
		}, {
			name:  "no handler that answers",
			block: "%[1]s",
			tests: []siteTest{{path: "/"}},
		},
	} {
		t.Run(site.name, func(t *testing.T) {
			private, _ := writeKey(t, ecKey())
			with, without := "http://"+freeAddr(t), "http://"+freeAddr(t)
			block := func(ours string) string {
				return strings.NewReplacer("%[1]s", ours, "%[2]s", app.Listener.Addr().String(), "%[3]s", folder, "%[4]s", fastcgi.Addr().String()).Replace(site.block)
			}
			startCaddy(t, "", fmt.Sprintf("%s {\n\t%s\n}\n%s {\n\t%s\n}\n", with, block(fmt.Sprintf(linksBlock, private)), without, block("")))
			for _, test := range site.tests {
				header := http.Header{}
				for name, value := range test.request {
					header.Set(name, value)
				}
				got := ask(t, http1, "GET", with+test.path, header)
				want := ask(t, http1, "GET", without+test.path, header)
				if test.status == 0 {
					test.status = 200
				}
				if got.Status != test.status || want.Status != test.status {
					t.Errorf("%s: %d, without us %d, want %d", test.path, got.Status, want.Status, test.status)
				}
				if test.signed == 0 {
					row{}.compare(t, test.path, got, want)
				}
				got.encoded()
				body, signed := unsigned(got.Body)
				if signed != test.signed || !strings.Contains(body, test.body) {
					t.Errorf("%s: %d signatures, want %d, in %.300q", test.path, signed, test.signed, body)
				}
				for name, want := range test.header {
					if value := got.Header.Get(name); value != want {
						t.Errorf("%s: %s is %q, want %q", test.path, name, value, want)
					}
				}
			}
		})
	}
}

// TestMaxBuffers: a page that finds no room in max_buffers streams, and so has no
// length (RFC 9110, section 8.6).
func TestMaxBuffers(t *testing.T) {
	startClock(t)
	long := strings.Repeat(linkedPage, 100)
	app := httptest.NewServer(send(200, long, typeHTML))
	defer app.Close()
	private, _ := writeKey(t, ecKey())
	for _, test := range []struct {
		globals string
		streams bool
	}{
		{"", false},
		{"cloudfront {\n\t\tmax_buffers 64KiB\n\t}", true},
	} {
		base := "http://" + freeAddr(t)
		startCaddy(t, "\t"+test.globals, fmt.Sprintf("%s {\n%s\n\treverse_proxy %s\n}\n", base, fmt.Sprintf(linksBlock, private), app.Listener.Addr()))
		got := ask(t, http1, "GET", base, nil)
		if body, n := unsigned(got.Body); n != 100 || body != long {
			t.Errorf("%q: %d signatures", test.globals, n)
		}
		if streams := got.Length < 0; streams != test.streams {
			t.Errorf("%q: Content-Length %d", test.globals, got.Length)
		}
	}
}
