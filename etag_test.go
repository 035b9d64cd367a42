package cloudfront

import (
	"strings"
	"testing"
)

func TestEntityTag(t *testing.T) {
	const now, old = tag("NOW"), tag("OLD")
	for _, test := range []struct{ etag, tagged string }{
		{`"a"`, `"a-NOW"`},
		{`W/"a"`, `W/"a-NOW"`},       // weak stays weak
		{`""`, `"-NOW"`},             // an empty opaque-tag is one (RFC 9110, 8.8.3)
		{`"a-gzip"`, `"a-gzip-NOW"`}, // an upstream's suffix is part of its tag
		{`"a-OLD"`, `"a-OLD-NOW"`},   // as is the tag of another handler
		{`"\"`, `"\-NOW"`},           // a backslash is no escape
		{`a`, ``}, {`"a`, ``}, {`a"`, ``}, {`W/`, ``}, {`w/"a"`, ``}, {`"a"b"`, ``}, {``, ``},
	} {
		tagged := now.add(test.etag)
		if tagged != test.tagged {
			t.Errorf("%s: got %s, want %s", test.etag, tagged, test.tagged)
		}
		if tagged == "" {
			continue
		}
		if bare, date, coded := now.cut(tagged); bare != test.etag || date != "" || coded {
			t.Errorf("%s: back to %s, %q, coded %v", tagged, bare, date, coded)
		}
		if bare, date, _ := old.cut(tagged); bare != "" || date != "" {
			t.Errorf("%s is taken for current under another tag: %s, %q", tagged, bare, date)
		}
		compressed := strings.TrimSuffix(tagged, `"`) + `-zstd"`
		if bare, _, coded := now.cut(compressed); bare != test.etag || !coded {
			t.Errorf("%s: back to %s, coded %v", compressed, bare, coded)
		}
	}

	const date = "Tue, 24 Nov 2026 08:49:37 GMT"
	dated := now.ofDate(date)
	if bare, back, _ := now.cut(dated); bare != "" || back != date {
		t.Errorf("%s: back to %q, %q", dated, bare, back)
	}
	if got := now.ofDate("yesterday"); got != "" {
		t.Errorf("no date: got %s", got)
	}
	for _, etag := range []string{`"NOW"`, `NOW`, `W/"zz~NOW"`, `"-NOW`, `W/-NOW"`, ``} {
		if bare, date, _ := now.cut(etag); bare != "" || date != "" {
			t.Errorf("%s is taken for tagged: %q, %q", etag, bare, date)
		}
	}
	if bare, date, _ := tag("").cut(`"a-"`); bare != "" || date != "" {
		t.Errorf("no tag is current: %q, %q", bare, date)
	}
}
