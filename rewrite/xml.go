package rewrite

import "bytes"

// append appends b, a URL, to out in the form f.
func (f form) append(out, b []byte) []byte {
	for f == escaped {
		i := bytes.IndexAny(b, `&<>"'`)
		if i < 0 {
			break
		}
		out = append(out, b[:i]...)
		switch b[i] {
		case '&':
			out = append(out, "&amp;"...)
		case '<':
			out = append(out, "&lt;"...)
		case '>':
			out = append(out, "&gt;"...)
		case '"':
			out = append(out, "&#34;"...)
		case '\'':
			out = append(out, "&#39;"...)
		}
		b = b[i+1:]
	}
	return append(out, b...)
}

// entity reads the entity or character reference at the beginning of raw. n is
// its length, 0 if it is not one that stands for a printable ASCII character.
func entity(raw []byte) (c byte, n int) {
	end := bytes.IndexByte(raw[:min(len(raw), 10)], ';')
	if end < 0 {
		return 0, 0
	}
	r, ok := entityNamed(raw[1:end])
	if !ok || r <= ' ' || r >= 0x7f {
		return 0, 0
	}
	return byte(r), end + 1
}

// tagEnd returns the index behind the '>' that ends the tag at the beginning of
// b, 0 if it isn't there yet, -1 if another tag begins in it. It goes on at *seek, inside *quote, and leaves there how far it came.
func tagEnd(b []byte, seek *int, quote *byte) int {
	for i := *seek; i < len(b); i++ {
		c := b[i]
		if *quote != 0 {
			n := bytes.IndexByte(b[i:], *quote)
			if n < 0 {
				break
			}
			i, *quote = i+n, 0
		} else if c == '>' {
			*seek = 0
			return i + 1
		} else if c == '<' && i > 0 {
			return -1
		} else if c == '"' || c == '\'' {
			*quote = c
		}
	}
	*seek = len(b)
	return 0
}

// nameLen returns the length of the XML name at the beginning of b.
func nameLen(b []byte) int {
	for i, c := range b {
		if isSpace(c) || c == '/' || c == '>' || c == '=' || c == '<' || c == '"' || c == '\'' {
			return i
		}
	}
	return len(b)
}

// local takes the prefix off a name.
func local(name []byte) []byte { return name[bytes.IndexByte(name, ':')+1:] }

// attribute is an attribute of the tag it was read from: the value is
// tag[from:to].
type attribute struct {
	name     []byte
	from, to int
}

// nextAttribute reads the attribute at or after tag[i]; the name is empty at the
// end of the tag. It returns the index behind the attribute, -1 if the tag is not
// well-formed.
func nextAttribute(tag []byte, i int) (a attribute, next int) {
	for i < len(tag) && isSpace(tag[i]) {
		i++
	}
	n := nameLen(tag[i:])
	if n == 0 {
		if end := tag[i:]; string(end) == ">" || string(end) == "/>" {
			return attribute{}, i
		}
		return attribute{}, -1
	}
	a.name = tag[i : i+n]
	i += n
	for i < len(tag) && isSpace(tag[i]) {
		i++
	}
	if i == len(tag) || tag[i] != '=' {
		return attribute{}, -1
	}
	for i++; i < len(tag) && isSpace(tag[i]); i++ {
	}
	if i == len(tag) || tag[i] != '"' && tag[i] != '\'' {
		return attribute{}, -1
	}
	a.from = i + 1
	n = bytes.IndexByte(tag[a.from:], tag[i])
	if n < 0 {
		return attribute{}, -1
	}
	a.to = a.from + n
	return a, a.to + 1
}
