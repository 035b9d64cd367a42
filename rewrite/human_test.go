package rewrite

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// TestHumanText has an HTML parser judge what the scanner did to pages whose
// attributes and texts are hostile: nothing that people read or type may change, and
// every image must be signed.
func TestHumanText(t *testing.T) {
	rw := testRewriter(t)
	random := rand.New(rand.NewPCG(3, 2))
	for range 20_000 {
		judgeText(t, rw, hostilePage(random), random)
	}
	for range 3 { // longer than what the scanner keeps
		var body strings.Builder
		for body.Len() < 4*maxHistory {
			body.WriteString(hostilePage(random))
		}
		judgeText(t, rw, body.String(), random)
	}
	filler := strings.Repeat("b ", maxHistory)
	for _, c := range [...][2]string{{`<input value="`, `">`}, {"<p title='x ", "'>"}, {"<title>", "</title>"}, {`<textarea placeholder="</textarea>`, `"></textarea>`}} {
		for shift := range 20 {
			text := filler[:2*maxHistory-shift] + `<img src=https://cdn.example.com/a.jpg><style>url(https://cdn.example.com/a.jpg)`
			judgeText(t, rw, c[0]+text+c[1]+`<img src="https://cdn.example.com/a.jpg">`, random)
		}
	}
}

func judgeText(t *testing.T, rw *Rewriter, body string, random *rand.Rand) {
	t.Helper()
	out := rewriteRandomly(t, rw, HTML, []byte(body), random)
	wasRead, images := readByPeople(body)
	isRead, signed := readByPeople(out)
	if !slices.Equal(isRead, wasRead) {
		t.Fatalf("text is signed\n  body %.2000s\n   got %.2000s", body, out)
	}
	for i := range images {
		if !strings.Contains(signed[i], "Signature=") {
			t.Fatalf("image %d is not signed\n  body %.2000s\n   got %.2000s", i, body, out)
		}
	}
}

// readByPeople returns the texts and attributes that people read or type, and the
// images' URLs.
func readByPeople(body string) (texts, images []string) {
	z := html.NewTokenizer(strings.NewReader(body))
	element := ""
	for {
		switch z.Next() {
		case html.ErrorToken:
			return texts, images
		case html.TextToken:
			if element != "script" && element != "style" {
				texts = append(texts, string(z.Text()))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			element = t.Data
			for _, a := range t.Attr {
				switch {
				case slices.Contains(humanNames, a.Key):
					texts = append(texts, a.Val)
				case a.Key == "src":
					images = append(images, a.Val)
				}
			}
		case html.EndTagToken:
			element = ""
		}
	}
}

var (
	humanNames = []string{"value", "title", "alt", "placeholder", "aria-label", "aria-description", "label"}

	// hostileParts make up what a visitor can have shown.
	hostileParts = []string{
		"https://cdn.example.com/a.jpg", "//cdn.example.com/b.jpg", "/assets/c.jpg", `"`, "'", "=", " ", ">", "<", "/>", "a", "=\"", "='", "= ", "&quot;", "&#39;",
		"<img src='https://cdn.example.com/a.jpg'>", `<img src="https://cdn.example.com/a.jpg">`, "<img src=https://cdn.example.com/a.jpg>", "<img/src=//cdn.example.com/a.jpg>",
		"<a title=", "<b", "</b>", "<b>", "<!--", "-->", "<script>", "</script>", "<style>", "</style>", "<textarea>", "</textarea>", "<title>", "</title>",
		"<iframe>", "</iframe>", "<xmp ", "<plaintext>", "<noembed>", "<noframes>", "<![CDATA[", "<?x ", "url(https://cdn.example.com/a.jpg)", "<svg xmlns=", "srcset=", "style=",
	}
)

// hostilePage makes a page of tags that are well-formed, with hostile text in all
// places that a page's author may let a visitor fill, escaped as little as each
// place needs.
func hostilePage(r *rand.Rand) string {
	var b strings.Builder
	hostile := func(escape ...string) string {
		var text strings.Builder
		for range r.IntN(6) {
			text.WriteString(hostileParts[r.IntN(len(hostileParts))])
		}
		return strings.NewReplacer(escape...).Replace(text.String())
	}
	attribute := func(name string) {
		switch b.WriteString(" " + name); r.IntN(6) {
		case 0, 1, 2:
			b.WriteString(`="` + hostile(`"`, "&quot;") + `"`)
		case 3, 4:
			b.WriteString(" = '" + hostile("'", "&#39;") + "'")
		case 5:
			b.WriteString("=x" + hostile(" ", "&#32;", ">", "&gt;"))
		}
	}
	for range 1 + r.IntN(6) {
		switch r.IntN(8) {
		case 0, 1, 2, 3:
			b.WriteString([]string{"<input", "<p", "<a href=x", "<textarea", "<title", "<script", "<iframe", "<style"}[max(0, r.IntN(16)-8)])
			name := b.String()[strings.LastIndexByte(b.String(), '<')+1:]
			for range 1 + r.IntN(3) {
				attribute(humanNames[r.IntN(len(humanNames))])
				if r.IntN(4) == 0 {
					attribute("data-x")
				}
			}
			b.WriteString(" >")
			if slices.Contains([]string{"textarea", "title", "script", "iframe", "style"}, name) {
				b.WriteString("</" + name + ">")
			}
		case 4:
			b.WriteString("<p>" + hostile("<", "&lt;"))
		case 5:
			name := []string{"title", "textarea", "xmp", "iframe", "noembed", "noframes"}[r.IntN(6)]
			b.WriteString("<" + name + ">" + hostile("</", "&lt;/") + "</" + name + ">")
		case 6:
			b.WriteString("<!-- " + hostile("-->", "", "<!--", "") + " -->")
		case 7:
			b.WriteString([]string{
				`<img src="https://cdn.example.com/a.jpg">`, `<img alt='' src='https://cdn.example.com/a.jpg'>`, "<img src=https://cdn.example.com/a.jpg>",
			}[r.IntN(3)])
		}
	}
	return b.String()
}
