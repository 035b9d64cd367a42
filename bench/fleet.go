package main

import (
	"crypto"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

// fleet simulates nodes whose clocks differ and that restart and reload at
// random, with a browser that asks any of them for the same page again and
// again. There is no network: a node is an issuer, a clock and a cache, which a
// restart empties and a reload keeps.
func fleet(set settings) error {
	const (
		nodes = 50
		ttl   = time.Hour
		skew  = time.Second // each clock is off by up to so much
		visit = time.Minute // from one view of the page to the next
		views = 7 * 24 * 60
	)
	private, err := newKey("ec") // deterministic, so that restarts can't be seen
	if err != nil {
		return err
	}
	fmt.Printf("%d nodes, clocks off by up to %v, a node restarts at every tenth view on average, and one reloads at every tenth; one link, seen every %v for a week.\n\n", nodes, skew, visit)
	fmt.Println("| window | different URLs in a week | views with a URL that is in the browser's cache | instants at which nodes disagree |")
	fmt.Println("|---|---|---|---|")
	for _, window := range []time.Duration{0, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute} {
		f, err := newSimulation(private, nodes, skew, signer.Window{TTL: ttl, Size: window})
		if err != nil {
			return err
		}
		defer f.close()
		r := rand.New(rand.NewPCG(1, 2))
		start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		seen := make(map[string]bool)
		hits, disagree := 0, 0
		for i := range views {
			now := start.Add(time.Duration(i)*visit + time.Duration(r.Int64N(int64(visit))))
			if r.IntN(10) == 0 {
				if err := f.restart(r.IntN(nodes)); err != nil {
					return err
				}
			}
			if r.IntN(10) == 0 {
				if err := f.reload(r.IntN(nodes)); err != nil {
					return err
				}
			}
			url, err := f.url(r.IntN(nodes), now)
			if err != nil {
				return err
			}
			if seen[url] {
				hits++
			}
			seen[url] = true
			same, err := f.agree(now)
			if err != nil {
				return err
			}
			if !same {
				disagree++
			}
		}
		fmt.Printf("| %v | %d | %.1f %% | %.2f %% |\n", window, len(seen), 100*float64(hits)/views, 100*float64(disagree)/views)
	}
	return nil
}

// simulation is a fleet: its nodes share nothing but the config.
type simulation struct {
	nodes []*node
	fresh func(*signer.Cache) (*signer.Issuer, error) // what a config makes
}

type node struct {
	issuer *signer.Issuer
	skew   time.Duration
}

func newSimulation(private crypto.Signer, nodes int, skew time.Duration, w signer.Window) (*simulation, error) {
	pattern, err := signer.ParsePattern("https://" + cdn + "/private/*")
	if err != nil {
		return nil, err
	}
	f := &simulation{fresh: func(cache *signer.Cache) (*signer.Issuer, error) {
		key, err := signer.NewKey("K2JCJMDEHXQW5F", private, signer.SHA256)
		if err != nil {
			return nil, err
		}
		return &signer.Issuer{Key: key, Resources: []signer.Resource{{Pattern: pattern}}, Window: w, Cache: cache}, nil
	}}
	r := rand.New(rand.NewPCG(3, 4))
	for range nodes {
		issuer, err := f.fresh(newFleetCache())
		if err != nil {
			return nil, err
		}
		f.nodes = append(f.nodes, &node{issuer: issuer, skew: time.Duration(r.Int64N(int64(2*skew))) - skew})
	}
	return f, nil
}

func newFleetCache() *signer.Cache { return signer.NewCache(1 << 20) }

// restart gives a node a new cache.
func (f *simulation) restart(i int) error {
	f.nodes[i].issuer.Cache.Close()
	return f.load(i, newFleetCache())
}

// reload makes a node's issuer and its key anew and keeps its cache.
func (f *simulation) reload(i int) error { return f.load(i, f.nodes[i].issuer.Cache) }

func (f *simulation) load(i int, cache *signer.Cache) (err error) {
	f.nodes[i].issuer, err = f.fresh(cache)
	return err
}

// url returns the link as a node signs it at a moment.
func (f *simulation) url(i int, now time.Time) (string, error) {
	const link = "https://" + cdn + "/private/a.jpg"
	query, _, reason := f.nodes[i].issuer.Query(link, now.Add(f.nodes[i].skew))
	if reason != signer.Signed {
		return "", fmt.Errorf("%s was not signed: %s", link, reason)
	}
	return signer.Join(link, "", query), nil
}

// agree tells whether all nodes sign alike at a moment.
func (f *simulation) agree(now time.Time) (bool, error) {
	first, err := f.url(0, now)
	if err != nil {
		return false, err
	}
	for i := range f.nodes {
		url, err := f.url(i, now)
		if err != nil || url != first {
			return false, err
		}
	}
	return true, nil
}

func (f *simulation) close() {
	for _, n := range f.nodes {
		n.issuer.Cache.Close()
	}
}
