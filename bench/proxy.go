package main

import (
	"fmt"
	"os"
	"time"
)

// contender is a proxy in front of the upstream, and the plain proxy of its
// own kind that it is compared with.
type contender struct {
	name, path string
	header     []string
	server     *server
	plain      *server
}

// proxy compares proxies that rewrite with plain ones.
func proxy(set settings) error {
	upstream, err := serveUpstream(documents())
	if err != nil {
		return err
	}
	contenders, stop, err := startProxies(upstream)
	defer stop()
	if err != nil {
		return err
	}
	fmt.Println("| what | requests/s, ratio | CPU per request | CPU, ratio | p50 | p99 | body |")
	fmt.Println("|---|---|---|---|---|---|---|")
	for _, c := range contenders {
		if !set.match.MatchString(c.name) {
			continue
		}
		if err := c.compare(set); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return nil
}

// compare measures the contender and its plain proxy in turn.
func (c contender) compare(set settings) error {
	var rate, cpuRatio []float64
	var cpu, p50, p99 []time.Duration
	var size int64
	for range set.rounds {
		plain, err := load(c.plain, c.path, c.header, set.each)
		if err != nil {
			return err
		}
		own, err := load(c.server, c.path, c.header, set.each)
		if err != nil {
			return err
		}
		rate = append(rate, own.perSecond/plain.perSecond)
		cpuRatio = append(cpuRatio, float64(own.cpu)/float64(plain.cpu))
		cpu, p50, p99, size = append(cpu, own.cpu), append(p50, own.p50), append(p99, own.p99), own.bytes
	}
	fmt.Printf("| %s | %.2f | %v | %.2f | %v | %v | %d |\n", c.name, median(rate),
		median(cpu).Round(time.Microsecond), median(cpuRatio), median(p50), median(p99), size)
	return nil
}

func documents() map[string]document {
	docs := make(map[string]document)
	for _, size := range []int{10_000, 95_000, 1_000_000, 20_000_000} {
		for _, density := range []int{0, 20, 100, 200} {
			body := page(size, links(size, density), cdn)
			docs[htmlPath(size, density)] = document{contentType: "text/html; charset=utf-8", body: body}
			docs[htmlPath(size, density)+"/chunked"] = document{contentType: "text/html; charset=utf-8", body: body, chunked: true}
		}
	}
	for _, segments := range []int{10, 200, 2000} {
		docs[hlsPath(segments)] = document{contentType: "application/vnd.apple.mpegurl", body: playlist(segments)}
	}
	return docs
}

func htmlPath(size, density int) string { return fmt.Sprintf("/html/%d/%d", size, density) }
func hlsPath(segments int) string       { return fmt.Sprintf("/hls/%d", segments) }

// startProxies starts all of them and returns what to compare.
func startProxies(upstream string) (all []contender, stop func(), err error) {
	var servers []*server
	stop = func() {
		for _, s := range servers {
			s.stop()
		}
	}
	start := func(s *server, startErr error) *server {
		if startErr != nil {
			err = startErr
			return nil
		}
		servers = append(servers, s)
		return s
	}

	plain := start(startSite("reverse_proxy " + upstream))
	encoded := start(startSite("encode gzip\n\treverse_proxy " + upstream))
	ours := make(map[string]*server)
	for _, key := range []string{"rsa", "ec"} {
		for _, scope := range []string{"link", "directory", "resource"} {
			if err == nil {
				ours[key+" "+scope] = start(startSigner(key, scope, "", upstream))
			}
		}
	}
	var oursEncoded *server
	if err == nil {
		oursEncoded = start(startSigner("rsa", "link", "encode gzip\n", upstream))
	}
	if err != nil {
		return nil, stop, err
	}

	add := func(name, path string, s, plain *server, header ...string) {
		all = append(all, contender{name: name, path: path, server: s, plain: plain, header: header})
	}
	add("95 KB, no link", htmlPath(95_000, 0), ours["rsa link"], plain)
	for _, key := range []string{"rsa", "ec"} {
		for _, scope := range []string{"link", "directory", "resource"} {
			for _, density := range []int{20, 100, 200} {
				add(fmt.Sprintf("95 KB, %d links, %s, scope %s", links(95_000, density), key, scope), htmlPath(95_000, density), ours[key+" "+scope], plain)
			}
		}
	}
	for _, size := range []int{10_000, 1_000_000, 20_000_000} {
		for _, density := range []int{0, 20, 200} {
			add(fmt.Sprintf("%d KB, %d links, rsa, scope resource", size/1000, links(size, density)), htmlPath(size, density), ours["rsa resource"], plain)
		}
	}
	add("95 KB, 19 links, chunked upstream", htmlPath(95_000, 20)+"/chunked", ours["rsa link"], plain)
	add("95 KB, 19 links, encode gzip", htmlPath(95_000, 20), oursEncoded, encoded, "Accept-Encoding: gzip")
	for _, segments := range []int{10, 200, 2000} {
		add(fmt.Sprintf("HLS, %d segments, rsa, scope link", segments), hlsPath(segments), ours["rsa link"], plain)
		add(fmt.Sprintf("HLS, %d segments, rsa, scope resource", segments), hlsPath(segments), ours["rsa resource"], plain)
	}

	peers, peerErr := startPeers(upstream, start)
	if peerErr != nil || err != nil {
		return nil, stop, fmt.Errorf("starting peers: %v %v", peerErr, err)
	}
	return append(all, peers...), stop, nil
}

// startSite starts Caddy with a site.
func startSite(directives string) (*server, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	return startCaddy(addr, fmt.Sprintf("http://%s {\n\t%s\n}\n", addr, directives))
}

// startSigner starts Caddy with cloudfront_links.
func startSigner(key, scope, more, upstream string) (*server, error) {
	file, err := keyFile(key)
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.Remove(file) }() // read when the config was loaded
	return startSite(fmt.Sprintf(`%s
	cloudfront_links {
		key_file %s
		key_pair_id K2JCJMDEHXQW5F
		resource https://%s/private/*
		scope %s
		require none
	}
	reverse_proxy %s`, more, file, cdn, scope, upstream))
}
