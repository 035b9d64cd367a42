package rewrite

import (
	"strings"
)

// Header rewrites the value of a header field that holds links: Location, Link
// (RFC 8288) or Refresh. Other fields, and links that name a place rather than
// fetch it, such as rel=preconnect, come back as they are. Relative references are
// resolved against o.Base; o.Format is not used.
func (rw *Rewriter) Header(name, value string, o Options) string {
	var out strings.Builder
	w := Writer{rw: rw, dst: &out, opts: o}
	var h header
	h.begin(&w)
	h.buf = []byte(value)
	switch strings.ToLower(name) {
	case "location":
		h.add(trim(h.buf, 0, len(value)))
	case "refresh":
		h.refresh(value)
	case "link":
		h.links(value)
	}
	if len(h.refs) == 0 {
		return value
	}
	if err := h.flush(len(h.buf)); err != nil {
		return value
	}
	return out.String()
}

// header is a field's value with its references.
type header struct{ manifest }

func (h *header) add(from, to int) {
	r := reference{from: from, to: to}
	h.settle(&r, h.doc)
	if r.state == ready {
		h.refs = append(h.refs, r)
	}
}

// refresh reads a number of seconds, a separator, and a URL, with or without "url="
// in front and quotes around.
func (h *header) refresh(value string) {
	i := strings.IndexAny(value, ";,")
	if i < 0 {
		return
	}
	from, to := trim(h.buf, i+1, len(value))
	if rest := value[from:to]; len(rest) > 3 && strings.EqualFold(rest[:3], "url") {
		if after := strings.TrimLeft(rest[3:], " \t"); strings.HasPrefix(after, "=") {
			from, to = trim(h.buf, to-len(after)+1, to)
		}
	}
	if from < to && (value[from] == '"' || value[from] == '\'') {
		if n := strings.IndexByte(value[from+1:to], value[from]); n >= 0 {
			to = from + 1 + n
		}
		from++
	}
	h.add(from, to)
}

// links reads <URL>; name=value; name="value", and so on.
func (h *header) links(value string) {
	for i := 0; i < len(value); {
		from := strings.IndexByte(value[i:], '<')
		if from < 0 {
			return
		}
		from += i + 1
		to := strings.IndexByte(value[from:], '>')
		if to < 0 {
			return
		}
		to += from
		rel, images := "", span{}
		i = to + 1
		for i < len(value) && value[i] != ',' {
			name, v := "", span{}
			name, v, i = parameter(value, i)
			switch {
			case strings.EqualFold(name, "rel") && rel == "":
				rel = strings.ToLower(value[v.from:v.to])
			case strings.EqualFold(name, "imagesrcset"):
				images = v
			}
		}
		if referenceRel(rel) {
			h.leave(LeftReference)
			continue
		}
		h.add(trim(h.buf, from, to))
		h.candidates(value, images)
	}
}

// candidates reads the value of an imagesrcset.
func (h *header) candidates(value string, set span) {
	for i := set.from; i < set.to; {
		from, _ := trim(h.buf, i, set.to)
		to := from
		for to < set.to && !isSpace(value[to]) {
			to++
		}
		i = to
		for to > from && value[to-1] == ',' {
			to--
		}
		if to == i { // a descriptor follows
			if n := strings.IndexByte(value[i:set.to], ','); n >= 0 {
				i += n + 1
			} else {
				i = set.to
			}
		}
		if from < to {
			h.add(from, to)
		}
	}
}

// parameter reads a parameter from value[i:] on, up to the ';' or ',' behind it,
// and returns where to read on.
func parameter(value string, i int) (name string, v span, next int) {
	if value[i] == ';' {
		i++
	}
	end := i + len(value[i:])
	if n := strings.IndexAny(value[i:], ";,="); n >= 0 {
		end = i + n
	}
	name = strings.TrimSpace(value[i:end])
	if end == len(value) || value[end] != '=' {
		return name, span{}, end
	}
	i = end + 1
	for i < len(value) && isSpace(value[i]) {
		i++
	}
	if i < len(value) && value[i] == '"' {
		for end = i + 1; end < len(value) && value[end] != '"'; end++ {
			if value[end] == '\\' {
				end++
			}
		}
		v = span{i + 1, min(end, len(value))}
		i = min(end+1, len(value))
	} else {
		v.from = i
	}
	end = len(value)
	if n := strings.IndexAny(value[i:], ";,"); n >= 0 {
		end = i + n
	}
	if v.to == 0 {
		v.to = end
	}
	return name, v, end
}
