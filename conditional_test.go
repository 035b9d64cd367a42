package cloudfront

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"
)

// TestTranslate states what the upstream sees of a request's conditions. PLAIN
// and SIGNED are the current tags.
func TestTranslate(t *testing.T) {
	const date, dateTag = "Thu, 01 Jan 1970 00:16:40 GMT", `W/"3e8~SIGNED"`
	for _, test := range []struct {
		name     string
		method   string
		unsigned bool // nothing would be signed
		turning  bool // the window is about to end
		sent     map[string]string
		want     map[string]string
	}{
		{
			name: "a current tag is taken off (RFC 9110, 13.1.2)",
			sent: map[string]string{"If-None-Match": `"a-SIGNED"`},
			want: map[string]string{"If-None-Match": `"a"`},
		}, {
			name: "a plain one too; weak stays weak",
			sent: map[string]string{"If-None-Match": `W/"a-PLAIN"`},
			want: map[string]string{"If-None-Match": `W/"a"`},
		}, {
			name: "an old one is dropped",
			sent: map[string]string{"If-None-Match": `"a-OLD"`},
			want: map[string]string{},
		}, {
			name: "the upstream's own is dropped: its page was not signed",
			sent: map[string]string{"If-None-Match": `"a"`},
			want: map[string]string{},
		}, {
			name: "a list keeps what is current",
			sent: map[string]string{"If-None-Match": `"a", "b-SIGNED" ,W/"c,d-PLAIN","e-OLD"`},
			want: map[string]string{"If-None-Match": `"b", W/"c,d"`},
		}, {
			name: "an asterisk stays",
			sent: map[string]string{"If-None-Match": `*`},
			want: map[string]string{"If-None-Match": `*`},
		}, {
			name: "no entity tag at all is dropped",
			sent: map[string]string{"If-None-Match": `a-SIGNED`},
			want: map[string]string{},
		}, {
			name: "a date next to entity tags has no meaning (RFC 9110, 13.1.3), nor would it when they are gone",
			sent: map[string]string{"If-None-Match": `"a-OLD"`, "If-Modified-Since": date},
			want: map[string]string{},
		}, {
			name: "a date alone says nothing about signatures",
			sent: map[string]string{"If-Modified-Since": date},
			want: map[string]string{},
		}, {
			name: "a tag made of a date becomes one again",
			sent: map[string]string{"If-None-Match": dateTag, "If-Modified-Since": "Fri, 02 Jan 1970 00:00:00 GMT"},
			want: map[string]string{"If-Modified-Since": date},
		}, {
			name: "of two dates none is the one to ask for",
			sent: map[string]string{"If-None-Match": dateTag + `, W/"3e9~SIGNED"`},
			want: map[string]string{},
		}, {
			name: "If-Match: ours for theirs, all others as they are (RFC 9110, 13.1.1)",
			sent: map[string]string{"If-Match": `"a-PLAIN", "b", "c-OLD"`},
			want: map[string]string{"If-Match": `"a", "b", "c-OLD"`},
		}, {
			name:   "nothing is taken off the conditions of a write",
			method: "PUT",
			sent:   map[string]string{"If-None-Match": `"a", "b-SIGNED", "c-OLD"`, "If-Modified-Since": date},
			want:   map[string]string{"If-None-Match": `"a", "b", "c-OLD"`, "If-Modified-Since": date},
		}, {
			name:   "one that asks for no version at all stays",
			method: "PUT",
			sent:   map[string]string{"If-None-Match": `*`},
			want:   map[string]string{"If-None-Match": `*`},
		}, {
			name: "parts of a signed body can't be had (RFC 9110, 13.1.5)",
			sent: map[string]string{"If-Range": `"a-SIGNED"`, "Range": "bytes=5-"},
			want: map[string]string{},
		}, {
			name: "nor with If-Match",
			sent: map[string]string{"If-Match": `"a-SIGNED"`, "Range": "bytes=5-"},
			want: map[string]string{"If-Match": `"a"`},
		}, {
			name: "parts of a plain one are the upstream's",
			sent: map[string]string{"If-Range": `"a-PLAIN"`, "Range": "bytes=5-"},
			want: map[string]string{"If-Range": `"a"`, "Range": "bytes=5-"},
		}, {
			name: "parts of what encode has compressed can't be had",
			sent: map[string]string{"If-Range": `"a-PLAIN-gzip"`, "Range": "bytes=5-"},
			want: map[string]string{},
		}, {
			name: "encode takes its suffix off one entity tag only, we off each",
			sent: map[string]string{"If-None-Match": `"a-SIGNED-gzip", "b-PLAIN-br"`, "If-Match": `"a-SIGNED-zstd"`},
			want: map[string]string{"If-None-Match": `"a", "b"`, "If-Match": `"a"`},
		}, {
			name: "an old tag matches nothing there, which gives the whole",
			sent: map[string]string{"If-Range": `"a-OLD"`, "Range": "bytes=5-"},
			want: map[string]string{"If-Range": `"a-OLD"`, "Range": "bytes=5-"},
		}, {
			name: "a date in If-Range is the upstream's",
			sent: map[string]string{"If-Range": date, "Range": "bytes=5-"},
			want: map[string]string{"If-Range": date, "Range": "bytes=5-"},
		}, {
			name:     "who gets nothing signed asks for the upstream's own",
			unsigned: true,
			sent:     map[string]string{"If-None-Match": `"a",  W/"b-OLD"`, "If-Modified-Since": date},
			want:     map[string]string{"If-None-Match": `"a",  W/"b-OLD"`, "If-Modified-Since": date},
		}, {
			name:     "by a date, too",
			unsigned: true,
			sent:     map[string]string{"If-Modified-Since": date},
			want:     map[string]string{"If-Modified-Since": date},
		}, {
			name:     "and for plain ones",
			unsigned: true,
			sent:     map[string]string{"If-None-Match": `"a", "b-PLAIN"`, "If-Modified-Since": date},
			want:     map[string]string{"If-None-Match": `"a", "b"`},
		}, {
			name:    "nobody is vouched for by a window that is about to end; but writes are guarded still",
			turning: true,
			sent:    map[string]string{"If-None-Match": `"a-SIGNED", "b-PLAIN", ` + dateTag, "If-Match": `"a-SIGNED"`},
			want:    map[string]string{"If-None-Match": `"b"`, "If-Match": `"a"`},
		}, {
			name: "no condition, no change",
			sent: map[string]string{"Range": "bytes=5-", "Accept": "*/*"},
			want: map[string]string{"Range": "bytes=5-", "Accept": "*/*"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.method == "" {
				test.method = "GET"
			}
			r := httptest.NewRequest(test.method, "/", nil)
			for name, value := range test.sent {
				r.Header.Set(name, value)
			}
			sent := maps.Clone(r.Header)
			c := translate(r, !test.unsigned, func() currentTags { return currentTags{plain: "PLAIN", signed: "SIGNED", turning: test.turning} })
			want := http.Header{}
			for name, value := range test.want {
				want.Set(name, value)
			}
			if !reflect.DeepEqual(r.Header, want) {
				t.Errorf("the upstream sees %v, want %v", r.Header, want)
			}
			if c.restore(); !reflect.DeepEqual(r.Header, sent) {
				t.Errorf("put back as %v, sent %v", r.Header, sent)
			}
		})
	}
}

// TestVouched states which version of ours an upstream's 304 is about.
func TestVouched(t *testing.T) {
	for _, test := range []struct{ sent, etag, want string }{
		{`"a-SIGNED"`, `"a"`, `"a-SIGNED"`},
		{`"a-SIGNED", "b-PLAIN"`, `"b"`, `"b-PLAIN"`},
		{`W/"a-SIGNED", "b-PLAIN"`, `"a"`, `W/"a-SIGNED"`}, // the weak comparison decides
		{`"a-SIGNED"`, ``, `"a-SIGNED"`},                   // who leaves it out means it all the same
		{`W/"3e8~PLAIN"`, ``, `W/"3e8~PLAIN"`},
		{`"a-SIGNED", "b-PLAIN"`, `"c"`, ``},
		{`"a"`, `"a"`, ``},
		{`*`, `"a"`, ``},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("If-None-Match", test.sent)
		c := translate(r, true, func() currentTags { return currentTags{plain: "PLAIN", signed: "SIGNED"} })
		if v, ok := c.vouched(test.etag); v.tagged != test.want || ok != (test.want != "") {
			t.Errorf("%s, answered with %s: got %s, want %s", test.sent, test.etag, v.tagged, test.want)
		}
	}
}
