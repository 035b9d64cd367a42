package main

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

// windows measures latency while windows turn, and between turns: pages whose
// RSA links are all in use are asked for at a steady pace.
func windows(set settings) error {
	const perPage = 100
	pages, window, turns := 100, 40*time.Second, 3
	if set.rounds == 1 {
		pages, window, turns = 10, 6*time.Second, 2
	}
	docs := make(map[string]document)
	for i := range pages {
		docs[fmt.Sprintf("/page/%d", i)] = document{contentType: "text/html", body: page(95_000, perPage, fmt.Sprintf("%s/private/%d", cdn, i))}
	}
	upstream, err := serveUpstream(docs)
	if err != nil {
		return err
	}
	resource := "https://" + cdn + "/private/*"
	file, err := keyFile("rsa")
	if err != nil {
		return err
	}
	s, err := startSite(fmt.Sprintf(`cloudfront_links {
		key_file %s
		key_pair_id K2JCJMDEHXQW5F
		resource %s
		ttl %v
		window %v
		require none
	}
	reverse_proxy %s`, file, resource, 2*window, window, upstream))
	if err != nil {
		return err
	}
	defer s.stop()

	for i := range pages { // the first time, everything has to be signed
		if _, err := get(s.addr, i); err != nil {
			return err
		}
	}
	grid := signer.Window{TTL: 2 * window, Size: window}
	var near, between []time.Duration
	// The window that the server started in may be nearly over, and is not
	// long enough then to sign all for the next one: it is not counted, nor is
	// the turn behind it.
	_, expires := grid.Bounds(resource, time.Now())
	begin := time.Unix(expires, 0).Add(3*time.Second - grid.TTL)
	deadline := begin.Add(time.Duration(turns) * window)
	for i := 0; time.Now().Before(deadline); i++ {
		latency, err := get(s.addr, i%pages)
		if err != nil {
			return err
		}
		if time.Now().Before(begin) {
			continue
		}
		if turned(grid, resource) {
			near = append(near, latency)
		} else {
			between = append(between, latency)
		}
		time.Sleep(2 * time.Millisecond)
	}
	fmt.Printf("%d links on %d pages, RSA, ttl %v, window %v, %d turns. A turn counts from one second before it to two after.\n\n", pages*perPage, pages, 2*window, window, turns)
	fmt.Println("| requests | number | p50 | p99 | slowest |")
	fmt.Println("|---|---|---|---|---|")
	for _, row := range []struct {
		name      string
		latencies []time.Duration
	}{{"between turns", between}, {"at turns", near}} {
		fmt.Printf("| %s | %d | %v | %v | %v |\n", row.name, len(row.latencies),
			quantile(row.latencies, 0.5), quantile(row.latencies, 0.99), quantile(row.latencies, 1))
	}
	fmt.Printf("\np99 at turns over p99 between: %.2f\n", float64(quantile(near, 0.99))/float64(quantile(between, 0.99)))
	return nil
}

// turned tells whether the window of a resource turned less than two seconds
// ago, or is about to within one.
func turned(w signer.Window, resource string) bool {
	now := time.Now()
	_, before := w.Bounds(resource, now.Add(-2*time.Second))
	_, after := w.Bounds(resource, now.Add(time.Second))
	return before != after
}

// get asks for a page and returns how long the answer took, all of it.
func get(addr string, i int) (time.Duration, error) {
	start := time.Now()
	resp, err := http.Get(fmt.Sprintf("http://%s/page/%d", addr, i))
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("page %d: %s", i, resp.Status)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return time.Since(start), err
}

// quantile returns the value below which a share q of all lies.
func quantile(values []time.Duration, q float64) time.Duration {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}
