package main

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// memory measures how much memory concurrent large bodies take.
func memory(set settings) error {
	clients, size := 64, 100_000_000
	if set.rounds == 1 {
		clients, size = 8, 20_000_000
	}
	body := page(size, links(size, 20), cdn)
	upstream, err := serveUpstream(map[string]document{"/": {contentType: "text/html", body: body}})
	if err != nil {
		return err
	}
	fmt.Printf("%d concurrent responses of %d MB with a link every 5 KB, read as fast as possible.\n\n| | idle | peak | peak above idle, per response |\n|---|---|---|---|\n", clients, size/1_000_000)
	for _, scope := range []string{"resource", "directory"} {
		s, err := startSigner("rsa", scope, "", upstream)
		if err != nil {
			return err
		}
		idle, peak, err := peakMemory(s, clients)
		s.stop()
		if err != nil {
			return err
		}
		fmt.Printf("| scope %s | %.1f MiB | %.1f MiB | %.2f MiB |\n", scope, mib(idle), mib(peak), mib(peak-idle)/float64(clients))
	}
	return nil
}

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }

// peakMemory returns the server's resident memory before and at most during
// concurrent requests.
func peakMemory(s *server, clients int) (idle, peak int64, err error) {
	if idle, err = s.rss(); err != nil {
		return 0, 0, err
	}
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			resp, err := http.Get("http://" + s.addr + "/")
			if err == nil {
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	for {
		select {
		case <-done:
			return idle, peak, nil
		case <-time.After(20 * time.Millisecond):
			rss, err := s.rss()
			if err != nil {
				return 0, 0, err
			}
			peak = max(peak, rss)
		}
	}
}
