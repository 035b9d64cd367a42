package cloudfront

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/caddy-cloudfront/caddy-cloudfront/rewrite"
	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

// exchange is one request and its response on their way through Links.
type exchange struct {
	links   *Links
	request *http.Request

	admissions []admission // one for each of links.signers
	conditions *conditions
	entered    time.Time

	status  int
	now     time.Time // when the final header came
	endless bool      // the body may go on for any time, and no entity tag names its bytes
	issuers []*signer.Issuer
	reason  reason // why nothing is signed
	format  rewrite.Format
	writer  *rewrite.Writer
	base    *url.URL

	early  int            // links signed in informational responses
	signed int            // links signed in the final one
	left   map[string]int // links left alone, by reason
}

// ServeHTTP signs the links in the response of next.
func (l *Links) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	x := &exchange{links: l, request: r, admissions: make([]admission, len(l.signers)), entered: now()}
	for i, s := range l.signers {
		x.admissions[i] = s.require.enter(r)
	}
	x.enter()
	defer x.leave()
	err := intercept(w, r, next, x, l.maxBuffers)
	if err != nil {
		for _, s := range l.signers {
			s.require.forget(r)
		}
	}
	return err
}

// enter changes the request as far as the response needs it.
func (x *exchange) enter() {
	signable := slices.ContainsFunc(x.admissions, func(a admission) bool {
		_, mayHold := a.foresee()
		return mayHold
	})
	x.conditions = translate(x.request, signable, x.tags)
	if !isAsset(x.request.URL.Path) {
		// Set, not deleted: without it, Go's HTTP client asks for gzip on its own.
		x.conditions.set("Accept-Encoding", []string{"identity"})
	}
}

// assetTypes are the extensions of files that are hardly ever rewritten: they
// may come in any coding. If a page has such a name, it is decoded.
var assetTypes = func() map[string]bool {
	types := make(map[string]bool)
	for ext := range strings.FieldsSeq(`
		apng avif bmp gif heic ico jpeg jpg jxl png tif tiff webp
		eot otf ttf woff woff2
		aac flac m4a m4s m4v mkv mov mp3 mp4 oga ogg ogv opus ts wav webm
		7z br bz2 gz pdf tgz wasm xz zip zst`) {
		types["."+ext] = true
	}
	return types
}()

func isAsset(urlPath string) bool {
	return assetTypes[strings.ToLower(path.Ext(urlPath))]
}

// answerTime is how long an upstream may take for a 304 and find the links that
// it vouches for still with all of their ttl to live.
const answerTime = 10 * time.Second

// tags are the current ones. There is none for signed responses if they have no
// entity tags at all, or if on entry nobody can know what will be signed: a 304
// can't be taken back when an authentication handler inside ours has spoken.
func (x *exchange) tags() currentTags {
	tags := currentTags{plain: x.links.plainTag}
	var issuers []*signer.Issuer
	for i, s := range x.links.signers {
		holds, mayHold := x.admissions[i].foresee()
		if !holds && mayHold {
			return tags
		}
		if !holds {
			continue
		}
		switch is, why := s.issuer(x.request); why {
		case reasonNone:
			issuers = append(issuers, is)
		case reasonIPv6:
		default:
			return tags
		}
	}
	if len(issuers) > 0 && windowed(issuers) {
		tags.signed = signedTag(x.links.fingerprint, issuers, x.entered)
		tags.turning = tags.signed != signedTag(x.links.fingerprint, issuers, x.entered.Add(answerTime))
	}
	return tags
}

// windowed tells whether signatures stay the same for a while.
func windowed(issuers []*signer.Issuer) bool {
	for _, is := range issuers {
		if is.Window.Size == 0 {
			return false
		}
	}
	return true
}

// interim signs the Link fields of early hints (RFC 8297) for visitors who are
// let in whatever the app goes on to say.
func (x *exchange) interim(_ int, h http.Header) {
	x.trailer(h)
	if len(h["Link"]) == 0 {
		return
	}
	x.now = now()
	x.admit(http.Header{})
	x.signFields(h)
	x.early, x.signed = x.early+x.signed, 0
}

// admit collects what signs for this visitor.
func (x *exchange) admit(h http.Header) {
	x.issuers, x.reason = admit(x.links.signers, x.request, func(i int) reason {
		why := x.admissions[i].decide(h)
		if why == reasonNone && included(x.request) {
			why = reasonIncluded
		}
		return why
	})
}

// included tells whether a template of Caddy's takes the response into its own
// page by httpInclude. The header is lost then, and with it what keeps the page
// out of shared caches.
func included(r *http.Request) bool { return r.Header.Get("Caddy-Templates-Include") != "" }

func (x *exchange) rewrites() bool { return true }

// header implements hooks.
func (x *exchange) header(status int, h http.Header) rewriting {
	x.status, x.now = status, now()
	x.admit(h)
	if unsignedStatus(status) {
		x.issuers, x.reason = nil, reasonStatus
	}
	if status == http.StatusNotModified {
		x.notModified(h)
		return nil
	}
	why := x.rewritable(h)
	switch {
	case len(x.issuers) == 0:
		if why == reasonType {
			x.tagPlain(h) // so it is for everybody
		}
		return nil
	case why == reasonNone:
		return x
	}
	if x.reason = why; why == reasonCoding {
		x.links.lamentCoding.Do(func() {
			x.links.logger.Warn("responses come in a content coding that can't be undone, so their links stay unsigned; let the app send gzip, zstd, br or no coding",
				zap.String("coding", contentCoding(h)))
		})
	}
	switch {
	case why != reasonNoTransform && x.signFields(h):
		x.markSigned(h)
	case why == reasonType || why == reasonCoding || why == reasonPartial && x.conditions.partPlain:
		x.tagPlain(h)
	}
	return nil
}

// unsignedStatus tells the statuses of responses to visitors who are not let
// in, or that are not the app's own.
func unsignedStatus(status int) bool {
	return status == http.StatusUnauthorized || status == http.StatusForbidden ||
		status == http.StatusProxyAuthRequired || status >= 500
}

// rewritable notes the format of the body, or says why it can't be rewritten.
func (x *exchange) rewritable(h http.Header) reason {
	format, ok := x.links.types.formatOf(h.Get("Content-Type"), x.request.URL.Path)
	coding := contentCoding(h)
	switch {
	case !ok || !bodyAllowed(x.status) || x.request.Method == http.MethodConnect:
		return reasonType
	case x.status == http.StatusPartialContent || h.Get("Content-Range") != "":
		return reasonPartial
	case noTransform(h) || noTransform(x.request.Header):
		return reasonNoTransform
	case coding != "" && !decodable(coding):
		return reasonCoding
	}
	x.format = format
	return reasonNone
}

// noTransform looks for the directive of RFC 9111, sections 5.2.1.6 and 5.2.2.6.
func noTransform(h http.Header) bool {
	for directive := range listElements(h["Cache-Control"]) {
		if strings.EqualFold(directive, "no-transform") {
			return true
		}
	}
	return false
}

// to implements rewriting.
func (x *exchange) to(dst io.Writer) io.WriteCloser {
	x.writer = x.links.rewriter.Writer(dst, x.options())
	return x.writer
}

func (x *exchange) options() rewrite.Options {
	if x.base == nil {
		x.base = documentURL(x.request)
	}
	return rewrite.Options{Format: x.format, Base: x.base, Sign: x.sign}
}

// documentURL is the URL of the response as the browser knows it.
func documentURL(r *http.Request) *url.URL {
	u := *r.URL
	if orig, ok := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request); ok {
		u = *orig.URL
	}
	u.Scheme, u.Host = "http", r.Host
	if r.TLS != nil {
		u.Scheme = "https"
	}
	if trusted, _ := caddyhttp.GetVar(r.Context(), caddyhttp.TrustedProxyVarKey).(bool); trusted {
		if proto := r.Header.Get("X-Forwarded-Proto"); proto == "http" || proto == "https" {
			u.Scheme = proto
		}
	}
	return &u
}

var requestPool = sync.Pool{New: func() any { return new([]signer.Request) }}

// sign answers the rewriter.
func (x *exchange) sign(links []rewrite.Link) {
	pooled := requestPool.Get().(*[]signer.Request)
	reqs := (*pooled)[:0]
	for i := range links {
		reqs = append(reqs, signer.Request{URL: links[i].URL, Template: links[i].Template})
	}
	signer.Sign(x.issuers, reqs, x.clock())
	for i := range reqs {
		if reqs[i].Reason == signer.Signed {
			links[i].Query, links[i].Strip = reqs[i].Query, reqs[i].Strip
			x.signed++
		} else {
			x.count(string(reqs[i].Reason), 1)
		}
	}
	clear(reqs)
	*pooled = reqs
	requestPool.Put(pooled)
}

func (x *exchange) count(reason string, n int) {
	if x.left == nil {
		x.left = make(map[string]int)
	}
	x.left[reason] += n
}

// clock is the moment of the header, so that the body is the one its entity tag
// names; a link late in it is then as old as the first one. A stream that no
// tag names, such as one of events, moves with time.
func (x *exchange) clock() time.Time {
	if later := now(); x.endless && later.Sub(x.now) > time.Minute {
		return later
	}
	return x.now
}

// release implements rewriting.
func (x *exchange) release(err error) {
	if broken := (*decodeError)(nil); errors.As(err, &broken) {
		x.links.logger.Warn("response broken off", zap.Error(broken))
	}
	if x.writer == nil {
		return
	}
	for why, n := range x.writer.Left() {
		if n > 0 && rewrite.Reason(why) != rewrite.LeftUnsigned { // sign has counted these
			x.count(rewrite.Reason(why).String(), n)
		}
	}
	x.writer.Release()
	x.writer = nil
}

// leave puts the request's header back and reports.
func (x *exchange) leave() {
	x.conditions.restore()
	if x.status == 0 {
		return // an error's, and none of ours
	}
	result := x.result()
	repl := x.request.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	repl.Set("http.cloudfront.links.signed", x.signed)
	repl.Set("http.cloudfront.links.reason", string(x.reason))

	responsesTotal.WithLabelValues("links", x.links.label, result).Inc()
	if n := x.early + x.signed; n > 0 {
		linksTotal.WithLabelValues(x.links.label, resultSigned).Add(float64(n))
	}
	for why, n := range x.left {
		linksTotal.WithLabelValues(x.links.label, why).Add(float64(n))
	}
	if c := x.links.logger.Check(zapcore.DebugLevel, "response passed"); c != nil {
		c.Write(zap.Int("status", x.status), zap.String("result", result), zap.Int("signed", x.signed), zap.Any("left", x.left))
	}
}

// result is the reason for signing nothing, or resultSigned.
func (x *exchange) result() string {
	switch {
	case x.signed > 0:
		x.reason = reasonNone
		return resultSigned
	case x.reason != reasonNone:
	case len(x.left) > 0:
		x.reason = reasonLeft
	default:
		x.reason = reasonNoLinks
	}
	return string(x.reason)
}
