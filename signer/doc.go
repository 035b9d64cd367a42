// Package signer signs URLs and cookies for private content behind Amazon
// CloudFront.
//
// [Key] signs a single [Policy]: the primitive, as AWS's SDKs have it. [Issuer]
// is for programs that sign many links: it has the list of what may be signed,
// refuses what a signature would open by mistake, puts ends on a grid so that
// signatures repeat, and caches them.
package signer
