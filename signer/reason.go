package signer

// Reason says why a link was not signed. The set is closed, so that a reason
// may be the label of a metric.
type Reason string

// The reasons, from the constant set that [Sign] reports.
const (
	// Signed: there is a signature.
	Signed Reason = ""
	// Unsafe: the URL is not one that browsers and CloudFront understand alike:
	// not http(s), with a user name, not UTF-8, with an impossible host.
	Unsafe Reason = "unsafe"
	// Outside: no resource holds the URL.
	Outside Reason = "outside"
	// Excepted: an except pattern holds the URL, or could.
	Excepted Reason = "except"
	// Asterisk: the URL holds a raw "*". In a policy that would be a wildcard.
	Asterisk Reason = "asterisk"
	// Traversal: decoded, the path holds a dot segment, a backslash or a
	// control character, which an origin may interpret.
	Traversal Reason = "traversal"
	// ForeignSignature: the URL carries somebody else's signature, or one under
	// stricter conditions than ours.
	ForeignSignature Reason = "foreign_signature"
	// Reserved: the URL carries parameters that CloudFront reserves, but no
	// complete signature.
	Reserved Reason = "reserved"
	// Template: what the template could stand for is not within one resource
	// and outside all exceptions.
	Template Reason = "template"
	// Wildcard: the scope is resource, and the policy for it would open more
	// than the resource without its exceptions.
	Wildcard Reason = "wildcard"
	// TooLong: the signed URL would be longer than CloudFront accepts.
	TooLong Reason = "too_long"
	// Failed: the private key did not sign.
	Failed Reason = "error"
)

// Reasons are all reasons but [Signed].
var Reasons = []Reason{Unsafe, Outside, Excepted, Asterisk, Traversal, ForeignSignature, Reserved, Template, Wildcard, TooLong, Failed}
