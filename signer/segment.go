package signer

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Segment returns a value, such as the name of a user, as one segment of a
// URL's path, to be put into a resource pattern. Spaces and non-ASCII are
// percent-encoded as a browser does. A value that could mean more than one
// literal segment is an error: an empty one, ".", "..", invalid UTF-8, and one
// that holds a control character or any of / \ % * ? # ; , " ' < >. The error
// doesn't quote the value.
func Segment(value string) (string, error) {
	switch {
	case value == "":
		return "", errors.New("an empty value can't be a path segment")
	case value == "." || value == "..":
		return "", errors.New("a value of dots can't be a path segment")
	case !utf8.ValidString(value):
		return "", errors.New("a value that is not valid UTF-8 can't be a path segment")
	case strings.ContainsAny(value, `/\%*?#;,"'<>`):
		return "", errors.New(`a value that holds one of / \ % * ? # ; , " ' < > can't be a path segment`)
	case strings.ContainsFunc(value, unicode.IsControl):
		return "", errors.New("a value that holds a control character can't be a path segment")
	}
	var b strings.Builder
	writeEncoded(&b, value, inPath)
	return b.String(), nil
}
