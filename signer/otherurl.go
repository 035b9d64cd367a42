package signer

import (
	"iter"
	"net/url"
	"slices"
	"strings"
)

// otherURL is a URL that may have been signed instead of the one asked for.
type otherURL struct{ url, why string }

// respelling writes a part of a URL as some signer or client may do.
type respelling struct {
	why       string
	queryOnly bool
	spell     []func(string) string
}

var respellings = []respelling{
	{why: "a space is '+' in one and %20 in the other: sign exactly what will be requested, browsers leave both as they are",
		spell: []func(string) string{replace("+", "%20"), replace("%20", "+")}},
	{why: "it was signed without percent-encoding: sign the URL as browsers send it",
		spell: []func(string) string{decode}},
	{why: "the hexadecimal digits after '%' are in upper case in one and in lower case in the other: sign exactly what will be requested",
		spell: []func(string) string{hexCase(strings.ToLower), hexCase(strings.ToUpper)}},
	{why: "a quote is ' in one and %27 in the other: browsers send %27 in a query, so sign that",
		spell: []func(string) string{replace("'", "%27"), replace("%27", "'")}},
	{why: "some characters are percent-encoded in one and not in the other: sign exactly what will be requested",
		spell: []func(string) string{
			replace("*", "%2A", "'", "%27", "!", "%21", "(", "%28", ")", "%29"),
			replace("%2A", "*", "%2a", "*", "%27", "'", "%21", "!", "%28", "(", "%29", ")"),
			replace(",", "%2C", ":", "%3A", "@", "%40", ";", "%3B", "$", "%24"),
			replace("%2C", ",", "%3A", ":", "%40", "@", "%3B", ";", "%24", "$", "%2F", "/"),
		}},
	{why: "the query was encoded anew: sign exactly what will be requested", queryOnly: true,
		spell: []func(string) string{values(url.QueryEscape), values(url.PathEscape), values(encodeURIComponent), values(encodeURI)}},
	{why: "an & was HTML-escaped to &amp; before signing: sign the URL before it is written into HTML",
		spell: []func(string) string{replace("&", "&amp;")}},
	{why: `an & was written \u0026 in the policy: the JSON encoder must not escape it`,
		spell: []func(string) string{replace("&", `\u0026`)}},
}

func replace(oldNew ...string) func(string) string { return strings.NewReplacer(oldNew...).Replace }

func hexCase(change func(string) string) func(string) string {
	return func(s string) string {
		var b strings.Builder
		for i := 0; i < len(s); i++ {
			if s[i] == '%' && i+2 < len(s) {
				b.WriteString(change(s[i : i+3]))
				i += 2
				continue
			}
			b.WriteByte(s[i])
		}
		return b.String()
	}
}

// values decodes the values of a query and encodes them anew.
func values(encode func(string) string) func(string) string {
	return func(query string) string {
		pairs := strings.Split(query, "&")
		for i, pair := range pairs {
			name, value, ok := strings.Cut(pair, "=")
			if decoded, err := url.QueryUnescape(value); err == nil && ok {
				pairs[i] = name + "=" + encode(decoded)
			}
		}
		return strings.Join(pairs, "&")
	}
}

// encodeURIComponent and encodeURI do what their namesakes in JavaScript do.
func encodeURIComponent(s string) string {
	return replace("+", "%20", "%21", "!", "%27", "'", "%28", "(", "%29", ")", "%2A", "*")(url.QueryEscape(s))
}

func encodeURI(s string) string {
	return replace("%3B", ";", "%2F", "/", "%3F", "?", "%3A", ":", "%40", "@", "%3D", "=", "%2B", "+", "%24", "$", "%2C", ",")(encodeURIComponent(s))
}

// Bounds for what takes more than linear time.
const (
	maxSubset  = 8 // pairs of a query of which all subsets are tried
	maxReorder = 5 // pairs of which all orders are tried
)

// otherURLs returns the URLs that may have been signed instead of asked, the
// likeliest first.
func otherURLs(asked string, hosts []string) iter.Seq[otherURL] {
	return func(yield func(otherURL) bool) {
		for o := range candidates(asked, hosts) {
			if o.url != asked && !yield(o) {
				return
			}
		}
	}
}

// candidates returns otherURLs, and now and then the URL asked for.
func candidates(asked string, hosts []string) iter.Seq[otherURL] {
	return func(yield func(otherURL) bool) {
		scheme, rest, _ := strings.Cut(asked, "://")
		host, rest := cutBefore(rest, '/')
		path, query, hasQuery := strings.Cut(rest, "?")
		with := func(scheme, host, path, query string) string {
			u := scheme + "://" + host + path
			if query != "" {
				u += "?" + query
			}
			return u
		}
		other := "http"
		if scheme == "http" {
			other = "https"
		}
		bare, _, hasPort := strings.Cut(host, ":")
		all := []otherURL{
			{with(other, host, path, query), "it was signed for " + other + " and is asked for with " + scheme + ": use one scheme for both"},
		}
		for _, h := range hosts {
			why := "it was signed for the host " + h + " and is asked for at " + host + ": sign the name that is in the link"
			all = append(all,
				otherURL{with(scheme, h, path, query), why},
				otherURL{with(other, h, path, query), why + ", and the scheme too"})
		}
		if hasPort {
			all = append(all, otherURL{with(scheme, bare, path, query), "it was signed without the port"})
		}
		if hasQuery && query == "" {
			all = append(all, otherURL{with(scheme, host, path, ""), "an empty query, a mere '?', was added after signing"})
		}
		if !hasQuery {
			all = append(all, otherURL{asked + "?", "it was signed with a '?' at its end: sign the URL without an empty query"})
		}
		for _, r := range respellings {
			for _, spell := range r.spell {
				all = append(all, otherURL{with(scheme, host, path, spell(query)), r.why})
				if !r.queryOnly {
					all = append(all,
						otherURL{with(scheme, host, spell(path), query), r.why},
						otherURL{with(scheme, host, spell(path), spell(query)), r.why})
				}
			}
		}
		if clean, ok := strings.CutSuffix(path, "/"); ok {
			all = append(all, otherURL{with(scheme, host, clean, query), "a '/' was added at the end of the path after signing"})
		} else {
			all = append(all, otherURL{with(scheme, host, path+"/", query), "the '/' at the end of the path was taken off after signing"})
		}
		for _, o := range all {
			if !yield(o) {
				return
			}
		}
		if query == "" {
			return
		}
		pairs := strings.Split(query, "&")
		if len(pairs) <= maxSubset {
			for kept, added := range subsets(pairs) {
				if !yield(otherURL{with(scheme, host, path, strings.Join(kept, "&")),
					"the query was changed after signing: " + strings.Join(added, "&") + " was added; sign the URL with its whole query"}) {
					return
				}
			}
		}
		if len(pairs) <= maxReorder {
			for order := range orders(pairs) {
				if !yield(otherURL{with(scheme, host, path, strings.Join(order, "&")), "the parameters of the query were reordered after signing: keep their order"}) {
					return
				}
			}
		}
	}
}

// subsets returns the ways to leave out some of the pairs.
func subsets(pairs []string) iter.Seq2[[]string, []string] {
	return func(yield func(kept, left []string) bool) {
		for mask := 1; mask < 1<<len(pairs); mask++ {
			var kept, left []string
			for i, pair := range pairs {
				if mask>>i&1 == 1 {
					left = append(left, pair)
				} else {
					kept = append(kept, pair)
				}
			}
			if !yield(kept, left) {
				return
			}
		}
	}
}

// orders returns the ways to order the pairs.
func orders(pairs []string) iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		permute(slices.Clone(pairs), 0, yield)
	}
}

func permute(pairs []string, from int, yield func([]string) bool) bool {
	if from == len(pairs) {
		return yield(pairs)
	}
	for i := from; i < len(pairs); i++ {
		pairs[from], pairs[i] = pairs[i], pairs[from]
		if !permute(pairs, from+1, yield) {
			return false
		}
		pairs[from], pairs[i] = pairs[i], pairs[from]
	}
	return true
}
