// Package rewrite finds links in bodies that stream through it and lets a
// callback add a query to each of them. Everything else passes byte for byte.
//
// # Anchors
//
// Bodies are not parsed. However a link is written, in HTML, in a script, in
// JSON inside an attribute, its host name is always written the same. So the
// scanner looks for nothing but the configured host names (for a Map: the
// longest run without a slash in its path) and then reads left and right from
// there. The search itself looks for a byte that is rare in the web's text and
// that as many anchors as possible share: see anchor.go.
//
// To the left (left.go) stand the slashes, in any escaping, the scheme, and
// the opener: the quote, bracket or space in front of the link. To the right
// (right.go) the link is read character by character, escapes undone, until
// it ends. What may follow the opener, and where the link must end, depends on
// the place: rule.go, string.go. In markup the place is an attribute, a script, a style or
// text. Mostly the tag in front of the link tells (tag.go); where it does not,
// markup.go follows the body up to there, and never further than needed.
//
// # Hold-back
//
// A body is rewritten as it comes. Write holds back only a link whose end has
// not come yet (4 KiB at most; a longer one passes unchanged), and the possible
// beginning of a mapped link. White space and quotes end both, so an event of
// an event stream and a line of JSON lines leave with the Write that ended them.
// Where the body is cut into Writes never changes the output.
//
// # Insertion
//
// Bytes are inserted, nothing is serialised anew: "?" or "&" and the query in
// front of the fragment, with "&" written "&amp;" where the link's own query
// is, and in XML outside of CDATA. A mapped link also gets its new prefix, and a
// link that is signed already loses the old parameters first. A link that can't
// be extended exactly, such as a prefix that a script completes, is left alone
// and counted by Reason.
package rewrite
