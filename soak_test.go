package cloudfront

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestSoak runs many visitors at once through a site with all that makes
// responses hard: slow apps and slow readers, long bodies, compressed ones, those
// that break off and readers that go away. In the end no memory and no goroutine
// is left.
func TestSoak(t *testing.T) {
	const visitors, lasting = 48, 2 * time.Second
	long := strings.Repeat(linkedPage, 2*maxHeld/len(linkedPage))
	zipped := compress("gzip", long)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		switch r.URL.Path {
		case "/short":
			io.WriteString(w, linkedPage)
		case "/long":
			io.WriteString(w, long)
		case "/slow":
			for range 4 {
				io.WriteString(w, linkedPage)
				http.NewResponseController(w).Flush()
				time.Sleep(20 * time.Millisecond)
			}
		case "/zipped":
			w.Header().Set("Content-Encoding", "gzip")
			io.WriteString(w, zipped)
		case "/corrupt":
			w.Header().Set("Content-Encoding", "gzip")
			io.WriteString(w, zipped[:len(zipped)/2]+"....")
		case "/abort":
			w.Header().Set("Content-Length", "1000000")
			io.WriteString(w, long[:100_000])
			http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		case "/file":
			w.Header().Set("Content-Type", "video/mp4")
			io.WriteString(w, long)
		}
	}))
	defer app.Close()
	app.Config.ErrorLog = nil
	private, _ := writeKey(t, ecKey())
	base := "http://" + freeAddr(t)
	startCaddy(t, "\tservers {\n\t\ttimeouts {\n\t\t\tidle 1s\n\t\t}\n\t}", fmt.Sprintf("%s {\n\tlog {\n\t\toutput discard\n\t}\n\tencode gzip\n%s\n\treverse_proxy %s {\n\t\ttransport http {\n\t\t\tkeepalive off\n\t\t}\n\t}\n}\n",
		base, fmt.Sprintf(linksBlock, private), app.Listener.Addr()))

	paths := []string{"/short", "/long", "/slow", "/zipped", "/corrupt", "/abort", "/file"}
	transport := &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: visitors}
	visit := func(seed uint64) {
		random := rand.New(rand.NewPCG(seed, 1))
		for begun := time.Now(); time.Since(begun) < lasting; {
			ctx, leave := context.WithCancel(context.Background())
			req, _ := http.NewRequestWithContext(ctx, "GET", base+paths[random.IntN(len(paths))], nil)
			if random.IntN(2) == 0 {
				req.Header.Set("Accept-Encoding", "gzip")
			}
			resp, err := transport.RoundTrip(req)
			if err == nil {
				switch random.IntN(4) {
				case 0: // goes away
					io.CopyN(io.Discard, resp.Body, int64(random.IntN(50_000)))
				case 1: // reads slowly
					for range 10 {
						time.Sleep(5 * time.Millisecond)
						io.CopyN(io.Discard, resp.Body, 64<<10)
					}
					fallthrough
				default:
					io.Copy(io.Discard, resp.Body)
				}
				leave()
				resp.Body.Close()
			}
			leave()
		}
	}
	// settle lets everything come to its end and measures what is left.
	settle := func(goroutines int) (int, uint64) {
		transport.CloseIdleConnections()
		var stats runtime.MemStats
		for range 100 {
			if runtime.GC(); runtime.NumGoroutine() <= goroutines && held.Load() == 0 {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		runtime.GC() // twice, for what pools keep for one cycle
		runtime.ReadMemStats(&stats)
		return runtime.NumGoroutine(), stats.HeapAlloc
	}
	crowd := func(seed uint64) {
		var wg sync.WaitGroup
		for i := range visitors {
			wg.Go(func() { visit(seed + uint64(i)) })
		}
		wg.Wait()
	}

	// One visit starts what stays, such as the cache of signatures.
	ask(t, &http.Client{Transport: transport}, "GET", base+"/short", nil)
	before, _ := settle(0)
	crowd(0)
	goroutines, heap := settle(before)
	if goroutines > before {
		buf := make([]byte, 1<<20)
		t.Errorf("%d goroutines, %d before\n%s", goroutines, before, buf[:runtime.Stack(buf, true)])
	}
	crowd(1000)
	_, later := settle(before)
	if later > heap+8<<20 {
		t.Errorf("%d MiB in use, %d MiB after half of it", later>>20, heap>>20)
	}
	if n := held.Load(); n != 0 {
		t.Errorf("%d bytes are still counted as held", n)
	}
}
