package rewrite

import "bytes"

// variables are those that a playlist defines itself, with NAME and VALUE of
// EXT-X-DEFINE. The values of others are known to the client only.
type variables struct {
	known  map[string]string
	length int // of all of them
}

// maxVariables is the length that all names and values together may have.
const maxVariables = 4 << 10

var variableStart, variableEnd = []byte("{$"), []byte("}")

func (v *variables) reset() {
	clear(v.known)
	v.length = 0
}

// define takes note of a variable. A value that would change where the query of a
// reference begins is not used, nor is one of two for the same name.
func (v *variables) define(name, value []byte) {
	v.length += len(name) + len(value)
	if v.length > maxVariables {
		return
	}
	if v.known == nil {
		v.known = make(map[string]string)
	}
	if _, twice := v.known[string(name)]; twice || bytes.ContainsAny(value, "?#{") {
		value = nil
	}
	v.known[string(name)] = string(value)
}

// substitute leaves ref with the values of its variables in h.value. It reports
// false if one is not known, or if a few bytes grow to more than a URL may have.
func (h *hls) substitute(ref []byte) bool {
	h.value = h.value[:0]
	for {
		before, rest, found := bytes.Cut(ref, variableStart)
		h.value = append(h.value, before...)
		if !found {
			return true
		}
		name, after, ended := bytes.Cut(rest, variableEnd)
		value := h.known[string(name)]
		if !ended || value == "" || len(h.value) > maxURL {
			return false
		}
		h.value = append(h.value, value...)
		ref = after
	}
}
