package cloudfront

// reason says why nothing was signed or issued: a closed set, for metrics and
// debug logs. The signer's own reasons about single links join it there.
type reason string

const (
	reasonNone             reason = ""
	reasonNoAuth           reason = "no_auth"            // {http.auth.user.id} is empty
	reasonNoForwardAuth    reason = "no_forward_auth"    // the auth server did not say so
	reasonNoResponseHeader reason = "no_response_header" // the app did not say so
	reasonNoPlaceholder    reason = "no_placeholder"     // a required placeholder is empty or has another value
	reasonPlaceholder      reason = "unsafe_placeholder" // a value in a resource could widen or move the policy
	reasonIPv6             reason = "ipv6"               // `ip client` and no IPv4 address
	reasonStatus           reason = "status"             // a status that gets no signatures
	reasonType             reason = "type"               // a type without links
	reasonPartial          reason = "partial"            // a part of a body (206)
	reasonNoTransform      reason = "no_transform"       // Cache-Control forbids it
	reasonCoding           reason = "coding"             // a content coding that is not known, or several
	reasonNoLinks          reason = "no_links"           // there is no link to the CDN
	reasonLeft             reason = "left"               // no link may be signed, each for a reason of its own
	reasonLogout           reason = "logout"             // the visitor is signing out
	reasonCookieDomain     reason = "cookie_domain"      // no browser would take cookies from this site for the CDN
	reasonCookieLength     reason = "cookie_length"      // a cookie would be longer than browsers take
	reasonIncluded         reason = "included"           // a page for httpInclude, of which the header is lost
	reasonError            reason = "error"              // the key could not be used
)
