package cloudfront

import (
	"bytes"
	"crypto"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

const playersFolder = "rewrite/testdata/js"

// playerManifest is a manifest for the judge in playersFolder, which lists the
// links that it found signed.
type playerManifest struct {
	Name   string              `json:"name"`
	Format string              `json:"format"`
	Base   string              `json:"base"`
	Hosts  []string            `json:"hosts"`
	Maps   []map[string]string `json:"maps"`
	Input  string              `json:"input"`
	Output string              `json:"output"`
	Real   bool                `json:"real"`
}

// Manifests from players' own tests go through the proxy: each link that the
// players' parsers resolve to inside the resources has a signature that the
// edge accepts, and nothing else differs.
func TestRealManifests(t *testing.T) {
	modules := playersFolder + "/node_modules"
	needFile(t, modules+"/mpd-parser/package.json")
	manifests := map[string]string{} // by path on the site
	hosts := []string{"cdn.example.com"}
	for _, fixtures := range []struct{ format, pattern string }{
		{"hls", "/m3u8-parser/test/fixtures/*/*.m3u8"},
		{"hls", "/@eyevinn/m3u8/test/fixtures/*.m3u8"},
		{"dash", "/mpd-parser/test/manifests/*.mpd"},
	} {
		names, err := filepath.Glob(modules + fixtures.pattern)
		if err != nil {
			t.Fatal(err)
		}
		for i, name := range names {
			text := readFile(t, name)
			manifests[fmt.Sprintf("/%s/%d/%s", fixtures.format, i, filepath.Base(name))] = text
			for _, found := range regexp.MustCompile(`https?://([a-z0-9.-]+)/`).FindAllStringSubmatch(text, -1) {
				if h := found[1]; h != "www.w3.org" && !slices.Contains(hosts, h) {
					hosts = append(hosts, h)
				}
			}
		}
	}
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mediaType := "application/vnd.apple.mpegurl"
		if strings.HasPrefix(r.URL.Path, "/dash/") {
			mediaType = "application/dash+xml"
		}
		w.Header().Set("Content-Type", mediaType)
		_, _ = w.Write([]byte(manifests[r.URL.Path]))
	}))
	t.Cleanup(upstream.Close)
	private, _ := writeKey(t, ecKey())
	site := freeAddr(t)
	var resources strings.Builder
	for _, host := range hosts {
		fmt.Fprintf(&resources, "resource https://%[1]s/* http://%[1]s/*\n", host)
	}
	startCaddy(t, "", fmt.Sprintf("http://%s {\ncloudfront_links {\nkey_file %s\nkey_pair_id K2JCJMDEHXQW5F\n%smap / https://cdn.example.com/\nrequire none\n}\nreverse_proxy %s\n}\n",
		site, private, resources.String(), upstream.Listener.Addr()))

	var judged []playerManifest
	for path, text := range manifests {
		judged = append(judged, playerManifest{
			Name: path, Format: strings.Split(path, "/")[1], Base: "https://" + site + path, Hosts: hosts, Real: true,
			Maps:  []map[string]string{{"From": "/", "To": "https://cdn.example.com/"}},
			Input: text, Output: string(fetchBody(t, "http://"+site+path)),
		})
	}
	input, err := json.Marshal(judged)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", playersFolder+"/judge.mjs")
	cmd.Stdin = bytes.NewReader(input)
	output, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var report struct {
		Manifests map[string]int
		Links     []string
		Failures  []string
	}
	if err := json.Unmarshal(output, &report); err != nil {
		t.Fatal(err)
	}
	for _, failure := range report.Failures {
		t.Error(failure)
	}
	verifier := signer.Verifier{Keys: map[string]crypto.PublicKey{"K2JCJMDEHXQW5F": ecKey().Public()}}
	for _, link := range report.Links {
		verifyLink(t, verifier, link)
	}
	t.Logf("judged %d manifests, read as %v, with %d signed links", len(judged), report.Manifests, len(report.Links))
	if len(judged) < 60 || len(report.Links) < 500 {
		t.Error("too few")
	}
}
