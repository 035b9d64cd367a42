package cloudfront

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

// startWithAdmin runs a Caddy with an admin endpoint, as startCaddy does, and
// returns the URL of that.
func startWithAdmin(t *testing.T, globals, sites string) string {
	t.Helper()
	addr := freeAddr(t)
	text := strings.Replace(withGlobals(t, globals, sites), "admin off", "admin "+addr, 1)
	config, err := adapt(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := caddy.Load(config, true); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := caddy.Stop(); err != nil {
			t.Error(err)
		}
	})
	return "http://" + addr
}

// adminAnswer is what GET /cloudfront/signers is documented to say.
type adminAnswer struct {
	Signers []map[string]any
	Cache   map[string]int
}

func askAdmin(t *testing.T, admin string) (answer adminAnswer, text string) {
	t.Helper()
	status, text := adminGet(t, admin+"/cloudfront/signers")
	if status != http.StatusOK {
		t.Fatalf("status %d: %s", status, text)
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return answer, text
}

func adminGet(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := plainClient.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func TestAdmin(t *testing.T) {
	site := freeAddr(t)
	private, _ := writeKey(t, ecKey())
	_, previous := writeKey(t, rsaKey())
	admin := startWithAdmin(t, fmt.Sprintf(`cloudfront {
		signer media {
			key_file %s
			key_pair_id K2JCJMDEHXQW5F
			previous KOLD %s
			resource https://cdn.example.com/private/*
			require none
		}
		signer demo {
			key internal
			resource https://demo.example.com/*
		}
	}`, private, previous), `http://`+site+` {
		cloudfront_redirect media https://cdn.example.com/private{path}
	}`)

	for range 3 {
		rawRequest(t, site, "GET /a.jpg HTTP/1.1")
	}
	answer, text := askAdmin(t, admin)
	if len(answer.Signers) != 2 || answer.Signers[0]["name"] != "demo" || answer.Signers[1]["name"] != "media" {
		t.Fatalf("signers are %v", answer.Signers)
	}
	public, err := signer.MarshalPublicKey(ecKey().Public())
	if err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]any{
		"key_pair_id": "K2JCJMDEHXQW5F",
		"hash":        "SHA256",
		"public_key":  string(public),
		"previous":    []any{"KOLD"},
		"resources":   []any{"https://cdn.example.com/private/*"},
	} {
		if got := answer.Signers[1][field]; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s is %v, want %v", field, got, want)
		}
	}
	if c := answer.Cache; c["entries"] != 1 || c["bytes"] == 0 || c["hits"] != 2 || c["misses"] != 1 || c["made"] != 1 || c["kept"] > 1 || len(c) != 6 {
		t.Errorf("the cache's figures after one signature for three requests: %v", c)
	}
	if strings.Contains(text, "PRIVATE") || strings.Contains(text, private) {
		t.Errorf("the answer tells of the private key: %s", text)
	}

	resp, err := plainClient.Post(admin+"/cloudfront/signers", "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusMethodNotAllowed || resp.Header.Get("Allow") != http.MethodGet {
		t.Errorf("POST: %s, Allow %q", resp.Status, resp.Header.Get("Allow"))
	}
}

func TestAdminWithoutSigners(t *testing.T) {
	for name, sites := range map[string]string{
		"without the module": `http://` + freeAddr(t) + ` {
			respond hello
		}`,
		"with a key in the handler": `http://` + freeAddr(t) + ` {
			cloudfront_redirect https://cdn.example.com{path} ` + signerBlock(t, "resource https://cdn.example.com/*", "require none") + `
		}`,
	} {
		t.Run(name, func(t *testing.T) {
			answer, text := askAdmin(t, startWithAdmin(t, "", sites))
			if len(answer.Signers) != 0 || !strings.Contains(text, `"signers":[]`) || len(answer.Cache) != 6 {
				t.Error(text)
			}
		})
	}
}

// No endpoint of Caddy shows a key that comes through a placeholder, nor
// anything of it.
func TestConfigShowsNoKey(t *testing.T) {
	der, err := x509.MarshalPKCS8PrivateKey(ecKey())
	if err != nil {
		t.Fatal(err)
	}
	key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	secret := strings.Split(string(key), "\n")[1] // holds the private half
	t.Setenv("ADMIN_TEST_KEY", string(key))
	file := writeFile(t, "key", key)
	admin := startWithAdmin(t, fmt.Sprintf(`cloudfront {
		signer env {
			key pem {env.ADMIN_TEST_KEY}
			key_pair_id KENV
			resource https://cdn.example.com/env/*
		}
		signer file {
			key pem {file.%s}
			key_pair_id KFILE
			resource https://cdn.example.com/file/*
		}
	}`, file), `http://`+freeAddr(t)+` {
		cloudfront_redirect https://cdn.example.com{path} {
			key pem {env.ADMIN_TEST_KEY}
			key_pair_id KINLINE
			resource https://cdn.example.com/*
		}
	}`)

	for _, path := range []string{"/config/", "/config/apps/cloudfront/signers/env/key", "/cloudfront/signers"} {
		status, text := adminGet(t, admin+path)
		if status != http.StatusOK {
			t.Errorf("%s: status %d: %s", path, status, text)
		}
		if strings.Contains(text, "PRIVATE KEY") {
			t.Errorf("%s: %s", path, text)
		}
		if path != "/cloudfront/signers" && !strings.Contains(text, "{env.ADMIN_TEST_KEY}") {
			t.Errorf("%s does not name the placeholder: %s", path, text)
		}
		if strings.Contains(text, secret) {
			t.Errorf("%s shows the private key", path)
		}
	}
}
