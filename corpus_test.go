package cloudfront

import (
	"cmp"
	"crypto"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

// corpusKind is a kind of documents that others wrote: Debian's documentation
// packages, and the npm packages of testdata/judge. Its feeds are fixtures of
// feed readers: later versions of these packages come without them.
type corpusKind struct {
	name, mediaType string
	folders         []string
	match           *regexp.Regexp
	least, most     int // how many documents with links are judged
}

const judgeFolder = "testdata/judge"

var corpus = []corpusKind{
	{"html", "text/html", []string{"/usr/share/doc/python3.11", "/usr/share/doc/apache2-doc/manual"}, regexp.MustCompile(`\.html(\.en)?$`), 300, 330},
	{"css", "text/css", []string{judgeFolder + "/node_modules/bootswatch/dist", judgeFolder + "/node_modules/bootstrap-icons/font"}, regexp.MustCompile(`\.css$`), 20, 40},
	{"js", "text/javascript", []string{judgeFolder + "/node_modules"}, regexp.MustCompile(`/(react-dom|react|jquery|vue|@vue|parse5|css-tree|postcss|acorn|nanoid|typescript)/.*\.m?js$`), 20, 40},
	{"json", "application/json", []string{judgeFolder + "/node_modules"}, regexp.MustCompile(`/package\.json$`), 20, 60},
	{"data", "application/json", []string{judgeFolder + "/node_modules"}, regexp.MustCompile(`/(mdn-data/(api|css)|typescript/lib|@babel/[a-z-]+/lib|rss-parser/(dist|test/output)|css-tree/data|magic-string/dist)/.*\.(json|map)$`), 12, 60},
	{"feed", "application/xml", []string{judgeFolder + "/node_modules/rss-parser/test/input", judgeFolder + "/node_modules/feedparser/test/feeds"}, regexp.MustCompile(`(\.rss|\.atom|sample\.xml|dupes\.xml|wellness\.xml)$`), 10, 40},
	{"xhtml", "application/xhtml+xml", []string{"/usr/share/doc/apache2-doc/manual/en"}, regexp.MustCompile(`\.html(\.en)?$`), 20, 60},
}

// corpusHosts are hosts that links of these documents really lead to.
var corpusHosts = []string{
	"docs.python.org", "www.python.org", "peps.python.org", "github.com", "httpd.apache.org", "www.apache.org",
	"www.reddit.com", "i.imgur.com", "www.youtube.com", "testing.googleblog.com", "www.heise.de", "feeds.feedburner.com",
	"science.sciencemag.org", "sfbay.craigslist.org", "bit.ly", "tc39.es", "drafts.csswg.org", "aka.ms",
	"fonts.googleapis.com", "react.dev", "reactjs.org", "bootswatch.com", "www.w3.org", "developer.mozilla.org",
}

// Real documents that nobody wrote for this test go through the proxy, and
// independent parsers compare both sides: every URL they find inside the
// resources is signed and verifies, and everything else is as it was.
func TestRealDocuments(t *testing.T) {
	for _, file := range []string{
		judgeFolder + "/node_modules/parse5/package.json",
		"/usr/share/doc/python3.11/html/index.html",
		"/usr/share/doc/apache2-doc/manual/en/index.html",
	} {
		needFile(t, file)
	}
	private, _ := writeKey(t, ecKey())
	verifier := signer.Verifier{Keys: map[string]crypto.PublicKey{"K2JCJMDEHXQW5F": ecKey().Public()}}
	var resources strings.Builder
	for _, host := range corpusHosts {
		fmt.Fprintf(&resources, "resource https://%[1]s/* http://%[1]s/*\n", host)
	}
	upstream := httptest.NewServer(http.HandlerFunc(serveCorpus))
	t.Cleanup(upstream.Close)
	site := freeAddr(t)
	startCaddy(t, "", fmt.Sprintf("http://%s {\ncloudfront_links {\nkey_file %s\nkey_pair_id K2JCJMDEHXQW5F\n%srequire none\n}\nreverse_proxy %s\n}\n",
		site, private, resources.String(), upstream.Listener.Addr()))

	judge := startJudge(t)
	for _, kind := range corpus {
		t.Run(kind.name, func(t *testing.T) {
			documents, links, secondLinks := 0, 0, 0
			for _, path := range sample(t, kind) {
				if documents == kind.most {
					break
				}
				after := fetchBody(t, "http://"+site+"/"+kind.name+"?"+url.QueryEscape(path))
				before := []byte(readFile(t, path))
				var found, second findings
				if kind.name != "feed" {
					found = judge.ask(t, judged{Name: path, Kind: kind.name, Hosts: corpusHosts, Before: before, After: after})
				}
				if opinion := goJudges[kind.name]; opinion != nil {
					var j goJudge
					opinion(&j, before, after)
					second = j.findings
				}
				for _, by := range []findings{found, second} {
					for _, problem := range by.Problems[:min(3, len(by.Problems))] {
						t.Errorf("%s: %s", path, problem)
					}
					for _, link := range by.Links {
						checkCorpusLink(t, verifier, link.Plain, link.Signed)
					}
				}
				if len(found.Links)+len(second.Links) > 0 {
					documents++
				}
				links += len(found.Links)
				secondLinks += len(second.Links)
			}
			if documents < kind.least {
				t.Errorf("only %d documents had links, %d were to be judged", documents, kind.least)
			}
			t.Logf("judged %d documents: %d signed links found by parsers in JavaScript, %d by those in Go", documents, links, secondLinks)
		})
	}
}

// needFile skips the test, loudly, where a file of others is missing, unless
// CLOUDFRONT_REQUIRE_PEERS is 1.
func needFile(t *testing.T, path string) {
	t.Helper()
	_, err := os.Stat(path)
	switch {
	case err == nil:
	case os.Getenv("CLOUDFRONT_REQUIRE_PEERS") == "1":
		t.Fatal(err)
	default:
		t.Skipf("NOT TESTED with documents of others: %v; install Debian's python3.11-doc and apache2-doc, and run npm ci --prefix %s", err, judgeFolder)
	}
}

// serveCorpus serves the file that the query names, as the kind that the path
// names.
func serveCorpus(w http.ResponseWriter, r *http.Request) {
	path, err := url.QueryUnescape(r.URL.RawQuery)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	data, err := os.ReadFile(path)
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	i := slices.IndexFunc(corpus, func(k corpusKind) bool { return "/"+k.name == r.URL.Path })
	w.Header().Set("Content-Type", corpus[i].mediaType)
	_, _ = w.Write(data)
}

func fetchBody(t *testing.T, url string) []byte {
	t.Helper()
	resp, err := plainClient.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v", url, resp.Status, err)
	}
	return body
}

// sample returns the documents of a kind in an order that is the same on each
// machine, mixes the packages and follows no author's plan.
// CLOUDFRONT_CORPUS_SEED chooses other ones.
func sample(t *testing.T, kind corpusKind) []string {
	t.Helper()
	var paths []string
	for _, folder := range kind.folders {
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && entry.Type().IsRegular() && kind.match.MatchString(path) {
				paths = append(paths, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	rank := func(path string) uint64 {
		h := fnv.New64a()
		_, _ = io.WriteString(h, os.Getenv("CLOUDFRONT_CORPUS_SEED")+path)
		return h.Sum64()
	}
	slices.SortFunc(paths, func(a, b string) int { return cmp.Compare(rank(a), rank(b)) })
	return paths
}

// checkCorpusLink verifies a link and that it is the same URL as before.
func checkCorpusLink(t *testing.T, verifier signer.Verifier, plain, signed string) {
	t.Helper()
	verifyLink(t, verifier, signed)
	if stripped := signatureRE.ReplaceAllString(signed, ""); stripped != plain {
		t.Errorf("%s is not %s with a signature", signed, plain)
	}
}

// verifyLink sees what the edge would say to a signed link.
func verifyLink(t *testing.T, verifier signer.Verifier, signed string) {
	t.Helper()
	u, err := url.Parse(signed)
	if err != nil {
		t.Error(err)
		return
	}
	result := verifier.Verify(signer.ViewerRequest{Scheme: u.Scheme, Host: u.Host, RawPath: u.EscapedPath(), RawQuery: u.RawQuery, HasQuery: true, Now: time.Now()})
	if result.Code != "" {
		t.Errorf("%s: %s: %s", signed, result.Code, result.Why)
	}
}

// judge is the program that compares documents.
type judge struct {
	in  *json.Encoder
	out *json.Decoder
}

// judged is a document on both sides of the proxy.
type judged struct {
	Name   string   `json:"name"`
	Kind   string   `json:"kind"`
	Hosts  []string `json:"hosts"`
	Before []byte   `json:"before"`
	After  []byte   `json:"after"`
}

// findings are what the parsers found.
type findings struct {
	Links    []foundLink
	Problems []string
}

type foundLink struct{ Plain, Signed string }

func startJudge(t *testing.T) *judge {
	t.Helper()
	cmd := exec.Command("node", "judge.mjs")
	cmd.Dir, cmd.Stderr = judgeFolder, os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
	return &judge{json.NewEncoder(in), json.NewDecoder(out)}
}

func (j *judge) ask(t *testing.T, doc judged) findings {
	t.Helper()
	if err := j.in.Encode(doc); err != nil {
		t.Fatal(err)
	}
	var v findings
	if err := j.out.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}
