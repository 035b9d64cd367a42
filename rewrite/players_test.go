package rewrite

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// judged is a manifest for testdata/js/judge.mjs.
type judged struct {
	Name   string   `json:"name"`
	Format string   `json:"format"`
	Base   string   `json:"base"`
	Hosts  []string `json:"hosts"`
	Maps   []Map    `json:"maps"`
	Input  string   `json:"input"`
	Output string   `json:"output"`

	Alternatives bool `json:"alternatives"` // several BaseURLs for the same files
}

// TestPlayers lets players' parsers read manifests from players' own tests,
// before and after: each link that leads inside is signed, for the URL that the
// player will fetch, and nothing else differs.
func TestPlayers(t *testing.T) {
	const modules = "testdata/js/node_modules"
	node, err := exec.LookPath("node")
	if err != nil {
		missingPlayers(t, "node: %v", err)
	}
	if _, err := os.Stat(modules); err != nil {
		missingPlayers(t, "run npm ci --prefix rewrite/testdata/js: %v", err)
	}

	var cases []judged
	for _, name := range append(glob(t, modules+"/m3u8-parser/test/fixtures/*/*.m3u8"), glob(t, modules+"/@eyevinn/m3u8/test/fixtures/*.m3u8")...) {
		cases = append(cases, judgedInPlaces(t, HLS, "hls", filepath.Base(name), readFile(t, name))...)
	}
	for _, name := range glob(t, modules+"/mpd-parser/test/manifests/*.mpd") {
		cases = append(cases, judgedInPlaces(t, DASH, "dash", filepath.Base(name), readFile(t, name))...)
	}
	// More stand in mpd-parser's tests as template literals.
	for _, name := range glob(t, modules+"/mpd-parser/test/*.test.js") {
		for i, found := range regexp.MustCompile("`(\\s*<MPD[^`$]*)`").FindAllStringSubmatch(readFile(t, name), -1) {
			cases = append(cases, judgedInPlaces(t, DASH, "dash", fmt.Sprintf("%s %d", filepath.Base(name), i+1), strings.TrimSpace(found[1]))...)
		}
	}
	if len(cases) < 3*80 {
		t.Fatalf("only %d manifests found", len(cases)/3)
	}

	input, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(node, "testdata/js/judge.mjs")
	cmd.Stdin = bytes.NewReader(input)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	var report struct {
		Manifests    map[string]int
		URLs, Signed int
		Failures     []string
	}
	if err := json.Unmarshal(output, &report); err != nil {
		t.Fatal(err)
	}
	for _, failure := range report.Failures {
		t.Error(failure)
	}
	t.Logf("read %v; %d links, %d of them inside", report.Manifests, report.URLs, report.Signed)
	if report.Signed < 1000 {
		t.Errorf("only %d links were inside", report.Signed)
	}
}

// judgedInPlaces rewrites a manifest as if it stood on the CDN, under a mapped
// path, and on a third host while its own absolute links lead to the CDN.
func judgedInPlaces(t *testing.T, f Format, format, name, in string) []judged {
	var hosts []string
	for _, found := range regexp.MustCompile(`https?://([a-z0-9.-]+)/`).FindAllStringSubmatch(in, -1) {
		if h := found[1]; h != "www.w3.org" && !slices.Contains(hosts, h) {
			hosts = append(hosts, h)
		}
	}
	return []judged{
		judge(t, f, judged{Name: name + " on the CDN", Format: format, Base: cdnManifest, Hosts: site.Hosts, Input: in}),
		judge(t, f, judged{Name: name + " mapped", Format: format, Base: mappedManifest, Hosts: site.Hosts, Maps: []Map{{"/", "https://cdn.example.com/x/"}}, Input: in}),
		judge(t, f, judged{Name: name + " elsewhere", Format: format, Base: "https://third.example.org/main", Hosts: append(hosts, "cdn.example.com"), Input: in}),
	}
}

// judge fills in the output. Each signature holds the URL that it is for.
func judge(t *testing.T, f Format, j judged) judged {
	t.Helper()
	j.Alternatives = regexp.MustCompile(`</BaseURL>\s*<BaseURL`).MatchString(j.Input)
	rw := newTest(t, Config{Hosts: j.Hosts, Maps: j.Maps})
	var out bytes.Buffer
	w := rw.Writer(&out, Options{Format: f, Base: parseURL(t, j.Base), Sign: func(links []Link) {
		for i := range links {
			links[i].Query = "Signature=" + hex.EncodeToString([]byte(links[i].URL)) + "&Key-Pair-Id=K"
		}
	}})
	defer w.Release()
	if _, err := w.Write([]byte(j.Input)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	j.Output = out.String()
	return j
}

func missingPlayers(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("CLOUDFRONT_REQUIRE_PEERS") == "1" {
		t.Fatalf(format, args...)
	}
	t.Skipf("NOT JUDGED BY PLAYERS' PARSERS: "+format, args...)
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
