package signer

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// These tests let AWS's own signers sign and the Verifier judge: all that they
// make is allowed, and with any byte of it changed it is refused with the code
// that CloudFront answers.

// peerCase is one thing for a peer to sign.
type peerCase struct {
	Key       string `json:"key"` // path of a PKCS #8 file
	KeyPairID string `json:"keyPairId"`
	Hash      string `json:"hash"`
	URL       string `json:"url"`
	Policy    string `json:"policy"` // a whole custom policy, instead of the three below
	Expires   int64  `json:"expires"`
	Starts    int64  `json:"starts"`
	IP        string `json:"ip"`
	Cookies   bool   `json:"cookies"`
}

func (c peerCase) String() string {
	what := "canned"
	if c.Policy != "" || c.Starts != 0 || c.IP != "" {
		what = "custom"
	}
	return fmt.Sprintf("%s %s %s %s cookies=%v", c.KeyPairID, c.Hash, what, c.URL, c.Cookies)
}

// peerResult is what a peer made of a case: a signed URL, or cookies by name.
// AWS's JavaScript signer gives CloudFront-Expires as a number.
type peerResult struct {
	URL     string         `json:"url"`
	Cookies map[string]any `json:"cookies"`
}

var peerURLs = []string{
	"https://d111111abcdef8.cloudfront.net/image.jpg",
	"https://cdn.example.com/a/b%20c/%E2%82%AC.jpg?size=large&w=1%2F2&x=a+b%27",
	"http://localhost:8082/",
}

// peerCases are the cases for one key and hash, with times, address and policy
// in all combinations that make sense.
func peerCases(keyFile, id, hash string, cookies bool) (cases []peerCase) {
	base := peerCase{Key: keyFile, KeyPairID: id, Hash: hash, Cookies: cookies}
	for _, url := range peerURLs {
		canned := base
		canned.URL, canned.Expires = url, testExpires
		started := canned
		started.Starts = testNow - 60
		narrow := started
		narrow.IP = "192.0.2.0/29"
		wildcard := base
		wildcard.URL = url
		site := url[:strings.LastIndex(url, "/")+1]
		wildcard.Policy = customDoc(site+"*", `,"IpAddress":{"AWS:SourceIp":"192.0.2.0/24"}`)
		cases = append(cases, canned, started, narrow, wildcard)
	}
	return cases
}

// missing skips a test whose peer is not installed, and fails it where peers
// must be, as in CI.
func missing(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("CLOUDFRONT_REQUIRE_PEERS") == "1" {
		t.Fatalf(format, args...)
	}
	t.Skipf("NOT JUDGED BY AWS'S OWN SIGNER: "+format, args...)
}

// peerKeyFiles writes the keys of edge() for programs that read PEM.
func peerKeyFiles(t *testing.T) map[string]string {
	files := make(map[string]string)
	for id, key := range edgeKeys() {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		files[id] = filepath.Join(t.TempDir(), id+".pem")
		if err := os.WriteFile(files[id], pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// runPeer hands the cases to a program on its standard input.
func runPeer(t *testing.T, cmd *exec.Cmd, cases []peerCase) []peerResult {
	t.Helper()
	input, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdin = bytes.NewReader(input)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	output, err := cmd.Output()
	if err != nil {
		missing(t, "%v: %v\n%s", cmd.Args, err, stderr.String())
	}
	var results []peerResult
	if err := json.Unmarshal(output, &results); err != nil || len(results) != len(cases) {
		t.Fatalf("%v printed %q (%v)", cmd.Args, output, err)
	}
	return results
}

func TestJavaScriptSigner(t *testing.T) {
	if _, err := os.Stat("testdata/js/node_modules"); err != nil {
		missing(t, "run npm ci in signer/testdata/js")
	}
	var cases []peerCase
	for id, file := range peerKeyFiles(t) {
		for _, hash := range []string{"SHA1", "SHA256"} {
			cases = append(cases, peerCases(file, id, hash, false)...)
			cases = append(cases, peerCases(file, id, hash, true)...)
		}
	}
	judge(t, cases, runPeer(t, exec.Command("node", "testdata/js/edge.mjs"), cases))
}

func TestGoSigner(t *testing.T) {
	files := peerKeyFiles(t)
	cases := peerCases(files["KRSA"], "KRSA", "SHA1", false)
	cases = append(cases, peerCases(files["KEC"], "KEC", "SHA1", false)...)
	cases = append(cases, peerCases(files["KRSA"], "KRSA", "SHA1", true)...)
	cmd := exec.Command("go", "run", ".")
	cmd.Dir = "testdata/gosdk"
	judge(t, cases, runPeer(t, cmd, cases))
}

func TestBotocoreSigner(t *testing.T) {
	python := "/usr/bin/python3" // Debian's, which has python3-botocore
	if out, err := exec.Command(python, "-c", "import botocore, cryptography").CombinedOutput(); err != nil {
		missing(t, "install python3-botocore: %v\n%s", err, out)
	}
	cases := peerCases(peerKeyFiles(t)["KRSA"], "KRSA", "SHA1", false)
	judge(t, cases, runPeer(t, exec.Command(python, "testdata/botocore/edge.py"), cases))
}

func TestCommandLineSigner(t *testing.T) {
	const aws = "/usr/bin/aws"
	if out, err := exec.Command(aws, "--version").CombinedOutput(); err != nil {
		missing(t, "install Debian's awscli: %v\n%s", err, out)
	}
	cases := peerCases(peerKeyFiles(t)["KRSA"], "KRSA", "SHA1", false)
	cases = slices.DeleteFunc(cases, func(c peerCase) bool {
		return c.Policy != "" || c.URL != peerURLs[1] // it takes no policy, and a second for each URL
	})
	results := make([]peerResult, len(cases))
	for i, c := range cases {
		args := []string{"cloudfront", "sign", "--url", c.URL, "--key-pair-id", c.KeyPairID,
			"--private-key", "file://" + c.Key, "--date-less-than", strconv.FormatInt(c.Expires, 10)}
		if c.Starts != 0 {
			args = append(args, "--date-greater-than", strconv.FormatInt(c.Starts, 10))
		}
		if c.IP != "" {
			args = append(args, "--ip-address", c.IP)
		}
		out, err := exec.Command(aws, args...).Output()
		if err != nil {
			t.Fatalf("aws %q: %v", args, err)
		}
		results[i].URL = strings.TrimSpace(string(out))
	}
	judge(t, cases, results)
}

// judge verifies what a peer signed, as it is and with every kind of change.
func judge(t *testing.T, cases []peerCase, results []peerResult) {
	t.Helper()
	v := edge()
	for i, c := range cases {
		signed := results[i].URL
		if c.Cookies {
			var pairs []string
			for name, value := range results[i].Cookies {
				if f, ok := value.(float64); ok {
					value = int64(f)
				}
				pairs = append(pairs, fmt.Sprintf("%s=%v", strings.TrimPrefix(name, "CloudFront-"), value))
			}
			slices.Sort(pairs)
			signed = c.URL + "\x00" + strings.Join(pairs, "&")
		}
		res := v.Verify(peerRequest(signed))
		if res.Code != Allowed {
			t.Errorf("%s: %s: %s\n%q", c, res.Code, res.Why, signed)
			continue
		}
		judgeConditions(t, v, c, peerRequest(signed), res.Policy)
		judgeMutations(t, v, c, signed, res.Policy, i)
	}
}

// peerRequest builds the request for a signed URL, or for a URL and cookies
// behind a NUL.
func peerRequest(signed string) ViewerRequest {
	url, cookies, ok := strings.Cut(signed, "\x00")
	req := request(url)
	if ok {
		req.Cookies = cookiesOf(cookies)
	}
	return req
}

func judgeConditions(t *testing.T, v *Verifier, c peerCase, original ViewerRequest, p Policy) {
	t.Helper()
	at := func(epoch int64, ip string) Code {
		req := original
		req.Now, req.IP = time.Unix(epoch, 0), netip.MustParseAddr(ip)
		return v.Verify(req).Code
	}
	if p.Expires != testExpires || p.Starts != c.Starts {
		t.Errorf("%s: read as %+v", c, p)
	}
	for _, want := range []struct {
		epoch int64
		ip    string
		code  Code
	}{
		{p.Expires - 1, "192.0.2.7", Allowed},
		{p.Expires, "192.0.2.7", AccessDenied},
		{p.Expires + 1e9, "192.0.2.7", AccessDenied},
	} {
		if got := at(want.epoch, want.ip); got != want.code {
			t.Errorf("%s at %d: %q", c, want.epoch, got)
		}
	}
	if c.Starts != 0 && (at(c.Starts, "192.0.2.7") != AccessDenied || at(c.Starts+1, "192.0.2.7") != Allowed) {
		t.Errorf("%s: does not start after %d", c, c.Starts)
	}
	if p.IP.IsValid() && (at(testNow, "192.0.3.0") != AccessDenied || at(testNow, "2001:db8::1") != AccessDenied || at(testNow, "192.0.2.0") != Allowed) {
		t.Errorf("%s: does not keep to %s", c, p.IP)
	}
	if want := c.IP != "" || c.Policy != ""; p.IP.IsValid() != want {
		t.Errorf("%s: address range %s", c, p.IP)
	}
}

// judgeMutations changes every byte of a signed URL, or of a URL and its
// cookies, one at a time. The kinds of change take turns; turn says which is
// the first.
func judgeMutations(t *testing.T, v *Verifier, c peerCase, signed string, policy Policy, turn int) {
	t.Helper()
	original := peerRequest(signed)
	for i := range len(signed) {
		was := signed[i : i+1]
		if was == "\x00" {
			continue
		}
		kinds := []string{"", was + was, string(signed[i] ^ 1), string(signed[i] ^ 0x20), "A", "9", "%", "~"}
		put := kinds[(i+turn)%len(kinds)]
		if put == was {
			put = "!"
		}
		mutant := signed[:i] + put + signed[i+1:]
		req := peerRequest(mutant)
		res := v.Verify(req)
		if want := expectedCodes(v, req, original, policy); !slices.Contains(want, res.Code) {
			t.Fatalf("%s: byte %d: %q for %q: code %q, want one of %q (%s)\n%q", c, i, put, was, res.Code, want, res.Why, mutant)
		}
	}
}

var (
	epochForm = regexp.MustCompile(`^(0|[1-9][0-9]*)$`)
	idForm    = regexp.MustCompile(`^[A-Za-z0-9]+$`)
)

// credentialsOf splits what a request carries into the signature's parameters and
// the URL without them.
func credentialsOf(req ViewerRequest) (sent map[string]string, url string) {
	sent = make(map[string]string)
	var app []string
	for pair := range strings.SplitSeq(req.RawQuery, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if slices.Contains(Params, name) {
			sent[name] = value
		} else if req.HasQuery {
			app = append(app, pair)
		}
	}
	if len(sent) == 0 {
		for _, cookie := range req.Cookies {
			if name, ok := strings.CutPrefix(cookie.Name, "CloudFront-"); ok && slices.Contains(Params, name) {
				sent[name] = cookie.Value
			}
		}
	}
	url = req.Scheme + "://" + strings.ToLower(req.Host) + req.RawPath
	if app != nil {
		url += "?" + strings.Join(app, "&")
	}
	return sent, url
}

// expectedCodes says, in the order in which CloudFront checks, what a changed
// request earns. It can't verify signatures and need not: credentials that are
// well formed but not the original ones are bad.
func expectedCodes(v *Verifier, req, original ViewerRequest, policy Policy) []Code {
	sent, url := credentialsOf(req)
	was, wasURL := credentialsOf(original)
	has := func(name string) bool { _, ok := sent[name]; return ok }
	decodes := func(name string) bool {
		s := strings.NewReplacer("-", "+", "_", "=", "~", "/", "+", "!", "=", "!", "/", "!").Replace(sent[name])
		b, err := base64.StdEncoding.Strict().DecodeString(s)
		return err == nil && len(b) > 0
	}
	switch {
	case !idForm.MatchString(sent["Key-Pair-Id"]):
		return []Code{MissingKey}
	case v.Keys[sent["Key-Pair-Id"]] == nil:
		return []Code{InvalidKey}
	case !decodes("Signature"):
		return []Code{MalformedSignature}
	case has("Hash-Algorithm") && sent["Hash-Algorithm"] != "SHA1" && sent["Hash-Algorithm"] != "SHA256":
		return []Code{AccessDenied}
	case !has("Policy") && !has("Expires"), has("Policy") && !decodes("Policy"):
		return []Code{MalformedPolicy}
	case has("Expires"):
		if n, err := strconv.ParseInt(sent["Expires"], 10, 64); !epochForm.MatchString(sent["Expires"]) || err != nil || n > 9223372036 {
			return []Code{MalformedPolicy}
		}
	}
	prefix, wildcard := strings.CutSuffix(policy.Resource, "*")
	switch {
	case !maps.Equal(sent, was):
		return []Code{AccessDenied}
	case url == wasURL:
		return []Code{Allowed} // host names have no case
	case wildcard && strings.HasPrefix(url, prefix):
		return []Code{Allowed, AccessDenied} // as the path is safe or not
	}
	return []Code{AccessDenied}
}
