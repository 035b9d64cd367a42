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
	reasonError            reason = "error"              // the key could not be used
)
