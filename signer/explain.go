package signer

import (
	"crypto"
	"fmt"
	"html"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Explain looks for what went wrong with a request that Verify refuses: for
// the smallest changes to it, or to the URL that was signed, with which it
// would be allowed. Each finding says in words what is wrong and what to do;
// they come on top of the Result's Why, the first one first. There is none if
// the request is allowed, or if nothing simple explains the refusal.
//
// Other hosts are further names of the distribution, such as d111.cloudfront.net
// and its alternate domain names; a URL may have been signed for one of them.
func (v *Verifier) Explain(req ViewerRequest, otherHosts ...string) []string {
	var findings []string
	// A request may have several mistakes on top of each other.
	for range 5 {
		res := v.Verify(req)
		if len(findings) > 0 && res.Code != Allowed {
			findings = append(findings, "and then: "+res.Why)
		}
		if res.Code == Allowed {
			break
		}
		better, why := v.mend(req, rank(res))
		if why == "" {
			findings = append(findings, v.explainURL(req, res, otherHosts)...)
			break
		}
		findings = append(findings, why)
		req = better
	}
	return findings
}

// rank is how far a request gets at the edge.
func rank(res Result) int {
	switch {
	case res.Code == Allowed:
		return 6
	case res.Policy.Expires != 0:
		return rankProved
	case res.Code == AccessDenied && res.KeyPairID != "":
		return 4
	case res.Code == MalformedPolicy:
		return 3
	case res.Code == MalformedSignature:
		return 2
	case res.Code == InvalidKey:
		return 1
	}
	return 0
}

// rankProved is the rank of a request with a valid signature.
const rankProved = 5

// mend is a change to the parameters of a signature.
type mend struct {
	why     string
	query   func(raw string) string                   // changes the query, or
	pair    func(name, value string) (string, string) // one parameter or cookie, or
	all     func(pairs []Cookie) []Cookie             // all of them
	certain bool                                      // counts only if the signature proves valid
}

var secondQuestionMark = regexp.MustCompile(`\?((?:` + strings.Join(Params, "|") + `)=)`)

var mends = []mend{
	{
		why: "the URL was taken out of HTML, where &amp; stands for &: undo that before the URL is requested",
		query: func(raw string) string {
			return strings.ReplaceAll(html.UnescapeString(raw), "&amp;", "&")
		},
	},
	{
		why:   `the URL was taken out of JSON or a script, where \u0026 stands for &: undo that before the URL is requested`,
		query: strings.NewReplacer(`\u0026`, "&", `%5Cu0026`, "&", `%5cu0026`, "&").Replace,
	},
	{
		why: "the signature was added with a second '?': where the URL has a query already, add it with '&'",
		query: func(raw string) string {
			return secondQuestionMark.ReplaceAllString(raw, "&$1")
		},
	},
	{
		why: "the names of the parameters are case-sensitive: write " + strings.Join(Params, ", "),
		pair: func(name, value string) (string, string) {
			for _, reserved := range Params {
				if strings.EqualFold(name, reserved) {
					name = reserved
				}
			}
			return name, value
		},
	},
	{
		why:  "the signature's parameters were percent-encoded: they need no encoding, send them as they are",
		pair: func(name, value string) (string, string) { return decode(name), decode(value) },
	},
	{
		why: "there is white space in the signature, from a line break perhaps: remove it",
		pair: func(name, value string) (string, string) {
			return name, strings.NewReplacer("%20", "", "%0A", "", "%0a", "", "%0D", "", "%0d", "", " ", "", "\t", "").Replace(value)
		},
		certain: true,
	},
	{
		certain: true,
		why:     "the signature is in standard base64: replace '+' by '-', '=' by '_' and '/' by '~'",
		pair:    encoded(strings.NewReplacer("%2B", "-", "%2b", "-", "%2F", "~", "%2f", "~", "%3D", "_", "%3d", "_", "+", "-", " ", "-", "/", "~", "=", "_").Replace),
	},
	{
		why:     "the '_' at the end of the signature are missing, which are its padding: whatever copied the URL must not cut them off",
		pair:    encoded(pad),
		certain: true,
	},
	{
		why: "the signature is in URL-safe base64, where '_' stands for '/': CloudFront writes '~' for '/', and '_' for the padding '='",
		pair: encoded(func(value string) string {
			return pad(strings.ReplaceAll(strings.TrimRight(value, "="), "_", "~"))
		}),
		certain: true,
	},
	{
		why: "the hash has to be written SHA1 or SHA256",
		pair: func(name, value string) (string, string) {
			if name == "Hash-Algorithm" {
				value = strings.ReplaceAll(strings.ToUpper(value), "-", "")
			}
			return name, value
		},
	},
	{
		why: "the URL was signed twice, and the second signature is the right one: do not sign a URL that is signed already",
		all: func(pairs []Cookie) []Cookie { return last(pairs) },
	},
	{
		why: "the URL was signed twice, and the first signature is the right one: do not sign a URL that is signed already",
		all: func(pairs []Cookie) []Cookie {
			slices.Reverse(pairs)
			pairs = last(pairs)
			slices.Reverse(pairs)
			return pairs
		},
	},
	{
		why: "Expires does not belong to a custom policy: leave it out",
		all: without("Expires"), certain: true,
	},
	{
		why: "the signature is that of a canned policy, which is not sent: leave Policy out",
		all: without("Policy"), certain: true,
	},
}

// encoded changes the values that are in CloudFront's base64.
func encoded(change func(string) string) func(name, value string) (string, string) {
	return func(name, value string) (string, string) {
		if name == "Policy" || name == "Signature" {
			value = change(value)
		}
		return name, value
	}
}

func pad(value string) string {
	return value + strings.Repeat("_", (4-len(value)%4)%4)
}

// last keeps the last one of the pairs of each reserved name.
func last(pairs []Cookie) []Cookie {
	kept := make([]Cookie, 0, len(pairs))
	for i, p := range pairs {
		again := func(q Cookie) bool { return q.Name == p.Name }
		if !slices.Contains(Params, p.Name) || !slices.ContainsFunc(pairs[i+1:], again) {
			kept = append(kept, p)
		}
	}
	return kept
}

func without(name string) func([]Cookie) []Cookie {
	return func(pairs []Cookie) []Cookie {
		return slices.DeleteFunc(pairs, func(p Cookie) bool { return p.Name == name })
	}
}

// mend returns the request with the one change that gets it furthest, if that
// is further than before.
func (v *Verifier) mend(req ViewerRequest, before int) (better ViewerRequest, why string) {
	candidates := mends
	for _, id := range slices.Sorted(maps.Keys(v.Keys)) {
		candidates = append(slices.Clip(candidates), signedBy(id))
	}
	return improve(req, candidates, before, func(m mend, changed ViewerRequest) int {
		got := rank(v.Verify(changed))
		if m.certain && got < rankProved {
			return 0
		}
		return got
	})
}

// signedBy is the change of the key-pair ID.
func signedBy(id string) mend {
	return mend{
		why: fmt.Sprintf("the signature was made with the private key of %s, and the request names another key: set the signer's key-pair ID to %s", id, id),
		pair: func(name, value string) (string, string) {
			if name == "Key-Pair-Id" {
				value = id
			}
			return name, value
		},
		certain: true,
	}
}

// improve returns the request with the one change that scores highest, if that
// is higher than before.
func improve(req ViewerRequest, candidates []mend, before int, score func(mend, ViewerRequest) int) (better ViewerRequest, why string) {
	for _, m := range candidates {
		changed := m.apply(req)
		if got := score(m, changed); got > before {
			before, better, why = got, changed, m.why
		}
	}
	return better, why
}

// apply changes the parameters in the query and the cookies.
func (m mend) apply(req ViewerRequest) ViewerRequest {
	if m.query != nil {
		req.RawQuery = m.query(req.RawQuery)
		return req
	}
	if req.HasQuery {
		// What is no parameter of a signature stays as it is, as a name.
		var pairs []Cookie
		for raw := range strings.SplitSeq(req.RawQuery, "&") {
			name, value, _ := strings.Cut(raw, "=")
			if p := m.change(name, value); slices.Contains(Params, p.Name) {
				pairs = append(pairs, p)
			} else {
				pairs = append(pairs, Cookie{Name: raw})
			}
		}
		var query []string
		for _, p := range m.selected(pairs) {
			if slices.Contains(Params, p.Name) {
				p.Name += "=" + p.Value
			}
			query = append(query, p.Name)
		}
		req.RawQuery = strings.Join(query, "&")
	}
	var cookies []Cookie
	for _, c := range req.Cookies {
		if name, ok := strings.CutPrefix(c.Name, cookiePrefix); ok {
			cookies = append(cookies, m.change(name, c.Value))
		}
	}
	cookies = m.selected(cookies)
	for i := range cookies {
		cookies[i].Name = cookiePrefix + cookies[i].Name
	}
	req.Cookies = cookies
	return req
}

func (m mend) change(name, value string) Cookie {
	if m.pair != nil {
		name, value = m.pair(name, value)
	}
	return Cookie{name, value}
}

func (m mend) selected(pairs []Cookie) []Cookie {
	if m.all != nil {
		return m.all(pairs)
	}
	return pairs
}

// explainURL finds the URL that was signed, by the key that the request names
// or, if that is not known, by another.
func (v *Verifier) explainURL(req ViewerRequest, res Result, hosts []string) []string {
	if why := v.otherURL(req, res, hosts); why != "" {
		return []string{why}
	}
	if res.Code != InvalidKey {
		return nil
	}
	for _, id := range slices.Sorted(maps.Keys(v.Keys)) {
		key := signedBy(id)
		changed := key.apply(req)
		if why := v.otherURL(changed, v.Verify(changed), hosts); why != "" {
			return []string{key.why, why}
		}
	}
	return nil
}

// otherURL finds the URL that was signed instead of the one that is asked for.
func (v *Verifier) otherURL(req ViewerRequest, res Result, hosts []string) string {
	var signed func(url string) bool
	switch {
	case res.Policy.Expires != 0 && !res.Canned:
		resource := res.Policy.Resource
		if matchFlat(resource, res.URL) {
			return "" // the URL is not what is wrong
		}
		signed = func(url string) bool { return matchFlat(resource, url) && matchSections(resource, url) }
		if _, rest, ok := strings.Cut(resource, "://"); ok {
			host, _ := cutBefore(rest, '/')
			hosts = append(slices.Clip(hosts), host)
		}
	case res.Canned && res.Policy.Expires == 0:
		c, _, _, _ := splitQuery(req.RawQuery, req.HasQuery)
		if len(c) == 0 {
			c, _ = cookieCredentials(req.Cookies)
		}
		key, no := v.key(c, new(Result))
		if no != nil {
			return ""
		}
		signature, no := c.signature(res.Source)
		if no != nil {
			return ""
		}
		signed = func(url string) bool {
			doc := cannedDocument(url, c["Expires"])
			return signatureHolds(key, crypto.SHA256, doc, signature) || signatureHolds(key, crypto.SHA1, doc, signature)
		}
	default:
		return ""
	}
	for other := range otherURLs(res.URL, hosts) {
		if signed(other.url) {
			return fmt.Sprintf("%s; signed was %s, asked for is %s", other.why, other.url, res.URL)
		}
	}
	return ""
}
