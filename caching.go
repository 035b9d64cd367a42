package cloudfront

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

// restrictCaching keeps a response that holds signatures out of shared caches
// and, in the visitor's own, to what the app allows and to life, the time for
// which it may be shown again. That is the Cache-Control of RFC 9111, section
// 5.2.2, written anew; what speaks to shared caches only goes.
func restrictCaching(h http.Header, life time.Duration, now time.Time) {
	kept := []string{"private"}
	fresh, given := time.Duration(0), false
	noCache, noStore := false, false
	for directive := range listElements(h["Cache-Control"]) {
		name, value, _ := strings.Cut(directive, "=")
		switch name = strings.ToLower(strings.TrimSpace(name)); name {
		case "public", "private", "s-maxage", "proxy-revalidate", "immutable", "stale-while-revalidate", "stale-if-error":
		case "max-age":
			if age := deltaSeconds(value); !given || age < fresh {
				fresh, given = age, true
			}
		case "no-cache":
			noCache = noCache || value == ""
			kept = append(kept, directive)
		default:
			noStore = noStore || name == "no-store"
			kept = append(kept, directive)
		}
	}
	if expires := h.Get("Expires"); !given && expires != "" {
		fresh, given = untilExpires(expires, h.Get("Date"), now), true
	}
	switch {
	case given:
		kept = append(kept, "max-age="+strconv.FormatInt(int64(max(min(fresh, life), 0)/time.Second), 10))
	case !noCache && !noStore:
		kept = append(kept, "no-cache")
	}

	for name := range h {
		if strings.HasSuffix(name, "-Cache-Control") { // CDN-Cache-Control (RFC 9213) and vendors' own
			delete(h, name)
		}
	}
	for _, name := range []string{"Expires", "Surrogate-Control", "X-Accel-Expires", "Edge-Control"} {
		delete(h, name)
	}
	h["Cache-Control"] = []string{strings.Join(kept, ", ")}
}

// deltaSeconds is 0, so that the response is stale, for what is no number
// (RFC 9111, section 4.2.1).
func deltaSeconds(value string) time.Duration {
	const most = 1<<31 - 1 // RFC 9111, section 1.2.2
	n, err := strconv.ParseUint(strings.Trim(value, "\" \t"), 10, 64)
	switch {
	case err == nil:
		return time.Duration(min(n, most)) * time.Second
	case errors.Is(err, strconv.ErrRange):
		return most * time.Second
	}
	return 0
}

// untilExpires is the lifetime that Expires gives (RFC 9111, section 5.3): one
// that has passed or is no date means none.
func untilExpires(expires, date string, now time.Time) time.Duration {
	end, err := http.ParseTime(expires)
	if err != nil {
		return 0
	}
	if sent, err := http.ParseTime(date); err == nil {
		now = sent
	}
	return max(end.Sub(now), 0)
}

// listElements yields the elements of a comma-separated list (RFC 9110,
// section 5.6.1); commas within quotes don't count.
func listElements(lines []string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for _, line := range lines {
			for line != "" {
				end := elementEnd(line)
				if element := strings.Trim(line[:end], " \t"); element != "" && !yield(element) {
					return
				}
				line = line[min(end+1, len(line)):]
			}
		}
	}
}

func elementEnd(list string) int {
	quoted := false
	for i := 0; i < len(list); i++ {
		switch list[i] {
		case '"':
			quoted = !quoted
		case ',':
			if !quoted {
				return i
			}
		}
	}
	return len(list)
}

// spareLife is for how long from now a response that was signed at some moment
// may be shown again, so that the signatures in it still have the ttl less one
// window to live then.
func spareLife(issuers []*signer.Issuer, signed, now time.Time) time.Duration {
	var life time.Duration
	for i, is := range issuers {
		spare := time.Unix(is.Expires(signed), 0).Sub(now) - (is.Window.TTL - is.Window.Size)
		if i == 0 || spare < life {
			life = spare
		}
	}
	return life
}

// restrict takes off what is no longer true of a response that was signed at
// some moment, and limits how long it may be kept.
func restrict(h http.Header, issuers []*signer.Issuer, signed time.Time) {
	now := now()
	for _, name := range []string{"Accept-Ranges", "Last-Modified", "Content-Md5", "Digest", "Content-Digest", "Repr-Digest"} {
		delete(h, name)
	}
	restrictCaching(h, spareLife(issuers, signed, now), now)
}
