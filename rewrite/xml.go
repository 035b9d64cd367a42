package rewrite

import "bytes"

// append appends b to out, written in the form f.
func (f form) append(out, b []byte) []byte {
	if f == plain {
		return append(out, b...)
	}
	special := `&<>"'`
	if bytes.IndexByte(b, '<') < 0 && bytes.IndexByte(b, '>') < 0 && bytes.IndexByte(b, '"') < 0 && bytes.IndexByte(b, '\'') < 0 {
		special = "&" // as it is in nearly every URL, and much faster to find
	}
	for {
		i := bytes.IndexAny(b, special)
		if i < 0 {
			return append(out, b...)
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
}

// entity reads the entity or character reference at the beginning of raw. n is
// its length, 0 if it is not one that stands for a printable ASCII character.
func entity(raw []byte) (c byte, n int) {
	end := bytes.IndexByte(raw[:min(len(raw), 10)], ';')
	if end < 2 {
		return 0, 0
	}
	switch name := string(raw[1:end]); name {
	case "amp":
		return '&', end + 1
	case "lt":
		return '<', end + 1
	case "gt":
		return '>', end + 1
	case "quot":
		return '"', end + 1
	case "apos":
		return '\'', end + 1
	default:
		if name[0] != '#' {
			return 0, 0
		}
	}
	digits, base := raw[2:end], 10
	if len(digits) > 0 && digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	code := 0
	for _, d := range digits {
		v := hexValue(d)
		if v >= base || code > 0x7f {
			return 0, 0
		}
		code = code*base + v
	}
	if code <= ' ' || code >= 0x7f {
		return 0, 0
	}
	return byte(code), end + 1
}

// hexValue returns the value of a hexadecimal digit, 16 for any other byte.
func hexValue(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return 16
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
