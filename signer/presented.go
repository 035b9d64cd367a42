package signer

import (
	"slices"
	"strings"
)

// Where a request carries its credentials.
const (
	FromURL     = "url"
	FromCookies = "cookies"
)

// cookiePrefix turns the name of a query parameter into that of its cookie.
const cookiePrefix = "CloudFront-"

// CookieParam returns the parameter, one of Params, that a cookie of this name
// carries the value of.
func CookieParam(name string) (param string, ok bool) {
	param, ok = strings.CutPrefix(name, cookiePrefix)
	return param, ok && slices.Contains(Params, param)
}

// AppQuery takes the parameters that CloudFront reserves out of a raw query.
// What is left, the application's own, keeps its bytes and its order.
func AppQuery(raw string) string {
	_, rest, _, _ := splitQuery(raw, true)
	return rest
}

// presented is what a request carries of Params, from the query or from
// the cookies, by their names in the query. A name that is present may have an
// empty value.
type presented map[string]string

// add notes one value and refuses a second one of the same name: which of
// them CloudFront reads is not documented.
func (c presented) add(name, value string) *refusal {
	if _, twice := c[name]; twice {
		return refuse(AccessDenied, "%s is given twice; send it once", name)
	}
	c[name] = value
	return nil
}

// splitQuery takes the reserved parameters out of a raw query. What is left
// keeps its bytes and order; hasRest tells an empty rest from none. Names are
// compared as sent. A name that only its percent-decoding makes a reserved
// one is refused: the edge may read it in one way and the origin in another.
func splitQuery(raw string, present bool) (c presented, rest string, hasRest bool, no *refusal) {
	c = make(presented)
	if !present {
		return c, "", false, nil
	}
	var kept strings.Builder
	for more := true; more; {
		var pair string
		pair, raw, more = strings.Cut(raw, "&")
		name, value, _ := strings.Cut(pair, "=")
		if slices.Contains(Params, name) {
			if again := c.add(name, value); no == nil {
				no = again
			}
			continue
		}
		if decoded := decode(name); slices.Contains(Params, decoded) && no == nil {
			no = refuse(AccessDenied, "the parameter %s is written %s; write it without percent-encoding", decoded, name)
		}
		if hasRest {
			kept.WriteByte('&')
		}
		kept.WriteString(pair)
		hasRest = true
	}
	return c, kept.String(), hasRest, no
}

// cookieCredentials picks the CloudFront cookies out of all that were sent.
func cookieCredentials(cookies []Cookie) (presented, *refusal) {
	c := make(presented)
	for _, cookie := range cookies {
		name, ok := CookieParam(cookie.Name)
		if !ok {
			continue
		}
		if no := c.add(name, cookie.Value); no != nil {
			no.why = "the cookie " + cookiePrefix + no.why + ", with paths or domains that do not overlap"
			return c, no
		}
	}
	return c, nil
}
