package cloudfront

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestWire shows the bytes that Go's client hides, behind a site without
// encode and log.
func TestWire(t *testing.T) {
	rows := []row{
		{app: send(200, linkedPage, typeHTML)},
		{app: stream(200, linkedPage, typeHTML)},
		{app: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Trailer", "Sum")
			io.WriteString(html(w), linkedPage)
			w.Header().Set("Sum", "1")
		}},
		{app: func(w http.ResponseWriter, r *http.Request) {
			for range 2 {
				w.Header().Set("Link", "<"+link+">; rel=preload")
				w.WriteHeader(http.StatusEarlyHints)
			}
			w.Header().Del("Link")
			send(404, "gone", typeHTML)(w, r)
		}},
		{app: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000000")
			html(w).WriteHeader(200)
			io.WriteString(w, strings.Repeat(linkedPage, 20))
			http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}},
		{app: send(304, "", `ETag: "v1"`)},
	}
	stage := newSites(t, rows)
	for _, test := range []struct {
		name    string
		row     int
		request string // %d stands for the row
		want    []string
		not     []string
	}{
		{
			name: "one Content-Length and no coding of the transfer (RFC 9112, 6.2)", row: 0,
			request: "GET /?row=%d HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
			want:    []string{"HTTP/1.1 200 OK\r\n", "\r\nContent-Length: "},
			not:     []string{"Transfer-Encoding"},
		}, {
			name: "chunks, with an end (RFC 9112, 7.1)", row: 1,
			request: "GET /?row=%d HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
			want:    []string{"Transfer-Encoding: chunked\r\n", "\r\n0\r\n\r\n"},
			not:     []string{"Content-Length"},
		}, {
			name: "HTTP/1.0 knows no chunks: the connection ends (RFC 9112, 6.3)", row: 1,
			request: "GET /?row=%d HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n",
			want:    []string{"HTTP/1.0 200 OK\r\n", "Boy.</p>"[1:]},
			not:     []string{"Transfer-Encoding", "Content-Length"},
		}, {
			name: "HTTP/1.0 with a length", row: 0,
			request: "GET /?row=%d HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n",
			want:    []string{"HTTP/1.0 200 OK\r\n", "Content-Length: "},
		}, {
			name: "trailers after the chunks, not in the header (RFC 9112, 7.1.2)", row: 2,
			request: "GET /?row=%d HTTP/1.1\r\nHost: 127.0.0.1\r\nTE: trailers\r\nConnection: close\r\n\r\n",
			want:    []string{"Trailer: Sum\r\n", "\r\n0\r\nSum: 1\r\n\r\n"},
			not:     []string{"Content-Length", "Sum: 1\r\nContent-Type"},
		}, {
			name: "two interim responses and a final one (RFC 9110, 15.2)", row: 3,
			request: "GET /?row=%d HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
			want:    []string{"HTTP/1.1 103 Early Hints\r\n", "a.jpg?Expires=", "HTTP/1.1 404 Not Found\r\n", "Content-Length: 4\r\n", "\r\n\r\ngone"},
		}, {
			name: "no last chunk for what broke off (RFC 9112, 8)", row: 4,
			request: "GET /?row=%d HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
			want:    []string{"HTTP/1.1 200 OK\r\n", "a.jpg?Expires="},
			not:     []string{"\r\n0\r\n"},
		}, {
			name: "HEAD: a header and nothing else (RFC 9110, 9.3.2)", row: 0,
			request: "HEAD /?row=%d HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
			want:    []string{"HTTP/1.1 200 OK\r\n"},
			not:     []string{"Content-Length", "Transfer-Encoding", "<"},
		}, {
			name: "304: no body, no length (RFC 9110, 15.4.5)", row: 5,
			request: "GET /?row=%d HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
			want:    []string{"HTTP/1.1 304 Not Modified\r\n", "Etag: \"v1\"\r\n"},
			not:     []string{"Content-Length", "Transfer-Encoding"},
		}, {
			name: "an offer of another protocol that is not taken (RFC 9110, 7.8)", row: 0,
			request: "GET /?row=%d HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: h2c\r\nConnection: close, Upgrade\r\n\r\n",
			want:    []string{"HTTP/1.1 200 OK\r\n", "a.jpg?Expires="},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := wire(t, strings.TrimPrefix(stage.plain, "http://"), fmt.Sprintf(test.request, test.row))
			for _, want := range test.want {
				if !strings.Contains(got, want) {
					t.Errorf("no %q in\n%.3000s", want, got)
				}
			}
			for _, not := range test.not {
				if strings.Contains(got, not) {
					t.Errorf("%q in\n%.3000s", not, got)
				}
			}
		})
	}
}

// TestKeepAlive sends several requests on one connection: each response ends
// where the next begins (RFC 9112, section 9.3).
func TestKeepAlive(t *testing.T) {
	stage := newSites(t, []row{{app: send(200, linkedPage, typeHTML)}, {app: stream(200, linkedPage, typeHTML)}, {app: send(204, "")}, {app: send(200, "png", "Content-Type: image/png")}})
	conn, err := net.Dial("tcp", strings.TrimPrefix(stage.plain, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	r := bufio.NewReader(conn)
	for _, request := range []struct {
		method string
		row    int
		body   string
	}{{"GET", 0, linkedPage}, {"HEAD", 0, ""}, {"GET", 1, linkedPage}, {"GET", 2, ""}, {"HEAD", 1, ""}, {"GET", 3, "png"}, {"GET", 0, linkedPage}} {
		fmt.Fprintf(conn, "%s /?row=%d HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", request.method, request.row)
		resp, err := http.ReadResponse(r, &http.Request{Method: request.method})
		if err != nil {
			t.Fatalf("%+v: %v", request, err)
		}
		body, err := io.ReadAll(resp.Body)
		if text, _ := unsigned(string(body)); err != nil || text != request.body {
			t.Fatalf("%+v: got %.100q, %v", request, text, err)
		}
	}
}

// TestWebSocket switches to another protocol and back and forth in it (RFC
// 6455, section 4; RFC 9110, section 7.8).
func TestWebSocket(t *testing.T) {
	stage := newSites(t, []row{{app: func(w http.ResponseWriter, r *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		io.WriteString(rw, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\nLink: <"+link+">\r\n\r\n")
		rw.Flush()
		for {
			line, err := rw.ReadString('\n')
			if err != nil {
				return
			}
			io.WriteString(rw, link+" "+line)
			rw.Flush()
		}
	}}})
	for name, base := range map[string]string{"with us": stage.plain, "without us": stage.bare} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		conn.SetDeadline(time.Now().Add(20 * time.Second))
		io.WriteString(conn, "GET /?row=0 HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
		r := bufio.NewReader(conn)
		resp, err := http.ReadResponse(r, nil)
		if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
			t.Fatalf("%s: %v, %v", name, resp, err)
		}
		for _, said := range []string{"one\n", "two\n"} {
			io.WriteString(conn, said)
			if heard, err := r.ReadString('\n'); err != nil || heard != link+" "+said {
				t.Errorf("%s: heard %q, %v", name, heard, err)
			}
		}
		conn.Close()
	}
}

// TestEventStream delivers each event before the next one happens, of a type
// that is not rewritten and of one that is (WHATWG HTML, 9.2).
func TestEventStream(t *testing.T) {
	next := make(chan struct{})
	events := func(contentType string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", contentType)
			for i := range 3 {
				fmt.Fprintf(w, "data: {\"n\":%d,\"u\":\"%s\"}\n\n", i, link)
				http.NewResponseController(w).Flush()
				<-next
			}
		}
	}
	stage := newSites(t, []row{{app: events("text/event-stream")}, {app: events("application/x-ndjson")}})
	for i, signed := range []int{0, 1} {
		for _, kind := range siteKinds {
			for proto, client := range stage.clients {
				resp, err := client.Get(fmt.Sprintf("%s/?row=%d", stage.with[kind], i))
				if err != nil {
					t.Fatal(err)
				}
				body := bufio.NewReader(resp.Body)
				for n := range 3 {
					event, err := body.ReadString('\n')
					if err != nil || !strings.HasPrefix(event, fmt.Sprintf("data: {\"n\":%d", n)) {
						t.Fatalf("%s, %s: got %q, %v", proto, kind, event, err)
					}
					if _, got := unsigned(event); got != signed {
						t.Errorf("%s, %s: %d signatures in %q", proto, kind, got, event)
					}
					body.ReadString('\n')
					next <- struct{}{}
				}
				resp.Body.Close()
			}
		}
	}
}

// TestGRPC streams in both directions with trailers, over HTTP/2 to an h2c app.
func TestGRPC(t *testing.T) {
	app := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/grpc")
		w.Header().Set("Trailer", "Grpc-Status")
		w.WriteHeader(200)
		http.NewResponseController(w).Flush()
		lines := bufio.NewScanner(r.Body)
		for lines.Scan() {
			fmt.Fprintf(w, "%s %s\n", link, lines.Text())
			http.NewResponseController(w).Flush()
		}
		w.Header().Set("Grpc-Status", "0")
	}))
	app.Config.Protocols = new(http.Protocols)
	app.Config.Protocols.SetUnencryptedHTTP2(true)
	app.Start()
	defer app.Close()
	certFile, keyFile, pool := selfSigned(t)
	private, _ := writeKey(t, ecKey())
	base := "https://" + freeAddr(t)
	startCaddy(t, "", fmt.Sprintf("%s {\n\ttls %s %s\n%s\n\treverse_proxy h2c://%s\n}\n", base, certFile, keyFile, fmt.Sprintf(linksBlock, private), app.Listener.Addr()))

	transport := http2Transport(pool)
	defer transport.CloseIdleConnections()
	requestBody, say := io.Pipe()
	req, _ := http.NewRequest("POST", base, requestBody)
	req.Header.Set("Content-Type", "application/grpc")
	req.Header.Set("TE", "trailers")
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body := bufio.NewReader(resp.Body)
	for _, said := range []string{"one\n", "two\n"} {
		io.WriteString(say, said)
		if heard, err := body.ReadString('\n'); err != nil || heard != link+" "+said {
			t.Errorf("heard %q, %v", heard, err)
		}
	}
	say.Close()
	io.Copy(io.Discard, body)
	if resp.Trailer.Get("Grpc-Status") != "0" || resp.ProtoMajor != 2 {
		t.Errorf("HTTP/%d, trailer %v", resp.ProtoMajor, resp.Trailer)
	}
}

// TestConnect: a tunnel holds no page, whatever its header says (RFC 9110,
// section 9.3.6).
func TestConnect(t *testing.T) {
	private, _ := writeKey(t, ecKey())
	addr := freeAddr(t)
	startCaddy(t, "", fmt.Sprintf("http://%s {\n%s\n\troute {\n\t\theader Content-Type text/html\n\t\trespond `<img src=%q>`\n\t}\n}\n", addr, fmt.Sprintf(linksBlock, private), link))
	for method, want := range map[string]int{"GET": 1, "CONNECT": 0} {
		got := wire(t, addr, fmt.Sprintf("%[1]s %[2]s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", method, map[string]string{"GET": "/", "CONNECT": "127.0.0.1:80"}[method]))
		if _, n := unsigned(got); n != want || !strings.Contains(got, "200 OK") || !strings.Contains(got, link) {
			t.Errorf("%s: %d signatures, want %d, in\n%s", method, n, want, got)
		}
	}
}
