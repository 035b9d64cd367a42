package signer

import (
	"strings"
	"testing"
)

func TestMatchReadings(t *testing.T) {
	for _, tc := range []struct {
		pattern, url string
		flat, sect   bool
	}{
		{"https://h/hello*world", "https://h/hello-world", true, true},
		{"https://h/hello*world", "https://h/hello?world", true, false},
		{"https://h/private/*", "https://h/private/f.jpg?license=yes", true, true},
		{"https://h*", "https://h/private/f.jpg?x=1", true, true},
		{"*h", "https://media.h/", false, true},
		{"https://h/file.jpg?license=*", "https://h/file.jpg?license=paid", true, true},
		{"https://h/file.jpg?license=*", "https://h/file.jpgXlicense=paid", true, false},
		{"https://h/*game_download.zip*", "https://h/test_game_download.zip?license=temp", true, true},
		{"https://h/*game_download.zip*", "https://h/test_game_download.zip", true, true},
		{"*", "https://h/anything?at=all", true, true},

		// Exact URLs.
		{"https://h/a", "https://h/a", true, true},
		{"https://h/a", "https://h/a?x=1", false, false},
		{"https://h/a?x=1", "https://h/a?x=1", true, true},
		{"https://h/a?x=1", "https://h/a", false, false},
		{"https://h/a?", "https://h/a?", true, true},
		{"https://h/a", "https://h/A", false, false},
		{"https://h/", "https://h/", true, true},
		{"https://h", "https://h/", false, true},
		{"https://h", "https://h/a", false, false},

		// Protocols.
		{"http://h/*", "https://h/a", false, false},
		{"*://h/*", "https://h/a", true, true},
		{"*://h/*", "http://h/a", true, true},
		{"http*://h/*", "https://h/a", true, false},
		{"h/*", "https://h/a", false, false},
		{"https://*", "https://any.example/a?b", true, true},

		// Domains.
		{"https://*.h/*", "https://a.h/x", true, true},
		{"https://*.h/*", "https://evil/x.h/y", true, false},
		{"https://h/*", "https://h.evil/a", false, false},
		{"https://h*", "https://h.evil/a", true, true},
		{"https://h*/a", "https://h/b/a", true, false},

		// Paths.
		{"https://h/a/*", "https://h/a/", true, true},
		{"https://h/a/*", "https://h/a", false, false},
		{"https://h/a/*", "https://h/a/b/c", true, true},
		{"https://h/a/*", "https://h/ab/c", false, false},
		{"https://h/a*", "https://h/ab/c", true, true},
		{"https://h/a*z", "https://h/a?x=z", true, false},
		{"https://h/im?ge.jpg", "https://h/image.jpg", true, false},
		{"https://h/im?ge.jpg", "https://h/im?ge.jpg", true, true},
		{"https://h/a**b", "https://h/ab", true, true},

		// Queries.
		{"https://h/*?v=*", "https://h/a/b?v=2", true, true},
		{"https://h/*?v=*", "https://h/a/b?u=1&v=2", true, false},
		{"https://h/*?v=*", "https://h/a?b?v=2", true, false},
		{"https://h/a?v=?", "https://h/a?v=1", true, true},
		{"https://h/a?v=?", "https://h/a?v=12", false, false},
		{`https://h/a\?v=*`, "https://h/a?v=1", false, true},
	} {
		if got := matchFlat(tc.pattern, tc.url); got != tc.flat {
			t.Errorf("flat: %q on %q = %v, want %v", tc.pattern, tc.url, got, tc.flat)
		}
		if got := matchSections(tc.pattern, tc.url); got != tc.sect {
			t.Errorf("sections: %q on %q = %v, want %v", tc.pattern, tc.url, got, tc.sect)
		}
	}
}

// globSpec says what glob means in the plainest way, and takes exponential time.
func globSpec(p, s string) bool {
	switch {
	case p == "":
		return s == ""
	case p[0] == '*':
		return globSpec(p[1:], s) || s != "" && globSpec(p, s[1:])
	default:
		return s != "" && (p[0] == '?' || p[0] == s[0]) && globSpec(p[1:], s[1:])
	}
}

func TestGlobAgainstItsDefinition(t *testing.T) {
	words := func(alphabet string, longest int) []string {
		all, last := []string{""}, []string{""}
		for range longest {
			var next []string
			for _, w := range last {
				for _, c := range alphabet {
					next = append(next, w+string(c))
				}
			}
			all, last = append(all, next...), next
		}
		return all
	}
	subjects := words("ab", 6)
	for _, p := range words("ab*?", 5) {
		for _, s := range subjects {
			if got, want := glob(p, s, false), globSpec(p, s); got != want {
				t.Fatalf("glob(%q, %q) = %v, want %v", p, s, got, want)
			}
		}
	}
}

func TestGlobStaysFastOnHostilePatterns(t *testing.T) {
	pattern := strings.Repeat("*a", 2000) + "b"
	if glob(pattern, strings.Repeat("a", 8000), false) {
		t.Error("matched without a b")
	}
}
