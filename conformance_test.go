package cloudfront

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// row is one line of the conformance table: what the app sends and what
// becomes of it.
type row struct {
	name    string // with the section of the RFC that it rests on
	method  string
	path    string
	request map[string]string
	app     http.HandlerFunc

	status  int
	header  map[string]string // wanted; "" for a field that must not be there
	signed  int               // signatures in the body
	body    string            // wanted, without signatures; "" for anything
	length  bool              // Content-Length is that of the body
	trailer map[string]string
	interim []string
	broken  bool // the body ends too early, visibly
	same    bool // nothing is signed: as without us, but for the ETag's tag
}

var (
	// Long enough for encode to do something.
	padding    = strings.Repeat("<p>All work and no play makes Jack a dull boy.</p>\n", 30)
	linkedPage = `<!doctype html><img src="` + link + `">` + padding
	emptyPage  = `<!doctype html><img src="/local.jpg">` + padding
)

// send is an app that sends one response, with its length.
func send(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		setHeader(w, header)
		if bodyAllowed(status) {
			w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		}
		w.WriteHeader(status)
		if r.Method != "HEAD" {
			io.WriteString(w, body)
		}
	}
}

// stream is an app that does not know the length beforehand.
func stream(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		setHeader(w, header)
		w.WriteHeader(status)
		for _, half := range []string{body[:len(body)/2], body[len(body)/2:]} {
			io.WriteString(w, half)
			http.NewResponseController(w).Flush()
		}
	}
}

func setHeader(w http.ResponseWriter, header []string) {
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		w.Header().Add(name, value)
	}
}

const (
	typeHTML = "Content-Type: text/html; charset=utf-8"
	dated    = "Last-Modified: Tue, 24 Nov 2026 08:49:37 GMT"
)

var conformance = []row{
	// Signed responses.
	{
		name:   "a signed page has its exact length, its own entity tag, and nothing that was true of the old bytes (RFC 9110, 8.6, 8.8.1)",
		app:    send(200, linkedPage, typeHTML, `ETag: "v1"`, dated, "Accept-Ranges: bytes", "Content-Digest: sha-256=:AA==:", "Repr-Digest: sha-256=:AA==:", "Digest: x", "Content-MD5: x", "Vary: Cookie", "Set-Cookie: a=1", "Set-Cookie: b=2"),
		signed: 1, body: linkedPage, length: true,
		header: map[string]string{"Etag": `"v1-TAG"`, "Last-Modified": "", "Accept-Ranges": "", "Content-Digest": "", "Repr-Digest": "", "Digest": "", "Content-Md5": "", "Cache-Control": "private, no-cache", "Set-Cookie": "a=1|b=2"},
	}, {
		name:   "freshness is that of the app, within the signatures' (RFC 9111, 5.2.2)",
		app:    send(200, linkedPage, typeHTML, "Cache-Control: public, max-age=60, s-maxage=600, stale-while-revalidate=60"),
		signed: 1, header: map[string]string{"Cache-Control": "private, max-age=60", "Etag": ""},
	}, {
		name:   "a page that is not to be stored stays so (RFC 9111, 5.2.2.5)",
		app:    send(200, linkedPage, typeHTML, "Cache-Control: no-store"),
		signed: 1, header: map[string]string{"Cache-Control": "private, no-store"},
	}, {
		name:   "a weak entity tag stays weak (RFC 9110, 8.8.1)",
		app:    send(200, linkedPage, typeHTML, `ETag: W/"v1"`),
		signed: 1, header: map[string]string{"Etag": `W/"v1-TAG"`},
	}, {
		name:   "a date stands in for an entity tag (RFC 9110, 8.8.2.2)",
		app:    send(200, linkedPage, typeHTML, dated),
		signed: 1, header: map[string]string{"Etag": `W/"6b054fa1~TAG"`, "Last-Modified": ""},
	}, {
		name:   "an entity tag that is none is not passed on for other bytes (RFC 9110, 8.8.3)",
		app:    send(200, linkedPage, typeHTML, `ETag: v1`),
		signed: 1, header: map[string]string{"Etag": ""},
	}, {
		name:   "without a length, the page streams as signed (RFC 9112, 6.3)",
		app:    stream(200, linkedPage, typeHTML, `ETag: "v1"`, dated),
		signed: 1, body: linkedPage, header: map[string]string{"Etag": `"v1-TAG"`, "Last-Modified": "", "Content-Length": "", "Cache-Control": "private, no-cache"},
	}, {
		name: "so does one in which no link will come (RFC 9110, 8.8.1)",
		app:  stream(200, emptyPage, typeHTML, `ETag: "v1"`, "Cache-Control: public, max-age=60"),
		body: emptyPage, header: map[string]string{"Etag": `"v1-TAG"`, "Cache-Control": "private, max-age=60"},
	}, {
		name:   "more than is held streams (RFC 9112, 6.3)",
		app:    send(200, strings.Repeat(linkedPage, maxHeld/len(linkedPage)+10), typeHTML),
		signed: maxHeld/len(linkedPage) + 10, body: strings.Repeat(linkedPage, maxHeld/len(linkedPage)+10), header: map[string]string{"Content-Length": ""},
	}, {
		name: "an error page of the app is a page (RFC 9110, 15.5.5)", app: send(404, linkedPage, typeHTML),
		status: 404, signed: 1, body: linkedPage, length: true,
	}, {
		name: "the answer to POST is signed (RFC 9110, 9.3.3)", method: "POST", app: send(200, linkedPage, typeHTML),
		signed: 1, length: true,
	}, {
		name: "charsets that extend ASCII don't matter (RFC 9110, 8.3.2)", app: send(200, linkedPage, "Content-Type: text/html; charset=windows-1252"),
		signed: 1, body: linkedPage, header: map[string]string{"Content-Type": "text/html; charset=windows-1252"},
	}, {
		name: "a page without a type is what net/http says it is (RFC 9110, 8.3)",
		app: func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Content-Type"] = nil
			io.WriteString(w, linkedPage)
		},
		signed: 1, body: linkedPage, header: map[string]string{"Content-Type": "text/html; charset=utf-8"},
	},

	// Header fields.
	{
		name:   "a redirect (RFC 9110, 10.2.2)",
		app:    send(302, "", "Location: "+link),
		status: 302, header: map[string]string{"Location": link + "+SIG", "Cache-Control": "private, no-cache"},
	}, {
		name:   "a redirect with a page (RFC 9110, 15.4.4)",
		app:    send(303, linkedPage, typeHTML, "Location: "+link),
		status: 303, signed: 1, length: true, header: map[string]string{"Location": link + "+SIG"},
	}, {
		name:   "Link and Refresh, next to a body that passes (RFC 8288, 3)",
		app:    send(200, "png", "Content-Type: image/png", "Link: <"+link+">; rel=preload", "Link: </local>", "Refresh: 5; url="+link, `ETag: "v1"`, "Accept-Ranges: bytes"),
		body:   "png",
		length: true,
		header: map[string]string{"Link": "<" + link + "+SIG>; rel=preload|</local>", "Refresh": "5; url=" + link + "+SIG", "Etag": `"v1-TAG"`, "Accept-Ranges": "", "Cache-Control": "private, no-cache"},
	}, {
		name: "Content-Location names a resource and is not fetched (RFC 9110, 8.7)", same: true,
		app:    send(200, "png", "Content-Type: image/png", "Content-Location: "+link),
		header: map[string]string{"Content-Location": link},
	}, {
		name: "early hints, then the final response (RFC 8297, 2)",
		app: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Link", "<"+link+">; rel=preload")
			w.WriteHeader(http.StatusEarlyHints)
			w.Header().Del("Link")
			send(404, linkedPage, typeHTML)(w, r)
		},
		status: 404, signed: 1, length: true, interim: []string{"103 [<" + link + "+SIG>; rel=preload]"},
	},

	// HEAD.
	{
		name: "HEAD of a page is that of a signed one, of unknown length (RFC 9110, 9.3.2)", method: "HEAD",
		app:    send(200, linkedPage, typeHTML, `ETag: "v1"`, dated, "Accept-Ranges: bytes"),
		header: map[string]string{"Content-Length": "", "Etag": `"v1-TAG"`, "Last-Modified": "", "Accept-Ranges": "", "Cache-Control": "private, no-cache"},
	}, {
		name: "HEAD of anything else has its length (RFC 9110, 9.3.2)", method: "HEAD", same: true,
		app:    send(200, "png", "Content-Type: image/png", `ETag: "v1"`, "Accept-Ranges: bytes"),
		header: map[string]string{"Content-Length": "3", "Etag": `"v1-TAG"`, "Accept-Ranges": "bytes"},
	},

	// Responses in which nothing is signed.
	{
		name: "a page without links (RFC 9110, 7.7)", same: true,
		app:  send(200, emptyPage, typeHTML, `ETag: "v1"`, dated, "Accept-Ranges: bytes", "Cache-Control: public, max-age=60, immutable", "Content-Digest: sha-256=:AA==:", "Expires: 0"),
		body: emptyPage, header: map[string]string{"Etag": `"v1-TAG"`, "Last-Modified": "Tue, 24 Nov 2026 08:49:37 GMT", "Cache-Control": "public, max-age=60, immutable"},
	}, {
		name: "a page without links and entity tag (RFC 9110, 8.8.3)", same: true,
		app: send(200, emptyPage, typeHTML, "Cache-Control: public"), header: map[string]string{"Etag": ""},
	}, {
		name: "an entity tag that is none stays with the bytes it came with (RFC 9110, 8.8.3)", same: true,
		app: send(200, emptyPage, typeHTML, `ETag: v1`), header: map[string]string{"Etag": "v1"},
	}, {
		name: "an empty page (RFC 9110, 8.6)", same: true, app: send(200, "", typeHTML, `ETag: "v1"`),
	}, {
		name: "another type (RFC 9110, 8.3)", same: true, app: send(200, linkedPage, "Content-Type: image/png", `ETag: "v1"`, dated, "Accept-Ranges: bytes"),
		body: linkedPage, header: map[string]string{"Etag": `"v1-TAG"`},
	}, {
		name: "a file that is known by its name too: a page may have such a name (RFC 9110, 8.8)", same: true, path: "/logo.png",
		app: send(200, linkedPage, "Content-Type: image/png", `ETag: "v1"`, dated), header: map[string]string{"Etag": `"v1-TAG"`},
	}, {
		name: "plain text (RFC 9110, 8.3)", same: true, app: send(200, linkedPage, "Content-Type: text/plain"), body: linkedPage,
	}, {
		name: "no content (RFC 9110, 15.3.5)", same: true, status: 204, app: send(204, "", typeHTML, `ETag: "v1"`),
	}, {
		name: "reset content (RFC 9110, 15.3.6)", same: true, status: 205, app: send(205, "", `ETag: "v1"`),
	}, {
		name: "a part is of the app's bytes (RFC 9110, 15.3.7)", same: true, status: 206, request: map[string]string{"Range": "bytes=10-99"},
		app:  send(206, linkedPage[10:100], typeHTML, "Content-Range: bytes 10-99/1700", `ETag: "v1"`, "Accept-Ranges: bytes"),
		body: linkedPage[10:100], header: map[string]string{"Etag": `"v1"`, "Content-Range": "bytes 10-99/1700"},
	}, {
		name: "a part of something else (RFC 9110, 15.3.7)", same: true, status: 206, request: map[string]string{"Range": "bytes=1-2"},
		app:    send(206, "ng", "Content-Type: video/mp4", "Content-Range: bytes 1-2/3", `ETag: "v1"`),
		header: map[string]string{"Etag": `"v1-TAG"`},
	}, {
		name: "a range that can't be had (RFC 9110, 15.5.17)", same: true, status: 416, request: map[string]string{"Range": "bytes=9999-"},
		app: send(416, "", "Content-Range: bytes */1700"),
	}, {
		name: "a condition that fails (RFC 9110, 15.5.13)", same: true, status: 412, request: map[string]string{"If-Match": `"v2"`},
		app: send(412, "", `ETag: "v1"`), header: map[string]string{"Etag": `"v1"`},
	}, {
		name: "no-transform (RFC 9110, 7.7)", same: true,
		app:  send(200, linkedPage, typeHTML, "Cache-Control: public, no-transform", "Link: <"+link+">", `ETag: "v1"`),
		body: linkedPage, header: map[string]string{"Link": "<" + link + ">", "Etag": `"v1"`},
	}, {
		name: "no-transform, asked for (RFC 9111, 5.2.1.6)", same: true, request: map[string]string{"Cache-Control": "no-transform"},
		app: send(200, linkedPage, typeHTML), body: linkedPage,
	}, {
		name: "UTF-16 (RFC 9110, 8.3.2)", same: true, app: send(200, linkedPage, "Content-Type: text/html; charset=utf-16le"), body: linkedPage,
	}, {
		name: "trailers (RFC 9110, 6.5)", same: true,
		app: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Trailer", "Sum")
			w.Header().Set("Content-Type", "application/grpc")
			io.WriteString(w, "body")
			w.Header().Set("Sum", "1")
		},
		body: "body", trailer: map[string]string{"Sum": "1"}, header: map[string]string{"Sum": ""},
	}, {
		name: "trailers after a page that is signed (RFC 9112, 7.1.2)",
		app: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Trailer", "Sum")
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, linkedPage)
			w.Header().Set("Sum", "1")
		},
		signed: 1, body: linkedPage, trailer: map[string]string{"Sum": "1"}, header: map[string]string{"Sum": "", "Content-Length": ""},
	}, {
		name: "without a type that net/http could name (RFC 9110, 8.3)", same: true,
		app: func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Content-Type"] = nil
			w.Header().Set("X-Content-Type-Options", "nosniff")
			io.WriteString(w, "\x00\x01 "+link)
		},
		body: "\x00\x01 " + link,
	},

	// Statuses of those who are not let in, and of errors.
	{name: "401 (RFC 9110, 15.5.2)", same: true, status: 401, app: send(401, linkedPage, typeHTML, "WWW-Authenticate: Basic"), body: linkedPage},
	{name: "403 (RFC 9110, 15.5.4)", same: true, status: 403, app: send(403, linkedPage, typeHTML, "Link: <"+link+">"), body: linkedPage, header: map[string]string{"Link": "<" + link + ">"}},
	{name: "407 (RFC 9110, 15.5.8)", same: true, status: 407, app: send(407, linkedPage, typeHTML), body: linkedPage},
	{name: "500 (RFC 9110, 15.6.1)", same: true, status: 500, app: send(500, linkedPage, typeHTML, `ETag: "v1"`), body: linkedPage, header: map[string]string{"Etag": `"v1"`}},
	{name: "503 (RFC 9110, 15.6.4)", same: true, status: 503, app: stream(503, linkedPage, typeHTML, "Retry-After: 5"), body: linkedPage},

	// Codings.
	{
		name: "gzip in spite of identity (RFC 9110, 8.4)",
		app:  send(200, compress("gzip", linkedPage), typeHTML, "Content-Encoding: gzip", `ETag: "v1"`, "Vary: Accept-Encoding"),
		body: linkedPage, signed: 1, header: map[string]string{"Etag": `"v1-TAG"`, "Vary": "Accept-Encoding"},
	}, {
		name: "br (RFC 7932)", app: send(200, compress("br", linkedPage), typeHTML, "Content-Encoding: br"), body: linkedPage, signed: 1,
	}, {
		name: "zstd (RFC 8878)", app: send(200, compress("zstd", linkedPage), typeHTML, "Content-Encoding: zstd"), body: linkedPage, signed: 1,
	}, {
		name: "gzip, streaming (RFC 9110, 8.4.1.3)", app: stream(200, compress("gzip", linkedPage), typeHTML, "Content-Encoding: gzip"), body: linkedPage, signed: 1,
	}, {
		name: "HEAD of gzip is that of what it would be decoded (RFC 9110, 9.3.2)", method: "HEAD",
		app:    send(200, compress("gzip", linkedPage), typeHTML, "Content-Encoding: gzip"),
		header: map[string]string{"Content-Length": ""},
	}, {
		name: "gzip without links stays gzip (RFC 9110, 8.4)", same: true, request: map[string]string{"Accept-Encoding": "gzip"},
		app:    send(200, compress("gzip", emptyPage), typeHTML, "Content-Encoding: gzip", `ETag: "v1"`),
		header: map[string]string{"Etag": `"v1-TAG"`},
	}, {
		name: "an empty body is empty in every coding (RFC 9110, 8.4)", same: true, app: send(200, "", typeHTML, "Content-Encoding: gzip"),
	}, {
		name: "several codings (RFC 9110, 8.4)", same: true, app: send(200, compress("br", compress("gzip", linkedPage)), typeHTML, "Content-Encoding: gzip, br"),
	}, {
		name: "an unknown coding (RFC 9110, 8.4)", same: true, app: send(200, "???", typeHTML, "Content-Encoding: x-secret"), body: "???",
	}, {
		name: "gzip, cut off: not a complete response (RFC 9110, 8.4.1.3)", broken: true,
		app: send(200, compress("gzip", linkedPage)[:100], typeHTML, "Content-Encoding: gzip"),
	}, {
		name: "gzip that is none (RFC 9110, 8.4.1.3)", broken: true, app: send(200, linkedPage, typeHTML, "Content-Encoding: gzip"),
	}, {
		name: "gzip, cut off while streaming (RFC 9110, 8.4.1.3)", broken: true,
		app: stream(200, compress("gzip", strings.Repeat(linkedPage, 100))[:300], typeHTML, "Content-Encoding: gzip"),
	},

	// The app breaks off.
	{
		name: "in the middle of a signed page (RFC 9112, 8)", broken: true,
		app: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.Header().Set("Content-Length", "1000000")
			io.WriteString(w, strings.Repeat(linkedPage, 20))
			http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		},
	}, {
		name: "in the middle of anything else (RFC 9112, 8)", broken: true,
		app: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "video/mp4")
			w.Header().Set("Content-Length", "1000000")
			io.WriteString(w, strings.Repeat(linkedPage, 20))
			http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		},
	}, {
		name: "before any response (RFC 9110, 15.6.3)", same: true, status: 502,
		app: func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) },
	},
}

// TestConformance acts every row on every kind of site over every version of
// HTTP. Where nothing is signed, because of the row or of the visitor, it
// compares with the site without us.
func TestConformance(t *testing.T) {
	sites := newSites(t, conformance)
	for i, row := range conformance {
		t.Run(row.name, func(t *testing.T) {
			if !strings.Contains(row.name, "(RFC ") {
				t.Error("the row doesn't say on what it rests")
			}
			if row.method == "" {
				row.method = "GET"
			}
			if row.status == 0 {
				row.status = 200
			}
			target := fmt.Sprintf("?row=%d", i)
			if target = row.path + target; row.path == "" {
				target = "/" + target
			}
			for _, kind := range siteKinds {
				header := http.Header{"Accept-Encoding": {"identity"}}
				if kind.encode {
					header.Set("Accept-Encoding", "gzip")
				}
				for name, value := range row.request {
					header.Set(name, value)
				}
				for proto, client := range sites.clients {
					where := proto + ", " + kind.String()
					got, err := tryAsk(client, row.method, sites.with[kind]+target, header)
					if row.broken {
						if err == nil && !got.Err {
							t.Errorf("%s: taken for complete: %+v", where, got)
						}
						continue
					} else if err != nil {
						t.Errorf("%s: %v", where, err)
						continue
					}
					without := ask(t, client, row.method, sites.without[kind]+target, header)
					if row.same {
						row.compare(t, where, got, without)
					}
					closed := ask(t, client, row.method, sites.closed[kind]+target, header)
					row.compare(t, where+", not let in", closed, without)
					row.check(t, where, got, kind.encode)
				}
			}
		})
	}
	if n := held.Load(); n != 0 {
		t.Errorf("%d bytes are still counted as held", n)
	}
}

// check compares a response with what the row wants.
func (row row) check(t *testing.T, where string, got reply, encode bool) {
	t.Helper()
	if got.Err {
		t.Errorf("%s: the body ends too early", where)
	}
	if got.Status != row.status {
		t.Errorf("%s: status %d, want %d", where, got.Status, row.status)
	}
	if encode {
		got.encoded()
	}
	for name, want := range row.header {
		value := strings.Join(got.Header[name], "|")
		if name == "Etag" {
			value = tagged(value)
		}
		value = signature.ReplaceAllString(value, "+SIG")
		if encode && (name == "Content-Length" || name == "Vary" || name == "Accept-Ranges") {
			continue // encode has its own
		}
		if value != want {
			t.Errorf("%s: %s is %q, want %q", where, name, value, want)
		}
	}
	for name, want := range row.trailer {
		if value := got.Trailer.Get(name); value != want {
			t.Errorf("%s: trailer %s is %q, want %q", where, name, value, want)
		}
	}
	if row.interim != nil {
		interim := signature.ReplaceAllString(strings.Join(got.Interim, "|"), "+SIG")
		if want := strings.Join(row.interim, "|"); interim != want {
			t.Errorf("%s: interim responses %q, want %q", where, interim, want)
		}
	}
	body, signed := unsigned(got.Body)
	if signed != row.signed {
		t.Errorf("%s: %d signatures in the body, want %d", where, signed, row.signed)
	}
	if row.body != "" && body != row.body {
		t.Errorf("%s: body %.200q, want %.200q", where, body, row.body)
	}
	if row.length && !encode && got.Length != int64(len(got.Body)) {
		t.Errorf("%s: Content-Length %d for %d bytes", where, got.Length, len(got.Body))
	}
}

// compare finds every difference but the entity tag's tag.
func (row row) compare(t *testing.T, where string, got, want reply) {
	t.Helper()
	for _, a := range []*reply{&got, &want} {
		a.Header = a.Header.Clone()
		if etag := a.Header.Get("Etag"); etag != "" {
			a.Header.Set("Etag", strings.Replace(tagged(uncoded(etag)), `-TAG"`, `"`, 1))
		}
	}
	if g, w := headerLines(got.Header), headerLines(want.Header); g != w {
		t.Errorf("%s: header\n%s\nwithout us\n%s", where, g, w)
	}
	if g, w := headerLines(got.Trailer), headerLines(want.Trailer); g != w {
		t.Errorf("%s: trailer\n%s\nwithout us\n%s", where, g, w)
	}
	if got.Status != want.Status || got.Length != want.Length || got.Proto != want.Proto || fmt.Sprint(got.Interim) != fmt.Sprint(want.Interim) {
		t.Errorf("%s: %d %s %d %v, without us %d %s %d %v", where, got.Status, got.Proto, got.Length, got.Interim, want.Status, want.Proto, want.Length, want.Interim)
	}
	for _, a := range []*reply{&got, &want} {
		a.encoded() // flushes come at any time, and show in what is compressed
	}
	if got.Body != want.Body {
		t.Errorf("%s: body %.200q, without us %.200q", where, got.Body, want.Body)
	}
}
