package signer

import "strings"

// checkURL refuses what no signer should have signed and what an origin may
// take for another resource than the one that the policy was checked against.
func checkURL(req *ViewerRequest, appQuery string) *refusal {
	if req.Scheme != "http" && req.Scheme != "https" {
		return refuse(AccessDenied, "the scheme %q is neither http nor https", clip(req.Scheme))
	}
	if req.Host == "" || strings.Trim(req.Host, hostBytes) != "" {
		return refuse(AccessDenied, "the host %q is not a host name or an IP address", clip(req.Host))
	}
	if !strings.HasPrefix(req.RawPath, "/") || strings.Contains(req.RawPath, "?") {
		return refuse(AccessDenied, "%q is not a path", clip(req.RawPath))
	}
	// None of these may stand raw in a URL (RFC 3986, section 2), and a JSON
	// encoder writes some of them otherwise than they are.
	for _, part := range []string{req.RawPath, appQuery} {
		for i := range len(part) {
			if c := part[i]; c <= ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '#' {
				return refuse(AccessDenied, "the URL holds the raw byte %q; percent-encode it before signing", c)
			}
		}
	}
	return checkPath(req.RawPath)
}

const hostBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]"

// checkPath refuses a path that resolves to another one, as it stands or
// decoded: a policy for /public/* must not open /public/..%2fprivate.
func checkPath(path string) *refusal {
	for range maxDecodings + 1 {
		for i := range len(path) {
			if c := path[i]; c < ' ' || c == 0x7f || c == '\\' {
				return refuse(AccessDenied, "the path holds the byte %q, percent-encoded", c)
			}
		}
		for segment := range strings.SplitSeq(path, "/") {
			// Servlet containers drop what follows a ';'.
			segment, _, _ = strings.Cut(segment, ";")
			if segment == "." || segment == ".." {
				return refuse(AccessDenied, "the path has the dot segment %q, raw or percent-encoded; sign the path that it resolves to", segment)
			}
		}
		decoded := decode(path)
		if decoded == path {
			return nil
		}
		path = decoded
	}
	return refuse(AccessDenied, "the path is percent-encoded more than %d times over", maxDecodings)
}
