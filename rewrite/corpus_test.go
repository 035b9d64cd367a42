package rewrite

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// corpus makes a body of about size bytes that looks like a real one, with about
// links links per 100 KB to hosts, in all the ways that the format has.
func corpus(f Format, size, links int, hosts ...string) string {
	g := &generator{Rand: rand.New(rand.NewPCG(uint64(size), uint64(links))), hosts: hosts}
	next := size + 1
	if links > 0 {
		next = 50_000 / links
	}
	for g.Len() < size {
		if g.Len() >= next {
			g.link(f)
			next += 100_000/links - 50 + g.IntN(100)
			continue
		}
		g.filler(f)
	}
	return g.String()
}

type generator struct {
	strings.Builder
	*rand.Rand
	hosts []string
}

var words = strings.Fields(`the of and a to in is you that it he was for on are as with his they at be this from
have or by one had not but what all were when we there can an your which their said if do will each about how up
out them then she many some so these would other into has more her two like him see time could no make than first
been its who now people my made over did down only way find use may water long little very after words called just
where most know page good next quickly every size name line right same number never often hand`)

func (g *generator) words(n int) string {
	text := make([]string, n)
	for i := range text {
		text[i] = words[g.IntN(len(words))]
	}
	return strings.Join(text, " ")
}

func (g *generator) word() string { return words[g.IntN(len(words))] }

func (g *generator) filler(f Format) {
	switch f {
	case HTML:
		switch g.IntN(8) {
		case 0:
			fmt.Fprintf(g, "<div class=\"%s %s-%d\" id=\"%s\">\n  <p>%s.</p>\n</div>\n", g.word(), g.word(), g.IntN(9), g.word(), g.words(20))
		case 1:
			fmt.Fprintf(g, "<li><a href=\"/%s/%s.html\" title=\"%s\">%s</a></li>\n", g.word(), g.word(), g.words(3), g.words(4))
		case 2:
			fmt.Fprintf(g, "<script>(function(){var %s=document.getElementById('%s');if(%s){%s.className+=\" %s\"}})();</script>\n", g.word(), g.word(), g.word(), g.word(), g.word())
		default:
			fmt.Fprintf(g, "<p>%s <b>%s</b> %s, %s.</p>\n", g.words(12), g.words(2), g.words(15), g.words(9))
		}
	case CSS:
		fmt.Fprintf(g, ".%s-%s > .%s{margin:%dpx auto;color:#%06x;display:block}\n", g.word(), g.word(), g.word(), g.IntN(99), g.IntN(1<<24))
	case JavaScript:
		fmt.Fprintf(g, "function %s_%d(%s, e) {\n  if (!%s) { return \"%s\"; }\n  return e.%s(%d, '%s');\n}\n", g.word(), g.IntN(99), g.word(), g.word(), g.words(4), g.word(), g.IntN(999), g.word())
	case JSON:
		fmt.Fprintf(g, `{"id":%d,"%s":"%s","%s":[%d,%d],"ok":true},`, g.IntN(1e6), g.word(), g.words(8), g.word(), g.IntN(99), g.IntN(99))
	case XML:
		fmt.Fprintf(g, "<item><title>%s</title><description>%s</description></item>\n", g.words(4), g.words(20))
	}
}

func (g *generator) link(f Format) {
	url := fmt.Sprintf("https://%s/%s/%s-%d.jpg", g.hosts[g.IntN(len(g.hosts))], g.word(), g.word(), g.IntN(1e4))
	json := strings.ReplaceAll(url, "/", `\/`)
	ways := map[Format][]string{
		HTML: {
			"<img class=\"" + g.word() + "\" src=\"" + url + "\">\n",
			"<img src='" + url + "?w=1&amp;h=2' alt=\"\">\n",
			"<img srcset=\"" + url + " 1x, x.jpg 2x\">\n",
			"<i style=\"background:url(" + url + ")\"></i>\n",
			"<script src=\"" + strings.TrimPrefix(url, "https:") + "\"></script>\n",
			"<script>var a=\"" + json + "\"</script>\n",
		},
		CSS:        {".a{background:url(" + url + ")}\n", "@import \"" + url + "\";\n"},
		JavaScript: {"load(\"" + url + "\");\n", "load('" + url + "');\n"},
		JSON:       {`{"u":"` + json + `"},`, `{"u":"` + url + `?x=1\u0026y=2"},`},
		XML:        {"<enclosure url=\"" + url + "\"/>\n", "<d><![CDATA[<img src=\"" + url + "\">]]></d>\n"},
	}[f]
	g.WriteString(ways[g.IntN(len(ways))])
}
