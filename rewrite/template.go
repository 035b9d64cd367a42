package rewrite

import "bytes"

// expand gives the segment template r its pattern for the callback: its URL with
// a '*' for each variable and '$' for "$$" (ISO/IEC 23009-1, 5.3.9.4.4). tail is
// what the reference holds from its first '$' on. It reports false if the
// pattern would stand for other URLs than the template.
func (m *manifest) expand(r *reference, tail []byte) bool {
	url := m.text[r.text.from:r.text.to]
	head, ok := bytes.CutSuffix(url, tail)
	if !ok || bytes.IndexByte(head, '$') >= 0 || bytes.IndexByte(url, '*') >= 0 {
		return false
	}
	path, _ := cutPath(tail)
	if bytes.Contains(path, []byte("/.")) || bytes.Contains(path, []byte("/%")) {
		return false // dot segments could take variables away
	}

	start := len(m.text)
	m.text = append(m.text, head...)
	for {
		i := bytes.IndexByte(tail, '$')
		if i < 0 {
			break
		}
		m.text = append(m.text, tail[:i]...)
		tail = tail[i+1:]
		end := bytes.IndexByte(tail, '$')
		switch {
		case end == 0:
			m.text = append(m.text, '$')
		case end > 0 && isVariable(tail[:end]):
			m.text = append(m.text, '*')
			r.pattern = true
		default:
			m.text = m.text[:start]
			return false
		}
		tail = tail[end+1:]
	}
	m.text = append(m.text, tail...)
	r.url = span{start, len(m.text)}
	return true
}

// isVariable tells whether name stands for a value in a template, with or without
// a width, such as "Number%05d".
func isVariable(name []byte) bool {
	name, width, formatted := bytes.Cut(name, []byte("%0"))
	if formatted {
		digits, ok := bytes.CutSuffix(width, []byte("d"))
		if !ok || len(digits) == 0 || len(bytes.Trim(digits, "0123456789")) > 0 {
			return false
		}
	}
	switch string(name) {
	case "Number", "Time", "Bandwidth", "SubNumber":
		return true
	case "RepresentationID":
		return !formatted
	}
	return false
}
