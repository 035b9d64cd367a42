package signer

import (
	"fmt"
	"testing"
	"time"
)

func TestWindowBounds(t *testing.T) {
	for _, w := range []Window{
		{TTL: time.Hour, Size: 15 * time.Minute},
		{TTL: time.Hour, Size: 30 * time.Minute, Backdate: time.Minute},
		{TTL: 4 * time.Second, Size: time.Second},
		{TTL: 3 * time.Second},
		{TTL: 2500 * time.Millisecond, Size: 1200 * time.Millisecond},
		{TTL: 24 * time.Hour, Size: 7 * time.Hour, Backdate: time.Nanosecond},
	} {
		size := max(w.Size.Truncate(time.Second), time.Second)
		var last int64
		turns := 0
		for i := range 2000 {
			now := time.Unix(1_767_290_400, 0).Add(time.Duration(i) * size / 50)
			starts, expires := w.Bounds("https://cdn.example.com/*", now)
			if life := time.Unix(expires, 0).Sub(now); life < w.TTL || life >= w.TTL+size+time.Second {
				t.Fatalf("%+v: a signature of %s lives for %s", w, now, life)
			}
			if (starts != 0) != (w.Backdate > 0) {
				t.Fatalf("%+v: start %d", w, starts)
			}
			if starts != 0 && now.Sub(time.Unix(starts, 0)) < w.Backdate {
				t.Fatalf("%+v: at %s a signature starts at %d", w, now, starts)
			}
			if last != 0 && expires != last {
				turns++
				if expires != last+int64(size/time.Second) {
					t.Fatalf("%+v: from %d to %d", w, last, expires)
				}
			}
			last = expires
		}
		if turns < 39 || turns > 41 {
			t.Errorf("%+v: %d turns in 40 windows", w, turns)
		}
	}
}

// Documented numbers: they must be the same on every node and after an update.
func TestWindowGridIsFixed(t *testing.T) {
	w := Window{TTL: time.Hour, Size: 15 * time.Minute, Backdate: time.Minute}
	now := time.Unix(1_767_290_400, 0)
	for _, test := range []struct {
		key             string
		starts, expires int64
	}{
		{"https://cdn.example.com/private/*", 1767290195, 1767294755},
		{"https://cdn.example.com/users/{http.auth.user.id}/*", 1767289481, 1767294041},
		{"", 1767289877, 1767294437},
	} {
		if starts, expires := w.Bounds(test.key, now); starts != test.starts || expires != test.expires {
			t.Errorf("%q: from %d to %d, want %d to %d", test.key, starts, expires, test.starts, test.expires)
		}
	}
}

func TestWindowOffsetsDiffer(t *testing.T) {
	w := Window{TTL: time.Hour, Size: 15 * time.Minute}
	now := time.Unix(1_767_290_400, 0)
	ends := make(map[int64]bool)
	for i := range 100 {
		_, expires := w.Bounds(fmt.Sprintf("https://cdn.example.com/%d/*", i), now)
		ends[expires] = true
	}
	if len(ends) < 80 {
		t.Errorf("100 resources end at only %d moments", len(ends))
	}
}
