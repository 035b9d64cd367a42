package cloudfront

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"

	nethtml "golang.org/x/net/html"
	"golang.org/x/net/html/charset"
)

// goJudges are second opinions, from Go's parsers, on the kinds of documents
// that they read.
var goJudges = map[string]func(j *goJudge, before, after []byte){
	"html": func(j *goJudge, before, after []byte) { j.html(string(before), string(after)) },
	"json": (*goJudge).json,
	"data": (*goJudge).json,
	"feed": (*goJudge).xml,
}

// goJudge compares a document on both sides of the proxy, token by token.
type goJudge struct {
	findings
	inText bool // the HTML stands escaped in the text of an XML element
}

func (j *goJudge) problem(format string, args ...any) {
	j.Problems = append(j.Problems, fmt.Sprintf(format, args...))
}

func (j *goJudge) same(where string, before, after any) {
	if !reflect.DeepEqual(before, after) {
		j.problem("%s: %.200v became %.400v", where, before, after)
	}
}

// sameButSigned is for texts in which links may or may not be signed.
func (j *goJudge) sameButSigned(where, before, after string) {
	j.same(where, before, signatureRE.ReplaceAllString(after, ""))
}

var (
	inDisguise = regexp.MustCompile(`(?i)%2e|%2f|%5c|%25|\\|%[01]`)
	wholeURL   = regexp.MustCompile("^(https?:)?//[^\\s\"'`<>\\\\{}|^$%*()\\[\\],;]*[^\\s\"'`<>\\\\{}|^$%*()\\[\\],;/=?&#._~:!+@-]$")
)

// link is for a text that as a whole is a URL: inside the resources it is
// signed, elsewhere it is unchanged.
func (j *goJudge) link(where, before, after string) {
	trimmed := strings.TrimSpace(before)
	u, err := url.Parse(trimmed)
	switch {
	case err != nil, // browsers are more patient
		j.inText && !wholeURL.MatchString(trimmed): // it may be the beginning of one
		j.sameButSigned(where, before, after)
		return
	case u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https", !slices.Contains(corpusHosts, u.Host), u.User != nil, u.Path == "",
		strings.Contains(u.Path+u.RawQuery, "*"), inDisguise.MatchString(u.EscapedPath()):
		j.same(where, before, after)
		return
	}
	j.sameButSigned(where, before, after)
	if before == after {
		j.problem("%s: not signed: %s", where, before)
		return
	}
	withoutFragment := func(link string) string {
		link, _, _ = strings.Cut(strings.TrimSpace(link), "#")
		if strings.HasPrefix(link, "//") {
			link = "https:" + link
		}
		return link
	}
	j.Links = append(j.Links, foundLink{withoutFragment(before), withoutFragment(after)})
}

var (
	urlAttributes   = []string{"action", "background", "cite", "data", "formaction", "href", "longdesc", "poster", "src", "url"}
	humanAttributes = []string{"alt", "placeholder", "title", "value", "label", "summary"}
	referenceRels   = regexp.MustCompile(`(?i)\b(canonical|preconnect|dns-prefetch|alternate)\b`)
)

func (j *goJudge) element(name string, before, after []nethtml.Attribute) {
	if len(before) != len(after) {
		j.problem("%s has other attributes", name)
		return
	}
	reference := name == "base" || slices.ContainsFunc(before, func(a nethtml.Attribute) bool {
		return name == "link" && a.Key == "rel" && referenceRels.MatchString(a.Val)
	})
	for i, a := range before {
		b := after[i]
		where := name + " " + a.Key
		j.same(where, a.Namespace+":"+a.Key, b.Namespace+":"+b.Key)
		switch {
		case reference, slices.Contains(humanAttributes, a.Key), a.Key == "xmlns", a.Namespace == "xmlns":
			j.same(where, a.Val, b.Val)
		case slices.Contains(urlAttributes, a.Key):
			j.link(where, a.Val, b.Val)
		default:
			j.sameButSigned(where, a.Val, b.Val)
		}
	}
}

func (j *goJudge) html(before, after string) {
	a, b := nethtml.NewTokenizer(strings.NewReader(before)), nethtml.NewTokenizer(strings.NewReader(after))
	raw := false // in a script or a style
	for {
		if kind, other := a.Next(), b.Next(); kind != other {
			j.problem("%v became %v: %.200s", kind, other, b.Raw())
			return
		}
		x, y := a.Token(), b.Token()
		switch x.Type {
		case nethtml.ErrorToken:
			return
		case nethtml.StartTagToken, nethtml.SelfClosingTagToken:
			j.same("element", x.Data, y.Data)
			j.element(x.Data, x.Attr, y.Attr)
		case nethtml.CommentToken:
			j.sameButSigned("comment", x.Data, y.Data)
		case nethtml.TextToken:
			if raw || j.inText && strings.Contains(x.Data, "<") { // HTML, escaped twice
				j.sameButSigned("text that is not read", x.Data, y.Data)
				break
			}
			fallthrough
		default:
			j.same(x.Type.String(), x.Data, y.Data)
		}
		raw = x.Type == nethtml.StartTagToken && (x.Data == "script" || x.Data == "style")
	}
}

func (j *goJudge) json(before, after []byte) {
	var a, b any
	if err := errors.Join(decodeExactly(before, &a), decodeExactly(after, &b)); err != nil {
		j.problem("%v", err)
		return
	}
	j.value("$", a, b)
}

func decodeExactly(text []byte, v *any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return d.Decode(v)
}

func (j *goJudge) value(where string, before, after any) {
	switch a := before.(type) {
	case string:
		b, _ := after.(string)
		if wholeURL.MatchString(a) {
			j.link(where, a, b)
		} else {
			j.sameButSigned(where, a, b)
		}
	case []any:
		b, _ := after.([]any)
		if len(a) != len(b) {
			j.problem("%s has other elements", where)
			return
		}
		for i := range a {
			j.value(where+"[]", a[i], b[i])
		}
	case map[string]any:
		b, _ := after.(map[string]any)
		members := map[string]any{}
		for name, v := range b {
			members[signatureRE.ReplaceAllString(name, "")] = v
		}
		if len(a) != len(members) || len(b) != len(members) {
			j.problem("%s has other members", where)
			return
		}
		for name, v := range a {
			j.value(where+"."+name, v, members[name])
		}
	default:
		j.same(where, before, after)
	}
}

func (j *goJudge) xml(before, after []byte) {
	a, b := xmlTokens(before), xmlTokens(after)
	var element string
	for {
		x, err := a.RawToken()
		y, other := b.RawToken()
		if err != nil || other != nil {
			if err != io.EOF || other != io.EOF {
				j.problem("%v, and then %v", err, other)
			}
			return
		}
		switch x := x.(type) {
		case xml.StartElement:
			element, j.inText = x.Name.Local, false
			y, ok := y.(xml.StartElement)
			if !ok || y.Name != x.Name {
				j.problem("element %v became %v", x, y)
				return
			}
			j.element(element, htmlAttributes(x.Attr), htmlAttributes(y.Attr))
		case xml.CharData:
			y, ok := y.(xml.CharData)
			if !ok {
				j.problem("text became %v", y)
				return
			}
			j.text(element, string(x), string(y))
		case xml.Comment:
			y, _ := y.(xml.Comment)
			j.sameButSigned("comment", string(x), string(y))
		case xml.ProcInst: // xml-stylesheet has links
			y, _ := y.(xml.ProcInst)
			j.sameButSigned(x.Target, string(x.Inst), string(y.Inst))
		default:
			j.same("markup", x, y)
		}
	}
}

// text compares the text of an XML element, which may be a link or hold HTML.
func (j *goJudge) text(element, before, after string) {
	switch {
	case element == "guid" || element == "id":
		j.same(element, before, after)
	case element == "script" || element == "style":
		j.sameButSigned(element, before, after)
	case !strings.ContainsAny(strings.TrimSpace(before), " <"): // a word or a link
		j.inText = true
		j.link(element, before, after)
	default:
		j.inText = true
		j.html(before, after)
	}
}

func xmlTokens(text []byte) *xml.Decoder {
	d := xml.NewDecoder(bytes.NewReader(text))
	d.Strict, d.Entity, d.CharsetReader = false, xml.HTMLEntity, charset.NewReaderLabel
	return d
}

func htmlAttributes(attributes []xml.Attr) []nethtml.Attribute {
	var all []nethtml.Attribute
	for _, a := range attributes {
		all = append(all, nethtml.Attribute{Namespace: a.Name.Space, Key: a.Name.Local, Val: a.Value})
	}
	return all
}
