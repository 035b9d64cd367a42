package signer

import "strings"

// AWS describes the wildcards of a policy's Resource in two ways that differ
// at the edges. Flat: '*' is any run of characters and '?' any one, over the
// whole URL. Sectioned: the pattern is cut into protocol, domain, path and
// query, and a wildcard stays within its section.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-creating-signed-url-custom-policy.html

// matchFlat reads pattern as one glob over the whole URL.
func matchFlat(pattern, url string) bool { return glob(pattern, url, false) }

// matchSections reads pattern section by section. The URL must be absolute,
// and its path must not be empty.
func matchSections(pattern, url string) bool {
	if pattern == "*" {
		return true
	}
	protocol, rest, ok := strings.Cut(pattern, "://")
	if !ok {
		if !strings.HasPrefix(pattern, "*") {
			return false
		}
		protocol, rest = "*", pattern
	}
	if protocol != "http" && protocol != "https" && protocol != "*" {
		return false
	}
	scheme, target, _ := strings.Cut(url, "://")
	host, target := cutBefore(target, '/')
	path, query, hasQuery := strings.Cut(target, "?")

	hostPattern, rest := cutBefore(rest, '/')
	if !glob(protocol, scheme, false) || !glob(hostPattern, host, false) {
		return false
	}
	if rest == "" {
		// A '*' that ends the domain covers path and query.
		return strings.HasSuffix(hostPattern, "*") || (path == "/" && !hasQuery)
	}
	pathPattern, queryPattern, patternHasQuery := strings.Cut(rest, "?")
	// Older pages of AWS write the '?' that begins the query as `\?`.
	pathPattern = strings.TrimSuffix(pathPattern, `\`)
	switch {
	case !glob(pathPattern, path, false):
		return false
	case patternHasQuery:
		return hasQuery && glob(queryPattern, query, false)
	default:
		// A '*' that ends the path covers the query.
		return !hasQuery || strings.HasSuffix(pathPattern, "*")
	}
}

// cutBefore cuts s before the first sep: sep begins the second part.
func cutBefore(s string, sep byte) (before, from string) {
	if i := strings.IndexByte(s, sep); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}
