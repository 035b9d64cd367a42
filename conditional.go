package cloudfront

import (
	"net/http"
	"slices"
	"strings"
)

// conditions are what a request asks of the version its sender holds (RFC
// 9110, section 13), put in terms of the upstream's own versions, and the way
// back.
type conditions struct {
	header http.Header
	saved  []savedField

	current      []version
	foreign      bool // If-None-Match asks for versions of the upstream's own, too
	partPlain    bool // If-Range names a plain version
	partUpstream bool // If-Range names one of the upstream's own
}

type savedField struct {
	name   string
	values []string
}

// version is a current one of ours that the client holds.
type version struct {
	tagged   string // the entity tag, as we made it
	upstream string // the upstream's, or "" for one made of a date
	signed   bool
	coded    bool // encode has compressed it
}

// currentTags are what the tags of current versions end in.
type currentTags struct {
	plain, signed tag
	turning       bool // signed will have changed before the upstream has answered
}

// translate changes the conditions of a request in its own header: the request
// is never cloned, since {header.*} placeholders read the original. tags returns
// those that are current. Unless the response may be signed, the upstream's own
// versions are as good as ever.
func translate(r *http.Request, signable bool, tags func() currentTags) *conditions {
	c := &conditions{header: r.Header}
	if !slices.ContainsFunc([]string{"If-None-Match", "If-Match", "If-Range", "If-Modified-Since"}, func(name string) bool { return len(r.Header[name]) > 0 }) {
		return c
	}
	current := tags()
	find := func(etag string) (v version, date string) {
		v.tagged = etag
		if v.upstream, date, v.coded = current.plain.cut(etag); v.upstream == "" && date == "" {
			v.signed = true
			v.upstream, date, v.coded = current.signed.cut(etag)
		}
		return v, date
	}

	if safe := r.Method == http.MethodGet || r.Method == http.MethodHead; safe {
		c.ifNoneMatch(signable, current.turning, find)
	} else {
		// Here the condition guards a write. No version may be taken off it.
		c.replaceEach("If-None-Match", find)
	}
	c.replaceEach("If-Match", find)
	c.ifRange(find)
	return c
}

// ifNoneMatch leaves those versions that are current, and so may be vouched
// for by a 304. Where the response may be signed, all others, the upstream's
// own too, are of pages whose links are not signed, or not any more. For If-
// Modified-Since alone that can't be known; with If-None-Match it has no meaning
// (RFC 9110, section 13.1.3).
func (c *conditions) ifNoneMatch(signable, turning bool, find func(string) (version, string)) {
	var etags, dates []string
	var dated []version
	for etag := range listElements(c.header["If-None-Match"]) {
		v, date := find(etag)
		switch {
		case v.signed && turning && (date != "" || v.upstream != ""):
		case date != "":
			dated, dates = append(dated, v), append(dates, date)
		case v.upstream != "":
			c.current = append(c.current, v)
			etags = append(etags, v.upstream)
		case etag == "*" || !signable:
			c.foreign = true
			etags = append(etags, etag)
		}
	}
	if !signable && len(c.current) == 0 && len(dates) == 0 {
		return
	}
	c.set("If-None-Match", nil)
	c.set("If-Modified-Since", nil)
	switch {
	case len(etags) > 0:
		c.set("If-None-Match", []string{strings.Join(etags, ", ")})
	case len(dates) == 1:
		c.current = dated
		c.set("If-Modified-Since", dates)
	}
}

// replaceEach puts the upstream's versions in the place of ours.
func (c *conditions) replaceEach(name string, find func(string) (version, string)) {
	var etags []string
	for etag := range listElements(c.header[name]) {
		if v, _ := find(etag); v.upstream != "" {
			if etag = v.upstream; v.signed || v.coded {
				c.dropRange()
			}
		}
		etags = append(etags, etag)
	}
	if etags != nil {
		c.set(name, []string{strings.Join(etags, ", ")})
	}
}

// ifRange keeps the parts of the upstream's body from being put together with
// those of a signed or compressed one (RFC 9110, section 13.1.5).
func (c *conditions) ifRange(find func(string) (version, string)) {
	value := c.header.Get("If-Range")
	if value == "" {
		return
	}
	switch v, _ := find(value); {
	case v.upstream == "":
		c.partUpstream = true
	case v.signed || v.coded:
		c.dropRange()
	default:
		c.partPlain = true
		c.set("If-Range", []string{v.upstream})
	}
}

func (c *conditions) dropRange() {
	c.set("Range", nil)
	c.set("If-Range", nil)
}

// set changes a field until restore; nil takes it off.
func (c *conditions) set(name string, values []string) {
	c.saved = append(c.saved, savedField{name, c.header[name]})
	setField(c.header, name, values)
}

// restore puts the request's header back.
func (c *conditions) restore() {
	for _, field := range slices.Backward(c.saved) {
		setField(c.header, field.name, field.values)
	}
}

func setField(h http.Header, name string, values []string) {
	if values == nil {
		delete(h, name)
	} else {
		h[name] = values
	}
}

// vouched returns the version that a 304 with this entity tag vouches for, and
// false if it is none of ours.
func (c *conditions) vouched(etag string) (version, bool) {
	for _, v := range c.current {
		if v.upstream != "" && weakEqual(v.upstream, etag) {
			return v, true
		}
	}
	// Some leave the entity tag out, or make it out differently on a 304.
	if len(c.current) == 1 && !c.foreign {
		return c.current[0], true
	}
	return version{}, false
}
