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
// text. Mostly the tag in front of the link tells (tag.go), and that it is no part
// of another tag's value the quotes in front of it do (quotes.go); where they do
// not, markup.go follows the body up to there, and never further than needed.
//
// # Text
//
// What people read or type is never offered: the text of HTML, also that of title,
// textarea, iframe, xmp, noembed, noframes and plaintext, whatever tags it seems to
// hold, and the attributes value, title, alt, placeholder, label, summary and
// aria-*. The content of a meta is a link if its name, property or itemprop says
// so, as og:image, twitter:player and thumbnailUrl do; any other, such as
// description or og:image:alt, is text.
//
// # Other spellings
//
// A link whose host is written in upper case, or with the scheme's own port
// (https://cdn.example.com:443/), or behind backslashes (https:\\cdn.example.com\a)
// leads browsers to the same resource, but it is not looked for: it is neither
// offered nor counted.
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
