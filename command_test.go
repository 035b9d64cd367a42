package cloudfront

import (
	"bytes"
	"encoding/json"
	stdhtml "html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

// ran is what a command leaves behind.
type ran struct {
	stdout, stderr string
	code           int
}

// caddyCloudFront runs `caddy cloudfront …` in this process.
func caddyCloudFront(t *testing.T, stdin string, args ...string) ran {
	t.Helper()
	root := &cobra.Command{Use: "caddy", SilenceUsage: true}
	cmd := &cobra.Command{Use: "cloudfront"}
	cloudfrontCommand(cmd)
	root.AddCommand(cmd)
	var stdout, stderr bytes.Buffer
	root.SetIn(strings.NewReader(stdin))
	root.SetOut(&stdout)
	root.SetErr(&stderr)
	root.SetArgs(append([]string{"cloudfront"}, args...))
	code := 0
	if err := root.Execute(); err != nil {
		// Caddy's own type for exit codes has no name outside of its package.
		if v := reflect.Indirect(reflect.ValueOf(err)); v.Kind() == reflect.Struct && v.FieldByName("ExitCode").IsValid() {
			code = int(v.FieldByName("ExitCode").Int())
		} else {
			code = 1
		}
	}
	return ran{stdout.String(), stderr.String(), code}
}

// commandTime is what the commands under test take for now.
const commandTime = "2026-01-31T18:00:00Z"

func commandNow(t *testing.T) time.Time {
	t.Helper()
	now, err := time.Parse(time.RFC3339, commandTime)
	if err != nil {
		t.Fatal(err)
	}
	return now
}

// signs signs url itself with a policy, in the place of the command.
func signs(t *testing.T, url string, policy signer.Policy) string {
	t.Helper()
	if policy.Resource == "" {
		policy.Resource = url
	}
	query, err := testKey(t).Query(policy)
	if err != nil {
		t.Fatal(err)
	}
	return signer.Join(url, "", query)
}

func TestSignCommand(t *testing.T) {
	private, _ := writeKey(t, ecKey())
	key := []string{"--key-file", private, "--key-pair-id", testKeyPairID, "--at", commandTime}
	hour := commandNow(t).Unix() + 3600
	const image = "https://cdn.example.com/a/b.jpg"

	for _, tt := range []struct {
		name, stdin string
		args        []string
		want        []string // what each line opens
		policy      signer.Policy
	}{
		{"canned", "", []string{image}, []string{image}, signer.Policy{Expires: hour}},
		{"several", "", []string{image, "https://img.example.com/c?d=1"}, []string{image, "https://img.example.com/c?d=1"}, signer.Policy{Expires: hour}},
		{"from the standard input", image + "\n\n https://cdn.example.com/x \n", nil, []string{image, "https://cdn.example.com/x"}, signer.Policy{Expires: hour}},
		{"from -", image + "\r\n", []string{"-"}, []string{image}, signer.Policy{Expires: hour}},
		{"as browsers send it", "", []string{"HTTPS://CDN.example.com/a/../a b?c='"}, []string{"https://cdn.example.com/a%20b?c=%27"}, signer.Policy{Expires: hour}},
		{"ttl", "", []string{"--ttl", "7d", image}, []string{image}, signer.Policy{Expires: hour + 7*86400 - 3600}},
		{"backdate", "", []string{"--backdate", "10m", image}, []string{image}, signer.Policy{Expires: hour, Starts: hour - 3600 - 601}},
		{"ip", "", []string{"--ip", "192.0.2.0/24", image}, []string{image}, signer.Policy{Expires: hour, IP: netip.MustParsePrefix("192.0.2.0/24")}},
		{"directory", "", []string{"--scope", "directory", image}, []string{image}, signer.Policy{Expires: hour, Resource: "https://cdn.example.com/a/*"}},
		{"resource", "", []string{"--scope", "resource", "--resource", "https://cdn.example.com/*", image}, []string{image}, signer.Policy{Expires: hour, Resource: "https://cdn.example.com/*"}},
		{"signed before", "", []string{signs(t, image, signer.Policy{Expires: 5})}, []string{image}, signer.Policy{Expires: hour}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := caddyCloudFront(t, tt.stdin, append(append([]string{"sign"}, key...), tt.args...)...)
			var want strings.Builder
			for _, url := range tt.want {
				want.WriteString(signs(t, url, tt.policy) + "\n")
			}
			if got.code != 0 || got.stderr != "" || got.stdout != want.String() {
				t.Errorf("code %d, stderr %q, stdout\n%swant\n%s", got.code, got.stderr, got.stdout, want.String())
			}
		})
	}

	t.Run("fragment", func(t *testing.T) {
		got := caddyCloudFront(t, "", append(append([]string{"sign"}, key...), image+"#top")...)
		if want := signs(t, image, signer.Policy{Expires: hour}) + "#top\n"; got.stdout != want {
			t.Errorf("got %s, want %s", got.stdout, want)
		}
	})

	t.Run("RSA with SHA-1", func(t *testing.T) {
		private, _ := writeKey(t, rsaKey())
		got := caddyCloudFront(t, "", "sign", "--key-file", private, "--key-pair-id", testKeyPairID, "--at", commandTime, "--hash", "sha1", image)
		key, err := signer.NewKey(testKeyPairID, rsaKey(), signer.SHA1)
		if err != nil {
			t.Fatal(err)
		}
		query, err := key.Query(signer.Policy{Resource: image, Expires: hour})
		if err != nil {
			t.Fatal(err)
		}
		if got.stdout != image+"?"+query+"\n" {
			t.Errorf("got %+v", got)
		}
	})

	t.Run("json", func(t *testing.T) {
		got := caddyCloudFront(t, "", append(append([]string{"sign", "--json"}, key...), image, "https://cdn.example.com/*")...)
		want := `{"url":"` + image + `","signed":"` + signs(t, image, signer.Policy{Expires: hour}) + `","expires":"2026-01-31T19:00:00Z"}` + "\n" +
			`{"url":"https://cdn.example.com/*","reason":"asterisk"}` + "\n"
		if got.stdout != want || got.code != exitNo {
			t.Errorf("code %d, stdout\n%swant\n%s", got.code, got.stdout, want)
		}
	})

	t.Run("some are not signed", func(t *testing.T) {
		got := caddyCloudFront(t, "", append(append([]string{"sign", "--resource", "https://cdn.example.com/a/*"}, key...),
			"https://cdn.example.com/b", image, "https://cdn.example.com/a/*", "/relative", "https://cdn.example.com/a/%2e%2e%252fb", image+"?Expires=1")...)
		if got.code != exitNo || got.stdout != signs(t, image, signer.Policy{Expires: hour})+"\n" {
			t.Errorf("code %d, stdout %q", got.code, got.stdout)
		}
		for _, want := range []string{
			"not signed: https://cdn.example.com/b: no resource holds it",
			"not signed: https://cdn.example.com/a/*: it holds a '*'",
			"not signed: /relative: it is no absolute http or https URL",
			"not signed: " + image + "?Expires=1: its query holds a name that CloudFront reserves",
		} {
			if !strings.Contains(got.stderr, want) {
				t.Errorf("stderr lacks %q:\n%s", want, got.stderr)
			}
		}
	})
}

func TestCommandMistakes(t *testing.T) {
	private, public := writeKey(t, ecKey())
	caddyfile := writeFile(t, "Caddyfile", []byte("{\n\tcloudfront {\n\t\tsigner media {\n\t\t\tkey_file "+private+"\n\t\t\tkey_pair_id K1\n\t\t\tip client\n\t\t\tresource https://cdn.example.com/*\n\t\t}\n\t\tsigner users {\n\t\t\tkey_file "+private+"\n\t\t\tkey_pair_id K1\n\t\t\tresource https://cdn.example.com/{http.auth.user.id}/*\n\t\t}\n\t}\n}\n"))
	empty := writeFile(t, "Caddyfile", []byte(":9999\nrespond hi\n"))
	broken := writeFile(t, "Caddyfile", []byte("{\n\tcloudfront {\n\t\tsigner media {\n\t\t\tkeyfile x\n\t\t}\n\t}\n}\n"))
	const url = "https://cdn.example.com/a"

	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"no such command", []string{"resign"}, `there is no command "resign"`},
		{"no such flag", []string{"sign", "--key", "x"}, "unknown flag: --key; see caddy cloudfront sign --help"},
		{"no key", []string{"sign", url}, "the key is missing; write --key-file and --key-pair-id, or --config"},
		{"no key-pair ID", []string{"sign", "--key-file", private, url}, "no key_pair_id"},
		{"no such file", []string{"sign", "--key-file", "/nonexistent.pem", "--key-pair-id", "K1", url}, "no such file"},
		{"public key to sign with", []string{"sign", "--key-file", public, "--key-pair-id", "K1", url}, "holds a public key"},
		{"no URL", []string{"sign", "--key-file", private, "--key-pair-id", "K1"}, "there is no URL to sign"},
		{"bad scope", []string{"sign", "--key-file", private, "--key-pair-id", "K1", "--scope", "page", url}, "write link, directory or resource"},
		{"no resource for the scope", []string{"sign", "--key-file", private, "--key-pair-id", "K1", "--scope", "resource", url}, "say what to open"},
		{"bad ttl", []string{"sign", "--key-file", private, "--key-pair-id", "K1", "--ttl", "soon", url}, "--ttl soon: write a duration"},
		{"bad backdate", []string{"sign", "--key-file", private, "--key-pair-id", "K1", "--backdate", "x", url}, "--backdate x: write a duration"},
		{"bad ip", []string{"sign", "--key-file", private, "--key-pair-id", "K1", "--ip", "2001:db8::/32", url}, "IPv4 only"},
		{"bad hash", []string{"sign", "--key-file", private, "--key-pair-id", "K1", "--hash", "md5", url}, "write sha256 or sha1"},
		{"SHA-1 with ECDSA", []string{"sign", "--key-file", private, "--key-pair-id", "K1", "--hash", "sha1", url}, "sha1 is for RSA keys only"},
		{"bad time", []string{"sign", "--at", "noon", url}, "write a time such as 2026-01-31T18:00:00Z"},
		{"config and key", []string{"sign", "--config", caddyfile, "--key-file", private, url}, "write either --config, or"},
		{"no such config", []string{"sign", "--config", "/nonexistent", url}, "no such file"},
		{"several signers", []string{"sign", "--config", caddyfile, url}, "choose with --signer one of media, users"},
		{"no such signer", []string{"sign", "--config", caddyfile, "--signer", "audio", url}, `has no signer "audio"; it has media, users`},
		{"config without signers", []string{"sign", "--config", empty, url}, "has no CloudFront signer"},
		{"broken config", []string{"sign", "--config", broken, url}, `has no option "keyfile"`},
		{"unknown adapter", []string{"sign", "--config", caddyfile, "--adapter", "toml5", url}, "--adapter toml5: is not known"},
		{"ip client", []string{"sign", "--config", caddyfile, "--signer", "media", url}, "write the viewer's address as --ip"},
		{"per visitor", []string{"sign", "--config", caddyfile, "--signer", "users", url}, "differs from visitor to visitor; write the one that is meant as --resource"},
		{"cookies without resource", []string{"cookies", "--key-file", private, "--key-pair-id", "K1"}, "the resource is missing"},
		{"cookies for an ambiguous resource", []string{"cookies", "--key-file", private, "--key-pair-id", "K1", "https://cdn.example.com/*/a"}, "resource https://cdn.example.com/*/a"},
		{"inspect nothing", []string{"inspect"}, "write one URL or one Cookie header"},
		{"inspect something else", []string{"inspect", "hello"}, "is neither an absolute URL"},
		{"verify without key", []string{"verify", url}, "the public key is missing"},
		{"verify with a private key", []string{"verify", "--public-key", "K1=" + private, url}, "holds a private key"},
		{"verify with a bad ID", []string{"verify", "--public-key", "K-1=" + public, url}, "--public-key K-1="},
		{"verify with a bad address", []string{"verify", "--public-key", public, "--ip", "here", url}, "--ip here: write an address"},
		{"verify without cookies", []string{"verify", "--public-key", public, "--cookie", "session=1", url}, "there is no CloudFront cookie in it"},
		{"keygen of another type", []string{"keygen", "--type", "ed25519"}, "write ec or rsa"},
		{"keygen with an argument", []string{"keygen", "key.pem"}, "is written --out key.pem"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := caddyCloudFront(t, "", tt.args...)
			if got.code != exitTrouble || got.stdout != "" || !strings.Contains(got.stderr, tt.want) {
				t.Errorf("code %d, stdout %q, stderr %q\nwant 2 and … %s", got.code, got.stdout, got.stderr, tt.want)
			}
			if strings.Contains(got.stderr, "PRIVATE KEY") {
				t.Errorf("stderr shows a key: %s", got.stderr)
			}
		})
	}
}

// TestCommandConfig signs with the signers of a config as its site would.
func TestCommandConfig(t *testing.T) {
	private, public := writeKey(t, ecKey())
	t.Setenv("TEST_KEY_PAIR_ID", testKeyPairID)
	config := writeFile(t, "Caddyfile", []byte(`{
	cloudfront {
		signer media {
			key_file `+private+`
			key_pair_id {env.TEST_KEY_PAIR_ID}
			previous KOLD `+public+`
			resource https://cdn.example.com/private/*
			except https://cdn.example.com/private/x/*
			ttl 2h
			window 1h
		}
	}
}
:9999 {
	cloudfront_links {
		key_file `+private+`
		key_pair_id `+testKeyPairID+`
		resource https://img.example.com/*
	}
}
`))
	const url = "https://cdn.example.com/private/a.jpg"
	now := commandNow(t)
	_, expires := signer.Window{TTL: 2 * time.Hour, Size: time.Hour}.Bounds("https://cdn.example.com/private/*", now)
	want := signs(t, url, signer.Policy{Expires: expires}) + "\n"

	if got := caddyCloudFront(t, "", "sign", "--config", config, "--signer", "media", "--at", commandTime, url); got.stdout != want || got.code != 0 {
		t.Errorf("with the signer's window: %+v, want %s", got, want)
	}
	if got := caddyCloudFront(t, "", "sign", "--config", config, "--signer", "media", "--at", commandTime, "--ttl", "1h", url); got.stdout != signs(t, url, signer.Policy{Expires: now.Unix() + 3600})+"\n" {
		t.Errorf("with a ttl of its own: %+v", got)
	}
	if got := caddyCloudFront(t, "", "sign", "--config", config, "--signer", "media", "https://cdn.example.com/private/x/y"); got.code != exitNo || !strings.Contains(got.stderr, "the signer's except") {
		t.Errorf("an exception: %+v", got)
	}
	if got := caddyCloudFront(t, "", "sign", "--config", config, "--signer", "inline", "https://img.example.com/a"); got.code != 0 || !strings.HasPrefix(got.stdout, "https://img.example.com/a?Expires=") {
		t.Errorf("the signer of a handler: %+v", got)
	}
	if got := caddyCloudFront(t, "", "verify", "--config", config, "--signer", "media", "--at", commandTime, strings.TrimSpace(want)); got.stdout != "ok\n" || got.code != 0 {
		t.Errorf("verify: %+v", got)
	}
	if got := caddyCloudFront(t, "", "verify", "--config", config, "--signer", "media", "--at", commandTime, strings.ReplaceAll(strings.TrimSpace(want), testKeyPairID, "KOLD")); got.stdout != "ok\n" {
		t.Errorf("verify with a previous key: %+v", got)
	}
}

func TestCookiesCommand(t *testing.T) {
	private, public := writeKey(t, ecKey())
	key := []string{"--key-file", private, "--key-pair-id", testKeyPairID, "--at", commandTime}
	const resource = "https://cdn.example.com/private/*"
	cookies, err := testKey(t).Cookies(signer.Policy{Resource: resource, Expires: commandNow(t).Unix() + 3600})
	if err != nil {
		t.Fatal(err)
	}
	var pairs []string
	values := make(map[string]string)
	for _, c := range cookies {
		pairs = append(pairs, c.Name+"="+c.Value)
		values[c.Name] = c.Value
	}
	header := strings.Join(pairs, "; ")

	if got := caddyCloudFront(t, "", append(append([]string{"cookies"}, key...), resource)...); got.stdout != header+"\n" || got.code != 0 || got.stderr != "" {
		t.Errorf("got %+v, want %s", got, header)
	}

	got := caddyCloudFront(t, "", append(append([]string{"cookies", "--json"}, key...), resource)...)
	var result cookiesResult
	if err := json.Unmarshal([]byte(got.stdout), &result); err != nil {
		t.Fatal(err)
	}
	if result.Resource != resource || result.Expires != "2026-01-31T19:00:00Z" || !reflect.DeepEqual(result.Cookies, values) ||
		!strings.Contains(string(result.Policy), `"Resource":"https://cdn.example.com/private/*"`) {
		t.Errorf("got %s", got.stdout)
	}

	for _, how := range [][]string{{"--cookie", header}, {"--cookie", "-"}, {"--cookie", "Cookie: a=b; " + header}} {
		args := append([]string{"verify", "--public-key", public, "--at", commandTime}, how...)
		if got := caddyCloudFront(t, header, append(args, "https://cdn.example.com/private/a.jpg")...); got.stdout != "ok\n" || got.code != 0 {
			t.Errorf("verify %v: %+v", how[0], got)
		}
		if got := caddyCloudFront(t, header, append(args, "https://cdn.example.com/public/a.jpg")...); got.stdout != "AccessDenied\n" || got.code != exitNo ||
			!strings.Contains(got.stderr, `the policy is for "https://cdn.example.com/private/*"`) {
			t.Errorf("verify outside: %+v", got)
		}
	}
	setCookie := "Set-Cookie: " + strings.Join(pairs, "; Path=/private; Secure\nSet-Cookie: ") + "; Path=/private; Secure\n"
	if got := caddyCloudFront(t, setCookie, "inspect", "--at", commandTime, "-"); got.code != 0 || !strings.Contains(got.stdout, "Opens        https://cdn.example.com/private/*") {
		t.Errorf("inspect: %+v", got)
	}
}

func TestInspectCommand(t *testing.T) {
	zone := time.Local
	time.Local = time.FixedZone("CET", 3600)
	t.Cleanup(func() { time.Local = zone })
	now := commandNow(t).Unix()
	const image = "https://cdn.example.com/a.jpg?v=1"

	signed := signs(t, image, signer.Policy{Resource: "https://cdn.example.com/*", Starts: now - 600, Expires: now + 90*3600, IP: netip.MustParsePrefix("192.0.2.0/24")})
	want := `URL          https://cdn.example.com/a.jpg?v=1
Key-pair ID  K2JCJMDEHXQW5F
Hash         SHA256
Signature    N bytes, as of ECDSA on P-256
Opens        https://cdn.example.com/*
From         2026-01-31 18:50:00 CET (10m0s ago)
Until        2026-02-04 13:00:00 CET (in 3d18h0m)
For          viewers in 192.0.2.0/24
Policy       custom, as sent
{
  "Statement": [
    {
      "Resource": "https://cdn.example.com/*",
      "Condition": {
        "DateLessThan": {
          "AWS:EpochTime": 1770206400
        },
        "DateGreaterThan": {
          "AWS:EpochTime": 1769881800
        },
        "IpAddress": {
          "AWS:SourceIp": "192.0.2.0/24"
        }
      }
    }
  ]
}
`
	count := regexp.MustCompile(`\d+ bytes`)
	for _, args := range [][]string{{signed}, {"-"}} {
		got := caddyCloudFront(t, signed+"\n", append([]string{"inspect", "--at", commandTime}, args...)...)
		if text := count.ReplaceAllString(got.stdout, "N bytes"); text != want || got.code != 0 || got.stderr != "" {
			t.Errorf("code %d, stderr %q, stdout\n%swant\n%s", got.code, got.stderr, text, want)
		}
	}

	got := caddyCloudFront(t, "", "inspect", "--json", "--at", commandTime, stdhtml.EscapeString(signs(t, image, signer.Policy{Expires: now - 60})))
	wantJSON := `{"url":"https://cdn.example.com/a.jpg?v=1","source":"url","key_pair_id":"K2JCJMDEHXQW5F","hash":"SHA256","canned":true,` +
		`"policy":{"Statement":[{"Resource":"https://cdn.example.com/a.jpg?v=1","Condition":{"DateLessThan":{"AWS:EpochTime":1769882340}}}]},` +
		`"resource":"https://cdn.example.com/a.jpg?v=1","expires":"2026-01-31T17:59:00Z",` +
		`"odd":["the URL was taken out of HTML, where &amp; stands for &: undo that before the URL is requested","it has expired"]}` + "\n"
	if got.stdout != wantJSON || got.code != 0 {
		t.Errorf("code %d, stdout\n%swant\n%s", got.code, got.stdout, wantJSON)
	}

	if got := caddyCloudFront(t, "", "inspect", image); got.code != exitNo || got.stdout != "" || !strings.Contains(got.stderr, "there is no signature") {
		t.Errorf("nothing to inspect: %+v", got)
	}
	if got := caddyCloudFront(t, "", "inspect", strings.Replace(signed, "?v=1&", "#top?", 1)); got.code != 0 || !strings.Contains(got.stdout, "stands behind a '#'") {
		t.Errorf("behind the fragment: %+v", got)
	}
}

func TestVerifyCommand(t *testing.T) {
	_, public := writeKey(t, ecKey())
	_, other := writeKey(t, rsaKey())
	now := commandNow(t).Unix()
	const image = "https://cdn.example.com/a.jpg"
	good := signs(t, image, signer.Policy{Expires: now + 60})

	for _, tt := range []struct {
		name, url string
		args      []string
		code      string
		why       string
	}{
		{"good", good, nil, "ok", ""},
		{"from the standard input", "-", nil, "ok", ""},
		{"the last second", good, []string{"--at", "2026-01-31T18:00:59Z"}, "ok", ""},
		{"expired", good, []string{"--at", "2026-01-31T18:01:00Z"}, "AccessDenied", "the signature expired 0s ago, at 2026-01-31 18:01:00 UTC"},
		{"expired by a day, in Unix seconds", good, []string{"--at", "1769968860"}, "AccessDenied", "expired 24h0m0s ago"},
		{"not signed", image, nil, "MissingKey", "the request is not signed"},
		{"another ID", good, []string{"--public-key", "KOTHER=" + public}, "InvalidKey", "set the signer's key-pair ID to KOTHER"},
		{"another key", good, []string{"--public-key", testKeyPairID + "=" + other}, "AccessDenied", "another key signed it"},
		{"a key group", good, []string{"--public-key", "KOTHER=" + other, "--public-key", testKeyPairID + "=" + public}, "ok", ""},
		{"behind the fragment", strings.Replace(good, "?", "#top?", 1), nil, "MissingKey", "the signature stands behind a '#'"},
		{"before the fragment", good + "#top", nil, "ok", ""},
		{"an alias", "https://cdn.example.com/a.jpg" + strings.TrimPrefix(signs(t, "https://d111111abcdef8.cloudfront.net/a.jpg", signer.Policy{Expires: now + 60}), "https://d111111abcdef8.cloudfront.net/a.jpg"),
			[]string{"--alias", "d111111abcdef8.cloudfront.net"}, "AccessDenied", "it was signed for the host d111111abcdef8.cloudfront.net"},
		{"another address", signs(t, image, signer.Policy{Expires: now + 60, IP: netip.MustParsePrefix("192.0.2.0/24")}), []string{"--ip", "198.51.100.1"}, "AccessDenied", "this one comes from 198.51.100.1"},
		{"the address", signs(t, image, signer.Policy{Expires: now + 60, IP: netip.MustParsePrefix("192.0.2.0/24")}), []string{"--ip", "192.0.2.9"}, "ok", ""},
		{"HTML and another scheme", stdhtml.EscapeString("http" + strings.TrimPrefix(good, "https")), nil, "MissingKey", "it was signed for https and is asked for with http"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			args := []string{"verify", "--at", commandTime}
			if !strings.Contains(strings.Join(tt.args, " "), "--public-key") {
				args = append(args, "--public-key", public)
			}
			args = append(append(args, tt.args...), tt.url)
			got := caddyCloudFront(t, good+"\n", args...)
			code := exitNo
			if tt.code == "ok" {
				code = 0
			}
			if got.code != code || got.stdout != tt.code+"\n" || !strings.Contains(got.stderr, tt.why) || (got.stderr == "") != (tt.why == "") {
				t.Errorf("%+v\nwant %s, code %d and … %s", got, tt.code, code, tt.why)
			}
		})
	}

	got := caddyCloudFront(t, "", "verify", "--json", "--public-key", public, "--at", "2026-01-31T18:01:10Z", good)
	want := `{"code":"AccessDenied","why":["the signature expired 10s ago, at 2026-01-31 18:01:00 UTC"],"url":"https://cdn.example.com/a.jpg","source":"url",` +
		`"key_pair_id":"K2JCJMDEHXQW5F","resource":"https://cdn.example.com/a.jpg","expires":"2026-01-31T18:01:00Z"}` + "\n"
	if got.stdout != want || got.stderr != "" || got.code != exitNo {
		t.Errorf("code %d, stderr %q, stdout\n%swant\n%s", got.code, got.stderr, got.stdout, want)
	}
}

func TestKeygenCommand(t *testing.T) {
	for _, kind := range []string{"ec", "rsa"} {
		t.Run(kind, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "my key")
			got := caddyCloudFront(t, "", "keygen", "--type", kind, "--out", out)
			if got.code != 0 || !strings.Contains(got.stderr, out+".pem") || strings.Contains(got.stdout+got.stderr, "PRIVATE KEY") {
				t.Fatalf("got %+v", got)
			}
			info, err := os.Stat(out + ".pem")
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode().Perm() != 0o600 {
				t.Errorf("the private key has mode %v", info.Mode())
			}
			privatePEM, err := os.ReadFile(out + ".pem")
			if err != nil {
				t.Fatal(err)
			}
			publicPEM, err := os.ReadFile(out + ".pub.pem")
			if err != nil {
				t.Fatal(err)
			}
			private, err := signer.ParsePrivateKey(privatePEM)
			if err != nil {
				t.Fatal(err)
			}
			if want, err := signer.MarshalPublicKey(private.Public()); err != nil || !bytes.Equal(publicPEM, want) {
				t.Errorf("the public key is\n%s, want\n%s, %v", publicPEM, want, err)
			}

			// Nothing is overwritten, and nothing is left over.
			if got := caddyCloudFront(t, "", "keygen", "--out", out); got.code != exitTrouble || got.stdout != "" || !strings.Contains(got.stderr, "never overwritten") {
				t.Errorf("over an existing key: %+v", got)
			}
			if err := os.Remove(out + ".pem"); err != nil {
				t.Fatal(err)
			}
			if got := caddyCloudFront(t, "", "keygen", "--out", out); got.code != exitTrouble {
				t.Errorf("over an existing public key: %+v", got)
			}
			if _, err := os.Stat(out + ".pem"); !os.IsNotExist(err) {
				t.Error("a private key is left over")
			}
			if now, err := os.ReadFile(out + ".pub.pem"); err != nil || !bytes.Equal(now, publicPEM) {
				t.Error("the public key was changed")
			}
		})
	}

	got := caddyCloudFront(t, "", "keygen", "--json", "--out", filepath.Join(t.TempDir(), "k.pem"))
	var pair keyPair
	if err := json.Unmarshal([]byte(got.stdout), &pair); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(pair.PrivateKeyFile, "/k.pem") || !strings.HasSuffix(pair.PublicKeyFile, "/k.pub.pem") ||
		!strings.HasPrefix(pair.PublicKey, "-----BEGIN PUBLIC KEY-----\n") || got.stderr != "" {
		t.Errorf("got %+v", got)
	}
}

// TestKeygenForAWS runs the commands that keygen prints with the AWS CLI, and
// looks at what it would have sent to AWS.
func TestKeygenForAWS(t *testing.T) {
	for _, tool := range []string{"aws", "jq", "bash"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CLOUDFRONT_REQUIRE_PEERS") == "1" {
				t.Fatalf("NOT CHECKED by %s: %v", tool, err)
			}
			t.Skipf("NOT CHECKED by %s: %v", tool, err)
		}
	}
	var sent []string
	aws := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		sent = append(sent, r.Method+" "+r.URL.Path+" "+r.Header.Get("If-Match")+"\n"+string(body))
		w.Header().Set("ETag", "E2QWRUHEXAMPLE")
		switch {
		case strings.HasSuffix(r.URL.Path, "/public-key"):
			w.WriteHeader(http.StatusCreated)
			io.WriteString(w, "<PublicKey><Id>K2JCJMDEHXQW5F</Id></PublicKey>")
		case strings.HasSuffix(r.URL.Path, "/key-group"):
			w.WriteHeader(http.StatusCreated)
			io.WriteString(w, "<KeyGroup><Id>5d0a5f9e-0000</Id></KeyGroup>")
		default:
			io.WriteString(w, `<DistributionConfig><CallerReference>1</CallerReference><Comment>unchanged</Comment><Enabled>true</Enabled>
				<Origins><Quantity>1</Quantity><Items><Origin><Id>s3</Id><DomainName>b.s3.amazonaws.com</DomainName></Origin></Items></Origins>
				<DefaultCacheBehavior><TargetOriginId>s3</TargetOriginId><ViewerProtocolPolicy>https-only</ViewerProtocolPolicy>
				<TrustedKeyGroups><Enabled>false</Enabled><Quantity>0</Quantity></TrustedKeyGroups></DefaultCacheBehavior></DistributionConfig>`)
		}
	}))
	defer aws.Close()

	dir := t.TempDir()
	got := caddyCloudFront(t, "", "keygen", "--out", filepath.Join(dir, "it's mine"))
	if got.code != 0 {
		t.Fatalf("got %+v", got)
	}
	cmd := exec.Command("bash", "-euc", `aws() { command aws --endpoint-url "$ENDPOINT" "$@"; }`+"\n"+got.stdout)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "ENDPOINT="+aws.URL, "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY=none",
		"AWS_DEFAULT_REGION=us-east-1", "AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE="+dir+"/none", "AWS_SHARED_CREDENTIALS_FILE="+dir+"/none")
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	public, err := os.ReadFile(filepath.Join(dir, "it's mine.pub.pem"))
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"POST ", "/public-key", "<Name>it-s-mine</Name>", "<EncodedKey>" + string(public) + "</EncodedKey>"},
		{"POST ", "/key-group", "<Name>it-s-mine</Name>", "<Items><PublicKey>K2JCJMDEHXQW5F</PublicKey></Items>"},
		{"GET ", "/distribution/E1234567890ABC/config"},
		{"PUT ", "/distribution/E1234567890ABC/config E2QWRUHEXAMPLE", "<Comment>unchanged</Comment>",
			"<TrustedKeyGroups><Enabled>true</Enabled><Quantity>1</Quantity><Items><KeyGroup>5d0a5f9e-0000</KeyGroup></Items></TrustedKeyGroups>"},
	}
	if len(sent) != len(want) {
		t.Fatalf("the AWS CLI sent %d requests, want %d:\n%s", len(sent), len(want), strings.Join(sent, "\n"))
	}
	for i, parts := range want {
		for _, part := range parts {
			if !strings.Contains(sent[i], part) {
				t.Errorf("request %d lacks %s:\n%s", i, part, sent[i])
			}
		}
	}
}

// TestCommandProcess is `caddy cloudfront …` in a process of its own if its
// arguments say so; otherwise it starts such processes.
func TestCommandProcess(t *testing.T) {
	const marker = "as-caddy"
	for i, arg := range os.Args {
		if arg == marker {
			os.Args = append([]string{"caddy"}, os.Args[i+1:]...)
			caddycmd.Main()
			os.Exit(0)
		}
	}
	private, public := writeKey(t, ecKey())
	config := writeFile(t, "Caddyfile", []byte("{\n\tcloudfront {\n\tsigner media {\n\t\tkey_file "+private+"\n\t\tkey_pair_id K1\n\t\tresource https://cdn.example.com/*\n\t}\n\t}\n}\n"))
	for _, tt := range []struct {
		name   string
		args   []string
		code   int
		stderr string // a pattern for all of it
	}{
		{"signed", []string{"sign", "--config", config, "https://cdn.example.com/a"}, 0, `^$`},
		{"not signed", []string{"sign", "--config", config, "https://img.example.com/a"}, exitNo, `^not signed: https://img\.example\.com/a: [^\n]*\n$`},
		{"refused", []string{"verify", "--public-key", public, "https://cdn.example.com/a"}, exitNo, `^the request is not signed[^\n]*\n$`},
		{"trouble", []string{"sign", "https://cdn.example.com/a"}, exitTrouble, `^caddy cloudfront sign: the key is missing[^\n]*\n$`},
		{"unknown flag", []string{"sign", "--nope"}, exitTrouble, `^caddy cloudfront sign: unknown flag: --nope; [^\n]*\n$`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], append([]string{"-test.run=^TestCommandProcess$", "--", marker, "cloudfront"}, tt.args...)...)
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			_ = cmd.Run()
			if got := cmd.ProcessState.ExitCode(); got != tt.code {
				t.Errorf("exit code %d, want %d", got, tt.code)
			}
			if !regexp.MustCompile(tt.stderr).Match(stderr.Bytes()) {
				t.Errorf("stderr %q, want %s", &stderr, tt.stderr)
			}
			if tt.code == 0 && !strings.HasPrefix(stdout.String(), "https://cdn.example.com/a?Expires=") {
				t.Errorf("stdout %q", &stdout)
			}
		})
	}
}

// TestDocumentedFlags compares docs/cli.md with the commands' own flags.
func TestDocumentedFlags(t *testing.T) {
	page := readFile(t, "docs/cli.md")
	cmd := &cobra.Command{Use: "cloudfront"}
	cloudfrontCommand(cmd)
	shared := section(t, page, "Who signs")
	for _, c := range cmd.Commands() {
		own := section(t, page, c.Name())
		signs := c.Name() == "sign" || c.Name() == "cookies"
		for _, match := range regexp.MustCompile(`--([a-z-]+)[ =]`).FindAllStringSubmatch(c.Flags().FlagUsages(), -1) {
			flag := "`--" + match[1] + "`"
			if !strings.Contains(own, flag) && !(signs && strings.Contains(shared, flag)) {
				t.Errorf("%s: %s is not documented", c.CommandPath(), flag)
			}
		}
		for _, match := range regexp.MustCompile(`\*\*`+"`--([a-z-]+)`").FindAllStringSubmatch(own, -1) {
			if c.Flags().Lookup(match[1]) == nil {
				t.Errorf("%s has no flag --%s", c.CommandPath(), match[1])
			}
		}
	}
}

// section returns what stands under a heading of the second level.
func section(t *testing.T, page, heading string) string {
	t.Helper()
	_, rest, ok := strings.Cut(page, "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("there is no section %q", heading)
	}
	text, _, _ := strings.Cut(rest, "\n## ")
	return text
}
