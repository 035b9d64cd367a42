package signer

import (
	"errors"
	"fmt"
	"strings"
)

// Pattern is a URL pattern in CloudFront's wildcard syntax: "*" stands for any
// number of characters, "/" included, and "?" for exactly one.
//
// AWS documents two readings of it. In the flat one the pattern is compared
// with the URL as a whole. In the sectioned one each wildcard stays within its
// section, the path or the query, except that a "*" at the end of the path
// covers the query too; the first "?" separates the sections. A pattern is held
// to match only where both agree, and where they differ [Pattern.CheckPolicy]
// refuses it.
type Pattern struct {
	url    string
	scheme int    // length of the scheme
	host   int    // end of the host in url
	prefix string // from "//" to the first wildcard
	plain  string // from "//" on, as an origin may see it
	simple bool   // nothing but prefix and perhaps one "*" follows
}

// ParsePattern reads a pattern: an absolute http or https URL whose scheme and
// host hold no wildcard, written as browsers send it. Its errors say what to
// write instead, and leave it to the caller to say where.
func ParsePattern(s string) (Pattern, error) {
	if err := checkPatternText(s); err != nil {
		return Pattern{}, err
	}
	canonical, _, err := Canonical(s)
	if err != nil {
		return Pattern{}, err
	}
	if canonical != s {
		return Pattern{}, fmt.Errorf("is not what browsers send: write %s", canonical)
	}
	p := Pattern{url: s}
	p.scheme = strings.IndexByte(s, ':')
	p.host = p.scheme + 3 + strings.IndexByte(s[p.scheme+3:], '/')
	if traversal(s[p.host:]) {
		return Pattern{}, errors.New(`holds "." or ".." in disguise, a backslash or a control character: write the path that is meant`)
	}
	if openEscape(s[p.host:]) {
		return Pattern{}, errors.New("has a wildcard in the place of an escape's digits: write whole escapes, such as %2A")
	}
	if i := strings.IndexByte(s, '?'); i >= 0 && reserved(s[i+1:]) {
		return Pattern{}, fmt.Errorf("holds a query parameter that CloudFront reserves for signatures (%s): leave it out", strings.Join(Params, ", "))
	}
	end := len(s)
	if i := strings.IndexAny(s, "*?"); i >= 0 {
		end = i
	}
	p.prefix = s[p.scheme+1 : end]
	p.simple = s[end:] == "" || s[end:] == "*"
	host := p.host - p.scheme - 1
	p.plain = p.text()[:host] + string(appendPlain(nil, p.text()[host:]))
	return p, nil
}

// checkPatternText finds the mistakes that have a cure of their own.
func checkPatternText(s string) error {
	if s == "" {
		return errors.New("is empty: write a URL such as https://cdn.example.com/private/*")
	}
	for _, r := range s {
		switch {
		case r == '"' || r == '\'':
			return fmt.Errorf("holds a quote: write it as %%%02X, as browsers send it", r)
		case r == '\\':
			return errors.New(`holds a backslash: write "/", or a plain "?" before a query`)
		case r == ' ':
			return errors.New("holds a space: write it as %20")
		case r < ' ' || r == 0x7f:
			return errors.New("holds a control character: leave it out")
		case r == '#':
			return errors.New(`holds a "#": fragments are never sent, leave it out`)
		case r == '{' || r == '}':
			return errors.New(`holds a brace: write "{" as %7B and "}" as %7D`)
		case r > 0x7f:
			if canonical, _, err := Canonical(s); err == nil {
				return fmt.Errorf("holds a character that is not ASCII: write %s", canonical)
			}
			return errors.New("holds a character that is not ASCII: write it percent-encoded, and a host in Punycode")
		}
	}
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		example := strings.TrimLeft(s, "*/")
		if strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "//") || example == "" {
			example = "cdn.example.com/" + example
		}
		return fmt.Errorf("is not an absolute URL: write the scheme and the host of the CDN too, such as https://%s", example)
	}
	switch strings.ToLower(scheme) {
	case "http", "https":
	case "*", "http*":
		return fmt.Errorf("has a wildcard in its scheme: write https://%s, and the same with http:// if that is needed too", rest)
	default:
		return errors.New("is not an http or https URL: write the one that viewers use, such as https://cdn.example.com/private/*")
	}
	host, path, ok := strings.Cut(rest, "/")
	if strings.ContainsAny(host, "*?") {
		return errors.New("has a wildcard in its host: write one pattern for each host")
	}
	if host == "" {
		return fmt.Errorf("has no host: write the host of the CDN, such as https://cdn.example.com/%s", path)
	}
	if !ok {
		return fmt.Errorf("has no path: write %s/* for the whole host", s)
	}
	return nil
}

// CheckPolicy returns an error when p can't stand in a policy: when the two
// readings of its wildcards differ for some URL, so that nobody could say what
// a signature opens. What is left are patterns without any wildcard, and with
// one "*" at the end.
func (p Pattern) CheckPolicy() error {
	if p.simple {
		return nil
	}
	return fmt.Errorf("has wildcards that can be read in two ways, which AWS both documents: where one signature opens all of it write only one \"*\", at the end, and no \"?\", such as %s*",
		p.url[:p.scheme+1]+p.prefix)
}

// String returns the pattern as it was parsed.
func (p Pattern) String() string { return p.url }

// Scheme returns "http" or "https".
func (p Pattern) Scheme() string { return p.url[:p.scheme] }

// Host returns the host, with its port if it has one.
func (p Pattern) Host() string { return p.url[p.scheme+3 : p.host] }

// text is the pattern without its scheme, from "//" on.
func (p Pattern) text() string { return p.url[p.scheme+1:] }

// Match reports whether url is within p in both readings. The URL must be in
// the form that [Canonical] returns.
func (p Pattern) Match(url string) bool {
	text, ok := strings.CutPrefix(url, p.url[:p.scheme+1])
	return ok && p.match(text)
}

// match is Match without the schemes.
func (p Pattern) match(text string) bool {
	if !strings.HasPrefix(text, p.prefix) {
		return false
	}
	pattern, rest := p.text()[len(p.prefix):], text[len(p.prefix):]
	if p.simple {
		return pattern == "*" || rest == ""
	}
	// Only the sectioned reading is compared: whatever matches in it matches in
	// the flat one too, since the host is literal.
	path, query, hasQuery := strings.Cut(pattern, "?")
	rest, restQuery, restHasQuery := strings.Cut(rest, "?")
	if hasQuery {
		return restHasQuery && glob(path, rest, false) && glob(query, restQuery, false)
	}
	return glob(path, rest, false) && (!restHasQuery || strings.HasSuffix(path, "*"))
}

// Covers reports whether every URL that q matches is within p, in either
// reading. It is true only where that is proven: p must be a literal with one
// "*" at its end, or the same as q.
func (p Pattern) Covers(q Pattern) bool {
	return p.url == q.url || p.Scheme() == q.Scheme() && p.covers(q.text())
}

func (p Pattern) covers(text string) bool {
	return p.simple && p.url[len(p.url)-1] == '*' && strings.HasPrefix(text, p.prefix)
}

// Intersects reports whether p may hold a URL that q matches, in either
// reading, as it is or as an origin may see it: with its path decoded and runs of
// "/" collapsed. It is false only where the opposite is proven. The schemes don't
// matter: an origin serves the same under both.
func (p Pattern) Intersects(q Pattern) bool { return p.intersects(q.text()) }

func (p Pattern) intersects(text string) bool {
	if overlap(p.text(), text) {
		return true
	}
	path := 2 + strings.IndexByte(text[2:], '/')
	query := path + strings.IndexByte(text[path:]+"?", '?')
	// A "*" between two slashes may stand for nothing, or for more slashes.
	plain := text[:path] + strings.ReplaceAll(string(appendPlain(nil, text[path:query])), "/*/", "/*")
	if query < len(text) {
		// In a policy, what follows the "?" may be a part of the path, or a
		// query that the origin ignores.
		plain += "*"
	}
	return overlap(p.plain, plain)
}

// glob reports whether pattern matches the whole of s. With loose, a "?" in s
// may be any character, or the end.
func glob[T string | []byte](pattern string, s T, loose bool) bool {
	star, retry := -1, 0
	p, i := 0, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, retry = p, i
			p++
		case p < len(pattern) && (pattern[p] == s[i] || pattern[p] == '?' || loose && s[i] == '?'):
			p++
			i++
		case loose && p == len(pattern) && s[i] == '?':
			return true
		case star >= 0:
			retry++
			p, i = star+1, retry
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// overlap reports whether some string matches both patterns.
func overlap(a, b string) bool {
	// Literal beginnings and ends settle nearly all cases.
	for a != "" && b != "" && a[0] != '*' && b[0] != '*' {
		if a[0] != b[0] && a[0] != '?' && b[0] != '?' {
			return false
		}
		a, b = a[1:], b[1:]
	}
	for a != "" && b != "" && a[len(a)-1] != '*' && b[len(b)-1] != '*' {
		x, y := a[len(a)-1], b[len(b)-1]
		if x != y && x != '?' && y != '?' {
			return false
		}
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	if a == "" || b == "" {
		return strings.Trim(a+b, "*") == ""
	}
	if a[0] == '*' && b[len(b)-1] == '*' || b[0] == '*' && a[len(a)-1] == '*' || a == "*" || b == "*" {
		return true
	}
	// row[j]: the ends a[i:] and b[j:] overlap.
	row := make([]bool, len(b)+1)
	row[len(b)] = true
	for j := len(b) - 1; j >= 0 && b[j] == '*'; j-- {
		row[j] = true
	}
	for i := len(a) - 1; i >= 0; i-- {
		diagonal := row[len(b)]
		row[len(b)] = a[i] == '*' && diagonal
		for j := len(b) - 1; j >= 0; j-- {
			below := row[j]
			if a[i] == '*' || b[j] == '*' {
				row[j] = below || row[j+1]
			} else {
				row[j] = diagonal && (a[i] == b[j] || a[i] == '?' || b[j] == '?')
			}
			diagonal = below
		}
	}
	return row[0]
}
