package rewrite

// kind is what an element of an MPD means for the links in it.
type kind uint8

const (
	other kind = iota
	mpd        // the four elements that have BaseURLs, from the outermost to the innermost
	period
	adaptationSet
	representation
	baseURL
	place // Location, PatchLocation, ContentSteering
	initializationSet
	segmentTemplate
	segmentURL
	source // Initialization, RepresentationIndex, BitstreamSwitching
)

var kinds = map[string]kind{
	"MPD":                 mpd,
	"Period":              period,
	"AdaptationSet":       adaptationSet,
	"Representation":      representation,
	"BaseURL":             baseURL,
	"Location":            place,
	"PatchLocation":       place,
	"ContentSteering":     place,
	"InitializationSet":   initializationSet,
	"SegmentTemplate":     segmentTemplate,
	"SegmentURL":          segmentURL,
	"Initialization":      source,
	"RepresentationIndex": source,
	"BitstreamSwitching":  source,
}

// holdsURL tells whether the text of the element is a URL.
func (k kind) holdsURL() bool { return k == baseURL || k == place }

// hasLinks tells whether attributes of the element are URLs.
func (k kind) hasLinks() bool { return k >= initializationSet }

// link tells whether the attribute name holds a URL, and whether it is a template.
func (k kind) link(name []byte) (ok, template bool) {
	switch string(name) {
	case "media", "index":
		return k == segmentTemplate || k == segmentURL, k == segmentTemplate
	case "initialization":
		return k == segmentTemplate || k == initializationSet, true
	case "bitstreamSwitching":
		return k == segmentTemplate, true
	case "sourceURL":
		return k == source, false
	}
	return false, false
}
