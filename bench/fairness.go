package main

import (
	"fmt"
	"sync/atomic"
	"time"
)

// fairness measures what a page with very many cold RSA links does to other
// visitors' pages, which have a few cold links each.
func fairness(set settings) error {
	hostile, others, few := 100_000, 60, 10
	if set.rounds == 1 {
		hostile, others = 5_000, 10
	}
	docs := map[string]document{"/page/0": {contentType: "text/html", body: page(100*hostile, hostile, cdn+"/private/hostile")}}
	for i := range 2 * others {
		docs[fmt.Sprintf("/page/%d", i+1)] = document{contentType: "text/html", body: page(20_000, few, fmt.Sprintf("%s/private/%d", cdn, i))}
	}
	upstream, err := serveUpstream(docs)
	if err != nil {
		return err
	}
	s, err := startSigner("rsa", "link", "", upstream)
	if err != nil {
		return err
	}
	defer s.stop()

	measure := func(first int) ([]time.Duration, error) {
		var latencies []time.Duration
		for i := range others {
			latency, err := get(s.addr, first+i)
			if err != nil {
				return nil, err
			}
			latencies = append(latencies, latency)
		}
		return latencies, nil
	}
	alone, err := measure(1)
	if err != nil {
		return err
	}
	var done atomic.Bool
	attack := make(chan time.Duration, 1)
	go func() {
		latency, _ := get(s.addr, 0)
		done.Store(true)
		attack <- latency
	}()
	time.Sleep(200 * time.Millisecond)
	beside, err := measure(1 + others)
	if err != nil {
		return err
	}
	if done.Load() {
		return fmt.Errorf("the page with %d links was there before the others were measured", hostile)
	}
	fmt.Printf("Pages of %d cold RSA links, alone and beside one page of %d.\n\n| | p50 | p99 |\n|---|---|---|\n", few, hostile)
	fmt.Printf("| alone | %v | %v |\n| beside the large page | %v | %v |\n", quantile(alone, 0.5), quantile(alone, 0.99), quantile(beside, 0.5), quantile(beside, 0.99))
	fmt.Printf("\np50 beside over p50 alone: %.1f. The large page took %v.\n", float64(quantile(beside, 0.5))/float64(quantile(alone, 0.5)), (<-attack).Round(time.Second/10))
	return nil
}
