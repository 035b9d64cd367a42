package rewrite

// Reason tells why a link was left alone.
type Reason uint8

// The reasons; the set is closed.
const (
	LeftUnsigned  Reason = iota // the callback gave no query
	LeftText                    // text that people read or type: HTML text, value, title, alt, placeholder, aria-*
	LeftReference               // names a place rather than fetches it: base, canonical, preconnect, a Content-Security-Policy
	LeftPrefix                  // the beginning of a URL that a script, a style or a manifest completes
	LeftTemplate                // holds a hole or a wildcard: ${x}, {x}, <%, *
	LeftAmbiguous               // where it ends, or leads, can't be told for certain
	LeftTooLong                 // longer than 4 KiB
	reasons
)

var reasonNames = [reasons]string{"unsigned", "text", "reference", "prefix", "template", "ambiguous", "too_long"}

// String returns a short name, such as "too_long", fit for a metric's label.
func (r Reason) String() string { return reasonNames[r] }

// Left counts links by Reason.
type Left [reasons]int
