package rewrite

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"
)

func resolveText(base, ref string) (string, relation) {
	at, _ := resolve(nil, location{}, []byte(base))
	got, rel := resolve(nil, locate(at), []byte(ref))
	return string(got), rel
}

// The examples of RFC 3986, section 5.4, where a browser agrees.
func TestResolve(t *testing.T) {
	const base = "http://a/b/c/d;p?q"
	for ref, want := range map[string]string{
		"g": "http://a/b/c/g", "./g": "http://a/b/c/g", "g/": "http://a/b/c/g/", "/g": "http://a/g", "//g/": "//g/",
		"?y": "http://a/b/c/d;p?y", "g?y": "http://a/b/c/g?y", "#s": "http://a/b/c/d;p?q#s", "g#s": "http://a/b/c/g#s",
		"g?y#s": "http://a/b/c/g?y#s", ";x": "http://a/b/c/;x", "g;x": "http://a/b/c/g;x", "g;x?y#s": "http://a/b/c/g;x?y#s",
		"": "http://a/b/c/d;p?q", ".": "http://a/b/c/", "./": "http://a/b/c/", "..": "http://a/b/", "../": "http://a/b/",
		"../g": "http://a/b/g", "../..": "http://a/", "../../": "http://a/", "../../g": "http://a/g",
		"../../../g": "http://a/g", "../../../../g": "http://a/g", "/./g": "http://a/g", "/../g": "http://a/g",
		"g.": "http://a/b/c/g.", ".g": "http://a/b/c/.g", "g..": "http://a/b/c/g..", "..g": "http://a/b/c/..g",
		"./../g": "http://a/b/g", "./g/.": "http://a/b/c/g/", "g/./h": "http://a/b/c/g/h", "g/../h": "http://a/b/c/h",
		"g;x=1/./y": "http://a/b/c/g;x=1/y", "g;x=1/../y": "http://a/b/c/y",
		"g?y/./x": "http://a/b/c/g?y/./x", "g?y/../x": "http://a/b/c/g?y/../x", "g#s/./x": "http://a/b/c/g#s/./x", "g#s/../x": "http://a/b/c/g#s/../x",
		"%2e%2E/g": "http://a/b/g", ".%2e/g": "http://a/b/g", "%2e": "http://a/b/c/", "%2e%2e%2e": "http://a/b/c/%2e%2e%2e", "g%2e/h": "http://a/b/c/g%2e/h",
		"HTTPS://G/h": "https://g/h",
	} {
		if got, rel := resolveText(base, ref); got != want || rel == foreign {
			t.Errorf("%q leads to %q (%v), want %q", ref, got, rel, want)
		}
	}
	for _, ref := range []string{"g:h", "http:g", "http:/g", "http:", "mailto:a@b", "//", "///g", "http://", "http:///g", "http://g", "//g", "//g?x/", "//g#/"} {
		if got, rel := resolveText(base, ref); rel != foreign || got != "" {
			t.Errorf("%q leads to %q (%v), want nothing", ref, got, rel)
		}
	}
}

// TestResolveLikeABrowser compares with the URL standard, as node implements it.
func TestResolveLikeABrowser(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		missingPlayers(t, "node: %v", err)
	}
	type pair struct{ Base, Ref, Got string }
	var pairs []pair
	random := rand.New(rand.NewPCG(1, 1))
	for range 20000 {
		var b strings.Builder
		b.WriteString(pick(random, "", "", "", "/", "//h.example/", "https://h.example/", "http://h.example/a/"))
		for range random.IntN(7) {
			// No name begins with a dot: node 20 then forgets the dot segments behind it.
			b.WriteString(pick(random, "a", "/", "a.", "b..", "./", "../", "%2e/", "%2E./", ".%2e/", "?", "#", "b:c", "1:", ";", "%41", "~", "&", "="))
		}
		b.WriteString(pick(random, "", "", "", ".", "..", "%2e%2e"))
		base := pick(random, "https://site.example/", "https://site.example/a", "http://site.example/a/b/", "https://site.example/a/b?c/d")
		ref := b.String()
		if strings.HasPrefix(ref, "//") && !strings.HasPrefix(ref, "//h.example/") {
			continue // a host that is none
		}
		got, rel := resolveText(base, ref)
		if rel == foreign {
			continue
		}
		if strings.HasPrefix(got, "//") {
			scheme, _, _ := strings.Cut(base, ":")
			got = scheme + ":" + got
		}
		pairs = append(pairs, pair{base, ref, got})
	}
	input, err := json.Marshal(pairs)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(node, "-e", `
		const pairs = JSON.parse(require('fs').readFileSync(0));
		for (const {Base, Ref, Got} of pairs) {
			const want = URL.canParse(Ref, Base) ? new URL(Ref, Base).href : 'nothing';
			if (Got !== want) console.log(JSON.stringify(Ref), 'at', Base, 'leads to', Got, 'want', want);
		}`)
	cmd.Stdin = bytes.NewReader(input)
	output, err := cmd.CombinedOutput()
	if err != nil || len(output) > 0 {
		t.Errorf("%v\n%.2000s", err, output)
	}
	if len(pairs) < 15000 {
		t.Errorf("only %d references compared", len(pairs))
	}
}

func TestDestination(t *testing.T) {
	config := Config{
		Hosts: []string{"cdn.example.com", "app.example.com"},
		Maps:  []Map{{"/a/", "https://cdn.example.com/x/"}, {"/a/b/", "https://cdn.example.com/y/"}, {"/c/", "https://app.example.com/c/d/"}},
	}
	for _, tt := range []struct {
		url  string
		want destination
		to   string
	}{
		{"https://cdn.example.com/a/", configured, ""},
		{"https://app.example.com/z", configured, ""},
		{"https://app.example.com/a/z", mapped, "https://cdn.example.com/x/"},
		{"http://app.example.com/a/b/z", mapped, "https://cdn.example.com/y/"},
		{"//app.example.com/a/", mapped, "https://cdn.example.com/x/"},
		{"https://app.example.com/a", configured, ""},
		{"https://app.example.com/c/z", mapped, "https://app.example.com/c/d/"},
		{"https://app.example.com/c/d/z", configured, ""}, // mapped already
		{"https://other.example.com/a/z", elsewhere, ""},
		{"https://cdn.example.com:443/", elsewhere, ""},
	} {
		d, m := config.destination(locate([]byte(tt.url)), "app.example.com")
		to := ""
		if m != nil {
			to = m.To
		}
		if d != tt.want || to != tt.to {
			t.Errorf("%s leads to %v, %q; want %v, %q", tt.url, d, to, tt.want, tt.to)
		}
	}
}
