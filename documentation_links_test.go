package cloudfront

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	markdownLink = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading      = regexp.MustCompile(`(?m)^#+ (.+)$|^(.+)\n(?:===+|---+)$`)
	notInAnchor  = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// TestDocumentedLinks follows the links inside the documentation.
func TestDocumentedLinks(t *testing.T) {
	for _, page := range documentation(t) {
		for _, match := range markdownLink.FindAllStringSubmatch(readFile(t, page), -1) {
			link := match[1]
			if strings.Contains(link, ":") {
				continue
			}
			file, fragment, hasFragment := strings.Cut(link, "#")
			target := page
			if file != "" {
				target = filepath.Join(filepath.Dir(page), file)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s: %v", page, link, err)
				continue
			}
			if hasFragment && !hasAnchor(readFile(t, target), fragment) {
				t.Errorf("%s links to %s: there is no such heading", page, link)
			}
		}
	}
}

// hasAnchor tells whether GitHub gives one of the page's headings this anchor.
func hasAnchor(page, anchor string) bool {
	for _, match := range heading.FindAllStringSubmatch(page, -1) {
		text := notInAnchor.ReplaceAllString(strings.ToLower(match[1]+match[2]), "")
		if strings.ReplaceAll(text, " ", "-") == anchor {
			return true
		}
	}
	return false
}
