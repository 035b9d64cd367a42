package cloudfront

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// upper is a rewriting that makes letters upper case and so shows in a
// response what intercept does on its own.
type upper struct {
	pass    bool // nothing is rewritten
	seen    http.Header
	dst     io.Writer
	changed bool
	states  []bodyState
}

func (u *upper) rewrites() bool               { return !u.pass }
func (u *upper) interim(_ int, h http.Header) { h.Set("Interim", "seen") }
func (u *upper) trailer(h http.Header)        { h.Del("Secret") }
func (u *upper) header(_ int, h http.Header) rewriting {
	u.seen = h.Clone()
	if u.pass || !strings.HasPrefix(h.Get("Content-Type"), "text/html") {
		return nil
	}
	return u
}

func (u *upper) to(dst io.Writer) io.WriteCloser { u.dst = dst; return u }
func (u *upper) Close() error                    { return nil }
func (u *upper) release(error)                   {}
func (u *upper) Write(p []byte) (int, error) {
	up := bytes.ToUpper(p)
	u.changed = u.changed || !bytes.Equal(up, p)
	return u.dst.Write(up)
}

func (u *upper) commit(h http.Header, state bodyState) bool {
	u.states = append(u.states, state)
	changed := u.changed || state == bodyRunning
	if changed {
		h.Set("Changed", "yes")
	}
	return changed
}

// serve runs next behind intercept on a real server and returns its address.
func serve(t *testing.T, hooks func() hooks, limit int64, next caddyhttp.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := intercept(w, r, next, hooks(), limit); err != nil {
			var herr caddyhttp.HandlerError
			if errors.As(err, &herr) {
				w.WriteHeader(herr.StatusCode)
			} else {
				w.WriteHeader(http.StatusInternalServerError)
			}
			io.WriteString(w, "error page")
		}
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// wire sends a request as it is and returns all bytes of the answer.
func wire(t *testing.T, addr, request string) string {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	raw, _ := io.ReadAll(conn)
	return withoutDate(string(raw))
}

func withoutDate(raw string) string {
	var kept strings.Builder
	for line := range strings.Lines(raw) {
		if !strings.HasPrefix(line, "Date: ") {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

func request(method string, fields ...string) string {
	return fmt.Sprintf("%s / HTTP/1.1\r\nHost: app\r\nConnection: close\r\n%s\r\n", method, strings.Join(append(fields, ""), "\r\n"))
}

const bigLine = "0123456789abcdef"

func TestResponse(t *testing.T) {
	clock := startClock(t)
	big := strings.Repeat(bigLine, maxHeld/len(bigLine)+1)
	for _, test := range []struct {
		name   string
		method string
		next   caddyhttp.HandlerFunc
		limit  int64
		want   []string // in the raw reply
		not    []string
	}{
		{
			name: "a body that ended has its exact length (RFC 9110, 8.6)",
			next: page("<p>hi"),
			want: []string{"HTTP/1.1 200 OK", "Content-Length: 5\r\n", "Changed: yes", "\r\n\r\n<P>HI"},
			not:  []string{"Transfer-Encoding"},
		},
		{
			name: "one that stays the same keeps its header",
			next: page("<P>HI"),
			want: []string{"Content-Length: 5\r\n", "\r\n\r\n<P>HI"},
			not:  []string{"Changed"},
		},
		{
			name: "other types pass",
			next: func(w http.ResponseWriter, r *http.Request) error {
				w.Header().Set("Content-Type", "image/png")
				_, err := io.WriteString(w, "abc")
				return err
			},
			want: []string{"\r\n\r\nabc"},
			not:  []string{"Changed"},
		},
		{
			name: "flushed: the header goes out, no length (RFC 9112, 7.1)",
			next: func(w http.ResponseWriter, r *http.Request) error {
				html(w).WriteHeader(200)
				http.NewResponseController(w).Flush()
				io.WriteString(w, "hi")
				return nil
			},
			want: []string{"Transfer-Encoding: chunked", "Changed: yes", "2\r\nHI\r\n0\r\n\r\n"},
			not:  []string{"Content-Length"},
		},
		{
			name: "1 MiB is held, no more",
			next: page(big),
			want: []string{"Transfer-Encoding: chunked", "Changed: yes", "ABCDEF\r\n0\r\n\r\n"},
		},
		{
			name:  "without room in max_buffers the header is decided early",
			next:  page("HI"),
			limit: chunkSize - 1,
			want:  []string{"Changed: yes", "\r\n\r\nHI"},
		},
		{
			name: "an incremental body is never held (draft-ietf-httpbis-incremental)",
			next: func(w http.ResponseWriter, r *http.Request) error {
				w.Header().Set("Incremental", "?1")
				return page("HI")(w, r)
			},
			want: []string{"Changed: yes", "Incremental: ?1", "\r\n\r\nHI"},
		},
		{
			name: "a Write that comes late ends the waiting",
			next: func(w http.ResponseWriter, r *http.Request) error {
				io.WriteString(html(w), "HI")
				clock.advance(2 * patience)
				io.WriteString(w, "HO")
				return nil
			},
			want: []string{"Changed: yes", "\r\n\r\nHIHO"},
		},
		{
			name:   "HEAD has no length, not even that of an empty body (RFC 9110, 9.3.2)",
			method: "HEAD",
			next:   page("hi"),
			want:   []string{"200 OK", "Changed: yes", "\r\n\r\n"},
			not:    []string{"Content-Length", "HI", "hi"},
		},
		{
			name: "informational responses are not final (RFC 9110, 15.2)",
			next: func(w http.ResponseWriter, r *http.Request) error {
				w.Header().Set("Link", "</a>")
				w.WriteHeader(http.StatusEarlyHints)
				w.Header().Set("Content-Type", "text/html")
				w.WriteHeader(http.StatusNotFound)
				io.WriteString(w, "no")
				return nil
			},
			want: []string{"HTTP/1.1 103 Early Hints\r\nInterim: seen\r\nLink: </a>\r\n\r\nHTTP/1.1 404 Not Found\r\n", "\r\n\r\nNO"},
		},
		{
			name: "an error is the error handler's, and nothing of the page is left",
			next: func(w http.ResponseWriter, r *http.Request) error {
				w.Header().Set("Etag", `"a"`)
				w.Header().Set("Content-Length", "100")
				io.WriteString(html(w), "half a page")
				return caddyhttp.Error(http.StatusBadGateway, errors.New("no more"))
			},
			want: []string{"502 Bad Gateway", "\r\n\r\nerror page"},
			not:  []string{"Etag", "Content-Length: 100", "Changed", "HALF"},
		},
		{
			name: "a panic leaves a response that is seen to be incomplete (RFC 9112, 8)",
			next: func(w http.ResponseWriter, r *http.Request) error {
				w.Header().Set("Content-Length", "10000")
				io.WriteString(html(w), strings.Repeat("half", 2000))
				panic(http.ErrAbortHandler)
			},
			want: []string{"200 OK", "Transfer-Encoding: chunked", "HALF"},
			not:  []string{"\r\n0\r\n", "Content-Length"},
		},
		{
			name: "so it is with what stays the same",
			next: func(w http.ResponseWriter, r *http.Request) error {
				w.Header().Set("Content-Length", "10000")
				io.WriteString(html(w), strings.Repeat("HALF", 2000))
				panic(http.ErrAbortHandler)
			},
			want: []string{"200 OK", "Content-Length: 10000", "\r\n\r\nHALFHALF"},
			not:  []string{"Changed"},
		},
		{
			name: "announced trailers stay trailers (RFC 9110, 6.5)",
			next: func(w http.ResponseWriter, r *http.Request) error {
				w.Header().Set("Trailer", "Sum, Secret")
				io.WriteString(html(w), "hi")
				w.Header().Set("Sum", "1")
				w.Header().Set("Secret", "2")
				return nil
			},
			want: []string{"Transfer-Encoding: chunked", "2\r\nHI\r\n0\r\nSum: 1\r\n\r\n"},
			not:  []string{"Content-Length", "Secret: 2"},
		},
		{
			name: "trailers that were not announced too",
			next: func(w http.ResponseWriter, r *http.Request) error {
				io.WriteString(html(w), "hi")
				w.Header().Set(http.TrailerPrefix+"Sum", "1")
				return nil
			},
			want: []string{"Transfer-Encoding: chunked", "2\r\nHI\r\n0\r\nSum: 1\r\n\r\n"},
			not:  []string{"Content-Length"},
		},
		{
			name: "a body without a type is what its first bytes say (RFC 9110, 8.3)",
			next: func(w http.ResponseWriter, r *http.Request) error {
				w.WriteHeader(http.StatusTeapot)
				io.WriteString(w, "<!doctype html><p>hi")
				return nil
			},
			want: []string{"418 I'm a teapot", "Content-Type: text/html; charset=utf-8\r\n", "<P>HI"},
		},
		{
			name: "a status without a body is sent at once",
			next: func(w http.ResponseWriter, r *http.Request) error {
				w.WriteHeader(http.StatusNoContent)
				return nil
			},
			want: []string{"204 No Content"},
			not:  []string{"Content-Length", "Content-Type"},
		},
		{
			name: "a file is not read past us",
			next: func(w http.ResponseWriter, r *http.Request) error {
				_, err := io.Copy(html(w), strings.NewReader("hi"))
				return err
			},
			want: []string{"Content-Length: 2\r\n", "\r\n\r\nHI"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			limit := test.limit
			if limit == 0 {
				limit = 1 << 30
			}
			method := test.method
			if method == "" {
				method = "GET"
			}
			got := wire(t, serve(t, func() hooks { return new(upper) }, limit, test.next), request(method))
			for _, want := range test.want {
				if !strings.Contains(got, want) {
					t.Errorf("no %q in\n%.2000s", want, got)
				}
			}
			for _, not := range test.not {
				if strings.Contains(got, not) {
					t.Errorf("%q in\n%.2000s", not, got)
				}
			}
			if n := held.Load(); n != 0 {
				t.Errorf("%d bytes are still counted as held", n)
			}
		})
	}
}

func html(w http.ResponseWriter) http.ResponseWriter {
	w.Header().Set("Content-Type", "text/html")
	return w
}

func page(body string) caddyhttp.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		_, err := io.WriteString(html(w), body)
		return err
	}
}

// TestHijack switches protocols through intercept (RFC 9110, section 7.8).
func TestHijack(t *testing.T) {
	addr := serve(t, func() hooks { return new(upper) }, 1<<30, func(w http.ResponseWriter, r *http.Request) error {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return err
		}
		defer conn.Close()
		rw.WriteString("HTTP/1.1 101 Switching Protocols\r\n\r\nraw")
		return rw.Flush()
	})
	got := wire(t, addr, request("GET", "Connection: Upgrade", "Upgrade: raw"))
	if !strings.HasSuffix(got, "\r\n\r\nraw") {
		t.Errorf("got %q", got)
	}
}

// TestFlushDelivers reads each part before the next one is written.
func TestFlushDelivers(t *testing.T) {
	next := make(chan struct{})
	addr := serve(t, func() hooks { return new(upper) }, 1<<30, func(w http.ResponseWriter, r *http.Request) error {
		for range 3 {
			io.WriteString(html(w), "part\n")
			if err := http.NewResponseController(w).Flush(); err != nil {
				return err
			}
			<-next
		}
		return nil
	})
	resp, err := http.Get("http://" + addr)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body := bufio.NewReader(resp.Body)
	for range 3 {
		line, err := body.ReadString('\n')
		if err != nil || line != "PART\n" {
			t.Fatalf("got %q, %v", line, err)
		}
		next <- struct{}{}
	}
}

// TestFlushWithoutType: who never rewrites lets a header go before anything is
// known of the body; who may, waits for it (RFC 9110, section 8.3).
func TestFlushWithoutType(t *testing.T) {
	for _, pass := range []bool{true, false} {
		w := httptest.NewRecorder()
		err := intercept(w, httptest.NewRequest("GET", "/", nil), caddyhttp.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) error {
			err := http.NewResponseController(rw).Flush()
			if w.Flushed != pass {
				t.Errorf("rewriting nothing is %v, but the header is sent: %v", pass, w.Flushed)
			}
			io.WriteString(rw, "<!doctype html><p>hi")
			return err
		}), &upper{pass: pass}, 1<<30)
		want := map[bool]string{true: "<!doctype html><p>hi", false: "<!DOCTYPE HTML><P>HI"}[pass]
		if err != nil || w.Body.String() != want {
			t.Errorf("%q, %v, want %q", w.Body, err, want)
		}
	}
}

// TestReadFrom: what passes as it is keeps the way to sendfile; what is
// rewritten is never read past us.
func TestReadFrom(t *testing.T) {
	for contentType, want := range map[string]string{"video/mp4": "the connection", "text/html": "intercept"} {
		w := &fileWriter{ResponseRecorder: httptest.NewRecorder()}
		err := intercept(w, httptest.NewRequest("GET", "/", nil), caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(200)
			_, err := io.Copy(w, struct{ io.Reader }{strings.NewReader("file")})
			return err
		}), new(upper), 1<<30)
		if err != nil {
			t.Fatal(err)
		}
		by := "intercept"
		if w.read {
			by = "the connection"
		}
		if by != want || !strings.EqualFold(w.Body.String(), "file") {
			t.Errorf("%s: %q was read by %s, want %s", contentType, w.Body, by, want)
		}
	}
}

// fileWriter is a response writer that can read by itself, as net/http's can.
type fileWriter struct {
	*httptest.ResponseRecorder
	read bool
}

func (w *fileWriter) ReadFrom(r io.Reader) (int64, error) {
	w.read = true
	return io.Copy(w.Body, r)
}

// TestHeld: all held bodies together stay within the limit, whatever their
// number, and count no more once they are sent.
func TestHeld(t *testing.T) {
	const limit = 10 * chunkSize
	wait := make(chan struct{})
	var ready, done sync.WaitGroup
	for range 30 {
		ready.Add(1)
		done.Go(func() {
			next := caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
				io.WriteString(html(w), "held")
				ready.Done()
				<-wait
				return nil
			})
			intercept(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil), next, new(upper), limit)
		})
	}
	ready.Wait()
	if n := held.Load(); n != limit {
		t.Errorf("%d bytes are held, the limit is %d", n, limit)
	}
	close(wait)
	done.Wait()
	if n := held.Load(); n != 0 {
		t.Errorf("%d bytes are still counted as held", n)
	}
}
