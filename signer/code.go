package signer

// Code is the error code of CloudFront's 403 answer to a request whose
// signature or policy does not hold. The empty Code means the request is
// allowed.
type Code string

// The codes that the edge answers with. All come with status 403.
const (
	// Allowed: the request carries a valid signature, and its policy holds.
	Allowed Code = ""
	// MissingKey: no credentials, or no usable key-pair ID among them.
	MissingKey Code = "MissingKey"
	// InvalidKey: the key-pair ID is not among the trusted keys.
	InvalidKey Code = "InvalidKey"
	// MalformedSignature: the signature is absent or not in CloudFront's
	// base64 alphabet.
	MalformedSignature Code = "MalformedSignature"
	// MalformedPolicy: the policy or the expiry is absent or can't be read.
	MalformedPolicy Code = "MalformedPolicy"
	// AccessDenied: the signature does not match, or a condition of the
	// policy does not hold.
	AccessDenied Code = "AccessDenied"
)

// Message returns the text that CloudFront sends with the code, and the empty
// string for a code that it does not know.
func (c Code) Message() string {
	switch c {
	case MissingKey:
		return "Missing Key-Pair-Id query parameter or cookie value"
	case InvalidKey:
		return "Unknown Key"
	case MalformedSignature:
		return "Could not unencode Signature"
	case MalformedPolicy:
		return "Malformed Policy"
	case AccessDenied:
		return "Access denied"
	}
	return ""
}

// XML returns the body of CloudFront's answer, to the byte: one line without
// a final newline, of type text/xml.
func (c Code) XML() []byte {
	return []byte(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>` + string(c) +
		`</Code><Message>` + c.Message() + `</Message></Error>`)
}
