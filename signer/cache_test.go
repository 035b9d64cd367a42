package signer

import (
	"crypto"
	"fmt"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"weak"
)

// countingSigner counts the signatures of a key, and may hold them up.
type countingSigner struct {
	crypto.Signer
	made atomic.Int64
	hold chan struct{} // unless nil, each signature takes one value
}

func (s *countingSigner) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if s.hold != nil {
		<-s.hold
	}
	s.made.Add(1)
	return s.Signer.Sign(random, digest, opts)
}

func links(n int) []Request {
	reqs := make([]Request, n)
	for i := range reqs {
		reqs[i].URL = fmt.Sprintf("https://cdn.example.com/private/%d.jpg", i)
	}
	return reqs
}

func allSigned(t *testing.T, reqs []Request) {
	t.Helper()
	for _, r := range reqs {
		if r.Reason != Signed || r.Query == "" {
			t.Fatalf("%s: not signed: %q", r.URL, r.Reason)
		}
	}
}

func TestCacheSignsOnce(t *testing.T) {
	cache := NewCache(DefaultCacheSize)
	defer cache.Close()
	is := testIssuer(t, ecKey, "https://cdn.example.com/private/*")
	is.Cache = cache
	now := time.Now()
	first, again := links(50), links(50)
	Sign([]*Issuer{is}, first, now)
	Sign([]*Issuer{is}, again, now)
	allSigned(t, first)
	for i := range first {
		if first[i].Query != again[i].Query {
			t.Errorf("%s: another signature the second time", first[i].URL)
		}
	}
	if s := cache.Stats(); s.Hits != 50 || s.Misses != 50 || s.Made != 50 || s.Entries != 50 {
		t.Errorf("stats: %+v", s)
	}
}

// Entries outlive the values that they were made for, and are told apart by all
// that a signature depends on.
func TestCacheKeys(t *testing.T) {
	cache := NewCache(DefaultCacheSize)
	defer cache.Close()
	now := time.Now()
	issuer := func() *Issuer {
		is := testIssuer(t, ecKey, "https://cdn.example.com/private/*")
		is.Cache = cache
		return is
	}
	sign := func(is *Issuer) uint64 {
		before := cache.Stats().Made
		query, _, reason := is.Query("https://cdn.example.com/private/a/b.jpg", now)
		if query == "" {
			t.Fatalf("not signed: %q", reason)
		}
		return cache.Stats().Made - before
	}
	if n := sign(issuer()); n != 1 {
		t.Fatalf("the first time: %d signatures", n)
	}
	for _, test := range []struct {
		name   string
		change func(*Issuer)
		want   uint64
	}{
		{"nothing", func(*Issuer) {}, 0},
		{"scope link", func(is *Issuer) { is.Scope = ScopeLink }, 0},
		{"exceptions", func(is *Issuer) { is.Except = []Pattern{pattern(t, "https://cdn.example.com/private/x/*")} }, 0},
		{"key-pair ID", func(is *Issuer) { is.Key = must(NewKey("K2", ecKey, SHA256)) }, 1},
		{"ttl", func(is *Issuer) { is.Window.TTL += time.Hour }, 1},
		{"window", func(is *Issuer) { is.Window.Size /= 2 }, 1},
		{"backdate", func(is *Issuer) { is.Window.Backdate = time.Minute }, 1},
		{"offset", func(is *Issuer) { is.Resources[0].Configured = "https://cdn.example.com/{x}/*" }, 1},
		{"ip", func(is *Issuer) { is.IP = prefix("192.0.2.1/32") }, 1},
		{"another ip", func(is *Issuer) { is.IP = prefix("192.0.2.2/32") }, 1},
		{"scope directory", func(is *Issuer) { is.Scope = ScopeDirectory }, 1},
		{"scope resource", func(is *Issuer) { is.Scope = ScopeResource }, 1},
	} {
		for i, want := range []uint64{test.want, 0} {
			is := issuer()
			test.change(is)
			if n := sign(is); n != want {
				t.Errorf("%s, time %d: %d signatures instead of %d", test.name, i+1, n, want)
			}
		}
	}
}

// A key that is forgotten is neither used nor held any more, and the others
// keep their signatures.
func TestForget(t *testing.T) {
	cache := NewCache(DefaultCacheSize)
	defer cache.Close()
	now := time.Now()
	other := testIssuer(t, rsaKey, "https://cdn.example.com/private/*")
	other.Cache = cache
	kept := links(20)
	Sign([]*Issuer{other}, kept, now)
	forgotten := func() weak.Pointer[Key] {
		is := testIssuer(t, ecKey, "https://cdn.example.com/private/*")
		is.Cache = cache
		reqs := links(100)
		Sign([]*Issuer{is}, reqs, now)
		allSigned(t, reqs)
		cache.Forget(is.Key)
		return weak.Make(is.Key)
	}()
	if s := cache.Stats(); s.Entries != len(kept) {
		t.Errorf("%d entries are left, want %d", s.Entries, len(kept))
	}
	runtime.GC()
	if forgotten.Value() != nil {
		t.Error("the cache holds the key that is forgotten")
	}
	hits := cache.Stats().Hits
	Sign([]*Issuer{other}, links(20), now)
	if got := cache.Stats().Hits - hits; got != uint64(len(kept)) {
		t.Errorf("the other key has %d of its %d signatures", got, len(kept))
	}
}

// What is being signed when its key is forgotten is answered, and not kept.
func TestForgetInFlight(t *testing.T) {
	cache := NewCache(DefaultCacheSize)
	defer cache.Close()
	holding := &countingSigner{Signer: ecKey, hold: make(chan struct{})}
	is := testIssuer(t, holding, "https://cdn.example.com/private/*")
	is.Cache = cache
	reqs := links(1)
	var call sync.WaitGroup
	call.Go(func() { Sign([]*Issuer{is}, reqs, time.Now()) })
	for inFlight := 0; inFlight == 0; runtime.Gosched() {
		cache.mu.Lock()
		inFlight = len(cache.flights)
		cache.mu.Unlock()
	}
	cache.Forget(is.Key)
	close(holding.hold)
	call.Wait()
	allSigned(t, reqs)
	if s := cache.Stats(); s.Entries != 0 {
		t.Errorf("the cache keeps %d signatures of the key that is forgotten", s.Entries)
	}
}

func TestConcurrentMissesSignOnce(t *testing.T) {
	cache := NewCache(DefaultCacheSize)
	defer cache.Close()
	counting := &countingSigner{Signer: ecKey, hold: make(chan struct{})}
	is := testIssuer(t, counting, "https://cdn.example.com/private/*")
	is.Cache = cache
	now := time.Now()
	var calls sync.WaitGroup
	for range 20 {
		calls.Go(func() {
			reqs := append(links(5), links(5)...)
			Sign([]*Issuer{is}, reqs, now)
			allSigned(t, reqs)
		})
	}
	close(counting.hold)
	calls.Wait()
	if s := cache.Stats(); s.Made != 5 {
		t.Errorf("20 calls for the same 5 links made %d signatures", s.Made)
	}
}

// A call for many links doesn't keep one for few waiting until it is done.
func TestGateIsFair(t *testing.T) {
	cache := NewCache(DefaultCacheSize)
	defer cache.Close()
	counting := &countingSigner{Signer: ecKey, hold: make(chan struct{})}
	is := testIssuer(t, counting, "https://cdn.example.com/private/*")
	is.Cache = cache
	now := time.Now()
	const many = 10_000
	var calls sync.WaitGroup
	defer calls.Wait()
	defer close(counting.hold)
	calls.Go(func() { Sign([]*Issuer{is}, links(many), now) })
	counting.hold <- struct{}{} // the long line has formed

	few := make(chan struct{})
	calls.Go(func() {
		// Half of them stand at the far end of the long line already.
		reqs := links(many)[many-5:]
		for i := range 5 {
			reqs = append(reqs, Request{URL: fmt.Sprintf("https://cdn.example.com/private/few/%d.jpg", i)})
		}
		Sign([]*Issuer{is}, reqs, now)
		allSigned(t, reqs)
		close(few)
	})
	for {
		select {
		case counting.hold <- struct{}{}:
		case <-few:
			if n := counting.made.Load(); n > 1000 {
				t.Errorf("10 links waited for %d signatures", n)
			}
			return
		}
	}
}

func TestGateIsBounded(t *testing.T) {
	counting := &countingSigner{Signer: ecKey, hold: make(chan struct{})}
	is := testIssuer(t, counting, "https://cdn.example.com/private/*")
	var calls sync.WaitGroup
	for i := range 50 {
		calls.Go(func() { Sign([]*Issuer{is}, links(10)[i%10:], time.Now()) })
	}
	for range 20 {
		counting.hold <- struct{}{}
		signing.mu.Lock()
		workers := signing.workers
		signing.mu.Unlock()
		if workers > runtime.GOMAXPROCS(0) {
			t.Fatalf("%d workers on %d processors", workers, runtime.GOMAXPROCS(0))
		}
	}
	close(counting.hold)
	calls.Wait()
}

// bubble runs a test in a time of its own, in which no worker is left over from
// the tests before.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	for {
		signing.mu.Lock()
		workers := signing.workers
		signing.mu.Unlock()
		if workers == 0 {
			break
		}
		runtime.Gosched()
	}
	synctest.Test(t, f)
}

// What was used in one window is signed when the next begins, and what was not
// used any more is left to leave.
func TestNextWindowIsSignedAhead(t *testing.T) {
	bubble(t, func(t *testing.T) {
		cache := NewCache(DefaultCacheSize)
		defer cache.Close()
		counting := &countingSigner{Signer: ecKey}
		is := testIssuer(t, counting, "https://cdn.example.com/private/*", "https://cdn.example.com/other/*")
		is.Cache = cache
		issuers := []*Issuer{is}
		used := links(100)
		for i := range used[:50] {
			used[i].URL = fmt.Sprintf("https://cdn.example.com/other/%d.jpg", i)
		}
		Sign(issuers, used, time.Now())
		for window := range 5 {
			// Long enough for both resources to turn, on their own offsets.
			for range 15 {
				time.Sleep(time.Minute)
				before := counting.made.Load()
				stats := cache.Stats()
				Sign(issuers, used, time.Now())
				allSigned(t, used)
				if s := cache.Stats(); s.Misses != stats.Misses || s.Made != stats.Made {
					t.Fatalf("window %d: a request waited: %+v after %+v, %d signatures", window, s, stats, counting.made.Load()-before)
				}
			}
		}
		// 100 in the beginning, and 100 for each turn.
		if n := counting.made.Load(); n < 500 || n > 700 {
			t.Errorf("%d signatures for 100 links in 6 windows", n)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if s := cache.Stats(); s.Entries != 0 {
			t.Errorf("unused for four windows: %d entries", s.Entries)
		}
		cache.mu.Lock()
		if len(cache.turns) != 0 || cache.keeper != nil {
			t.Errorf("the cache is empty but still at work: %d grids", len(cache.turns))
		}
		cache.mu.Unlock()
		// And all begins again.
		Sign(issuers, used, time.Now())
		allSigned(t, used)
	})
}

// A link that is asked for in the last moment of a window counts as used too.
func TestSignedAheadInTheLastSecond(t *testing.T) {
	bubble(t, func(t *testing.T) {
		cache := NewCache(DefaultCacheSize)
		defer cache.Close()
		is := testIssuer(t, ecKey, "https://cdn.example.com/private/*")
		is.Cache = cache
		issuers := []*Issuer{is}
		reqs := links(20)
		turn := time.Unix(is.Expires(time.Now())-3600, 0)
		Sign(issuers, reqs[:10], time.Now())
		time.Sleep(time.Until(turn) - 500*time.Millisecond)
		Sign(issuers, reqs[10:], time.Now())
		time.Sleep(501 * time.Millisecond)
		misses := cache.Stats().Misses
		Sign(issuers, reqs, time.Now())
		allSigned(t, reqs)
		if s := cache.Stats(); s.Misses != misses {
			t.Errorf("%d requests waited after the turn", s.Misses-misses)
		}
	})
}

// The work in advance is spread out: never more than half of the time is spent
// on it, here with a key that takes its time.
func TestSigningAheadIsPaced(t *testing.T) {
	bubble(t, func(t *testing.T) {
		cache := NewCache(DefaultCacheSize)
		defer cache.Close()
		slow := &slowSigner{Signer: ecKey}
		is := testIssuer(t, slow, "https://cdn.example.com/private/*")
		is.Cache = cache
		turn := time.Unix(is.Expires(time.Now())-3600, 0)
		time.Sleep(time.Until(turn) + time.Second) // to the begin of a window
		reqs := links(1000)
		Sign([]*Issuer{is}, reqs, time.Now())
		slow.mu.Lock()
		slow.ends = nil
		slow.mu.Unlock()
		time.Sleep(15 * time.Minute)
		synctest.Wait()
		slow.mu.Lock()
		defer slow.mu.Unlock()
		if len(slow.ends) != len(reqs) {
			t.Fatalf("%d of %d links were signed in advance", len(slow.ends), len(reqs))
		}
		for i := 1; i < len(slow.ends); i++ {
			if gap := slow.ends[i].Sub(slow.ends[i-1]); gap < 2*slowness || gap > time.Second {
				t.Fatalf("signature %d came %s after the one before", i, gap)
			}
		}
		if took := slow.ends[len(reqs)-1].Sub(slow.ends[0]); took < 4*time.Minute {
			t.Errorf("all was done within %s", took)
		}
	})
}

const slowness = 50 * time.Millisecond

type slowSigner struct {
	crypto.Signer
	mu   sync.Mutex
	ends []time.Time
}

func (s *slowSigner) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	time.Sleep(slowness)
	s.mu.Lock()
	s.ends = append(s.ends, time.Now())
	s.mu.Unlock()
	return s.Signer.Sign(random, digest, opts)
}

func TestWithoutWindows(t *testing.T) {
	bubble(t, func(t *testing.T) {
		cache := NewCache(DefaultCacheSize)
		defer cache.Close()
		is := testIssuer(t, ecKey, "https://cdn.example.com/private/*")
		is.Window.Size = 0
		is.Cache = cache
		first, _, _ := is.Query("https://cdn.example.com/private/a.jpg", time.Now())
		same, _, _ := is.Query("https://cdn.example.com/private/a.jpg", time.Now())
		time.Sleep(time.Second)
		later, _, _ := is.Query("https://cdn.example.com/private/a.jpg", time.Now())
		if first == "" || first != same || first == later {
			t.Errorf("at first %q, then %q, a second later %q", first, same, later)
		}
		time.Sleep(2 * sweepInterval)
		synctest.Wait()
		if s := cache.Stats(); s.Entries != 0 || s.Kept != 0 {
			t.Errorf("two minutes later: %+v", s)
		}
	})
}

func TestCacheIsBounded(t *testing.T) {
	const maxBytes = 1 << 20
	cache := NewCache(maxBytes)
	defer cache.Close()
	is := testIssuer(t, ecKey, "https://cdn.example.com/private/*")
	is.Cache = cache
	reqs := links(5000)
	Sign([]*Issuer{is}, reqs, time.Now())
	allSigned(t, reqs)
	cache.entries.CleanUp()
	if s := cache.Stats(); s.Bytes > maxBytes || s.Entries < 500 {
		t.Errorf("after 5000 links in 1 MiB: %+v", s)
	}
	cache.Resize(maxBytes / 4)
	cache.entries.CleanUp()
	if s := cache.Stats(); s.Bytes > maxBytes/4 || s.Entries == 0 {
		t.Errorf("in a quarter of that: %+v", s)
	}
}

// The memory that entries are counted with is what they take.
func TestCacheMemory(t *testing.T) {
	const n = 3_000
	is := testIssuer(t, ecKey, "https://cdn.example.com/private/*")
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	is.Cache = NewCache(DefaultCacheSize)
	defer is.Cache.Close()
	now := time.Now()
	for i := range n {
		for _, at := range []time.Time{now, now.Add(15 * time.Minute)} {
			url := fmt.Sprintf("https://cdn.example.com/private/%d.jpg", i)
			if query, _, reason := is.Query(url, at); query == "" {
				t.Fatal(reason)
			}
		}
	}
	is.Cache.entries.CleanUp()
	used := heap() - before
	counted := is.Cache.Stats().Bytes
	runtime.KeepAlive(is)
	t.Logf("%d entries: %d bytes each, counted with %d", n, used/n, counted/n)
	if used > counted || used < counted*6/10 {
		t.Errorf("%d entries take %d bytes and are counted with %d", n, used, counted)
	}
}

func TestFailedSignaturesAreNotKept(t *testing.T) {
	cache := NewCache(DefaultCacheSize)
	defer cache.Close()
	failing := &failingSigner{Signer: ecKey}
	failing.failing.Store(true)
	is := testIssuer(t, failing, "https://cdn.example.com/private/*")
	is.Cache = cache
	if query, _, reason := is.Query("https://cdn.example.com/private/a.jpg", time.Now()); query != "" || reason != Failed {
		t.Errorf("got %q, %q", query, reason)
	}
	if _, err := is.CookieSets(time.Now()); err == nil {
		t.Error("cookies of a key that fails")
	}
	failing.failing.Store(false)
	if query, _, reason := is.Query("https://cdn.example.com/private/a.jpg", time.Now()); query == "" {
		t.Errorf("not tried again: %q", reason)
	}
}

type failingSigner struct {
	crypto.Signer
	failing atomic.Bool
}

func (s *failingSigner) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if s.failing.Load() {
		panic("as a module of somebody else might")
	}
	return s.Signer.Sign(random, digest, opts)
}

func TestWarmPageDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes sync.Pool forget")
	}
	for _, scope := range []Scope{ScopeLink, ScopeDirectory, ScopeResource} {
		is := testIssuer(t, ecKey, "https://cdn.example.com/public/*", "https://cdn.example.com/private/*")
		is.Cache, is.Scope = NewCache(DefaultCacheSize), scope
		if scope == ScopeLink {
			is.Except = []Pattern{pattern(t, "https://cdn.example.com/private/*.key")}
		}
		reqs := append(links(100), Request{URL: "//cdn.example.com/private/a%20b.jpg?x=%C3%BC&y#top"}, Request{URL: "https://www.example.com/"})
		issuers, now := []*Issuer{is}, time.Now()
		Sign(issuers, reqs, now)
		is.Cache.Close() // what happens in the background allocates
		if n := testing.AllocsPerRun(100, func() { Sign(issuers, reqs, now) }); n >= 1 {
			t.Errorf("scope %s: %v allocations for a page", scope, n)
		}
	}
}
