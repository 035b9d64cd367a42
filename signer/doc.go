// Package signer signs URLs and cookies for private content behind Amazon
// CloudFront, and checks them as the CloudFront edge does. It stands on its own:
// it knows no HTTP server.
//
// # Policies
//
// A [Key] signs a [Policy], which says what the signature opens and until when.
// [Key.Query] returns the parameters of a signed URL, [Key.Cookies] a set of
// signed cookies. URLs have to be signed in the form in which browsers send them;
// [Canonical] brings them into it. All signatures are deterministic, those of
// ECDSA keys too: the same policy gives the same URL on every machine.
//
// # Links
//
// An [Issuer] is for programs that sign what others wrote, such as the links in
// a page. It has the list of what may be signed, and what may not. [Sign] takes
// many links at once and signs none that would open more than itself: a URL with
// a "*", which is a wildcard once it stands in a policy; a path that an origin
// could resolve to another one; somebody else's signature. Why a link was left
// alone is told by a [Reason].
//
// # Windows
//
// A signature is only as stable as its end. A [Window] rounds ends up to a grid,
// so that a link keeps its URL for a while, and caches in browsers and at the
// edge keep their worth. The grid depends on the configuration alone: a fleet
// needs nothing else in common to agree on it.
//
// # Cache
//
// An RSA signature takes most of a millisecond. A [Cache] makes it once in a
// window, for whoever asks, and makes it anew in the background before the next
// window begins, so that a link that is in use never waits for one.
//
// # The edge
//
// A [Verifier] judges requests with signed URLs or cookies as the edge would,
// with CloudFront's error codes and messages. It refuses what AWS's
// documentation leaves open.
//
// # Sources
//
// The formats are described in the chapter "Serve private content with signed
// URLs and signed cookies" of the [Amazon CloudFront Developer Guide].
//
// [Amazon CloudFront Developer Guide]: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/PrivateContent.html
package signer
