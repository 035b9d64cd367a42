package cloudfront

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

// tag is the end that an entity tag gets from us, so that it names our version
// of what the upstream's own names. It is a hash of all that our version
// depends on; so equal tags mean equal bytes, strong ones stay strong (RFC
// 9110, section 8.8.1), and a tag with another end is not current.
type tag string

// plainTag is the end for responses that hold no signature whoever asks: it
// depends on the config only. fingerprint identifies that.
func plainTag(fingerprint string) tag { return newTag("plain\n" + fingerprint) }

// signedTag is the end for what the issuers sign at the moment now. It changes
// when the first of their windows turns.
func signedTag(fingerprint string, issuers []*signer.Issuer, now time.Time) tag {
	var b strings.Builder
	b.WriteString("signed\n" + fingerprint)
	for _, is := range issuers {
		fmt.Fprintf(&b, "\n%s %v", is.Key.Fingerprint(), is.IP)
		for _, res := range is.Resources {
			_, expires := is.Window.Bounds(res.Configured, now)
			fmt.Fprintf(&b, "\n%s %d", res.Pattern, expires)
		}
	}
	return newTag(b.String())
}

func newTag(material string) tag {
	sum := sha256.Sum256([]byte(material))
	return tag(base64.RawURLEncoding.EncodeToString(sum[:9]))
}

// Between the upstream's entity tag and ours stands a tagMark. Where the
// upstream has only a Last-Modified, its Unix time in hexadecimal and a dateMark
// stand in for an entity tag; it is a weak one, for changes within a second
// (RFC 9110, section 8.8.2.2).
const (
	tagMark  = "-"
	dateMark = "~"
)

// add returns an entity tag with t at its end, or "" if etag is none.
func (t tag) add(etag string) string {
	if !isEntityTag(etag) {
		return ""
	}
	return etag[:len(etag)-1] + tagMark + string(t) + `"`
}

// ofDate returns an entity tag for a Last-Modified, or "" if it is no date.
func (t tag) ofDate(lastModified string) string {
	date, err := http.ParseTime(lastModified)
	if err != nil {
		return ""
	}
	return `W/"` + strconv.FormatInt(date.Unix(), 16) + dateMark + string(t) + `"`
}

// cut returns what etag was before add or, in the second value, the date it
// was made of; both are empty if it doesn't end in t. encode, around us, adds
// its coding to strong ones and takes it off again, but not in all fields.
func (t tag) cut(etag string) (bare, date string, coded bool) {
	if t == "" || !isEntityTag(etag) {
		return "", "", false
	}
	rest := etag[:len(etag)-1]
	for _, coding := range []string{"-gzip", "-zstd", "-br"} {
		if before, ok := strings.CutSuffix(rest, coding); ok {
			rest, coded = before, true
		}
	}
	rest, ok := strings.CutSuffix(rest, string(t))
	if !ok {
		return "", "", false
	}
	if bare, ok = strings.CutSuffix(rest, tagMark); ok && isEntityTag(bare+`"`) {
		return bare + `"`, "", coded
	}
	if rest, ok = strings.CutSuffix(rest, dateMark); ok {
		if unix, err := strconv.ParseInt(strings.TrimPrefix(rest, `W/"`), 16, 64); err == nil {
			return "", time.Unix(unix, 0).UTC().Format(http.TimeFormat), coded
		}
	}
	return "", "", false
}

// isEntityTag checks the syntax of RFC 9110, section 8.8.3.
func isEntityTag(s string) bool {
	s = strings.TrimPrefix(s, "W/")
	return len(s) >= 2 && s[0] == '"' && strings.IndexByte(s[1:], '"') == len(s)-2
}

// weakEqual is the weak comparison of RFC 9110, section 8.8.3.2.
func weakEqual(a, b string) bool {
	return strings.TrimPrefix(a, "W/") == strings.TrimPrefix(b, "W/")
}
