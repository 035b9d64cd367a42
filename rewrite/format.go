package rewrite

import "strings"

// Format is a kind of body, with its own rules about where links stand.
type Format uint8

// The formats.
const (
	HTML       Format = iota + 1
	XHTML             // HTML in XML: "&" is written "&amp;"
	CSS               //
	JavaScript        //
	JSON              // also JSON lines, and event streams
	XML               // also RSS, Atom, SVG, sitemaps
	Text              // plain text, Markdown
	VTT               // WebVTT
	HLS               // m3u8 playlists
	DASH              // MPD manifests
)

var mediaTypes = map[string]Format{
	"text/html":             HTML,
	"application/xhtml+xml": XHTML,

	"text/css": CSS,

	"text/javascript":          JavaScript,
	"application/javascript":   JavaScript,
	"application/x-javascript": JavaScript,
	"text/ecmascript":          JavaScript,
	"application/ecmascript":   JavaScript,

	"application/json":     JSON,
	"text/json":            JSON,
	"application/jsonl":    JSON,
	"application/ndjson":   JSON,
	"application/x-ndjson": JSON,
	"text/event-stream":    JSON,
	"text/x-component":     JSON,

	"application/xml": XML,
	"text/xml":        XML,

	"text/plain":    Text,
	"text/markdown": Text,
	"text/vtt":      VTT,

	"application/vnd.apple.mpegurl": HLS,
	"application/x-mpegurl":         HLS,
	"audio/mpegurl":                 HLS,
	"audio/x-mpegurl":               HLS,
	"application/dash+xml":          DASH,
}

// FormatOf returns the format of a body by its Content-Type, and by its URL
// path where servers commonly know no better type than a general one. It
// reports false if the body is not to be rewritten: the type is missing or has
// no links, or its charset is not a superset of ASCII.
func FormatOf(contentType, path string) (Format, bool) {
	mediaType, params, _ := strings.Cut(contentType, ";")
	if !asciiCharset(params) {
		return 0, false
	}
	mediaType = strings.ToLower(strings.TrimSpace(mediaType))
	f, ok := mediaTypes[mediaType]
	switch {
	case ok:
	case strings.HasSuffix(mediaType, "+json"):
		f = JSON
	case strings.HasSuffix(mediaType, "+xml"):
		f = XML
	}
	switch mediaType {
	case "text/plain", "text/xml", "application/xml", "application/octet-stream", "binary/octet-stream":
		switch strings.ToLower(path[strings.LastIndexByte(path, '.')+1:]) {
		case "m3u8", "m3u":
			f = HLS
		case "mpd":
			f = DASH
		case "vtt":
			f = VTT
		}
	}
	return f, f != 0
}

// asciiCharset reports whether a Content-Type's parameters name no charset in
// which bytes below 0x80 may stand for something else than ASCII.
func asciiCharset(params string) bool {
	for params != "" {
		var param string
		param, params, _ = strings.Cut(params, ";")
		name, value, _ := strings.Cut(param, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "charset") {
			continue
		}
		charset := strings.ToLower(strings.Trim(value, " \t\"'"))
		for _, prefix := range []string{"utf-16", "utf16", "utf-32", "utf32", "utf-7", "ucs-", "iso-10646-ucs", "unicode", "csunicode", "iso-2022", "hz-"} {
			if strings.HasPrefix(charset, prefix) {
				return false
			}
		}
	}
	return true
}
