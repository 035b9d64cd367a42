package signer

import (
	"crypto"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// A reason is logged and printed: it must not hold what would open the door.
func TestReasonsHoldNoSignature(t *testing.T) {
	signature := edgeSign("KEC", cannedDoc("https://h/p", testExpires), crypto.SHA256)
	for _, url := range []string{
		"https://h/p?Expires=1&Key-Pair-Id=KEC&Signature=" + signature,
		"https://h/p?Expires=1&Key-Pair-Id=KEC&Signature=" + signature + "%",
		"https://h/p?Expires=1&Key-Pair-Id=KXX&Signature=" + signature,
		"https://h/p?Policy=abcd&Key-Pair-Id=KEC&Signature=" + signature,
		"https://h/p?Policy=abcd&Key-Pair-Id=KEC&Signature=" + signature + "&Signature=" + signature,
	} {
		if res := edge().Verify(request(url)); res.Code == Allowed || strings.Contains(res.Why, signature[:20]) {
			t.Errorf("%q: %s", res.Code, res.Why)
		}
	}
}

func TestHostileInputCostsNoMemory(t *testing.T) {
	v := edge()
	huge := strings.Repeat("%25", 8<<20)
	short := request("https://h/p")
	for name, change := range map[string]func(*ViewerRequest){
		"path":      func(r *ViewerRequest) { r.RawPath = "/" + huge },
		"query":     func(r *ViewerRequest) { r.RawQuery, r.HasQuery = "Key-Pair-Id=KEC&"+huge, true },
		"host":      func(r *ViewerRequest) { r.Host = huge },
		"policy":    func(r *ViewerRequest) { r.Cookies = cookiesOf("Policy=" + huge + "&Signature=abcd&Key-Pair-Id=KEC") },
		"signature": func(r *ViewerRequest) { r.Cookies = cookiesOf("Expires=1&Signature=" + huge + "&Key-Pair-Id=KEC") },
		"key":       func(r *ViewerRequest) { r.Cookies = cookiesOf("Key-Pair-Id=K" + strings.ReplaceAll(huge, "%", "")) },
		"hash": func(r *ViewerRequest) {
			r.Cookies = cookiesOf("Signature=abcd&Key-Pair-Id=KEC&Hash-Algorithm=" + huge)
		},
		"expiry":  func(r *ViewerRequest) { r.Cookies = cookiesOf("Expires=" + huge + "&Signature=abcd&Key-Pair-Id=KEC") },
		"cookies": func(r *ViewerRequest) { r.Cookies = slices.Repeat([]Cookie{{"a", "b"}}, 1<<20) },
	} {
		req := short
		change(&req)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		res := v.Verify(req)
		runtime.ReadMemStats(&after)
		if res.Code == Allowed {
			t.Errorf("%s: allowed", name)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 64<<10 {
			t.Errorf("%s: %d bytes allocated", name, used)
		}
		if len(res.Why) > 1024 {
			t.Errorf("%s: a reason of %d bytes", name, len(res.Why))
		}
	}
}

// FuzzVerify looks for a request that is allowed without a signature made for
// it, and for panics.
func FuzzVerify(f *testing.F) {
	const url = vectorSite + "/image.jpg"
	wildcard := customDoc(vectorSite+"/*", "")
	made := []string{vectors[0].signature, edgeSign("KEC", wildcard, crypto.SHA256), edgeSign("KEC", cannedDoc(url, testExpires), crypto.SHA256)}
	for _, signed := range []string{
		url + "?Expires=1767290400&Key-Pair-Id=K1TESTKEY&Signature=" + vectors[0].signature,
		cannedURL("KEC", url, testExpires),
		customURL("KEC", url, wildcard),
		url + "?Policy=e30_&Signature=&Key-Pair-Id=&%45xpires=1&a",
	} {
		req := request(signed)
		f.Add(req.RawPath, req.RawQuery, "")
		f.Add(req.RawPath, "", req.RawQuery)
	}

	v := &Verifier{Keys: map[string]crypto.PublicKey{
		"KEC": edgeKeys()["KEC"].Public(), "K1TESTKEY": vectorPublicKey(f),
	}}
	f.Fuzz(func(t *testing.T, path, query, cookies string) {
		req := request(vectorSite+"/", cookiesOf(cookies)...)
		req.RawPath, req.RawQuery, req.HasQuery = path, query, query != ""
		res := v.Verify(req)
		if res.Code != Allowed {
			if res.Code.Message() == "" || res.Why == "" {
				t.Fatalf("refused with code %q, reason %q", res.Code, res.Why)
			}
			return
		}
		sent := query
		if res.Source == FromCookies {
			sent = cookies
		}
		if !slices.ContainsFunc(made, func(s string) bool { return strings.Contains(sent, "Signature="+s) }) {
			t.Errorf("allowed with a signature that was never made: %s", sent)
		}
		if res.Policy.Resource != url && res.Policy.Resource != vectorSite+"/*" || res.Policy.Resource == url && res.URL != url {
			t.Errorf("allowed %s with %+v", res.URL, res.Policy)
		}
	})
}
