package signer

import (
	"encoding/binary"
	"hash/maphash"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// maxURL is the longest URL that CloudFront accepts.
const maxURL = 8192

// Request asks for the signature of one link, and is answered in place.
type Request struct {
	// URL is the link: absolute or protocol-relative, with or without a
	// fragment, as it will be resolved by the browser. It is not retained.
	URL string
	// Template says that each "*" of the URL is a variable of a manifest's
	// template. The signature then opens whatever these may stand for.
	Template bool

	// Query is the answer: the parameters to add to the query of the link, or
	// empty for a reason.
	Query string
	// Strip tells to take the reserved parameters off the link first.
	Strip bool
	// Reason says why Query is empty.
	Reason Reason
}

// Sign signs links. Each goes to the first issuer whose resources hold it.
//
// What is in the cache costs no allocation. All other signatures are made on as
// many processors as there are, of which concurrent calls get equal shares: a
// call that asks for 100,000 signatures takes as long as they take, and delays
// another that asks for ten by as much as a few tens of its own. No number of
// links makes Sign leave one out. A signature that several calls wait for is
// made once.
func Sign(issuers []*Issuer, reqs []Request, now time.Time) {
	b := batches.Get().(*batch)
	b.issuers, b.now = issuers, now
	for i := range reqs {
		b.add(&reqs[i])
	}
	b.finish()
	clear(b.plans)
	clear(b.pending)
	*b = batch{plans: b.plans[:0], pending: b.pending[:0], plain: b.plain[:0]}
	batches.Put(b)
}

var batches = sync.Pool{New: func() any { return new(batch) }}

// batch is one call of Sign.
type batch struct {
	issuers []*Issuer
	now     time.Time
	plans   []plan
	pending []pending
	plain   []byte // scratch

	cache        *Cache // the last one asked
	hits, misses uint64 // of that
}

// pending is a request whose signature is not in the cache.
type pending struct {
	req *Request
	job *job
}

// plan is what all signatures for one resource of an issuer have in common.
type plan struct {
	spec
	key      *Key
	pattern  *Pattern
	issuer   *Issuer
	expires  int64
	hash     uint64 // of spec
	policyOK bool   // the pattern may stand in a policy
}

// spec is by whom and how something is signed. Signatures of the same text for
// equal specs are equal.
type spec struct {
	fingerprint [32]byte
	grid        grid
	ip          netip.Prefix
	https       bool
	custom      bool // even where a canned policy would do
}

var seed = maphash.MakeSeed()

func (s *spec) sum() uint64 {
	var b [96]byte
	copy(b[:], s.fingerprint[:])
	binary.LittleEndian.PutUint64(b[32:], uint64(s.grid.ttl))
	binary.LittleEndian.PutUint64(b[40:], uint64(s.grid.size))
	binary.LittleEndian.PutUint64(b[48:], uint64(s.grid.offset))
	binary.LittleEndian.PutUint64(b[56:], uint64(s.grid.backdate))
	if s.ip.IsValid() {
		ip := s.ip.Addr().As16()
		copy(b[64:], ip[:])
		b[80] = byte(s.ip.Bits()) + 1
	}
	if s.https {
		b[81] = 1
	}
	if s.custom {
		b[82] = 1
	}
	return maphash.Bytes(seed, b[:])
}

func (is *Issuer) plan(r *Resource, now time.Time) plan {
	p := plan{key: is.Key, issuer: is, pattern: &r.Pattern}
	p.fingerprint = is.Key.fingerprint
	p.grid = is.Window.grid(r.offsetKey())
	p.ip = is.IP
	p.https = r.Pattern.Scheme() == "https"
	_, p.expires = p.grid.bounds(now)
	return p
}

// plan returns the plan of a resource.
func (b *batch) plan(is *Issuer, r *Resource) *plan {
	for i := range b.plans {
		if p := &b.plans[i]; p.pattern == &r.Pattern && p.issuer == is {
			return p
		}
	}
	p := is.plan(r, b.now)
	p.hash = p.sum()
	p.policyOK = is.Scope == ScopeResource && is.checkPolicy(r.Pattern) == nil
	b.plans = append(b.plans, p)
	return &b.plans[len(b.plans)-1]
}

func (b *batch) add(r *Request) {
	r.Query, r.Strip = "", false
	l, reason := parseLink(r.URL)
	if reason != Signed {
		r.Reason = reason
		return
	}
	var old presented
	if l.query < len(l.text) && reserved(l.text[l.query+1:]) {
		var rest string
		var hasRest bool
		var odd *refusal
		if old, rest, hasRest, odd = splitQuery(l.text[l.query+1:], true); odd != nil {
			r.Reason = Reserved
			return
		}
		l.text = l.text[:l.query]
		if hasRest {
			l.text += "?" + rest
		}
	}
	// The separator that the signature will bring along.
	if last := l.text[len(l.text)-1]; l.query < len(l.text) && (last == '&' || last == '?') {
		l.text = l.text[:len(l.text)-1]
	}
	is, res, reason := b.find(l, r.Template)
	if reason == Signed {
		reason = b.guard(is, l, r.Template)
	}
	if reason == Signed && old != nil {
		reason = is.replaces(old, res, b.now)
	}
	if reason != Signed {
		r.Reason = reason
		return
	}
	r.Strip = old != nil
	p := b.plan(is, res)
	text, wild := l.text, false
	switch is.Scope {
	case ScopeResource:
		if !p.policyOK {
			r.Reason, r.Strip = Wildcard, false
			return
		}
		text = p.pattern.text()
	case ScopeDirectory:
		if dir := l.text[:strings.LastIndexByte(l.text[:l.query], '/')+1]; is.opens(p.pattern, dir) {
			text, wild = dir, true
		}
	}
	if is.Cache != b.cache {
		b.count()
		b.cache = is.Cache
	}
	query, ok := is.Cache.get(p, text, wild)
	if !ok {
		b.misses++
		b.pending = append(b.pending, pending{r, p.job(is.Cache, strings.Clone(text), wild)})
		return
	}
	b.hits++
	r.answer(query, nil)
}

// count adds to the figures of a cache, seldom enough to cost nothing.
func (b *batch) count() {
	if b.cache != nil {
		b.cache.hits.Add(b.hits)
		b.cache.misses.Add(b.misses)
	}
	b.hits, b.misses = 0, 0
}

// finish makes the signatures that were not in the cache.
func (b *batch) finish() {
	b.count()
	if len(b.pending) == 0 {
		return
	}
	jobs := make([]*job, len(b.pending))
	for i, p := range b.pending {
		jobs[i] = p.job.cache.board(p.job)
	}
	signing.do(jobs)
	for i, p := range b.pending {
		p.req.answer(jobs[i].query, jobs[i].err)
	}
}

func (r *Request) answer(query string, err error) {
	switch {
	case err != nil:
		r.Reason, r.Strip = Failed, false
	case len(r.URL)+1+len(query) > maxURL:
		r.Reason, r.Strip = TooLong, false
	default:
		r.Query, r.Reason = query, Signed
	}
}

// parseLink takes a link apart in canonical form. Its host needs no check: in
// order to be signed it must equal that of a pattern.
func parseLink(raw string) (link, Reason) {
	anyHost := func(string) bool { return true }
	if l, ok := scan(raw, anyHost); ok && !l.backslash {
		return l, Signed
	}
	relative := len(raw) > 2 && (raw[0] == '/' || raw[0] == '\\') && (raw[1] == '/' || raw[1] == '\\')
	if relative {
		raw = "https:" + raw
	}
	url, _, err := serialize(raw)
	if err == errNotAbsolute {
		return link{}, Outside
	} else if err != nil {
		return link{}, Unsafe
	}
	l, ok := scan(url, anyHost)
	if !ok || l.backslash {
		return link{}, Unsafe
	}
	if relative {
		l.scheme = ""
	}
	return l, Signed
}

// find returns the first issuer, and its first resource, that holds a link.
func (b *batch) find(l link, template bool) (*Issuer, *Resource, Reason) {
	reason := Outside
	for _, is := range b.issuers {
		for i := range is.Resources {
			p := &is.Resources[i].Pattern
			switch {
			case l.scheme != "" && l.scheme != p.Scheme():
			case template && p.covers(l.text), !template && p.match(l.text):
				return is, &is.Resources[i], Signed
			case template && overlap(p.text(), l.text):
				reason = Template
			}
		}
	}
	return nil, nil, reason
}

// guard decides whether a link within a resource may be signed.
func (b *batch) guard(is *Issuer, l link, template bool) Reason {
	if l.asterisk && !template {
		return Asterisk
	}
	if l.suspect && traversal(l.text[l.path:]) {
		return Traversal
	}
	if template {
		if openEscape(l.text[l.path:]) {
			return Template
		}
		for _, e := range is.Except {
			if e.intersects(l.text) {
				return Template
			}
		}
		return Signed
	}
	for _, e := range is.Except {
		if e.excepted(l.text) {
			return Excepted
		}
	}
	return b.readings(is, l)
}

// readings decides about a link by what an origin may make of it, and of
// whatever else its signature opens: the bytes of a canned policy are also those
// of a custom one, in which a "?" stands for any character, "%" and "/" too.
func (b *batch) readings(is *Issuer, l link) Reason {
	var buf [maxChoices]choice
	choices, few := l.choices(buf[:0], len(is.Except) > 0)
	if !few {
		return Traversal
	}
	if rest := l.text[l.path:]; len(choices) == 0 && !strings.Contains(rest, "%") && !strings.Contains(rest, "//") {
		return Signed
	}
	readings := 1
	for _, c := range choices {
		readings *= len(c.chars)
	}
	for reading := range readings {
		s := append(b.plain[:0], l.text...)
		which := reading
		for _, c := range choices {
			s[c.at] = c.chars[which%len(c.chars)]
			which /= len(c.chars)
		}
		for n := range maxDecodings + 1 {
			encoded := len(s)
			if openEscape(s[l.path:]) {
				return Traversal
			}
			s = appendDecoded(s[:l.path], s[l.path:])
			if n == maxDecodings && len(s) != encoded || reading > 0 && dotSegment(s[l.path:]) {
				return Traversal
			}
		}
		s = collapse(s, l.path)
		b.plain = s
		for _, e := range is.Except {
			if e.exceptedPlain(s) {
				return Excepted
			}
		}
	}
	return Signed
}

// replaces decides whether ours may take the place of the signature that a link
// has already.
func (is *Issuer) replaces(old presented, r *Resource, now time.Time) Reason {
	_, canned := old["Expires"]
	_, custom := old["Policy"]
	if old["Signature"] == "" || old["Key-Pair-Id"] == "" || canned == custom {
		return Reserved
	}
	starts, _ := is.Window.Bounds(r.offsetKey(), now)
	if !replaceable(old, append(is.Previous[:len(is.Previous):len(is.Previous)], is.Key.id), starts, is.IP) {
		return ForeignSignature
	}
	return Signed
}

// opens reports whether a policy for a directory and all below is within a
// resource and outside of all exceptions.
func (is *Issuer) opens(p *Pattern, dir string) bool {
	if !p.covers(dir) || strings.Contains(dir, "*") {
		return false
	}
	for _, e := range is.Except {
		if e.intersects(dir + "*") {
			return false
		}
	}
	return true
}
