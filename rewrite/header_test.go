package rewrite

import (
	"strings"
	"testing"
)

func TestHeader(t *testing.T) {
	rw := testRewriter(t)
	for _, c := range []struct{ name, in, want string }{
		{"Location", "[H]/a.pdf", "[H]/a.pdf?[S]"},
		{"location", "//cdn.example.com/a.pdf#p=2", "//cdn.example.com/a.pdf?[S]#p=2"},
		{"Location", "/assets/a.pdf?v=1", "[M]a.pdf?v=1&[S]"},
		{"Location", "../assets/img/a.png", "https://cdn.example.com/i/a.png?[S]"},
		{"Location", "https://site.example/assets/a.pdf", "[M]a.pdf?[S]"},
		{"Location", "[H]/a.pdf?Expires=1&Signature=x&Key-Pair-Id=K", "[H]/a.pdf?[S]"},
		{"Location", "/assets/?&", "[M]?&[S]"},
		{"Location", "[H]/a?v=1&Expires=1&Signature=x&Key-Pair-Id=K&w=2", "[H]/a?v=1&w=2&[S]"},
		{"Location", "https://other.example/?u=[H]/a.pdf", same},
		{"Location", "/a.pdf", same},
		{"Location", "[H]/{id}", same},
		{"Refresh", "5; url=[H]/a.pdf", "5; url=[H]/a.pdf?[S]"},
		{"Refresh", `0;URL = "[H]/a.pdf"`, `0;URL = "[H]/a.pdf?[S]"`},
		{"Refresh", "0, [H]/a.pdf", "0, [H]/a.pdf?[S]"},
		{"Refresh", "5", same},
		{"Link", "<[H]/a.css>; rel=preload; as=style", "<[H]/a.css?[S]>; rel=preload; as=style"},
		{"Link", `<[H]/a,b.css>;rel="preload",</assets/c.js> ; rel = modulepreload`, `<[H]/a,b.css?[S]>;rel="preload",<[M]c.js?[S]> ; rel = modulepreload`},
		{"Link", `<[H]>; rel=preconnect, <[H]/p>; title="a, <b>"; rel="canonical", <[H]/a.css>; rel=stylesheet`, `<[H]>; rel=preconnect, <[H]/p>; title="a, <b>"; rel="canonical", <[H]/a.css?[S]>; rel=stylesheet`},
		{"Link", `<[H]/a.jpg>; rel=preload; imagesrcset="[H]/a.jpg 1x, [H]/b.jpg 2x"`, `<[H]/a.jpg?[S]>; rel=preload; imagesrcset="[H]/a.jpg?[S] 1x, [H]/b.jpg?[S] 2x"`},
		{"Link", "<[H]/a", same},
		{"Link", "", same},
		{"Content-Location", "[H]/a.pdf", same},
	} {
		in, want := abbreviations.Replace(c.in), abbreviations.Replace(c.want)
		if c.want == same {
			want = in
		}
		for _, value := range []string{in, want} {
			calls := 0
			o := Options{Base: testBase, Sign: func(links []Link) {
				calls++
				signAll(links)
			}}
			if got := rw.Header(c.name, value, o); got != want || calls > 1 {
				t.Errorf("%s: %s\n got %s (%d calls of Sign)\nwant %s", c.name, value, got, calls, want)
			}
		}
	}
}

func FuzzHeader(f *testing.F) {
	for _, seed := range []string{`<https://cdn.example.com/a>; rel="x"; imagesrcset="a 1x, b"`, "5; url='/assets/a'", "/assets/a?b#c"} {
		f.Add(seed)
	}
	rw := testRewriter(f)
	o := Options{Base: testBase, Sign: signAll}
	f.Fuzz(func(t *testing.T, value string) {
		for _, name := range []string{"Location", "Refresh", "Link"} {
			once := rw.Header(name, value, o)
			if again := rw.Header(name, once, o); again != once {
				t.Errorf("%s: %q becomes %q, then %q", name, value, once, again)
			}
			if !strings.Contains(once, scanQuery) && once != value {
				t.Errorf("%s: %q becomes %q with no query added", name, value, once)
			}
		}
	})
}
