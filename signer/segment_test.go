package signer

import (
	"strings"
	"testing"
)

func TestSegment(t *testing.T) {
	for _, test := range []struct{ value, want string }{
		{"bob", "bob"},
		{"bob@example.com", "bob@example.com"},
		{"Bob Smith", "Bob%20Smith"},
		{"Zoë", "Zo%C3%AB"},
		{"日本", "%E6%97%A5%E6%9C%AC"},
		{"...", "..."},
		{".bob", ".bob"},
		{"a:b=c&d+e$f!(g)~h_i-j|[k]", "a:b=c&d+e$f!(g)~h_i-j|[k]"},
		{"a`b^c{d}", "a%60b%5Ec%7Bd%7D"},
	} {
		if got, err := Segment(test.value); err != nil || got != test.want {
			t.Errorf("%q: got %q, %v, want %q", test.value, got, err, test.want)
		}
	}
	for _, value := range []string{
		"", ".", "..", "a/b", `a\b`, "a%b", "%2e%2e", "*", "a*", "a?", "a#b", "a;b", "a,b", `a"b`, "a'b", "a<b", "a>b",
		"\x00", "a\tb", "a\nb", "a\x7fb", "a\u0085b", "\xff", "a\xc0\xaeb",
	} {
		got, err := Segment(value)
		if err == nil {
			t.Errorf("%q: got %q", value, got)
		} else if len(value) > 2 && strings.Contains(err.Error(), value) {
			t.Errorf("%q is quoted: %v", value, err)
		}
	}
}

// A segment between slashes is a literal that browsers and patterns leave
// alone.
func FuzzSegment(f *testing.F) {
	for _, s := range []string{"bob", "..", "Zoë", "a b", "%2e", "{x}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		segment, err := Segment(value)
		if err != nil {
			return
		}
		url := "https://h/users/" + segment + "/*"
		p, err := ParsePattern(url)
		if err != nil {
			t.Fatalf("%q: %v", value, err)
		}
		if err := p.CheckPolicy(); err != nil {
			t.Fatalf("%q: %v", value, err)
		}
		if decoded := decode(segment); decoded != value {
			t.Fatalf("%q became %q, which means %q", value, segment, decoded)
		}
		if canonical, _, err := Canonical("https://h/users/" + value + "/a.jpg"); err != nil || !p.Match(canonical) {
			t.Fatalf("%q: %s doesn't match what browsers make of it, %q (%v)", value, p, canonical, err)
		}
	})
}
