package cloudfront

import (
	"net/http"
	"slices"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

// commit implements rewriting.
func (x *exchange) commit(h http.Header, body bodyState) (changed bool) {
	changed = x.signed > 0 || body == bodyRunning
	if !x.signFields(h) && !changed {
		if body == bodyEnded && x.left[string(signer.Failed)] == 0 {
			x.tagPlain(h)
		}
		return false
	}
	x.markSigned(h)
	x.endless = body == bodyRunning && len(h["Etag"]) == 0
	return changed
}

// trailer implements hooks.
func (x *exchange) trailer(h http.Header) {
	for _, s := range x.links.signers {
		s.require.strip(h)
	}
}

// strip takes the fields of the app that say who is let in off trailers and
// interim responses: they are not for visitors.
func (reqs requirements) strip(h http.Header) {
	for _, field := range reqs.responseFields() {
		delete(h, field)
		delete(h, http.TrailerPrefix+field)
	}
}

// signFields signs the links in header fields and reports whether there are
// any.
func (x *exchange) signFields(h http.Header) bool {
	before := x.signed
	if len(x.issuers) == 0 {
		return false
	}
	for _, name := range []string{"Location", "Link", "Refresh"} {
		values := slices.Clone(h[name])
		for i, value := range values {
			values[i] = x.links.rewriter.Header(name, value, x.options())
		}
		setField(h, name, values)
	}
	return x.signed > before
}

// markSigned makes the header that of a response with signatures.
func (x *exchange) markSigned(h http.Header) {
	var etag string
	if windowed(x.issuers) {
		etag = signedTag(x.links.fingerprint, x.issuers, x.now).of(h, x.datable())
	}
	setEntityTag(h, etag)
	restrict(h, x.issuers, x.now)
}

// tagPlain marks a response that holds no signature whoever asks for it, so
// that it can be told from those that may have to be signed by now. Only
// successful answers to GET and HEAD are asked for again with conditions.
func (x *exchange) tagPlain(h http.Header) {
	if !x.safe() {
		return
	}
	switch x.status {
	case http.StatusOK:
	case http.StatusPartialContent:
		if x.conditions.partUpstream {
			return // the client has the other parts under that name
		}
	default:
		return
	}
	if etag := x.links.plainTag.of(h, x.datable()); etag != "" {
		setEntityTag(h, etag)
	}
}

func (x *exchange) safe() bool {
	return x.request.Method == http.MethodGet || x.request.Method == http.MethodHead
}

// datable tells whether the date may stand in for an entity tag.
func (x *exchange) datable() bool { return x.safe() && x.status == http.StatusOK }

// of returns the entity tag with t for the response with this header: made of
// the upstream's own or else, if that may be, of its date.
func (t tag) of(h http.Header, datable bool) string {
	if etag := h.Get("Etag"); etag != "" || !datable {
		return t.add(etag)
	}
	return t.ofDate(h.Get("Last-Modified"))
}

func setEntityTag(h http.Header, etag string) {
	if etag == "" {
		delete(h, "Etag")
	} else {
		h["Etag"] = []string{etag}
	}
}

// notModified puts the tag back that was taken off the request. The Cache-
// Control is made anew, for the signatures have become older (RFC 9110, section
// 15.4.5): they are of the window in which the tag was found current, even if
// that has ended since.
func (x *exchange) notModified(h http.Header) {
	fields := x.signFields(h)
	v, ok := x.conditions.vouched(h.Get("Etag"))
	if ok {
		setEntityTag(h, v.tagged)
	}
	if v.signed || fields {
		restrict(h, x.issuers, x.entered)
	}
}
