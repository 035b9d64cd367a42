package signer

import (
	"math/rand/v2"
	"strings"
	"testing"
)

func TestParsePattern(t *testing.T) {
	for _, test := range []struct {
		pattern, scheme, host string
		policy                bool // may stand in a policy
	}{
		{"https://cdn.example.com/private/*", "https", "cdn.example.com", true},
		{"https://cdn.example.com/*", "https", "cdn.example.com", true},
		{"https://cdn.example.com/private*", "https", "cdn.example.com", true},
		{"https://cdn.example.com/", "https", "cdn.example.com", true},
		{"https://cdn.example.com/a.jpg", "https", "cdn.example.com", true},
		{"http://localhost:8082/media/*", "http", "localhost:8082", true},
		{"http://[::1]:8082/*", "http", "[::1]:8082", true},
		{"https://xn--bcher-kva.example/%C3%BC/*", "https", "xn--bcher-kva.example", true},
		{"https://cdn.example.com/a.jpg?x=1", "https", "cdn.example.com", false},
		{"https://cdn.example.com/*/a.jpg", "https", "cdn.example.com", false},
		{"https://cdn.example.com/**", "https", "cdn.example.com", false},
		{"https://cdn.example.com/*.jpg", "https", "cdn.example.com", false},
		{"https://cdn.example.com/a?.jpg", "https", "cdn.example.com", false},
		{"https://cdn.example.com/a?license=*", "https", "cdn.example.com", false},
	} {
		p, err := ParsePattern(test.pattern)
		if err != nil {
			t.Errorf("%s: %v", test.pattern, err)
			continue
		}
		if p.String() != test.pattern || p.Scheme() != test.scheme || p.Host() != test.host {
			t.Errorf("%s: got %s, scheme %s, host %s", test.pattern, p, p.Scheme(), p.Host())
		}
		if err := p.CheckPolicy(); (err == nil) != test.policy {
			t.Errorf("%s: in a policy: %v", test.pattern, err)
		}
	}
}

func TestParsePatternRefuses(t *testing.T) {
	for _, test := range []struct{ pattern, problem, cure string }{
		{"", "empty", "https://cdn.example.com/private/*"},
		{"/private/*", "not an absolute URL", "https://cdn.example.com/private/*"},
		{"cdn.example.com/private/*", "not an absolute URL", "https://cdn.example.com/private/*"},
		{"//cdn.example.com/private/*", "not an absolute URL", "https://cdn.example.com/private/*"},
		{"*", "not an absolute URL", "https://cdn.example.com/"},
		{"*.example.com/x", "not an absolute URL", "https://"},
		{"https:/cdn.example.com/*", "not an absolute URL", "https://"},
		{"s3://bucket/*", "not an http or https URL", "https://cdn.example.com/private/*"},
		{"*://cdn.example.com/*", "wildcard in its scheme", "write https://cdn.example.com/*"},
		{"http*://cdn.example.com/*", "wildcard in its scheme", "write https://cdn.example.com/*"},
		{"https://*.example.com/*", "wildcard in its host", "one pattern for each host"},
		{"https://cdn?.example.com/*", "wildcard in its host", "one pattern for each host"},
		{"https://*", "wildcard in its host", "one pattern for each host"},
		{"https:///private/*", "no host", "https://cdn.example.com/private/*"},
		{"https://cdn.example.com", "no path", "write https://cdn.example.com/*"},
		{"https://cdn.example.com/a\"b", "quote", "%22"},
		{"https://cdn.example.com/a'b", "quote", "%27"},
		{`https://cdn.example.com/a\b`, "backslash", `write "/"`},
		{`https://cdn.example.com/a\?x=*`, "backslash", `a plain "?"`},
		{"https://cdn.example.com/a b", "space", "%20"},
		{"https://cdn.example.com/a#b", `"#"`, "leave it out"},
		{"https://cdn.example.com/a\tb", "control character", "leave it out"},
		{"https://cdn.example.com/{user}/*", "brace", "%7B"},
		{"https://cdn.example.com/ü/*", "not ASCII", "write https://cdn.example.com/%C3%BC/*"},
		{"https://bücher.example/*", "not ASCII", "write https://xn--bcher-kva.example/*"},
		{"https://CDN.example.com/*", "not what browsers send", "write https://cdn.example.com/*"},
		{"HTTPS://cdn.example.com/*", "not what browsers send", "write https://cdn.example.com/*"},
		{"https://cdn.example.com:443/*", "not what browsers send", "write https://cdn.example.com/*"},
		{"https://cdn.example.com/a/../*", "not what browsers send", "write https://cdn.example.com/*"},
		{"https://cdn.example.com/a<b>/*", "not what browsers send", "write https://cdn.example.com/a%3Cb%3E/*"},
		{"https://cdn.example.com/%252e%252e/*", "in disguise", "the path that is meant"},
		{"https://cdn.example.com/a%2f..%2fb/*", "in disguise", "the path that is meant"},
		{"https://cdn.example.com/%2*", "escape's digits", "whole escapes"},
		{"https://cdn.example.com/a?Expires=*", "reserves", "leave it out"},
		{"https://user@cdn.example.com/*", "user name", ""},
		{"https://cdn.example.com:99999/*", "port", ""},
	} {
		_, err := ParsePattern(test.pattern)
		if err == nil || !strings.Contains(err.Error(), test.problem) || !strings.Contains(err.Error(), test.cure) {
			t.Errorf("%q: got %v, want %q and %q", test.pattern, err, test.problem, test.cure)
		}
	}
}

func TestPatternMatch(t *testing.T) {
	for _, test := range []struct {
		pattern, url string
		want         bool
	}{
		{"https://h/private/*", "https://h/private/a.jpg", true},
		{"https://h/private/*", "https://h/private/a/b/c.jpg", true},
		{"https://h/private/*", "https://h/private/", true},
		{"https://h/private/*", "https://h/private/f.jpg?license=yes", true},
		{"https://h/private/*", "https://h/private", false},
		{"https://h/private/*", "https://h/private-other/a.jpg", false},
		{"https://h/private/*", "http://h/private/a.jpg", false},
		{"https://h/private/*", "https://h.evil.example/private/a.jpg", false},
		{"https://h/private/*", "https://h:8443/private/a.jpg", false},
		{"https://h/private/*", "https://h/Private/a.jpg", false},
		{"https://h/private*", "https://h/private-other/a.jpg", true},
		{"https://h/*", "https://h/", true},
		{"https://h/a.jpg", "https://h/a.jpg", true},
		{"https://h/a.jpg", "https://h/a.jpg?x", false},
		{"https://h/a.jpg", "https://h/a.jpgx", false},
		{"https://h/hello*world", "https://h/hello-world", true},
		{"https://h/hello*world", "https://h/helloworld", true},
		{"https://h/hello*world", "https://h/hello/big/world", true},
		{"https://h/hello*world", "https://h/hello?world", false}, // the flat reading alone
		{"https://h/file.jpg?license=*", "https://h/file.jpg?license=paid", true},
		{"https://h/file.jpg?license=*", "https://h/file.jpgXlicense=paid", false}, // the flat reading alone
		{"https://h/file.jpg?license=*", "https://h/file.jpg", false},
		{"https://h/*game_download.zip*", "https://h/test_game_download.zip?license=temp", true},
		{"https://h/*game_download.zip*", "https://h/a?game_download.zip", false}, // the flat reading alone
		{"https://h/*/a.jpg", "https://h/x/y/a.jpg", true},
		{"https://h/*/a.jpg", "https://h/a.jpg", false},
		{"https://h/*/a.jpg", "https://h/x/a.jpg?y", false},
		{"https://h/*?a=?", "https://h/x/y?a=1", true},
		{"https://h/*?a=?", "https://h/x/y?a=12", false},
	} {
		if got := pattern(t, test.pattern).Match(test.url); got != test.want {
			t.Errorf("%s matches %s: %v", test.pattern, test.url, got)
		}
		if test.want && !matchFlat(test.pattern, test.url) {
			t.Errorf("%s matches %s, but not in the flat reading", test.pattern, test.url)
		}
	}
}

func TestPatternCovers(t *testing.T) {
	for _, test := range []struct {
		p, q string
		want bool
	}{
		{"https://h/private/*", "https://h/private/a/*", true},
		{"https://h/private/*", "https://h/private/*", true},
		{"https://h/private/*", "https://h/private/a.jpg", true},
		{"https://h/private/*", "https://h/private/*/seg-*.m4s?x=*", true},
		{"https://h/private/*", "https://h/*", false},
		{"https://h/private/*", "https://h/privat?/*", false},
		{"https://h/private/*", "http://h/private/a", false},
		{"https://h/a.jpg", "https://h/a.jpg", true},
		{"https://h/a.jpg", "https://h/a.jpg*", false},
		// True, but not proven.
		{"https://h/*/*", "https://h/a/b", false},
		{"https://h/*.jpg", "https://h/a.jpg", false},
	} {
		if got := pattern(t, test.p).Covers(pattern(t, test.q)); got != test.want {
			t.Errorf("%s covers %s: %v", test.p, test.q, got)
		}
	}
}

func TestPatternIntersects(t *testing.T) {
	for _, test := range []struct {
		except, policy string
		want           bool
	}{
		{"https://h/private/secret/*", "https://h/private/*", true},
		{"https://h/private/*", "https://h/private/secret/*", true},
		{"https://h/private/secret/*", "https://h/private/open/*", false},
		{"https://h/private/*", "https://h/private-other/*", false},
		{"https://h/*.key", "https://h/private/*", true},
		{"https://h/*.key", "https://h/private/a.jpg", false},
		{"https://h/*.key", "https://h/private/seg-*.m4s", false},
		{"https://h/*.key", "https://h/private/*.m4s?*", true}, // the query may end so
		{"https://h/*a*", "https://h/*b*", true},
		{"https://h/a*b", "https://h/a", false},
		{"https://other/*", "https://h/*", false},
		{"http://h/*", "https://h/*", true}, // an origin serves the same under both
		// As an origin may see it.
		{"https://h/secret/*", "https://h/%73ecret/*", true},
		{"https://h/secret/*", "https://h/%2573ecret/*", true},
		{"https://h/secret/*", "https://h//secret/*", true},
		{"https://h/p/seg-*", "https://h/p/*/seg-1", true}, // the "*" may be empty
		{"https://h/secret/*", "https://h/secre%74s/*", false},
	} {
		if got := pattern(t, test.except).Intersects(pattern(t, test.policy)); got != test.want {
			t.Errorf("%s intersects %s: %v", test.except, test.policy, got)
		}
	}
}

// All short strings over three letters decide whether two patterns overlap.
func TestOverlapAgainstItsDefinition(t *testing.T) {
	const letters = "ab/"
	words := []string{""}
	for begin, length := 0, 0; length < 5; length++ {
		end := len(words)
		for _, w := range words[begin:end] {
			for _, c := range letters {
				words = append(words, w+string(c))
			}
		}
		begin = end
	}
	random := rand.New(rand.NewPCG(1, 2))
	word := func() string {
		b := make([]byte, random.IntN(5))
		for i := range b {
			b[i] = (letters + "*?")[random.IntN(len(letters)+2)]
		}
		return string(b)
	}
	for range 20_000 {
		p, q := word(), word()
		// The shortest string in both, if there is one, has no more characters
		// than the patterns together have that are no "*".
		if len(strings.ReplaceAll(p+q, "*", "")) > 5 {
			continue
		}
		want := false
		for _, w := range words {
			if want = glob(p, w, false) && glob(q, w, false); want {
				break
			}
		}
		if got := overlap(p, q); got != want {
			t.Fatalf("%q and %q overlap: got %v, want %v", p, q, got, want)
		}
		for i := range q {
			want = want || q[i] == '?' && overlap(p, q[:i])
		}
		if !strings.Contains(q, "*") && glob(p, q, true) != want {
			t.Fatalf("%q matches %q, in which ? is any character or the end: got %v, want %v", p, q, !want, want)
		}
	}
}

func FuzzParsePattern(f *testing.F) {
	f.Add("https://h/private/*", "https://h/private/a.jpg")
	f.Add("https://h/*/a?.jpg?x=*", "https://h/b/ab.jpg?x=1")
	f.Add("http://[::1]:8082/%41*", "http://[::1]:8082/%41")
	f.Fuzz(func(t *testing.T, text, raw string) {
		p, err := ParsePattern(text)
		if err != nil {
			return
		}
		if p.String() != text || !p.Covers(p) || !p.Intersects(p) {
			t.Fatalf("%q: covers itself: %v, intersects itself: %v", text, p.Covers(p), p.Intersects(p))
		}
		if !strings.ContainsAny(text, "*?") && !p.Match(text) {
			t.Fatalf("%q does not match itself", text)
		}
		url, _, err := Canonical(raw)
		if err != nil {
			return
		}
		match := p.Match(url)
		if match && !matchFlat(text, url) {
			t.Fatalf("%q matches %q, but not in the flat reading", text, url)
		}
		if match != (matchFlat(text, url) && matchSections(text, url)) {
			t.Fatalf("%q matches %q: %v, but in both readings: %v", text, url, match, !match)
		}
		if p.CheckPolicy() == nil && matchFlat(text, url) != matchSections(text, url) {
			t.Fatalf("%q may stand in a policy, but %q is judged in two ways", text, url)
		}
		q, err := ParsePattern(url)
		if err != nil {
			return
		}
		if p.Match(url) && (!p.Intersects(q) || !q.Intersects(p)) {
			t.Fatalf("%q matches %q, but doesn't intersect it", text, url)
		}
		if p.Covers(q) && !p.Intersects(q) {
			t.Fatalf("%q covers %q, but doesn't intersect it", text, url)
		}
	})
}
